"""Trainings, assessments and certifications: PRF-05 to PRF-14, and what follows from them."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.aggregates.clerk import profile
from ledger.aggregates.copies import NoteClerk
from ledger.aggregates.model import FollowOn, Settled
from ledger.facts import Clerk, Held
from ledger.values import local_midnight, months_after
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.clerk.staff import (
    CLOCK,
    HR,
    SUBJECT,
    TODAY,
    TRAINER,
    TRAINER_AND_COMPLIANCE,
    UNTIL,
    assess,
    assign_training,
    attend,
    certified,
    complete,
    day,
    engaged,
    file_of,
    follows,
    grant,
    passed,
    told,
    trained,
)

MISSED = profile.MarkTrainingMissed(training_id="t1")
EXPIRE = profile.ExpireCertification(certification="real_name")
WITHDRAW = profile.WithdrawCertification(certification="real_name", reason="misconduct")
HELD = Held(certification="real_name", valid_from_on=TODAY, valid_until_on=UNTIL)


def assigned(**changed: Any) -> Case:
    case = engaged()
    wish = assign_training(**changed)
    return case.given(case.when(wish, **TRAINER).recorded(profile.TrainingAssigned))


# Trainings


def test_a_trainings_id_is_new_and_its_due_day_not_past() -> None:
    case = assigned()
    case.when(assign_training(), **TRAINER).refused("PRF-05", "already")
    case.when(assign_training("t2", due_on=day(-1)), **TRAINER).refused("PRF-05", "passed")
    case.when(assign_training("t2", due_on=TODAY), **TRAINER).recorded(profile.TrainingAssigned)
    case.when(assign_training(due_on=day(-1)), **TRAINER).refused("PRF-05", "already")
    case.when(assign_training("t2"), actor="s-sun").refused("ENV-04")


def test_minutes_attended_add_up_until_the_training_is_completed() -> None:
    case = assigned()
    case.when(attend(training_id="t2"), **TRAINER).refused("PRF-06")
    case.when(complete(), **TRAINER).refused("PRF-07", "0 minutes")
    case.given(case.when(attend(44), **TRAINER).recorded(profile.TrainingAttended))
    case.when(complete(), **TRAINER).refused("PRF-07", "44 minutes")
    event = case.when(attend(1), actor="system:learning").recorded(profile.TrainingAttended)
    assert event.minutes_total == 45
    completed = case.given(event).when(complete(), **TRAINER).recorded(profile.TrainingCompleted)
    case.given(completed)
    case.when(complete(), **TRAINER).refused("PRF-06")
    case.when(attend(), **TRAINER).refused("PRF-06")


@pytest.mark.parametrize(("days", "in_time"), [(7, True), (8, False)])
def test_a_training_is_completed_in_time_on_its_due_day(days: int, in_time: bool) -> None:
    case = assigned()
    case.given(case.when(attend(), **TRAINER).recorded(profile.TrainingAttended))
    event = case.when(complete(), at=later(days=days), **TRAINER)
    assert event.recorded(profile.TrainingCompleted).in_time == in_time


def test_a_training_is_missed_after_its_due_day_and_once() -> None:
    case = assigned()
    ends_at = local_midnight(day(8))
    early = ends_at - timedelta(seconds=1)
    case.when(MISSED, at=early, **CLOCK).refused("PRF-08", "due on")
    event = case.when(MISSED, at=ends_at, **CLOCK).recorded(profile.TrainingMissed)
    case.given(event, **CLOCK)
    case.when(MISSED, at=ends_at, **CLOCK).refused("PRF-08", "no such")
    case.when(attend(), at=ends_at, **TRAINER).recorded(profile.TrainingAttended)
    trained().when(MISSED, at=ends_at, **CLOCK).refused("PRF-08")


def test_the_clock_watches_a_training_until_it_is_completed() -> None:
    case = engaged()
    event = case.when(assign_training(), **TRAINER).recorded(profile.TrainingAssigned)
    due_at = local_midnight(day(8))
    assert follows(event) == [FollowOn("training_missed.t1", SUBJECT, MISSED, due_at)]
    case.given(event)
    case.given(case.when(attend(), **TRAINER).recorded(profile.TrainingAttended))
    completed = case.when(complete(), **TRAINER).recorded(profile.TrainingCompleted)
    assert follows(completed) == [Settled("training_missed.t1")]


# Assessments


def test_an_assessment_is_passed_from_a_number_of_points_on() -> None:
    case = trained()
    for points_bp, kind in (
        (8_000, profile.AssessmentPassed),
        (7_999, profile.AssessmentFailed),
    ):
        event = case.when(assess(points_bp=points_bp), **TRAINER).recorded(kind)
        assert event.pass_bp == 8_000
    easier = trained(engaged(parameters={"assessment.pass_bp": 6_000}))
    easier.when(assess(points_bp=6_000), **TRAINER).recorded(profile.AssessmentPassed)


def test_an_attempt_follows_the_last_and_few_are_made_within_a_time() -> None:
    case = trained()
    case.when(assess(attempt=2), **TRAINER).refused("PRF-09", "attempt is 1")
    for attempt in (1, 2, 3):
        at = later(days=attempt)
        wish = assess(f"a{attempt}", points_bp=0, attempt=attempt)
        event = case.when(wish, at=at, **TRAINER).recorded(profile.AssessmentFailed)
        assert event.retry_from_on == (day(1 + 90) if attempt == 3 else None)
        case.given(event, at=at)
    case.when(assess("a3", attempt=4), **TRAINER).refused("PRF-09", "recorded already")
    case.when(assess("a4", attempt=4), at=later(days=4), **TRAINER).refused("PRF-09", "since")
    last = {"at": later(days=90), **TRAINER}
    case.when(assess("a4", attempt=4), **last).refused("PRF-09")
    case.when(assess("a4", attempt=3), **last).refused("PRF-09")
    first = {"at": later(days=91), **TRAINER}
    case.when(assess("a4", attempt=3), **first).recorded(profile.AssessmentPassed)


def test_attempts_are_counted_anew_for_another_certification_and_after_passing() -> None:
    case = passed()
    case.when(assess("a2"), **TRAINER).recorded(profile.AssessmentPassed)
    cash = assess("a2", certification="cash")
    case.when(cash, **TRAINER).refused("PRF-10", "cash")
    trained(case, "t2", subjects=("cash",)).when(cash, **TRAINER).recorded(profile.AssessmentPassed)


def test_an_assessment_for_a_certification_follows_a_training_for_it() -> None:
    engaged().when(assess(), **TRAINER).refused("PRF-10", "real_name")
    assigned().when(assess(), **TRAINER).refused("PRF-10")
    case = trained()
    case.when(assess(), at=later(days=180), **TRAINER).recorded(profile.AssessmentPassed)
    case.when(assess(), at=later(days=181), **TRAINER).refused("PRF-10", "180")
    case.when(assess(certification="fraud_control"), **TRAINER).refused("PRF-10", "fraud")


def test_an_assessment_may_be_for_a_training_alone() -> None:
    case = assigned()
    nothing = assess(certification=None)
    case.when(nothing, **TRAINER).refused("PRF-10", "neither")
    case.when(assess(certification=None, training_id="t2"), **TRAINER).refused("PRF-10", "t2")
    alone = assess(certification=None, training_id="t1")
    case.when(alone, **TRAINER).recorded(profile.AssessmentPassed)


def test_an_assessment_is_refused_by_the_first_rule_it_breaks() -> None:
    engaged().when(assess(attempt=2), **TRAINER).refused("PRF-09")
    engaged().when(assess(training_id="t9"), **TRAINER).refused("PRF-10", "t9")


def test_who_fails_for_a_certification_is_trained_for_it_again() -> None:
    event = trained().when(assess(points_bp=0), **TRAINER).recorded(profile.AssessmentFailed)
    (again,) = follows(event)
    assert (again.name, again.subject, again.due_at) == ("train_again", SUBJECT, None)
    assert (again.data.subjects, again.data.due_on) == (("real_name",), day(30))
    assert again.data.cause == "failed_assessment"
    trained().when(again.data, actor="system:reactor").recorded(profile.TrainingAssigned)
    alone = assess(certification=None, training_id="t1", points_bp=0)
    failed = trained().when(alone, **TRAINER).recorded(profile.AssessmentFailed)
    assert follows(failed) == []


# Certifications


def test_a_certification_is_granted_for_a_year_and_every_partition_is_told() -> None:
    event = passed().when(grant(), **TRAINER_AND_COMPLIANCE).recorded(profile.CertificationGranted)
    assert event.valid_until_on == UNTIL
    fact = Clerk(clerk_id="c-new", role="clerk", hall_ids=("renmin",), certifications=(HELD,))
    assert told(event) == [NoteClerk(version=2, from_at=NOW, fact=fact)]


def test_two_people_grant_a_certification() -> None:
    case = passed()
    case.when(grant(), **TRAINER).refused("ENV-07")
    case.when(grant(), actor="m-he", approver="o-yang").refused("ENV-04")
    case.when(grant(), actor="o-wu", approver="m-he").recorded(profile.CertificationGranted)


def test_a_certification_rests_on_a_passed_assessment_for_it() -> None:
    who = TRAINER_AND_COMPLIANCE
    trained().when(grant(), **who).refused("PRF-11")
    failed = trained()
    lost = failed.when(assess(points_bp=0), **TRAINER).recorded(profile.AssessmentFailed)
    failed.given(lost).when(grant(), **who).refused("PRF-11")
    case = passed()
    case.when(grant(certification="cash"), **who).refused("PRF-11")
    in_time = {"at": later(days=30), **who}
    case.when(grant(), **in_time).recorded(profile.CertificationGranted)
    case.when(grant(), at=later(days=31), **who).refused("PRF-11", "2026-11-03")


@pytest.mark.parametrize(("days", "rule"), [(-1, "PRF-12"), (0, None), (30, None), (31, "PRF-12")])
def test_a_certification_begins_after_its_assessment_and_soon(days: int, rule: str | None) -> None:
    outcome = passed().when(grant(valid_from_on=day(days)), **TRAINER_AND_COMPLIANCE)
    if rule is not None:
        outcome.refused(rule)
        return
    event = outcome.recorded(profile.CertificationGranted)
    assert event.valid_until_on == months_after(day(days), 12) - timedelta(days=1)


def test_a_grant_is_refused_by_the_first_rule_it_breaks() -> None:
    wrong = grant(assessment_id="a9", valid_from_on=day(-9))
    passed().when(wrong, **TRAINER_AND_COMPLIANCE).refused("PRF-11")


def renewed(days: int) -> Any:
    """The certifications after a renewal that was earned and begins so many days on."""
    case, at = certified(), later(days=days)
    case.given(
        case.when(assign_training("t2", due_on=day(days)), **TRAINER).recorded(
            profile.TrainingAssigned
        )
    )
    for wish, kind in (
        (attend(training_id="t2"), profile.TrainingAttended),
        (complete("t2"), profile.TrainingCompleted),
        (assess("a2"), profile.AssessmentPassed),
    ):
        case.given(case.when(wish, at=at, **TRAINER).recorded(kind), at=at)
    wish = grant(assessment_id="a2", valid_from_on=day(days))
    event = case.when(wish, at=at, **TRAINER_AND_COMPLIANCE)
    return event.recorded(profile.CertificationGranted).facts[0].fact.certifications


def test_a_renewal_lengthens_what_is_valid_and_what_has_ended_goes() -> None:
    (longer,) = renewed(300)
    until_on = months_after(day(300), 12) - timedelta(days=1)
    assert (longer.valid_from_on, longer.valid_until_on) == (TODAY, until_on)
    (adjoining,) = renewed(365)
    assert adjoining.valid_from_on == TODAY
    (anew,) = renewed(366)
    assert anew.valid_from_on == day(366)


def test_a_certification_is_withdrawn_while_it_is_valid() -> None:
    case = certified()
    case.when(WITHDRAW, actor="o-ma").refused("ENV-04")
    event = case.when(WITHDRAW, actor="o-yang").recorded(profile.CertificationWithdrawn)
    assert [each.fact.certifications for each in told(event)] == [()]
    case.when(WITHDRAW, at=later(days=364), actor="o-yang").recorded(profile.CertificationWithdrawn)
    case.when(WITHDRAW, at=later(days=365), actor="o-yang").refused("PRF-13")
    case.given(event, actor="o-yang").when(WITHDRAW, actor="o-yang").refused("PRF-13")
    engaged().when(WITHDRAW, actor="o-yang").refused("PRF-13")
    founded = file_of("c-li").when(WITHDRAW, actor="o-yang")
    left = founded.recorded(profile.CertificationWithdrawn).facts[0].fact.certifications
    assert [each.certification for each in left] == ["cash", "refunds"]


def test_a_certification_expires_the_day_after_its_last_and_once() -> None:
    case = certified()
    ends_at = local_midnight(UNTIL + timedelta(days=1))
    early = ends_at - timedelta(seconds=1)
    case.when(EXPIRE, at=early, **CLOCK).refused("PRF-14", UNTIL.isoformat())
    event = case.when(EXPIRE, at=ends_at, **CLOCK).recorded(profile.CertificationExpired)
    assert told(event) == []
    case.given(event, at=ends_at, **CLOCK)
    case.when(EXPIRE, at=ends_at, **CLOCK).refused("PRF-14", "no such")
    engaged().when(EXPIRE, at=ends_at, **CLOCK).refused("PRF-14", "no such")


def test_the_clock_watches_a_certification_until_it_is_withdrawn() -> None:
    event = passed().when(grant(), **TRAINER_AND_COMPLIANCE).recorded(profile.CertificationGranted)
    expiry, renewal = (each for each in follows(event) if each.due_at is not None)
    ends_at = local_midnight(UNTIL + timedelta(days=1))
    assert expiry == FollowOn("expire.real_name", SUBJECT, EXPIRE, ends_at)
    assert renewal.name == "renew.real_name"
    assert renewal.due_at == local_midnight(UNTIL - timedelta(days=30))
    assert (renewal.data.due_on, renewal.data.cause) == (UNTIL, "yearly")
    case = certified()
    case.when(renewal.data, at=renewal.due_at, **CLOCK).recorded(profile.TrainingAssigned)
    withdrawn = case.when(WITHDRAW, actor="o-yang").recorded(profile.CertificationWithdrawn)
    settled = [each for each in follows(withdrawn) if isinstance(each, Settled)]
    assert settled == [Settled("expire.real_name"), Settled("renew.real_name")]


def test_a_training_that_is_due_finds_a_suspended_clerk_too() -> None:
    case = certified()
    suspended = case.when(profile.Suspend(reason="illness_or_leave"), **HR)
    case.given(suspended.recorded(profile.Suspended), **HR)
    case.when(assign_training("t2"), **CLOCK).recorded(profile.TrainingAssigned)
