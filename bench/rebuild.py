"""How fast all tables are made again from the log.

    python -m bench.rebuild [--events 1000000] [--home DIR] [--json]

`events_per_second`: from the log's file, the chain checked, to all tables finished and durable;
their checks and the readers' snapshot are timed beside it. A ledger of the
simulator's mix is recorded first; with `--home` one that stands there is used, or kept there.
"""

import resource
from itertools import islice
from pathlib import Path
from typing import Any

from bench.machine import machine, over_a_ledger
from consumers.embedded import Embedded, found
from ledger import simulator
from ledger.settings import Home
from replay.rebuild import rebuild
from replay.status import status_of

BATCH = 500


def measure(folder: Path, events: int) -> dict[str, Any]:
    home = Home(folder)
    if not home.founded:
        record(folder, events)
    recorded = status_of(home)
    built = rebuild(home)
    return {
        **machine(),
        "entries": built.entries,
        "events": recorded.events,
        "seconds_to_finished_tables": round(built.tables_seconds, 1),
        "seconds_with_checks_and_snapshot": round(built.seconds, 1),
        "events_per_second": round(recorded.events / built.tables_seconds),
        "log_mib": home.log.stat().st_size // 2**20,
        "tables_mib": sum(f.stat().st_size for f in home.projections.glob("*.duckdb")) // 2**20,
        "memory_mib_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def record(folder: Path, events: int) -> None:
    """A ledger of the simulator's mix with so many events."""
    facts = simulator.founding_of(1)
    found(folder, facts)
    messages = simulator.messages(1)
    with Embedded(folder) as ledger:
        reached = 0
        while reached < events:
            ledger.publish(islice(messages, BATCH))
            tips = [ledger.store.index.tip(number) for number in range(facts.partitions)]
            reached = sum(tip.next_event - 1 for tip in tips)


if __name__ == "__main__":
    over_a_ledger(__doc__, measure)
