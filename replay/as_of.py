"""The tables as they were known at a moment: what we knew then, by recorded time."""

from datetime import datetime
from pathlib import Path

import msgspec

from consumers.projector import project_all
from ledger.entry import LedgerError, decode
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.settings import Home
from replay.scratch import scratch_folder


class AsOf(msgspec.Struct, frozen=True):
    """A finished replay: the file that holds the tables, and the positions it stops at."""

    file: str
    entries: int
    positions: dict[int, int]


def replay_as_of(home: Home, moment: datetime, output: Path) -> AsOf:
    """Builds all tables from the entries recorded at or before `moment` into a new DuckDB file.

    Raises LedgerError where the file exists, or where the ledger was founded later.
    """
    if output.exists():
        raise LedgerError(f"{output} exists; name a new file")
    log = open_log(home)
    try:
        positions = positions_at(log, moment)
        if not positions:
            raise LedgerError(f"the ledger was founded after {moment.isoformat()}")
        with scratch_folder(output.absolute().parent) as scratch:
            with Projector.open(scratch) as projector:
                project_all(log, projector, positions)
                built = projector.snapshot()
            built.replace(output)
    finally:
        log.close()
    return AsOf(str(output), sum(positions.values()), positions)


def positions_at(log: SqliteLog, moment: datetime) -> dict[int, int]:
    """Per partition, the last position recorded by `moment`; recorded times never fall."""
    found: dict[int, int] = {}
    for partition, end in log.ends().items():
        low, high = 0, end
        while low < high:
            middle = (low + high + 1) // 2
            record = log.record(partition, middle)
            assert record is not None
            if decode(record).recorded_at <= moment:
                low = middle
            else:
                high = middle - 1
        if low:
            found[partition] = low
    return found
