"""Customer: who deals with the operator, how that was verified, and what they consented to.

TMF629 Customer, TMF632 Party, TMF644 privacy. `prospective -> active` by the first identity
verification that succeeds. The owner's id comes from a keyed digest: `d` and 32 characters of the
identity digest, or `p` and 32 of the contact digest for someone who has shown no document.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, assert_never

import msgspec
from msgspec import Meta

from ledger import policy
from ledger.aggregates import common, model
from ledger.aggregates.customer import customer_rules as rules
from ledger.aggregates.model import Cause, Context, Decision, Event, Interaction
from ledger.entry import Envelope
from ledger.rules import Refusal
from ledger.values import (
    Count,
    Day,
    Digest,
    Id,
    Moment,
    Permille,
    SealedDay,
    SealedNumber,
    SealedStr32,
    SealedStr200,
    SealedStr254,
    SealedStr500,
    business_day,
)

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known

NAME: Final = "customer"

PartyKind = Literal["person", "organisation"]
IdentityBasis = Literal["document", "contact"]
DocumentKind = Literal[
    "resident_id",
    "temporary_resident_id",
    "household_register",
    "military_id",
    "armed_police_id",
    "hong_kong_macao_permit",
    "taiwan_permit",
    "residence_permit_hmt",
    "foreign_passport",
    "foreigner_residence_permit",
    "business_licence",
    "organisation_certificate",
]
ORGANISATION_DOCUMENTS: Final = frozenset({"business_licence", "organisation_certificate"})
Minor = Literal["no", "under_14", "14_to_17"]
IdentityFailure = Literal[
    "no_document",
    "information_refused",
    "not_the_bearers",
    "forged",
    "altered",
    "unreadable",
    "expired",
    "face_mismatch",
    "liveness_failed",
]
ConsentPurpose = Literal[
    "marketing_in_store",
    "marketing_call",
    "marketing_sms",
    "marketing_app",
    "personalised_recommendation",
    "birthday_care",
    "survey",
    "face_match",
    "third_party_sharing",
]
SEPARATE_CONSENTS: Final = frozenset({"face_match", "third_party_sharing"})
ConsentChannel = Literal["in_store", "call", "sms", "app", "email"]


# Interactions


class Register(Interaction, type="customer.register.v1", allowed_in=("-",), at_counter=True):
    party_kind: PartyKind
    identity_basis: IdentityBasis
    identity_digest: Digest | None = None
    contact_digest: Digest | None = None
    full_name: SealedStr200
    document_kind: DocumentKind | None = None
    document_number: SealedNumber | None = None
    document_valid_until_on: SealedDay | None = None
    birth_on: SealedDay | None = None
    document_address: SealedStr500 | None = None
    contact_phone: SealedStr32
    postal_address: SealedStr500 | None = None
    email: SealedStr254 | None = None
    handler_name: SealedStr200 | None = None
    handler_identity_digest: Digest | None = None
    guardian_name: SealedStr200 | None = None
    guardian_identity_digest: Digest | None = None
    guardian_consent_document_id: Id | None = None
    legal_basis: Literal["contract", "statutory_duty", "consent"]
    notice_version: Id
    notice_given: bool


class VerifyIdentity(
    Interaction,
    type="customer.verify_identity.v1",
    allowed_in=("prospective", "active", "terminated"),
    certificate="real_name",
    at_counter=True,
):
    verification_id: Id
    purpose: Literal[
        "activation",
        "change",
        "transfer_of_ownership",
        "port_in",
        "port_out",
        "sim_replacement",
        "termination",
        "fraud_reverification",
        "data_request",
        "other",
    ]
    document_kind: DocumentKind
    document_digest: Digest
    document_shown: bool
    document_read_by: Literal["chip_reader", "passport_reader", "manual"]
    document_result: Literal["genuine", "forged", "altered", "unreadable", "expired", "not_checked"]
    belongs_to_bearer: bool
    information_refused: bool
    face_result: Literal["match", "no_match", "unusable", "not_required"]
    face_score_permille: Permille | None = None
    liveness_result: Literal["passed", "failed", "not_done"]
    face_evidence_digest: Digest | None = None
    face_consent_given: bool
    copy_marked: bool
    copy_document_id: Id | None = None


class UpdateData(
    Interaction,
    type="customer.update_data.v1",
    allowed_in=("prospective", "active", "terminated"),
):
    contact_phone: SealedStr32 | None = None
    postal_address: SealedStr500 | None = None
    email: SealedStr254 | None = None
    full_name: SealedStr200 | None = None
    document_address: SealedStr500 | None = None
    evidence_document_id: Id | None = None


class GiveConsent(
    Interaction,
    type="customer.give_consent.v1",
    allowed_in=("prospective", "active"),
    systems=("customer_app", "sms_gateway"),
):
    purpose: ConsentPurpose
    channels: Annotated[tuple[ConsentChannel, ...], Meta(min_length=1, max_length=5)]
    proof: Literal["signed_form", "counter_screen", "sms_reply", "recorded_call"]
    proof_document_id: Id | None = None
    text_version: Id
    explicit: bool
    separate: bool
    valid_until_on: Day | None = None


class WithdrawConsent(
    Interaction,
    type="customer.withdraw_consent.v1",
    allowed_in=("prospective", "active", "terminated"),
    systems=("customer_app", "sms_gateway"),
):
    purpose: ConsentPurpose
    via: Literal["counter", "call", "sms", "app"]


INTERACTIONS: Final = (Register, VerifyIdentity, UpdateData, GiveConsent, WithdrawConsent)
AnyInteraction = Register | VerifyIdentity | UpdateData | GiveConsent | WithdrawConsent


# Events. Stored for ever: the tag is the wire name.


class Registered(Event, Register, tag="customer.registered.v1"):
    customer_id: Id
    minor: Minor


class IdentityVerified(Event, VerifyIdentity, tag="customer.identity_verified.v1"):
    """`active_numbers` counts the customer's lines, of which this ledger records none yet."""

    valid_until_at: Moment
    active_numbers: Count


class IdentityVerificationFailed(
    Event, VerifyIdentity, tag="customer.identity_verification_failed.v1"
):
    reasons: Annotated[tuple[IdentityFailure, ...], Meta(min_length=1, max_length=9)]


class DataUpdated(Event, UpdateData, tag="customer.data_updated.v1"):
    pass


class ConsentGiven(Event, GiveConsent, tag="customer.consent_given.v1"):
    pass


class ConsentWithdrawn(Event, WithdrawConsent, tag="customer.consent_withdrawn.v1"):
    pass


EVENTS: Final = (
    Registered,
    IdentityVerified,
    IdentityVerificationFailed,
    DataUpdated,
    ConsentGiven,
    ConsentWithdrawn,
)
AnyEvent = (
    Registered
    | IdentityVerified
    | IdentityVerificationFailed
    | DataUpdated
    | ConsentGiven
    | ConsentWithdrawn
)


# State


class State(model.State, frozen=True, kw_only=True):
    """`consents` maps each purpose consented to to its last day, or None where it has none."""

    party_kind: PartyKind = "person"
    minor: Minor = "no"
    consents: dict[str, date | None] = msgspec.field(default_factory=dict[str, date | None])

    def consents_to(self, purpose: ConsentPurpose, day: date) -> bool:
        if purpose not in self.consents:
            return False
        until_on = self.consents[purpose]
        return until_on is None or day <= until_on


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return envelope.subject


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Registered():
            return State(status="prospective", party_kind=event.party_kind, minor=event.minor)
        case IdentityVerified():
            return replace(state, status="active") if state.status == "prospective" else state
        case IdentityVerificationFailed() | DataUpdated():
            return state
        case ConsentGiven():
            consents = {**state.consents, event.purpose: event.valid_until_on}
            return replace(state, consents=consents)
        case ConsentWithdrawn():
            consents = {k: v for k, v in state.consents.items() if k != event.purpose}
            return replace(state, consents=consents)
        case _:
            assert_never(event)


# Decide

RULES: Final = rules.RULES


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


# React


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    """Nothing follows yet: fraud cases, opportunities and care are not recorded here."""
    return []
