"""The order in which recorded entries are decided again, across partitions.

An entry comes after its cause, else by (recorded_at, partition, position); within a partition
always by position. A first reading of the log says which follow-ons are to come.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, get_args

import msgspec
from msgspec import Raw

from consumers.eraser import CONFIRMATIONS
from consumers.reactor import SOURCE, Key
from ledger import wire
from ledger.aggregates import common
from ledger.aggregates.corrections import EventId
from ledger.chain import follow
from ledger.entry import ChainError, Entry, Envelope, Head, decode
from ledger.logs.sqlite import SqliteLog
from replay.what_if.world import Event

_AT_ONCE: Final = 5_000
_CONFIRMING: Final = frozenset(each.marks.type for each in CONFIRMATIONS.values())
"""Told by the eraser in the reactor's name: that keys are gone follows from no event alone."""
_ASKING: Final[Mapping[str, tuple[str, ...]]] = {
    name: fields
    for name, kind in wire.INTERACTIONS.items()
    if (
        fields := tuple(
            field.name
            for field in msgspec.structs.fields(kind.data)
            if EventId in (field.type, *get_args(field.type))
        )
    )
}
"""The fields that name an event of the owner, by the type of interaction."""


class _Told(msgspec.Struct):
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Raw
    due_at: datetime | None = None


class _Refused(msgspec.Struct):
    rule: str


class _Glimpse(msgspec.Struct):
    """What the first reading looks at."""

    interaction: _Told | None = None
    refusal: _Refused | None = None


_glimpses: Final = msgspec.json.Decoder(_Glimpse)

Tick = Callable[[int], None]


class Ahead(msgspec.Struct):
    """What the whole log says beforehand.

    `to_come` are the recorded follow-ons that were not passed yet: the digest of the key, and of
    when it was sent. `asked` are the events that messages name, `again` the messages under whose
    id other content came before.
    """

    to_come: dict[int, int] = {}
    asked: set[Event] = set()
    again: set[tuple[str, str, str]] = set()

    @classmethod
    def look(cls, log: SqliteLog, ends: Mapping[int, int], tick: Tick) -> "Ahead":
        ahead = cls()
        for partition, end in ends.items():
            position = 0
            while position < end:
                records = log.read(partition, position, min(_AT_ONCE, end - position))
                for number, record in enumerate(records, position + 1):
                    ahead._note(_glimpse(record, partition, number))
                position += len(records)
                tick(len(records))
        return ahead

    def _note(self, seen: _Glimpse) -> None:
        told = seen.interaction
        if told is None:
            return
        rule = seen.refusal.rule if seen.refusal is not None else None
        if rule == common.ENV_01.id:
            self.again.add((told.subject, told.source, told.id))
        elif is_reaction(told.source, told.type, rule):
            key = told.subject, told.id
            self.to_come[hash(key)] = sent_when(told.due_at, told.time)
        if told.type in _ASKING:
            data: dict[str, Any] = msgspec.json.decode(told.data)
            named = (data.get(field) for field in _ASKING[told.type])
            self.asked.update((told.subject, each) for each in named if each is not None)


def _glimpse(record: bytes, partition: int, position: int) -> _Glimpse:
    try:
        return _glimpses.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ChainError(f"partition {partition} position {position}: {error}") from error


def is_reaction(source: str, type_: str, rule: str | None) -> bool:
    """Whether `react` made the message, and it is the only one under its id."""
    return source == SOURCE and type_ not in _CONFIRMING and rule != common.ENV_01.id


def sent_when(due_at: datetime | None, time: datetime) -> int:
    return hash((due_at, time))


def key_of(entry: Entry) -> Key | None:
    """Which follow-on the entry is of; None where it is of none."""
    said = entry.interaction
    rule = entry.refusal.rule if entry.refusal is not None else None
    if said is None or not is_reaction(said.source, said.type, rule):
        return None
    return said.subject, said.id


class Order:
    """Gives the entries up to `ends`, each with whether its cause was not met in what was read."""

    def __init__(self, log: SqliteLog, ends: Mapping[int, int], ahead: Ahead) -> None:
        self._to_come = ahead.to_come
        self._announced: set[int] = set()
        self._readers = {n: follow(log, Head(n), end) for n, end in ends.items()}
        self._heads: dict[int, Entry] = {}
        self._ready: list[tuple[datetime, int]] = []
        self._blocked: dict[int, tuple[datetime, int]] = {}

    def __iter__(self) -> Iterator[tuple[Entry, bool]]:
        for partition in self._readers:
            self._advance(partition)
        while self._ready or self._blocked:
            orphan = not self._ready
            if orphan:
                first = min(self._blocked, key=self._blocked.__getitem__)
                self._ready.append(self._blocked.pop(first))
            _, partition = heapq.heappop(self._ready)
            entry = self._heads[partition]
            key = key_of(entry)
            if key is not None:
                self._announced.discard(hash(key))
                self._to_come.pop(hash(key), None)
            yield entry, orphan
            self._advance(partition)

    def announce(self, follow_ons: Iterable[Envelope]) -> None:
        """Their recorded cause was passed."""
        for each in follow_ons:
            digest = hash((each.subject, each.id))
            if digest in self._blocked:
                heapq.heappush(self._ready, self._blocked.pop(digest))
            elif digest in self._to_come:
                self._announced.add(digest)

    def _advance(self, partition: int) -> None:
        following = next(self._readers[partition], None)
        if following is None:
            return
        entry = self._heads[partition] = decode(following[1])
        key = key_of(entry)
        place = entry.recorded_at, partition
        if key is None or hash(key) in self._announced:
            heapq.heappush(self._ready, place)
        else:
            self._blocked[hash(key)] = place
