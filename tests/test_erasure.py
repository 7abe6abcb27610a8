"""After erasures no file has a byte of the persons, and all that the ledger can do still works."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import duckdb
import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consumers.archiver import Archiving
from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from ledger import founding, simulator, wire
from ledger.aggregates.hall import visit
from ledger.door.sealing import ERASED, SEALED, SHAPES, key_owner, mask_fields, open_fields
from ledger.entry import Said
from ledger.logs.sqlite import SqliteLog
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from ledger.vault import Vault, connect, read_key, unwrap
from replay.decide_again import decide_again
from replay.rebuild import rebuild
from replay.verify import verify
from tests.consumers import day, parting
from tests.consumers.reading import entries, entries_of
from tests.test_no_clear_text import forms

SEED, HALLS, DAYS = 3, 1, 1
LOOKED_FOR: Final = 3
"""Of so many erased customers the bytes are looked for."""
SHORTEST: Final = 6
"""Texts that are shorter stand in files by chance."""
OFFICER: Final = {
    "actor": "o-privacy", "approver": "r-region", "hall": None, "counter": None, "visit": None,
}  # fmt: skip


@dataclass
class Person:
    """What could be known of a customer before the erasure: keys by id, and what they sealed."""

    owner: str
    wrapped: dict[str, bytes]
    raw: dict[str, bytes]
    texts: set[str]


@dataclass
class History:
    """All bytes of the home before the erasures and after, while the ledger was open."""

    home: Home
    before: bytes
    after: bytes
    persons: list[Person]
    orders: int
    erased: int


class Known:
    """All that the keys open, while they are there."""

    def __init__(self, ledger: Embedded) -> None:
        self._home = ledger.home
        self._texts: defaultdict[str, set[str]] = defaultdict(set)
        self._visits: defaultdict[str, set[str]] = defaultdict(set)
        for entry in entries(ledger):
            said = entry.interaction
            assert said is not None
            owner = key_owner(SHAPES[said.type], said)
            self._texts[owner] |= personal_texts(said, ledger.vault)
            for event in wire.happened(entry):
                if isinstance(event.event, visit.CustomerIdentified):
                    customer = f"customer/{event.event.customer_id}"
                    self._visits[customer].add(f"visit/{said.hall}/{said.visit}")
        with closing(connect(ledger.home.vault)) as connection:
            self._keys: list[tuple[str, int, bytes]] = connection.execute(
                "select owner, generation, wrapped from data_key"
            ).fetchall()

    def person(self, owner: str) -> Person:
        """The texts are those that nobody else has, too."""
        own = {owner, *self._visits[owner]}
        wrapping = AESGCM(read_key(self._home.vault_key))
        wrapped = {f"{who}#{number}": key for who, number, key in self._keys if who in own}
        raw = {key_id: unwrap(wrapping, key_id, key) for key_id, key in wrapped.items()}
        texts = set[str]().union(*(self._texts[who] for who in own))
        others = (said for who, said in self._texts.items() if who not in own)
        return Person(owner, wrapped, raw, texts.difference(*others))


def personal_texts(said: Said, vault: Vault) -> set[str]:
    masked, opened = mask_fields(said, vault), open_fields(said, vault)
    return {
        text
        for name, value in opened.items()
        if masked[name] == SEALED
        for text in texts_in(value)
        if len(text) >= SHORTEST
    }


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        parts = cast("dict[str, Any] | list[Any]", value)
        for each in parts.values() if isinstance(parts, dict) else parts:
            yield from texts_in(each)


def bytes_of(home: Home) -> bytes:
    return b"\n".join(path.read_bytes() for path in home.folder.rglob("*") if path.is_file())


def order(owner: str, number: int, time: datetime) -> bytes:
    return day.message(
        "customer.request_erasure.v1",
        owner,
        f"erase-{number}",
        time,
        {"trigger": "customer_asked"},
        **OFFICER,
    )


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A simulated day, whose customers are all to be erased; some must be kept by rule."""
    home = found(tmp_path_factory.mktemp("home"), simulator.founding_of(SEED, HALLS))
    with Embedded(home.folder) as ledger:
        messages = simulator.messages(SEED, HALLS, days_played=DAYS)
        while batch := list(islice(messages, 500)):
            ledger.publish(batch)
        newest = max(each.recorded_at for each in entries(ledger))
        registered = entries(ledger, "customer.register.")
        owners = sorted({each.interaction.subject for each in registered if each.interaction})
        before, known = bytes_of(home), Known(ledger)
        ledger.publish(order(owner, number, newest) for number, owner in enumerate(owners))
        erased = [
            each.interaction.subject
            for each in entries(ledger, "customer.confirm_erasure.")
            if each.interaction and not each.refusal
        ]
        catch_up(home)
        after = bytes_of(home)
    persons = [known.person(owner) for owner in erased]
    looked_for = [each for each in persons if len(each.wrapped) > 1 and len(each.texts) > 3]
    return History(home, before, after, looked_for[:LOOKED_FOR], len(owners), len(erased))


def test_some_were_erased_with_their_visits_and_some_kept(history: History) -> None:
    assert 10 < history.erased < history.orders - 10
    assert len(history.persons) == LOOKED_FOR
    for each in history.persons:
        assert f"{each.owner}#1" in each.wrapped
        assert any(name.startswith("visit/") for name in each.wrapped)


def test_the_keys_were_in_the_files_before(history: History) -> None:
    for each in history.persons:
        assert all(wrapped in history.before for wrapped in each.wrapped.values())


def test_no_file_holds_a_byte_of_the_keys_or_of_what_they_sealed(history: History) -> None:
    for each in history.persons:
        for wrapped in each.wrapped.values():
            # Any part of it would be a part of the key; the nonce in front is none.
            parts = (wrapped[12:28], wrapped[28:44], wrapped[44:])
            assert not any(part in history.after for part in parts)
        for raw in each.raw.values():
            assert not any(form in history.after for form in (raw, raw.hex().encode()))
        for text in each.texts:
            assert not any(form in history.after for form in forms(text)), text


def test_no_cell_of_a_table_holds_what_they_sealed(history: History) -> None:
    """DuckDB packs texts, so their bytes alone prove little."""
    texts = set[str]().union(*(each.texts for each in history.persons))
    cells = 0
    with duckdb.connect(str(current_snapshot(history.home.projections))) as connection:
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE'"
        ).fetchall():
            for row in connection.execute(f'from "{schema}"."{table}"').fetchall():
                cells += len(row)
                assert texts.isdisjoint(str(cell) for cell in row), table
    assert cells > 10_000


def test_every_personal_field_of_an_erased_customer_reads_as_erased(history: History) -> None:
    owners = {each.owner for each in history.persons}
    with (
        closing(SqliteLog(history.home.log)) as log,
        closing(Vault(history.home.vault, history.home.vault_key)) as vault,
    ):
        theirs = [
            each.interaction
            for each in entries_of(log)
            if each.interaction is not None and each.interaction.subject in owners
        ]
        opened = [open_fields(said, vault) for said in theirs]
        assert opened == [mask_fields(said, vault) for said in theirs]
    assert sum(value == ERASED for data in opened for value in data.values()) > 3 * LOOKED_FOR


def test_all_verifies(history: History) -> None:
    found_all = verify(history.home)
    assert found_all.findings == []
    assert found_all.entries > 1_000


def test_all_tables_can_be_made_again(history: History) -> None:
    before = customers(history.home)
    rebuild(history.home)
    assert customers(history.home) == before
    assert len(before) > history.erased


def customers(home: Home) -> list[Any]:
    with duckdb.connect(str(current_snapshot(home.projections)), read_only=True) as connection:
        return connection.execute("from customers order by all").fetchall()


def test_every_entry_is_decided_again_as_it_was(history: History) -> None:
    with closing(SqliteLog(history.home.log)) as log:
        assert list(decide_again(log)) == []


# In the archive


def archive(home: Home) -> None:
    with (
        closing(SqliteLog(home.log)) as log,
        closing(Archiving(home, log, entries=7)) as archiving,
    ):
        assert list(archiving.seal())


def test_an_archive_of_before_and_after_holds_nothing_either(tmp_path: Path) -> None:
    home = found(tmp_path, msgspec.structs.replace(founding.sample(), partitions=1))
    with Embedded(home.folder) as ledger:
        ledger.publish([day.shift_opened(), *parting.stay("li", "v1")])
        archive(home)
        person = Known(ledger).person(day.customer("li"))
        ledger.publish([parting.order("li"), *parting.stay("wu", "v2", parting.ORDERED_AT)])
        archive(home)
        everything = bytes_of(home)
    assert {parting.FULL_NAME, parting.PHONE, parting.COMMENT} <= person.texts
    assert len(person.wrapped) == 2
    for secret in (*person.raw.values(), *person.wrapped.values()):
        assert secret[12:28] not in everything
    files = list(Path(home.archive).rglob("*.parquet"))
    with duckdb.connect() as connection:
        said = "\n".join(
            str(row)
            for file in files
            for row in connection.execute("from read_parquet(?)", [str(file)]).fetchall()
        )
    # Sealed it stands there, and opens for nobody.
    assert f"{person.owner}#1." in said
    assert "customer.erasure_ordered.v1" in said
    for text in person.texts:
        assert text not in said
        assert not any(form in everything for form in forms(text)), text
