"""A visit at the counter: started, identified, transferred, closed, rated, observed."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.hall.visit import rules
from ledger.aggregates.hall.visit.events import (
    Closed,
    CustomerIdentified,
    Forgotten,
    NeedsAsked,
    Observed,
    Rated,
    Started,
    TransferAccepted,
    Transferred,
)
from ledger.aggregates.hall.visit.guards import counter_taken, not_logged_in, served_by_another
from ledger.aggregates.hall.visit.interactions import (
    AcceptTransfer,
    AskNeeds,
    Close,
    Forget,
    IdentifyCustomer,
    Observe,
    Rate,
    Start,
    Transfer,
)
from ledger.aggregates.hall.visit.state import Advice, State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register

MOST_POINTS: Final = 10
"""Of one item observed (see `ObservationItem`)."""


def start(begin: Start, state: State, context: "Context[Register]") -> Decision:
    refusal = not_logged_in(context) or counter_taken(context)
    if refusal is not None:
        return refusal
    if state.ticket == "called" and state.called_counter != context.envelope.counter:
        return rules.VIS_11(f"the ticket was called at counter {state.called_counter}")
    shift = context.register.shifts[context.envelope.actor]
    return [Started.of(begin, shift_id=shift.shift_id, wait_seconds=state.first_wait_seconds)]


def ask_needs(asked: AskNeeds, state: State, context: "Context[Register]") -> Decision:
    return served_by_another(state, context) or [NeedsAsked.of(asked)]


def identify_customer(
    found: IdentifyCustomer, state: State, context: "Context[Register]"
) -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if state.customer_id not in (None, found.customer_id):
        return rules.VIS_13(f"the visit is that of customer {state.customer_id}")
    return [CustomerIdentified.of(found)]


def transfer(wish: Transfer, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    there = {
        clerk_id
        for clerk_id, shift in context.register.shifts.items()
        if shift.counter == wish.to_counter and clerk_id != context.envelope.actor
    }
    if not there:
        return rules.VIS_29(f"no other clerk is on shift at counter {wish.to_counter}")
    if wish.to_clerk_id is not None and wish.to_clerk_id not in there:
        return rules.VIS_29(f"{wish.to_clerk_id} is not on shift at counter {wish.to_counter}")
    return [Transferred.of(wish)]


def accept_transfer(wish: AcceptTransfer, state: State, context: "Context[Register]") -> Decision:
    envelope = context.envelope
    if state.transfer_to != envelope.counter and envelope.actor != state.clerk:
        return rules.VIS_30(f"the visit was transferred to counter {state.transfer_to}")
    refusal = not_logged_in(context) or counter_taken(context)
    if refusal is not None:
        return refusal
    return [
        TransferAccepted.of(
            wish,
            shift_id=context.register.shifts[envelope.actor].shift_id,
            pause_seconds=whole_seconds(state.transferred_at, envelope.time),
        )
    ]


def close(wish: Close, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if wish.outcome != "customer_left":
        refusal = _unanswered(state.advice)
        if refusal is not None:
            return refusal
    if sorted((*wish.needs_met, *wish.needs_open)) != sorted(state.needs):
        return rules.VIS_32(f"the needs asked are: {', '.join(state.needs) or 'none'}")
    now = context.envelope.time
    counter_seconds = whole_seconds(state.started_at, now)
    pause_seconds = min(state.pause_seconds, counter_seconds)
    key_days = timedelta(days=context.policy[policy.VISIT_KEY_DAYS])
    return [
        Closed.of(
            wish,
            handling_seconds=counter_seconds - pause_seconds,
            pause_seconds=pause_seconds,
            counter_seconds=counter_seconds,
            rate_until_at=now + timedelta(days=context.policy[policy.RATING_WINDOW_DAYS]),
            forget_at=now + key_days if state.customer_id is None else None,
        )
    ]


def _unanswered(advice: Advice) -> Refusal | None:
    for inquiry_id, inquiry in advice.inquiries.items():
        if inquiry.is_open:
            return rules.VIS_31(f"inquiry {inquiry_id} is neither answered nor escalated")
    for recommendation_id, is_answered in advice.recommendations.items():
        if not is_answered:
            return rules.VIS_31(f"recommendation {recommendation_id} is not answered")
    return None


def rate(rating: Rate, state: State, context: "Context[Register]") -> Decision:
    lowest, highest = context.policy[policy.RATING_MIN], context.policy[policy.RATING_MAX]
    for score in (rating.score, rating.attitude, rating.skill, rating.speed):
        if score is not None and not lowest <= score <= highest:
            return rules.VIS_34(f"{score} is not within {lowest} to {highest}")
    if state.rated:
        return rules.VIS_35("the visit is rated")
    if state.rate_until_at is not None and context.envelope.time > state.rate_until_at:
        return rules.VIS_35(f"the time to rate ended at {state.rate_until_at.isoformat()}")
    if state.clerk is None:
        return rules.VIS_36()
    return [Rated.of(rating, clerk_id=state.clerk, scale="one_to_five")]


def observe(seen: Observe, state: State, context: "Context[Register]") -> Decision:
    if seen.observed_clerk_id == context.envelope.actor:
        return rules.VIS_37()
    if seen.observed_clerk_id not in state.served_by:
        return rules.VIS_38(f"{seen.observed_clerk_id} did not serve this visit")
    points = sum(item.points for item in seen.items)
    return [Observed.of(seen, points_bp=points * 10_000 // (MOST_POINTS * len(seen.items)))]


def forget(wish: Forget, state: State, context: "Context[Register]") -> Decision:
    if state.forget_at is None:
        return rules.VIS_39("the visit is a customer's, or was never served")
    if context.envelope.time < state.forget_at:
        return rules.VIS_39(f"not before {state.forget_at.isoformat()}")
    return [Forgotten.of(wish)]
