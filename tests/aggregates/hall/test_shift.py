"""A shift from opening to closing: each rule refused and allowed, the first broken one named."""

from typing import Any

import msgspec
import pytest

from ledger.aggregates.hall import hall_day, shift, visit
from tests.aggregates.case import Case, later
from tests.aggregates.hall.facts import (
    ARRIVED,
    AT_K1,
    CLOSE,
    HALL,
    LAPSE,
    STARTED,
    TUESDAY,
    open_day,
    open_shift,
    shift_opened,
)

OTHER_CLERKS_SHIFT: dict[str, Any] = {"actor": "c-wang"}


def opened(**parameters: Any) -> Case:
    """c-li stands at counter k1 since ten o'clock."""
    return open_day(**parameters).given(shift_opened("s1", "k1"))


def serving() -> Case:
    """c-li serves the visit v1 at counter k1."""
    case = opened().given(ARRIVED, visit="v1")
    return case.given(STARTED, **AT_K1, visit="v1")


def close_shift(
    *, forced: bool = False, reason: Any = "planned_end", shift_id: str = "s1"
) -> shift.Close:
    return shift.Close(shift_id=shift_id, forced=forced, reason=reason)


# Opening


def test_an_opened_shift_tells_the_role_and_the_certifications_of_the_day() -> None:
    event = open_day().when(open_shift()).recorded(shift.Opened)
    assert (event.role, event.overrun_at) == ("clerk", LAPSE)
    assert set(event.certifications) == {"real_name", "cash", "refunds"}


def test_the_first_shift_of_a_day_opens_the_day() -> None:
    case = Case(HALL)
    opened, day = case.when(open_shift()).recorded(shift.Opened, hall_day.Opened)
    assert day.business_on == TUESDAY
    case.given(opened, day)
    case.when(open_shift("s2", "k2"), actor="c-wang").recorded(shift.Opened)
    tomorrow = {"actor": "c-wang", "at": later(days=1)}
    case.when(open_shift("s2", "k2"), **tomorrow).recorded(shift.Opened, hall_day.Opened)


def test_a_certification_that_has_ended_is_not_told() -> None:
    case = open_day()
    clerk = case.reference.clerk("c-li", later())
    assert clerk is not None
    real_name, cash, refunds = clerk.certifications
    ended = msgspec.structs.replace(cash, valid_until_on=cash.valid_from_on)
    case.clerk("c-li", certifications=(real_name, ended, refunds))
    event = case.when(open_shift()).recorded(shift.Opened)
    assert set(event.certifications) == {"real_name", "refunds"}


def test_a_clerk_has_one_open_shift() -> None:
    case = opened()
    case.when(open_shift("s2", "k2")).refused("SHF-02", "s1")
    closed = case.when(close_shift()).recorded(shift.Closed)
    case.given(closed).when(open_shift("s2", "k2")).recorded(shift.Opened)


def test_a_clerk_of_another_hall_opens_no_shift_here() -> None:
    open_day().when(open_shift(), actor="c-chen").refused("ENV-04", "renmin")
    case = Case("hall/binjiang").given(hall_day.Opened(business_on=TUESDAY), actor="c-chen")
    case.when(open_shift(), actor="c-chen").recorded(shift.Opened)


@pytest.mark.parametrize(("actor", "duty", "refused"), [
    ("c-zhao", "counter", True),
    ("c-zhao", "cashier", True),
    ("c-zhao", "greeter", False),
    ("m-he", "counter", True),
    ("s-sun", "counter", False),
    ("s-sun", "cashier", True),
    ("c-wang", "cashier", False),
])  # fmt: skip
def test_a_duty_takes_its_certification(actor: str, duty: shift.Duty, refused: bool) -> None:
    outcome = open_day().when(open_shift(duty=duty), actor=actor)
    if refused:
        outcome.refused("SHF-03", duty)
    else:
        outcome.recorded(shift.Opened)


def test_the_policy_says_which_duty_takes_which_certification() -> None:
    case = open_day(shift__required_certifications={"greeter": "privacy"})
    case.when(open_shift(duty="greeter")).refused("SHF-03", "privacy")
    case.when(open_shift(duty="counter"), actor="c-zhao").recorded(shift.Opened)


def test_a_shift_stands_at_a_counter_of_the_hall() -> None:
    open_day().when(open_shift(counter_id="k9")).refused("SHF-04", "k9")


@pytest.mark.parametrize(("standing", "coming", "refused"), [
    ("counter", "counter", True),
    ("counter", "cashier", True),
    ("cashier", "counter", True),
    ("counter", "supervisor", False),
    ("greeter", "counter", False),
    ("greeter", "greeter", False),
])  # fmt: skip
def test_one_counter_or_cashier_duty_stands_at_a_counter(
    standing: shift.Duty, coming: shift.Duty, refused: bool
) -> None:
    case = open_day().given(shift_opened("s1", "k1", standing))
    outcome = case.when(open_shift("s2", "k1", coming), actor="c-wang")
    if refused:
        outcome.refused("SHF-04", "c-li")
    else:
        outcome.recorded(shift.Opened)
    elsewhere = open_shift("s2", "k2", coming)
    case.when(elsewhere, actor="c-wang").recorded(shift.Opened)


# Closing


def test_a_closed_shift_tells_its_time_and_its_visits() -> None:
    case = opened()
    for visit_id in ("v1", "v2"):
        at: dict[str, Any] = {**AT_K1, "visit": visit_id}
        case.given(ARRIVED, STARTED, **at)
        case.given(case.when(CLOSE, **at).recorded(visit.Closed), **at)
    event = case.when(close_shift(), at=later(hours=8)).recorded(shift.Closed)
    assert (event.clerk_id, event.visits_closed) == ("c-li", 2)
    assert (event.worked_seconds, event.pause_seconds) == (8 * 3600, 0)


def test_the_visits_of_an_earlier_shift_are_not_counted_again() -> None:
    case = opened()
    at: dict[str, Any] = {**AT_K1, "visit": "v1"}
    case.given(ARRIVED, STARTED, **at)
    case.given(case.when(CLOSE, **at).recorded(visit.Closed), **at)
    case.given(case.when(close_shift()).recorded(shift.Closed))
    case.given(shift_opened("s2", "k1"))
    event = case.when(close_shift(shift_id="s2")).recorded(shift.Closed)
    assert event.visits_closed == 0


@pytest.mark.parametrize("actor", ["s-sun", "m-he"])
def test_a_supervisor_or_manager_closes_for_a_clerk(actor: str) -> None:
    event = opened().when(close_shift(), actor=actor).recorded(shift.Closed)
    assert event.clerk_id == "c-li"


def test_another_clerk_does_not_close_the_shift() -> None:
    opened().when(close_shift(), **OTHER_CLERKS_SHIFT).refused("SHF-01", "c-li")


def test_after_a_supervisor_closed_the_shift_its_clerk_opens_another() -> None:
    case = opened()
    closed = case.when(close_shift(), actor="s-sun").recorded(shift.Closed)
    case.given(closed, actor="s-sun").when(open_shift("s2")).recorded(shift.Opened)


def test_a_shift_is_not_closed_while_its_clerk_serves() -> None:
    serving().when(close_shift()).refused("SHF-08", "v1")
    serving().when(close_shift(), actor="s-sun").refused("SHF-08", "v1")


def test_a_shift_is_closed_while_another_clerk_serves() -> None:
    case = serving().given(shift_opened("s2", "k2"), actor="c-wang")
    case.when(close_shift(shift_id="s2"), actor="c-wang").recorded(shift.Closed)


@pytest.mark.parametrize(("approver", "reason", "rule"), [
    (None, "illness", "SHF-16"),
    ("s-sun", "illness", "SHF-16"),
    ("c-wang", "illness", "SHF-16"),
    ("m-he", "planned_end", "SHF-16"),
    ("m-he", "no_close_received", None),
])  # fmt: skip
def test_a_forced_close_has_another_persons_approval_and_a_reason(
    approver: str | None, reason: Any, rule: str | None
) -> None:
    who = {} if approver is None else {"approver": approver}
    outcome = opened().when(close_shift(forced=True, reason=reason), actor="s-sun", **who)
    if rule is None:
        outcome.recorded(shift.Closed)
    else:
        outcome.refused(rule)


# Precedence


@pytest.mark.parametrize(("case", "wish", "actor", "first"), [
    (open_day().given(shift_opened("s1", "k1"), actor="c-zhao"), open_shift("s2", "k9"), "c-zhao",
        "SHF-02"),
    (opened(), open_shift("s2", "k9"), "c-zhao", "SHF-03"),
    (opened(), open_shift("s2", "k1"), "c-wang", "SHF-04"),
    (serving(), close_shift(forced=True), "c-wang", "SHF-01"),
    (serving(), close_shift(), "c-li", "SHF-08"),
    (opened(), close_shift(forced=True), "c-li", "SHF-16"),
])  # fmt: skip
def test_the_first_rule_broken_is_named(case: Case, wish: Any, actor: str, first: str) -> None:
    case.when(wish, actor=actor).refused(first)
