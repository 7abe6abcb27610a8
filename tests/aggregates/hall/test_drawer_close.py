"""A counted drawer until its money is at the bank: each rule refused and allowed, in order."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.aggregates.hall import drawer
from ledger.aggregates.model import FollowOn, Settled
from ledger.values import local_midnight
from tests.aggregates.case import NOW, later, reactions
from tests.aggregates.hall.facts import CLOSING, HALL, TUESDAY, shift_opened
from tests.aggregates.hall.money import (
    ALONE,
    CLOCK,
    EXPECTED_FEN,
    FLOAT_FEN,
    MANAGER,
    SHORT,
    SUPERVISOR,
    WEDNESDAY,
    WITNESSED,
    close,
    closed,
    count,
    counted,
    deposit,
    done,
    drop,
    explain,
    money_in,
    money_out,
    open_drawer,
    short,
    with_drawer,
    with_receipt,
)

DEPOSIT_OVERDUE = drawer.MarkDepositOverdue(drawer_id="w1")
TO_THE_BANK: dict[str, Any] = {"actor": "s-sun", "approver": "m-he"}


# Closing


def test_the_float_comes_back() -> None:
    case = counted()
    case.when(close(FLOAT_FEN - 10), **ALONE).refused("DRW-15", "50000")
    case.when(close(FLOAT_FEN + 10), **ALONE).refused("DRW-15", "50000")
    event = case.when(close(), at=CLOSING, **ALONE).recorded(drawer.Closed)
    assert (event.difference_fen, event.to_deposit_fen) == (0, 5_000)
    assert event.deposit_by_on == WEDNESDAY


def test_where_less_than_the_float_is_left_all_of_it_comes_back() -> None:
    case = with_drawer()
    done(case, money_out(3_000))
    done(case, count(FLOAT_FEN - 3_000, 1, -3_000), **WITNESSED)
    case.when(close(), **ALONE).refused("DRW-15", "47000")
    event = case.when(close(FLOAT_FEN - 3_000), **ALONE).recorded(drawer.Closed)
    assert event.to_deposit_fen == 0


def test_drops_go_to_the_bank_with_the_rest() -> None:
    case = with_receipt()
    done(case, drop(2_000), **WITNESSED)
    done(case, count(EXPECTED_FEN - 2_000, 1, 5_000), **WITNESSED)
    assert case.when(close(), **ALONE).recorded(drawer.Closed).to_deposit_fen == 5_000


def test_a_difference_above_the_tolerance_is_closed_only_when_explained() -> None:
    event = drawer.Counted.of(
        SHORT,
        counted_fen=EXPECTED_FEN - 1_000,
        expected_fen=EXPECTED_FEN,
        difference_fen=-1_000,
        journal_gap_fen=0,
    )
    tolerated = with_receipt(cash__tolerance_fen=1_000).given(event, **WITNESSED)
    tolerated.when(close(), **ALONE).recorded(drawer.Closed)
    lowered = with_receipt(cash__tolerance_fen=990).given(event, **WITNESSED)
    lowered.when(close(), **ALONE).refused("DRW-16", "-1000")
    explained = short()
    done(explained, explain(), **MANAGER)
    event = explained.when(close(), **ALONE).recorded(drawer.Closed)
    assert (event.difference_fen, event.to_deposit_fen) == (-1_000, 4_000)


def test_the_rules_of_closing_come_in_their_order() -> None:
    case = with_receipt(cash__tolerance_fen=1_000)
    done(case, drop(1_000, "seal-1"), **WITNESSED)
    event = drawer.Counted.of(
        count(EXPECTED_FEN, 1, 5_000),
        counted_fen=EXPECTED_FEN,
        expected_fen=EXPECTED_FEN - 1_000,
        difference_fen=2_000,
        journal_gap_fen=0,
    )
    case.given(event, **WITNESSED)
    case.when(close(10, "seal-1"), actor="c-wang").refused("DRW-02")
    case.when(close(10, "seal-1"), **ALONE).refused("DRW-07")
    case.when(close(10, "seal-2"), **ALONE).refused("DRW-15")
    case.when(close(seal_no="seal-2"), **ALONE).refused("DRW-16")


# To the bank


def test_the_deposit_is_what_was_left() -> None:
    case = closed()
    case.when(deposit(4_990), **TO_THE_BANK).refused("DRW-17", "5000")
    case.when(deposit(5_010), **TO_THE_BANK).refused("DRW-17", "5000")
    case.when(deposit(5_000), **TO_THE_BANK).recorded(drawer.Deposited)


@pytest.mark.parametrize(("days", "in_time"), [(0, True), (1, True), (2, False)])
def test_a_deposit_says_whether_it_was_in_time(days: int, in_time: bool) -> None:
    wish = deposit(5_000, TUESDAY + timedelta(days=days))
    at = later(days=days)
    event = closed().when(wish, at=at, **TO_THE_BANK).recorded(drawer.Deposited)
    assert event.in_time == in_time


def test_several_drawers_share_a_slip_only_as_one_deposit() -> None:
    case = closed()
    done(case, deposit(5_000, slip="slip-1", deposit_id="e1"), **TO_THE_BANK)
    done(case, open_drawer("w2"), **WITNESSED)
    done(case, money_in(10, "p2", "w2"))
    done(case, drawer.CountCash(
        drawer_id="w2", pieces=count(FLOAT_FEN + 10).pieces, journal_count=1, journal_fen=10,
        accept_journal_gap=False,
    ), **WITNESSED)  # fmt: skip
    done(case, drawer.Close(drawer_id="w2", float_returned_fen=FLOAT_FEN), **ALONE)
    other = deposit(10, slip="slip-1", deposit_id="e2", drawer_id="w2")
    case.when(other, **TO_THE_BANK).refused("DRW-18", "e1")
    same = deposit(10, slip="slip-1", deposit_id="e1", drawer_id="w2")
    case.when(same, **TO_THE_BANK).recorded(drawer.Deposited)
    case.when(deposit(20, slip="slip-1", deposit_id="e2", drawer_id="w2"), **TO_THE_BANK).refused(
        "DRW-17"
    )


def test_a_cashier_on_duty_or_a_supervisor_takes_money_to_the_bank() -> None:
    wish = deposit(5_000)
    closed().when(wish, **WITNESSED).refused("ENV-04", "cashier")
    closed().when(wish, actor="c-zhao", approver="s-sun").refused("ENV-04", "cashier")
    closed().when(wish, **SUPERVISOR).refused("ENV-07")
    cashier = closed().given(shift_opened("s-c", "k3", "cashier"), actor="c-zhao")
    cashier.when(wish, actor="c-zhao", approver="s-sun").recorded(drawer.Deposited)


def test_a_deposit_is_overdue_once_when_its_day_has_ended() -> None:
    case = closed()
    at = local_midnight(WEDNESDAY + timedelta(days=1))
    case.when(DEPOSIT_OVERDUE, at=at - timedelta(seconds=1), **CLOCK).refused("DRW-19", "until")
    done(case, DEPOSIT_OVERDUE, at, **CLOCK)
    case.when(DEPOSIT_OVERDUE, at=at, **CLOCK).refused("DRW-19", "already")
    done(case, deposit(5_000), at, **TO_THE_BANK)
    case.when(DEPOSIT_OVERDUE, at=at, **CLOCK).refused("ENV-12")


def test_where_nothing_is_left_no_deposit_is_overdue() -> None:
    case = with_drawer()
    done(case, count(FLOAT_FEN), **WITNESSED)
    (event,) = done(case, close(), **ALONE)
    assert reactions(event, case.envelope("drawer.close.v1", NOW), "drawer/w1") == []
    at = local_midnight(WEDNESDAY + timedelta(days=1))
    case.when(DEPOSIT_OVERDUE, at=at, **CLOCK).refused("DRW-19", "nothing")


# Timers


def test_a_closed_drawer_waits_for_its_deposit() -> None:
    case = counted()
    event = case.when(close(), **ALONE).recorded(drawer.Closed)
    envelope = case.envelope("drawer.close.v1", NOW)
    due_at = local_midnight(WEDNESDAY + timedelta(days=1))
    timer = FollowOn("deposit_overdue", HALL, DEPOSIT_OVERDUE, due_at)
    assert reactions(event, envelope, "drawer/w1") == [timer]
    deposited = closed().when(deposit(5_000), **TO_THE_BANK).recorded(drawer.Deposited)
    assert reactions(deposited, envelope, "drawer/w1") == [Settled("deposit_overdue")]
