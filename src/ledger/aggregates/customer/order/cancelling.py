"""Ending an order early: rejected, cancelled, abandoned or expired."""

from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.order import lookups, rules
from ledger.aggregates.customer.order.events import (
    CancellationAccepted,
    CancellationDenied,
    CancellationRequested,
    Cancelled,
    Rejected,
)
from ledger.aggregates.customer.order.fulfilling import leaves
from ledger.aggregates.customer.order.interactions import (
    Abandon,
    AcceptCancellation,
    ConfirmCancellation,
    DenyCancellation,
    Expire,
    Reject,
    RequestCancellation,
)
from ledger.aggregates.customer.order.items import ready
from ledger.aggregates.customer.order.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def reject(wish: Reject, state: State) -> Decision:
    in_service = _in_service(state)
    if in_service:
        return rules.ORD_56(f"{in_service[0]} is completed")
    return [Rejected.of(wish, **leaves(state))]


def request(wish: RequestCancellation, state: State, context: "Context[Register]") -> Decision:
    if wish.requested_by == "agent":
        refusal = lookups.agent(wish.agent_id, state.kind, context)
        if refusal is not None:
            return refusal
    if wish.cancellation_id in state.cancellations:
        return rules.ORD_52(f"{wish.cancellation_id} was decided before")
    return [CancellationRequested.of(wish)]


def accept(wish: AcceptCancellation, state: State, context: "Context[Register]") -> Decision:
    refusal = _standing(wish.cancellation_id, state)
    if refusal is not None:
        return refusal
    if state.point_of_no_return:
        return rules.ORD_53("an item has passed it")
    if wish.fee_fen > context.policy[policy.CANCELLATION_FEE_FEN]:
        return rules.ORD_54(f"{wish.fee_fen} fen are asked")
    return [CancellationAccepted.of(wish)]


def deny(wish: DenyCancellation, state: State) -> Decision:
    refusal = _standing(wish.cancellation_id, state)
    if refusal is not None:
        return refusal
    if wish.reason == "past_point_of_no_return" and not state.point_of_no_return:
        return rules.ORD_55("no item has passed it")
    back_to = state.assessed_from
    is_ready = ready(state, status=back_to)
    return [CancellationDenied.of(wish, back_to=back_to, is_ready=is_ready)]


def confirm(wish: ConfirmCancellation, state: State) -> Decision:
    refusal = _standing(wish.cancellation_id, state)
    if refusal is not None:
        return refusal
    remaining = [each for each in _in_service(state) if each not in (wish.items_undone or ())]
    if remaining:
        return rules.ORD_56(f"{remaining[0]} is not undone")
    return [Cancelled.of(wish, reason=state.cancel_reason, **leaves(state))]


def _in_service(state: State) -> list[str]:
    return [item_id for item_id, item in state.items.items() if item.status == "completed"]


def _standing(cancellation_id: str, state: State) -> Refusal | None:
    """ORD-52."""
    standing = state.cancellations[-1]
    return None if cancellation_id == standing else rules.ORD_52(f"{standing} is to be decided")


def abandon(wish: Abandon) -> Decision:
    return [Cancelled.of(wish)]


def expire(wish: Expire, state: State, context: "Context[Register]") -> Decision:
    expires_at = state.draft_expires_at
    if expires_at is None or context.envelope.time < expires_at:
        return rules.ORD_57(f"the draft may stand until {expires_at}")
    return [Cancelled.of(wish, reason="expired")]
