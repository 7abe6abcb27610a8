"""Why a line is barred, and on what proof it is opened again."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.customer.subscription.events import (
    Resumed,
    Suspended,
    SuspensionReasonCleared,
)
from ledger.aggregates.customer.subscription.interactions import (
    OF_THE_FRAUD_DESK,
    OF_THE_OWNER,
    WITH_RELIEF,
    Resume,
    Suspend,
    SuspensionReason,
)
from ledger.aggregates.customer.subscription.ordered import by_order
from ledger.aggregates.customer.subscription.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

BARS_OUTGOING_ONLY: Final = frozenset[SuspensionReason](
    {"arrears", "fraud_suspicion", "identity_reverification"}
)
"""Reasons under which a line can still be called."""
FRAUD_DESK: Final = frozenset({"fraud_officer", "compliance_officer"})


def suspend(wish: Suspend, state: State, context: "Context[Register]") -> Decision:
    completed = []
    if wish.order_id is not None or wish.item_id is not None:
        if wish.reason != "customer_request":
            return rules.SUB_02(f"{wish.reason} is no reason of an order")
        ordered = by_order(wish, ("suspension",), "modify", context.envelope.time, context)
        if isinstance(ordered, Refusal):
            return ordered
        completed = [ordered.completed]
    if wish.reason in state.suspension_reasons:
        return rules.SUB_04()
    refusal = _unfounded(wish, state, context)
    if refusal is not None:
        return refusal
    if not _may_give(wish.reason, context):
        return rules.SUB_08(f"{wish.reason} is no reason for {context.envelope.actor} to give")
    standing = state.suspension_reasons | {wish.reason}
    suspended = Suspended.of(
        wish, outgoing_barred=True, incoming_barred=not standing <= BARS_OUTGOING_ONLY
    )
    return [suspended, *completed]


def _unfounded(wish: Suspend, state: State, context: "Context[Register]") -> Refusal | None:
    verified = context.register.verified_at(wish.verification_id, context.envelope.time)
    match wish.reason:
        case "customer_request" if wish.order_id is None and not verified:
            return rules.SUB_05("no valid verification and no order is named")
        case "lost_or_stolen" if context.policy[policy.LOSS_NEEDS_DOCUMENT] and not verified:
            return rules.SUB_05("no valid verification is named")
        case "arrears":
            return _no_arrears(wish, state, context)
        case _:
            pass
    told = wish.relief_channel is not None and wish.documents_needed is not None
    if wish.reason in WITH_RELIEF and not told:
        return rules.SUB_07()
    return None


def _no_arrears(wish: Suspend, state: State, context: "Context[Register]") -> Refusal | None:
    time, since_on = context.envelope.time, state.arrears_since_on
    if since_on is None:
        return rules.SUB_06("nothing is in arrears")
    from_on = since_on + timedelta(days=context.policy[policy.SUSPEND_AFTER_DAYS])
    if business_day(time) < from_on:
        return rules.SUB_06(f"the customer may pay until {from_on.isoformat()}")
    notice_at = wish.notice_given_at
    if notice_at is None or notice_at > time or business_day(notice_at) < since_on:
        return rules.SUB_06("no notice of these arrears was given before")
    return None


def _may_give(reason: SuspensionReason, context: "Context[Register]") -> bool:
    """Whether the actor may bar a line for that reason, or lift what was barred for it."""
    actor = context.envelope.actor
    if reason in OF_THE_OWNER:
        return not context.actor_is_system or actor == "system:provisioning"
    if reason in OF_THE_FRAUD_DESK:
        if context.actor_is_system:
            return actor in ("system:fraud_desk", "system:regulator")
        return context.clerk.role in FRAUD_DESK
    return actor == "system:billing"


def resume(wish: Resume, state: State, context: "Context[Register]") -> Decision:
    if wish.reason not in state.suspension_reasons:
        return rules.SUB_09(f"the line is not suspended for {wish.reason}")
    refusal = _unproved(wish, state, context)
    if refusal is not None:
        return refusal
    remaining = tuple(sorted(state.suspension_reasons - {wish.reason}))
    in_time = None
    if wish.reason == "arrears" and state.paid_at is not None:
        within = timedelta(hours=context.policy[policy.RESUME_WITHIN_HOURS])
        in_time = context.envelope.time <= state.paid_at + within
    cleared = SuspensionReasonCleared.of(wish, remaining=remaining, in_time=in_time)
    return [cleared] if remaining else [cleared, Resumed(subscription_id=wish.subscription_id)]


def _unproved(wish: Resume, state: State, context: "Context[Register]") -> Refusal | None:
    if wish.reason == "arrears":
        return rules.SUB_10("arrears are unpaid") if state.arrears_fen else None
    if wish.reason in OF_THE_FRAUD_DESK:
        lifted = _may_give(wish.reason, context)
        return None if lifted else rules.SUB_10("the fraud desk has not lifted the restriction")
    if not context.register.verified_at(wish.verification_id, context.envelope.time):
        return rules.SUB_10("no valid verification is named")
    return None
