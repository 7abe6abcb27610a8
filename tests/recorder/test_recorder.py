"""The library's own classes on PERSISTENCE_MODULE=ledger.persistence, and batches of a store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking

from consumers.embedded import Embedded, found
from ledger import founding, wire
from ledger.aggregates.customer import customer, payment
from ledger.entry import LedgerError, Said
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.recorder import EventMapper, PartitionRecorder
from ledger.settings import Home
from ledger.store import Draft, Store
from replay.verify import verify
from tests.consumers import day

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return found(tmp_path, founding.sample())


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    opened = open_store(home)
    yield opened
    opened.close()


def open_store(home: Home) -> Store:
    log = SqliteLog(home.log, writer=True)
    return Store(log, Index(home.index, log))


def stored(stream: UUID | str, version: int, state: bytes = b"state") -> StoredEvent:
    return StoredEvent(stream, version, "topic", state)


# The library's own classes


class Counter(Aggregate):
    @event("Opened")
    def __init__(self, name: str) -> None:
        self.name = name
        self.steps = 0

    @event("Stepped")
    def step(self) -> None:
        self.steps += 1


class Counters(Application):
    """With the mapper that the library takes unless it is told another."""

    snapshotting_intervals: ClassVar = {Counter: 3}

    def open(self, name: str) -> UUID:
        counter = Counter(name)
        self.save(counter)
        return counter.id

    def step(self, counter_id: UUID) -> None:
        counter = self.repository.get(counter_id)
        counter.step()
        self.save(counter)


def environment(home: Home, **further: str) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "ledger.persistence",
        "LEDGER_HOME": str(home.folder),
        **further,
    }


def test_an_application_of_the_library_runs_on_a_ledger(home: Home) -> None:
    application = Counters(environment(home))
    counter_id = application.open("k1")
    for _ in range(4):
        application.step(counter_id)
    application.close()
    again = Counters(environment(home))
    counter = again.repository.get(counter_id)
    assert (counter.name, counter.steps, counter.version) == ("k1", 4, 5)
    assert again.repository.get(counter_id, version=2).steps == 1
    assert [each.id for each in again.notification_log.select(1, 10)] == [1, 2, 3, 4, 5]
    assert len(list(again.snapshots.get(counter_id))) == 1
    again.close()
    assert verify(home, tables=False).good


def test_two_applications_cannot_save_the_same_version(home: Home) -> None:
    application = Counters(environment(home))
    counter_id = application.open("k1")
    mine, theirs = application.repository.get(counter_id), application.repository.get(counter_id)
    mine.step()
    theirs.step()
    application.save(mine)
    with pytest.raises(IntegrityError):
        application.save(theirs)
    application.step(counter_id)
    assert application.repository.get(counter_id).steps == 2
    application.close()


def test_the_library_reads_what_the_ledger_decided_by_the_mapper_of_tags(home: Home) -> None:
    with Embedded(home.folder) as ledger:
        ledger.publish([day.registration("li"), day.payment("li")])
        partitions = ledger.facts.partitions
    owner = day.customer("li")
    application: Any = Application(
        environment(
            home,
            MAPPER_TOPIC="ledger.recorder:EventMapper",
            LEDGER_PARTITION=str(partition_of(owner, partitions)),
        )
    )
    happened = list(application.events.get(f"{owner} payment/p1"))
    assert [type(each.event) for each in happened] == [payment.Received, payment.Allocated]
    assert happened[0].event.amount_fen == 4_900
    registered = next(iter(application.events.get(owner)))
    assert isinstance(registered.event, customer.Registered)
    assert len(application.notification_log.select(1, 10)) == 3
    application.close()


def test_an_environment_that_names_no_ledger_is_an_error() -> None:
    with pytest.raises(OSError, match="LEDGER_HOME"):
        Counters({"PERSISTENCE_MODULE": "ledger.persistence"})


def test_an_environment_that_names_no_partition_is_an_error(home: Home) -> None:
    with pytest.raises(OSError, match="no partition 9"):
        Counters(environment(home, LEDGER_PARTITION="9"))
    Counters(environment(home, LEDGER_PARTITION="7")).close()


def test_the_mapper_refuses_events_that_this_ledger_did_not_decide() -> None:
    with pytest.raises(LedgerError, match="not decided"):
        EventMapper().to_domain_event(stored("customer/d1", 1))


# Batches


def test_a_batch_is_in_the_log_only_when_it_ends(store: Store, home: Home) -> None:
    reader = SqliteLog(home.log)
    recorder = PartitionRecorder(store, 0)
    with store.batch():
        for version in range(1, 4):
            recorder.insert_events([stored("s", version)])
        assert reader.ends()[0] == 1
        assert [each.originator_version for each in recorder.select_events("s")] == [1, 2, 3]
        assert recorder.max_notification_id() == 3
    assert reader.ends()[0] == 4
    reader.close()


def test_what_a_failed_batch_staged_is_never_read(store: Store, home: Home) -> None:
    recorder = PartitionRecorder(store, 0)
    recorder.insert_events([stored("s", 1)])

    def interrupted() -> None:
        with store.batch():
            recorder.insert_events([stored("s", 2)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    for use in (
        lambda: recorder.select_events("s"),
        lambda: recorder.select_notifications(None, 10),
        recorder.max_notification_id,
        lambda: recorder.insert_events([stored("s", 2)]),
    ):
        with pytest.raises(LedgerError, match="open the ledger again"):
            use()
    again = open_store(home)
    assert [each.originator_version for each in PartitionRecorder(again, 0).select_events("s")] == [
        1
    ]
    again.close()


def test_a_conflict_inside_a_batch_leaves_the_batch_whole(store: Store) -> None:
    recorder = PartitionRecorder(store, 0)
    with store.batch():
        recorder.insert_events([stored("s", 1)])
        with pytest.raises(IntegrityError):
            recorder.insert_events([stored("s", 1)])
        recorder.insert_events([stored("s", 2)])
    assert store.log.ends()[0] == 3


def test_a_part_of_a_batch_that_failed_and_was_caught_fails_it_all(store: Store) -> None:
    recorder = PartitionRecorder(store, 0)

    def carried_on() -> None:
        with store.batch():
            recorder.insert_events([stored("s", 1)])
            with pytest.raises(LedgerError, match="over 60000"):
                recorder.insert_events([stored("s", 2, b"x" * 60_000)])

    with pytest.raises(LedgerError, match="open the ledger again"):
        carried_on()
    assert store.log.ends()[0] == 1


def test_an_entry_that_is_too_large_leaves_the_store_in_order(store: Store) -> None:
    recorder = PartitionRecorder(store, 0)
    with pytest.raises(LedgerError, match="over 60000"):
        recorder.insert_events([stored("s", 1, b"x" * 60_000)])
    assert recorder.insert_events([stored("s", 1)]) == [1]


def test_an_event_that_would_not_read_as_it_was_decided_is_not_stored(store: Store) -> None:
    received = payment.Receive(
        payment_id="p1",
        method="cash",
        amount_fen=1,
        items=(payment.PaymentItem(item_id="i1", item_kind="prepayment", amount_fen=1),),
        correlator_id="c1",
        payer="owner",
    )
    stored_as, decided = (
        payment.Received.of(received, change_fen=change_fen, receipt_due=False)
        for change_fen in (0, 1)
    )
    said = said_by(received)
    draft = Draft(NOW, said=said, decided=[wire.Happened("payment/p1", 1, decided, said)])
    recorder = PartitionRecorder(store, 0)
    state = wire.shorten(stored_as, received)
    stream = wire.stream_key(said.subject, "payment/p1")
    with pytest.raises(LedgerError, match=r"payment\.received\.v1 would not read"):
        recorder.insert_events([StoredEvent(stream, 1, stored_as.tag, state)], draft=draft)
    assert store.log.ends()[0] == 1


def said_by(data: payment.Receive) -> Said:
    return Said(
        id="m1",
        source="counter-app",
        type=data.marks.type,
        subject="customer/d1",
        time=NOW,
        actor="c-li",
        data=msgspec.Raw(msgspec.json.encode(data)),
    )


def test_tracking_moves_on_only(store: Store, home: Home) -> None:
    recorder = PartitionRecorder(store, 0)
    recorder.insert_events([stored("s", 1)], tracking=Tracking("upstream", 5))
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored("s", 2)], tracking=Tracking("upstream", 5))
    recorder.insert_tracking(Tracking("upstream", 7))
    store.close()
    home.index.unlink()
    again = open_store(home)
    assert PartitionRecorder(again, 0).max_tracking_id("upstream") == 7
    assert PartitionRecorder(again, 1).max_tracking_id("upstream") is None
    again.close()


def test_streams_named_by_uuid_and_by_text_are_different_streams(store: Store) -> None:
    recorder = PartitionRecorder(store, 0)
    identity = uuid4()
    recorder.insert_events([stored(identity, 1)])
    assert recorder.select_events(str(identity)) == []
    assert [each.originator_id for each in recorder.select_events(identity)] == [identity]
