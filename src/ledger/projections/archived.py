"""The relations that folds read, as the Parquet files of an archive, and tables made from them.

`archive.typed` writes a file for each relation and segment; here a batch of segments becomes the
relations again, so that no record is parsed. Each file says which SQL made it: a segment of which
that is no longer today's is left to whoever reads the records. Where a fold's rows of the segments
were made when they were sealed (`prepared`), they are read, and what they were made of is not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb

from ledger.entry import ChainError, Head
from ledger.projections import arrow, filed, merge, prepared, relations
from ledger.projections.definitions import Definitions, Fold, words
from ledger.projections.merge import TABLES

ENTRIES_AT_ONCE: Final = 5_000_000
"""How many entries are read as one batch, where segments are no larger."""
_AT_ONCE: Final = 4
"""How many segments are read at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sealed segment: its name, the head that it follows, and the head that it makes."""

    name: str
    before: Head
    head: Head
    events: Mapping[str, int]
    """How many rows each relation has, by the segment's seal."""
    files: Set[str]
    """The paths of its files."""
    read: Callable[[str], tuple[Path | None, bytes]]
    """Where on a disk one of its files is, if it is on one, and its bytes, as they were sealed;
    asked by path within the archive."""

    @property
    def entries(self) -> int:
        return self.head.position - self.before.position

    @property
    def relations(self) -> set[str]:
        """Those that have rows."""
        return {"entries", *self.events, *(["foundings"] if self.before.position == 0 else [])}


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments that were read: where their files of each table lie, in the order of the segments.

    Tables are the relations that are read, and `rows/<fact>` where the rows were made before.
    """

    parts: Sequence[Part]
    tables: Mapping[str, Sequence[Path]]
    records: Sequence[bytes] = ()
    """None: they were read when the segments were sealed."""

    @property
    def heads(self) -> dict[int, Head]:
        return {part.head.partition: part.head for part in self.parts}

    @property
    def relations(self) -> set[str]:
        """Those that have rows, also where they were not read."""
        return {name for part in self.parts for name in part.relations}

    def has_rows_of(self, fold: Fold) -> bool:
        return f"rows/{fold.name}" in self.tables


@dataclass(frozen=True, slots=True)
class _Opened:
    """A segment whose files were compared with its seal: where they are by table."""

    part: Part
    tables: Mapping[str, Path]
    lacking: Set[str]
    """The facts whose rows are made of its relations."""


class Reader:
    """Reads segments of an archive, as many at once as make a batch, and compares their seals."""

    def __init__(self, definitions: Definitions, folds: Sequence[Fold], scratch: Path) -> None:
        """Of `definitions` reads what is needed for `folds`. What lies elsewhere than on a disk is
        copied into `scratch`."""
        self._definitions = definitions
        self._folds = folds
        self._scratch = scratch
        self._read_of: dict[Set[str], set[str]] = {}

    def batches(
        self, parts: Iterable[Part], tick: Callable[[int], None] | None = None
    ) -> Iterator[Batch]:
        """The parts in order; `tick` is told the entries of each that was read.

        A partition ends where other SQL than today's made a file. Raises ChainError where a file
        has not as many rows as the segment's seal says.
        """
        ended: set[int] = set()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sealed") as threads:
            for several in _several(parts):
                opened: list[_Opened] = []
                for part, found in zip(several, threads.map(self._open, several), strict=True):
                    if tick is not None:
                        tick(part.entries)
                    if found is None:
                        ended.add(part.head.partition)
                    elif part.head.partition not in ended:
                        opened.append(found)
                # Of one batch all lack the same.
                for _, same in groupby(opened, key=lambda each: each.lacking):
                    yield _batch(list(same))

    def let_go(self, batch: Batch) -> None:
        """Deletes what was copied of it."""
        for files in batch.tables.values():
            for path in files:
                if path.is_relative_to(self._scratch):
                    path.unlink()

    def _open(self, part: Part) -> _Opened | None:
        """None where today's SQL did not make what is read."""
        ready, lacking = self._rows(part)
        files = self._files(part, lacking)
        if files is None:
            return None
        rows = {f"rows/{fact}": path for fact, path in ready.items()}
        return _Opened(part, files | rows, lacking)

    def _rows(self, part: Part) -> tuple[dict[str, Path], frozenset[str]]:
        """The files of rows that today's SQL made, by fact; and the facts that lack one."""
        today = prepared.made_by(self._definitions, part.relations)
        ready: dict[str, Path] = {}
        lacking = {fold.name for fold in self._folds} & today.keys()
        for fact in sorted(lacking):
            place = prepared.path(fact, part.name)
            if place in part.files:
                path, content = part.read(place)
                if arrow.parquet_says(content)[0] == today[fact]:
                    ready[fact] = path or self._copied(place, content)
        return ready, frozenset(lacking - ready.keys())

    def _files(self, part: Part, lacking: Set[str]) -> dict[str, Path] | None:
        """The files by relation that are read; None where today's SQL did not make them."""
        if not part.events.keys() <= relations.RELATIONS.keys():
            # A newer ledger knows this event.
            return None
        rows = {"entries": part.entries, **part.events}
        files: dict[str, Path] = {}
        for relation in rows.keys() & self._needed(frozenset(lacking)):
            place = filed.path(relation, part.name)
            path, content = part.read(place)
            made, size = arrow.parquet_says(content)
            if made != filed.made_by(relation):
                return None
            if size != rows[relation]:
                raise ChainError(
                    f"{place} of the archive has {size} rows where its seal says {rows[relation]};"
                    " run `ledger verify`"
                )
            files[relation] = path or self._copied(place, content)
        return files

    def _copied(self, place: str, content: bytes) -> Path:
        path = self._scratch / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def _needed(self, lacking: Set[str]) -> set[str]:
        """The relations that are read for these facts, and the entries."""
        if lacking not in self._read_of:
            folds = [fold for fold in self._folds if fold.name in lacking]
            needed = {name for name in relations.RELATIONS if _columns(name, folds)}
            self._read_of[lacking] = needed | {"entries"}
        return self._read_of[lacking]


def _several(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """As many as are one batch."""
    several: list[Part] = []
    for part in parts:
        several.append(part)
        if sum(each.entries for each in several) >= ENTRIES_AT_ONCE:
            yield several
            several = []
    if several:
        yield several


def _batch(opened: Sequence[_Opened]) -> Batch:
    tables: dict[str, list[Path]] = {}
    for each in opened:
        for table, path in each.tables.items():
            tables.setdefault(table, []).append(path)
    return Batch([each.part for each in opened], tables)


class Staging:
    """The relations of one batch of segments at a time, on the connection that merges.

    DuckDB reads the files itself, on all cores, and only what a fold asks of them. Which files
    they are is part of a plan, so that statements are planned for each batch.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folds: Sequence[Fold],
        define: Callable[[Fold], None],
    ) -> None:
        """Puts relations over files in place of those over records, each when it is first read.

        `define` defines those over records that a fold reads; they say what type each column has.
        """
        self._connection = connection
        self._folds = folds
        self._define = define
        self._batch: Batch | None = None
        self._is_first = False
        self._heads = arrow.Slot(connection, "staged_heads", arrow.head_table([]))
        self._types = {"entries": filed.types(connection, "entries")}
        self._over: set[str] = {"entries"}
        self._put("entries", None)
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
        self._batch = batch
        self._is_first = not rows
        present = batch.relations
        for fold in self._folds:
            if fold.words & present and not batch.has_rows_of(fold):
                self._read(fold)
        for name in self._types:
            self._put(name, batch.tables.get(name))
        return present

    def only_adds(self, fold: Fold) -> bool:
        """Whether the batch's rows of the fold have no keys that are in the table."""
        assert self._batch is not None
        return fold.appends or (self._is_first and self._batch.has_rows_of(fold))

    def rows(self, fold: Fold) -> str:
        """What gives the batch's rows of a fold that merges."""
        return self._made_before(fold) or merge.rows(fold)

    def appends(self, fold: Fold, rows: Set[str]) -> list[str]:
        """What writes the batch's rows of a fold that only adds.

        As one SELECT: a relation's few files do not occupy all cores.
        """
        select = self._made_before(fold) or " union all ".join(
            f"({select})" for select in fold.selects(rows).values()
        )
        return [merge.append(fold, select)]

    def _made_before(self, fold: Fold) -> str | None:
        assert self._batch is not None
        if not self._batch.has_rows_of(fold):
            return None
        files = self._batch.tables[f"rows/{fold.name}"]
        return prepared.selected(
            fold, files, filed.types(self._connection, f"{TABLES}.{fold.name}")
        )

    def _read(self, fold: Fold) -> None:
        """Makes what the fold reads ready to be put over files."""
        self._define(fold)
        for name in fold.words & (relations.RELATIONS.keys() - self._types.keys()):
            if columns := _columns(name, self._folds):
                types = filed.types(self._connection, name)
                self._types[name] = {column: types[column] for column in columns}
                # Over records it has those of the newest batch that was read of records.
                self._over.add(name)

    def _put(self, relation: str, files: Sequence[Path] | None) -> None:
        """Puts the relation over files, or over no rows."""
        if files is None and relation not in self._over:
            return
        types = self._types[relation]
        if files is None:
            self._over.discard(relation)
            columns = [
                f'cast(null as {filed.portable(type_)}) as "{name}"'
                for name, type_ in types.items()
            ]
            source = f"(select {', '.join(columns)}, cast(null as varchar) as founding where false)"
        else:
            self._over.add(relation)
            source = filed.read(files)
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
        *(name for name in filed.fields(relation) if {name, name.removeprefix("data_")} & used),
    ]


_FOUNDINGS: Final = """
create or replace temp view foundings as
select partition, position, recorded_at, cast(founding as json) as founding
from staged_entries
where founding is not null
"""
