"""The relations that folds read, as the Parquet files of an archive, and tables made from them.

`archive.typed` writes a file for each relation and segment; here a batch of segments becomes the
relations again, so that no record is parsed. Each file says which SQL made it: a segment of which
that is no longer today's is left to whoever reads the records.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from ledger import wire
from ledger.entry import ChainError, Head
from ledger.projections import arrow, relations
from ledger.projections.definitions import Fold, words
from ledger.projections.merge import TABLES
from ledger.projections.templates import literal

ENTRIES_AT_ONCE: Final = 1_000_000
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
    """Segments that were read: their files lie in a folder for each of these relations."""

    parts: Sequence[Part]
    folder: Path
    relations: Set[str]
    records: Sequence[bytes] = ()
    """None: they were read when the segments were sealed."""

    @property
    def heads(self) -> dict[int, Head]:
        return {part.head.partition: part.head for part in self.parts}


class Reader:
    """Reads segments of an archive, as many at once as make a batch, and compares their seals."""

    def __init__(self, folds: Sequence[Fold], scratch: Path) -> None:
        self._read_of = {name for name in relations.RELATIONS if _columns(name, folds)}
        self._scratch = scratch

    def batches(self, parts: Iterable[Part]) -> Iterator[Batch]:
        """The parts in order, each batch in a folder of its own, which its reader deletes.

        A partition ends where other SQL than today's made a file. Raises ChainError where a file
        has not as many rows as the segment's seal says.
        """
        batch: list[Part] = []
        found: set[str] = set()
        ended: set[int] = set()
        for part in parts:
            if part.head.partition in ended:
                continue
            files = self._files(part)
            if files is None:
                ended.add(part.head.partition)
                continue
            folder = self._scratch / (batch or [part])[0].name
            for relation, content in files.items():
                file = folder / relation / f"{part.name}.parquet"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            batch.append(part)
            found |= files.keys()
            if sum(each.entries for each in batch) >= ENTRIES_AT_ONCE:
                yield Batch(batch, folder, found)
                batch, found = [], set()
        if batch:
            yield Batch(batch, self._scratch / batch[0].name, found)

    def _files(self, part: Part) -> dict[str, bytes] | None:
        """The files by relation that any fold reads; None where today's SQL did not make them."""
        if not part.events.keys() <= relations.RELATIONS.keys():
            # A newer ledger knows this event.
            return None
        rows = {"entries": part.entries, **part.events}
        files: dict[str, bytes] = {}
        for relation in rows.keys() & (self._read_of | {"entries"}):
            place = path(relation, part.name)
            content = part.read(place)
            made, size = arrow.parquet_says(content)
            if made != made_by(relation):
                return None
            if size != rows[relation]:
                raise ChainError(
                    f"{place} of the archive has {size} rows where its seal says {rows[relation]};"
                    " run `ledger verify`"
                )
            files[relation] = content
        return files


class Staging:
    """The relations of one batch of segments at a time, on the connection that merges.

    DuckDB reads the files itself, on all cores, and only what a fold asks of them. Which files
    they are is part of a plan, so that statements are planned for each batch.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folds: Sequence[Fold]) -> None:
        """Puts the relations over files, without rows, in place of those over records.

        The connection has those from `staging.Staging`; they say what type each column has.
        """
        self._connection = connection
        self._heads = arrow.Slot(connection, "staged_heads", arrow.head_table([]))
        self._types = {"entries": _types(connection, "entries")}
        for name in relations.RELATIONS:
            if columns := _columns(name, folds):
                types = _types(connection, name)
                self._types[name] = {column: types[column] for column in columns}
        self._over: set[str] = set(self._types)
        for name in self._types:
            self._put(name, None)
        connection.execute(_FOUNDINGS)

    def take(self, batch: Batch) -> set[str]:
        """Makes the batch the relations; the names of those that have rows.

        Raises ChainError where a segment does not follow the positions that the tables reached.
        """
        rows = self._connection.execute(
            f"select partition, position, hash from {TABLES}.positions"
        ).fetchall()
        reached = {row[0]: Head(*row) for row in rows}
        for part in batch.parts:
            partition = part.before.partition
            if reached.get(partition, Head(partition)) != part.before:
                raise ChainError(
                    f"segment {part.name} of the archive does not follow what the tables hold of"
                    f" partition {partition}; run `ledger verify`"
                )
            reached[partition] = part.head
        self._heads.put(arrow.head_table(list(batch.heads.values())))
        for name in self._types:
            self._put(name, batch.folder / name if name in batch.relations else None)
        first = any(part.before.position == 0 for part in batch.parts)
        return {*batch.relations, *(["foundings"] if first else [])}

    def planned(self, name: str, statement: str) -> str:
        """The statement itself: it reads other files under the same name each time."""
        return statement

    def selects(self, fold: Fold, rows: Set[str]) -> Mapping[str, str]:
        """The fold's rows as one SELECT: a relation's few files do not occupy all cores."""
        selects = fold.selects(rows).values()
        return {fold.name: " union all ".join(f"({select})" for select in selects)}

    def _put(self, relation: str, folder: Path | None) -> None:
        """Puts the relation over the files of a folder, or over no rows."""
        if folder is None and relation not in self._over:
            return
        types = self._types[relation]
        if folder is None:
            self._over.discard(relation)
            filed = [
                f'cast(null as {_portable(type_)}) as "{name}"' for name, type_ in types.items()
            ]
            source = f"(select {', '.join(filed)}, cast(null as varchar) as founding where false)"
        else:
            self._over.add(relation)
            source = f"read_parquet({literal(f'{folder}/*.parquet')})"
        if relation == "entries":
            # Also what the positions reached are taken from.
            self._connection.execute(f"create or replace temp view staged_entries as from {source}")
            source = "staged_entries"
        read = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in types.items())
        self._connection.execute(
            f"create or replace temp view {relation} as select {read} from {source}"
        )


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
