"""SUB-04 to SUB-10: why a line is barred, who may bar it, and on what proof it is opened again."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import order, subscription
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.samples import verified
from tests.aggregates.customer.subscription_samples import (
    BILLING,
    FRAUD_DESK,
    LINE,
    PROVISIONING,
    active_line,
    arrears,
    bill_settled,
    billed,
    day,
    in_arrears,
    item,
    ordered,
    resume,
    suspend,
    suspended,
)

REGULATOR = {"actor": "system:regulator"}
OFFICER = {"actor": "o-yang"}
RELIEF: dict[str, Any] = {"relief_channel": "10086", "documents_needed": ("id_copy",)}
NOTICED: dict[str, Any] = {"notice_given_at": NOW}
CLEARED = (subscription.SuspensionReasonCleared, subscription.Resumed)
DESK_REASONS = ["fraud_suspicion", "identity_reverification", "fraud_confirmed", "regulator_order"]


def state(case: Case) -> subscription.State:
    return case.states[f"subscription/{LINE}"]


def overdue(days: int = 30, **parameters: Any) -> Case:
    """A line in arrears for that many days."""
    return active_line(**parameters).given(in_arrears(day(-days)))


# By order, SUB-02


def test_a_suspension_by_order_completes_its_item() -> None:
    case = ordered(active_line(), "suspension", item("plan-39", "modify"))
    wish = suspend("customer_request", order_id="o2", item_id="i1")
    case.when(wish, **PROVISIONING).recorded(subscription.Suspended, order.ItemCompleted)


def test_an_order_suspends_at_the_owners_wish_only() -> None:
    case = ordered(active_line(), "suspension", item("plan-39", "modify"))
    wish = suspend("lost_or_stolen", order_id="o2", item_id="i1")
    case.when(wish, **PROVISIONING).refused("SUB-02", "lost_or_stolen")
    unknown = suspend("customer_request", order_id="o9", item_id="i1")
    case.when(unknown, **PROVISIONING).refused("SUB-02", "o9")
    no_item = suspend("customer_request", order_id="o2")
    case.when(no_item, **PROVISIONING).refused("SUB-02")
    no_order = suspend("customer_request", item_id="i1")
    case.when(no_order, **PROVISIONING).refused("SUB-02")


# SUB-04


def test_a_reason_is_added_once_while_it_stands() -> None:
    case = active_line().given(suspended("lost_or_stolen"))
    case.when(suspend("lost_or_stolen")).refused("SUB-04")
    case.given(verified())
    wish = suspend("customer_request", verification_id="ver1")
    case.given(case.when(wish).recorded(subscription.Suspended))
    assert state(case).suspension_reasons == {"lost_or_stolen", "customer_request"}


def test_a_repeated_reason_is_refused_before_its_proof_is_looked_at() -> None:
    case = active_line().given(suspended("customer_request"))
    case.when(suspend("customer_request")).refused("SUB-04")


# SUB-05


def test_an_owners_wish_rests_on_a_valid_verification() -> None:
    case = active_line()
    wish = suspend("customer_request", verification_id="ver1")
    case.when(wish).refused("SUB-05")
    case.given(verified(hours=1))
    case.when(wish, at=later(hours=1)).recorded(subscription.Suspended)
    case.when(wish, at=later(hours=1, seconds=1)).refused("SUB-05")


def test_a_loss_is_taken_at_once_on_the_owners_word() -> None:
    event = active_line().when(suspend("lost_or_stolen")).recorded(subscription.Suspended)
    assert event.outgoing_barred
    assert event.incoming_barred


def test_policy_may_ask_for_a_document_also_of_a_loss() -> None:
    case = active_line(suspension__loss_needs_document=True)
    case.when(suspend("lost_or_stolen")).refused("SUB-05")
    case.given(verified())
    wish = suspend("lost_or_stolen", verification_id="ver1")
    case.when(wish).recorded(subscription.Suspended)


# SUB-06


def test_a_line_is_suspended_for_arrears_after_the_legal_days() -> None:
    wish = suspend("arrears", **NOTICED)
    assert active_line().value(policy.SUSPEND_AFTER_DAYS) == 30
    overdue(29).when(wish, **BILLING).refused("SUB-06", "2026-11-04")
    event = overdue(30).when(wish, **BILLING).recorded(subscription.Suspended)
    assert event.outgoing_barred
    assert not event.incoming_barred


def test_a_line_without_arrears_is_not_suspended_for_them() -> None:
    active_line().when(suspend("arrears", **NOTICED), **BILLING).refused("SUB-06", "nothing")


def test_a_suspension_for_arrears_follows_a_notice_of_them() -> None:
    case = overdue(30)
    case.when(suspend("arrears"), **BILLING).refused("SUB-06", "notice")
    late = suspend("arrears", notice_given_at=later(seconds=1))
    case.when(late, **BILLING).refused("SUB-06", "notice")
    on_the_day = suspend("arrears", notice_given_at=NOW - timedelta(days=30))
    case.when(on_the_day, **BILLING).recorded(subscription.Suspended)
    of_others = suspend("arrears", notice_given_at=NOW - timedelta(days=31))
    case.when(of_others, **BILLING).refused("SUB-06", "notice")


# SUB-07


@pytest.mark.parametrize("reason", DESK_REASONS[:3])
def test_who_is_suspected_is_told_the_way_to_be_heard(reason: str) -> None:
    case = active_line()
    case.when(suspend(reason), **FRAUD_DESK).refused("SUB-07")
    case.when(suspend(reason, relief_channel="10086"), **FRAUD_DESK).refused("SUB-07")
    case.when(suspend(reason, documents_needed=()), **FRAUD_DESK).refused("SUB-07")
    case.when(suspend(reason, **RELIEF), **FRAUD_DESK).recorded(subscription.Suspended)


def test_an_order_of_the_regulator_needs_no_more() -> None:
    case = active_line()
    case.when(suspend("regulator_order"), **REGULATOR).recorded(subscription.Suspended)


# SUB-08


@pytest.mark.parametrize("reason", DESK_REASONS)
def test_the_counter_suspends_nobody_for_fraud(reason: str) -> None:
    case, wish = active_line(), suspend(reason, **RELIEF)
    case.when(wish).refused("SUB-08", "c-li")
    case.when(wish, actor="m-he").refused("SUB-08")
    case.when(wish, **BILLING).refused("SUB-08")
    case.when(wish, **OFFICER).recorded(subscription.Suspended)
    case.when(wish, **FRAUD_DESK).recorded(subscription.Suspended)


def test_relief_is_asked_for_before_the_sender() -> None:
    active_line().when(suspend("fraud_suspicion")).refused("SUB-07")


def test_arrears_are_billings_to_tell() -> None:
    overdue().when(suspend("arrears", **NOTICED)).refused("SUB-08", "c-li")
    overdue().when(suspend("arrears", **NOTICED), **FRAUD_DESK).refused("SUB-08")


def test_the_owners_word_comes_through_a_counter_or_an_order() -> None:
    case = active_line()
    case.when(suspend("lost_or_stolen"), **BILLING).refused("SUB-08")
    case.when(suspend("lost_or_stolen"), **REGULATOR).refused("SUB-08")
    case.when(suspend("lost_or_stolen"), **PROVISIONING).recorded(subscription.Suspended)


def test_what_is_barred_follows_from_all_reasons_that_stand() -> None:
    case = overdue().given(suspended("lost_or_stolen"))
    event = case.when(suspend("arrears", **NOTICED), **BILLING).recorded(subscription.Suspended)
    assert event.incoming_barred


# SUB-09 and SUB-10


def test_a_resumption_clears_a_reason_that_stands() -> None:
    case = active_line().given(suspended("lost_or_stolen"))
    case.when(resume("customer_request")).refused("SUB-09")
    active_line().when(resume()).refused("ENV-12")


def test_a_found_phone_is_opened_on_a_valid_verification() -> None:
    case = active_line().given(suspended("lost_or_stolen"))
    case.when(resume(verification_id="ver1")).refused("SUB-10")
    case.given(verified())
    case.when(resume(), **BILLING).refused("SUB-10")
    cleared, resumed = case.when(resume(verification_id="ver1")).recorded(*CLEARED)
    assert cleared.remaining == ()
    assert cleared.in_time is None
    case.given(cleared, resumed)
    assert state(case).status == "active"
    assert case.register.lines.lines[LINE].status == "active"


def test_one_reason_cleared_leaves_the_others() -> None:
    case = active_line().given(suspended("arrears"), suspended("lost_or_stolen"))
    event = case.when(resume("arrears")).recorded(subscription.SuspensionReasonCleared)
    assert event.remaining == ("lost_or_stolen",)
    case.given(event)
    assert state(case).status == "suspended"
    assert state(case).suspension_reasons == {"lost_or_stolen"}


def test_arrears_are_cleared_when_they_are_paid() -> None:
    case = overdue().given(suspended("arrears"))
    case.when(resume("arrears"), **BILLING).refused("SUB-10", "unpaid")
    paid = arrears(0)
    case.given(case.when(paid, **BILLING).recorded(subscription.ArrearsCleared))
    case.when(resume("arrears"), **BILLING).recorded(*CLEARED)


@pytest.mark.parametrize(("after", "in_time"), [({"hours": 48}, True), ({"hours": 49}, False)])
def test_a_line_is_opened_within_the_legal_hours_of_payment(
    after: dict[str, int], in_time: bool
) -> None:
    case = active_line().given(suspended("arrears"), billed(), bill_settled())
    assert case.value(policy.RESUME_WITHIN_HOURS) == 48
    cleared, _ = case.when(resume("arrears"), at=later(**after), **BILLING).recorded(*CLEARED)
    assert cleared.in_time is in_time


@pytest.mark.parametrize("reason", DESK_REASONS)
def test_the_fraud_desk_alone_lifts_what_it_ordered(reason: Any) -> None:
    case = active_line().given(suspended(reason), verified())
    case.when(resume(reason, verification_id="ver1")).refused("SUB-10", "fraud desk")
    case.when(resume(reason), **BILLING).refused("SUB-10")
    case.when(resume(reason), **OFFICER).recorded(*CLEARED)
    case.when(resume(reason), **FRAUD_DESK).recorded(*CLEARED)
