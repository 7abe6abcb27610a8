"""Which function has the rules of which interaction."""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.customer.customer import erasing, identifying, privacy, standing
from ledger.aggregates.customer.customer.events import (
    ConsentWithdrawn,
    EntryCorrected,
    Erased,
    IdFreed,
)
from ledger.aggregates.customer.customer.interactions import (
    CORRECTABLE,
    AnswerDataRequest,
    AnyInteraction,
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
from ledger.aggregates.customer.customer.state import State, stream
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known


def decide(interaction: AnyInteraction, state: State, context: "Context[Known]") -> Decision:
    match interaction:
        case Register():
            return identifying.register(interaction, context)
        case VerifyIdentity():
            return identifying.verify_identity(interaction, state, context)
        case VerifyAgent():
            return identifying.verify_agent(interaction, context)
        case RevokeAgent():
            return identifying.revoke_agent(interaction, state)
        case ReplaceDocument():
            return identifying.replace_document(interaction, state, context)
        case UpdateData():
            return privacy.update_data(interaction, context)
        case GiveConsent():
            return privacy.give_consent(interaction, state, context)
        case WithdrawConsent():
            return [ConsentWithdrawn.of(interaction)]
        case RequestData():
            return privacy.request_data(interaction, state, context)
        case AnswerDataRequest():
            return privacy.answer_data_request(interaction, state, context)
        case MarkRequestOverdue():
            return privacy.mark_request_overdue(interaction, state, context)
        case CorrectData():
            return privacy.correct_data(interaction, state, context)
        case RestrictProcessing():
            return privacy.restrict_processing(interaction, state)
        case LiftRestriction():
            return privacy.lift_restriction(interaction, state)
        case Reveal():
            return privacy.reveal(interaction, state, context)
        case _:
            return _standing(interaction, state, context)


AboutErasure = (
    PlaceLegalHold | ReleaseLegalHold | ScheduleErasure | RequestErasure | ConfirmErasure | FreeId
)
AboutStanding = (
    Link
    | RecordLinkedNumbers
    | LookUpNumbers
    | DisownNumber
    | ListRestriction
    | LiftListing
    | Terminate
    | Return
    | CorrectEntry
    | AboutErasure
)


def _standing(interaction: AboutStanding, state: State, context: "Context[Known]") -> Decision:
    match interaction:
        case Link():
            return standing.link(interaction, state, context)
        case RecordLinkedNumbers():
            return standing.record_linked_numbers(interaction, state)
        case LookUpNumbers():
            return standing.look_up_numbers(interaction, context)
        case DisownNumber():
            return standing.disown_number(interaction, context)
        case ListRestriction():
            return standing.list_restriction(interaction, state, context)
        case LiftListing():
            return standing.lift_listing(interaction, state)
        case Terminate():
            return standing.terminate(interaction, context)
        case Return():
            return standing.come_back(interaction, context)
        case CorrectEntry():
            own = stream(context.envelope, interaction)
            return corrections.decide(interaction, EntryCorrected, own, CORRECTABLE, context)
        case _:
            return _erasure(interaction, state, context)


def _erasure(interaction: AboutErasure, state: State, context: "Context[Known]") -> Decision:
    match interaction:
        case PlaceLegalHold():
            return erasing.place_legal_hold(interaction, state)
        case ReleaseLegalHold():
            return erasing.release_legal_hold(interaction, state)
        case ScheduleErasure():
            return erasing.schedule_erasure(interaction, state, context)
        case RequestErasure():
            return erasing.request_erasure(interaction, state, context)
        case ConfirmErasure():
            return [Erased.of(interaction)]
        case FreeId():
            return [IdFreed.of(interaction)]
        case _:
            assert_never(interaction)
