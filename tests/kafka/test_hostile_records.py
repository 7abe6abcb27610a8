"""Records that the client library cannot read: nobody hangs, and each is passed over once."""

import time
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import pytest
from kafka import KafkaProducer

from ledger.door.cloudevents import from_kafka
from ledger.door.faults import Malformed
from ledger.entry import LedgerError
from ledger.logs.cluster import Cluster, KafkaError, NoAnswer, Tail
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from tests.consumers import day
from tests.kafka.test_log import entries as following
from tests.kafka.working import (
    Reader,
    Running,
    address,
    deciding,
    home_of,
    publish,
    records_of,
    started,
    until,
)

NAME = next(f"p{n}" for n in range(1000) if partition_of(day.customer(f"p{n}"), 2) == 0)
STOP_SECONDS = 10.0
PACKED = b"packed " * 100
"""Long enough to be compressed: what does not become smaller is sent as it is."""


class NoUtf8(str):
    """A header's name that the library's producer writes as bytes that are no UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


@pytest.fixture
def topic(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LEDGER_LOG", address(founded))
    return founded.interactions("counter-app")


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


def send_as_one(cluster: Cluster, topic: str, *records: tuple[bytes, bool]) -> None:
    """Writes values in one batch; those that are named so with a header nobody can read."""
    producer = KafkaProducer(bootstrap_servers=list(cluster.servers), acks="all", linger_ms=1_000)
    for value, hostile in records:
        headers = [(NoUtf8("x"), b"1")] if hostile else []
        producer.send(topic, value=value, headers=headers, partition=0)
    producer.flush(10)
    producer.close()


def send_snappy(cluster: Cluster, topic: str, *values: bytes) -> None:
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": ",".join(cluster.servers),
            "compression.type": "snappy",
            "linger.ms": 500,
        }
    )
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(10) == 0


def stop_in_time(running: Running) -> None:
    begun = time.monotonic()
    running.stop()
    assert time.monotonic() - begun < STOP_SECONDS


def test_a_record_with_an_unreadable_header_is_set_aside_between_two_good_ones(
    founded: Cluster, topic: str, reader: Reader, tmp_path: Path
) -> None:
    good, poison, last = day.registration(NAME), day.payment(NAME), day.payment(NAME, "p2")
    send_as_one(founded, topic, (good, False), (poison, True), (last, False))
    with deciding(home_of(founded, tmp_path)) as running:
        until(lambda: len(reader.entries()) >= 3, "three entries")
        stop_in_time(running)
    first, unread, third = reader.entries(0)
    assert first.interaction is not None
    assert third.interaction is not None
    assert unread.unread is not None
    assert unread.interaction is None
    assert (unread.unread.offset, unread.unread.kind) == (1, "malformed")
    (kept,) = records_of(founded, founded.quarantine)
    assert poison in (kept.value or b"")
    assert b"\xff\xfe" in (kept.value or b"")


def test_a_decider_process_behind_such_a_record_stops_when_it_is_told_to(
    founded: Cluster, topic: str, reader: Reader, tmp_path: Path
) -> None:
    send_as_one(founded, topic, (b"{}", True))
    with started("decider", founded, home_of(founded, tmp_path)) as process:
        until(lambda: len(reader.entries()) >= 1, "an entry")
        publish(founded, [day.registration(NAME)])
        until(lambda: len(reader.entries()) >= 2, "another entry")
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0


def test_messages_that_were_compressed_with_snappy_are_decided(
    founded: Cluster, topic: str, reader: Reader, tmp_path: Path
) -> None:
    send_snappy(founded, topic, day.registration(NAME), day.payment(NAME))
    with deciding(home_of(founded, tmp_path)):
        until(lambda: len(reader.entries()) >= 2, "two entries")
    assert all(each.interaction for each in reader.entries())


def test_a_batch_that_cannot_be_unpacked_is_said_again_and_again_and_read_when_it_can_be(
    founded: Cluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_as_one(founded, topic, (b"before", False))
    send_snappy(founded, topic, PACKED)
    tail = founded.tail()
    tail.begin(topic, {0: 0})
    with monkeypatch.context() as without:
        without.setattr("kafka.codec.snappy", None)
        assert [each.value for each in polled(tail, 1)] == [b"before"]
        for _ in range(3):
            with pytest.raises(KafkaError):
                polled(tail, 1)
    assert [(each.offset, each.value) for each in polled(tail, 1)] == [(1, PACKED)]
    tail.close()


def polled(tail: Tail, count: int) -> list[object]:
    found: list[object] = []
    until(lambda: found.extend(tail.poll(1.0)) or len(found) >= count, "records")
    return found


def test_a_decider_that_cannot_unpack_a_batch_stops_and_goes_on_when_it_can(
    founded: Cluster,
    topic: str,
    reader: Reader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_snappy(founded, topic, day.registration(NAME))
    home = home_of(founded, tmp_path)
    with monkeypatch.context() as without:
        without.setattr("kafka.codec.snappy", None)
        with deciding(home) as running:
            time.sleep(5)
            assert running.alive
            stop_in_time(running)
    assert reader.entries() == []
    with deciding(home):
        until(lambda: len(reader.entries()) >= 1, "an entry")


def test_an_unreadable_record_of_the_log_is_void_and_readers_go_on(
    founded: Cluster, tmp_path: Path
) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    (_, _, entry), *_ = following(log, 1)
    send_as_one(founded, founded.log, (b"{", False), (entry, True))
    send_snappy(founded, founded.log, PACKED)
    log.append(following(log, 2))
    other = KafkaLog(founded, tmp_path / "b.sqlite")
    for each in (log, other):
        assert [(n, cause, count) for n, cause, count, _ in each.voids()] == [(0, "malformed", 3)]
        assert each.ends() == {0: 3, 1: 1}
        each.close()


def test_what_stands_for_an_unreadable_record_is_malformed() -> None:
    assert isinstance(from_kafka([("unreadable", b"")], b"{}"), Malformed)
    assert not isinstance(from_kafka([("readable", b"")], b"{}"), Malformed)


def test_a_copy_that_cannot_be_opened_is_said_and_left_alone(
    founded: Cluster, tmp_path: Path
) -> None:
    copy = tmp_path / "a.sqlite"
    copy.mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        KafkaLog(founded, copy)
    assert copy.is_dir()


def test_a_file_that_is_no_copy_is_made_anew(founded: Cluster, tmp_path: Path) -> None:
    copy = tmp_path / "a.sqlite"
    copy.write_bytes(b"no database " * 100)
    log = KafkaLog(founded, copy)
    assert log.ends() == {0: 1, 1: 1}
    log.close()


def test_a_ledger_that_was_copied_and_is_not_known_may_be_known_later(
    cluster: Cluster, tmp_path: Path
) -> None:
    copy = tmp_path / "a.sqlite"
    with pytest.raises(LedgerError, match="there is no ledger") as first:
        KafkaLog(cluster, copy)
    assert not isinstance(first.value, NoAnswer)
    copy.touch()
    with pytest.raises(NoAnswer):
        KafkaLog(cluster, copy)
