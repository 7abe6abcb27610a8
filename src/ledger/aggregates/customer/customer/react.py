"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.customer.customer.events import AnyEvent
from ledger.aggregates.model import Cause


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    """Nothing follows yet: fraud cases, opportunities and care are not recorded here."""
    return []
