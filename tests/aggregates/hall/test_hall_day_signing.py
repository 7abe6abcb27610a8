"""The hall's day once prepared: withdrawn, signed or overdue; each rule refused and allowed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.aggregates.hall import hall_day, visit
from ledger.aggregates.hall.hall_day import noting
from ledger.aggregates.model import FollowOn, Settled
from ledger.policy import Policy, PolicyError
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.hall.facts import HALL, TUESDAY, shift_opened
from tests.aggregates.hall.money import (
    BY_WECHAT,
    CLOCK,
    MANAGER,
    NOTE,
    OPENED,
    PREPARE,
    REACTOR,
    SUPERVISOR,
    WEDNESDAY,
    a_day,
    done,
    money_in,
    paid,
    prepared,
    sign,
    signed,
)

WITHDRAW = hall_day.Withdraw(business_on=TUESDAY, note=NOTE)
OVERDUE = hall_day.MarkOverdue(business_on=TUESDAY)
NOON = datetime.fromisoformat("2026-11-04T12:00:00+08:00")


# Withdrawing and signing


def test_a_prepared_day_is_withdrawn_and_prepared_again() -> None:
    case = prepared()
    done(case, WITHDRAW, **MANAGER)
    case.when(WITHDRAW, **MANAGER).refused("ENV-12")
    done(case, PREPARE, **MANAGER)
    case.when(sign(case), **MANAGER).refused("DAY-07", "m-he")
    case.when(sign(case), **SUPERVISOR).recorded(hall_day.SignedOff)


def test_a_day_is_signed_by_another_person() -> None:
    case = prepared()
    case.when(sign(case), **SUPERVISOR).refused("DAY-07", "s-sun")
    event = case.when(sign(case), **MANAGER).recorded(hall_day.SignedOff)
    assert event.prepared_by == "s-sun"
    alone = prepared(hall_day__two_people=False)
    alone.when(sign(alone), **SUPERVISOR).recorded(hall_day.SignedOff)


def test_the_digest_signed_is_that_of_the_totals_prepared() -> None:
    wrong = hall_day.SignOff(business_on=TUESDAY, totals_digest="0" * 64)
    prepared().when(wrong, **MANAGER).refused("DAY-08", "other totals")


def late_order(case: Case) -> None:
    context = case.context(case.envelope("case.release.v1", NOW, **REACTOR), NOW)
    case.given(*noting.order_noted(context, "o1", "activation", "completed"))


@pytest.mark.parametrize("since", [
    lambda case: done(case, paid(700)),
    lambda case: done(case, money_in(700)),
    lambda case: done(case, paid(700), later(days=-3)),
    late_order,
])  # fmt: skip
def test_nothing_was_noted_since_the_day_was_prepared(since: Any) -> None:
    case = prepared()
    since(case)
    case.when(sign(case), **MANAGER).refused("DAY-08", "since")


def test_a_rating_at_night_counts_for_the_next_day_and_voids_nothing() -> None:
    case = prepared()
    by_link = visit.Rated(score=5, clerk_id="c-li", scale="one_to_five")
    case.given(by_link, actor="system:rating_link", visit="v1", at=later(hours=8))
    case.when(sign(case), at=later(hours=23), **MANAGER).recorded(hall_day.SignedOff)
    case.given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    days = case.register.days
    assert (days.kept[WEDNESDAY].rated, days.kept[WEDNESDAY].rating_sum) == (1, 5)


def test_a_day_that_changed_is_prepared_again_and_signed() -> None:
    case = prepared()
    done(case, paid(700))
    done(case, WITHDRAW, **SUPERVISOR)
    wish = hall_day.Prepare(business_on=TUESDAY, terminal_totals=(BY_WECHAT,))
    done(case, wish, **SUPERVISOR)
    case.when(sign(case), **MANAGER).recorded(hall_day.SignedOff)


def test_the_days_before_are_signed_first() -> None:
    case = a_day().given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    at = later(days=1)
    done(case, hall_day.Prepare(business_on=WEDNESDAY), at, **SUPERVISOR)
    case.when(sign(case, WEDNESDAY), at=at, **MANAGER).refused("DAY-09", "2026-11-03")
    done(case, PREPARE, at, **SUPERVISOR)
    done(case, sign(case), at, **MANAGER)
    case.when(sign(case, WEDNESDAY), at=at, **MANAGER).recorded(hall_day.SignedOff)


def test_the_rules_of_signing_come_in_their_order() -> None:
    case = a_day().given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    at = later(days=1)
    done(case, hall_day.Prepare(business_on=WEDNESDAY), at, **SUPERVISOR)
    wrong = hall_day.SignOff(business_on=WEDNESDAY, totals_digest="0" * 64)
    case.when(wrong, at=at, **SUPERVISOR).refused("DAY-07")
    case.when(wrong, at=at, **MANAGER).refused("DAY-08")
    case.when(sign(case, WEDNESDAY), at=at, **MANAGER).refused("DAY-09")


def test_a_day_is_not_signed_over_what_was_opened_since() -> None:
    case = prepared()
    case.given(shift_opened("s-late", "k1"), at=later(hours=1))
    case.when(sign(case), **MANAGER).refused("DAY-04", "s-late")


def test_a_signed_day_is_final() -> None:
    case = signed()
    for wish in (PREPARE, WITHDRAW, sign(case)):
        case.when(wish, **MANAGER).refused("ENV-12")


# Overdue


def test_a_day_is_overdue_once_at_the_set_time_of_the_next_day() -> None:
    case = a_day()
    case.when(OVERDUE, at=NOON - timedelta(seconds=1), **CLOCK).refused("DAY-10", "until")
    done(case, OVERDUE, NOON, **CLOCK)
    case.when(OVERDUE, at=NOON, **CLOCK).refused("DAY-10", "already")
    prepared().when(OVERDUE, at=NOON, **CLOCK).recorded(hall_day.Overdue)
    signed().when(OVERDUE, at=NOON, **CLOCK).refused("ENV-12")


def test_the_set_time_is_the_companys() -> None:
    case = a_day(hall_day__sign_off_by="09:30")
    at = NOON - timedelta(hours=2, minutes=30)
    case.when(OVERDUE, at=at - timedelta(seconds=1), **CLOCK).refused("DAY-10")
    case.when(OVERDUE, at=at, **CLOCK).recorded(hall_day.Overdue)


def test_the_overdue_mark_keeps_the_hour_that_its_timer_was_set_for() -> None:
    case = a_day(hall_day__sign_off_by="18:00")
    mark = hall_day.MarkOverdue(business_on=TUESDAY)
    clock = {"actor": "system:clock", "at": NOON}
    case.when(mark, **clock).refused("DAY-10")
    case.when(mark, due_at=NOON, cause="c:m:1", **clock).recorded(hall_day.Overdue)


@pytest.mark.parametrize("value", ["24:00", "9:30", "12:60", "noon", "12:00\n", 720])
def test_the_set_time_is_a_time_of_day(value: Any) -> None:
    with pytest.raises(PolicyError, match="time_of_day"):
        Policy("test", {"hall_day.sign_off_by": value})


def test_an_open_day_waits_for_its_signature() -> None:
    envelope = Case(HALL).envelope("hall_day.open.v1", NOW)
    timer = FollowOn("overdue", HALL, OVERDUE, NOON)
    assert reactions(OPENED, envelope, "hall_day/2026-11-03") == [timer]
    case = prepared()
    event = case.when(sign(case), **MANAGER).recorded(hall_day.SignedOff)
    assert reactions(event, envelope, "hall_day/2026-11-03") == [Settled("overdue")]
    withdrawn = hall_day.Withdrawn.of(WITHDRAW)
    assert reactions(withdrawn, envelope, "hall_day/2026-11-03") == []
