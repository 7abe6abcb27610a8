"""How the projector gets on, in tables beside the facts: what lags, what moves, what stands still.

Rows of `stopped` outlive the process that wrote them: they go once the entry has been taken in.
"""

from collections.abc import Mapping, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from ledger.projections import snapshot
from ledger.projections.merge import TABLES


class Stop(msgspec.Struct, frozen=True):
    """The position of the entry that a partition stands still before, and what is wrong with it."""

    partition: int
    position: int
    sentence: str


class Pace(msgspec.Struct, frozen=True):
    """By how many entries a partition's lag had grown between the projector's last two looks, and
    when it took entries in last."""

    trend: int
    moved_at: datetime | None


class Trouble(msgspec.Struct, frozen=True):
    """What does not go on in a snapshot: partitions, and facts by name with the reason."""

    stopped: list[Stop]
    standing: dict[str, str]


def look(
    connection: duckdb.DuckDBPyConnection, ends: Mapping[int, int], moved: Mapping[int, datetime]
) -> bool:
    """Notes the log's ends, and when what was taken in since it looked last; whether that is news.

    Where nothing moved and nothing is left to do, there is no news.
    """
    before = _before(connection)
    reached = _reached(connection)
    is_news = False
    for partition, end in ends.items():
        position = reached.get(partition, 0)
        lag = max(0, end - position)
        told = before.get(partition)
        if told == (lag, lag, position):
            continue
        lag_before, _, position_before = told or (lag, lag, 0)
        is_news = True
        moved_at = moved.get(partition)
        connection.execute(
            _LOOKED,
            [
                partition,
                end,
                lag,
                lag_before,
                moved_at and moved_at.astimezone(UTC).replace(tzinfo=None),
                position - position_before if moved_at else None,
            ],
        )
    return is_news


def stop(connection: duckdb.DuckDBPyConnection, found: Stop) -> None:
    connection.execute("begin")
    connection.execute(f"delete from {TABLES}.stopped where partition = ?", [found.partition])
    connection.execute(
        f"insert into {TABLES}.stopped values (?, ?, ?)",
        [found.partition, found.position, found.sentence],
    )
    connection.execute("commit")


def has_stops(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute(f"select 1 from {TABLES}.stopped limit 1").fetchall())


def say_why_standing(connection: duckdb.DuckDBPyConnection, facts: Set[str], sentence: str) -> None:
    """Says of facts that stand still what keeps them from going on."""
    connection.execute(
        f"update {TABLES}.standing set sentence = ? where list_contains(?, fact)",
        [sentence, sorted(facts)],
    )


def troubles(folder: Path) -> Trouble:
    """What stands still in the newest snapshot of a projections folder; nothing without one."""
    if snapshot.find(folder) is None:
        return Trouble([], {})
    connection = snapshot.open_snapshot(folder)
    try:
        stopped = connection.execute("from stopped order by partition").fetchall()
        standing = connection.execute(
            "select distinct fact, sentence from standing order by fact"
        ).fetchall()
    except duckdb.CatalogException:
        # Made by a ledger that kept no such tables.
        return Trouble([], {})
    finally:
        connection.close()
    return Trouble([Stop(*row) for row in stopped], dict(standing))


def paces(folder: Path) -> dict[int, Pace]:
    """How each partition gets on, by the newest snapshot of a projections folder."""
    if snapshot.find(folder) is None:
        return {}
    connection = snapshot.open_snapshot(folder)
    try:
        rows = connection.execute(
            "select partition, lag - lag_before, moved_at from progress"
        ).fetchall()
    except duckdb.CatalogException:
        # Made by a ledger that kept no such table.
        return {}
    finally:
        connection.close()
    return {partition: Pace(*pace) for partition, *pace in rows}


def _before(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, int, int]]:
    """Of each partition, the lag, the one before it, and the tables' position at the last look."""
    rows = connection.execute(
        f"select partition, lag, lag_before, head - lag from {TABLES}.progress"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def _reached(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    rows = connection.execute(f"select partition, position from {TABLES}.positions").fetchall()
    return dict(rows)


_LOOKED: Final = f"""
merge into {TABLES}.progress as kept using (
    select
        cast(? as bigint) as partition,
        cast(? as bigint) as head,
        cast(? as bigint) as lag,
        cast(? as bigint) as lag_before,
        cast(? as timestamp) as moved_at,
        cast(? as bigint) as moved_entries
) as now on kept.partition = now.partition
when matched then update set
    head = now.head,
    lag = now.lag,
    lag_before = now.lag_before,
    moved_at = coalesce(now.moved_at, kept.moved_at),
    moved_entries = coalesce(now.moved_entries, kept.moved_entries)
when not matched then insert by name *
"""

LET_GO: Final = f"""
delete from {TABLES}.stopped as stopped using {TABLES}.positions as reached
where stopped.partition = reached.partition and stopped.position <= reached.position
"""
"""Takes back what is said of partitions that have gone on."""
