"""The embedded ledger: founding, opening, batches, and the order in which parts become durable."""

import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers import embedded
from consumers.embedded import Embedded, facts_of, found
from ledger import founding
from ledger.beside import remove
from ledger.door.admit import Malformed
from ledger.door.sealing import open_fields
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Writer
from ledger.vault import VaultError
from tests.consumers import day
from tests.consumers.conftest import Opener
from tests.consumers.day import MORNING
from tests.consumers.reading import answer, entries, happened

NAME = "li"


# Founding and opening


def test_a_ledger_is_founded_once(tmp_path: Path) -> None:
    home = found(tmp_path, founding.sample())
    with pytest.raises(LedgerError, match="holds a ledger already"):
        found(tmp_path, founding.sample())
    assert facts_of(SqliteLog(home.log)) == founding.sample()


def test_a_ledger_is_not_founded_in_place_of_a_lost_log(tmp_path: Path) -> None:
    home = found(tmp_path, founding.sample())
    Embedded(tmp_path).close()
    home.log.unlink()
    with pytest.raises(LedgerError, match="restore the log"):
        found(tmp_path, founding.sample())
    assert not home.founded


def test_a_founding_that_crashed_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault was made, and the log was not."""
    monkeypatch.setattr(SqliteLog, "create", classmethod(_fail))
    with pytest.raises(KeyboardInterrupt):
        found(tmp_path, founding.sample())
    monkeypatch.undo()
    found(tmp_path, founding.sample())
    with Embedded(tmp_path) as ledger:
        assert answer(ledger, day.registration(NAME)).outcome == "recorded"


def _fail(*_: object) -> None:
    raise KeyboardInterrupt


def test_where_no_ledger_was_founded_opening_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="ledger init"):
        Embedded(tmp_path)
    found(tmp_path, founding.sample())
    Embedded(tmp_path).close()


def test_a_second_process_is_told_who_writes(ledger: Embedded) -> None:
    code = (
        "import sys; from pathlib import Path; from consumers.embedded import Embedded\n"
        "from ledger.entry import LedgerError\n"
        "try: Embedded(Path(sys.argv[1]))\n"
        "except LedgerError as error: print(error)"
    )
    second = subprocess.run(
        [sys.executable, "-c", code, str(ledger.home.folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    writer = ledger.home.writer()
    assert writer is not None
    assert second.stdout.strip() == f"process {writer.pid} writes this ledger already"
    ledger.lock.announce(Writer(writer.pid, "http://127.0.0.1:8080"))
    with pytest.raises(LedgerError, match=r"takes interactions at http://127\.0\.0\.1:8080"):
        Embedded(ledger.home.folder)


@pytest.mark.parametrize("part", ["vault", "vault_key"])
def test_an_opening_that_fails_leaves_nothing_locked(open_ledger: Opener, part: str) -> None:
    ledger = open_ledger()
    ledger.close()
    path: Path = getattr(ledger.home, part)
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(LedgerError):
        Embedded(ledger.home.folder)
    assert ledger.home.writer() is None
    path.write_bytes(content)
    open_ledger()


def test_a_vault_that_is_older_than_the_log_makes_no_key_anew(open_ledger: Opener) -> None:
    """As restored from a backup of before the customer's first message."""
    ledger = open_ledger()
    ledger.publish([day.registration("wu")])
    ledger.close()
    vault, backup = ledger.home.vault, ledger.home.folder / "backup"
    shutil.copy(vault, backup)
    again = open_ledger()
    again.publish([day.registration(NAME)])
    again.close()
    newest = vault.read_bytes()
    remove(vault)
    shutil.copy(backup, vault)
    for _ in range(2):
        with pytest.raises(VaultError, match=rf"lacks the key {day.customer(NAME)}#1.*restore"):
            open_ledger()
    assert ledger.home.writer() is None
    remove(vault)
    vault.write_bytes(newest)
    restored = open_ledger()
    names = [
        open_fields(entry.interaction, restored.vault)["full_name"]
        for entry in entries(restored, "customer.register.")
        if entry.interaction is not None
    ]
    assert sorted(names) == [f"顾客 {NAME}", "顾客 wu"]


def test_an_older_vault_that_lacks_no_key_is_used(open_ledger: Opener) -> None:
    ledger = open_ledger()
    ledger.publish([day.registration(NAME)])
    ledger.close()
    backup = ledger.home.vault.read_bytes()
    again = open_ledger()
    again.publish([day.payment(NAME)])
    again.close()
    ledger.home.vault.write_bytes(backup)
    assert answer(open_ledger(), day.payment(NAME)).repeated


def test_a_vault_of_an_earlier_version_is_looked_through_once(open_ledger: Opener) -> None:
    ledger = open_ledger()
    ledger.publish([day.registration(NAME)])
    ledger.close()
    with sqlite3.connect(ledger.home.vault) as file:
        file.execute("drop table covered")
    file.close()
    again = open_ledger()
    assert again.vault.covered() == again.log.ends()


# Batches


def test_a_batch_is_answered_in_order_with_its_follow_ons(ledger: Embedded) -> None:
    answers = ledger.publish(
        [day.registration(NAME), b"no message", day.payment(NAME), day.payment(NAME, "p2")]
    )
    assert [isinstance(each, Malformed) for each in answers] == [False, True, False, False]
    # Each payment is allocated, and told to the drawer.
    assert ledger.follow_ons == 4
    assert len(entries(ledger)) == 7


def test_an_empty_batch_is_answered(ledger: Embedded) -> None:
    assert ledger.publish([]) == []


def test_how_messages_are_cut_into_batches_changes_nothing(open_ledger: Opener) -> None:
    messages = list(day.business(customers=8))
    whole, single = open_ledger("whole"), open_ledger("single")
    whole.publish(messages)
    for message in messages:
        single.publish([message])
    said = [[e.interaction.id for e in entries(each) if e.interaction] for each in (whole, single)]
    assert said[0] == said[1]
    assert whole.pending() == single.pending()


def test_a_batch_that_fails_is_not_answered_and_the_ledger_is_to_be_opened_again(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    ledger.publish([day.registration(NAME)])
    monkeypatch.setattr(ledger.log, "append", _disk_is_full)
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.publish([day.payment(NAME)])
    with pytest.raises(LedgerError, match="open the ledger again"):
        ledger.publish([day.payment(NAME)])
    ledger.close()
    reopened = open_ledger()
    assert not answer(reopened, day.payment(NAME)).repeated
    assert len(happened(reopened, "payment.allocated.v1")) == 1


def _disk_is_full(_: object) -> None:
    raise LedgerError("the disk is full")


def test_a_log_that_is_durable_without_its_index_answers_the_same_again(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    ledger.publish([day.registration(NAME)])
    monkeypatch.setattr(ledger.store.index, "flush", lambda: _disk_is_full(None))
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.publish([day.payment(NAME)])
    ledger.close()
    reopened = open_ledger()
    assert answer(reopened, day.payment(NAME)).repeated
    assert len(happened(reopened, "payment.allocated.v1")) == 1


# Time


class Moving:
    """Stands for the `datetime` module's class in the embedded ledger."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)

    def now(self, _zone: object = None) -> datetime:
        return self.moment

    def fromisoformat(self, text: str) -> datetime:
        return datetime.fromisoformat(text)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Moving:
    moving = Moving(MORNING)
    monkeypatch.setattr(embedded, "datetime", moving)
    return moving


def test_the_system_clock_makes_timers_due(open_ledger: Opener, clock: Moving) -> None:
    ledger = open_ledger(clock="system")
    ledger.publish([day.registration(NAME), day.payment(NAME)])
    assert ledger.pass_time() == 0
    clock.moment += timedelta(minutes=11)
    assert ledger.pass_time() == 1
    assert ledger.pass_time() == 0
    (entry,) = entries(ledger, "payment.issue_receipt.v1")
    assert entry.recorded_at == clock.moment
    assert entry.interaction is not None
    assert entry.interaction.time == MORNING + timedelta(minutes=10)


def test_time_does_not_pass_by_itself_where_it_is_simulated(
    open_ledger: Opener, clock: Moving
) -> None:
    ledger = open_ledger()
    ledger.publish([day.registration(NAME), day.payment(NAME)])
    clock.moment += timedelta(days=1)
    assert ledger.pass_time() == 0
    assert happened(ledger, "payment.receipt_issued.v1") == []


def test_timers_fall_due_while_the_ledger_is_closed(open_ledger: Opener, clock: Moving) -> None:
    """Over the holidays: what became due days ago is still done."""
    ledger = open_ledger(clock="system")
    ledger.publish([day.registration(NAME), day.payment(NAME)])
    ledger.close()
    clock.moment += timedelta(days=9)
    reopened = open_ledger()
    assert reopened.pass_time() == 2
    assert len(happened(reopened, "payment.receipt_issued.v1")) == 1
    assert len(happened(reopened, "hall_day.overdue.v1")) == 1
