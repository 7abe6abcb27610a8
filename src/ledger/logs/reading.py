"""A client that reads chosen partitions from Kafka, and what all that read are told."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from kafka import KafkaConsumer
from kafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import TopicPartition

from ledger.entry import LedgerError
from ledger.logs.connecting import Connection, NoAnswer, connected
from ledger.logs.unreadable_records import step_over

FETCH_BYTES: Final = 16_000_000
FETCH_SECONDS: Final = 0.5

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


class OffsetLost(LedgerError):  # noqa: N818 (what a reader finds)
    """The topic does not hold an offset that was read from it before."""


class Tail:
    """Reads chosen partitions from chosen offsets; belongs to no group and commits nothing.

    After a poll the next fetch waits at the broker, for `fetch_seconds` where nothing comes, and
    whatever else is asked waits behind it on the one connection: so long in `begins` and `ends`.
    """

    def __init__(self, connection: Connection, fetch_seconds: float = FETCH_SECONDS) -> None:
        options = {
            **reading_options(connection, fetch_seconds),
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
        return fetched_by(self._consumer, seconds, limit)

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


def reading_options(connection: Connection, fetch_seconds: float = FETCH_SECONDS) -> dict[str, Any]:
    """What a client that reads is told beside what every client is."""
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


def fetched_by(consumer: Any, seconds: float, limit: int) -> list[Fetched]:
    """What the library's client has or gets within so long. Raises OffsetLost, KafkaError."""
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
