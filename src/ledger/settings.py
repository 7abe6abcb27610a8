"""Where a ledger lives: the files under its home, and the one lock that says who writes.

`LEDGER_HOME` or `--home` name the home. Only one process writes it; the lock is the operating
system's, so it goes with the process however that ends.
"""

import fcntl
import gc
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from ledger.entry import LedgerError

DEFAULT_HOME: Final = "ledger-home"
LOCK_TRIES: Final = 5
VARIABLE: Final = "LEDGER_LOG"
"""Names the Kafka that the log is on."""
ARCHIVE_VARIABLE: Final = "LEDGER_ARCHIVE"
"""Names the folder or URI of the archive, where it is not in the home."""


def on_kafka() -> bool:
    """Whether the log is on Kafka, and not embedded in its home."""
    return bool(os.environ.get(VARIABLE))


def tune_interpreter() -> None:
    """Each executable calls this once.

    The garbage collector becomes rare: what passes through is many small objects without cycles,
    which it would look at again and again. A thread waits for another 0.5 ms and not 5: the one
    that writes tables needs the interpreter's lock for a moment some hundred times a batch, while
    another reads the chain.
    """
    gc.set_threshold(100_000, 20, 20)
    sys.setswitchinterval(0.0005)


class Writer(msgspec.Struct, frozen=True):
    """Who holds the writer's lock: a process, and where it takes HTTP, if it does."""

    pid: int
    url: str | None = None


class WriterLock:
    """Held while open; `announce` tells other commands where the writer takes interactions."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def announce(self, writer: Writer) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(msgspec.json.encode(writer))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Home:
    folder: Path

    @property
    def log(self) -> Path:
        """The system of record. Lost: everything is lost but what archives hold."""
        return self.folder / "log.sqlite"

    @property
    def copy(self) -> Path:
        """The copy of a log on Kafka; read from there again when it is lost."""
        return self.folder / "copy.sqlite"

    @property
    def vault(self) -> Path:
        """Wrapped keys of personal fields. Lost: personal fields are unreadable for ever."""
        return self.folder / "vault.sqlite"

    @property
    def vault_key(self) -> Path:
        """The key-encryption key; may be a link to a file on other media."""
        return self.folder / "vault.key"

    @property
    def index(self) -> Path:
        """Rebuilt from the log when it is lost."""
        return self.folder / "index.sqlite"

    @property
    def places(self) -> Path:
        """On Kafka: where each message's entries are, for HTTP; made again when it is lost."""
        return self.folder / "places.sqlite"

    @property
    def reactor(self) -> Path:
        """Pending follow-ons and timers; rebuilt from the log when it is lost."""
        return self.folder / "reactor.sqlite"

    @property
    def eraser(self) -> Path:
        """Orders to erase, and which visits are a customer's; rebuilt from the log when lost."""
        return self.folder / "eraser.sqlite"

    @property
    def snapshots_of_aggregates(self) -> Path:
        """The library's side table; made again when it is lost."""
        return self.folder / "aggregates.sqlite"

    @property
    def projections(self) -> Path:
        """The live tables and their snapshots; rebuilt from the log when they are lost."""
        return self.folder / "projections"

    @property
    def archive(self) -> str:
        """Folder or URI of the sealed segments; sealed again from the log when it is lost."""
        return os.environ.get(ARCHIVE_VARIABLE) or str(self.folder / "archive")

    @property
    def moved(self) -> Path:
        """Says where the embedded ledger was moved to: it is a backup then, and not written."""
        return self.folder / "moved"

    @property
    def founded(self) -> bool:
        return self.log.exists()

    def refuse_copy(self) -> None:
        """Raises LedgerError where only a copy of a log on Kafka is here, and no embedded log."""
        if not self.founded and self.copy.exists():
            raise LedgerError(f"{self.folder} belongs to a ledger on Kafka: set {VARIABLE}")

    def lock_writer(self) -> WriterLock:
        """Takes the writer's lock. Raises LedgerError where another process holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = (self.folder / "writer.lock").open("a+b")
        if not _locked(file):
            file.close()
            who = self.writer()
            if on_kafka():
                raise LedgerError(
                    f"process {who.pid if who else '?'} uses {self.folder}; each consumer needs a"
                    " home of its own"
                )
            raise LedgerError(
                f"process {who.pid if who else '?'} writes this ledger already"
                f"{f' and takes interactions at {who.url}' if who and who.url else ''}"
            )
        lock = WriterLock(file)
        try:
            lock.announce(Writer(os.getpid()))
        except OSError as error:
            lock.release()
            raise LedgerError(f"the lock of {self.folder} cannot be written: {error}") from error
        return lock

    def lock_archiver(self) -> WriterLock:
        """Taken by whoever seals. Raises LedgerError where another process does."""
        file = (self.folder / "archiver.lock").open("a+b")
        if not _locked(file):
            file.close()
            raise LedgerError(f"another process seals the segments of {self.folder}")
        return WriterLock(file)

    def writer(self) -> Writer | None:
        """Who writes this ledger now, or None."""
        path = self.folder / "writer.lock"
        try:
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return msgspec.json.decode(file.read(), type=Writer)
        except (OSError, msgspec.MsgspecError):
            return None
        return None


def _locked(file: IO[bytes]) -> bool:
    """Takes the lock, unless a writer keeps it; one that only looks who writes is soon gone."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False
