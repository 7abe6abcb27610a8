"""How fast a ledger is verified.

    python -m bench.verify [--events 1000000] [--home DIR] [--json]

`walk_mb_per_second`: the walk along the chains, which computes every leaf again and checks ids,
numbers, versions and partitions, in bytes of entries; then what the index, and the tables against a
rebuild, cost beside it. A ledger of the simulator's mix is recorded first; with `--home` one that
stands there is used, or kept there.
"""

import resource
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.machine import machine, over_a_ledger
from bench.rebuild import record
from consumers.embedded import facts_of
from consumers.projector import catch_up
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from replay.finding import Finding
from replay.verify import verify
from replay.walk import walk_all

AT_ONCE = 1_000


def measure(folder: Path, events: int) -> dict[str, Any]:
    home = Home(folder)
    if not home.founded:
        record(folder, events)
    catch_up(home)
    with closing(SqliteLog(home.log)) as log:
        ends, facts = log.ends(), facts_of(log)
        megabytes = _bytes_of_entries(log) / 1e6
        walk = _seconds(lambda: walk_all(log, ends, facts.partitions, log.ledger, lambda _: None))
    log_and_index = _seconds(lambda: verify(home, tables=False))
    findings: list[Finding] = []
    whole = _seconds(lambda: findings.extend(verify(home).findings))
    return {
        **machine(),
        "entries": sum(ends.values()),
        "findings": len(findings),
        "megabytes_of_entries": round(megabytes),
        "walk_seconds": round(walk, 1),
        "walk_mb_per_second": round(megabytes / walk),
        "index_seconds": round(log_and_index - walk, 1),
        "tables_seconds": round(whole - log_and_index, 1),
        "whole_seconds": round(whole, 1),
        "whole_mb_per_second": round(megabytes / whole),
        "memory_mib_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _bytes_of_entries(log: SqliteLog) -> int:
    size = 0
    for partition in log.ends():
        position = 0
        while records := log.read(partition, position, AT_ONCE):
            position += len(records)
            size += sum(len(record) for record in records)
    return size


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    over_a_ledger(__doc__, measure)
