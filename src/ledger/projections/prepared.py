"""A fold's rows of one segment, made when the segment is sealed: a rebuild need not make them.

They are what the fold's SELECT gives of the segment alone. Rows of two segments become one as those
of two batches do. Each file says which SQL made it; where that is no longer today's, or where there
is no file, the rows are made of the segment's typed tables.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final

import duckdb

from ledger.projections import arrow, filed, live_file, merge
from ledger.projections.definitions import Definitions, Fold
from ledger.projections.planned import Planned
from ledger.projections.relations import RELATIONS

_FORMAT: Final = 1
"""Counts the changes of what stands in a file where its SQL does not say it."""


def path(fact: str, name: str) -> str:
    """Where a fact's rows stand that are of the segment `name`."""
    return f"rows/{fact}/{name}.parquet"


def made_by(definitions: Definitions, relations: Set[str]) -> dict[str, str]:
    """Of each fact that has rows of a segment, SHA-256 of the SQL that makes them.

    `relations` are those that have rows in the segment. What reads no events is made of the entries
    as fast.
    """
    return {
        fold.name: _made_by(definitions, fold, fold.words & relations)
        for fold in definitions.folds
        if fold.words & relations and fold.words & RELATIONS.keys()
    }


def _made_by(definitions: Definitions, fold: Fold, read: Set[str]) -> str:
    parts = [str(_FORMAT), definitions.digest(fold, read)]
    parts += [filed.made_by(name) for name in sorted(read - {"foundings"} | {"entries"})]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Preparing:
    """Makes the rows of one segment after another, on a connection that has its relations."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        definitions: Definitions,
        define: Callable[[Fold], None],
    ) -> None:
        """`define` defines the relations that a fold reads, where they are not yet."""
        live_file.prepare(connection, definitions)
        self._connection = connection
        self._definitions = definitions
        self._define = define
        self._planned = Planned(connection)

    def rows(self, relations: Set[str]) -> Iterator[tuple[Fold, Any, str]]:
        """Of each fact its fold, its rows as an Arrow table, and by which SQL they were made.

        `relations` are those that have rows. A fact whose rows cannot be made is left out: whoever
        makes its table finds out why.
        """
        made = made_by(self._definitions, relations)
        for fold in self._definitions.folds:
            if fold.name in made:
                try:
                    rows = self._rows_of(fold, relations)
                except duckdb.DataError:
                    continue
                # Of two rows for one key a rebuild would make one, and find nothing out.
                if fold.appends or arrow.says_each_once(rows, merge.KEY_HASH.name):
                    yield fold, rows, made[fold.name]

    def _rows_of(self, fold: Fold, relations: Set[str]) -> Any:
        if fold.appends:
            listed = ", ".join(column.name for column in fold.columns)
            selects = {
                name: f"select {listed} from ({select})"
                for name, select in fold.selects(relations).items()
            }
        else:
            selects = {fold.name: merge.rows(fold)}
        if fold.arms is None:
            self._define(fold)
        return arrow.together(
            arrow.table(self._connection, self._planned.run(f"rows_{name}", select))
            for name, select in selects.items()
        )


def selected(fold: Fold, files: Sequence[Path], types: Mapping[str, str]) -> str:
    """The rows of a fold that stand in these files, one a segment, as one SELECT.

    Files are in the order of positions; `types` are those of the fact's table.
    """
    rows = filed.read(files)
    return f"from {rows}" if fold.appends else merge.combined(fold, rows, "file_index", types)
