"""What changed between two moments of a simulated morning, by table and by owner."""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.entry import Entry, LedgerError
from ledger.projections import definitions
from ledger.settings import Home
from replay.as_of import replay_as_of
from replay.diff import Diff, diff
from tests.replay.playing import entries_of


@pytest.fixture(scope="module")
def entries(played: Home) -> list[Entry]:
    return entries_of(played)


@pytest.fixture(scope="module")
def payment(entries: list[Entry]) -> Entry:
    """Money that a customer brought, the last of the morning."""
    return next(
        each
        for each in reversed(entries)
        if each.interaction is not None
        and each.interaction.type == "payment.receive.v1"
        and each.refusal is None
    )


@pytest.fixture(scope="module")
def files(
    played: Home, payment: Entry, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Just before the payment, and just after it, in its own partition."""
    folder = tmp_path_factory.mktemp("diff")
    before, after = folder / "before.duckdb", folder / "after.duckdb"
    replay_as_of(played, {payment.partition: payment.position - 1}, before)
    replay_as_of(played, {payment.partition: payment.position}, after)
    return before, after


def rows(file: Path, select: str) -> list[Any]:
    with duckdb.connect(str(file), read_only=True) as tables:
        return tables.execute(select).fetchall()


def test_what_a_payment_changed_is_told_by_table_and_by_owner(
    files: tuple[Path, Path], payment: Entry
) -> None:
    found = diff(None, *files)
    assert payment.interaction is not None
    assert {each.name for each in found.tables} == {"payments", "audit_trail", "sentences"}
    assert {(each.added, each.removed, each.changed) for each in found.tables} == {(1, 0, 0)}
    [owner] = found.owners
    assert (owner.name, owner.added) == (payment.interaction.subject, 3)
    assert (found.owner_count, found.row_count, found.rows) == (1, 3, [])


def test_a_table_is_told_row_by_row_and_column_by_column(
    files: tuple[Path, Path], payment: Entry
) -> None:
    found = diff(None, *files, table="payments")
    [row] = found.rows
    assert payment.interaction is not None
    assert (row.change, row.owner) == ("added", payment.interaction.subject)
    assert f"customer/{row.key['customer_id']}" == row.owner
    assert row.columns["status"] == (None, "captured")
    backwards = diff(None, *files[::-1], table="payments")
    assert backwards.rows[0].change == "removed"
    assert backwards.rows[0].columns["status"] == ("captured", None)


def test_moments_and_positions_are_replayed_and_compared(
    played: Home, payment: Entry, entries: list[Entry]
) -> None:
    """What came of the payment, in the customer's and the hall's tables."""
    assert payment.interaction is not None
    ends = {each.partition: each.position for each in entries}
    found = diff(
        played,
        {payment.partition: payment.position},
        datetime.fromisoformat("2027-01-01T00:00:00+08:00"),
        owner=payment.interaction.subject,
    )
    assert found.a.positions == {payment.partition: payment.position}
    assert found.b.positions == ends
    assert {each.owner for each in found.rows} == {payment.interaction.subject}
    changed = [each for each in found.rows if each.table == "payments"]
    assert [each.change for each in changed] == ["changed"]
    [allocated] = [each.columns["allocated_fen"] for each in changed]
    assert allocated[0] == 0 < allocated[1]


def test_positions_that_go_forth_and_back_are_compared(played: Home) -> None:
    found = diff(played, {1: 9, 2: 3}, {1: 3, 2: 9}, table="audit_trail")
    assert [(each.added, each.removed) for each in found.tables] == [(6, 6)]
    assert all(row.key["position"] > 3 for row in found.rows)


def test_all_changes_are_written_to_a_file_that_opens(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    written = tmp_path / "changes.duckdb"
    found = diff(None, *files, output=written)
    names = {name for (name,) in rows(written, "select table_name from duckdb_tables")}
    folds = definitions.load().folds
    assert names == {"changes", "compared", *(f"{fold.name}_changes" for fold in folds)}
    payments = "select change, columns[1], before, after.status from payments_changes"
    assert rows(written, payments) == [("added", "partition", None, "captured")]
    counts = "select sum(added)::bigint, count(distinct owner) from changes"
    assert rows(written, counts) == [(found.row_count, 1)]
    sides = "select side, entries from compared order by side"
    assert rows(written, sides) == [("a", found.a.entries), ("b", found.b.entries)]
    with pytest.raises(LedgerError, match="exists; name a new file"):
        diff(None, *files, output=written)


@pytest.fixture(scope="module")
def everything(played: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Diff, Path]:
    """From the founding to the end."""
    founded = dict.fromkeys(range(8), 1)
    output = tmp_path_factory.mktemp("everything") / "changes.duckdb"
    end = datetime.fromisoformat("2027-01-01T00:00:00+08:00")
    return diff(played, founded, end, output=output), output


def test_from_the_founding_on_every_row_was_added(
    everything: tuple[Diff, Path], entries: list[Entry]
) -> None:
    found, _ = everything
    by_name = {each.name: each for each in found.tables}
    assert by_name["audit_trail"].added == len(entries) - 8
    assert {each.removed for each in found.tables} == {0}
    assert found.row_count == sum(each.added + each.changed for each in found.owners)


def test_every_row_is_somebodys(everything: tuple[Diff, Path], entries: list[Entry]) -> None:
    """As the entries say, whatever the table is."""
    _, written = everything
    owners = {each.interaction.subject for each in entries if each.interaction is not None}
    assert {name for (name,) in rows(written, "select distinct owner from changes")} <= {
        *owners,
        "operator",
    }
    assert rows(
        written,
        "select count(*) from sentences_changes as s join audit_trail_changes as a on"
        " a.partition = s.partition and a.position = s.after.position where a.owner <> s.owner",
    ) == [(0,)]


def test_what_cannot_be_compared_says_why(
    files: tuple[Path, Path], home: Home, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    replay_as_of(home, {0: 1}, other)
    with pytest.raises(LedgerError, match="of different ledgers"):
        diff(None, files[0], other)
    with pytest.raises(LedgerError, match="both sides are the same"):
        diff(None, files[0], files[0])
    with pytest.raises(LedgerError, match="there is no table paymets; there are audit_trail"):
        diff(None, *files, table="paymets")
    with duckdb.connect(str(other)) as tables:
        tables.execute("drop table replayed")
    with pytest.raises(LedgerError, match="was not written by `ledger replay`"):
        diff(None, files[0], other)
    other.write_text("no tables")
    with pytest.raises(LedgerError, match="no file of tables"):
        diff(None, files[0], other)


def test_tables_made_by_other_folds_are_not_compared(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    older = tmp_path / "older.duckdb"
    older.write_bytes(files[0].read_bytes())
    with duckdb.connect(str(older)) as tables:
        tables.execute("update versions set digest = 'older' where part = 'visits'")
    with pytest.raises(LedgerError, match="visits of a file were made by other folds"):
        diff(None, older, files[1])
