"""The projector on Kafka: it starts from its own position, and shares partitions as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from consumers import projector
from ledger.entry import LedgerError
from ledger.logs.cluster import Cluster
from ledger.logs.sqlite import SqliteLog
from ledger.projections import worker
from ledger.projections.engine import Projector, differences
from ledger.projections.snapshot import current_snapshot, find, snapshot_positions
from ledger.settings import Home
from tests.kafka.carrying import carry, recorded
from tests.kafka.working import Running, address, started, until


@pytest.fixture(autouse=True)
def _on_kafka(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(founded))


@contextmanager
def projecting(home: Home, partitions: list[int] | None = None) -> Iterator[Running]:
    running = Running(lambda stopping: projector.run(home, stopping, None, partitions))
    try:
        yield running
    finally:
        running.stop()


def ends(path: Path) -> dict[int, int]:
    """What a log holds; nothing where it is not made yet."""
    try:
        log = SqliteLog(path)
    except LedgerError:
        return {}
    try:
        return log.ends()
    finally:
        log.close()


def reached(home: Home) -> dict[int, int]:
    """The positions of the live tables' last snapshot; nothing where there is none yet."""
    return snapshot_positions(home.projections) if find(home.projections) else {}


def same_tables(home: Home, embedded: Home, scratch: Path) -> bool:
    log = SqliteLog(embedded.log)
    with Projector.open(scratch) as rebuilt:
        projector.project_all(log, rebuilt)
        snapshot = rebuilt.snapshot()
    log.close()
    return differences(current_snapshot(home.projections), snapshot) == []


def test_what_is_written_is_projected_as_a_rebuild_would_have_it(
    founded: Cluster, tmp_path: Path
) -> None:
    embedded, home = recorded(tmp_path / "embedded"), Home(tmp_path / "home")
    with projecting(home) as running:
        carry(embedded, founded)
        until(lambda: ends(home.copy) == ends(embedded.log))
        assert running.alive
    assert same_tables(home, embedded, tmp_path / "rebuilt")


def test_one_that_was_killed_goes_on_from_the_position_with_its_rows(
    founded: Cluster, tmp_path: Path
) -> None:
    embedded, home = recorded(tmp_path / "embedded"), Home(tmp_path / "home")
    with started("projector", founded, home) as process:
        carry(embedded, founded, 0, 0.5)
        until(lambda: sum(ends(home.copy).values()) > 4)
        process.kill()
        process.wait()
    carry(embedded, founded, 0.5, 1)
    with projecting(home):
        pass
    assert same_tables(home, embedded, tmp_path / "rebuilt")


def test_a_home_without_its_copy_reads_kafka_again_and_projects_nothing_twice(
    founded: Cluster, tmp_path: Path
) -> None:
    embedded, home = recorded(tmp_path / "embedded"), Home(tmp_path / "home")
    carry(embedded, founded, 0, 0.5)
    with projecting(home):
        pass
    home.copy.unlink()
    carry(embedded, founded, 0.5, 1)
    with projecting(home):
        pass
    assert same_tables(home, embedded, tmp_path / "rebuilt")


def test_two_projectors_share_the_partitions(founded: Cluster, tmp_path: Path) -> None:
    embedded = recorded(tmp_path / "embedded")
    carry(embedded, founded)
    last = ends(embedded.log)
    for partition in (0, 1):
        home = Home(tmp_path / f"home{partition}")
        with projecting(home, [partition]):
            pass
        assert reached(home) == {partition: last[partition]}
        [[count]] = worker.query(
            current_snapshot(home.projections), "select count(*) from audit_trail"
        ).rows
        assert 0 < count < last[partition] + 1


def test_a_partition_that_there_is_not_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="partition 7"):
        projector.run(Home(tmp_path / "home"), Event(), None, [7])


def test_a_second_projector_in_the_same_home_is_told_who_has_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with projecting(home):
        until(home.copy.exists)
        with pytest.raises(LedgerError, match="each consumer needs a home of its own"):
            projector.run(home, Event())
