"""Clerks' files at the head office: what is said in them, and by whom."""

from datetime import date, timedelta
from typing import Any, Final

from ledger.aggregates.clerk import profile
from ledger.aggregates.model import BROADCAST, FollowOn
from ledger.values import Sealed, months_after
from tests.aggregates.case import NOW, Case, reactions

SUBJECT: Final = "clerk/c-new"
TODAY: Final = date(2026, 11, 3)
HR: Final[dict[str, Any]] = {"actor": "o-wu"}
HR_AND_REGION: Final[dict[str, Any]] = {"actor": "o-wu", "approver": "r-song"}
TRAINER: Final[dict[str, Any]] = {"actor": "o-ma"}
TRAINER_AND_COMPLIANCE: Final[dict[str, Any]] = {"actor": "o-ma", "approver": "o-yang"}
CLOCK: Final[dict[str, Any]] = {"actor": "system:clock"}


def day(days: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=days)


def file_of(clerk_id: str = "c-new", **parameters: Any) -> Case:
    return Case(f"clerk/{clerk_id}", **parameters)


def told(event: Any, **who: Any) -> list[Any]:
    """What every partition is told after the event."""
    notes = [each for each in follows(event, **who) if isinstance(each, FollowOn)]
    return [each.data for each in notes if each.subject == BROADCAST]


def follows(event: Any, **who: Any) -> list[Any]:
    envelope = file_of().envelope("clerk.x.v1", NOW, **who)
    return list(reactions(event, envelope, SUBJECT))


def engage(**changed: Any) -> profile.Engage:
    said: dict[str, Any] = {
        "full_name": Sealed("k.x"),
        "employee_no": Sealed("k.x"),
        "role": "clerk",
        "hall_ids": ("renmin",),
        "from_on": TODAY,
        "employment": "employee",
        **changed,
    }
    return profile.Engage(**said)


def engaged(*, at: Any = NOW, parameters: dict[str, Any] | None = None, **changed: Any) -> Case:
    """A file of a clerk who was engaged today."""
    case = file_of(**(parameters or {}))
    event = case.when(engage(**changed), at=at, **HR).recorded(profile.Engaged)
    return case.given(event, at=at, **HR)


def assign_training(training_id: str = "t1", **changed: Any) -> profile.AssignTraining:
    said: dict[str, Any] = {
        "course": "实名登记",
        "subjects": ("real_name",),
        "mandatory": True,
        "due_on": day(7),
        "cause": "new_clerk",
        **changed,
    }
    return profile.AssignTraining(training_id=training_id, **said)


def attend(minutes: int = 45, training_id: str = "t1") -> profile.AttendTraining:
    return profile.AttendTraining(
        training_id=training_id, session_on=TODAY, minutes=minutes, mode="classroom"
    )


def complete(training_id: str = "t1") -> profile.CompleteTraining:
    return profile.CompleteTraining(training_id=training_id, content_version="v1")


def assess(assessment_id: str = "a1", **changed: Any) -> profile.RecordAssessment:
    said: dict[str, Any] = {
        "certification": "real_name",
        "kind": "written",
        "points_bp": 8_200,
        "attempt": 1,
        "paper_version": "p1",
        **changed,
    }
    return profile.RecordAssessment(assessment_id=assessment_id, **said)


def grant(**changed: Any) -> profile.GrantCertification:
    said: dict[str, Any] = {
        "certification": "real_name",
        "assessment_id": "a1",
        "valid_from_on": TODAY,
        **changed,
    }
    return profile.GrantCertification(**said)


def trained(case: Case | None = None, training_id: str = "t1", **changed: Any) -> Case:
    """A file with a completed training, in real names unless said otherwise."""
    case = case or engaged()
    wish = assign_training(training_id, **changed)
    case.given(case.when(wish, **TRAINER).recorded(profile.TrainingAssigned))
    attended = case.when(attend(training_id=training_id), **TRAINER)
    case.given(attended.recorded(profile.TrainingAttended))
    completed = case.when(complete(training_id), **TRAINER)
    return case.given(completed.recorded(profile.TrainingCompleted))


def passed(case: Case | None = None) -> Case:
    """A file with a passed assessment for real names."""
    case = case or trained()
    return case.given(case.when(assess(), **TRAINER).recorded(profile.AssessmentPassed))


def certified() -> Case:
    """A file of a clerk who holds the certification real_name from today for a year."""
    case = passed()
    granted = case.when(grant(), **TRAINER_AND_COMPLIANCE).recorded(profile.CertificationGranted)
    return case.given(granted, **TRAINER_AND_COMPLIANCE)


UNTIL: Final = months_after(TODAY, 12) - timedelta(days=1)
