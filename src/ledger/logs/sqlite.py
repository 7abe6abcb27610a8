"""The log in one SQLite file: every record of every partition, as the very bytes written.

What is appended is durable when `append` returns, or not there at all. A position is written
once: a second record for it is refused, and nothing in the file can be updated or deleted through
SQL. Readers in other processes see whole batches only, and never wait for the writer.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ledger.entry import ChainError, LedgerError

_SCHEMA: Final = """
    create table entry (
        partition integer not null,
        position integer not null,
        record blob not null,
        primary key (partition, position)
    );
    create trigger entry_is_not_changed before update on entry
        begin select raise(abort, 'an entry is never changed'); end;
    create trigger entry_is_not_deleted before delete on entry
        begin select raise(abort, 'an entry is never deleted'); end;
"""


class SqliteLog:
    def __init__(self, path: Path, *, writer: bool = False) -> None:
        """Opens an existing log. Raises LedgerError where there is none."""
        if not path.exists():
            raise LedgerError(f"there is no ledger at {path.parent}; found one with `ledger init`")
        mode = "rw" if writer else "ro"
        self.path = path
        self._connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
        )
        if writer:
            self._connection.execute("pragma synchronous = full")
        self._connection.execute("pragma cache_size = -32000")

    @classmethod
    def create(cls, path: Path, first_records: Sequence[bytes]) -> None:
        """Founds the log: the file and the first record of each partition appear together."""
        unfinished = path.with_suffix(".founding")
        unfinished.unlink(missing_ok=True)
        connection = sqlite3.connect(unfinished, isolation_level=None)
        connection.execute("pragma page_size = 8192")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.executescript(_SCHEMA)
        connection.execute("begin immediate")
        connection.executemany("insert into entry values (?, 1, ?)", list(enumerate(first_records)))
        connection.execute("commit")
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        # A crash before this leaves only the unfinished file, which the next founding removes.
        unfinished.replace(path)

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

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def read(self, partition: int, after: int, limit: int) -> list[bytes]:
        """Up to `limit` records of the partition that follow position `after`, in order."""
        rows = self._connection.execute(
            "select record from entry where partition = ? and position > ?"
            " order by position limit ?",
            (partition, after, limit),
        )
        return [record for (record,) in rows]

    def record(self, partition: int, position: int) -> bytes | None:
        row = self._connection.execute(
            "select record from entry where partition = ? and position = ?",
            (partition, position),
        ).fetchone()
        return row[0] if row else None

    def ends(self) -> dict[int, int]:
        """The last position of each partition."""
        ends: dict[int, int] = {}
        partition = 0
        while (end := self._end(partition)) is not None:
            ends[partition] = end
            partition += 1
        return ends

    def _end(self, partition: int) -> int | None:
        return self._connection.execute(
            "select max(position) from entry where partition = ?", (partition,)
        ).fetchone()[0]

    def follow(self, after: Mapping[int, int], limit: int) -> Iterator[tuple[int, list[bytes]]]:
        """Per partition, up to `limit` records after the given positions; nothing where none."""
        for partition, position in after.items():
            records = self.read(partition, position, limit)
            if records:
                yield partition, records

    def close(self) -> None:
        self._connection.close()
