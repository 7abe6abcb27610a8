"""Putting tables that were built beside the live ones in their place, and what is another in them.

A side file holds the new tables of some facts. Until the one transaction that takes them over,
readers and the live tables know nothing of it; killed before its commit, all is as it was.
"""

from collections.abc import Generator, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from ledger.entry import LedgerError
from ledger.projections import merge, schema
from ledger.projections.definitions import Definitions, Fold, words
from ledger.projections.merge import TABLES

SIDE: Final = "side.main"


class Change(msgspec.Struct, frozen=True):
    """How the rows of a new table differ from those of the one that it replaces.

    Both are at the same positions; None counts where there was no table before. Where the columns
    are others, `only_before` and `only_after` count rows by the columns that both have. The
    examples are one of these rows each, as text.
    """

    fact: str
    rows_before: int | None
    rows_after: int
    only_before: int = 0
    only_after: int = 0
    example_before: str | None = None
    example_after: str | None = None
    columns_before: tuple[str, ...] = ()
    columns_after: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether old and new table hold the same."""
        return (
            self.rows_before == self.rows_after
            and not (self.only_before or self.only_after)
            and not (self.columns_before or self.columns_after)
        )


def changes(
    connection: duckdb.DuckDBPyConnection, side: Path, facts: Sequence[str]
) -> list[Change]:
    """Compares live facts with those of the side file; both must be at the same positions."""
    with _beside(connection, side):
        return [_change(connection, fact) for fact in facts]


def take_over(
    connection: duckdb.DuckDBPyConnection,
    side: Path,
    definitions: Definitions,
    facts: Set[str],
    *,
    with_positions: bool,
) -> None:
    """Puts the side file's tables in place, with their digests, in one transaction.

    Tables of no fold are dropped, and views are made where nothing stands still any more. With
    `with_positions` the side file's positions are taken over too: it must hold all facts then.
    Raises LedgerError where a check fails; all is as it was then.
    """
    with _beside(connection, side):
        connection.execute("begin")
        try:
            for fold in definitions.folds:
                if fold.name in facts:
                    _take(connection, definitions, fold)
            if with_positions:
                connection.execute(f"delete from {TABLES}.positions")
                connection.execute(f"insert into {TABLES}.positions by name from {SIDE}.positions")
            left = schema.pending(connection, definitions)
            if not left.build:
                for name in left.drop:
                    schema.drop_fact(connection, name)
                schema.dress(connection, definitions)
            live = [fold for fold in definitions.folds if fold.name not in left.build]
            _check(connection, live, facts)
            # Until this returns readers of the live file see the old tables, after it the new.
            connection.execute("commit")
        except BaseException:
            # An error of the disk may have ended it already: that one is to be told.
            with suppress(duckdb.Error):
                connection.execute("rollback")
            raise


def failures(
    connection: duckdb.DuckDBPyConnection, fold: Fold, facts: Set[str] | None = None
) -> list[str]:
    """A fold's checks that do not hold, in sentences; of all, or of those that read `facts`."""
    found: list[str] = []
    for check in fold.checks:
        if facts is not None and not facts & words(check.select):
            continue
        if rows := connection.execute(check.select).fetchall():
            broken = f"Broken by {len(rows)}, for example {rows[0]}."
            found.append(f"{fold.name}: {check.sentence} {broken}")
    return found


def _take(connection: duckdb.DuckDBPyConnection, definitions: Definitions, fold: Fold) -> None:
    schema.drop_fact(connection, fold.name)
    schema.make_fact(connection, definitions, fold)
    columns = ", ".join(column.name for column in merge.table_columns(fold))
    connection.execute(
        f"insert into {TABLES}.{fold.name} ({columns}) select {columns} from {SIDE}.{fold.name}"
    )


def _check(connection: duckdb.DuckDBPyConnection, folds: Sequence[Fold], facts: Set[str]) -> None:
    connection.execute("use live")
    found = [failure for fold in folds for failure in failures(connection, fold, facts)]
    connection.execute("use memory")
    if found:
        raise LedgerError(f"the rebuilt tables fail a check: {found[0]}")


@contextmanager
def _beside(connection: duckdb.DuckDBPyConnection, side: Path) -> Generator[None, None, None]:
    name = str(side).replace("'", "''")
    connection.execute(f"attach '{name}' as side (read_only)")
    try:
        yield
    finally:
        connection.execute("use memory")
        connection.execute("detach side")


def _change(connection: duckdb.DuckDBPyConnection, fact: str) -> Change:
    before, after = _columns(connection, "live", fact), _columns(connection, "side", fact)
    [[rows_after]] = _rows(connection, f"select count(*) from {SIDE}.{fact}")
    if not before:
        return Change(fact, None, rows_after)
    [[rows_before]] = _rows(connection, f"select count(*) from {TABLES}.{fact}")
    both = ", ".join(name for name, type_ in before.items() if after.get(name) == type_)
    old, new = (f"select {both} from {place}.{fact}" for place in (TABLES, SIDE))
    only_before, example_before, only_after, example_after = 0, None, 0, None
    if both and _digest(connection, old) != _digest(connection, new):
        only_before, example_before = _only(connection, old, new)
        only_after, example_after = _only(connection, new, old)
    return Change(
        fact,
        rows_before,
        rows_after,
        only_before,
        only_after,
        example_before,
        example_after,
        tuple(name for name, type_ in before.items() if after.get(name) != type_),
        tuple(name for name, type_ in after.items() if before.get(name) != type_),
    )


def _digest(connection: duckdb.DuckDBPyConnection, select: str) -> list[Any]:
    """Equal for equal rows in any order, and one scan: what is equal needs no comparing."""
    return _rows(
        connection, f"select count(*), sum(cast(hash(each) as hugeint)) from ({select}) as each"
    )


def _only(connection: duckdb.DuckDBPyConnection, these: str, others: str) -> tuple[int, str | None]:
    """How many rows only the first have, and the first of them by their keys, which stand first in
    a row: where a row changed, that is the same one of old and new."""
    rows = _rows(
        connection,
        "select count(*) over (), cast(each as varchar)"
        f" from ({these} except all {others}) as each order by each limit 1",
    )
    return (rows[0][0], rows[0][1]) if rows else (0, None)


def _columns(connection: duckdb.DuckDBPyConnection, database: str, fact: str) -> dict[str, str]:
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = ? and table_name = ? order by column_index",
        [database, fact],
    ).fetchall()
    return dict(rows)


def _rows(connection: duckdb.DuckDBPyConnection, select: str) -> list[Any]:
    return connection.execute(select).fetchall()
