"""Where money that came in goes to, and where it is moved to afterwards."""

from typing import TYPE_CHECKING

from ledger.aggregates.customer.payment import purposes, rules
from ledger.aggregates.customer.payment.events import (
    Allocated,
    PaymentSettled,
    Reallocated,
)
from ledger.aggregates.customer.payment.interactions import (
    Allocate,
    Allocation,
    PaymentItem,
    Reallocate,
)
from ledger.aggregates.customer.payment.state import State
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def allocate(wish: Allocate, state: State, context: "Context[Register]") -> Decision:
    allocated_fen = state.allocated_fen + sum(each.amount_fen for each in wish.allocations)
    if allocated_fen > state.amount_fen - state.refunded_fen:
        return rules.PAY_11()
    lacking = _lacking(wish.allocations, state, context)
    if lacking is not None:
        return rules.PAY_12(lacking)
    unallocated_fen = state.amount_fen - allocated_fen
    bills = purposes.bills_paid(wish.allocations, context)
    allocated = Allocated.of(wish, unallocated_fen=unallocated_fen, bills=bills)
    if unallocated_fen == 0 and state.receipt_number is not None:
        return [allocated, PaymentSettled(payment_id=wish.payment_id)]
    return [allocated]


def reallocate(wish: Reallocate, state: State, context: "Context[Register]") -> Decision:
    """Refunds count as taken out of the allocation that the money is moved from."""
    source = state.allocations.get(wish.from_allocation_id)
    elsewhere_fen = state.allocated_fen - (source or wish.to).amount_fen
    if elsewhere_fen + wish.to.amount_fen > state.amount_fen - state.refunded_fen:
        return rules.PAY_11()
    lacking = _lacking((wish.to,), state, context)
    if lacking is not None:
        return rules.PAY_12(lacking)
    if source is None:
        return rules.PAY_13(f"{wish.from_allocation_id} is no allocation in force")
    if wish.to.amount_fen > source.amount_fen:
        return rules.PAY_13(f"{wish.from_allocation_id} holds {source.amount_fen} fen")
    return [Reallocated.of(wish, bills=purposes.bills_paid((wish.to,), context))]


def _lacking(
    allocations: tuple[Allocation, ...], state: State, context: "Context[Register]"
) -> str | None:
    """What is wrong with the allocations, or None.

    What the money came for was checked when it came: an order may have ended since, but a bill
    that was settled by other money since is paid no second time.
    """
    ids = {each.allocation_id for each in allocations}
    if len(ids) < len(allocations) or ids & state.allocations.keys():
        return "an allocation has an id that is taken"
    items = {_content(item) for item in state.items}
    others = tuple(each for each in allocations if _content(each) not in items)
    return (
        purposes.lacking_bill(allocations, context)
        or purposes.lacking_line(others, context)
        or purposes.lacking_lock_or_order(others, context)
    )


def _content(purpose: PaymentItem | Allocation) -> tuple[object, ...]:
    return (
        purpose.item_kind,
        purpose.subscription_id,
        purpose.bill_id,
        purpose.order_id,
        purpose.lock_id,
        purpose.amount_fen,
    )
