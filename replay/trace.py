"""Tracing one owner or stream: every entry that concerns it, why it was decided so, and what for.

An entry is told with who, when, by which rule and policy, with what led to it and what it led to,
also at other owners. `at` cuts the story at a moment or position and tells how things stood then.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, Final

import msgspec

from consumers.embedded import facts_of
from ledger import wire
from ledger.chain import follow
from ledger.entry import Entry, Head, LedgerError, Said, decode, event_id
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference, reference_of
from ledger.settings import Home
from replay.as_of import positions_of, write_positions
from replay.trace_causes import Causes, Linked, entries_at
from replay.trace_index import Place, TraceIndex, open_index
from replay.trace_state import Stood, owner_stood, stream_stood

At = datetime | Mapping[int, int]
"""What was recorded by a moment, or up to the position of the partition that it names."""


class TracedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a traced entry; `data` is all that it says, personal fields still sealed."""

    id: str
    tag: str
    stream: str
    version: int
    data: dict[str, Any]


class Traced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry as an auditor reads it: who, when, under which policy, with which outcome.

    `because` is the chain of causes, the nearest first; `led_to` what came of its events.
    """

    partition: int
    position: int
    recorded_at: str
    happened_at: str
    type: str
    owner: str
    source: str
    message_id: str
    actor: str
    policy: str
    outcome: str
    approver: str | None = None
    hall: str | None = None
    visit: str | None = None
    cause: str | None = None
    because: tuple[Linked, ...] = ()
    rule: str | None = None
    sentence: str | None = None
    detail: str | None = None
    events: tuple[TracedEvent, ...] = ()
    led_to: tuple[Linked, ...] = ()


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The entries in recorded order; with `at` those until then, and how each owner stood."""

    name: str
    clock: str
    entries: list[Traced]
    at: str | None = None
    stood: list[Stood] = []


def trace(home: Home, name: str, at: At | None = None) -> Trace:
    """The entries of an owner (`customer/d1`) or of a stream (`payment/p1`), in recorded order.

    A stream may be named with its owner, `customer/d1 payment/p1`. Finds entries in the index and
    reads them from the log; refused interactions too. Raises LedgerError where there is none, or
    where the log has no such position.
    """
    with closing(open_log(home)) as log, open_index(home, log) as index:
        if isinstance(at, Mapping):
            positions_of(log, at)
        found = sorted(_found(log, index, name), key=_recorded)
        entries = [entry for entry in found if at is None or _is_until(entry, at)]
        if not entries:
            raise LedgerError(f"nothing is recorded of {name}{_until_then(found, at)}")
        causes = Causes(log, index, entries, None if at is None else _moment(at, entries))
        facts = facts_of(log)
        return Trace(
            name=name,
            clock=facts.clock,
            entries=[
                _traced(each, each.interaction, causes) for each in entries if each.interaction
            ],
            at=None if at is None else _written(at),
            stood=[] if at is None else _stood(index, name, entries, reference_of(facts)),
        )


def _recorded(entry: Entry) -> tuple[datetime, int, int]:
    return entry.recorded_at, entry.partition, entry.position


def _found(log: SqliteLog, index: TraceIndex, name: str) -> list[Entry]:
    owner, _, stream = name.rpartition(" ")
    if owner:
        return _of_stream(log, index, owner, stream)
    if index.is_owner(name):
        return entries_at(log, index.of_owner(name))
    found = [
        entry for owner in index.owners_of(name) for entry in _of_stream(log, index, owner, name)
    ]
    return found or _refused(log, name)


def _of_stream(log: SqliteLog, index: TraceIndex, owner: str, stream: str) -> list[Entry]:
    """The entries with events of the stream, and those without events that were meant for it."""
    places: dict[Place, None] = dict.fromkeys(index.of_stream(owner, stream))
    entries = entries_at(log, list(places))
    for place in index.of_owner(owner):
        if place in places:
            continue
        record = log.record(*place)
        if record is not None and _HAS_EVENTS not in record:
            entry = decode(record)
            entries += [entry] if _is_meant_for(entry, stream) else []
    return entries


def _refused(log: SqliteLog, stream: str) -> list[Entry]:
    """The entries meant for a stream that never came to be: no index names them."""
    identity = stream.partition("/")[2].encode()
    return [
        entry
        for partition in (log.ends() if identity else ())
        for _, record in follow(log, Head(partition))
        if identity in record and _is_meant_for(entry := decode(record), stream)
    ]


def _is_meant_for(entry: Entry, stream: str) -> bool:
    said = entry.interaction
    if said is None:
        return False
    interaction = wire.interaction_of(said)
    return stream == wire.INTERACTIONS[said.type].aggregate.stream(said, interaction)


_HAS_EVENTS: Final = b'"events":['


def _is_until(entry: Entry, at: At) -> bool:
    if isinstance(at, datetime):
        return entry.recorded_at <= at
    return entry.position <= at.get(entry.partition, 0)


def _until_then(found: Sequence[Entry], at: At | None) -> str:
    """What there is of a name, where there is nothing until then."""
    if not found:
        return ""
    first = found[0]
    if isinstance(at, Mapping) and first.partition not in at:
        return f" there: it is in partition {first.partition}"
    return f" until then: it begins at {first.partition}:{first.position}"


def _moment(at: At, entries: Sequence[Entry]) -> datetime:
    return at if isinstance(at, datetime) else entries[-1].recorded_at


def _written(at: At) -> str:
    return at.isoformat() if isinstance(at, datetime) else write_positions(at)


def _stood(
    index: TraceIndex, name: str, entries: Sequence[Entry], founded: Reference
) -> list[Stood]:
    if index.is_owner(name):
        return [owner_stood(name, entries, founded)]
    stream = name.rpartition(" ")[2]
    owners = dict.fromkeys(each.interaction.subject for each in entries if each.interaction)
    return [stream_stood(owner, stream, entries, founded) for owner in owners]


def _traced(entry: Entry, said: Said, causes: Causes) -> Traced:
    refusal = entry.refusal
    rule = wire.RULES.get(refusal.rule) if refusal else None
    return Traced(
        partition=entry.partition,
        position=entry.position,
        recorded_at=entry.recorded_at.isoformat(),
        happened_at=said.time.isoformat(),
        type=said.type,
        owner=said.subject,
        source=said.source,
        message_id=said.id,
        actor=said.actor,
        policy=entry.policy or "",
        outcome="refused" if refusal else "recorded",
        approver=said.approver,
        hall=said.hall,
        visit=said.visit,
        cause=said.cause,
        because=causes.because(entry),
        rule=refusal.rule if refusal else None,
        sentence=rule.sentence if rule else None,
        detail=refusal.detail if refusal else None,
        events=tuple(
            TracedEvent(
                id=event_id(said, number),
                tag=each.event.tag,
                stream=each.stream,
                version=each.version,
                data=msgspec.to_builtins(each.event),
            )
            for number, each in enumerate(causes.happened(entry), 1)
        ),
        led_to=causes.led_to(entry),
    )
