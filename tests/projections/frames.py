"""What the frames of pandas or polars hold of a snapshot, by relation and column.

python -m tests.projections.frames pandas|polars SNAPSHOT
"""

import importlib
import json
import sys
from typing import Any

import duckdb

from tests.projections.figures import SUMMED, Figures, kinds, relations


def main() -> None:
    library, snapshot = sys.argv[1:]
    importlib.import_module(library)
    with duckdb.connect(snapshot, read_only=True) as connection:
        read = {name: held(library, connection, name) for name in relations(connection)}
    print(json.dumps({"version": duckdb.__version__, "read": read}))


def held(library: str, connection: duckdb.DuckDBPyConnection, relation: str) -> Figures:
    rows = connection.sql(f'from "{relation}"')
    frame: Any = rows.df() if library == "pandas" else rows.pl()
    return {
        name: (
            float(frame[name].count()),
            float((frame[name].sum() if kind in SUMMED else differing(frame[name])) or 0),
        )
        for name, kind in kinds(connection, relation).items()
    }


def differing(column: Any) -> int:
    return column.nunique() if hasattr(column, "nunique") else column.drop_nulls().n_unique()


if __name__ == "__main__":
    main()
