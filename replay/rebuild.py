"""Rebuilding tables from the log, beside the live ones, and putting them in their place.

Whoever keeps the tables does it, because nobody else may write them: the projector that runs, or
this process where none does.
"""

import time
from collections.abc import Collection
from contextlib import closing
from functools import partial
from typing import Final

import msgspec

from consumers import rebuilding
from consumers.embedded import facts_of
from consumers.projector import project_all
from consumers.rebuilding import Asked, Told
from ledger.archive.segments import Archive
from ledger.entry import LedgerError
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections import definitions as files
from ledger.projections.definitions import Definitions
from ledger.projections.engine import Projector, TablesBusyError
from ledger.projections.switching import Change
from ledger.settings import Home
from replay.history import Tick, archive_of, project_history

LOOK_AGAIN_SECONDS: Final = 0.2


class Rebuilt(msgspec.Struct, frozen=True):
    """What was built from how many entries; seconds until the new tables were finished, and until
    they were compared, checked and in place, too.

    `changes` has one for each fact that was compared with its old table, also where all rows are
    the same.
    """

    facts: tuple[str, ...]
    entries: int
    tables_seconds: float
    seconds: float
    changes: tuple[Change, ...]


def rebuild(home: Home, tick: Tick | None = None, only: Collection[str] = ()) -> Rebuilt:
    """Builds all facts again, or those named, and switches to them once their checks pass.

    Raises LedgerError where a check fails, where the log has no founding or cannot be read, where
    a name is no fact's, or where another rebuild is under way; the old tables stay then.
    """
    definitions = files.load()
    facts = _named(definitions, only)
    with closing(open_log(home)) as log:
        facts_of(log)
        archive = archive_of(home, log)
        with rebuilding.alone(home.projections):
            told = _done(home, log, archive, definitions, facts, tick or _no_tick)
    if told.state == "failed":
        raise LedgerError(told.sentence or "the tables were not rebuilt")
    return Rebuilt(told.facts, told.entries, told.tables_seconds, told.seconds, told.changes)


def _named(definitions: Definitions, only: Collection[str]) -> frozenset[str]:
    names = frozenset(fold.name for fold in definitions.folds)
    if unknown := sorted(set(only) - names):
        raise LedgerError(f"there is no fact {unknown[0]}; there are {', '.join(sorted(names))}")
    return frozenset(only) or names


def _done(
    home: Home,
    log: SqliteLog,
    archive: Archive | None,
    definitions: Definitions,
    facts: frozenset[str],
    tick: Tick,
) -> Told:
    """Has it done, here or by the projector that runs, and waits for what comes of it."""
    asked: Asked | None = None
    seen = 0
    while True:
        try:
            with Projector.open(home.projections, definitions) as projector:
                return _build(log, archive, projector, facts, tick)
        except TablesBusyError:
            asked = asked or rebuilding.ask(home.projections, facts)
        told = rebuilding.told_of(home.projections)
        if told is not None and told.id == asked.id:
            if told.state != "building":
                return told
            tick(told.entries - seen)
            seen = told.entries
        time.sleep(LOOK_AGAIN_SECONDS)


def _build(
    log: SqliteLog,
    archive: Archive | None,
    projector: Projector,
    facts: frozenset[str],
    tick: Tick,
) -> Told:
    is_whole = len(facts) == len(projector.definitions.folds)
    if not is_whole:
        project_all(log, projector, stops=True)
    asked = rebuilding.ask_instead(projector.folder, facts | projector.pending)
    take = partial(project_history, archive, tick=tick, stops=is_whole)
    rebuilding.finish(log, projector, take, to_the_end=is_whole)
    projector.snapshot(log.ends())
    told = rebuilding.told_of(projector.folder)
    assert told is not None
    assert told.id == asked.id
    return told


def _no_tick(_count: int) -> None:
    """Nobody watches."""
