"""A partition that cannot go on stands still, says where, and holds up no other."""

from pathlib import Path

import msgspec
import pytest

from consumers.embedded import Embedded, found
from consumers.movement import STILL_SECONDS, Movement, Reached
from consumers.projector import catch_up, project_all
from ledger import founding
from ledger.entry import FutureFormatError, LedgerError, leaf_hash
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.projections.engine import Projector
from ledger.projections.progress import troubles
from ledger.projections.snapshot import open_snapshot, snapshot_positions
from ledger.settings import Home
from replay.doctor import examine_embedded
from replay.rebuild import rebuild
from replay.status import status_of
from tests.tampering import tampering

HALLS = ("hall/renmin", "hall/jiefang")
OF = {
    "specversion": "1.0",
    "source": "queue-machine",
    "type": "visit.arrive.v1",
    "time": "2026-11-03T11:00:00+08:00",
    "actor": "system:queue_machine",
    "data": {"arrival": "walk_in", "priority_lane": False},
}
KNOWN, FUTURE = b'"visit.arrived.v1"', b'"visit.arrived.v9"'


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the sample, in which somebody arrives twice at the first hall."""
    folder = tmp_path_factory.mktemp("standing") / "home"
    found(folder, founding.sample())
    with Embedded(folder) as ledger:
        for number in range(2):
            arrive(ledger, HALLS[0], number)
    return folder


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    for file in recorded.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return Home(folder)


def arrive(ledger: Embedded, hall: str, number: int) -> None:
    name = hall.partition("/")[2]
    message = OF | {"subject": hall, "hall": name, "id": f"a{number}", "visit": f"v{number}"}
    [answer] = ledger.publish([msgspec.json.encode(message)])
    assert answer.outcome == "recorded"  # type: ignore[union-attr]


def rewrite_last(home: Home, partition: int, old: bytes, new: bytes) -> int:
    """Puts another record in place of the newest of a partition; its position."""
    log = SqliteLog(home.log)
    position = log.ends()[partition]
    record = log.record(partition, position)
    log.close()
    assert record is not None
    assert record.count(old) == 1
    with tampering(home.log) as file:
        file.execute(
            "update entry set record = ? where partition = ? and position = ?",
            (record.replace(old, new), partition, position),
        )
    return position


def visits(home: Home) -> int:
    with open_snapshot(home.projections) as tables:
        return tables.execute("select count(*) from visits").fetchall()[0][0]


def test_an_event_of_the_future_stops_its_partition_and_no_other(home: Home) -> None:
    partition = partition_of(HALLS[0], 8)
    position = rewrite_last(home, partition, KNOWN, FUTURE)
    catch_up(home)
    shown = snapshot_positions(home.projections)
    assert shown[partition] == position - 1
    assert all(shown[n] == 1 for n in shown if n != partition)
    assert visits(home) == 1
    [stop] = status_of(home).stopped
    assert (stop.partition, stop.position) == (partition, position)
    assert "visit.arrived.v9" in stop.sentence
    [finding] = [each for each in examine_embedded(home).findings if each.check == "tables"]
    assert (finding.severity, finding.about) == ("problem", (f"partition {partition}",))
    with open_snapshot(home.projections) as tables:
        assert tables.execute(
            "select stopped_at, lag, stopped_because like '%v9%' from freshness"
            " where partition = ?",
            [partition],
        ).fetchall() == [(position, 1, True)]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [(b'"v":1,', b'"v":9,'), (b'"time":"2026-11-03T11:00:00+08:00"', b'"time":"noon"')],
    ids=["a later format", "no time"],
)
def test_a_record_that_cannot_be_read_stops_its_partition(
    right: bytes, wrong: bytes, home: Home
) -> None:
    partition = partition_of(HALLS[0], 8)
    position = rewrite_last(home, partition, right, wrong)
    catch_up(home)
    [stop] = troubles(home.projections).stopped
    assert (stop.partition, stop.position) == (partition, position)


def test_a_stopped_partition_goes_on_by_itself_once_its_entry_can_be_read(home: Home) -> None:
    partition = partition_of(HALLS[0], 8)
    rewrite_last(home, partition, KNOWN, FUTURE)
    catch_up(home)
    assert catch_up(home) == 0
    rewrite_last(home, partition, FUTURE, KNOWN)
    assert catch_up(home) == 1
    assert troubles(home.projections).stopped == []
    assert visits(home) == 2


def test_a_replay_does_not_pass_over_what_it_cannot_read(home: Home, tmp_path: Path) -> None:
    rewrite_last(home, partition_of(HALLS[0], 8), KNOWN, FUTURE)
    log = SqliteLog(home.log)
    with Projector.open(tmp_path / "scratch") as projector, pytest.raises(FutureFormatError):
        project_all(log, projector)
    log.close()


def test_a_rebuild_keeps_what_a_stopped_partition_has(home: Home) -> None:
    rewrite_last(home, partition_of(HALLS[0], 8), KNOWN, FUTURE)
    catch_up(home)
    assert all(change.is_empty for change in rebuild(home).changes)
    assert visits(home) == 1


def test_a_chain_that_breaks_stops_everything(home: Home) -> None:
    """Nobody goes on over a history that was changed."""
    partition = partition_of(HALLS[0], 8)
    log = SqliteLog(home.log)
    before = log.record(partition, log.ends()[partition] - 1)
    log.close()
    assert before is not None
    rewrite_last(home, partition, leaf_hash(before).encode(), b"0" * 64)
    with pytest.raises(LedgerError, match="breaks after position"):
        catch_up(home)


def test_a_position_that_has_not_moved_is_told_of(home: Home) -> None:
    catch_up(home)
    shown = snapshot_positions(home.projections)
    now = 0.0
    movement = Movement(home.projections, lambda: now)
    movement.look(shown)
    now = STILL_SECONDS * 3
    movement.look(shown)
    assert movement.sentences() == []
    behind = shown | {3: shown[3] + 1}
    movement.look(behind)
    assert movement.sentences() == []
    now += STILL_SECONDS + 1
    movement.look(behind)
    assert movement.sentences() == [f"partition 3 has not moved from position {shown[3]} for 61 s"]
    told = [each for each in movement.reached() if each.position < each.head]
    assert told == [Reached(partition=3, position=shown[3], head=shown[3] + 1, still_seconds=61)]
    movement.look(shown)
    assert movement.sentences() == []
