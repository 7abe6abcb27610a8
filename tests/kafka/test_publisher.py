"""The publisher: what others follow comes whole and in order, and each source hears of its own."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cloudevents.core.v1.event import CloudEvent

from consumers.kafka import persevering, publisher
from consumers.kafka.outcomes import AFTER, REPEATED
from ledger import wire
from ledger.entry import Entry, event_id
from ledger.logs.cluster import Cluster, Fetched, KafkaError, Producer
from ledger.settings import Home
from tests.consumers import day
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

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "follow_events.py"
DAY = list(day.business(customers=6))
SOURCES = {"counter-app", "rating-pad"}


@pytest.fixture(autouse=True)
def named(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(founded))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


@contextmanager
def publishing(home: Home) -> Generator[Running, None, None]:
    running = Running(lambda stopping: publisher.run(home, stopping))
    try:
        yield running
    finally:
        running.stop()


def decide(cluster: Cluster, reader: Reader, tmp_path: Path, messages: list[bytes]) -> None:
    """Decides them, one entry each, with no publisher about."""
    before = len(reader.entries())
    with deciding(home_of(cluster, tmp_path, "decider")):
        publish(cluster, messages)
        until(lambda: len(reader.entries()) == before + len(messages), "the entries")


def happened(entries: list[Entry]) -> list[str]:
    """The ids of all events, partition after partition, in the log's order."""
    return [
        event_id(each.envelope, number)
        for entry in entries
        for number, each in enumerate(wire.happened(entry), 1)
    ]


def events(cluster: Cluster) -> list[CloudEvent]:
    """What the SDK reads of the topic, by partition and offset."""
    return [read(record) for record in records_of(cluster, cluster.events)]


def read(record: Fetched) -> CloudEvent:
    message = KafkaMessage(dict(record.headers), record.key, record.value or b"")
    event = from_kafka_event(message)
    assert isinstance(event, CloudEvent)
    return event


def outcomes(cluster: Cluster) -> list[tuple[str, dict[str, Any]]]:
    """(source, outcome) of all that was told, by partition and offset."""
    records = records_of(cluster, cluster.outcomes)
    return [((each.key or b"").decode(), json.loads(each.value or b"")) for each in records]


def followed(found: list[CloudEvent]) -> list[str]:
    """What somebody has who takes each partition's next event, and passes over any other."""
    newest: dict[int, int] = {}
    taken: list[str] = []
    for event in found:
        partition, number = event.get_extension("partition"), event.get_extension("eventnumber")
        if number == newest.get(partition, 0) + 1:
            newest[partition] = number
            taken.append(event.get_id())
    return taken


def by_known_ids(found: list[CloudEvent]) -> list[str]:
    """What somebody has who drops the ids that are known."""
    return list(dict.fromkeys(event.get_id() for event in found))


def all_told(cluster: Cluster, reader: Reader) -> bool:
    entries = reader.entries()
    places = {(each.partition, each.position) for each in entries}
    told = {(o["entry"]["partition"], o["entry"]["position"]) for _, o in outcomes(cluster)}
    return told == places and set(by_known_ids(events(cluster))) == set(happened(entries))


# Events


def test_an_event_is_a_cloudevent_that_says_all_that_its_readers_know(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    decide(founded, reader, tmp_path, [day.registration("li"), day.payment("li")])
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: len(events(founded)) == 2, "the events")
    registered, received = events(founded)
    assert received.get_id() == "counter-app:li-p1:1"
    assert received.get_source() == "ledger.example/sample"
    assert received.get_type() == "payment.received.v1"
    assert received.get_subject() == day.customer("li")
    assert received.get_time() == day.MORNING
    assert received.get_datacontenttype() == "application/json"
    assert received.get_extension("causationid") == "counter-app:li-p1"
    assert received.get_extension("stream") == "payment/p1"
    assert received.get_extension("version") == 1
    assert received.get_extension("hall") == "renmin"
    entry = next(each for each in reader.entries() if "payment" in each.events[0].tag)
    assert received.get_extension("partition") == entry.partition
    assert received.get_extension("position") == entry.position
    assert received.get_extension("eventnumber") == entry.first_event
    data: Any = received.get_data()
    assert data == json.loads(_as_json(entry))
    assert data["amount_fen"] == 4_900, "also what the entry does not say twice"
    [record, _] = records_of(founded, founded.events)
    assert record.key == day.customer("li").encode()
    assert record.partition == entry.partition
    assert "顾客" not in (record.value or b"").decode(), "personal fields stay sealed"
    assert "full_name" in json.dumps(registered.get_data())


def _as_json(entry: Entry) -> bytes:
    [each] = wire.happened(entry)
    return msgspec.json.encode(each.event)


def test_events_stand_in_the_order_of_the_log_and_are_numbered_without_gaps(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    decide(founded, reader, tmp_path, DAY)
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: all_told(founded, reader), "all events")
    found = events(founded)
    assert [each.get_id() for each in found] == happened(reader.entries()) == followed(found)


# Outcomes


def test_every_source_hears_what_became_of_its_messages(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    refused = day.payment("nobody")
    decide(founded, reader, tmp_path, [*DAY, refused])
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: all_told(founded, reader), "all outcomes")
    told = outcomes(founded)
    sent = {(m["source"], m["subject"], m["id"]) for m in map(json.loads, [*DAY, refused])}
    assert {(s, o["message"]["subject"], o["message"]["id"]) for s, o in told} == sent
    assert {source for source, _ in told} == SOURCES
    (heard,) = [o for _, o in told if o["message"]["id"] == "nobody-p1"]
    assert (heard["outcome"], heard["status"], heard["rule"]) == ("refused", 422, "ENV-02")
    assert heard["title"]
    assert heard["title_zh"]
    assert heard["recorded_at"]
    assert heard["arrival"]["topic"] == founded.interactions("counter-app")


def test_the_source_of_an_unread_message_hears_where_it_stood_and_why(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    topic = founded.interactions("counter-app")
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, [b"{"], topic=topic, partition=1)
        until(lambda: len(reader.entries()) == 1)
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: all_told(founded, reader), "the outcome")
    [(source, heard)] = outcomes(founded)
    assert source == "counter-app"
    assert heard["arrival"] == {"topic": topic, "offset": 0}
    assert (heard["outcome"], heard["status"]) == ("malformed", 400)
    assert heard["detail"]
    assert heard["entry"] == {"partition": 1, "position": 2}
    assert "message" not in heard


def test_what_is_told_of_a_repeated_message_does_not_move_the_publisher_on(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    decide(founded, reader, tmp_path, DAY)
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, DAY[-3:])
        until(lambda: len(outcomes(founded)) == 3, "what is told again")
    assert {o["outcome"] for _, o in outcomes(founded)} == {"repeated"}
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: all_told(founded, reader), "all outcomes")
    assert len(outcomes(founded)) == len(DAY) + 3


# Killed and started again


def test_cut_off_in_the_middle_it_misses_nothing_and_followers_have_each_once(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "PART_ENTRIES", 4)
    decide(founded, reader, tmp_path, DAY)
    home = home_of(founded, tmp_path, "p")
    for writes in (2, 1, 3):
        running = Running(
            lambda stopping, writes=writes: cut_off_after(writes, monkeypatch, home, stopping)
        )
        until(lambda running=running: not running.alive, "the cut")
        assert isinstance(running.failure, CutOff)
    monkeypatch.undo()
    monkeypatch.setenv("LEDGER_LOG", address(founded))
    with publishing(home):
        until(lambda: all_told(founded, reader), "all that happened")
    found = events(founded)
    assert len(found) > len(happened(reader.entries())), "some came again"
    assert followed(found) == by_known_ids(found) == happened(reader.entries())


class CutOff(BaseException):
    """As kill -9: nothing catches it."""


def cut_off_after(writes: int, patched: pytest.MonkeyPatch, home: Home, stopping: Any) -> None:
    """The process ends after so many flushes, before it knows that they were written."""
    left = [writes]
    flush = Producer.flush

    def flush_then_end(self: Producer, seconds: float = 30) -> None:
        flush(self, seconds)
        left[0] -= 1
        if left[0] == 0:
            raise CutOff

    patched.setattr(Producer, "flush", flush_then_end)
    try:
        publisher.run(home, stopping)
    finally:
        patched.setattr(Producer, "flush", flush)


def test_killed_while_messages_come_it_misses_nothing(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    home = home_of(founded, tmp_path, "p")
    with deciding(home_of(founded, tmp_path, "d")):
        for number, message_count in enumerate((20, 30, len(DAY))):
            with started("publisher", founded, home) as process:
                publish(founded, DAY[:message_count])
                until(lambda n=number: len(events(founded)) > 10 * n, "the first events")
                process.send_signal(signal.SIGKILL)
        until(lambda: len(reader.entries()) == len(DAY), "the entries")
        with publishing(home):
            until(lambda: all_told(founded, reader), "all that happened")
    found = events(founded)
    assert followed(found) == by_known_ids(found) == happened(reader.entries())


def test_brokers_that_refuse_a_write_cost_nothing(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(founded, reader, tmp_path, DAY)
    monkeypatch.setattr(persevering, "ASK_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(publisher, "PART_ENTRIES", 7)
    failures = iter([True, False, True])
    flush = Producer.flush

    def flush_or_fail(self: Producer, seconds: float = 30) -> None:
        flush(self, seconds)
        if next(failures, False):
            raise KafkaError("not in time")

    monkeypatch.setattr(Producer, "flush", flush_or_fail)
    with publishing(home_of(founded, tmp_path, "p")):
        until(lambda: all_told(founded, reader), "all that happened")
    assert next(failures, None) is None
    assert followed(events(founded)) == happened(reader.entries())


def test_two_publishers_at_once_do_no_harm(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    with (
        deciding(home_of(founded, tmp_path, "d")),
        publishing(home_of(founded, tmp_path, "p1")),
        publishing(home_of(founded, tmp_path, "p2")),
    ):
        publish(founded, DAY)
        until(lambda: len(reader.entries()) == len(DAY))
        until(lambda: all_told(founded, reader), "all that happened")
    found = events(founded)
    assert followed(found) == by_known_ids(found) == happened(reader.entries())


def test_its_home_deleted_it_goes_on_where_its_topics_say(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    decide(founded, reader, tmp_path, DAY[:-5])
    with publishing(home_of(founded, tmp_path, "p1")):
        until(lambda: all_told(founded, reader))
    before = len(events(founded))
    decide(founded, reader, tmp_path, DAY[-5:])
    with publishing(home_of(founded, tmp_path, "p2")):
        until(lambda: all_told(founded, reader))
    found = records_of(founded, founded.outcomes)
    assert Counter(REPEATED in dict(each.headers) for each in found).keys() == {False}
    assert all(dict(each.headers)[AFTER].isdigit() for each in found)
    # The last part is published again, since it is not known to be whole.
    assert len(events(founded)) <= 2 * before + 5
    assert followed(events(founded)) == happened(reader.entries())


def test_the_example_of_the_docs_has_each_event_once_also_when_it_is_killed(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.sqlite"
    command = [sys.executable, EXAMPLE, *founded.servers, founded.events, mine]
    home = home_of(founded, tmp_path, "p")
    for messages in (DAY[:30], DAY[30:]):
        decide(founded, reader, tmp_path, messages)
        # Each time the publisher publishes its last part again.
        with publishing(home):
            until(lambda: all_told(founded, reader), "all that happened")
        process = subprocess.Popen(command)
        until(lambda: len(taken(mine)) == len(happened(reader.entries())), "the follower")
        process.kill()
        process.wait()
    assert sorted(taken(mine)) == sorted(happened(reader.entries()))


def taken(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [id_ for (id_,) in connection.execute("select id from event order by rowid")]
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
