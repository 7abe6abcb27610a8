"""The archive's folders, read by Spark as they are, tell what DuckDB's tables tell."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.archive.tables import project_archive
from ledger.projections import definitions as files
from ledger.projections.engine import Projector
from ledger.settings import Home
from tests.archive import spark_sql

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]

DEFINITIONS = files.load()
FOLDS = {
    fold.name: fold
    for fold in DEFINITIONS.folds
    if fold.name in ("audit_trail", "payments", "shifts", "visits")
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory, sealed: Home) -> Iterator[Any]:
    """Spark in this process's own JVM, with the archive's folders as tables."""
    missing = _missing()
    if missing is not None:
        if os.environ.get("CI"):
            raise LookupError(missing)
        pytest.skip(f"NOT TESTED: the archive in Spark, for {missing}")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", str(folder))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    spark_sql.prepare(session, DEFINITIONS, Path(sealed.archive), FOLDS.values())
    yield session
    session.stop()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, sealed: Home) -> Path:
    """DuckDB's tables of all that is sealed."""
    folder = tmp_path_factory.mktemp("tables")
    archive = Archive.find(Storage.at(sealed.archive))
    assert archive is not None
    with Projector.open(folder) as projector:
        project_archive(archive, projector)
    return folder / "live.duckdb"


@pytest.mark.parametrize("name", FOLDS)
def test_fold_gives_the_same_rows_in_spark_and_in_duckdb(
    name: str, spark: Any, tables: Path, tmp_path: Path
) -> None:
    columns = ", ".join(column.name for column in FOLDS[name].columns)

    spark_sql.rows(spark, FOLDS[name]).write.parquet(str(tmp_path / "rows"))

    with duckdb.connect() as connection:
        connection.execute(f"attach '{tables}' as live (read_only)")
        in_duckdb = f"select {columns} from live.{name}"
        in_spark = f"select {columns} from '{tmp_path}/rows/*.parquet'"
        assert _count(connection, in_duckdb) == _count(connection, in_spark) > 0
        assert connection.sql(f"{in_duckdb} except all {in_spark}").fetchall() == []


def _count(connection: duckdb.DuckDBPyConnection, select: str) -> int:
    return len(connection.sql(select).fetchall())


def _missing() -> str | None:
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed; `make spark` installs it"
    return None if shutil.which("java") else "there is no Java"
