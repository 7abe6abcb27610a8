"""`ledger demo`: plays, verifies, says what it found, and never touches another ledger."""

import json
import re
import signal
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from consumers.embedded import found
from ledger import founding
from ledger.cli import app
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.snapshot import snapshot_positions
from ledger.settings import Home
from tests.consumers.server import COMMAND, PATIENCE_SECONDS, until

runner = CliRunner(env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def played(home: Path) -> dict[str, Any]:
    done = runner.invoke(app, ["demo", "--home", str(home), "--seed", "3", "--days", "1", "--json"])
    assert done.exit_code == 0, done.output
    return msgspec.json.decode(done.stdout)


def test_it_says_that_all_of_it_is_simulated(played: dict[str, Any]) -> None:
    assert played["simulated"] is True
    assert played["origin"] == "ledger.example/demo"


def test_it_verifies_what_it_recorded(played: dict[str, Any]) -> None:
    assert played["is_verified"] is True
    assert played["findings"] == []


def test_every_interaction_is_recorded_refused_or_repeated(played: dict[str, Any]) -> None:
    counted = played["recorded"] + played["refused"] + played["repeated"]
    assert counted == played["interactions"] > 3_000
    assert played["malformed"] == 0
    assert sum(each["refused"] for each in played["rules"]) == played["refused"]


def test_its_entries_are_the_answers_the_follow_ons_and_the_foundings(
    played: dict[str, Any],
) -> None:
    decided = played["recorded"] + played["refused"] + played["follow_ons"]
    assert played["entries"] == decided + len(played["heads"])


def test_its_heads_are_those_of_the_log(played: dict[str, Any], home: Path) -> None:
    log = SqliteLog(Home(home).log)
    try:
        assert sum(log.ends().values()) == played["entries"]
        assert sorted(log.ends()) == sorted(int(partition) for partition in played["heads"])
    finally:
        log.close()


KPIS = {
    *("K01", "K02", "K03", "K04", "K05", "K06", "K07", "K09", "K10", "K14", "K16", "K17", "K18"),
    *("K35", "K36", "K37", "K41", "K42", "K43", "K44", "K46", "K47", "K48"),
}
"""All that the ledger counts so far; a hall without an installation or a sale has no such row."""


def test_it_tells_every_key_figure_of_every_hall(played: dict[str, Any]) -> None:
    told = {(each["k"], each["hall"]) for each in played["figures"]}
    assert KPIS - {"K37"} <= {k for k, _ in told} <= KPIS
    always = {"K01", "K02", "K03", "K04", "K05", "K06", "K07", "K09", "K10", "K35", "K41", "K43"}
    assert {(k, hall.split()[0]) for k in always for hall in played["halls"]} <= told


def test_it_tells_a_customers_history_in_both_languages(played: dict[str, Any]) -> None:
    assert played["customer"].startswith("customer/d")
    assert len(played["history"]) > 5
    for told in played["history"]:
        assert told["sentence"]
        assert re.search("[\u4e00-\u9fff]", told["sentence_zh"])


def test_it_replaces_an_earlier_demo_and_fits_one_screen(
    played: dict[str, Any], home: Path
) -> None:
    done = runner.invoke(app, ["demo", "--home", str(home), "--days", "1"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 50, lines
    assert "SIMULATED" in lines[0]
    assert f"ledger serve --home {home}" in done.stdout


def test_it_does_not_replace_another_ledger(tmp_path: Path) -> None:
    found(tmp_path / "home", founding.sample())
    before = Home(tmp_path / "home").log.read_bytes()
    done = runner.invoke(app, ["demo", "--home", str(tmp_path / "home")])
    assert isinstance(done.exception, LedgerError)
    assert "ledger.example/sample, which is no demo" in str(done.exception)
    assert Home(tmp_path / "home").log.read_bytes() == before


def test_it_does_not_use_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = runner.invoke(app, ["demo", "--home", str(tmp_path)])
    assert isinstance(done.exception, LedgerError)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_it_lives_on_while_its_page_is_served(tmp_path: Path) -> None:
    home = tmp_path / "home"
    asked = ["demo", "--home", str(home), "--days", "1", "--serve", "--port", "0"]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, *asked, "--json"], text=True, **both) as demo:
        try:
            assert demo.stdout is not None
            assert demo.stderr is not None
            said = next(line for line in demo.stderr if line.startswith("The halls live on"))
            assert "SIMULATED" in said
            address = re.search(r"http://(\S+)/ ", said)
            assert address is not None
            before = _ask(address[1], "/now")
            assert before["simulated"] is True
            until(lambda: _moved_on(address[1], before))
            demo.send_signal(signal.SIGINT)
            # Programs get one JSON document, whatever is said to people meanwhile.
            assert json.loads(demo.stdout.read())["is_verified"] is True
            assert demo.wait(PATIENCE_SECONDS) == 0
        finally:
            demo.kill()
    log = SqliteLog(Home(home).log)
    try:
        assert snapshot_positions(Home(home).projections) == log.ends()
    finally:
        log.close()


def _moved_on(address: str, before: dict[str, Any]) -> bool:
    """Whether the page shows entries that were not there before."""
    time.sleep(0.2)
    shown = _ask(address, "/now")["fresh"]
    return shown["projected"] > before["fresh"]["projected"]


def _ask(address: str, path: str) -> dict[str, Any]:
    connection = HTTPConnection(address, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()
