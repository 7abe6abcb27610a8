"""Tracing one owner or stream: every entry that concerns it, and why each was decided so."""

import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ledger import wire
from ledger.chain import follow
from ledger.entry import Entry, Head, LedgerError, Said, decode, event_id
from ledger.index import Index
from ledger.logs.opening import on_kafka, open_log
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home


class TracedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a traced entry; `data` is all that it says, personal fields still sealed."""

    id: str
    tag: str
    stream: str
    version: int
    data: dict[str, Any]


class Traced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry as an auditor reads it: who, when, under which policy, with which outcome."""

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
    rule: str | None = None
    sentence: str | None = None
    detail: str | None = None
    events: tuple[TracedEvent, ...] = ()


def trace(home: Home, name: str) -> list[Traced]:
    """The entries of an owner (`customer/d1`) or of a stream (`payment/p1`), in recorded order.

    Finds them in the index and reads them from the log; of a stream, refused interactions too.
    Raises LedgerError where there is none.
    """
    log = open_log(home)
    try:
        with _indexed(home, log) as index:
            entries = [_entry(log, *place) for place in sorted(_places(index, name))]
        entries = [entry for entry in entries if _concerns(entry, name)] or _refused(log, name)
    finally:
        log.close()
    if not entries:
        raise LedgerError(f"nothing is recorded of {name}")
    entries.sort(key=lambda entry: (entry.recorded_at, entry.partition, entry.position))
    return [_traced(entry, entry.interaction) for entry in entries if entry.interaction]


@contextmanager
def _indexed(home: Home, log: SqliteLog) -> Generator[Path, None, None]:
    """The file of an index that has read the log to its end.

    Embedded the writer keeps it so. On Kafka whoever has the home keeps one or does not, so what
    there is of it is copied and reads on.
    """
    if not on_kafka():
        yield home.index
        return
    with tempfile.TemporaryDirectory(prefix="ledger-trace-") as folder:
        path = Path(folder) / "index.sqlite"
        if home.index.exists():
            with (
                closing(
                    sqlite3.connect(f"{home.index.resolve().as_uri()}?mode=ro", uri=True)
                ) as kept,
                closing(sqlite3.connect(path)) as copy,
                suppress(sqlite3.DatabaseError),
            ):
                kept.backup(copy)
        Index(path, log).close()
        yield path


def _places(path: Path, name: str) -> Iterator[tuple[int, int]]:
    try:
        index = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"the index cannot be read ({error}); publish rebuilds it") from error
    try:
        owners = {name}
        for (key,) in index.execute(
            "select distinct stream from event where stream = ? or stream like ?",
            (name, f"% {name}"),
        ):
            owners.add(key.partition(" ")[0])
        for owner in owners:
            yield from index.execute(
                "select partition, position from message where owner = ?", (owner,)
            )
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"the index cannot be read ({error}); publish rebuilds it") from error
    finally:
        index.close()


def _refused(log: SqliteLog, name: str) -> list[Entry]:
    """The entries meant for a stream that never came to be: the index names no owner of it."""
    identity = name.partition("/")[2].encode()
    return [
        entry
        for partition in log.ends()
        for _, record in follow(log, Head(partition))
        if identity and identity in record and _concerns(entry := decode(record), name)
    ]


def _concerns(entry: Entry, name: str) -> bool:
    """Whether the entry's interaction is of that owner, or was meant for that stream."""
    said = entry.interaction
    if said is None:
        return False
    kind = wire.INTERACTIONS[said.type]
    return name in (said.subject, kind.aggregate.stream(said, wire.interaction_of(said)))


def _entry(log: SqliteLog, partition: int, position: int) -> Entry:
    record = log.record(partition, position)
    if record is None:
        raise LedgerError(f"the log has no entry {partition}:{position} that the index names")
    return decode(record)


def _traced(entry: Entry, said: Said) -> Traced:
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
            for number, each in enumerate(wire.happened(entry), 1)
        ),
    )
