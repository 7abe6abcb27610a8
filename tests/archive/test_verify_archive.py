"""Verify finds each hole, overlap and change of the archive, and names the first bad position."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from ledger.archive.records import from_parquet, to_parquet
from ledger.archive.segments import Archive, Manifest, Segment, file_of
from ledger.archive.storage import Storage
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from replay.finding import Finding
from replay.verify import verify
from replay.verify_archive import check
from tests.archive.conftest import ENTRIES
from tests.archive.test_history import empty_log

FIRST = Segment(0, 1, ENTRIES)
SECOND = Segment(0, ENTRIES + 1, 2 * ENTRIES)
TYPED = f"entries/{SECOND.name}.parquet"
ROWS = f"rows/visits/{SECOND.name}.parquet"


def found(home: Home) -> list[Finding]:
    log = SqliteLog(home.log)
    findings = check(home, log)
    log.close()
    return findings


def one(home: Home) -> tuple[str, int | None, int | None]:
    (finding,) = found(home)
    assert finding.check == "archive"
    return finding.sentence, finding.partition, finding.position


def path(home: Home, name: str) -> Path:
    return Path(home.archive) / name


def change(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def reseal(home: Home, changed: Callable[[Manifest], Manifest], segment: Segment = SECOND) -> None:
    """A forger who writes the seal again."""
    archive = Archive.find(Storage.at(home.archive))
    assert archive is not None
    manifest = changed(archive.manifest(segment))
    archive.storage.put(segment.manifest, manifest.as_json())


def with_file(manifest: Manifest, name: str, content: bytes) -> Manifest:
    files = [file_of(name, content) if each.path == name else each for each in manifest.files]
    return msgspec.structs.replace(manifest, files=tuple(files))


def test_a_whole_archive_verifies(sealed: Home, unsealed: Home) -> None:
    assert found(sealed) == []
    assert found(unsealed) == []


def test_ledger_verify_looks_at_the_archive(home: Home) -> None:
    path(home, FIRST.manifest).unlink()
    (finding,) = verify(home, tables=False).findings
    assert (finding.check, finding.position) == ("archive", 1)


def test_a_segment_that_is_gone_is_a_hole(home: Home) -> None:
    for file in Path(home.archive).rglob(f"{SECOND.name}.*"):
        file.unlink()
    sentence, *place = one(home)
    assert f"{SECOND.name} is gone" in sentence
    assert place == [0, SECOND.first]


def test_the_files_of_a_segment_whose_seal_is_gone_are_of_none(home: Home) -> None:
    """The last segment's would be those of an archiver at work."""
    last = Segment(1, ENTRIES + 1, 2 * ENTRIES)
    path(home, last.manifest).unlink()
    assert found(home) == []
    path(home, Segment(1, 1, ENTRIES).manifest).unlink()
    findings = found(home)
    assert findings
    assert {(each.partition, each.position) for each in findings} == {(1, last.first)}
    assert all("is named by no seal" in each.sentence for each in findings)


@pytest.mark.parametrize(
    "name", ["0-00000000050-00000000159", "0-00000000001-00000000220", "5-00000000001-00000000110"]
)
def test_a_seal_that_overlaps_or_lies_outside_is_found(home: Home, name: str) -> None:
    shutil.copy(path(home, FIRST.manifest), path(home, f"segments/{name}.json"))
    sentence, *_ = one(home)
    assert f"{name}.json overlaps other segments, or lies outside" in sentence


def test_a_seal_without_a_segments_name_is_found(home: Home) -> None:
    shutil.copy(path(home, FIRST.manifest), path(home, "segments/first.json"))
    assert one(home) == ("segments/first.json is the seal of no segment", None, None)


def test_a_doubled_segment_is_found(home: Home) -> None:
    """A seal under another's name, with its files."""
    last = Segment(0, 3 * ENTRIES + 1, 4 * ENTRIES)
    for file in list(Path(home.archive).rglob(f"{SECOND.name}.*")):
        shutil.copy(file, file.with_name(file.name.replace(SECOND.name, last.name)))
    sentence, *place = one(home)
    assert f"is the seal of {SECOND.name}" in sentence
    assert place == [0, last.first]


def test_a_doubled_table_that_a_folders_readers_would_read_twice_is_found(home: Home) -> None:
    shutil.copy(path(home, TYPED), path(home, "entries/copy.parquet"))
    assert one(home) == ("entries/copy.parquet is of no segment", None, None)


def test_a_table_of_a_sealed_segment_that_its_seal_does_not_name_is_found(home: Home) -> None:
    stray = path(home, f"events/invented/{SECOND.name}.parquet")
    stray.parent.mkdir()
    shutil.copy(path(home, TYPED), stray)
    sentence = f"events/invented/{SECOND.name}.parquet is named by no seal"
    assert one(home) == (sentence, 0, SECOND.first)


@pytest.mark.parametrize("name", [SECOND.records, TYPED, ROWS])
@pytest.mark.parametrize("at", [4, 500, -30])
def test_a_changed_byte_is_found(home: Home, name: str, at: int) -> None:
    change(path(home, name), at)
    assert one(home) == (f"{name} was changed: its SHA-256 is another", 0, SECOND.first)


@pytest.mark.parametrize("name", [SECOND.records, TYPED, ROWS])
def test_a_file_that_was_cut_or_is_gone_is_found(home: Home, name: str) -> None:
    file = path(home, name)
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert one(home)[0] == f"{name} has {len(content) - 1:,} bytes, not {len(content):,}"
    file.unlink()
    assert one(home) == (f"{name} is gone", 0, SECOND.first)


def test_a_changed_byte_of_a_seal_is_found_wherever_it_is(home: Home) -> None:
    file = path(home, SECOND.manifest)
    content = file.read_bytes()
    # Some of what it says of the chain, and some of the files.
    for at in [*range(2, 600, 17), *range(600, len(content), 331)]:
        change(file, at)
        findings = found(home)
        assert findings, at
        assert (findings[0].partition, findings[0].position) == (0, SECOND.first)
        file.write_bytes(content)


def test_a_seal_that_was_cut_is_found(home: Home) -> None:
    file = path(home, SECOND.manifest)
    file.write_bytes(file.read_bytes()[:200])
    assert "cannot be read" in one(home)[0]


def test_a_segment_of_another_ledger_is_found(home: Home, other: Home) -> None:
    for file in Path(other.archive).rglob(f"{SECOND.name}.*"):
        place = path(home, file.relative_to(other.archive).as_posix())
        place.parent.mkdir(exist_ok=True)
        shutil.copy(file, place)
    sentences = [each.sentence for each in found(home)]
    assert f"{SECOND.manifest} is of another ledger" in sentences


def test_another_ledgers_archive_is_found(home: Home, other: Home) -> None:
    shutil.rmtree(other.archive)
    Path(home.archive).rename(other.archive)
    assert "is another ledger's" in one(other)[0]


def test_an_archive_without_its_identity_is_found(home: Home) -> None:
    path(home, "ledger.json").unlink()
    assert one(home)[0] == "ledger.json is gone"


# Forged: the seals were written again, so that every file is as its seal says


def test_a_record_that_was_changed_with_its_seal_breaks_the_chain(home: Home) -> None:
    records = from_parquet(path(home, SECOND.records).read_bytes())
    records[30] = records[30].replace(b'"recorded_at":"2', b'"recorded_at":"3', 1)
    forged = to_parquet(0, SECOND.first, records)
    path(home, SECOND.records).write_bytes(forged)
    reseal(home, lambda manifest: with_file(manifest, SECOND.records, forged))
    assert one(home) == ("log and archive hold different entries", 0, SECOND.first + 30)


def test_a_history_that_is_another_than_the_logs_is_found_at_its_first_entry(home: Home) -> None:
    records = from_parquet(path(home, FIRST.records).read_bytes())
    records[-1] = records[-1].replace(b'"recorded_at":"2', b'"recorded_at":"3', 1)
    forged = to_parquet(0, 1, records)
    path(home, FIRST.records).write_bytes(forged)
    reseal(home, lambda manifest: with_file(manifest, FIRST.records, forged), FIRST)
    assert one(home) == ("log and archive hold different entries", 0, FIRST.last)


def test_positions_that_are_not_the_names_are_found(home: Home) -> None:
    records = from_parquet(path(home, SECOND.records).read_bytes())
    forged = to_parquet(0, SECOND.first + 1, records)
    path(home, SECOND.records).write_bytes(forged)
    reseal(home, lambda manifest: with_file(manifest, SECOND.records, forged))
    assert "has other positions than its name says" in one(home)[0]


def test_a_typed_table_that_lacks_rows_is_found(home: Home) -> None:
    pq.write_table(pq.read_table(path(home, TYPED)).slice(1), path(home, TYPED))
    forged = path(home, TYPED).read_bytes()
    reseal(home, lambda manifest: with_file(manifest, TYPED, forged))
    assert one(home)[0] == f"{TYPED} has 109 rows, and the records say 110"


@pytest.mark.parametrize(
    ("folder", "column", "others"),
    [("entries", "policy", "actor"), ("rows/sentences", "sentence", "sentence_zh")],
)
def test_a_table_that_is_not_what_the_records_make_is_found(
    home: Home, folder: str, column: str, others: str
) -> None:
    newest = Segment(0, 2 * ENTRIES + 1, 3 * ENTRIES)
    name = f"{folder}/{newest.name}.parquet"
    table = pq.read_table(path(home, name))
    place = table.schema.get_field_index(column)
    other = table.set_column(place, column, table.column(others))
    pq.write_table(other.replace_schema_metadata(table.schema.metadata), path(home, name))
    forged = path(home, name).read_bytes()
    reseal(home, lambda manifest: with_file(manifest, name, forged), newest)
    assert one(home) == (f"{name} is not what the records make", 0, newest.first)


@pytest.mark.parametrize("field", ["prev", "head", "first_event", "next_event", "events", "files"])
def test_a_seal_that_says_something_else_is_found(home: Home, field: str) -> None:
    lies = {
        "prev": "0" * 64,
        "head": "0" * 64,
        "first_event": 1,
        "next_event": 9_999,
        "events": {},
        "files": (),
    }
    reseal(home, lambda manifest: msgspec.structs.replace(manifest, **{field: lies[field]}))
    assert SECOND.manifest in one(home)[0]


def test_a_log_that_ends_before_what_was_sealed_is_found(home: Home) -> None:
    end = 2 * ENTRIES - 5
    empty_log(home, end)
    sentence = "the log ends before what was sealed"
    assert found(home) == [Finding("archive", sentence, n, end + 1) for n in (0, 1)]
