"""Money goes back: the reversal of a whole payment, and refunds from request to hand-over."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.customer import state as customer
from ledger.aggregates.customer.payment import rules
from ledger.aggregates.customer.payment.events import (
    RefundApproved,
    RefundDenied,
    Refunded,
    RefundFailed,
    RefundOverdue,
    RefundRequested,
    Reversed,
)
from ledger.aggregates.customer.payment.interactions import (
    DecideRefund,
    MarkRefundOverdue,
    Method,
    PayRefund,
    RequestRefund,
    Reverse,
)
from ledger.aggregates.customer.payment.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def reverse(wish: Reverse, state: State, context: "Context[Register]") -> Decision:
    if wish.amount_fen != state.amount_fen:
        return rules.PAY_17()
    if (
        context.policy[policy.REVERSE_SAME_DAY]
        and wish.reason != "bank_chargeback"
        and business_day(context.envelope.time) != state.received_on
    ):
        return rules.PAY_18(f"the payment was received on {state.received_on.isoformat()}")
    if state.refunded_fen:
        return rules.PAY_19("a refund is in force")
    if state.invoices:
        return rules.PAY_19("an invoice is in force; its credit note comes first")
    refusal = _drawer(state.method, wish.drawer_id)
    if refusal is not None:
        return refusal
    if context.envelope.approver == state.received_by:
        return rules.PAY_23()
    return [Reversed.of(wish, method=state.method)]


def _drawer(method: Method, drawer_id: str | None) -> Refusal | None:
    if method == "cash" and drawer_id is None:
        return rules.PAY_08("drawer_id is needed")
    if method != "cash" and drawer_id is not None:
        return rules.PAY_08(f"{method} moves no cash")
    return None


def request_refund(wish: RequestRefund, state: State, context: "Context[Register]") -> Decision:
    if state.refunded_fen + wish.amount_fen > state.amount_fen:
        return rules.PAY_20()
    if wish.refund_id in state.refunds:
        return rules.PAY_21("that refund id is taken")
    if wish.requester == "agent":
        owner = context.history.state(customer.State, context.envelope.subject)
        if not owner.agent_in_scope(wish.agent_id, "payment", context.envelope.time):
            return rules.PAY_21(f"{wish.agent_id or 'nobody'} may not ask for it as an agent")
    if (wish.requester == "system") != context.actor_is_system:
        return rules.PAY_21(f"{context.envelope.actor} does not act for {wish.requester}")
    return [RefundRequested.of(wish)]


def decide_refund(decision: DecideRefund, state: State, context: "Context[Register]") -> Decision:
    refund = state.refunds.get(decision.refund_id)
    if refund is None or refund.status != "pending_authorization":
        return rules.PAY_22()
    if context.envelope.approver in (state.received_by, refund.requested_by):
        return rules.PAY_23()
    if decision.decision == "denied":
        return [RefundDenied.of(decision)]
    pay_by_at = context.envelope.time + timedelta(days=context.policy[policy.REFUND_PAY_DAYS])
    return [RefundApproved.of(decision, refund_fen=refund.amount_fen, pay_by_at=pay_by_at)]


def pay_refund(paid: PayRefund, state: State, context: "Context[Register]") -> Decision:
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
    refusal = _drawer(paid.method, paid.drawer_id)
    if refusal is not None:
        return refusal
    if paid.result == "failed":
        return [RefundFailed.of(paid)]
    left_fen = state.amount_fen - state.paid_back_fen - refund.amount_fen
    if state.invoiced_fen > left_fen:
        return rules.PAY_16("the invoices in force are for more than would be left")
    return [Refunded.of(paid, refund_fen=refund.amount_fen)]


def mark_refund_overdue(
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
