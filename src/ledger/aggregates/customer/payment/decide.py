"""The rules in order: one small function an interaction."""

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from ledger import policy
from ledger.aggregates import common, corrections
from ledger.aggregates.customer.payment import rules
from ledger.aggregates.customer.payment.events import (
    Allocated,
    EntryCorrected,
    PaymentSettled,
    ReceiptIssued,
    Received,
    RefundApproved,
    RefundDenied,
    Refunded,
    RefundFailed,
    RefundOverdue,
    RefundRequested,
    Reversed,
)
from ledger.aggregates.customer.payment.interactions import (
    CORRECTABLE,
    NEEDS_LINE,
    NEEDS_LOCK_OR_ORDER,
    Allocate,
    AnyInteraction,
    CorrectEntry,
    DecideRefund,
    IssueReceipt,
    MarkRefundOverdue,
    PayRefund,
    Receive,
    RequestRefund,
    Reverse,
)
from ledger.aggregates.customer.payment.state import State, stream
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import (
    business_day,
)

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


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
        case CorrectEntry():
            own = stream(context.envelope, interaction)
            return corrections.decide(interaction, EntryCorrected, own, CORRECTABLE, context)
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
