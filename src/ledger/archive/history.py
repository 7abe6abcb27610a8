"""History as replay reads it: sealed segments first, and the log's tail after them.

A `History` is a log to read, whose records come from the archive as far as segments are sealed
without a hole. Nothing is believed: whoever follows it checks the chain, across the seam, too.
"""

from concurrent.futures import Future, ThreadPoolExecutor

from ledger.archive.segments import Archive, Segment
from ledger.archive.storage import Storage
from ledger.chain import holds
from ledger.entry import ChainError, Head, leaf_hash
from ledger.half_open import undone_on_failure
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home


def open_history(home: Home) -> SqliteLog:
    """Opens the ledger's history to read: archive and log, or the log where there is no archive.

    Raises LedgerError where there is no ledger, or the archive is of another one.
    """
    return with_archive(home, open_log(home))


def with_archive(home: Home, log: SqliteLog) -> SqliteLog:
    """An open log with its archive before it; closing that closes the log. Raises as above."""
    with undone_on_failure(log.close):
        archive = Archive.find(Storage.at(home.archive))
        if archive is None:
            return log
        archive.refuse_other(log)
        return History(log, archive)


class History(SqliteLog):
    def __init__(self, log: SqliteLog, archive: Archive) -> None:
        """Raises ChainError where log and archive hold different entries where both end."""
        super().__init__(log.path)
        self._behind = log
        self._archive = archive
        self._sealed = _without_hole(archive)
        self._read: dict[int, tuple[Segment, list[bytes]]] = {}
        self._coming: dict[int, tuple[Segment, Future[list[bytes]]]] = {}
        self._ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        with undone_on_failure(self._close_own):
            self._compare()

    def ends(self) -> dict[int, int]:
        """The last position of each partition; sealed ones count that a log's copy lacks yet."""
        ends = super().ends()
        return {n: max(end, self._last_sealed(n)) for n, end in ends.items()}

    def read(self, partition: int, after: int, limit: int) -> list[bytes]:
        """Up to `limit` records that follow position `after`, in order; from the archive at most
        to the end of a segment. Raises LedgerError where a file of it cannot be read.
        """
        if after >= self._last_sealed(partition):
            self._read.pop(partition, None)
            return super().read(partition, after, limit)
        segment = self._archive.segment(partition, after + 1)
        start = after + 1 - segment.first
        return self._records(segment)[start : start + limit]

    def record(self, partition: int, position: int) -> bytes | None:
        """One record, from the log where it has it: that reads no other with it."""
        record = super().record(partition, position)
        if record is None and 0 < position <= self._last_sealed(partition):
            segment = self._archive.segment(partition, position)
            record = self._records(segment)[position - segment.first]
        return record

    def refresh(self) -> None:
        self._behind.refresh()

    def close(self) -> None:
        self._close_own()
        self._behind.close()

    def _close_own(self) -> None:
        self._ahead.shutdown(cancel_futures=True)
        super().close()

    def _last_sealed(self, partition: int) -> int:
        return self._sealed.get(partition, 0)

    def _records(self, segment: Segment) -> list[bytes]:
        """The segment that was read last of its partition stays; the one after it is on its way."""
        known = self._read.get(segment.partition)
        if known is not None and known[0] == segment:
            return known[1]
        coming = self._coming.pop(segment.partition, None)
        if coming is not None and coming[0] == segment:
            records = coming[1].result()
        else:
            records = self._archive.read(segment)
        self._read[segment.partition] = segment, records
        if segment.last < self._last_sealed(segment.partition):
            following = self._archive.segment(segment.partition, segment.last + 1)
            read = self._ahead.submit(self._archive.read, following)
            self._coming[segment.partition] = following, read
        return records

    def _compare(self) -> None:
        """At one position a partition; followers check every other when they come to it."""
        for partition, end in super().ends().items():
            position = min(end, self._last_sealed(partition))
            if position == 0:
                continue
            segment = self._archive.segment(partition, position)
            if position == segment.last:
                head = self._archive.manifest(segment).end
            else:
                sealed = self._archive.read(segment)[position - segment.first]
                head = Head(partition, position, leaf_hash(sealed))
            if not holds(self._behind, head):
                raise ChainError(
                    f"log and archive hold different entries at position {position} of partition"
                    f" {partition}; run `ledger verify`"
                )


def _without_hole(archive: Archive) -> dict[int, int]:
    """Of each partition, how far it is sealed from its beginning."""
    sealed = archive.sealed()
    reached: dict[int, int] = {}
    for partition in range(archive.identity.partitions):
        segment = archive.segment(partition, 1)
        while segment in sealed:
            reached[partition] = segment.last
            segment = archive.segment(partition, segment.last + 1)
    return reached
