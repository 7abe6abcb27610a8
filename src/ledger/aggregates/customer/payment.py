"""Payment: money taken at a counter for a customer, what it pays for, and what goes back.

TMF676 Payment and Refund. `captured -> done` (allocated and receipted), `captured | done ->
canceled` by reversal. A refund lives inside its payment: `pending_authorization -> authorized ->
done | failed`, `pending_authorization -> denied`.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, assert_never

import msgspec
from msgspec import Meta

from ledger import policy
from ledger.aggregates import common, model
from ledger.aggregates.customer import payment_rules as rules
from ledger.aggregates.model import Cause, Context, Decision, Event, FollowOn, Interaction, Settled
from ledger.entry import Envelope
from ledger.rules import Refusal
from ledger.values import (
    Fen,
    FenPositive,
    Id,
    Last4,
    Moment,
    SealedText,
    Str32,
    Str64,
    business_day,
)

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

NAME: Final = "payment"

Method = Literal[
    "cash", "bank_card", "wechat_pay", "alipay", "unionpay_qr", "digital_yuan", "bank_transfer"
]
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


# Interactions


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


INTERACTIONS: Final = (
    Receive,
    Allocate,
    IssueReceipt,
    Reverse,
    RequestRefund,
    DecideRefund,
    PayRefund,
    MarkRefundOverdue,
)
AnyInteraction = (
    Receive
    | Allocate
    | IssueReceipt
    | Reverse
    | RequestRefund
    | DecideRefund
    | PayRefund
    | MarkRefundOverdue
)


# Events. Stored for ever: the tag is the wire name.


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


EVENTS: Final = (
    Received,
    Allocated,
    PaymentSettled,
    ReceiptIssued,
    Reversed,
    RefundRequested,
    RefundApproved,
    RefundDenied,
    Refunded,
    RefundFailed,
    RefundOverdue,
)
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
)


# State

RefundStatus = Literal["pending_authorization", "authorized", "denied", "done", "failed"]


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    status: RefundStatus
    amount_fen: int
    reason: str
    requested_by: str
    pay_by_at: datetime | None = None
    is_overdue: bool = False


class State(model.State, frozen=True, kw_only=True):
    method: str = ""
    amount_fen: int = 0
    allocated_fen: int = 0
    received_by: str = ""
    received_on: date = date.min
    receipt_number: str | None = None
    refunds: dict[str, Refund] = msgspec.field(default_factory=dict[str, Refund])

    @property
    def refunded_fen(self) -> int:
        """What refunds take or may still take: requested, approved or done."""
        return sum(
            refund.amount_fen
            for refund in self.refunds.values()
            if refund.status in ("pending_authorization", "authorized", "done")
        )


def stream(envelope: Envelope, interaction: AnyInteraction) -> str:
    return f"payment/{interaction.payment_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Received():
            return State(
                status="captured",
                method=event.method,
                amount_fen=event.amount_fen,
                received_by=envelope.actor,
                received_on=business_day(envelope.time),
            )
        case Allocated():
            return replace(state, allocated_fen=state.amount_fen - event.unallocated_fen)
        case PaymentSettled():
            return replace(state, status="done")
        case ReceiptIssued():
            return replace(state, receipt_number=event.receipt_number)
        case Reversed():
            return replace(state, status="canceled")
        case RefundRequested():
            refund = Refund(
                status="pending_authorization",
                amount_fen=event.amount_fen,
                reason=event.reason,
                requested_by=envelope.actor,
            )
            return replace(state, refunds={**state.refunds, event.refund_id: refund})
        case RefundApproved():
            return _refund_now(
                state, event.refund_id, status="authorized", pay_by_at=event.pay_by_at
            )
        case RefundDenied():
            return _refund_now(state, event.refund_id, status="denied")
        case Refunded():
            return _refund_now(state, event.refund_id, status="done")
        case RefundFailed():
            return _refund_now(state, event.refund_id, status="failed")
        case RefundOverdue():
            return _refund_now(state, event.refund_id, is_overdue=True)
        case _:
            assert_never(event)


def _refund_now(state: State, refund_id: str, **changed: RefundStatus | datetime | bool) -> State:
    refund = msgspec.structs.replace(state.refunds[refund_id], **changed)
    return msgspec.structs.replace(state, refunds={**state.refunds, refund_id: refund})


# Decide

RULES: Final = rules.RULES


def decide(interaction: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match interaction:
        case Receive():
            return _receive(interaction, context)
        case Allocate():
            return _allocate(interaction, state)
        case IssueReceipt():
            return _issue_receipt(interaction, state, context)
        case Reverse():
            return _reverse(interaction, state, context)
        case RequestRefund():
            return _request_refund(interaction, state, context)
        case DecideRefund():
            return _decide_refund(interaction, state, context)
        case PayRefund():
            return _pay_refund(interaction, state, context)
        case MarkRefundOverdue():
            return _mark_refund_overdue(interaction, state, context)
        case _:
            assert_never(interaction)


def _receive(paid: Receive, context: "Context[Register]") -> Decision:
    kinds = {item.item_kind for item in paid.items}
    if paid.amount_fen != sum(item.amount_fen for item in paid.items):
        return rules.PAY_01()
    if kinds & NEEDS_LINE:
        return rules.PAY_02("no line of this customer is recorded")
    if kinds & NEEDS_LOCK_OR_ORDER:
        return rules.PAY_03("no order or lock of this customer is recorded")
    if paid.correlator_id in context.register.correlators:
        return rules.PAY_04()
    refusal = _cash(paid, context) if paid.method == "cash" else _without_cash(paid)
    if refusal is not None:
        return refusal
    tendered_fen = paid.tendered_fen if paid.method == "cash" else None
    change_fen = 0 if tendered_fen is None else tendered_fen - paid.amount_fen
    receipt_due = context.policy[policy.RECEIPT_REQUIRED]
    return [Received.of(paid, change_fen=change_fen, receipt_due=receipt_due)]


def _cash(paid: Receive, context: "Context[Register]") -> Refusal | None:
    if paid.drawer_id is None or paid.shift_id is None:
        return rules.PAY_07("drawer_id and shift_id are needed")
    if paid.tendered_fen is None or paid.tendered_fen < paid.amount_fen:
        return rules.PAY_07("tendered_fen is less than the amount")
    if paid.amount_fen >= context.policy[policy.CASH_CHECK_FROM_FEN] and not (
        paid.counterfeit_checked
    ):
        return rules.PAY_07("the notes were not checked")
    if paid.amount_fen > context.policy[policy.CASH_SELF_LIMIT_FEN]:
        refusal = common.approver(context)
        return rules.PAY_09(refusal.detail) if refusal else None
    return None


def _without_cash(paid: Receive) -> Refusal | None:
    if paid.terminal_id is None and paid.method != "bank_transfer":
        return rules.PAY_09("terminal_id is needed")
    if paid.authorization_code is None and paid.provider_reference is None:
        return rules.PAY_09("authorization_code or provider_reference is needed")
    if paid.method == "bank_card" and paid.card_last4 is None:
        return rules.PAY_09("card_last4 is needed")
    return None


def _allocate(wish: Allocate, state: State) -> Decision:
    allocated_fen = state.allocated_fen + sum(each.amount_fen for each in wish.allocations)
    if allocated_fen > state.amount_fen - state.refunded_fen:
        return rules.PAY_11()
    kinds = {each.item_kind for each in wish.allocations}
    if kinds & (NEEDS_LINE | NEEDS_LOCK_OR_ORDER):
        return rules.PAY_12("no line, order or lock of this customer is recorded")
    unallocated_fen = state.amount_fen - allocated_fen
    allocated = Allocated.of(wish, unallocated_fen=unallocated_fen)
    if unallocated_fen == 0 and state.receipt_number is not None:
        return [allocated, PaymentSettled(payment_id=wish.payment_id)]
    return [allocated]


def _issue_receipt(receipt: IssueReceipt, state: State, context: "Context[Register]") -> Decision:
    if state.receipt_number is not None:
        return rules.PAY_14(f"the payment has receipt {state.receipt_number}")
    if receipt.receipt_number in context.register.receipt_numbers:
        return rules.PAY_14("the receipt number is used by another payment")
    if receipt.amount_fen != state.amount_fen:
        return rules.PAY_15()
    issued = ReceiptIssued.of(receipt)
    if state.allocated_fen == state.amount_fen:
        return [issued, PaymentSettled(payment_id=receipt.payment_id)]
    return [issued]


def _reverse(wish: Reverse, state: State, context: "Context[Register]") -> Decision:
    if wish.amount_fen != state.amount_fen:
        return rules.PAY_17()
    if (
        context.policy[policy.REVERSE_SAME_DAY]
        and wish.reason != "bank_chargeback"
        and business_day(context.envelope.time) != state.received_on
    ):
        return rules.PAY_18(f"the payment was received on {state.received_on.isoformat()}")
    if state.refunded_fen:
        return rules.PAY_19()
    if state.method == "cash" and wish.drawer_id is None:
        return rules.PAY_08()
    return [Reversed.of(wish)]


def _request_refund(wish: RequestRefund, state: State, context: "Context[Register]") -> Decision:
    if state.refunded_fen + wish.amount_fen > state.amount_fen:
        return rules.PAY_20()
    if wish.refund_id in state.refunds:
        return rules.PAY_21("that refund id is taken")
    if wish.requester == "agent":
        return rules.PAY_21("no agent of this customer is verified")
    if (wish.requester == "system") != context.actor_is_system:
        return rules.PAY_21(f"{context.envelope.actor} does not act for {wish.requester}")
    return [RefundRequested.of(wish)]


def _decide_refund(decision: DecideRefund, state: State, context: "Context[Register]") -> Decision:
    refund = state.refunds.get(decision.refund_id)
    if refund is None or refund.status != "pending_authorization":
        return rules.PAY_22()
    if context.envelope.approver in (state.received_by, refund.requested_by):
        return rules.PAY_23()
    if decision.decision == "denied":
        return [RefundDenied.of(decision)]
    pay_by_at = context.envelope.time + timedelta(days=context.policy[policy.REFUND_PAY_DAYS])
    return [RefundApproved.of(decision, refund_fen=refund.amount_fen, pay_by_at=pay_by_at)]


def _pay_refund(paid: PayRefund, state: State, context: "Context[Register]") -> Decision:
    refund = state.refunds.get(paid.refund_id)
    verified = context.register.verified_at(paid.verification_id, context.envelope.time)
    if refund is None or refund.status != "authorized":
        return rules.PAY_24("the refund is not approved")
    if context.policy[policy.REFUND_SAME_METHOD] and paid.method != state.method and not verified:
        return rules.PAY_24(
            f"the money came by {state.method}; another method needs a verification"
        )
    if refund.reason == "deposit_return" and paid.method == "cash" and not verified:
        return rules.PAY_25()
    if paid.method == "cash" and paid.drawer_id is None:
        return rules.PAY_08()
    if paid.result == "failed":
        return [RefundFailed.of(paid)]
    return [Refunded.of(paid, refund_fen=refund.amount_fen)]


def _mark_refund_overdue(
    mark: MarkRefundOverdue, state: State, context: "Context[Register]"
) -> Decision:
    refund = state.refunds.get(mark.refund_id)
    if refund is None or refund.status != "authorized" or refund.pay_by_at is None:
        return rules.PAY_26("no such refund waits to be paid")
    if refund.is_overdue:
        return rules.PAY_26("the refund is marked already")
    if context.envelope.time < refund.pay_by_at:
        return rules.PAY_26(f"the refund may be paid until {refund.pay_by_at.isoformat()}")
    return [RefundOverdue.of(mark)]


# React


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
