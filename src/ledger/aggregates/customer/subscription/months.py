"""Months as contracts and bills count them."""

import calendar
from datetime import date

from ledger.values import months_after


def whole_months(start: date, end: date) -> int:
    """How many whole months lie between two days; none if `end` is the earlier one."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months - (months_after(start, months) > end))


def last_day(period: str, months: int = 0) -> date:
    """The last day of the month `months` after the period `YYYY-MM`."""
    first = months_after(date.fromisoformat(f"{period}-01"), months)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])
