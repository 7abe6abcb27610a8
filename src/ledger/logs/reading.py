"""Clients that read records from Kafka: chosen partitions, or what a group gives."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol, cast

from kafka import KafkaConsumer
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import OffsetAndMetadata, TopicPartition

from ledger.entry import LedgerError
from ledger.logs.connecting import Connection, NoAnswer, connected
from ledger.logs.unreadable_records import step_over

FETCH_BYTES: Final = 16_000_000
FETCH_SECONDS: Final = 0.5
COMMIT_SECONDS: Final = 5.0

step_over()

Headers = Sequence[tuple[str, bytes]]


class Fetched(Protocol):
    """A record as the client gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Mark(NamedTuple):
    """An offset that is committed, and what is said of it."""

    offset: int
    said: str


class OffsetLost(LedgerError):  # noqa: N818 (what a reader finds)
    """The topic does not hold an offset that was read from it before."""


class Tail:
    """Reads chosen partitions from chosen offsets; belongs to no group and commits nothing.

    After a poll the next fetch waits at the broker, for `fetch_seconds` where nothing comes, and
    whatever else is asked waits behind it on the one connection: so long in `begins` and `ends`.
    """

    def __init__(self, connection: Connection, fetch_seconds: float = FETCH_SECONDS) -> None:
        options = {
            **_reading(connection, fetch_seconds),
            "isolation_level": "read_uncommitted",
            "group_id": None,
        }
        self._consumer = connected(connection, KafkaConsumer, **options)

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has; 0 where there is no such topic.

        Raises NoAnswer where no broker says it.
        """
        try:
            return len(self._consumer.partitions_for_topic(topic) or ())
        except KafkaError as error:
            raise NoAnswer(f"the brokers say nothing of {topic}: {error}") from error

    def begin(self, topic: str, offsets: Mapping[int, int]) -> None:
        """From now on reads these partitions of the topic, from these offsets."""
        self._consumer.assign([TopicPartition(topic, number) for number in offsets])
        for number, offset in offsets.items():
            self._consumer.seek(TopicPartition(topic, number), offset)

    def poll(self, seconds: float, limit: int = 2_000) -> list[Fetched]:
        """What has come, in order in each partition; empty where nothing came for so long.

        Raises OffsetLost where the topic does not hold what was asked for.
        """
        return _fetched(self._consumer, seconds, limit)

    def position(self, topic: str, partition: int) -> int:
        """The offset that is read next, which passes over offsets that hold no record any more.

        Raises NoAnswer where it is not known, also where a broker holds less than was read.
        """
        try:
            found = self._consumer.position(TopicPartition(topic, partition), timeout_ms=1000)
        except KafkaError as error:
            raise NoAnswer(f"where to read on in {topic} is not known: {error}") from error
        if found is None:
            raise NoAnswer(f"where to read on in {topic} is not known")
        return cast(int, found)

    def begins(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset of the first record of each partition."""
        return _offsets(self._consumer.beginning_offsets, topic, partitions)

    def ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset after the newest record of each partition."""
        return _offsets(self._consumer.end_offsets, topic, partitions)

    def close(self) -> None:
        self._consumer.close(autocommit=False)


class GroupConsumer:
    """Reads what a group gives this member. The group shares out the work, and keeps marks.

    `assigned` and `revoked` are called inside `poll` with (topic, partition) pairs; `assigned`
    answers with the offset to begin at for each, None for the first record there is.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._consumer = connected(
            connection,
            KafkaConsumer,
            **_reading(connection),
            # What a source wrote in a transaction and took back was never said.
            isolation_level="read_committed",
            group_id=name,
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=60_000,
        )
        self._topics: list[str] = []
        self._topic_ids: dict[str, Any] = {}

    def subscribe(
        self,
        topics: Sequence[str],
        assigned: Callable[[list[tuple[str, int]]], Mapping[tuple[str, int], int | None]],
        revoked: Callable[[list[tuple[str, int]]], None],
    ) -> None:
        self._topics = list(topics)
        self._consumer.subscribe(
            topics=self._topics, listener=_Listener(self._consumer, assigned, revoked)
        )

    def poll(self, seconds: float, limit: int) -> list[Fetched]:
        """What has come, in order in each partition.

        Raises OffsetLost where a topic does not hold what was asked for, NoAnswer where the brokers
        refuse it.
        """
        try:
            return _fetched(self._consumer, seconds, limit)
        except KafkaError as error:
            raise NoAnswer(f"the brokers give no messages: {error}") from error

    def begins(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset of the first record of each (topic, partition)."""
        return self._offsets(self._consumer.beginning_offsets, places)

    def ends(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset after the newest record of each (topic, partition)."""
        return self._offsets(self._consumer.end_offsets, places)

    def commit(self, marks: Mapping[tuple[str, int], Mark]) -> None:
        """Has the group keep a mark for each (topic, partition), if it can: nothing needs it."""
        kept = {
            TopicPartition(*place): OffsetAndMetadata(*mark, -1) for place, mark in marks.items()
        }
        with suppress(KafkaError):
            self._consumer.commit(kept, timeout_ms=int(COMMIT_SECONDS * 1000))

    def committed(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Mark]:
        """The marks that the group keeps. Raises NoAnswer where it does not say."""
        try:
            # The public call asks for one partition at a time.
            found = self._consumer._coordinator.fetch_committed_offsets(
                [TopicPartition(*place) for place in places],
                timeout_ms=int(COMMIT_SECONDS * 1000),
            )
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not say what is committed: {error}") from error
        return {
            (place.topic, place.partition): Mark(kept.offset, kept.metadata or "")
            for place, kept in found.items()
        }

    def made_again(self) -> set[str]:
        """The topics that were deleted and made again since this was asked, as far as is known.

        The client hears of it when a topic is missing for a moment, else within five minutes.
        """
        known = {topic: self._consumer._cluster.topic_id(topic) for topic in self._topics}
        changed = {
            topic
            for topic, one in known.items()
            if one is not None and self._topic_ids.get(topic, one) != one
        }
        self._topic_ids |= {topic: one for topic, one in known.items() if one is not None}
        return changed

    def _offsets(
        self, ask: Callable[[list[Any]], Any], places: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        try:
            found = ask([TopicPartition(*place) for place in places])
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not say what topics hold: {error}") from error
        return {(each.topic, each.partition): offset for each, offset in found.items()}

    def seek(self, topic: str, partition: int, offset: int | None) -> None:
        _seek(self._consumer, TopicPartition(topic, partition), offset)

    def pause(self, places: Iterable[tuple[str, int]]) -> None:
        """Gives nothing of these (topic, partition) pairs until they are resumed."""
        self._consumer.pause(*[TopicPartition(*place) for place in places])

    def resume(self, places: Iterable[tuple[str, int]]) -> None:
        self._consumer.resume(*[TopicPartition(*place) for place in places])

    def assignment(self) -> set[tuple[str, int]]:
        return {(each.topic, each.partition) for each in self._consumer.assignment()}

    def close(self) -> None:
        """Leaves the group at once."""
        self._consumer.close(autocommit=False)


class _Listener(ConsumerRebalanceListener):
    def __init__(self, consumer: Any, assigned: Any, revoked: Any) -> None:
        self._consumer = consumer
        self._assigned = assigned
        self._revoked = revoked

    def on_partitions_assigned(self, assigned: Any) -> None:
        pairs = [(each.topic, each.partition) for each in assigned]
        for (topic, partition), offset in self._assigned(pairs).items():
            _seek(self._consumer, TopicPartition(topic, partition), offset)

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._revoked([(each.topic, each.partition) for each in revoked])


def _seek(consumer: Any, place: Any, offset: int | None) -> None:
    if offset is None:
        consumer.seek_to_beginning(place)
    else:
        consumer.seek(place, offset)


def _reading(connection: Connection, fetch_seconds: float = FETCH_SECONDS) -> dict[str, Any]:
    return {
        "allow_auto_create_topics": False,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "check_crcs": True,
        # The client sleeps so long, 100 ms by default, where an empty answer has just come.
        "retry_backoff_ms": 10,
        "fetch_min_bytes": 1,
        "fetch_max_wait_ms": int(fetch_seconds * 1000),
        "fetch_max_bytes": FETCH_BYTES,
        "max_partition_fetch_bytes": FETCH_BYTES // 4,
        "request_timeout_ms": int(connection.bounds.request_seconds * 1500),
    }


def _fetched(consumer: Any, seconds: float, limit: int) -> list[Fetched]:
    try:
        found = consumer.poll(timeout_ms=max(1, int(seconds * 1000)), max_records=limit)
    except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
        raise OffsetLost(f"Kafka does not hold what was read from it before: {error}") from error
    except Exception:
        _discard(consumer)
        raise
    if consumer._fetcher._next_in_line_exception_metadata is not None:
        _discard(consumer)
    return [record for records in found.values() for record in records]


def _discard(consumer: Any) -> None:
    """Drops the fetched records that the client failed in; they are fetched again.

    It would ask their generator, which has ended with the failure, for the next one for ever.
    """
    fetcher = consumer._fetcher
    part, fetcher._next_partition_records = fetcher._next_partition_records, None
    if part is not None:
        part.drain()


def _offsets(ask: Callable[[list[Any]], Any], topic: str, partitions: Iterable[int]) -> Any:
    try:
        found = ask([TopicPartition(topic, number) for number in partitions])
    except KafkaError as error:
        raise NoAnswer(f"the brokers do not say where {topic} ends: {error}") from error
    return {cast(int, place.partition): cast(int, offset) for place, offset in found.items()}
