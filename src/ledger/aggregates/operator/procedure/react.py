"""What follows from the events."""

from collections.abc import Sequence
from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.copies import NoteProcedure
from ledger.aggregates.model import Cause
from ledger.aggregates.operator.procedure.events import AnyEvent, Published, Withdrawn
from ledger.aggregates.operator.procedure.state import procedure_of
from ledger.dated import Dated


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Published():
            facts = (Dated(event.fact_version, event.effective_from_at, procedure_of(event)),)
        case Withdrawn():
            facts = event.facts
        case _:
            assert_never(event)
    return to_all(
        NoteProcedure(version=each.version, from_at=each.from_at, fact=each.fact) for each in facts
    )
