"""How long tracing a customer takes, and finding a stream that is named without its owner.

    python -m bench.trace [--entries 1000000] [--home DIR] [--json]

Each figure is the slowest of `TRACED`, as `ledger trace` asks for them: log and index opened,
entries with causes and consequences. Of customers, those with the most entries, and with as many as
half of all have; `from_disk` where nothing of log and index is in memory yet, else what was traced
before is. A ledger of the simulator's mix is recorded first; with `--home` one that stands there is
used, or kept there.
"""

import os
import sqlite3
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from bench.machine import machine, over_a_ledger
from consumers.embedded import Embedded, found
from ledger import simulator
from ledger.settings import Home
from replay.status import status_of
from replay.trace import trace

BATCH = 500
TRACED = 20


def measure(folder: Path, entries: int) -> dict[str, Any]:
    home = Home(folder)
    if not home.founded:
        _record(folder, entries)
    customers = _asked(
        home,
        "select owner, count(*) from message where owner like 'customer/%' group by owner"
        " order by 2 desc, 1",
    )
    streams = _asked(
        home,
        "select stream, 1 from event where stream like 'customer/% payment/%' and version = 1"
        f" limit {TRACED}",
    )
    busiest = [owner for owner, _ in customers[:TRACED]]
    middle = len(customers) // 2
    usual = [owner for owner, _ in customers[middle : middle + TRACED]]
    named = [stream for stream, _ in streams]
    return {
        **machine(),
        "entries": status_of(home).entries,
        "entries_of_busiest_customer": customers[0][1],
        "entries_of_usual_customer": customers[middle][1],
        "busiest_from_disk_ms_max": _slowest(home, busiest, from_disk=True),
        "busiest_ms_max": _slowest(home, busiest),
        "usual_from_disk_ms_max": _slowest(home, usual, from_disk=True),
        "usual_ms_max": _slowest(home, usual),
        "stream_with_owner_ms_max": _slowest(home, named),
        "stream_without_owner_ms_max": _slowest(home, [each.partition(" ")[2] for each in named]),
    }


def _asked(home: Home, query: str) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(home.index)) as index:
        return index.execute(query).fetchall()


def _slowest(home: Home, names: list[str], *, from_disk: bool = False) -> float:
    seconds: list[float] = []
    for name in names:
        if from_disk:
            _forget(home.log, home.index)
        else:
            trace(home, name)
        started = time.perf_counter()
        trace(home, name)
        seconds.append(time.perf_counter() - started)
    return round(max(seconds) * 1000, 1)


def _forget(*files: Path) -> None:
    """Has the kernel drop what it has of the files in memory."""
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _record(folder: Path, entries: int) -> None:
    found(folder, simulator.founding_of(1))
    messages = simulator.messages(1)
    with Embedded(folder) as ledger:
        while sum(ledger.log.ends().values()) < entries:
            ledger.publish(islice(messages, BATCH))


if __name__ == "__main__":
    over_a_ledger(__doc__, measure, "entries")
