"""Hostile SQL: each is tried, refused in one line, and leaves no file and no process behind."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.entry import LedgerError
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from tests.projections.history import History
from tests.projections.scenes import queue, serve

NO_FILES = "disabled by configuration"
NO_MEMORY = "needs more than 512MB of memory"
TOO_LONG = "the query is over 100,000 bytes"
TOO_DEEP = "Max expression depth limit of 1000 exceeded"
LOCKED = "the configuration has been locked"
READ_ONLY = "attached in read-only mode"
ABSENT = "does not exist|is not in the catalog"

CROSS_JOIN = (
    "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c"
    " where a.range * b.range % 7 = c.range % 3"
)


def only_select(statement: str) -> str:
    return f"only SELECT is answered, not {statement}"


READING = {
    "select * from read_csv('{folder}/secret.csv')": NO_FILES,
    "select * from read_text('{folder}/secret.csv')": NO_FILES,
    "select * from read_blob('{folder}/secret.csv')": NO_FILES,
    "select * from read_json('{folder}/secret.csv')": NO_FILES,
    "select * from read_parquet('{folder}/secret.csv')": NO_FILES,
    "select * from parquet_metadata('{folder}/secret.csv')": NO_FILES,
    "select * from sniff_csv('{folder}/secret.csv')": NO_FILES,
    "select * from glob('{folder}/*')": NO_FILES,
    "select * from '{folder}/secret.csv'": NO_FILES,
    "select * from read_duckdb('{folder}/other.duckdb', table_name = 't')": NO_FILES,
    "select * from query('from read_text(''{folder}/secret.csv'')')": NO_FILES,
    "select * from query_table(['visits', '{folder}/secret.csv'])": NO_FILES,
    "select * from json_execute_serialized_sql(json_serialize_sql("
    "'select * from read_text(''{folder}/secret.csv'')'))": NO_FILES,
    "describe from read_text('{folder}/secret.csv')": NO_FILES,
    "summarize from read_csv('{folder}/secret.csv')": NO_FILES,
    "explain analyze from read_text('{folder}/secret.csv')": NO_FILES,
    "select (select content from read_text('{folder}/secret.csv'))": NO_FILES,
    "select * from sqlite_scan('{folder}/vault.sqlite', 'key')": ABSENT,
    "create view mine as from read_text('{folder}/secret.csv')": only_select("CREATE"),
    "create macro mine() as table from read_text('{folder}/secret.csv')": only_select("CREATE"),
}

THE_NETWORK = {
    "select * from read_csv('http://127.0.0.1:9/x.csv')": NO_FILES,
    "select * from 'https://127.0.0.1:9/x.parquet'": NO_FILES,
    "select * from 's3://bucket/x.parquet'": NO_FILES,
    "attach 'http://127.0.0.1:9/x.duckdb'": only_select("ATTACH"),
}

WRITING = {
    "copy visits to '{folder}/out.csv'": only_select("COPY"),
    "copy (select 1) to '/dev/stdout'": only_select("COPY"),
    "export database '{folder}/out'": only_select("EXPORT"),
    "import database '{folder}'": only_select("PRAGMA"),
    "explain analyze copy (select 1) to '{folder}/out.csv'": NO_FILES,
    "attach '{folder}/out.duckdb'": only_select("ATTACH"),
    "attach '{folder}/vault.sqlite' (type sqlite)": only_select("ATTACH"),
    "detach tables": only_select("DETACH"),
    "create table mine (x integer)": only_select("CREATE"),
    "create temp table mine as select 1": only_select("CREATE"),
    "insert into visits (hall) values ('x')": only_select("INSERT"),
    "update visits set hall = 'x'": only_select("UPDATE"),
    "delete from visits": only_select("DELETE"),
    "truncate visits": only_select("DELETE"),
    "alter table visits add column x integer": only_select("ALTER"),
    "drop table visits": only_select("DROP"),
    "vacuum": only_select("VACUUM"),
    "checkpoint": only_select("CALL"),
    "begin": only_select("TRANSACTION"),
    "merge into visits using visits v on true when matched then delete": only_select("MERGE_INTO"),
    "with gone as (delete from visits returning *) from gone": READ_ONLY,
    "explain analyze delete from visits": READ_ONLY,
    "select * from enable_logging(storage = 'file', storage_path = '{folder}/log')": LOCKED,
    "select * from enable_profiling(save_location = '{folder}/profile')": LOCKED,
}

EXTENSIONS = {
    "install httpfs": only_select("LOAD"),
    "force install httpfs from community": only_select("LOAD"),
    "load httpfs": only_select("LOAD"),
    "explain analyze load httpfs": "disabled through configuration",
    "select * from iceberg_scan('{folder}')": ABSENT,
    "select * from duckdb_extensions()": NO_FILES,
}

SETTINGS = {
    "set threads = 64": only_select("SET"),
    "set lock_configuration = false": only_select("SET"),
    "explain analyze set threads = 64": LOCKED,
    "reset memory_limit": only_select("SET"),
    "use main": only_select("SET"),
    "set variable x = 1": only_select("SET"),
    "pragma database_list": only_select("PRAGMA"),
    "pragma enable_profiling": only_select("PRAGMA"),
    "call enable_logging()": only_select("CALL"),
    "create secret mine (type s3)": only_select("CREATE"),
    "select * from duckdb_secrets()": NO_FILES,
    "select * from which_secret('s3://bucket', 's3')": NO_FILES,
    "select current_setting('s3_secret_access_key')": ABSENT,
    "select getenv('HOME')": ABSENT,
}

STATEMENTS = {
    "select 1; select 2": "send one statement",
    "select 1; drop table visits": "send one statement",
    "": "send one statement",
    ";": "send one statement",
    "-- nothing": "send one statement",
    "prepare p as select 1": only_select("PREPARE"),
    "execute p": only_select("EXECUTE"),
    "deallocate p": only_select("DROP"),
    "select 1 /*": "unterminated",
    "select * from query('select 1; select 2')": "Expected a single SELECT statement",
    "select * from query('attach ''{folder}/out.duckdb''')": "Expected a single SELECT statement",
    "select ?": "parameter",
    "select * from pandas_scan(140000000000000)": "No function matches",
    "select * from arrow_scan(1, 2, 3)": "No function matches",
    "select * from snapshot": ABSENT,
}

TEXT = {
    "select 1\0, 2": "holds a NUL character",
    "select '\ud800'": "no UTF-8 text",
    "select " + "1+" * 100_000 + "1": TOO_LONG,
    "select '" + "x" * 100_000 + "'": TOO_LONG,
    "select " + "1+" * 40_000 + "1": TOO_DEEP,
    "select " + "(" * 40_000 + "1" + ")" * 40_000: TOO_DEEP,
    "select " + "[" * 40_000 + "]" * 40_000: TOO_DEEP,
    "select " + "not " * 20_000 + "true": TOO_DEEP,
    "select " + "case when true then " * 3_000 + "1" + " end" * 3_000: TOO_DEEP,
    "select * from " + "(select * from " * 3_000 + "(select 1)" + ")" * 3_000: TOO_DEEP,
}


def doubling(times: int) -> str:
    """Four times keep 5 million rows and count 2 * 10^14; eight keep too many."""
    tables = [
        f"c{n} as (select 1 from c{n - 1} a, c{n - 1} b, range(9))" for n in range(1, times + 1)
    ]
    return f"with c0 as (select 1), {', '.join(tables)} select count(*) from c{times}"


MEMORY = {
    "select list(range) from range(500000000)": NO_MEMORY,
    "select length(range(2000000000))": NO_MEMORY,
    "select length(repeat('x', 4000000000))": NO_MEMORY,
    "select format('{{:>2000000000}}', 'x')": NO_MEMORY,
    "select string_agg(repeat('x', 1000)) from range(100000000)": NO_MEMORY,
    "select repeat('x', 1000000) from range(10000)": NO_MEMORY,
    "with recursive r(n) as (select 1 union all select n + 1 from r, range(1000))"
    " select count(*) from r": NO_MEMORY,
    doubling(8): NO_MEMORY,
    "select repeat('x', 70000000)": "the answer is over 64,000,000 bytes; select less",
}

REFUSED = {
    **READING,
    **THE_NETWORK,
    **WRITING,
    **EXTENSIONS,
    **SETTINGS,
    **STATEMENTS,
    **TEXT,
    **MEMORY,
}

BOMBS = {
    "cross join": CROSS_JOIN,
    "recursion without end": "with recursive r(n) as (select 1 union all select n + 1 from r)"
    " select count(*) from r",
    "doubling": doubling(4),
    "sleep": "select sleep_ms(60000)",
    "one long text": "select lpad('x', 2000000000, 'y')",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    history = History(1)
    queue(history, "v1")
    serve(history, "v1")
    history.project(folder).close()
    return current_snapshot(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Holds a secret; nothing is beside it afterwards, and no child more than before is left."""
    (tmp_path / "secret.csv").write_text("never,read\n")
    before = children()
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert children() <= before


def children() -> set[str]:
    """Children of this process; other tests may have left one, as multiprocessing's tracker."""
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: ascii(sql[:60]))
def test_it_is_refused_with_a_reason_in_one_line(sql: str, snapshot: Path, folder: Path) -> None:
    asked = sql.replace("{folder}", str(folder)).replace("{{", "{").replace("}}", "}")
    with pytest.raises(LedgerError, match=REFUSED[sql]) as refused:
        worker.query(snapshot, asked)
    assert not isinstance(refused.value, worker.StoppedError)
    assert "\n" not in str(refused.value)
    assert "never" not in str(refused.value)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_dead_within_a_second_of_its_deadline_and_the_next_query_works(
    bomb: str, snapshot: Path, folder: Path
) -> None:
    before = children()
    began = time.monotonic()
    with pytest.raises(worker.StoppedError, match=r"ran longer than 0.7 s and was stopped"):
        worker.query(snapshot, BOMBS[bomb], seconds=0.7)
    assert time.monotonic() - began < 1.7
    assert children() <= before
    assert worker.query(snapshot, "select count(*) from visits").rows == [[1]]


def test_more_rows_than_the_cap_are_cut(snapshot: Path, folder: Path) -> None:
    found = worker.query(snapshot, "from range(1000000000)")
    assert (len(found.rows), found.cut) == (worker.ROWS, True)
