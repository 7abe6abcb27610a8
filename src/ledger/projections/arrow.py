"""The one place that hands tables to Arrow and back, whose library has no types.

A batch is staged in Arrow tables: DuckDB reads their texts where they are, and keeping them costs
half of what a table of its own does. They are made of pieces, so that all threads can read.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
from pyarrow import parquet

from ledger.entry import Head

# What it advises copies the rows of a prepared statement, too, and takes a millisecond more.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)

_MADE_BY: Final = b"ledger.made_by"
_PIECE: Final = 8_192
"""Rows of one piece."""
_FEW: Final = 2_000
"""Rows of a small file. Most are: read at half the time, an archive's tables grow by an eighth."""


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


def reached_table(rows: Sequence[tuple[int, int, str, int]]) -> Any:
    """The columns `partition`, `position`, `hash` and `next_event`."""
    types = [pa.int64(), pa.int64(), pa.string(), pa.int64()]
    columns = zip(*rows, strict=True) if rows else [[]] * 4
    names = ("partition", "position", "hash", "next_event")
    return pa.table(
        {
            name: pa.array(column, type_)
            for name, column, type_ in zip(names, columns, types, strict=True)
        }
    )


def place_table(places: Sequence[tuple[int, int]]) -> Any:
    """The columns `partition` and `position`."""
    return pa.table(
        {
            "partition": pa.array([partition for partition, _ in places], pa.int64()),
            "position": pa.array([position for _, position in places], pa.int64()),
        }
    )


def table(connection: duckdb.DuckDBPyConnection, statement: str | duckdb.Statement) -> Any:
    """The rows that a statement gives; those of a prepared one come in any order."""
    if isinstance(statement, str):
        return connection.sql(statement).to_arrow_table(_PIECE)
    return connection.execute(statement).to_arrow_table(_PIECE)


def together(tables: Iterable[Any]) -> Any:
    """The rows of all tables, which have the same columns; at least one table."""
    return pa.concat_tables(tables)


def says_each_once(rows: Any, column: str) -> bool:
    """Whether no two rows have the same value, or none, there."""
    return len(rows) == len(rows.column(column).unique())


def ordered(rows: Any, columns: Sequence[str]) -> Any:
    return rows.sort_by([(name, "ascending") for name in columns])


def write_parquet(
    rows: Any, order: Sequence[str], filesystem: Any, path: str, made_by: str
) -> None:
    """A file of the rows in that order; `filesystem` is one of `pyarrow.fs`."""
    rows = ordered(rows, order).replace_schema_metadata({_MADE_BY: made_by})
    filesystem.create_dir(path.rpartition("/")[0], recursive=True)
    # To begin with zstd takes 50 µs a column, which is most of what reading a small file takes.
    compression = "snappy" if len(rows) < _FEW else "zstd"
    parquet.write_table(rows, path, filesystem=filesystem, compression=compression)


def parquet_says(content: bytes) -> tuple[str, int]:
    """By what a Parquet file of `write_parquet` was made, and how many rows it has."""
    metadata = parquet.read_metadata(pa.BufferReader(content))
    return (metadata.metadata or {}).get(_MADE_BY, b"").decode(), metadata.num_rows


class Slot:
    """Rows that DuckDB reads under one name.

    Other rows are put in, not under the name: a statement that was planned once stays planned.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, rows: Any) -> None:
        self._rows = rows
        self._nothing = rows.slice(0, 0)
        connection.register(name, self)

    def put(self, rows: Any) -> None:
        """Rows of the same columns as the first."""
        self._rows = rows

    def clear(self) -> None:
        self._rows = self._nothing

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(schema)


def slices(table: Any, sizes: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    """The table's rows in slices, one behind the other, by name and number of rows."""
    start = 0
    for name, size in sizes.items():
        yield name, table.slice(start, size)
        start += size
