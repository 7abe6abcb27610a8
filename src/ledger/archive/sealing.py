"""Sealing: the records of a segment, what they say as typed tables, and then the seal.

It can be killed anywhere and begun again: a segment without its manifest is written once more, with
the same bytes.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ledger.archive import records as rows
from ledger.archive.segments import FORMAT, Archive, Manifest, Segment, file_of
from ledger.archive.storage import local_files
from ledger.archive.typed import TypedTables
from ledger.chain import follow
from ledger.entry import NO_ENTRY, ChainError, Head, LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.relations import relation_name


class Counted(msgspec.Struct, frozen=True):
    """What records say of their events: the first one's number, the next one's, and of each
    relation how many."""

    first_event: int
    next_event: int
    events: dict[str, int]


class _Tagged(msgspec.Struct, frozen=True):
    tag: str


class _Happened(msgspec.Struct, frozen=True):
    """As much of an entry as says what happened, and how its events are numbered."""

    first_event: int = 1
    events: tuple[_Tagged, ...] = ()
    interaction: Raw | UnsetType = UNSET


_happened: Final = msgspec.json.Decoder(_Happened)


def count(records: Sequence[bytes]) -> Counted:
    """Counts the events of accepted records; at least one record. Raises ChainError.

    Relations hold what the ledger decided, not what the library saved without an interaction.
    """
    try:
        entries = [_happened.decode(record) for record in records]
    except msgspec.MsgspecError as error:
        raise ChainError(f"a record of the log is no entry: {error}") from error
    decided = (entry.events for entry in entries if entry.interaction is not UNSET)
    tags = Counter(event.tag for events in decided for event in events)
    return Counted(
        first_event=entries[0].first_event,
        next_event=entries[-1].first_event + len(entries[-1].events),
        events={relation_name(tag): number for tag, number in sorted(tags.items())},
    )


class Sealer:
    """Seals what is full, one segment after another."""

    def __init__(self, archive: Archive, log: SqliteLog) -> None:
        self._archive = archive
        self._log = log
        self._sealed = archive.sealed()
        self._heads: dict[int, Head] = {}
        self._typed: TypedTables | None = None

    def due(self) -> Iterator[Segment]:
        """The segments that the log can fill and that are not sealed, in order."""
        each = self._archive.identity.entries
        for partition, end in self._log.ends().items():
            for first in range(1, end - each + 2, each):
                segment = self._archive.segment(partition, first)
                if segment not in self._sealed:
                    yield segment

    def seal(self, segment: Segment) -> Manifest:
        """Writes the segment's files and then its manifest; all of it is durable then.

        Raises ChainError where the log does not go on from the segment before.
        """
        before = self._head_before(segment)
        wanted = segment.last - segment.first + 1
        followed = list(follow(self._log, before, wanted))
        records = [record for _, record in followed]
        head = followed[-1][0]
        assert head.position == segment.last
        counted = count(records)
        files = {segment.records: rows.to_parquet(segment.partition, segment.first, records)}
        files |= self._typed_files(segment, records, head, counted)
        for path, content in files.items():
            self._archive.storage.put(path, content)
        manifest = Manifest(
            format=FORMAT,
            ledger=self._archive.identity.ledger,
            partition=segment.partition,
            first=segment.first,
            last=segment.last,
            prev=before.hash,
            head=head.hash,
            first_event=counted.first_event,
            next_event=counted.next_event,
            events=counted.events,
            files=tuple(file_of(path, content) for path, content in sorted(files.items())),
        )
        # A crash before this leaves files that belong to no segment; they are written again.
        self._archive.storage.put(segment.manifest, manifest.as_json())
        self._sealed.add(segment)
        self._heads[segment.partition] = head
        return manifest

    def _head_before(self, segment: Segment) -> Head:
        """The end of the segment before, as that one's seal says."""
        if segment.first == 1:
            return Head(segment.partition, 0, NO_ENTRY)
        known = self._heads.get(segment.partition)
        if known is not None and known.position == segment.first - 1:
            return known
        before = self._archive.segment(segment.partition, segment.first - 1)
        return self._archive.manifest(before).end

    def _typed_files(
        self, segment: Segment, records: Sequence[bytes], head: Head, counted: Counted
    ) -> dict[str, bytes]:
        # Planned when there is something to seal: it takes a second.
        self._typed = self._typed or TypedTables()
        return typed_files(self._typed, segment, records, head, counted)

    def close(self) -> None:
        if self._typed is not None:
            self._typed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def typed_files(
    typed: TypedTables, segment: Segment, records: Sequence[bytes], head: Head, counted: Counted
) -> dict[str, bytes]:
    """The files of a segment's typed tables, by their paths in the archive.

    Raises LedgerError where they do not hold as many events as the records.
    """
    with tempfile.TemporaryDirectory(prefix="ledger-archive-") as scratch:
        heads = {head.partition: head}
        written = typed.write(records, heads, local_files(), scratch, segment.name)
        if written != {"entries": len(records), **counted.events}:
            raise LedgerError(f"the typed tables of segment {segment.name} lack some of its rows")
        folder = Path(scratch)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*.parquet"))
        }
