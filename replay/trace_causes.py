"""Causes and consequences of an entry, across owners.

A follow-on names its cause, an event's id, and its own id begins with that. Whose event that is,
and whose ledgers follow-ons go to, the ids do not say: an event's follow-ons go to its own owner or
where `react` sends them, and a follow-on's cause is of one of the owners that it names, or that
other entries of its stream name.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from consumers.reactor import MAX_ID, SOURCE
from ledger import wire
from ledger.aggregates.model import BROADCAST, Cause, FollowOn
from ledger.decide import react
from ledger.entry import (
    Entry,
    LedgerError,
    Said,
    decode,
    event_id,
    event_parts,
    leaf_hash,
)
from ledger.logs.sqlite import SqliteLog
from ledger.wire import Happened
from replay.trace_index import Place, TraceIndex

_NAMED: Final = {
    "customer_id": "customer",
    "other_customer_id": "customer",
    "clerk_id": "clerk",
    "hall_id": "hall",
}
"""Fields of an interaction's data, or of the fact that it tells, that name an owner."""
_LONGEST_NAME: Final = 120


class Linked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another entry in a chain of causes: one that led here, or one that this led to.

    `event` is the id of the event that the follow-on answers, `led_to` what came of its own
    events, which is left out of entries that are traced themselves.
    """

    partition: int
    position: int
    recorded_at: str
    type: str
    owner: str
    outcome: str
    rule: str | None = None
    events: tuple[str, ...] = ()
    event: str | None = None
    led_to: tuple["Linked", ...] = ()


class _Answer(NamedTuple):
    """Where follow-ons may be that answer an event of the entry at `place`."""

    place: Place
    cause: str
    owner: str
    begin: str


class Causes:
    """Follows causes of entries, which `index` finds and `log` holds.

    `traced` are the entries that are told of themselves: chains stop at them. What was recorded
    after `until` is left out.
    """

    def __init__(
        self,
        log: SqliteLog,
        index: TraceIndex,
        traced: Sequence[Entry],
        until: datetime | None = None,
    ) -> None:
        self._log = log
        self._index = index
        self._traced = {_place(entry): entry for entry in traced}
        self._until = until
        self._happened: dict[Place, tuple[Happened, ...]] = {}
        self._consequences: dict[Place, list[Entry]] = {}
        self._follow(traced)

    def happened(self, entry: Entry) -> tuple[Happened, ...]:
        """What the entry says that happened."""
        place = _place(entry)
        if place not in self._happened:
            self._happened[place] = tuple(wire.happened(entry))
        return self._happened[place]

    def because(self, entry: Entry) -> tuple[Linked, ...]:
        """What led to the entry, the nearest first, up to where it began."""
        chain: list[Linked] = []
        while (cause := self._cause(entry)) is not None:
            chain.append(_linked(cause))
            if _place(cause) in self._traced:
                break
            entry = cause
        return tuple(chain)

    def led_to(self, entry: Entry) -> tuple[Linked, ...]:
        """What the entry's events led to, each with what that led to in turn."""
        return tuple(
            _linked(each, () if _place(each) in self._traced else self.led_to(each))
            for each in self._consequences[_place(entry)]
        )

    def _follow(self, entries: Sequence[Entry]) -> None:
        """Finds what the entries led to, and what that led to in turn, a level at once."""
        while entries:
            asked = [answer for entry in entries for answer in self._answers(entry)]
            found = self._index.beginning(SOURCE, [(each.owner, each.begin) for each in asked])
            at = self._traced | self._others({place for several in found for place in several})
            self._consequences |= {_place(entry): [] for entry in entries}
            following: dict[Place, Entry] = {}
            for answer, several in zip(asked, found, strict=True):
                for place in several:
                    if self._is_answer(at[place], answer.cause):
                        self._consequences[answer.place].append(at[place])
                        following[place] = at[place]
            known = self._consequences.keys() | self._traced.keys()
            entries = [entry for place, entry in following.items() if place not in known]

    def _is_answer(self, entry: Entry, cause: str) -> bool:
        """Whether it was caused so, and is told: ids of other causes may begin so, too, where a
        message's id has a colon."""
        if self._until is not None and entry.recorded_at > self._until:
            return False
        return entry.interaction is not None and entry.interaction.cause == cause

    def _cause(self, entry: Entry) -> Entry | None:
        said = entry.interaction
        if said is None or said.cause is None:
            return None
        source, message_id, number = event_parts(said.cause)
        for owner in self._may_be_of(said):
            for place in self._index.message(owner, source, message_id):
                cause = self._entry(place)
                if len(cause.events) >= number:
                    return cause
        return None

    def _entry(self, place: Place) -> Entry:
        return self._traced.get(place) or entries_at(self._log, [place])[0]

    def _others(self, places: set[Place]) -> dict[Place, Entry]:
        """Those of the entries that are not traced themselves."""
        others = sorted(places - self._traced.keys())
        return dict(zip(others, entries_at(self._log, others), strict=True))

    def _may_be_of(self, said: Said) -> Iterator[str]:
        """The owners whose event may have led to the follow-on, the likely ones first."""
        named = dict.fromkeys(_named_by(said))
        yield from named
        interaction = wire.interaction_of(said)
        stream = wire.INTERACTIONS[said.type].aggregate.stream(said, interaction)
        for place in self._index.of_stream(said.subject, stream):
            other = self._entry(place).interaction
            for owner in _named_by(other) if other is not None else ():
                if owner not in named:
                    named[owner] = None
                    yield owner

    def _answers(self, entry: Entry) -> Iterator[_Answer]:
        """Where follow-ons of the entry's events are: at its owner, and at those that it has some
        for."""
        said = entry.interaction
        if said is None:
            return
        reference = self._index.reference(entry.partition)
        policy = reference.policy_at(entry.recorded_at)
        for number, each in enumerate(self.happened(entry), 1):
            reactions = react(each.event, Cause(said, each.stream, reference, policy))
            owners: dict[str, None] = {said.subject: None}
            for reaction in reactions:
                if isinstance(reaction, FollowOn):
                    owners |= dict.fromkeys(self._addressed(reaction))
            cause = event_id(said, number)
            for owner in owners:
                for begin in _begins(cause):
                    yield _Answer(_place(entry), cause, owner, begin)

    def _addressed(self, follow_on: FollowOn) -> list[str]:
        if follow_on.subject != BROADCAST:
            return [follow_on.subject]
        return [wire.reference_owner(partition) for partition in self._log.ends()]


def _begins(cause: str) -> list[str]:
    """How the ids of follow-ons begin that answer the event."""
    if len(cause) > MAX_ID - _LONGEST_NAME:
        return [f"{cause}:", f"{leaf_hash(cause.encode())}:"]
    return [f"{cause}:"]


def _place(entry: Entry) -> Place:
    return entry.partition, entry.position


def entries_at(log: SqliteLog, places: Sequence[Place]) -> list[Entry]:
    """The entries that the index names, in that order. Raises LedgerError where one is missing."""
    entries: list[Entry] = []
    for (partition, position), record in zip(places, log.records(places), strict=True):
        if record is None:
            raise LedgerError(f"the log has no entry {partition}:{position} that the index names")
        entries.append(decode(record))
    return entries


def _named_by(said: Said) -> list[str]:
    """Owners that the interaction concerns."""
    data: dict[str, Any] = msgspec.json.decode(said.data)
    fields = data | data.get("fact", {})
    named = [f"{kind}/{fields[name]}" for name, kind in _NAMED.items() if name in fields]
    hall = [f"hall/{said.hall}"] if said.hall else []
    return list(dict.fromkeys([said.subject, *named, *hall, "operator"]))


def _linked(entry: Entry, led_to: tuple[Linked, ...] = ()) -> Linked:
    said = entry.interaction
    assert said is not None
    return Linked(
        partition=entry.partition,
        position=entry.position,
        recorded_at=entry.recorded_at.isoformat(),
        type=said.type,
        owner=said.subject,
        outcome="refused" if entry.refusal else "recorded",
        rule=entry.refusal.rule if entry.refusal else None,
        events=tuple(each.tag for each in entry.events),
        event=said.cause,
        led_to=led_to,
    )
