"""Analysts' SQL: what the worker refuses, what stops it, and that it never outlives its asker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ledger.entry import LedgerError
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from tests.consumers.server import alive, until
from tests.projections.history import History
from tests.projections.scenes import queue, serve

BOMB = (
    "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c"
    " where a.range * b.range % 7 = c.range % 3"
)
ASK = (
    "import sys; from pathlib import Path; from ledger.projections import worker;"
    " worker.query(Path(sys.argv[1]), sys.argv[2])"
)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    history = History(1)
    queue(history, "v1")
    serve(history, "v1")
    history.project(folder).close()
    return current_snapshot(folder)


def test_what_does_not_fit_in_memory_is_refused_and_leaves_nothing_beside_the_tables(
    snapshot: Path,
) -> None:
    before = sorted(snapshot.parent.iterdir())
    with pytest.raises(LedgerError, match="needs more than 512MB of memory"):
        worker.query(snapshot, "select * from range(200000000) order by hash(range)")
    assert sorted(snapshot.parent.iterdir()) == before


def test_a_worker_ends_with_whoever_asked_even_by_kill(snapshot: Path) -> None:
    asker = subprocess.Popen([sys.executable, "-c", ASK, str(snapshot), BOMB])
    children = Path(f"/proc/{asker.pid}/task/{asker.pid}/children")
    try:
        [child] = until(lambda: [int(pid) for pid in children.read_text().split()])
        time.sleep(0.5)
        assert alive(child)
    finally:
        os.kill(asker.pid, signal.SIGKILL)
        asker.wait()
    until(lambda: not alive(child))


def test_columns_of_one_name_are_all_there(snapshot: Path) -> None:
    found = worker.query(snapshot, "select 1 as a, 2 as a, 3 as a_2, 4 as b")
    assert found.columns == ["a", "a_2", "a_2_2", "b"]
    assert found.rows == [[1, 2, 3, 4]]


def test_rows_beyond_the_cap_are_cut_and_it_says_so(snapshot: Path) -> None:
    assert worker.query(snapshot, "from range(3)", rows=2) == worker.Table(
        ["range"], [[0], [1]], cut=True
    )
    assert not worker.query(snapshot, "from range(2)", rows=2).cut


TOO_MUCH = {
    "select 170141183460469231731687303715884105727": "beyond 64 bits; cast it to varchar",
    "select now() as moment": "moment has a time zone; cast it to timestamp or varchar",
    "select repeat('x', 70000000)": "the answer is over 64,000,000 bytes; select less",
    "select '\udcff'": "no UTF-8 text",
    "select * from visit": "Table with name visit does not exist",
}


@pytest.mark.parametrize("sql", TOO_MUCH)
def test_what_cannot_be_answered_is_said_in_one_line(sql: str, snapshot: Path) -> None:
    with pytest.raises(LedgerError, match=TOO_MUCH[sql]) as refused:
        worker.query(snapshot, sql)
    assert "\n" not in str(refused.value)


def test_modules_in_the_folder_where_it_is_asked_are_not_loaded(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "duckdb.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    assert worker.query(snapshot.absolute(), "select 1").rows == [[1]]


def test_an_answer_is_handed_on_in_the_form_that_it_was_written_in(snapshot: Path) -> None:
    select = "select 1.50::decimal(4, 2) as d, date '2026-11-03' as t, null as n, [1] as l"
    written = worker.query_as("json", snapshot, f"{select} from range(2)")
    table = worker.query(snapshot, f"{select} from range(2)")
    assert msgspec.json.decode(written.text, type=worker.Table) == table
    assert not written.cut
    csv = worker.query_as("csv", snapshot, f"{select} from range(20000)")
    assert csv.cut
    assert csv.text.splitlines()[:2] == [b"d,t,n,l", b"1.50,2026-11-03,,[1]"]
    for form in ("json", "csv"):
        with pytest.raises(LedgerError, match="beyond 64 bits"):
            worker.query_as(form, snapshot, "select (1::hugeint << 100)")
