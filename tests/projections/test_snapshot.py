"""Readers get a copy of the tables, locked down, while the projector goes on."""

from pathlib import Path

import duckdb
import pytest

from ledger.aggregates.hall import visit
from ledger.entry import LedgerError
from ledger.projections.engine import Projector, differences
from ledger.projections.snapshot import (
    current_snapshot,
    find,
    open_snapshot,
    snapshot_positions,
)
from tests.projections.history import MORNING, History, heads_after

HALL = "hall/renmin"


def history_of(visits: int) -> History:
    history = History(partitions=1)
    computed = {"lapse_due_at": MORNING}
    arrive = visit.Arrive(arrival="walk_in", priority_lane=False)
    for number in range(visits):
        history.say(HALL, arrive, visit.Arrived, computed=computed, visit=f"v{number}")
    return history


def visits_in(connection: duckdb.DuckDBPyConnection) -> int:
    return connection.execute("select count(*) from visits").fetchall()[0][0]


def test_a_snapshot_stays_what_it_was_while_the_projector_goes_on(tmp_path: Path) -> None:
    records = history_of(5).records
    with Projector.open(tmp_path) as projector:
        projector.apply(records[:3], heads_after(records[:3]))
        projector.snapshot()
        early = open_snapshot(tmp_path)
        projector.apply(records[3:], heads_after(records[3:]))
        assert visits_in(early) == 2
        assert snapshot_positions(tmp_path) == {0: 3}
        projector.snapshot()
        assert visits_in(early) == 2
        assert visits_in(open_snapshot(tmp_path)) == 5
        assert snapshot_positions(tmp_path) == {0: 6}


def test_a_snapshot_holds_the_tables_of_the_live_file(tmp_path: Path) -> None:
    history = history_of(3)
    history.project(tmp_path)
    assert differences(tmp_path / "live.duckdb", current_snapshot(tmp_path)) == []


def test_nothing_new_makes_no_new_snapshot(tmp_path: Path) -> None:
    history = history_of(1)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
        first = projector.snapshot()
        assert projector.snapshot() == first
    with Projector.open(tmp_path) as projector:
        assert projector.snapshot() == first


def test_what_was_applied_before_a_stop_is_in_the_next_snapshot(tmp_path: Path) -> None:
    history = history_of(2)
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
    with Projector.open(tmp_path) as projector:
        projector.snapshot()
    assert snapshot_positions(tmp_path) == {0: 3}


def test_the_newest_snapshot_and_the_one_before_it_are_kept(tmp_path: Path) -> None:
    records = history_of(5).records
    with Projector.open(tmp_path) as projector:
        for record in records:
            projector.apply([record], heads_after([record]))
            projector.snapshot()
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == [
        "5.duckdb",
        "6.duckdb",
        "current",
    ]


def test_what_a_crash_left_unfinished_does_no_harm(tmp_path: Path) -> None:
    history = history_of(2)
    snapshots = tmp_path / "snapshots"
    snapshots.mkdir()
    for name in ("1.unfinished", "9.duckdb", "current.unfinished"):
        (snapshots / name).write_bytes(b"half")
    with Projector.open(tmp_path) as projector:
        projector.apply(history.records, history.heads)
        path = projector.snapshot()
    assert path == current_snapshot(tmp_path)
    assert visits_in(open_snapshot(tmp_path)) == 2


def test_a_snapshot_that_cannot_be_read_is_replaced(tmp_path: Path) -> None:
    history = history_of(2)
    history.project(tmp_path).close()
    current_snapshot(tmp_path).write_bytes(b"damaged")
    with pytest.raises(LedgerError, match=r"1\.duckdb cannot be read"):
        open_snapshot(tmp_path)
    with Projector.open(tmp_path) as projector:
        projector.snapshot()
    assert visits_in(open_snapshot(tmp_path)) == 2


def test_without_a_snapshot_a_reader_is_told_so(tmp_path: Path) -> None:
    assert snapshot_positions(tmp_path) == {}
    with pytest.raises(LedgerError, match="no tables yet"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize(
    "sql",
    [
        "insert into visits (hall, visit_id, key_hash) values ('a', 'b', 1)",
        "create table mine (x integer)",
        "select * from read_text('/etc/hostname')",
        "copy visits to 'visits.csv'",
        "attach ':memory:' as other",
        "set threads = 64",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_reader_can_read_the_tables_and_do_nothing_else(sql: str, tmp_path: Path) -> None:
    connection = history_of(1).project(tmp_path)
    with pytest.raises(duckdb.Error):
        connection.execute(sql)
    assert visits_in(connection) == 1


def test_the_file_is_kept_in_a_storage_version_that_others_open(tmp_path: Path) -> None:
    history_of(1).project(tmp_path)
    with duckdb.connect(str(current_snapshot(tmp_path)), read_only=True) as connection:
        [(tags,)] = connection.execute(
            "select tags from duckdb_databases() where path is not null and not internal"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.5.0")


@pytest.mark.parametrize("pointer", [b"", b"\xff", b"../live.duckdb", b"9.duckdb"])
def test_a_pointer_that_names_no_snapshot_is_none(pointer: bytes, tmp_path: Path) -> None:
    with Projector.open(tmp_path) as projector:
        projector.snapshot()
    (tmp_path / "snapshots" / "current").write_bytes(pointer)
    assert find(tmp_path) is None
    with Projector.open(tmp_path) as projector:
        assert projector.snapshot() == find(tmp_path)
