"""What a DuckDB reads in a snapshot, by relation and column; run by the version that is to tell.

python -m tests.projections.figures SNAPSHOT
"""

import json
import sys

import duckdb

Figures = dict[str, tuple[float, float]]
"""Of each column how many values there are; of numbers their sum, of all else how many differ."""

SUMMED = ("BIGINT", "DOUBLE", "BOOLEAN")


AGEING = "freshness"
"""The view that tells how old the tables are differs from one moment to the next."""


def relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    named = "select table_name from information_schema.tables order by table_name"
    return [name for (name,) in connection.execute(named).fetchall() if name != AGEING]


def kinds(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f'describe "{relation}"').fetchall()
    return {row[0]: row[1] for row in rows}


def figures(connection: duckdb.DuckDBPyConnection, relation: str) -> Figures:
    columns = kinds(connection, relation)
    asked = ", ".join(
        f'count("{name}"), '
        + (f'coalesce(sum("{name}"), 0)' if kind in SUMMED else f'count(distinct "{name}")')
        for name, kind in columns.items()
    )
    [row] = connection.execute(f'select {asked} from "{relation}"').fetchall()
    values = [float(value) for value in row]
    return dict(zip(columns, zip(values[::2], values[1::2], strict=True), strict=True))


def main() -> None:
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        read = {relation: figures(connection, relation) for relation in relations(connection)}
    print(json.dumps({"version": duckdb.__version__, "read": read}))


if __name__ == "__main__":
    main()
