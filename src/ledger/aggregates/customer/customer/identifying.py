"""Who the customer is: the registration, the customer's document, and who comes in their place."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.events import (
    AgentRevoked,
    AgentVerificationFailed,
    AgentVerified,
    DocumentReplaced,
    IdentityVerificationFailed,
    IdentityVerified,
    Registered,
)
from ledger.aggregates.customer.customer.interactions import (
    Register,
    ReplaceDocument,
    RevokeAgent,
    VerifyAgent,
    VerifyIdentity,
)
from ledger.aggregates.customer.customer.standing import counted_numbers
from ledger.aggregates.customer.customer.state import State
from ledger.aggregates.customer.customer.words import (
    ORGANISATION_DOCUMENTS,
    DocumentKind,
    IdentityFailure,
    PartyKind,
)
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known


def register(new: Register, context: "Context[Known]") -> Decision:
    customer_id = context.envelope.subject.removeprefix("customer/")
    minor = context.derived.get("minor", "no") if new.party_kind == "person" else "no"
    if not _derived_id(customer_id, new, context.register.earlier_erased):
        return rules.CUS_01()
    if new.identity_basis == "document":
        if new.document_kind is None:
            return rules.CUS_03("document_kind is needed")
        if new.document_number is None:
            return rules.CUS_03("document_number is needed")
    if new.document_kind is not None:
        refusal = acceptable(new.document_kind, new.party_kind, context)
        if refusal is not None:
            return refusal
    if not new.notice_given:
        return rules.CUS_05()
    if minor == "under_14" and (
        new.guardian_identity_digest is None
        or new.guardian_name is None
        or new.guardian_consent_document_id is None
    ):
        return rules.CUS_06()
    return [Registered.of(new, customer_id=customer_id, minor=minor)]


def _derived_id(customer_id: str, new: Register, earlier_erased: bool) -> bool:
    """Whether the id is the digest's, and nothing else: another one would be another owner of the
    same person, with another five numbers. Who returns after an erasure has the number that the
    erased file has freed."""
    by_document = new.identity_basis == "document"
    digest = new.identity_digest if by_document else new.contact_digest
    if digest is None:
        return False
    derived = ("d" if by_document else "p") + digest[:32]
    return customer_id.partition(".")[0] == derived if earlier_erased else customer_id == derived


def acceptable(
    document_kind: DocumentKind, party_kind: PartyKind, context: "Context[Known]"
) -> Refusal | None:
    if (document_kind in ORGANISATION_DOCUMENTS) != (party_kind == "organisation"):
        return rules.CUS_04(f"{document_kind} is no document of a {party_kind}")
    if document_kind not in context.policy[policy.VALID_DOCUMENTS]:
        return rules.CUS_04(f"policy does not accept {document_kind}")
    return None


def verify_identity(check: VerifyIdentity, state: State, context: "Context[Known]") -> Decision:
    envelope = context.envelope
    needs_hall = context.policy[policy.FACE_MATCH_REQUIRED]
    refusal = acceptable(check.document_kind, state.party_kind, context)
    if refusal is not None:
        return refusal
    if needs_hall and envelope.channel != "store":
        return rules.CUS_07(f"the channel is {envelope.channel or 'not named'}")
    consented = check.face_consent_given or state.consents_to(
        "face_match", business_day(envelope.time)
    )
    if check.face_result != "not_required" and not consented:
        return rules.CUS_08()
    if check.face_result == "not_required":
        refusal = _without_face(check, state, context)
        if refusal is not None:
            return refusal
    if (
        check.copy_document_id is not None
        and not check.copy_marked
        and context.policy[policy.COPY_MARKING]
    ):
        return rules.CUS_10()
    reasons = _failures(check)
    if reasons:
        return [IdentityVerificationFailed.of(check, reasons=reasons)]
    valid_until_at = envelope.time + timedelta(
        hours=context.policy[policy.VERIFICATION_VALID_HOURS]
    )
    numbers = counted_numbers(context)
    return [IdentityVerified.of(check, valid_until_at=valid_until_at, active_numbers=numbers)]


def _without_face(check: VerifyIdentity, state: State, context: "Context[Known]") -> Refusal | None:
    if state.party_kind == "organisation" and check.document_kind in ORGANISATION_DOCUMENTS:
        return None
    if not context.policy[policy.FACE_ALTERNATIVE_ALLOWED]:
        return rules.CUS_09("the face of a person is always compared")
    refusal = common.approver(context)
    return rules.CUS_09(refusal.detail) if refusal else None


def _failures(check: VerifyIdentity) -> tuple[IdentityFailure, ...]:
    """Every reason that holds, in the order of the enumeration.

    A document that was shown and not checked counts as unreadable, an unusable face as a mismatch.
    Where no face is required, liveness need not be done.
    """
    result = check.document_result
    unreadable = result == "unreadable" or (result == "not_checked" and check.document_shown)
    face_required = check.face_result != "not_required"
    alive = check.liveness_result == "passed" or (
        check.liveness_result == "not_done" and not face_required
    )
    holds: dict[IdentityFailure, bool] = {
        "no_document": not check.document_shown,
        "information_refused": check.information_refused,
        "not_the_bearers": not check.belongs_to_bearer,
        "forged": result == "forged",
        "altered": result == "altered",
        "unreadable": unreadable,
        "expired": result == "expired",
        "face_mismatch": face_required and check.face_result != "match",
        "liveness_failed": not alive,
    }
    return tuple(reason for reason, held in holds.items() if held)


def verify_agent(check: VerifyAgent, context: "Context[Known]") -> Decision:
    """The agent's consent to the comparison of the own face is asked of the agent, not of the file.

    The verification holds as long as one of the customer, at most to the end of the authorisation.
    """
    time, last_day = context.envelope.time, check.authorisation_until_on
    if check.agent_face_result != "not_required" and not check.face_consent_given:
        return rules.CUS_08()
    shown = check.principal_document_shown and check.agent_document_shown
    if not shown and context.policy[policy.AGENT_BOTH_IDS]:
        return rules.CUS_11()
    if last_day < business_day(time):
        return rules.CUS_12(f"the authorisation ended on {last_day.isoformat()}")
    reasons = _agent_failures(check)
    if reasons:
        return [AgentVerificationFailed.of(check, reasons=reasons)]
    hours = timedelta(hours=context.policy[policy.VERIFICATION_VALID_HOURS])
    valid_until_at = min(time + hours, local_midnight(last_day + timedelta(days=1)))
    return [AgentVerified.of(check, valid_until_at=valid_until_at)]


def _agent_failures(check: VerifyAgent) -> tuple[IdentityFailure, ...]:
    result, face = check.agent_document_result, check.agent_face_result
    holds: dict[IdentityFailure, bool] = {
        "forged": result == "forged",
        "altered": result == "altered",
        "unreadable": result in ("unreadable", "not_checked"),
        "expired": result == "expired",
        "face_mismatch": face in ("no_match", "unusable"),
    }
    return tuple(reason for reason, held in holds.items() if held)


def revoke_agent(wish: RevokeAgent, state: State) -> Decision:
    if wish.agent_id not in state.agents:
        return rules.CUS_13()
    return [AgentRevoked.of(wish)]


def replace_document(new: ReplaceDocument, state: State, context: "Context[Known]") -> Decision:
    refusal = acceptable(new.document_kind, state.party_kind, context)
    if refusal is not None:
        return refusal
    if not context.register.verified_at(new.verification_id, context.envelope.time):
        return rules.CUS_15()
    if state.documents.get(new.verification_id) != new.document_digest:
        return rules.CUS_16()
    return [DocumentReplaced.of(new)]
