"""The records of a segment as Parquet, and back: partition, position and the very bytes."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ledger.entry import LedgerError


def to_parquet(partition: int, first: int, records: Sequence[bytes]) -> bytes:
    """One row a record, in order; the first has the position `first`."""
    rows = pa.table(
        {
            "partition": pa.array([partition] * len(records), pa.int32()),
            "position": pa.array(range(first, first + len(records)), pa.int64()),
            "record": pa.array(records, pa.binary()),
        }
    )
    written = pa.BufferOutputStream()
    # Every record is another, and a file is one segment: neither would save or say anything.
    pq.write_table(
        rows,
        written,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
    )
    return written.getvalue().to_pybytes()


def from_parquet(content: bytes) -> list[bytes]:
    """The records, in order. Raises LedgerError where the bytes are not such a file."""
    return _column(content, "record")


def places(content: bytes) -> list[tuple[int, int]]:
    """Partition and position as each row names them. Raises LedgerError as `from_parquet` does."""
    return list(zip(_column(content, "partition"), _column(content, "position"), strict=True))


def count_rows(content: bytes) -> int:
    """How many rows any Parquet file has. Raises LedgerError where it is none."""
    try:
        return pq.read_metadata(pa.BufferReader(content)).num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LedgerError(f"it is no Parquet file: {str(error).partition(chr(10))[0]}") from error


def differ(one: bytes, other: bytes) -> bool:
    """Whether two Parquet files that the same SQL made have other columns or rows.

    Those that say they were made by other SQL are not compared.
    """
    rows, others = _read(one, None), _read(other, None)
    return rows.schema.metadata == others.schema.metadata and not rows.equals(others)


def _column(content: bytes, name: str) -> list[Any]:
    return _read(content, [name]).column(name).combine_chunks().to_pylist()


def _read(content: bytes, columns: list[str] | None) -> Any:
    try:
        return pq.read_table(pa.BufferReader(content), columns=columns)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise LedgerError(f"it cannot be read: {str(error).partition(chr(10))[0]}") from error
