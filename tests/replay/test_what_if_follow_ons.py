"""What follows would be dropped, made or moved: one small history by hand for each."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from consumers import embedded
from consumers.decider import Answer
from consumers.embedded import Embedded, found
from ledger import founding
from ledger.partition import partition_of
from replay.what_if import UNCHANGED, Change, Difference, Finding, Made, NotHappened
from tests.consumers import day, office, parting
from tests.consumers.day import MORNING, customer
from tests.replay.otherwise import changed, findings, history, under

NAME: Final = "n1"
LIMIT_FEN: Final = 20_000
OVER_LIMIT_FEN: Final = 30_000
Recording = Callable[..., Path]


def after(**time: float) -> datetime:
    return MORNING + timedelta(**time)


def at(time: datetime) -> bytes:
    """Somebody else comes, so that time passes."""
    return day.registration(f"at-{time:%dT%H%M%S}", time)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Records messages under parameters of the policy, with `__` for the dot."""

    def record(messages: list[bytes], **parameters: Any) -> Path:
        home = tmp_path / "home"
        named = {key.replace("__", "."): value for key, value in parameters.items()}
        found(home, under(founding.sample(), named))
        with Embedded(home) as ledger:
            answers = ledger.publish(messages)
        assert all(isinstance(each, Answer) for each in answers), answers
        assert findings(home, UNCHANGED) == []
        return home

    return record


def told(found_otherwise: list[Finding]) -> list[tuple[str, str, str]]:
    """What would be, of what type, and how it was or would be decided."""
    return [_told(each) for each in found_otherwise]


def _told(found_otherwise: Finding) -> tuple[str, str, str]:
    match found_otherwise:
        case Difference():
            return found_otherwise.kind, found_otherwise.type, found_otherwise.decided
        case NotHappened():
            return "gone", found_otherwise.type, found_otherwise.sentence
        case Made():
            return "made", found_otherwise.type, found_otherwise.decided


def paying(amount_fen: int = OVER_LIMIT_FEN) -> list[bytes]:
    return [day.registration(NAME), day.payment(NAME, amount_fen=amount_fen)]


def test_what_follows_from_a_payment_that_would_be_refused_is_dropped(recording: Recording) -> None:
    home = recording([*paying(), at(after(minutes=11))])
    found_otherwise = findings(home, changed(cash__self_limit_fen=LIMIT_FEN))
    gone = "nothing would have led to it"
    assert sorted(told(found_otherwise)) == [
        ("gone", "drawer.record_in.v1", gone),
        ("gone", "payment.allocate.v1", gone),
        ("gone", "payment.issue_receipt.v1", gone),
        ("refused", "payment.receive.v1", "PAY-09"),
    ]
    (refused,) = (each for each in found_otherwise if isinstance(each, Difference))
    assert refused.because is None
    assert {each.root for each in found_otherwise} == {refused.finding}


def test_a_later_decision_that_rests_on_it_is_a_consequence(recording: Recording) -> None:
    back = day.reversal(NAME, after(minutes=5), amount_fen=OVER_LIMIT_FEN)
    home = recording([*paying(), back])
    found_otherwise = findings(home, changed(cash__self_limit_fen=LIMIT_FEN))
    payment, reversal = (each for each in found_otherwise if isinstance(each, Difference))
    assert (reversal.type, reversal.decided) == ("payment.reverse.v1", "ENV-11")
    assert reversal.root == payment.finding
    assert reversal.because is not None


def test_what_follows_from_a_payment_that_would_be_recorded_is_made(recording: Recording) -> None:
    home = recording([*paying(), at(after(minutes=11))], cash__self_limit_fen=LIMIT_FEN)
    found_otherwise = findings(home, changed(cash__self_limit_fen=1_000_000))
    payment, *made = found_otherwise
    assert told([payment]) == [("recorded", "payment.receive.v1", "payment.received.v1")]
    assert [(each.type, each.due_at) for each in made if isinstance(each, Made)] == [
        ("payment.allocate.v1", None),
        ("drawer.record_in.v1", None),
        ("payment.issue_receipt.v1", after(minutes=10)),
    ]
    assert {each.because for each in made} == {payment.finding}
    assert [each.decided for each in made if isinstance(each, Made)] == [
        "payment.allocated.v1",
        "drawer.receipt_unplaced.v1, hall_day.opened.v1, hall_day.payment_noted.v1",
        "payment.receipt_issued.v1, payment.settled.v1",
    ]


def test_a_timer_that_is_due_earlier_goes_before_what_is_said_then(recording: Recording) -> None:
    """The clerk's receipt comes too late where the ledger issues its own after five minutes."""
    home = recording([*paying(), day.receipt(NAME, after(minutes=5), amount_fen=OVER_LIMIT_FEN)])
    found_otherwise = findings(home, changed(payment__receipt_minutes=5))
    made, refused = found_otherwise
    assert isinstance(made, Made)
    assert (made.type, made.due_at) == ("payment.issue_receipt.v1", after(minutes=5))
    assert isinstance(refused, Difference)
    assert (refused.kind, refused.because) == ("refused", made.finding)


def test_a_timer_that_is_due_later_takes_the_place_of_the_recorded_one(
    recording: Recording,
) -> None:
    home = recording([*paying(), at(after(minutes=11)), at(after(minutes=31))])
    gone, made = findings(home, changed(payment__receipt_minutes=30))
    assert isinstance(gone, NotHappened)
    assert (gone.due_at, gone.instead_at) == (after(minutes=10), after(minutes=30))
    assert isinstance(made, Made)
    assert made.due_at == after(minutes=30)


def test_a_timer_that_is_not_due_at_the_end_is_not_made(recording: Recording) -> None:
    home = recording([*paying(), at(after(minutes=11))])
    (gone,) = findings(home, changed(payment__receipt_minutes=30))
    assert isinstance(gone, NotHappened)


def test_a_timer_that_only_the_recorded_history_settles_is_made(recording: Recording) -> None:
    back = day.reversal(NAME, after(days=1), amount_fen=OVER_LIMIT_FEN)
    three_days = 3 * 24 * 60
    home = recording(
        [*paying(), back, at(after(days=4))],
        payment__reverse_same_day=False,
        payment__receipt_minutes=three_days,
    )
    found_otherwise = findings(home, changed(payment__reverse_same_day=True))
    made = [each for each in found_otherwise if isinstance(each, Made)]
    assert [(each.type, each.due_at) for each in made] == [
        ("payment.issue_receipt.v1", after(days=3))
    ]
    refused = found_otherwise[0]
    assert told([refused]) == [("refused", "payment.reverse.v1", "PAY-18")]
    assert made[0].because == refused.finding


def test_a_timer_that_would_have_been_settled_is_dropped(recording: Recording) -> None:
    back = day.reversal(NAME, after(days=1), amount_fen=OVER_LIMIT_FEN)
    home = recording([*paying(), back, at(after(days=4))], payment__receipt_minutes=3 * 24 * 60)
    found_otherwise = findings(home, changed(payment__reverse_same_day=False))
    recorded, *_ = found_otherwise
    assert told([recorded]) == [("recorded", "payment.reverse.v1", "payment.reversed.v1")]
    (gone,) = (each for each in found_otherwise if isinstance(each, NotHappened))
    assert told([gone]) == [
        ("gone", "payment.issue_receipt.v1", "it would have been settled before")
    ]
    assert gone.because == recorded.finding


def test_what_no_partition_would_have_been_told_is_dropped(recording: Recording) -> None:
    home = recording([office.policy(MORNING, after(hours=1), 16)])
    refused, *gone = findings(home, changed(reference__lead_seconds=7_200))
    assert told([refused]) == [("refused", "policy.publish.v1", "POL-04")]
    assert len(gone) == 8
    assert {each.type for each in gone} == {"reference.note_policy.v1"}


def test_the_change_holds_from_one_moment_to_another(recording: Recording) -> None:
    hours = range(3)
    payments = [
        day.payment(NAME, f"p{hour}", after(hours=hour), amount_fen=OVER_LIMIT_FEN)
        for hour in hours
    ]
    home = recording([day.registration(NAME), *payments])

    def refused(from_at: datetime | None, to_at: datetime | None) -> list[datetime]:
        parameters = changed(cash__self_limit_fen=LIMIT_FEN).parameters
        change = Change(parameters=parameters, from_at=from_at, to_at=to_at)
        found_otherwise = findings(home, change)
        return [
            each.happened_at
            for each in found_otherwise
            if isinstance(each, Difference) and each.kind == "refused"
        ]

    first, second, third = (after(hours=hour) for hour in hours)
    assert refused(None, None) == [first, second, third]
    assert refused(second, None) == [second, third]
    assert refused(None, second) == [first]
    assert refused(second, third) == [second]


def test_other_content_under_an_id_stays_refused_where_the_first_stands(
    recording: Recording,
) -> None:
    again = day.payment(NAME, time=after(hours=2), amount_fen=OVER_LIMIT_FEN + 1, id_=f"{NAME}-p1")
    home = recording([*paying(), again])
    assert "ENV-01" in {each.refusal.rule for each in history(home) if each.refusal is not None}
    assert findings(home, Change(from_at=after(hours=1))) == []
    assert findings(home, changed(cash__self_limit_fen=OVER_LIMIT_FEN)) == []


def test_consequences_go_on_after_the_change_has_ended(recording: Recording) -> None:
    back = day.reversal(NAME, after(hours=2), amount_fen=OVER_LIMIT_FEN)
    home = recording([*paying(), back])
    parameters = changed(cash__self_limit_fen=LIMIT_FEN).parameters
    ended = Change(parameters=parameters, to_at=after(hours=1))
    found_otherwise = findings(home, ended)
    assert [each.decided for each in found_otherwise if isinstance(each, Difference)] == [
        "PAY-09",
        "ENV-11",
    ]


def test_two_owners_may_use_the_same_id_in_the_same_moment(recording: Recording) -> None:
    """A copy comes after its own cause, not after the other one that is named the same."""
    names = [f"n{number}" for number in range(16)]
    partitions = {partition_of(customer(name), 8) for name in names}
    assert len(partitions) > 4
    messages = [day.registration(name) for name in names]
    for number, name in enumerate(names):
        hall, clerk = ("renmin", "c-li") if number % 2 else ("binjiang", "c-chen")
        said = json.loads(day.payment(name, id_=f"same-{number // 2}"))
        messages.append(json.dumps({**said, "hall": hall, "actor": clerk}).encode())
    home = recording(messages)
    copies = [
        each.interaction.id
        for each in history(home)
        if each.interaction is not None and each.interaction.type == "drawer.record_in.v1"
    ]
    assert len(copies) == 16
    assert len(set(copies)) == 8


def test_an_erasure_that_was_confirmed_is_decided_again(recording: Recording) -> None:
    """That keys are gone is taken as recorded: it follows from no entry alone."""
    stay = parting.stay(NAME, "v1")
    home = recording([day.shift_opened(), *stay, parting.order(NAME), at(after(hours=2))])
    types = [each.interaction.type for each in history(home) if each.interaction is not None]
    assert "customer.confirm_erasure.v1" in types
    found_otherwise = findings(home, changed(approval__second_person_roles=["supervisor"]))
    assert [each.type for each in found_otherwise] == [
        "customer.request_erasure.v1",
        "customer.confirm_erasure.v1",
        "customer.free_id.v1",
    ]


class _Moving(datetime):
    """The system's clock, moved by hand."""

    moment = MORNING.astimezone(UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.moment


def test_a_system_clock_gives_timers_late_and_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "datetime", _Moving)
    monkeypatch.setattr(_Moving, "moment", MORNING.astimezone(UTC))
    home = tmp_path / "home"
    found(home, msgspec.structs.replace(founding.sample(), clock="system"))
    with Embedded(home) as ledger:
        ledger.publish(paying())
        _Moving.moment += timedelta(days=2)
        assert ledger.pass_time() == 2
        _Moving.moment += timedelta(seconds=1)
        ledger.publish([at(after(days=2))])
    assert findings(home, UNCHANGED) == []
    gone, made = findings(home, changed(payment__receipt_minutes=30))
    assert isinstance(gone, NotHappened)
    assert isinstance(made, Made)
    assert gone.instead_at == made.due_at == after(minutes=30)
