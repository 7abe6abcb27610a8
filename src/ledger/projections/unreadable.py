"""Saying which record of a batch cannot be read, once something went wrong with the batch."""

from collections.abc import Sequence
from typing import NoReturn

from ledger import wire
from ledger.entry import (
    ChainError,
    FutureFormatError,
    LedgerError,
    decode,
    partition_and_position,
)


def explain(records: Sequence[bytes], error: Exception | None = None) -> NoReturn:
    """Raises the error of the first record that does not read as its structs say.

    That is a ChainError, or a FutureFormatError for an event that this ledger does not know; both
    name the record's partition and position, in words and as `place`. Where all records read well,
    `error` is what there is to say, and a LedgerError says it.
    """
    for number, record in enumerate(records, 1):
        try:
            wire.happened(decode(record))
        except FutureFormatError as unknown:
            raise _at(record, FutureFormatError(f"{_where(record, number)}: {unknown}")) from error
        except (LedgerError, UnicodeDecodeError) as wrong:
            raise _at(record, ChainError(f"{_where(record, number)}: {wrong}")) from error
    what = error or "an entry lacks what every entry has"
    raise LedgerError(f"the tables cannot be written: {what}") from error


def _at(record: bytes, error: LedgerError) -> LedgerError:
    error.place = partition_and_position(record)
    return error


def _where(record: bytes, number: int) -> str:
    place = partition_and_position(record)
    if place is None:
        return f"record {number} of the batch"
    return f"partition {place[0]} position {place[1]}"
