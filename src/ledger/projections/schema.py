"""The tables beside the facts, and what makes the file's schema: folds, views and comments.

`positions` says how far the tables are, `versions` which folds made them. `progress`, `stopped` and
`standing` say how the projector gets on with them. `parameters`, `rules`, `interactions` and `kpis`
hold what the code knows and views need: defaults of the policy, the rules' sentences, what
interactions are called, and what the headers of the KPI views say.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import msgspec

from ledger import policy, wire
from ledger.projections import merge, sentences
from ledger.projections.definitions import (
    Column,
    DefinitionError,
    Definitions,
    Fold,
    View,
)
from ledger.projections.merge import TABLES

_TITLE: Final = re.compile(r"^(K\d\d) (.+) \((.+)\)$")
_SURFACE: Final = "views and comments"


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    about: str
    columns: tuple[tuple[str, str, str], ...]
    """Name, type and description."""


_POSITIONS: Final = _Table(
    "positions",
    "How far the tables are, one row per partition.",
    (
        ("partition", "bigint", "The partition."),
        ("position", "bigint", "The position of the newest entry in the tables."),
        ("hash", "varchar", "That entry's leaf hash."),
        ("recorded_at", "timestamp", "When that entry was recorded, UTC."),
        ("next_event", "bigint", "The number that the partition's next event has."),
    ),
)
_VERSIONS: Final = _Table(
    "versions",
    "Which text made the tables, one row per fold, and one for the views and comments.",
    (
        ("part", "varchar", "The fold's name, or what else it is."),
        ("digest", "varchar", "SHA-256 of its text; a fold's without comments."),
    ),
)
_PROGRESS: Final = _Table(
    "progress",
    "How the projector gets on, one row per partition, as of when it last looked.",
    (
        ("partition", "bigint", "The partition."),
        ("head", "bigint", "The position of the newest entry in the log."),
        ("lag", "bigint", "How many entries the tables lacked."),
        ("lag_before", "bigint", "How many they lacked when it looked the time before."),
        ("moved_at", "timestamp", "When entries were last taken in, by its clock, UTC."),
        ("moved_entries", "bigint", "How many were taken in up to then since it looked before."),
    ),
)
_STOPPED: Final = _Table(
    "stopped",
    "One row per partition that stands still because an entry of it cannot be read.",
    (
        ("partition", "bigint", "The partition."),
        ("position", "bigint", "The position of the entry that cannot be read."),
        ("sentence", "varchar", "What is wrong with it."),
    ),
)
_STANDING: Final = _Table(
    "standing",
    "One row per partition of a fact that stands still until it has been built anew beside.",
    (
        ("fact", "varchar", "The table's name."),
        ("partition", "bigint", "The partition."),
        ("position", "bigint", "The position of the newest entry in the table."),
        ("sentence", "varchar", "Why it stands still."),
    ),
)
_PARAMETERS: Final = _Table(
    "parameters",
    "One row per policy parameter that this version of the ledger knows.",
    (
        ("parameter", "varchar", "The parameter."),
        ("setting", "varchar", "Its value where no policy changes it, as JSON."),
        ("unit", "varchar", "Its unit."),
        ("source", "varchar", "Where the number comes from: a law, or PRACTICE."),
        ("status", "varchar", "verified, from_memory or practice."),
    ),
)
_RULES: Final = _Table(
    "rules",
    "One row per rule that an interaction can break.",
    (
        ("rule", "varchar", "The rule's id."),
        ("sentence", "varchar", "What must hold, in English."),
        ("sentence_zh", "varchar", "What must hold, in Chinese."),
        ("source", "varchar", "Where the rule comes from: a law, or PRACTICE."),
    ),
)
_INTERACTIONS: Final = _Table(
    "interactions",
    "One row per type of interaction that has a name.",
    (
        ("type", "varchar", "The type."),
        ("name", "varchar", "What it is called, in the imperative."),
        ("name_zh", "varchar", "What it is called in Chinese."),
    ),
)
_KPIS: Final = _Table(
    "kpis",
    "One row per KPI view.",
    (
        ("k", "varchar", "The KPI's number in the catalogue."),
        ("name", "varchar", "Its name."),
        ("name_zh", "varchar", "Its name in Chinese."),
        ("view", "varchar", "The view that holds its figures."),
        ("formula", "varchar", "How it is counted."),
        ("unit", "varchar", "Its unit."),
        ("grain", "varchar", "What its view has one row for."),
        ("target", "varchar", "The policy parameter that is its target."),
        ("direction", "varchar", "Whether higher or lower is better."),
    ),
)
_TABLES: Final = (
    *(_POSITIONS, _VERSIONS, _PROGRESS, _STOPPED, _STANDING),
    *(_PARAMETERS, _RULES, _INTERACTIONS, _KPIS),
)
_STANDS_STILL: Final = ""
"""The digest of a table that stands still: no fold's, so that it is never gone on with."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Facts to build beside the live tables, and tables that no fold makes any more."""

    build: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()


def pending(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> Pending:
    """What in the file's fact tables today's folds did not make; nothing of an empty file."""
    kept = _versions(connection)
    wanted = {fold.name: definitions.digest(fold) for fold in definitions.folds}
    if not kept:
        return Pending()
    return Pending(
        build=frozenset(name for name in wanted if kept.get(name) != wanted[name]),
        drop=frozenset(kept.keys() - wanted.keys() - {_SURFACE}),
    )


def create(
    connection: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    define: Callable[[Fold], None],
) -> None:
    """Makes the tables in an empty file; in one that has them, those that it lacks of the code's.

    Facts that are missing there are not made: they would lack what was taken in before. `define`
    makes what a fold reads known to the connection.
    """
    is_empty = not _versions(connection)
    connection.execute("begin")
    for table in _TABLES:
        columns = ", ".join(f"{name} {type_}" for name, type_, _ in table.columns)
        connection.execute(f"create table if not exists {TABLES}.{table.name} ({columns})")
    for fold in definitions.folds if is_empty else ():
        if fold.arms is None:
            define(fold)
        make_fact(connection, definitions, fold)
    connection.execute("commit")


def make_fact(connection: duckdb.DuckDBPyConnection, definitions: Definitions, fold: Fold) -> None:
    """Makes an empty table, which today's fold keeps from now on.

    What the fold reads is defined on the connection.
    """
    connection.execute(merge.create_table(fold, _types(connection, fold)))
    connection.execute(f"delete from {TABLES}.versions where part = ?", [fold.name])
    _note_version(connection, fold.name, definitions.digest(fold))
    connection.execute(f"delete from {TABLES}.standing where fact = ?", [fold.name])


def drop_fact(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f'drop table if exists {TABLES}."{name}"')
    for table, column in (("versions", "part"), ("standing", "fact")):
        connection.execute(f"delete from {TABLES}.{table} where {column} = ?", [name])


def let_stand(connection: duckdb.DuckDBPyConnection, facts: Iterable[str]) -> bool:
    """Notes how far tables are that today's folds do not go on with; whether any is new to that."""
    going = {name for name, digest in _versions(connection).items() if digest != _STANDS_STILL}
    standing = sorted(set(facts) & going)
    connection.execute("begin")
    for name in standing:
        connection.execute(
            f"insert into {TABLES}.standing select ?, partition, position, ?"
            f" from {TABLES}.positions",
            [name, "it is being built anew, because its fold changed"],
        )
        connection.execute(
            f"update {TABLES}.versions set digest = ? where part = ?", [_STANDS_STILL, name]
        )
    connection.execute("commit")
    return bool(standing)


def dress(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> bool:
    """Makes views, comments and the code's own tables; whether there was anything to do.

    To be called within a transaction, with all facts there: views read them.
    """
    reference = _reference(definitions)
    facts = [(fold.name, fold.about, merge.table_columns(fold)) for fold in definitions.folds]
    surface = repr((facts, definitions.views, reference, _TABLES))
    digest = hashlib.sha256(surface.encode()).hexdigest()
    if _versions(connection).get(_SURFACE) == digest:
        return False
    connection.execute("use live")
    for table, rows in reference:
        connection.execute(f"delete from {table.name}")
        blanks = f"({', '.join('?' for _ in table.columns)})"
        connection.execute(
            f"insert into {table.name} values {', '.join(blanks for _ in rows)}",
            [value for row in rows for value in row],
        )
    for view in _old_views(connection):
        connection.execute(f'drop view if exists "{view}"')
    for view in definitions.views:
        _create_view(connection, view)
    for statement in _comments(definitions):
        connection.execute(statement)
    connection.execute("delete from versions where part = ?", [_SURFACE])
    _note_version(connection, _SURFACE, digest)
    connection.execute("use memory")
    return True


def _versions(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    known = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'live' and table_name = 'versions'"
    ).fetchall()
    if not known:
        return {}
    return dict(connection.execute(f"select part, digest from {TABLES}.versions").fetchall())


def _note_version(connection: duckdb.DuckDBPyConnection, part: str, digest: str) -> None:
    connection.execute(f"insert into {TABLES}.versions values (?, ?)", [part, digest])


def _types(connection: duckdb.DuckDBPyConnection, fold: Fold) -> dict[str, str]:
    """The types of the columns that a fold's SELECT gives."""
    try:
        types = dict(_described(connection, fold.select))
    except duckdb.Error as error:
        raise DefinitionError(f"{fold.name}.sql: {error}") from error
    _same_columns(fold, list(types))
    return types


def _described(connection: duckdb.DuckDBPyConnection, select: str) -> list[tuple[str, str]]:
    rows = connection.execute(f"describe {select}").fetchall()
    return [(row[0], row[1]) for row in rows]


def _create_view(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    try:
        connection.execute(f"create view {view.name} as {view.select}")
        _same_columns(view, [name for name, _ in _described(connection, f"from {view.name}")])
    except duckdb.Error as error:
        raise DefinitionError(f"{view.name}.sql: {error}") from error


def _same_columns(part: Fold | View, given: list[str]) -> None:
    described = [column.name for column in part.columns]
    if described != given:
        raise DefinitionError(
            f"{part.name}.sql describes {', '.join(described)}, but gives {', '.join(given)}"
        )


def _old_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select view_name from duckdb_views() where database_name = 'live' and not internal"
    ).fetchall()
    return [row[0] for row in rows]


def _comments(definitions: Definitions) -> Iterator[str]:
    """The data dictionary, as statements."""
    for table in _TABLES:
        columns = tuple(Column(name, said) for name, _, said in table.columns)
        yield from _comment("table", table.name, table.about, columns)
    for fold in definitions.folds:
        yield from _comment("table", fold.name, fold.about, merge.table_columns(fold))
    for view in definitions.views:
        yield from _comment("view", view.name, view.about, view.columns)


def _comment(kind: str, name: str, about: str, columns: Sequence[Column]) -> Iterator[str]:
    yield f"comment on {kind} {name} is {_quoted(about)}"
    for column in columns:
        yield f"comment on column {name}.{column.name} is {_quoted(column.description)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _reference(definitions: Definitions) -> list[tuple[_Table, list[list[str]]]]:
    """The rows of the tables that the code fills."""
    parameters = [
        [p.name, msgspec.json.encode(p.default).decode(), p.unit, p.source, p.status]
        for p in policy.PARAMETERS
    ]
    rules = [[r.id, r.sentence, r.chinese, r.source] for r in wire.RULES.values()]
    kpis = [_kpi(view) for view in definitions.views if _TITLE.match(view.about)]
    named = [[type_, *names] for type_, names in sentences.interactions().items()]
    filled = [(_PARAMETERS, parameters), (_RULES, rules), (_INTERACTIONS, named), (_KPIS, kpis)]
    return [(table, rows) for table, rows in filled if rows]


def _kpi(view: View) -> list[str]:
    title = _TITLE.match(view.about)
    assert title is not None
    said: Mapping[str, str] = view.properties
    missing = [word for word in _KPI_PROPERTIES if word not in said]
    if missing:
        raise DefinitionError(f"{view.name}.sql does not say its {', '.join(missing)}")
    return [*title.groups(), view.name, *(said[word] for word in _KPI_PROPERTIES)]


_KPI_PROPERTIES: Final = ("Formula", "Unit", "Grain", "Target", "Direction")
