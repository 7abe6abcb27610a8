"""Reading a log along its chain: what every reader does, decider, reactor and projector alike."""

from collections.abc import Iterator
from typing import Final

from ledger.entry import ChainError, Head, accept, leaf_hash
from ledger.logs.sqlite import SqliteLog

_AT_ONCE: Final = 5_000


def follow(log: SqliteLog, head: Head, limit: int | None = None) -> Iterator[tuple[Head, bytes]]:
    """The accepted records after `head`, each with the head that it makes, to the log's end now.

    Raises ChainError where the log does not hold `head`, or where the chain breaks.
    """
    if not holds(log, head):
        raise ChainError(
            f"the log does not hold position {head.position} of partition {head.partition}"
            " as it was read before"
        )
    left = limit
    if left is not None and left <= 0:
        return
    while records := log.read(
        head.partition, head.position, _AT_ONCE if left is None else min(left, _AT_ONCE)
    ):
        for record in records:
            following = accept(head, record)
            if following is None:
                raise ChainError(
                    f"the chain of partition {head.partition} breaks after position"
                    f" {head.position}; run `ledger verify`"
                )
            head = following
            yield head, record
        if left is not None:
            left -= len(records)
            if left <= 0:
                return


def holds(log: SqliteLog, head: Head) -> bool:
    """Whether the log holds the entry that `head` was read from."""
    if head.position == 0:
        return True
    record = log.record(head.partition, head.position)
    return record is not None and leaf_hash(record) == head.hash
