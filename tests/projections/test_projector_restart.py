"""A projector that starts again: where it goes on, what it makes anew, and what stands still."""

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from ledger.projections import definitions as files
from ledger.projections.definitions import Definitions
from ledger.projections.engine import Projector, differences
from ledger.projections.progress import Stop, troubles
from tests.projections.history import History, heads_after
from tests.projections.lives import Lives
from tests.projections.projecting import arrivals, rows


def fresh(projector: Projector) -> list[tuple[int, int, str]]:
    with duckdb.connect(str(projector.snapshot()), read_only=True) as connection:
        return connection.execute(
            "select partition, position, standing from freshness order by partition"
        ).fetchall()


def other_folds(old: str, new: str) -> Definitions:
    shipped = files.load()
    payments = next(fold for fold in shipped.folds if fold.name == "payments")
    assert old in payments.select
    other = replace(payments, select=payments.select.replace(old, new))
    folds = tuple(other if fold is payments else fold for fold in shipped.folds)
    return replace(shipped, folds=folds)


def test_a_second_projector_of_the_same_tables_is_refused(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from ledger.projections.engine import Projector\n"
        "from ledger.entry import LedgerError\n"
        "try:\n    Projector.open(pathlib.Path(sys.argv[1]))\n"
        "except LedgerError as error:\n    print(error)\n"
    )
    with Projector.open(tmp_path) as projector:
        # The copy for readers closes the file once, which gives up a lock of the file itself.
        projector.snapshot()
        answer = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "another projector has the tables open" in answer.stdout


OPENS = """
import sys, pathlib
from ledger.projections.engine import Projector
with Projector.open(pathlib.Path(sys.argv[1])) as projector:
    print(projector.snapshot().name)
"""


def test_tables_that_another_process_made_are_gone_on_with_as_they_are(tmp_path: Path) -> None:
    def opened(seed: str) -> bytes:
        command = [sys.executable, "-c", OPENS, str(tmp_path)]
        return subprocess.check_output(command, env={**os.environ, "PYTHONHASHSEED": seed})

    assert opened("1") == opened("2") == b"1.duckdb\n"


KILLED = """
import os, sys, pathlib, pickle
from ledger.projections.engine import Projector
from tests.projections.cuts import batches, project
from tests.projections.history import heads_after
folder, pieces = pathlib.Path(sys.argv[1]), pickle.load(sys.stdin.buffer)
projector = Projector.open(folder)
for piece in pieces:
    projector.apply(piece, heads_after(piece))
os.kill(os.getpid(), 9)
"""


def test_a_projector_that_is_killed_goes_on_from_its_last_batch(tmp_path: Path) -> None:
    history = History(partitions=2)
    Lives(history, seed=3).day(visits=12)
    records = history.records
    pieces = [records[:40], records[40:70]]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed")],
        input=pickle.dumps(pieces),
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert killed.returncode == -9, killed.stderr
    shutil.copytree(tmp_path / "killed", tmp_path / "as-killed")
    with Projector.open(tmp_path / "killed") as projector:
        assert projector.positions() == {**heads_after(pieces[0]), **heads_after(pieces[1])}
        projector.apply(records[70:], heads_after(records[70:]))
        assert projector.check() == []
    with Projector.open(tmp_path / "whole") as projector:
        projector.apply(records, history.heads)
    live = "live.duckdb"
    assert differences(tmp_path / "killed" / live, tmp_path / "whole" / live) == []
    assert differences(tmp_path / "as-killed" / live, tmp_path / "whole" / live) != []


@pytest.mark.parametrize("first", [0, 4_096, 12_288])
def test_a_damaged_file_is_made_anew_and_says_so(first: int, tmp_path: Path) -> None:
    history = arrivals(2)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
    live = tmp_path / "live.duckdb"
    whole = live.read_bytes()
    live.write_bytes(whole[:first] + b"not a database" * 1000 + whole[first + 14_000 :])
    with Projector.open(tmp_path) as projector:
        assert projector.rebuilding is not None
        assert projector.positions() == {}
        projector.apply(history.records, history.heads)
        assert projector.check() == []


def test_readers_keep_the_old_snapshot_until_tables_made_anew_have_caught_up(
    tmp_path: Path,
) -> None:
    history = arrivals(4)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
        before = projector.snapshot()
    (tmp_path / "live.duckdb").write_bytes(b"damaged")
    with Projector.open(tmp_path) as projector:
        assert projector.snapshot() == before
        projector.apply(history.records[:4], heads_after(history.records[:4]))
        assert projector.snapshot() == before
        projector.apply(history.records[4:], heads_after(history.records[4:]))
        assert projector.snapshot() != before


def test_the_table_of_a_changed_fold_stands_still_and_the_others_go_on(tmp_path: Path) -> None:
    history = arrivals(4)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records[:4], heads_after(history.records[:4]))
    with Projector.open(tmp_path, other_folds("'captured'", "'taken'")) as projector:
        assert projector.pending == {"payments"}
        assert projector.standing() == {"payments": {0: 1, 1: 3}}
        projector.apply(history.records[4:], heads_after(history.records[4:]))
        assert rows(projector, "visits") == 4
        assert fresh(projector) == [(0, 1, "payments at 1"), (1, 5, "payments at 3")]


def test_a_table_that_stood_still_is_not_gone_on_with_by_its_old_fold(tmp_path: Path) -> None:
    """It lacks what came in while the other program ran."""
    history = arrivals(4)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records[:4], heads_after(history.records[:4]))
    with Projector.open(tmp_path, other_folds("'captured'", "'taken'")) as projector:
        projector.apply(history.records[4:], heads_after(history.records[4:]))
    with Projector.open(tmp_path) as projector:
        assert projector.pending == {"payments"}
        assert projector.standing() == {"payments": {0: 1, 1: 3}}


def test_a_fold_that_is_gone_takes_its_table_along(tmp_path: Path) -> None:
    history, shipped = arrivals(2), files.load()
    two = tuple(fold for fold in shipped.folds if fold.name in ("visits", "payments"))
    few = Definitions(two, shared=shipped.shared)
    with Projector.open(tmp_path, few) as projector:
        projector.apply(history.records, history.heads)
    only = replace(few, folds=tuple(fold for fold in two if fold.name == "visits"))
    with Projector.open(tmp_path, only) as projector:
        assert not projector.pending
        assert rows(projector, "visits") == 2
        with pytest.raises(duckdb.CatalogException):
            rows(projector, "payments")


def test_tables_go_on_where_only_the_comments_of_a_fold_changed(tmp_path: Path) -> None:
    history = arrivals(2)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
    commented = other_folds("'captured'", "'captured' -- as TMF676 says\n")
    with Projector.open(tmp_path, commented) as projector:
        assert projector.rebuilding is None
        assert projector.positions() == history.heads


def test_a_stopped_partition_says_so_until_its_entry_is_taken_in(tmp_path: Path) -> None:
    history = arrivals(3)
    few, rest = history.records[:3], history.records[3:]
    with Projector.open(tmp_path) as projector:
        projector.apply(few, heads_after(few))
        projector.stop(Stop(1, 3, "it is of the future"))
        assert projector.stopped() == {1: 3}
        projector.snapshot({0: 1, 1: 4})
    assert troubles(tmp_path).stopped == [Stop(1, 3, "it is of the future")]
    with Projector.open(tmp_path) as projector:
        assert projector.stopped() == {}
        projector.snapshot()
        assert troubles(tmp_path).stopped != []
        projector.apply(rest, heads_after(rest))
        projector.snapshot({0: 1, 1: 4})
    assert troubles(tmp_path).stopped == []
