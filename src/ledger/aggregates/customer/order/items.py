"""An order's items as its lines meet them: the line that an item makes, and completing one."""

from datetime import datetime

from ledger.aggregates.customer.order import rules
from ledger.aggregates.customer.order.events import ItemCompleted
from ledger.aggregates.customer.order.state import State
from ledger.aggregates.customer.order.words import line_of as line_of
from ledger.aggregates.model import Context
from ledger.rules import Refusal


def complete_item(
    order_id: str, item_id: str, state: State, context: Context[object], effective_at: datetime
) -> Refusal | ItemCompleted:
    """The event that completes an item by its line's interaction, or the refusal (ORD-47)."""
    refusal = still_open(item_id, state)
    if refusal is not None:
        return refusal
    return ItemCompleted(
        order_id=order_id,
        item_id=item_id,
        effective_at=effective_at,
        point_of_no_return=True,
        is_ready=ready(state, completed=item_id),
    )


def still_open(item_id: str, state: State) -> Refusal | None:
    """ORD-47; an item ends in an order in progress, or fails in one that is held for it."""
    item = state.wanted.get(item_id)
    if item is None:
        return rules.ORD_47("the order has no such item")
    if item.status != "open":
        return rules.ORD_47(f"the item is {item.status}")
    if state.status != "in_progress" and state.fall_out_item != item_id:
        return rules.ORD_47(f"the order is {state.status}")
    return None


def ready(
    state: State,
    *,
    completed: str | None = None,
    failed: str | None = None,
    done: str | None = None,
    status: str | None = None,
) -> bool | None:
    """True where the order can be completed after an event, else None.

    `completed` or `failed` is the item that ends by the event, `done` the step that is done by it,
    `status` what the order's becomes.
    """
    if (status or state.status) != "in_progress":
        return None
    ends = {item_id: item.status for item_id, item in state.wanted.items()}
    if completed is not None:
        ends[completed] = "completed"
    if failed is not None:
        ends[failed] = "failed"
    if "open" in ends.values():
        return None
    is_ready = "completed" not in ends.values() or not set(state.undone) - {done}
    return True if is_ready else None
