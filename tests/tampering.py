"""Changing a log's file as an intruder with the file in hand would."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without its triggers, and with an `entry` that is written like a table."""
    with closing(sqlite3.connect(path)) as connection:
        named = connection.execute("select type, name from sqlite_schema").fetchall()
        for kind, name in named:
            if kind == "trigger":
                connection.execute(f"drop trigger {name}")
        for event, statement in _WRITTEN.items():
            through = " ".join(statement.format(name) for kind, name in named if kind == "table")
            connection.execute(
                f"create temp trigger written_{event} instead of {event} on entry"
                f" begin {through} end"
            )
        yield connection
        connection.commit()


_WRITTEN = {
    "update": "update {0} set position = new.position, record = new.record"
    " where '{0}' = 'entry_' || old.partition and position = old.position;",
    "delete": "delete from {0}"
    " where '{0}' = 'entry_' || old.partition and position = old.position;",
}
