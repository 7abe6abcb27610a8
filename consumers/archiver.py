"""The archiver: seals each segment of the log as soon as it is full.

What it has done stands in the archive's manifests and nowhere else, so it can be killed at any
moment: it goes on with the first full segment that has no manifest.
"""

from collections.abc import Iterator
from contextlib import closing
from threading import Event
from typing import Final

from ledger.archive.sealing import Sealer
from ledger.archive.segments import Archive, Manifest
from ledger.archive.storage import Storage, without_secret
from ledger.half_open import undone_on_failure
from ledger.logs.opening import on_kafka, open_kept
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home

LOOK_SECONDS: Final = 1.0


def run(home: Home, stopping: Event) -> None:
    """Seals what is full until `stopping` is set.

    Raises LedgerError where another process seals for this home, or the archive is of another
    ledger; on Kafka as all consumers do.
    """
    if on_kafka():
        # Imported late: embedded, nobody waits for Kafka's client.
        from consumers.kafka.archiver import run as run_on_kafka

        run_on_kafka(home, stopping)
        return
    with closing(open_kept(home)) as log, closing(Archiving(home, log)) as archiving:
        while not stopping.is_set():
            archiving.once(stopping)
            stopping.wait(LOOK_SECONDS)


class Archiving:
    """The archive of one home, open to be added to, by one process at a time."""

    def __init__(
        self, home: Home, log: SqliteLog, to: str | None = None, entries: int | None = None
    ) -> None:
        """`to` and `entries` a segment are the home's and the archive's own by default.

        `place` is where it is, as it may be shown.
        """
        place = to or home.archive
        self.place = without_secret(place)
        self._lock = home.lock_archiver()
        with undone_on_failure(self._lock.release):
            self.archive = Archive.begin(Storage.at(place), log, entries)
            self._sealer = Sealer(self.archive, log)

    def once(self, stopping: Event) -> None:
        """Seals what is full now, unless `stopping` is set meanwhile."""
        for _ in self.seal():
            if stopping.is_set():
                return

    def seal(self) -> Iterator[Manifest]:
        """Seals what is full now; each segment when the next one is asked for."""
        for segment in self._sealer.due():
            yield self._sealer.seal(segment)

    @property
    def due(self) -> int:
        """How many segments are full and not sealed."""
        return sum(1 for _ in self._sealer.due())

    def close(self) -> None:
        self._sealer.close()
        self._lock.release()
