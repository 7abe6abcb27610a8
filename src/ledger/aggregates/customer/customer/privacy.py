"""What the customer consents to and asks of the own data, and what is done with them."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import corrections
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.events import (
    ConsentGiven,
    DataCorrected,
    DataRequestAnswered,
    DataRequested,
    DataRequestOverdue,
    DataUpdated,
    ProcessingRestricted,
    RestrictionLifted,
    Revealed,
)
from ledger.aggregates.customer.customer.interactions import (
    CORRECTED_FIELDS,
    AnswerDataRequest,
    CorrectData,
    GiveConsent,
    LiftRestriction,
    MarkRequestOverdue,
    RequestData,
    RestrictProcessing,
    Reveal,
    UpdateData,
)
from ledger.aggregates.customer.customer.state import State
from ledger.aggregates.customer.customer.words import (
    SEPARATE_CONSENTS,
)
from ledger.aggregates.model import Context, Decision
from ledger.facts import holds

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known

HANDED_OVER = frozenset({"access", "copy", "transfer"})
"""The requests whose grant is a copy of data."""
READERS = frozenset({"privacy_officer", "auditor"})
"""The roles that read in clear, beside who is certified for privacy."""


def update_data(new: UpdateData, context: "Context[Known]") -> Decision:
    named = new.full_name is not None or new.document_address is not None
    if named and new.evidence_document_id is None:
        return rules.CUS_14()
    by_code = context.register.identity_basis == "contact" and new.evidence_document_id is not None
    if not by_code and not context.register.verified_by_any(context.envelope.time):
        return rules.CUS_15()
    return [DataUpdated.of(new)]


def give_consent(consent: GiveConsent, state: State, context: "Context[Known]") -> Decision:
    """A child's guardian is known from the registration; each consent adds the guardian's paper."""
    minor = context.derived.get("minor", state.minor)
    if not consent.explicit:
        return rules.CUS_19()
    if consent.purpose in SEPARATE_CONSENTS and not consent.separate:
        return rules.CUS_20()
    if minor == "under_14" and consent.proof_document_id is None:
        return rules.CUS_06("the guardian's consent document is needed as proof_document_id")
    return [ConsentGiven.of(consent)]


def request_data(wish: RequestData, state: State, context: "Context[Known]") -> Decision:
    """Who asks for somebody else, as guardian or next of kin too, is verified as an agent."""
    time = context.envelope.time
    by_code = context.register.identity_basis == "contact" and wish.verification_id is not None
    if wish.requester == "self":
        if not by_code and not context.register.verified_at(wish.verification_id, time):
            return rules.CUS_15()
    elif not state.agent_in_scope(wish.agent_id, "data_request", time):
        return rules.CUS_12(f"{wish.agent_id or 'nobody'} may not ask for data as an agent")
    if wish.request_id in state.requests:
        return rules.CUS_21("that request id is taken")
    due_at = time + timedelta(days=context.policy[policy.REQUEST_ANSWER_DAYS])
    return [DataRequested.of(wish, due_at=due_at)]


def answer_data_request(
    answer: AnswerDataRequest, state: State, context: "Context[Known]"
) -> Decision:
    request = state.requests.get(answer.request_id)
    if request is None or not request.is_open:
        return rules.CUS_21(f"{answer.request_id} is no open request")
    if (
        answer.outcome == "refused"
        and answer.refusal_reason is None
        and context.policy[policy.REFUSAL_NEEDS_REASON]
    ):
        return rules.CUS_22()
    proven = answer.answer_document_id is not None and answer.answer_digest is not None
    if answer.outcome == "granted" and request.kind in HANDED_OVER and not proven:
        return rules.CUS_23()
    in_time = context.envelope.time <= request.due_at
    return [DataRequestAnswered.of(answer, in_time=in_time)]


def mark_request_overdue(
    mark: MarkRequestOverdue, state: State, context: "Context[Known]"
) -> Decision:
    request = state.requests.get(mark.request_id)
    if request is None or not request.is_open:
        return rules.CUS_24(f"{mark.request_id} is no open request")
    if request.is_overdue:
        return rules.CUS_24("the request is marked already")
    if context.envelope.time <= request.due_at:
        return rules.CUS_24(f"it may be answered until {request.due_at.isoformat()}")
    return [DataRequestOverdue.of(mark)]


def correct_data(wish: CorrectData, state: State, context: "Context[Known]") -> Decision:
    """A correction that the customer asked for rests on the verification of that request."""
    corrected = [name for name in CORRECTED_FIELDS if getattr(wish, name) is not None]
    if wish.request_id is not None:
        request = state.requests.get(wish.request_id)
        if request is None or not request.is_open or request.kind != "correction":
            return rules.CUS_21(f"{wish.request_id} is no open request for a correction")
    elif not context.register.verified_by_any(context.envelope.time):
        return rules.CUS_15()
    wrong = context.history.event(wish.wrong_entry_id)
    if wrong is None or wrong.stream != context.envelope.subject:
        return corrections.ENV_13(f"{wish.wrong_entry_id} is no event of this customer's file")
    for name in corrected:
        if f"{wish.wrong_entry_id} {name}" in context.register.corrected:
            return corrections.ENV_13(f"{name} of {wish.wrong_entry_id} was corrected before")
    if not corrected:
        return corrections.ENV_14("no field is named")
    return [DataCorrected.of(wish)]


def restrict_processing(wish: RestrictProcessing, state: State) -> Decision:
    if state.restriction is not None:
        return rules.CUS_25()
    return [ProcessingRestricted.of(wish)]


def lift_restriction(wish: LiftRestriction, state: State) -> Decision:
    if state.restriction is None:
        return rules.CUS_26("processing is not restricted")
    if state.restriction == "erasure_pending_retention" and wish.reason != "new_contract":
        return rules.CUS_26("only a new contract lifts this restriction")
    return [RestrictionLifted.of(wish)]


def reveal(wish: Reveal, state: State, context: "Context[Known]") -> Decision:
    """Reading in clear is an act of its own: who read, what and for what stands in the ledger.

    It is allowed while processing is restricted and while a hold stands: both keep data for it.
    """
    clerk = context.clerk
    if clerk.role not in READERS and not holds(clerk, "privacy", context.envelope.time):
        return rules.CUS_33(f"{clerk.clerk_id} is a {clerk.role} without that certification")
    if wish.purpose == "data_request":
        request = state.requests.get(wish.reference)
        if request is None or not request.is_open:
            return rules.CUS_34(f"{wish.reference} is no open request of the customer")
    if wish.purpose == "correction" and wish.event_id is None:
        return rules.CUS_34("a correction names the event that it is about")
    if wish.event_id is not None and context.history.event(wish.event_id) is None:
        return rules.CUS_34(f"{wish.event_id} is no event of this customer")
    return [Revealed.of(wish)]
