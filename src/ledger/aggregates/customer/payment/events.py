"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.customer.payment.interactions import (
    Allocate,
    CorrectEntry,
    DecideRefund,
    IssueReceipt,
    MarkRefundOverdue,
    PayRefund,
    Receive,
    RequestRefund,
    Reverse,
)
from ledger.aggregates.model import Event
from ledger.values import (
    Fen,
    FenPositive,
    Id,
    Moment,
)


class Received(Event, Receive, tag="payment.received.v1"):
    change_fen: Fen
    receipt_due: bool


class Allocated(Event, Allocate, tag="payment.allocated.v1"):
    unallocated_fen: Fen


class PaymentSettled(Event, tag="payment.settled.v1"):
    """Everything is allocated and the receipt is issued."""

    payment_id: Id


class ReceiptIssued(Event, IssueReceipt, tag="payment.receipt_issued.v1"):
    pass


class Reversed(Event, Reverse, tag="payment.reversed.v1"):
    pass


class RefundRequested(Event, RequestRefund, tag="payment.refund_requested.v1"):
    pass


class RefundApproved(Event, DecideRefund, tag="payment.refund_approved.v1"):
    refund_fen: FenPositive
    pay_by_at: Moment


class RefundDenied(Event, DecideRefund, tag="payment.refund_denied.v1"):
    pass


class Refunded(Event, PayRefund, tag="payment.refunded.v1"):
    refund_fen: FenPositive


class RefundFailed(Event, PayRefund, tag="payment.refund_failed.v1"):
    pass


class RefundOverdue(Event, MarkRefundOverdue, tag="payment.refund_overdue.v1"):
    pass


class EntryCorrected(Event, CorrectEntry, tag="payment.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Received
    | Allocated
    | PaymentSettled
    | ReceiptIssued
    | Reversed
    | RefundRequested
    | RefundApproved
    | RefundDenied
    | Refunded
    | RefundFailed
    | RefundOverdue
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
