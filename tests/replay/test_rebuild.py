"""Tables are built anew beside the live ones, by processes that are killed at any moment."""

import itertools
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from consumers import projector, rebuilding
from consumers.embedded import Embedded, found
from consumers.projector import ProjectorProcess, catch_up, project_all
from ledger import founding
from ledger.entry import LedgerError
from ledger.logs.opening import open_log
from ledger.projections import definitions as files
from ledger.projections import switching
from ledger.projections.definitions import Check, Definitions
from ledger.projections.engine import Projector, differences
from ledger.projections.progress import troubles
from ledger.projections.snapshot import open_snapshot, snapshot_positions
from ledger.settings import Home
from replay.rebuild import rebuild
from replay.status import status_of
from replay.verify import verify
from tests.consumers import server
from tests.consumers.server import until
from tests.replay.conftest import EXAMPLE

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
OLD, NEW = "'done'", "'finished'"
ARRIVE = {
    "specversion": "1.0",
    "source": "queue-machine",
    "type": "visit.arrive.v1",
    "subject": "hall/renmin",
    "time": "2026-11-03T11:00:00+08:00",
    "actor": "system:queue_machine",
    "hall": "renmin",
    "data": {"arrival": "walk_in", "priority_lane": False},
}

CHILD = """
import os, sys, threading
from pathlib import Path
from consumers import projector, rebuilding, running
from ledger.projections import definitions
from ledger.projections.engine import Projector
from ledger.settings import Home
from tests.replay.test_rebuild import changed_folds
how, folder = sys.argv[1], Path(sys.argv[2])
folds = changed_folds()
definitions.load = lambda: folds
projector.BATCH, projector.LARGE_BATCH = 10, 400 if how == "live" else 10

def die(*arguments, **named):
    os._exit(9)

def die_after(method):
    def dying(*arguments, **named):
        method(*arguments, **named)
        os._exit(9)
    return dying

if how == "in the middle":
    Projector._apply = die_after(Projector._apply)
elif how == "before the switch":
    Projector.take_over = die
elif how == "after the switch":
    Projector.take_over = die_after(Projector.take_over)
if how == "live":
    running.run("projector", Home(folder), until_eof=True)
else:
    projector.catch_up(Home(folder))
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rebuild") / "home"
    found(folder, founding.sample())
    with Embedded(folder) as ledger, EXAMPLE.open("rb") as lines:
        ledger.publish(lines)
    catch_up(Home(folder))
    return folder


@pytest.fixture
def home(recorded: Path, tmp_path: Path) -> Home:
    """A home of one's own, with a visit recorded and projected."""
    shutil.copytree(recorded, tmp_path / "home")
    return Home(tmp_path / "home")


def changed_folds(*checks: Check) -> Definitions:
    """Today's folds, of which one calls a payment's state by another name."""
    shipped = files.load()
    payments = next(fold for fold in shipped.folds if fold.name == "payments")
    assert OLD in payments.select
    other = replace(
        payments,
        select=payments.select.replace(OLD, NEW),
        checks=checks or payments.checks,
    )
    folds = tuple(other if fold is payments else fold for fold in shipped.folds)
    return replace(shipped, folds=folds)


def child(how: str, home: Home) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, how, str(home.folder)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )


def arrive(ledger: Embedded, number: int) -> None:
    message = ARRIVE | {"id": f"late-{number}", "visit": f"late-{number}"}
    [answer] = ledger.publish([msgspec.json.encode(message)])
    assert answer.outcome == "recorded"  # type: ignore[union-attr]


def states(home: Home) -> list[str]:
    """What readers see of the one payment there is."""
    try:
        with open_snapshot(home.projections) as tables:
            return [row[0] for row in tables.execute("select status from payments").fetchall()]
    except LedgerError:
        # It was replaced by a newer one between finding and opening it.
        return states(home)


@contextmanager
def polled(home: Home) -> Generator[list[list[str]], None, None]:
    """What a reader sees who looks again and again."""
    seen: list[list[str]] = []
    stopping = threading.Event()

    def poll() -> None:
        while not stopping.wait(0.02):
            seen.append(states(home))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        stopping.set()
        thread.join()


def equal_a_rebuild(home: Home, folder: Path, definitions: Definitions) -> None:
    log = open_log(home)
    with Projector.open(folder, definitions) as projector:
        project_all(log, projector)
    log.close()
    live = home.projections / "live.duckdb"
    assert differences(live, folder / "live.duckdb") == []


@pytest.mark.parametrize("moment", ["in the middle", "before the switch", "after the switch"])
def test_a_rebuild_that_is_killed_goes_on(moment: str, home: Home, tmp_path: Path) -> None:
    killed = child(moment, home)
    _, said = killed.communicate(timeout=60)
    assert killed.returncode == 9, said
    assert states(home) == ["done"]
    if moment != "after the switch":
        with duckdb.connect(str(home.projections / "live.duckdb")) as live:
            assert live.execute("select status from payments").fetchall() == [("done",)]
    again = child("to the end", home)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert b"others in payments" in said
    assert states(home) == ["finished"]
    assert troubles(home.projections).standing == {}
    equal_a_rebuild(home, tmp_path / "again", changed_folds())


def test_a_changed_fold_is_rebuilt_while_entries_keep_arriving(home: Home, tmp_path: Path) -> None:
    with Embedded(home.folder) as ledger, polled(home) as seen:
        running = child("live", home)
        deadline = time.monotonic() + PATIENCE_SECONDS
        for number in itertools.count():
            arrive(ledger, number)
            told = rebuilding.told_of(home.projections)
            if told is not None and told.state == "done":
                break
            assert time.monotonic() < deadline, "it was not rebuilt"
            time.sleep(0.05)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said
    assert b"others in payments" in said
    assert ["done"] in seen
    assert all(each in (["done"], ["finished"]) for each in seen)
    assert states(home) == ["finished"]
    told = rebuilding.told_of(home.projections)
    assert told is not None
    [change] = told.changes
    assert (change.only_before, change.only_after, change.rows_after) == (1, 1, 1)
    assert "done" in str(change.example_before)
    equal_a_rebuild(home, tmp_path / "again", changed_folds())


def test_where_a_check_fails_the_old_table_stays_and_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = Check("There is no payment.", "select payment_id from payments")
    failing = changed_folds(none)
    monkeypatch.setattr(files, "load", lambda: failing)
    with pytest.raises(LedgerError, match=r"payments: There is no payment\. Broken by 1"):
        rebuild(home, only=["payments"])
    assert states(home) == ["done"]
    assert "There is no payment." in troubles(home.projections).standing["payments"]


def test_what_ended_the_switch_is_told_also_where_it_ended_the_transaction(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: duckdb.DuckDBPyConnection, *_: object) -> None:
        connection.execute("rollback")
        raise LedgerError("the disk is full")

    monkeypatch.setattr(switching, "_check", fail)
    with pytest.raises(LedgerError, match="the disk is full"):
        rebuild(home, only=["payments"])
    assert states(home) == ["done"]


def test_a_rebuild_that_fails_is_told_of_and_tried_again_after_a_while(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = changed_folds()
    monkeypatch.setattr(files, "load", lambda: changed)
    monkeypatch.setattr(projector, "TRY_AGAIN_SECONDS", 0.3)
    monkeypatch.setattr(server, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    switch, is_full = Projector.take_over, threading.Event()

    def take_over(self: Projector, *arguments: Any, **named: Any) -> None:
        if is_full.is_set():
            raise duckdb.IOException("No space left on device\nand more")
        switch(self, *arguments, **named)

    monkeypatch.setattr(Projector, "take_over", take_over)
    is_full.set()
    stopping = threading.Event()
    running = threading.Thread(target=projector.run, args=(home, stopping, threading.Event()))
    running.start()
    try:
        until(
            lambda: troubles(home.projections).standing == {"payments": "No space left on device"}
        )
        assert status_of(home).standing == {"payments": "No space left on device"}
        is_full.clear()
        until(lambda: states(home) == ["finished"])
    finally:
        stopping.set()
        running.join()
    assert troubles(home.projections).standing == {}


def test_a_fact_that_stands_still_is_no_damage_to_who_verifies(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = changed_folds()
    monkeypatch.setattr(files, "load", lambda: changed)
    with Embedded(home.folder) as ledger:
        arrive(ledger, 0)
    log = open_log(home)
    with Projector.open(home.projections) as live:
        project_all(log, live)
        live.snapshot()
    log.close()
    found = verify(home)
    assert found.findings == []
    assert found.standing.keys() == {"payments"}


def test_a_rebuild_of_right_tables_finds_no_change(home: Home) -> None:
    built = rebuild(home)
    assert len(built.changes) == len(files.load().folds) == len(built.facts)
    assert all(change.is_empty for change in built.changes)


def test_a_table_that_was_changed_by_hand_is_found_and_made_right(home: Home) -> None:
    with duckdb.connect(str(home.projections / "live.duckdb")) as live:
        live.execute("update payments set amount_fen = 1")
    [change] = rebuild(home, only=["payments"]).changes
    assert (change.fact, change.only_before, change.only_after) == ("payments", 1, 1)
    with open_snapshot(home.projections) as tables:
        assert tables.execute("select amount_fen from payments").fetchall() == [(10000,)]


def test_the_examples_are_one_row_as_it_was_and_as_it_is(home: Home) -> None:
    with duckdb.connect(str(home.projections / "live.duckdb")) as live:
        live.execute("update audit_trail set actor = hash(position)")
    [change] = rebuild(home, only=["audit_trail"]).changes
    assert change.only_before == change.only_after > 10
    before, after = change.example_before or "", change.example_after or ""
    assert before.partition(", 'recorded_at'")[0] == after.partition(", 'recorded_at'")[0]
    assert before != after


def test_the_projector_that_runs_rebuilds_what_is_asked_of_it(home: Home) -> None:
    with Embedded(home.folder) as ledger:
        arrive(ledger, 0)
    running = ProjectorProcess(home.folder)
    try:
        running.ask()
        until(lambda: sum(snapshot_positions(home.projections).values()) == 26)
        built = rebuild(home, only=["payments", "visits"])
    finally:
        running.finish()
    assert built.facts == ("payments", "visits")
    assert built.entries == 26
    assert [change.is_empty for change in built.changes] == [True, True]


def test_a_fact_that_there_is_not_is_answered_with_those_there_are(home: Home) -> None:
    with pytest.raises(LedgerError, match=r"no fact payment; there are audit_trail, .*payments"):
        rebuild(home, only=["payment"])


def test_two_rebuilds_at_once_are_refused(home: Home) -> None:
    with (
        rebuilding.alone(home.projections),
        pytest.raises(LedgerError, match="another rebuild is under way"),
    ):
        rebuild(home)
    with Projector.open(home.projections):
        rebuilding.ask(home.projections, ["payments"])
        with pytest.raises(LedgerError, match="a rebuild is under way"):
            rebuild(home)
    assert catch_up(home) == 0
    assert rebuild(home).entries == 25
