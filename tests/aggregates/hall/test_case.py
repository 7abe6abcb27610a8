"""A case and its one keeper: copies that are never refused, hand-overs, each rule both ways."""

from datetime import date
from typing import Any

import pytest

from ledger.aggregates.hall import case as hall_case
from ledger.aggregates.hall import hall_day
from ledger.aggregates.hall.case.register import Cases, OpenCase
from ledger.aggregates.model import Interaction
from tests.aggregates.case import Case, later
from tests.aggregates.hall.facts import (
    HALL,
    REACTOR,
    TUESDAY,
    offered,
    open_hall,
    release,
    take,
    taken,
)

WANG: dict[str, Any] = {"actor": "c-wang"}
SUN: dict[str, Any] = {"actor": "s-sun"}


def hand_over(to: str = "c-wang") -> hall_case.HandOver:
    return hall_case.HandOver(case_id="o1", to_clerk_id=to, reason="certification_needed")


ACCEPT = hall_case.Accept(case_id="o1")
DECLINE = hall_case.Decline(case_id="o1", reason="own_load")


def assign(to: str = "c-wang") -> hall_case.Assign:
    return hall_case.Assign(case_id="o1", to_clerk_id=to, reason="shift_change")


def kept() -> Case:
    """c-li keeps the case o1."""
    return open_hall().given(taken(), **REACTOR)


def on_offer() -> Case:
    """c-li keeps the case o1 and has offered it to c-wang."""
    return kept().given(offered())


def state(case: Case) -> hall_case.State:
    return case.states["case/o1"]


# Copies


def test_a_case_that_is_taken_has_the_keeper_told() -> None:
    case = open_hall()
    case.given(case.when(take(due_at=later(days=1)), **REACTOR).recorded(hall_case.Taken))
    assert (state(case).status, state(case).keeper) == ("kept", "c-li")
    known = OpenCase(kind="order", keeper="c-li", due_at=later(days=1))
    assert case.register.cases == Cases(open={"o1": known})


def test_a_case_that_is_taken_again_keeps_its_keeper() -> None:
    case = on_offer()
    again = case.when(take(keeper="s-sun"), **REACTOR).recorded(hall_case.TakeUnplaced)
    before = case.register, state(case)
    case.given(again, **REACTOR)
    assert (case.register, state(case)) == before


def test_a_case_that_has_ended_is_not_kept_any_more() -> None:
    for case in (kept(), on_offer()):
        event = case.when(release(), **REACTOR).recorded(hall_case.Released)
        assert event.keeper_clerk_id == "c-li"
        case.given(event, **REACTOR)
        assert (state(case).status, case.register.cases) == ("released", Cases())
        case.when(release(), **REACTOR).recorded(hall_case.ReleaseUnplaced)
        case.when(take(), **REACTOR).recorded(hall_case.TakeUnplaced)


def test_a_release_that_comes_before_the_taking_ends_the_case() -> None:
    case = open_hall()
    case.given(case.when(release(), **REACTOR).recorded(hall_case.ReleaseUnplaced), **REACTOR)
    case.given(case.when(take(), **REACTOR).recorded(hall_case.TakeUnplaced), **REACTOR)
    assert (state(case).status, case.register.cases) == ("released", Cases())
    case.when(hand_over()).refused("ENV-12")


@pytest.mark.parametrize("copy", [take(), release()])
def test_a_clerk_sends_no_copy(copy: Interaction) -> None:
    kept().when(copy).refused("ENV-03")


# The hall's day


ORDER = "plan_change"


def noted(case: Case, copy: Interaction) -> list[tuple[str, str]]:
    """What the day counts by this copy, which is recorded: order kinds and states."""
    decision: Any = case.when(copy, **REACTOR).decision
    case.given(*decision, **REACTOR)
    return [
        (event.order_kind, event.to_state)
        for event in decision
        if isinstance(event, hall_day.OrderNoted)
    ]


def test_the_day_counts_an_order_once_when_it_begins_and_once_when_it_ends() -> None:
    case = open_hall()
    assert noted(case, take(order_kind=ORDER)) == [(ORDER, "submitted")]
    assert noted(case, take(order_kind=ORDER)) == []
    assert noted(case, release(order_kind=ORDER, to_state="failed")) == [(ORDER, "failed")]
    assert noted(case, release(order_kind=ORDER)) == []


def test_the_day_counts_an_order_whose_end_is_told_first() -> None:
    case = open_hall()
    assert noted(case, release(order_kind=ORDER)) == [(ORDER, "completed")]
    assert noted(case, take(order_kind=ORDER)) == [(ORDER, "submitted")]
    assert noted(case, take(order_kind=ORDER)) == []


def test_an_order_opens_the_day_that_nobody_has_opened() -> None:
    events = Case(HALL).when(take(order_kind=ORDER), **REACTOR)
    _, day, order = events.recorded(hall_case.Taken, hall_day.Opened, hall_day.OrderNoted)
    assert day.business_on == order.business_on == TUESDAY


def test_an_order_of_a_day_that_takes_no_entries_is_noted_late() -> None:
    case = Case(HALL).given(hall_day.Opened(business_on=date(2026, 11, 4)))
    _, late = case.when(release(order_kind=ORDER), **REACTOR).recorded(
        hall_case.ReleaseUnplaced, hall_day.LateEntryNoted
    )
    assert (late.noted_for_on, late.business_on) == (TUESDAY, date(2026, 11, 4))


def test_the_day_counts_no_other_case() -> None:
    assert noted(open_hall(), take(kind="complaint")) == []
    assert noted(kept(), release(kind="complaint", to_state="closed")) == []


# Handing over


def test_a_case_is_offered_by_its_keeper_who_keeps_it_until_it_is_accepted() -> None:
    case = kept()
    case.when(hand_over("c-li"), **WANG).refused("CAS-02", "c-li")
    event = case.when(hand_over()).recorded(hall_case.HandedOver)
    assert event.from_clerk_id == "c-li"
    case.given(event)
    assert (state(case).status, state(case).keeper) == ("offered", "c-li")
    assert case.register.cases.offered_by("c-li") == {"o1"}


@pytest.mark.parametrize("to", ["c-li", "c-chen", "c-nobody", "c-wang"])
def test_a_case_goes_to_another_clerk_in_service_at_the_hall(to: str) -> None:
    for wish, who in ((hand_over(to), {}), (assign(to), SUN)):
        case = kept().clerk("c-wang", status="suspended")
        case.when(wish, **who).refused("CAS-03", to)
    kept().when(hand_over("c-wang")).recorded(hall_case.HandedOver)


def test_the_head_office_works_for_all_halls() -> None:
    kept().when(hand_over("r-song")).recorded(hall_case.HandedOver)


def test_only_a_clerk_on_shift_hands_a_case_over() -> None:
    case = open_hall().given(taken(keeper="c-zhao"), **REACTOR)
    case.when(hand_over(), actor="c-zhao").refused("ENV-06")


def test_the_clerk_it_was_offered_to_accepts() -> None:
    case = on_offer()
    case.when(ACCEPT).refused("CAS-04", "c-wang")
    case.given(case.when(ACCEPT, **WANG).recorded(hall_case.Accepted), **WANG)
    assert (state(case).status, state(case).keeper) == ("kept", "c-wang")
    assert case.register.cases == Cases(open={"o1": OpenCase(kind="order", keeper="c-wang")})
    case.when(ACCEPT, **WANG).refused("ENV-12")


def test_a_case_that_is_declined_stays_with_its_keeper() -> None:
    case = on_offer()
    case.when(DECLINE, **SUN).refused("CAS-04", "c-wang")
    case.given(case.when(DECLINE, **WANG).recorded(hall_case.HandOverDeclined), **WANG)
    assert (state(case).status, state(case).keeper) == ("kept", "c-li")
    assert case.register.cases.offered_by("c-li") == frozenset()
    case.when(hand_over("s-sun")).recorded(hall_case.HandedOver)


@pytest.mark.parametrize("case", [kept(), on_offer()])
def test_a_supervisor_assigns_a_case_whether_it_is_offered_or_not(case: Case) -> None:
    case.when(assign("s-sun"), **WANG).refused("ENV-04")
    event = case.when(assign("s-sun"), **SUN).recorded(hall_case.Assigned)
    assert event.from_clerk_id == "c-li"
    case.given(event, **SUN)
    assert (state(case).status, state(case).keeper, state(case).offered_to) == (
        "kept", "s-sun", None,
    )  # fmt: skip
    assert case.register.cases.open["o1"] == OpenCase(kind="order", keeper="s-sun")


def test_the_first_rule_broken_is_named() -> None:
    kept().when(hand_over("c-nobody"), **WANG).refused("CAS-02")
    kept().when(hand_over("c-nobody")).refused("CAS-03")
    on_offer().when(hand_over(), **WANG).refused("ENV-12")


def test_what_is_due_is_what_is_kept_and_offered_to_nobody() -> None:
    case = open_hall().given(taken("o1", due_at=later(hours=1)), taken("o2"), **REACTOR)
    cases = case.register.cases
    assert cases.due_with("c-li", later(hours=1)) == {"o1"}
    assert (
        cases.due_with("c-li", later(minutes=59))
        == cases.due_with("c-wang", later(days=1))
        == set()
    )
    case.given(offered("o1"))
    assert case.register.cases.due_with("c-li", later(hours=1)) == set()
