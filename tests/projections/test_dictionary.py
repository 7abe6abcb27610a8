"""Every table, view and column is described, in the file itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.projections import definitions as files
from ledger.projections.definitions import DefinitionError
from ledger.projections.engine import Projector
from ledger.projections.snapshot import open_snapshot
from tests.projections.history import History


def test_every_column_of_every_table_and_view_has_a_comment(tmp_path: Path) -> None:
    connection = History(1).project(tmp_path)
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where not internal"
    ).fetchall()
    assert len(columns) > 150
    assert [(table, column) for table, column, comment in columns if not comment] == []
    tables = connection.execute(
        "select table_name, comment from duckdb_tables()"
        " union all select view_name, comment from duckdb_views() where not internal"
    ).fetchall()
    assert [table for table, comment in tables if not comment] == []
    shipped = files.load()
    named = {part.name for part in (*shipped.folds, *shipped.views)}
    engine = {
        *("positions", "versions", "progress", "stopped", "standing"),
        *("parameters", "rules", "interactions", "kpis"),
    }
    assert {table for table, _ in tables} == named | engine


def test_the_first_line_of_every_fact_says_what_one_row_is() -> None:
    assert [
        fold.name for fold in files.load().folds if not fold.about.startswith("One row per ")
    ] == []


def test_new_words_of_a_comment_reach_tables_that_go_on(tmp_path: Path) -> None:
    history, shipped = History(1), files.load()
    history.project(tmp_path)
    views = tuple(replace(view, about=f"{view.about} Indeed.") for view in shipped.views)
    with Projector.open(tmp_path, replace(shipped, views=views)) as projector:
        assert projector.rebuilding is None
        assert projector.positions() == history.heads
        projector.snapshot()
    comments = open_snapshot(tmp_path).execute(
        "select comment from duckdb_views() where not internal"
    )
    assert all(comment.endswith("Indeed.") for (comment,) in comments.fetchall())


def test_a_view_that_is_gone_from_the_files_is_gone_from_the_tables(tmp_path: Path) -> None:
    shipped = files.load()
    few = replace(shipped, views=tuple(v for v in shipped.views if v.name == "freshness"))
    History(1).project(tmp_path)
    with Projector.open(tmp_path, few) as projector:
        projector.snapshot()
    found = open_snapshot(tmp_path).execute(
        "select view_name from duckdb_views() where not internal"
    )
    assert found.fetchall() == [("freshness",)]


FOLD = """-- One row per clerk.
-- clerk: key. The clerk.
-- figure: sum. A figure
--   in two lines.
select actor as clerk, 1 as figure from payment_received
-- check: All is well.
select 1 where false
"""


def test_a_fold_reads_from_its_file() -> None:
    fold = files.read_fold("clerks", FOLD)
    assert fold.about == "One row per clerk."
    assert [(c.name, c.mark, c.description) for c in fold.columns] == [
        ("clerk", "key", "The clerk."),
        ("figure", "sum", "A figure in two lines."),
    ]
    assert fold.select == "select actor as clerk, 1 as figure from payment_received"
    assert [(check.sentence, check.select) for check in fold.checks] == [
        ("All is well.", "select 1 where false")
    ]


WRONG = {
    "says no mark": (": sum. A", ": A"),
    "says no mark of": (": sum. A", ": total. A"),
    "marks no column as key": (": key.", ": min."),
    "is marked once; once is for": (": sum. A", ": once. A"),
    "does not start with a comment": ("-- One row", "One row"),
    "needs a place marked min": (": sum. A", ": first by clerk. A"),
    "continues nothing": ("-- clerk: key. The clerk.\n", "--   more\n"),
    "a check needs a sentence and a query": ("select 1 where false\n", ""),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_file_that_says_too_little_is_refused(complaint: str) -> None:
    old, new = WRONG[complaint]
    assert old in FOLD
    with pytest.raises(DefinitionError, match=complaint):
        files.read_fold("clerks", FOLD.replace(old, new))


def test_columns_that_the_header_does_not_describe_are_refused(tmp_path: Path) -> None:
    fold = files.read_fold("clerks", FOLD.replace("1 as figure", "1 as number"))
    with pytest.raises(DefinitionError, match="describes clerk, figure, but gives clerk, number"):
        Projector.open(tmp_path, files.Definitions((fold,)))


def test_views_that_read_each_other_are_refused() -> None:
    views = [
        files.read_view(name, f"-- A view.\n-- x: It.\nselect x from {other}\n")
        for name, other in (("one", "two"), ("two", "one"))
    ]
    with pytest.raises(DefinitionError, match="read each other: one, two"):
        files.in_order(views)


def test_a_digest_changes_with_rows_and_not_with_words() -> None:
    fold = files.read_fold("clerks", FOLD)
    same = files.read_fold(
        "clerks", FOLD.replace("A figure", "The figure").replace(", 1", ",\n  1")
    )
    other = files.read_fold("clerks", FOLD.replace(", 1 as", ", 2 as"))
    marked = files.read_fold("clerks", FOLD.replace("sum.", "max."))
    digest = files.Definitions((fold,)).digest
    assert digest(fold) == digest(same)
    assert len({digest(each) for each in (fold, other, marked)}) == 3
