"""Makes the client step over a record that it cannot parse, instead of never coming past it.

A broker takes records that the client library cannot read, such as one with a header whose name is
no UTF-8. Whoever reads gets such a record with its raw bytes as the value, no key, and the header
UNREADABLE. The bytes begin with their length, so they are never an entry nor any other JSON object
of more than 16 bytes: every reader of the log finds the record void.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from typing import Any

from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.util import decode_varint

from ledger.entry import UNREADABLE

_batches: Any = DefaultRecordBatch
_read: Any = _batches._read_msg


def step_over() -> None:
    """From now on every reader of this process steps over them."""
    _batches._read_msg = _read_or_step_over


def _read_or_step_over(batch: Any) -> Any:
    """The next record of the batch. Raises what the library does where not even its end is told."""
    start = batch._pos
    try:
        return _read(batch)
    except (ValueError, IndexError, CorruptRecordError):
        buffer = batch._buffer
        length, pos = decode_varint(buffer, start)
        end = pos + length
        if length < 0 or end > len(buffer):
            raise
        _, pos = decode_varint(buffer, pos)  # its attributes, which say nothing
        delay, pos = decode_varint(buffer, pos)
        delta, _ = decode_varint(buffer, pos)
        batch._pos = end
        by_broker = batch.timestamp_type == batch.LOG_APPEND_TIME
        return DefaultRecord(
            length,
            batch.base_offset + delta,
            batch.max_timestamp if by_broker else batch.first_timestamp + delay,
            batch.timestamp_type,
            None,
            bytes(buffer[start:end]),
            [(UNREADABLE, b"")],
        )
