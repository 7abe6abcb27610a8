"""All tables from an archive: its typed files are what folds read, and no record is parsed."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ledger.archive.segments import Archive, Manifest, Segment, file_of
from ledger.entry import Head, LedgerError
from ledger.projections.archived import Part
from ledger.projections.engine import Projector


def project_archive(
    archive: Archive,
    projector: Projector,
    upto: Mapping[int, int] | None = None,
    tick: Callable[[int], None] | None = None,
) -> int:
    """Takes in the sealed segments that follow on what the tables have reached; how many entries.

    With `upto` it stops before a segment that goes beyond these positions. What is not sealed, or
    has typed tables that other SQL made, is left to the log: the positions reached tell how far
    this came. `tick` is told the entries of each segment that was read. Raises ChainError where a
    segment does not follow on, LedgerError where a file is not the one that was sealed; the batches
    before it are in the tables.
    """
    before = _entries(projector)
    segments = list(_following(archive, projector.positions(), upto))
    if segments:
        projector.apply_sealed((_part(archive, archive.manifest(each)) for each in segments), tick)
    return _entries(projector) - before


def _entries(projector: Projector) -> int:
    return sum(head.position for head in projector.positions().values())


def _following(
    archive: Archive, reached: Mapping[int, Head], upto: Mapping[int, int] | None
) -> Iterator[Segment]:
    sealed = archive.sealed()
    for partition in range(archive.identity.partitions):
        position = reached.get(partition, Head(partition)).position
        segment = archive.segment(partition, position + 1)
        # Tables that stand within a segment are taken to its end by the log.
        while segment in sealed and segment.first == position + 1:
            if upto is not None and segment.last > upto.get(partition, 0):
                break
            yield segment
            position = segment.last
            segment = archive.segment(partition, position + 1)


def _part(archive: Archive, manifest: Manifest) -> Part:
    sealed = {file.path: file for file in manifest.files}

    def read(path: str) -> tuple[Path | None, bytes]:
        content = archive.storage.get(path)
        if content is None or file_of(path, content) != sealed.get(path):
            raise LedgerError(f"{path} of the archive is not what was sealed; run `ledger verify`")
        return archive.storage.on_disk(path), content

    before = Head(manifest.partition, manifest.first - 1, manifest.prev)
    return Part(manifest.segment.name, before, manifest.end, manifest.events, sealed.keys(), read)
