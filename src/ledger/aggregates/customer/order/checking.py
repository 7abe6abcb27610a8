"""Checks, documents, number, agreement and steps: what an order gathers before it is submitted."""

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.customer.order import lookups, rules
from ledger.aggregates.customer.order.events import (
    AgreementSigned,
    CheckFailed,
    CheckOverridden,
    CheckPassed,
    DeviationDetected,
    DocumentAttached,
    IotRiskAssessed,
    NumberReleased,
    NumberReserved,
    StepCompleted,
    StepSkipped,
)
from ledger.aggregates.customer.order.interactions import (
    AssessIotRisk,
    AttachDocument,
    CompleteStep,
    OverrideCheck,
    RecordNumberReleased,
    RecordNumberReserved,
    RunCheck,
    SignAgreement,
    SkipStep,
)
from ledger.aggregates.customer.order.items import ready
from ledger.aggregates.customer.order.state import SUBMIT_STEP, Item, State
from ledger.aggregates.customer.order.words import CARD_FAMILIES, STATUTORY, PinnedStep
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import months_after, whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def run_check(check: RunCheck, state: State, context: "Context[Register]") -> Decision:
    if check.result == "failed" and check.reason is None:
        return rules.ORD_16()
    recorded = _recorded(check, state, context)
    if recorded is not None and recorded != check.result:
        return rules.ORD_17(f"{check.check} is {recorded} by this customer's own record")
    return [CheckFailed.of(check) if check.result == "failed" else CheckPassed.of(check)]


def _recorded(check: RunCheck, state: State, context: "Context[Register]") -> str | None:
    """The result that the customer's own streams give, or None for checks made elsewhere."""
    match check.check:
        case "number_limit":
            if not any(item.adds_line for item in state.wanted.values()):
                return "not_applicable"
            failed = lookups.too_many_numbers(check.order_id, state, context) is not None
        case "contract_lock":
            if state.subscription_id is None:
                return "not_applicable"
            failed = lookups.is_locked(state, context) and not state.exit_fee_accepted
        case "outstanding_bills":
            if state.subscription_id is None:
                return "not_applicable"
            failed = lookups.line_of_order(state, context).outstanding_fen > 0
        case _:
            return None
    return "failed" if failed else "passed"


def override_check(wish: OverrideCheck, state: State) -> Decision:
    if wish.check in STATUTORY:
        return rules.ORD_18(f"{wish.check} is statutory")
    if state.checks.get(wish.check) != "failed":
        return rules.ORD_19(f"{wish.check} has not failed")
    if wish.check in state.overridden:
        return rules.ORD_19(f"{wish.check} is overridden already")
    if not wish.risk_accepted:
        return rules.ORD_19("the risk is not accepted")
    return [CheckOverridden.of(wish)]


def attach_document(wish: AttachDocument, state: State) -> Decision:
    if wish.document_id in state.documents:
        return rules.ORD_20(f"it is attached as {state.documents[wish.document_id]}")
    return [DocumentAttached.of(wish)]


def reserve_number(
    wish: RecordNumberReserved, state: State, context: "Context[Register]"
) -> Decision:
    time, held = context.envelope.time, state.reservation
    if held is not None and held.reserved_until_at > time:
        return rules.ORD_21(f"{held.reservation_id} is held")
    longest = timedelta(minutes=context.policy[policy.RESERVATION_MINUTES])
    if not time < wish.reserved_until_at <= time + longest:
        return rules.ORD_21("the reservation has passed, or is too long")
    return [NumberReserved.of(wish)]


def release_number(wish: RecordNumberReleased, state: State) -> Decision:
    held = state.reservation
    if held is None or held.reservation_id != wish.reservation_id:
        return rules.ORD_21(f"{wish.reservation_id} is not held")
    return [NumberReleased.of(wish)]


def assess_iot_risk(assessment: AssessIotRisk, state: State) -> Decision:
    if not any(item.family == "iot" for item in state.wanted.values()):
        return rules.ORD_22("no item of the order is of IoT")
    return [IotRiskAssessed.of(assessment)]


def sign_agreement(wish: SignAgreement, state: State, context: "Context[Register]") -> Decision:
    if tariff_is_due(state) and not state.tariff_disclosed:
        return rules.ORD_23("the tariff is not disclosed")
    if not state.form_completed:
        return rules.ORD_23("the form is not completed")
    with_card = any(item.family in CARD_FAMILIES for item in state.wanted.values())
    if with_card and not (wish.resale_ban_included and wish.card_lending_warning_given):
        return rules.ORD_24()
    if not wish.copy_given:
        return rules.ORD_25()
    refusal = _term(wish, state, context)
    if refusal is not None:
        return refusal
    ends_on = months_after(wish.start_on, wish.term_months) if wish.term_months else None
    return [AgreementSigned.of(wish, ends_on=ends_on)]


def tariff_is_due(state: State) -> bool:
    """Whether the tariff must be disclosed: something is sold, or the procedure says so."""
    return bool(state.sold) or state.declares("tariff_disclosure", "disclose_tariff")


def _term(wish: SignAgreement, state: State, context: "Context[Register]") -> Refusal | None:
    """ORD-60."""
    longest = max((item.contract_months for item in state.sold.values()), default=0)
    if wish.term_months != longest:
        return rules.ORD_60(f"the items bind for {longest} months")
    if longest > context.policy[policy.MAX_LOCK_MONTHS]:
        return rules.ORD_60(f"{longest} months is too long")
    unstated = [item.product_id for item in state.sold.values() if _unstated(item, wish, context)]
    if unstated:
        return rules.ORD_60(f"what leaving {unstated[0]} early costs is not stated")
    return None


def _unstated(item: Item, wish: SignAgreement, context: "Context[Register]") -> bool:
    product = context.reference.product(item.product_id, item.tariff_version, context.envelope.time)
    if product is None or not product.lock:
        return False
    stated = {
        "none": 0,
        "fixed": wish.exit_fee_fixed_fen,
        "percent_of_remaining_months": wish.exit_fee_percent,
        "subsidy_pro_rata": wish.subsidy_fen,
    }
    return stated[product.exit_fee_rule] is None


def complete_step(wish: CompleteStep, state: State, context: "Context[Register]") -> Decision:
    refusal = _of_procedure(wish.step_id, state)
    if refusal is not None:
        return refusal
    expected = _expected_before(wish.step_id, state)
    if expected is not None and context.policy[policy.OUT_OF_ORDER] == "refuse":
        return rules.ORD_27(f"{expected} comes first")
    previous_at = state.last_step_at or context.envelope.time
    completed = StepCompleted.of(
        wish,
        seconds_since_previous=whole_seconds(previous_at, context.envelope.time),
        is_ready=ready(state, done=wish.step_id),
    )
    if expected is None:
        return [completed]
    deviation = DeviationDetected(
        order_id=wish.order_id, step_id=wish.step_id, expected_step_id=expected
    )
    return [completed, deviation]


def skip_step(wish: SkipStep, state: State) -> Decision:
    refusal = _of_procedure(wish.step_id, state)
    if refusal is not None:
        return refusal
    if not _declared(state, wish.step_id).can_skip:
        return rules.ORD_28(f"{wish.step_id} is never skipped")
    return [StepSkipped.of(wish, is_ready=ready(state, done=wish.step_id))]


def _of_procedure(step_id: str, state: State) -> Refusal | None:
    """ORD-26."""
    if all(step.step_id != step_id for step in state.steps):
        return rules.ORD_26(f"{step_id} is no step of the order's procedure")
    if step_id in state.done:
        return rules.ORD_26(f"{step_id} is done")
    if step_id == SUBMIT_STEP:
        return rules.ORD_26("the order is submitted by its own interaction")
    return None


def _declared(state: State, step_id: str) -> PinnedStep:
    return next(step for step in state.steps if step.step_id == step_id)


def _expected_before(step_id: str, state: State) -> str | None:
    """The first mandatory step that should have been done before, if any."""
    for step in state.steps:
        if step.step_id == step_id:
            return None
        if step.mandatory and step.step_id not in state.done:
            return step.step_id
    return None
