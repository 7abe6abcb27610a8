"""How fast full tables take in a live batch, and how fast each view over them answers.

    python -m bench.tables [--events 1000000] [--home DIR] [--json]

`live_batch_ms`: `BATCHES` batches of 1,000 events into the tables of all the history before them,
each in all facts and durable. `views_ms`: all rows of each view of the readers' snapshot, the
slowest first; `history_ms` is one customer's. A ledger of the simulator's mix is recorded first;
with `--home` one that stands there is used, or kept there, with its archive if it has one.
"""

import itertools
import resource
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from bench.machine import machine, over_a_ledger
from bench.rebuild import record
from consumers.projector import batches, project_all
from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.archive.tables import project_archive
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.projections.snapshot import open_snapshot
from ledger.settings import Home

BATCH = 1_000
BATCHES = 40
WARM = 5
"""Batches of which no time is taken: statements are planned with the first."""


def measure(folder: Path, events: int) -> dict[str, Any]:
    home = Home(folder)
    if not home.founded:
        record(folder, events)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, closing(SqliteLog(home.log)) as log:
        tables = Path(scratch)
        with Projector.open(tables) as projector:
            _all_but_the_last(home, log, projector)
            live = _live(log, projector)
            started = time.perf_counter()
            projector.snapshot()
            snapshot = time.perf_counter() - started
        with closing(open_snapshot(tables)) as connection:
            rows = connection.execute("select sum(next_event - 1) from positions").fetchall()
            views = _views(connection)
            history = _history(connection)
    slowest = sorted(views, key=lambda name: -views[name])
    return {
        **machine(),
        "events": int(rows[0][0]),
        "live_batch_ms_median": round(statistics.median(live)),
        "live_batch_ms_max": round(max(live)),
        "snapshot_seconds": round(snapshot, 2),
        "views_ms": {name: round(views[name]) for name in slowest},
        "history_ms": round(history, 1),
        "memory_mib_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _all_but_the_last(home: Home, log: SqliteLog, projector: Projector) -> None:
    ends = log.ends()
    left = BATCH * (BATCHES + WARM) // len(ends)
    upto = {partition: max(0, end - left) for partition, end in ends.items()}
    if (archive := Archive.find(Storage.at(home.archive))) is not None:
        project_archive(archive, projector, upto)
    project_all(log, projector, upto)


def _live(log: SqliteLog, projector: Projector) -> list[float]:
    # As the projector that follows a writer does.
    projector.use_threads(1)
    taken: list[float] = []
    for records, heads in itertools.islice(
        batches(log, projector.positions(), BATCH), WARM + BATCHES
    ):
        started = time.perf_counter()
        projector.apply(records, heads)
        taken.append((time.perf_counter() - started) * 1_000)
    return taken[WARM:]


def _views(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Milliseconds for all rows of each KPI view, as DuckDB gives them."""
    names = connection.execute("select view from kpis order by view").fetchall()
    return {name: _milliseconds(connection, f"from {name}") for (name,) in names}


def _history(connection: duckdb.DuckDBPyConnection) -> float:
    """The customer with the most sentences."""
    busiest = connection.execute(
        "select customer_id from sentences where customer_id is not null"
        " group by all order by count(*) desc limit 1"
    ).fetchall()
    return _milliseconds(connection, f"from customer_history where customer_id = '{busiest[0][0]}'")


def _milliseconds(connection: duckdb.DuckDBPyConnection, select: str) -> float:
    started = time.perf_counter()
    connection.sql(select).to_arrow_table()
    return (time.perf_counter() - started) * 1_000


if __name__ == "__main__":
    over_a_ledger(__doc__, measure)
