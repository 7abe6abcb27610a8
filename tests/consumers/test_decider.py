"""Deciding into the log: one entry for each interaction, and the first answer for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from consumers import decider, embedded
from consumers.decider import recording_time
from consumers.embedded import Embedded
from ledger import founding, store
from ledger.entry import MAX_RECORD_BYTES, Entry, UnfitError
from ledger.partition import partition_of
from ledger.reference import reference_of
from replay.decide_again import decide_again
from replay.verify import verify
from tests.consumers import day
from tests.consumers.conftest import Opener
from tests.consumers.day import MORNING
from tests.consumers.reading import answer, entries, entry_at, happened, tags

NAME = "li"
OWNER = day.customer(NAME)


@pytest.fixture
def known(ledger: Embedded) -> Embedded:
    """The customer is registered."""
    assert answer(ledger, day.registration(NAME)).outcome == "recorded"
    return ledger


# One interaction, one entry


def test_an_interaction_gets_one_entry_with_its_events(known: Embedded) -> None:
    said = answer(known, day.payment(NAME))
    entry = entry_at(known, said)
    assert (said.outcome, said.repeated, said.refusal) == ("recorded", False, None)
    assert tags([entry]) == ["payment.received.v1"]
    assert entry.interaction is not None
    assert entry.interaction.id == "li-p1"
    assert said.partition == partition_of(OWNER, 8)


def test_a_refused_interaction_gets_one_entry_without_events(known: Embedded) -> None:
    said = answer(known, day.payment(NAME, correlator_id="c1", tendered_fen=1))
    entry = entry_at(known, said)
    assert said.outcome == "refused"
    assert entry.events == ()
    assert entry.refusal == said.refusal
    assert said.refusal is not None
    assert said.refusal.rule == "PAY-07"


def test_the_policy_in_force_stands_in_the_entry(open_ledger: Opener) -> None:
    ledger = open_ledger()
    assert entry_at(ledger, answer(ledger, day.registration(NAME))).policy == "2026.1"


def test_events_are_numbered_without_gaps_within_the_partition(ledger: Embedded) -> None:
    ledger.publish(day.business(customers=20))
    following = dict.fromkeys(range(8), 1)
    for entry in entries(ledger):
        assert entry.first_event == following[entry.partition]
        following[entry.partition] += len(entry.events)
    assert sum(following.values()) - 8 == len(tags(entries(ledger))) > 200


# The same again


@pytest.mark.parametrize("tendered_fen", [4_900, 1], ids=["recorded", "refused"])
def test_the_same_content_again_gets_the_first_answer_and_no_entry(
    known: Embedded, tendered_fen: int
) -> None:
    message = day.payment(NAME, tendered_fen=tendered_fen)
    first = answer(known, message)
    count = len(entries(known))
    again = answer(known, message)
    assert again.repeated
    assert (again.outcome, again.refusal) == (first.outcome, first.refusal)
    assert (again.partition, again.position) == (first.partition, first.position)
    assert len(entries(known)) == count


def test_the_same_content_twice_in_one_batch_gets_one_entry(known: Embedded) -> None:
    message = day.payment(NAME)
    first, again, third = known.publish([message, message, message])
    assert [each.position for each in (first, again, third)] == [first.position] * 3  # type: ignore[union-attr]
    assert len(entries(known, "payment.receive")) == 1


def test_the_same_content_again_is_known_by_a_ledger_opened_again(open_ledger: Opener) -> None:
    ledger = open_ledger()
    answer(ledger, day.registration(NAME))
    first = answer(ledger, day.payment(NAME))
    ledger.close()
    ledger.home.index.unlink()
    again = answer(open_ledger(), day.payment(NAME))
    assert again.repeated
    assert again.position == first.position


def test_other_content_under_the_id_is_refused_and_recorded_once_per_content(
    known: Embedded,
) -> None:
    first = answer(known, day.payment(NAME))
    count = len(entries(known))
    for amount_fen in (5_000, 5_000, 6_000, 5_000, 6_000):
        other = answer(known, day.payment(NAME, amount_fen=amount_fen))
        assert other.refusal is not None
        assert other.refusal.rule == "ENV-01"
        assert other.position != first.position
    assert len(entries(known)) == count + 2
    assert answer(known, day.payment(NAME)).position == first.position


def test_two_owners_may_use_the_same_ids(ledger: Embedded) -> None:
    """Message ids and payment ids belong to their owner; 8 partitions, so also in one of them."""
    names = [f"owner{n}" for n in range(20)]
    ledger.publish([day.registration(name, id_="m1") for name in names])
    answers = ledger.publish([day.payment(name, id_="m2") for name in names])
    assert {each.outcome for each in answers} == {"recorded"}  # type: ignore[union-attr]
    assert len(happened(ledger, "payment.allocated.v1")) == len(names)
    receipts = [each for each in ledger.pending() if (each.timer or "").endswith(" receipt")]
    assert len(receipts) == len(names)
    answer(ledger, day.registration("later", MORNING + timedelta(hours=1)))
    assert len(happened(ledger, "payment.receipt_issued.v1")) == len(names)


def test_malformed_messages_are_given_back_in_their_place_and_not_recorded(
    ledger: Embedded,
) -> None:
    answers = ledger.publish([b"{", day.registration(NAME), b"[]"])
    assert [hasattr(each, "errors") for each in answers] == [True, False, True]
    assert len(entries(ledger)) == 1


def test_the_largest_payment_and_its_follow_ons_fit_in_entries(known: Embedded) -> None:
    wide = "w" * 60
    items = [
        {
            "item_id": f"{n:02}{wide}",
            "item_kind": "prepayment",
            "amount_fen": 100,
        }
        for n in range(50)
    ]
    said = answer(known, day.payment(NAME, amount_fen=5_000, items=items))
    assert said.outcome == "recorded"
    (allocated,) = happened(known, "payment.allocated.v1")
    assert [each.allocation_id for each in allocated.allocations] == [i["item_id"] for i in items]


def test_the_largest_sealed_text_fits_in_an_entry(known: Embedded) -> None:
    answer(known, day.payment(NAME))
    said = answer(known, day.reversal(NAME, MORNING, note="退" * 2_000))
    record = known.log.record(said.partition, said.position)
    assert record is not None
    assert said.outcome == "recorded"
    assert 8_000 < len(record) < MAX_RECORD_BYTES


def test_what_cannot_be_written_is_refused_alone_and_the_batch_goes_on(
    known: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_back = store._read_back

    def unfit(entry: Entry, decided: Any) -> Any:
        if entry.interaction is not None and entry.interaction.id == "too-much" and entry.events:
            raise UnfitError("a sum is over what can be written")
        return read_back(entry, decided)

    monkeypatch.setattr(store, "_read_back", unfit)
    before, bad, after = known.publish(
        [day.payment(NAME, "p1"), day.payment(NAME, "p2", id_="too-much"), day.payment(NAME, "p3")]
    )
    assert [each.outcome for each in (before, bad, after)] == ["recorded", "refused", "recorded"]  # type: ignore[union-attr]
    assert bad.refusal is not None  # type: ignore[union-attr]
    assert (bad.refusal.rule, bad.refusal.detail) == (  # type: ignore[union-attr]
        "ENV-16",
        "a sum is over what can be written",
    )
    assert list(decide_again(known.log)) == []


# What is kept in memory


def test_a_state_read_from_the_log_equals_the_one_kept(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = list(day.business(customers=30))
    warm = open_ledger("warm")
    warm.publish(messages)
    monkeypatch.setattr(decider, "KEPT_STATES", 1)
    cold = open_ledger("cold")
    for start in range(0, len(messages), 7):
        cold.publish(messages[start : start + 7])
    assert [_decided(entry) for entry in entries(warm)] == [
        _decided(entry) for entry in entries(cold)
    ]


def test_a_ledger_opened_for_each_message_decides_the_same(open_ledger: Opener) -> None:
    messages = list(day.business(customers=3))
    warm = open_ledger("warm")
    warm.publish(messages)
    for message in messages:
        ledger = open_ledger("cold")
        ledger.publish([message])
        ledger.close()
    assert [_decided(entry) for entry in entries(warm)] == [
        _decided(entry) for entry in entries(open_ledger("cold"))
    ]


def _decided(entry: Any) -> Any:
    """What an entry says but for what is sealed or digested under a key of the ledger."""
    said = entry.interaction
    events = [(e.tag, e.stream, e.version, bytes(e.data)) for e in entry.events]
    return (
        entry.position, said.id, said.source, said.time, entry.recorded_at, entry.policy,
        entry.derived, events, entry.refusal,
    )  # fmt: skip


# Time


def test_the_time_of_recording_never_falls_and_says_where_the_clock_did(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = MORNING.astimezone(UTC)
    moment = [start]
    ticking = type("Ticking", (datetime,), {"now": classmethod(lambda _cls, _tz=None: moment[0])})
    ledger = open_ledger(clock="system")
    monkeypatch.setattr(embedded, "datetime", ticking)
    recorded = []
    for seconds in (10, 20, 5, 30):
        moment[0] = start + timedelta(seconds=seconds)
        said = answer(ledger, day.registration(f"{NAME}{seconds}"))
        recorded.append(entry_at(ledger, said))
    assert [(each.recorded_at - start).seconds for each in recorded] == [10, 20, 20, 30]
    assert [each.clock_behind for each in recorded] == [False, False, True, False]


def test_a_simulated_clock_is_the_latest_time_seen(known: Embedded) -> None:
    later = answer(known, day.payment(NAME, "p1", MORNING + timedelta(minutes=5)))
    earlier = answer(known, day.payment(NAME, "p2", MORNING))
    assert entry_at(known, later).recorded_at == MORNING + timedelta(minutes=5)
    assert entry_at(known, earlier).recorded_at == MORNING + timedelta(minutes=5)


def test_a_simulated_clock_does_not_leap_further_than_allowed(known: Embedded) -> None:
    too_far = answer(known, day.payment(NAME, "p1", MORNING + timedelta(days=31, minutes=1)))
    assert too_far.refusal is not None
    assert too_far.refusal.rule == "ENV-08"
    assert entry_at(known, too_far).recorded_at == MORNING
    far = answer(known, day.payment(NAME, "p2", MORNING + timedelta(days=31)))
    assert far.outcome == "recorded"
    assert entry_at(known, far).recorded_at == MORNING + timedelta(days=31)


def test_recording_times_by_either_clock() -> None:
    last = MORNING.astimezone(UTC)
    hour = timedelta(hours=1)
    simulated = reference_of(founding.sample())
    assert recording_time(simulated, last, last + hour, last - hour) == (last, False)
    assert recording_time(simulated, last, last - hour, last + hour) == (last + hour, False)
    system = msgspec.structs.replace(simulated, clock="system")
    assert recording_time(system, last, last + hour, last) == (last + hour, False)
    assert recording_time(system, last, last - hour, last) == (last, True)


def test_all_that_was_decided_verifies(ledger: Embedded) -> None:
    ledger.publish(day.business(customers=20))
    ledger.close()
    verified = verify(ledger.home, tables=False)
    assert verified.findings == []
    assert verified.entries > 200
