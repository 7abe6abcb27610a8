"""The publisher: what happened, for whoever follows, and what became of messages, for their source.

It reads its own copy of all partitions and writes two topics, each partition of the log into the
partition of the same number, in the log's order. Where it was is found from the end of the topics
themselves, so nothing is kept that could disagree: killed at any moment, it misses nothing, and
publishes a little of it again, with the same ids.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any, Final

from consumers.embedded import facts_of
from consumers.kafka import happenings, outcomes
from consumers.kafka.outcomes import AFTER, REPEATED, Record
from consumers.kafka.persevering import persevere
from ledger.beside import lost
from ledger.chain import follow
from ledger.entry import Entry, Head, decode, leaf_hash
from ledger.logs.cluster import Cluster, Fetched, KafkaError, NoAnswer, Tail
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home

LOOK_SECONDS: Final = 0.5
LINGER_SECONDS: Final = 2.0
"""Longer than a part takes to be handed over, so that it goes as one."""
PART_ENTRIES: Final = 500
PART_BYTES: Final = 150_000
"""What is published of a partition in one go: that much is written whole or not at all."""
READ_SECONDS: Final = 15.0


def run(home: Home, stopping: Event, asked: Event | None = None) -> None:
    """Publishes what is recorded until `stopping` is set.

    Raises LedgerError where there is no ledger, another process has the home, or a partition holds
    what this program cannot read; `asked` is not used.
    """
    persevere(home, "publisher", "nothing is published", Publishing, stopping)


class Publishing:
    """Log, topics and how far they are, as long as the brokers answer."""

    def __init__(self, home: Home, cluster: Cluster) -> None:
        with ExitStack() as opened:
            self._cluster = cluster
            self._log = KafkaLog(cluster, home.copy)
            opened.callback(self._log.close)
            self._origin = facts_of(self._log).origin
            self._producer = cluster.producer(LINGER_SECONDS)
            opened.callback(self._producer.close)
            self._parts = self._where_it_was()
            self.close = opened.pop_all().close

    def once(self) -> None:
        """Publishes the next of each partition, or waits a little for more to come.

        Raises NoAnswer where the brokers do not answer.
        """
        futures: list[Any] = []
        reached = [self._publish(part, futures) for part in self._parts]
        if not futures:
            self._log.wait(LOOK_SECONDS)
        self._confirm(futures)
        # Only now, when all of it is written, does the next part begin.
        for part, head in zip(self._parts, reached, strict=True):
            part.head = head

    def _publish(self, part: "Part", futures: list[Any]) -> Head:
        """Hands over the partition's next part; the head after it."""
        head, size = part.head, 0
        for following, record in follow(self._log, head, PART_ENTRIES):
            entry = decode(record)
            for topic, each in self._records(part, entry):
                futures.append(self._send(topic, part, each))
                size += len(each.value)
            head = following
            if size > PART_BYTES:
                break
        return head

    def _records(self, part: "Part", entry: Entry) -> Iterator[tuple[str, Record]]:
        if entry.position > part.told:
            outcome = outcomes.record_of(self._cluster, entry)
            if outcome is not None:
                yield self._cluster.outcomes, outcome
        if entry.position > part.happened:
            for record in happenings.records_of(entry, self._origin):
                yield self._cluster.events, record

    def _send(self, topic: str, part: "Part", record: Record) -> Any:
        headers = (*record.headers, (AFTER, b"%d" % part.head.position))
        try:
            return self._producer.send(
                topic, record.partition, record.value, key=record.key, headers=headers
            )
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not take what is published: {error}") from error

    def _confirm(self, futures: list[Any]) -> None:
        if not futures:
            return
        try:
            self._producer.flush()
            for future in futures:
                future.get(timeout=0)
        except (KafkaError, AssertionError) as error:
            raise NoAnswer(f"the brokers do not take what is published: {error}") from error

    def _where_it_was(self) -> list["Part"]:
        tail = self._cluster.tail()
        try:
            return [self._part(tail, partition) for partition in self._log.ends()]
        finally:
            tail.close()

    def _part(self, tail: Tail, partition: int) -> "Part":
        happened = published(tail, self._cluster.events, partition)
        told = published(tail, self._cluster.outcomes, partition)
        # Outcomes are kept for a while only: where they are gone, those before the newest events
        # are of no use to anybody any more.
        if told is None and tail.begins(self._cluster.outcomes, [partition])[partition] > 0:
            told = happened
        return Part(self._head(partition, min(happened or 0, told or 0)), happened or 0, told or 0)

    def _head(self, partition: int, position: int) -> Head:
        if position == 0:
            return Head(partition)
        record = self._log.record(partition, position)
        if record is None:
            raise lost(self._log.path, Head(partition, position))
        return Head(partition, position, leaf_hash(record))


class Part:
    """A partition: how far it is published, and the positions that each topic surely has."""

    def __init__(self, head: Head, happened: int, told: int) -> None:
        self.head = head
        self.happened = happened
        self.told = told


def published(tail: Tail, topic: str, partition: int) -> int | None:
    """The position up to which the partition's entries are surely in the topic; None at first.

    The newest record says so: whatever was before its part had been written when it was sent.
    What deciders tell of repeated messages is passed over.
    """
    begin = tail.begins(topic, [partition])[partition]
    end = tail.ends(topic, [partition])[partition]
    step = 100
    while end > begin:
        start = max(begin, end - step)
        for record in reversed(_read(tail, topic, partition, start, end)):
            position = _after(record)
            if position is not None:
                return position
        end, step = start, min(10 * step, 10_000)
    return None


def _read(tail: Tail, topic: str, partition: int, start: int, end: int) -> list[Fetched]:
    tail.begin(topic, {partition: start})
    found: list[Fetched] = []
    waited = 0
    while not found or found[-1].offset < end - 1:
        came = tail.poll(1.0)
        waited = 0 if came else waited + 1
        if waited > READ_SECONDS:
            raise NoAnswer(f"the brokers do not give the end of {topic}")
        found += came
    return [record for record in found if record.offset < end]


def _after(record: Fetched) -> int | None:
    headers = dict(record.headers)
    said = headers.get(AFTER, b"")
    return int(said) if said.isdigit() and REPEATED not in headers else None
