"""Verify names the first position that does not hold, whatever was done to the files."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import pytest

from consumers.projector import catch_up
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from replay.finding import Finding
from replay.verify import verify
from replay.verify_index import registers_differ
from tests.replay.conftest import CUSTOMER
from tests.tampering import tampering


def tamper(home: Home, statement: str, *values: object) -> None:
    with tampering(home.log) as log:
        log.execute(statement, values)


def customer_partition(home: Home) -> int:
    log = sqlite3.connect(home.log)
    [(partition,)] = log.execute(
        "select partition from entry where instr(record, cast(? as blob)) and position = 2",
        (CUSTOMER,),
    ).fetchall()
    log.close()
    return partition


def first(findings: list[Finding]) -> tuple[str, int | None, int | None]:
    return findings[0].check, findings[0].partition, findings[0].position


def test_an_untouched_ledger_is_verified(home: Home) -> None:
    found = verify(home)
    assert found.good, found.findings
    assert found.entries == 8 + 15 + 2
    assert len(found.heads) == 8


def change_amount(home: Home, partition: int) -> None:
    tamper(
        home,
        "update entry set record = cast(replace(cast(record as text), '10000', '10001') as blob)"
        " where partition = ? and position = 4",
        partition,
    )


def test_a_changed_entry_is_named_by_its_position(home: Home) -> None:
    partition = customer_partition(home)
    change_amount(home, partition)
    assert first(verify(home).findings) == ("log", partition, 4)


def test_a_removed_entry_leaves_a_gap_that_is_named(home: Home) -> None:
    partition = customer_partition(home)
    tamper(home, "delete from entry where partition = ? and position = 3", partition)
    [found] = verify(home).findings
    assert (found.partition, found.position, found.sentence) == (partition, 3, "the entry is gone")


def test_a_changed_link_is_told_from_a_changed_entry_before_it(home: Home) -> None:
    partition = customer_partition(home)
    tamper(
        home,
        """update entry set record = cast(replace(cast(record as text), '"prev":"', '"prev":"0')
        as blob) where partition = ? and position = 3""",
        partition,
    )
    assert first(verify(home).findings) == ("log", partition, 3)


def test_entries_that_changed_places_are_named_by_the_first(home: Home) -> None:
    partition = customer_partition(home)
    tamper(
        home,
        "update entry set record = (select record from entry other where"
        " other.partition = entry.partition and other.position = 4)"
        " where partition = ? and position = 3",
        partition,
    )
    [found] = verify(home).findings
    assert (found.partition, found.position) == (partition, 3)
    assert found.sentence == f"it holds the entry {partition}:4"


def test_a_cut_tail_is_found_by_what_the_index_remembers(home: Home) -> None:
    partition = customer_partition(home)
    [(end,)] = sqlite3.connect(home.log).execute(
        "select max(position) from entry where partition = ?", (partition,)
    )
    tamper(home, "delete from entry where partition = ? and position = ?", partition, end)
    assert first(verify(home).findings) == ("index", partition, end)


def test_a_changed_last_entry_is_found_by_what_the_index_remembers(home: Home) -> None:
    partition = customer_partition(home)
    [(end,)] = sqlite3.connect(home.log).execute(
        "select max(position) from entry where partition = ?", (partition,)
    )
    tamper(
        home,
        "update entry set record = cast(cast(record as text) || ' ' as blob)"
        " where partition = ? and position = ?",
        partition,
        end,
    )
    assert first(verify(home).findings) == ("index", partition, end)


def test_an_entry_of_another_ledger_is_found(home: Home) -> None:
    tamper(
        home,
        "update entry set record = cast(replace(cast(record as text), 'Sample Telecom', 'Other')"
        " as blob) where partition = 0 and position = 1",
    )
    assert not verify(home).good


@pytest.mark.parametrize(
    "change",
    [
        "update payments set amount_fen = amount_fen + 1",
        "delete from visits",
        "update audit_trail set outcome = 'recorded' where outcome = 'refused'",
    ],
)
def test_a_changed_table_differs_from_a_rebuild(home: Home, change: str) -> None:
    tables = duckdb.connect(str(current_snapshot(home.projections)))
    tables.execute(change)
    tables.close()
    findings = verify(home).findings
    assert findings
    assert {finding.check for finding in findings} <= {"tables", "facts"}


def test_a_changed_table_is_found_before_a_fresh_one_takes_its_place(home: Home) -> None:
    tables = duckdb.connect(str(current_snapshot(home.projections)))
    tables.execute("update payments set amount_fen = amount_fen + 1")
    tables.close()
    assert {finding.check for finding in verify(home, freshen=lambda: fresh(home)).findings} == {
        "tables"
    }


def test_a_changed_live_table_is_found_in_what_it_shows_next(home: Home) -> None:
    tables = duckdb.connect(str(home.projections / "live.duckdb"))
    tables.execute("update payments set amount_fen = amount_fen + 1")
    tables.close()
    assert verify(home).good
    findings = verify(home, freshen=lambda: fresh(home)).findings
    assert {finding.check for finding in findings} == {"tables"}


def fresh(home: Home) -> None:
    """Shows the live tables, as they are, to the readers."""
    (home.projections / "snapshots" / "current").unlink()
    catch_up(home)


def test_tables_of_entries_that_the_log_lacks_are_named_without_an_index(home: Home) -> None:
    home.index.unlink()
    partition = customer_partition(home)
    [(end,)] = sqlite3.connect(home.log).execute(
        "select max(position) from entry where partition = ?", (partition,)
    )
    tamper(home, "delete from entry where partition = ? and position = ?", partition, end)
    assert first(verify(home).findings) == ("tables", partition, end)


def test_tables_that_cannot_be_freshened_are_a_finding(home: Home) -> None:
    def freshen() -> None:
        raise LedgerError("no tables")

    assert first(verify(home, freshen=freshen).findings) == ("tables", None, None)


def test_progress_counts_every_entry(home: Home) -> None:
    seen: list[int] = []
    count: Callable[[int], None] = seen.append
    found = verify(home, count, tables=False)
    assert sum(seen) == found.entries


def test_a_damaged_index_is_a_finding_and_not_an_error(home: Home) -> None:
    Path(home.index).write_bytes(b"no database at all" * 100)
    assert first(verify(home).findings) == ("index", None, None)


def change_index(home: Home, statement: str) -> None:
    index = sqlite3.connect(home.index)
    index.execute(statement)
    index.commit()
    index.close()


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("change", ["update message set content = 'another'", "delete from event"])
def test_an_index_that_says_other_than_the_log_is_named_by_the_first_entry(
    home: Home, change: str
) -> None:
    partition = customer_partition(home)
    change_index(home, f"{change} where partition = {partition} and position >= 3")
    assert first(verify(home, tables=False).findings) == ("index", partition, 3)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("change", ["delete from register", "update register set state = x'80'"])
def test_another_register_in_the_index_is_named_by_its_owner(home: Home, change: str) -> None:
    change_index(home, f"{change} where owner = '{CUSTOMER}'")
    [found] = verify(home, tables=False).findings
    assert found.check == "index"
    assert CUSTOMER in found.sentence or "cannot be read" in found.sentence


@pytest.mark.usefixtures("processes")
def test_a_row_of_the_index_of_no_partition_of_the_ledger_is_found(home: Home) -> None:
    change_index(home, "insert into event values ('payment/p-9', 1, 55, 9, 1)")
    assert {first([each]) for each in verify(home, tables=False).findings} == {("index", 55, 9)}


def test_an_index_whose_sets_are_in_another_order_is_the_same(home: Home) -> None:
    register = {"correlators": ["t-1001", "t-2"], "status": "active"}
    both = sqlite3.connect(":memory:")
    both.execute("attach ':memory:' as kept")
    for schema, order in (("main", 1), ("kept", -1)):
        state = msgspec.msgpack.encode(register | {"correlators": register["correlators"][::order]})
        both.execute(f"create table {schema}.register (owner text, state blob)")
        both.execute(f"insert into {schema}.register values (?, ?)", (CUSTOMER, state))
    assert not registers_differ(both)


def test_an_index_that_names_a_partition_the_log_lacks_is_a_finding(home: Home) -> None:
    change_index(home, "insert into head values (55, 9, 'x', 1, '2026-11-03T00:00:00+00:00')")
    assert first(verify(home).findings) == ("index", 55, 9)


def test_a_partition_that_is_gone_whole_is_found_without_an_index(home: Home) -> None:
    home.index.unlink()
    tamper(home, "delete from entry where partition = 3")
    assert [first([finding]) for finding in verify(home).findings] == [("log", 3, 1)]


@pytest.mark.parametrize("place", [(99, 1), (0, -1)])
def test_a_record_outside_every_chain_is_found(home: Home, place: tuple[int, int]) -> None:
    partition, position = place
    with tampering(home.log) as log:
        log.execute(f"create table if not exists entry_{partition} (position integer, record blob)")
        log.execute(f"insert into entry_{partition} values (?, x'00')", (position,))
    assert first(verify(home).findings) == ("log", *place)


def test_a_record_that_is_a_number_is_named_and_no_error(home: Home) -> None:
    partition = customer_partition(home)
    tamper(home, "update entry set record = 5 where partition = ? and position = 3", partition)
    [found] = verify(home).findings
    assert (found.partition, found.position) == (partition, 3)
    assert found.sentence == "the record is no entry"


def test_an_entry_whose_page_cannot_be_read_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = customer_partition(home)
    read = SqliteLog.read

    def damaged(log: SqliteLog, number: int, after: int, limit: int) -> list[bytes]:
        if number == partition and after < 3 <= after + limit:
            raise LedgerError("the log cannot be read: malformed")
        return read(log, number, after, limit)

    monkeypatch.setattr(SqliteLog, "read", damaged)
    assert first(verify(home).findings) == ("log", partition, 3)


def test_tables_that_cannot_be_read_are_a_finding_and_no_error(home: Home) -> None:
    tables = duckdb.connect(str(current_snapshot(home.projections)))
    [(start,)] = tables.execute(
        "select min(block_id) from pragma_storage_info('audit_trail') where block_id >= 0"
    ).fetchall()
    tables.close()
    with current_snapshot(home.projections).open("r+b") as file:
        file.seek(3 * 4096 + start * 262_144 + 100)
        file.write(b"damage" * 100)
    findings = verify(home).findings
    assert first(findings)[0] == "tables"
    assert "cannot be read" in findings[0].sentence
