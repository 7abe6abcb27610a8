"""A client that reads what a group gives it.

The library's client may stand still and say nothing. One that gives nothing for a while, although
there is something, is given up, and another joins the group.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import time
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
LAST_CHANCE_SECONDS: Final = 2.0


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
        self._connection = connection
        self._name = name
        self._consumer = self._make()
        self._subscription: dict[str, Any] = {}
        self._topic_ids: dict[str, Any] = {}
        self._stirred_at = time.monotonic()

    def subscribe(
        self,
        topics: Sequence[str],
        assigned: Callable[[list[tuple[str, int]]], Mapping[tuple[str, int], int | None]],
        revoked: Callable[[list[tuple[str, int]]], None],
    ) -> None:
        self._subscription = {
            "topics": list(topics),
            "listener": _Listener(self.seek, assigned, revoked),
        }
        self._consumer.subscribe(**self._subscription)

    def poll(self, seconds: float, limit: int) -> list[Fetched]:
        """What has come, in order in each partition.

        Raises OffsetLost where a topic does not hold what was asked for, NoAnswer where the brokers
        refuse it, and where the group had to be joined anew.
        """
        try:
            found = fetched_by(self._consumer, seconds, limit)
            quiet_seconds = time.monotonic() - self._stirred_at
            if not found and quiet_seconds >= self._connection.bounds.wait_seconds:
                self._stirred_at = time.monotonic()
                found = self._asked_once_more(limit) if self._stands_still() else []
        except KafkaError as error:
            raise NoAnswer(f"the brokers give no messages: {error}") from error
        if found:
            self._stirred_at = time.monotonic()
        return found

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

        The client hears of it when a topic is missing for a moment, else when it next asks for the
        topics there are.
        """
        topics = self._subscription["topics"]
        known = {topic: self._consumer._cluster.topic_id(topic) for topic in topics}
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
        place = TopicPartition(topic, partition)
        if offset is None:
            self._consumer.seek_to_beginning(place)
        else:
            self._consumer.seek(place, offset)

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

    # A client that stands still

    def _stands_still(self) -> bool:
        """Whether it has not joined, or has not read to an end."""
        if not self._consumer._coordinator.stable():
            return True
        held = self._consumer.assignment() - self._consumer.paused()
        ends = self._consumer.end_offsets(list(held))
        reached = {place: self._consumer.position(place, timeout_ms=1000) for place in held}
        return any((reached[place] or 0) < ends[place] for place in held)

    def _asked_once_more(self, limit: int) -> list[Fetched]:
        """What has come just now. Raises NoAnswer where that is nothing: another client joins."""
        found = fetched_by(self._consumer, LAST_CHANCE_SECONDS, limit)
        if not found:
            self._join_anew()
            raise NoAnswer("the client gave nothing of what there is; another joins")
        return found

    def _join_anew(self) -> None:
        successor = self._make()
        with suppress(KafkaError):
            self.close()
        self._consumer = successor
        self._consumer.subscribe(**self._subscription)

    def _make(self) -> Any:
        return connected(
            self._connection,
            KafkaConsumer,
            **reading_options(self._connection),
            # What a source wrote in a transaction and took back was never said.
            isolation_level="read_committed",
            group_id=self._name,
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=60_000,
        )


class _Listener(ConsumerRebalanceListener):
    def __init__(self, seek: Any, assigned: Any, revoked: Any) -> None:
        self._seek = seek
        self._assigned = assigned
        self._revoked = revoked

    def on_partitions_assigned(self, assigned: Any) -> None:
        pairs = [(each.topic, each.partition) for each in assigned]
        for (topic, partition), offset in self._assigned(pairs).items():
            self._seek(topic, partition, offset)

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._revoked([(each.topic, each.partition) for each in revoked])
