"""The state of a ledger at a glance: heads, who writes, and how far the tables are."""

import msgspec

from consumers.embedded import facts_of
from ledger.entry import decode, leaf_hash
from ledger.logs.opening import open_log
from ledger.logs.sqlite import SqliteLog
from ledger.projections import worker
from ledger.projections.progress import Pace, Stop, paces, troubles
from ledger.projections.snapshot import find, snapshot_positions
from ledger.settings import Home, Writer


class PartitionStatus(msgspec.Struct, frozen=True):
    """`projected` is the position that the readers' snapshot has reached; `lag` what it lacks.

    `pace` says whether that grows, and when the projector took entries in last.
    """

    partition: int
    position: int
    hash: str
    events: int
    recorded_at: str
    policy: str
    projected: int
    pace: Pace | None = None

    @property
    def lag(self) -> int:
        return self.position - self.projected


class Status(msgspec.Struct, frozen=True):
    """`policy` is the version that decided the newest entry; `alarms` counts what the tables know
    that somebody must look at, and is None where there are no tables yet. `stopped` and `standing`
    say which partitions and facts of the tables do not go on, and why."""

    origin: str
    operator: str
    clock: str
    policy: str
    entries: int
    events: int
    lag: int
    alarms: int | None
    partitions: list[PartitionStatus]
    writer: Writer | None = None
    stopped: list[Stop] = []
    standing: dict[str, str] = {}


def status_of(home: Home) -> Status:
    log = open_log(home)
    try:
        facts = facts_of(log)
        projected, pace = snapshot_positions(home.projections), paces(home.projections)
        partitions = [
            _partition(log, number, end, projected.get(number, 0), pace.get(number))
            for number, end in log.ends().items()
        ]
    finally:
        log.close()
    trouble = troubles(home.projections)
    return Status(
        origin=facts.origin,
        operator=facts.operator,
        clock=facts.clock,
        policy=max(partitions, key=lambda each: each.recorded_at).policy,
        entries=sum(each.position for each in partitions),
        events=sum(each.events for each in partitions),
        lag=sum(each.lag for each in partitions),
        alarms=_alarms(home),
        partitions=partitions,
        writer=home.writer(),
        stopped=trouble.stopped,
        standing=trouble.standing,
    )


def _alarms(home: Home) -> int | None:
    snapshot = find(home.projections)
    if snapshot is None:
        return None
    [[count]] = worker.query(
        snapshot, "select count(*) from alarms where is_open is not false"
    ).rows
    return int(count)


def _partition(
    log: SqliteLog, number: int, end: int, projected: int, pace: Pace | None
) -> PartitionStatus:
    record = log.record(number, end)
    assert record is not None
    entry = decode(record)
    return PartitionStatus(
        partition=number,
        position=end,
        hash=leaf_hash(record),
        events=entry.first_event + len(entry.events) - 1,
        recorded_at=entry.recorded_at.isoformat(),
        policy=entry.policy or "",
        projected=projected,
        pace=pace,
    )
