"""Files kept beside the log: all that is in them follows from the log, so a bad one is made anew.

Such a file says whose it is: the format of its tables and the ledger's identity. Where either is
another, or the file is damaged, an empty one takes its place and its owner reads the log again.
"""

import sqlite3
from pathlib import Path
from typing import Final

from ledger.entry import ChainError, Head

_SCHEMA: Final = "create table if not exists made_for (only integer primary key, ledger text);"


def open_beside(path: Path, schema: str, version: int, ledger: str) -> sqlite3.Connection:
    """Opens the file, or an empty one where there is none that is whole and of this ledger."""
    try:
        return _connect(path, schema, version, ledger)
    except sqlite3.DatabaseError:
        remove(path)
        return _connect(path, schema, version, ledger)


def remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def lost(path: Path, head: Head) -> ChainError:
    """The log lacks an entry that was read from it: history is never silently replaced."""
    return ChainError(
        f"the log does not hold position {head.position} of partition {head.partition} any more,"
        f" as {path.name} knows it: restore the log, or delete {path.name} to go on without"
    )


def _connect(path: Path, schema: str, version: int, ledger: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma cache_size = -64000")
        found = connection.execute("pragma user_version").fetchone()[0]
        if not found:
            connection.executescript(
                f"begin; {_SCHEMA} {schema} pragma user_version = {version}; commit;"
            )
            connection.execute("insert into made_for values (1, ?)", (ledger,))
        elif found != version:
            raise sqlite3.DatabaseError("a file of another format")
        if connection.execute("select ledger from made_for").fetchone() != (ledger,):
            raise sqlite3.DatabaseError("a file of another ledger")
        if connection.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("a damaged file")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
