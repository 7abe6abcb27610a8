"""The projector: reads the log along its chain and keeps the tables and their snapshot fresh.

It starts from the position stored with the tables, follows the log until it is told to stop, and
then catches up once more. Rows and positions change in one transaction, so it can be killed at any
moment and goes on where it was.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Final

from consumers import rebuilding
from consumers.telling import tell
from ledger.beside import lost
from ledger.chain import follow, holds
from ledger.entry import Head, LedgerError
from ledger.logs.opening import cluster, on_kafka, open_kept, open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections.ahead import one_ahead
from ledger.projections.engine import THREADS, Projector
from ledger.projections.progress import Stop
from ledger.settings import Home

BATCH: Final = 20_000
LARGE_BATCH: Final = 200_000
LOOK_AGAIN_SECONDS: Final = 0.1
LOOK_SOON_SECONDS: Final = 0.02
REST_AT_MOST_SECONDS: Final = 0.5
SNAPSHOT_EVERY_SECONDS: Final = 10.0
TRY_AGAIN_SECONDS: Final = 300.0
"""After so long, what could not be built anew is tried again: a disk may have been full."""


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
        if (upto is None or head.partition in upto) and not holds(log, head):
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


def project(
    log: SqliteLog,
    projector: Projector,
    upto: Mapping[int, int] | None = None,
    *,
    stops: bool = False,
) -> int:
    """Applies one batch of what is new in the log; how many entries there were.

    Raises LedgerError for an entry that cannot be read. With `stops` its partition stands still
    before it, which `projector.stopped` names, and the others go on.
    """
    while True:
        try:
            ends = _before_stops(log, projector, upto)
            for records, heads in batches(log, projector.positions(), BATCH, ends):
                projector.apply(records, heads)
                return len(records)
        except LedgerError as error:
            if not (stops and _stop(projector, error)):
                raise
        else:
            return 0


def project_all(
    log: SqliteLog,
    projector: Projector,
    upto: Mapping[int, int] | None = None,
    tick: Callable[[int], None] | None = None,
    *,
    stops: bool = False,
) -> int:
    """Applies all that is new in the log, in large batches; how many entries there were.

    The chain is checked, the batch before is read and the one before that merged at the same time;
    `tick` is told the size of each batch that was checked. `stops` is as of `project`.
    """

    def checked(ends: Mapping[int, int] | None) -> Iterator[Batch]:
        for records, heads in batches(log, projector.positions(), LARGE_BATCH, ends):
            if tick is not None:
                tick(len(records))
            yield records, heads

    before = _entries(projector)
    while True:
        try:
            projector.apply_all(one_ahead(checked(_before_stops(log, projector, upto))))
        except LedgerError as error:
            if not (stops and _stop(projector, error)):
                raise
        else:
            return _entries(projector) - before


def _entries(projector: Projector) -> int:
    return sum(head.position for head in projector.positions().values())


def _before_stops(
    log: SqliteLog, projector: Projector, upto: Mapping[int, int] | None
) -> Mapping[int, int] | None:
    """How far to read: a stopped partition only up to the entry that it stands still before."""
    stopped = projector.stopped()
    if not stopped:
        return upto
    ends = log.ends() if upto is None else upto
    return {n: min(end, stopped[n] - 1) if n in stopped else end for n, end in ends.items()}


def _stop(projector: Projector, error: LedgerError) -> bool:
    """Stops the partition whose record cannot be read; whether it is known which that is."""
    if error.place is None or error.place[0] in projector.stopped():
        return False
    partition, position = error.place
    projector.stop(Stop(partition, position, str(error)))
    tell(f"partition {partition} stands still in the tables, the others go on: {error}")
    return True


def catch_up(home: Home) -> int:
    """Projects all that the log holds now and makes a snapshot; how many entries were new.

    Facts that changed are built anew first, so that none is behind the others.
    """
    log = open_log(home)
    try:
        with Projector.open(home.projections) as projector:
            count = project_all(log, projector, stops=True)
            rebuilding.ask_for_pending(projector)
            if rebuilding.finish(log, projector, project_all):
                _say(projector)
            projector.snapshot(log.ends())
    finally:
        log.close()
    return count


def _gain(log: SqliteLog, projector: Projector, upto: Mapping[int, int]) -> int:
    """Applies one batch, or all that is left where that is little: tables that are built beside
    must gain on those that go on."""
    left = sum(upto.values()) - _entries(projector)
    return (project_all if left <= LARGE_BATCH else project)(log, projector, upto)


def _say(projector: Projector) -> None:
    told = rebuilding.told_of(projector.folder)
    if told is not None:
        tell(rebuilding.say(told))


def run(
    home: Home,
    stopping: Event,
    asked: Event | None = None,
    partitions: Sequence[int] | None = None,
) -> None:
    """Follows the log until `stopping` is set, then catches up and makes a last snapshot.

    `asked` is given where another process keeps the log, as the one that records or takes HTTP
    does; where it is set, what the log holds then is in a snapshot next, however much comes in.
    Without it a log on Kafka is copied here. `partitions` are those to hold, all by default.
    """
    with ExitStack() as opened:
        if asked is None and on_kafka():
            opened.callback(home.lock_writer().release)
            log, rest = _copied(home, partitions, opened)
        else:
            log = open_kept(home)
            rest = _resting if not on_kafka() else _looking_again
        opened.callback(log.close)
        projector = opened.enter_context(Projector.open(home.projections))
        _follow(_Share(log, partitions), projector, stopping, asked, rest)


Rest = Callable[[float, Event], None]
"""What is done between two batches, of which the last took so many seconds, until the event."""


def _resting(worked: float, until: Event) -> None:
    """Resting as long as it worked, on one core, leaves the writer its own and makes batches
    larger: one of many kinds of events costs a fixed time to plan."""
    until.wait(min(max(worked, LOOK_AGAIN_SECONDS), REST_AT_MOST_SECONDS))


def _looking_again(_: float, until: Event) -> None:
    """On Kafka the writer has a machine of its own, and what is produced is to be seen soon."""
    until.wait(LOOK_SOON_SECONDS)


def _copied(
    home: Home, partitions: Sequence[int] | None, opened: ExitStack
) -> tuple[SqliteLog, Rest]:
    """The log on Kafka, and a rest that ends when something was copied."""
    # Imported late: embedded, nobody waits for Kafka's client.
    from consumers.kafka.copying import Copying
    from ledger.logs.kafka import KafkaLog

    where = cluster()
    assert where is not None
    log = KafkaLog(where, home.copy, None if partitions is None else ())
    if partitions is not None:
        _check(log, partitions)
        log.follow(partitions)
    copying = Copying(log, sorted(partitions if partitions is not None else log.ends()))

    def rest(_: float, until: Event) -> None:
        copying.wait(LOOK_AGAIN_SECONDS, until)

    return log, rest


class _Share:
    """The partitions of a log that a projector holds."""

    def __init__(self, log: SqliteLog, partitions: Sequence[int] | None) -> None:
        self.log = log
        self._partitions = partitions
        _check(log, partitions or ())

    def ends(self) -> dict[int, int]:
        ends = self.log.ends()
        return ends if self._partitions is None else {n: ends[n] for n in self._partitions}


def _check(log: SqliteLog, partitions: Sequence[int]) -> None:
    missing = sorted(set(partitions) - log.ends().keys())
    if missing:
        raise LedgerError(f"the ledger has no partition {missing[0]}")


def _follow(
    share: _Share, projector: Projector, stopping: Event, asked: Event | None, rest: Rest
) -> None:
    log = share.log
    snapshot_due = time.monotonic() + SNAPSHOT_EVERY_SECONDS
    project_all(log, projector, share.ends(), stops=True)
    projector.use_threads(1)
    rebuilding.ask_for_pending(projector)
    rebuild: rebuilding.Rebuild | None = None
    try_again_at = 0.0
    while not stopping.is_set():
        if asked is not None and asked.is_set():
            asked.clear()
            project_all(log, projector, share.ends(), stops=True)
            snapshot_due = 0.0
        else:
            began = time.monotonic()
            project(log, projector, share.ends(), stops=True)
            rest(time.monotonic() - began, asked or stopping)
        rebuild = rebuild or rebuilding.begun(log, projector)
        if rebuild is not None and not rebuild.step(_gain):
            rebuild, snapshot_due = None, 0.0
            try_again_at = time.monotonic() + TRY_AGAIN_SECONDS
            _say(projector)
        if rebuild is None and projector.pending and time.monotonic() > try_again_at:
            rebuilding.ask_for_pending(projector)
        if time.monotonic() > snapshot_due:
            projector.snapshot(share.ends())
            snapshot_due = time.monotonic() + SNAPSHOT_EVERY_SECONDS
    if rebuild is not None:
        rebuild.close()
    projector.use_threads(THREADS)
    project_all(log, projector, share.ends(), stops=True)
    projector.snapshot(share.ends())


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
