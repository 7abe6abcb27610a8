"""The typed tables of an archive, and all tables made from them."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import duckdb
import msgspec
import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from consumers.projector import project_all
from ledger import wire
from ledger.archive.segments import Archive, Segment
from ledger.archive.storage import Storage
from ledger.archive.tables import project_archive
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections import archived, filed, prepared
from ledger.projections.compare import differences
from ledger.projections.engine import Projector
from ledger.projections.relations import RELATIONS, is_personal
from ledger.settings import Home
from replay.rebuild import rebuild
from replay.verify import verify
from tests.archive.conftest import ENTRIES

PORTABLE = {"BIGINT", "BOOLEAN", "VARCHAR", "TIMESTAMP", "DATE"}


@pytest.fixture(scope="module")
def from_log(tmp_path_factory: pytest.TempPathFactory, sealed: Home) -> Path:
    """The tables as the log alone makes them."""
    folder = tmp_path_factory.mktemp("from_log")
    log = SqliteLog(sealed.log)
    with Projector.open(folder) as projector:
        project_all(log, projector)
    log.close()
    return folder / "live.duckdb"


def archive_of(home: Home) -> Archive:
    archive = Archive.find(Storage.at(home.archive))
    assert archive is not None
    return archive


def _elsewhere(home: Home) -> Archive:
    """The home's archive, as though it were in an object store."""
    files = SubTreeFileSystem(str(home.folder), LocalFileSystem())
    archive = Archive.find(Storage(files, Path(home.archive).name))
    assert archive is not None
    return archive


def build(home: Home, folder: Path) -> tuple[int, int]:
    """Makes the tables from archive and log; how many entries came from each."""
    log = SqliteLog(home.log)
    try:
        with Projector.open(folder) as projector:
            sealed = project_archive(archive_of(home), projector)
            return sealed, project_all(log, projector)
    finally:
        log.close()


def sealed_entries(home: Home) -> int:
    return len(archive_of(home).sealed()) * ENTRIES


def test_tables_from_the_archive_are_those_from_the_log(
    sealed: Home, from_log: Path, tmp_path: Path
) -> None:
    from_archive, from_tail = build(sealed, tmp_path)

    assert from_archive == sealed_entries(sealed) > 0
    assert from_tail > 0
    assert differences(tmp_path / "live.duckdb", from_log) == []


def test_tables_go_on_where_an_interrupted_reading_of_the_archive_left_them(
    sealed: Home, from_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived, "ENTRIES_AT_ONCE", ENTRIES)
    with Projector.open(tmp_path) as projector, pytest.raises(InterruptedError):
        project_archive(archive_of(sealed), projector, tick=_interrupted_after(2))

    from_archive, _ = build(sealed, tmp_path)

    assert 0 < from_archive < sealed_entries(sealed)
    assert differences(tmp_path / "live.duckdb", from_log) == []


@pytest.mark.parametrize("interrupted", [False, True])
def test_an_object_stores_files_are_copied_a_batch_at_a_time(
    interrupted: bool,
    sealed: Home,
    from_log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archived, "ENTRIES_AT_ONCE", ENTRIES)
    of_one_killed = tmp_path / "sealed" / "entries" / "0-1-2.parquet"
    of_one_killed.parent.mkdir(parents=True)
    of_one_killed.write_bytes(b"x")
    stop = _interrupted_after(2) if interrupted else lambda _: None
    copies: set[int] = set()

    def tick(entries: int) -> None:
        copies.add(len(list(of_one_killed.parent.iterdir())))
        stop(entries)

    log = SqliteLog(sealed.log)
    with Projector.open(tmp_path) as projector:
        with suppress(InterruptedError):
            project_archive(_elsewhere(sealed), projector, tick=tick)
        assert not (tmp_path / "sealed").exists()
        project_all(log, projector)
    log.close()

    # One batch is merged while another is read.
    assert copies == {1, 2}
    assert differences(tmp_path / "live.duckdb", from_log) == []


def test_files_on_a_disk_are_not_copied(sealed: Home, tmp_path: Path) -> None:
    def tick(_: int) -> None:
        assert not (tmp_path / "sealed").exists()

    with Projector.open(tmp_path) as projector:
        assert project_archive(archive_of(sealed), projector, tick=tick) == sealed_entries(sealed)


def test_segment_that_other_sql_made_is_read_from_the_log(
    sealed: Home, from_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = filed.made_by
    monkeypatch.setattr(filed, "made_by", lambda name: today(name) + "!" * (name == "visit_closed"))

    from_archive, from_tail = build(sealed, tmp_path)

    assert from_archive < sealed_entries(sealed)
    assert from_tail > 0
    assert differences(tmp_path / "live.duckdb", from_log) == []


# Rows that were made when segments were sealed


def of_other_sql(fact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As though a fact's rows had been sealed before its SQL changed."""
    today = prepared.made_by
    monkeypatch.setattr(
        prepared,
        "made_by",
        lambda *of: {name: made + "!" * (name == fact) for name, made in today(*of).items()},
    )


def without_rows(home: Home, segments: Iterable[Segment]) -> None:
    """As though segments had been sealed before there were rows."""
    archive = archive_of(home)
    for segment in segments:
        manifest = archive.manifest(segment)
        files = tuple(file for file in manifest.files if not file.path.startswith("rows/"))
        older = msgspec.structs.replace(manifest, format=1, files=files)
        archive.storage.put(segment.manifest, older.as_json())
        for file in {*manifest.files} - {*files}:
            (Path(home.archive) / file.path).unlink()


def damage(home: Home, pattern: str) -> None:
    file = min(Path(home.archive).glob(pattern))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("fact", ["visits", "sentences"])
def test_facts_of_other_sql_are_made_of_the_typed_tables(
    fact: str, sealed: Home, from_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_other_sql(fact, monkeypatch)

    from_archive, _ = build(sealed, tmp_path)

    assert from_archive == sealed_entries(sealed)
    assert differences(tmp_path / "live.duckdb", from_log) == []


def test_segments_without_rows_are_read_with_those_that_have_them(
    home: Home, from_log: Path, tmp_path: Path
) -> None:
    without_rows(home, sorted(archive_of(home).sealed())[1::2])

    from_archive, _ = build(home, tmp_path / "tables")

    assert from_archive == sealed_entries(home)
    assert differences(tmp_path / "tables" / "live.duckdb", from_log) == []
    assert verify(home, tables=False).findings == []


@pytest.mark.parametrize("read", ["entries", "events/visit_closed", "rows/visits"])
def test_file_that_is_not_the_sealed_one_makes_no_table(
    read: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if read.startswith("events/"):
        of_other_sql("visits", monkeypatch)
    damage(home, f"{read}/*.parquet")

    with (
        Projector.open(tmp_path / "tables") as projector,
        pytest.raises(LedgerError, match=f"{read}/.* is not what was sealed"),
    ):
        project_archive(archive_of(home), projector)


def test_rebuild_reads_the_archive(home: Home) -> None:
    file = min(Path(home.archive).glob("entries/*.parquet"))
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(LedgerError, match=r"entries/.* is not what was sealed"):
        rebuild(home)


def test_no_personal_field_is_a_column(sealed: Home) -> None:
    for relation in _relations(sealed):
        _, event = wire.EVENTS[RELATIONS[relation]]
        personal = {f.name for f in msgspec.structs.fields(event) if is_personal(f.type)}

        assert not personal & _columns(sealed, f"events/{relation}").keys(), relation


def test_every_column_has_a_type_that_any_engine_has(sealed: Home) -> None:
    for folder in ["entries", *(f"events/{relation}" for relation in _relations(sealed))]:
        for name, type_ in _columns(sealed, folder).items():
            assert type_ in PORTABLE or type_.startswith("STRUCT") or type_.endswith("[]"), name
            assert not {"JSON", "UBIGINT", "HUGEINT", "TIME ZONE"} & set(type_.split()), name


def test_event_tables_hold_every_event_once_in_order(sealed: Home) -> None:
    for relation in _relations(sealed):
        for file in sorted(Path(sealed.archive).glob(f"events/{relation}/*.parquet")):
            numbers = [
                row[0] for row in duckdb.sql(f"select event_number from '{file}'").fetchall()
            ]

            assert numbers == sorted(set(numbers)), file.name
    counted = duckdb.sql(f"select sum(event_count) from '{sealed.archive}/entries/*.parquet'")
    held = duckdb.sql(
        f"select count(*) from read_parquet('{sealed.archive}/events/*/*.parquet', "
        "union_by_name = true)"
    )
    assert counted.fetchall() == held.fetchall()


def _interrupted_after(segments: int) -> Callable[[int], None]:
    left = segments

    def tick(_: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise InterruptedError

    return tick


def _relations(home: Home) -> list[str]:
    return sorted(folder.name for folder in (Path(home.archive) / "events").iterdir())


def _columns(home: Home, folder: str) -> dict[str, str]:
    rows = duckdb.sql(f"describe from '{home.archive}/{folder}/*.parquet'").fetchall()
    return {row[0]: row[1] for row in rows}
