"""SUB-01 to SUB-03: how a line is prepared and activated by order, and how many one may have."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import customer, order, subscription
from ledger.aggregates.customer.subscription.register import Line
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.samples import known, register
from tests.aggregates.customer.subscription_samples import (
    ADD_ON_OF_A_NEW_LINE,
    LINE,
    PROVISIONING,
    REACTOR,
    SEALED,
    SUBMITTED_BY,
    TODAY,
    UPGRADE,
    acknowledged,
    activate,
    activation_ordered,
    active_line,
    add_product,
    change_plan,
    day,
    failed,
    item,
    line,
    line_events,
    locked,
    ordered,
    placed,
    prepare,
    prepared_line,
    started,
    submitted,
    suspended,
)

BOTH = (subscription.Activated, order.ItemCompleted)


# SUB-01


def test_a_line_is_prepared_by_its_acknowledged_order() -> None:
    case = known().given(placed("activation", [item()]), **SUBMITTED_BY)
    case.when(prepare(), **REACTOR).refused("SUB-01", "acknowledged")
    case.given(submitted(), acknowledged())
    case.when(prepare(), **REACTOR).recorded(subscription.Prepared)
    case.given(started())
    case.when(prepare(), **REACTOR).recorded(subscription.Prepared)
    case.given(failed())
    case.when(prepare(), **REACTOR).refused("SUB-01")


def test_only_an_order_that_adds_a_line_prepares_one() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    case.when(prepare(subscription_id="s9", order_id="o2"), **REACTOR).refused("SUB-01")
    case.when(prepare(subscription_id="s9", order_id="o9"), **REACTOR).refused("SUB-01")


def test_a_prepared_line_is_that_of_an_item() -> None:
    case = activation_ordered(known(), "o1", ADD_ON_OF_A_NEW_LINE)
    case.when(prepare(item_id="i9"), **REACTOR).refused("SUB-01", "i9")
    case.when(prepare(item_id="i2"), **REACTOR).refused("SUB-01", "i2")
    case.when(prepare(subscription_id="s9"), **REACTOR).refused("SUB-01")
    case.when(prepare(), **REACTOR).recorded(subscription.Prepared)


@pytest.mark.parametrize(
    "changed",
    [
        {"family": "iot"},
        {"plan_id": "plan-99"},
        {"tariff_version": "2026-2"},
        {"monthly_fen": 3_901},
    ],
)
def test_family_plan_and_price_are_those_of_the_item(changed: dict[str, Any]) -> None:
    case = activation_ordered(known())
    case.when(prepare(**changed), **REACTOR).refused("SUB-01", "plan-39")


# SUB-02


def test_an_activation_completes_the_item_in_the_same_entry() -> None:
    done, completed = prepared_line().when(activate(), **PROVISIONING).recorded(*BOTH)
    assert (completed.order_id, completed.item_id) == ("o1", "i1")
    assert completed.effective_at == done.active_since_at == NOW
    assert done.on_net_since_on == TODAY
    assert (done.family, done.sold_by, done.hall_id) == ("mobile", "c-wang", "renmin")


def test_the_days_on_the_net_begin_on_the_halls_day() -> None:
    midnight = datetime.fromisoformat("2026-11-03T16:00:00+00:00")
    wish = activate(activated_at=midnight)
    done, _ = prepared_line().when(wish, **PROVISIONING).recorded(*BOTH)
    assert done.on_net_since_on == day(1)


def test_a_change_names_an_order_of_its_kind() -> None:
    case = ordered(prepared_line(), "termination", item("plan-39", "delete"), subscription_id="x")
    case.when(activate(order_id="o2"), **PROVISIONING).refused("SUB-02", "activation")
    case.when(activate(order_id="o9"), **PROVISIONING).refused("SUB-02", "o9")


def test_a_change_names_an_order_in_progress() -> None:
    case = prepared_line()
    hold = order.Held(order_id="o1", reason="stock_missing")
    case.given(hold)
    case.when(activate(), **PROVISIONING).refused("SUB-02", "held")


def test_a_change_names_an_item_of_the_order_for_this_line() -> None:
    case = prepared_line()
    case.when(activate(item_id="i9"), **PROVISIONING).refused("SUB-02", "i9")
    activation_ordered(case, "o2")
    case.when(activate(order_id="o2"), **PROVISIONING).refused("SUB-02", "not for this line")
    other = ordered(active_line(), "plan_change", UPGRADE, subscription_id="another")
    other.when(change_plan(), **PROVISIONING).refused("SUB-02", "not for this line")


def test_a_line_is_activated_by_its_own_item_and_not_by_an_add_on() -> None:
    case = activation_ordered(known(), "o1", ADD_ON_OF_A_NEW_LINE)
    case.given(subscription.Prepared.of(prepare()))
    case.when(activate(item_id="i2"), **PROVISIONING).refused("SUB-02", "i2")
    case.when(activate(), **PROVISIONING).recorded(*BOTH)


def test_an_item_is_carried_out_by_the_change_that_it_asks_for() -> None:
    case = ordered(active_line(), "service_upgrade", UPGRADE)
    case.when(add_product(), **PROVISIONING).refused("SUB-02", "modify")


def test_an_item_is_completed_once() -> None:
    case = ordered(active_line(), "plan_change", UPGRADE)
    for event in case.when(change_plan(), **PROVISIONING).recorded(
        subscription.PlanChanged, order.ItemCompleted
    ):
        case.given(event)
    case.when(change_plan(), **PROVISIONING).refused("ORD-47", "completed")


def test_a_line_that_comes_to_nothing_is_cancelled_when_its_order_has_ended() -> None:
    wish = subscription.Abort(subscription_id=LINE, order_id="o1", reason="order_failed")
    other = subscription.Abort(subscription_id=LINE, order_id="o2", reason="order_failed")
    case = prepared_line()
    case.when(wish, **REACTOR).refused("SUB-02", "in_progress")
    case.given(failed())
    activation_ordered(case, "o2").given(failed("o2"))
    case.when(other, **REACTOR).refused("SUB-02", "o1")
    event = case.when(wish, **REACTOR).recorded(subscription.Cancelled)
    assert event.locks_ended is None
    case.given(event)
    case.when(activate(), **PROVISIONING).refused("ENV-12")
    assert case.register.lines.lines == {}
    assert case.register.lines.ended == 1


def test_a_cancelled_line_names_the_locks_that_end_with_it() -> None:
    case = prepared_line().given(locked(), failed())
    wish = subscription.Abort(subscription_id=LINE, order_id="o1", reason="order_failed")
    event = case.when(wish, **REACTOR).recorded(subscription.Cancelled)
    assert event.locks_ended == ("l1",)


# SUB-03


def with_lines(case: Case, count: int, family: Any = "mobile") -> Case:
    for number in range(count):
        case.given(*line_events(f"x{number}", family=family))
    return case


def test_a_person_has_at_most_the_legal_number_of_lines() -> None:
    case = with_lines(prepared_line(), 4)
    assert case.value(policy.MAX_ACTIVE_NUMBERS) == 5
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert done.active_numbers == 5
    assert done.counts_towards_limit
    case.given(*line_events("x4"))
    case.when(activate(), **PROVISIONING).refused("SUB-03", "6")


def test_the_limit_is_a_policy_that_may_be_stricter() -> None:
    case = prepared_line(realname__max_active_numbers_per_id_per_operator=1)
    case.when(activate(), **PROVISIONING).recorded(*BOTH)
    case.given(*line_events("x1"))
    case.when(activate(), **PROVISIONING).refused("SUB-03")


def test_lines_that_are_only_prepared_are_not_in_service_yet() -> None:
    case = with_lines(prepared_line(), 4)
    ids = {"subscription_id": "s9", "order_id": "o9"}
    case.given(subscription.Prepared.of(prepare(**ids)))
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert done.active_numbers == 5


def test_suspended_lines_and_lines_that_end_still_count() -> None:
    case = with_lines(prepared_line(), 5)
    for number, event in enumerate((suspended(), termination_begun_for_nothing())):
        case.given(of(event, line(f"x{number}")))
    case.when(activate(), **PROVISIONING).refused("SUB-03")


def termination_begun_for_nothing() -> subscription.TerminationBegun:
    wish = subscription.BeginTermination(
        subscription_id=LINE, reason="contract_ended", last_service_at=NOW
    )
    return subscription.TerminationBegun.of(wish)


def of(event: Any, subscription_id: str) -> Any:
    said = {name: getattr(event, name) for name in event.__struct_fields__}
    return type(event)(**(said | {"subscription_id": subscription_id}))


def test_only_counted_families_count() -> None:
    case = with_lines(prepared_line(), 5, family="broadband")
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert done.active_numbers == 1
    case = with_lines(prepared_line(), 5, family="iot")
    case.given(*line_events("x9"))
    counted = with_lines(
        prepared_line(realname__counted_families=["mobile", "iot"]), 5, family="iot"
    )
    case.when(activate(), **PROVISIONING).recorded(*BOTH)
    counted.when(activate(), **PROVISIONING).refused("SUB-03")


def test_numbers_of_linked_files_count_too() -> None:
    case = with_lines(prepared_line(), 3)
    told = customer.RecordLinkedNumbers(other_customer_id="d2", active_numbers=1)
    case.given(customer.LinkedNumbersRecorded.of(told))
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert done.active_numbers == 5
    told = customer.RecordLinkedNumbers(other_customer_id="d3", active_numbers=1)
    case.given(customer.LinkedNumbersRecorded.of(told))
    case.when(activate(), **PROVISIONING).refused("SUB-03", "6")


def test_a_line_of_another_family_is_not_counted_itself() -> None:
    case = with_lines(known(), 5)
    activation_ordered(case, "o1", family="broadband")
    case.given(subscription.Prepared.of(prepare(family="broadband")))
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert not done.counts_towards_limit
    assert done.active_numbers == 5


def test_an_organisation_may_have_more() -> None:
    case = with_lines(prepared_line(), 5)
    wish = register(party_kind="organisation")
    case.given(customer.Registered.of(wish, customer_id="d1", minor="no"))
    done, _ = case.when(activate(), **PROVISIONING).recorded(*BOTH)
    assert not done.counts_towards_limit
    assert done.active_numbers == 6


def test_who_has_too_many_lines_and_names_a_strange_item_hears_of_the_item_first() -> None:
    case = with_lines(prepared_line(), 5)
    case.when(activate(item_id="i9"), **PROVISIONING).refused("SUB-02")


# Who, and the register


def test_clerks_do_not_do_what_provisioning_does() -> None:
    case = prepared_line()
    case.when(activate()).refused("ENV-03")
    case.when(activate(), actor="system:billing").refused("ENV-03")


def test_the_register_knows_the_lines_that_have_not_ended() -> None:
    case = active_line()
    assert case.register.lines.lines == {
        LINE: Line(family="mobile", status="active", plan_id="plan-39", order_id="o1")
    }
    case.given(suspended())
    assert case.register.lines.lines[LINE].status == "suspended"
    assert case.register.lines.counted_in(("mobile",)) == 1
    assert case.register.lines.counted_in(("iot", "broadband")) == 0


def test_an_item_failed_before_its_time_completes_nothing() -> None:
    case = prepared_line()
    gone = order.ItemFailed(order_id="o1", item_id="i1", reason="no_resource", restored=True)
    case.given(gone)
    case.when(activate(), **PROVISIONING).refused("ORD-47", "failed")


def test_what_was_typed_of_a_line_is_corrected() -> None:
    case = known()
    activation_ordered(case)
    case.given(subscription.Prepared.of(prepare()), id="m-line", **REACTOR)
    said: dict[str, Any] = {
        "subscription_id": LINE,
        "wrong_entry_id": "counter-app:m-line:1",
        "field": "area",
        "should_be": SEALED,
        "error_kind": "typing",
        "found_by": "customer",
        "note": SEALED,
    }
    wish = subscription.CorrectEntry(**said)
    event = case.when(wish, at=NOW + timedelta(hours=1)).recorded(subscription.EntryCorrected)
    assert event.clerk_in_error == "system:reactor"
    wrong = subscription.CorrectEntry(**(said | {"field": "monthly_fen"}))
    case.when(wrong).refused("ENV-14")
