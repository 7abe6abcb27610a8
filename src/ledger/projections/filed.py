"""What stands in the Parquet file of a relation, and which SQL made it."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from ledger import wire
from ledger.projections import relations
from ledger.projections.templates import literal

_FORMAT: Final = 1
"""Counts the changes of `select` itself."""


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
        f'cast("{name}" as {portable(type_)}) as "{name}"'
        for name, type_ in types(connection, relation).items()
    )
    if relation != "entries":
        return f"select {columns} from {relation}"
    return f"""
select {columns}, cast(founding as varchar) as founding
from entries left join foundings using (partition, position, recorded_at)
"""


def types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The type of each of the relation's columns, in order."""
    rows = connection.execute(f"describe from {relation}").fetchall()
    return {row[0]: row[1] for row in rows}


def read(files: Sequence[Path]) -> str:
    """Files of one table, as SQL reads them."""
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"


def portable(type_: str) -> str:
    """The type in the file: JSON is text there."""
    return type_.replace("JSON", "VARCHAR")
