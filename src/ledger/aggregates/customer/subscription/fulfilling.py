"""What provisioning does to a line by order, from preparing it to exchanging its card."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.order.state import State as Order
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.customer.subscription.events import (
    Activated,
    Cancelled,
    PlanChanged,
    Prepared,
    ProductAdded,
    ProductRemoved,
    SimReplaced,
)
from ledger.aggregates.customer.subscription.interactions import (
    Abort,
    Activate,
    AddProduct,
    ChangePlan,
    Prepare,
    RemoveProduct,
    ReplaceSim,
)
from ledger.aggregates.customer.subscription.ordered import ENDED, by_order
from ledger.aggregates.customer.subscription.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def prepare(wish: Prepare, context: "Context[Register]") -> Decision:
    order = context.history.state(Order, f"order/{wish.order_id}")
    item = order.items.get(wish.item_id)
    if order.kind != "activation" or order.status not in ("acknowledged", "in_progress"):
        return rules.SUB_01(f"{wish.order_id} is no acknowledged order of kind activation")
    if item is None or not item.adds_line or item.subscription_id != wish.subscription_id:
        return rules.SUB_01(f"{wish.item_id} of order {wish.order_id} does not add this line")
    ordered = (item.family, item.product_id, item.tariff_version, item.monthly_fen)
    if ordered != (wish.family, wish.plan_id, wish.tariff_version, wish.monthly_fen):
        return rules.SUB_01(f"the order's item is {item.product_id} {item.tariff_version}")
    return [Prepared.of(wish)]


def activate(done: Activate, state: State, context: "Context[Register]") -> Decision:
    ordered = by_order(done, ("activation",), "add", done.activated_at, context)
    if isinstance(ordered, Refusal):
        return ordered
    if not ordered.item.adds_line:
        return rules.SUB_02(f"item {done.item_id} is not the line's own")
    families, register = context.policy[policy.COUNTED_FAMILIES], context.register
    counts = state.family in families and register.party_kind == "person"
    active_numbers = register.lines.counted_in(families) + (state.family in families)
    if counts and active_numbers > context.policy[policy.MAX_ACTIVE_NUMBERS]:
        return rules.SUB_03(f"this would be number {active_numbers}")
    activated = Activated.of(
        done,
        family=state.family,
        active_since_at=done.activated_at,
        on_net_since_on=business_day(done.activated_at),
        counts_towards_limit=counts,
        active_numbers=active_numbers,
        linked_numbers=linked_numbers(state, context),
        sold_by=ordered.order.submitted_by,
        hall_id=ordered.order.hall_id,
    )
    return [activated, ordered.completed]


def abort(wish: Abort, state: State, context: "Context[Register]") -> Decision:
    order = context.history.state(Order, f"order/{wish.order_id}")
    if wish.order_id != state.order_id:
        return rules.SUB_02(f"the line was prepared by order {state.order_id}")
    if order.status not in ENDED:
        return rules.SUB_02(f"order {wish.order_id} is {order.status}")
    return [Cancelled.of(wish, locks_ended=tuple(state.locks) or None)]


def change_plan(change: ChangePlan, state: State, context: "Context[Register]") -> Decision:
    effective_at = _effective_at(change.effective_on, context)
    kinds = ("plan_change", "service_upgrade")
    ordered = by_order(change, kinds, "modify", effective_at, context)
    if isinstance(ordered, Refusal):
        return ordered
    item, order = ordered.item, ordered.order
    plan = (item.product_id, item.tariff_version, item.monthly_fen)
    if plan != (change.plan_id, change.tariff_version, change.monthly_fen):
        return rules.SUB_02(f"the order's item is {item.product_id} {item.tariff_version}")
    submitted_at = order.submitted_at
    assert submitted_at is not None, f"order {change.order_id} is in progress, never submitted"
    product = context.reference.product(change.plan_id, change.tariff_version, submitted_at)
    if product is None or not product.is_disclosed or not product.is_on_sale(submitted_at):
        return rules.SUB_11(f"{change.plan_id} was not on sale in public")
    if change.effective_on < business_day(submitted_at):
        return rules.SUB_11(f"the order is of {business_day(submitted_at).isoformat()}")
    changed = PlanChanged.of(
        change,
        old_plan_id=state.plan_id,
        old_monthly_fen=state.monthly_fen,
        sold_by=order.submitted_by,
        hall_id=order.hall_id,
    )
    return [changed, ordered.completed]


def add_product(change: AddProduct, state: State, context: "Context[Register]") -> Decision:
    effective_at = _effective_at(change.effective_on, context)
    kinds = ("activation", "plan_change", "service_upgrade")
    ordered = by_order(change, kinds, "add", effective_at, context)
    if isinstance(ordered, Refusal):
        return ordered
    item = ordered.item
    if (item.product_id, item.monthly_fen) != (change.product_id, change.monthly_fen):
        return rules.SUB_02(f"the order's item is {item.product_id} of {item.monthly_fen} fen")
    if change.product_id in state.products:
        return rules.SUB_12(f"{change.product_id} is on the line")
    if change.confirmation_id != item.confirmation_id:
        return rules.SUB_12(f"{change.confirmation_id} does not confirm this item")
    added = ProductAdded.of(
        change, sold_by=ordered.order.submitted_by, hall_id=ordered.order.hall_id
    )
    return [added, ordered.completed]


def remove_product(change: RemoveProduct, state: State, context: "Context[Register]") -> Decision:
    effective_at = _effective_at(change.effective_on, context)
    kinds = ("plan_change", "service_upgrade")
    ordered = by_order(change, kinds, "delete", effective_at, context)
    if isinstance(ordered, Refusal):
        return ordered
    if ordered.item.product_id != change.product_id:
        return rules.SUB_02(f"the order's item is {ordered.item.product_id}")
    sale = state.sales.get(change.product_id)
    if sale is None:
        return rules.SUB_13(f"{change.product_id} is not on the line")
    removed = ProductRemoved.of(
        change,
        monthly_fen=state.products[change.product_id],
        added_on=sale.added_on,
        early=is_early(sale.added_on, change.effective_on, context),
        sold_by=sale.sold_by,
        hall_id=sale.hall_id,
    )
    return [removed, ordered.completed]


def replace_sim(done: ReplaceSim, context: "Context[Register]") -> Decision:
    at = context.envelope.time
    ordered = by_order(done, ("sim_replacement",), "modify", at, context)
    if isinstance(ordered, Refusal):
        return ordered
    return [SimReplaced.of(done), ordered.completed]


def linked_numbers(state: State, context: "Context[Register]") -> dict[str, int] | None:
    """What the linked files have, where the line changes how many numbers this file has."""
    counts = state.family in context.policy[policy.COUNTED_FAMILIES]
    return (context.register.linked_numbers or None) if counts else None


def is_early(sold_on: date, ended_on: date, context: "Context[Register]") -> bool:
    """Whether what is sold ends so soon that the sale is taken back from the clerk's results."""
    return ended_on - sold_on <= timedelta(days=context.policy[policy.CLAW_BACK_DAYS])


def _effective_at(day: date, context: "Context[Register]") -> datetime:
    """When a change of that day takes effect: at once, if the day has begun."""
    return max(context.envelope.time, local_midnight(day))
