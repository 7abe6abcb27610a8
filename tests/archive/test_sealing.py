"""Full segments are sealed once, whole, and with the same bytes however often it was cut off."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import msgspec
import pytest
from pyarrow.fs import LocalFileSystem, PyFileSystem, SubTreeFileSystem

from ledger.archive.sealing import Sealer
from ledger.archive.segments import FORMAT, Archive, Manifest, Segment
from ledger.archive.storage import Storage
from ledger.entry import ChainError, LedgerError, decode, leaf_hash
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.archive.conftest import ENTRIES, bytes_of, seal
from tests.archive.object_store import ObjectStore

ROOT = Path(__file__).parent.parent.parent


def archive_of(home: Home) -> Archive:
    archive = Archive.find(Storage.at(home.archive))
    assert archive is not None
    return archive


def test_what_is_full_is_sealed_and_the_tail_stays_in_the_log(sealed: Home) -> None:
    ends = SqliteLog(sealed.log).ends()
    wanted = {
        Segment(partition, first, first + ENTRIES - 1)
        for partition, end in ends.items()
        for first in range(1, end + 1, ENTRIES)
        if first + ENTRIES - 1 <= end
    }
    assert archive_of(sealed).sealed() == wanted
    assert min(sum(each.partition == n for each in wanted) for n in ends) >= 2
    assert any(end % ENTRIES for end in ends.values())


def test_a_segment_holds_the_very_bytes_of_the_log(sealed: Home) -> None:
    log, archive = SqliteLog(sealed.log), archive_of(sealed)
    for segment in archive.sealed():
        assert archive.read(segment) == log.read(segment.partition, segment.first - 1, ENTRIES)


def test_a_manifest_says_how_its_segment_follows_and_what_is_in_it(sealed: Home) -> None:
    log, archive = SqliteLog(sealed.log), archive_of(sealed)
    segment = Segment(1, ENTRIES + 1, 2 * ENTRIES)
    manifest = archive.manifest(segment)
    before, last = log.record(1, ENTRIES), log.record(1, 2 * ENTRIES)
    assert before is not None
    assert last is not None
    assert (manifest.prev, manifest.head) == (leaf_hash(before), leaf_hash(last))
    entries = [decode(record) for record in archive.read(segment)]
    assert manifest.first_event == entries[0].first_event
    assert manifest.next_event - manifest.first_event == sum(len(e.events) for e in entries)
    assert sum(manifest.events.values()) == manifest.next_event - manifest.first_event
    for file in manifest.files:
        content = (Path(sealed.archive) / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_duckdb_reads_a_folder_as_one_table(sealed: Home) -> None:
    manifests = [archive_of(sealed).manifest(each) for each in archive_of(sealed).sealed()]
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select partition, count(*), min(position), max(position), sum(octet_length(record))"
            f" from '{sealed.archive}/records/*.parquet' group by 1 order by 1"
        ).fetchall()
        paid = connection.execute(
            f"select count(*) from '{sealed.archive}/events/payment_received/*.parquet'"
        ).fetchall()
    log = SqliteLog(sealed.log)
    for partition, count, first, last, size in rows:
        assert (count, first) == (last, 1)
        assert size == sum(map(len, log.read(partition, 0, last)))
    assert paid == [(sum(each.events.get("payment_received", 0) for each in manifests),)]
    assert paid != [(0,)]


def test_sealing_again_finds_nothing_to_do(home: Home) -> None:
    before = bytes_of(Path(home.archive))
    assert seal(home) == 0
    assert bytes_of(Path(home.archive)) == before


def test_a_hole_is_sealed_again_with_the_same_bytes(home: Home) -> None:
    archive = Path(home.archive)
    before = bytes_of(archive)
    for path in archive.rglob(f"{Segment(0, 1, ENTRIES).name}.*"):
        path.unlink()
    assert seal(home) == 1
    assert bytes_of(archive) == before


class _Failing(Storage):
    """Fails once, at the file of that number, before or after it is written."""

    def __init__(self, place: str) -> None:
        super().__init__(LocalFileSystem(), place)
        self._left, self._when = 0, ""

    def fail_at(self, number: int, when: str) -> None:
        self._left, self._when = number, when

    def put(self, path: str, content: bytes) -> None:
        self._left -= 1
        if self._left == 0 and self._when == "before":
            raise LedgerError("the disk is full")
        super().put(path, content)
        if self._left == 0:
            raise LedgerError("the disk is full")


def test_a_segment_that_failed_halfway_is_not_there_and_is_sealed_later(
    fresh: Home, sealed: Home
) -> None:
    kept, segment = archive_of(sealed), Segment(0, 1, ENTRIES)
    storage = _Failing(fresh.archive)
    archive = Archive(storage, kept.identity)
    with Sealer(archive, SqliteLog(fresh.log)) as sealer:
        for number, when in ((1, "before"), (1, "after"), (2, "before"), (9, "after")):
            storage.fail_at(number, when)
            with pytest.raises(LedgerError, match="the disk is full"):
                sealer.seal(segment)
            assert archive.sealed() == set()
        assert sealer.seal(segment) == kept.manifest(segment)
    written = bytes_of(Path(fresh.archive))
    assert written.items() <= bytes_of(Path(sealed.archive)).items()


def test_killed_again_and_again_it_ends_with_the_same_bytes(fresh: Home, sealed: Home) -> None:
    shutil.rmtree(fresh.archive, ignore_errors=True)
    Path(fresh.archive).mkdir()
    shutil.copy(f"{sealed.archive}/ledger.json", fresh.archive)
    wanted = bytes_of(Path(sealed.archive))
    for files in (3, len(wanted) // 2):
        process = subprocess.Popen(
            [sys.executable, "-m", "consumers", "archiver", "--home", fresh.folder], cwd=ROOT
        )
        deadline = time.monotonic() + 100
        while len(bytes_of(Path(fresh.archive))) < files:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    seal(fresh)
    assert bytes_of(Path(fresh.archive)) == wanted


@pytest.mark.parametrize("kind", ["objects", "subtree"])
def test_other_filesystems_hold_the_same_files(
    kind: str, fresh: Home, sealed: Home, tmp_path: Path
) -> None:
    (tmp_path / "bucket").mkdir()
    files = (
        PyFileSystem(ObjectStore())
        if kind == "objects"
        else SubTreeFileSystem(str(tmp_path / "bucket"), LocalFileSystem())
    )
    storage, log = Storage(files, "counter/archive"), SqliteLog(fresh.log)
    with Sealer(Archive.begin(storage, log, ENTRIES), log) as sealer:
        sealer.seal(next(sealer.due()))
    archive = Archive.begin(storage, log)
    (segment,) = archive.sealed()
    wanted = archive_of(sealed).manifest(segment)
    assert archive.manifest(segment) == wanted
    found = {each.path: storage.get(each.path) for each in storage.list("", deep=True)}
    assert found.keys() == {"ledger.json", segment.manifest, *(each.path for each in wanted.files)}
    assert found.items() <= bytes_of(Path(sealed.archive)).items()


def test_an_archive_keeps_its_ledger_and_its_number_of_entries(home: Home, other: Home) -> None:
    log, storage = SqliteLog(home.log), Storage.at(home.archive)
    with pytest.raises(LedgerError, match="110 entries each"):
        Archive.begin(storage, log, 10)
    with pytest.raises(LedgerError, match="another ledger's"):
        Archive.begin(storage, SqliteLog(other.log))


def test_a_log_that_does_not_follow_the_last_seal_is_not_sealed(home: Home) -> None:
    archive = archive_of(home)
    manifest = archive.manifest(Segment(0, 1, ENTRIES))
    lying = msgspec.structs.replace(manifest, head="0" * 64)
    archive.storage.put(manifest.segment.manifest, lying.as_json())
    second = Segment(0, ENTRIES + 1, 2 * ENTRIES)
    with pytest.raises(ChainError, match="does not hold position 110"):
        Sealer(archive, SqliteLog(home.log)).seal(second)


def test_a_manifest_of_a_newer_format_is_not_guessed_at(home: Home) -> None:
    archive = archive_of(home)
    segment = Segment(0, 1, ENTRIES)
    newer = msgspec.structs.replace(archive.manifest(segment), format=FORMAT + 1)
    archive.storage.put(segment.manifest, newer.as_json())
    with pytest.raises(LedgerError, match=f"format {FORMAT + 1}"):
        archive.manifest(segment)


def test_two_do_not_seal_for_one_home(home: Home) -> None:
    lock = home.lock_archiver()
    with pytest.raises(LedgerError, match="another process seals"):
        seal(home)
    lock.release()
    assert seal(home) == 0


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(LedgerError, match="no place for an archive"):
        Storage.at("nowhere://bucket")


def test_a_manifest_is_written_as_it_is_read(sealed: Home) -> None:
    for path in (Path(sealed.archive) / "segments").iterdir():
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        assert manifest.as_json() == path.read_bytes()
