"""Building facts anew beside the live tables, in steps, by whoever keeps these: one at a time.

What is asked for stands in `projections/rebuild/asked.json` until it is done, the new tables in a
file beside it, and in `told.json` how far it is and what came of it. So it may be killed at any
moment: whoever keeps the tables next goes on from what the file beside holds.

Old and new tables are compared where both are at the same positions. A fact that changed stands
still where the new program found it; any other is compared at the end.
"""

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeVar

import duckdb
import msgspec

from consumers.telling import tell
from ledger.chain import holds
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.projections.switching import Change

T = TypeVar("T")
Take = Callable[[SqliteLog, Projector, Mapping[int, int]], int]
"""Takes entries up to these positions into the tables; how many there were."""
FOLDER: Final = "rebuild"


class Asked(msgspec.Struct, frozen=True):
    """A rebuild that is asked for; `id` tells it from others of the same facts."""

    id: str
    facts: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """How a rebuild goes: `entries` of so many are in the new tables; `sentence` is of a failure.

    `tables_seconds` is how long the new tables took, and the whole of it `seconds`.
    """

    id: str
    facts: tuple[str, ...]
    state: Literal["building", "done", "failed"]
    entries: int
    of: int
    changes: tuple[Change, ...] = ()
    sentence: str | None = None
    tables_seconds: float = 0.0
    seconds: float = 0.0


def ask(projections: Path, facts: Collection[str]) -> Asked:
    """Asks whoever keeps the tables to build facts anew.

    Raises LedgerError where a rebuild is under way.
    """
    asked = Asked(uuid.uuid4().hex, tuple(sorted(facts)))
    path = _asked(projections)
    unfinished = _written(path, asked)
    try:
        # Fails where there is one; a rename would take its place.
        os.link(unfinished, path)
    except FileExistsError as error:
        told = told_of(projections)
        far = f" ({told.entries:,} of {told.of:,} entries)" if told else ""
        raise LedgerError(f"a rebuild is under way{far}; wait until it is done") from error
    finally:
        unfinished.unlink()
    return asked


def ask_instead(projections: Path, facts: Collection[str]) -> Asked:
    """Asks in place of what stands there; for whoever keeps the tables, so that nobody is at it."""
    asked = Asked(uuid.uuid4().hex, tuple(sorted(facts)))
    path = _asked(projections)
    _written(path, asked).replace(path)
    return asked


def ask_for_pending(projector: Projector) -> None:
    """Asks for what the tables lack to be today's, with what is asked for already."""
    asked = _read(_asked(projector.folder), Asked)
    known = frozenset(asked.facts) if asked else frozenset[str]()
    if not projector.pending <= known:
        ask_instead(projector.folder, projector.pending | known)
        named = ", ".join(sorted(projector.pending))
        tell(f"these tables are built anew, and stand still until then: {named}")


def told_of(projections: Path) -> Told | None:
    """How the newest rebuild goes or went."""
    return _read(projections / FOLDER / "told.json", Told)


@contextmanager
def alone(projections: Path) -> Generator[None, None, None]:
    """Held by whoever asks and waits. Raises LedgerError where another does."""
    folder = projections / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "asking").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LedgerError("another rebuild is under way; wait until it is done") from error
        yield


def begun(log: SqliteLog, projector: Projector, *, to_the_end: bool = False) -> "Rebuild | None":
    """The rebuild that is asked for, to go on with; None where there is none.

    It goes up to where the projector is, or `to_the_end` of the log as it is now, with all facts.
    """
    asked = _read(_asked(projector.folder), Asked)
    return Rebuild(log, projector, asked, to_the_end=to_the_end) if asked else None


def finish(log: SqliteLog, projector: Projector, take: Take, *, to_the_end: bool = False) -> bool:
    """Does what is asked for; whether anything was. `told_of` says what came of it."""
    rebuild = begun(log, projector, to_the_end=to_the_end)
    while rebuild is not None and rebuild.step(take):
        pass
    return rebuild is not None


def say(told: Told) -> str:
    """What came of a rebuild, in a sentence."""
    if told.state == "failed":
        return f"the tables were not rebuilt, and the old ones stay: {told.sentence}"
    changed = [change.fact for change in told.changes if not change.is_empty]
    what = f"others in {', '.join(changed)}" if changed else "the same as before"
    named = ", ".join(told.facts) if len(told.facts) < 4 else f"{len(told.facts)} tables"
    return f"rebuilt from {told.entries:,} entries: {named}; rows are {what}"


class Rebuild:
    """One rebuild, in steps between which the live tables go on."""

    def __init__(
        self, log: SqliteLog, projector: Projector, asked: Asked, *, to_the_end: bool
    ) -> None:
        self._log = log
        self._projector = projector
        self._asked = asked
        self._to_the_end = to_the_end
        self._began = time.monotonic()
        self._built_after = 0.0
        names = [fold.name for fold in projector.definitions.folds]
        self._facts = [name for name in names if name in asked.facts or name in projector.pending]
        self._folder = projector.folder / FOLDER
        before = told_of(projector.folder)
        self._changes = {
            change.fact: change
            for change in (before.changes if before and before.id == asked.id else ())
        }
        self._compare_at = self._stands_at()
        self._ends = log.ends()
        self._goal: Mapping[int, int] = {}
        self._entries = 0
        self._side: Projector | None = None

    def step(self, take: Take) -> bool:
        """Takes in one batch, or compares, or switches; whether there is more to do.

        What goes wrong ends it, and is told, of facts that stand still to readers too; the old
        tables stay.
        """
        try:
            return self._step(take)
        except (LedgerError, duckdb.Error) as error:
            sentence = str(error).partition("\n")[0]
            self._end("failed", sentence)
            self._projector.say_why_standing(set(self._facts), sentence)
            return False

    def close(self) -> None:
        """Leaves it to be gone on with."""
        if self._side is not None:
            self._side.close()
            self._side = None

    def _step(self, take: Take) -> bool:
        side = self._side or self._open()
        self._goal = self._next_goal()
        if take(self._log, side, self._goal) and _reached(side) != self._goal:
            self._entries = sum(_reached(side).values())
            self._tell("building")
            return True
        # It goes on at once: the live tables have moved by the next step.
        self._built_after = time.monotonic() - self._began
        is_last = self._goal == self._last_goal()
        if is_last and not self._to_the_end and _reached(side) != self._goal:
            # It is ahead of live tables that were lost meanwhile: entries would count twice.
            self.close()
            _remove(self._folder)
            return True
        self._compare(side)
        if not is_last:
            return True
        self._projector.take_over(
            self._folder / "live.duckdb", set(self._facts), with_positions=self._to_the_end
        )
        # A crash here has it done again, with the same rows and what was told of their changes.
        self._end("done")
        return False

    def _open(self) -> Projector:
        """The tables beside, as far as they are; anew where they are of other folds or history."""
        facts = [f for f in self._projector.definitions.folds if f.name in self._facts]
        definitions = replace(self._projector.definitions, folds=tuple(facts), views=())
        side = Projector.open(self._folder, definitions)
        if side.pending or not all(holds(self._log, head) for head in side.positions().values()):
            side.close()
            _remove(self._folder)
            side = Projector.open(self._folder, definitions)
        self._side = side
        return side

    def _stands_at(self) -> dict[str, dict[int, int]]:
        """Where facts are to be compared before the end: where their old tables stand still."""
        standing = self._projector.standing()
        if self._to_the_end and all(
            holds(self._log, head) for head in self._projector.positions().values()
        ):
            here = _reached(self._projector)
            standing = {fact: standing.get(fact, here) for fact in self._facts}
        return {
            fact: at
            for fact, at in standing.items()
            if fact in self._facts and fact not in self._changes and at
        }

    def _next_goal(self) -> dict[int, int]:
        waiting = sorted(self._compare_at.values(), key=lambda at: sum(at.values()))
        return waiting[0] if waiting else self._last_goal()

    def _last_goal(self) -> dict[int, int]:
        return self._ends if self._to_the_end else _reached(self._projector)

    def _compare(self, side: Projector) -> None:
        """Compares the facts whose old tables stand at the goal, if the new ones do."""
        here, is_there = _reached(self._projector), _reached(side) == self._goal
        facts = [
            fact
            for fact in self._facts
            if is_there
            and fact not in self._changes
            and self._compare_at.get(fact, here) == self._goal
        ]
        self._entries = sum(_reached(side).values())
        self.close()
        found = self._projector.changes(self._folder / "live.duckdb", facts) if facts else []
        self._changes |= {change.fact: change for change in found}
        self._compare_at = {f: at for f, at in self._compare_at.items() if at != self._goal}
        self._tell("building")

    def _tell(
        self, state: Literal["building", "done", "failed"], sentence: str | None = None
    ) -> None:
        told = Told(
            self._asked.id,
            tuple(self._facts),
            state,
            self._entries,
            sum(self._last_goal().values()),
            tuple(self._changes.values()),
            sentence,
            self._built_after,
            time.monotonic() - self._began,
        )
        path = self._folder / "told.json"
        _written(path, told).replace(path)

    def _end(self, state: Literal["done", "failed"], sentence: str | None = None) -> None:
        self._tell(state, sentence)
        self.close()
        _asked(self._projector.folder).unlink(missing_ok=True)
        _remove(self._folder)


def _reached(projector: Projector) -> dict[int, int]:
    return {partition: head.position for partition, head in projector.positions().items()}


def _asked(projections: Path) -> Path:
    return projections / FOLDER / "asked.json"


def _remove(folder: Path) -> None:
    """The tables beside; what was asked and told stays."""
    for path in folder.glob("live.duckdb*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _written(path: Path, value: msgspec.Struct) -> Path:
    """The value in a file beside `path`, durable, to be put in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(msgspec.json.encode(value))
        file.flush()
        os.fsync(file.fileno())
    return unfinished


def _read(path: Path, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
