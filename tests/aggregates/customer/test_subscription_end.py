"""SUB-02 and SUB-27 to SUB-30: how a line ends, or stays after all."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import order, subscription
from ledger.aggregates.model import Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.subscription_samples import (
    BILLING,
    LINE,
    PROVISIONING,
    REACTOR,
    active_line,
    begin_termination,
    bill_settled,
    billed,
    day,
    disputed,
    failed,
    item,
    line,
    line_events,
    locked,
    ordered,
    suspended,
    terminate,
    terminated,
    termination_begun,
)

ENDS = item("plan-39", "delete")
BOTH = (subscription.Terminated, order.ItemCompleted)
BEGUN = subscription.TerminationBegun


def leaving(**parameters: Any) -> Case:
    """A line that order o2 in progress is to end."""
    return ordered(active_line(**parameters), "termination", ENDS)


def ending() -> Case:
    return leaving().given(termination_begun())


def state(case: Case) -> subscription.State:
    return case.states[f"subscription/{LINE}"]


# SUB-02


def test_an_order_that_started_begins_to_end_its_line() -> None:
    case = leaving()
    case.when(begin_termination(), **REACTOR).recorded(BEGUN)
    case.when(begin_termination(order_id="o1"), **REACTOR).refused("SUB-02", "o1")
    case.when(begin_termination(order_id=None), **REACTOR).refused("SUB-02", "no order")
    case.when(begin_termination(), actor="c-li").refused("ENV-03")


def test_a_line_is_ended_by_an_order_for_it_in_progress() -> None:
    other = ordered(active_line(), "termination", ENDS, subscription_id="another")
    other.when(begin_termination(), **REACTOR).refused("SUB-02")
    change = ordered(active_line(), "plan_change", item("plan-199", "modify"))
    change.when(begin_termination(), **REACTOR).refused("SUB-02")
    over = leaving().given(failed("o2"))
    over.when(begin_termination(), **REACTOR).refused("SUB-02")


def test_a_line_stays_when_the_order_that_ends_it_has_ended_otherwise() -> None:
    wish = subscription.Keep(subscription_id=LINE, order_id="o2", reason="order_failed")
    other = subscription.Keep(subscription_id=LINE, order_id="o3", reason="order_failed")
    case = ending()
    case.when(wish, **REACTOR).refused("SUB-02", "in_progress")
    case.given(failed("o2"))
    ordered(case, "termination", ENDS, order_id="o3").given(failed("o3"))
    case.when(other, **REACTOR).refused("SUB-02", "not the order")
    case.given(case.when(wish, **REACTOR).recorded(subscription.Kept))
    assert state(case).status == case.register.lines.lines[LINE].status == "active"
    case.when(wish, **REACTOR).refused("ENV-12")


def test_a_suspended_line_that_stays_is_suspended_still() -> None:
    wish = subscription.Keep(subscription_id=LINE, order_id="o2", reason="order_failed")
    case = leaving().given(suspended(), termination_begun(), failed("o2"))
    case.given(case.when(wish, **REACTOR).recorded(subscription.Kept))
    assert state(case).status == case.register.lines.lines[LINE].status == "suspended"


def test_a_line_ends_by_the_order_that_began_it() -> None:
    case = ordered(ending(), "termination", ENDS, order_id="o3")
    case.when(terminate(order_id="o3"), **PROVISIONING).refused("SUB-02", "not the order")
    case.when(terminate(order_id=None), **PROVISIONING).refused("SUB-02", "not the order")
    case.when(terminate(item_id="i9"), **PROVISIONING).refused("SUB-02", "i9")
    case.when(terminate(), **PROVISIONING).recorded(*BOTH)


def test_a_line_that_begins_to_end_without_order_ends_without_one() -> None:
    case = leaving().given(termination_begun("contract_ended"))
    wish = terminate("contract_ended", order_id="o2", item_id="i1")
    case.when(wish, **PROVISIONING).refused("SUB-02", "not the order")
    case.when(terminate("contract_ended"), **PROVISIONING).recorded(subscription.Terminated)


# SUB-27


def test_a_line_ends_for_arrears_after_the_legal_days_of_suspension() -> None:
    case = active_line().given(suspended("arrears"))
    assert case.value(policy.TERMINATE_AFTER_SUSPEND_DAYS) == 60
    wish = begin_termination("arrears")
    case.when(wish, at=later(days=59), **BILLING).refused("SUB-27", "2027-01-02")
    case.when(wish, at=later(days=60), **BILLING).recorded(BEGUN)


def test_a_line_ends_for_arrears_only_when_suspended_for_them() -> None:
    case = active_line().given(suspended("lost_or_stolen"))
    case.when(begin_termination("arrears"), at=later(days=90), **BILLING).refused("SUB-27")


def test_arrears_paid_in_between_begin_the_days_anew() -> None:
    case = active_line().given(suspended("arrears"), suspended("lost_or_stolen"))
    cleared = case.when(
        subscription.Resume(subscription_id=LINE, reason="arrears"), **BILLING
    ).recorded(subscription.SuspensionReasonCleared)
    case.given(cleared).given(suspended("arrears"), at=later(days=10))
    wish = begin_termination("arrears")
    case.when(wish, at=later(days=69), **BILLING).refused("SUB-27")
    case.when(wish, at=later(days=70), **BILLING).recorded(BEGUN)


# SUB-28


def accepted() -> order.ExitFeeAccepted:
    wish = order.AcceptExitFee(order_id="o2", quote_id="q1", exit_fee_fen=1, accepted=True)
    return order.ExitFeeAccepted.of(wish)


def test_a_locked_line_ends_by_order_when_its_exit_fee_is_accepted() -> None:
    case = leaving().given(locked())
    case.when(begin_termination(), **REACTOR).refused("SUB-28")
    case.given(accepted())
    case.when(begin_termination(), **REACTOR).recorded(BEGUN)


def test_a_lock_that_has_run_out_or_not_begun_costs_nothing() -> None:
    run_out = leaving().given(locked(from_on=day(-30), until_on=day()))
    run_out.when(begin_termination(), **REACTOR).recorded(BEGUN)
    coming = leaving().given(locked(from_on=day(1)))
    coming.when(begin_termination(), **REACTOR).recorded(BEGUN)


def test_who_dies_owes_no_exit_fee_first() -> None:
    case = active_line().given(locked())
    case.when(begin_termination("deceased"), **BILLING).recorded(BEGUN)


# SUB-29


def test_a_line_that_ends_tells_what_is_due() -> None:
    case = ending().given(billed(amount_fen=3_000), *line_events("x1"))
    wish = terminate(deposit_fen=5_000, prepaid_balance_fen=1_000)
    ended, completed = case.when(wish, **PROVISIONING).recorded(*BOTH)
    assert ended.refund_due_fen == 3_000
    assert ended.active_numbers == 1
    assert (ended.family, ended.active_since_at) == ("mobile", NOW)
    assert (ended.sold_by, ended.hall_id) == ("c-wang", "renmin")
    assert ended.locks_ended is None
    assert completed.item_id == "i1"
    case.given(ended, completed)
    assert list(case.register.lines.lines) == [line("x1")]
    assert case.register.lines.ended == 1
    case.when(terminate(), **PROVISIONING).refused("ENV-12")


def test_who_owes_more_than_is_held_gets_nothing_back() -> None:
    case = ending().given(billed(amount_fen=6_001))
    wish = terminate(deposit_fen=5_000, prepaid_balance_fen=1_000)
    ended, _ = case.when(wish, **PROVISIONING).recorded(*BOTH)
    assert ended.refund_due_fen == 0


def test_a_line_ends_for_the_reason_that_it_was_begun_for() -> None:
    case = active_line().given(termination_begun("deceased"))
    case.when(terminate("arrears"), **PROVISIONING).refused("SUB-29", "deceased")
    case.when(terminate("deceased"), **PROVISIONING).recorded(subscription.Terminated)


@pytest.mark.parametrize(("days", "early"), [(30, True), (31, False)])
def test_a_line_that_ends_soon_is_taken_back_from_its_sale(days: int, early: bool) -> None:
    wish = terminate(terminated_at=NOW + timedelta(days=days))
    ended, _ = ending().when(wish, at=later(days=days), **PROVISIONING).recorded(*BOTH)
    assert ended.early is early


def test_the_locks_of_a_line_end_with_it() -> None:
    case = ending().given(locked(), locked("l2"))
    ended, _ = case.when(terminate(), **PROVISIONING).recorded(*BOTH)
    assert ended.locks_ended == ("l1", "l2")
    envelope = case.envelope("subscription.terminate.v1", NOW)
    timers = reactions(ended, envelope, f"subscription/{LINE}")
    assert timers == [Settled("expire.l1"), Settled("expire.l2")]
    case.given(ended)
    assert state(case).locks == {}


# SUB-30


def settle_final(bill_id: str = "b1") -> subscription.SettleFinal:
    return subscription.SettleFinal(subscription_id=LINE, bill_id=bill_id)


def test_the_final_bill_is_settled_when_nothing_is_open() -> None:
    case = active_line().given(termination_begun("deceased"), terminated("deceased"))
    case.when(settle_final(), **BILLING).refused("SUB-30", "b1")
    case.given(billed(amount_fen=100), billed("b2", 900, final=True))
    case.when(settle_final("b1"), **BILLING).refused("SUB-30", "b1")
    case.given(bill_settled(900, "b2"))
    case.when(settle_final("b2"), **BILLING).refused("SUB-30", "outstanding")
    case.given(bill_settled(100, "b1"), disputed(900, "b2"))
    case.when(settle_final("b2"), **BILLING).refused("SUB-30", "disputed")


def test_the_final_bill_is_settled_once() -> None:
    case = active_line().given(termination_begun("deceased"), terminated("deceased"))
    case.given(billed(amount_fen=0, final=True))
    event = case.when(settle_final(), **BILLING).recorded(subscription.FinalBillSettled)
    case.given(event)
    case.when(settle_final(), **BILLING).refused("SUB-30", "already")
