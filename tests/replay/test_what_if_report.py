"""What the command takes and tells: a changed policy in, totals, examples, JSON and a file out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from consumers.embedded import Embedded, found
from ledger import founding
from ledger.aggregates.model import Event
from ledger.cli import app
from ledger.entry import LedgerError
from replay.what_if import load
from replay.what_if.findings import details_of
from tests.consumers import day
from tests.consumers.day import MORNING

NAME = "n1"
LOWER = '[policy]\nparameters = { "cash.self_limit_fen" = 20_000 }\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody pays more in cash than the lower limit, and wants it back. Only read it."""
    folder = tmp_path_factory.mktemp("what-if") / "home"
    found(folder, founding.sample())
    with Embedded(folder) as ledger:
        ledger.publish(
            [
                day.registration(NAME),
                day.payment(NAME, amount_fen=30_000),
                day.reversal(NAME, MORNING, amount_fen=30_000),
            ]
        )
    return folder


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    file = tmp_path / "lower.toml"
    file.write_text(LOWER)
    return file


def told(home: Path, *arguments: object) -> str:
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["what-if", "--home", str(home), *map(str, arguments)]
    )
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[policy]\nparameters = { 'cash.self_limit' = 1 }",
            "no policy parameter 'cash.self_limit'",
        ),
        ("[policy]\nparameters = { 'cash.self_limit_fen' = '1' }", "takes a value in fen"),
        ("[policy]\nparameters = { 'cash.self_limit_fen' = 1.5 }", "is no changed policy"),
        ("[policy]\nparameters = { 'arrears.resume_within_hours' = 49 }", "is at most 48"),
        ("[policy]\n'cash.self_limit_fen' = 1", "unknown field `cash.self_limit_fen`"),
        ("[limits]\n", "is no changed policy"),
        ("policy = [", "is no changed policy"),
    ],
)
def test_a_file_that_changes_no_policy_is_refused_in_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "changed.toml"
    file.write_text(text)
    with pytest.raises(LedgerError, match=sentence):
        load(file)


def test_a_change_that_ends_before_it_begins_is_refused(lower: Path) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(LedgerError, match="not after"):
        load(lower, later, later)
    with pytest.raises(LedgerError, match="cannot read"):
        load(lower.with_name("none.toml"))


def test_totals_come_first_and_examples_name_their_consequences(home: Path, lower: Path) -> None:
    lines = told(home, "--policy", lower).splitlines()
    assert "2 would be decided otherwise, 3 follow-ons would not have happened" in lines[1]
    assert any("taken as recorded" in line for line in lines)
    text = "\n".join(lines)
    assert "it would be refused: payment.received.v1 → PAY-09" in text
    assert "no approver is named" in text
    assert "because of" in text
    assert "payment.allocate.v1" in text


def test_an_unchanged_policy_is_told_to_change_nothing(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "same.toml"
    file.write_text("[policy]\nparameters = {}\n")
    assert "0 would be decided otherwise" in told(home, "--policy", file)


def test_json_is_complete_and_the_file_holds_the_same(
    home: Path, lower: Path, tmp_path: Path
) -> None:
    output = tmp_path / "found.duckdb"
    report: dict[str, Any] = json.loads(told(home, "--policy", lower, "-o", output, "--json"))
    assert report["parameters"] == {"cash.self_limit_fen": 20_000}
    assert [each["decided"] for each in report["differences"]] == ["PAY-09", "ENV-11"]
    with duckdb.connect(str(output), read_only=True) as tables:
        for name in ("differences", "not_happened", "made"):
            rows = tables.execute(f"select finding, root, because, type from {name}").fetchall()
            assert rows == [
                (each["finding"], each["root"], each.get("because"), each["type"])
                for each in report[name]
            ]
        summary = tables.execute("from summary").fetchall()
        assert summary == [tuple(each.values()) for each in report["summary"]]
        comments = tables.execute("select comment from duckdb_tables()").fetchall()
        assert [bool(each) for (each,) in comments] == [True] * 4
        began = tables.execute("select min(happened_at) from differences").fetchall()
        assert began == [(MORNING.astimezone(UTC).replace(tzinfo=None),)]


def test_the_file_is_one_that_the_duckdb_before_ours_opens(
    home: Path, lower: Path, tmp_path: Path
) -> None:
    """1.5 reads storage up to version 68."""
    output = tmp_path / "found.duckdb"
    told(home, "--policy", lower, "-o", output)
    assert int.from_bytes(output.read_bytes()[12:20], "little") <= 68


class Counted(Event, tag="test.counted.v1"):
    totals: dict[str, int]
    names: tuple[str, ...] = ()


def test_what_differs_inside_a_field_is_told_by_itself() -> None:
    many = {f"kind {number}": number for number in range(100)}
    one, other = Counted(totals=many), Counted(totals=many | {"kind 9": 10}, names=("x",))
    assert details_of([one], [other]) == (
        "1.totals.kind 9 = 9",
        "1.totals.kind 9 = 10, 1.names.1 = x",
    )


def test_a_file_that_exists_is_not_written_over(home: Path, lower: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.duckdb"
    output.write_text("mine")
    ran = CliRunner().invoke(
        app, ["what-if", "--home", str(home), "--policy", str(lower), "-o", str(output)]
    )
    assert isinstance(ran.exception, LedgerError)
    assert "exists" in str(ran.exception)
    assert output.read_text() == "mine"


def test_nothing_is_written_to_the_ledger(home: Path, lower: Path) -> None:
    before = {path: path.read_bytes() for path in home.glob("*") if path.suffix == ".sqlite"}
    told(home, "--policy", lower)
    assert {path: path.read_bytes() for path in before} == before
