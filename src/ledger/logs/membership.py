"""A client that reads what a group gives it."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

from ledger.logs.connecting import Connection, NoAnswer, connected
from ledger.logs.reading import Fetched, fetched_by, reading_options

COMMIT_SECONDS: Final = 5.0


class Mark(NamedTuple):
    """An offset that is committed, and what is said of it."""

    offset: int
    said: str


class GroupConsumer:
    """Reads what a group gives this member. The group shares out the work, and keeps marks.

    `assigned` and `revoked` are called inside `poll` with (topic, partition) pairs; `assigned`
    answers with the offset to begin at for each, None for the first record there is.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._consumer = connected(
            connection,
            KafkaConsumer,
            **reading_options(connection),
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
            return fetched_by(self._consumer, seconds, limit)
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
