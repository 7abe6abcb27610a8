"""Verifying a ledger: the chain, the ids, the index and the tables, against the log alone.

Every leaf is computed again from the stored bytes. The first bad position of each partition is
named. Facts are verified against a rebuild, row for row.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from consumers.embedded import facts_of
from consumers.projector import project_all
from ledger import wire
from ledger.chain import holds
from ledger.entry import Head, leaf_hash
from ledger.index import Index
from ledger.logs.opening import cluster, open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections import snapshot
from ledger.projections.engine import Projector, differences
from ledger.settings import Home
from replay import verify_archive
from replay.finding import Finding
from replay.walk import Tick, walk_all


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
        # Before the walk: the index is never ahead of the log, and both go on meanwhile.
        indexed = _indexed(home)
        for walked in walk_all(log, ends, facts.partitions, ledger, tick or _no_tick):
            findings += walked.findings
            heads[walked.head.partition] = walked.head
            events += walked.events
        findings += _outside(log, facts.partitions, ends)
        if full and not findings:
            findings += _read_again(heads)
        if not findings:
            findings += _index(indexed, heads, log)
        if not findings:
            findings += _index_rows(home, log)
            findings += verify_archive.check(home, log)
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


def _indexed(home: Home) -> list[Head] | Finding:
    """The heads that the index has reached, if there is one."""
    if not home.index.exists():
        return []
    index = sqlite3.connect(f"{home.index.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows: list[Any] = index.execute("select partition, position, hash from head").fetchall()
    except sqlite3.DatabaseError as error:
        return Finding("index", f"the index cannot be read: {error}")
    finally:
        index.close()
    return [Head(*row) for row in rows]


def _index(
    indexed: list[Head] | Finding, heads: Mapping[int, Head], log: SqliteLog
) -> list[Finding]:
    """The index names the heads it had reached; a cut tail of the log shows here."""
    if isinstance(indexed, Finding):
        return [indexed]
    findings: list[Finding] = []
    for head in indexed:
        walked = heads.get(head.partition)
        if walked is None or head.position > walked.position:
            sentence = "the log ends before what was acknowledged"
        elif not holds(log, head):
            sentence = "the index has another hash for the head"
        else:
            continue
        findings.append(Finding("index", sentence, head.partition, head.position))
    return findings


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
    with tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch:
        # A copy: where somebody records, a newer one takes its place before this is done.
        kept = Path(scratch) / "kept.duckdb"
        if not snapshot.copy_current(home.projections, kept):
            return []
        positions = snapshot.positions_of(kept)
        with Projector.open(Path(scratch)) as projector:
            project_all(log, projector, positions)
            failures = projector.check()
            rebuilt = projector.snapshot()
        try:
            different = differences(kept, rebuilt)
        except duckdb.Error as error:
            different = [f"the tables cannot be read: {str(error).partition(chr(10))[0]}"]
    return [Finding("facts", failure) for failure in failures] + [
        Finding("tables", difference) for difference in different
    ]


def _no_tick(_count: int) -> None:
    """Nobody watches."""
