"""Stored for ever: the tags are the wire names.

`facts` are what other owners may know of the clerk, from when on: from the change, and as was
announced for later.
"""

from typing import Final, get_args

from ledger.aggregates.clerk.profile.interactions import (
    AssignHall,
    AssignRole,
    AssignTraining,
    AttendTraining,
    BasisPoints,
    CompleteTraining,
    ConfirmErasure,
    CorrectEntry,
    Engage,
    ExpireCertification,
    GrantCertification,
    HallIds,
    Leave,
    MarkTrainingMissed,
    RecordAssessment,
    Reinstate,
    RequestErasure,
    Suspend,
    WithdrawCertification,
)
from ledger.aggregates.model import Event
from ledger.dated import Dated
from ledger.facts import Clerk, Role
from ledger.values import Count, Day, Id

Facts = tuple[Dated[Clerk], ...]


class Engaged(Event, Engage, tag="clerk.engaged.v1"):
    facts: Facts


class RoleAssigned(Event, AssignRole, tag="clerk.role_assigned.v1"):
    facts: Facts
    old_role: Role


class HallAssigned(Event, AssignHall, tag="clerk.hall_assigned.v1"):
    facts: Facts
    old_hall_ids: HallIds


class TrainingAssigned(Event, AssignTraining, tag="clerk.training_assigned.v1"):
    pass


class TrainingAttended(Event, AttendTraining, tag="clerk.training_attended.v1"):
    minutes_total: Count


class TrainingCompleted(Event, CompleteTraining, tag="clerk.training_completed.v1"):
    in_time: bool


class TrainingMissed(Event, MarkTrainingMissed, tag="clerk.training_missed.v1"):
    pass


class AssessmentPassed(Event, RecordAssessment, tag="clerk.assessment_passed.v1"):
    pass_bp: BasisPoints


class AssessmentFailed(Event, RecordAssessment, tag="clerk.assessment_failed.v1"):
    """`retry_from_on` where no attempt is left for now."""

    pass_bp: BasisPoints
    retry_from_on: Day | None = None


class CertificationGranted(Event, GrantCertification, tag="clerk.certification_granted.v1"):
    facts: Facts
    valid_until_on: Day


class CertificationWithdrawn(Event, WithdrawCertification, tag="clerk.certification_withdrawn.v1"):
    facts: Facts


class CertificationExpired(Event, ExpireCertification, tag="clerk.certification_expired.v1"):
    """It only tells: everybody who knows the certification knows its last day."""


class Suspended(Event, Suspend, tag="clerk.suspended.v1"):
    facts: Facts


class Reinstated(Event, Reinstate, tag="clerk.reinstated.v1"):
    facts: Facts


class Left(Event, Leave, tag="clerk.left.v1"):
    """`erase_on` is when the clerk's personal fields may go; the trainings and certifications that
    were open wait for nothing any more."""

    facts: Facts
    erase_on: Day
    open_training_ids: tuple[Id, ...] = ()


class ErasureOrdered(Event, RequestErasure, tag="clerk.erasure_ordered.v1"):
    """From here on the keys may be gone: nobody reads in clear, and nothing else is decided."""


class Erased(Event, ConfirmErasure, tag="clerk.erased.v1"):
    """The last event of the file."""


class EntryCorrected(Event, CorrectEntry, tag="clerk.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Engaged
    | RoleAssigned
    | HallAssigned
    | TrainingAssigned
    | TrainingAttended
    | TrainingCompleted
    | TrainingMissed
    | AssessmentPassed
    | AssessmentFailed
    | CertificationGranted
    | CertificationWithdrawn
    | CertificationExpired
    | Suspended
    | Reinstated
    | Left
    | ErasureOrdered
    | Erased
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
