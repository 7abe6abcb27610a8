"""Checks, documents, number, agreement and steps of an order: ORD-16 to ORD-28, and ORD-60."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from ledger import policy
from ledger.aggregates.customer import order
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    BY_NUMBERS,
    BY_PROVISIONING,
    ORDER,
    PRODUCTS,
    accept_exit_fee,
    assess_iot_risk,
    attach_document,
    complete_form,
    complete_step,
    disclose_tariff,
    item,
    override_check,
    release_number,
    reserve_number,
    run_check,
    sign_agreement,
    skip_step,
)
from tests.aggregates.customer.order_stages import (
    customer_of,
    did,
    drafted,
    placed,
    started,
    submit,
    submitted,
    the_order,
    with_bill,
    with_line,
    with_lock,
    with_quote,
)
from tests.aggregates.customer.samples import SUBJECT, registered, verified

TWO: dict[str, Any] = {"approver": "s-sun"}
PLAN_99 = item("plan-99")

# Checks


def test_a_failed_check_carries_a_reason() -> None:
    case = placed()
    case.when(run_check(result="failed", reason=None)).refused("ORD-16")
    case.when(run_check(result="failed")).recorded(order.CheckFailed)
    case.when(run_check(result="not_applicable")).recorded(order.CheckPassed)


def test_the_number_limit_is_what_the_customers_record_says() -> None:
    case = placed()
    case.when(run_check("number_limit", "failed")).refused("ORD-17", "passed")
    case.when(run_check("number_limit", "not_applicable")).refused("ORD-17", "passed")
    for number in range(4):
        with_line(case, f"s{number}")
    case.when(run_check("number_limit")).recorded(order.CheckPassed)
    with_line(case, "s4")
    case.when(run_check("number_limit")).refused("ORD-17", "failed")
    case.when(run_check("number_limit", "failed")).recorded(order.CheckFailed)
    no_line = placed("plan_change")
    no_line.when(run_check("number_limit", "not_applicable")).recorded(order.CheckPassed)


def test_a_contract_lock_is_what_the_line_says_until_its_fee_is_accepted() -> None:
    case = placed("plan_change", with_quote(with_lock(customer_of("plan_change"))))
    case.when(run_check("contract_lock")).refused("ORD-17", "failed")
    case.when(run_check("contract_lock", "failed")).recorded(order.CheckFailed)
    did(case, accept_exit_fee(17_820))
    case.when(run_check("contract_lock")).recorded(order.CheckPassed)
    placed().when(run_check("contract_lock", "not_applicable")).recorded(order.CheckPassed)


def test_outstanding_bills_are_what_the_line_says() -> None:
    case = placed("termination")
    case.when(run_check("outstanding_bills")).recorded(order.CheckPassed)
    with_bill(case)
    case.when(run_check("outstanding_bills")).refused("ORD-17", "failed")
    case.when(run_check("outstanding_bills", "failed")).recorded(order.CheckFailed)
    placed().when(run_check("outstanding_bills")).refused("ORD-17", "not_applicable")


@pytest.mark.parametrize(
    "check",
    [
        "real_name",
        "number_limit",
        "listed_person",
        "tariff_disclosed",
        "no_forced_bundle",
        "iot_risk",
        "guardian",
    ],
)
def test_a_statutory_check_is_never_overridden(check: str) -> None:
    placed().when(override_check(check), **TWO).refused("ORD-18")


def test_a_failed_check_is_overridden_once_by_two_who_accept_the_risk() -> None:
    case = placed()
    case.when(override_check()).refused("ENV-07")
    case.when(override_check(), **TWO).refused("ORD-19", "has not failed")
    did(case, run_check("document_set", "failed"))
    case.when(override_check(risk_accepted=False), **TWO).refused("ORD-19", "risk")
    did(case, override_check(), **TWO)
    case.when(override_check(), **TWO).refused("ORD-19", "already")


# Documents and number


def test_a_document_is_attached_once() -> None:
    case = placed()
    did(case, complete_form())
    case.when(attach_document(document_id="doc-form")).refused("ORD-20", "application_form")
    did(case, attach_document())
    case.when(attach_document("agreement", document_id="doc-id_copy")).refused("ORD-20")
    case.when(attach_document("agreement")).recorded(order.DocumentAttached)


def test_form_disclosure_and_agreement_are_documents_themselves() -> None:
    case = drafted()
    kinds = set(the_order(case).documents.values())
    assert kinds == {"application_form", "tariff_disclosure", "agreement", "id_copy"}


def test_a_number_is_held_one_at_a_time_and_not_for_long() -> None:
    case = placed()
    minutes = case.value(policy.RESERVATION_MINUTES)
    case.when(reserve_number(minutes + 1), **BY_NUMBERS).refused("ORD-21", "too long")
    case.when(reserve_number(0), **BY_NUMBERS).refused("ORD-21", "passed")
    did(case, reserve_number(minutes), **BY_NUMBERS)
    other = reserve_number(2 * minutes, reservation_id="res2")
    case.when(other, at=later(minutes=minutes - 1), **BY_NUMBERS).refused("ORD-21", "held")
    outcome = case.when(other, at=later(minutes=minutes), **BY_NUMBERS)
    outcome.recorded(order.NumberReserved)


def test_only_the_number_held_is_released() -> None:
    case = placed()
    case.when(release_number(), **BY_NUMBERS).refused("ORD-21")
    did(case, reserve_number(), **BY_NUMBERS)
    case.when(release_number("res2"), **BY_NUMBERS).refused("ORD-21", "res2")
    did(case, release_number(), **BY_NUMBERS)
    case.when(reserve_number(), **BY_NUMBERS).recorded(order.NumberReserved)


def test_a_number_is_released_after_the_order_has_ended() -> None:
    case = placed()
    did(case, reserve_number(), **BY_NUMBERS)
    did(case, order.Abandon(order_id=ORDER, reason="price"))
    case.when(release_number(), **BY_NUMBERS).recorded(order.NumberReleased)


def test_clerks_reserve_no_number() -> None:
    placed().when(reserve_number()).refused("ENV-03")


def test_an_iot_assessment_is_of_an_iot_item_by_someone_certified() -> None:
    who: dict[str, Any] = {"actor": "o-yang"}
    placed().when(assess_iot_risk(), **who).refused("ORD-22")
    case = placed(items=(item("iot-10"),))
    case.when(assess_iot_risk()).refused("ENV-05")
    case.when(assess_iot_risk(), **who).recorded(order.IotRiskAssessed)


# Agreement


def told(case: Case, *items: order.OrderItem) -> Case:
    did(case, complete_form())
    did(case, disclose_tariff(*items))
    return case


def test_the_agreement_follows_the_disclosure_and_the_form() -> None:
    case = placed()
    did(case, complete_form())
    case.when(sign_agreement()).refused("ORD-23", "tariff")
    did(case, disclose_tariff())
    case.when(sign_agreement()).recorded(order.AgreementSigned)
    formless = placed()
    did(formless, disclose_tariff())
    formless.when(sign_agreement()).refused("ORD-23", "form")


@pytest.mark.parametrize("missing", ["resale_ban_included", "card_lending_warning_given"])
def test_a_card_is_neither_resold_nor_lent(missing: str) -> None:
    without: dict[str, Any] = {missing: False}
    told(placed()).when(sign_agreement(**without)).refused("ORD-24")
    fibre = item("fibre-300")
    no_card = told(placed(items=(fibre,)), fibre)
    no_card.when(sign_agreement(**without)).recorded(order.AgreementSigned)


def test_the_customer_is_given_a_copy() -> None:
    told(placed()).when(sign_agreement(copy_given=False)).refused("ORD-25")


def test_the_term_is_that_of_the_items_and_the_exit_fee_is_stated() -> None:
    case = told(placed(items=(PLAN_99,)), PLAN_99)
    case.when(sign_agreement()).refused("ORD-60", "12 months")
    case.when(sign_agreement(term_months=12)).refused("ORD-60", "plan-99")
    signed = sign_agreement(term_months=12, exit_fee_percent=30, start_on=date(2026, 11, 30))
    event = case.when(signed).recorded(order.AgreementSigned)
    assert event.ends_on == date(2027, 11, 30)
    told(placed()).when(sign_agreement(term_months=12)).refused("ORD-60", "0 months")


def test_a_term_is_never_longer_than_the_law_lets_it_be() -> None:
    case = told(placed(case=customer_of(contract__max_lock_months=11), items=(PLAN_99,)), PLAN_99)
    case.when(sign_agreement(term_months=12, exit_fee_percent=30)).refused("ORD-60", "too long")
    case = told(placed(case=customer_of(contract__max_lock_months=12), items=(PLAN_99,)), PLAN_99)
    signed = sign_agreement(term_months=12, exit_fee_percent=30)
    case.when(signed).recorded(order.AgreementSigned)


@pytest.mark.parametrize(
    ("rule", "stated"),
    [
        ("fixed", {"exit_fee_fixed_fen": 10_000}),
        ("subsidy_pro_rata", {"subsidy_fen": 60_000}),
        ("none", {}),
    ],
)
def test_each_exit_fee_rule_has_its_own_statement(rule: Any, stated: dict[str, Any]) -> None:
    bound = msgspec.structs.replace(PRODUCTS["plan-99"], exit_fee_rule=rule)
    case = told(placed(case=customer_of().knowing(bound), items=(PLAN_99,)), PLAN_99)
    if stated:
        case.when(sign_agreement(term_months=12)).refused("ORD-60", "not stated")
    case.when(sign_agreement(term_months=12, **stated)).recorded(order.AgreementSigned)


def test_the_rules_of_signing_have_their_order() -> None:
    case = placed()
    wrong: dict[str, Any] = {"term_months": 1, "copy_given": False, "resale_ban_included": False}
    case.when(sign_agreement(**wrong)).refused("ORD-23")
    told(case)
    case.when(sign_agreement(**wrong)).refused("ORD-24")
    wrong["resale_ban_included"] = True
    case.when(sign_agreement(**wrong)).refused("ORD-25")
    wrong["copy_given"] = True
    case.when(sign_agreement(**wrong)).refused("ORD-60")


# Steps


def test_a_step_belongs_to_the_procedure_and_is_done_once() -> None:
    case = placed()
    case.when(complete_step("settle_bills")).refused("ORD-26", "no step")
    did(case, complete_step("check_identity"))
    case.when(complete_step("check_identity")).refused("ORD-26", "done")
    case.when(complete_step("submit")).refused("ORD-26", "own interaction")
    case.when(skip_step("check_identity"), **TWO).refused("ORD-26", "done")


def test_steps_are_completed_in_their_order() -> None:
    case = placed()
    case.when(complete_step("complete_form")).refused("ORD-27", "check_identity")
    did(case, complete_step("check_identity"))
    did(case, complete_step("check_number_limit"))
    case.when(complete_step("complete_form")).recorded(order.StepCompleted)


def test_an_optional_step_may_be_left_out() -> None:
    case = drafted()
    assert "reserve_number" not in the_order(case).done
    case.when(complete_step("reserve_number")).recorded(order.StepCompleted)


def test_a_step_out_of_order_is_recorded_where_the_policy_says_so() -> None:
    case = placed(case=customer_of(procedure__out_of_order="record"))
    events = case.when(complete_step("complete_form")).recorded(
        order.StepCompleted, order.DeviationDetected
    )
    assert events[1].expected_step_id == "check_identity"
    assert case.when(complete_step("check_identity")).recorded(order.StepCompleted)


def test_a_step_says_how_long_it_took() -> None:
    case = placed()
    first = did(case, complete_step("check_identity"), at=later(seconds=90))
    assert isinstance(first[0], order.StepCompleted)
    assert first[0].seconds_since_previous == 90
    second = case.when(complete_step("check_number_limit"), at=later(seconds=100))
    assert second.recorded(order.StepCompleted).seconds_since_previous == 10


def test_submitting_is_a_step_of_its_own() -> None:
    case = submitted()
    assert "submit" in the_order(case).done
    did(case, complete_step("issue_sim_or_install"))


def test_only_a_step_that_may_be_skipped_is_skipped_by_two() -> None:
    case = started()
    case.when(skip_step("hand_over_copies"), **TWO).refused("ORD-28")
    case.when(skip_step("test_service")).refused("ENV-07")
    case.when(skip_step("test_service"), **TWO).recorded(order.StepSkipped)
    did(case, skip_step("issue_sim_or_install"), **TWO)
    did(case, skip_step("test_service"), **TWO)
    case.when(complete_step("hand_over_copies")).recorded(order.StepCompleted)


def test_the_steps_are_those_of_the_day_of_placing() -> None:
    case = placed()
    procedure = case.reference.procedure_for("activation", NOW)
    assert procedure is not None
    newer = msgspec.structs.replace(procedure, version=2, steps=procedure.steps[:1])
    case.knowing(newer)
    did(case, complete_step("check_identity"))
    case.when(complete_step("check_number_limit")).recorded(order.StepCompleted)


def test_an_organisation_has_no_limit_of_numbers() -> None:
    case = Case(SUBJECT).given(registered(party_kind="organisation"), verified())
    for number in range(9):
        with_line(case, f"s{number}")
    placed(case=case).when(run_check("number_limit")).recorded(order.CheckPassed)


def test_a_check_is_run_again_while_the_order_is_held() -> None:
    case = started()
    did(case, order.Hold(order_id=ORDER, reason="other"), **BY_PROVISIONING)
    did(case, run_check("document_set", "failed"))
    did(case, override_check(), **TWO)
    outcome = case.when(submit(case), at=NOW + timedelta(hours=1), **AT_COUNTER)
    outcome.refused("ENV-12")
