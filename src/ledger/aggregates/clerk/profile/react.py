"""What follows from the events."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from ledger import policy
from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.clerk.profile.events import (
    AnyEvent,
    AssessmentFailed,
    CertificationGranted,
    CertificationWithdrawn,
    Facts,
    Left,
    TrainingAssigned,
    TrainingCompleted,
)
from ledger.aggregates.clerk.profile.interactions import (
    SUBJECTS,
    AssignTraining,
    ExpireCertification,
    MarkTrainingMissed,
)
from ledger.aggregates.clerk.profile.state import Telling
from ledger.aggregates.copies import NoteClerk
from ledger.aggregates.model import Cause, FollowOn, Settled
from ledger.values import business_day, local_midnight


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    notes = _notes(event.facts) if isinstance(event, Telling) else []
    return [*notes, *_further(event, cause)]


def _further(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case TrainingAssigned():
            return [_missed(event, cause)]
        case TrainingCompleted():
            return [Settled(f"training_missed.{event.training_id}")]
        case AssessmentFailed():
            return _trained_again(event, cause)
        case CertificationGranted():
            return [_expiry(event, cause), _renewal(event, cause)]
        case CertificationWithdrawn():
            return _settled(event.certification)
        case Left():
            held = event.facts[-1].fact.certifications
            trainings = [Settled(f"training_missed.{each}") for each in event.open_training_ids]
            return [*trainings, *(each for h in held for each in _settled(h.certification))]
        case _:
            return []


def _notes(facts: Facts) -> list[FollowOn]:
    return to_all(
        NoteClerk(version=each.version, from_at=each.from_at, fact=each.fact) for each in facts
    )


def _settled(certification: str) -> list[Settled]:
    return [Settled(f"expire.{certification}"), Settled(f"renew.{certification}")]


def _missed(event: TrainingAssigned, cause: Cause) -> FollowOn:
    due_at = local_midnight(event.due_on + timedelta(days=1))
    mark = MarkTrainingMissed(training_id=event.training_id)
    name = f"training_missed.{event.training_id}"
    return FollowOn(name, cause.envelope.subject, mark, due_at)


def _trained_again(event: AssessmentFailed, cause: Cause) -> list[FollowOn]:
    """Who failed for a certification is trained for it again, and has as long as for a renewal."""
    if event.certification is None:
        return []
    days = timedelta(days=cause.policy[policy.CERTIFICATION_RENEW_DAYS])
    training = AssignTraining(
        training_id="again." + hashlib.sha256(event.assessment_id.encode()).hexdigest()[:32],
        course=event.certification,
        subjects=SUBJECTS[event.certification],
        mandatory=True,
        due_on=business_day(cause.envelope.time) + days,
        cause="failed_assessment",
    )
    return [FollowOn("train_again", cause.envelope.subject, training)]


def _expiry(event: CertificationGranted, cause: Cause) -> FollowOn:
    expire = ExpireCertification(certification=event.certification)
    due_at = local_midnight(event.valid_until_on + timedelta(days=1))
    return FollowOn(f"expire.{event.certification}", cause.envelope.subject, expire, due_at)


def _renewal(event: CertificationGranted, cause: Cause) -> FollowOn:
    """A training in time before the certification ends."""
    days = timedelta(days=cause.policy[policy.CERTIFICATION_RENEW_DAYS])
    until_on = event.valid_until_on
    training = AssignTraining(
        training_id=f"renew.{event.certification}.{until_on.isoformat()}",
        course=event.certification,
        subjects=SUBJECTS[event.certification],
        mandatory=True,
        due_on=until_on,
        cause="yearly",
    )
    name, due_at = f"renew.{event.certification}", local_midnight(until_on - days)
    return FollowOn(name, cause.envelope.subject, training, due_at)
