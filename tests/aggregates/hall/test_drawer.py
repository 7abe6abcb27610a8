"""A cash drawer until it is counted: each rule refused and allowed, the first broken one named."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.hall import drawer, hall_day
from ledger.aggregates.model import FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.hall.facts import HALL, TUESDAY, open_hall, shift_opened
from tests.aggregates.hall.money import (
    ALONE,
    CLOCK,
    FLOAT_FEN,
    LIMIT_FEN,
    NOTE,
    REACTOR,
    SUPERVISOR,
    WITNESSED,
    change,
    close,
    closed,
    count,
    counted,
    deposit,
    done,
    drop,
    money_in,
    money_out,
    open_drawer,
    pieces,
    with_drawer,
    with_receipt,
)

NOTE_LIMIT = drawer.NoteLimit(drawer_id="w1")


def state(case: Case, drawer_id: str = "w1") -> drawer.State:
    return case.states[f"drawer/{drawer_id}"]


# Opening


def test_a_drawer_opens_with_the_float() -> None:
    event = open_hall().when(open_drawer(), **WITNESSED).recorded(drawer.Opened)
    assert event.float_fen == FLOAT_FEN


def test_a_drawer_is_opened_by_two_people() -> None:
    open_hall().when(open_drawer(), **ALONE).refused("ENV-07")
    open_hall().when(open_drawer(), actor="c-li", approver="c-wang").refused("ENV-07")
    open_hall().when(open_drawer(), actor="c-li", approver="r-song").recorded(drawer.Opened)


def test_a_drawer_is_opened_with_a_certification_for_cash() -> None:
    """The certification for cash stands in the marks, as ENV-05."""
    case = open_hall().clerk("c-li", certifications=())
    case.when(open_drawer(), **WITNESSED).refused("ENV-05", "cash")


def test_a_drawer_is_opened_for_the_clerks_open_shift() -> None:
    open_hall().when(open_drawer(shift_id="s-c-wang"), **WITNESSED).refused("DRW-02", "s-c-li")
    Case(HALL).when(open_drawer(), **WITNESSED).refused("ENV-06")


def test_a_clerk_has_one_open_drawer() -> None:
    again = open_drawer("w2", "till-2")
    with_receipt().when(again, **WITNESSED).refused("DRW-04", "w1")
    counted().when(again, **WITNESSED).refused("DRW-04", "w1")
    closed().when(again, **WITNESSED).recorded(drawer.Opened)


def test_a_till_is_used_in_one_open_drawer() -> None:
    by_another = {"actor": "c-wang", "approver": "s-sun"}
    wish = open_drawer("w2", "till-1", "s-c-wang")
    with_drawer().when(wish, **by_another).refused("DRW-04", "w1")
    with_drawer().when(open_drawer("w2", "till-2", "s-c-wang"), **by_another).recorded(
        drawer.Opened
    )
    closed().when(wish, **by_another).recorded(drawer.Opened)


@pytest.mark.parametrize("float_fen", [FLOAT_FEN - 10, FLOAT_FEN + 10])
def test_the_float_is_that_of_the_company(float_fen: int) -> None:
    wish = open_drawer(float_fen=float_fen)
    open_hall().when(wish, **WITNESSED).refused("DRW-05", "50000")
    open_hall(cash__float_fen=float_fen).when(wish, **WITNESSED).recorded(drawer.Opened)


def test_the_rules_of_opening_come_in_their_order() -> None:
    case = with_drawer()
    wrong = open_drawer("w2", "till-1", "s-other", FLOAT_FEN + 10)
    case.when(wrong, **WITNESSED).refused("DRW-02")
    wrong = open_drawer("w2", "till-1", float_fen=FLOAT_FEN + 10)
    case.when(wrong, **WITNESSED).refused("DRW-04")
    case.when(open_drawer(), **WITNESSED).refused("ENV-11")


# Copies


def test_a_receipt_and_a_payout_move_what_is_expected_and_what_the_day_took() -> None:
    case = with_drawer()
    receipt, noted = case.when(money_in(5_000), **REACTOR).recorded(
        drawer.ReceiptRecorded, hall_day.PaymentNoted
    )
    assert receipt.expected_fen == FLOAT_FEN + 5_000
    assert (noted.business_on, noted.method, noted.direction) == (TUESDAY, "cash", "in")
    case.given(receipt, noted, **REACTOR)
    payout, noted = case.when(money_out(2_000), **REACTOR).recorded(
        drawer.PayoutRecorded, hall_day.PaymentNoted
    )
    assert payout.expected_fen == FLOAT_FEN + 3_000
    assert (noted.direction, noted.amount_fen) == ("out", 2_000)
    case.given(payout, noted, **REACTOR)
    assert state(case).expected_fen == FLOAT_FEN + 3_000
    assert (state(case).copies, state(case).copies_fen) == (2, 3_000)


def test_a_copy_of_a_drawer_that_nobody_knows_is_unplaced_and_counts_for_the_day() -> None:
    case = with_drawer()
    case.when(money_in(5_000, drawer_id="w9"), **REACTOR).recorded(
        drawer.ReceiptUnplaced, hall_day.PaymentNoted
    )
    case.when(money_out(5_000, drawer_id="w9"), **REACTOR).recorded(
        drawer.PayoutUnplaced, hall_day.PaymentNoted
    )


def test_a_drawer_may_still_be_opened_after_a_copy_came_too_early() -> None:
    case = open_hall()
    events = done(case, money_in(5_000))
    assert [type(event) for event in events] == [
        drawer.ReceiptUnplaced,
        hall_day.Opened,
        hall_day.PaymentNoted,
    ]
    done(case, open_drawer(), **WITNESSED)
    assert state(case).expected_fen == FLOAT_FEN


@pytest.mark.parametrize("deposited", [False, True])
def test_a_copy_of_a_drawer_that_is_closed_is_unplaced(deposited: bool) -> None:
    case = closed()
    if deposited:
        done(case, deposit(5_000), actor="s-sun", approver="m-he")
    before = state(case)
    assert before.status == ("deposited" if deposited else "closed")
    first, _ = done(case, money_in(3_000, "p2"))
    assert isinstance(first, drawer.ReceiptUnplaced)
    first, _ = done(case, money_out(3_000, "p2"))
    assert isinstance(first, drawer.PayoutUnplaced)
    assert state(case) == before


def test_copies_come_from_the_reactor_only() -> None:
    with_drawer().when(money_in(5_000), **ALONE).refused("ENV-03")
    with_drawer().when(money_out(5_000), **CLOCK).refused("ENV-03")


# Drops and change


def test_a_drop_leaves_the_float_at_least() -> None:
    case = with_receipt(5_000)
    case.when(drop(5_010), **WITNESSED).refused("DRW-06", "5000")
    event = case.when(drop(5_000), **WITNESSED).recorded(drawer.Dropped)
    assert (event.amount_fen, event.expected_fen) == (5_000, FLOAT_FEN)
    with_drawer().when(drop(10), **WITNESSED).refused("DRW-06")


def test_a_drop_is_money() -> None:
    nothing = drawer.Drop(
        drawer_id="w1",
        drop_id="o1",
        pieces=(drawer.Denomination(value_fen=100, pieces=0),),
        seal_no="seal-1",
    )
    with_receipt().when(nothing, **WITNESSED).refused("DRW-06")


def test_a_seal_number_is_used_once_in_the_hall() -> None:
    case = with_receipt(5_000)
    done(case, drop(1_000, "seal-1"), **WITNESSED)
    case.when(drop(1_000, "seal-1"), **WITNESSED).refused("DRW-07", "seal-1")
    case.when(drop(1_000, "seal-2"), **WITNESSED).recorded(drawer.Dropped)
    done(case, count(FLOAT_FEN + 4_000, 1, 5_000), **WITNESSED)
    case.when(close(seal_no="seal-1"), **ALONE).refused("DRW-07", "seal-1")
    done(case, close(seal_no="seal-2"), **ALONE)
    assert case.register.drawers.seals == {"seal-1", "seal-2"}


def test_money_given_and_taken_in_a_change_are_equal() -> None:
    with_drawer().when(change(10_000, 9_990), **WITNESSED).refused("DRW-08", "9990")
    case = with_drawer()
    done(case, change(10_000, 10_000), **WITNESSED)
    assert state(case).expected_fen == FLOAT_FEN


@pytest.mark.parametrize("wish", [drop(10), change(100, 100), count(FLOAT_FEN)])
def test_only_the_drawers_clerk_handles_its_cash(wish: Any) -> None:
    case = with_receipt()
    case.given(shift_opened("s-s-sun", "k3", "supervisor"), **SUPERVISOR)
    case.when(wish, actor="c-wang", approver="s-sun").refused("DRW-02", "c-li")
    case.when(wish, actor="s-sun", approver="m-he").refused("DRW-02", "c-li")
    case.when(wish, **ALONE).refused("ENV-07")


def test_whose_drawer_it_is_comes_before_what_is_done_with_it() -> None:
    case = with_receipt()
    by_another = {"actor": "c-wang", "approver": "s-sun"}
    case.when(drop(6_000), **by_another).refused("DRW-02")
    case.when(change(10, 20), **by_another).refused("DRW-02")
    done(case, drop(1_000), **WITNESSED)
    case.when(drop(6_000, "seal-1"), **WITNESSED).refused("DRW-06")


# The limit


def above_limit() -> Case:
    """One receipt took the cash to ten fen above the limit at ten o'clock."""
    return with_receipt(LIMIT_FEN - FLOAT_FEN + 10)


def test_the_receipt_that_takes_the_cash_above_the_limit_says_until_when() -> None:
    case = with_drawer()
    minutes = case.value(policy.CASH_LIMIT_MINUTES)
    at_limit, _ = done(case, money_in(LIMIT_FEN - FLOAT_FEN))
    assert at_limit.limit_due_at is None
    above, _ = done(case, money_in(10, "p2"))
    assert above.limit_due_at == later(minutes=minutes)
    further, _ = done(case, money_in(10, "p3"))
    assert further.limit_due_at is None


def test_the_limit_is_exceeded_after_some_time_and_noted_once() -> None:
    case = above_limit()
    at = later(minutes=case.value(policy.CASH_LIMIT_MINUTES))
    case.when(NOTE_LIMIT, at=at - timedelta(seconds=1), **CLOCK).refused("DRW-09", "until")
    (event,) = done(case, NOTE_LIMIT, at, **CLOCK)
    assert event.expected_fen == LIMIT_FEN + 10
    case.when(NOTE_LIMIT, at=at, **CLOCK).refused("DRW-09", "noted")


@pytest.mark.parametrize("way_out", [drop(10), money_out(10)])
def test_money_that_leaves_settles_the_limit(way_out: Any) -> None:
    case = above_limit()
    who = WITNESSED if isinstance(way_out, drawer.Drop) else REACTOR
    event, *_ = done(case, way_out, **who)
    assert event.limit_settled
    envelope = case.envelope(way_out.marks.type, NOW)
    assert reactions(event, envelope, "drawer/w1") == [Settled("limit")]
    at = later(minutes=case.value(policy.CASH_LIMIT_MINUTES))
    case.when(NOTE_LIMIT, at=at, **CLOCK).refused("DRW-09", "not above")


def test_money_that_leaves_too_much_in_the_drawer_settles_nothing() -> None:
    case = with_receipt(LIMIT_FEN - FLOAT_FEN + 30)
    dropped, *_ = done(case, drop(10), **WITNESSED)
    paid_out, *_ = done(case, money_out(10))
    for event in (dropped, paid_out):
        assert not event.limit_settled
        assert reactions(event, case.envelope("x", NOW), "drawer/w1") == []
    at = later(minutes=case.value(policy.CASH_LIMIT_MINUTES))
    case.when(NOTE_LIMIT, at=at, **CLOCK).recorded(drawer.LimitExceeded)


def test_a_limit_that_was_raised_since_is_not_exceeded() -> None:
    receipt = drawer.ReceiptRecorded.of(
        money_in(5_000), expected_fen=FLOAT_FEN + 5_000, limit_due_at=NOW
    )
    case = with_drawer().given(receipt, **REACTOR)
    case.when(NOTE_LIMIT, **CLOCK).refused("DRW-09", "not above")


def test_a_timer_waits_while_the_cash_is_above_the_limit() -> None:
    receipt = drawer.ReceiptRecorded.of(
        money_in(5_000), expected_fen=LIMIT_FEN + 10, limit_due_at=later(minutes=30)
    )
    envelope = Case(HALL).envelope("drawer.record_in.v1", NOW)
    assert reactions(receipt, envelope, "drawer/w1") == [
        FollowOn("limit", HALL, NOTE_LIMIT, later(minutes=30))
    ]
    below = drawer.ReceiptRecorded.of(money_in(5_000), expected_fen=FLOAT_FEN + 5_000)
    assert reactions(below, envelope, "drawer/w1") == []


def test_pieces_are_worth_what_is_printed_on_them() -> None:
    assert drawer.value_of(pieces(188_880)) == 188_880


# Corrections


def correction(field: str) -> drawer.CorrectEntry:
    return drawer.CorrectEntry(
        drawer_id="w1",
        wrong_entry_id="counter-app:m-deposit:1",
        field=field,
        should_be=NOTE,
        error_kind="typing",
        found_by="self_check",
        note=NOTE,
    )


def test_what_a_clerk_typed_is_corrected_and_no_amount() -> None:
    case = closed()
    deposited = drawer.Deposited.of(deposit(5_000), in_time=True)
    case.given(deposited, id="m-deposit", actor="s-sun")
    case.when(correction("amount_fen"), **ALONE).refused("ENV-14")
    case.when(correction("bank_slip_no"), **ALONE).refused("ENV-14")
    event = case.when(correction("by"), **ALONE).recorded(drawer.EntryCorrected)
    assert event.clerk_in_error == "s-sun"
