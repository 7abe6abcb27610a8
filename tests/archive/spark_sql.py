"""A fold's SELECT in Spark SQL. What the two dialects say otherwise stands here, and nowhere else.

| DuckDB                        | Spark                                                     |
| ----------------------------- | --------------------------------------------------------- |
| `a union all by name b`       | `a.unionByName(b, allowMissingColumns=True)`              |
| `* exclude (x)`               | `* except (x)`                                            |
| `arg_min(x, n)`               | `min_by(x, n) filter (where x is not null)`               |
| `any_value(x)`                | `any_value(x, true)`                                      |
| `[x.f for x in list]`         | `transform(list, x -> x.f)`                               |
| `list_sum(list)`              | `aggregate(list, 0L, (sum, each) -> sum + each)`          |
| `len(list)`                   | `size(list)`                                              |
| `create macro`                | `create temporary function`, with types                   |
"""

import re
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import Any

from ledger.projections import filed
from ledger.projections.definitions import Definitions, Fold, bare
from ledger.projections.relations import ENVELOPE, RELATIONS

_ARG = re.compile(r"arg_(min|max)\(((?:[^(),]|\([^()]*\))+), (\w+)\)")
_PLAIN = (
    (re.compile(r"\* exclude \("), "* except ("),
    (re.compile(r"\bany_value\((\w+)\)"), r"any_value(\1, true)"),
    (re.compile(r"\[(\S+) for (\w+) in (\w+)\]"), r"transform(\3, \2 -> \1)"),
    (re.compile(r"\blist_sum\((.+?\))\)"), r"aggregate(\1, 0L, (sum, each) -> sum + each)"),
    (re.compile(r"\blen\("), "size("),
)
_PART = re.compile(r"(?:with |, )(\w+) as \( (.*?) \)(?=, \w+ as \(| select)")
_MACRO = re.compile(r"macro business_day\(moment\) as (.+?);")


def prepare(spark: Any, definitions: Definitions, archive: Path, folds: Iterable[Fold]) -> None:
    """Makes the archive's folders, as they are, the relations of the folds."""
    asked = frozenset(word for fold in folds for word in fold.words)
    spark.read.parquet(str(archive / "entries")).createOrReplaceTempView("entries")
    for relation in asked & RELATIONS.keys():
        folder = archive / "events" / relation
        frame = (
            spark.read.parquet(str(folder)) if folder.exists() else _without_rows(spark, relation)
        )
        frame.createOrReplaceTempView(relation)
    shared = _MACRO.search(bare(definitions.shared))
    assert shared is not None
    spark.sql(
        "create or replace temporary function business_day(moment timestamp_ntz) returns date"
        f" return {shared[1]}"
    )


def rows(spark: Any, fold: Fold) -> Any:
    """The rows that the fold's SELECT gives over the whole history, as a data frame."""
    text = bare(fold.select)
    end = 0
    for part in _PART.finditer(text):
        _union(spark, part[2].split(" union all by name ")).createOrReplaceTempView(part[1])
        end = part.end()
    return spark.sql(translated(text[end:]))


def _union(spark: Any, selects: Iterable[str]) -> Any:
    frames = [spark.sql(translated(select)) for select in selects]
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


def translated(select: str) -> str:
    for pattern, replacement in _PLAIN:
        select = pattern.sub(replacement, select)
    return _ARG.sub(_by, select)


def _without_rows(spark: Any, relation: str) -> Any:
    """A relation that the history has no event of, and so the archive no folder."""
    columns = sorted({*ENVELOPE, *filed.fields(relation)})
    return spark.sql(f"select {', '.join(f'null as `{name}`' for name in columns)} where false")


def _by(found: re.Match[str]) -> str:
    edge, value, order = found.groups()
    return f"{edge}_by({value}, {order}) filter (where {value} is not null)"
