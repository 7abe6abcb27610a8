"""The projector: reads the log along its chain and keeps the tables and their snapshot fresh.

It starts from the position stored with the tables, follows the log until it is told to stop, and
then catches up once more. Rows and positions change in one transaction, so it can be killed at any
moment and goes on where it was.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Final

from ledger.beside import lost
from ledger.chain import follow, holds
from ledger.entry import Head, LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.ahead import one_ahead
from ledger.projections.engine import THREADS, Projector
from ledger.settings import Home

BATCH: Final = 20_000
LARGE_BATCH: Final = 200_000
LOOK_AGAIN_SECONDS: Final = 0.1
REST_AT_MOST_SECONDS: Final = 0.5
SNAPSHOT_EVERY_SECONDS: Final = 10.0


Batch = tuple[list[bytes], dict[int, Head]]


def batches(
    log: SqliteLog,
    reached: Mapping[int, Head],
    limit: int = BATCH,
    upto: Mapping[int, int] | None = None,
) -> Iterator[Batch]:
    """What the log holds beyond the heads reached, along its chain: records, and heads after them.

    With `upto` it stops at these positions, and leaves out partitions that are not named. Raises
    ChainError where the log does not hold a head that was reached.
    """
    heads = dict(reached)
    for head in reached.values():
        if not holds(log, head):
            raise lost(Path("projections"), head)
    while True:
        ends = log.ends() if upto is None else upto
        records: list[bytes] = []
        after: dict[int, Head] = {}
        for head, count in _shares(heads, ends, limit):
            for following, record in follow(log, head, count):
                after[head.partition] = following
                records.append(record)
        if not records:
            return
        heads.update(after)
        yield records, after


def _shares(
    heads: Mapping[int, Head], ends: Mapping[int, int], limit: int
) -> Iterator[tuple[Head, int]]:
    """How many entries to take of each partition: all of short ones, the same of long ones."""
    starts = [heads.get(partition, Head(partition)) for partition in ends]
    starts.sort(key=lambda head: ends[head.partition] - head.position)
    for number, head in enumerate(starts):
        share = min(ends[head.partition] - head.position, limit // (len(starts) - number))
        if share > 0:
            limit -= share
            yield head, share


def project(log: SqliteLog, projector: Projector, upto: Mapping[int, int] | None = None) -> int:
    """Applies one batch of what is new in the log; how many entries there were."""
    for records, heads in batches(log, projector.positions(), BATCH, upto):
        projector.apply(records, heads)
        return len(records)
    return 0


def project_all(
    log: SqliteLog,
    projector: Projector,
    upto: Mapping[int, int] | None = None,
    tick: Callable[[int], None] | None = None,
) -> int:
    """Applies all that is new in the log, in large batches; how many entries there were.

    The chain is checked, the batch before is read and the one before that merged at the same time;
    `tick` is told the size of each batch that was checked.
    """
    count = 0

    def checked() -> Iterator[Batch]:
        nonlocal count
        for records, heads in batches(log, reached, LARGE_BATCH, upto):
            count += len(records)
            if tick is not None:
                tick(len(records))
            yield records, heads

    reached = projector.positions()
    projector.apply_all(one_ahead(checked()))
    return count


def catch_up(home: Home) -> int:
    """Projects all that the log holds now and makes a snapshot; how many entries were new."""
    log = SqliteLog(home.log)
    try:
        with Projector.open(home.projections) as projector:
            count = project_all(log, projector)
            projector.snapshot()
    finally:
        log.close()
    return count


def run(home: Home, stopping: Event, asked: Event | None = None) -> None:
    """Follows the log until `stopping` is set, then catches up and makes a last snapshot.

    Where `asked` is set, what the log holds then is in a snapshot next, however much comes in.
    """
    log = SqliteLog(home.log)
    with Projector.open(home.projections) as projector:
        snapshot_due = time.monotonic() + SNAPSHOT_EVERY_SECONDS
        projector.use_threads(1)
        while not stopping.is_set():
            if asked is not None and asked.is_set():
                asked.clear()
                project_all(log, projector, log.ends())
                snapshot_due = 0.0
            else:
                began = time.monotonic()
                project(log, projector)
                # Resting as long as it worked, on one core, leaves the writer its own and makes
                # batches larger: one of many kinds of events costs a fixed time to plan.
                rest = time.monotonic() - began
                (asked or stopping).wait(min(max(rest, LOOK_AGAIN_SECONDS), REST_AT_MOST_SECONDS))
            if time.monotonic() > snapshot_due:
                projector.snapshot()
                snapshot_due = time.monotonic() + SNAPSHOT_EVERY_SECONDS
        projector.use_threads(THREADS)
        project_all(log, projector)
        projector.snapshot()
    log.close()


class ProjectorProcess:
    """A projector in a process of its own: the interpreter's lock would halve writer and reader.

    It stops when its standard input ends, so it never outlives a parent that was killed. It is in
    a session of its own: Ctrl-C is for the parent, which ends it when nothing more is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "consumers", "projector", "--home", folder, "--until-eof"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def ask(self) -> None:
        """Asks for a snapshot of what the log holds now; it is there when its pointer changes."""
        assert self._process.stdin is not None
        # One that has just died cannot be asked; whoever keeps it starts another.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()

    def finish(self) -> None:
        """Lets it catch up, and waits. Raises LedgerError where it failed."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        code = self._process.wait()
        if code:
            raise LedgerError(f"the projector stopped with exit code {code}")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()
