"""Where Kafka is, what the ledger's topics are called, and clients whose every setting is said.

    kafka://host:9092,host2:9092/counter

The path is the prefix of the topics, `counter` where there is none. TLS and SASL come from the
environment: LEDGER_KAFKA_CA, _CERT and _KEY (files in PEM), _SASL (PLAIN, SCRAM-SHA-256 or
SCRAM-SHA-512), _USER and _PASSWORD. The only module that talks to the client library.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, cast

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from kafka.structs import TopicPartition

from ledger.entry import LedgerError
from ledger.logs.unreadable_records import step_over

__all__ = [
    "Bounds",
    "Cluster",
    "Fetched",
    "GroupConsumer",
    "KafkaError",
    "NoAnswer",
    "OffsetLost",
    "Producer",
    "Tail",
]

WAIT_SECONDS: Final = 30.0
"""The longest that anything waits for the brokers before it says that they do not answer."""
MAX_MESSAGE_BYTES: Final = 1_000_000
FETCH_BYTES: Final = 16_000_000
_ADDRESS: Final = re.compile(r"^kafka://([^/\s]+?)(?:/([A-Za-z0-9._-]{1,80}))?/?$")

step_over()

Headers = Sequence[tuple[str, bytes]]


class NoAnswer(LedgerError):  # noqa: N818 (it may answer again)
    """The brokers do not answer, or not in time; trying again later may help."""


class Fetched(Protocol):
    """A record as the client gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long anything waits for brokers: for one request, for what is written, and in all."""

    request_seconds: float = 10.0
    delivery_seconds: float = 20.0
    wait_seconds: float = WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Cluster:
    """The brokers and the prefix of the ledger's topics; makes clients, connects to nothing."""

    servers: tuple[str, ...]
    prefix: str = "counter"
    bounds: Bounds = Bounds()

    @classmethod
    def at(cls, address: str) -> Self:
        """Reads `kafka://…`. Raises LedgerError where it is no such address."""
        found = _ADDRESS.match(address)
        if found is None:
            raise LedgerError(f"{address} is no address of a log: kafka://host:9092 is expected")
        return cls(tuple(found[1].split(",")), found[2] or "counter")

    @property
    def log(self) -> str:
        """The system of record: one record an entry, a partition of its own a ledger's."""
        return f"{self.prefix}.ledger"

    @property
    def keys(self) -> str:
        """The vault's wrapped keys."""
        return f"{self.prefix}.keys"

    @property
    def events(self) -> str:
        """One CloudEvent an event, for whoever follows what happened."""
        return f"{self.prefix}.events"

    @property
    def outcomes(self) -> str:
        """One record a message: what became of it, for its source."""
        return f"{self.prefix}.outcomes"

    @property
    def quarantine(self) -> str:
        """The bytes of messages that could not be read."""
        return f"{self.prefix}.quarantine"

    def interactions(self, source: str) -> str:
        """The topic that only this source may write."""
        return f"{self.prefix}.interactions.{source}"

    def source_of(self, topic: str) -> str:
        return topic.removeprefix(f"{self.prefix}.interactions.")

    def producer(self, linger_seconds: float = 0.0) -> "Producer":
        """With `linger_seconds`, what is sent within it is held back for a flush, and goes as one.

        As one means up to 262,144 bytes a partition: they are written whole or not at all.
        """
        return Producer(self, linger_seconds)

    def tail(self) -> "Tail":
        return Tail(self)

    def group(self, name: str) -> "GroupConsumer":
        return GroupConsumer(self, name)

    def admin(self) -> Any:
        """The library's own administration client. Raises LedgerError where no broker answers."""
        return connected(self, KafkaAdminClient, **self.options(), request_timeout_ms=15_000)

    def options(self) -> dict[str, Any]:
        """What every client is told."""
        told = os.environ
        ca, user = told.get("LEDGER_KAFKA_CA"), told.get("LEDGER_KAFKA_USER")
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "client_id": "ledger",
            "bootstrap_timeout_ms": 10_000,
            "security_protocol": f"{'SASL_' if user else ''}{'SSL' if ca else 'PLAINTEXT'}",
            "reconnect_backoff_ms": 50,
            "reconnect_backoff_max_ms": 1_000,
        }
        if ca:
            options["ssl_cafile"] = ca
            options["ssl_certfile"] = told.get("LEDGER_KAFKA_CERT")
            options["ssl_keyfile"] = told.get("LEDGER_KAFKA_KEY")
        if user:
            options["sasl_mechanism"] = told.get("LEDGER_KAFKA_SASL", "SCRAM-SHA-512")
            options["sasl_plain_username"] = user
            options["sasl_plain_password"] = told.get("LEDGER_KAFKA_PASSWORD", "")
        return options


def connected(cluster: Cluster, kind: Callable[..., Any], **options: Any) -> Any:
    try:
        return kind(**options)
    except (KafkaError, OSError, ValueError) as error:
        servers = ", ".join(cluster.servers)
        raise NoAnswer(f"no broker answers at {servers}: {error or type(error).__name__}") from (
            error
        )


class Producer:
    """Writes records; whether one was written is known from reading it back, never from here.

    The library's producer may be stuck for ever once an answer was lost. So one that fails is given
    up, with what it had not written, and the next record is written by another.
    """

    def __init__(self, cluster: Cluster, linger_seconds: float = 0.0) -> None:
        self._cluster = cluster
        self._linger_seconds = linger_seconds
        self._producer: Any = self._make()

    def send(
        self,
        topic: str,
        partition: int,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
    ) -> Any:
        """Hands a record over; its future has the offset. Raises KafkaError where it cannot."""
        producer = self._producer = self._producer or self._make()
        try:
            return producer.send(
                topic, value=value, key=key, headers=list(headers), partition=partition
            )
        except KafkaError:
            self._give_up()
            raise

    def flush(self, seconds: float | None = None) -> None:
        """Waits until all that was sent is written or given up. Raises KafkaError after so long."""
        if self._producer is None:
            return
        try:
            bound = self._cluster.bounds.wait_seconds
            self._producer.flush(timeout=bound if seconds is None else seconds)
        except KafkaError:
            self._give_up()
            raise

    def close(self) -> None:
        """Waits a few seconds for what was sent, and gives up the rest."""
        if self._producer is None:
            return
        try:
            self._producer.close(timeout=5)
        except KafkaError:
            self._give_up()

    def _give_up(self) -> None:
        stuck, self._producer = self._producer, None
        # Else its thread would live on, and might write yet.
        stuck._sender.force_close()
        stuck._sender.join(1)
        with suppress(KafkaError):
            stuck.close(timeout=0)

    def _make(self) -> Any:
        bounds = self._cluster.bounds
        return connected(
            self._cluster,
            KafkaProducer,
            **self._cluster.options(),
            allow_auto_create_topics=False,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=5,
            linger_ms=int(self._linger_seconds * 1000),
            batch_size=262_144,
            max_request_size=MAX_MESSAGE_BYTES,
            max_block_ms=int(bounds.request_seconds * 1000),
            request_timeout_ms=int(bounds.request_seconds * 1000),
            delivery_timeout_ms=int(bounds.delivery_seconds * 1000),
        )


class Tail:
    """Reads chosen partitions from chosen offsets; belongs to no group and commits nothing."""

    def __init__(self, cluster: Cluster) -> None:
        options = {**_reading(cluster), "isolation_level": "read_uncommitted", "group_id": None}
        self._consumer = connected(cluster, KafkaConsumer, **options)

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


class OffsetLost(LedgerError):  # noqa: N818 (what a reader finds)
    """The topic does not hold an offset that was read from it before."""


class GroupConsumer:
    """Reads what a group gives this member. The group shares out the work; it keeps no offsets.

    `assigned` and `revoked` are called inside `poll` with (topic, partition) pairs; `assigned`
    answers with the offset to begin at for each, None for the first record there is.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._consumer = connected(
            cluster,
            KafkaConsumer,
            **_reading(cluster),
            # What a source wrote in a transaction and took back was never said.
            isolation_level="read_committed",
            group_id=f"{cluster.prefix}.{name}",
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=60_000,
        )

    def subscribe(
        self,
        topics: Sequence[str],
        assigned: Callable[[list[tuple[str, int]]], Mapping[tuple[str, int], int | None]],
        revoked: Callable[[list[tuple[str, int]]], None],
    ) -> None:
        self._consumer.subscribe(
            topics=list(topics), listener=_Listener(self._consumer, assigned, revoked)
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


def _reading(cluster: Cluster) -> dict[str, Any]:
    return {
        **cluster.options(),
        "allow_auto_create_topics": False,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "check_crcs": True,
        # The client sleeps so long, 100 ms by default, where an empty answer has just come.
        "retry_backoff_ms": 10,
        "fetch_min_bytes": 1,
        "fetch_max_wait_ms": 500,
        "fetch_max_bytes": FETCH_BYTES,
        "max_partition_fetch_bytes": FETCH_BYTES // 4,
        "request_timeout_ms": int(cluster.bounds.request_seconds * 1500),
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


MAX_LOG_MESSAGE: Final = MAX_MESSAGE_BYTES
"""What the topic of the log takes at once. A broker measures whole batches of records: one that is
over the limit is cut apart and sent again, and its writer is told nothing in between."""
