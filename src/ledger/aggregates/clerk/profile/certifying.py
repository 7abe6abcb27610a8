"""Assessments, and the certifications that rest on them."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ledger import policy
from ledger.aggregates.clerk.profile import rules
from ledger.aggregates.clerk.profile.events import (
    AssessmentFailed,
    AssessmentPassed,
    CertificationExpired,
    CertificationGranted,
    CertificationWithdrawn,
)
from ledger.aggregates.clerk.profile.interactions import (
    SUBJECTS,
    ExpireCertification,
    GrantCertification,
    RecordAssessment,
    WithdrawCertification,
)
from ledger.aggregates.clerk.profile.state import State
from ledger.aggregates.model import Context, Decision
from ledger.dated import changed
from ledger.facts import Certification, Clerk, Held
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight, months_after

if TYPE_CHECKING:
    from ledger.aggregates.clerk.register import Register


def record_assessment(
    wish: RecordAssessment, state: State, context: "Context[Register]"
) -> Decision:
    today = business_day(context.envelope.time)
    if wish.assessment_id in state.assessments:
        return rules.PRF_09(f"assessment {wish.assessment_id} is recorded already")
    window = timedelta(days=context.policy[policy.ASSESSMENT_WINDOW_DAYS])
    earlier = _attempts(wish.certification or wish.training_id, state, today - window)
    most = context.policy[policy.ASSESSMENT_MAX_ATTEMPTS]
    if wish.attempt != len(earlier) + 1:
        return rules.PRF_09(f"the next attempt is {len(earlier) + 1}")
    if wish.attempt > most:
        return rules.PRF_09(f"{most} attempts were made since {min(earlier).isoformat()}")
    refusal = _trained(wish, state, context)
    if refusal is not None:
        return refusal
    pass_bp = context.policy[policy.ASSESSMENT_PASS_BP]
    if wish.points_bp >= pass_bp:
        return [AssessmentPassed.of(wish, pass_bp=pass_bp)]
    retry_from_on = min([*earlier, today]) + window if wish.attempt == most else None
    return [AssessmentFailed.of(wish, pass_bp=pass_bp, retry_from_on=retry_from_on)]


def _attempts(about: str | None, state: State, before: date) -> list[date]:
    """The days of the attempts after `before` and since the last that was passed."""
    days: list[date] = []
    for each in state.assessments.values():
        if each.about == about and each.on > before:
            days = [] if each.passed else [*days, each.on]
    return days


def _trained(wish: RecordAssessment, state: State, context: "Context[Register]") -> Refusal | None:
    if wish.training_id is not None and wish.training_id not in state.trainings:
        return rules.PRF_10(f"training {wish.training_id} is not assigned")
    if wish.certification is None:
        named = wish.training_id is not None
        return None if named else rules.PRF_10("neither training nor certification is named")
    days = context.policy[policy.CERTIFICATION_TRAINING_DAYS]
    since = business_day(context.envelope.time) - timedelta(days=days)
    subjects = SUBJECTS[wish.certification]
    for training in state.trainings.values():
        recent = training.completed_on is not None and training.completed_on >= since
        if recent and not set(subjects).isdisjoint(training.subjects):
            return None
    return rules.PRF_10(f"no training in {' or '.join(subjects)} was completed in {days} days")


def grant_certification(
    wish: GrantCertification, state: State, context: "Context[Register]"
) -> Decision:
    today = business_day(context.envelope.time)
    recent = timedelta(days=context.policy[policy.CERTIFICATION_GRANT_DAYS])
    assessment = state.assessments.get(wish.assessment_id)
    if assessment is None or not assessment.passed or assessment.about != wish.certification:
        return rules.PRF_11(f"no assessment {wish.assessment_id} for it was passed")
    if assessment.on < today - recent:
        return rules.PRF_11(f"the assessment is of {assessment.on.isoformat()}")
    if not assessment.on <= wish.valid_from_on <= today + recent:
        return rules.PRF_12(f"{wish.valid_from_on.isoformat()} is before it, or too far ahead")
    months = context.policy[policy.CERTIFICATION_VALID_MONTHS]
    valid_until_on = months_after(wish.valid_from_on, months) - timedelta(days=1)
    granted = Held(
        certification=wish.certification,
        valid_from_on=wish.valid_from_on,
        valid_until_on=valid_until_on,
    )
    facts = changed(
        state.facts,
        state.fact_version + 1,
        context.envelope.time,
        lambda clerk: _with(clerk, granted, today),
    )
    return [CertificationGranted.of(wish, facts=facts, valid_until_on=valid_until_on)]


def _with(clerk: Clerk, granted: Held, today: date) -> Clerk:
    """A renewal lengthens what is valid until it begins; what has ended goes."""
    kept: list[Held] = []
    for held in clerk.certifications:
        if held.certification != granted.certification:
            kept.append(held)
        elif held.valid_until_on >= granted.valid_from_on - timedelta(days=1):
            granted = replace(
                granted,
                valid_from_on=min(held.valid_from_on, granted.valid_from_on),
                valid_until_on=max(held.valid_until_on, granted.valid_until_on),
            )
        elif held.valid_until_on >= today:
            kept.append(held)
    return replace(clerk, certifications=(*kept, granted))


def withdraw_certification(
    wish: WithdrawCertification, state: State, context: "Context[Register]"
) -> Decision:
    last_on = _last_on(state, wish.certification)
    if last_on is None or last_on < business_day(context.envelope.time):
        return rules.PRF_13()

    def without(clerk: Clerk) -> Clerk:
        others = (held for held in clerk.certifications if held.certification != wish.certification)
        return replace(clerk, certifications=tuple(others))

    facts = changed(state.facts, state.fact_version + 1, context.envelope.time, without)
    return [CertificationWithdrawn.of(wish, facts=facts)]


def expire_certification(
    mark: ExpireCertification, state: State, context: "Context[Register]"
) -> Decision:
    last_on = _last_on(state, mark.certification)
    if last_on is None or mark.certification in state.expired:
        return rules.PRF_14("no such certification waits to expire")
    if context.envelope.time < local_midnight(last_on + timedelta(days=1)):
        return rules.PRF_14(f"it is valid until {last_on.isoformat()}")
    return [CertificationExpired.of(mark)]


def _last_on(state: State, certification: Certification) -> date | None:
    """The last day on which the clerk holds the certification, past or to come."""
    held = (each for each in state.newest.certifications if each.certification == certification)
    return max((each.valid_until_on for each in held), default=None)
