"""Verify names the first position that does not hold, whatever was done to the files."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import pytest

from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from replay.verify import Finding, registers_differ, verify
from tests.replay.conftest import CUSTOMER


def tamper(home: Home, statement: str, *values: object) -> None:
    """Changes the log's file as an intruder with the file in hand would."""
    log = sqlite3.connect(home.log)
    log.execute("drop trigger entry_is_not_changed")
    log.execute("drop trigger entry_is_not_deleted")
    log.execute(statement, values)
    log.commit()
    log.close()


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
    assert first(verify(home).findings) == ("log", partition, 2)


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


@pytest.mark.parametrize(
    "change",
    [
        "update message set content = 'another'",
        "delete from event",
        "delete from register",
        "update register set state = x'80'",
    ],
)
def test_an_index_that_says_other_than_the_log_is_found(home: Home, change: str) -> None:
    change_index(home, change)
    assert first(verify(home, tables=False).findings) == ("index", None, None)


def test_an_index_whose_sets_are_in_another_order_is_the_same(home: Home) -> None:
    register = {"correlators": ["t-1001", "t-2"], "status": "active"}
    both = sqlite3.connect(":memory:")
    both.execute("attach ':memory:' as kept")
    for schema, order in (("main", 1), ("kept", -1)):
        state = msgspec.msgpack.encode(register | {"correlators": register["correlators"][::order]})
        both.execute(f"create table {schema}.register (owner text, state blob)")
        both.execute(f"insert into {schema}.register values (?, ?)", (CUSTOMER, state))
    assert not registers_differ(both, "register")


def test_an_index_that_names_a_partition_the_log_lacks_is_a_finding(home: Home) -> None:
    change_index(home, "insert into head values (55, 9, 'x', 1, '2026-11-03T00:00:00+00:00')")
    assert first(verify(home).findings) == ("index", 55, 9)


def test_a_partition_that_is_gone_whole_is_found_without_an_index(home: Home) -> None:
    home.index.unlink()
    tamper(home, "delete from entry where partition = 7")
    assert ("log", 7, 1) in [first([finding]) for finding in verify(home).findings]


@pytest.mark.parametrize("place", [(99, 1), (0, -1)])
def test_a_record_outside_every_chain_is_found(home: Home, place: tuple[int, int]) -> None:
    log = sqlite3.connect(home.log)
    log.execute("drop trigger entry_follows_the_last")
    log.execute("insert into entry values (?, ?, x'00')", place)
    log.commit()
    log.close()
    assert first(verify(home).findings) == ("log", *place)


def test_a_record_that_is_a_number_is_named_and_no_error(home: Home) -> None:
    partition = customer_partition(home)
    tamper(home, "update entry set record = 5 where partition = ? and position = 3", partition)
    assert first(verify(home).findings) == ("log", partition, 2)


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
