"""What decide reads of a clerk, and how events change it."""

from datetime import date, datetime
from typing import Literal, assert_never

import msgspec
from msgspec.structs import replace

from ledger.aggregates import model
from ledger.aggregates.clerk.profile.events import (
    AnyEvent,
    AssessmentFailed,
    AssessmentPassed,
    CertificationExpired,
    CertificationGranted,
    CertificationWithdrawn,
    Engaged,
    EntryCorrected,
    Erased,
    ErasureOrdered,
    HallAssigned,
    Left,
    Reinstated,
    RoleAssigned,
    Suspended,
    TrainingAssigned,
    TrainingAttended,
    TrainingCompleted,
    TrainingMissed,
)
from ledger.aggregates.clerk.profile.interactions import AnyInteraction, TrainingSubject
from ledger.dated import Versions, fact_at, with_version
from ledger.entry import Envelope
from ledger.facts import Certification, Clerk
from ledger.reference import Reference
from ledger.values import business_day


class Training(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["assigned", "attending", "completed", "missed"]
    subjects: tuple[TrainingSubject, ...]
    due_on: date
    minutes: int = 0
    completed_on: date | None = None


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """`about` is the certification or else the training that it was for."""

    about: str
    on: date
    passed: bool


class State(model.State, frozen=True, kw_only=True):
    """`facts` are what others may know of the clerk, from when on, as far as it is announced."""

    facts: Versions[Clerk] = ()
    fact_version: int = 0
    engaged_on: date = date.min
    last_day_on: date | None = None
    erase_on: date | None = None
    trainings: dict[str, Training] = msgspec.field(default_factory=dict[str, Training])
    assessments: dict[str, Assessment] = msgspec.field(default_factory=dict[str, Assessment])
    expired: frozenset[Certification] = frozenset()

    @property
    def newest(self) -> Clerk:
        return self.facts[-1].fact

    def at(self, moment: datetime) -> Clerk:
        """The clerk as is announced for then; of one who begins later, as at the beginning."""
        return fact_at(self.facts, moment) or self.facts[0].fact


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    """A clerk's profile is the stream named after the clerk."""
    return envelope.subject


def founded(stream: str, facts: Reference) -> State:
    """The clerks that the founding names."""
    versions = facts.clerks.get(stream.removeprefix("clerk/"))
    if versions is None:
        return State()
    founded = State(status="engaged", facts=versions)
    match versions[-1].fact.status:
        case "in_service":
            return founded
        case "suspended":
            return replace(founded, status="suspended")
        case "left":
            return replace(founded, status="left")


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Engaged():
            return replace(
                _told(state, event, envelope),
                status="engaged",
                engaged_on=event.from_on,
                last_day_on=None,
                erase_on=None,
            )
        case RoleAssigned() | HallAssigned():
            return _told(state, event, envelope)
        case Suspended():
            return replace(_told(state, event, envelope), status="suspended")
        case Reinstated():
            return replace(_told(state, event, envelope), status="engaged")
        case Left():
            left = replace(_told(state, event, envelope), status="left")
            return replace(left, last_day_on=event.last_day_on, erase_on=event.erase_on)
        case ErasureOrdered():
            return replace(state, status="erasing")
        case Erased():
            return State(status="erased", facts=state.facts, fact_version=state.fact_version)
        case CertificationGranted() | CertificationWithdrawn():
            told = _told(state, event, envelope)
            return replace(told, expired=state.expired - {event.certification})
        case CertificationExpired():
            return replace(state, expired=state.expired | {event.certification})
        case AssessmentPassed() | AssessmentFailed():
            return _assessed(state, event, envelope)
        case TrainingAssigned() | TrainingAttended() | TrainingCompleted() | TrainingMissed():
            training = _trained(state.trainings.get(event.training_id), event, envelope)
            return replace(state, trainings={**state.trainings, event.training_id: training})
        case EntryCorrected():
            return state
        case _:
            assert_never(event)


Telling = (
    Engaged
    | RoleAssigned
    | HallAssigned
    | Suspended
    | Reinstated
    | Left
    | CertificationGranted
    | CertificationWithdrawn
)
"""The events that change what others may know."""


def _told(state: State, event: Telling, envelope: Envelope) -> State:
    facts = state.facts
    for dated in event.facts:
        facts = with_version(facts, dated, envelope.time)
    return replace(state, facts=facts, fact_version=state.fact_version + 1)


def _assessed(
    state: State, event: AssessmentPassed | AssessmentFailed, envelope: Envelope
) -> State:
    assessment = Assessment(
        about=event.certification or event.training_id or "",
        on=business_day(envelope.time),
        passed=isinstance(event, AssessmentPassed),
    )
    return replace(state, assessments={**state.assessments, event.assessment_id: assessment})


def _trained(
    known: Training | None,
    event: TrainingAssigned | TrainingAttended | TrainingCompleted | TrainingMissed,
    envelope: Envelope,
) -> Training:
    if isinstance(event, TrainingAssigned):
        return Training(status="assigned", subjects=event.subjects, due_on=event.due_on)
    assert known is not None, f"training {event.training_id} was never assigned"
    match event:
        case TrainingAttended():
            return replace(known, status="attending", minutes=event.minutes_total)
        case TrainingCompleted():
            return replace(known, status="completed", completed_on=business_day(envelope.time))
        case TrainingMissed():
            return replace(known, status="missed")
