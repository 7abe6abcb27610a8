"""What the rules of an order ask of the customer's other streams."""

from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.customer import state as customer
from ledger.aggregates.customer.order import rules
from ledger.aggregates.customer.order.state import State
from ledger.aggregates.customer.subscription import state as subscription
from ledger.aggregates.model import Context
from ledger.facts import OrderKind
from ledger.rules import Refusal
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def customer_of(context: "Context[Register]") -> customer.State:
    return context.history.state(customer.State, context.envelope.subject)


def line_of_order(state: State, context: "Context[Register]") -> subscription.State:
    """The line that the order is for; a new one where it is for none."""
    stream = f"subscription/{state.subscription_id}"
    return context.history.state(subscription.State, stream)


def is_locked(state: State, context: "Context[Register]") -> bool:
    """Whether a contract stands on the line that the order is for."""
    return line_of_order(state, context).locked_on(business_day(context.envelope.time))


def agent(
    agent_id: str | None, kind: OrderKind | str, context: "Context[Register]"
) -> Refusal | None:
    """ORD-08, of one who acts for the owner."""
    if agent_id is None:
        return rules.ORD_08("the agent is not named")
    if not customer_of(context).agent_in_scope(agent_id, kind, context.envelope.time):
        return rules.ORD_08(f"{agent_id} is not verified for {kind}")
    return None


def too_many_numbers(order_id: str, state: State, context: "Context[Register]") -> str | None:
    """How the customer would come to more counted lines than allowed, or None.

    Lines in service, those that submitted orders still make, and this order's own.
    """
    families = context.policy[policy.COUNTED_FAMILIES]
    own = sum(
        item.adds_line and item.status == "open" and item.family in families
        for item in state.items.values()
    )
    if own == 0 or customer_of(context).party_kind != "person":
        return None
    others = context.register.orders.lines_added(families, besides=order_id)
    numbers = context.register.lines.counted_in(families) + others + own
    allowed = context.policy[policy.MAX_ACTIVE_NUMBERS]
    return f"{numbers} numbers, {allowed} are allowed" if numbers > allowed else None
