"""How a line ends, or stays after all, and what is left to settle."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.order.state import State as Order
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.customer.subscription.events import (
    FinalBillSettled,
    Kept,
    Terminated,
    TerminationBegun,
)
from ledger.aggregates.customer.subscription.fulfilling import is_early, linked_numbers
from ledger.aggregates.customer.subscription.interactions import (
    BeginTermination,
    Keep,
    SettleFinal,
    Terminate,
)
from ledger.aggregates.customer.subscription.ordered import ENDED, by_order
from ledger.aggregates.customer.subscription.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def begin_termination(
    wish: BeginTermination, state: State, context: "Context[Register]"
) -> Decision:
    order = context.history.state(Order, f"order/{wish.order_id}")
    if wish.reason == "customer_order" and wish.order_id is None:
        return rules.SUB_02("no order is named")
    if wish.order_id is not None and not _ends_this_line(order, wish.subscription_id):
        return rules.SUB_02(f"{wish.order_id} is no order in progress that ends this line")
    today = business_day(context.envelope.time)
    if wish.reason == "arrears":
        suspended_on = state.arrears_suspended_on
        if suspended_on is None:
            return rules.SUB_27("the line is not suspended for arrears")
        days = context.policy[policy.TERMINATE_AFTER_SUSPEND_DAYS]
        from_on = suspended_on + timedelta(days=days)
        if today < from_on:
            return rules.SUB_27(f"the line may be ended from {from_on.isoformat()}")
    if wish.order_id is not None and state.locked_on(today) and not order.exit_fee_accepted:
        return rules.SUB_28()
    return [TerminationBegun.of(wish)]


def _ends_this_line(order: Order, subscription_id: str) -> bool:
    return (
        order.kind == "termination"
        and order.status == "in_progress"
        and order.subscription_id == subscription_id
    )


def keep(wish: Keep, state: State, context: "Context[Register]") -> Decision:
    order = context.history.state(Order, f"order/{wish.order_id}")
    if wish.order_id != state.ending_order_id:
        return rules.SUB_02(f"{wish.order_id} is not the order that ends this line")
    if order.status not in ENDED:
        return rules.SUB_02(f"order {wish.order_id} is {order.status}")
    return [Kept.of(wish)]


def terminate(done: Terminate, state: State, context: "Context[Register]") -> Decision:
    completed = []
    if done.order_id != state.ending_order_id:
        return rules.SUB_02("that is not the order that ends this line")
    if done.order_id is not None:
        ordered = by_order(done, ("termination",), "delete", done.terminated_at, context)
        if isinstance(ordered, Refusal):
            return ordered
        completed = [ordered.completed]
    if done.reason != state.ending_reason:
        return rules.SUB_29(f"termination was begun for {state.ending_reason}")
    assert state.active_since_at is not None, "a line that ends was never active"
    families = context.policy[policy.COUNTED_FAMILIES]
    active_numbers = context.register.lines.counted_in(families) - (state.family in families)
    held_fen = done.deposit_fen + done.prepaid_balance_fen
    sold_on, ended_on = business_day(state.active_since_at), business_day(done.terminated_at)
    terminated = Terminated.of(
        done,
        family=state.family,
        active_numbers=active_numbers,
        linked_numbers=linked_numbers(state, context),
        refund_due_fen=max(0, held_fen - state.outstanding_fen),
        active_since_at=state.active_since_at,
        early=is_early(sold_on, ended_on, context),
        locks_ended=tuple(state.locks) or None,
        sold_by=state.sale.sold_by,
        hall_id=state.sale.hall_id,
    )
    return [terminated, *completed]


def settle_final(done: SettleFinal, state: State) -> Decision:
    bill = state.bills.get(done.bill_id)
    if bill is None or not bill.final:
        return rules.SUB_30(f"{done.bill_id} is no final bill of this line")
    if state.has_open_bills:
        return rules.SUB_30("a bill is outstanding or disputed")
    if state.final_settled:
        return rules.SUB_30("the final bill is settled already")
    return [FinalBillSettled.of(done)]
