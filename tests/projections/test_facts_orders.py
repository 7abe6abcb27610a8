"""What the fact tables say of one order, line, bill, verification, or card payment."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.aggregates.customer import customer, order, payment, subscription
from tests.projections.history import History, after
from tests.projections.lives import SECRET
from tests.projections.order_scenes import ADD_ON, Ordering, item, known, sold, verify
from tests.projections.test_facts import NINE, row, some

TODAY = date(2026, 11, 3)
CUSTOMER = "customer/d1"
BILLING: dict[str, Any] = {"actor": "system:billing"}


def test_an_order_from_its_draft_to_its_end(tmp_path: Path) -> None:
    history = known(History(2))
    told = Ordering(history, "o1", item(), ADD_ON).identify("ver1").later(minutes=10)
    told.clerk = "c-wang"
    told.submit().later(hours=1).start().fall_out("i2").settle("i2", "give_up")
    told.later(hours=24).activate().end(order.PartiallyCompleted)
    connection = history.project(tmp_path)
    found = row(connection, "orders")
    assert found.pop("key_hash") > 0
    assert found == {
        "customer_id": "d1",
        "order_id": "o1",
        "partition": found["partition"],
        "kind": "activation",
        "subscription_id": None,
        "hall": "renmin",
        "counter": "k1",
        "clerk": "c-wang",
        "visit": "v1",
        "placed_at": NINE,
        "verification_id": "ver1",
        "submitted_at": NINE + timedelta(minutes=10),
        "business_on": TODAY,
        "total_once_fen": 0,
        "total_monthly_fen": 4_900,
        "expected_completion_at": NINE + timedelta(days=1, minutes=10),
        "started_at": NINE + timedelta(hours=1, minutes=10),
        "fall_outs": 1,
        "overdue_at": None,
        "ended_at": NINE + timedelta(days=1, hours=1, minutes=10),
        "ended_on": date(2026, 11, 4),
        "end_reason": None,
        "cycle_seconds": 25 * 3600,
        "is_in_time": False,
        "late_days": 1,
        "late_penalty_fen": None,
        "status": "partial",
    }
    columns = "item_id, action, product_id, family, monthly_fen, fall_outs, fail_reason, status"
    items = connection.execute(f"select {columns} from order_items order by item_id").fetchall()
    assert items == [
        ("i1", "add", "plan-39", "mobile", 3_900, 0, None, "completed"),
        ("i2", "add", "data-10", "add_on", 1_000, 1, "system_error", "failed"),
    ]


def test_a_draft_has_no_submission_and_an_abandoned_one_says_why(tmp_path: Path) -> None:
    history = known(History(2))
    Ordering(history, "o1")
    Ordering(history, "o2", item(), ADD_ON).decline("i2").later(minutes=1).cancel()
    connection = history.project(tmp_path)
    draft = row(connection, "orders", "order_id = 'o1'")
    names = ("status", "business_on", "clerk", "ended_at", "end_reason")
    assert some(draft, *names) == {
        "status": "draft",
        "business_on": None,
        "clerk": "c-li",
        "ended_at": None,
        "end_reason": None,
    }
    gone = row(connection, "orders", "order_id = 'o2'")
    assert some(gone, "status", "end_reason", "ended_on", "cycle_seconds") == {
        "status": "cancelled",
        "end_reason": "changed_mind",
        "ended_on": TODAY,
        "cycle_seconds": None,
    }
    declined = row(connection, "order_items", "order_id = 'o2' and item_id = 'i2'")
    assert (declined["status"], declined["dropped_at"]) == ("dropped", NINE)


def test_steps_stand_one_by_one_with_what_was_wrong(tmp_path: Path) -> None:
    history = known(History(2))
    told = Ordering(history, "o1").step("check_identity").skip("reserve_number")
    told.step("sign_agreement", before="complete_form")
    found = history.project(tmp_path).execute(
        "select step_id, outcome, reason, expected_step_id, seconds, clerk, approver"
        " from order_steps order by event_number"
    )
    assert found.fetchall() == [
        ("check_identity", "completed", None, None, 30, "c-li", None),
        ("reserve_number", "skipped", "system_down", None, None, "c-li", "s-sun"),
        ("sign_agreement", "completed", None, None, 30, "c-li", None),
        ("sign_agreement", "out_of_order", None, "complete_form", None, "c-li", None),
    ]


def test_a_line_from_its_order_to_its_end(tmp_path: Path) -> None:
    history = known(History(2))
    first = sold(history, "o1", clerk="c-wang")
    plan = item(action="modify", product_id="plan-99", monthly_fen=9_900)
    change = Ordering(history, "o2", plan, kind="plan_change", line=first.line)
    change.submit().start().change_plan(old_fen=3_900).end()
    suspend = subscription.Suspend(subscription_id=first.line, reason="lost_or_stolen")
    barred = {"outgoing_barred": True, "incoming_barred": True}
    history.say(CUSTOMER, suspend, subscription.Suspended, computed=barred)
    ending: dict[str, Any] = {"kind": "termination", "line": first.line, "at": after(days=1)}
    leave = Ordering(history, "o3", item(action="delete"), **ending).submit().start()
    leave.terminate(first, early=True).end()
    connection = history.project(tmp_path)
    found = row(connection, "lines")
    assert found.pop("key_hash") > 0
    assert found == {
        "customer_id": "d1",
        "subscription_id": "o1.i1",
        "partition": found["partition"],
        "order_id": "o1",
        "item_id": "i1",
        "family": "mobile",
        "area": "urban",
        "joined_by": "new",
        "hall": "renmin",
        "clerk": "c-wang",
        "plan_id": "plan-99",
        "tariff_version": "2026-1",
        "monthly_fen": 9_900,
        "prepared_at": NINE,
        "activated_at": NINE + timedelta(hours=1),
        "counts_towards_limit": True,
        "is_suspended": True,
        "cancelled_at": None,
        "terminated_at": NINE + timedelta(days=1),
        "termination_reason": "customer_order",
        "is_early": True,
    }
    columns = "kind, order_id, clerk, product_id, monthly_fen, old_monthly_fen, sold_on, is_early"
    changes = connection.execute(f"select {columns} from line_changes order by event_number")
    assert changes.fetchall() == [
        ("activated", "o1", "c-wang", None, None, None, TODAY, None),
        ("plan_changed", "o2", "c-li", "plan-99", 9_900, 3_900, None, None),
        ("terminated", "o3", "c-wang", None, None, None, TODAY, True),
    ]


def test_a_line_that_never_came_into_service(tmp_path: Path) -> None:
    history = known(History(2))
    told = Ordering(history, "o1").submit().start().fall_out().settle(action="give_up")
    told.end(order.Failed)
    abort = subscription.Abort(subscription_id=told.line, order_id="o1", reason="order_failed")
    history.say(CUSTOMER, abort, subscription.Cancelled, actor="system:reactor")
    found = row(history.project(tmp_path), "lines")
    assert some(found, "cancelled_at", "activated_at", "hall") == {
        "cancelled_at": NINE,
        "activated_at": None,
        "hall": None,
    }


def test_a_bill_that_is_disputed_after_it_was_paid(tmp_path: Path) -> None:
    history = known(History(2))
    line: dict[str, Any] = {"subscription_id": sold(history).line, "bill_id": "b1"}
    record = subscription.RecordBill(
        period="2026-10",
        amount_fen=3_900,
        due_on=TODAY,
        detail_digest="0" * 64,
        final=False,
        **line,
    )
    history.say(CUSTOMER, record, subscription.BillRecorded, computed={"abnormal": True}, **BILLING)
    owed = {"outstanding_fen": 0, "all_settled": True}
    for fen, minutes in ((900, 5), (3_000, 9)):
        settled_at = after(minutes=minutes)
        settle = subscription.SettleBill(settled_fen=fen, settled_at=settled_at, **line)
        history.say(CUSTOMER, settle, subscription.BillSettled, computed=owed, **BILLING)
    dispute = subscription.DisputeBill(
        reason="wrong_price", disputed_fen=500, statement=SECRET, **line
    )
    history.say(CUSTOMER, dispute, subscription.BillDisputed)
    answer = subscription.SettleDispute(
        outcome="adjusted", adjusted_fen=200, explanation=SECRET, **line
    )
    computed = {"disputed_fen": 500, "credit_fen": 200}
    history.say(CUSTOMER, answer, subscription.DisputeSettled, computed=computed)
    found = row(history.project(tmp_path), "bills")
    names = ("period", "amount_fen", "due_on", "is_final", "is_abnormal", "settled_fen")
    assert some(found, *names) == {
        "period": "2026-10",
        "amount_fen": 3_900,
        "due_on": TODAY,
        "is_final": False,
        "is_abnormal": True,
        "settled_fen": 3_900,
    }
    assert found["last_settled_at"] == NINE + timedelta(minutes=9)
    names = ("disputes", "disputes_settled", "adjusted_fen", "credited_fen")
    assert some(found, *names) == {
        "disputes": 1,
        "disputes_settled": 1,
        "adjusted_fen": 200,
        "credited_fen": 200,
    }


def test_verifications_stand_one_by_one(tmp_path: Path) -> None:
    history = known(History(2))
    verify(history, "ver1", passed=False)
    verify(history, "ver2", at=after(minutes=1))
    found = history.project(tmp_path).execute(
        "select verification_id, hall, clerk, purpose, is_passed, valid_until_at"
        " from verifications order by event_number"
    )
    until = NINE + timedelta(days=1, minutes=1)
    assert found.fetchall() == [
        ("ver1", "renmin", "c-li", "activation", False, None),
        ("ver2", "renmin", "c-li", "activation", True, until),
    ]


AT: dict[str, Any] = {"hall": "renmin", "counter": "k1", "visit": "v1"}
ASKED: dict[str, Any] = {
    "payment_id": "p1",
    "correlator_id": "x1",
    "method": "bank_card",
    "amount_fen": 500,
    "items": (payment.PaymentItem(item_id="i", item_kind="prepayment", amount_fen=500),),
    "payer": "owner",
}
IDS: dict[str, Any] = {"payment_id": "p1", "correlator_id": "x1"}
GATEWAY: dict[str, Any] = {"actor": "system:payment_gateway"}


def begin(history: History) -> None:
    known(history)
    history.say(CUSTOMER, payment.Begin(terminal_id="t1", **ASKED), payment.Begun, **AT)


def test_a_card_payment_is_of_the_clerk_who_began_it(tmp_path: Path) -> None:
    history = History(2)
    begin(history)
    authorize = payment.Authorize(authorization_code="a1", **IDS)
    history.say(CUSTOMER, authorize, payment.Authorized, **GATEWAY)
    unknown = payment.SettleUnknown(outcome="captured", provider_reference="r1", **IDS)
    received = payment.Received(change_fen=0, receipt_due=True, hall_id="renmin", **ASKED)
    history.say(CUSTOMER, unknown, received, at=after(minutes=7), **GATEWAY)
    found = row(history.project(tmp_path), "payments")
    names = ("hall", "counter", "clerk", "visit", "business_on", "amount_fen", "status")
    assert some(found, *names) == {
        "hall": "renmin",
        "counter": "k1",
        "clerk": "c-li",
        "visit": "v1",
        "business_on": TODAY,
        "amount_fen": 500,
        "status": "captured",
    }
    assert some(found, "begun_at", "received_at", "ended_at") == {
        "begun_at": NINE,
        "received_at": NINE + timedelta(minutes=7),
        "ended_at": None,
    }


def ends_without_money(folder: Path, said: Any, event: Any) -> dict[str, Any]:
    history = History(2)
    begin(history)
    history.say(CUSTOMER, said, event, at=after(minutes=1))
    connection = history.project(folder)
    figures = connection.execute("select count(*) from kpi_k43_payment_reversals").fetchall()
    assert figures == [(0,)]
    found = row(connection, "payments")
    return some(found, "status", "end_reason", "ended_at", "received_at", "business_on")


def without_money(status: str, reason: str) -> dict[str, Any]:
    ended_at: datetime | None = NINE + timedelta(minutes=1)
    return {
        "status": status,
        "end_reason": reason,
        "ended_at": ended_at,
        "received_at": None,
        "business_on": None,
    }


def test_payments_that_ended_without_money_are_no_payments_of_a_kpi(tmp_path: Path) -> None:
    failing = payment.Fail(reason="wrong_pin", **IDS)
    failed = payment.Failed(reason="wrong_pin", **IDS)
    assert ends_without_money(tmp_path / "1", failing, failed) == without_money(
        "failed", "wrong_pin"
    )
    refusing = payment.Fail(reason="declined_by_bank", **IDS)
    assert ends_without_money(tmp_path / "2", refusing, payment.Denied) == without_money(
        "denied", "declined_by_bank"
    )
    leaving = payment.Cancel(payment_id="p1", reason="customer_left")
    assert ends_without_money(tmp_path / "3", leaving, payment.Canceled) == without_money(
        "canceled", "customer_left"
    )


def test_invoices_and_moves_of_a_payment_are_counted(tmp_path: Path) -> None:
    history = known(History(2))
    receive = payment.Receive(**ASKED)
    computed = {"change_fen": 0, "receipt_due": True}
    history.say(CUSTOMER, receive, payment.Received, computed=computed, **AT)
    for number in ("F1", "F2"):
        issue = payment.IssueInvoice(
            payment_id="p1",
            invoice_number=number,
            invoice_kind="paper",
            title=SECRET,
            amount_fen=250,
            content_digest="0" * 64,
        )
        history.say(CUSTOMER, issue, payment.InvoiceIssued)
    undo = payment.CancelInvoice(
        payment_id="p1", invoice_number="F1", credit_note_number="N1", reason="wrong_title"
    )
    history.say(CUSTOMER, undo, payment.InvoiceCancelled)
    part = payment.Allocation(allocation_id="a1", item_kind="prepayment", amount_fen=500)
    allocate = payment.Allocate(payment_id="p1", allocations=(part,))
    history.say(CUSTOMER, allocate, payment.Allocated, computed={"unallocated_fen": 0})
    other = payment.Allocation(allocation_id="a2", item_kind="prepayment", amount_fen=100)
    move = payment.Reallocate(payment_id="p1", from_allocation_id="a1", to=other, note=SECRET)
    history.say(CUSTOMER, move, payment.Reallocated, approver="s-sun")
    found = row(history.project(tmp_path), "payments")
    names = ("invoices", "invoices_cancelled", "reallocations", "allocated_fen", "amount_fen")
    assert some(found, *names) == {
        "invoices": 2,
        "invoices_cancelled": 1,
        "reallocations": 1,
        "allocated_fen": 500,
        "amount_fen": 500,
    }


def test_a_customer_who_asks_leaves_and_returns(tmp_path: Path) -> None:
    history = known(History(2))
    ask = customer.RequestData(
        request_id="r1", kind="erasure", scope=("identity",), requester="self"
    )
    history.say(CUSTOMER, ask, customer.DataRequested, computed={"due_at": after(days=15)})
    answer = customer.AnswerDataRequest(request_id="r1", outcome="granted", explanation=SECRET)
    history.say(CUSTOMER, answer, customer.DataRequestAnswered, computed={"in_time": True})
    leave = customer.Terminate(reason="customer_asked")
    history.say(CUSTOMER, leave, customer.Terminated, computed={"retention_until_on": TODAY})
    names = ("status", "is_terminated", "requests", "requests_answered", "requests_in_time")
    gone = some(row(history.project(tmp_path / "gone"), "customers"), *names)
    counted = {"requests": 1, "requests_answered": 1, "requests_in_time": 1}
    assert gone == {"status": "prospective", "is_terminated": True, **counted}
    verify(history)
    history.say(CUSTOMER, customer.Return(verification_id="ver1"), customer.Returned)
    back = some(row(history.project(tmp_path / "back"), "customers"), *names)
    assert back == {"status": "active", "is_terminated": False, **counted}
