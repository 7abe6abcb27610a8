"""The tables as they were at a moment: by what was recorded then, and by what had happened then.

By recorded time they say what was known (`until`), by counter time what had happened
(`happened_by`); the two may be combined. By positions they say what these entries say. The file
that is written opens in DuckDB; its table `replayed` says what it is.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from consumers.embedded import facts_of
from ledger.entry import LedgerError, decode
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.settings import Home
from replay.happened_by import HappenedBy
from replay.history import archive_of, project_history
from replay.scratch import scratch_folder

Positions = Mapping[int, int]
"""By partition, the position of the last entry that is shown; others are not shown."""
Until = datetime | Positions
"""What was recorded at or before a moment, or up to these positions."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of tables is: whose, and of which entries.

    `positions` say where reading stopped, `entries` how many count; `as_of` and `happened_by` are
    None where no such moment was named. `clock` is system or simulated.
    """

    ledger: str
    clock: str
    as_of: str | None
    happened_by: str | None
    positions: dict[int, int]
    entries: int
    made_at: str


class AsOf(Replayed, frozen=True, kw_only=True):
    """A finished replay and its file."""

    file: str


def replay_as_of(
    home: Home,
    until: Until | None,
    output: Path,
    happened_by: datetime | None = None,
    tick: Callable[[int], None] | None = None,
) -> AsOf:
    """Builds all tables from the entries up to `until`, all by default, into a new DuckDB file.

    With `happened_by` only what had happened by then counts. Raises LedgerError where the file
    exists, the ledger was founded later, or a position is not in the log.
    """
    if output.exists():
        raise LedgerError(f"{output} exists; name a new file")
    with closing(open_log(home)) as log, scratch_folder(output.absolute().parent) as scratch:
        positions = positions_of(log, until)
        chosen = None if happened_by is None else HappenedBy(happened_by)
        left_out = None if chosen is None else chosen.left_out
        with Projector.open(scratch, left_out=left_out) as projector:
            # Typed tables hold all entries, and cannot leave out any.
            archive = archive_of(home, log) if chosen is None else None
            count = project_history(archive, log, projector, positions, tick)
            built = projector.snapshot()
        entries = count if chosen is None else chosen.count
        made = replayed(log, until, positions, entries, happened_by)
        describe(built, made)
        built.replace(output)
    return AsOf(file=str(output), **msgspec.structs.asdict(made))


def replayed(
    log: SqliteLog,
    until: Until | None,
    positions: dict[int, int],
    entries: int,
    happened_by: datetime | None = None,
) -> Replayed:
    """Says of tables that were just made what they are."""
    return Replayed(
        ledger=log.ledger,
        clock=facts_of(log).clock,
        as_of=_utc(until) if isinstance(until, datetime) else None,
        happened_by=_utc(happened_by) if happened_by is not None else None,
        positions=positions,
        entries=entries,
        made_at=_utc(datetime.now(UTC)),
    )


def entries_until(home: Home, until: Until | None) -> int:
    """How many entries there are up to then, by default in all. Raises as `positions_of` does."""
    with closing(open_log(home)) as log:
        return sum(positions_of(log, until).values())


def positions_of(log: SqliteLog, until: Until | None) -> dict[int, int]:
    """Where to stop in each partition that is shown.

    Raises LedgerError where that is before the founding or behind the end.
    """
    ends = log.ends()
    if until is None:
        return ends
    if isinstance(until, datetime):
        positions = positions_at(log, until)
        if not positions:
            raise LedgerError(f"the ledger was founded after {until.isoformat()}")
        return positions
    for partition, position in until.items():
        if partition not in ends:
            raise LedgerError(f"the ledger has no partition {partition}")
        if position > ends[partition]:
            raise LedgerError(
                f"partition {partition} ends at position {ends[partition]},"
                f" before position {position}"
            )
    return dict(until)


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


def read_positions(text: str) -> dict[int, int]:
    """`0:1000,1:950` as positions. Raises ValueError where it says something else."""
    positions: dict[int, int] = {}
    for part in text.split(","):
        partition, colon, position = part.strip().partition(":")
        if not (colon and partition.isdecimal() and position.isdecimal() and int(position)):
            raise ValueError(f"{part!r} is no partition:position")
        if int(partition) in positions:
            raise ValueError(f"partition {int(partition)} is named twice")
        positions[int(partition)] = int(position)
    return positions


def write_positions(positions: Positions) -> str:
    """Positions as `0:1000,1:950`."""
    return ",".join(f"{partition}:{positions[partition]}" for partition in sorted(positions))


def describe(file: Path, made: Replayed) -> None:
    """Adds the table `replayed` to a file of tables."""
    row = msgspec.structs.replace(made, positions=write_positions(made.positions))
    with closing(duckdb.connect(str(file))) as tables:
        columns = ", ".join(f"{name} {type_}" for name, (type_, _) in _REPLAYED.items())
        tables.execute(f"create table replayed ({columns})")
        tables.execute(f"comment on table replayed is '{_ABOUT}'")
        for name, (_, said) in _REPLAYED.items():
            tables.execute(f"comment on column replayed.{name} is '{said}'")
        values = [getattr(row, name) for name in _REPLAYED]
        blanks = ", ".join("?" for _ in values)
        tables.execute(f"insert into replayed values ({blanks})", values)


def described(tables: duckdb.DuckDBPyConnection, database: str) -> Replayed:
    """What a file that is attached says of itself. Raises LedgerError where it says nothing."""
    columns = ", ".join(
        f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f+00:00')" if type_ == "timestamp" else name
        for name, (type_, _) in _REPLAYED.items()
    )
    try:
        rows = tables.execute(f"select {columns} from {database}.main.replayed").fetchall()
    except duckdb.CatalogException:
        rows = []
    if len(rows) != 1:
        raise LedgerError("a file to compare was not written by `ledger replay`")
    said = dict(zip(_REPLAYED, rows[0], strict=True))
    said["positions"] = read_positions(said["positions"])
    return Replayed(**said)


_ABOUT: Final = "What this file is: one row about the replay it came of."
_REPLAYED: Final = {
    "ledger": ("varchar", "The ledger: the leaf hash of the founding in partition 0."),
    "clock": ("varchar", "system, or simulated: the time of the ledger comes from its messages."),
    "as_of": (
        "timestamp",
        "What was recorded by then is shown, UTC; null where no moment was named.",
    ),
    "happened_by": (
        "timestamp",
        "Only what had happened by then, UTC, by counter time, counts: the tables are a selection"
        " of the entries up to the positions. Null where all of these count.",
    ),
    "positions": ("varchar", "The last entry that was read of each partition that is shown."),
    "entries": ("bigint", "How many entries count."),
    "made_at": ("timestamp", "When the file was made, UTC."),
}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
