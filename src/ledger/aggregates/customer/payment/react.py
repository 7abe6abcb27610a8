"""What follows from the events."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from ledger import policy
from ledger.aggregates import copies, model
from ledger.aggregates.customer.payment.events import (
    Allocated,
    AnyEvent,
    BillPaid,
    Reallocated,
    ReceiptIssued,
    Received,
    RefundApproved,
    Refunded,
    RefundFailed,
    Reversed,
)
from ledger.aggregates.customer.payment.interactions import (
    Allocate,
    Allocation,
    IssueReceipt,
    MarkRefundOverdue,
)
from ledger.aggregates.customer.subscription.interactions import SettleBill
from ledger.aggregates.model import Cause, FollowOn, Settled


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    owner = cause.envelope.subject
    match event:
        case Received():
            allocate = FollowOn("allocate", owner, _allocate_by_items(event))
            receipt = [_receipt(event, cause)] if event.receipt_due else []
            return [allocate, *receipt, *_money_in(event, cause)]
        case Allocated() | Reallocated():
            return _bills(event, cause)
        case ReceiptIssued():
            return [Settled("receipt")]
        case Reversed():
            return [Settled("receipt"), *_reversal_out(event, cause)]
        case RefundApproved():
            overdue = MarkRefundOverdue(payment_id=event.payment_id, refund_id=event.refund_id)
            return [FollowOn(f"refund_overdue.{event.refund_id}", owner, overdue, event.pay_by_at)]
        case RefundFailed():
            return [Settled(f"refund_overdue.{event.refund_id}")]
        case Refunded():
            return [Settled(f"refund_overdue.{event.refund_id}"), *_refund_out(event, cause)]
        case _:
            return []


def _money_in(event: Received, cause: Cause) -> list[FollowOn]:
    """The hall counts what came in: cash in its drawer, the rest on its day."""
    hall = cause.envelope.hall or event.hall_id
    if hall is None:
        return []
    customer_id = cause.envelope.subject.removeprefix("customer/")
    if event.method == "cash" and event.drawer_id is not None:
        record = copies.RecordIn(
            drawer_id=event.drawer_id,
            customer_id=customer_id,
            payment_id=event.payment_id,
            amount_fen=event.amount_fen,
        )
        return [FollowOn("drawer", f"hall/{hall}", record)]
    note = copies.NotePayment(
        customer_id=customer_id,
        payment_id=event.payment_id,
        method=event.method,
        direction="in",
        amount_fen=event.amount_fen,
    )
    return [FollowOn("hall_day", f"hall/{hall}", note)]


def _reversal_out(event: Reversed, cause: Cause) -> list[FollowOn]:
    if event.method is None:
        return []
    return _money_out(
        event.payment_id, event.amount_fen, event.method, event.drawer_id, None, cause
    )


def _refund_out(event: Refunded, cause: Cause) -> list[FollowOn]:
    return _money_out(
        event.payment_id, event.refund_fen, event.method, event.drawer_id, event.refund_id, cause
    )


def _money_out(
    payment_id: str,
    amount_fen: int,
    method: copies.PaymentMethod,
    drawer_id: str | None,
    refund_id: str | None,
    cause: Cause,
) -> list[FollowOn]:
    """A reversal, or the refund of that id, leaves the drawer, or else counts on the hall's day."""
    hall = cause.envelope.hall
    if hall is None:
        return []
    customer_id = cause.envelope.subject.removeprefix("customer/")
    if method == "cash" and drawer_id is not None:
        record = copies.RecordOut(
            drawer_id=drawer_id,
            customer_id=customer_id,
            payment_id=payment_id,
            refund_id=refund_id,
            amount_fen=amount_fen,
            kind="reversal" if refund_id is None else "refund",
        )
        return [FollowOn("drawer", f"hall/{hall}", record)]
    note = copies.NotePayment(
        customer_id=customer_id,
        payment_id=payment_id,
        method=method,
        direction="out",
        amount_fen=amount_fen,
    )
    return [FollowOn("hall_day", f"hall/{hall}", note)]


def _bills(event: Allocated | Reallocated, cause: Cause) -> list[FollowOn]:
    """What each bill takes of the money is told to its line."""
    return [
        FollowOn(
            f"settle_bill.{number}", cause.envelope.subject, _settle(event.payment_id, paid, cause)
        )
        for number, paid in enumerate(event.bills, 1)
    ]


def _settle(payment_id: str, paid: BillPaid, cause: Cause) -> SettleBill:
    return SettleBill(
        subscription_id=paid.subscription_id,
        bill_id=paid.bill_id,
        payment_id=payment_id,
        settled_fen=paid.paid_fen,
        settled_at=cause.envelope.time,
    )


def _allocate_by_items(event: Received) -> Allocate:
    allocations = tuple(
        Allocation(
            allocation_id=item.item_id,
            item_kind=item.item_kind,
            subscription_id=item.subscription_id,
            bill_id=item.bill_id,
            order_id=item.order_id,
            lock_id=item.lock_id,
            amount_fen=item.amount_fen,
        )
        for item in event.items
    )
    return Allocate(payment_id=event.payment_id, allocations=allocations)


def _receipt(event: Received, cause: Cause) -> FollowOn:
    """The receipt that the ledger issues itself where no clerk does within the time allowed."""
    owner, minutes = cause.envelope.subject, cause.policy[policy.RECEIPT_MINUTES]
    receipt = IssueReceipt(
        payment_id=event.payment_id,
        receipt_number=_receipt_number(owner, event.payment_id),
        form="sms",
        amount_fen=event.amount_fen,
    )
    return FollowOn("receipt", owner, receipt, cause.envelope.time + timedelta(minutes=minutes))


def _receipt_number(owner: str, payment_id: str) -> str:
    return "E" + hashlib.sha256(f"{owner}:{payment_id}".encode()).hexdigest()[:24]
