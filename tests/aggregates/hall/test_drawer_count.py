"""A cash drawer is counted, and a difference explained: each rule refused and allowed, in order."""

from datetime import timedelta

import pytest

from ledger import policy
from ledger.aggregates.hall import drawer, hall_day, shift
from ledger.aggregates.model import FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.hall.facts import ARRIVED, AT_K1, HALL, STARTED, shift_opened
from tests.aggregates.hall.money import (
    ALONE,
    CLOCK,
    EXPECTED_FEN,
    FLOAT_FEN,
    MANAGER,
    REACTOR,
    SHORT,
    SUPERVISOR,
    WITNESSED,
    close,
    count,
    counted,
    done,
    explain,
    money_in,
    money_out,
    short,
    with_drawer,
    with_receipt,
)

RIGHT = count(EXPECTED_FEN, 1, 5_000)
UNEXPLAINED = drawer.MarkUnexplained(drawer_id="w1")


def state(case: Case) -> drawer.State:
    return case.states["drawer/w1"]


def left_alone() -> Case:
    """c-li fell ill and was sent home; s-sun, on shift at k3, stands in."""
    case = with_receipt()
    ended = shift.Closed(
        shift_id="s-c-li",
        forced=True,
        reason="illness",
        clerk_id="c-li",
        worked_seconds=0,
        pause_seconds=0,
        visits_closed=0,
    )
    case.given(ended, actor="s-sun")
    return case.given(shift_opened("s-s-sun", "k3", "supervisor"), **SUPERVISOR)


# Counting


def test_a_count_that_agrees_finds_no_discrepancy() -> None:
    event = with_receipt().when(RIGHT, **WITNESSED).recorded(drawer.Counted)
    assert event.expected_fen == event.counted_fen == EXPECTED_FEN
    assert (event.difference_fen, event.journal_gap_fen) == (0, 0)


@pytest.mark.parametrize(("off_fen", "direction"), [(-1_000, "short"), (10, "over")])
def test_a_count_that_differs_finds_a_discrepancy(off_fen: int, direction: str) -> None:
    case = with_receipt()
    wish = count(EXPECTED_FEN + off_fen, 1, 5_000)
    event, found = case.when(wish, **WITNESSED).recorded(drawer.Counted, drawer.DiscrepancyFound)
    assert event.difference_fen == found.difference_fen == off_fen
    assert found.direction == direction
    assert found.explain_by_at == later(hours=case.value(policy.CASH_EXPLAIN_HOURS))
    case.given(event, found, **WITNESSED)
    case.when(close(), **ALONE).refused("ENV-12", "discrepant")


def test_a_difference_within_the_tolerance_is_none() -> None:
    case = with_receipt(cash__tolerance_fen=1_000)
    case.when(SHORT, **WITNESSED).recorded(drawer.Counted)
    more = count(EXPECTED_FEN - 1_010, 1, 5_000)
    case.when(more, **WITNESSED).recorded(drawer.Counted, drawer.DiscrepancyFound)


def test_a_drawer_is_counted_when_its_clerk_serves_nobody() -> None:
    case = with_receipt().given(ARRIVED, visit="v1").given(STARTED, **AT_K1, visit="v1")
    case.when(RIGHT, **WITNESSED).refused("DRW-10", "v1")
    other = with_receipt().given(ARRIVED, visit="v1")
    other.given(STARTED, actor="c-wang", hall="renmin", counter="k2", visit="v1")
    other.when(RIGHT, **WITNESSED).recorded(drawer.Counted)


@pytest.mark.parametrize(("journal_count", "journal_fen"), [(2, 5_000), (1, 9_000), (0, 0)])
def test_the_journal_agrees_with_the_copies_or_the_gap_is_accepted(
    journal_count: int, journal_fen: int
) -> None:
    case = with_receipt()
    wish = count(EXPECTED_FEN, journal_count, journal_fen)
    case.when(wish, **WITNESSED).refused("DRW-11", "1 of 5000")
    wish = count(EXPECTED_FEN, journal_count, journal_fen, accept=True)
    event = case.when(wish, **WITNESSED).recorded(drawer.Counted)
    assert event.journal_gap_fen == journal_fen - 5_000


def test_the_journal_counts_payouts_too() -> None:
    case = with_receipt()
    done(case, money_out(2_000))
    case.when(count(FLOAT_FEN + 3_000, 1, 5_000), **WITNESSED).refused("DRW-11", "2 of 3000")
    case.when(count(FLOAT_FEN + 3_000, 2, 3_000), **WITNESSED).recorded(drawer.Counted)


def test_the_rules_of_counting_come_in_their_order() -> None:
    case = with_receipt().given(ARRIVED, visit="v1").given(STARTED, **AT_K1, visit="v1")
    wrong = count(EXPECTED_FEN, 7, 7)
    case.when(wrong, actor="c-wang", approver="s-sun").refused("DRW-02")
    case.when(wrong, **WITNESSED).refused("DRW-10")
    with_receipt().when(wrong, **WITNESSED).refused("DRW-11")


def test_a_supervisor_counts_and_closes_for_a_clerk_whose_shift_has_ended() -> None:
    case = left_alone()
    case.when(RIGHT, actor="c-wang", approver="m-he").refused("DRW-02", "c-li")
    case.when(RIGHT, **WITNESSED).refused("ENV-06")
    done(case, RIGHT, actor="s-sun", approver="m-he")
    case.when(close(), actor="c-wang").refused("DRW-02", "c-li")
    (event,) = done(case, close(), **SUPERVISOR)
    assert event.clerk_id == "c-li"


def test_a_clerk_who_comes_back_in_another_shift_counts_the_own_drawer() -> None:
    case = left_alone().given(shift_opened("s-c-li-2", "k1"), **ALONE)
    case.when(RIGHT, **WITNESSED).recorded(drawer.Counted)


def test_a_discrepant_drawer_is_counted_again() -> None:
    case = short()
    case.when(RIGHT, **WITNESSED).recorded(drawer.Counted)
    done(case, RIGHT, **WITNESSED)
    case.when(RIGHT, **WITNESSED).recorded(drawer.Counted)
    done(case, close(), **ALONE)
    case.when(RIGHT, **WITNESSED).refused("ENV-12")


def test_a_drawer_counted_under_a_wider_tolerance_is_counted_again() -> None:
    """DRW-16 asks by the tolerance of today; a count by it lets the difference be explained."""
    case = counted()
    case.when(SHORT, **WITNESSED).recorded(drawer.Counted, drawer.DiscrepancyFound)


# Late copies


def test_a_late_copy_that_changes_the_difference_makes_the_drawer_discrepant() -> None:
    case = counted()
    late, found, _ = case.when(money_in(3_000, "p2"), **REACTOR).recorded(
        drawer.ReceiptLate, drawer.DiscrepancyFound, hall_day.PaymentNoted
    )
    assert (late.expected_fen, late.difference_fen) == (EXPECTED_FEN + 3_000, -3_000)
    assert found.direction == "short"
    done(case, money_in(3_000, "p2"))
    assert state(case).status == "discrepant"


def test_a_late_copy_that_was_missing_settles_the_discrepancy() -> None:
    case = with_receipt()
    done(case, count(EXPECTED_FEN + 4_000, 2, 9_000, accept=True), **WITNESSED)
    assert state(case).status == "discrepant"
    case.when(money_in(4_000, "p2"), **REACTOR).recorded(drawer.ReceiptLate, hall_day.PaymentNoted)
    done(case, money_in(4_000, "p2"))
    assert state(case).status == "counted"
    case.when(close(), **ALONE).recorded(drawer.Closed)


def test_a_late_payout_counts_the_other_way() -> None:
    case = counted()
    late, found, _ = case.when(money_out(2_000), **REACTOR).recorded(
        drawer.PayoutLate, drawer.DiscrepancyFound, hall_day.PaymentNoted
    )
    assert (late.expected_fen, late.difference_fen) == (EXPECTED_FEN - 2_000, 2_000)
    assert found.direction == "over"


def test_an_explained_drawer_that_a_late_copy_changes_is_explained_again() -> None:
    case = short()
    done(case, explain(), **MANAGER)
    done(case, money_in(3_000, "p2"))
    case.when(close(), **ALONE).refused("ENV-12", "discrepant")
    (event,) = done(case, explain(), **MANAGER)
    assert event.difference_fen == -4_000
    case.when(close(), **ALONE).recorded(drawer.Closed)


def test_a_late_copy_is_to_be_explained_from_when_it_was_told() -> None:
    case = counted()
    told = later(hours=30)
    outcome = case.when(money_in(10, "p2"), recorded_at=told, **REACTOR)
    _, found, _ = outcome.recorded(
        drawer.ReceiptLate, drawer.DiscrepancyFound, hall_day.PaymentNoted
    )
    assert found.explain_by_at == told + timedelta(hours=case.value(policy.CASH_EXPLAIN_HOURS))


# Explaining


@pytest.mark.parametrize("actor", ["s-sun", "m-he"])
def test_a_discrepancy_is_explained_by_nobody_who_took_part(actor: str) -> None:
    case = short()
    outcome = case.when(explain(), actor=actor)
    if actor == "s-sun":
        outcome.refused("DRW-12", "s-sun")
    else:
        assert outcome.recorded(drawer.DiscrepancyExplained).difference_fen == -1_000
    case.when(explain(), **ALONE).refused("ENV-04")


def test_a_supervisor_who_held_the_drawer_or_counted_it_explains_nothing() -> None:
    case = left_alone()
    done(case, SHORT, actor="s-sun", approver="m-he")
    case.when(explain(), **SUPERVISOR).refused("DRW-12", "s-sun")
    case.when(explain(), **MANAGER).refused("DRW-12", "m-he")
    case.when(explain(), actor="r-song").recorded(drawer.DiscrepancyExplained)
    promoted = short().clerk("c-li", role="supervisor")
    promoted.when(explain(), **ALONE).refused("DRW-12", "c-li")


@pytest.mark.parametrize(("cause", "booked_as", "needed"), [
    ("missed_entry", "shortage_receivable", True),
    ("double_entry", "surplus_payable", True),
    ("wrong_change", "corrected_entry", True),
    ("wrong_change", "shortage_receivable", False),
    ("unexplained", "shortage_receivable", False),
])  # fmt: skip
def test_an_explanation_by_entries_names_them(cause: str, booked_as: str, needed: bool) -> None:
    case = short()
    outcome = case.when(explain(cause, booked_as), **MANAGER)
    if needed:
        outcome.refused("DRW-13")
    else:
        outcome.recorded(drawer.DiscrepancyExplained)
    wish = explain(cause, booked_as, "counter-app:m1:1")
    case.when(wish, **MANAGER).recorded(drawer.DiscrepancyExplained)


def test_who_explains_comes_before_what_it_rests_on() -> None:
    short().when(explain("missed_entry"), **SUPERVISOR).refused("DRW-12")


def test_a_discrepancy_is_overdue_once_when_its_time_has_passed() -> None:
    case = short()
    at = later(hours=case.value(policy.CASH_EXPLAIN_HOURS))
    case.when(UNEXPLAINED, at=at - timedelta(seconds=1), **CLOCK).refused("DRW-14", "until")
    done(case, UNEXPLAINED, at, **CLOCK)
    case.when(UNEXPLAINED, at=at, **CLOCK).refused("DRW-14", "already")


def test_a_discrepancy_found_again_has_its_time_anew() -> None:
    case = short()
    at = later(hours=case.value(policy.CASH_EXPLAIN_HOURS))
    done(case, UNEXPLAINED, at, **CLOCK)
    done(case, SHORT, at, **WITNESSED)
    case.when(UNEXPLAINED, at=at, **CLOCK).refused("DRW-14", "until")


# Timers


def test_a_count_settles_what_waited_and_a_discrepancy_waits_anew() -> None:
    case = with_receipt()
    event, found = case.when(SHORT, **WITNESSED).recorded(drawer.Counted, drawer.DiscrepancyFound)
    envelope = case.envelope("drawer.count.v1", NOW)
    assert reactions(event, envelope, "drawer/w1") == [Settled("limit"), Settled("unexplained")]
    timer = FollowOn("unexplained", HALL, UNEXPLAINED, found.explain_by_at)
    assert reactions(found, envelope, "drawer/w1") == [timer]


def test_an_explanation_or_a_late_copy_settles_the_wait_for_an_explanation() -> None:
    case = short()
    explained = case.when(explain(), **MANAGER).recorded(drawer.DiscrepancyExplained)
    late_in, *_ = done(case, money_in(10, "p2"))
    late_out, *_ = done(case, money_out(10, "p3"))
    for event in (explained, late_in, late_out):
        envelope = case.envelope("x", NOW)
        assert reactions(event, envelope, "drawer/w1") == [Settled("unexplained")]


def test_what_nobody_waits_for_has_no_follow_on() -> None:
    case = with_drawer()
    event = drawer.LimitExceeded(drawer_id="w1", expected_fen=1)
    assert reactions(event, case.envelope("x", NOW), "drawer/w1") == []
