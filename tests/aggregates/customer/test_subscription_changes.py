"""SUB-02 and SUB-11 to SUB-13: what is changed of a line by order: its plan, products and card."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from ledger import policy
from ledger.aggregates.customer import order, subscription
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.samples import known
from tests.aggregates.customer.subscription_samples import (
    ADD_ON_OF_A_NEW_LINE,
    LINE,
    PROVISIONING,
    TODAY,
    UPGRADE,
    activation_ordered,
    active_line,
    add_product,
    change_plan,
    day,
    item,
    line_events,
    ordered,
    product_added,
    remove_product,
    replace_sim,
    suspended,
)

ADD_ON = item("video-15", family="add_on", monthly_fen=1_500)
ADD_ON_ENDS = item("video-15", "delete", family="add_on", monthly_fen=1_500)
SAME_PLAN = item("plan-39", "modify")


def confirmed(item_id: str = "i1", order_id: str = "o2") -> order.ItemConfirmed:
    wish = order.ConfirmItem(
        order_id=order_id,
        item_id=item_id,
        confirmation_id="conf1",
        statement_version="s1",
        confirmed=True,
    )
    return order.ItemConfirmed.of(wish)


# SUB-11


def test_a_plan_is_changed_to_that_of_the_order() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    changed, completed = case.when(change_plan(), **PROVISIONING).recorded(
        subscription.PlanChanged, order.ItemCompleted
    )
    assert (changed.old_plan_id, changed.old_monthly_fen) == ("plan-39", 3_900)
    assert (changed.sold_by, changed.hall_id) == ("c-wang", "renmin")
    assert completed.effective_at == NOW
    case.given(changed, completed)
    assert case.states[f"subscription/{LINE}"].monthly_fen == 19_900
    assert case.register.lines.lines[LINE].plan_id == "plan-199"


@pytest.mark.parametrize(
    "changed", [{"plan_id": "plan-99"}, {"tariff_version": "2025-9"}, {"monthly_fen": 1}]
)
def test_another_plan_or_price_is_not_what_was_ordered(changed: dict[str, Any]) -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    case.when(change_plan(**changed), **PROVISIONING).refused("SUB-02", "plan-199")


def test_a_plan_takes_effect_when_its_day_begins() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    _, completed = case.when(change_plan(effective_on=day(28)), **PROVISIONING).recorded(
        subscription.PlanChanged, order.ItemCompleted
    )
    assert completed.effective_at == datetime.fromisoformat("2026-12-01T00:00:00+08:00")


def without_sale(case: Case, **changed: Any) -> Case:
    product = case.reference.product("plan-199", "2026-1", NOW)
    assert product is not None
    return case.knowing(msgspec.structs.replace(product, **changed))


def test_a_new_plan_was_on_sale_in_public_when_the_order_was_submitted() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    without_sale(case, withdrawn_from_at=later(seconds=1))
    at = {"at": later(hours=1)}
    case.when(change_plan(), **PROVISIONING, **at).recorded(
        subscription.PlanChanged, order.ItemCompleted
    )
    without_sale(case, withdrawn_from_at=NOW)
    case.when(change_plan(), **PROVISIONING, **at).refused("SUB-11", "on sale")
    without_sale(case, withdrawn_from_at=None, is_disclosed=False)
    case.when(change_plan(), **PROVISIONING, **at).refused("SUB-11", "on sale")


def test_a_plan_that_nobody_published_is_not_changed_to() -> None:
    unknown = item("plan-x", "modify", monthly_fen=100)
    case = ordered(active_line(), "plan_change", unknown)
    wish = change_plan(plan_id="plan-x", monthly_fen=100)
    case.when(wish, **PROVISIONING).refused("SUB-11", "plan-x")


def test_a_new_plan_starts_no_earlier_than_its_order() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    case.when(change_plan(effective_on=day(-1)), **PROVISIONING).refused("SUB-11", "2026-11-03")


# SUB-12


def test_an_add_on_is_added_with_its_own_confirmation() -> None:
    case = ordered(active_line(), "service_upgrade", ADD_ON).given(confirmed())
    added, _ = case.when(add_product(), **PROVISIONING).recorded(
        subscription.ProductAdded, order.ItemCompleted
    )
    assert (added.sold_by, added.hall_id) == ("c-wang", "renmin")
    case.given(added)
    assert case.states[f"subscription/{LINE}"].products == {"video-15": 1_500}


def test_an_add_on_of_a_new_lines_order_is_added_to_that_line() -> None:
    case = activation_ordered(known(), "o1", ADD_ON_OF_A_NEW_LINE)
    case.given(*line_events("o1"), confirmed("i2", "o1"))
    wish = add_product(order_id="o1", item_id="i2")
    case.when(wish, **PROVISIONING).recorded(subscription.ProductAdded, order.ItemCompleted)


def test_an_add_on_without_confirmation_is_not_added() -> None:
    case = ordered(active_line(), "service_upgrade", ADD_ON)
    case.when(add_product(), **PROVISIONING).refused("SUB-12", "conf1")
    case.given(confirmed())
    case.when(add_product(confirmation_id="conf2"), **PROVISIONING).refused("SUB-12", "conf2")


def test_a_product_is_on_the_line_once() -> None:
    case = ordered(active_line().given(product_added()), "service_upgrade", ADD_ON)
    case.given(confirmed())
    case.when(add_product(), **PROVISIONING).refused("SUB-12", "on the line")


def test_another_add_on_or_price_is_not_what_was_ordered() -> None:
    case = ordered(active_line(), "service_upgrade", ADD_ON).given(confirmed())
    case.when(add_product(product_id="data-10"), **PROVISIONING).refused("SUB-02", "video-15")
    case.when(add_product(monthly_fen=1_501), **PROVISIONING).refused("SUB-02", "1500")


# SUB-13


def test_an_add_on_is_removed_and_its_sale_remembered() -> None:
    case = ordered(active_line().given(product_added()), "plan_change", ADD_ON_ENDS)
    removed, _ = case.when(remove_product(), **PROVISIONING).recorded(
        subscription.ProductRemoved, order.ItemCompleted
    )
    assert (removed.sold_by, removed.hall_id) == ("c-zhao", "renmin")
    assert (removed.monthly_fen, removed.added_on) == (1_500, TODAY)
    case.given(removed)
    assert case.states[f"subscription/{LINE}"].products == {}


@pytest.mark.parametrize(("days", "early"), [(30, True), (31, False)])
def test_a_sale_is_taken_back_within_its_days(days: int, early: bool) -> None:
    case = active_line().given(product_added(effective_on=day(-days)))
    ordered(case, "plan_change", ADD_ON_ENDS)
    assert case.value(policy.CLAW_BACK_DAYS) == 30
    removed, _ = case.when(remove_product(), **PROVISIONING).recorded(
        subscription.ProductRemoved, order.ItemCompleted
    )
    assert removed.early is early


def test_only_a_product_on_the_line_is_removed() -> None:
    case = ordered(active_line(), "plan_change", ADD_ON_ENDS)
    case.when(remove_product(), **PROVISIONING).refused("SUB-13", "video-15")
    case.when(remove_product(product_id="data-10"), **PROVISIONING).refused("SUB-02", "video-15")


# The card


def test_a_card_is_exchanged_by_order_also_of_a_suspended_line() -> None:
    case = ordered(active_line(), "sim_replacement", SAME_PLAN)
    both = (subscription.SimReplaced, order.ItemCompleted)
    case.when(replace_sim(), **PROVISIONING).recorded(*both)
    case.when(replace_sim(order_id="o1"), **PROVISIONING).refused("SUB-02")
    case.given(suspended())
    case.when(replace_sim(), **PROVISIONING).recorded(*both)
