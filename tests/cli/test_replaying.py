"""`replay`, `diff` and `trace` as people run them, over the docs' example visit."""

from pathlib import Path

import duckdb
import pytest

from tests.cli.test_commands import CUSTOMER, VISIT, Ledger, refuses

BEFORE, AFTER = "2026-11-03T10:09:00+08:00", "2026-11-03T10:10:30+08:00"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A home with the example visit. Only read it."""
    made = Ledger(tmp_path_factory.mktemp("replaying") / "home")
    assert made("publish", str(VISIT)).code == 0
    return made


@pytest.fixture(scope="module")
def before(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables before the payment."""
    output = tmp_path_factory.mktemp("before") / "before.duckdb"
    ran = ledger("replay", "--as-of", BEFORE, "-o", str(output))
    assert ran.code == 0
    assert "SIMULATED" in ran.out
    assert f"18 entries were known then; their tables are in {output}." in ran.out
    return output


def test_what_had_happened_is_replayed_up_to_positions(ledger: Ledger, tmp_path: Path) -> None:
    [owner] = {each["partition"] for each in ledger("trace", CUSTOMER, "--json").json["entries"]}
    then = tmp_path / "then.duckdb"
    up_to = ("--position", f"{owner}:4", "--happened-by", BEFORE, "-o", str(then))
    ran = ledger("replay", *up_to, "--json")
    assert (ran.json["positions"], ran.json["entries"]) == ({str(owner): 4}, 3)
    with duckdb.connect(str(then), read_only=True) as tables:
        assert tables.execute("select positions from replayed").fetchall() == [(f"{owner}:4",)]


@pytest.mark.parametrize(
    "wrong",
    [
        ("replay",),
        ("replay", "--as-of", BEFORE, "--position", "0:1"),
        ("replay", "--position", "0:1;1:1"),
        ("replay", "--happened-by", "noon"),
        ("diff", BEFORE, "noon"),
        ("trace", CUSTOMER, "--at", "noon"),
    ],
    ids=" ".join,
)
def test_what_names_no_moment_is_wrong_usage(
    wrong: tuple[str, ...], ledger: Ledger, tmp_path: Path
) -> None:
    output = ("-o", str(tmp_path / "then.duckdb")) if wrong[0] == "replay" else ()
    assert ledger(*wrong, *output).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_position_behind_the_end_is_said(ledger: Ledger, tmp_path: Path) -> None:
    output = str(tmp_path / "then.duckdb")
    refuses(ledger("replay", "--position", "0:9000", "-o", output), "partition 0 ends at position")


def test_diff_of_a_file_and_a_moment_as_json(ledger: Ledger, before: Path, tmp_path: Path) -> None:
    output = tmp_path / "changes.duckdb"
    ran = ledger(
        *("diff", str(before), AFTER, "--table", "payments", "-o", str(output), "--json"),
    )
    [row] = ran.json["rows"]
    assert (row["change"], row["owner"], row["key"]["payment_id"]) == ("added", CUSTOMER, "p-1001")
    assert row["columns"]["amount_fen"] == [None, 10_000]
    with duckdb.connect(str(output), read_only=True) as tables:
        select = "select change, after.status from payments_changes"
        assert tables.execute(select).fetchall() == [("added", "captured")]


def test_diff_tells_by_table_and_owner_or_row_by_row(
    ledger: Ledger, before: Path, tmp_path: Path
) -> None:
    after = tmp_path / "after.duckdb"
    assert ledger("replay", "--as-of", AFTER, "-o", str(after)).code == 0
    ran = ledger("diff", str(before), str(after))
    assert ran.code == 0
    assert "SIMULATED" in ran.out
    assert "payments" in ran.out
    assert CUSTOMER in ran.out
    assert "p-1001" not in ran.out
    ran = ledger("diff", str(before), str(after), "--owner", CUSTOMER)
    assert "p-1001" in ran.out
    assert "captured" in ran.out
    nobody = ("--owner", "hall/none")
    assert "Nothing changed." in ledger("diff", str(before), str(after), *nobody).out


def test_trace_tells_what_led_to_what(ledger: Ledger) -> None:
    ran = ledger("trace", "payment/p-1001", "--at", AFTER)
    lines = ran.out.splitlines()
    assert [line for line in lines if "led to ✓ drawer.record_in.v1  hall/renmin" in line]
    assert [line for line in lines if "because of ✓ payment.receive.v1" in line]
    assert [line for line in lines if "as of 2026-11-03T10:10:30+08:00" in line]
    assert [line for line in lines if "status: captured" in line]
    assert "ENV-07" not in ran.out
    assert "ENV-07" in ledger("trace", "payment/p-1001").out


def test_trace_at_a_moment_as_json(ledger: Ledger) -> None:
    told = ledger("trace", CUSTOMER, "--at", AFTER, "--json").json
    assert told["at"] == AFTER
    assert [each["owner"] for each in told["stood"]] == [CUSTOMER]
    assert told["stood"][0]["states"]["payment/p-1001"]["status"] == "captured"
    received = next(each for each in told["entries"] if each["type"] == "payment.receive.v1")
    assert {each["type"] for each in received["led_to"]} == {
        "payment.allocate.v1",
        "drawer.record_in.v1",
    }
