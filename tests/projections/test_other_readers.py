"""Other people's tools open the readers' snapshot as it is, and read the same in it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars
import pytest

from ledger.projections.snapshot import current_snapshot
from tests.projections.figures import SUMMED, Figures, figures, kinds, relations
from tests.projections.hall_lives import lived

ROOT = Path(__file__).parent.parent.parent
OLDER = Path(sys.prefix) / "duckdb-1.5"
"""Where `make readers` puts the DuckDB before ours."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    lived(2, visits=10, orders=2, days=1).project(folder).close()
    return current_snapshot(folder)


@pytest.fixture(scope="module")
def opened(snapshot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def read(opened: duckdb.DuckDBPyConnection) -> dict[str, Figures]:
    read = {relation: figures(opened, relation) for relation in relations(opened)}
    assert sum(count for table in read.values() for count, _ in table.values()) > 1_000
    return read


def test_our_duckdb_opens_it(read: dict[str, Figures]) -> None:
    assert duckdb.__version__.startswith("2.0.")
    assert read["audit_trail"]["position"][1] > 0


@pytest.mark.skipif(
    not OLDER.exists() and "CI" not in os.environ,
    reason="no DuckDB 1.5: `make readers` brings one, and `make check` asks for it",
)
def test_duckdb_1_5_opens_it_and_reads_the_same(snapshot: Path, read: dict[str, Figures]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.projections.figures", str(snapshot)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(OLDER)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert told["version"].startswith("1.5.")
    assert list(told["read"]) == list(read)
    for relation, columns in told["read"].items():
        assert_same({name: tuple(pair) for name, pair in columns.items()}, read[relation], relation)


def pandas_frame(connection: duckdb.DuckDBPyConnection, relation: str) -> Any:
    return connection.sql(f'from "{relation}"').df()


def polars_frame(connection: duckdb.DuckDBPyConnection, relation: str) -> Any:
    return polars.from_arrow(connection.sql(f'from "{relation}"').to_arrow_table())


def differing_in_pandas(column: Any) -> int:
    return column.nunique()


def differing_in_polars(column: Any) -> int:
    return column.drop_nulls().n_unique()


@pytest.mark.parametrize(
    ("frame_of", "differing"),
    [(pandas_frame, differing_in_pandas), (polars_frame, differing_in_polars)],
    ids=["pandas", "polars"],
)
def test_frames_hold_the_same(
    opened: duckdb.DuckDBPyConnection,
    read: dict[str, Figures],
    frame_of: Callable[..., Any],
    differing: Callable[[Any], int],
) -> None:
    for relation, expected in read.items():
        frame = frame_of(opened, relation)
        found = {
            name: (
                float(frame[name].count()),
                float((frame[name].sum() if kind in SUMMED else differing(frame[name])) or 0),
            )
            for name, kind in kinds(opened, relation).items()
        }
        assert_same(found, expected, relation)


def assert_same(found: Figures, expected: Figures, relation: str) -> None:
    assert found.keys() == expected.keys(), relation
    for column, pair in found.items():
        assert pair == pytest.approx(expected[column]), f"{relation}.{column}"
