"""What is said of a payment."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates import model
from ledger.aggregates.copies import PaymentMethod
from ledger.aggregates.corrections import Correction
from ledger.aggregates.model import Interaction
from ledger.values import (
    FenPositive,
    Id,
    Last4,
    SealedText,
    Str32,
    Str64,
)

Method = PaymentMethod
ItemKind = Literal[
    "bill", "deposit", "prepayment", "order_fee", "device", "exit_fee", "late_fee", "arrears"
]
NEEDS_LINE: Final = frozenset({"bill", "deposit", "arrears", "late_fee"})
NEEDS_LOCK_OR_ORDER: Final = frozenset({"exit_fee", "order_fee", "device"})


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


class Receive(Interaction, type="payment.receive.v1", allowed_in=("-",), at_counter=True):
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
    Receive
    | Allocate
    | IssueReceipt
    | Reverse
    | RequestRefund
    | DecideRefund
    | PayRefund
    | MarkRefundOverdue
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
