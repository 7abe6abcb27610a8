"""What the fact tables say of one visit, payment, customer or shift."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import visit
from tests.projections.history import MORNING, History, after
from tests.projections.scenes import RENMIN, give_up, pay, queue, register, serve, work

CUSTOMER = "customer/d1"
NINE = datetime(2026, 11, 3, 1, 0)  # noqa: DTZ001
"""Nine in the morning in the hall, in UTC as the tables have it."""


def row(connection: duckdb.DuckDBPyConnection, table: str, where: str = "true") -> dict[str, Any]:
    found = connection.execute(f"select * from {table} where {where}")
    names = [column[0] for column in found.description or []]
    [values] = found.fetchall()
    return dict(zip(names, values, strict=True))


def some(whole: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: whole[name] for name in names}


def test_a_visit_from_arrival_to_rating(tmp_path: Path) -> None:
    history = History(2)
    queue(history, "v1")
    called = {"call_count": 1, "wait_seconds": 300}
    for minutes in (5, 6):
        at = after(minutes=minutes)
        who: dict[str, Any] = {"visit": "v1", "counter": "k1"}
        history.say(RENMIN, visit.CallTicket(), visit.TicketCalled, computed=called, at=at, **who)
    serve(history, "v1", wait=300, handling=90, score=4, at=after(minutes=7))
    identify = visit.IdentifyCustomer(customer_id="d1", role="holder", method="sms_code")
    history.say(RENMIN, identify, visit.CustomerIdentified, at=after(minutes=8), visit="v1")
    found = row(history.project(tmp_path), "visits")
    assert found.pop("key_hash") > 0
    assert found == {
        "hall": "renmin",
        "visit_id": "v1",
        "partition": 1,
        "business_on": date(2026, 11, 3),
        "arrived_at": NINE,
        "arrival": "walk_in",
        "customer_id": "d1",
        "identified_at": NINE + timedelta(minutes=8),
        "ticket_no": "v1",
        "service_area": "business_counter",
        "issued_at": NINE,
        "first_called_at": NINE + timedelta(minutes=5),
        "calls": 2,
        "no_shows": 0,
        "started_at": NINE + timedelta(minutes=7),
        "wait_seconds": 300,
        "clerk": "c-li",
        "counter": "k1",
        "shift_id": "s-c-li",
        "closed_at": NINE + timedelta(minutes=8, seconds=30),
        "closed_by": "c-li",
        "handling_seconds": 90,
        "pause_seconds": 0,
        "closed_counter": "k1",
        "transfers": 0,
        "inquiries": 0,
        "quotes": 0,
        "recommendations": 0,
        "recommendations_accepted": 0,
        "recommendations_declined": 0,
        "support_given": 0,
        "needs_met": 0,
        "needs_open": 0,
        "is_served": True,
        "outcome": "all_done",
        "follow_up_asked": False,
        "rated_at": NINE + timedelta(minutes=8, seconds=30),
        "score": 4,
        "attitude": None,
        "skill": None,
        "speed": None,
    }


def test_a_visit_that_was_given_up(tmp_path: Path) -> None:
    history = History(2)
    queue(history, "v1")
    give_up(history, "v1", at=after(minutes=20))
    found = row(history.project(tmp_path), "visits")
    assert some(found, "outcome", "is_served", "wait_seconds", "closed_by", "closed_at") == {
        "outcome": "abandoned",
        "is_served": False,
        "wait_seconds": None,
        "closed_by": None,
        "closed_at": NINE + timedelta(minutes=20),
    }


def test_visits_of_the_same_name_in_two_halls_are_two(tmp_path: Path) -> None:
    history = History(2)
    queue(history, "v1")
    queue(history, "v1", hall="hall/binjiang", ticket=False)
    found = history.project(tmp_path).execute("select hall, ticket_no from visits order by hall")
    assert found.fetchall() == [("binjiang", None), ("renmin", "v1")]


def test_payments_of_the_same_name_of_two_customers_are_two(tmp_path: Path) -> None:
    history = History(2)
    pay(history, "p1", 100)
    pay(history, "p1", 200, customer_id="d2")
    found = history.project(tmp_path).execute(
        "select customer_id, amount_fen from payments order by customer_id"
    )
    assert found.fetchall() == [("d1", 100), ("d2", 200)]


def settle(history: History, amount_fen: int, at: datetime) -> None:
    """The payment is allocated in two halves, and its receipt settles it."""
    parts = tuple(
        payment.Allocation(allocation_id=f"a{n}", item_kind="bill", amount_fen=amount_fen // 2)
        for n in range(2)
    )
    allocate = payment.Allocate(payment_id="p1", allocations=parts)
    history.say(CUSTOMER, allocate, payment.Allocated, computed={"unallocated_fen": 0})
    receipt = payment.IssueReceipt(
        payment_id="p1", receipt_number="E1", form="sms", amount_fen=amount_fen
    )
    settled = payment.PaymentSettled(payment_id="p1")
    history.say(CUSTOMER, receipt, payment.ReceiptIssued, settled, at=at)


def refund(history: History, name: str, amount_fen: int, paid_at: datetime | None) -> None:
    """A refund is asked for and paid, or denied."""
    ids: dict[str, Any] = {"payment_id": "p1", "refund_id": name}
    request = payment.RequestRefund(
        amount_fen=amount_fen, reason="overpaid", requester="owner", **ids
    )
    history.say(CUSTOMER, request, payment.RefundRequested)
    if paid_at is None:
        deny = payment.DecideRefund(decision="denied", **ids)
        history.say(CUSTOMER, deny, payment.RefundDenied, approver="s-sun")
        return
    give = payment.PayRefund(method="alipay", result="done", **ids)
    computed = {"refund_fen": amount_fen}
    history.say(CUSTOMER, give, payment.Refunded, computed=computed, at=paid_at)


def test_a_payment_that_is_settled_and_partly_refunded(tmp_path: Path) -> None:
    history = History(2)
    pay(history, "p1", 10_000, "alipay")
    settle(history, 10_000, at=after(minutes=1))
    refund(history, "r1", 3_000, paid_at=after(days=1))
    refund(history, "r2", 2_000, paid_at=after(days=2))
    refund(history, "r3", 1_000, paid_at=None)
    found = row(history.project(tmp_path), "payments")
    assert found.pop("key_hash") > 0
    assert found == {
        "customer_id": "d1",
        "payment_id": "p1",
        "partition": found["partition"],
        "hall": "renmin",
        "counter": "k1",
        "clerk": "c-li",
        "visit": "v1",
        "begun_at": None,
        "business_on": date(2026, 11, 3),
        "received_at": NINE,
        "ended_at": None,
        "end_reason": None,
        "method": "alipay",
        "payer": "owner",
        "amount_fen": 10_000,
        "change_fen": 0,
        "allocated_fen": 10_000,
        "receipt_number": "E1",
        "receipted_at": NINE + timedelta(minutes=1),
        "invoices": 0,
        "invoices_cancelled": 0,
        "reallocations": 0,
        "settled_at": NINE + timedelta(minutes=1),
        "reversed_at": None,
        "reversal_reason": None,
        "reversed_by": None,
        "reversal_approver": None,
        "refunds_requested": 3,
        "refunds_denied": 1,
        "refunds_paid": 2,
        "refunds_failed": 0,
        "refunded_fen": 5_000,
        "last_refunded_at": NINE + timedelta(days=2),
        "status": "done",
    }


def test_a_payment_that_is_reversed(tmp_path: Path) -> None:
    history = History(2)
    pay(history, "p1", 500, reverse=True)
    found = row(history.project(tmp_path), "payments")
    names = ("status", "reversed_at", "reversal_reason", "reversal_approver", "refunded_fen")
    assert some(found, *names) == {
        "status": "canceled",
        "reversed_at": NINE,
        "reversal_reason": "duplicate",
        "reversal_approver": "s-sun",
        "refunded_fen": 0,
    }


def verify(history: History, at: datetime) -> None:
    verifying = customer.VerifyIdentity(
        verification_id="i1",
        purpose="activation",
        document_kind="resident_id",
        document_digest="0" * 64,
        document_shown=True,
        document_read_by="chip_reader",
        document_result="genuine",
        belongs_to_bearer=True,
        information_refused=False,
        face_result="match",
        liveness_result="passed",
        face_consent_given=True,
        copy_marked=True,
    )
    computed = {"valid_until_at": at + timedelta(days=1), "active_numbers": 0}
    history.say(CUSTOMER, verifying, customer.IdentityVerified, computed=computed, at=at)


def consent(history: History, purpose: Any, given: bool, at: datetime) -> None:
    if given:
        giving = customer.GiveConsent(
            purpose=purpose,
            channels=("sms",),
            proof="sms_reply",
            text_version="t1",
            explicit=True,
            separate=True,
        )
        history.say(CUSTOMER, giving, customer.ConsentGiven, at=at)
    else:
        withdrawing = customer.WithdrawConsent(purpose=purpose, via="sms")
        history.say(CUSTOMER, withdrawing, customer.ConsentWithdrawn, at=at)


def test_a_customer_who_is_verified_twice(tmp_path: Path) -> None:
    history = History(2)
    register(history)
    verify(history, after(minutes=5))
    verify(history, after(days=3))
    found = row(history.project(tmp_path), "customers")
    names = ("status", "minor", "verifications", "registered_hall", "registered_by", "verified_at")
    assert some(found, *names) == {
        "status": "active",
        "minor": "no",
        "verifications": 2,
        "registered_hall": "renmin",
        "registered_by": "c-li",
        "verified_at": NINE + timedelta(minutes=5),
    }
    assert found["last_verified_at"] == NINE + timedelta(days=3)
    assert found["verified_until_at"] == NINE + timedelta(days=4)


def test_consents_stand_until_they_are_withdrawn(tmp_path: Path) -> None:
    history = History(2)
    register(history)
    consent(history, "survey", given=True, at=MORNING)
    consent(history, "face_match", given=True, at=MORNING)
    consent(history, "survey", given=False, at=after(hours=1))
    connection = history.project(tmp_path)
    found = connection.execute(
        "select purpose, is_standing, given_at, withdrawn_at from consents order by purpose"
    )
    assert found.fetchall() == [
        ("face_match", True, NINE, None),
        ("survey", False, NINE, NINE + timedelta(hours=1)),
    ]
    counts = some(row(connection, "customers"), "consents_given", "consents_withdrawn")
    assert counts == {"consents_given": 2, "consents_withdrawn": 1}


def test_a_shift_from_opening_to_closing(tmp_path: Path) -> None:
    history = History(2)
    work(history, "c-wang", worked=7200, closed=5)
    found = row(history.project(tmp_path), "shifts")
    names = ("hall", "shift_id", "clerk", "duty", "worked_seconds", "visits_closed", "is_forced")
    assert some(found, *names) == {
        "hall": "renmin",
        "shift_id": "s1",
        "clerk": "c-wang",
        "duty": "counter",
        "worked_seconds": 7200,
        "visits_closed": 5,
        "is_forced": False,
    }


def test_the_trail_says_who_what_when_and_what_became_of_it(tmp_path: Path) -> None:
    history = History(1)
    withdraw = customer.WithdrawConsent(purpose="survey", via="sms")
    at = {"hall": "renmin", "counter": "k2", "visit": "v7", "channel": "store"}
    history.refuse(
        CUSTOMER, withdraw, "ENV-02", "not known", actor="c-wang", approver="s-sun", **at
    )
    found = row(history.project(tmp_path), "audit_trail", "outcome = 'refused'")
    assert found.pop("hash") == history.heads[0].hash
    assert found == {
        "partition": 0,
        "position": 2,
        "recorded_at": NINE,
        "happened_at": NINE,
        "source": "counter-app",
        "message_id": "m-1",
        "type": "customer.withdraw_consent.v1",
        "owner": CUSTOMER,
        "actor": "c-wang",
        "approver": "s-sun",
        "hall": "renmin",
        "counter": "k2",
        "visit": "v7",
        "channel": "store",
        "outcome": "refused",
        "rule": "ENV-02",
        "detail": "not known",
        "events": 0,
        "first_event": 1,
        "policy": "2026.1",
        "cause": None,
    }


def test_the_trail_holds_the_foundings_and_freshness_the_ends(tmp_path: Path) -> None:
    connection = History(3).project(tmp_path)
    found = connection.execute("select partition, outcome from audit_trail order by partition")
    assert found.fetchall() == [(0, "founding"), (1, "founding"), (2, "founding")]
    fresh = connection.execute(
        "select partition, position, recorded_at from freshness order by partition"
    ).fetchall()
    founded_at = datetime(2026, 11, 1, 16, 0)  # noqa: DTZ001
    assert fresh == [(n, 1, founded_at) for n in range(3)]
