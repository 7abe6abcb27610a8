"""Trainings: assigned, attended, completed or missed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.clerk.profile import rules
from ledger.aggregates.clerk.profile.events import (
    TrainingAssigned,
    TrainingAttended,
    TrainingCompleted,
    TrainingMissed,
)
from ledger.aggregates.clerk.profile.interactions import (
    AssignTraining,
    AttendTraining,
    CompleteTraining,
    MarkTrainingMissed,
)
from ledger.aggregates.clerk.profile.state import State
from ledger.aggregates.model import Context, Decision
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.clerk.register import Register


def assign_training(wish: AssignTraining, state: State, context: "Context[Register]") -> Decision:
    if wish.training_id in state.trainings:
        return rules.PRF_05(f"training {wish.training_id} is assigned already")
    if wish.due_on < business_day(context.envelope.time):
        return rules.PRF_05(f"{wish.due_on.isoformat()} has passed")
    return [TrainingAssigned.of(wish)]


def attend_training(wish: AttendTraining, state: State) -> Decision:
    training = state.trainings.get(wish.training_id)
    if training is None or training.status == "completed":
        return rules.PRF_06()
    return [TrainingAttended.of(wish, minutes_total=training.minutes + wish.minutes)]


def complete_training(
    wish: CompleteTraining, state: State, context: "Context[Register]"
) -> Decision:
    training = state.trainings.get(wish.training_id)
    if training is None or training.status == "completed":
        return rules.PRF_06()
    if training.minutes < context.policy[policy.TRAINING_MIN_MINUTES]:
        return rules.PRF_07(f"{training.minutes} minutes were attended")
    in_time = business_day(context.envelope.time) <= training.due_on
    return [TrainingCompleted.of(wish, in_time=in_time)]


def mark_training_missed(
    mark: MarkTrainingMissed, state: State, context: "Context[Register]"
) -> Decision:
    training = state.trainings.get(mark.training_id)
    if training is None or training.status in ("completed", "missed"):
        return rules.PRF_08("no such training waits to be completed")
    if context.envelope.time < local_midnight(training.due_on + timedelta(days=1)):
        return rules.PRF_08(f"it is due on {training.due_on.isoformat()}")
    return [TrainingMissed.of(mark)]
