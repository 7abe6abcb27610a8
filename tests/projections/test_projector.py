"""The projector takes batches whole or not at all, and only those that follow on."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest

from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import shift, visit
from ledger.entry import ChainError, FutureFormatError, Head, LedgerError, leaf_hash
from ledger.projections.engine import Projector, differences
from tests.projections.cuts import batches, project
from tests.projections.history import MORNING, History, heads_after, partition_in
from tests.projections.lives import SECRET, Lives
from tests.projections.projecting import arrivals, rows
from tests.projections.scenes import ARRIVE, RENMIN

WITHDRAW = customer.WithdrawConsent(purpose="survey", via="sms")


def changed(record: bytes, old: bytes, new: bytes) -> bytes:
    assert record.count(old) == 1
    return record.replace(old, new)


def test_positions_are_the_heads_of_what_was_applied(tmp_path: Path) -> None:
    history = arrivals(3)
    with Projector.open(tmp_path) as projector:
        assert projector.positions() == {}
        projector.apply(history.records, history.heads)
        assert projector.positions() == history.heads
        assert projector.check() == []


def test_no_records_change_nothing(tmp_path: Path) -> None:
    with Projector.open(tmp_path) as projector:
        projector.apply([], {})
        assert projector.positions() == {}


def test_the_trail_has_the_leaf_hash_of_every_record(tmp_path: Path) -> None:
    history = arrivals(5).refuse(RENMIN, ARRIVE, "ENV-11", visit="v1")
    connection = history.project(tmp_path)
    found = connection.execute("select hash from audit_trail").fetchall()
    assert {row[0] for row in found} == {leaf_hash(record) for record in history.records}
    again = connection.execute(
        "select count(*) from audit_trail where hash = sha256('\\x00'::blob || ?::blob)",
        [history.records[-1]],
    ).fetchall()
    assert again == [(1,)]


@pytest.mark.parametrize("gone", [0, 3, 6])
def test_a_batch_with_a_gap_is_refused_whole(gone: int, tmp_path: Path) -> None:
    history = arrivals(5)
    records = history.records[:gone] + history.records[gone + 1 :]
    with Projector.open(tmp_path) as projector:
        with pytest.raises(ChainError, match=r"partition [01] are not the chain"):
            projector.apply(records, history.heads)
        assert projector.positions() == {}
        projector.apply(history.records, history.heads)
        assert projector.positions() == history.heads


def test_a_batch_that_was_applied_is_refused_a_second_time(tmp_path: Path) -> None:
    history = arrivals(3)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
        with pytest.raises(ChainError, match="not the chain that follows position 1"):
            projector.apply(history.records, history.heads)
        assert rows(projector, "audit_trail") == len(history.records)


def test_a_record_that_follows_another_history_is_refused(tmp_path: Path) -> None:
    before, other = arrivals(4).records[:-1], arrivals(4, of="w").records[-1]
    with Projector.open(tmp_path) as projector:
        projector.apply(before, heads_after(before))
        with pytest.raises(ChainError, match="are not the chain"):
            projector.apply([other], heads_after([other]))
        assert projector.positions() == heads_after(before)


def test_an_event_of_the_future_stops_the_batch_with_its_place(tmp_path: Path) -> None:
    history = arrivals(3)
    future = [
        record.replace(b'"visit.arrived.v1"', b'"visit.arrived.v9"')
        if b'"v2"' in record
        else record
        for record in history.records
    ]
    with Projector.open(tmp_path) as projector:
        with pytest.raises(
            FutureFormatError, match=r"partition \d position 4: .*visit\.arrived\.v9"
        ):
            projector.apply(future, heads_after(future))
        assert projector.positions() == {}


WRONG = {
    "a text for a number": (b'"waiting_ahead":3', b'"waiting_ahead":"many"', "waiting_ahead"),
    "a number for a moment": (
        b'"planned_end_at":"2026-11-03T09:00:00+08:00"',
        b'"planned_end_at":5',
        "planned_end_at",
    ),
    "a moment that is none": (b'"time":"2026-11-03T09:00:00+08:00"', b'"time":"noon"', "time"),
    "a text for a list": (b'"needs":["payment"]', b'"needs":"payment"', "needs"),
    "no tag": (b'"tag":"visit.ticket_issued.v1"', b'"tag":null', "tag"),
    "no interaction id": (b'"id":"m-3"', b'"id":null', "id"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_has_the_wrong_type_stops_the_batch_with_its_place(what: str, tmp_path: Path) -> None:
    right, wrong, field = WRONG[what]
    history = arrivals(2)
    issue = visit.IssueTicket(ticket_no="A1", service_area="vip")
    computed = {"business_on": MORNING.date(), "waiting_ahead": 3}
    history.say(RENMIN, issue, visit.TicketIssued, computed=computed, visit="v1")
    history.say(RENMIN, visit.AskNeeds(needs=("payment",)), visit.NeedsAsked, visit="v1")
    opening = shift.Open(shift_id="s1", counter_id="k1", duty="counter", planned_end_at=MORNING)
    computed = {"role": "clerk", "certifications": ()}
    history.say(RENMIN, opening, shift.Opened, computed=computed)
    records = [
        record.replace(right, wrong) if partition_in(record) and place > 3 else record
        for place, record in enumerate(history.records)
    ]
    assert records != history.records
    with Projector.open(tmp_path) as projector:
        with pytest.raises(ChainError, match=rf"partition 1 position [456]: .*{field}"):
            projector.apply(records, heads_after(records))
        assert projector.positions() == {}
        projector.apply(history.records, history.heads)
        assert projector.positions() == history.heads


def test_a_record_that_is_no_text_stops_the_batch(tmp_path: Path) -> None:
    history = arrivals(2)
    broken = [
        changed(record, b'"v1"', b'"v\xff"') if b'"v1"' in record else record
        for record in history.records
    ]
    with Projector.open(tmp_path) as projector:
        with pytest.raises(LedgerError, match=r"partition 1 position 3: .*invalid start byte"):
            projector.apply(broken, heads_after(broken))
        assert projector.positions() == {}


def test_an_entry_that_the_ledger_did_not_decide_is_in_the_trail_only(tmp_path: Path) -> None:
    history = arrivals(1)
    record = history.records[-1]
    entry = msgspec.json.decode(record)
    del entry["interaction"], entry["intake"]
    entry["events"] = [{"tag": "dog.registered", "stream": "dog-1", "version": 1, "raw": "AAA="}]
    records = [*history.records[:-1], msgspec.json.encode(entry)]
    with Projector.open(tmp_path) as projector:
        projector.apply(records, heads_after(records))
        assert projector.check() == []
        path = projector.snapshot()
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select outcome, events, owner from audit_trail where outcome <> 'founding'"
        ).fetchall()
        assert found == [("no_interaction", 1, None)]


def test_a_message_that_could_not_be_read_is_in_the_trail_with_its_reason(tmp_path: Path) -> None:
    history = arrivals(2)
    entry = msgspec.json.decode(history.records[-1])
    for name in ("interaction", "intake", "derived", "events", "policy"):
        entry.pop(name, None)
    came = {"topic": "counter.interactions.counter-app", "offset": 7, "digest": "0" * 64}
    entry["unread"] = {**came, "kind": "malformed", "reason": "a member is missing"}
    records = [*history.records[:-1], msgspec.json.encode(entry)]
    with Projector.open(tmp_path) as projector:
        projector.apply(records, heads_after(records))
        assert projector.check() == []
        path = projector.snapshot()
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select rule, detail, events, source from audit_trail where outcome = 'unread'"
        ).fetchall()
        assert found == [(None, "a member is missing", 0, None)]


def test_freshness_says_how_the_lag_goes(tmp_path: Path) -> None:
    history = arrivals(4)

    def lag(projector: Projector, head: int) -> list[tuple[int, ...]]:
        with duckdb.connect(str(projector.snapshot({1: head})), read_only=True) as connection:
            return connection.execute(
                "select position, head, lag, trend, moved_entries from freshness"
                " where partition = 1"
            ).fetchall()

    with Projector.open(tmp_path) as projector:
        projector.apply(history.records[:3], heads_after(history.records[:3]))
        assert lag(projector, 5) == [(2, 5, 3, 0, 2)]
        assert lag(projector, 9) == [(2, 9, 7, 4, 2)]
        projector.apply(history.records[3:], heads_after(history.records[3:]))
        assert lag(projector, 5) == [(5, 5, 0, -7, 3)]


def test_batches_read_ahead_give_the_tables_of_batches_one_by_one(tmp_path: Path) -> None:
    history = History(partitions=3)
    Lives(history, seed=11).day(visits=15)
    pieces = batches(history.records, [20, 21, 90, 130])
    with Projector.open(tmp_path / "ahead") as projector:
        projector.apply_all((piece, heads_after(piece)) for piece in pieces)
        assert projector.positions() == history.heads
    one_by_one = project(tmp_path / "one-by-one", pieces)
    assert differences(one_by_one, tmp_path / "ahead" / "live.duckdb") == []


def test_what_breaks_while_reading_ahead_is_raised_behind_the_batches_before_it(
    tmp_path: Path,
) -> None:
    history = arrivals(6)
    first, second = history.records[:4], history.records[4:6]
    broken = [history.records[6].replace(b'"visit.arrived.v1"', b'"visit.flew.v1"')]

    def reader_that_fails() -> Iterator[tuple[list[bytes], dict[int, Head]]]:
        yield second, heads_after(second)
        raise ChainError("the log ends in a hole")

    with Projector.open(tmp_path) as projector:
        with pytest.raises(FutureFormatError, match=r"position 6: .*visit\.flew"):
            projector.apply_all([(piece, heads_after(piece)) for piece in (first, broken)])
        assert projector.positions() == heads_after(first)
        with pytest.raises(ChainError, match="a hole"):
            projector.apply_all(reader_that_fails())
        assert projector.positions() == heads_after(first) | heads_after(second)
        with pytest.raises(ChainError, match="are not the chain"):
            projector.apply_all([(second, heads_after(second))])


def test_checks_say_what_does_not_hold(tmp_path: Path) -> None:
    history = History(partitions=1)
    reverse = payment.Reverse(
        payment_id="p1",
        reversal_id="r1",
        amount_fen=100,
        reason="duplicate",
        receipt_taken_back=True,
        note=SECRET,
    )
    history.say("customer/d1", reverse, payment.Reversed, approver="s-sun")
    history.say("customer/d1", WITHDRAW, customer.ConsentWithdrawn)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
        failures = projector.check()
    assert [failure.split(" Broken")[0] for failure in failures] == [
        "customers: Every customer was registered.",
        "payments: Every payment was begun or received.",
    ]
    assert "('d1', 'p1')" in failures[1]
