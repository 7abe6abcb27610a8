"""The ledger as the `eventsourcing` library sees it: one recorder a partition, and the mapper.

One call of `insert_events` makes one entry. Inside `with store.batch():` many calls are staged and
become durable together; outside it each call is a batch of its own. What the library calls a
notification id is the event's gapless number in its partition.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    EventStore,
    IntegrityError,
    Mapper,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)

from ledger import wire
from ledger.entry import EventRecord, LedgerError, Said
from ledger.store import Draft, Store
from ledger.wire import Happened

_UUID: Final = "urn:uuid:"


@dataclass(frozen=True)
class Told(StoredEvent):
    """A stored event together with the interaction that fills in its other fields."""

    said: Said | None = None


class EventMapper(Mapper[str]):
    """Maps an event by its tag; named to the library by MAPPER_TOPIC."""

    def __init__(self, *_ignored: Any, **_unused: Any) -> None:
        """Takes what the library's factory hands to a mapper; the tag and JSON are enough."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        happened: Happened = domain_event
        return StoredEvent(
            happened.originator_id,
            happened.version,
            happened.event.tag,
            wire.shorten(happened.event, happened.said),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        said = stored_event.said if isinstance(stored_event, Told) else None
        if said is None:
            raise LedgerError(f"event {stored_event.topic} was not decided by this ledger")
        stream = str(stored_event.originator_id).removeprefix(f"{said.subject} ")
        event = wire.restore(stored_event.topic, stored_event.state, said)
        return Happened(stream, stored_event.originator_version, event, said)


class PartitionRecorder(ProcessRecorder):
    """The library's process recorder over one partition of the store."""

    def __init__(self, store: Store, partition: int) -> None:
        self._store = store
        self._partition = partition

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        draft: Draft | None = None,
        **kwargs: Any,
    ) -> list[int] | None:
        """One entry with these events; the numbers that they got in the partition, once durable.

        Inside a batch there are none to tell yet, and the answer is None. Without `draft` (the
        library's own use) the entry has no interaction. Raises IntegrityError where a version of a
        stream, or a tracking position, is taken.
        """
        if not stored_events and draft is None and tracking is None:
            return []
        with self._store.lock:
            self._check(stored_events, tracking)
            said = draft.said if draft else None
            records = tuple(_record(event, said) for event in stored_events)
            tracked = (tracking.application_name, tracking.notification_id) if tracking else None
            told = draft or Draft(datetime.now(UTC))
            if self._store.in_batch:
                self._store.stage(self._partition, told, records, tracked)
                return None
            with self._store.batch():
                entry = self._store.stage(self._partition, told, records, tracked)
        return list(range(entry.first_event, entry.first_event + len(records)))

    def _check(self, events: Sequence[StoredEvent], tracking: Tracking | None) -> None:
        self._store.check()
        taken: set[tuple[str, int]] = set()
        for event in events:
            stream = _name(event.originator_id)
            pair = (stream, event.originator_version)
            if pair in taken or self._store.index.has_event(*pair):
                raise IntegrityError(f"stream {stream} has version {event.originator_version}")
            taken.add(pair)
        if tracking is not None:
            last = self.max_tracking_id(tracking.application_name)
            if last is not None and tracking.notification_id <= last:
                raise IntegrityError(f"tracking is at {last} already")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        with self._store.lock:
            self._store.check()
            found = [
                event
                for event in self._store.index.events(_name(originator_id))
                if (gt is None or event[0] > gt) and (lte is None or event[0] <= lte)
            ]
            if desc:
                found.reverse()
            return [self._stored(originator_id, *event) for event in found[:limit]]

    def _stored(
        self, originator_id: UUID | str, version: int, partition: int, position: int, number: int
    ) -> StoredEvent:
        entry = self._store.entry(partition, position)
        record = entry.events[number - 1]
        return Told(originator_id, version, record.tag, _state(record), entry.interaction)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = (start or 1) if inclusive_of_start or start is None else start + 1
        with self._store.lock:
            last = self.max_notification_id() or 0
            if stop is not None:
                last = min(last, stop)
            return self._notifications(first, last, limit, topics)

    def _notifications(
        self, first: int, last: int, limit: int, topics: Sequence[str]
    ) -> list[Notification]:
        found: list[Notification] = []
        position = self._position_of(first)
        while first <= last and len(found) < limit:
            entry = self._store.entry(self._partition, position)
            for number, record in enumerate(entry.events, entry.first_event):
                if first <= number <= last and len(found) < limit:
                    first = number + 1
                    if not topics or record.tag in topics:
                        found.append(_notification(number, record, entry.interaction))
            position += 1
        return found

    def _position_of(self, number: int) -> int:
        """The position of the first entry that may hold event `number`, by bisection."""
        low, high = 1, self._store.index.tip(self._partition).head.position
        while low < high:
            middle = (low + high + 1) // 2
            if self._store.entry(self._partition, middle).first_event <= number:
                low = middle
            else:
                high = middle - 1
        while low > 1 and self._store.entry(self._partition, low - 1).first_event == number:
            low -= 1
        return max(low, 1)

    def max_notification_id(self) -> int | None:
        with self._store.lock:
            self._store.check()
            return (self._store.index.tip(self._partition).next_event - 1) or None

    def insert_tracking(self, tracking: Tracking) -> None:
        self.insert_events([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        with self._store.lock:
            self._store.check()
            return self._store.index.tracking(self._partition, application_name)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return PolledSubscription(self, gt, topics)


class PolledSubscription(Subscription[ApplicationRecorder]):
    """Yields new notifications; looks again ten times a second while there are none."""

    def __init__(
        self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._next = (gt or 0) + 1
        self._ready: list[Notification] = []
        self._stopped = Event()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._ready and not self._stopped.is_set():
            top = self._recorder.max_notification_id() or 0
            self._ready = list(
                self._recorder.select_notifications(self._next, 500, stop=top, topics=self._topics)
            )
            if not self._ready:
                self._next = top + 1
                self._stopped.wait(0.1)
        if self._stopped.is_set():
            raise StopIteration
        notification = self._ready.pop(0)
        self._next = notification.id + 1
        return notification


def event_store(recorder: PartitionRecorder) -> EventStore[str]:
    return EventStore(EventMapper(), recorder)


def _name(originator_id: UUID | str) -> str:
    return f"{_UUID}{originator_id}" if isinstance(originator_id, UUID) else originator_id


def _originator(name: str) -> UUID | str:
    return UUID(name.removeprefix(_UUID)) if name.startswith(_UUID) else name


def _record(event: StoredEvent, said: Said | None) -> EventRecord:
    stream = _name(event.originator_id)
    if said is not None:
        return EventRecord(
            tag=event.topic,
            stream=stream.removeprefix(f"{said.subject} "),
            version=event.originator_version,
            data=msgspec.Raw(event.state),
        )
    return EventRecord(
        tag=event.topic,
        stream=stream,
        version=event.originator_version,
        raw=base64.b64encode(event.state).decode(),
    )


def _state(record: EventRecord) -> bytes:
    if isinstance(record.raw, str):
        return base64.b64decode(record.raw)
    return bytes(record.data) if isinstance(record.data, msgspec.Raw) else b"{}"


def _notification(number: int, record: EventRecord, said: Said | None) -> Notification:
    name = wire.stream_key(said.subject if said else None, record.stream)
    return Notification(
        originator_id=_originator(name),
        originator_version=record.version,
        topic=record.tag,
        state=_state(record),
        id=number,
    )
