"""Other people's tools open the readers' snapshot as it is, and read the same in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.projections.snapshot import current_snapshot
from tests.projections.figures import Figures, figures, relations
from tests.projections.hall_lives import lived

ROOT = Path(__file__).parent.parent.parent
OLDER = Path(sys.prefix) / "duckdb-1.5"
FRAMES = Path(sys.prefix) / "frames"
"""Where `make readers` puts the DuckDB before ours, and pandas and polars."""


def needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not folder.exists() and "CI" not in os.environ,
        reason=f"no {folder.name}: `make readers` brings it, and `make check` asks for it",
    )


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


@needs(OLDER)
def test_duckdb_1_5_opens_it_and_reads_the_same(snapshot: Path, read: dict[str, Figures]) -> None:
    told = told_by(OLDER, "figures", str(snapshot))
    assert told["version"].startswith("1.5.")
    assert_all_same(told["read"], read)


@needs(FRAMES)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_hold_the_same(library: str, snapshot: Path, read: dict[str, Figures]) -> None:
    told = told_by(FRAMES, "frames", library, str(snapshot))
    assert told["version"] == duckdb.__version__
    assert_all_same(told["read"], read)


def told_by(libraries: Path, program: str, *arguments: str) -> dict[str, Any]:
    """What a program of this folder says with these libraries before ours."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.projections.{program}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(libraries)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def assert_all_same(told: dict[str, Any], read: dict[str, Figures]) -> None:
    assert list(told) == list(read)
    for relation, columns in told.items():
        assert_same({name: tuple(pair) for name, pair in columns.items()}, read[relation], relation)


def assert_same(found: Figures, expected: Figures, relation: str) -> None:
    assert found.keys() == expected.keys(), relation
    for column, pair in found.items():
        assert pair == pytest.approx(expected[column]), f"{relation}.{column}"
