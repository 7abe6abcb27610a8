"""The typed tables of a segment: what its records say, as Parquet that any engine reads.

    entries/<segment>.parquet               one row an entry, also of refused interactions
    events/<relation>/<segment>.parquet     one row an event, one folder an event type
    rows/<fact>/<segment>.parquet           what the segment says of each fact of the projections

The columns are those of the relations that folds read (`projections.relations`), made by the same
SQL: the envelope, then the event's fields, typed. Personal fields stay out. Times are UTC, in
microseconds without a zone; JSON is text. Rows are in the order of their numbers. Whoever reads
them needs nothing of the ledger. Rows of facts are for rebuilds of the ledger's own tables.
"""

from collections.abc import Mapping, Sequence, Set
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from ledger.entry import Head
from ledger.projections import arrow, definitions, filed, prepared
from ledger.projections.definitions import Fold
from ledger.projections.planned import Planned
from ledger.projections.relations import RELATIONS, Arm
from ledger.projections.staging import Reader, Staging

_EVERYTHING: Final = Fold(
    name="everything",
    about="All that events say, but for personal fields.",
    columns=(),
    select="",
    arms={name: Arm("", frozenset(filed.fields(name))) for name in RELATIONS},
)


class TypedTables:
    """Writes the tables of one segment after another. To open it takes a second: plan it once."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        self._reader = Reader(self._connection)
        self._staging = Staging(self._connection, [_EVERYTHING])
        self._planned = Planned(self._connection)
        self._preparing = prepared.Preparing(
            self._connection, definitions.load(), self._staging.define
        )
        self._selects: dict[str, str] = {}

    def write(
        self,
        records: Sequence[bytes],
        heads: Mapping[int, Head],
        filesystem: Any,
        folder: str,
        name: str,
    ) -> dict[str, int]:
        """Writes the tables of consecutive records; how many rows each relation has.

        `heads` is the head that the records make, by partition; `filesystem` is one of
        `pyarrow.fs`, `folder` a path in it, `name` the segment's. Files of that name are replaced.
        They are whole when this returns, but not yet synced to a disk. Raises ChainError for a
        record that cannot be read, FutureFormatError for an event that this ledger does not know.
        """
        batch = self._reader.read(records, heads)
        self._staging.put(batch)
        rows = {"entries": len(records), **batch.sizes}
        for relation in rows:
            table = arrow.table(
                self._connection, self._planned.run(relation, self._select(relation))
            )
            order = ("position",) if relation == "entries" else ("event_number",)
            path = f"{folder}/{filed.path(relation, name)}"
            arrow.write_parquet(table, order, filesystem, path, filed.made_by(relation))
        read = {*rows, *(["foundings"] if batch.foundings else [])}
        self._write_rows(read, filesystem, folder, name)
        return rows

    def _write_rows(self, relations: Set[str], filesystem: Any, folder: str, name: str) -> None:
        for fold, rows, made_by in self._preparing.rows(relations):
            path = f"{folder}/{prepared.path(fold.name, name)}"
            arrow.write_parquet(rows, fold.key, filesystem, path, made_by)

    def _select(self, relation: str) -> str:
        if relation not in self._selects:
            self._selects[relation] = filed.select(self._connection, relation)
        return self._selects[relation]

    def close(self) -> None:
        self._reader.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
