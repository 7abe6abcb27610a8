"""A simulated morning of two halls, recorded and projected."""

from pathlib import Path

from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from ledger import simulator
from ledger.entry import Entry, decode
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home

SEED = 7
HALLS = 2


def play(folder: Path, count: int) -> Home:
    """A ledger of so many messages, in `folder`."""
    home = found(folder, simulator.founding_of(SEED, HALLS))
    with Embedded(folder) as ledger:
        ledger.publish(simulator.messages(SEED, HALLS, count=count))
    catch_up(home)
    return home


def entries_of(home: Home) -> list[Entry]:
    """All entries, partition after partition, in order."""
    log = SqliteLog(home.log)
    try:
        return [
            decode(record)
            for partition, end in log.ends().items()
            for record in log.read(partition, 0, end)
        ]
    finally:
        log.close()
