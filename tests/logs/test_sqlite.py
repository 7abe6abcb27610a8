"""The log in SQLite: what is appended stays, in order, as the bytes written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger import founding
from ledger.chain import follow
from ledger.entry import ChainError, Head, LedgerError, leaf_hash
from ledger.logs.sqlite import SqliteLog

FIRST = [b'{"partition":0}', b'{"partition":1}']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    SqliteLog.create(tmp_path / "log.sqlite", FIRST)
    return tmp_path / "log.sqlite"


def test_a_new_log_holds_the_first_record_of_every_partition(path: Path) -> None:
    log = SqliteLog(path)
    assert log.ends() == {0: 1, 1: 1}
    assert log.ledger == leaf_hash(FIRST[0])
    assert [log.record(partition, 1) for partition in (0, 1)] == FIRST


def test_records_come_back_as_the_very_bytes_in_order(path: Path) -> None:
    log = SqliteLog(path, writer=True)
    records = [f'{{ "n" : {n}, "é": "人" }}'.encode() for n in range(2, 12)]
    log.append([(1, n, record) for n, record in enumerate(records, 2)])
    assert log.read(1, 1, 100) == records
    assert log.read(1, 4, 3) == records[3:6]
    assert log.read(1, 11, 3) == []
    assert log.read(0, 1, 3) == []
    assert log.record(1, 12) is None


@pytest.mark.parametrize("count", [3, 500])
def test_records_of_places_come_in_their_order(path: Path, count: int) -> None:
    with closing(SqliteLog(path, writer=True)) as log:
        log.append([(0, n, b"%d" % n) for n in range(2, count)])
        places = [(0, n) for n in range(count + 1, 1, -1)]
        wanted = [None, None, *(b"%d" % n for n in range(count - 1, 1, -1))]
        assert log.records(places) == wanted


def test_a_position_is_written_once_and_nothing_of_a_batch_that_fails(path: Path) -> None:
    log = SqliteLog(path, writer=True)
    log.append([(0, 2, b"a")])
    with pytest.raises(ChainError, match="another writer"):
        log.append([(1, 2, b"b"), (0, 2, b"c")])
    assert log.ends() == {0: 2, 1: 1}
    assert log.record(0, 2) == b"a"
    log.append([(1, 2, b"b")])


@pytest.mark.parametrize("position", [1, 4])
def test_a_position_follows_the_last(path: Path, position: int) -> None:
    log = SqliteLog(path, writer=True)
    log.append([(0, 2, b"a")])
    with pytest.raises(ChainError):
        log.append([(0, position, b"b")])


@pytest.mark.parametrize(
    "change",
    [
        "update entry_0 set record = x'00'",
        "update entry_1 set position = position + 1",
        "delete from entry_1",
        "insert or replace into entry_0 values (1, x'00')",
        "insert into entry_0 values (1, x'00') on conflict do update set record = x'00'",
        "insert into entry_0 (record) values (x'00')",
    ],
)
def test_no_statement_changes_an_entry(path: Path, change: str) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(change)
    connection.close()
    assert SqliteLog(path).record(0, 1) == FIRST[0]


def test_readers_see_whole_batches_only_and_do_not_wait(path: Path) -> None:
    writer, reader = SqliteLog(path, writer=True), SqliteLog(path)
    busy = sqlite3.connect(path, isolation_level=None)
    busy.execute("begin immediate")
    busy.execute("insert into entry_0 values (2, x'00')")
    assert reader.ends() == {0: 1, 1: 1}
    busy.execute("rollback")
    writer.append([(0, 2, b"a"), (1, 2, b"b")])
    assert reader.ends() == {0: 2, 1: 2}


def test_a_reader_cannot_write(path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be written"):
        SqliteLog(path).append([(0, 2, b"a")])


def test_where_there_is_no_log_there_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="ledger init"):
        SqliteLog(tmp_path / "log.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_log_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(LedgerError, match="cannot be read"):
        SqliteLog(path, writer=True)


def test_a_database_of_another_layout_is_said_to_be_no_log(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table entry (partition integer, position integer, record blob)")
    with pytest.raises(LedgerError, match=r"log\.sqlite is no log that this version"):
        SqliteLog(path)


def test_all_partitions_are_one_view_for_who_looks_at_the_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select partition, position, record from entry").fetchall()
    assert rows == [(0, 1, FIRST[0]), (1, 1, FIRST[1])]


def test_founding_again_after_a_crash_removes_what_was_unfinished(tmp_path: Path) -> None:
    """The crash left the draft of the log with its write-ahead log, both valid."""
    draft = tmp_path / "log.founding"
    crashed = sqlite3.connect(draft, isolation_level=None)
    crashed.execute("pragma journal_mode = wal")
    crashed.execute("create table entry_0 (something)")
    wal = (tmp_path / "log.founding-wal").read_bytes()
    content = draft.read_bytes()
    crashed.close()
    draft.write_bytes(content)
    (tmp_path / "log.founding-wal").write_bytes(wal)
    SqliteLog.create(tmp_path / "log.sqlite", FIRST)
    assert SqliteLog(tmp_path / "log.sqlite").ends() == {0: 1, 1: 1}
    assert not list(tmp_path.glob("log.founding*"))


def test_a_log_is_not_founded_beside_the_write_ahead_log_of_a_lost_one(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite-wal").write_bytes(b"entries")
    with pytest.raises(LedgerError, match="holds entries of it"):
        SqliteLog.create(tmp_path / "log.sqlite", FIRST)


# Following


def test_following_gives_each_record_with_the_head_it_makes(tmp_path: Path) -> None:
    SqliteLog.create(tmp_path / "log.sqlite", founding.records(founding.sample()))
    log = SqliteLog(tmp_path / "log.sqlite")
    ((head, record),) = follow(log, Head(3))
    assert head == Head(3, 1, leaf_hash(record))
    assert list(follow(log, head)) == []
    assert list(follow(log, Head(3), limit=0)) == []


def test_following_stops_where_the_log_does_not_hold_what_was_read(path: Path) -> None:
    log = SqliteLog(path, writer=True)
    for unknown in (Head(0, 2, leaf_hash(b"a")), Head(0, 1, leaf_hash(b"another"))):
        with pytest.raises(ChainError, match="does not hold position"):
            list(follow(log, unknown))


def test_following_stops_at_a_break_of_the_chain(tmp_path: Path) -> None:
    SqliteLog.create(tmp_path / "log.sqlite", founding.records(founding.sample()))
    log = SqliteLog(tmp_path / "log.sqlite", writer=True)
    log.append([(0, 2, log.record(1, 1) or b"")])
    with pytest.raises(ChainError, match="breaks after position 1"):
        list(follow(log, Head(0)))


def test_a_record_that_another_tool_stored_as_text_is_read_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    SqliteLog.create(path, FIRST)
    connection = sqlite3.connect(path)
    connection.execute("insert into entry_0 values (2, 'text')")
    connection.commit()
    connection.close()
    log = SqliteLog(path)
    assert (log.record(0, 2), log.read(0, 1, 1)) == (b"text", [b"text"])
    log.close()
