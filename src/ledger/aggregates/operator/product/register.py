"""What the operator's register keeps of products: the bundles among them."""

from ledger.aggregates.model import Event
from ledger.aggregates.operator.product.events import Published
from ledger.entry import Envelope


def evolve(kept: frozenset[str], event: Event, envelope: Envelope) -> frozenset[str]:
    """The ids of all bundles, but for the founding's."""
    if isinstance(event, Published) and event.component_ids:
        return kept | {event.product_id}
    return kept
