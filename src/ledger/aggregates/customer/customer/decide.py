"""The rules in order: one small function an interaction."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.events import (
    ConsentGiven,
    ConsentWithdrawn,
    DataUpdated,
    IdentityVerificationFailed,
    IdentityVerified,
    Registered,
)
from ledger.aggregates.customer.customer.interactions import (
    ORGANISATION_DOCUMENTS,
    SEPARATE_CONSENTS,
    AnyInteraction,
    DocumentKind,
    GiveConsent,
    IdentityFailure,
    PartyKind,
    Register,
    UpdateData,
    VerifyIdentity,
    WithdrawConsent,
)
from ledger.aggregates.customer.customer.state import State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import (
    business_day,
)

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known


def decide(interaction: AnyInteraction, state: State, context: "Context[Known]") -> Decision:
    match interaction:
        case Register():
            return _register(interaction, context)
        case VerifyIdentity():
            return _verify_identity(interaction, state, context)
        case UpdateData():
            return _update_data(interaction, context)
        case GiveConsent():
            return _give_consent(interaction, state, context)
        case WithdrawConsent():
            return [ConsentWithdrawn.of(interaction)]
        case _:
            assert_never(interaction)


def _register(new: Register, context: "Context[Known]") -> Decision:
    customer_id = context.envelope.subject.removeprefix("customer/")
    minor = context.derived.get("minor", "no") if new.party_kind == "person" else "no"
    if not _derived_id(customer_id, new):
        return rules.CUS_01()
    if new.identity_basis == "document":
        if new.document_kind is None:
            return rules.CUS_03("document_kind is needed")
        if new.document_number is None:
            return rules.CUS_03("document_number is needed")
    if new.document_kind is not None:
        refusal = _acceptable(new.document_kind, new.party_kind, context)
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


def _derived_id(customer_id: str, new: Register) -> bool:
    """Whether the id is the digest's; who returns after erasure gets `.2`, `.3`, ... behind it."""
    by_document = new.identity_basis == "document"
    digest = new.identity_digest if by_document else new.contact_digest
    if digest is None:
        return False
    first, _, again = customer_id.partition(".")
    expected = ("d" if by_document else "p") + digest[:32]
    return first == expected and (customer_id == expected or _RETURN.fullmatch(again) is not None)


_RETURN: Final = re.compile(r"[2-9]|[1-9][0-9]+")


def _acceptable(
    document_kind: DocumentKind, party_kind: PartyKind, context: "Context[Known]"
) -> Refusal | None:
    if (document_kind in ORGANISATION_DOCUMENTS) != (party_kind == "organisation"):
        return rules.CUS_04(f"{document_kind} is no document of a {party_kind}")
    if document_kind not in context.policy[policy.VALID_DOCUMENTS]:
        return rules.CUS_04(f"policy does not accept {document_kind}")
    return None


def _verify_identity(check: VerifyIdentity, state: State, context: "Context[Known]") -> Decision:
    envelope = context.envelope
    needs_hall = context.policy[policy.FACE_MATCH_REQUIRED]
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
    return [IdentityVerified.of(check, valid_until_at=valid_until_at, active_numbers=0)]


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


def _update_data(new: UpdateData, context: "Context[Known]") -> Decision:
    named = new.full_name is not None or new.document_address is not None
    if named and new.evidence_document_id is None:
        return rules.CUS_14()
    by_code = context.register.identity_basis == "contact" and new.evidence_document_id is not None
    if not by_code and not context.register.verified_by_any(context.envelope.time):
        return rules.CUS_15()
    return [DataUpdated.of(new)]


def _give_consent(consent: GiveConsent, state: State, context: "Context[Known]") -> Decision:
    """A child's guardian is known from the registration; each consent adds the guardian's paper."""
    minor = context.derived.get("minor", state.minor)
    if not consent.explicit:
        return rules.CUS_19()
    if consent.purpose in SEPARATE_CONSENTS and not consent.separate:
        return rules.CUS_20()
    if minor == "under_14" and consent.proof_document_id is None:
        return rules.CUS_06("the guardian's consent document is needed as proof_document_id")
    return [ConsentGiven.of(consent)]
