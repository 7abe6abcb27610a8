"""What follows from the events."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from ledger import policy
from ledger.aggregates import model
from ledger.aggregates.customer.payment.events import (
    AnyEvent,
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
from ledger.aggregates.model import Cause, FollowOn, Settled


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    owner = cause.envelope.subject
    match event:
        case Received():
            allocate = FollowOn("allocate", owner, _allocate_by_items(event))
            return [allocate, _receipt(event, cause)] if event.receipt_due else [allocate]
        case ReceiptIssued() | Reversed():
            return [Settled("receipt")]
        case RefundApproved():
            overdue = MarkRefundOverdue(payment_id=event.payment_id, refund_id=event.refund_id)
            return [FollowOn(f"refund_overdue.{event.refund_id}", owner, overdue, event.pay_by_at)]
        case Refunded() | RefundFailed():
            return [Settled(f"refund_overdue.{event.refund_id}")]
        case _:
            return []


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
