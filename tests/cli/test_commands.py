"""Every command as people run it: its answer, its exit code, and what it says when it cannot.

Exit codes: 0 done, 1 wants attention, 2 wrong usage, 3 not possible.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ledger.cli import app
from ledger.settings import Home
from tests.tampering import tampering

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
VISIT = EXAMPLES / "visit.ndjson"
CUSTOMER = "customer/d3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c"
COUNTS = {"recorded", "refused", "repeated", "malformed"}
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Ledger:
    """A home, and the command line over it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "ledger", *arguments],
            input=stdin,
            capture_output=True,
            timeout=60,
            env={**os.environ, "LEDGER_HOME": str(self.home), **environment},
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ran.err + ran.out
        return ran


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Ran]:
    """A home that `publish` founded with the example visit, and what it said. Only read it."""
    ledger = Ledger(tmp_path_factory.mktemp("commands") / "home")
    return ledger, ledger("publish", str(VISIT), "--json")


@pytest.fixture(scope="module")
def ledger(founded: tuple[Ledger, Ran]) -> Ledger:
    return founded[0]


@pytest.fixture
def fresh(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "home")


@pytest.fixture
def copied(ledger: Ledger, tmp_path: Path) -> Ledger:
    """A home of one's own, to write in."""
    shutil.copytree(ledger.home, tmp_path / "copied")
    return Ledger(tmp_path / "copied")


def refuses(ran: Ran, sentence: str) -> None:
    """Not possible, and one sentence says why."""
    assert ran.code == 3
    assert ran.out == ""
    assert ran.err.startswith("ledger: ")
    assert ran.err.count("\n") == 1
    assert sentence in ran.err


# Help


def test_every_command_is_in_the_readme() -> None:
    table = re.findall(r"^\| `ledger ([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(table) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert re.search(rf"Example: ledger {command}\b", shown.stdout)


def test_a_wrong_option_is_wrong_usage(fresh: Ledger) -> None:
    assert fresh("status", "--colour").code == 2


# Founding and publishing


def test_publish_founds_a_fresh_home_and_says_so(founded: tuple[Ledger, Ran]) -> None:
    ledger, ran = founded
    said = f"No ledger at {ledger.home} yet: founded the sample ledger there."
    assert ran.err.splitlines()[0] == said
    assert Home(ledger.home).founded


def test_all_examples_of_the_docs_are_accepted_but_the_one_refusal(
    founded: tuple[Ledger, Ran],
) -> None:
    assert list(EXAMPLES.glob("*.ndjson")) == [VISIT]
    _, ran = founded
    assert ran.code == 0
    lines = len(VISIT.read_text().splitlines())
    assert ran.json == {"recorded": lines - 1, "refused": 1, "repeated": 0, "malformed": 0}
    listed = ran.err.splitlines()[1:]
    assert len(listed) == 1
    assert re.match(r"line 13: ENV-07 .+ \(the actor cannot approve the own work\)$", listed[0])


def test_a_pipe_is_read_and_malformed_lines_want_attention(copied: Ledger) -> None:
    first = VISIT.read_bytes().splitlines()[0]
    lines = [first, b"", b"no json", b"[]", b" " * 200_000 + b"{", b'{"id": 7}']
    ran = copied("publish", "-", "--json", stdin=b"\n".join(lines))
    assert ran.code == 1
    assert ran.json == {"recorded": 0, "refused": 0, "repeated": 1, "malformed": 4}
    said = ran.err.splitlines()
    assert [line.split(": ")[0] for line in said] == ["line 3", "line 4", "line 5", "line 6"]
    assert all(re.match(r"line \d: malformed \w+ .+", line) for line in said)
    assert not any(re.search(r"(\w+ \w+.*) \1$", line) for line in said)
    assert "over 32000 bytes" in said[2]


def test_an_empty_file_is_done_with(copied: Ledger, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").touch()
    ran = copied("publish", str(tmp_path / "empty.ndjson"), "--json")
    assert (ran.code, ran.json, ran.err) == (0, dict.fromkeys(COUNTS, 0), "")


def test_a_file_that_is_not_there_founds_nothing(fresh: Ledger, tmp_path: Path) -> None:
    refuses(fresh("publish", str(tmp_path / "none")), f"there is no file {tmp_path / 'none'}")
    assert not fresh.home.exists()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuses(Ledger(tmp_path / "file")("init", "--sample"), "cannot be used: File exists")


def test_a_ledger_is_founded_once(ledger: Ledger, fresh: Ledger) -> None:
    before = Home(ledger.home).log.read_bytes()
    refuses(ledger("init", "--sample"), "holds a ledger already")
    assert Home(ledger.home).log.read_bytes() == before
    ran = fresh("init", "--sample", "--json")
    assert ran.json == {
        "home": str(fresh.home),
        "origin": "ledger.example/sample",
        "partitions": 8,
    }
    # What was never published has no table yet, and a trace makes the index that it lacks.
    refuses(fresh("trace", CUSTOMER), "nothing is recorded of")
    assert fresh("kpi", "--json").json == []


def test_init_needs_a_file_or_the_sample(fresh: Ledger) -> None:
    assert fresh("init").code == 2
    assert not fresh.home.exists()


# Reading


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("sql", "select 1"), ("rebuild",)],
    ids=lambda arguments: arguments[0],
)
def test_a_home_without_a_ledger_is_said_in_a_sentence(
    arguments: tuple[str, ...], fresh: Ledger
) -> None:
    sentence = f"there is no ledger at {fresh.home}; found one with `ledger init --sample`"
    refuses(fresh(*arguments), sentence)
    assert not fresh.home.exists()


def test_home_wins_over_the_environment(ledger: Ledger, tmp_path: Path) -> None:
    refuses(ledger("status", "--home", str(tmp_path / "other")), str(tmp_path / "other"))


def test_status_as_json(ledger: Ledger) -> None:
    found = ledger("status", "--json").json
    assert found["clock"] == "simulated"
    # Eight foundings, fifteen messages; the payment was allocated and told to the drawer.
    assert found["entries"] == 8 + 15 + 2
    assert found["lag"] == 0
    assert found["alarms"] == 0
    assert {each["pace"]["trend"] for each in found["partitions"]} <= {0}
    assert [each["partition"] for each in found["partitions"]] == list(range(8))
    assert all(re.fullmatch(r"[0-9a-f]{64}", each["hash"]) for each in found["partitions"])


def test_trace_as_json_tells_events_and_refusals(ledger: Ledger) -> None:
    found = ledger("trace", "payment/p-1001", "--json").json["entries"]
    told = [(each["type"], each["outcome"], each.get("rule")) for each in found]
    assert ("payment.receive.v1", "recorded", None) in told
    assert ("payment.reverse.v1", "refused", "ENV-07") in told
    first = found[0]
    assert (first["owner"], first["actor"], first["message_id"]) == (
        *(CUSTOMER, "c-li"),
        "example-10",
    )
    assert first["events"][0]["tag"] == "payment.received.v1"
    assert first["events"][0]["data"]["amount_fen"] == 10_000


def test_trace_of_nothing_is_said(ledger: Ledger) -> None:
    refuses(ledger("trace", "payment/[/]"), "nothing is recorded of payment/[/]")
    assert ledger("trace", "\udcff").code == 2


def test_kpi_as_json(ledger: Ledger) -> None:
    found = ledger("kpi", "--json").json
    assert {each["k"] for each in found} == {
        *("K01", "K02", "K03", "K04", "K05", "K06", "K07", "K09", "K10"),
        *("K41", "K42", "K43", "K44"),
    }
    wait = found[0]
    assert (wait["k"], wait["hall"], wait["business_on"]) == ("K01", "renmin", "2026-11-03")
    # Ticket at 10:01, called at 10:04.
    assert (wait["value"], wait["unit"], wait["denominator"]) == (180.0, "s", 1.0)


def test_sql_as_json(ledger: Ledger) -> None:
    select = "select outcome, rule, count(*) as entries from audit_trail group by all order by all"
    found = ledger("sql", select, "--json").json
    assert found[-1] == {"outcome": "refused", "rule": "ENV-07", "entries": 1}


def test_sql_shows_text_that_looks_like_markup_or_steers_a_terminal(ledger: Ledger) -> None:
    ran = ledger("sql", "select '[/]' || chr(27) || chr(8238) as \"[/x]\"")
    assert ran.code == 0
    assert "[/x]" in ran.out
    assert r"[/]\u001b\u202e" in ran.out


def test_sql_refuses_to_write_and_shows_its_error_as_it_is(ledger: Ledger) -> None:
    refuses(ledger("sql", "delete from visits"), "only SELECT is answered, not DELETE")
    refuses(ledger("sql", 'select "[/]" from visits'), '"[/]" not found')


def test_a_bomb_is_stopped_and_the_next_query_is_answered(ledger: Ledger) -> None:
    bomb = "select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 3"
    began = time.monotonic()
    refuses(ledger("sql", bomb, "--seconds", "1"), "ran longer than 1 s and was stopped")
    # The command itself starts and brings the tables up to date before the second begins.
    assert time.monotonic() - began < 60.0
    assert ledger("sql", "select 1 as one", "--json").json == [{"one": 1}]


def test_many_may_read_at_once(copied: Ledger) -> None:
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda n: copied("sql", f"select {n} as n", "--json"), range(3)))
    assert [each.json for each in ran] == [[{"n": n}] for n in range(3)]


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("kpi",), ("trace", CUSTOMER), ("verify",)],
    ids=lambda arguments: arguments[0],
)
def test_a_simulated_ledger_says_so(arguments: tuple[str, ...], ledger: Ledger) -> None:
    ran = ledger(*arguments)
    assert ran.code == 0
    assert "SIMULATED" in ran.out


# Checking


def test_verify_as_json(ledger: Ledger) -> None:
    found = ledger("verify", "--json").json
    assert (found["clock"], found["entries"], found["findings"]) == ("simulated", 25, [])
    assert sorted(found["heads"]) == [str(n) for n in range(8)]


def test_verify_names_the_position_that_was_changed(copied: Ledger) -> None:
    with tampering(Home(copied.home).log) as log:
        [(partition,)] = log.execute(
            "select partition from entry where position = 2 and instr(record, cast(? as blob))",
            (f'"{CUSTOMER}"',),
        ).fetchall()
        log.execute(
            "update entry set record = cast(replace(cast(record as text), 'k1', 'k2') as blob)"
            " where position = 2 and partition = ?",
            (partition,),
        )
    ran = copied("verify")
    assert ran.code == 1
    assert f"log at {partition}:2: position 2 was changed" in ran.err
    assert "NOT verified" in ran.out
    [finding] = copied("verify", "--json").json["findings"]
    assert (finding["partition"], finding["position"]) == (partition, 2)


def test_rebuild_makes_the_tables_that_were_lost(copied: Ledger) -> None:
    shutil.rmtree(Home(copied.home).projections)
    assert copied("rebuild", "--json").json["entries"] == 25
    assert copied("sql", "select count(*) as n from visits", "--json").json == [{"n": 1}]


def test_rebuild_of_one_fact_says_that_no_row_differs(copied: Ledger) -> None:
    ran = copied("rebuild", "--only", "payments")
    assert "Rebuilt 1 table from 25 entries." in ran.out
    assert "No row differs from the old ones in 1 compared." in ran.out


def test_rebuild_of_a_fact_that_there_is_not_names_those_there_are(copied: Ledger) -> None:
    refuses_with = copied("rebuild", "--only", "payment")
    assert refuses_with.code == 3
    assert "there is no fact payment; there are audit_trail," in refuses_with.err


def test_rebuild_shows_rows_that_were_wrong(copied: Ledger) -> None:
    with duckdb.connect(str(Home(copied.home).projections / "live.duckdb")) as live:
        live.execute("update payments set amount_fen = 1")
    ran = copied("rebuild", "--only", "payments")
    assert "payments: 1 rows before, 1 now; 1 only before, 1 only now" in ran.out


def test_replay_writes_the_tables_as_they_were_known(ledger: Ledger, tmp_path: Path) -> None:
    then = tmp_path / "then.duckdb"
    before_the_payment = ("--as-of", "2026-11-03T10:09:00+08:00", "-o", str(then))
    ran = ledger("replay", *before_the_payment, "--json")
    assert ran.json["file"] == str(then)
    assert ran.json["entries"] == sum(ran.json["positions"].values()) == 8 + 10
    with duckdb.connect(str(then), read_only=True) as tables:
        assert tables.execute("select count(*) from payments").fetchall() == [(0,)]
        assert tables.execute("select is_served from visits").fetchall() == [(True,)]
    refuses(ledger("replay", *before_the_payment), f"{then} exists; name a new file")


def _no_folder(folder: Path) -> tuple[str, ...]:
    return ("--as-of", "2026-11-04", "-o", str(folder / "none" / "then.duckdb"))


def _too_early(folder: Path) -> tuple[str, ...]:
    return ("--as-of", "2020-01-01", "-o", str(folder / "then.duckdb"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(_no_folder, "there is no folder"), (_too_early, "the ledger was founded after 2020-01-01")],
)
def test_a_replay_that_cannot_be_says_why(
    arguments: Callable[[Path], tuple[str, ...]], sentence: str, ledger: Ledger, tmp_path: Path
) -> None:
    refuses(ledger("replay", *arguments(tmp_path)), sentence)
    assert list(tmp_path.iterdir()) == []


def test_a_moment_that_is_none_is_wrong_usage(ledger: Ledger, tmp_path: Path) -> None:
    output = str(tmp_path / "then.duckdb")
    assert ledger("replay", "--as-of", "yesterday", "-o", output).code == 2


def test_a_log_that_is_no_database_is_said_in_a_sentence(copied: Ledger) -> None:
    for path in copied.home.glob("log.sqlite*"):
        path.unlink()
    Home(copied.home).log.write_bytes(b"garbage" * 1000)
    refuses(copied("status"), "file is not a database")
