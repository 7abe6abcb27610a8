"""The statements that a fold's marks stand for: its table, and the merge of a batch into it.

Rows are joined by a 64-bit hash of the key with the key itself beside it, which takes half the
time of joining texts: 1,000 rows into a million in 12 ms. A SELECT that gives two rows for one key
is found out: DuckDB's upsert would drop the second, and its merge insert both.
"""

from collections.abc import Mapping
from typing import Final

from ledger.projections.definitions import Column, Fold

KEY_HASH: Final = Column("key_hash", "64-bit hash of the key, by which batches are merged.")
TABLES: Final = "live.main"
"""Where fact tables live; folds cannot see them."""


_COMPRESSION: Final = {
    "hash": "uncompressed",
    **dict.fromkeys(("message_id", "sentence", "sentence_zh"), "zstd"),
}
"""Columns of which hardly two rows say the same. To look for a dictionary of them takes half of the
time of writing their table. Digits of hashes can be packed to half, which takes twice the time."""


def table_columns(fold: Fold) -> tuple[Column, ...]:
    return fold.columns if fold.appends else (*fold.columns, KEY_HASH)


def create_table(fold: Fold, types: Mapping[str, str]) -> str:
    """The fold's empty table; `types` are those that its SELECT gives."""
    columns = [
        f"{column.name} {types[column.name]}"
        f"{' not null' if column.mark == 'key' else ''}"
        f"{_compression(column)}"
        for column in fold.columns
    ]
    if not fold.appends:
        columns.append(f"{KEY_HASH.name} ubigint not null")
    return f"create table {TABLES}.{fold.name} ({', '.join(columns)})"


def _compression(column: Column) -> str:
    chosen = _COMPRESSION.get(column.name)
    return f" using compression {chosen}" if chosen else ""


def rows(fold: Fold) -> str:
    """The batch's rows of a fold that merges."""
    parts = ", ".join(f"cast({name} as varchar)" for name in fold.key)
    return f"""
select *, md5_number_lower(concat_ws(chr(31), {parts})) as {KEY_HASH.name}
from ({fold.select})
"""


def append(fold: Fold, select: str) -> str:
    """Writes the batch's rows, which the SELECT gives, of a fold that does not merge."""
    listed = ", ".join(column.name for column in table_columns(fold))
    return f"insert into {TABLES}.{fold.name} ({listed}) select {listed} from ({select})"


def merge(fold: Fold) -> str:
    """Merges the batch's rows, which stand in `batch_<name>`, into the table."""
    names = [column.name for column in table_columns(fold)]
    same = " and ".join(f"t.{name} = b.{name}" for name in fold.key)
    combined = [
        f"{column.name} = {_combined(column)}" for column in fold.columns if column.mark != "key"
    ]
    # Coalesced, the key's texts are compared for rows of the same hash only, and never hashed.
    matched = f"when matched then update set {', '.join(combined)}" if combined else ""
    return f"""
merge into {TABLES}.{fold.name} as t using batch_{fold.name} as b
on t.{KEY_HASH.name} = b.{KEY_HASH.name} and coalesce({same}, false)
{matched}
when not matched then insert ({", ".join(names)}) values ({", ".join(f"b.{n}" for n in names)})
"""


def _combined(column: Column) -> str:
    """One value of the table's, the earlier one by position, and the batch's."""
    table, batch = f"t.{column.name}", f"b.{column.name}"
    if column.by:
        earlier = "<" if column.mark == "first" else ">"
        return (
            f"case when t.{column.by} is null or b.{column.by} {earlier} t.{column.by}"
            f" then {batch} else {table} end"
        )
    match column.mark:
        case "sum":
            return f"coalesce({table} + {batch}, {table}, {batch})"
        case "or":
            return f"coalesce({table} or {batch}, {table}, {batch})"
        case "min":
            return f"least({table}, {batch})"
        case "max":
            return f"greatest({table}, {batch})"
        case "first":
            return f"coalesce({table}, {batch})"
        case "last":
            return f"coalesce({batch}, {table})"
        case _:
            raise AssertionError(f"{column.mark} is no mark of a merged column")


def combined(fold: Fold, rows: str, order: str, types: Mapping[str, str]) -> str:
    """The rows of several batches, which `rows` names, as those of one; `order` is their column
    that says which batch comes first, `types` are the table's."""
    hashed, columns = KEY_HASH.name, [*fold.columns, KEY_HASH]
    listed = ", ".join(column.name for column in columns)
    as_is = [f"cast({column.name} as {types[column.name]}) as {column.name}" for column in columns]
    keys = [hashed, *fold.key]
    of_all = [
        f"cast({_of_all(column, order)} as {types[column.name]}) as {column.name}"
        for column in fold.columns
        if column.mark != "key"
    ]
    # Most keys stand in one batch only: not to group their rows takes a quarter less, and less than
    # half of the memory.
    return f"""
with several as materialized (
    select {hashed} from {rows} group by {hashed} having count(*) > 1
)
select {", ".join(as_is)} from {rows} anti join several using ({hashed})
union all
select {listed} from (
    select {", ".join([*keys, *of_all])} from {rows} semi join several using ({hashed})
    group by {", ".join(keys)}
)
"""


def _of_all(column: Column, order: str) -> str:
    """One value of many batches': nulls do not count in any of these."""
    match column.mark:
        case "or":
            return f"bool_or({column.name})"
        case "first":
            return f"arg_min({column.name}, {column.by or order})"
        case "last":
            return f"arg_max({column.name}, {column.by or order})"
        case mark:
            return f"{mark}({column.name})"
