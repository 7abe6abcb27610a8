"""The relations that folds read, as the Parquet files of an archive, and tables made from them.

`archive.typed` writes a file for each relation and segment; here a batch of segments becomes the
relations again, so that no record is parsed. Each file says which SQL made it: a segment of which
that is no longer today's is left to whoever reads the records.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import duckdb
import msgspec

from ledger import wire
from ledger.entry import ChainError, Head
from ledger.projections import arrow, relations
from ledger.projections.definitions import Fold, words
from ledger.projections.merge import TABLES
from ledger.projections.planned import Planned

ENTRIES_AT_ONCE: Final = 200_000
"""How many entries are read as one batch, where segments are no larger."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sealed segment: its name, the head that it follows, and the head that it makes."""

    name: str
    before: Head
    head: Head
    events: Mapping[str, int]
    """How many rows each relation has, by the segment's seal."""
    read: Callable[[str], bytes]
    """The bytes of one of its files, as they were sealed; asked by path."""

    @property
    def entries(self) -> int:
        return self.head.position - self.before.position


def path(relation: str, name: str) -> str:
    """Where the rows of a relation stand that are of the segment `name`."""
    return (
        f"entries/{name}.parquet" if relation == "entries" else f"events/{relation}/{name}.parquet"
    )


@cache
def fields(relation: str) -> tuple[str, ...]:
    """The columns that an event's fields have, behind those of the envelope."""
    _, event = wire.EVENTS[relations.RELATIONS[relation]]
    return tuple(
        f"data_{field.name}" if field.name in relations.ENVELOPE else field.name
        for field in msgspec.structs.fields(event)
        if not relations.is_personal(field.type)
    )


@cache
def made_by(relation: str) -> str:
    """Says which SQL makes the relation's file: SHA-256 of it."""
    parts = [str(_FORMAT), relations.STAGED_ENTRIES]
    if relation == "entries":
        parts.append(relations.ENTRIES)
    else:
        _, event = wire.EVENTS[tag := relations.RELATIONS[relation]]
        parts += [
            relations.STAGED_EVENTS,
            relations.select_events(tag, event, frozenset(fields(relation))),
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def select(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """What stands in the relation's file, on a connection that has the relations over records."""
    columns = ", ".join(
        f'cast("{name}" as {_portable(type_)}) as "{name}"'
        for name, type_ in _types(connection, relation).items()
    )
    if relation != "entries":
        return f"select {columns} from {relation}"
    return f"""
select {columns}, cast(founding as varchar) as founding
from entries left join foundings using (partition, position, recorded_at)
"""


_FORMAT: Final = 1
"""Counts the changes of `select` itself."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments that were read: the rows of each relation that has some, as Arrow tables."""

    parts: Sequence[Part]
    rows: Mapping[str, Any]
    records: Sequence[bytes] = ()
    """None: they were read when the segments were sealed."""

    @property
    def heads(self) -> dict[int, Head]:
        return {part.head.partition: part.head for part in self.parts}


class Reader:
    """Reads segments of an archive, as many at once as make a batch."""

    def __init__(self, folds: Sequence[Fold]) -> None:
        self._columns = {name: _columns(name, folds) for name in relations.RELATIONS}

    def batches(self, parts: Iterable[Part]) -> Iterator[Batch]:
        """The parts in order. A partition ends where other SQL than today's made a file.

        Raises ChainError where a file has not as many rows as the segment's seal says.
        """
        batch: list[tuple[Part, Mapping[str, Any]]] = []
        ended: set[int] = set()
        for part in parts:
            if part.head.partition in ended:
                continue
            tables = self._read(part)
            if tables is None:
                ended.add(part.head.partition)
                continue
            batch.append((part, tables))
            if sum(each.entries for each, _ in batch) >= ENTRIES_AT_ONCE:
                yield _together(batch)
                batch = []
        if batch:
            yield _together(batch)

    def _read(self, part: Part) -> dict[str, Any] | None:
        tables = {"entries": _rows(part, "entries", part.entries, None)}
        for relation, size in part.events.items():
            columns = self._columns.get(relation)
            if columns is None:
                # A newer ledger knows this event.
                return None
            if columns:
                tables[relation] = _rows(part, relation, size, columns)
        return None if None in tables.values() else tables


def _rows(part: Part, relation: str, size: int, columns: Sequence[str] | None) -> Any:
    place = path(relation, part.name)
    rows = arrow.read_parquet(part.read(place), columns, made_by(relation))
    if rows is not None and len(rows) != size:
        raise ChainError(
            f"{place} of the archive has {len(rows)} rows where its seal says {size};"
            " run `ledger verify`"
        )
    return rows


def _together(batch: Sequence[tuple[Part, Mapping[str, Any]]]) -> Batch:
    pieces: dict[str, list[Any]] = {}
    for _, tables in batch:
        for relation, rows in tables.items():
            pieces.setdefault(relation, []).append(rows)
    rows = {relation: arrow.concatenated(tables) for relation, tables in pieces.items()}
    return Batch([part for part, _ in batch], rows)


class Staging:
    """The relations of one batch of segments at a time, on the connection that merges."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folds: Sequence[Fold]) -> None:
        """Puts the relations over files, without rows, in place of those over records.

        The connection has those from `staging.Staging`; they say what type each column has.
        """
        self._connection = connection
        self._planned = Planned(connection)
        self._heads = arrow.Slot(connection, "staged_heads", arrow.head_table([]))
        self._slots = {"entries": self._slot("entries", "staged_entries", None)}
        for name in relations.RELATIONS:
            if columns := _columns(name, folds):
                self._slots[name] = self._slot(name, f"archived_{name}", columns)
        connection.execute(_FOUNDINGS)

    def take(self, batch: Batch) -> set[str]:
        """Makes the batch the relations; the names of those that have rows.

        Raises ChainError where a segment does not follow the positions that the tables reached.
        """
        reached = {row[0]: Head(*row) for row in self._reached()}
        for part in batch.parts:
            partition = part.before.partition
            if reached.get(partition, Head(partition)) != part.before:
                raise ChainError(
                    f"segment {part.name} of the archive does not follow what the tables hold of"
                    f" partition {partition}; run `ledger verify`"
                )
            reached[partition] = part.head
        self._heads.put(arrow.head_table(list(batch.heads.values())))
        for name, slot in self._slots.items():
            if name in batch.rows:
                slot.put(batch.rows[name])
            else:
                slot.clear()
        first = any(part.before.position == 0 for part in batch.parts)
        return {*batch.rows, *(["foundings"] if first else [])}

    def _reached(self) -> list[Any]:
        select = f"select partition, position, hash from {TABLES}.positions"
        return self._connection.execute(self._planned.run("reached", select)).fetchall()

    def _slot(self, relation: str, slot: str, columns: Sequence[str] | None) -> arrow.Slot:
        """Puts the relation over rows of its file in place of the one over records."""
        types = _types(self._connection, relation)
        columns = columns or list(types)
        filed = [f'cast(null as {_portable(types[name])}) as "{name}"' for name in columns]
        if relation == "entries":
            filed.append("cast(null as varchar) as founding")
        nothing = arrow.table(self._connection, f"select {', '.join(filed)} limit 0")
        read = ", ".join(f'cast("{name}" as {types[name]}) as "{name}"' for name in columns)
        rows = arrow.Slot(self._connection, slot, nothing)
        self._connection.execute(
            f"create or replace temp view {relation} as select {read} from {slot}"
        )
        return rows


def _columns(relation: str, folds: Sequence[Fold]) -> list[str]:
    """The columns of an event's file that any of the folds reads, in the file's order."""
    asked: set[str] = set()
    used: set[str] = set()
    for fold in folds:
        if relation in fold.words:
            asked |= words(fold.select if fold.arms is None else fold.arms[relation].select)
            used |= fold.fields(relation)
    return [
        *(name for name in relations.ENVELOPE if name in asked),
        *(name for name in fields(relation) if {name, name.removeprefix("data_")} & used),
    ]


_FOUNDINGS: Final = """
create or replace temp view foundings as
select partition, position, recorded_at, cast(founding as json) as founding
from staged_entries
where founding is not null
"""


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"describe from {relation}").fetchall()
    return {row[0]: row[1] for row in rows}


def _portable(type_: str) -> str:
    """The type in the file: JSON is text there."""
    return type_.replace("JSON", "VARCHAR")
