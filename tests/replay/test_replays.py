"""As-of and rebuild read again what was written, and write nothing to the ledger."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from consumers.embedded import Embedded
from consumers.projector import catch_up
from ledger.entry import LedgerError
from ledger.projections.engine import differences
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from replay.as_of import replay_as_of
from replay.rebuild import rebuild
from replay.status import status_of
from tests.tampering import tampering

PAID = datetime.fromisoformat("2026-11-03T10:10:00+08:00")
BEFORE_PAYING = datetime.fromisoformat("2026-11-03T10:09:59+08:00")
FOUNDED = datetime.fromisoformat("2026-11-02T00:00:00+08:00")


def payments(file: Path) -> list[tuple[str, int]]:
    tables = duckdb.connect(str(file), read_only=True)
    rows = tables.execute("select payment_id, amount_fen from payments").fetchall()
    tables.close()
    return rows


def test_as_of_a_moment_knows_what_was_recorded_until_then(home: Home, tmp_path: Path) -> None:
    replay_as_of(home, BEFORE_PAYING, tmp_path / "before.duckdb")
    replay_as_of(home, PAID, tmp_path / "paid.duckdb")
    assert payments(tmp_path / "before.duckdb") == []
    assert payments(tmp_path / "paid.duckdb") == [("p-1001", 10000)]


def test_as_of_the_end_equals_the_live_tables(home: Home, tmp_path: Path) -> None:
    now = tmp_path / "now.duckdb"
    replay_as_of(home, datetime.fromisoformat("2027-01-01T00:00:00+08:00"), now)
    assert differences(current_snapshot(home.projections), now) == []


def test_as_of_never_overwrites_a_file(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.duckdb").write_text("mine")
    with pytest.raises(LedgerError, match="exists"):
        replay_as_of(home, PAID, tmp_path / "mine.duckdb")
    assert (tmp_path / "mine.duckdb").read_text() == "mine"


def test_as_of_before_the_founding_is_refused(home: Home, tmp_path: Path) -> None:
    day_before = datetime.fromisoformat("2026-11-01T00:00:00+08:00")
    with pytest.raises(LedgerError, match="founded after"):
        replay_as_of(home, day_before, tmp_path / "none.duckdb")
    assert replay_as_of(home, FOUNDED, tmp_path / "founded.duckdb").entries == 8


def test_a_rebuild_gives_the_same_tables(home: Home, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    before.write_bytes(current_snapshot(home.projections).read_bytes())
    assert rebuild(home).entries == 25
    assert differences(before, current_snapshot(home.projections)) == []


def test_a_rebuild_goes_on_while_another_process_writes(home: Home) -> None:
    with Embedded(home.folder):
        assert rebuild(home).entries == 25


def test_status_counts_entries_and_lag(home: Home) -> None:
    assert status_of(home).lag == 0
    with Embedded(home.folder) as ledger:
        [answer] = ledger.publish(
            [
                b'{"specversion":"1.0","id":"late","source":"queue-machine","type":'
                b'"visit.arrive.v1","subject":"hall/renmin","time":"2026-11-03T11:00:00+08:00",'
                b'"actor":"system:queue_machine","hall":"renmin","visit":"v-2","data":'
                b'{"arrival":"walk_in","priority_lane":false}}'
            ]
        )
        assert answer.outcome == "recorded"  # type: ignore[union-attr]
    status = status_of(home)
    assert (status.entries, status.lag) == (26, 1)
    assert status.clock == "simulated"


def test_a_log_that_lost_its_founding_leaves_the_tables_as_they_are(home: Home) -> None:
    with tampering(home.log) as log:
        log.execute("delete from entry where partition = 0")
    with pytest.raises(LedgerError, match="founding"):
        rebuild(home)
    assert payments(current_snapshot(home.projections)) == [("p-1001", 10000)]


def test_tables_that_know_more_than_the_log_are_not_called_fresh(home: Home) -> None:
    with tampering(home.log) as log:
        deleted = log.execute(
            "delete from entry where instr(record, cast('ENV-07' as blob)) and position = (select"
            " max(position) from entry as other where other.partition = entry.partition)"
            " returning position"
        )
        assert len(deleted.fetchall()) == 1
    with pytest.raises(LedgerError, match="does not hold"):
        catch_up(home)
    rebuild(home)
    assert catch_up(home) == 0
