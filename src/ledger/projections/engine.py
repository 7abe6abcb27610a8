"""The projector: entries into tables, a batch at a time, and a snapshot of the tables for readers.

What it keeps stands in one DuckDB file of its own, `live.duckdb`: the fact tables, the positions
reached, and the digest of each fold that made them. Rows and positions change in one transaction,
so the file is always what the log says up to its positions. It can be deleted at any time; the
tables are made again from the log.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import duckdb

from ledger.entry import Head, LedgerError
from ledger.projections import arrow, merge, schema, snapshot, unreadable
from ledger.projections import definitions as files
from ledger.projections.ahead import one_ahead
from ledger.projections.compare import differences
from ledger.projections.definitions import Definitions, Fold
from ledger.projections.merge import TABLES
from ledger.projections.planned import Planned
from ledger.projections.staging import Batch, Reader, Staging

__all__ = ["Projector", "TablesBusyError", "differences"]

THREADS: Final = 2
CHECKPOINT_AT: Final = "256MB"
"""How much may be written beside the file before it is folded in: larger is faster to rebuild."""


class TablesBusyError(LedgerError):
    """Another process has the tables open; it goes on without this one."""


class Projector:
    """Keeps the tables of one folder. One process at a time; the file's lock sees to that.

    `rebuilding` says in a sentence why the tables were emptied when they were opened, so that they
    are read from the log's beginning; it is None where they go on from where they were.
    """

    def __init__(
        self,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        definitions: Definitions,
        relations: Staging,
        rebuilding: str | None,
    ) -> None:
        self.folder = folder
        self.rebuilding = rebuilding
        self._connection = connection
        self._definitions = definitions
        self._staging = relations
        self._reader = Reader(connection)
        self._planned = Planned(connection)
        self._batches: dict[str, arrow.Slot] = {}
        self._changed = True
        self._shown: dict[int, int] = {}

    @classmethod
    def open(cls, folder: Path, definitions: Definitions | None = None) -> Self:
        """Opens the folder's tables, or makes empty ones.

        Tables made by other folds than today's are dropped, never mixed: `positions` is empty then
        and `rebuilding` says why. Raises LedgerError where another process has them open.
        """
        definitions = definitions or files.load()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "live.duckdb"
        connection = duckdb.connect(config={"threads": str(THREADS)})
        try:
            rebuilding = _attach(connection, path)
            _prepare(connection, definitions)
            relations = Staging(connection, definitions.folds)
            outdated = _outdated(connection, definitions)
            if outdated:
                connection.execute("detach live")
                _remove(path)
                _attach(connection, path)
                rebuilding = outdated
            schema.create(connection, definitions)
            changed = schema.dress(connection, definitions)
        except BaseException:
            connection.close()
            raise
        projector = cls(folder, connection, definitions, relations, rebuilding)
        projector._compare_with_snapshot(changed)
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
            self._apply(self._reader.read(records, heads))

    def apply_all(self, batches: Iterable[tuple[Sequence[bytes], Mapping[int, Head]]]) -> None:
        """Takes in batch after batch as `apply` does; each is read while the one before it merges.

        What `batches` or a batch raises is raised here, with all batches before it in the tables.
        Large batches are faster: a merge costs as much for a few rows as for many.
        """
        read = (self._reader.read(*batch) for batch in batches if batch[0])
        for batch in one_ahead(read):
            self._apply(batch)

    def _apply(self, batch: Batch) -> None:
        write = self._connection
        try:
            rows = self._staging.take(batch)
            folds = [fold for fold in self._definitions.folds if fold.words & rows]
            self._make_rows(folds)
            write.execute("begin")
            for fold in folds:
                self._write(fold, rows)
            write.execute(_REACH)
            # Not durable before this returns: a crash here leaves none of the batch.
            write.execute("commit")
        except duckdb.Error as error:
            self._roll_back()
            unreadable.explain(batch.records, error)
        except BaseException:
            self._roll_back()
            raise
        self._changed = True

    def check(self) -> list[str]:
        """What does not hold in the tables, in sentences; nothing where all is well."""
        failures: list[str] = []
        cursor = self._connection.cursor()
        cursor.execute("use live")
        for fold in self._definitions.folds:
            for check in fold.checks:
                rows = cursor.execute(check.select).fetchall()
                if rows:
                    broken = f"Broken by {len(rows)}, for example {rows[0]}."
                    failures.append(f"{fold.name}: {check.sentence} {broken}")
        cursor.close()
        return failures

    def snapshot(self) -> Path:
        """Makes the readers' copy where the tables changed since the last; where it is.

        Tables that are being made anew are not shown before they hold what readers see now.
        """
        current = snapshot.find(self.folder)
        if current is not None and (not self._changed or self._is_behind()):
            return current
        self._connection.execute("checkpoint live")
        current = snapshot.make(self.folder, self.folder / "live.duckdb")
        self._changed = False
        self._shown = {}
        return current

    def close(self) -> None:
        self._reader.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _compare_with_snapshot(self, changed: bool) -> None:
        try:
            self._shown = snapshot.snapshot_positions(self.folder)
        except LedgerError:
            # A snapshot that cannot be read is no use to anybody; the next one takes its place.
            self._shown = {}
        self._changed = changed or self._reached() != self._shown

    def _reached(self) -> dict[int, int]:
        return {partition: head.position for partition, head in self.positions().items()}

    def _is_behind(self) -> bool:
        reached = self._reached()
        return any(reached.get(n, 0) < position for n, position in self._shown.items())

    def _make_rows(self, folds: Sequence[Fold]) -> None:
        """Makes the batch's rows of the folds that merge, in `batch_<name>`."""
        for fold in folds:
            if fold.appends:
                continue
            rows = arrow.table(self._connection, self._planned.run(fold.name, merge.rows(fold)))
            if fold.name in self._batches:
                self._batches[fold.name].put(rows)
            else:
                slot = arrow.Slot(self._connection, f"batch_{fold.name}", rows)
                self._batches[fold.name] = slot

    def _write(self, fold: Fold, relations: Set[str]) -> None:
        if fold.appends:
            for name, select in fold.selects(relations).items():
                self._connection.execute(self._planned.run(name, merge.append(fold, select)))
        else:
            self._connection.execute(merge.merge(fold))

    def _roll_back(self) -> None:
        # Nothing may have been begun yet, and an error of the disk may have ended it already.
        with contextlib.suppress(duckdb.TransactionException):
            self._connection.execute("rollback")


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """Opens the file as `live`. One that is damaged is made anew, and the answer says so."""
    name = str(path).replace("'", "''")
    attach = f"attach '{name}' as live (storage_version 'v1.5.0')"
    try:
        connection.execute(attach)
    except duckdb.Error as error:
        if "Could not set lock" in str(error) or "already attached" in str(error):
            raise TablesBusyError("another projector has the tables open") from error
        _remove(path)
        connection.execute(attach)
        return f"the tables are made anew because their file cannot be opened: {error}"
    return None


def _outdated(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> str | None:
    try:
        return schema.outdated(connection, definitions)
    except duckdb.Error as error:
        return f"the tables are made anew because their file cannot be read: {error}"


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def _prepare(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    connection.execute("set timezone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"set wal_autocheckpoint = '{CHECKPOINT_AT}'")
    connection.execute(definitions.shared)


_REACH: Final = f"""
merge into {TABLES}.positions as reached using (
    select
        partition,
        max(position) as position,
        any_value(hash) as hash,
        arg_max(recorded_at, position) as recorded_at,
        max(first_event + event_count) as next_event
    from staged_entries
    join staged_heads using (partition)
    group by partition
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
