"""The eraser, embedded: from an order to keys that are gone for good, across crashes and loss."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from consumers import eraser, reactor
from consumers.embedded import Embedded
from consumers.eraser import Eraser, proof_of
from consumers.reactor import Reactor
from ledger.beside import remove
from ledger.door.sealing import ERASED, open_fields
from ledger.entry import ChainError, Entry, Head, Said
from ledger.vault import Erased, Vault, VaultError, connect
from tests.consumers import day, office, parting
from tests.consumers.conftest import Opener
from tests.consumers.day import MORNING
from tests.consumers.parting import COMMENT, ORDERED_AT
from tests.consumers.reading import answer, entries, entry_at, happened

ROOT = Path(__file__).parent.parent.parent
NAME = "li"
OWNER = day.customer(NAME)
VISIT, LATER_VISIT = "visit/renmin/v1", "visit/renmin/v2"
CONFIRM = "customer.confirm_erasure.v1"
KEYS = [f"{OWNER}#1", f"{VISIT}#1"]


def come_and_go(ledger: Embedded) -> None:
    """The customer's stay, and the order to erase."""
    ledger.publish([day.shift_opened(), *parting.stay(NAME, "v1"), parting.order(NAME)])


def confirmations(ledger: Embedded) -> list[Entry]:
    return entries(ledger, CONFIRM)


def said(entry: Entry) -> Said:
    assert entry.interaction is not None
    return entry.interaction


def is_erased(vault: Vault, key_id: str) -> bool:
    try:
        vault.key(key_id)
    except Erased:
        return True
    return False


# What is erased


def test_an_order_deletes_the_customers_key_and_those_of_the_linked_visits(
    ledger: Embedded,
) -> None:
    ledger.publish([day.shift_opened(), *parting.stay(NAME, "v1"), *parting.stay("wu", "v2")])
    assert [open_fields(said(each), ledger.vault)["comment"] for each in rated(ledger)] == [
        COMMENT,
        COMMENT,
    ]
    assert answer(ledger, parting.order(NAME)).outcome == "recorded"
    for key_id in KEYS:
        assert is_erased(ledger.vault, key_id)
    # Another's stay is nobody's business.
    assert [open_fields(said(each), ledger.vault)["comment"] for each in rated(ledger)] == [
        ERASED,
        COMMENT,
    ]


def rated(ledger: Embedded) -> list[Entry]:
    return entries(ledger, "visit.rate.")


def test_the_confirmation_says_what_was_deleted_and_when(ledger: Embedded) -> None:
    come_and_go(ledger)
    (entry,) = confirmations(ledger)
    (event,) = happened(ledger, "customer.erased.v1")
    assert said(entry).id == f"counter-app:{NAME}-erase:1:confirm_erasure"
    assert said(entry).cause == f"counter-app:{NAME}-erase:1"
    assert said(entry).actor == "system:reactor"
    assert (event.keys_destroyed, event.proof_digest) == (2, proof_of(KEYS))
    assert event.destroyed_at == ORDERED_AT


def test_a_visit_identified_after_the_erasure_is_erased_too(ledger: Embedded) -> None:
    come_and_go(ledger)
    later = ORDERED_AT + timedelta(minutes=5)
    steps = [s for s in parting.stay(NAME, "v2", later) if b"customer.register." not in s]
    ledger.publish(steps)
    assert is_erased(ledger.vault, f"{LATER_VISIT}#1")
    assert open_fields(said(rated(ledger)[-1]), ledger.vault)["comment"] == ERASED
    assert len(confirmations(ledger)) == 1


def test_a_late_remark_on_an_erased_visit_is_recorded_and_unreadable(ledger: Embedded) -> None:
    stay = parting.stay(NAME, "v1")
    ledger.publish([day.shift_opened(), *stay[:-1], parting.order(NAME)])
    late = answer(ledger, parting.remark("v1", ORDERED_AT))
    assert late.outcome == "recorded"
    assert open_fields(said(entry_at(ledger, late)), ledger.vault)["comment"] == ERASED


def test_what_a_refused_message_to_an_erased_customer_said_can_be_read_by_nobody(
    ledger: Embedded,
) -> None:
    come_and_go(ledger)
    refused = answer(ledger, day.registration(NAME, ORDERED_AT, id_="again"))
    assert refused.refusal is not None
    assert refused.refusal.rule == "ENV-02"
    entry = entry_at(ledger, refused)
    assert open_fields(said(entry), ledger.vault)["full_name"] == ERASED
    assert entry.intake is not None
    assert entry.intake.key == f"{OWNER}#1"
    assert ledger.vault.erased_at([OWNER]).keys() == {f"{OWNER}#1"}


def test_a_clerk_is_erased_alike(open_ledger: Opener) -> None:
    ledger = open_ledger(clock__simulated_jump_days=3_660)
    engaged_on = date(2026, 11, 3)
    left = {"last_day_on": f"{engaged_on}", "reason": "resigned"}
    ledger.publish(
        [
            office.engagement(MORNING),
            office.said("clerk.leave.v1", MORNING, left, subject=office.NEW, actor="o-wu"),
        ]
    )
    (gone,) = happened(ledger, "clerk.left.v1")
    (engaged,) = entries(ledger, "clerk.engage.")
    due = datetime.combine(gone.erase_on, MORNING.timetz())
    order = {"subject": office.NEW, "actor": "o-fang", "approver": "o-wu"}
    ledger.publish([office.said("clerk.request_erasure.v1", due, {}, **order)])
    (erased,) = happened(ledger, "clerk.erased.v1")
    assert erased.keys_destroyed == 1
    assert open_fields(said(engaged), ledger.vault)["full_name"] == ERASED


# The same message again


def test_a_message_repeated_after_the_erasure_gets_its_first_answer(ledger: Embedded) -> None:
    first = answer(ledger, day.registration(NAME))
    answer(ledger, parting.order(NAME))
    length = len(entries(ledger))
    for again in (day.registration(NAME), parting.order(NAME)):
        repeated = answer(ledger, again)
        assert (repeated.outcome, repeated.repeated) == ("recorded", True)
    assert answer(ledger, day.registration(NAME)).position == first.position
    refused = answer(ledger, day.payment(NAME, time=ORDERED_AT))
    assert (refused.outcome, refused.repeated) == ("refused", False)
    again = answer(ledger, day.payment(NAME, time=ORDERED_AT))
    assert (again.outcome, again.repeated) == ("refused", True)
    assert len(entries(ledger)) == length + 1


def test_other_content_under_a_known_id_is_still_refused_for_who_is_not_erased(
    ledger: Embedded,
) -> None:
    come_and_go(ledger)
    answer(ledger, day.registration("wu", ORDERED_AT))
    other = answer(ledger, day.registration("wu", ORDERED_AT, full_name="别人"))
    assert other.refusal is not None
    assert other.refusal.rule == "ENV-01"


# Crashes


@pytest.mark.parametrize(
    ("point", "leaves"),
    [
        ("Reactor.flush", "an order that nobody has read"),
        ("Vault.erase_all", "an order whose keys are there"),
        ("Vault.wipe", "deleted keys in the write-ahead log"),
        ("Eraser.unconfirmed", "keys deleted and not confirmed"),
    ],
)
def test_a_process_killed_between_two_steps_is_made_up_for_at_the_next_opening(
    open_ledger: Opener, tmp_path: Path, point: str, leaves: str
) -> None:
    ledger = open_ledger()
    ledger.close()
    lines = tmp_path / "lines"
    before = [day.shift_opened(), *parting.stay(NAME, "v1")]
    lines.write_bytes(b"\n".join([*before, parting.order(NAME), b""]))
    killed = subprocess.run(
        [
            *(sys.executable, "-m", "tests.crashing", str(ledger.home.folder), str(lines), "0"),
            *("--batch", str(len(before)), "--die-at", point, "--when", "before"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert killed.stdout.splitlines() == ["ready", f"acknowledged {len(before)}"], killed.stderr
    with connect(ledger.home.vault) as vault:
        keys = vault.execute("select count(*) from data_key where owner = ?", (OWNER,)).fetchone()
    vault.close()
    assert keys == (point in ("Reactor.flush", "Vault.erase_all"),), leaves
    again = open_ledger()
    for key_id in KEYS:
        assert is_erased(again.vault, key_id), leaves
    (entry,) = confirmations(again)
    assert entry.refusal is None
    again.publish([day.registration("wu", ORDERED_AT)])
    assert len(confirmations(again)) == 1


# The file beside


def spoil(path: Path) -> None:
    path.write_bytes(b"nonsense" * 999)


@pytest.mark.parametrize("damage", [remove, spoil])
def test_a_lost_or_damaged_file_is_made_again_from_the_log(
    open_ledger: Opener, damage: Callable[..., object]
) -> None:
    ledger = open_ledger()
    ledger.publish([day.shift_opened(), *parting.stay(NAME, "v1")])
    ledger.close()
    damage(ledger.home.eraser)
    again = open_ledger()
    answer(again, parting.order(NAME))
    assert [is_erased(again.vault, key_id) for key_id in KEYS] == [True, True]
    again.close()
    damage(ledger.home.eraser)
    assert len(confirmations(open_ledger())) == 1


def test_a_log_that_lost_what_was_read_stops_the_eraser(open_ledger: Opener) -> None:
    ledger = open_ledger()
    shutil.copy(ledger.home.log, ledger.home.folder / "early")
    come_and_go(ledger)
    ledger.close()
    remove(ledger.home.log)
    (ledger.home.folder / "early").rename(ledger.home.log)
    for other in (ledger.home.index, ledger.home.reactor):
        remove(other)
    with pytest.raises(ChainError, match="eraser"):
        open_ledger()


def test_an_opening_deletes_no_keys_again_that_are_known_to_be_deleted(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    come_and_go(ledger)
    ledger.close()
    asked: list[list[str]] = []
    monkeypatch.setattr(Vault, "erase_all", lambda _, owners, __: asked.append(list(owners)))
    open_ledger()
    assert asked == [[]]


def test_a_long_log_is_read_in_transactions_of_bounded_size(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    come_and_go(ledger)
    ledger.close()
    remove(ledger.home.eraser)
    monkeypatch.setattr(eraser, "_FLUSH_EVERY", 2)
    unsaved: list[int] = []
    passed = Eraser._pass

    def watched(self: Eraser, head: Head) -> None:
        passed(self, head)
        unsaved.append(self._unsaved)

    monkeypatch.setattr(Eraser, "_pass", watched)
    again = open_ledger()
    assert max(unsaved) == 2
    assert len(confirmations(again)) == 1


@pytest.mark.parametrize("opening", [Eraser, Reactor])
def test_where_the_file_cannot_be_opened_that_is_what_is_told(
    ledger: Embedded, monkeypatch: pytest.MonkeyPatch, opening: type[Eraser] | type[Reactor]
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    for module in (eraser, reactor):
        monkeypatch.setattr(module, "open_beside", fail)
    arguments = (ledger.log, ledger.vault) if opening is Eraser else (ledger.log,)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        opening(ledger.home.folder / "none", *arguments)


@pytest.mark.parametrize("opening", [Eraser, Reactor])
def test_an_opening_that_fails_leaves_no_file_open(
    ledger: Embedded, monkeypatch: pytest.MonkeyPatch, opening: type[Eraser] | type[Reactor]
) -> None:
    def fail(_: object) -> int:
        raise ChainError("the log was rewritten")

    monkeypatch.setattr(opening, "read_on", fail)
    path = ledger.home.folder / "other"
    arguments = (ledger.log, ledger.vault) if opening is Eraser else (ledger.log,)
    with pytest.raises(ChainError):
        opening(path, *arguments)
    # SQLite removes it when the last connection closes.
    assert not Path(f"{path}-wal").exists()


# Visits that nobody was identified in


def browse(ledger: Embedded) -> None:
    """Somebody comes, says something, and goes without having said who it was."""
    steps = [s for s in parting.stay(NAME, "v1") if b"customer" not in s]
    ledger.publish([day.shift_opened(), *steps])


def pass_days(ledger: Embedded, days: int) -> None:
    answer(ledger, day.registration("wu", MORNING + timedelta(days=days)))


def test_what_was_said_in_a_visit_without_a_customer_is_unreadable_after_thirty_days(
    ledger: Embedded,
) -> None:
    browse(ledger)
    pass_days(ledger, 29)
    assert open_fields(said(rated(ledger)[0]), ledger.vault)["comment"] == COMMENT
    pass_days(ledger, 31)
    assert len(happened(ledger, "visit.forgotten.v1")) == 1
    assert is_erased(ledger.vault, f"{VISIT}#1")
    assert open_fields(said(rated(ledger)[0]), ledger.vault)["comment"] == ERASED


def test_a_restored_backup_does_not_bring_a_forgotten_visit_back(open_ledger: Opener) -> None:
    ledger = open_ledger()
    browse(ledger)
    ledger.close()
    shutil.copy(ledger.home.vault, ledger.home.folder / "backup")
    again = open_ledger()
    again.publish([day.rating("v2", MORNING + timedelta(days=31), COMMENT)])
    assert is_erased(again.vault, f"{VISIT}#1")
    again.close()
    remove(again.home.vault)
    (again.home.folder / "backup").rename(again.home.vault)
    (again.home.folder / "eraser.sqlite").unlink()
    with pytest.raises(VaultError, match="older than the log"):
        open_ledger()
    assert is_erased(Vault(again.home.vault, again.home.vault_key), f"{VISIT}#1")


# Restored keys


def test_a_restored_backup_of_the_vault_brings_no_key_back(open_ledger: Opener) -> None:
    ledger = open_ledger()
    ledger.publish([day.shift_opened(), *parting.stay(NAME, "v1")])
    ledger.close()
    shutil.copy(ledger.home.vault, ledger.home.folder / "backup")
    again = open_ledger()
    answer(again, parting.order(NAME))
    again.close()
    remove(again.home.vault)
    (again.home.folder / "backup").rename(again.home.vault)
    restored = open_ledger()
    assert [is_erased(restored.vault, key_id) for key_id in KEYS] == [True, True]
    assert len(confirmations(restored)) == 1
    assert open_fields(said(rated(restored)[0]), restored.vault)["comment"] == ERASED


def test_an_order_and_much_else_in_one_batch(ledger: Embedded) -> None:
    names = [f"n{number}" for number in range(12)]
    ledger.publish(
        [
            *(day.registration(name, MORNING) for name in names),
            *(parting.order(name) for name in names),
        ]
    )
    assert all(is_erased(ledger.vault, f"{day.customer(name)}#1") for name in names)
    assert len(confirmations(ledger)) == len(names)
