"""What the hall's register counts of its days: visits, tickets, ratings, shifts and drawers."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.aggregates.hall import drawer, hall_day, shift, visit
from ledger.aggregates.hall.hall_day.register import KEPT, Days
from ledger.aggregates.hall.hall_day.totals import Counts
from tests.aggregates.case import Case, later
from tests.aggregates.hall.facts import (
    ARRIVED,
    AT_K1,
    CLOCK,
    CLOSE,
    HALL,
    PAD,
    STARTED,
    TUESDAY,
    issued,
    open_hall,
    shift_opened,
)
from tests.aggregates.hall.money import SUPERVISOR, WEDNESDAY

OPENED = hall_day.Opened(business_on=TUESDAY)
NEXT_DAY = hall_day.Opened(business_on=WEDNESDAY)


def days(case: Case) -> Days:
    return case.register.days


def counts(case: Case, day: Any = TUESDAY) -> Counts:
    return days(case).kept[day]


def visited() -> Case:
    """c-li serves the visit v1, whose ticket is A001, on Tuesday, which is open."""
    case = open_hall().given(OPENED).given(ARRIVED, issued(), visit="v1")
    return case.given(STARTED, **AT_K1, visit="v1")


def closed(case: Case, at: Any) -> Case:
    event = visit.Closed.of(
        CLOSE,
        handling_seconds=0,
        pause_seconds=0,
        counter_seconds=0,
        rate_until_at=later(days=7),
    )
    return case.given(event, at=at, **AT_K1, visit="v1")


def rated(case: Case, score: int, at: Any) -> Case:
    event = visit.Rated(score=score, clerk_id="c-li", scale="one_to_five")
    return case.given(event, at=at, visit="v1", **PAD)


def shift_closed(shift_id: str, clerk_id: str, *, forced: bool) -> shift.Closed:
    return shift.Closed(
        shift_id=shift_id,
        forced=forced,
        reason="no_close_received" if forced else "planned_end",
        clerk_id=clerk_id,
        worked_seconds=0,
        pause_seconds=0,
        visits_closed=0,
    )


def drawer_closed(difference_fen: int) -> drawer.Closed:
    return drawer.Closed(
        drawer_id="w1",
        float_returned_fen=50_000,
        clerk_id="c-li",
        difference_fen=difference_fen,
        to_deposit_fen=7_000,
        deposit_by_on=WEDNESDAY,
    )


def drawer_opened() -> drawer.Opened:
    note = drawer.Denomination(value_fen=10_000, pieces=5)
    return drawer.Opened(
        drawer_id="w1", till_id="till-1", shift_id="s-c-li", float=(note,), float_fen=50_000
    )


def test_a_visit_is_open_until_it_is_closed() -> None:
    case = visited()
    assert days(case).visits == {"v1": TUESDAY}
    assert (counts(case).visits_arrived, counts(case).tickets_issued) == (1, 1)
    closed(case, later())
    assert days(case).visits == {}
    assert counts(case).visits_completed == 1


def test_a_visit_counts_for_the_day_that_it_began_on() -> None:
    case = visited().given(NEXT_DAY, at=later(days=1))
    closed(case, later(days=1))
    assert counts(case).visits_completed == 1
    assert counts(case, WEDNESDAY).visits_completed == 0


@pytest.mark.parametrize(("event", "abandoned", "no_show"), [
    (visit.Abandoned(reason="other", wait_seconds=0), 1, 0),
    (visit.Lapsed(outcome="abandoned"), 1, 0),
    (visit.Lapsed(outcome="no_show"), 0, 1),
])  # fmt: skip
def test_a_visit_that_nobody_served_is_abandoned_or_a_no_show(
    event: Any, abandoned: int, no_show: int
) -> None:
    case = open_hall().given(OPENED).given(ARRIVED, event, visit="v1", **CLOCK)
    assert (counts(case).visits_abandoned, counts(case).visits_no_show) == (abandoned, no_show)
    assert days(case).visits == {}


def test_a_rating_counts_for_the_day_on_which_it_is_given() -> None:
    case = closed(visited(), later())
    rated(case, 5, later())
    rated(case.given(NEXT_DAY, at=later(days=1)), 2, later(days=1))
    assert (counts(case).rated, counts(case).rating_sum) == (1, 5)
    assert (counts(case, WEDNESDAY).rated, counts(case, WEDNESDAY).rating_sum) == (1, 2)


def test_a_shift_is_open_until_it_is_closed_by_force_or_not() -> None:
    case = open_hall().given(OPENED)
    assert days(case).shifts == {"s-c-li": TUESDAY, "s-c-wang": TUESDAY}
    case.given(shift_closed("s-c-li", "c-li", forced=False), **SUPERVISOR)
    assert counts(case).shifts_forced == 0
    case.given(shift_closed("s-c-wang", "c-wang", forced=True), at=later(days=1), **SUPERVISOR)
    assert counts(case).shifts_forced == 1
    assert days(case).shifts == {}


@pytest.mark.parametrize(("difference_fen", "short_fen", "over_fen"), [
    (-1_000, 1_000, 0), (0, 0, 0), (20, 0, 20),
])  # fmt: skip
def test_a_drawer_counts_with_its_difference_when_it_is_closed(
    difference_fen: int, short_fen: int, over_fen: int
) -> None:
    case = open_hall().given(OPENED, drawer_opened())
    assert days(case).drawers == {"w1": TUESDAY}
    case.given(drawer_closed(difference_fen), at=later(days=1))
    assert days(case).drawers == {}
    of_day = counts(case)
    assert (of_day.drawers_closed, of_day.to_deposit_fen) == (1, 7_000)
    assert (of_day.drawer_short_fen, of_day.drawer_over_fen) == (short_fen, over_fen)


def test_what_happens_before_the_day_is_opened_counts() -> None:
    case = Case(HALL).given(ARRIVED, visit="v1")
    assert not days(case).is_open(TUESDAY)
    assert days(case).needs_opening(TUESDAY)
    case.given(shift_opened("s1", "k1"), OPENED)
    assert days(case).is_open(TUESDAY)
    assert not days(case).needs_opening(TUESDAY)
    assert counts(case).visits_arrived == 1


def test_a_day_that_was_never_opened_is_forgotten_when_a_newer_one_is() -> None:
    case = Case(HALL).given(ARRIVED, visit="v1").given(NEXT_DAY, at=later(days=1))
    assert list(days(case).kept) == [WEDNESDAY]
    assert not days(case).needs_opening(TUESDAY)


def test_a_signed_day_is_kept_no_more_and_takes_nothing() -> None:
    case = open_hall().given(OPENED)
    event = hall_day.SignedOff(business_on=TUESDAY, totals_digest="0" * 64, prepared_by="s-sun")
    case.given(event).given(ARRIVED, drawer_opened(), visit="v1")
    assert days(case).kept == {}
    assert (days(case).visits, days(case).drawers) == ({}, {})
    assert not days(case).is_open(TUESDAY)
    assert not days(case).needs_opening(TUESDAY)


def test_the_newest_days_are_kept() -> None:
    case = Case(HALL)
    for number in range(KEPT + 2):
        day = TUESDAY + timedelta(days=number)
        case.given(hall_day.Opened(business_on=day), at=later(days=number))
    kept = days(case).kept
    assert len(kept) == KEPT
    assert min(kept) == TUESDAY + timedelta(days=2)
    assert days(case).open_before(min(kept)) is None
    assert days(case).open_before(max(kept)) == min(kept)
