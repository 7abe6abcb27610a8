"""The hall's day until it is prepared: each rule refused and allowed, and what it takes in."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from ledger.aggregates import copies
from ledger.aggregates.hall import case as case_of
from ledger.aggregates.hall import drawer, hall_day, shift, visit
from ledger.aggregates.hall.hall_day import noting
from ledger.entry import as_json
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.hall.facts import ARRIVED, HALL, TUESDAY, open_hall, shift_opened
from tests.aggregates.hall.money import (
    ALONE,
    BY_WECHAT,
    CLOCK,
    FLOAT_FEN,
    MANAGER,
    NOTE,
    OPENED,
    PREPARE,
    REACTOR,
    SUPERVISOR,
    WEDNESDAY,
    WITNESSED,
    a_day,
    close,
    count,
    done,
    method_total,
    money_in,
    paid,
    prepared,
    signed,
    with_drawer,
)

OPEN = hall_day.Open(business_on=TUESDAY)


# Opening


def test_a_day_is_opened_once() -> None:
    Case(HALL).when(OPEN, **SUPERVISOR).recorded(hall_day.Opened)
    a_day().when(OPEN, **SUPERVISOR).refused("ENV-11")
    signed().when(OPEN, **SUPERVISOR).refused("ENV-11")


def test_a_day_is_opened_by_a_lead_or_the_clock() -> None:
    Case(HALL).when(OPEN, **ALONE).refused("ENV-04")
    Case(HALL).when(OPEN, **CLOCK).recorded(hall_day.Opened)


def test_days_are_opened_in_the_order_of_their_dates() -> None:
    monday = hall_day.Open(business_on=TUESDAY - timedelta(days=1))
    a_day().when(monday, **SUPERVISOR).refused("DAY-01", "2026-11-03")
    Case(HALL).when(monday, **SUPERVISOR).recorded(hall_day.Opened)
    friday = hall_day.Open(business_on=TUESDAY + timedelta(days=3))
    a_day().when(friday, at=later(days=3), **SUPERVISOR).recorded(hall_day.Opened)


def test_no_day_is_opened_before_it_begins() -> None:
    wednesday = hall_day.Open(business_on=WEDNESDAY)
    midnight = datetime.fromisoformat("2026-11-04T00:00:00+08:00")
    just_before = midnight - timedelta(seconds=1)
    a_day().when(wednesday, at=just_before, **SUPERVISOR).refused("DAY-01", "not begun")
    a_day().when(wednesday, at=midnight, **SUPERVISOR).recorded(hall_day.Opened)


def test_what_happens_on_a_new_day_opens_it() -> None:
    case = open_hall()
    envelope = case.envelope("shift.open.v1", NOW)
    assert noting.opening(case.context(envelope, NOW)) == [OPENED]
    case.given(OPENED)
    assert noting.opening(case.context(envelope, NOW)) == []
    case.when(paid(700), **REACTOR).recorded(hall_day.PaymentNoted)
    Case(HALL).when(paid(700), **REACTOR).recorded(hall_day.Opened, hall_day.PaymentNoted)
    a_day().when(paid(700), at=later(days=1), **REACTOR).recorded(
        hall_day.Opened, hall_day.PaymentNoted
    )


# Noting


def test_a_payment_is_noted_on_the_day_it_was_made() -> None:
    case = a_day().given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    event = case.when(paid(700), recorded_at=later(days=1), **REACTOR).recorded(
        hall_day.PaymentNoted
    )
    assert event.business_on == TUESDAY
    assert (event.method, event.direction, event.amount_fen) == ("wechat_pay", "in", 700)


def test_a_payment_of_a_day_that_is_signed_off_is_a_late_entry_of_the_day_that_is_open() -> None:
    case = signed().given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    late = case.when(paid(700), **REACTOR).recorded(hall_day.LateEntryNoted)
    assert (late.business_on, late.noted_for_on) == (WEDNESDAY, TUESDAY)
    assert (late.payment_id, late.method, late.amount_fen) == ("p9", "wechat_pay", 700)
    done(case, paid(700))
    totals = prepared_on(case, WEDNESDAY).totals
    assert (totals.late_entries, totals.payments) == (1, ())


def test_a_payment_of_a_day_that_was_never_opened_is_a_late_entry() -> None:
    sunday = later(days=-2)
    late = (
        a_day()
        .when(paid(700), at=sunday, recorded_at=NOW, **REACTOR)
        .recorded(hall_day.LateEntryNoted)
    )
    assert late.noted_for_on == TUESDAY - timedelta(days=2)


def test_a_late_entry_between_two_days_is_counted_in_the_next() -> None:
    case = signed()
    (late,) = done(case, paid(700))
    assert (late.business_on, late.noted_for_on) == (TUESDAY, TUESDAY)
    assert case.states["hall_day/2026-11-03"].status == "signed_off"
    case.given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    assert prepared_on(case, WEDNESDAY).totals.late_entries == 1
    assert case.register.days.late_entries == 0


def test_cash_of_a_day_that_is_signed_off_is_a_late_entry_too() -> None:
    unplaced, late = (
        signed()
        .when(money_in(700), **REACTOR)
        .recorded(drawer.ReceiptUnplaced, hall_day.LateEntryNoted)
    )
    assert unplaced.amount_fen == late.amount_fen == 700
    assert (late.method, late.direction) == ("cash", "in")


def test_an_order_is_noted_on_its_day_or_as_a_late_entry() -> None:
    def noted(case: Case) -> list[Any]:
        context = case.context(case.envelope("case.take.v1", NOW, **REACTOR), NOW)
        return noting.order_noted(context, "o1", "activation", "completed")

    opened, event = noted(Case(HALL))
    assert opened == OPENED
    assert (event.case_id, event.order_kind, event.to_state) == ("o1", "activation", "completed")
    case = a_day()
    case.given(*noted(case), *noted(case))
    (late,) = noted(signed())
    assert (late.noted_for_on, late.case_id, late.payment_id) == (TUESDAY, "o1", None)
    total = hall_day.OrderTotal(order_kind="activation", to_state="completed", orders=2)
    assert prepared_on(case, TUESDAY).totals.orders == (total,)


def test_an_order_taken_after_the_signature_is_a_late_entry_with_its_customer() -> None:
    taken = copies.TakeCase(
        case_id="o1",
        kind="order",
        order_kind="activation",
        customer_id="d1",
        keeper_clerk_id="c-li",
    )
    _, late = signed().when(taken, **REACTOR).recorded(case_of.Taken, hall_day.LateEntryNoted)
    assert (late.customer_id, late.case_id) == ("d1", "o1")


def prepared_on(case: Case, day: Any) -> hall_day.Prepared:
    wish = hall_day.Prepare(business_on=day, note=NOTE)
    at = NOW + (day - TUESDAY)
    return case.when(wish, at=at, **SUPERVISOR).recorded(hall_day.Prepared)


# Preparing


def test_a_day_is_prepared_when_its_visits_shifts_and_drawers_have_ended() -> None:
    case = with_drawer().given(ARRIVED, visit="v1")
    case.when(PREPARE, **SUPERVISOR).refused("DAY-03", "v1")
    case.given(visit.Lapsed(outcome="abandoned"), visit="v1", **CLOCK)
    case.when(PREPARE, **SUPERVISOR).refused("DAY-04", "2")
    for clerk in ("c-li", "c-wang"):
        case.given(shift_closed(f"s-{clerk}", clerk), **SUPERVISOR)
    case.when(PREPARE, **SUPERVISOR).refused("DAY-05", "w1")
    ended = drawer.Closed(
        drawer_id="w1",
        float_returned_fen=FLOAT_FEN,
        clerk_id="c-li",
        difference_fen=0,
        to_deposit_fen=0,
        deposit_by_on=WEDNESDAY,
    )
    case.given(ended, **SUPERVISOR)
    case.when(PREPARE, **SUPERVISOR).recorded(hall_day.Prepared)


def shift_closed(shift_id: str, clerk_id: str) -> shift.Closed:
    return shift.Closed(
        shift_id=shift_id,
        forced=False,
        reason="planned_end",
        clerk_id=clerk_id,
        worked_seconds=0,
        pause_seconds=0,
        visits_closed=0,
    )


def test_what_is_open_of_another_day_does_not_hold_a_day_up() -> None:
    case = a_day().given(hall_day.Opened(business_on=WEDNESDAY), at=later(days=1))
    case.given(ARRIVED, at=later(days=1), visit="v1")
    case.given(shift_opened("s9", "k1"), at=later(days=1), actor="c-li")
    case.when(PREPARE, **SUPERVISOR).recorded(hall_day.Prepared)
    wednesday = hall_day.Prepare(business_on=WEDNESDAY)
    case.when(wednesday, at=later(days=1), **SUPERVISOR).refused("DAY-03")


def test_the_terminals_agree_with_the_ledger_or_a_note_says_why() -> None:
    case = a_day()
    done(case, paid(700))
    case.when(PREPARE, **SUPERVISOR).refused("DAY-06", "wechat_pay")
    right = hall_day.Prepare(business_on=TUESDAY, terminal_totals=(BY_WECHAT,))
    event = case.when(right, **SUPERVISOR).recorded(hall_day.Prepared)
    assert (event.totals.payments, event.differences) == ((BY_WECHAT,), ())
    more = method_total("wechat_pay", count_in=2, in_fen=900)
    explained = hall_day.Prepare(business_on=TUESDAY, terminal_totals=(more,), note=NOTE)
    event = case.when(explained, **SUPERVISOR).recorded(hall_day.Prepared)
    assert event.differences == (
        hall_day.MethodDifference(method="wechat_pay", count_in=1, in_fen=200),
    )


def test_what_only_a_terminal_took_is_a_difference() -> None:
    taken = hall_day.Prepare(
        business_on=TUESDAY, terminal_totals=(method_total("alipay", count_out=1, out_fen=5),)
    )
    a_day().when(taken, **SUPERVISOR).refused("DAY-06", "alipay")


def test_the_totals_of_several_terminals_add_up() -> None:
    case = a_day()
    done(case, paid(700))
    done(case, paid(300, direction="out"))
    terminals = (BY_WECHAT, method_total("wechat_pay", count_out=1, out_fen=300))
    wish = hall_day.Prepare(business_on=TUESDAY, terminal_totals=terminals)
    assert case.when(wish, **SUPERVISOR).recorded(hall_day.Prepared).differences == ()


def test_a_bank_transfer_passes_no_terminal() -> None:
    case = a_day()
    done(case, paid(700, "bank_transfer"))
    event = case.when(PREPARE, **SUPERVISOR).recorded(hall_day.Prepared)
    (total,) = event.totals.payments
    assert (total.method, total.in_fen) == ("bank_transfer", 700)


def test_the_digest_is_that_of_the_totals() -> None:
    event = a_day().when(PREPARE, **SUPERVISOR).recorded(hall_day.Prepared)
    assert event.totals_digest == hashlib.sha256(as_json(event.totals)).hexdigest()


def test_the_totals_do_not_depend_on_the_order_of_payments() -> None:
    one, other = a_day(), a_day()
    payments = [paid(700), paid(300, "alipay"), paid(200, direction="out")]
    for wish in payments:
        done(one, wish)
    for wish in reversed(payments):
        done(other, wish)
    assert prepared_on(one, TUESDAY) == prepared_on(other, TUESDAY)


def test_a_day_is_prepared_by_a_lead_and_once() -> None:
    a_day().when(PREPARE, **ALONE).refused("ENV-04")
    prepared().when(PREPARE, **MANAGER).refused("ENV-12")


def test_a_day_that_is_kept_no_more_is_not_prepared() -> None:
    case = a_day()
    for days in range(1, 41):
        day = TUESDAY + timedelta(days=days)
        case.given(hall_day.Opened(business_on=day), at=later(days=days))
    case.when(PREPARE, **SUPERVISOR).refused("DAY-03", "no more")


def test_totals_of_a_method_may_pass_what_one_payment_can_be() -> None:
    case = a_day()
    for _ in range(2):
        done(case, paid(10**12))
    wish = hall_day.Prepare(business_on=TUESDAY, note=NOTE)
    event = case.when(wish, **SUPERVISOR).recorded(hall_day.Prepared)
    assert [each.in_fen for each in event.totals.payments] == [2 * 10**12]


def test_a_day_of_work_adds_up() -> None:
    case = with_drawer()
    done(case, money_in(5_000))
    done(case, paid(700))
    done(case, count(FLOAT_FEN + 4_000, 1, 5_000), **WITNESSED)
    explained = drawer.ExplainDiscrepancy(
        drawer_id="w1", cause="wrong_change", booked_as="shortage_receivable", note=NOTE
    )
    done(case, explained, **MANAGER)
    done(case, close(), **ALONE)
    for clerk in ("c-li", "c-wang"):
        case.given(shift_closed(f"s-{clerk}", clerk), **SUPERVISOR)
    in_cash = method_total("cash", count_in=1, in_fen=5_000)
    wish = hall_day.Prepare(business_on=TUESDAY, terminal_totals=(in_cash, BY_WECHAT))
    totals = case.when(wish, **SUPERVISOR).recorded(hall_day.Prepared).totals
    assert totals.payments == (in_cash, BY_WECHAT)
    assert (totals.drawers_closed, totals.drawer_short_fen, totals.drawer_over_fen) == (1, 1_000, 0)
    assert totals.to_deposit_fen == 4_000
