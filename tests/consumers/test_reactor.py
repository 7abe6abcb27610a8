"""The reactor: what follows from events and from the passing of time, each exactly once."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.embedded import Embedded
from consumers.reactor import MAX_ID, SOURCE, Pending, Reactor, follow_on_of
from ledger.aggregates.hall import visit
from ledger.aggregates.model import FollowOn
from ledger.entry import ChainError, Entry, Envelope
from ledger.logs.sqlite import SqliteLog
from tests.consumers import day
from tests.consumers.conftest import Opener
from tests.consumers.day import HALL, MORNING
from tests.consumers.reading import answer, entries, entry_at, happened, tags
from tests.test_index import DAMAGES

NAME = "li"
PAID_AT = MORNING + timedelta(minutes=5)


@pytest.fixture
def paid(ledger: Embedded) -> Embedded:
    """A registered customer has paid."""
    ledger.publish([day.registration(NAME), day.payment(NAME, time=PAID_AT)])
    return ledger


def pass_to(ledger: Embedded, **after_morning: float) -> None:
    """Somebody registers at that time, so the simulated clock moves on."""
    moment = MORNING + timedelta(**after_morning)
    assert answer(ledger, day.registration(f"at-{moment:%dT%H%M%S}", moment)).outcome == "recorded"


def follow_ons(ledger: Embedded) -> list[Entry]:
    return [each for each in entries(ledger) if each.interaction and each.interaction.cause]


# Follow-ons at once


def test_a_payment_is_allocated_in_the_batch_it_comes_in(paid: Embedded) -> None:
    (entry,) = entries(paid, "payment.allocate.v1")
    said = entry.interaction
    assert said is not None
    assert (said.source, said.actor) == (SOURCE, "system:reactor")
    assert said.cause == "counter-app:li-p1:1"
    assert said.id == "counter-app:li-p1:1:allocate"
    assert said.time == PAID_AT
    assert entry.intake is not None
    assert entry.intake.via == "reactor"
    assert tags([entry]) == ["payment.allocated.v1"]


def test_a_refused_follow_on_is_counted_and_not_sent_again(open_ledger: Opener) -> None:
    """A clerk took the receipt number that the ledger gives the payment itself."""
    ledger = open_ledger()
    ledger.publish([day.registration(NAME), day.payment(NAME)])
    (pending,) = timers(ledger, "receipt")
    number = pending.interaction.receipt_number  # type: ignore[attr-defined]
    data = {"receipt_number": number, "form": "paper", "amount_fen": 4_900}
    ledger.publish(
        [
            day.payment(NAME, "p2", correlator_id="other"),
            day.on_payment("issue_receipt", NAME, MORNING, data, "p2"),
        ]
    )
    pass_to(ledger, minutes=20)
    assert ledger.refused_follow_ons == 1
    assert timers(ledger, "receipt") == []
    pass_to(ledger, minutes=40)
    assert ledger.refused_follow_ons == 1
    (refused,) = [each for each in follow_ons(ledger) if each.refusal]
    assert refused.refusal is not None
    assert refused.refusal.rule == "PAY-14"


# Timers


def timers(ledger: Embedded, name: str) -> list[Pending]:
    """The timers of that name that wait, whatever their stream."""
    return [each for each in ledger.pending() if (each.timer or "").endswith(f" {name}")]


def test_a_receipt_is_issued_after_ten_minutes_and_once(paid: Embedded) -> None:
    pass_to(paid, minutes=14, seconds=59)
    assert happened(paid, "payment.receipt_issued.v1") == []
    pass_to(paid, minutes=15)
    pass_to(paid, minutes=30)
    (entry,) = entries(paid, "payment.issue_receipt.v1")
    assert entry.interaction is not None
    assert entry.interaction.due_at == PAID_AT + timedelta(minutes=10)
    assert entry.interaction.actor == "system:clock"
    assert entry.recorded_at == entry.interaction.due_at
    assert tags([entry]) == ["payment.receipt_issued.v1", "payment.settled.v1"]


def test_no_receipt_is_issued_where_a_clerk_printed_one(paid: Embedded) -> None:
    answer(paid, day.receipt(NAME, PAID_AT + timedelta(minutes=1)))
    assert timers(paid, "receipt") == []
    pass_to(paid, minutes=30)
    assert len(entries(paid, "payment.issue_receipt.v1")) == 1


def test_no_receipt_is_issued_for_a_reversed_payment(paid: Embedded) -> None:
    answer(paid, day.reversal(NAME, PAID_AT + timedelta(minutes=1)))
    pass_to(paid, minutes=30)
    assert entries(paid, "payment.issue_receipt.v1") == []


def test_a_visit_that_nobody_serves_lapses_an_hour_after_closing(ledger: Embedded) -> None:
    answer(ledger, day.arrival("v1", MORNING))
    pass_to(ledger, hours=10, minutes=29)
    assert happened(ledger, "visit.lapsed.v1") == []
    pass_to(ledger, days=1)
    (entry,) = entries(ledger, "visit.lapse.v1")
    assert entry.interaction is not None
    assert entry.interaction.visit == "v1"
    assert entry.recorded_at == MORNING.replace(hour=19, minute=0)


def test_a_later_timer_of_the_stream_takes_the_place_of_the_one_before(ledger: Embedded) -> None:
    """A no-show may rejoin for half an hour, and lapses then, not an hour after closing."""
    ticket = {"ticket_no": "A1", "service_area": "business_counter"}
    ledger.publish(
        [
            day.shift_opened(),
            day.arrival("v1", MORNING),
            day.at_hall("issue_ticket", "v1", MORNING, ticket),
            day.at_hall("call_ticket", "v1", MORNING),
            day.at_hall("record_no_show", "v1", MORNING + timedelta(minutes=2)),
        ]
    )
    (timer,) = timers(ledger, "lapse")
    assert timer.due_at == MORNING + timedelta(minutes=32, seconds=1)
    pass_to(ledger, days=1)
    assert [each.outcome for each in happened(ledger, "visit.lapsed.v1")] == ["no_show"]


def test_an_approved_refund_that_is_not_paid_becomes_overdue_once(paid: Embedded) -> None:
    paid.publish(day.refund(NAME, PAID_AT))
    pass_to(paid, days=6)
    assert happened(paid, "payment.refund_overdue.v1") == []
    pass_to(paid, days=9)
    pass_to(paid, days=20)
    assert len(happened(paid, "payment.refund_overdue.v1")) == 1


def test_a_paid_refund_does_not_become_overdue(paid: Embedded) -> None:
    paid.publish([*day.refund(NAME, PAID_AT), day.paid_refund(NAME, PAID_AT)])
    pass_to(paid, days=9)
    assert happened(paid, "payment.refund_overdue.v1") == []


def test_timers_are_sent_in_the_order_they_fall_due_also_over_a_leap(ledger: Embedded) -> None:
    names = [f"n{n}" for n in (7, 3, 9, 1, 5)]
    for name in names:
        paid_at = MORNING + timedelta(minutes=int(name[1:]))
        ledger.publish([day.registration(name), day.payment(name, time=paid_at)])
    answer(ledger, day.arrival("v1", MORNING))
    pass_to(ledger, days=2)
    due = [(e.recorded_at, e.interaction.due_at) for e in follow_ons(ledger) if e.interaction]
    timed = sorted((recorded, at) for recorded, at in due if at is not None)
    # Receipts, the lapse of the visit, and the day that nobody signed.
    assert len(timed) == len(names) + 2
    assert [at for _, at in timed] == sorted(at for _, at in timed)
    assert all(recorded == at for recorded, at in timed[2:])


# Names


CAUSE = Envelope(
    id="m1",
    source="counter-app",
    type="visit.arrive.v1",
    subject=HALL,
    time=MORNING,
    actor="c-li",
    hall="renmin",
    visit="v1",
    traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
)


def test_a_follow_on_is_named_after_its_cause_and_holds_no_clock_and_no_position() -> None:
    reaction = FollowOn("lapse", HALL, visit.Lapse(), MORNING + timedelta(hours=1))
    first, again = follow_on_of(reaction, CAUSE, 2), follow_on_of(reaction, CAUSE, 2)
    assert first == again
    assert first.id == "counter-app:m1:2:lapse"
    assert first.time == first.due_at
    assert first.time.utcoffset() == MORNING.utcoffset()
    assert (first.hall, first.visit, first.traceparent) == ("renmin", "v1", CAUSE.traceparent)
    assert follow_on_of(reaction, CAUSE, 1).id != first.id


def test_a_chain_of_causes_too_long_for_an_id_is_hashed() -> None:
    ids = [CAUSE.id]
    envelope = CAUSE
    for _ in range(40):
        envelope = follow_on_of(FollowOn("a_long_step", HALL, visit.Lapse()), envelope, 1)
        assert len(envelope.id) <= MAX_ID
        ids.append(envelope.id)
    assert len(set(ids)) == len(ids)


# What is pending follows from the log alone


def busy(open_ledger: Opener) -> Embedded:
    ledger = open_ledger()
    ledger.publish(day.business(customers=12))
    assert len(ledger.pending()) > 2
    return ledger


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_a_damaged_or_lost_file_is_made_again_with_the_same_pending(
    open_ledger: Opener, damage: object
) -> None:
    ledger = busy(open_ledger)
    pending = ledger.pending()
    ledger.close()
    damage(ledger.home.reactor)  # type: ignore[operator]
    assert open_ledger().pending() == pending


def test_what_is_pending_is_the_same_at_every_moment_with_and_without_the_file(
    open_ledger: Opener,
) -> None:
    messages = list(day.business(customers=6))
    for start in range(0, len(messages), 5):
        ledger = open_ledger()
        ledger.publish(messages[start : start + 5])
        kept = ledger.pending()
        ledger.close()
        reopened = open_ledger()
        assert reopened.pending() == kept
        reopened.close()
        ledger.home.reactor.unlink()
        rebuilt = open_ledger()
        assert rebuilt.pending() == kept
        rebuilt.close()


def test_the_file_of_another_ledger_is_made_again(open_ledger: Opener) -> None:
    ledger, other = busy(open_ledger), open_ledger("other", rating__max=4)
    other.publish([day.arrival("elsewhere", MORNING)])
    pending = ledger.pending()
    ledger.close()
    other.close()
    ledger.home.reactor.write_bytes(other.home.reactor.read_bytes())
    assert open_ledger().pending() == pending


def test_a_file_ahead_of_its_log_says_what_the_log_lost(open_ledger: Opener) -> None:
    ledger = open_ledger()
    ledger.close()
    log = ledger.home.log.read_bytes()
    ledger = busy(open_ledger)
    ledger.close()
    ledger.home.log.write_bytes(log)
    with pytest.raises(ChainError, match=r"reactor\.sqlite .* restore the log, or delete"):
        Reactor(ledger.home.reactor, SqliteLog(ledger.home.log))


def test_what_was_lost_between_cause_and_follow_on_is_sent_when_the_ledger_opens(
    open_ledger: Opener, tmp_path: Path
) -> None:
    """As after a move from another log: the cause is the last entry of the log."""
    ledger = open_ledger()
    ledger.publish([day.registration(NAME)])
    said = answer(ledger, day.payment(NAME))
    kept = [
        (said.partition, n, ledger.log.record(said.partition, n) or b"")
        for n in range(2, said.position + 1)
    ]
    assert tags([entry_at(ledger, said)]) == ["payment.received.v1"]
    moved = open_ledger("moved")
    moved.close()
    ledger.close()
    for name in ("vault.sqlite", "vault.key"):
        shutil.copy(ledger.home.folder / name, moved.home.folder)
    log = SqliteLog(moved.home.log, writer=True)
    log.append(kept)
    log.close()
    reopened = open_ledger("moved")
    assert len(happened(reopened, "payment.allocated.v1")) == 1
    assert reopened.follow_ons == 2
