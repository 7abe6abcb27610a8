"""What the customer's register keeps of the orders: those that have not ended, by id."""

from collections.abc import Collection

import msgspec

from ledger.aggregates.customer.order.events import (
    Acknowledged,
    Cancelled,
    Completed,
    Failed,
    ItemCompleted,
    ItemDropped,
    ItemFailed,
    PartiallyCompleted,
    Placed,
    Rejected,
    Submitted,
)
from ledger.aggregates.customer.order.words import adds_line
from ledger.aggregates.model import Event
from ledger.entry import Envelope


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`hall` and `clerk` are those of the submission, or else of the placing.

    `lines_added` has the family of each line that the order still has to make, by item.
    """

    kind: str
    hall: str | None = None
    clerk: str = ""
    subscription_id: str | None = None
    lines_added: dict[str, str] = {}
    submitted: bool = False


class Orders(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    open: dict[str, OpenOrder] = {}

    def of_line(self, subscription_id: str) -> tuple[OpenOrder, ...]:
        """The open orders, drafts included, for a line that exists."""
        return tuple(
            order for order in self.open.values() if order.subscription_id == subscription_id
        )

    def lines_added(self, families: Collection[str], besides: str | None = None) -> int:
        """The lines that submitted orders still have to make, but for the order `besides`."""
        return sum(
            family in families
            for order_id, order in self.open.items()
            if order.submitted and order_id != besides
            for family in order.lines_added.values()
        )


def evolve(kept: Orders, event: Event, envelope: Envelope) -> Orders:
    match event:
        case Placed():
            order = OpenOrder(
                kind=event.kind,
                hall=envelope.hall,
                clerk=envelope.actor,
                subscription_id=event.subscription_id,
                lines_added={each.item_id: each.family for each in event.items if adds_line(each)},
            )
            return Orders(open={**kept.open, event.order_id: order})
        case Submitted():
            return _changed(kept, event.order_id, hall=envelope.hall, clerk=envelope.actor)
        case Acknowledged():
            return _changed(kept, event.order_id, submitted=True)
        case ItemDropped() | ItemCompleted() | ItemFailed():
            still = {
                item_id: family
                for item_id, family in kept.open[event.order_id].lines_added.items()
                if item_id != event.item_id
            }
            return _changed(kept, event.order_id, lines_added=still)
        case Rejected() | Cancelled() | Completed() | PartiallyCompleted() | Failed():
            still_open = {key: order for key, order in kept.open.items() if key != event.order_id}
            return Orders(open=still_open)
        case _:
            return kept


def _changed(kept: Orders, order_id: str, **changed: str | bool | dict[str, str] | None) -> Orders:
    order = msgspec.structs.replace(kept.open[order_id], **changed)
    return Orders(open={**kept.open, order_id: order})
