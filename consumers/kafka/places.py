"""Where the entries of each message are, in a file beside the copy of the log.

It holds what the decider's index holds of messages, for a process that decides nothing. Deleted,
damaged or of another ledger, it is made again from the copy.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ledger.beside import lost, open_beside
from ledger.chain import holds
from ledger.entry import Entry, Head
from ledger.logs.sqlite import SqliteLog

_VERSION: Final = 1
_SCHEMA: Final = """
    create table head (partition integer primary key, position integer, hash text);
    create table message (
        owner text, source text, id text, content text, partition integer, position integer,
        primary key (owner, source, id, content)) without rowid;
"""


class Places:
    """Written by one thread; `consumers.lookup` reads the file by a connection of its own."""

    def __init__(self, path: Path, log: SqliteLog) -> None:
        """Raises ChainError where the log does not hold what was read from it before."""
        self._connection = open_beside(path, _SCHEMA, _VERSION, log.ledger)
        self.heads = {
            row[0]: Head(*row) for row in self._connection.execute("select * from head").fetchall()
        }
        for head in self.heads.values():
            if not holds(log, head):
                self.close()
                raise lost(path, head)

    def take(self, entries: Iterable[Entry], head: Head) -> None:
        """Takes in entries of one partition, and the head after them, in one transaction."""
        rows = [
            (said.subject, said.source, said.id, intake.content, each.partition, each.position)
            for each in entries
            if (said := each.interaction) is not None and (intake := each.intake) is not None
        ]
        write = self._connection
        write.execute("begin")
        write.executemany("insert or ignore into message values (?, ?, ?, ?, ?, ?)", rows)
        write.execute(
            "insert or replace into head values (?, ?, ?)",
            (head.partition, head.position, head.hash),
        )
        write.execute("commit")
        self.heads[head.partition] = head

    def close(self) -> None:
        self._connection.close()
