"""Two projection files differ by tables, columns and rows, and the comparison says in what."""

from pathlib import Path

import duckdb

from ledger.projections.compare import differences


def a_file(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


ROWS = "create table t as select * from (values (1, 'a'), (2, 'b'), (2, 'b')) as v (n, word)"


def test_equal_rows_in_another_order_are_no_difference(tmp_path: Path) -> None:
    other = "create table t as select * from (values (2, 'b'), (1, 'a'), (2, 'b')) as v (n, word)"
    assert differences(a_file(tmp_path / "a", ROWS), a_file(tmp_path / "b", other)) == []


def test_a_row_that_differs_is_shown_from_both_sides(tmp_path: Path) -> None:
    other = a_file(tmp_path / "b", ROWS, "update t set word = 'x' where n = 1")
    assert differences(a_file(tmp_path / "a", ROWS), other) == [
        "t: 1 row only in the first, for example (1, 'a')",
        "t: 1 row only in the second, for example (1, 'x')",
    ]


def test_a_row_that_is_there_twice_differs_from_one_that_is_there_once(tmp_path: Path) -> None:
    other = a_file(tmp_path / "b", ROWS.replace(", (2, 'b'), (2", ", (2"))
    assert differences(a_file(tmp_path / "a", ROWS), other) == [
        "t: 1 row only in the first, for example (2, 'b')"
    ]


def test_a_null_differs_from_a_value(tmp_path: Path) -> None:
    other = a_file(tmp_path / "b", ROWS, "update t set word = null where n = 1")
    assert len(differences(a_file(tmp_path / "a", ROWS), other)) == 2


def test_a_null_differs_from_a_text_that_says_so(tmp_path: Path) -> None:
    nothing = a_file(tmp_path / "a", ROWS, "update t set word = null where n = 1")
    for number, text in enumerate(("null", "NULL", "")):
        other = a_file(tmp_path / f"b{number}", ROWS, f"update t set word = '{text}' where n = 1")
        assert len(differences(nothing, other)) == 2


def test_the_same_values_in_other_rows_are_a_difference(tmp_path: Path) -> None:
    other = a_file(tmp_path / "b", ROWS.replace("(1, 'a'), (2, 'b')", "(1, 'b'), (2, 'a')"))
    assert len(differences(a_file(tmp_path / "a", ROWS), other)) == 2


def test_tables_and_columns_that_one_side_lacks_are_named(tmp_path: Path) -> None:
    first = a_file(tmp_path / "a", ROWS, "create table mine (x integer)")
    second = a_file(tmp_path / "b", ROWS, "create table yours (x integer)")
    assert differences(first, second) == [
        "only the first has a table mine",
        "only the second has a table yours",
    ]
    third = a_file(tmp_path / "c", ROWS, "alter table t add column more integer")
    assert differences(a_file(tmp_path / "d", ROWS), third) == [
        "t: the columns are ['n INTEGER', 'word VARCHAR']"
        " and ['n INTEGER', 'word VARCHAR', 'more INTEGER']"
    ]
