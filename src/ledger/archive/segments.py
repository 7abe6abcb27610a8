"""Sealed segments: consecutive entries of one partition, for ever as they are.

    ledger.json                               whose archive it is, and how it is cut
    records/<segment>.parquet                 partition, position and record: the very bytes
    entries/<segment>.parquet                 typed tables (`ledger.archive.typed`)
    events/<relation>/<segment>.parquet
    rows/<fact>/<segment>.parquet             what rebuilds read (`ledger.projections.prepared`)
    segments/<segment>.json                   the manifest, which is the seal

A segment is named `<partition>-<first>-<last>`. Its bounds are multiples of one number, so sealing
it again writes the same files. It counts if and only if its manifest is there; that is written
last. What is not full stays in the log.
"""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Final, Self

import msgspec

from ledger.archive import records as rows
from ledger.archive.storage import Storage
from ledger.entry import FutureFormatError, Head, LedgerError
from ledger.logs.sqlite import SqliteLog

FORMAT: Final = 2
"""2: segments have rows of facts."""
ENTRIES: Final = 50_000
"""How many entries a segment has, unless the archive was begun with another number."""
IDENTITY: Final = "ledger.json"
_NAME: Final = re.compile(r"(\d+)-(\d{11})-(\d{11})")


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose archive it is: the founding's leaf hash; and how many entries each segment has."""

    format: int
    ledger: str
    partitions: int
    entries: int


class Segment(msgspec.Struct, frozen=True, order=True):
    """Consecutive entries of one partition, by their first and last position."""

    partition: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.partition}-{self.first:011}-{self.last:011}"

    @property
    def records(self) -> str:
        return f"records/{self.name}.parquet"

    @property
    def manifest(self) -> str:
        return f"segments/{self.name}.json"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a segment: its path in the archive, size in bytes, and SHA-256 in hex."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a segment holds: the seal.

    `prev` is the leaf hash of the entry before it and `head` that of its last; its events are
    numbered from `first_event` up to the one before `next_event`. `events` counts them by relation.
    """

    format: int
    ledger: str
    partition: int
    first: int
    last: int
    prev: str
    head: str
    first_event: int
    next_event: int
    events: dict[str, int]
    files: tuple[File, ...]

    @property
    def segment(self) -> Segment:
        return Segment(self.partition, self.first, self.last)

    @property
    def end(self) -> Head:
        return Head(self.partition, self.last, self.head)

    def as_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def segment_named(name: str) -> Segment | None:
    """The segment of that name; None where it is no segment's name."""
    match = _NAME.fullmatch(name)
    segment = Segment(*map(int, match.groups())) if match else None
    return segment if segment is not None and segment.name == name else None


class Archive:
    """The sealed segments of one ledger. `begin` makes one where there is none yet."""

    def __init__(self, storage: Storage, identity: Identity) -> None:
        self.storage = storage
        self.identity = identity

    @classmethod
    def find(cls, storage: Storage) -> Self | None:
        """The archive that is there, or None. Raises LedgerError where it cannot be read."""
        said = storage.get(IDENTITY)
        if said is None:
            return None
        try:
            identity = msgspec.json.decode(said, type=Identity)
        except msgspec.MsgspecError as error:
            raise LedgerError(f"{IDENTITY} of the archive cannot be read: {error}") from error
        _refuse_unknown(identity.format, IDENTITY)
        if identity.entries < 1:
            raise LedgerError(f"{IDENTITY} of the archive names no number of entries")
        return cls(storage, identity)

    @classmethod
    def begin(cls, storage: Storage, log: SqliteLog, entries: int | None = None) -> Self:
        """The archive of the log's ledger, begun where there is none yet.

        Raises LedgerError where another ledger's archive is there, or `entries` differ from its.
        """
        partitions = len(log.ends())
        archive = cls.find(storage)
        if archive is None:
            identity = Identity(FORMAT, log.ledger, partitions, entries or ENTRIES)
            # A crash before this leaves no archive; one after it, an empty one.
            storage.put(IDENTITY, msgspec.json.format(msgspec.json.encode(identity)) + b"\n")
            return cls(storage, identity)
        archive.refuse_other(log)
        if entries not in (None, archive.identity.entries):
            raise LedgerError(
                f"the archive's segments have {archive.identity.entries:,} entries each, and that"
                " stays so; leave the number out, or begin another archive"
            )
        return archive

    def refuse_other(self, log: SqliteLog) -> None:
        """Raises LedgerError where the archive is of another ledger than the log."""
        if self.identity.ledger != log.ledger:
            raise LedgerError(
                f"the archive at {self.storage.root} is another ledger's; name another place for"
                " this one's"
            )

    def segment(self, partition: int, position: int) -> Segment:
        """The segment in which a position is, or will be."""
        each = self.identity.entries
        first = (position - 1) // each * each + 1
        return Segment(partition, first, first + each - 1)

    def sealed(self) -> set[Segment]:
        """The segments whose manifests are there, whatever they say."""
        names = (PurePosixPath(found.path).name for found in self.storage.list("segments"))
        found = {segment_named(name.removesuffix(".json")) for name in names}
        return {segment for segment in found if segment is not None}

    def read(self, segment: Segment) -> list[bytes]:
        """The records of a segment, as its file has them. Raises LedgerError."""
        content = self.storage.get(segment.records)
        if content is None:
            raise LedgerError(f"{segment.records} of the archive is gone; run `ledger verify`")
        try:
            records = rows.from_parquet(content)
        except LedgerError as error:
            raise LedgerError(
                f"{segment.records} of the archive is damaged; run `ledger verify`: {error}"
            ) from error
        if len(records) != segment.last - segment.first + 1:
            # Else a reader would take a short segment for the log's end.
            raise LedgerError(f"{segment.records} of the archive lacks rows; run `ledger verify`")
        return records

    def manifest(self, segment: Segment) -> Manifest:
        """Raises LedgerError where there is none, or it cannot be read."""
        said = self.storage.get(segment.manifest)
        if said is None:
            raise LedgerError(f"{segment.manifest} of the archive is gone")
        try:
            manifest = msgspec.json.decode(said, type=Manifest)
        except msgspec.MsgspecError as error:
            raise LedgerError(f"{segment.manifest} cannot be read: {error}") from error
        _refuse_unknown(manifest.format, segment.manifest)
        return manifest


def file_of(path: str, content: bytes) -> File:
    return File(path, len(content), hashlib.sha256(content).hexdigest())


def _refuse_unknown(version: int, path: str) -> None:
    if not 1 <= version <= FORMAT:
        raise FutureFormatError(
            f"{path} of the archive has format {version}; this ledger reads up to {FORMAT}"
        )
