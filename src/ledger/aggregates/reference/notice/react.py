"""Nothing follows from a notice."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.model import Cause
from ledger.aggregates.reference.notice.events import AnyEvent


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    return []
