"""How fast the tables are made again from the log: the chain check and all folds.

    python -m bench.rebuild [--visits 35000] [--json]

`events_per_second`: from records in memory to durable tables, over a synthetic day in two halls.
The next batch is checked and read in a thread of its own while the folds of this one run; DuckDB
leaves the interpreter alone meanwhile.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.machine import machine
from ledger.entry import Head, accept, decode
from ledger.projections.engine import Projector
from tests.projections.history import History
from tests.projections.lives import Lives

BATCH = 50_000
PARTITIONS = 8

Batch = tuple[Sequence[bytes], dict[int, Head]]


def events_per_second(records: Sequence[bytes]) -> tuple[float, float]:
    """Projects the records, in order per partition, into an empty folder.

    Gives events per second, and the processors' microseconds an event, which other work on the
    machine disturbs less.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder,
        Projector.open(Path(folder)) as projector,
    ):
        started, used = time.perf_counter(), time.process_time()
        projector.apply_all(_checked(records))
        seconds, used = time.perf_counter() - started, time.process_time() - used
        assert sum(head.position for head in projector.positions().values()) == len(records)
    events = _events(records)
    return events / seconds, 1e6 * used / events


def _checked(records: Sequence[bytes]) -> Iterator[Batch]:
    """Batches of records with the heads after them; the chain is checked on the way."""
    heads: dict[int, Head] = {n: Head(n) for n in range(PARTITIONS)}
    where = _partitions(records)
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        for partition, record in zip(where[start : start + BATCH], batch, strict=True):
            following = accept(heads[partition], record)
            assert following is not None
            heads[partition] = following
        yield batch, dict(heads)


def _partitions(records: Sequence[bytes]) -> list[int]:
    """Which partition each record was read from; a real reader knows."""
    start = len(b'{"v":1,"partition":')
    return [int(record[start : record.index(b",", start)]) for record in records]


def _events(records: Sequence[bytes]) -> int:
    newest = dict(zip(_partitions(records), records, strict=True))
    entries = map(decode, newest.values())
    return sum(entry.first_event + len(entry.events) - 1 for entry in entries)


def synthetic(visits: int) -> list[bytes]:
    """A day of so many visits, about twelve entries each."""
    history = History(PARTITIONS)
    Lives(history, seed=1).day(visits)
    return history.records


def measure(visits: int) -> dict[str, Any]:
    records = synthetic(visits)
    speed, cost = events_per_second(records)
    return {
        **machine(),
        "entries": len(records),
        "events": _events(records),
        "bytes_per_entry": round(sum(map(len, records)) / len(records)),
        "events_per_second": round(speed),
        "cpu_us_per_event": round(cost, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=35_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.visits)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name}: {value:,}" if isinstance(value, int | float) else f"{name}: {value}")


if __name__ == "__main__":
    main()
