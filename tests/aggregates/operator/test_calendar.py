"""Calendars: rules CAL-01 and CAL-02, and that every partition is told."""

from datetime import date
from typing import Any

import pytest

from ledger.aggregates.copies import NoteCalendar
from ledger.aggregates.operator import calendar
from ledger.facts import Calendar
from tests.aggregates.case import NOW
from tests.aggregates.operator.office import office, told

NEW_YEAR = date(2027, 1, 1)
SUNDAY = date(2027, 1, 3)
BY_HR: dict[str, Any] = {"actor": "o-wu"}


def publish(*holidays: date, working: tuple[date, ...] = ()) -> calendar.Publish:
    return calendar.Publish(year=2027, holidays=holidays, working_weekend_days=working)


def test_a_year_is_published_and_published_again() -> None:
    case = office()
    case.when(publish(NEW_YEAR), actor="o-zhu").refused("ENV-04")
    event = case.when(publish(NEW_YEAR), **BY_HR).recorded(calendar.Published)
    assert event.fact_version == 1
    again = publish(NEW_YEAR, working=(SUNDAY,))
    event = case.given(event).when(again, **BY_HR).recorded(calendar.Published)
    assert event.fact_version == 2
    fact = Calendar(year=2027, holidays=(NEW_YEAR,), working_weekend_days=(SUNDAY,))
    assert told(event, "calendar/2027") == [NoteCalendar(version=2, from_at=NOW, fact=fact)]


@pytest.mark.parametrize(
    ("wish", "rule"),
    [
        (publish(date(2026, 12, 31)), "CAL-01"),
        (publish(NEW_YEAR, NEW_YEAR), "CAL-01"),
        (publish(SUNDAY, working=(SUNDAY,)), "CAL-01"),
        (publish(working=(date(2028, 1, 1),)), "CAL-01"),
        (publish(working=(NEW_YEAR,)), "CAL-02"),
        (publish(NEW_YEAR, working=(NEW_YEAR,)), "CAL-01"),
        (publish(working=(date(2027, 1, 2), SUNDAY)), None),
        (publish(), None),
    ],
)
def test_a_day_is_of_the_year_named_once_and_worked_where_nobody_would(
    wish: calendar.Publish, rule: str | None
) -> None:
    outcome = office().when(wish, **BY_HR)
    if rule is None:
        outcome.recorded(calendar.Published)
    else:
        outcome.refused(rule)
