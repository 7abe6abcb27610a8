"""Keeps a projector running beside a server, and says when its tables show what is recorded.

A projector that died is started again, after a growing pause where it dies again and again: the
tables then stand still, and the ledger goes on recording.
"""

import contextlib
import time
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

import duckdb

from consumers.movement import Movement, Reached
from consumers.projector import ProjectorProcess
from consumers.telling import tell
from ledger.entry import LedgerError
from ledger.logs.opening import open_kept
from ledger.projections import progress, snapshot
from ledger.settings import Home

LOOK_SECONDS: Final = 0.5
LIVED_SECONDS: Final = 60.0
MAX_PAUSE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.05
ASK_AGAIN_SECONDS: Final = 1.0
REFRESH_SECONDS: Final = 2.0
REFRESH_REST: Final = 5
"""A snapshot for whoever only looks is followed by a rest so many times as long as it took."""
REFRESH_AT_MOST_SECONDS: Final = 10.0
"""The projector makes one as often anyway."""


class ProjectorKeeper:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._process = ProjectorProcess(home.folder)
        self._movement = Movement(home.projections)
        self._asked_at: float | None = None
        self._refresh_at = 0.0
        self._refreshing = Lock()
        self._stopping = Event()
        self._pause = LOOK_SECONDS
        self._started_at = time.monotonic()
        self._said = ""
        self._thread = Thread(target=self._keep, name="keeping the projector", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._process.running

    def standing(self) -> list[str]:
        """What in the readers' tables does not go on, in sentences; nothing where all is well."""
        return self._movement.sentences()

    def reached(self) -> list[Reached]:
        """How far the readers' tables are, by partition."""
        return self._movement.reached()

    def catch_up(self, seconds: float) -> bool:
        """Waits until the readers' snapshot shows all that is in the log now; whether it does."""
        goal = self._ends()
        deadline = time.monotonic() + seconds
        asked_at = -ASK_AGAIN_SECONDS
        looked_at: Path | None = None
        while (now := time.monotonic()) < deadline:
            current = snapshot.find(self._home.projections)
            if current != looked_at:
                looked_at = current
                if self._shows(goal):
                    return True
            if now > asked_at + ASK_AGAIN_SECONDS:
                # Asked again now and then: the one that was asked may have died.
                self._process.ask()
                asked_at = now
            time.sleep(POLL_SECONDS)
        return False

    def refresh(self) -> None:
        """Asks for a fresh snapshot for someone who looks, as often as the writer can well bear.

        Does not wait; asked again within that time it does nothing.
        """
        with self._refreshing:
            now = time.time()
            current = snapshot.find(self._home.projections)
            if self._asked_at is not None:
                made_at = _made_at(current)
                if made_at >= self._asked_at:
                    rest = max(REFRESH_SECONDS, REFRESH_REST * (made_at - self._asked_at))
                    self._refresh_at = made_at + min(rest, REFRESH_AT_MOST_SECONDS)
                    self._asked_at = None
                elif now > self._asked_at + REFRESH_AT_MOST_SECONDS:
                    # It may have died before it heard.
                    self._asked_at = None
            if self._asked_at is None and now >= self._refresh_at:
                self._asked_at = now
                self._process.ask()

    def finish(self) -> None:
        """Lets the projector catch up, and waits. Raises LedgerError where it failed."""
        self._stopping.set()
        self._thread.join()
        self._process.finish()

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                # What cannot be read at this moment says nothing of the tables.
                with contextlib.suppress(LedgerError, OSError, duckdb.Error):
                    self._movement.look(self._ends())
                if not self._process.running:
                    self._start_again()
            except Exception as error:
                # Whatever it is, the projector is kept.
                self._report(error)
            else:
                self._said = ""

    def _start_again(self) -> None:
        lived = time.monotonic() - self._started_at
        pause = LOOK_SECONDS if lived > LIVED_SECONDS else min(2 * self._pause, MAX_PAUSE_SECONDS)
        tell(
            f"the projector stopped with exit code {self._process.exit_code};"
            f" it is started again in {pause:g} s"
        )
        self._pause = pause
        if not self._stopping.wait(pause):
            self._process = ProjectorProcess(self._home.folder)
            self._started_at = time.monotonic()

    def _report(self, error: Exception) -> None:
        """Says what failed, once while it goes on."""
        said = f"keeping the projector failed by {type(error).__name__}: {error}"
        if said != self._said:
            tell(said)
        self._said = said

    def _ends(self) -> dict[int, int]:
        log = open_kept(self._home)
        try:
            return log.ends()
        finally:
            log.close()

    def _shows(self, goal: dict[int, int]) -> bool:
        try:
            shown = snapshot.snapshot_positions(self._home.projections)
            trouble = progress.troubles(self._home.projections)
        except LedgerError:
            # It was replaced by a newer one between finding and opening it.
            return False
        stopped = {stop.partition: stop.position - 1 for stop in trouble.stopped}
        return all(
            shown.get(partition, 0) >= min(end, stopped.get(partition, end))
            for partition, end in goal.items()
        )


def _made_at(path: Path | None) -> float:
    """When a snapshot was made, by the file system; 0 where there is none."""
    try:
        return path.stat().st_mtime if path is not None else 0.0
    except FileNotFoundError:
        return 0.0
