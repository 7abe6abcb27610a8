"""Comparing the tables of two projection files, row for row.

Rows are counted and the 128 bits of their MD5 added up, in whatever order they come: where number
and sums agree, so do the rows. Only where they do not are rows themselves set against each other,
which takes ten times as long, and memory or disk for all of them.
"""

import tempfile
from collections.abc import Set
from pathlib import Path
from typing import Any, Final

import duckdb

_OF_THE_CODE: Final = (
    *("versions", "parameters", "rules", "interactions", "kpis", "replayed"),
    *("progress", "stopped", "standing"),
)
"""Tables that say what the code or the file is, or how the projector gets on, and not what the log
holds; they are not compared."""

_MEMORY: Final = "2GB"


def differences(
    a: Path,
    b: Path,
    but: Set[str] = frozenset(),
    names: tuple[str, str] = ("the first", "the second"),
) -> list[str]:
    """How the tables of file `a` differ from those of `b`, in sentences; nothing where they agree.

    Both are opened read-only, and called by `names`. Order does not count, the number of equal rows
    does. Tables named in `but` are left out.
    """
    scratch = tempfile.TemporaryDirectory(prefix="ledger-compare-")
    connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": scratch.name})
    try:
        connection.execute(f"attach '{_quoted(a)}' as a (read_only)")
        connection.execute(f"attach '{_quoted(b)}' as b (read_only)")
        tables_a, tables_b = _tables(connection, "a", but), _tables(connection, "b", but)
        found = [
            *(f"only {names[0]} has a table {name}" for name in tables_a if name not in tables_b),
            *(f"only {names[1]} has a table {name}" for name in tables_b if name not in tables_a),
        ]
        for name in tables_a:
            if name in tables_b:
                found += _compare(connection, name, tables_a[name], tables_b[name], names)
        return found
    finally:
        connection.close()
        scratch.cleanup()


def _tables(
    connection: duckdb.DuckDBPyConnection, database: str, but: Set[str]
) -> dict[str, list[str]]:
    """Each table's columns with their types."""
    rows = connection.execute(
        "select table_name, list(column_name || ' ' || data_type order by column_index)"
        " from duckdb_columns() join duckdb_tables() using (database_name, table_name)"
        " where database_name = ? group by table_name order by table_name",
        [database],
    ).fetchall()
    return {name: columns for name, columns in rows if name not in {*_OF_THE_CODE, *but}}


def _compare(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns_a: list[str],
    columns_b: list[str],
    names: tuple[str, str],
) -> list[str]:
    if columns_a != columns_b:
        return [f"{name}: the columns are {columns_a} and {columns_b}"]
    found: list[str] = []
    if _digest(connection, f"a.main.{name}") == _digest(connection, f"b.main.{name}"):
        return found
    for label, one, other in ((names[0], "a", "b"), (names[1], "b", "a")):
        rows = connection.execute(
            f"select count(*) over (), * from (from {one}.main.{name} except all"
            f" from {other}.main.{name}) limit 1"
        ).fetchall()
        if rows:
            count, *row = rows[0]
            rows_told = "1 row" if count == 1 else f"{count:,} rows"
            found.append(f"{name}: {rows_told} only in {label}, for example {tuple(row)}")
    return found


def _digest(connection: duckdb.DuckDBPyConnection, table: str) -> Any:
    """The same for the same rows in another order."""
    return connection.execute(
        "select count(*), sum(md5_number_lower(said)), sum(md5_number_upper(said))"
        f" from (select cast(to_json(each_row) as varchar) as said from {table} as each_row)"
    ).fetchall()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
