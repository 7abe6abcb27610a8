"""What tracing asks of the decider's index: always by a key, or a range of one, never by a scan.

an owner's entries         message (owner)
a stream's entries         event (stream); a name without owner is tried with every owner of
                           its kind, which register lists
a message, follow-ons      message (owner, source, id), or ids that begin with the cause's
"""

import sqlite3
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger import sqlite_files, wire
from ledger.entry import LedgerError
from ledger.index import Index, positions_in
from ledger.logs.opening import on_kafka
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference
from ledger.settings import Home

CATCH_UP_SECONDS: Final = 1.0
Place = tuple[int, int]
"""Partition and position of an entry."""


class TraceIndex:
    """Reads the index file; raises LedgerError where that cannot be read."""

    def __init__(self, path: Path) -> None:
        with _reading():
            self._connection = sqlite_files.connect(path)
        self._references: dict[int, Reference] = {}

    def is_owner(self, name: str) -> bool:
        """Whether the name is an owner's, and not a stream's."""
        return wire.owner_kind(name) is not None and " " not in name

    def of_owner(self, owner: str) -> list[Place]:
        """Places of all interactions of the owner."""
        return self._rows(
            "select partition, position from message where owner = ? order by 1, 2", owner
        )

    def of_stream(self, owner: str, stream: str) -> list[Place]:
        """Places of the entries that have events of the stream."""
        return self._rows(
            "select distinct partition, position from event where stream = ? order by 1, 2",
            wire.stream_key(owner, stream),
        )

    def owners_of(self, stream: str) -> list[str]:
        """The owners that have a stream of this name: two customers may have a payment `p1`."""
        owners: list[tuple[str]] = []
        for kind in kinds_of(stream):
            owners += self._rows(
                "select owner from register where (owner = ? or owner between ? and ?) and exists"
                " (select 1 from event where stream = owner || ' ' || ?) order by owner",
                kind,
                f"{kind}/",
                f"{kind}/\U0010ffff",
                stream,
            )
        return [owner for (owner,) in owners]

    def message(self, owner: str, source: str, message_id: str) -> list[Place]:
        """Places of the entries of that message, the first content first."""
        return self._rows(
            "select partition, position from message where owner = ? and source = ? and id = ?"
            " order by position",
            owner,
            source,
            message_id,
        )

    def beginning(self, source: str, begins: Sequence[tuple[str, str]]) -> list[list[Place]]:
        """Of each owner and beginning, the places of the source's messages to the owner whose ids
        begin so."""
        keys = [
            (owner, source, begin, begin[:-1] + chr(ord(begin[-1]) + 1)) for owner, begin in begins
        ]
        rows: list[tuple[int, int, int]] = self._rows(
            _BEGINNING, msgspec.json.encode(keys).decode()
        )
        places: list[list[Place]] = [[] for _ in keys]
        for number, partition, position in rows:
            places[number].append((partition, position))
        return places

    def reference(self, partition: int) -> Reference:
        """What the partition knows now."""
        known = self._references.get(partition)
        if known is None:
            [(state,)] = self._rows(
                "select state from register where owner = ?", wire.reference_owner(partition)
            )
            known = self._references[partition] = msgspec.msgpack.decode(state, type=Reference)
        return known

    def _rows(self, query: str, *values: str) -> list[Any]:
        with _reading():
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        self._connection.close()


_BEGINNING: Final = """
select key.key, message.partition, message.position
from json_each(?) as key
cross join message
on message.owner = key.value ->> 0
    and message.source = key.value ->> 1
    and message.id >= key.value ->> 2
    and message.id < key.value ->> 3
order by key.key, message.position
"""


def kinds_of(stream: str) -> list[str]:
    """The kinds of owner that have streams of this name."""
    name = stream.partition("/")[0]
    return [
        kind
        for kind, room in wire.ROOMS.items()
        if any(name == aggregate.NAME for aggregate in room)
    ]


@contextmanager
def open_index(home: Home, log: SqliteLog) -> Generator[TraceIndex, None, None]:
    """An index that has read the log to its end.

    Embedded the writer keeps it so, unless it was killed. On Kafka whoever has the home keeps one
    or does not. What there is of it is copied then, and reads on.
    """
    if not on_kafka() and _is_read_to(home.index, log.ends()):
        with closing(TraceIndex(home.index)) as index:
            yield index
        return
    with tempfile.TemporaryDirectory(prefix="ledger-trace-") as folder:
        path = Path(folder) / "index.sqlite"
        if home.index.exists():
            with (
                closing(sqlite_files.connect(home.index)) as kept,
                closing(sqlite3.connect(path)) as copy,
                suppress(sqlite3.DatabaseError),
            ):
                kept.backup(copy)
        Index(path, log).close()
        with closing(TraceIndex(path)) as index:
            yield index


def _is_read_to(path: Path, ends: Mapping[int, int]) -> bool:
    """Whether it is, within a moment: a writer at work writes the log first."""
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        reached = positions_in(path)
        if all(reached.get(partition, 0) >= end for partition, end in ends.items()):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


@contextmanager
def _reading() -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"the index cannot be read ({error}); publish rebuilds it") from error
