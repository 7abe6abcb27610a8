"""The rules in order: one small function an interaction."""

from typing import TYPE_CHECKING

from ledger.aggregates.model import Context, Decision
from ledger.aggregates.operator.calendar import rules
from ledger.aggregates.operator.calendar.events import Published
from ledger.aggregates.operator.calendar.interactions import AnyInteraction
from ledger.aggregates.operator.calendar.state import State

if TYPE_CHECKING:
    from ledger.aggregates.operator.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    days = (*wish.holidays, *wish.working_weekend_days)
    for day in days:
        if day.year != wish.year:
            return rules.CAL_01(f"{day.isoformat()} is not of {wish.year}")
        if days.count(day) > 1:
            return rules.CAL_01(f"{day.isoformat()} is named twice")
    for day in wish.working_weekend_days:
        if day.weekday() < 5:
            return rules.CAL_02(f"{day.isoformat()} is a working day anyway")
    return [Published.of(wish, fact_version=state.fact_version + 1)]
