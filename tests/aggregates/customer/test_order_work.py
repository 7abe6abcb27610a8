"""Work on an order, from its start to its end: ORD-41 to ORD-51, and ORD-59."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import order, subscription
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.order_samples import (
    BY_CLOCK,
    BY_NUMBERS,
    BY_PROVISIONING,
    BY_REACTOR,
    NEW_LINE,
    ORDER,
    TODAY,
    attach_identity,
    complete_form,
    complete_item,
    complete_step,
    fail_item,
    item,
    report_fall_out,
    reserve_number,
    settle_fall_out,
    skip_step,
    start,
)
from tests.aggregates.customer.order_stages import (
    a_completion,
    activated,
    did,
    drafted,
    finish_steps,
    placed,
    started,
    submit,
    submitted,
    the_order,
)
from tests.aggregates.customer.samples import SEALED

TWO_ITEMS: dict[str, Any] = {"items": (item(), item("router-1", "i2"))}


def hold(reason: Any = "other", case_id: str | None = None) -> order.Hold:
    return order.Hold(order_id=ORDER, reason=reason, case_id=case_id)


def release(reason: Any = "other") -> order.Release:
    return order.Release(order_id=ORDER, reason=reason)


def issue_sim(item_id: str = "i1") -> order.IssueSim:
    return order.IssueSim(order_id=ORDER, item_id=item_id, stock_item_id="st1", iccid=SEALED)


def a_question() -> order.RequestInformation:
    return order.RequestInformation(
        order_id=ORDER, question_id="q1", needed=("floor",), answer_by_at=later(days=2)
    )


def the_answer(question_id: str = "q1") -> order.SupplyInformation:
    return order.SupplyInformation(order_id=ORDER, question_id=question_id)


def completed(case: Case, kind: type[Any] = order.Completed, at: datetime = NOW) -> Any:
    return case.when(a_completion(), at=at, **BY_REACTOR).recorded(kind)


# Start, questions, holds


def test_work_starts_only_with_a_number_that_was_held_at_submission() -> None:
    held = drafted()
    did(held, reserve_number(60), **BY_NUMBERS)
    did(held, submit(held), at=later(minutes=60))
    held.when(start(), at=later(hours=3), **BY_PROVISIONING).recorded(order.Started)
    passed = drafted()
    did(passed, reserve_number(60), **BY_NUMBERS)
    did(passed, submit(passed), at=later(minutes=61))
    passed.when(start(), at=later(hours=3), **BY_PROVISIONING).refused("ORD-41", "res1")


def test_only_provisioning_starts_and_only_once() -> None:
    submitted().when(start()).refused("ENV-03")
    started().when(start(), **BY_PROVISIONING).refused("ENV-12")


def test_an_answer_names_the_question() -> None:
    case = started()
    did(case, a_question(), **BY_PROVISIONING)
    assert the_order(case).status == "pending"
    case.when(the_answer("q2")).refused("ORD-42", "q1")
    did(case, the_answer())
    assert the_order(case).status == "in_progress"


def test_a_hold_for_fraud_names_the_case() -> None:
    case = started()
    case.when(hold("fraud_suspicion")).refused("ORD-43")
    case.when(hold("fraud_suspicion", "fr1")).recorded(order.Held)


@pytest.mark.parametrize(
    ("held", "cleared"),
    [
        ("fraud_suspicion", "fraud_cleared"),
        ("stock_missing", "stock_arrived"),
        ("network_fault", "fault_repaired"),
        ("resource_missing", "resource_found"),
        ("appointment_missed", "appointment_made"),
        ("other", "other"),
    ],
)
def test_a_hold_ends_for_its_own_reason(held: str, cleared: str) -> None:
    case = submitted()
    did(case, hold(held, "fr1"))
    wrong = "stock_arrived" if cleared != "stock_arrived" else "other"
    case.when(release(wrong)).refused("ORD-44", held)
    did(case, release(cleared))
    assert the_order(case).status == "acknowledged"


def test_a_released_order_goes_back_to_where_it_was() -> None:
    case = started()
    did(case, a_question(), **BY_PROVISIONING)
    did(case, hold())
    did(case, release())
    assert the_order(case).status == "pending"


# Cards


def test_a_card_is_issued_once_for_each_item_that_has_one() -> None:
    items = (item(), item("plan-199", "i2"), item("fibre-300", "i3"), item("router-1", "i4"))
    case = submitted(items=items)
    for without in ("i3", "i4", "i9"):
        case.when(issue_sim(without)).refused("ORD-45", "no open item")
    did(case, issue_sim("i1"))
    case.when(issue_sim("i1")).refused("ORD-45", "is issued")
    case.when(issue_sim("i2")).recorded(order.SimIssued)


def test_a_card_is_issued_for_an_activation_or_a_replacement_only() -> None:
    started("sim_replacement").when(issue_sim()).recorded(order.SimIssued)
    started("plan_change").when(issue_sim()).refused("ORD-45", "plan_change")


def test_no_card_is_issued_for_an_item_that_has_ended() -> None:
    case = started()
    did(case, fail_item(), **BY_PROVISIONING)
    case.when(issue_sim()).refused("ORD-45", "no open item")


# Fall-outs


def test_a_fall_out_holds_the_order_until_it_is_settled() -> None:
    case = started()
    case.when(report_fall_out("i9"), **BY_PROVISIONING).refused("ORD-47")
    did(case, report_fall_out(), **BY_PROVISIONING)
    assert the_order(case).status == "held"
    case.when(release()).refused("ORD-44", "fall-out of i1")
    case.when(settle_fall_out(item_id="i2")).refused("ORD-46", "i2")
    did(case, settle_fall_out())
    assert the_order(case).status == "in_progress"


def test_a_hold_for_another_reason_is_no_fall_out() -> None:
    case = started()
    did(case, hold())
    case.when(settle_fall_out()).refused("ORD-46")


def test_giving_an_item_up_takes_two_and_fails_it() -> None:
    case = started(**TWO_ITEMS)
    did(case, report_fall_out(), **BY_PROVISIONING)
    case.when(settle_fall_out("give_up")).refused("ORD-46", "no approver")
    case.when(settle_fall_out("give_up"), approver="c-wang").refused("ORD-46", "may not")
    events = did(case, settle_fall_out("give_up"), approver="s-sun")
    assert [type(each) for each in events] == [order.FallOutSettled, order.ItemFailed]
    state = the_order(case)
    assert (state.status, state.items["i1"].status) == ("in_progress", "failed")
    did(case, complete_item())


def test_provisioning_fails_the_item_that_fell_out_and_no_other_while_held() -> None:
    case = started(**TWO_ITEMS)
    did(case, report_fall_out(), **BY_PROVISIONING)
    case.when(fail_item("i2"), **BY_PROVISIONING).refused("ORD-47", "held")
    did(case, fail_item("i1"), **BY_PROVISIONING)
    assert the_order(case).status == "in_progress"
    case.when(settle_fall_out()).refused("ENV-12")


# Items


def test_an_item_ends_once() -> None:
    case = started(**TWO_ITEMS)
    did(case, complete_item())
    case.when(complete_item()).refused("ORD-47", "completed")
    case.when(fail_item("i2"), **BY_PROVISIONING).refused("ORD-47", "completed")
    did(case, fail_item("i1"), **BY_PROVISIONING)
    case.when(fail_item("i1"), **BY_PROVISIONING).refused("ORD-47", "failed")
    case.when(complete_item("i9")).refused("ORD-47", "no such item")


def test_an_item_that_changes_a_line_is_completed_by_the_line() -> None:
    case = started(**TWO_ITEMS)
    case.when(complete_item("i1")).refused("ORD-59", "add of mobile")
    events = activated(case)
    assert [type(each) for each in events] == [subscription.Activated, order.ItemCompleted]
    assert the_order(case).items["i1"].status == "completed"
    assert the_order(case).point_of_no_return
    case.when(fail_item("i1"), **BY_PROVISIONING).refused("ORD-47")


def test_what_stays_as_it_is_is_completed_by_a_clerk() -> None:
    items = (item(action="no_change"), item("video-15", "i2", action="delete"))
    case = started("plan_change", items=items)
    case.when(complete_item("i2")).refused("ORD-59")
    did(case, complete_item("i1"))
    assert not the_order(case).point_of_no_return


def test_a_failed_item_leaves_the_line_as_it_was() -> None:
    outcome = started().when(fail_item(restored=False), **BY_PROVISIONING)
    outcome.refused("ORD-48")


def test_a_declined_item_is_neither_completed_nor_issued() -> None:
    case = drafted(items=(item(), item("data-10", "i2")), without={"confirmation"})
    wish = order.ConfirmItem(
        order_id=ORDER,
        item_id="i2",
        confirmation_id="c1",
        statement_version="v1",
        confirmed=False,
    )
    did(case, wish)
    did(case, submit(case))
    did(case, start(), **BY_PROVISIONING)
    case.when(complete_item("i2")).refused("ORD-47", "no such item")


# The end


def test_an_order_is_completed_when_every_item_is() -> None:
    case = started(**TWO_ITEMS)
    activated(case)
    finish_steps(case)
    case.when(a_completion(), **BY_REACTOR).refused("ORD-49")
    did(case, complete_item())
    completed(case)


def test_an_order_with_mandatory_steps_left_is_not_completed() -> None:
    case = started()
    activated(case)
    case.when(a_completion(), **BY_REACTOR).refused("ORD-50", "issue_sim_or_install")
    did(case, complete_step("issue_sim_or_install"))
    did(case, skip_step("test_service"), approver="s-sun")
    case.when(a_completion(), **BY_REACTOR).refused("ORD-50", "hand_over_copies")
    did(case, complete_step("hand_over_copies"))
    completed(case)


def test_a_held_order_is_not_completed() -> None:
    case = started("suspension")
    did(case, hold())
    case.when(a_completion(), **BY_REACTOR).refused("ENV-12")


def test_an_order_of_which_nothing_could_be_done_fails_without_its_last_steps() -> None:
    case = started()
    did(case, fail_item(), **BY_PROVISIONING)
    event = completed(case, order.Failed)
    assert event.prepared_lines == (NEW_LINE,)
    assert event.hall_id == "renmin"


def test_an_order_of_which_some_could_be_done_is_partial() -> None:
    case = started(items=(item(), item("plan-199", "i2")))
    did(case, fail_item("i2"), **BY_PROVISIONING)
    activated(case)
    case.when(a_completion(), **BY_REACTOR).refused("ORD-50")
    finish_steps(case)
    event = completed(case, order.PartiallyCompleted)
    assert event.prepared_lines == (order.line_of(ORDER, "i2"),)


def test_only_the_reactor_completes() -> None:
    started().when(a_completion()).refused("ENV-03")
    started().when(a_completion(), **BY_PROVISIONING).refused("ENV-03")


def test_completing_says_how_long_it_took_and_whether_that_was_in_time() -> None:
    case = started()
    activated(case)
    finish_steps(case)
    in_time = completed(case, at=later(hours=24))
    assert (in_time.cycle_seconds, in_time.in_time, in_time.late_days) == (86_400, True, None)
    late = completed(case, at=later(hours=24, seconds=1))
    assert (late.in_time, late.late_days, late.late_penalty_fen) == (False, 1, None)


def test_a_late_installation_costs_the_operator_a_percent_of_its_fee_a_day() -> None:
    case = started(items=(item("fibre-300"), item("router-1", "i2")))
    activated(case)
    did(case, complete_item())
    finish_steps(case)
    due_at = the_order(case).expected_completion_at
    assert due_at is not None
    percent = case.value(policy.LATE_PENALTY_PERCENT)
    event = completed(case, at=due_at + timedelta(days=3))
    assert (event.late_days, event.late_penalty_fen) == (3, 10_000 * 3 * percent // 100)
    event = completed(case, at=due_at + timedelta(days=3, seconds=1))
    assert (event.late_days, event.late_penalty_fen) == (4, 10_000 * 4 * percent // 100)


def test_a_completed_order_binds_its_line_as_the_agreement_says() -> None:
    case = started(items=(item("plan-99"), item("plan-39", "i2")))
    activated(case, "i1")
    activated(case, "i2")
    finish_steps(case)
    (term,) = completed(case).terms
    assert term.subscription_id == NEW_LINE
    assert (term.lock_id, term.agreement_id) == ("agr1.i1", "agr1")
    assert (term.from_on, term.until_on) == (TODAY, date(2027, 11, 3))
    assert (term.exit_fee_rule, term.monthly_fen) == ("percent_of_remaining_months", 9_900)
    assert (term.percent, term.fixed_fen, term.subsidy_fen) == (30, None, None)


def test_an_item_that_failed_binds_nothing() -> None:
    case = started(items=(item("plan-99"), item("plan-39", "i2")))
    did(case, fail_item("i1"), **BY_PROVISIONING)
    activated(case, "i2")
    finish_steps(case)
    assert completed(case, order.PartiallyCompleted).terms is None


def test_an_order_becomes_overdue_once() -> None:
    case = submitted()
    mark = order.MarkOverdue(order_id=ORDER)
    case.when(mark, at=later(hours=24, seconds=-1), **BY_CLOCK).refused("ORD-51")
    did(case, mark, at=later(hours=24), **BY_CLOCK)
    case.when(mark, at=later(hours=25), **BY_CLOCK).refused("ORD-51", "already")


def test_nothing_but_a_correction_comes_after_the_end() -> None:
    case = started("suspension")
    did(case, fail_item(), **BY_PROVISIONING)
    did(case, a_completion(), **BY_REACTOR)
    assert the_order(case).status == "failed"
    for late in (hold(), attach_identity(), complete_step("submit")):
        case.when(late).refused("ENV-12")
    assert case.register.orders.open == {}


def correction(**changed: Any) -> order.CorrectEntry:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "wrong_entry_id": "counter-app:m-form:1",
        "field": "form_version",
        "should_be": SEALED,
        "error_kind": "typing",
        "found_by": "self_check",
        "note": SEALED,
    }
    return order.CorrectEntry(**(valid | changed))


def test_what_was_typed_is_corrected_also_after_the_end() -> None:
    case = placed()
    did(case, complete_form(), id="m-form")
    did(case, order.Abandon(order_id=ORDER, reason="price"))
    case.when(correction(field="items")).refused("ENV-14", "form_version")
    case.when(correction(wrong_entry_id="counter-app:g1:1")).refused("ENV-13")
    event = case.when(correction(), actor="c-wang").recorded(order.EntryCorrected)
    assert event.clerk_in_error == "c-li"
    state = the_order(case)
    case.given(event)
    assert the_order(case) == state


def test_the_register_keeps_only_what_is_open() -> None:
    case = started(**TWO_ITEMS)
    kept = case.register.orders.open[ORDER]
    assert (kept.kind, kept.hall, kept.clerk) == ("activation", "renmin", "c-li")
    assert kept.lines_added == {"i1": "mobile"}
    activated(case)
    assert case.register.orders.open[ORDER].lines_added == {}
    did(case, fail_item("i2"), **BY_PROVISIONING)
    finish_steps(case)
    did(case, a_completion(), **BY_REACTOR)
    assert case.register.orders.open == {}
