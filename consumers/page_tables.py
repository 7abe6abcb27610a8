"""What the page shows of the tables: key figures, the newest entries, and a hall's day.

Each answer is read from one snapshot, by a worker that is killed when it takes too long, and says
how far that snapshot is. Figures are read by what the views say of themselves; none is named here.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import msgspec

from ledger.entry import LedgerError
from ledger.projections import snapshot, worker

T = TypeVar("T")

SECONDS: Final = 10.0
REST: Final = 5
"""A reading is followed by a rest so many times as long as it took."""
NEWEST: Final = 40
OF_A_DAY: Final = 200
FIGURES: Final = 50_000


class Reached(msgspec.Struct, frozen=True):
    """How far a snapshot is in one partition; `recorded_at` is that entry's time, UTC."""

    partition: int
    position: int
    recorded_at: str


class Figure(msgspec.Struct, frozen=True):
    """A KPI of one hall and day or month; `hall` is empty where it is the operator's.

    `value` is None where there is no data, or, with `split`, where the figures of the hall's
    clerks cannot be put together. `met` is None where there is no value or no target.
    """

    hall: str
    begins_on: str
    value: float | None
    numerator: float | None
    denominator: float | None
    split: bool
    met: bool | None


class Kpi(msgspec.Struct, frozen=True):
    """One KPI, in the words of its own view, with the newest day and month of each hall."""

    k: str
    name: str
    name_zh: str
    formula: str
    grain: str
    unit: str
    direction: str
    target: float | None
    target_source: str | None
    day: list[Figure]
    month: list[Figure]


class Told(msgspec.Struct, frozen=True):
    """One entry for people: times in UTC; `mark` is recorded, refused, alarm, founding, …

    The sentences are what its events say, or the rule that was broken; empty where nothing says.
    An alarm is a follow-on of the ledger's own that was refused.
    """

    partition: int
    position: int
    recorded_at: str
    happened_at: str | None
    type: str | None
    owner: str | None
    hall: str | None
    counter: str | None
    actor: str | None
    approver: str | None
    mark: str
    rule: str | None
    detail: str | None
    sentence: str
    sentence_zh: str


class Newest(msgspec.Struct, frozen=True):
    """The newest entries, and the newest that were refused; each newest first."""

    entries: list[Told]
    refusals: list[Told]


class Day(msgspec.Struct, frozen=True):
    """What was recorded of one hall and local day, newest first; `count` is of all there are."""

    count: int
    entries: list[Told]


class Reading(msgspec.Struct, Generic[T], frozen=True):
    """An answer, and the snapshot that it is from."""

    tables: str
    reached: list[Reached]
    answer: T


class Kept(Generic[T]):
    """An answer that is read anew when there is a newer snapshot, by one asker at a time."""

    def __init__(self, folder: Path, ask: Callable[[Path], T]) -> None:
        self._folder = folder
        self._ask = ask
        self._reading = Lock()
        self._kept: Reading[T] | None = None
        self._rests_until = 0.0

    def newest(self) -> Reading[T] | None:
        """None where there are no tables yet. Raises LedgerError where they cannot be read."""
        kept = self._kept
        if not self._reading.acquire(blocking=kept is None):
            # Somebody reads the newer one at this moment; who asks again gets it.
            return kept
        try:
            return self._newest()
        finally:
            self._reading.release()

    def _newest(self) -> Reading[T] | None:
        path = snapshot.find(self._folder)
        kept = self._kept
        if path is None:
            return None
        began = time.monotonic()
        if kept is not None and (path.stem == kept.tables or began < self._rests_until):
            return kept
        self._kept = read(self._folder, self._ask)
        self._rests_until = time.monotonic() + REST * (time.monotonic() - began)
        return self._kept


def read(folder: Path, ask: Callable[[Path], T]) -> Reading[T]:
    """Asks the newest snapshot. Raises LedgerError where there is none, or it cannot be read."""
    path = snapshot.current_snapshot(folder)
    try:
        return Reading(path.stem, reached(path), ask(path))
    except LedgerError:
        newer = snapshot.current_snapshot(folder)
        if newer == path:
            raise
        # It was replaced by a newer one before it was opened.
        return Reading(newer.stem, reached(newer), ask(newer))


def reached(path: Path) -> list[Reached]:
    """How far a snapshot is. Raises LedgerError where it cannot be read."""
    connection = snapshot.open_file(path)
    try:
        rows = connection.execute(_POSITIONS).fetchall()
    finally:
        connection.close()
    return [Reached(*row) for row in rows]


def kpis(path: Path) -> list[Kpi]:
    """Every KPI, in the order of their numbers, also those without data."""
    found: dict[str, Kpi] = {}
    for row in worker.query(path, _KPIS, rows=FIGURES, seconds=SECONDS).rows:
        said, span, figure = row[:9], row[9], row[10:]
        kpi = found.setdefault(said[0], Kpi(*said, day=[], month=[]))
        if span is not None:
            figures = kpi.day if span == "day" else kpi.month
            figures.append(Figure(*figure, met=_met(figure[2], kpi)))
    return list(found.values())


def _met(value: float | None, kpi: Kpi) -> bool | None:
    if value is None or kpi.target is None:
        return None
    if kpi.direction.startswith("lower"):
        return value <= kpi.target
    return value >= kpi.target if kpi.direction.startswith("higher") else None


def newest(path: Path) -> Newest:
    rows = worker.query(path, _NEWEST, seconds=SECONDS).rows
    return Newest(
        entries=[Told(*row[2:]) for row in rows if row[0]],
        refusals=[Told(*row[2:]) for row in rows if row[1]],
    )


def day_of(hall: str, day: date) -> Callable[[Path], Day]:
    """Asks for what was recorded of a hall on its local day."""
    named = hall.replace("'", "''")

    def ask(path: Path) -> Day:
        select = _DAY.format(hall=named, day=day.isoformat())
        rows: list[list[Any]] = worker.query(path, select, seconds=SECONDS).rows
        return Day(rows[0][0] if rows else 0, [Told(*row[1:]) for row in rows])

    return ask


_POSITIONS: Final = """
    select partition, position, strftime(recorded_at, '%Y-%m-%dT%H:%M:%SZ')
    from positions
    order by partition
"""
# The parts of a hall (its clerks) are put together where all of them are the same multiple of
# numerator over denominator, as sums and shares are and percentiles are not.
_KPIS: Final = """
    with figures as (
        select k, 'day' as span, hall, clerk, business_on as begins_on,
            value, numerator, denominator
        from kpi
        union all
        select k, 'month', hall, clerk, month, value, numerator, denominator
        from kpi_month
        qualify month = max(month) over (partition by k, hall)
    ),

    grouped as (
        select
            k,
            span,
            hall,
            max(begins_on) as begins_on,
            case when count(*) filter (clerk is null) = 1
                then any_value(value) filter (clerk is null)
                else any_value(value)
            end as one,
            count(*) filter (clerk is not null) as clerks,
            count(*) filter (clerk is null) as whole,
            any_value(numerator) filter (clerk is null) as whole_numerator,
            any_value(denominator) filter (clerk is null) as whole_denominator,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            min(value * denominator / nullif(numerator, 0)) as least,
            max(value * denominator / nullif(numerator, 0)) as most
        from figures
        group by k, span, hall
    )

    select
        kpis.k,
        kpis.name,
        kpis.name_zh,
        kpis.formula,
        kpis.grain,
        kpis.unit,
        kpis.direction,
        targets.target,
        targets.source,
        grouped.span,
        coalesce(grouped.hall, ''),
        cast(grouped.begins_on as varchar),
        case
            when whole = 1 or clerks + whole = 1 then one
            when most - least > 1e-6 * abs(most) then null
            else grouped.numerator / nullif(grouped.denominator, 0) * coalesce(most, 1)
        end,
        case when whole = 1 then whole_numerator else grouped.numerator end,
        case when whole = 1 then whole_denominator else grouped.denominator end,
        coalesce(whole <> 1 and clerks + whole > 1 and most - least > 1e-6 * abs(most), false)
    from kpis
    left join grouped on grouped.k = kpis.k
    left join targets on targets.parameter = kpis.target
    order by kpis.k, grouped.span, grouped.hall
"""
# `chosen` says which entries; a refusal is told by its rule, all else by its events' sentences.
_TOLD: Final = """
    told as (
        select
            partition,
            position,
            string_agg(sentence, ' ' order by event_number) as sentence,
            string_agg(sentence_zh, '' order by event_number) as sentence_zh
        from sentences
        semi join chosen using (partition, position)
        group by partition, position
    ),

    entries_told as (
        select
            chosen.partition,
            chosen.position,
            strftime(chosen.recorded_at, '%Y-%m-%dT%H:%M:%SZ') as recorded_at,
            strftime(chosen.happened_at, '%Y-%m-%dT%H:%M:%SZ') as happened_at,
            chosen.type,
            chosen.owner,
            chosen.hall,
            chosen.counter,
            chosen.actor,
            chosen.approver,
            case
                when chosen.outcome = 'refused' and chosen.cause is not null then 'alarm'
                else chosen.outcome
            end as mark,
            chosen.rule,
            chosen.detail,
            coalesce(told.sentence, rules.sentence, '') as sentence,
            coalesce(told.sentence_zh, rules.sentence_zh, '') as sentence_zh
        from chosen
        left join told using (partition, position)
        left join rules on rules.rule = chosen.rule
        order by chosen.recorded_at desc, chosen.position desc, chosen.partition
    )
"""
_NEWEST: Final = f"""
    with tails as (
        select audit_trail.*
        from audit_trail
        join positions using (partition)
        where audit_trail.position > positions.position - {NEWEST}
        order by audit_trail.recorded_at desc, audit_trail.position desc, partition
        limit {NEWEST}
    ),

    refused as (
        select *
        from audit_trail
        where outcome = 'refused'
        order by recorded_at desc, position desc, partition
        limit {NEWEST}
    ),

    chosen as (
        select * from tails
        union
        select * from refused
    ),

    {_TOLD}

    select
        (partition, position) in (select (partition, position) from tails),
        (partition, position) in (select (partition, position) from refused),
        entries_told.*
    from entries_told
"""
_DAY: Final = f"""
    with of_day as (
        select *
        from audit_trail
        where hall = '{{hall}}'
            and happened_at >= timestamp '{{day}}' - interval 8 hours
            and happened_at < timestamp '{{day}}' + interval 16 hours
    ),

    chosen as (
        select * from of_day order by recorded_at desc, position desc, partition limit {OF_A_DAY}
    ),

    {_TOLD}

    select (select count(*) from of_day), entries_told.*
    from entries_told
"""
