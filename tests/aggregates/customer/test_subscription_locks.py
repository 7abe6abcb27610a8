"""SUB-15 to SUB-19: contract locks, what leaving costs, and how locks end."""

from datetime import date, datetime
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.customer import payment, subscription
from ledger.aggregates.customer.subscription.months import last_day, months_after, whole_months
from ledger.aggregates.model import FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.subscription_samples import (
    CLOCK,
    LINE,
    REACTOR,
    TODAY,
    active_line,
    bill_settled,
    day,
    exit_fee_paid,
    item,
    lock,
    locked,
    ordered,
    quote,
    quoted,
    release,
    signed,
    suspended,
    terminated,
)

IN_A_YEAR = date(2027, 11, 3)
IN_3_YEARS = date(2029, 11, 3)


def under_contract(**parameters: Any) -> Case:
    """An active line whose order's agreement was signed, not yet locked."""
    return active_line(**parameters).given(signed())


def locked_line(*locks: subscription.Locked, **parameters: Any) -> Case:
    return under_contract(**parameters).given(*(locks or (locked(),)))


# SUB-15


def test_a_lock_rests_on_the_agreement_of_its_order() -> None:
    case = active_line()
    case.when(lock(), **REACTOR).refused("SUB-15", "o1.agreement")
    case.given(signed())
    case.when(lock(agreement_id="another"), **REACTOR).refused("SUB-15", "another")
    case.when(lock(order_id="o9"), **REACTOR).refused("SUB-15", "o9")
    case.when(lock(), **REACTOR).recorded(subscription.Locked)


def test_a_lock_rests_on_an_agreement_for_this_line() -> None:
    upgrade = item("plan-99", "modify", monthly_fen=9_900)
    by_o2 = lock(order_id="o2", agreement_id="o2.agreement")
    case = ordered(active_line(), "plan_change", upgrade, subscription_id="another")
    case.given(signed("o2")).when(by_o2, **REACTOR).refused("SUB-15", "line")
    case = ordered(active_line(), "plan_change", upgrade)
    case.given(signed("o2")).when(by_o2, **REACTOR).recorded(subscription.Locked)


def test_a_lock_is_no_longer_than_the_agreement_states() -> None:
    case = under_contract()
    case.when(lock(until_on=date(2027, 11, 4)), **REACTOR).refused("SUB-15", "term")
    without = active_line().given(signed(term_months=0, ends_on=None))
    without.when(lock(), **REACTOR).refused("SUB-15", "term")


@pytest.mark.parametrize(
    ("rule", "fee", "stated"),
    [
        ("fixed", {"fixed_fen": 10_000}, {"exit_fee_fixed_fen": 10_000}),
        ("subsidy_pro_rata", {"subsidy_fen": 20_000}, {"subsidy_fen": 20_000}),
        (
            "percent_of_remaining_months",
            {"percent": 30, "monthly_fen": 9_900},
            {"exit_fee_percent": 30},
        ),
    ],
)
def test_a_lock_costs_what_the_agreement_states(
    rule: Any, fee: dict[str, Any], stated: dict[str, Any]
) -> None:
    no_fee: dict[str, Any] = {"percent": None, "monthly_fen": None}
    wish = lock(exit_fee_rule=rule, **(no_fee | fee))
    silent = active_line().given(signed(exit_fee_percent=None))
    silent.when(wish, **REACTOR).refused("SUB-15", rule)
    case = active_line().given(signed(**({"exit_fee_percent": None} | stated)))
    case.when(wish, **REACTOR).recorded(subscription.Locked)
    case.when(lock(exit_fee_rule=rule, **no_fee), **REACTOR).refused("SUB-15", rule)


def test_a_lock_may_cost_nothing() -> None:
    wish = lock(exit_fee_rule="none", percent=None, monthly_fen=None)
    under_contract().when(wish, **REACTOR).recorded(subscription.Locked)


def test_a_lock_id_is_used_once() -> None:
    case = locked_line()
    case.when(lock(), **REACTOR).refused("SUB-15", "taken")
    case.given(subscription.LockReleased.of(release()))
    case.when(lock(), **REACTOR).refused("SUB-15", "taken")


def test_a_lock_is_put_on_a_suspended_line_too() -> None:
    under_contract().given(suspended()).when(lock(), **REACTOR).recorded(subscription.Locked)


# SUB-16


def test_a_lock_ends_after_it_begins() -> None:
    case = under_contract()
    case.when(lock(until_on=TODAY), **REACTOR).refused("SUB-16", "before it begins")
    case.when(lock(until_on=day(1)), **REACTOR).recorded(subscription.Locked)


def test_a_lock_lasts_at_most_the_longest_term() -> None:
    case = active_line().given(signed(ends_on=date(2030, 1, 1)))
    assert case.value(policy.MAX_LOCK_MONTHS) == 36
    case.when(lock(until_on=IN_3_YEARS), **REACTOR).recorded(subscription.Locked)
    case.when(lock(until_on=date(2029, 11, 4)), **REACTOR).refused("SUB-16", "too long")


def test_clerks_lock_nothing() -> None:
    under_contract().when(lock()).refused("ENV-03")


# SUB-17


def fee(case: Case, **changed: Any) -> int:
    return case.when(quote(**changed)).recorded(subscription.ExitFeeQuoted).exit_fee_fen


def test_a_share_of_the_remaining_months_is_quoted_as_the_catalogue_says() -> None:
    case = locked_line(locked(until_on=date(2027, 5, 3)))
    event = case.when(quote()).recorded(subscription.ExitFeeQuoted)
    assert event.exit_fee_fen == 17_820
    assert event.by_lock == {"l1": 17_820}
    assert event.valid_until_on == day(7)


def test_only_whole_months_that_remain_cost() -> None:
    case = locked_line(locked(until_on=date(2027, 5, 3)))
    assert fee(case, as_of_on=day(1)) == 5 * 2_970
    assert fee(case, as_of_on=date(2027, 4, 3)) == 2_970
    assert fee(case, as_of_on=date(2027, 4, 4)) == 0


def test_a_part_of_a_fen_is_rounded_up() -> None:
    assert fee(locked_line(locked(percent=33, monthly_fen=1, until_on=date(2026, 12, 3)))) == 1


def test_a_fixed_fee_stays_the_same() -> None:
    fixed = locked(exit_fee_rule="fixed", fixed_fen=10_000, percent=None, monthly_fen=None)
    assert fee(locked_line(fixed)) == 10_000
    assert fee(locked_line(fixed), as_of_on=date(2027, 11, 2)) == 10_000


def test_a_subsidy_is_paid_back_by_the_day() -> None:
    subsidy = locked(
        exit_fee_rule="subsidy_pro_rata",
        subsidy_fen=1_000,
        percent=None,
        monthly_fen=None,
        until_on=day(3),
    )
    assert fee(locked_line(subsidy)) == 1_000
    assert fee(locked_line(subsidy), as_of_on=day(1)) == 667
    assert fee(locked_line(subsidy), as_of_on=day(2)) == 334


def test_all_locks_that_stand_on_the_day_add_up() -> None:
    later_lock = locked("l2", from_on=day(10), exit_fee_rule="fixed", fixed_fen=500)
    free = locked("l3", exit_fee_rule="none")
    case = locked_line(locked(until_on=date(2027, 5, 3)), later_lock, free)
    assert fee(case) == 17_820
    event = case.when(quote(as_of_on=day(10))).recorded(subscription.ExitFeeQuoted)
    assert event.by_lock == {"l1": 14_850, "l2": 500, "l3": 0}
    assert fee(case, as_of_on=IN_A_YEAR) == 0


def test_a_line_without_locks_leaves_for_nothing() -> None:
    assert fee(active_line()) == 0


def test_an_exit_fee_is_quoted_once_and_for_no_day_that_has_passed() -> None:
    case = locked_line()
    case.when(quote(as_of_on=day(-1))).refused("SUB-17", "passed")
    case.given(case.when(quote()).recorded(subscription.ExitFeeQuoted))
    case.when(quote()).refused("SUB-17", "taken")


def test_only_the_newest_quotes_are_kept() -> None:
    case = locked_line()
    for number in range(12):
        case.given(quoted(quote_id=f"q{number}"))
    kept = case.states[f"subscription/{LINE}"].quotes
    assert list(kept) == [f"q{number}" for number in range(2, 12)]


# SUB-18


def test_only_a_standing_lock_is_released() -> None:
    case = locked_line()
    case.when(release(lock_id="l9"), **CLOCK).refused("SUB-18", "l9")
    case.given(subscription.LockReleased.of(release()))
    case.when(release("waived"), approver="s-sun").refused("SUB-18")


def test_a_lock_expires_on_its_last_day_and_not_before() -> None:
    case = locked_line()
    before = datetime.fromisoformat("2027-11-02T23:59:59+08:00")
    case.when(release(), at=before, **CLOCK).refused("SUB-18", "2027-11-03")
    at = datetime.fromisoformat("2027-11-03T00:00:00+08:00")
    case.when(release(), at=at, **CLOCK).recorded(subscription.LockReleased)
    case.given(suspended())
    case.when(release(), at=at).recorded(subscription.LockReleased)


def test_a_lock_expires_by_a_timer() -> None:
    envelope = Case("customer/d1").envelope("subscription.lock.v1", NOW)
    (timer,) = reactions(locked(), envelope, f"subscription/{LINE}")
    assert timer == FollowOn(
        "expire.l1",
        "customer/d1",
        release(),
        datetime.fromisoformat("2027-11-03T00:00:00+08:00"),
    )


def test_a_lock_that_ends_otherwise_needs_no_timer() -> None:
    envelope = Case("customer/d1").envelope("subscription.release_lock.v1", NOW)
    stream = f"subscription/{LINE}"
    gone = subscription.LockReleased.of(release("waived"))
    assert reactions(gone, envelope, stream) == [Settled("expire.l1")]
    abort = subscription.Abort(subscription_id=LINE, order_id="o1", reason="order_failed")
    cancelled = subscription.Cancelled.of(abort, locks_ended=("l1", "l2"))
    both = [Settled("expire.l1"), Settled("expire.l2")]
    assert reactions(cancelled, envelope, stream) == both
    assert reactions(terminated(), envelope, stream) == []
    assert reactions(bill_settled(), envelope, stream) == []


# SUB-19


PAID = "exit_fee_paid"


def test_a_paid_release_names_a_payment_for_this_lock() -> None:
    case = locked_line().given(quoted())
    case.when(release(PAID)).refused("SUB-19", "payment")
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "payment")
    case.given(exit_fee_paid())
    case.when(release(PAID, payment_id="p1")).recorded(subscription.LockReleased)


@pytest.mark.parametrize(
    "about", [{"lock_id": "l2"}, {"item_kind": "device"}, {"subscription_id": "another"}]
)
def test_money_for_something_else_releases_no_lock(about: dict[str, Any]) -> None:
    case = locked_line().given(quoted(), exit_fee_paid(**about))
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "0 fen")


def test_a_reversed_payment_releases_no_lock() -> None:
    reversal = payment.Reverse(
        payment_id="p1",
        reversal_id="rev1",
        amount_fen=35_640,
        reason="duplicate",
        receipt_taken_back=True,
        note="k.x",
    )
    case = locked_line().given(quoted(), exit_fee_paid())
    case.given(payment.Reversed.of(reversal))
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "captured")


def test_the_fee_paid_is_at_least_the_one_quoted_last() -> None:
    case = locked_line().given(quoted(35_640), quoted(40_000, quote_id="q2"))
    case.given(exit_fee_paid(39_999))
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "39999")
    case = locked_line().given(quoted(50_000), quoted(40_000, quote_id="q2"))
    case.given(exit_fee_paid(40_000))
    case.when(release(PAID, payment_id="p1")).recorded(subscription.LockReleased)


def test_the_quote_was_valid_when_the_fee_was_paid() -> None:
    case = locked_line().given(exit_fee_paid())
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "quote")
    for days, holds in ((7, True), (8, False)):
        case = locked_line().given(quoted()).given(exit_fee_paid(), at=later(days=days))
        outcome = case.when(release(PAID, payment_id="p1"), at=later(days=days))
        if holds:
            outcome.recorded(subscription.LockReleased)
        else:
            outcome.refused("SUB-19", "quote")
    case = locked_line().given(quoted(as_of_on=day(1)), exit_fee_paid())
    case.when(release(PAID, payment_id="p1")).refused("SUB-19", "quote")


@pytest.mark.parametrize("reason", ["waived", "operator_fault"])
def test_a_lock_is_waived_by_two_people(reason: str) -> None:
    case = locked_line()
    case.when(release(reason)).refused("SUB-19", "approver")
    case.when(release(reason), approver="c-wang").refused("SUB-19")
    case.when(release(reason), approver="s-sun").recorded(subscription.LockReleased)


# Months


def test_months_end_with_the_month() -> None:
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_after(date(2026, 12, 3), 12) == date(2027, 12, 3)
    assert last_day("2026-12") == date(2026, 12, 31)
    assert last_day("2026-09", 5) == date(2027, 2, 28)


def test_whole_months_are_counted_from_day_to_day() -> None:
    assert whole_months(date(2026, 1, 31), date(2026, 2, 27)) == 0
    assert whole_months(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert whole_months(date(2026, 1, 31), date(2026, 3, 30)) == 1
    assert whole_months(date(2026, 5, 1), date(2026, 4, 1)) == 0
