"""The decider's index: it follows from the log alone, and says where the log has lost something."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.embedded import Embedded, found
from ledger import founding
from ledger.entry import ChainError, Head, LedgerError
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.consumers import day

TABLES = ("head", "message", "event", "register", "tracking")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A ledger after some business; nobody writes to it, tests take copies."""
    home = found(tmp_path_factory.mktemp("busy"), founding.sample())
    with Embedded(home.folder) as ledger:
        ledger.publish(day.business(customers=40))
    return home


@pytest.fixture
def home(busy: Home, tmp_path: Path) -> Home:
    return copy(busy, tmp_path / "home")


def copy(home: Home, folder: Path) -> Home:
    folder.mkdir()
    for file in home.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return Home(folder)


def content(home: Home) -> dict[str, list[Any]]:
    """All rows by table, in one order. Registers are compared decoded: sets have no order."""
    connection = sqlite3.connect(home.index)
    rows = {name: sorted(connection.execute(f"select * from {name}")) for name in TABLES}
    connection.close()
    rows["register"] = [(owner, _decoded(state)) for owner, state in rows["register"]]
    return rows


def _decoded(state: bytes) -> Any:
    value = msgspec.msgpack.decode(state)
    return {key: sorted(item) if isinstance(item, list) else item for key, item in value.items()}


def open_index(home: Home) -> Index:
    return Index(home.index, SqliteLog(home.log))


def test_an_index_made_from_the_log_equals_the_one_that_grew_with_it(home: Home) -> None:
    grown = content(home)
    assert all(grown[name] for name in TABLES if name != "tracking")
    home.index.unlink()
    open_index(home).close()
    assert content(home) == grown


def test_an_index_that_lags_behind_reads_on(home: Home, tmp_path: Path) -> None:
    behind = home.index.read_bytes()
    with Embedded(home.folder) as ledger:
        ledger.publish([day.registration("late", day.MORNING)])
    grown = content(home)
    home.index.write_bytes(behind)
    open_index(home).close()
    assert content(home) == grown


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def overwrite_a_page(file: Path) -> None:
    page = bytearray(file.read_bytes())
    middle = len(page) // 2 // 4096 * 4096
    page[middle : middle + 4096] = bytes(range(256)) * 16
    file.write_bytes(page)


def overwrite_the_head(file: Path) -> None:
    file.write_bytes(b"\x5a" * 512 + file.read_bytes()[512:])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def another_format(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("pragma user_version = 999")
    connection.close()


DAMAGES: tuple[Callable[[Path], None], ...] = (
    Path.unlink,
    empty,
    cut,
    overwrite_a_page,
    overwrite_the_head,
    another_format,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_a_damaged_index_is_built_again(home: Home, damage: Callable[[Path], None]) -> None:
    grown = content(home)
    damage(home.index)
    open_index(home).close()
    assert content(home) == grown


def test_the_index_of_another_ledger_is_built_again(home: Home, tmp_path: Path) -> None:
    grown = content(home)
    facts = msgspec.structs.replace(founding.sample(), operator="Another Telecom")
    other = found(tmp_path / "other", facts)
    with Embedded(other.folder) as ledger:
        ledger.publish([day.registration(f"o{n}") for n in range(50)])
    home.index.write_bytes(other.index.read_bytes())
    open_index(home).close()
    assert content(home) == grown


def test_an_index_ahead_of_its_log_says_what_the_log_lost(home: Home, tmp_path: Path) -> None:
    old_log = copy(home, tmp_path / "backup").log
    with Embedded(home.folder) as ledger:
        answer = ledger.publish([day.registration("lost")])[0]
    assert not hasattr(answer, "errors")
    home.log.write_bytes(old_log.read_bytes())
    with pytest.raises(ChainError, match=r"does not hold position .* restore the log, or delete"):
        open_index(home)
    home.index.unlink()
    open_index(home).close()


def test_damage_met_while_running_stops_the_ledger_and_is_mended_by_opening_it(
    home: Home,
) -> None:
    with Embedded(home.folder) as ledger:
        connection = sqlite3.connect(home.index)
        connection.execute("update register set state = x'c1'")
        connection.commit()
        connection.close()
        with pytest.raises(LedgerError, match="index is damaged; open the ledger again"):
            ledger.publish([day.payment("n1", "p2", id_="m-new")])
    with Embedded(home.folder) as ledger:
        (answer,) = ledger.publish([day.payment("n1", "p2", id_="m-new")])
    assert answer.outcome == "recorded"


def test_the_index_knows_messages_streams_and_heads(home: Home) -> None:
    index = open_index(home)
    owner = day.customer("n1")
    (place,) = index.places(owner, "counter-app", "n1-register")
    assert index.tip(place.partition).head.position >= place.position
    assert index.places(owner, "counter-app", "never") == []
    assert index.places(day.customer("n2"), "counter-app", "n1-register") == []
    assert [event[0] for event in index.events(f"{owner} payment/p1")] == list(
        range(1, len(index.events(f"{owner} payment/p1")) + 1)
    )
    assert index.has_event(owner, 1)
    assert not index.has_event(owner, 2)
    assert index.tip(99).head == Head(99)
