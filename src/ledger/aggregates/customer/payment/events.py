"""Stored for ever: the tags are the wire names."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.customer.payment.interactions import (
    Allocate,
    Authorize,
    Begin,
    Cancel,
    CancelInvoice,
    CorrectEntry,
    DecideRefund,
    Fail,
    IssueInvoice,
    IssueReceipt,
    MarkRefundOverdue,
    Method,
    PayRefund,
    Reallocate,
    Receive,
    RequestRefund,
    Reverse,
)
from ledger.aggregates.model import Event, Fields
from ledger.values import (
    Fen,
    FenPositive,
    Id,
    Moment,
    Str64,
)


class BillPaid(Fields):
    """What one bill of a line takes of an allocation."""

    subscription_id: Id
    bill_id: Id
    paid_fen: FenPositive


BillsPaid = Annotated[tuple[BillPaid, ...], Meta(max_length=200)]


class Begun(Event, Begin, tag="payment.begun.v1"):
    pass


class Authorized(Event, Authorize, tag="payment.authorized.v1"):
    pass


class Failed(Event, tag="payment.failed.v1"):
    """`not_captured` is the provider's word on a payment whose result nobody knew."""

    payment_id: Id
    correlator_id: Id
    reason: Literal[
        "insufficient_funds",
        "wrong_pin",
        "limit_exceeded",
        "card_unreadable",
        "code_expired",
        "not_captured",
    ]
    provider_reference: Str64 | None = None


class Denied(Event, Fail, tag="payment.denied.v1"):
    pass


class Canceled(Event, Cancel, tag="payment.canceled.v1"):
    pass


class Received(Event, Receive, tag="payment.received.v1"):
    """`hall_id` is where the payment began, if the message that ends it names no hall."""

    change_fen: Fen
    receipt_due: bool
    hall_id: Id | None = None


class Allocated(Event, Allocate, tag="payment.allocated.v1"):
    """`bills` is how the allocations to bills, and to arrears without one, settle them."""

    unallocated_fen: Fen
    bills: BillsPaid = ()


class Reallocated(Event, Reallocate, tag="payment.reallocated.v1"):
    bills: BillsPaid = ()


class PaymentSettled(Event, tag="payment.settled.v1"):
    """Everything is allocated and the receipt is issued."""

    payment_id: Id


class ReceiptIssued(Event, IssueReceipt, tag="payment.receipt_issued.v1"):
    pass


class InvoiceIssued(Event, IssueInvoice, tag="payment.invoice_issued.v1"):
    pass


class InvoiceCancelled(Event, CancelInvoice, tag="payment.invoice_cancelled.v1"):
    pass


class Reversed(Event, Reverse, tag="payment.reversed.v1"):
    """`method` is how the money had come, which is how it goes back."""

    method: Method | None = None


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
    Begun
    | Authorized
    | Failed
    | Denied
    | Canceled
    | Received
    | Allocated
    | Reallocated
    | PaymentSettled
    | ReceiptIssued
    | InvoiceIssued
    | InvoiceCancelled
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
