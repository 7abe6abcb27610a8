"""Verifying a ledger: the chain, the ids, the index and the tables, against the log alone.

Every leaf is computed again from the stored bytes. The first bad position of each partition is
named. Facts are verified against a rebuild, row for row.
"""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec

from consumers.embedded import facts_of
from consumers.projector import project_all
from ledger.chain import holds
from ledger.entry import Head, LedgerError, leaf_hash
from ledger.logs.opening import cluster, open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections import snapshot
from ledger.projections.engine import Projector, TablesBusyError, differences
from ledger.projections.progress import troubles
from ledger.settings import Home
from replay import verify_archive, verify_index
from replay.finding import Finding
from replay.walk import Tick, walk_all


class Verified(msgspec.Struct, frozen=True):
    """What was looked at, the head of each partition, and all that does not hold. `standing` are
    facts that were not compared, and why they stand still."""

    clock: str
    entries: int
    events: int
    heads: dict[int, str]
    findings: list[Finding]
    standing: dict[str, str] = {}

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

    `freshen` is called once the log, the index and the readers' tables hold; the tables that it
    makes are compared, too. On Kafka the log is the home's copy; with `full` all of Kafka's is read
    again and compared with it.
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
        indexed = verify_index.reached(home)
        for walked in walk_all(log, ends, facts.partitions, ledger, tick or _no_tick):
            findings += walked.findings
            heads[walked.head.partition] = walked.head
            events += walked.events
        findings += _outside(log, facts.partitions, ends)
        if full and not findings:
            findings += _read_again(heads)
        if not findings:
            findings += verify_index.compare_heads(indexed, heads, log)
        if not findings:
            findings += verify_index.compare_rows(home, log)
            findings += verify_archive.check(home, log)
        if tables and not findings:
            findings += _tables(home, log, freshen)
    finally:
        log.close()
    return Verified(
        clock=facts.clock,
        entries=sum(head.position for head in heads.values()),
        events=events,
        heads={partition: head.hash for partition, head in heads.items()},
        findings=findings,
        standing=troubles(home.projections).standing if tables and not findings else {},
    )


def _outside(log: SqliteLog, partitions: int, ends: dict[int, int]) -> list[Finding]:
    """What a walk along the chains does not meet: partitions that are gone, and rows beside."""
    gone = [
        Finding("log", "the partition is gone, with its founding", partition, 1)
        for partition in range(partitions)
        if partition not in ends and not log.read(partition, 0, 1)
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


def _tables(home: Home, log: SqliteLog, freshen: Callable[[], None] | None) -> list[Finding]:
    """The readers' tables against a rebuild up to the same positions: those that are there now,
    and those that take their place where they are freshened."""
    with (
        tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch,
        Projector.open(Path(scratch)) as projector,
    ):
        before = snapshot.find(home.projections)
        findings = _compared(home, log, projector)
        if findings or freshen is None:
            return findings
        try:
            freshen()
        except TablesBusyError:
            raise
        except LedgerError as error:
            return [Finding("tables", str(error))]
        if snapshot.find(home.projections) == before:
            return []
        return _compared(home, log, projector)


def _compared(home: Home, log: SqliteLog, projector: Projector) -> list[Finding]:
    """The readers' tables against those of `projector`, which reads on as far as they reach."""
    # A copy: where somebody records, a newer one takes its place before this is done.
    kept = projector.folder / "kept.duckdb"
    if not snapshot.copy_current(home.projections, kept):
        return []
    try:
        heads, versions = _made_of(kept)
        others = [head for head in heads if not holds(log, head)]
        if others:
            sentence = "the log does not hold this entry as the tables were made of it"
            return [Finding("tables", sentence, head.partition, head.position) for head in others]
        known = {
            fold.name: projector.definitions.digest(fold) for fold in projector.definitions.folds
        }
        project_all(log, projector, {head.partition: head.position for head in heads})
        failures = projector.check()
        # Until it has been built anew, a fact of another fold stands still at other positions.
        others_made = {part for part, _ in known.items() ^ versions.items()}
        different = differences(
            kept, projector.snapshot(), others_made, ("the tables", "the rebuild")
        )
    except duckdb.Error as error:
        return [Finding("tables", f"the tables cannot be read: {str(error).partition(chr(10))[0]}")]
    return [Finding("facts", failure) for failure in failures] + [
        Finding("tables", difference) for difference in different
    ]


def _made_of(tables: Path) -> tuple[list[Head], dict[str, str]]:
    """The heads that tables have reached, and the digest of the fold that made each."""
    with closing(duckdb.connect(str(tables), read_only=True)) as connection:
        heads = connection.execute("select partition, position, hash from positions").fetchall()
        versions = connection.execute("select part, digest from versions").fetchall()
    return [Head(*head) for head in heads], dict(versions)


def _no_tick(_count: int) -> None:
    """Nobody watches."""
