"""A fold reads events as they were decided: typed, whole, and without personal fields."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from ledger import wire
from ledger.aggregates import model
from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import shift, visit
from ledger.entry import decode
from ledger.projections import definitions as files
from ledger.projections import relations
from ledger.projections.definitions import DefinitionError, Definitions, read_fold
from ledger.projections.engine import Projector
from ledger.projections.staging import Staging
from ledger.values import SealedText
from tests.projections.cuts import project
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET, Lives

HALL = "hall/renmin"
CUSTOMER = "customer/d1"


def look(folder: Path, history: History, relation: str, *columns: str) -> list[tuple[Any, ...]]:
    """What the columns of a relation hold, one row per event, in order."""
    described = "\n".join(f"-- {column}: once. It." for column in columns)
    text = f"""-- One row per event.
-- partition: key. It.
-- event_number: key. It.
{described}
select partition, event_number, {", ".join(columns)} from {relation}
"""
    fold = read_fold("looks", text)
    path = project(folder, [history.records], Definitions((fold,), shared=files.load().shared))
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            f"select {', '.join(columns)} from looks order by partition, event_number"
        ).fetchall()


def paid(**more: Any) -> payment.Receive:
    item = payment.PaymentItem(item_id="i1", item_kind="device", amount_fen=12_800)
    fields: dict[str, Any] = {
        "payment_id": "p1",
        "method": "cash",
        "amount_fen": 12_800,
        "items": (item, payment.PaymentItem(item_id="i2", item_kind="bill", amount_fen=1)),
        "correlator_id": "c1",
        "payer": "owner",
        **more,
    }
    return payment.Receive(**fields)


def test_a_field_comes_from_the_interaction_or_from_the_event(tmp_path: Path) -> None:
    history = History(1).say(
        CUSTOMER, paid(), payment.Received, computed={"change_fen": 7, "receipt_due": True}
    )
    columns = ("payment_id", "amount_fen", "change_fen", "receipt_due", "drawer_id")
    found = look(tmp_path, history, "payment_received", *columns)
    assert found == [("p1", 12_800, 7, True, None)]


def test_one_event_may_follow_from_different_interactions(tmp_path: Path) -> None:
    allocation = payment.Allocation(allocation_id="a", item_kind="bill", amount_fen=5)
    settled = payment.PaymentSettled(payment_id="p1")
    receipt = payment.IssueReceipt(payment_id="p1", receipt_number="E1", form="sms", amount_fen=5)
    history = History(1)
    history.say(CUSTOMER, payment.Allocate(payment_id="p1", allocations=(allocation,)), settled)
    history.say(CUSTOMER, receipt, settled)
    history.say(CUSTOMER, customer.WithdrawConsent(purpose="survey", via="sms"), settled)
    assert look(tmp_path, history, "payment_settled", "payment_id") == [("p1",)] * 3


def test_lists_of_structs_are_typed_inside(tmp_path: Path) -> None:
    computed = {"change_fen": 0, "receipt_due": True}
    history = History(1).say(CUSTOMER, paid(), payment.Received, computed=computed)
    [(items,)] = look(tmp_path, history, "payment_received", "items")
    assert [(item["item_id"], item["item_kind"], item["amount_fen"]) for item in items] == [
        ("i1", "device", 12_800),
        ("i2", "bill", 1),
    ]
    assert items[0]["bill_id"] is None


def test_moments_are_utc_and_days_are_days(tmp_path: Path) -> None:
    opening = shift.Open(
        shift_id="s1",
        counter_id="k1",
        duty="cashier",
        planned_end_at=datetime.fromisoformat("2026-11-03T18:00:00.250001+08:00"),
    )
    computed = {"role": "clerk", "certifications": ("cash", "real_name")}
    history = History(1).say(HALL, opening, shift.Opened, computed=computed)
    columns = ("planned_end_at", "happened_at", "certifications")
    found = look(tmp_path, history, "shift_opened", *columns)
    planned = datetime(2026, 11, 3, 10, 0, 0, 250_001)  # noqa: DTZ001
    assert found == [(planned, MORNING.astimezone(UTC).replace(tzinfo=None), ["cash", "real_name"])]


def test_the_business_day_begins_at_midnight_in_the_hall(tmp_path: Path) -> None:
    history = History(1)
    computed = {"lapse_due_at": MORNING}
    arrive = visit.Arrive(arrival="walk_in", priority_lane=False)
    for number, at in enumerate(("2026-11-03T23:59:59.999999+08:00", "2026-11-03T16:00:00+00:00")):
        moment = datetime.fromisoformat(at)
        history.say(HALL, arrive, visit.Arrived, computed=computed, at=moment, visit=f"v{number}")
    connection = history.project(tmp_path)
    found = connection.execute("select business_on from visits order by visit_id").fetchall()
    assert found == [(date(2026, 11, 3),), (date(2026, 11, 4),)]


def test_chinese_and_escapes_read_as_they_were_said(tmp_path: Path) -> None:
    said = '甲"一"\\号\n票\t😀\u2028'
    issue = visit.IssueTicket(ticket_no=said, service_area="vip")
    computed = {"business_on": MORNING.date(), "waiting_ahead": 0}
    history = History(1).say(HALL, issue, visit.TicketIssued, computed=computed, visit="v1")
    assert look(tmp_path, history, "visit_ticket_issued", "ticket_no") == [(said,)]


def test_an_absent_field_has_its_default(tmp_path: Path) -> None:
    closing = visit.Close(outcome="customer_left", follow_up_asked=False)
    computed = {
        "handling_seconds": 1,
        "pause_seconds": 0,
        "counter_seconds": 1,
        "rate_until_at": MORNING,
    }
    history = History(1).say(HALL, closing, visit.Closed, computed=computed, visit="v1")
    assert b"needs_met" not in history.records[-1]
    assert look(tmp_path, history, "visit_closed", "needs_met", "follow_up_asked") == [([], False)]


def test_an_event_without_data_of_its_own_reads_like_any_other(tmp_path: Path) -> None:
    history = History(1).say(
        HALL, visit.CallTicket(), visit.NeedsAsked(needs=("other",)), visit="v1"
    )
    record = msgspec.json.decode(history.records[-1])
    del record["events"][0]["data"]
    history.records[-1] = msgspec.json.encode(record)
    assert look(tmp_path, history, "visit_needs_asked", "visit", "needs") == [("v1", None)]


def test_the_envelope_says_where_an_event_stands(tmp_path: Path) -> None:
    history = History(1)
    reverse = payment.Reverse(
        payment_id="p1",
        reversal_id="r1",
        amount_fen=1,
        reason="duplicate",
        receipt_taken_back=True,
        note=SECRET,
    )
    settled = payment.PaymentSettled(payment_id="p1")
    who = {"approver": "s-sun", "hall": "renmin", "counter": "k1", "visit": "v1"}
    history.say(CUSTOMER, reverse, payment.Reversed, settled, channel="store", **who)
    columns = relations.ENVELOPE
    [row] = look(tmp_path, history, "payment_settled", *columns[3:])
    assert dict(zip(columns[3:], row, strict=True)) == {
        "event_id": "counter-app:m-1:2",
        "stream": "payment/p1",
        "version": 2,
        "recorded_at": MORNING.astimezone(UTC).replace(tzinfo=None),
        "happened_at": MORNING.astimezone(UTC).replace(tzinfo=None),
        "source": "counter-app",
        "message_id": "m-1",
        "type": "payment.reverse.v1",
        "owner": CUSTOMER,
        "owner_id": "d1",
        "actor": "c-li",
        "approver": "s-sun",
        "hall": "renmin",
        "counter": "k1",
        "visit": "v1",
        "channel": "store",
        "policy": "2026.1",
    }


def test_personal_fields_cannot_be_read(tmp_path: Path) -> None:
    history = History(1)
    with pytest.raises(DefinitionError, match="full_name"):
        look(tmp_path, history, "customer_registered", "full_name")


def test_no_table_of_the_ledger_holds_a_personal_field(tmp_path: Path) -> None:
    history = History(2)
    Lives(history, seed=5).day(visits=20)
    assert any(SECRET.encode() in record for record in history.records)
    path = project(tmp_path, [history.records])
    assert SECRET.encode() not in path.read_bytes()
    with duckdb.connect(str(path), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            text = str(connection.execute(f"select * from {table}").fetchall())
            assert SECRET not in text, table


def test_every_event_of_the_ledger_is_a_relation_that_can_be_typed() -> None:
    everything = frozenset(
        field for _, event in wire.EVENTS.values() for field in event.__struct_fields__
    )
    header = "-- One row per x.\n-- partition: key. It.\n-- position: key. It.\n"
    text = f"{header}select {', '.join(sorted(everything))} from {', '.join(relations.RELATIONS)}"
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    fold = read_fold("all", text)
    Staging(connection, [fold]).define(fold)
    for name in relations.RELATIONS:
        assert connection.execute(f"select count(*) from {name}").fetchall() == [(0,)]


def test_a_field_named_like_an_envelope_column_is_called_data() -> None:
    class Odd(payment.PaymentSettled, tag="payment.settled.v1"):
        channel: str
        actor: str

    select = relations.select_events("payment.settled.v1", Odd, frozenset({"data_channel"}))
    assert "as data_channel" in select
    assert "said.actor" not in select


def test_a_personal_field_is_left_out_of_lists_and_structs_too() -> None:
    class Named(model.Fields):
        name: SealedText
        rank: int

    class Odd(payment.PaymentSettled, tag="payment.settled.v1"):
        names: tuple[SealedText, ...]
        people: tuple[Named, ...]

    used = frozenset({"names", "people", "name", "rank"})
    select = relations.select_events("payment.settled.v1", Odd, used)
    assert "as people" in select
    assert "'rank'" in select
    assert "name'" not in select
    assert "names" not in select


def test_an_entry_read_by_the_projector_is_read_by_the_ledger_alike(tmp_path: Path) -> None:
    """The relation and `wire.restore` agree on an event that both parts say."""
    computed = {"change_fen": 3, "receipt_due": False}
    history = History(1).say(CUSTOMER, paid(drawer_id="d"), payment.Received, computed=computed)
    [happened] = wire.happened(decode(history.records[-1]))
    event = happened.event
    assert isinstance(event, payment.Received)
    columns = ("payment_id", "method", "amount_fen", "drawer_id", "change_fen", "receipt_due")
    [row] = look(tmp_path, history, "payment_received", *columns)
    assert row == tuple(getattr(event, column) for column in columns)


def test_a_projector_names_what_it_cannot_bind(tmp_path: Path) -> None:
    text = (
        "-- One row per x.\n-- partition: key. It.\n-- position: key. It.\nselect 1 from nowhere\n"
    )
    with pytest.raises(DefinitionError, match=r"odd\.sql: .*nowhere"):
        Projector.open(tmp_path, Definitions((read_fold("odd", text),)))
