"""Stored for ever: the tags are the wire names."""

from typing import Annotated, Final, get_args

from msgspec import Meta

from ledger.aggregates.customer.customer.interactions import (
    AnswerDataRequest,
    ConfirmErasure,
    CorrectData,
    CorrectEntry,
    DisownNumber,
    FreeId,
    GiveConsent,
    LiftListing,
    LiftRestriction,
    Link,
    ListRestriction,
    LookUpNumbers,
    MarkRequestOverdue,
    PlaceLegalHold,
    RecordLinkedNumbers,
    Register,
    ReleaseLegalHold,
    ReplaceDocument,
    RequestData,
    RequestErasure,
    RestrictProcessing,
    Return,
    Reveal,
    RevokeAgent,
    ScheduleErasure,
    Terminate,
    UpdateData,
    VerifyAgent,
    VerifyIdentity,
    WithdrawConsent,
)
from ledger.aggregates.customer.customer.words import (
    ConsentPurpose,
    IdentityFailure,
    Minor,
    RetentionKind,
)
from ledger.aggregates.model import Event
from ledger.values import (
    Count,
    Day,
    Id,
    Moment,
)


class Registered(Event, Register, tag="customer.registered.v1"):
    customer_id: Id
    minor: Minor


class IdentityVerified(Event, VerifyIdentity, tag="customer.identity_verified.v1"):
    """`active_numbers` counts the customer's lines, those of linked files included."""

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


class AgentVerified(Event, VerifyAgent, tag="customer.agent_verified.v1"):
    valid_until_at: Moment


class AgentVerificationFailed(Event, VerifyAgent, tag="customer.agent_verification_failed.v1"):
    reasons: Annotated[tuple[IdentityFailure, ...], Meta(min_length=1, max_length=9)]


class AgentRevoked(Event, RevokeAgent, tag="customer.agent_revoked.v1"):
    pass


class DocumentReplaced(Event, ReplaceDocument, tag="customer.document_replaced.v1"):
    pass


class Linked(Event, Link, tag="customer.linked.v1"):
    """`own_numbers` counts this file's own lines, for the other file."""

    own_numbers: Count


class LinkedNumbersRecorded(Event, RecordLinkedNumbers, tag="customer.linked_numbers_recorded.v1"):
    pass


class NumbersLookedUp(Event, LookUpNumbers, tag="customer.numbers_looked_up.v1"):
    subscription_ids: Annotated[tuple[Id, ...], Meta(max_length=1000)]
    active_numbers: Count


class NumberDisowned(Event, DisownNumber, tag="customer.number_disowned.v1"):
    pass


class DataRequested(Event, RequestData, tag="customer.data_requested.v1"):
    due_at: Moment


class DataRequestAnswered(Event, AnswerDataRequest, tag="customer.data_request_answered.v1"):
    in_time: bool


class DataRequestOverdue(Event, MarkRequestOverdue, tag="customer.data_request_overdue.v1"):
    pass


class DataCorrected(Event, CorrectData, tag="customer.data_corrected.v1"):
    pass


class ProcessingRestricted(Event, RestrictProcessing, tag="customer.processing_restricted.v1"):
    pass


class RestrictionLifted(Event, LiftRestriction, tag="customer.restriction_lifted.v1"):
    pass


class LegalHoldPlaced(Event, PlaceLegalHold, tag="customer.legal_hold_placed.v1"):
    pass


class LegalHoldReleased(Event, ReleaseLegalHold, tag="customer.legal_hold_released.v1"):
    pass


class Revealed(Event, Reveal, tag="customer.revealed.v1"):
    pass


class ErasureScheduled(Event, ScheduleErasure, tag="customer.erasure_scheduled.v1"):
    """`kept` is what the data are kept for until the day before `erase_not_before_on`; a legal
    hold among it keeps them longer. The consents that stood end with it."""

    erase_not_before_on: Day
    kept: Annotated[tuple[RetentionKind, ...], Meta(max_length=8)] = ()
    consents_ended: Annotated[tuple[ConsentPurpose, ...], Meta(max_length=16)] = ()


class ErasureOrdered(Event, RequestErasure, tag="customer.erasure_ordered.v1"):
    """From here on the keys may be gone: nobody reads in clear, and nothing else is decided."""


class Erased(Event, ConfirmErasure, tag="customer.erased.v1"):
    """The last event of the file."""


class IdFreed(Event, FreeId, tag="customer.id_freed.v1"):
    """It begins no file: registering does."""


class Listed(Event, ListRestriction, tag="customer.listed.v1"):
    pass


class ListingLifted(Event, LiftListing, tag="customer.listing_lifted.v1"):
    pass


class Terminated(Event, Terminate, tag="customer.terminated.v1"):
    """The file is kept until the end of `retention_until_on`."""

    retention_until_on: Day


class Returned(Event, Return, tag="customer.returned.v1"):
    pass


class EntryCorrected(Event, CorrectEntry, tag="customer.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Registered
    | IdentityVerified
    | IdentityVerificationFailed
    | DataUpdated
    | ConsentGiven
    | ConsentWithdrawn
    | AgentVerified
    | AgentVerificationFailed
    | AgentRevoked
    | DocumentReplaced
    | Linked
    | LinkedNumbersRecorded
    | NumbersLookedUp
    | NumberDisowned
    | DataRequested
    | DataRequestAnswered
    | DataRequestOverdue
    | DataCorrected
    | ProcessingRestricted
    | RestrictionLifted
    | LegalHoldPlaced
    | LegalHoldReleased
    | Revealed
    | ErasureScheduled
    | ErasureOrdered
    | Erased
    | IdFreed
    | Listed
    | ListingLifted
    | Terminated
    | Returned
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
