"""The projector: entries into tables, a batch at a time, and a snapshot of the tables for readers.

What it keeps stands in one DuckDB file of its own, `live.duckdb`: the fact tables, the positions
reached, and the digest of each fold that made them. Rows and positions change in one transaction,
so the file is always what the log says up to its positions. It can be deleted at any time; the
tables are made again from the log.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Protocol, Self, TypeVar

import duckdb

from ledger.entry import Head, LedgerError
from ledger.half_open import undone_on_failure
from ledger.projections import (
    archived,
    arrow,
    live_file,
    merge,
    progress,
    schema,
    snapshot,
    switching,
    unreadable,
)
from ledger.projections import definitions as files
from ledger.projections.ahead import one_ahead
from ledger.projections.compare import differences
from ledger.projections.definitions import DefinitionError, Definitions, Fold
from ledger.projections.live_file import THREADS, TablesBusyError
from ledger.projections.merge import TABLES
from ledger.projections.planned import Planned
from ledger.projections.staging import Batch, LeftOut, Reader, Staging

__all__ = ["THREADS", "Projector", "TablesBusyError", "differences"]

_Batch = TypeVar("_Batch", Batch, archived.Batch)
_Taken = TypeVar("_Taken", contravariant=True)


class _Staging(Protocol[_Taken]):
    """The relations of one batch at a time, of records or of sealed files."""

    def take(self, batch: _Taken) -> Set[str]: ...
    def only_adds(self, fold: Fold) -> bool: ...
    def rows(self, fold: Fold) -> str | duckdb.Statement: ...
    def appends(self, fold: Fold, rows: Set[str]) -> Sequence[str | duckdb.Statement]: ...


class Projector:
    """Keeps the tables of one folder. One process at a time; the folder's lock sees to that.

    `rebuilding` says in a sentence why the tables were emptied when they were opened, so that they
    are read from the log's beginning; it is None where they go on from where they were. `pending`
    names facts that today's folds did not make: their old tables stand still, and are read as they
    are, until `take_over` puts new ones in their place.
    """

    def __init__(
        self,
        folder: Path,
        database: duckdb.DuckDBPyConnection,
        definitions: Definitions,
        rebuilding: str | None,
        left_out: LeftOut | None = None,
    ) -> None:
        self.folder = folder
        self.definitions = definitions
        self.rebuilding = rebuilding
        self._lock: IO[bytes] | None = None
        self._database = database
        self._left_out = left_out
        self._moved: dict[int, datetime] = {}
        self._stops: dict[int, int] = {}
        self._shown: dict[int, int] = {}
        left = schema.pending(database, definitions)
        self._keep(frozenset(left.build))
        schema.create(self._connection, definitions, self._staging.define)
        self._changed = self._settle(left)
        self._has_stops = progress.has_stops(self._connection)

    @classmethod
    def open(
        cls,
        folder: Path,
        definitions: Definitions | None = None,
        left_out: LeftOut | None = None,
    ) -> Self:
        """Opens the folder's tables, or makes empty ones.

        Tables that today's folds did not make stay, and stand still: `pending` names them. Raises
        LedgerError where another process has them open. With `left_out`, entries that it names are
        read along the chain and are not in the tables.
        """
        definitions = definitions or files.load()
        lock = live_file.lock(folder)
        with undone_on_failure(lock.close):
            database, rebuilding = live_file.open_live(folder, definitions)
            with undone_on_failure(database.close):
                projector = cls(folder, database, definitions, rebuilding, left_out)
        projector._lock = lock
        projector._compare_with_snapshot()
        return projector

    def use_threads(self, threads: int) -> None:
        """How many cores a batch may take: all by default, one where a writer needs the other."""
        self._connection.execute(f"set threads = {threads}")

    def positions(self) -> dict[int, Head]:
        """The head that the tables have reached, of each partition that they have entries of."""
        rows = self._connection.execute(
            "select partition, position, hash from live.main.positions order by partition"
        ).fetchall()
        return {row[0]: Head(*row) for row in rows}

    def apply(self, records: Sequence[bytes], heads: Mapping[int, Head]) -> None:
        """Takes in accepted records that follow the positions reached, in order per partition.

        `heads` holds the head that each partition of the batch has after it. All of the batch is
        in the tables and durable when this returns, or none of it. Raises ChainError where the
        records do not follow on or cannot be read, FutureFormatError for an event that this ledger
        does not know; both name partition and position.
        """
        if records:
            self._apply(self._reader.read(records, heads), self._staging)

    def apply_all(self, batches: Iterable[tuple[Sequence[bytes], Mapping[int, Head]]]) -> None:
        """Takes in batch after batch as `apply` does; each is read while the one before it merges.

        What `batches` or a batch raises is raised here, with all batches before it in the tables.
        Large batches are faster: a merge costs as much for a few rows as for many.
        """
        read = (self._reader.read(*batch) for batch in batches if batch[0])
        for batch in one_ahead(read):
            self._apply(batch, self._staging)

    def apply_sealed(
        self, parts: Iterable[archived.Part], tick: Callable[[int], None] | None = None
    ) -> None:
        """Takes in segments of an archive, in order per partition, from their typed tables.

        `tick` is told the entries of each segment that was read. A partition ends before a segment
        whose tables other SQL than today's made. Raises ChainError where a segment does not follow
        the positions reached.
        """
        # Typed tables say nothing of which entries had happened by a moment.
        assert self._left_out is None
        sealed = archived.Staging(self._connection, self._folds, self._staging.define)
        scratch = self.folder / "sealed"
        # One that was killed left what it read.
        shutil.rmtree(scratch, ignore_errors=True)
        reader = archived.Reader(self.definitions, self._folds, scratch)
        # Else what a batch writes is written twice, to the log of the file first.
        self._connection.execute("set wal_autocheckpoint = '0b'")
        try:
            with contextlib.closing(one_ahead(reader.batches(parts, tick))) as coming:
                for batch in coming:
                    self._apply(batch, sealed)
                    reader.let_go(batch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            self._keep(self.pending)

    def _apply(self, batch: _Batch, staging: _Staging[_Batch]) -> None:
        write = self._connection
        try:
            rows = staging.take(batch)
            folds = [fold for fold in self._folds if fold.words & rows]
            for fold in folds:
                if not staging.only_adds(fold):
                    self._make_rows(fold, staging)
            write.execute("begin")
            for fold in folds:
                self._write(fold, rows, staging)
            write.execute(self._planned.read("reach", _REACH))
            if self._has_stops:
                write.execute(progress.LET_GO)
            # Not durable before this returns: a crash here leaves none of the batch.
            write.execute("commit")
        except duckdb.Error as error:
            self._roll_back()
            unreadable.explain(batch.records, error)
        except BaseException:
            self._roll_back()
            raise
        self._changed = True
        self._moved |= dict.fromkeys(batch.heads, datetime.now(UTC))

    def check(self) -> list[str]:
        """What does not hold in the tables, in sentences; nothing where all is well."""
        cursor = self._connection.cursor()
        cursor.execute("use live")
        failures = [each for fold in self._folds for each in switching.failures(cursor, fold)]
        cursor.close()
        return failures

    def stop(self, found: progress.Stop) -> None:
        """Notes, for readers too, that a partition stands still before an entry.

        `stopped` names it until the tables are opened again; then it is tried again.
        """
        progress.stop(self._connection, found)
        self._stops[found.partition] = found.position
        self._has_stops = self._changed = True

    def stopped(self) -> dict[int, int]:
        """The position that each stopped partition stands still before."""
        return dict(self._stops)

    def standing(self) -> dict[str, dict[int, int]]:
        """The facts that stand still, each with the positions that it has reached."""
        found: dict[str, dict[int, int]] = {}
        for fact, partition, position in self._connection.execute(
            f"select fact, partition, position from {TABLES}.standing order by all"
        ).fetchall():
            found.setdefault(fact, {})[partition] = position
        return found

    def changes(self, side: Path, facts: Sequence[str]) -> list[switching.Change]:
        """How facts differ from those of a file that was built beside, at the same positions."""
        return switching.changes(self._connection, side, facts)

    def take_over(self, side: Path, facts: Set[str], *, with_positions: bool = False) -> None:
        """Puts facts that were built beside, in a closed file, in place of the old ones.

        They are at the positions of these tables, or `with_positions` take over theirs. One
        transaction: readers see all of it or none. Raises LedgerError where a check fails; the old
        tables stay then.
        """
        self._end()
        self._keep(frozenset())
        self._staging.define(*(fold for fold in self.definitions.folds if fold.name in facts))
        try:
            switching.take_over(
                self._connection, side, self.definitions, facts, with_positions=with_positions
            )
        finally:
            self._end()
            self._keep(schema.pending(self._database, self.definitions).build)
            self._changed = True
        # What the old tables held, the new ones hold or have been shown to lack.
        self._shown = {}

    def say_why_standing(self, facts: Set[str], sentence: str) -> None:
        """Says, for readers too, what keeps those of the facts that stand still from going on."""
        progress.say_why_standing(self._connection, facts, sentence)
        self._changed = True

    def snapshot(self, ends: Mapping[int, int] | None = None) -> Path:
        """Makes the readers' copy where the tables changed since the last; where it is.

        Tables that are being made anew are not shown before they hold what readers see now. Where
        `ends` says how far the log is, readers see how far the tables lag behind it.
        """
        if ends is not None and progress.look(self._connection, ends, self._moved):
            self._changed = True
            self._moved = {}
        current = snapshot.find(self.folder)
        if current is not None and (not self._changed or self._is_behind()):
            return current
        self._connection.execute("checkpoint live")
        current = snapshot.make(self.folder, self.folder / "live.duckdb")
        self._changed = False
        self._shown = {}
        return current

    def close(self) -> None:
        self._end()
        self._database.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _keep(self, pending: frozenset[str]) -> None:
        """Begins a session in which batches go into all facts but the pending ones.

        Another session begins with relations of its own: what other folds read is not in these.
        """
        self.pending = pending
        self._folds = [fold for fold in self.definitions.folds if fold.name not in pending]
        self._connection = self._database.cursor()
        live_file.prepare(self._connection, self.definitions)
        self._staging = Staging(self._connection, self._folds)
        self._reader = Reader(self._connection, self._left_out)
        self._planned = Planned(self._connection)
        self._batches: dict[str, arrow.Slot] = {}

    def _end(self) -> None:
        self._reader.close()
        self._connection.close()

    def _settle(self, left: schema.Pending) -> bool:
        """Notes what stands still, or else makes the views; whether readers see anything new."""
        if left.build:
            return schema.let_stand(self._connection, left.build | left.drop)
        self._connection.execute("begin")
        for name in left.drop:
            schema.drop_fact(self._connection, name)
        changed = schema.dress(self._connection, self.definitions)
        self._connection.execute("commit")
        return changed

    def _compare_with_snapshot(self) -> None:
        try:
            self._shown = snapshot.snapshot_positions(self.folder)
        except LedgerError:
            # A snapshot that cannot be read is no use to anybody; the next one takes its place.
            self._shown = {}
        self._changed |= self._reached() != self._shown

    def _reached(self) -> dict[int, int]:
        return {partition: head.position for partition, head in self.positions().items()}

    def _is_behind(self) -> bool:
        reached = self._reached()
        return any(reached.get(n, 0) < position for n, position in self._shown.items())

    def _make_rows(self, fold: Fold, staging: _Staging[Any]) -> None:
        """Makes the batch's rows of a fold that merges, in `batch_<name>`."""
        rows = arrow.table(self._connection, staging.rows(fold))
        if not arrow.says_each_once(rows, merge.KEY_HASH.name):
            raise DefinitionError(
                f"{fold.name}.sql gives several rows for one key; they cannot be merged"
            )
        if fold.name in self._batches:
            self._batches[fold.name].put(rows)
        else:
            slot = arrow.Slot(self._connection, f"batch_{fold.name}", rows)
            self._batches[fold.name] = slot

    def _write(self, fold: Fold, rows: Set[str], staging: _Staging[Any]) -> None:
        if staging.only_adds(fold):
            for statement in staging.appends(fold, rows):
                self._connection.execute(statement)
        else:
            merged = self._planned.read(f"merge_{fold.name}", merge.merge(fold))
            self._connection.execute(merged)

    def _roll_back(self) -> None:
        # Nothing may have been begun yet, and an error of the disk may have ended it already.
        with contextlib.suppress(duckdb.TransactionException):
            self._connection.execute("rollback")


_REACH: Final = f"""
merge into {TABLES}.positions as reached using (
    select
        partition,
        position,
        staged_heads.hash,
        recorded_at,
        first_event + event_count as next_event
    from staged_entries
    join staged_heads using (partition)
    where position = newest
) as batch on reached.partition = batch.partition
when matched then update set
    position = batch.position,
    hash = batch.hash,
    recorded_at = batch.recorded_at,
    next_event = batch.next_event
when not matched then insert (partition, position, hash, recorded_at, next_event) values (
    batch.partition, batch.position, batch.hash, batch.recorded_at, batch.next_event
)
"""
