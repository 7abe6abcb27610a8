"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.copies import NoteCalendar
from ledger.aggregates.model import Cause
from ledger.aggregates.operator.calendar.events import AnyEvent
from ledger.facts import Calendar


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    fact = Calendar(
        year=event.year,
        holidays=event.holidays,
        working_weekend_days=event.working_weekend_days,
    )
    version, from_at = event.fact_version, cause.envelope.time
    return to_all([NoteCalendar(version=version, from_at=from_at, fact=fact)])
