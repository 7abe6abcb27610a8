"""SUB-20 to SUB-26 and CUS-15: bills, arrears, disputes and bill details."""

from datetime import date, datetime
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import subscription
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.samples import verified
from tests.aggregates.customer.subscription_samples import (
    BILLING,
    LINE,
    REACTOR,
    active_line,
    arrears,
    bill,
    bill_settled,
    billed,
    day,
    dispute,
    disputed,
    settle,
    settle_dispute,
    suspended,
    terminated,
    termination_begun,
)

SUPERVISED = {"approver": "s-sun"}


def billed_line(*amounts_fen: int, **parameters: Any) -> Case:
    """A line with bills b1, b2, ... of these amounts, all of October."""
    case = active_line(**parameters)
    for number, amount_fen in enumerate(amounts_fen or (5_000,), 1):
        case.given(billed(f"b{number}", amount_fen))
    return case


def state(case: Case) -> subscription.State:
    return case.states[f"subscription/{LINE}"]


# SUB-20


def test_a_bill_is_recorded_once() -> None:
    case = active_line()
    case.given(case.when(bill(), **BILLING).recorded(subscription.BillRecorded))
    case.when(bill(), **BILLING).refused("SUB-20")
    case.when(bill("b2"), **BILLING).recorded(subscription.BillRecorded)


def test_a_bill_settled_long_ago_is_not_recorded_again() -> None:
    case = active_line().given(billed("b0", 100), bill_settled(100, "b0"))
    for number in range(1, 15):
        case.given(billed(f"b{number}", 100), bill_settled(100, f"b{number}"))
    assert "b0" not in state(case).bills
    assert len(state(case).bills) == 13
    case.when(bill("b0"), **BILLING).refused("SUB-20")


def test_an_open_bill_is_kept_however_old() -> None:
    case = active_line().given(billed("b0", 100), billed("bd", 100), disputed(100, "bd"))
    for number in range(1, 20):
        case.given(billed(f"b{number}", 0))
    assert {"b0", "bd", "b19"} <= state(case).bills.keys()
    assert len(state(case).bills) == 14


def test_a_bill_of_five_times_the_average_of_three_is_abnormal() -> None:
    case = billed_line(5_000, 6_000, 7_000)
    assert case.value(policy.ABNORMAL_MULTIPLIER) == 5
    usual = case.when(bill("b4", 29_999), **BILLING).recorded(subscription.BillRecorded)
    assert not usual.abnormal
    recorded, noticed = case.when(bill("b4", 30_000), **BILLING).recorded(
        subscription.BillRecorded, subscription.AbnormalBillNoticed
    )
    assert recorded.abnormal
    assert recorded.average_of_three_fen == noticed.average_of_three_fen == 6_000
    assert (noticed.bill_id, noticed.amount_fen) == ("b4", 30_000)


def test_the_average_is_that_of_the_last_three_bills() -> None:
    case = billed_line(900_000, 100, 100, 101)
    case.when(bill("b5", 501), **BILLING).recorded(subscription.BillRecorded)
    case.when(bill("b5", 502), **BILLING).recorded(
        subscription.BillRecorded, subscription.AbnormalBillNoticed
    )


def test_without_three_bills_before_none_is_abnormal() -> None:
    event = billed_line(1, 1).when(bill("b3", 900_000), **BILLING).decision[0]
    assert isinstance(event, subscription.BillRecorded)
    assert event.average_of_three_fen is None
    assert not event.abnormal


def test_a_bill_of_nothing_is_never_abnormal() -> None:
    case = billed_line(0, 0, 0)
    case.when(bill("b4", 0), **BILLING).recorded(subscription.BillRecorded)


def test_bills_are_recorded_also_after_the_end() -> None:
    case = active_line().given(termination_begun("contract_ended"), terminated("contract_ended"))
    case.when(bill(final=True), **BILLING).recorded(subscription.BillRecorded)
    case.when(bill()).refused("ENV-03")


# SUB-21


def test_a_bill_is_settled_in_parts_and_not_beyond_its_amount() -> None:
    case = billed_line(5_000, 700)
    case.when(settle(5_001), **REACTOR).refused("SUB-21", "5000")
    event = case.when(settle(2_000), **REACTOR).recorded(subscription.BillSettled)
    assert (event.outstanding_fen, event.all_settled) == (3_700, False)
    case.given(event)
    case.when(settle(3_001), **REACTOR).refused("SUB-21", "3000")
    case.given(case.when(settle(3_000), **BILLING).recorded(subscription.BillSettled))
    case.when(settle(1), **REACTOR).refused("SUB-21", "b1")
    last = case.when(settle(700, "b2"), **REACTOR).recorded(subscription.BillSettled)
    assert (last.outstanding_fen, last.all_settled) == (0, True)


def test_only_a_recorded_bill_is_settled() -> None:
    active_line().when(settle(), **REACTOR).refused("SUB-21", "b1")
    billed_line().when(settle()).refused("ENV-03")


def test_what_is_disputed_is_not_outstanding() -> None:
    case = billed_line(5_000).given(disputed(4_000))
    case.when(settle(1_001), **REACTOR).refused("SUB-21", "1000")
    event = case.when(settle(1_000), **REACTOR).recorded(subscription.BillSettled)
    assert (event.outstanding_fen, event.all_settled) == (0, False)


# SUB-22


def test_arrears_say_from_when_the_line_may_be_suspended_and_ended() -> None:
    case = active_line()
    told = arrears(since_on=day(-3))
    event = case.when(told, **BILLING).recorded(subscription.ArrearsRecorded)
    assert event.suspend_from_on == day(27)
    assert event.terminate_from_on is None
    case.given(suspended("arrears"), at=later(days=27))
    again = case.when(told, at=later(days=28), **BILLING).recorded(subscription.ArrearsRecorded)
    assert again.terminate_from_on == day(87)


def test_a_late_fee_is_at_most_the_legal_share_for_each_day() -> None:
    case = active_line()
    assert case.value(policy.LATE_FEE_PERMILLE) == 3
    case.when(arrears(5_000, day(-10), 150), **BILLING).recorded(subscription.ArrearsRecorded)
    case.when(arrears(5_000, day(-10), 151), **BILLING).refused("SUB-22", "150")
    case.when(arrears(5_000, day(0), 1), **BILLING).refused("SUB-22", "0 days")
    case.when(arrears(5_000, day(1), 1), **BILLING).refused("SUB-22")


def test_no_arrears_clear_what_was_in_arrears() -> None:
    case = active_line()
    case.given(case.when(arrears(), **BILLING).recorded(subscription.ArrearsRecorded))
    assert state(case).arrears_fen == 5_000
    case.when(arrears(0, late_fee_fen=1), **BILLING).refused("SUB-22")
    case.given(case.when(arrears(0), **BILLING).recorded(subscription.ArrearsCleared))
    assert state(case).arrears_fen == 0
    assert state(case).arrears_since_on is None


# SUB-23


def test_a_bill_is_disputed_within_the_months_of_appeal() -> None:
    case = active_line().given(billed(period="2026-06"))
    assert case.value(policy.DISPUTE_MONTHS) == 5
    in_time = datetime.fromisoformat("2026-11-30T23:59:59+08:00")
    case.when(dispute(), at=in_time).recorded(subscription.BillDisputed)
    too_late = datetime.fromisoformat("2026-12-01T00:00:00+08:00")
    case.when(dispute(), at=too_late).refused("SUB-23", "2026-11-30")


def test_only_a_recorded_bill_is_disputed() -> None:
    active_line().when(dispute()).refused("SUB-23", "b1")


def test_a_bill_is_disputed_once_at_a_time() -> None:
    case = billed_line().given(disputed(1_000))
    case.when(dispute(1_000)).refused("SUB-23", "already")
    correct = settle_dispute("bill_correct", 0)
    case.given(case.when(correct).recorded(subscription.DisputeSettled))
    case.when(dispute(1_000)).recorded(subscription.BillDisputed)


def test_a_bill_is_disputed_for_at_most_its_amount_also_when_it_is_paid() -> None:
    case = billed_line().given(bill_settled())
    case.when(dispute(5_001)).refused("SUB-23", "amount")
    case.when(dispute(5_000)).recorded(subscription.BillDisputed)


def test_what_was_taken_off_is_not_disputed_again() -> None:
    case = billed_line().given(disputed(2_000))
    case.given(case.when(settle_dispute("waived", 2_000)).recorded(subscription.DisputeSettled))
    case.when(dispute(3_001)).refused("SUB-23")
    case.when(dispute(3_000)).recorded(subscription.BillDisputed)


# SUB-24


def test_only_a_standing_dispute_is_settled() -> None:
    billed_line().when(settle_dispute("bill_correct", 0)).refused("SUB-24", "b1")
    active_line().when(settle_dispute("bill_correct", 0)).refused("SUB-24", "b1")


@pytest.mark.parametrize(
    ("outcome", "allowed", "refused"),
    [
        ("bill_correct", (0,), (1, 3_000)),
        ("adjusted", (1, 3_000), (0, 3_001)),
        ("waived", (3_000,), (2_999, 3_001)),
    ],
)
def test_the_outcome_and_what_is_taken_off_agree(
    outcome: str, allowed: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    case = billed_line().given(disputed(3_000))
    for amount_fen in refused:
        case.when(settle_dispute(outcome, amount_fen)).refused("SUB-24", outcome)
    for amount_fen in allowed:
        event = case.when(settle_dispute(outcome, amount_fen)).recorded(subscription.DisputeSettled)
        assert event.disputed_fen == 3_000
        assert event.credit_fen == 0


def test_what_was_paid_and_is_taken_off_is_credited() -> None:
    case = billed_line().given(bill_settled(4_000), disputed(2_500))
    event = case.when(settle_dispute("adjusted", 2_000)).recorded(subscription.DisputeSettled)
    assert event.credit_fen == 1_000
    case.given(event, disputed(1_000))
    again = case.when(settle_dispute("waived", 1_000)).recorded(subscription.DisputeSettled)
    assert again.credit_fen == 1_000


def test_a_settled_dispute_leaves_the_rest_outstanding() -> None:
    case = billed_line().given(disputed(3_000))
    assert state(case).outstanding_fen == 2_000
    case.given(case.when(settle_dispute("adjusted", 500)).recorded(subscription.DisputeSettled))
    assert state(case).outstanding_fen == 4_500


# SUB-25


def test_a_large_adjustment_takes_two_people() -> None:
    case = billed_line(30_000).given(disputed(30_000))
    assert case.value(policy.ADJUSTMENT_SELF_LIMIT_FEN) == 10_000
    case.when(settle_dispute("adjusted", 10_000)).recorded(subscription.DisputeSettled)
    larger = settle_dispute("adjusted", 10_001)
    case.when(larger).refused("SUB-25", "approver")
    case.when(larger, approver="c-li").refused("SUB-25")
    case.when(larger, **SUPERVISED).recorded(subscription.DisputeSettled)
    case.when(settle_dispute("waived", 29_000)).refused("SUB-24")


# SUB-26 and CUS-15


def detail(fee_fen: int = 0) -> subscription.GiveBillDetail:
    return subscription.GiveBillDetail(
        subscription_id=LINE,
        period="2026-10",
        delivered_by="print",
        verification_id="ver1",
        fee_fen=fee_fen,
    )


def test_the_bill_detail_is_free() -> None:
    case = active_line().given(verified())
    case.when(detail()).recorded(subscription.BillDetailGiven)
    case.when(detail(1)).refused("SUB-26")


def test_the_bill_detail_is_given_to_who_is_verified() -> None:
    case = active_line()
    case.when(detail()).refused("CUS-15", "ver1")
    case.when(detail(1)).refused("SUB-26")
    case.given(verified(hours=1))
    case.when(detail(), at=later(hours=1)).recorded(subscription.BillDetailGiven)
    case.when(detail(), at=later(hours=1, seconds=1)).refused("CUS-15")


def test_the_newest_payment_is_the_one_that_counts() -> None:
    case = billed_line(5_000, 5_000)
    case.given(bill_settled(settled_at=later(hours=2)), bill_settled(1, "b2", settled_at=NOW))
    assert state(case).paid_at == later(hours=2)
    assert state(case).bills["b1"].due_on == date(2026, 11, 3)
