"""The words of a customer: what its interactions, events and state are made of."""

from typing import Final, Literal

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
DocumentResult = Literal["genuine", "forged", "altered", "unreadable", "expired", "not_checked"]
FaceResult = Literal["match", "no_match", "unusable", "not_required"]
AgentScope = Literal[
    "activation",
    "plan_change",
    "service_upgrade",
    "suspension",
    "termination",
    "sim_replacement",
    "data_request",
    "port_out",
    "complaint",
    "payment",
]
DataRequestKind = Literal[
    "access",
    "copy",
    "transfer",
    "correction",
    "restriction",
    "erasure",
    "explanation",
    "consent_record",
]
DataScope = Literal[
    "identity",
    "contact",
    "lines",
    "bills",
    "payments",
    "orders",
    "contacts_log",
    "consents",
    "documents",
    "all",
]
RestrictionReason = Literal[
    "customer_asked", "erasure_pending_retention", "accuracy_disputed", "unlawful"
]
ConsentChannel = Literal["in_store", "call", "sms", "app", "email"]
ErasureTrigger = Literal[
    "purpose_done",
    "service_ended",
    "consent_withdrawn",
    "unlawful",
    "customer_asked",
    "retention_over",
]
RetentionKind = Literal[
    "identity_material", "agreement_file", "billing_data", "consent_proof", "legal_hold"
]
"""What keeps the data of a customer for some time yet."""


def next_id(customer_id: str) -> str:
    """The id of the person's next file, after this one is erased."""
    first, _, number = customer_id.partition(".")
    return f"{first}.{int(number or '1') + 1}"
