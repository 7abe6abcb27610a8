"""The rules in order: one small function an interaction."""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.clerk.profile.certifying import (
    expire_certification,
    grant_certification,
    record_assessment,
    withdraw_certification,
)
from ledger.aggregates.clerk.profile.employing import (
    assign_hall,
    assign_role,
    engage,
    leave,
    reinstate,
    request_erasure,
    suspend,
)
from ledger.aggregates.clerk.profile.events import EntryCorrected, Erased
from ledger.aggregates.clerk.profile.interactions import (
    CORRECTABLE,
    AnyInteraction,
    AssignHall,
    AssignRole,
    AssignTraining,
    AttendTraining,
    CompleteTraining,
    ConfirmErasure,
    CorrectEntry,
    Engage,
    ExpireCertification,
    GrantCertification,
    Leave,
    MarkTrainingMissed,
    RecordAssessment,
    Reinstate,
    RequestErasure,
    Suspend,
    WithdrawCertification,
)
from ledger.aggregates.clerk.profile.state import State, stream
from ledger.aggregates.clerk.profile.training import (
    assign_training,
    attend_training,
    complete_training,
    mark_training_missed,
)
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.clerk.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Engage():
            return engage(wish, state, context)
        case AssignRole():
            return assign_role(wish, state, context)
        case AssignHall():
            return assign_hall(wish, state, context)
        case AssignTraining():
            return assign_training(wish, state, context)
        case AttendTraining():
            return attend_training(wish, state)
        case CompleteTraining():
            return complete_training(wish, state, context)
        case MarkTrainingMissed():
            return mark_training_missed(wish, state, context)
        case RecordAssessment():
            return record_assessment(wish, state, context)
        case GrantCertification():
            return grant_certification(wish, state, context)
        case WithdrawCertification():
            return withdraw_certification(wish, state, context)
        case ExpireCertification():
            return expire_certification(wish, state, context)
        case Suspend():
            return suspend(wish, state, context)
        case Reinstate():
            return reinstate(wish, state, context)
        case Leave():
            return leave(wish, state, context)
        case RequestErasure():
            return request_erasure(wish, state, context)
        case ConfirmErasure():
            return [Erased.of(wish)]
        case CorrectEntry():
            own = stream(context.envelope, wish)
            return corrections.decide(wish, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(wish)
