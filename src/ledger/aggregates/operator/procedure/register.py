"""What the operator's register keeps of procedures: the kinds of orders that each is for."""

from ledger.aggregates.model import Event
from ledger.aggregates.operator.procedure.events import Published, Withdrawn
from ledger.entry import Envelope
from ledger.facts import OrderKind

Kinds = tuple[OrderKind, ...]


def evolve(kept: dict[str, Kinds], event: Event, envelope: Envelope) -> dict[str, Kinds]:
    """By procedure; none for one that ended, and the founding's apart until published again."""
    match event:
        case Published():
            return {**kept, event.procedure_id: event.order_kinds}
        case Withdrawn():
            kinds = () if event.ended else event.facts[-1].fact.order_kinds
            return {**kept, event.procedure_id: kinds}
        case _:
            return kept
