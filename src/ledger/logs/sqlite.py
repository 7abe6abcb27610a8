"""The log in one SQLite file: every record of every partition, as the very bytes written.

What is appended is durable when `append` returns, or not there at all. A position is written
once, behind the one before it: triggers refuse any other row, and every update or delete. Readers
in other processes see whole batches only, and never wait for the writer.
"""

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ledger.entry import ChainError, LedgerError, leaf_hash
from ledger.sqlite_files import connect, rows_by_keys, rows_by_many_keys

SCHEMA: Final = """
    create table entry (
        partition integer not null,
        position integer not null,
        record blob not null,
        primary key (partition, position)
    );
    create trigger entry_follows_the_last before insert on entry
        when new.position is not 1 + (
            select coalesce(max(position), 0) from entry where partition = new.partition)
        begin select raise(abort, 'an entry takes the next position'); end;
    create trigger entry_is_not_changed before update on entry
        begin select raise(abort, 'an entry is never changed'); end;
    create trigger entry_is_not_deleted before delete on entry
        begin select raise(abort, 'an entry is never deleted'); end;
"""

_MANY: Final = 100
_RECORDS: Final = """
select key.key, cast(record as blob)
from json_each(?) as key
cross join entry on partition = key.value ->> 0 and position = key.value ->> 1
"""


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
        connection.executescript(SCHEMA)
        connection.execute("begin immediate")
        connection.executemany("insert into entry values (?, 1, ?)", list(enumerate(first_records)))
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
            self._connection.executemany("insert into entry values (?, ?, ?)", records)
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
        rows = self._rows(
            "select cast(record as blob) from entry where partition = ? and position > ?"
            " order by position limit ?",
            (partition, after, limit),
        )
        return [record for (record,) in rows]

    def record(self, partition: int, position: int) -> bytes | None:
        """The very bytes of the position's record, where there is one."""
        return self.records([(partition, position)])[0]

    def records(self, places: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """The record of each (partition, position), in that order."""
        with self._reading():
            if len(places) < _MANY:
                found = rows_by_keys(self._connection, _RECORDS, places)
            else:
                found = rows_by_many_keys(self.path, _RECORDS, places)
        return [rows[0][0] if rows else None for rows in found]

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
        return self._rows(
            "select partition, position from entry"
            " where partition not between 0 and ? - 1 or position < 1 limit 10",
            (partitions,),
        )

    def _end(self, partition: int) -> int | None:
        rows = self._rows("select max(position) from entry where partition = ?", (partition,))
        return rows[0][0]

    def _rows(self, query: str, values: tuple[int, ...]) -> list[Any]:
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


def _sync_folder(folder: Path) -> None:
    """Makes a file's name in the folder durable, as a commit makes its content."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
