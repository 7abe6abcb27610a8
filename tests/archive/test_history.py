"""Replay reads history from the archive first and the log's tail after it: the same history."""

import shutil
from pathlib import Path

import pytest

from consumers.projector import batches
from ledger.archive.history import History, open_history
from ledger.archive.records import from_parquet, to_parquet
from ledger.archive.segments import Segment
from ledger.archive.storage import Storage
from ledger.chain import follow, holds
from ledger.entry import ChainError, Head, LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.settings import ARCHIVE_VARIABLE, Home
from tests.archive.conftest import ENTRIES
from tests.tampering import tampering

FIRST = Segment(0, 1, ENTRIES)
SECOND = Segment(0, ENTRIES + 1, 2 * ENTRIES)


def records_of(log: SqliteLog) -> dict[int, list[bytes]]:
    return {n: [record for _, record in follow(log, Head(n))] for n in log.ends()}


def empty_log(home: Home, keep: int) -> None:
    """Leaves only the first entries of each partition in the log, as no writer could."""
    with tampering(home.log) as log:
        log.execute("delete from entry where position > ?", (keep,))


def test_history_is_what_the_log_holds(sealed: Home) -> None:
    log, history = SqliteLog(sealed.log), open_history(sealed)
    assert isinstance(history, History)
    assert (history.ledger, history.ends()) == (log.ledger, log.ends())
    assert records_of(history) == records_of(log)
    for partition, end in log.ends().items():
        for position in range(end + 2):
            assert history.record(partition, position) == log.record(partition, position)
    assert history.strays(2) == []
    history.close()


def test_what_is_sealed_is_read_from_the_archive(home: Home) -> None:
    """The log has lost it: that would show if it were asked."""
    whole = records_of(SqliteLog(home.log))
    empty_log(home, 1)
    history = open_history(home)
    sealed = {n: len(records) // ENTRIES * ENTRIES for n, records in whole.items()}
    assert history.ends() == sealed
    assert records_of(history) == {n: whole[n][:end] for n, end in sealed.items()}
    assert history.record(0, SECOND.first) == whole[0][SECOND.first - 1]
    assert holds(history, next(follow(history, Head(1)))[0])
    history.close()


def test_reading_on_from_anywhere_gives_what_follows(sealed: Home) -> None:
    log, history = SqliteLog(sealed.log), open_history(sealed)
    whole = log.read(0, 0, 10_000)
    for after in (0, 1, ENTRIES - 1, ENTRIES, 3 * ENTRIES - 1, 3 * ENTRIES, len(whole)):
        read = after
        while some := history.read(0, read, 70):
            assert some == whole[read : read + len(some)]
            assert len(some) <= 70
            read += len(some)
        assert read == len(whole)
    history.close()


def test_batches_of_the_projector_are_cut_over_archive_and_log(sealed: Home) -> None:
    log, history = SqliteLog(sealed.log), open_history(sealed)
    assert list(batches(history, {}, limit=150)) == list(batches(log, {}, limit=150))
    history.close()


def test_what_is_recorded_meanwhile_is_read_after_it(home: Home) -> None:
    history = open_history(home)
    log = SqliteLog(home.log, writer=True)
    end = log.ends()[1]
    log.append([(1, end + 1, b"{}")])
    assert history.read(1, end, 5) == [b"{}"]
    history.close()


def test_without_an_archive_history_is_the_log(unsealed: Home) -> None:
    history = open_history(unsealed)
    assert type(history) is SqliteLog
    history.close()


def test_a_hole_ends_what_is_read_from_the_archive_and_the_log_goes_on(home: Home) -> None:
    whole = records_of(SqliteLog(home.log))
    (Path(home.archive) / FIRST.manifest).unlink()
    history = open_history(home)
    assert records_of(history) == whole
    history.close()


def test_the_archive_is_where_the_variable_says(
    sealed: Home, unsealed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (sealed.archive, Path(sealed.archive).as_uri()):
        monkeypatch.setenv(ARCHIVE_VARIABLE, place)
        history = open_history(unsealed)
        assert isinstance(history, History)
        history.close()


def test_the_archive_of_another_ledger_is_refused(home: Home, other: Home) -> None:
    shutil.rmtree(other.archive)
    Path(home.archive).rename(other.archive)
    with pytest.raises(LedgerError, match="another ledger's"):
        open_history(other)


def test_a_changed_record_breaks_the_chain_of_whoever_follows(home: Home) -> None:
    storage = Storage.at(home.archive)
    records = from_parquet(storage.get(FIRST.records) or b"")
    records[40] = records[40].replace(b'"recorded_at":"2', b'"recorded_at":"3', 1)
    storage.put(FIRST.records, to_parquet(0, 1, records))
    history = open_history(home)
    with pytest.raises(ChainError, match="breaks after position 41"):
        records_of(history)
    history.close()


@pytest.mark.parametrize("damage", ["short", "cut", "gone"])
def test_a_damaged_segment_is_said_and_never_taken_for_the_end(home: Home, damage: str) -> None:
    storage = Storage.at(home.archive)
    content = storage.get(SECOND.records) or b""
    if damage == "short":
        storage.put(SECOND.records, to_parquet(0, SECOND.first, from_parquet(content)[:-1]))
    elif damage == "cut":
        storage.put(SECOND.records, content[:-100])
    else:
        (Path(home.archive) / SECOND.records).unlink()
    history = open_history(home)
    with pytest.raises(LedgerError, match=f"{SECOND.name}.*ledger verify"):
        records_of(history)
    history.close()


def test_log_and_archive_that_differ_where_both_end_are_not_read(home: Home) -> None:
    """The log lost its tail, and went on otherwise."""
    last = 3 * ENTRIES
    kept = SqliteLog(home.log).record(0, last - 5)
    assert kept is not None
    empty_log(home, last - 6)
    log = SqliteLog(home.log, writer=True)
    log.append([(0, last - 5, kept + b" ")])
    log.close()
    with pytest.raises(ChainError, match=f"different entries at position {last - 5}"):
        open_history(home)
