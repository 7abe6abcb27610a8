"""What is said of a customer."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.values import (
    Day,
    Digest,
    Id,
    Permille,
    SealedDay,
    SealedNumber,
    SealedStr32,
    SealedStr200,
    SealedStr254,
    SealedStr500,
)

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
