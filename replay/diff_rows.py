"""The SQL that compares a fact table of file `a` with that of file `b`, row by row by its key.

`<table>_changes` has the columns `change` (added, removed or changed), `owner`, the key, `columns`
(the names of those that differ) and all but the key as `before` and `after`. `changes` counts them
by table and owner, `compared` says what `a` and `b` are.
"""

from collections.abc import Sequence
from typing import Final

from ledger.projections.definitions import Fold

COMPARED: Final = """
create table compared as
select 'a' as side, * from a.main.replayed union all select 'b', * from b.main.replayed
"""
_KINDS: Final = {"customer_id": "customer", "hall": "hall", "clerk": "clerk"}
"""The kinds of owner that a key begins with; the other tables are of the operator."""


def changes(fold: Fold) -> str:
    """Makes `<table>_changes`."""
    key, rest = fold.key, [c.name for c in fold.columns if c.mark != "key"]
    differs = [f"case when a.{name} is distinct from b.{name} then '{name}' end" for name in rest]
    return f"""
create table {fold.name}_changes as
with compared as (
    select
        case
            when a.{key[0]} is null then 'added' when b.{key[0]} is null then 'removed'
            else 'changed'
        end as change,
        {", ".join(key)},
        list_filter([{", ".join(differs)}], lambda name: name is not null) as columns,
        case when a.{key[0]} is not null then {_struct("a", rest)} end as before,
        case when b.{key[0]} is not null then {_struct("b", rest)} end as after
    from a.main.{fold.name} as a full join b.main.{fold.name} as b using ({", ".join(key)})
)
select
    compared.change,
    {_owner(fold)} as owner,
    compared.* exclude ({"change, owner" if "owner" in key else "change"})
from compared {_ENTRIES if _is_of_an_entry(fold) else ""}
where change <> 'changed' or len(columns) > 0
"""


def summary(folds: Sequence[Fold]) -> str:
    """Makes `changes`: how many rows of each table and owner changed."""
    counted = " union all ".join(
        f"select '{fold.name}' as table_name, owner, change from {fold.name}_changes"
        for fold in folds
    )
    return f"""
create table changes as
select
    table_name,
    owner,
    count(*) filter (change = 'added') as added,
    count(*) filter (change = 'removed') as removed,
    count(*) filter (change = 'changed') as changed
from ({counted}) group by table_name, owner
"""


def count_by(column: str, folds: Sequence[Fold], *, of_owner: bool) -> str:
    """Counts by `table_name` or `owner` what changed in these tables, the most first.

    With `of_owner` the statement takes the owner as its parameter.
    """
    names = ", ".join(f"'{fold.name}'" for fold in folds)
    return f"""
select {column}, sum(added)::bigint, sum(removed)::bigint, sum(changed)::bigint
from changes where table_name in ({names}) {"and owner = ?" if of_owner else ""}
group by {column} order by sum(added + removed + changed) desc, {column}
"""


def rows(fold: Fold, limit: int, *, of_owner: bool) -> str:
    """The changed rows of a table, as change, owner, key, before and after, in the key's order."""
    return f"""
select change, owner, {{{", ".join(f"'{name}': {name}" for name in fold.key)}}}, before, after
from {fold.name}_changes {"where owner = ?" if of_owner else ""}
order by {", ".join(fold.key)} limit {limit}
"""


def _struct(side: str, names: Sequence[str]) -> str:
    members = ", ".join(f"'{name}': {side}.{name}" for name in names)
    return f"{{{members}}}"


def _owner(fold: Fold) -> str:
    if "owner" in fold.key:
        return "compared.owner"
    if any(column.name == "owner" for column in fold.columns):
        return "coalesce(after.owner, before.owner)"
    if _is_of_an_entry(fold):
        return "coalesce(b.owner, a.owner)"
    kind = _KINDS.get(fold.key[0])
    return f"'{kind}/' || {fold.key[0]}" if kind else "'operator'"


def _is_of_an_entry(fold: Fold) -> bool:
    """Whether the entry that a row came of says whose it is."""
    return fold.appends and all(column.name != "owner" for column in fold.columns)


_ENTRIES: Final = """
left join a.main.audit_trail as a
    on a.partition = compared.partition
    and a.position = coalesce(compared.after.position, compared.before.position)
left join b.main.audit_trail as b
    on b.partition = compared.partition
    and b.position = coalesce(compared.after.position, compared.before.position)
"""
