"""What money is for: the lines, bills, locks and orders that items and allocations name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.customer.order.state import State as Order
from ledger.aggregates.customer.payment.events import BillPaid
from ledger.aggregates.customer.payment.interactions import (
    NEEDS_LINE,
    NEEDS_ORDER,
    Allocation,
    PaymentItem,
)
from ledger.aggregates.customer.subscription.state import Bill
from ledger.aggregates.customer.subscription.state import State as Line
from ledger.aggregates.model import NEW, Context
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

Purpose = PaymentItem | Allocation
ENDED_ORDERS: Final = frozenset({"rejected", "cancelled", "completed", "failed", "partial"})


def lacking_line(purposes: Sequence[Purpose], context: "Context[Register]") -> str | None:
    """What is wrong with the lines that these name, or None.

    A deposit may be taken before there is a line, for the order that will make it.
    """
    for each in purposes:
        if each.item_kind not in NEEDS_LINE:
            continue
        if each.item_kind == "deposit" and _is_open_order(each.order_id, context):
            continue
        if _line(each.subscription_id, context).status == NEW:
            return f"the {each.item_kind} names no line of this customer"
    return None


def lacking_bill(purposes: Sequence[Purpose], context: "Context[Register]") -> str | None:
    """What is wrong with the bills that these name, or None; together they pay no bill twice."""
    paid_fen: dict[tuple[str, str], int] = {}
    for each in purposes:
        if each.item_kind == "bill" and (each.subscription_id is None or each.bill_id is None):
            return "a bill is paid by its line and id"
        if each.subscription_id is None or each.bill_id is None:
            continue
        key = each.subscription_id, each.bill_id
        paid_fen[key] = paid_fen.get(key, 0) + each.amount_fen
        bill = _line(each.subscription_id, context).bills.get(each.bill_id)
        if bill is None or bill.outstanding_fen == 0:
            return f"{each.bill_id} is no unsettled bill of {each.subscription_id}"
        if paid_fen[key] > bill.outstanding_fen:
            return f"{bill.outstanding_fen} fen are outstanding of {each.bill_id}"
    return None


def lacking_lock_or_order(purposes: Sequence[Purpose], context: "Context[Register]") -> str | None:
    """What is wrong with the locks and orders that these name, or None."""
    for each in purposes:
        if each.item_kind == "exit_fee" and not _is_standing_lock(each, context):
            return "the exit_fee names no standing lock of its line"
        if each.item_kind in NEEDS_ORDER and not _is_open_order(each.order_id, context):
            return f"the {each.item_kind} names no open order of this customer"
    return None


def bills_paid(
    allocations: Sequence[Allocation], context: "Context[Register]"
) -> tuple[BillPaid, ...]:
    """The bills that these allocations pay: those named, and for arrears without a bill the line's
    unsettled ones in the order that policy says. What is left of arrears then pays no bill.
    """
    named = [
        BillPaid(subscription_id=e.subscription_id, bill_id=e.bill_id, paid_fen=e.amount_fen)
        for e in allocations
        if e.subscription_id is not None and e.bill_id is not None
    ]
    paid = named
    for each in allocations:
        if each.item_kind == "arrears" and each.bill_id is None:
            assert each.subscription_id is not None, "arrears name a line (PAY-02)"
            paid = [*paid, *_spread(each.subscription_id, each.amount_fen, paid, context)]
    return tuple(paid)


def _spread(
    line_id: str, amount_fen: int, paid: Sequence[BillPaid], context: "Context[Register]"
) -> list[BillPaid]:
    bills = _line(line_id, context).bills.items()
    newest_first = context.policy[policy.ALLOCATION_ORDER] != "oldest_first"
    parts: list[BillPaid] = []
    for bill_id, bill in sorted(bills, key=_age, reverse=newest_first):
        already_fen = sum(
            e.paid_fen for e in paid if (e.subscription_id, e.bill_id) == (line_id, bill_id)
        )
        part_fen = min(amount_fen, bill.outstanding_fen - already_fen)
        if part_fen > 0:
            parts.append(BillPaid(subscription_id=line_id, bill_id=bill_id, paid_fen=part_fen))
            amount_fen -= part_fen
    return parts


def _age(bill: tuple[str, Bill]) -> tuple[object, ...]:
    bill_id, said = bill
    return said.due_on, said.period, bill_id


def _line(subscription_id: str | None, context: "Context[Register]") -> Line:
    if subscription_id is None:
        return Line()
    return context.history.state(Line, f"subscription/{subscription_id}")


def _is_open_order(order_id: str | None, context: "Context[Register]") -> bool:
    if order_id is None:
        return False
    status = context.history.state(Order, f"order/{order_id}").status
    return status != NEW and status not in ENDED_ORDERS


def _is_standing_lock(purpose: Purpose, context: "Context[Register]") -> bool:
    lock = _line(purpose.subscription_id, context).locks.get(purpose.lock_id or "")
    return lock is not None and lock.stands_on(business_day(context.envelope.time))
