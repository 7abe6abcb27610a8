"""What money is for, and where it goes: rules PAY-02, PAY-03, PAY-11 to PAY-13."""

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.aggregates.customer import order, payment, subscription
from ledger.aggregates.model import FollowOn
from tests.aggregates.case import NOW, Case, reactions
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    SUBJECT,
    allocate,
    allocation,
    issue_receipt,
    item,
    known,
    reallocate,
    receive,
    received,
    refund_requested,
)
from tests.aggregates.customer.subscription_samples import (
    LINE,
    activation_ordered,
    active_line,
    bill_settled,
    billed,
    disputed,
    locked,
    release,
)

TWO_PEOPLE = {"actor": "c-li", "approver": "s-sun"}
OCTOBER = {"due_on": date(2026, 10, 20), "period": "2026-09"}
NOVEMBER = {"due_on": date(2026, 11, 20), "period": "2026-10"}
OF_LINE = {"subscription_id": LINE}


def billed_line(**parameters: Any) -> Case:
    """LINE with b2, the older, of 3000 fen and b1, the newer, of 5000 fen."""
    case = active_line(**parameters)
    return case.given(billed("b1", 5_000, **NOVEMBER), billed("b2", 3_000, **OCTOBER))


def paying(case: Case, *items: payment.PaymentItem) -> Case:
    """Payment p1 of these items is received."""
    amount_fen = sum(each.amount_fen for each in items)
    return case.given(received(receive(amount_fen, items=items)), actor="c-wang")


def for_items(*items: payment.PaymentItem) -> payment.Receive:
    amount_fen = sum(each.amount_fen for each in items)
    return receive(amount_fen, items=items, counterfeit_checked=True)


def for_item(item_kind: str, amount_fen: int = 1_000, **named: Any) -> payment.Receive:
    return for_items(item(amount_fen, item_kind, **named))


def to_allocate(*allocations: payment.Allocation) -> payment.Allocate:
    return payment.Allocate(payment_id="p1", allocations=allocations)


def paid_bills(event: Any) -> list[tuple[str, int]]:
    return [(each.bill_id, each.paid_fen) for each in event.bills]


# Items


@pytest.mark.parametrize("kind", ["deposit", "arrears", "late_fee"])
def test_money_for_a_line_names_a_line_of_the_customer(kind: str) -> None:
    case = active_line()
    case.when(for_item(kind), **AT_COUNTER).refused("PAY-02", "no line")
    case.when(for_item(kind, subscription_id="other"), **AT_COUNTER).refused("PAY-02", "no line")
    case.when(for_item(kind, **OF_LINE), **AT_COUNTER).recorded(payment.Received)


def test_a_deposit_may_come_before_the_line() -> None:
    case = activation_ordered(known())
    case.when(for_item("deposit", order_id="o1"), **AT_COUNTER).recorded(payment.Received)
    case.when(for_item("late_fee", order_id="o1"), **AT_COUNTER).refused("PAY-02")


def test_money_for_a_bill_names_a_bill_and_is_at_most_what_is_outstanding() -> None:
    case = billed_line()
    case.when(for_item("bill", **OF_LINE), **AT_COUNTER).refused("PAY-02", "line and id")
    unknown = for_item("bill", bill_id="b9", **OF_LINE)
    case.when(unknown, **AT_COUNTER).refused("PAY-02", "no unsettled bill")
    whole = for_item("bill", 3_000, bill_id="b2", **OF_LINE)
    case.when(whole, **AT_COUNTER).recorded(payment.Received)
    more = for_item("bill", 3_001, bill_id="b2", **OF_LINE)
    case.when(more, **AT_COUNTER).refused("PAY-02", "3000 fen")
    case.given(bill_settled(2_000, "b2"))
    case.when(whole, **AT_COUNTER).refused("PAY-02", "1000 fen")


def test_two_items_pay_no_bill_twice() -> None:
    of_bill = {"item_kind": "bill", "bill_id": "b2", **OF_LINE}
    halves = item(2_000, **of_bill), item(1_001, item_id="i2", **of_bill)
    billed_line().when(for_items(*halves), **AT_COUNTER).refused("PAY-02", "3000 fen")
    smaller = halves[0], item(1_000, item_id="i2", **of_bill)
    billed_line().when(for_items(*smaller), **AT_COUNTER).recorded(payment.Received)


def test_what_is_disputed_of_a_bill_is_not_asked_for() -> None:
    case = billed_line().given(disputed(3_000, "b2"))
    whole = for_item("bill", 3_000, bill_id="b2", **OF_LINE)
    case.when(whole, **AT_COUNTER).refused("PAY-02", "unsettled")


@pytest.mark.parametrize("kind", ["order_fee", "device"])
def test_money_for_an_order_names_one_that_has_not_ended(kind: str) -> None:
    case = activation_ordered(known())
    case.when(for_item(kind), **AT_COUNTER).refused("PAY-03")
    case.when(for_item(kind, order_id="o9"), **AT_COUNTER).refused("PAY-03", "open order")
    case.when(for_item(kind, order_id="o1"), **AT_COUNTER).recorded(payment.Received)
    ended = order.Completed(order_id="o1", cycle_seconds=60, in_time=True)
    case.given(ended).when(for_item(kind, order_id="o1"), **AT_COUNTER).refused("PAY-03")


def test_an_exit_fee_names_a_lock_that_stands() -> None:
    case = active_line().given(locked())
    fee = for_item("exit_fee", lock_id="l1", **OF_LINE)
    case.when(for_item("exit_fee", lock_id="l1"), **AT_COUNTER).refused("PAY-03", "lock")
    case.when(for_item("exit_fee", **OF_LINE), **AT_COUNTER).refused("PAY-03", "lock")
    case.when(fee, **AT_COUNTER).recorded(payment.Received)
    case.given(subscription.LockReleased.of(release("waived")))
    case.when(fee, **AT_COUNTER).refused("PAY-03", "lock")


def test_a_lock_whose_term_is_over_costs_nothing() -> None:
    case = active_line().given(locked(until_on=NOW.date() + timedelta(days=1)))
    fee = for_item("exit_fee", lock_id="l1", **OF_LINE)
    case.when(fee, **AT_COUNTER).recorded(payment.Received)
    case.when(fee, at=NOW + timedelta(days=1), **AT_COUNTER).refused("PAY-03", "lock")


def test_a_prepayment_names_nothing() -> None:
    known().when(for_item("prepayment"), **AT_COUNTER).recorded(payment.Received)


# Allocate


def test_a_named_bill_is_paid_though_an_older_one_stands() -> None:
    case = paying(billed_line(), item(4_900))
    wish = to_allocate(allocation(4_900, "bill", bill_id="b1", **OF_LINE))
    event = case.when(wish).recorded(payment.Allocated)
    assert paid_bills(event) == [("b1", 4_900)]


def test_arrears_pay_the_oldest_bills_first_and_keep_the_rest() -> None:
    arrears = item(9_000, "arrears", **OF_LINE)
    case = paying(billed_line(), arrears)
    wish = to_allocate(allocation(9_000, "arrears", **OF_LINE))
    event = case.when(wish).recorded(payment.Allocated)
    assert paid_bills(event) == [("b2", 3_000), ("b1", 5_000)]
    part = to_allocate(allocation(4_000, "arrears", **OF_LINE))
    assert paid_bills(case.when(part).recorded(payment.Allocated)) == [("b2", 3_000), ("b1", 1_000)]


def test_policy_may_say_the_newest_first() -> None:
    case = billed_line(payment__allocation_order="newest_first")
    case = paying(case, item(6_000, "arrears", **OF_LINE))
    wish = to_allocate(allocation(6_000, "arrears", **OF_LINE))
    event = case.when(wish).recorded(payment.Allocated)
    assert paid_bills(event) == [("b1", 5_000), ("b2", 1_000)]


def test_arrears_leave_a_bill_that_is_named_beside_them() -> None:
    case = paying(billed_line(), item(8_000))
    wish = to_allocate(
        allocation(3_000, "arrears", **OF_LINE),
        allocation(1_000, "bill", "a1", bill_id="b2", **OF_LINE),
    )
    event = case.when(wish).recorded(payment.Allocated)
    assert paid_bills(event) == [("b2", 1_000), ("b2", 2_000), ("b1", 1_000)]


def test_an_allocation_has_an_id_of_its_own() -> None:
    case = paying(known(), item(4_900)).given(
        payment.Allocated.of(allocate(1_000), unallocated_fen=3_900)
    )
    case.when(allocate(1_000)).refused("PAY-12", "taken")
    twice = to_allocate(allocation(1_000, "prepayment", "a1"), allocation(1, "prepayment", "a1"))
    case.when(twice).refused("PAY-12", "taken")
    case.when(allocate(1_000, first=1)).recorded(payment.Allocated)


def test_what_the_money_came_for_is_not_asked_again_but_for_a_bill() -> None:
    fee = {"item_kind": "order_fee", "order_id": "o1"}
    case = paying(activation_ordered(known()), item(1_000, **fee))
    case.given(order.Completed(order_id="o1", cycle_seconds=60, in_time=True))
    case.when(to_allocate(allocation(1_000, **fee))).recorded(payment.Allocated)
    case.when(to_allocate(allocation(999, **fee))).refused("PAY-12", "open order")
    of_bill = {"item_kind": "bill", "bill_id": "b2", **OF_LINE}
    case = paying(billed_line(), item(3_000, **of_bill)).given(bill_settled(3_000, "b2"))
    case.when(to_allocate(allocation(3_000, **of_bill))).refused("PAY-12", "unsettled")


def test_each_bill_that_money_is_allocated_to_is_settled_by_it() -> None:
    case = paying(billed_line(), item(4_000, "arrears", **OF_LINE))
    wish = to_allocate(allocation(4_000, "arrears", **OF_LINE))
    event = case.when(wish).recorded(payment.Allocated)
    first, second = follow_ons(case, event)
    settle = subscription.SettleBill(
        subscription_id=LINE, bill_id="b2", payment_id="p1", settled_fen=3_000, settled_at=NOW
    )
    assert first == FollowOn("settle_bill.1", SUBJECT, settle)
    assert (second.name, second.data.bill_id) == ("settle_bill.2", "b1")
    for each in (first, second):
        case.given(case.when(each.data, actor="system:reactor").recorded(subscription.BillSettled))
    assert case.states[f"subscription/{LINE}"].outstanding_fen == 4_000


def follow_ons(case: Case, event: Any) -> list[Any]:
    return list(reactions(event, case.envelope("payment.allocate.v1", NOW), "payment/p1"))


# Reallocate


def allocated(*amounts_fen: int) -> Case:
    """Payment p1 of 4900 fen for customer with bills, these amounts of it as prepayments."""
    case = paying(billed_line(), item(4_900))
    unallocated_fen = 4_900 - sum(amounts_fen)
    return case.given(payment.Allocated.of(allocate(*amounts_fen), unallocated_fen=unallocated_fen))


TO_BILL = allocation(1_000, "bill", "a9", bill_id="b1", **OF_LINE)


def test_a_reallocation_takes_what_it_moves_out_of_an_allocation() -> None:
    case = allocated(3_000, 1_900)
    event = case.when(reallocate(TO_BILL), **TWO_PEOPLE).recorded(payment.Reallocated)
    assert paid_bills(event) == [("b1", 1_000)]
    assert [each.name for each in follow_ons(case, event)] == ["settle_bill.1"]
    state = case.given(event).states["payment/p1"]
    amounts_fen = {name: each.amount_fen for name, each in state.allocations.items()}
    assert amounts_fen == {"a0": 2_000, "a1": 1_900, "a9": 1_000}
    assert state.allocated_fen == 4_900


def test_an_allocation_moved_whole_is_in_force_no_more() -> None:
    case = allocated(1_000)
    case.given(case.when(reallocate(TO_BILL), **TWO_PEOPLE).recorded(payment.Reallocated))
    assert list(case.states["payment/p1"].allocations) == ["a9"]
    again = reallocate(allocation(1, "prepayment", "a8"))
    case.when(again, **TWO_PEOPLE).refused("PAY-13", "in force")


def test_a_reallocation_takes_at_most_what_the_allocation_holds() -> None:
    case = allocated(1_000)
    more = reallocate(allocation(1_001, "prepayment", "a9"))
    case.when(more, **TWO_PEOPLE).refused("PAY-13", "1000 fen")


def test_a_reallocation_takes_two_people() -> None:
    allocated(1_000).when(reallocate(TO_BILL)).refused("ENV-07")


def test_money_that_may_go_back_is_not_moved() -> None:
    case = allocated(4_900).given(refund_requested(4_000))
    to = allocation(901, "prepayment", "a9")
    case.when(reallocate(to), **TWO_PEOPLE).refused("PAY-11")
    to = allocation(900, "prepayment", "a9")
    case.when(reallocate(to), **TWO_PEOPLE).recorded(payment.Reallocated)


def test_a_payment_done_is_reallocated_too() -> None:
    case = allocated(4_900)
    case.given(*case.when(issue_receipt()).recorded(payment.ReceiptIssued, payment.PaymentSettled))
    case.given(case.when(reallocate(TO_BILL), **TWO_PEOPLE).recorded(payment.Reallocated))
    assert case.states["payment/p1"].status == "done"


def test_a_reallocation_is_refused_by_the_first_rule_it_breaks() -> None:
    case = allocated(1_000).given(refund_requested(4_900))
    unknown = allocation(1_001, "bill", "a0")
    case.when(reallocate(unknown), **TWO_PEOPLE).refused("PAY-11")
    case = allocated(1_000)
    case.when(reallocate(unknown, "a7"), **TWO_PEOPLE).refused("PAY-12")
    case.when(reallocate(TO_BILL, "a7"), **TWO_PEOPLE).refused("PAY-13")
