"""The projector's own file of tables: opened by one process at a time, made anew when damaged."""

import fcntl
from pathlib import Path
from typing import IO, Final

import duckdb

from ledger.entry import LedgerError
from ledger.half_open import undone_on_failure
from ledger.projections import schema
from ledger.projections.definitions import Definitions

THREADS: Final = 2
CHECKPOINT_AT: Final = "256MB"
"""How much may be written beside the file before it is folded in: larger is faster to rebuild."""
_ROWS: Final = 61_440
"""Rows that are compressed as one group: half of DuckDB's, as most facts have fewer rows than one
such group for each core."""


class TablesBusyError(LedgerError):
    """Another process has the tables open; it goes on without this one."""


def lock(folder: Path) -> IO[bytes]:
    """Held while the tables of a folder are open. Raises TablesBusyError where another has them.

    DuckDB's own lock of the file is lost as soon as this process copies it for a snapshot: closing
    any descriptor of a file gives up all of a process's POSIX locks of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise TablesBusyError("another projector has the tables open") from error
    return file


def open_live(
    folder: Path, definitions: Definitions
) -> tuple[duckdb.DuckDBPyConnection, str | None]:
    """Opens the live file, whose lock is held, and why it had to be made anew, if it had."""
    path = folder / "live.duckdb"
    database = duckdb.connect(config={"threads": str(THREADS)})
    with undone_on_failure(database.close):
        why = _attach(database, path)
        if damage := _damage(database, definitions):
            database.execute("detach live")
            _remove(path)
            _attach(database, path)
            why = damage
    return database, why


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> str | None:
    """Opens the file as `live`. One that is damaged is made anew, and the answer says so."""
    name = str(path).replace("'", "''")
    attach = f"attach '{name}' as live (storage_version 'v1.5.0', row_group_size {_ROWS})"
    try:
        connection.execute(attach)
    except duckdb.Error as error:
        if "Could not set lock" in str(error) or "already attached" in str(error):
            raise TablesBusyError("another projector has the tables open") from error
        _remove(path)
        connection.execute(attach)
        return f"the tables are made anew because their file cannot be opened: {error}"
    return None


def _damage(database: duckdb.DuckDBPyConnection, definitions: Definitions) -> str | None:
    try:
        schema.pending(database, definitions)
    except duckdb.Error as error:
        return f"the tables are made anew because their file cannot be read: {error}"
    return None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def prepare(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Makes a session as the tables need it."""
    connection.execute("set timezone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"set wal_autocheckpoint = '{CHECKPOINT_AT}'")
    connection.execute(definitions.shared)
