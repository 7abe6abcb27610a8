"""The one place that hands tables to Arrow and back, whose library has no types.

A batch is staged in Arrow tables: DuckDB reads their texts where they are, and keeping them costs
half of what a table of its own does. They are made of pieces, so that all threads can read.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from ledger.entry import Head

_PIECE: Final = 8_192
"""Rows of one piece."""


def record_table(records: Sequence[bytes]) -> Any:
    """One binary column, `record`."""
    pieces: list[Any] = [
        pa.array(records[start : start + _PIECE], pa.large_binary())
        for start in range(0, len(records), _PIECE)
    ]
    return pa.table({"record": pa.chunked_array(pieces, pa.large_binary())})


def head_table(heads: Sequence[Head]) -> Any:
    """The columns `partition`, `newest` (position) and `hash`."""
    return pa.table(
        {
            "partition": pa.array([head.partition for head in heads], pa.int64()),
            "newest": pa.array([head.position for head in heads], pa.int64()),
            "hash": pa.array([head.hash for head in heads], pa.string()),
        }
    )


def stage(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> Any:
    """Makes the SELECT's rows readable under `name`, in place of what was there, and gives them."""
    table: Any = connection.sql(select).to_arrow_table(_PIECE)
    connection.register(name, table)
    return table


def register_slices(
    connection: duckdb.DuckDBPyConnection, table: Any, sizes: Mapping[str, int]
) -> None:
    """Makes slices of the table readable, one behind the other, by name and number of rows."""
    start = 0
    for name, size in sizes.items():
        connection.register(name, table.slice(start, size))
        start += size
