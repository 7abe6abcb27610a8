"""What is said of a customer's data: consent, requests, holds, reading in clear, erasure."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.aggregates.corrections import EventId
from ledger.aggregates.customer.customer.words import (
    ConsentChannel,
    ConsentPurpose,
    DataRequestKind,
    DataScope,
    ErasureTrigger,
    RestrictionReason,
)
from ledger.aggregates.model import NEW, Interaction
from ledger.values import (
    Day,
    Digest,
    Id,
    Moment,
    SealedDay,
    SealedNumber,
    SealedStr32,
    SealedStr200,
    SealedStr254,
    SealedStr500,
    SealedText,
    Str64,
)

REGISTERED: Final = ("prospective", "active", "terminated")
ERASABLE: Final = ("prospective", "terminated")
"""The statuses of a file in use, and of one whose data may be erased."""


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


class RequestData(
    Interaction,
    type="customer.request_data.v1",
    allowed_in=REGISTERED,
):
    request_id: Id
    kind: DataRequestKind
    scope: Annotated[tuple[DataScope, ...], Meta(min_length=1, max_length=10)]
    requester: Literal["self", "agent", "guardian", "next_of_kin"]
    agent_id: Id | None = None
    verification_id: Id | None = None
    details: SealedText | None = None


class AnswerDataRequest(
    Interaction,
    type="customer.answer_data_request.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
):
    request_id: Id
    outcome: Literal["granted", "partly_granted", "refused"]
    refusal_reason: (
        Literal[
            "identity_not_shown",
            "statutory_retention",
            "legal_hold",
            "others_rights",
            "manifestly_repeated",
            "not_our_data",
            "criminal_investigation",
        ]
        | None
    ) = None
    explanation: SealedText
    answer_document_id: Id | None = None
    answer_digest: Digest | None = None


class MarkRequestOverdue(
    Interaction,
    type="customer.mark_request_overdue.v1",
    allowed_in=REGISTERED,
    clerks=False,
    systems=("clock",),
):
    request_id: Id


class CorrectData(
    Interaction,
    type="customer.correct_data.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
):
    """What the file says wrongly, as it should have been; named is what is corrected."""

    request_id: Id | None = None
    wrong_entry_id: EventId
    full_name: SealedStr200 | None = None
    document_number: SealedNumber | None = None
    document_valid_until_on: SealedDay | None = None
    birth_on: SealedDay | None = None
    document_address: SealedStr500 | None = None
    contact_phone: SealedStr32 | None = None
    postal_address: SealedStr500 | None = None
    email: SealedStr254 | None = None
    evidence_document_id: Id


CORRECTED_FIELDS: Final = (
    "full_name",
    "document_number",
    "document_valid_until_on",
    "birth_on",
    "document_address",
    "contact_phone",
    "postal_address",
    "email",
)
"""What `CorrectData` may correct."""


class RestrictProcessing(
    Interaction,
    type="customer.restrict_processing.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
):
    request_id: Id | None = None
    reason: RestrictionReason


class LiftRestriction(
    Interaction,
    type="customer.lift_restriction.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
    approver=True,
):
    reason: Literal["customer_asked", "accuracy_settled", "new_contract"]


class PlaceLegalHold(
    Interaction,
    type="customer.place_legal_hold.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
    approver=True,
):
    """An authority or a dispute needs the data: nothing is erased before the hold is released.

    `until_on` is the day that the authority named; the hold stands until somebody releases it.
    """

    hold_id: Id
    authority: Literal["court", "police", "prosecutor", "regulator", "internal_audit", "dispute"]
    reference: Str64
    until_on: Day | None = None


class ReleaseLegalHold(
    Interaction,
    type="customer.release_legal_hold.v1",
    allowed_in=REGISTERED,
    certificate="privacy",
    approver=True,
):
    hold_id: Id
    reason: Literal["matter_ended", "order_withdrawn", "expired"]


class Reveal(Interaction, type="customer.reveal.v1", allowed_in=REGISTERED):
    """Somebody reads personal fields in clear: those of `event_id`, or of the whole file.

    `reference` names the complaint, request or case that they are read for.
    """

    purpose: Literal[
        "complaint_handling", "dispute", "data_request", "audit", "authority", "correction"
    ]
    reference: Id
    event_id: EventId | None = None


class ScheduleErasure(
    Interaction,
    type="customer.schedule_erasure.v1",
    allowed_in=ERASABLE,
    certificate="privacy",
):
    """The data are to go as soon as the law lets them; until then they are only kept."""

    request_id: Id | None = None
    trigger: ErasureTrigger


class RequestErasure(
    Interaction,
    type="customer.request_erasure.v1",
    allowed_in=ERASABLE,
    certificate="privacy",
    approver=True,
):
    """The order to delete the customer's keys; nothing is reversed any more from here on."""

    request_id: Id | None = None
    trigger: ErasureTrigger


class ConfirmErasure(
    Interaction,
    type="customer.confirm_erasure.v1",
    allowed_in=("erasing",),
    clerks=False,
    systems=("reactor",),
):
    """The vault has deleted every key of the customer; `proof_digest` is of what it says so by."""

    keys_destroyed: Annotated[int, Meta(ge=0, le=1_000_000)]
    destroyed_at: Moment
    proof_digest: Digest


class FreeId(
    Interaction,
    type="customer.free_id.v1",
    allowed_in=(NEW,),
    clerks=False,
    systems=("reactor",),
):
    """The person's earlier file is erased: who comes back is registered under this id."""

    earlier_customer_id: Id
