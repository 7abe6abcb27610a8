"""A batch of records as the relations that folds read.

Reading records needs nothing of the tables, so that one batch can be read while another is merged.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from ledger import wire
from ledger.entry import NO_ENTRY, ChainError, Head
from ledger.projections import arrow, merge, relations, unreadable
from ledger.projections.definitions import Fold
from ledger.projections.merge import TABLES
from ledger.projections.planned import Planned

LeftOut = Callable[[Sequence[bytes]], Sequence[tuple[int, int]]]
"""Given a batch's records, the places of those that do not count; batches come in order."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were read: entries and events as Arrow tables, events in the order of tags.

    `sizes` says how many events each relation has, in that order. `left_out` names entries that
    are there for the chain only; their events are not.
    """

    records: Sequence[bytes]
    heads: Mapping[int, Head]
    entries: Any
    events: Any
    sizes: Mapping[str, int]
    foundings: int
    left_out: Any = None


class Reader:
    """Reads one batch at a time, beside the connection that merges the one before."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, left_out: LeftOut | None = None
    ) -> None:
        self._connection = connection.cursor()
        self._choose = left_out
        self._left_out = arrow.Slot(self._connection, "left_out", arrow.place_table([]))
        self._planned = Planned(self._connection)
        self._incoming = arrow.Slot(self._connection, "incoming", arrow.record_table([]))
        entries = arrow.table(self._connection, relations.STAGED_ENTRIES)
        self._entries = arrow.Slot(self._connection, "staged_entries", entries)
        events = arrow.table(self._connection, relations.STAGED_EVENTS)
        self._events = arrow.Slot(self._connection, "staged_events", events)

    def read(self, records: Sequence[bytes], heads: Mapping[int, Head]) -> Batch:
        """Raises ChainError for what cannot be read, FutureFormatError for an event that this
        ledger does not know; both name partition and position.
        """
        try:
            self._incoming.put(arrow.record_table(records))
            entries = arrow.table(
                self._connection, self._planned.run("entries", relations.STAGED_ENTRIES)
            )
            self._entries.put(entries)
            if self._fetched("malformed", _MALFORMED):
                unreadable.explain(records)
            left_out = self._leave_out(records)
            events = arrow.table(
                self._connection, self._planned.run("events", relations.STAGED_EVENTS)
            )
            events = arrow.ordered(events, ["tag"])
            self._events.put(events)
            found: dict[str, int] = dict(self._fetched("found", _FOUND))
        except duckdb.Error as error:
            unreadable.explain(records, error)
        foundings = found.pop("", 0)
        if not found.keys() <= wire.EVENTS.keys():
            unreadable.explain(records)
        sizes = {relations.relation_name(tag): size for tag, size in found.items()}
        return Batch(records, heads, entries, events, sizes, foundings, left_out)

    def close(self) -> None:
        self._connection.close()

    def _leave_out(self, records: Sequence[bytes]) -> Any:
        """Takes what does not count out of the entries whose events are read."""
        if self._choose is None:
            return None
        places = arrow.place_table(self._choose(records))
        self._left_out.put(places)
        self._entries.put(arrow.table(self._connection, _COUNTING))
        return places

    def _fetched(self, name: str, select: str) -> list[Any]:
        return self._connection.execute(self._planned.run(name, select)).fetchall()


class Staging:
    """The relations of one batch at a time, on the connection that merges."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folds: Sequence[Fold]) -> None:
        """Defines the relations with the fields that `folds` name, each when it is first read."""
        self._connection = connection
        self._folds = folds
        self._planned = Planned(connection)
        nothing = Reader(connection).read([], {})
        self._heads = arrow.Slot(connection, "staged_heads", arrow.head_table([]))
        self._reached = arrow.Slot(connection, "staged_reached", arrow.reached_table([]))
        self._entries = arrow.Slot(connection, "staged_entries", nothing.entries)
        self._left_out = arrow.Slot(connection, "left_out", arrow.place_table([]))
        self._events = arrow.Slot(connection, "staged_events", nothing.events)
        for view in (relations.ENTRIES, relations.FOUNDINGS, relations.EVENTS):
            connection.execute(view)
        self._nothing = nothing.events
        self._slots: dict[str, arrow.Slot] = {}

    def define(self, *folds: Fold) -> None:
        """Defines all relations that these folds read, without rows where they have none yet."""
        for fold in folds:
            self._define(fold.words)

    def take(self, batch: Batch) -> set[str]:
        """Makes the batch the relations; the names of those that have rows.

        `events` is not among them: a fold that reads it reads the relation of a tag, too. Raises
        ChainError where the batch does not follow the positions that the tables have reached.
        """
        self.put(batch)
        for partition, entries, reached, newest in self._breaks():
            raise ChainError(
                f"the batch's {entries} entries of partition {partition} are not the chain that"
                f" follows position {reached} and ends at position {newest}"
            )
        return _read_from(batch)

    def put(self, batch: Batch) -> None:
        """Makes the batch the relations, whatever the tables have reached."""
        self._heads.put(arrow.head_table(list(batch.heads.values())))
        self._entries.put(batch.entries)
        self._events.put(batch.events)
        self._left_out.clear()
        if batch.left_out is not None:
            self._left_out.put(batch.left_out)
        present = _read_from(batch)
        for fold in self._folds:
            # Each arm reads its own relation, everything else all that it names.
            if fold.words & present:
                self._define(fold.words & present if fold.arms is not None else fold.words)
        for slot in self._slots.values():
            slot.clear()
        for name, rows in arrow.slices(batch.events, batch.sizes):
            if name in self._slots:
                self._slots[name].put(rows)

    def only_adds(self, fold: Fold) -> bool:
        """Whether the batch's rows of the fold have no keys that are in the table."""
        return fold.appends

    def rows(self, fold: Fold) -> duckdb.Statement:
        """What gives the batch's rows of a fold that merges."""
        return self._planned.run(fold.name, merge.rows(fold))

    def appends(self, fold: Fold, rows: Set[str]) -> list[duckdb.Statement]:
        """What writes the batch's rows of a fold that only adds."""
        return [
            self._planned.run(name, merge.append(fold, select))
            for name, select in fold.selects(rows).items()
        ]

    def _define(self, names: Set[str]) -> None:
        for name in names & (relations.RELATIONS.keys() - self._slots.keys()):
            self._slots[name] = arrow.Slot(self._connection, f"staged_{name}", self._nothing)
            used = frozenset(field for fold in self._folds for field in fold.fields(name))
            tag = relations.RELATIONS[name]
            select = relations.select_events(tag, wire.EVENTS[tag][1], used)
            self._connection.execute(f"create temp view {name} as {select}")

    def _breaks(self) -> list[Any]:
        reached = self._connection.execute(self._planned.read("reached", _REACHED)).fetchall()
        self._reached.put(arrow.reached_table(reached))
        return self._connection.execute(self._planned.run("breaks", _BREAKS)).fetchall()


def _read_from(batch: Batch) -> set[str]:
    """The names of the relations that have rows."""
    return {"entries", *batch.sizes, *(["foundings"] if batch.foundings else [])}


_MALFORMED: Final = """
select 1 from staged_entries
where partition is null or position is null or prev is null or recorded_at is null
    or (interaction is not null and (
        happened_at is null or interaction.id is null or interaction.source is null
        or interaction.type is null or owner is null or interaction.actor is null
    ))
    or (refusal is not null and refusal.rule is null)
    or len(list_filter(
        events, lambda e: e.tag is null or e.stream is null or e.version is null
    )) > 0
limit 1
"""

_COUNTING: Final = "from staged_entries anti join left_out using (partition, position)"

_REACHED: Final = f"select partition, position, hash, next_event from {TABLES}.positions"

_BREAKS: Final = f"""
with batch as (
    select
        partition,
        min(position) as first,
        max(position) as last,
        count(distinct position) as entries,
        arg_min(prev, position) as prev,
        arg_min(first_event, position) as first_event,
        sum(event_count) as events,
        max(first_event + event_count) as next_event
    from staged_entries
    group by partition
)
select
    partition,
    coalesce(batch.entries, 0) as entries,
    coalesce(reached.position, 0) as reached,
    heads.newest
from batch
full join staged_heads as heads using (partition)
left join staged_reached as reached using (partition)
where heads.newest is distinct from coalesce(batch.last, reached.position, 0)
    or batch.first <> coalesce(reached.position, 0) + 1
    or batch.prev <> coalesce(reached.hash, '{NO_ENTRY}')
    or batch.entries <> batch.last - batch.first + 1
    or batch.first_event <> coalesce(reached.next_event, 1)
    or batch.next_event <> batch.first_event + batch.events
order by partition
"""
"""Partitions whose records do not follow on. Their reader has checked the chain; this is the
other half of the pair, and costs a millisecond."""

_FOUND: Final = """
select tag, count(*) from staged_events group by tag
union all
select '', count(*) from staged_entries where founding is not null
order by 1
"""
"""How many events of each tag there are, in the order of the staged events, and foundings."""
