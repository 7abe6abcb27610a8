"""What changed between two moments: the tables of both, compared row by row by their keys.

Each side is a moment, positions, or a file that `ledger replay` wrote. Rows of a fact table are the
same row where its key columns are the same; a row was added, removed or changed. Whose row it is
follows from its columns, or from the entry it came of.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from consumers.projector import project_all
from ledger.entry import LedgerError
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections import definitions
from ledger.projections.definitions import Definitions, Fold
from ledger.projections.engine import Projector
from ledger.settings import Home
from replay import diff_rows
from replay.as_of import Replayed, Until, describe, described, positions_of, replayed
from replay.scratch import scratch_folder

Side = Until | Path
SHOWN: Final = 500
"""How many changed rows, and owners, an answer holds at most; the written file holds all."""


class Changes(msgspec.Struct, frozen=True):
    """How many rows changed, of a table or of an owner."""

    name: str | None
    added: int
    removed: int
    changed: int


class RowChange(msgspec.Struct, frozen=True):
    """One row that changed. `columns` holds, of each column that differs, before and after."""

    table: str
    change: str
    owner: str | None
    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]]


class Diff(msgspec.Struct, frozen=True):
    """What changed from `a` to `b`: tables and owners with changes, those with most first.

    `rows` are given where an owner or a table was asked for. Of both at most SHOWN are given;
    `owner_count` and `row_count` say how many there are.
    """

    a: Replayed
    b: Replayed
    tables: list[Changes]
    owners: list[Changes]
    owner_count: int
    rows: list[RowChange]
    row_count: int


def diff(
    home: Home | None,
    a: Side,
    b: Side,
    *,
    output: Path | None = None,
    owner: str | None = None,
    table: str | None = None,
    tick: Callable[[int], None] | None = None,
) -> Diff:
    """Compares the tables at `a` with those at `b`, of one owner or table where they are named.

    With `output` all changes are written to a new DuckDB file, one table `<table>_changes` each.
    `home` is needed unless both sides are files. Raises LedgerError where a side is not there or
    is another ledger's, or its tables were made by other folds; where there is no such table, and
    where the file exists.
    """
    known = definitions.load()
    names = [fold.name for fold in known.folds]
    if table is not None and table not in names:
        raise LedgerError(f"there is no table {table}; there are {', '.join(names)}")
    if output is not None and output.exists():
        raise LedgerError(f"{output} exists; name a new file")
    if a == b:
        raise LedgerError("both sides are the same")
    place = output.absolute().parent if output else (home.folder if home else Path.cwd())
    with scratch_folder(place) as scratch:
        files = _files(home, (a, b), scratch, tick)
        written = scratch / "changes.duckdb"
        with _attached(written, files, scratch) as both:
            sides = described(both, "a"), described(both, "b")
            _refuse_others(both, sides, known)
            for fold in known.folds:
                both.execute(diff_rows.changes(fold))
            for statement in (diff_rows.summary(known.folds), diff_rows.COMPARED):
                both.execute(statement)
            wanted = [fold for fold in known.folds if table in (None, fold.name)]
            found = _found(both, sides, wanted, owner, with_rows=bool(owner or table))
        if output is not None:
            written.replace(output)
    return found


def _files(
    home: Home | None, sides: Sequence[Side], scratch: Path, tick: Callable[[int], None] | None
) -> list[Path]:
    """The files of both sides; those that are not there yet are made."""
    files = {number: side for number, side in enumerate(sides) if isinstance(side, Path)}
    moments = {number: side for number, side in enumerate(sides) if not isinstance(side, Path)}
    if moments:
        assert home is not None
        with closing(open_log(home)) as log:
            files |= dict(_made(log, moments, scratch, tick))
    return [files[number] for number in range(len(sides))]


def _made(
    log: SqliteLog,
    moments: dict[int, Until],
    scratch: Path,
    tick: Callable[[int], None] | None,
) -> Iterator[tuple[int, Path]]:
    """Makes the tables of each moment; from an earlier one the log is only read on."""
    positions = {number: positions_of(log, until) for number, until in moments.items()}
    in_order = sorted(moments, key=lambda number: sum(positions[number].values()))
    folder, reached = scratch / "0", dict[int, int]()
    for number in in_order:
        wanted = positions[number]
        if any(wanted.get(partition, 0) < position for partition, position in reached.items()):
            folder = scratch / "1"
        with Projector.open(folder) as projector:
            project_all(log, projector, wanted, tick)
            built = projector.snapshot().replace(scratch / f"side{number}.duckdb")
        describe(built, replayed(log, moments[number], wanted, sum(wanted.values())))
        reached = wanted
        yield number, built


@contextmanager
def _attached(
    written: Path, files: Sequence[Path], scratch: Path
) -> Generator[duckdb.DuckDBPyConnection, None, None]:
    """A new file, with the two to compare attached as `a` and `b`."""
    with closing(duckdb.connect(config={"temp_directory": str(scratch)})) as connection:
        # A table that a file lacks is not to be looked for among Python's variables.
        connection.execute("set python_enable_replacements = false")
        connection.execute(f"attach '{_quoted(written)}' as changes (storage_version 'v1.5.0')")
        for alias, file in zip("ab", files, strict=True):
            try:
                connection.execute(f"attach '{_quoted(file)}' as {alias} (read_only)")
            except duckdb.Error as error:
                raise LedgerError(f"{file} is no file of tables that can be opened") from error
        connection.execute("use changes")
        yield connection


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _refuse_others(
    both: duckdb.DuckDBPyConnection, sides: tuple[Replayed, Replayed], known: Definitions
) -> None:
    """Raises LedgerError where rows of the two sides cannot be compared."""
    if sides[0].ledger != sides[1].ledger:
        raise LedgerError("the two files are of different ledgers")
    for alias in "ab":
        kept = dict(both.execute(f"select part, digest from {alias}.main.versions").fetchall())
        other = [f.name for f in known.folds if kept.get(f.name) != known.digest(f)]
        if other:
            raise LedgerError(
                f"{', '.join(other)} of a file were made by other folds: replay it again"
            )


def _found(
    both: duckdb.DuckDBPyConnection,
    sides: tuple[Replayed, Replayed],
    wanted: Sequence[Fold],
    owner: str | None,
    *,
    with_rows: bool,
) -> Diff:
    named = [] if owner is None else [owner]

    def counted(column: str) -> list[Changes]:
        count = diff_rows.count_by(column, wanted, of_owner=bool(named))
        return [Changes(*row) for row in both.execute(count, named).fetchall()]

    by_table, owners = counted("table_name"), counted("owner")
    rows: list[RowChange] = []
    for fold in wanted if with_rows else ():
        select = diff_rows.rows(fold, SHOWN - len(rows), of_owner=bool(named))
        for change, whose, key, before, after in both.execute(select, named).fetchall():
            rows.append(RowChange(fold.name, change, whose, key, _columns(before, after)))
    return Diff(
        a=sides[0],
        b=sides[1],
        tables=by_table,
        owners=owners[:SHOWN],
        owner_count=len(owners),
        rows=rows,
        row_count=sum(each.added + each.removed + each.changed for each in by_table),
    )


def _columns(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> dict[str, tuple[Any, Any]]:
    """What differs, before and after; of a row that is on one side only, what it holds."""
    one, other = before or {}, after or {}
    return {
        name: (one.get(name), other.get(name))
        for name in one or other
        if one.get(name) != other.get(name)
    }
