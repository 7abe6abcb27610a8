"""What keeps a customer's data, and how they are erased once nothing keeps them any more."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.events import (
    ErasureOrdered,
    ErasureScheduled,
    LegalHoldPlaced,
    LegalHoldReleased,
    ProcessingRestricted,
)
from ledger.aggregates.customer.customer.interactions import (
    PlaceLegalHold,
    ReleaseLegalHold,
    RequestErasure,
    ScheduleErasure,
)
from ledger.aggregates.customer.customer.standing import years_after
from ledger.aggregates.customer.customer.state import State
from ledger.aggregates.customer.customer.words import RetentionKind
from ledger.aggregates.customer.subscription.state import State as Line
from ledger.aggregates.model import Context, Decision, Event
from ledger.rules import Refusal
from ledger.values import business_day, months_after

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known

MOST_HOLDS: Final = 50
"""As many holds of one customer stand at a time."""


def place_legal_hold(wish: PlaceLegalHold, state: State) -> Decision:
    if wish.hold_id in state.hold_ids:
        return rules.CUS_30("that hold id is taken")
    if len(state.holds) >= MOST_HOLDS:
        return rules.CUS_30(f"{MOST_HOLDS} holds stand already")
    return [LegalHoldPlaced.of(wish)]


def release_legal_hold(wish: ReleaseLegalHold, state: State) -> Decision:
    if wish.hold_id not in state.holds:
        return rules.CUS_30(f"{wish.hold_id} does not stand")
    return [LegalHoldReleased.of(wish)]


def schedule_erasure(wish: ScheduleErasure, state: State, context: "Context[Known]") -> Decision:
    """What is kept is only kept: a restriction for another reason gives way to this one."""
    today = business_day(context.envelope.time)
    refusal = _open_matter(state, context) or _for_request(wish, state)
    if refusal is not None:
        return refusal
    kept = _kept_until(state, context)
    not_before_on = _not_before(kept, today)
    still: list[RetentionKind] = [kind for kind, last_on in kept.items() if last_on >= today]
    scheduled: list[Event] = [
        ErasureScheduled.of(
            wish,
            erase_not_before_on=not_before_on,
            kept=tuple(still) + (("legal_hold",) if state.holds else ()),
            consents_ended=tuple(sorted(state.consents)),
        )
    ]
    reason: Final = "erasure_pending_retention"
    if (not_before_on > today or state.holds) and state.restriction != reason:
        scheduled.append(ProcessingRestricted(request_id=wish.request_id, reason=reason))
    return scheduled


def request_erasure(wish: RequestErasure, state: State, context: "Context[Known]") -> Decision:
    today = business_day(context.envelope.time)
    refusal = _open_matter(state, context) or _open_request(state)
    if refusal is not None:
        return refusal
    kept = _kept_until(state, context)
    not_before_on = _not_before(kept, today)
    if not_before_on > today:
        kinds = ", ".join(kind for kind, last_on in kept.items() if last_on >= today)
        return rules.CUS_28(f"not before {not_before_on.isoformat()}: {kinds}")
    if state.holds:
        return rules.CUS_29(f"held by {', '.join(sorted(state.holds))}")
    return _for_request(wish, state) or [ErasureOrdered.of(wish)]


def _open_matter(state: State, context: "Context[Known]") -> Refusal | None:
    register = context.register
    today = business_day(context.envelope.time)
    for line in register.open_lines:
        return rules.CUS_27(f"line {line} has not ended")
    for order in register.orders.open:
        return rules.CUS_27(f"order {order} is open")
    for payment in sorted(register.unsettled):
        return rules.CUS_27(f"{payment} is not settled")
    for line in sorted(register.lines.billed):
        if context.history.state(Line, f"subscription/{line}").has_open_bills:
            return rules.CUS_27(f"a bill of line {line} is outstanding or disputed")
    if state.is_listed(today):
        return rules.CUS_27("an authority has listed the customer")
    return None


def _open_request(state: State) -> Refusal | None:
    """Nobody answers what the customer asked once the data are gone."""
    for request_id, request in state.requests.items():
        if request.is_open:
            return rules.CUS_27(f"request {request_id} is not answered")
    return None


def _for_request(wish: ScheduleErasure | RequestErasure, state: State) -> Refusal | None:
    if wish.request_id is None:
        return None
    request = state.requests.get(wish.request_id)
    if request is None or request.kind != "erasure":
        return rules.CUS_34(f"{wish.request_id} is no request for erasure")
    return None


def _kept_until(state: State, context: "Context[Known]") -> dict[RetentionKind, date]:
    """The last day on which each kind of data must be kept, of those that there are."""
    return dict(_retention(state, context))


def _retention(state: State, context: "Context[Known]") -> Iterator[tuple[RetentionKind, date]]:
    lines, given = context.register.lines, context.policy
    if state.terminated_on is not None:
        years = given[policy.IDENTITY_RETENTION_YEARS]
        yield "identity_material", years_after(state.terminated_on, years)
    if lines.last_ended_on is not None:
        years = given[policy.AGREEMENT_RETENTION_YEARS]
        yield "agreement_file", years_after(lines.last_ended_on, years)
    if lines.last_billed_on is not None:
        months = given[policy.BILLING_RETENTION_MONTHS]
        yield "billing_data", months_after(lines.last_billed_on, months)
    ended_on = state.consents_end_on(business_day(context.envelope.time))
    if ended_on is not None:
        yield "consent_proof", months_after(ended_on, given[policy.CONSENT_PROOF_MONTHS])


def _not_before(kept: dict[RetentionKind, date], today: date) -> date:
    """The first day on which nothing is kept by law any more: today at the earliest."""
    return max((today, *(last_on + timedelta(days=1) for last_on in kept.values())))
