"""A batch of records as the relations that folds read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb

from ledger import wire
from ledger.entry import NO_ENTRY, ChainError, Head
from ledger.projections import arrow, relations, unreadable
from ledger.projections.definitions import Fold
from ledger.projections.merge import TABLES


class Staging:
    """The relations of one batch at a time, on one connection.

    A relation with rows is a view over the batch; one without is an empty table of the same
    columns, which takes a statement a tenth of the time to plan.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folds: Sequence[Fold]) -> None:
        """Defines the relations, without rows, with the fields that `folds` name."""
        self._connection = connection
        self._read_entries([], {})
        table = arrow.stage(connection, "staged_events", relations.STAGED_EVENTS)
        for view in (relations.ENTRIES, relations.FOUNDINGS, relations.EVENTS):
            connection.execute(view)
        used = frozenset(word for fold in folds for word in fold.words)
        self._selects = {
            relations.relation_name(tag): relations.select_events(tag, event, used)
            for tag, (_, event) in wire.EVENTS.items()
        }
        self._filled: set[str] = set()
        for name, select in self._selects.items():
            connection.register(f"staged_{name}", table)
            connection.execute(f"create table {name} as {select}")
            connection.unregister(f"staged_{name}")

    def read(self, records: Sequence[bytes], heads: Mapping[int, Head]) -> set[str]:
        """Reads a batch; the names of the relations that have rows.

        `events` is not among them: a fold that reads it reads the relation of a tag, too. Raises
        ChainError or FutureFormatError as `Projector.apply` says.
        """
        self._read_entries(records, heads)
        if self._connection.execute(_MALFORMED).fetchall():
            unreadable.explain(records)
        for partition, entries, reached, newest in self._connection.execute(_BREAKS).fetchall():
            raise ChainError(
                f"the batch's {entries} entries of partition {partition} are not the chain that"
                f" follows position {reached} and ends at position {newest}"
            )
        table = arrow.stage(self._connection, "staged_events", relations.STAGED_EVENTS)
        found: dict[str, int] = dict(self._connection.execute(_FOUND).fetchall())
        foundings = found.pop("", 0)
        if not found.keys() <= wire.EVENTS.keys():
            unreadable.explain(records)
        self._fill(table, {relations.relation_name(tag): size for tag, size in found.items()})
        return {"entries", *self._filled, *(["foundings"] if foundings else [])}

    def _read_entries(self, records: Sequence[bytes], heads: Mapping[int, Head]) -> None:
        self._connection.register("incoming", arrow.record_table(records))
        self._connection.register("staged_heads", arrow.head_table(list(heads.values())))
        arrow.stage(self._connection, "staged_entries", relations.STAGED_ENTRIES)
        self._connection.unregister("incoming")

    def _fill(self, table: Any, sizes: Mapping[str, int]) -> None:
        """Gives the relations their slices of the staged events, one behind the other."""
        for name in self._filled - sizes.keys():
            self._connection.execute(f"drop view temp.{name}")
            self._connection.unregister(f"staged_{name}")
        arrow.stage_slices(
            self._connection, table, {f"staged_{name}": size for name, size in sizes.items()}
        )
        for name in sizes.keys() - self._filled:
            self._connection.execute(f"create temp view {name} as {self._selects[name]}")
        self._filled = set(sizes)


_MALFORMED: Final = """
select 1 from staged_entries
where partition is null or position is null or prev is null or recorded_at is null
    or (interaction is null and refusal is not null)
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
left join {TABLES}.positions as reached using (partition)
where heads.newest is distinct from coalesce(batch.last, reached.position, 0)
    or batch.first <> coalesce(reached.position, 0) + 1
    or batch.prev <> coalesce(reached.hash, '{NO_ENTRY}')
    or batch.entries <> batch.last - batch.first + 1
    or batch.first_event <> coalesce(reached.next_event, 1)
    or batch.next_event <> batch.first_event + batch.events
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
