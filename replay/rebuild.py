"""Rebuilding the tables from the log, beside the live ones, and putting them in their place."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from consumers.embedded import facts_of
from consumers.projector import project_all
from ledger.entry import LedgerError
from ledger.logs.opening import open_own
from ledger.projections.engine import Projector
from ledger.settings import Home


class Rebuilt(msgspec.Struct, frozen=True):
    """How many entries were read; seconds until all tables were finished, and until they were
    checked, copied for readers and in place, too."""

    entries: int
    tables_seconds: float
    seconds: float


def rebuild(home: Home, tick: Callable[[int], None] | None = None) -> Rebuilt:
    """Builds all tables again and swaps them in once their checks pass.

    Raises LedgerError where a check fails, the log has no founding or a server is running; the old
    tables stay then.
    """
    lock = home.lock_writer()
    try:
        started = time.monotonic()
        fresh = home.folder / "projections.new"
        shutil.rmtree(fresh, ignore_errors=True)
        entries, tables_seconds = _build(home, fresh, tick)
        _swap(home.projections, fresh)
        return Rebuilt(entries, tables_seconds, time.monotonic() - started)
    finally:
        lock.release()


def _build(home: Home, folder: Path, tick: Callable[[int], None] | None) -> tuple[int, float]:
    started = time.monotonic()
    log = open_own(home)
    try:
        facts_of(log)
        with Projector.open(folder) as projector:
            entries = project_all(log, projector, tick=tick)
            tables_seconds = time.monotonic() - started
            failures = projector.check()
            if failures:
                raise LedgerError(f"the rebuilt tables fail a check: {failures[0]}")
            projector.snapshot()
    finally:
        log.close()
    return entries, tables_seconds


def _swap(live: Path, fresh: Path) -> None:
    old = live.with_name("projections.old")
    shutil.rmtree(old, ignore_errors=True)
    if live.exists():
        live.rename(old)
    # A crash here leaves no tables; the next command that reads makes them again from the log.
    fresh.rename(live)
    shutil.rmtree(old, ignore_errors=True)
