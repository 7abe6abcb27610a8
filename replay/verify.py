"""Verifying a ledger: the chain, the ids, the index and the tables, against the log alone.

Every leaf is computed again from the stored bytes. The first bad position of each partition is
named. Facts are verified against a rebuild, row for row.
"""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from consumers.embedded import facts_of
from consumers.projector import project_all
from ledger import wire
from ledger.chain import holds
from ledger.entry import ChainError, FutureFormatError, Head, accept, decode, leaf_hash
from ledger.index import Index
from ledger.logs.opening import cluster, open_log
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.projections.engine import Projector, differences
from ledger.projections.snapshot import current_snapshot, snapshot_positions
from ledger.settings import Home

_STEP: Final = 5_000


class Finding(msgspec.Struct, frozen=True):
    """One thing that does not hold: which check found it, where, and in a sentence what."""

    check: str
    sentence: str
    partition: int | None = None
    position: int | None = None


class Verified(msgspec.Struct, frozen=True):
    """What was looked at, the head of each partition, and all that does not hold."""

    clock: str
    entries: int
    events: int
    heads: dict[int, str]
    findings: list[Finding]

    @property
    def good(self) -> bool:
        return not self.findings


Tick = Callable[[int], None]


def verify(
    home: Home,
    tick: Tick | None = None,
    *,
    tables: bool = True,
    freshen: Callable[[], None] | None = None,
    full: bool = False,
) -> Verified:
    """Checks everything; `tick` is told how many entries were looked at since the last call.

    `freshen` is called once the log and index hold, before the tables are compared. On Kafka the
    log is the home's copy; with `full` all of Kafka's is read again and compared with it.
    """
    log = open_log(home)
    findings: list[Finding] = []
    heads: dict[int, Head] = {}
    events = 0
    try:
        facts = facts_of(log)
        ends = log.ends()
        ledger = leaf_hash(log.record(0, 1) or b"")
        for partition in ends:
            walk = _Walk(partition, facts.partitions, ledger)
            walk.run(log, tick or _no_tick)
            findings += walk.findings
            heads[partition] = walk.head
            events += walk.next_event - 1
        findings += _outside(log, facts.partitions, ends)
        if full and not findings:
            findings += _read_again(heads)
        if not findings:
            findings += _index(home, heads)
        if not findings:
            findings += _index_rows(home, log)
        if tables and not findings:
            if freshen is not None:
                freshen()
            findings += _tables(home, log)
    finally:
        log.close()
    return Verified(
        clock=facts.clock,
        entries=sum(head.position for head in heads.values()),
        events=events,
        heads={partition: head.hash for partition, head in heads.items()},
        findings=findings,
    )


class _Walk:
    """One partition from its founding to its end."""

    def __init__(self, partition: int, partitions: int, ledger: str) -> None:
        self.head = Head(partition)
        self.next_event = 1
        self.findings: list[Finding] = []
        self._partitions = partitions
        self._ledger = ledger
        self._versions: dict[str, int] = {}
        self._messages: set[tuple[str, str, str, str]] = set()

    def run(self, log: SqliteLog, tick: Tick) -> None:
        while records := log.read(self.head.partition, self.head.position, _STEP):
            for record in records:
                self._one(record)
                if self.findings:
                    return
            tick(len(records))

    def _one(self, record: bytes) -> None:
        try:
            following = accept(self.head, record)
        except FutureFormatError as error:
            self._found(str(error))
            return
        if following is None:
            self._found(_break(self.head, record))
            return
        self.head = following
        try:
            self._content(record)
        except (ChainError, msgspec.MsgspecError) as error:
            self._found(str(error))

    def _content(self, record: bytes) -> None:
        entry = decode(record)
        if entry.first_event != self.next_event:
            self._found(f"its first event is {entry.first_event}, not {self.next_event}")
        self.next_event += len(entry.events)
        if entry.founding is not None:
            said_ledger = entry.founding.ledger or (self._ledger if entry.partition == 0 else None)
            if entry.position != 1 or said_ledger != self._ledger:
                self._found("it is a founding of another ledger")
            return
        said = entry.interaction
        if said is None or entry.intake is None:
            return
        if partition_of(said.subject, self._partitions) != entry.partition:
            self._found(f"{said.subject} lives in another partition")
        message = (said.subject, said.source, said.id, entry.intake.content)
        if message in self._messages:
            self._found(f"message {said.source}/{said.id} has an entry already")
        self._messages.add(message)
        for event in entry.events:
            stream = f"{said.subject} {event.stream}"
            if event.version != self._versions.get(stream, 0) + 1:
                self._found(f"{event.stream} version {event.version} does not follow")
            self._versions[stream] = event.version

    def _found(self, sentence: str) -> None:
        self.findings.append(Finding("log", sentence, self.head.partition, self.head.position))


def _break(head: Head, record: bytes) -> str:
    try:
        prev = json.loads(record).get("prev")
    except (ValueError, AttributeError):
        return f"the record after position {head.position} is no entry"
    if prev != head.hash:
        return f"position {head.position} was changed: the next entry names another hash for it"
    return f"the record after position {head.position} does not follow it"


def _outside(log: SqliteLog, partitions: int, ends: dict[int, int]) -> list[Finding]:
    """What a walk along the chains does not meet: partitions that are gone, and rows beside."""
    gone = [
        Finding("log", "the partition is gone, with its founding", partition, 1)
        for partition in range(partitions)
        if partition not in ends
    ]
    return gone + [
        Finding("log", "the record stands outside every chain", *place)
        for place in log.strays(partitions)
    ]


def _read_again(heads: dict[int, Head]) -> list[Finding]:
    """The copy's heads against a fresh copy, which goes afterwards; nothing to do embedded."""
    where = cluster()
    if where is None:
        return []
    # Imported late: embedded, nobody waits for Kafka's client.
    from ledger.logs.kafka import KafkaLog

    with (
        tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch,
        closing(KafkaLog(where, Path(scratch) / "copy.sqlite")) as log,
    ):
        return [
            Finding(
                "copy", "Kafka holds another entry than the copy", head.partition, head.position
            )
            for head in heads.values()
            if not holds(log, head)
        ]


def _index(home: Home, heads: dict[int, Head]) -> list[Finding]:
    """The index names the heads it has reached; a cut tail of the log shows here."""
    if not home.index.exists():
        return []
    index = sqlite3.connect(f"{home.index.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows: list[Any] = index.execute("select partition, position, hash from head").fetchall()
    except sqlite3.DatabaseError as error:
        return [Finding("index", f"the index cannot be read: {error}")]
    finally:
        index.close()
    return [
        Finding("index", "the log ends before what was acknowledged", partition, position)
        if partition not in heads or position > heads[partition].position
        else Finding("index", "the index has another hash for the head", partition, position)
        for partition, position, hash_ in rows
        if partition not in heads
        or position > heads[partition].position
        or (position == heads[partition].position and hash_ != heads[partition].hash)
    ]


def _index_rows(home: Home, log: SqliteLog) -> list[Finding]:
    """What deciding asks of the index, row for row, against one made from the log.

    Nothing where a writer is at work or has left the index behind: it reads on when it is opened.
    """
    if not home.index.exists():
        return []
    with tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch:
        made = Path(scratch) / "index.sqlite"
        Index(made, log).close()
        both = sqlite3.connect(f"{made.as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            both.execute("attach ? as kept", (f"{home.index.resolve().as_uri()}?mode=ro",))
            both.execute("begin")
            if _differs(both, "head"):
                return []
            return [
                Finding("index", f"its {name}s are not those of the log; delete it and publish")
                for name in ("message", "event", "register")
                if (registers_differ if name == "register" else _differs)(both, name)
            ]
        except (sqlite3.DatabaseError, msgspec.MsgspecError) as error:
            return [Finding("index", f"the index cannot be read: {error}")]
        finally:
            both.close()


def _differs(both: sqlite3.Connection, name: str, columns: str = "*") -> bool:
    rows = [f"select {columns} from {schema}.{name}" for schema in ("main", "kept")]
    return any(
        both.execute(f"{one} except {other} limit 1").fetchone() is not None
        for one, other in (rows, rows[::-1])
    )


def registers_differ(both: sqlite3.Connection, name: str) -> bool:
    """A register's sets are encoded in any order, so they are compared decoded."""
    rows = both.execute(
        f"select owner, a.state, b.state from main.{name} a join kept.{name} b using (owner)"
        " where a.state != b.state"
    )
    for owner, made, kept in rows:
        kind = wire.room_of(owner).Register
        if msgspec.msgpack.decode(made, type=kind) != msgspec.msgpack.decode(kept, type=kind):
            return True
    return _differs(both, name, "owner")


def _tables(home: Home, log: SqliteLog) -> list[Finding]:
    """The readers' tables against a rebuild up to the same positions."""
    positions = snapshot_positions(home.projections)
    if not positions:
        return []
    with tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch:
        with Projector.open(Path(scratch)) as projector:
            project_all(log, projector, positions)
            failures = projector.check()
            rebuilt = projector.snapshot()
        try:
            different = differences(current_snapshot(home.projections), rebuilt)
        except duckdb.Error as error:
            different = [f"the tables cannot be read: {str(error).partition(chr(10))[0]}"]
    return [Finding("facts", failure) for failure in failures] + [
        Finding("tables", difference) for difference in different
    ]


def _no_tick(_count: int) -> None:
    """Nobody watches."""
