"""What became of a message, by what its source called it: looked up where an index has it."""

import sqlite3
from contextlib import closing

from consumers.decider import Answer
from ledger import sqlite_files
from ledger.entry import Entry, LedgerError, decode
from ledger.logs.opening import on_kafka, open_kept
from ledger.settings import Home


def answer_of(entry: Entry, *, repeated: bool = False) -> Answer:
    """What the sender of the entry's interaction hears."""
    return Answer(
        "refused" if entry.refusal else "recorded",
        entry.partition,
        entry.position,
        repeated=repeated,
        refusal=entry.refusal,
    )


def answer_to(home: Home, subject: str, source: str, message_id: str) -> Answer | None:
    """The answer to the first message of that id, or None where there is no entry (yet).

    Reads the file that the process that takes interactions keeps beside the log: the decider's
    index, or on Kafka the places of messages.
    """
    path = home.places if on_kafka() else home.index
    query = (
        "select partition, position from message where owner = ? and source = ? and id = ?"
        " order by position limit 1"
    )
    try:
        with closing(sqlite_files.connect(path)) as index:
            place = index.execute(query, (subject, source, message_id)).fetchone()
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"{path.name} cannot be read: {error}") from error
    if place is None:
        return None
    with closing(open_kept(home)) as log:
        record = log.record(*place)
    return answer_of(decode(record)) if record is not None else None
