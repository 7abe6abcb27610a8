"""A trace tells who, when, by which rule, and why, over the walls between owners."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.embedded import Embedded, facts_of
from ledger import wire
from ledger.aggregates.model import State
from ledger.entry import Entry, LedgerError, event_id
from ledger.logs.sqlite import SqliteLog
from ledger.memory import Memory
from ledger.reference import reference_of
from ledger.settings import Home
from ledger.values import Sealed
from replay.trace import trace
from replay.trace_causes import Causes, Linked
from replay.trace_index import open_index
from replay.trace_state import SEALED, readable
from tests.consumers import day
from tests.replay.conftest import CUSTOMER, EXAMPLE
from tests.replay.playing import entries_of

Place = tuple[int, int]


@pytest.fixture(scope="module")
def entries(played: Home) -> list[Entry]:
    return entries_of(played)


def place(entry: Entry | Linked) -> Place:
    return entry.partition, entry.position


def test_a_stream_is_traced_with_its_refusals_and_its_cause(home: Home) -> None:
    entries = trace(home, "payment/p-1001").entries
    assert [(entry.type, entry.outcome) for entry in entries] == [
        ("payment.receive.v1", "recorded"),
        ("payment.allocate.v1", "recorded"),
        ("payment.issue_receipt.v1", "recorded"),
        ("payment.reverse.v1", "refused"),
    ]
    received, allocated, _, reversed_ = entries
    assert allocated.cause == received.events[0].id
    assert (reversed_.rule, reversed_.approver) == ("ENV-07", "c-li")
    assert {entry.policy for entry in entries} == {"2026.1"}


def test_an_owner_is_traced_over_all_its_streams(home: Home) -> None:
    types = [entry.type for entry in trace(home, CUSTOMER).entries]
    assert types[:2] == ["customer.register.v1", "customer.verify_identity.v1"]
    assert len(types) == 6


def test_a_trace_of_nothing_says_so(home: Home) -> None:
    with pytest.raises(LedgerError, match="nothing is recorded of payment/p-9"):
        trace(home, "payment/p-9")


def test_a_trace_shows_no_personal_data(home: Home) -> None:
    told = repr(trace(home, CUSTOMER))
    assert "13800138000" not in told
    assert "王小明" not in told


def test_a_stream_that_was_only_ever_refused_is_traced(home: Home) -> None:
    [line] = [each for each in EXAMPLE.read_bytes().splitlines() if b"payment.receive.v1" in each]
    message = msgspec.json.decode(line)
    message["id"] = "early"
    message["data"] |= {"payment_id": "p-never", "amount_fen": 1}
    with Embedded(home.folder) as ledger:
        ledger.publish([msgspec.json.encode(message)])
    [entry] = trace(home, "payment/p-never").entries
    assert (entry.message_id, entry.rule) == ("early", "PAY-01")
    with pytest.raises(LedgerError, match="nothing is recorded"):
        trace(home, "payment/p-neve")


# The chain of causes


@pytest.mark.parametrize("at_once", [True, False])
def test_every_cause_is_found_and_leads_back(
    at_once: bool, played: Home, entries: list[Entry]
) -> None:
    """Over all owners of a simulated morning: customers, halls, clerks, head office, partitions."""
    of_event = {
        event_id(each.interaction, number): each
        for each in entries
        if each.interaction is not None
        for number in range(1, len(each.events) + 1)
    }
    expected: dict[Place, set[Place]] = defaultdict(set)
    log = SqliteLog(played.log)
    with open_index(played, log) as index:
        together = Causes(log, index, entries)
        found: dict[Place, set[Place]] = {}
        for each in entries:
            causes = together if at_once else Causes(log, index, [each])
            found[place(each)] = {place(link) for link in causes.led_to(each)}
            if each.interaction is None or each.interaction.cause is None:
                assert causes.because(each) == ()
                continue
            cause = of_event[each.interaction.cause]
            links = [place(link) for link in causes.because(each)]
            assert (links if at_once else links[:1]) == [place(cause)]
            expected[place(cause)].add(place(each))
    log.close()
    assert {key: links for key, links in found.items() if links} == expected
    across = [(a, b) for a, links in expected.items() for b in links if a[0] != b[0]]
    assert len(across) > 20


def test_a_chain_of_causes_is_told_to_its_end(played: Home, entries: list[Entry]) -> None:
    """What an entry led to in another owner, and what that led to in turn."""
    published = next(
        each
        for each in entries
        if each.interaction is not None
        and each.interaction.type == "payment.receive.v1"
        and not each.refusal
    )
    assert published.interaction is not None
    log = SqliteLog(played.log)
    with open_index(played, log) as index:
        causes = Causes(log, index, [published])
        tree = causes.led_to(published)
        leaf = next(each for each in _all(tree) if each.owner.startswith("hall/"))
        [entry] = [each for each in entries if place(each) == place(leaf)]
        assert place(causes.because(entry)[-1]) == place(published)
    log.close()
    assert {each.type for each in tree} >= {"payment.allocate.v1"}


def _all(tree: Iterable[Linked]) -> Iterator[Linked]:
    for each in tree:
        yield each
        yield from _all(each.led_to)


def test_a_cause_whose_message_id_has_colons_is_not_taken_for_another(home: Home) -> None:
    late = datetime.fromisoformat("2026-11-03T11:00:00+08:00")
    with Embedded(home.folder) as ledger:
        ledger.publish(
            [
                day.registration("n1", late),
                day.payment("n1", "p1", late, id_="x"),
                day.payment("n1", "p2", late + timedelta(minutes=1), id_="x:1:1"),
            ]
        )
    for payment_id in ("p1", "p2"):
        first = trace(home, f"{day.customer('n1')} payment/{payment_id}").entries[0]
        assert {each.event for each in first.led_to} == {first.events[0].id}


# Names


def test_a_stream_that_two_owners_have_is_told_of_both_unless_one_is_named(home: Home) -> None:
    late = datetime.fromisoformat("2026-11-03T11:00:00+08:00")
    with Embedded(home.folder) as ledger:
        for name in ("n1", "n2"):
            ledger.publish([day.registration(name, late), day.payment(name, "p1", late)])
    both = {each.owner for each in trace(home, "payment/p1").entries}
    assert both == {day.customer("n1"), day.customer("n2")}
    one = trace(home, f"{day.customer('n1')} payment/p1")
    assert {each.owner for each in one.entries} == {day.customer("n1")}


@pytest.mark.parametrize("kind", ["visit", "order", "payment", "subscription", "shift", "drawer"])
def test_every_stream_is_traced_whole(played: Home, entries: list[Entry], kind: str) -> None:
    by_stream: dict[str, set[Place]] = defaultdict(set)
    for entry in entries:
        for event in entry.events:
            if event.stream.startswith(f"{kind}/"):
                by_stream[event.stream].add(place(entry))
    for stream, places in list(by_stream.items())[:5]:
        told = trace(played, stream).entries
        assert {(each.partition, each.position) for each in told if each.events} == places


@pytest.mark.parametrize("name", ["customer/nobody", "order/o-0", f"{CUSTOMER} order/o-0"])
def test_of_what_was_never_heard_of_it_says_so(home: Home, name: str) -> None:
    with pytest.raises(LedgerError, match="nothing is recorded of"):
        trace(home, name)


# How things stood


def test_at_a_moment_the_story_ends_and_says_how_things_stood(home: Home) -> None:
    paid = datetime.fromisoformat("2026-11-03T10:10:00+08:00")
    told = trace(home, "payment/p-1001", paid)
    assert [each.type for each in told.entries] == ["payment.receive.v1", "payment.allocate.v1"]
    [stood] = told.stood
    assert stood.owner == CUSTOMER
    assert stood.states["payment/p-1001"]["status"] == "captured"
    assert trace(home, "payment/p-1001", paid + timedelta(minutes=5)).stood != told.stood
    with pytest.raises(
        LedgerError, match="nothing is recorded of payment/p-1001 until then: it begins at "
    ):
        trace(home, "payment/p-1001", paid - timedelta(minutes=1))


def test_at_a_position_it_is_as_at_the_moment_it_was_recorded(home: Home) -> None:
    second = trace(home, CUSTOMER).entries[1]
    told = trace(home, CUSTOMER, {second.partition: second.position})
    assert len(told.entries) == 2
    assert told.at == f"{second.partition}:{second.position}"
    at_moment = trace(home, CUSTOMER, datetime.fromisoformat(second.recorded_at))
    assert told.stood == at_moment.stood


def test_an_owner_stood_as_the_fold_of_everything_says(played: Home, entries: list[Entry]) -> None:
    log = SqliteLog(played.log)
    founded = reference_of(facts_of(log))
    log.close()
    busy = next(
        each.interaction.subject
        for each in reversed(entries)
        if each.interaction is not None and each.interaction.subject.startswith("customer/")
    )
    memory = Memory(founded)
    for entry in entries:
        if entry.interaction is not None and entry.interaction.subject == busy:
            memory.take(entry.interaction, wire.happened(entry))
    [stood] = trace(played, busy, datetime(2100, 1, 1, tzinfo=UTC)).stood
    assert stood.register == readable(memory.register(busy))
    assert stood.states == {name: readable(state) for name, state in memory.states_of(busy).items()}


def test_what_was_recorded_after_the_moment_is_in_no_chain(home: Home) -> None:
    told = trace(home, CUSTOMER, datetime.fromisoformat("2026-11-03T10:10:00+08:00"))
    assert told.at is not None
    assert all(
        datetime.fromisoformat(each.recorded_at) <= datetime.fromisoformat(told.at)
        for entry in told.entries
        for each in _all(entry.led_to)
    )


def test_personal_fields_of_a_state_are_said_to_be_sealed() -> None:
    class Kept(State, frozen=True, kw_only=True):
        name: Sealed | None = None
        notes: tuple[Sealed, ...] = ()
        seen: frozenset[str] = frozenset()

    kept = Kept(name=Sealed("k1.AAAA"), notes=(Sealed("k1.BBBB"),), seen=frozenset("ba"))
    assert readable(kept) == {"status": "-", "name": SEALED, "notes": SEALED, "seen": ["a", "b"]}


def test_tracing_asks_the_index_by_keys_and_scans_neither_messages_nor_events(
    played: Home,
) -> None:
    log = SqliteLog(played.log)
    asked: list[str] = []
    with open_index(played, log) as index:
        index._connection.set_trace_callback(asked.append)  # pyright: ignore[reportPrivateUsage]
        busy = index.owners_of("payment/p-682")
        assert index.of_owner(busy[0])
        assert index.of_stream(busy[0], "payment/p-682")
        index.message(busy[0], "s", "i")
        index.beginning("s", [(busy[0], "i:")])
        index._connection.set_trace_callback(None)  # pyright: ignore[reportPrivateUsage]
        plans = [
            row[3]
            for query in asked
            for row in index._connection.execute(f"explain query plan {query}")  # pyright: ignore[reportPrivateUsage]
        ]
    log.close()
    assert len(plans) >= 5
    assert [plan for plan in plans if "SCAN" in plan] == ["SCAN key VIRTUAL TABLE INDEX 1:"]
    assert "SEARCH message USING PRIMARY KEY (owner=? AND source=? AND id>? AND id<?)" in plans
