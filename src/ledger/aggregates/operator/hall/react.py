"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.copies import NoteHall
from ledger.aggregates.model import Cause
from ledger.aggregates.operator.hall.events import AnyEvent
from ledger.aggregates.operator.hall.state import facts_of


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    return to_all(
        NoteHall(version=each.version, from_at=each.from_at, fact=each.fact)
        for each in facts_of(event)
    )
