"""Verifying the archive: every file against its seal, every record against the chain and the log.

Segments must follow on one another from the founding, without hole or overlap. Of each, all bytes
are hashed, every leaf is computed again from its records, and rows and events are counted again;
the typed tables of the longest sealed partition's newest segment are made again and compared. The
first bad position of each partition is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from ledger.archive import records as rows
from ledger.archive.sealing import count, typed_files
from ledger.archive.segments import (
    IDENTITY,
    Archive,
    File,
    Manifest,
    Segment,
    file_of,
    segment_named,
)
from ledger.archive.storage import Storage
from ledger.archive.typed import TypedTables
from ledger.entry import Head, LedgerError, accept
from ledger.logs.sqlite import SqliteLog
from ledger.projections import filed, prepared
from ledger.settings import Home
from replay.finding import Finding


def check(home: Home, log: SqliteLog) -> list[Finding]:
    """What does not hold in the home's archive; nothing where there is none or all is well."""
    try:
        return _check(Storage.at(home.archive), log)
    except LedgerError as error:
        return [Finding("archive", str(error))]


def _check(storage: Storage, log: SqliteLog) -> list[Finding]:
    archive = Archive.find(storage)
    if archive is None:
        sealed = any(True for _ in storage.list("segments"))
        return [Finding("archive", f"{IDENTITY} is gone")] if sealed else []
    archive.refuse_other(log)
    ends = log.ends()
    if archive.identity.partitions != len(ends):
        return [Finding("archive", f"{IDENTITY} names another number of partitions")]
    segments = {segment for segment in archive.sealed() if _fits(archive, segment)}
    findings = list(_misplaced(archive))
    newest: _Sealed | None = None
    for partition in ends:
        walk = _Walk(archive, log, partition)
        walk.run(sorted(each for each in segments if each.partition == partition))
        findings += walk.findings
        newest = _newer(newest, walk.newest)
    if not findings:
        findings += _unsealed(archive)
    if newest is not None and not findings:
        findings += _made_again(newest)
    return findings


class _Sealed(msgspec.Struct, frozen=True):
    """A segment that holds: its seal, its records, and its files by path."""

    manifest: Manifest
    records: Sequence[bytes]
    files: Mapping[str, bytes]


def _newer(one: _Sealed | None, other: _Sealed | None) -> _Sealed | None:
    """That of the longer partition."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda each: each.manifest.last)


class _BrokenError(Exception):
    """What does not hold of a segment, and at which position, if it is one of its own."""

    def __init__(self, sentence: str, position: int | None = None) -> None:
        super().__init__(sentence)
        self.position = position


class _Walk:
    """The segments of one partition, from its founding."""

    def __init__(self, archive: Archive, log: SqliteLog, partition: int) -> None:
        self.findings: list[Finding] = []
        self.newest: _Sealed | None = None
        self._archive = archive
        self._log = log
        self._head = Head(partition)
        self._next_event = 1

    def run(self, segments: Sequence[Segment]) -> None:
        """Stops at the first segment that does not hold: those after it cannot be judged."""
        partition = self._head.partition
        for segment in segments:
            expected = self._archive.segment(partition, self._head.position + 1)
            if segment != expected:
                sentence = f"segment {expected.name} is gone, and later ones are there"
                self.findings.append(Finding("archive", sentence, partition, expected.first))
                return
            try:
                self.newest = self._segment(segment)
            except (_BrokenError, LedgerError) as error:
                position = getattr(error, "position", None) or segment.first
                self.findings.append(Finding("archive", str(error), partition, position))
                return

    def _segment(self, segment: Segment) -> _Sealed:
        manifest = self._manifest(segment)
        files = {file.path: self._file(file) for file in manifest.files}
        records = rows.from_parquet(files[segment.records])
        self._records(segment, rows.places(files[segment.records]), records)
        counted = count(records)
        said = manifest.head, manifest.next_event, manifest.events
        if said != (self._head.hash, counted.next_event, counted.events):
            raise _BrokenError(f"{segment.manifest} does not say what the records of it say")
        _count(segment, manifest, files)
        self._next_event = counted.next_event
        return _Sealed(manifest, records, files)

    def _manifest(self, segment: Segment) -> Manifest:
        """The seal, as far as it can be judged before the records are read."""
        manifest = self._archive.manifest(segment)
        if manifest.ledger != self._archive.identity.ledger:
            raise _BrokenError(f"{segment.manifest} is of another ledger")
        if manifest.as_json() != self._archive.storage.get(segment.manifest):
            raise _BrokenError(f"{segment.manifest} was changed: it is not as it is written")
        if manifest.segment != segment:
            raise _BrokenError(f"{segment.manifest} is the seal of {manifest.segment.name}")
        if (manifest.prev, manifest.first_event) != (self._head.hash, self._next_event):
            raise _BrokenError(f"{segment.manifest} does not follow the segment before it")
        paths = {file.path for file in manifest.files if not _is_of_rows(segment, file)}
        if paths != _row_counts(segment, manifest).keys():
            raise _BrokenError(f"{segment.manifest} does not name the files of its segment")
        return manifest

    def _file(self, file: File) -> bytes:
        content = self._archive.storage.get(file.path)
        if content is None:
            raise _BrokenError(f"{file.path} is gone")
        if len(content) != file.size:
            raise _BrokenError(f"{file.path} has {len(content):,} bytes, not {file.size:,}")
        if file_of(file.path, content) != file:
            raise _BrokenError(f"{file.path} was changed: its SHA-256 is another")
        return content

    def _records(
        self, segment: Segment, places: Sequence[tuple[int, int]], records: Sequence[bytes]
    ) -> None:
        """Along the chain, and beside the log, which has the same record at each position."""
        if places != [(segment.partition, n) for n in range(segment.first, segment.last + 1)]:
            raise _BrokenError(f"{segment.records} has other positions than its name says")
        logged = self._log.read(segment.partition, segment.first - 1, len(records))
        for number, record in enumerate(records):
            position = segment.first + number
            if number >= len(logged):
                raise _BrokenError("the log ends before what was sealed", position)
            following = accept(self._head, record)
            if following is None:
                raise _BrokenError(f"{segment.records} breaks the chain", position)
            if record != logged[number]:
                raise _BrokenError("log and archive hold different entries", position)
            self._head = following


def _is_of_rows(segment: Segment, file: File) -> bool:
    """Whether it holds a fact's rows, of which older segments have none."""
    fact = PurePosixPath(file.path).parent.name
    return file.path == prepared.path(fact, segment.name)


def _row_counts(segment: Segment, manifest: Manifest) -> dict[str, int]:
    """The files that every segment has, by path, and how many rows are in each."""
    entries = segment.last - segment.first + 1
    return {
        segment.records: entries,
        filed.path("entries", segment.name): entries,
        **{filed.path(name, segment.name): n for name, n in manifest.events.items()},
    }


def _count(segment: Segment, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    for path, wanted in _row_counts(segment, manifest).items():
        found = rows.count_rows(files[path])
        if found != wanted:
            raise _BrokenError(f"{path} has {found:,} rows, and the records say {wanted:,}")


def _misplaced(archive: Archive) -> Iterator[Finding]:
    """Seals that are of no segment: they overlap others, or are of no partition."""
    for found in archive.storage.list("segments", deep=True):
        segment = segment_named(PurePosixPath(found.path).name.removesuffix(".json"))
        if segment is None or found.path != segment.manifest:
            yield Finding("archive", f"{found.path} is the seal of no segment")
        elif not _fits(archive, segment):
            sentence = f"{found.path} overlaps other segments, or lies outside every partition"
            yield Finding("archive", sentence, segment.partition, segment.first)


def _fits(archive: Archive, segment: Segment) -> bool:
    return (
        segment.partition < archive.identity.partitions
        and segment.first > 0
        and archive.segment(segment.partition, segment.first) == segment
    )


def _unsealed(archive: Archive) -> Iterator[Finding]:
    """Tables' files that no seal names: who reads a folder as one table reads them, too.

    Asked where every seal holds. Those of the segment that is sealed next are an archiver's, at
    work or killed.
    """
    folders = ("records", "entries", "events", "rows")
    files = [each.path for folder in folders for each in archive.storage.list(folder, deep=True)]
    # Looked for after the files: an archiver goes on meanwhile.
    segments = {segment for segment in archive.sealed() if _fits(archive, segment)}
    manifests = (archive.manifest(segment) for segment in segments)
    named = {file.path for manifest in manifests for file in manifest.files}
    for path in files:
        if path in named:
            continue
        segment = segment_named(PurePosixPath(path).name.removesuffix(".parquet"))
        if segment is None:
            yield Finding("archive", f"{path} is of no segment")
        elif segment != _next(archive, segments, segment.partition):
            sentence = f"{path} is named by no seal"
            yield Finding("archive", sentence, segment.partition, segment.first)


def _next(archive: Archive, segments: set[Segment], partition: int) -> Segment:
    """The segment of the partition that an archiver seals next."""
    segment = archive.segment(partition, 1)
    while segment in segments:
        segment = archive.segment(partition, segment.last + 1)
    return segment


def _made_again(sealed: _Sealed) -> list[Finding]:
    """The tables of one segment against those that its records make today."""
    segment = sealed.manifest.segment
    with TypedTables() as typed:
        made = typed_files(
            typed, segment, sealed.records, sealed.manifest.end, count(sealed.records)
        )
    return [
        Finding("archive", f"{path} is not what the records make", segment.partition, segment.first)
        for path, content in made.items()
        if path in sealed.files and rows.differ(sealed.files[path], content)
    ]
