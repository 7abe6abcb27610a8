"""What is said of a customer."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.customer.customer.data_interactions import (
    CORRECTED_FIELDS as CORRECTED_FIELDS,
)
from ledger.aggregates.customer.customer.data_interactions import (
    REGISTERED,
    AnswerDataRequest,
    ConfirmErasure,
    CorrectData,
    FreeId,
    GiveConsent,
    LiftRestriction,
    MarkRequestOverdue,
    PlaceLegalHold,
    ReleaseLegalHold,
    RequestData,
    RequestErasure,
    RestrictProcessing,
    Reveal,
    ScheduleErasure,
    WithdrawConsent,
)
from ledger.aggregates.customer.customer.words import (
    AgentScope,
    DocumentKind,
    DocumentResult,
    FaceResult,
    IdentityBasis,
    PartyKind,
)
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
    SealedText,
    Str200,
)


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
    document_result: DocumentResult
    belongs_to_bearer: bool
    information_refused: bool
    face_result: FaceResult
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


class VerifyAgent(
    Interaction,
    type="customer.verify_agent.v1",
    allowed_in=REGISTERED,
    certificate="real_name",
    at_counter=True,
):
    """Who comes in the customer's place; each visit verifies the agent again, under one id."""

    agent_id: Id
    agent_name: SealedStr200
    agent_document_kind: DocumentKind
    agent_document_number: SealedNumber
    agent_identity_digest: Digest
    relation: Literal[
        "family",
        "colleague",
        "guardian",
        "legal_representative",
        "organisation_handler",
        "executor",
        "other",
    ]
    principal_document_shown: bool
    agent_document_shown: bool
    agent_document_result: DocumentResult
    agent_face_result: FaceResult
    face_consent_given: bool
    authorisation_document_id: Id
    scope: Annotated[tuple[AgentScope, ...], Meta(min_length=1, max_length=10)]
    authorisation_until_on: Day


class RevokeAgent(
    Interaction,
    type="customer.revoke_agent.v1",
    allowed_in=REGISTERED,
):
    agent_id: Id
    reason: Literal["principal_asked", "authorisation_ended", "abuse", "deceased"]


class ReplaceDocument(
    Interaction,
    type="customer.replace_document.v1",
    allowed_in=REGISTERED,
    certificate="real_name",
):
    document_kind: DocumentKind
    document_number: SealedNumber
    document_digest: Digest
    document_valid_until_on: SealedDay
    verification_id: Id
    reason: Literal["renewed", "expired", "lost", "changed_nationality", "upgraded_from_contact"]


class Link(
    Interaction,
    type="customer.link.v1",
    allowed_in=REGISTERED,
    systems=("reactor",),
):
    """The same person has another file; the reactor links that one to this."""

    other_customer_id: Id
    relation: Literal["same_person_prospect", "renewed_document", "duplicate_record"]
    evidence_document_id: Id


class RecordLinkedNumbers(
    Interaction,
    type="customer.record_linked_numbers.v1",
    allowed_in=REGISTERED,
    clerks=False,
    systems=("reactor",),
):
    other_customer_id: Id
    active_numbers: Annotated[int, Meta(ge=0, le=1000)]


class LookUpNumbers(
    Interaction,
    type="customer.look_up_numbers.v1",
    allowed_in=("active", "terminated"),
    certificate="real_name",
):
    verification_id: Id
    delivered_by: Literal["screen", "print", "sms"]


class DisownNumber(
    Interaction,
    type="customer.disown_number.v1",
    allowed_in=("active", "terminated"),
    certificate="real_name",
):
    """The customer says that a line in the own name is not theirs."""

    subscription_id: Id
    statement: SealedText
    verification_id: Id


class ListRestriction(
    Interaction,
    type="customer.list_restriction.v1",
    allowed_in=REGISTERED,
    clerks=False,
    systems=("regulator",),
):
    """An authority has listed the customer for crimes with telephone cards and accounts."""

    listing_id: Id
    category: Literal["fraud_offender", "accomplice", "card_dealer", "account_dealer"]
    from_on: Day
    until_on: Day
    authority: Str200


class LiftListing(
    Interaction,
    type="customer.lift_listing.v1",
    allowed_in=REGISTERED,
    clerks=False,
    systems=("regulator",),
):
    listing_id: Id
    reason: Literal["term_over", "appeal_upheld", "error"]


class Terminate(Interaction, type="customer.terminate.v1", allowed_in=("active",)):
    """The customer has no line any more and is one no longer."""

    reason: Literal["last_line_ended", "deceased", "organisation_dissolved", "customer_asked"]


class Return(Interaction, type="customer.return.v1", allowed_in=("terminated",)):
    verification_id: Id


class CorrectEntry(
    Interaction, Correction, type="customer.correct_entry.v1", allowed_in=REGISTERED
):
    pass


CORRECTABLE: Final = frozenset(
    {
        "contact_phone",
        "postal_address",
        "email",
        "document_address",
        "document_valid_until_on",
        "handler_name",
        "guardian_name",
    }
)

AnyInteraction = (
    Register
    | VerifyIdentity
    | UpdateData
    | GiveConsent
    | WithdrawConsent
    | VerifyAgent
    | RevokeAgent
    | ReplaceDocument
    | Link
    | RecordLinkedNumbers
    | LookUpNumbers
    | DisownNumber
    | RequestData
    | AnswerDataRequest
    | MarkRequestOverdue
    | CorrectData
    | RestrictProcessing
    | LiftRestriction
    | PlaceLegalHold
    | ReleaseLegalHold
    | Reveal
    | ScheduleErasure
    | RequestErasure
    | ConfirmErasure
    | FreeId
    | ListRestriction
    | LiftListing
    | Terminate
    | Return
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
