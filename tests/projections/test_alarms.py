"""What somebody must look at: one row each, open until it is put right."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger import wire
from ledger.aggregates import copies
from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import drawer, shift
from ledger.projections import definitions as files
from tests.projections.hall_scenes import CLOCK, REACTOR, Day, Kept, Till, misplace
from tests.projections.history import History, after
from tests.projections.lives import SECRET
from tests.projections.order_scenes import Ordering, item
from tests.projections.scenes import RENMIN, pay, register
from tests.projections.test_facts import NINE

CUSTOMER = "customer/d1"


def test_every_event_that_finds_no_place_or_runs_late_is_a_warning() -> None:
    [fold] = [fold for fold in files.load().folds if fold.name == "warnings"]
    ends = ("unplaced.v1", "overdue.v1", "overrun.v1")
    tags = [tag for tag in wire.EVENTS if tag.endswith(ends)]
    assert len(tags) > 8
    assert [tag for tag in tags if tag.replace(".", "_")[:-3] not in fold.words] == []


def alarms(history: History, folder: Path, columns: str = "kind, is_open") -> list[Any]:
    return history.project(folder).execute(f"select {columns} from alarms").fetchall()


def test_a_refused_follow_on_is_an_alarm_and_another_refusal_is_none(tmp_path: Path) -> None:
    history = History(2)
    settle = payment.Allocate(
        payment_id="p1",
        allocations=(payment.Allocation(allocation_id="a1", item_kind="prepayment", amount_fen=1),),
    )
    history.refuse(CUSTOMER, settle, "ENV-11", "that is unknown")
    who: dict[str, Any] = {"actor": REACTOR, "hall": "renmin", "source": "ledger-reactor"}
    history.refuse(CUSTOMER, settle, "ENV-11", "that is unknown", **who)
    mark = drawer.NoteLimit(drawer_id="dr1")
    history.refuse(
        RENMIN, mark, "ENV-12", "", actor=CLOCK, source="ledger-reactor", at=after(hours=1)
    )
    columns = "hall, owner, happened_at, kind, is_open, what is not null, what_zh is not null"
    assert alarms(history, tmp_path, columns) == [
        ("renmin", CUSTOMER, NINE, "follow_on_refused", None, True, True),
        ("renmin", RENMIN, NINE + timedelta(hours=1), "follow_on_refused", None, True, True),
    ]


def test_an_alarm_says_in_words_what_it_is_and_where_it_stands(tmp_path: Path) -> None:
    history = History(2)
    misplace(history, 700)
    columns = "hall, owner, kind, what, partition, position"
    assert alarms(history, tmp_path, columns) == [
        (
            "renmin",
            RENMIN,
            "drawer.receipt_unplaced",
            "¥7.00 taken in has no open drawer: dr-lost.",
            1,
            2,
        )
    ]


def test_what_no_drawer_takes_is_an_alarm_whether_it_came_in_or_went_out(tmp_path: Path) -> None:
    history = History(2)
    out = copies.RecordOut(
        drawer_id="dr-lost", customer_id="d1", payment_id="p1", amount_fen=100, kind="refund"
    )
    history.say(RENMIN, out, drawer.PayoutUnplaced, actor=REACTOR)
    misplace(history, 100)
    assert alarms(history, tmp_path) == [
        ("drawer.payout_unplaced", None),
        ("drawer.receipt_unplaced", None),
    ]


def test_a_difference_found_overdue_is_open_until_it_is_explained(tmp_path: Path) -> None:
    history = History(2)
    till = Till(history).count(-500).mark_unexplained()
    assert alarms(history, tmp_path / "a") == [("drawer.discrepancy_overdue", True)]
    till.explain()
    assert alarms(history, tmp_path / "b") == [("drawer.discrepancy_overdue", False)]


def test_a_deposit_overdue_is_open_until_it_is_made(tmp_path: Path) -> None:
    history = History(2)
    till = Till(history).count().close().mark_deposit_overdue()
    assert alarms(history, tmp_path / "a") == [("drawer.deposit_overdue", True)]
    till.deposit(in_time=False)
    assert alarms(history, tmp_path / "b") == [("drawer.deposit_overdue", False)]


def test_a_drawer_above_its_limit_is_open_until_enough_is_dropped(tmp_path: Path) -> None:
    # The limit is 10,000 yuan; 10,500 are in it, then 10,000 and no more.
    history = History(2)
    till = Till(history).receive(1_000_000).exceed()
    assert alarms(history, tmp_path / "a") == [("drawer.limit_exceeded", True)]
    till.drop(50_000)
    assert alarms(history, tmp_path / "b") == [("drawer.limit_exceeded", False)]


def test_a_drawer_above_its_limit_is_open_until_it_is_counted(tmp_path: Path) -> None:
    history = History(2)
    Till(history).receive(2_000_000).exceed().count()
    assert alarms(history, tmp_path) == [("drawer.limit_exceeded", False)]


def test_a_day_overdue_is_open_until_it_is_signed_off(tmp_path: Path) -> None:
    history = History(2)
    day = Day(history).prepare().mark_overdue()
    Day(history, date(2026, 11, 4)).prepare().sign()
    assert alarms(history, tmp_path / "a") == [("hall_day.overdue", True)]
    day.sign()
    assert alarms(history, tmp_path / "b") == [("hall_day.overdue", False)]


def test_a_shift_overrun_is_open_until_it_is_closed(tmp_path: Path) -> None:
    history = History(2)
    of: dict[str, Any] = {"shift_id": "s1"}
    opening = shift.Open(counter_id="k1", duty="counter", planned_end_at=after(hours=8), **of)
    computed: dict[str, Any] = {"role": "clerk", "certifications": ()}
    history.say(RENMIN, opening, shift.Opened, computed=computed)
    over = shift.MarkOverrun(**of)
    history.say(RENMIN, over, shift.Overrun, computed={"clerk_id": "c-li"}, actor=CLOCK)
    assert alarms(history, tmp_path / "a") == [("shift.overrun", True)]
    closing = shift.Close(forced=True, reason="no_close_received", **of)
    ended = {"clerk_id": "c-li", "worked_seconds": 1, "pause_seconds": 0, "visits_closed": 0}
    history.say(RENMIN, closing, shift.Closed, computed=ended, actor="s-sun", approver="m-he")
    assert alarms(history, tmp_path / "b") == [("shift.overrun", False)]


def test_an_order_overdue_is_open_until_it_ends_and_names_the_hall_that_sold_it(
    tmp_path: Path,
) -> None:
    history = History(2)
    told = Ordering(history, "o1", item()).submit().start().overdue()
    columns = "hall, kind, is_open"
    assert alarms(history, tmp_path / "a", columns) == [("renmin", "order.overdue", True)]
    told.activate().end()
    assert alarms(history, tmp_path / "b", columns) == [("renmin", "order.overdue", False)]


def test_a_refund_overdue_is_open_until_it_is_paid_and_names_the_hall_that_took_the_money(
    tmp_path: Path,
) -> None:
    history = History(2)
    pay(history, "p1", 100)
    of: dict[str, Any] = {"payment_id": "p1", "refund_id": "b1"}
    asking = payment.RequestRefund(amount_fen=50, reason="overpaid", requester="owner", **of)
    history.say(CUSTOMER, asking, payment.RefundRequested)
    mark = payment.MarkRefundOverdue(**of)
    history.say(CUSTOMER, mark, payment.RefundOverdue, actor=CLOCK, at=after(days=9))
    columns = "hall, owner, kind, is_open"
    overdue = ("renmin", CUSTOMER, "payment.refund_overdue")
    assert alarms(history, tmp_path / "a", columns) == [(*overdue, True)]
    paying = payment.PayRefund(method="cash", result="done", **of)
    history.say(CUSTOMER, paying, payment.Refunded, computed={"refund_fen": 50}, at=after(days=9))
    assert alarms(history, tmp_path / "b", columns) == [(*overdue, False)]


def test_a_data_request_overdue_is_open_until_all_are_answered(tmp_path: Path) -> None:
    history = History(2)
    register(history)
    asking = customer.RequestData(
        request_id="r1", kind="access", scope=("identity",), requester="self"
    )
    history.say(CUSTOMER, asking, customer.DataRequested, computed={"due_at": after(days=15)})
    mark = customer.MarkRequestOverdue(request_id="r1")
    history.say(CUSTOMER, mark, customer.DataRequestOverdue, actor=CLOCK)
    columns = "hall, kind, is_open"
    overdue = "customer.data_request_overdue"
    assert alarms(history, tmp_path / "a", columns) == [("renmin", overdue, True)]
    answer = customer.AnswerDataRequest(request_id="r1", outcome="granted", explanation=SECRET)
    history.say(CUSTOMER, answer, customer.DataRequestAnswered, computed={"in_time": False})
    assert alarms(history, tmp_path / "b", columns) == [("renmin", overdue, False)]


def test_a_case_that_finds_no_place_is_an_alarm(tmp_path: Path) -> None:
    history = History(2)
    Kept(history, lost=True).release(unplaced=True)
    assert alarms(history, tmp_path) == [("case.release_unplaced", None)]
