"""What follows from an order: lines prepared, kept or given up, the hall's case, timers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from ledger.aggregates import copies
from ledger.aggregates.customer import order, subscription
from ledger.aggregates.model import Event, FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    BY_CLOCK,
    BY_PROVISIONING,
    BY_REACTOR,
    LINE,
    NEW_LINE,
    ORDER,
    accept_cancellation,
    complete_item,
    complete_step,
    confirm_cancellation,
    deny_cancellation,
    fail_item,
    item,
    place,
    report_fall_out,
    request_cancellation,
    settle_fall_out,
    skip_step,
    start,
)
from tests.aggregates.customer.order_stages import (
    a_completion,
    activated,
    customer_of,
    did,
    drafted,
    finish_steps,
    placed,
    started,
    submit,
    submitted,
    the_order,
)
from tests.aggregates.customer.samples import CUSTOMER_ID, SUBJECT

HALL = "hall/renmin"
COMPLETE = [("complete", SUBJECT, a_completion(), None)]


def follow_ons(
    events: Sequence[Event], at: datetime = NOW, hall: bool = True, **who: Any
) -> list[tuple[str, str, Any, datetime | None]]:
    """The follow-ons of all events, as (name, subject, data, due_at)."""
    return [
        (each.name, each.subject, each.data, each.due_at)
        for each in _reactions(events, at, hall, **who)
        if isinstance(each, FollowOn)
    ]


def settled(events: Sequence[Event]) -> set[str]:
    return {each.name for each in _reactions(events, NOW, True) if isinstance(each, Settled)}


def _reactions(events: Sequence[Event], at: datetime, hall: bool, **who: Any) -> list[Any]:
    where = AT_COUNTER if hall else {}
    envelope = Case(SUBJECT).envelope("x", at, **{**where, **who})
    return [each for event in events for each in reactions(event, envelope, f"order/{ORDER}")]


# Drafts


def test_a_draft_expires_unless_it_is_submitted_or_abandoned() -> None:
    case = customer_of()
    events = did(case, place())
    due_at = later(hours=72)
    assert follow_ons(events) == [("expire", SUBJECT, order.Expire(order_id=ORDER), due_at)]
    did(case, order.Expire(order_id=ORDER), at=due_at, **BY_CLOCK)
    case = drafted()
    assert settled(did(case, submit(case))) == {"expire"}
    abandoned = did(placed(), order.Abandon(order_id=ORDER, reason="price"))
    assert settled(abandoned) == {"expire"}
    assert follow_ons(abandoned) == []


# Submission


def test_a_submitted_activation_prepares_its_lines() -> None:
    case = drafted(items=(item("plan-99"), item("fibre-300", "i2"), item("router-1", "i3")))
    found = {name: data for name, _, data, _ in follow_ons(did(case, submit(case)))}
    prepared = [data for name, data in found.items() if name.startswith("prepare.")]
    assert [each.subscription_id for each in prepared] == [NEW_LINE, f"{ORDER}.i2"]
    assert [each.plan_id for each in prepared] == ["plan-99", "fibre-300"]
    for each in prepared:
        assert (each.area, each.joined_by, each.order_id) == ("urban", "new", ORDER)
        did(case, each, **BY_REACTOR)
    assert set(case.register.lines.lines) == {NEW_LINE, f"{ORDER}.i2"}


def test_a_submitted_order_becomes_a_case_of_the_hall_and_may_become_overdue() -> None:
    case = drafted("plan_change")
    found = follow_ons(did(case, submit(case)))
    due_at = later(hours=24)
    take = copies.TakeCase(
        case_id=ORDER,
        kind="order",
        order_kind="plan_change",
        customer_id=CUSTOMER_ID,
        keeper_clerk_id="c-li",
        due_at=due_at,
    )
    overdue = order.MarkOverdue(order_id=ORDER)
    assert found == [("take_case", HALL, take, None), ("overdue", SUBJECT, overdue, due_at)]
    did(case, overdue, at=due_at, **BY_CLOCK)


def test_without_a_hall_there_is_no_case() -> None:
    case = drafted("plan_change")
    names = [name for name, *_ in follow_ons(did(case, submit(case)), hall=False)]
    assert names == ["overdue"]


# Termination


def test_work_on_a_termination_begins_with_the_line() -> None:
    case = submitted("termination")
    events = did(case, start(), **BY_PROVISIONING)
    ((name, subject, begin, due_at),) = follow_ons(events)
    assert (name, subject, due_at) == ("begin_termination", SUBJECT, None)
    did(case, begin, **BY_REACTOR)
    assert case.states[f"subscription/{LINE}"].status == "pending_terminate"
    assert follow_ons(did(submitted("plan_change"), start(), **BY_PROVISIONING)) == []


def test_a_termination_called_off_keeps_the_line() -> None:
    case = submitted("termination")
    ((_, _, begin, _),) = follow_ons(did(case, start(), **BY_PROVISIONING))
    did(case, begin, **BY_REACTOR)
    did(case, request_cancellation())
    did(case, accept_cancellation())
    found = follow_ons(did(case, confirm_cancellation(), **BY_PROVISIONING))
    keep = subscription.Keep(subscription_id=LINE, order_id=ORDER, reason="order_cancelled")
    assert found[0] == ("keep", SUBJECT, keep, None)
    did(case, keep, **BY_REACTOR)
    assert case.states[f"subscription/{LINE}"].status == "active"


# Completion


def test_the_last_item_completes_the_order_where_no_step_is_left() -> None:
    case = started()
    finish_steps(case)
    assert follow_ons(activated(case)) == COMPLETE
    did(case, a_completion(), **BY_REACTOR)


def test_the_last_step_completes_the_order_where_no_item_is_left() -> None:
    case = started()
    assert follow_ons(activated(case)) == []
    assert follow_ons(did(case, complete_step("issue_sim_or_install"))) == []
    assert follow_ons(did(case, complete_step("test_service"))) == []
    assert follow_ons(did(case, complete_step("hand_over_copies"))) == COMPLETE
    did(case, a_completion(), **BY_REACTOR)


def test_a_step_skipped_last_completes_the_order() -> None:
    case = started("service_upgrade", items=(item("router-1"),))
    assert follow_ons(did(case, complete_item("i1"))) == []
    events = did(case, skip_step("test_service"), approver="s-sun")
    assert follow_ons(events) == COMPLETE
    did(case, a_completion(), **BY_REACTOR)


def test_the_last_failed_item_completes_the_order_that_failed_whole_at_once() -> None:
    case = started()
    assert follow_ons(did(case, fail_item(), **BY_PROVISIONING)) == COMPLETE
    partial = started(items=(item(), item("plan-199", "i2")))
    activated(partial)
    assert follow_ons(did(partial, fail_item("i2"), **BY_PROVISIONING)) == []
    finish_steps(partial)
    did(partial, a_completion(), **BY_REACTOR)


def test_giving_up_the_last_item_completes_the_order() -> None:
    case = started()
    did(case, report_fall_out(), **BY_PROVISIONING)
    assert follow_ons(did(case, settle_fall_out("give_up"), approver="s-sun")) == COMPLETE
    did(case, a_completion(), **BY_REACTOR)


def done_but_for_a_step() -> Case:
    """Everything is in service; the copies are still to be handed over."""
    case = started()
    activated(case)
    did(case, complete_step("issue_sim_or_install"))
    did(case, complete_step("test_service"))
    return case


def test_an_order_that_became_ready_while_held_completes_on_release() -> None:
    case = done_but_for_a_step()
    did(case, order.Hold(order_id=ORDER, reason="other"))
    assert follow_ons(did(case, complete_step("hand_over_copies"))) == []
    assert follow_ons(did(case, order.Release(order_id=ORDER, reason="other"))) == COMPLETE
    did(case, a_completion(), **BY_REACTOR)


def test_who_is_held_for_suspicion_of_fraud_is_spared_promotion_for_the_rest_of_the_visit() -> None:
    bar = copies.BarPromotion(customer_id=CUSTOMER_ID, reason="fraud_hold")
    suspected = order.Held(order_id=ORDER, reason="fraud_suspicion", case_id="f1")
    assert follow_ons([suspected]) == [("bar_promotion", HALL, bar, None)]
    assert follow_ons([suspected], hall=False) == []
    assert follow_ons([order.Held(order_id=ORDER, reason="stock_missing")]) == []


def test_a_hold_that_ends_with_work_left_completes_nothing() -> None:
    case = done_but_for_a_step()
    did(case, order.Hold(order_id=ORDER, reason="other"))
    assert follow_ons(did(case, order.Release(order_id=ORDER, reason="other"))) == []
    waiting = submitted("suspension")
    did(waiting, order.Hold(order_id=ORDER, reason="other"))
    released = did(waiting, order.Release(order_id=ORDER, reason="other"))
    assert follow_ons(released) == []


def test_a_ready_order_whose_cancellation_is_denied_or_answer_given_completes() -> None:
    case = done_but_for_a_step()
    did(case, complete_step("hand_over_copies"))
    did(case, request_cancellation())
    assert follow_ons(did(case, deny_cancellation("already_in_service"))) == COMPLETE
    question = order.RequestInformation(
        order_id=ORDER, question_id="q1", needed=("floor",), answer_by_at=NOW
    )
    did(case, question, **BY_PROVISIONING)
    answer = order.SupplyInformation(order_id=ORDER, question_id="q1")
    assert follow_ons(did(case, answer)) == COMPLETE


# The end


def release_of(to_state: Any) -> tuple[str, str, Any, None]:
    release = copies.ReleaseCase(
        case_id=ORDER, kind="order", order_kind="activation", to_state=to_state
    )
    return ("release_case", HALL, release, None)


def test_a_completed_order_binds_its_line_and_releases_its_case() -> None:
    case = started(items=(item("plan-99"),))
    activated(case)
    finish_steps(case)
    events = did(case, a_completion(), hall=None, **BY_REACTOR)
    lock, release = follow_ons(events, hall=False)
    assert lock[:2] == ("lock.agr1.i1", SUBJECT)
    did(case, lock[2], **BY_REACTOR)
    assert case.states[f"subscription/{NEW_LINE}"].locks.keys() == {"agr1.i1"}
    assert release == release_of("completed")
    assert settled(events) == {"overdue"}


def test_an_order_without_a_term_binds_nothing() -> None:
    case = started()
    activated(case)
    finish_steps(case)
    assert follow_ons(did(case, a_completion(), **BY_REACTOR)) == [release_of("completed")]


@pytest.mark.parametrize("how", ["failed", "cancelled", "rejected", "partial"])
def test_an_order_that_ends_otherwise_gives_its_prepared_lines_up(how: str) -> None:
    case, unmade, reason = _ended(how)
    events = _end(case, how)
    abort = subscription.Abort(subscription_id=unmade, order_id=ORDER, reason=reason)
    assert follow_ons(events, hall=False) == [
        (f"abort.{unmade}", SUBJECT, abort, None),
        release_of(how),
    ]
    assert settled(events) == {"overdue"}
    did(case, abort, **BY_REACTOR)
    assert case.states[f"subscription/{unmade}"].status == "cancelled"


def _ended(how: str) -> tuple[Case, str, Any]:
    """An order about to end so, the line it leaves unmade, and why."""
    if how == "rejected":
        case = drafted()
        for _, subject, data, due_at in follow_ons(did(case, submit(case))):
            if subject == SUBJECT and due_at is None:
                did(case, data, **BY_REACTOR)
        return case, NEW_LINE, "order_failed"
    if how == "partial":
        case = started(items=(item(), item("plan-199", "i2")))
        activated(case)
        did(case, fail_item("i2"), **BY_PROVISIONING)
        finish_steps(case)
        return case, f"{ORDER}.i2", "order_failed"
    case = started()
    if how == "failed":
        did(case, fail_item(), **BY_PROVISIONING)
        return case, NEW_LINE, "order_failed"
    did(case, request_cancellation())
    did(case, accept_cancellation())
    return case, NEW_LINE, "order_cancelled"


def _end(case: Case, how: str) -> list[Event]:
    match how:
        case "rejected":
            wish: Any = order.Reject(order_id=ORDER, reason="no_resource")
        case "cancelled":
            wish = confirm_cancellation()
        case _:
            return did(case, a_completion(), **BY_REACTOR)
    return did(case, wish, **BY_PROVISIONING)


def test_a_rejected_draft_has_no_case_and_no_lines() -> None:
    case = drafted()
    events = did(case, order.Reject(order_id=ORDER, reason="no_resource"), **BY_PROVISIONING)
    assert follow_ons(events) == []
    assert the_order(case).status == "rejected"


def test_nothing_follows_from_what_is_only_noted() -> None:
    case = started()
    for wish in (complete_step("issue_sim_or_install"), request_cancellation()):
        assert follow_ons(did(case, wish)) == []
