"""Rebuilding the tables from the log, beside the live ones, and putting them in their place."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from consumers.projector import project
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.settings import Home


class Rebuilt(msgspec.Struct, frozen=True):
    entries: int
    seconds: float


def rebuild(home: Home, tick: Callable[[int], None] | None = None) -> Rebuilt:
    """Builds all tables again and swaps them in once their checks pass.

    Raises LedgerError where a check fails or a server is running; the old tables stay then.
    """
    lock = home.lock_writer()
    try:
        started = time.monotonic()
        fresh = home.folder / "projections.new"
        shutil.rmtree(fresh, ignore_errors=True)
        entries = _build(home, fresh, tick)
        _swap(home.projections, fresh)
        return Rebuilt(entries, time.monotonic() - started)
    finally:
        lock.release()


def _build(home: Home, folder: Path, tick: Callable[[int], None] | None) -> int:
    entries = 0
    log = SqliteLog(home.log)
    try:
        with Projector.open(folder) as projector:
            while count := project(log, projector, limit=50_000):
                entries += count
                if tick:
                    tick(count)
            failures = projector.check()
            if failures:
                raise LedgerError(f"the rebuilt tables fail a check: {failures[0]}")
            projector.snapshot()
    finally:
        log.close()
    return entries


def _swap(live: Path, fresh: Path) -> None:
    old = live.with_name("projections.old")
    shutil.rmtree(old, ignore_errors=True)
    if live.exists():
        live.rename(old)
    # A crash here leaves no tables; the next command that reads makes them again from the log.
    fresh.rename(live)
    shutil.rmtree(old, ignore_errors=True)
