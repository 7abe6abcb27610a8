"""Visits for a projector to take in, and what its readers then find."""

import duckdb

from ledger.aggregates.hall import visit
from ledger.projections.engine import Projector
from tests.projections.history import MORNING, History
from tests.projections.scenes import ARRIVE, RENMIN


def arrivals(number: int, of: str = "v") -> History:
    history = History(partitions=2)
    computed = {"lapse_due_at": MORNING}
    for n in range(number):
        history.say(RENMIN, ARRIVE, visit.Arrived, computed=computed, visit=f"{of}{n}")
    return history


def rows(projector: Projector, table: str) -> int:
    path = projector.snapshot()
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(f"select count(*) from {table}").fetchall()[0][0]
