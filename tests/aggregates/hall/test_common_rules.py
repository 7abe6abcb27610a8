"""The rules that every interaction meets first, tried with those of a hall.

ENV-01 is the door's and its index's. No interaction of a hall asks for a role, a certification or
an approver, so ENV-04, ENV-05 and ENV-07 are tried with a call of a ticket that does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from ledger import policy
from ledger.aggregates import common, copies
from ledger.aggregates.hall import register as hall_register
from ledger.aggregates.hall import shift, visit
from ledger.aggregates.model import Marks
from ledger.rules import Refusal
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.hall.facts import (
    ARRIVE,
    ARRIVED,
    AT_K1,
    CLOCK,
    HALL,
    PAD,
    QUEUE,
    STARTED,
    V1,
    issue,
    issued,
    open_hall,
    open_shift,
    waiting,
)

SKEW: Final = timedelta(seconds=policy.CLOCK_SKEW_SECONDS.default)
BACKDATE: Final = timedelta(days=policy.BACKDATE_DAYS.default)


# ENV-02


@pytest.mark.parametrize("subject", ["hall/nowhere", "hall/", "hall/renmin/k1"])
def test_an_unknown_hall_records_nothing(subject: str) -> None:
    Case(subject).when(ARRIVE, **QUEUE, visit="v1").refused("ENV-02")


def test_a_hall_that_is_closed_down_records_nothing() -> None:
    case = open_hall()
    case.when(ARRIVE, **QUEUE, visit="v1").recorded(visit.Arrived)
    case.hall("renmin", status="closed_down")
    case.when(ARRIVE, **QUEUE, visit="v1").refused("ENV-02")


def test_what_ends_goes_on_in_a_hall_that_is_closed_down() -> None:
    case = open_hall()
    end = shift.Close(shift_id="s-c-li", forced=False, reason="planned_end")
    case.hall("renmin", status="closed_down").when(end).recorded(shift.Closed)


def test_what_other_owners_tell_is_recorded_however_late_and_in_a_closed_hall() -> None:
    case = open_hall().hall("renmin", status="closed_down")
    told = copies.NotePayment(
        customer_id="d1", payment_id="p1", method="alipay", direction="in", amount_fen=100
    )
    copy: dict[str, Any] = {"actor": "system:reactor", "hall": "renmin"}
    late = NOW + BACKDATE + timedelta(seconds=1)
    case.when(told, **copy).refused("ENV-02")
    outcome = case.when(told, **copy, cause="counter-app:m1:1", recorded_at=late)
    assert not isinstance(outcome.decision, Refusal)
    open_hall().when(told, **copy, recorded_at=late).refused("ENV-09")


def test_the_hall_in_the_envelope_is_the_hall_that_records() -> None:
    open_hall().when(ARRIVE, actor="m-he", hall="binjiang", visit="v1").refused("ENV-02")
    open_hall().when(ARRIVE, actor="m-he", hall="renmin", visit="v1").recorded(visit.Arrived)


# ENV-03


@pytest.mark.parametrize("actor", ["nobody", "system:rating_pad", "system:"])
def test_a_stranger_and_a_system_without_the_right_record_no_arrival(actor: str) -> None:
    open_hall().when(ARRIVE, actor=actor, visit="v1").refused("ENV-03")


@pytest.mark.parametrize("status", ["suspended", "left"])
def test_a_clerk_who_is_not_in_service_records_nothing(status: Any) -> None:
    case = open_hall()
    case.clerk("c-li", status=status)
    case.when(ARRIVE, actor="c-li", visit="v1").refused("ENV-03", "not in service")


@pytest.mark.parametrize("wish", [visit.Lapse(), visit.Rate(score=5)])
def test_what_only_systems_send_no_clerk_sends(wish: Any) -> None:
    waiting().when(wish, actor="c-li", visit="v1").refused("ENV-03", "system only")


# ENV-04, ENV-05


def test_a_clerk_acts_in_the_own_halls_only() -> None:
    wish: dict[str, Any] = {"hall": "renmin", "visit": "v1"}
    open_hall().when(ARRIVE, actor="c-chen", **wish).refused("ENV-04", "renmin")
    open_hall().when(ARRIVE, actor="m-he", **wish).recorded(visit.Arrived)


def test_leaving_the_hall_out_of_the_envelope_does_not_hide_where_a_clerk_belongs() -> None:
    open_hall().when(ARRIVE, actor="c-chen", visit="v1").refused("ENV-04", "renmin")
    open_hall().when(ARRIVE, actor="c-li", visit="v1").recorded(visit.Arrived)


@pytest.mark.parametrize("actor", ["c-li", "s-sun"])
def test_a_role_that_is_asked_for_is_had(actor: str) -> None:
    marks = replace(visit.Arrive.marks, roles=("supervisor", "manager"))
    refusal = _check(marks, "-", actor=actor, visit="v1")
    assert (refusal and refusal.rule) == (None if actor == "s-sun" else "ENV-04")


@pytest.mark.parametrize(("day", "rule"), [
    ("2025-12-31", "ENV-05"),
    ("2026-01-01", None),
    ("2026-12-31", None),
    ("2027-01-01", "ENV-05"),
])  # fmt: skip
def test_a_certification_is_valid_on_its_first_and_last_day(day: str, rule: str | None) -> None:
    marks = replace(visit.Arrive.marks, certificate="real_name")
    late = datetime.fromisoformat(f"{day}T23:59:00+08:00")
    refusal = _check(marks, "-", at=late, actor="c-li", visit="v1")
    assert (refusal and refusal.rule) == rule


def test_the_policy_may_do_without_certifications() -> None:
    marks = replace(visit.Arrive.marks, certificate="iot")
    refusal = _check(marks, "-", actor="c-li", visit="v1")
    assert refusal is not None
    assert refusal.rule == "ENV-05"
    assert not _check(marks, "-", certification__required=False, actor="c-li", visit="v1")


def _check(
    marks: Marks, status: str, at: datetime = NOW, certification__required: bool = True, **who: Any
) -> Refusal | None:
    case = open_hall(certification__required=certification__required)
    envelope = case.envelope(marks.type, at, **who)
    state = visit.State(status=status)
    return common.check(
        marks, state, case.context(envelope, at), owner_known=True, counter_on_shift="k1"
    )


# ENV-06


def test_a_clerk_who_serves_has_an_open_shift() -> None:
    without = Case(HALL).given(ARRIVED, issued(), **QUEUE, visit="v1")
    without.when(visit.CallTicket(), **V1).refused("ENV-06", "no open shift")
    waiting().when(visit.CallTicket(), **V1).recorded(visit.TicketCalled)


def test_a_clerk_serves_at_the_counter_of_the_own_shift() -> None:
    at_another = {**V1, "counter": "k2"}
    waiting().when(visit.CallTicket(), **at_another).refused("ENV-06", "k1")


def test_after_closing_the_shift_a_clerk_serves_nobody() -> None:
    case = waiting()
    close = shift.Close(shift_id="s-c-li", forced=False, reason="planned_end")
    case.given(case.when(close).recorded(shift.Closed))
    case.when(visit.CallTicket(), **V1).refused("ENV-06")


# ENV-07


@pytest.mark.parametrize(("approver", "rule"), [
    (None, "ENV-07"),
    ("c-li", "ENV-07"),
    ("nobody", "ENV-07"),
    ("c-wang", "ENV-07"),
    ("s-sun", None),
    ("m-he", None),
])  # fmt: skip
def test_an_approver_is_another_person_who_may_approve(
    approver: str | None, rule: str | None
) -> None:
    marks = replace(visit.Arrive.marks, approver=True)
    refusal = _check(marks, "-", actor="c-li", approver=approver, visit="v1")
    assert (refusal and refusal.rule) == rule


def test_a_missing_approver_is_told_apart_from_one_who_may_not_approve() -> None:
    refusal = _check(replace(visit.Arrive.marks, approver=True), "-", visit="v1")
    assert refusal is not None
    assert refusal.detail == "no approver is named"


# ENV-08, ENV-09


def test_the_time_at_the_counter_runs_ahead_by_the_allowed_skew_and_no_more() -> None:
    ahead = NOW + SKEW
    arrival: dict[str, Any] = {**QUEUE, "visit": "v1", "recorded_at": NOW}
    open_hall().when(ARRIVE, at=ahead, **arrival).recorded(visit.Arrived)
    open_hall().when(ARRIVE, at=ahead + timedelta(seconds=1), **arrival).refused("ENV-08")


def test_the_time_at_the_counter_lies_back_by_the_allowed_days_and_no_more() -> None:
    back = NOW - BACKDATE
    arrival: dict[str, Any] = {**QUEUE, "visit": "v1", "recorded_at": NOW}
    open_hall().when(ARRIVE, at=back, **arrival).recorded(visit.Arrived)
    open_hall().when(ARRIVE, at=back - timedelta(seconds=1), **arrival).refused("ENV-09")


# ENV-10


@pytest.mark.parametrize("missing", ["hall", "counter"])
def test_what_happens_at_a_counter_names_its_place(missing: str) -> None:
    place = {name: value for name, value in V1.items() if name != missing}
    waiting().when(visit.CallTicket(), **place).refused("ENV-10", missing)


def test_what_happens_at_a_counter_names_its_visit() -> None:
    waiting().when(visit.CallTicket(), **AT_K1).refused("ENV-10", "visit")


# ENV-11, ENV-12


def test_an_id_that_starts_a_stream_is_new() -> None:
    waiting().when(ARRIVE, **QUEUE, visit="v1").refused("ENV-11", "taken")
    waiting().when(ARRIVE, **QUEUE, visit="v2").recorded(visit.Arrived)
    case = open_hall()
    case.when(open_shift("s-c-li", "k3"), actor="s-sun").refused("ENV-11", "taken")


def test_an_id_that_continues_a_stream_exists() -> None:
    waiting().when(visit.Abandon(reason="other"), visit="v2").refused("ENV-11", "unknown")
    close = shift.Close(shift_id="s9", forced=False, reason="planned_end")
    open_hall().when(close).refused("ENV-11", "unknown")


OPEN: Final = waiting()
IN_PROGRESS: Final = waiting().given(STARTED, **V1)
COMPLETED: Final = waiting().given(
    visit.Abandoned(reason="other", wait_seconds=0), **QUEUE, visit="v1"
)
CLOSE: Final = visit.Close(outcome="all_done", follow_up_asked=False)


@pytest.mark.parametrize(("case", "wish", "who"), [
    (IN_PROGRESS, issue(), QUEUE),
    (IN_PROGRESS, visit.CallTicket(), AT_K1),
    (IN_PROGRESS, visit.RecordNoShow(), AT_K1),
    (IN_PROGRESS, visit.Rejoin(), QUEUE),
    (IN_PROGRESS, visit.Abandon(reason="other"), QUEUE),
    (IN_PROGRESS, visit.Lapse(), CLOCK),
    (IN_PROGRESS, visit.Start(), AT_K1),
    (OPEN, visit.AskNeeds(needs=("fault",)), AT_K1),
    (OPEN, visit.IdentifyCustomer(customer_id="d", role="holder", method="declared"), AT_K1),
    (OPEN, CLOSE, AT_K1),
    (OPEN, visit.Rate(score=5), PAD),
    (COMPLETED, issue(), QUEUE),
    (COMPLETED, visit.Start(), AT_K1),
    (COMPLETED, visit.Lapse(), CLOCK),
    (COMPLETED, CLOSE, AT_K1),
])  # fmt: skip
def test_each_state_allows_what_it_allows(case: Case, wish: Any, who: dict[str, Any]) -> None:
    case.when(wish, **who, visit="v1").refused("ENV-12")


def test_a_shift_is_closed_once() -> None:
    case = open_hall()
    close = shift.Close(shift_id="s-c-li", forced=False, reason="planned_end")
    case.given(case.when(close).recorded(shift.Closed)).when(close).refused("ENV-12", "closed")


# Precedence: a call of a ticket that breaks this rule and all that follow names this rule.


DEMANDING: Final = replace(
    visit.CallTicket.marks, roles=("supervisor",), certificate="real_name", approver=True
)


@dataclass
class Call:
    """A call of a ticket that asks for everything a mark can ask for, and breaks nothing."""

    case: Case = field(default_factory=waiting)
    who: dict[str, Any] = field(
        default_factory=lambda: {**V1, "actor": "s-sun", "approver": "m-he", "counter": "k3"}
    )
    status: str = "open"
    at: datetime = NOW
    marks: Marks = DEMANDING

    def __post_init__(self) -> None:
        opened = shift.Opened.of(
            open_shift("s-s-sun", "k3", "supervisor"), role="supervisor", certifications=()
        )
        self.case.given(opened, actor="s-sun")

    def check(self) -> Refusal | None:
        case = self.case
        envelope = case.envelope(self.marks.type, self.at, **self.who)
        context = case.context(envelope, NOW)
        return common.check(
            self.marks,
            visit.State(status=self.status),
            context,
            owner_known=hall_register.owner_known(context, visit.CallTicket()),
            counter_on_shift=hall_register.counter_on_shift(case.register, envelope.actor),
        )


def hall_closed_down(call: Call) -> None:
    call.case.hall("renmin", status="closed_down")


def actor_left(call: Call) -> None:
    call.case.clerk("s-sun", status="left")


def actor_has_no_such_role(call: Call) -> None:
    call.case.clerk("s-sun", role="trainer")


def actor_is_of_another_hall(call: Call) -> None:
    call.case.clerk("s-sun", hall_ids=("binjiang",))


def actor_holds_no_certification(call: Call) -> None:
    call.case.clerk("s-sun", certifications=())


def actor_stands_elsewhere(call: Call) -> None:
    call.who["counter"] = "k1"


def actor_approves_alone(call: Call) -> None:
    call.who["approver"] = "s-sun"


def time_is_ahead(call: Call) -> None:
    call.at = later(hours=1)


def time_lies_back(call: Call) -> None:
    call.at = later(days=-4)


def visit_is_not_named(call: Call) -> None:
    call.who["visit"] = None


def visit_is_unknown(call: Call) -> None:
    call.status = "-"


def visit_is_completed(call: Call) -> None:
    call.status = "completed"


FAULTS: Final[tuple[tuple[Callable[[Call], None], str], ...]] = (
    (hall_closed_down, "ENV-02"),
    (actor_left, "ENV-03"),
    (actor_has_no_such_role, "ENV-04"),
    (actor_is_of_another_hall, "ENV-04"),
    (actor_holds_no_certification, "ENV-05"),
    (actor_stands_elsewhere, "ENV-06"),
    (actor_approves_alone, "ENV-07"),
    (time_is_ahead, "ENV-08"),
    (time_lies_back, "ENV-09"),
    (visit_is_not_named, "ENV-10"),
    (visit_is_unknown, "ENV-11"),
    (visit_is_completed, "ENV-12"),
)
OTHER_OF_TWO: Final = {time_is_ahead: time_lies_back, visit_is_unknown: visit_is_completed}
"""A time cannot lie ahead and back, nor a visit be unknown and completed."""


def test_a_call_without_fault_breaks_no_common_rule() -> None:
    assert Call().check() is None


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_the_first_rule_broken_is_named(first: int) -> None:
    call = Call()
    fault, rule = FAULTS[first]
    fault(call)
    for later_fault, _ in FAULTS[first + 1 :]:
        if later_fault is not OTHER_OF_TWO.get(fault):
            later_fault(call)
    refusal = call.check()
    assert refusal is not None
    assert refusal.rule == rule


def test_the_policy_in_force_sets_the_bounds_of_time() -> None:
    case = open_hall(ledger__clock_skew_seconds=0, clock__backdate_days=0)
    arrival: dict[str, Any] = {**QUEUE, "visit": "v1", "recorded_at": NOW}
    case.when(ARRIVE, at=NOW, **arrival).recorded(visit.Arrived)
    case.when(ARRIVE, at=later(seconds=1), **arrival).refused("ENV-08")
    case.when(ARRIVE, at=later(seconds=-1), **arrival).refused("ENV-09")
