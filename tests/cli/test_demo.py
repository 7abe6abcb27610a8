"""`ledger demo`: plays, verifies, says what it found, and never touches another ledger."""

import re
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
from ledger.settings import Home

runner = CliRunner(env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def played(home: Path) -> dict[str, Any]:
    done = runner.invoke(
        app, ["demo", "--home", str(home), "--seed", "3", "--interactions", "10", "--json"]
    )
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


def test_it_tells_every_key_figure_of_every_hall(played: dict[str, Any]) -> None:
    told = {(each["k"], each["hall"]) for each in played["figures"]}
    expected = {"K01", "K02", "K03", "K04", "K05", "K06", "K09", "K10", "K43"}
    assert told == {(k, hall.split()[0]) for k in expected for hall in played["halls"]}


def test_it_tells_a_customers_history_in_both_languages(played: dict[str, Any]) -> None:
    assert played["customer"].startswith("customer/d")
    assert len(played["history"]) > 5
    for told in played["history"]:
        assert told["sentence"]
        assert re.search("[\u4e00-\u9fff]", told["sentence_zh"])


def test_it_replaces_an_earlier_demo_and_fits_one_screen(
    played: dict[str, Any], home: Path
) -> None:
    done = runner.invoke(app, ["demo", "--home", str(home), "--interactions", "10"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 45
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
