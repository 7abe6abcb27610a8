"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.hall.case.events import AnyEvent
from ledger.aggregates.model import Cause


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    return []
