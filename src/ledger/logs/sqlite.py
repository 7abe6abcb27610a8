"""The log in one SQLite file: every record of every partition, as the very bytes written.

What is appended is durable when `append` returns, or not there at all. A position is written
once, behind the one before it: triggers refuse any other row, and every update or delete. Readers
in other processes see whole batches only, and never wait for the writer.
"""

import os
import sqlite3
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.entry import ChainError, LedgerError, leaf_hash
from ledger.sqlite_files import connect

_PARTITION: Final = """
    create table entry_{0} (position integer primary key, record blob not null);
    create trigger entry_{0}_follows_the_last before insert on entry_{0}
        when new.position is not 1 + (select coalesce(max(position), 0) from entry_{0})
        begin select raise(abort, 'an entry takes the next position'); end;
    create trigger entry_{0}_is_not_changed before update on entry_{0}
        begin select raise(abort, 'an entry is never changed'); end;
    create trigger entry_{0}_is_not_deleted before delete on entry_{0}
        begin select raise(abort, 'an entry is never deleted'); end;
"""
_MANY: Final = 64
_RECORDS: Final = """
    select position, cast(record as blob) from entry_{}
    where position in (select value from json_each(?))
"""


def schema_of(partitions: int) -> str:
    """A table for each partition, so that each grows at its end and is found by position alone.

    The view `entry` has all of them, for who looks at the file by hand.
    """
    tables = [_PARTITION.format(partition) for partition in range(partitions)]
    rows = [
        f"select {partition} as partition, position, record from entry_{partition}"
        for partition in range(partitions)
    ]
    return f"{''.join(tables)} create view entry as {' union all '.join(rows)};"


class SqliteLog:
    def __init__(self, path: Path, *, writer: bool = False) -> None:
        """Opens an existing log. Raises LedgerError where there is none, or what is there is none.

        `ledger` is its identity, the leaf hash of partition 0's founding.
        """
        if not path.exists():
            raise LedgerError(f"there is no ledger at {path.parent}; found one with `ledger init`")
        self.path = path
        self._connection = connect(path, writer=writer)
        try:
            with self._reading():
                if writer:
                    self._connection.execute("pragma synchronous = full")
                self._connection.execute("pragma cache_size = -32000")
            self._partitions = self._tables()
            if 0 not in self._partitions:
                raise LedgerError(f"{path} is no log that this version of the ledger reads")
            self.ledger = leaf_hash(self.record(0, 1) or b"")
        except LedgerError:
            self._connection.close()
            raise

    @classmethod
    def create(cls, path: Path, first_records: Sequence[bytes]) -> None:
        """Founds the log: the file and the first record of each partition appear together."""
        if Path(f"{path}-wal").exists():
            raise LedgerError(f"{path.name} is gone, but {path.name}-wal holds entries of it")
        unfinished = path.with_suffix(".founding")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{unfinished}{suffix}").unlink(missing_ok=True)
        connection = sqlite3.connect(unfinished, isolation_level=None)
        connection.execute("pragma page_size = 8192")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.executescript(schema_of(len(first_records)))
        connection.execute("begin immediate")
        insert(connection, [(n, 1, record) for n, record in enumerate(first_records)])
        connection.execute("commit")
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        # A crash before this leaves only the unfinished file, which the next founding removes.
        unfinished.replace(path)
        _sync_folder(path.parent)

    def append(self, records: Sequence[tuple[int, int, bytes]]) -> None:
        """Writes (partition, position, record) rows in one durable transaction.

        Raises ChainError where a position is taken, LedgerError where the disk fails; nothing of
        the batch is written then.
        """
        try:
            self._connection.execute("begin immediate")
            insert(self._connection, records)
            # Not durable before this returns: a crash here leaves none of the batch.
            self._connection.execute("commit")
        except sqlite3.IntegrityError as error:
            self._roll_back()
            raise ChainError("another writer took a position of this log") from error
        except sqlite3.Error as error:
            self._roll_back()
            raise LedgerError(f"the log cannot be written: {error}") from error

    def refresh(self) -> None:
        """Makes what was written meanwhile readable; here it is so at once."""

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def read(self, partition: int, after: int, limit: int) -> list[bytes]:
        """Up to `limit` records of the partition that follow position `after`, in order."""
        rows = self._entries(
            partition,
            "select cast(record as blob) from entry_{} where position > ?"
            " order by position limit ?",
            (after, limit),
        )
        return [record for (record,) in rows]

    def record(self, partition: int, position: int) -> bytes | None:
        """The very bytes of the position's record, where there is one."""
        return self.records([(partition, position)])[0]

    def records(self, places: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """The record of each (partition, position), in that order.

        Many are read by two at once: a disk that is asked for one after another takes longer.
        """
        if len(places) < _MANY:
            found = self._found(places)
        else:
            half = len(places) // 2
            with closing(SqliteLog(self.path)) as other, ThreadPoolExecutor(1) as beside:
                rest = beside.submit(other._found, places[half:])
                found = self._found(places[:half]) | rest.result()
        return [found.get(place) for place in places]

    def _found(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Those of the places that there are, with their records."""
        positions: dict[int, list[int]] = {}
        for partition, position in places:
            positions.setdefault(partition, []).append(position)
        found: dict[tuple[int, int], bytes] = {}
        for partition, several in positions.items():
            rows = self._entries(partition, _RECORDS, (msgspec.json.encode(several).decode(),))
            found |= {(partition, position): record for position, record in rows}
        return found

    def ends(self) -> dict[int, int]:
        """The last position of each partition."""
        ends: dict[int, int] = {}
        partition = 0
        while (end := self._end(partition)) is not None:
            ends[partition] = end
            partition += 1
        return ends

    def strays(self, partitions: int) -> list[tuple[int, int]]:
        """(partition, position) of up to ten rows that no reader ever comes to."""
        return [
            (partition, position)
            for partition in sorted(self._partitions)
            for (position,) in self._entries(
                partition,
                "select position from entry_{} where ? or position < 1 limit 10",
                (partition >= partitions,),
            )
        ][:10]

    def _end(self, partition: int) -> int | None:
        rows = self._entries(partition, "select max(position) from entry_{}")
        return rows[0][0] if rows else None

    def _tables(self) -> set[int]:
        """The partitions that have a table."""
        names = self._rows("select substr(name, 7) from sqlite_schema where name glob 'entry_*'")
        return {int(number) for (number,) in names if number.isdecimal()}

    def _entries(self, partition: int, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Rows of the partition's table, whose number `query` leaves open, if it has one."""
        return self._rows(query.format(partition), values) if partition in self._partitions else []

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._reading():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _reading(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"the log {self.path.name} cannot be read: {error}") from error

    def close(self) -> None:
        self._connection.close()


def insert(connection: sqlite3.Connection, records: Sequence[tuple[int, int, bytes]]) -> None:
    """Adds (partition, position, record) rows, within the transaction that is open."""
    for partition, rows in groupby(sorted(records, key=itemgetter(0)), key=itemgetter(0)):
        connection.executemany(
            f"insert into entry_{partition} values (?, ?)",
            [(position, record) for _, position, record in rows],
        )


def _sync_folder(folder: Path) -> None:
    """Makes a file's name in the folder durable, as a commit makes its content."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
