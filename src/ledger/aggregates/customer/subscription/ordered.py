"""Changes by order: the order, the item of it that the change carries out, and its completion."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from ledger.aggregates.customer.order import items
from ledger.aggregates.customer.order.events import ItemCompleted
from ledger.aggregates.customer.order.state import Item
from ledger.aggregates.customer.order.state import State as Order
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.model import Context
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

ENDED: Final = frozenset({"rejected", "cancelled", "failed", "partial"})
"""How an order ends that leaves a line as it was before, or unmade."""


class Change(Protocol):
    """An interaction that carries out an item of an order on a line."""

    @property
    def subscription_id(self) -> str: ...
    @property
    def order_id(self) -> str | None: ...
    @property
    def item_id(self) -> str | None: ...


class Ordered(msgspec.Struct, frozen=True):
    order: Order
    item: Item
    completed: ItemCompleted


def by_order(
    change: Change,
    kinds: Collection[str],
    action: str,
    effective_at: datetime,
    context: "Context[Register]",
) -> Ordered | Refusal:
    """What is ordered, by SUB-02 and the order's own rules of completing an item.

    `kinds` of orders have the change carried out, by an item that has this `action`.
    """
    if change.order_id is None or change.item_id is None:
        return rules.SUB_02("a change by order names the order and its item")
    order = context.history.state(Order, f"order/{change.order_id}")
    if order.kind not in kinds:
        return rules.SUB_02(f"{change.order_id} is no order of kind {' or '.join(kinds)}")
    if order.status != "in_progress":
        return rules.SUB_02(f"order {change.order_id} is {order.status}")
    item = order.items.get(change.item_id)
    if item is None:
        return rules.SUB_02(f"{change.item_id} is no item of order {change.order_id}")
    if item.subscription_id != change.subscription_id:
        return rules.SUB_02(f"order {change.order_id} is not for this line")
    if item.action != action:
        return rules.SUB_02(f"item {change.item_id} is to {item.action}")
    completed = items.complete_item(change.order_id, change.item_id, order, context, effective_at)
    if isinstance(completed, Refusal):
        return completed
    return Ordered(order, item, completed)
