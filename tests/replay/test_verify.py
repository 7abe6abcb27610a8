"""Verify names the first position that does not hold, whatever was done to the files."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ledger.settings import Home
from replay.verify import Finding, verify
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
    assert found.entries == 8 + 14 + 1
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
    from ledger.projections.snapshot import current_snapshot

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
