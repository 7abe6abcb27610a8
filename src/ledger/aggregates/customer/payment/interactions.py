"""What is said of a payment."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates import model
from ledger.aggregates.copies import PaymentMethod
from ledger.aggregates.corrections import Correction
from ledger.aggregates.model import Interaction
from ledger.values import (
    Digest,
    FenPositive,
    Id,
    Last4,
    SealedStr32,
    SealedStr200,
    SealedText,
    Str32,
    Str64,
)

Method = PaymentMethod
OnlineMethod = Literal[
    "bank_card", "wechat_pay", "alipay", "unionpay_qr", "digital_yuan", "bank_transfer"
]
ItemKind = Literal[
    "bill", "deposit", "prepayment", "order_fee", "device", "exit_fee", "late_fee", "arrears"
]
NEEDS_LINE: Final = frozenset({"bill", "deposit", "arrears", "late_fee"})
NEEDS_ORDER: Final = frozenset({"order_fee", "device"})


class PaymentItem(model.Fields):
    item_id: Id
    item_kind: ItemKind
    subscription_id: Id | None = None
    bill_id: Id | None = None
    order_id: Id | None = None
    lock_id: Id | None = None
    amount_fen: FenPositive


class Allocation(model.Fields):
    allocation_id: Id
    item_kind: ItemKind
    subscription_id: Id | None = None
    bill_id: Id | None = None
    order_id: Id | None = None
    lock_id: Id | None = None
    amount_fen: FenPositive


class Begin(Interaction, type="payment.begin.v1", allowed_in=("-",), at_counter=True):
    """A card or wallet is asked for money; what comes of it is told by the rest."""

    payment_id: Id
    method: OnlineMethod
    amount_fen: FenPositive
    items: Annotated[tuple[PaymentItem, ...], Meta(min_length=1, max_length=50)]
    correlator_id: Id
    terminal_id: Str64
    payer: Literal["owner", "third_party"]


class Authorize(
    Interaction,
    type="payment.authorize.v1",
    allowed_in=("pending_authorization",),
    clerks=False,
    systems=("payment_gateway",),
):
    payment_id: Id
    correlator_id: Id
    authorization_code: Str64


class Fail(
    Interaction,
    type="payment.fail.v1",
    allowed_in=("pending_authorization", "authorized"),
    systems=("payment_gateway",),
):
    """The terminal or the bank has said no; silence is no such answer."""

    payment_id: Id
    correlator_id: Id
    reason: Literal[
        "insufficient_funds",
        "declined_by_bank",
        "wrong_pin",
        "limit_exceeded",
        "card_unreadable",
        "code_expired",
    ]
    provider_reference: Str64 | None = None


class Cancel(
    Interaction,
    type="payment.cancel.v1",
    allowed_in=("pending_authorization", "authorized"),
):
    payment_id: Id
    reason: Literal["customer_left", "wrong_amount", "wrong_method", "duplicate"]


class SettleUnknown(
    Interaction,
    type="payment.settle_unknown.v1",
    allowed_in=("pending_authorization", "authorized"),
    systems=("payment_gateway",),
):
    """What the provider says of a payment that nobody heard the end of."""

    payment_id: Id
    correlator_id: Id
    outcome: Literal["captured", "not_captured"]
    provider_reference: Str64


class Receive(
    Interaction,
    type="payment.receive.v1",
    allowed_in=("-", "pending_authorization", "authorized"),
    at_counter=True,
):
    payment_id: Id
    method: Method
    amount_fen: FenPositive
    items: Annotated[tuple[PaymentItem, ...], Meta(min_length=1, max_length=50)]
    correlator_id: Id
    tendered_fen: FenPositive | None = None
    drawer_id: Id | None = None
    shift_id: Id | None = None
    card_last4: Last4 | None = None
    terminal_id: Str64 | None = None
    authorization_code: Str64 | None = None
    provider_reference: Str64 | None = None
    payer: Literal["owner", "third_party"]
    counterfeit_checked: bool | None = None


class Allocate(
    Interaction, type="payment.allocate.v1", allowed_in=("captured",), systems=("reactor",)
):
    payment_id: Id
    allocations: Annotated[tuple[Allocation, ...], Meta(min_length=1, max_length=50)]


class Reallocate(
    Interaction,
    type="payment.reallocate.v1",
    allowed_in=("captured", "done"),
    approver=True,
):
    """Takes what `to` says out of an allocation; the rest stays where it is."""

    payment_id: Id
    from_allocation_id: Id
    to: Allocation
    note: SealedText


class IssueReceipt(
    Interaction,
    type="payment.issue_receipt.v1",
    allowed_in=("captured", "done"),
    systems=("clock",),
):
    payment_id: Id
    receipt_number: Str32
    form: Literal["paper", "sms", "email"]
    amount_fen: FenPositive


class IssueInvoice(
    Interaction,
    type="payment.issue_invoice.v1",
    allowed_in=("captured", "done"),
):
    payment_id: Id
    invoice_number: Str32
    invoice_kind: Literal["electronic_ordinary", "electronic_special", "paper"]
    title: SealedStr200
    tax_number: SealedStr32 | None = None
    amount_fen: FenPositive
    content_digest: Digest


class CancelInvoice(
    Interaction,
    type="payment.cancel_invoice.v1",
    allowed_in=("captured", "done"),
):
    payment_id: Id
    invoice_number: Str32
    credit_note_number: Str32
    reason: Literal["reversed", "wrong_title", "wrong_amount"]


class Reverse(
    Interaction,
    type="payment.reverse.v1",
    allowed_in=("captured", "done"),
    certificate="refunds",
    approver=True,
):
    payment_id: Id
    reversal_id: Id
    amount_fen: FenPositive
    reason: Literal[
        "wrong_customer",
        "wrong_amount",
        "duplicate",
        "wrong_method",
        "counterfeit",
        "bank_chargeback",
    ]
    drawer_id: Id | None = None
    receipt_taken_back: bool
    note: SealedText


class RequestRefund(
    Interaction,
    type="payment.request_refund.v1",
    allowed_in=("captured", "done"),
    systems=("billing",),
):
    payment_id: Id
    refund_id: Id
    amount_fen: FenPositive
    reason: Literal[
        "order_cancelled",
        "overpaid",
        "deposit_return",
        "line_ended",
        "complaint_compensation",
        "fault_waiver",
        "service_not_given",
    ]
    order_id: Id | None = None
    complaint_id: Id | None = None
    requester: Literal["owner", "agent", "system"]
    agent_id: Id | None = None


class DecideRefund(
    Interaction,
    type="payment.decide_refund.v1",
    allowed_in=("captured", "done"),
    certificate="refunds",
    approver=True,
):
    payment_id: Id
    refund_id: Id
    decision: Literal["approved", "denied"]
    note: SealedText | None = None


class PayRefund(
    Interaction,
    type="payment.pay_refund.v1",
    allowed_in=("captured", "done"),
    certificate="refunds",
):
    payment_id: Id
    refund_id: Id
    method: Method
    drawer_id: Id | None = None
    card_last4: Last4 | None = None
    provider_reference: Str64 | None = None
    verification_id: Id | None = None
    result: Literal["done", "failed"]
    failure: Literal["bank_refused", "account_closed", "timeout"] | None = None


class MarkRefundOverdue(
    Interaction,
    type="payment.mark_refund_overdue.v1",
    clerks=False,
    systems=("clock",),
):
    payment_id: Id
    refund_id: Id


class CorrectEntry(Interaction, Correction, type="payment.correct_entry.v1"):
    payment_id: Id


CORRECTABLE: Final = frozenset({"terminal_id", "note"})
AnyInteraction = (
    Begin
    | Authorize
    | Fail
    | Cancel
    | SettleUnknown
    | Receive
    | Allocate
    | Reallocate
    | IssueReceipt
    | IssueInvoice
    | CancelInvoice
    | Reverse
    | RequestRefund
    | DecideRefund
    | PayRefund
    | MarkRefundOverdue
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
