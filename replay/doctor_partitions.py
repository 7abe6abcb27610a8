"""Partitions of a ledger on Kafka: their heads, who has them, what waits, and what is void."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from consumers.kafka.outcomes import PARTITION, POSITION, REPEATED
from ledger.entry import Entry, Intake, Unread, decode, leaf_hash
from ledger.facts import Founding
from ledger.logs import topics
from ledger.logs.administration import Member
from ledger.logs.cluster import Cluster, Fetched, Tail
from ledger.logs.kafka import Kept
from ledger.logs.sqlite import SqliteLog
from replay.doctor_findings import Finding

LOOKED_BACK: Final = 2_000
"""How many of a partition's newest entries are looked at for how far each intake is."""
TAIL_RECORDS: Final = 200
READ_SECONDS: Final = 5.0
MANY: Final = 10_000
"""More messages or entries than that, waiting, are worth a warning."""


class PartitionState(msgspec.Struct, frozen=True):
    """`position` and `hash` are the copy's head; `behind` how many records of Kafka it lacks.

    `owner` is the decider that has it. `unprojected` and `unpublished` count the entries that the
    tables of this home lack, and those that nobody was told of; None where that is not known.
    """

    partition: int
    position: int
    hash: str
    recorded_at: str
    behind: int
    owner: str | None
    unprojected: int | None
    unpublished: int | None


class IntakeState(msgspec.Struct, frozen=True):
    """`waiting` messages of the partition of a topic are not done; None where it is not known.

    `unread` counts those that could not be read, among the newest entries of the partition.
    """

    topic: str
    partition: int
    end: int
    waiting: int | None
    lost: int = 0
    unread: int = 0


class VoidState(msgspec.Struct, frozen=True):
    partition: int
    cause: str
    count: int
    newest_offset: int


class _Came(msgspec.Struct, frozen=True):
    """Of an entry, where its message stood."""

    intake: Intake | None = None
    unread: Unread | None = None


_came: Final = msgspec.json.Decoder(_Came)


def partitions_of(
    cluster: Cluster,
    log: SqliteLog,
    kept: Kept,
    members: Iterable[Member],
    projected: Mapping[int, int],
) -> list[PartitionState]:
    ends = log.ends()
    tail = cluster.tail()
    try:
        offsets = tail.ends(cluster.log, ends)
        published = _published(cluster, tail, len(ends))
    finally:
        tail.close()
    owners = owners_of(cluster, members)
    return [
        _state(
            log,
            partition,
            end,
            max(0, offsets[partition] - kept.following.get(partition, 0)),
            owners.get(partition),
            max(0, end - projected.get(partition, 0)) if projected else None,
            _unpublished(log, partition, end, published.get(partition)),
        )
        for partition, end in ends.items()
    ]


def _state(
    log: SqliteLog,
    partition: int,
    end: int,
    behind: int,
    owner: str | None,
    unprojected: int | None,
    unpublished: int | None,
) -> PartitionState:
    record = log.record(partition, end) or b""
    return PartitionState(
        partition,
        end,
        leaf_hash(record),
        decode(record).recorded_at.isoformat(),
        behind,
        owner,
        unprojected,
        unpublished,
    )


def owners_of(cluster: Cluster, members: Iterable[Member]) -> dict[int, str]:
    """The members of the deciders' group that have each partition's intake, by process."""
    incoming = cluster.interactions("")
    owners: dict[int, str] = {}
    for member in members:
        for topic, partition in member.owns:
            if topic.startswith(incoming):
                owners[partition] = f"{member.id} at {member.host}"
    return owners


# What waits


class _Reached(NamedTuple):
    """What the newest entries say of topics: the next offset of each, and how many were unread.

    `is_all` where these are all entries that there are.
    """

    following: dict[str, int]
    unread: Counter[str]
    is_all: bool


def intakes_of(
    cluster: Cluster,
    facts: Founding,
    log: SqliteLog,
    committed: Mapping[tuple[str, int], int],
) -> list[IntakeState]:
    """How many messages of each source's topic are not done yet.

    The newest entries say it, and beside them what is committed of messages that have no entry.
    """
    names = [cluster.interactions(name) for name in topics.sources_of(facts)]
    reached = [_reached(log, partition) for partition in range(facts.partitions)]
    tail = cluster.tail()
    states: list[IntakeState] = []
    try:
        for name in names:
            # One that is missing or cut is a finding about the topic, not about its intake.
            numbers = range(min(tail.partitions(name), facts.partitions))
            begins, ends = tail.begins(name, numbers), tail.ends(name, numbers)
            states += [
                _intake(name, n, begins[n], ends[n], committed.get((name, n), 0), reached[n])
                for n in numbers
            ]
    finally:
        tail.close()
    return states


def _reached(log: SqliteLog, partition: int) -> _Reached:
    end = log.ends().get(partition, 0)
    after = max(0, end - LOOKED_BACK)
    following: dict[str, int] = {}
    unread: Counter[str] = Counter()
    for record in log.read(partition, after, LOOKED_BACK):
        entry = _came.decode(record)
        came = entry.unread or entry.intake
        if came is not None and came.topic is not None and came.offset is not None:
            following[came.topic] = came.offset + 1
            unread[came.topic] += entry.unread is not None
    return _Reached(following, unread, after == 0)


def _intake(
    topic: str, partition: int, begin: int, end: int, committed: int, reached: _Reached
) -> IntakeState:
    following = reached.following.get(topic, 0)
    if committed <= end:
        # Else it is of a topic that was made again since.
        following = max(following, committed)
    if not following and not reached.is_all:
        # Nothing of it among the newest entries: what stands there may be done or not.
        return IntakeState(topic, partition, end, 0 if begin == end else None)
    lost = max(0, begin - following)
    waiting = max(0, end - max(begin, following))
    return IntakeState(topic, partition, end, waiting, lost, reached.unread[topic])


def _published(cluster: Cluster, tail: Tail, number: int) -> dict[int, int]:
    """The newest position of each partition that outcomes or events were published of."""
    newest: dict[int, int] = {}
    for topic in (cluster.outcomes, cluster.events):
        if tail.partitions(topic) == number:
            for fetched in _newest(tail, topic, number):
                headers = dict(fetched.headers)
                if REPEATED not in headers and headers.get(PARTITION) == b"%d" % fetched.partition:
                    position = int(headers.get(POSITION, b"0"))
                    newest[fetched.partition] = max(newest.get(fetched.partition, 0), position)
    return newest


def _newest(tail: Tail, topic: str, number: int) -> Iterator[Fetched]:
    begins, ends = tail.begins(topic, range(number)), tail.ends(topic, range(number))
    reached = {n: max(begins[n], ends[n] - TAIL_RECORDS) for n in range(number)}
    tail.begin(topic, reached)
    deadline = time.monotonic() + READ_SECONDS
    while any(reached[n] < ends[n] for n in reached) and time.monotonic() < deadline:
        for fetched in tail.poll(0.5):
            reached[fetched.partition] = fetched.offset + 1
            yield fetched


def _unpublished(log: SqliteLog, partition: int, end: int, published: int | None) -> int | None:
    """Entries after the newest published one that somebody is to be told of."""
    after = published or 0
    if end - after > LOOKED_BACK:
        return end - after
    records = log.read(partition, after, LOOKED_BACK)
    return sum(_is_told(decode(record)) for record in records)


def _is_told(entry: Entry) -> bool:
    said = entry.interaction
    by_source = said is not None and said.source != topics.REACTOR
    return bool(entry.events) or by_source or entry.unread is not None


# Findings


def of_partitions(
    states: Iterable[PartitionState], members: Iterable[Member], intakes: Iterable[IntakeState]
) -> Iterator[Finding]:
    """A partition without an owner is a problem where messages wait in it."""
    waiting = {each.partition for each in intakes if each.waiting}
    is_running = any(True for _ in members)
    for each in states:
        about = f"partition {each.partition}"
        if each.owner is not None:
            yield Finding("ok", "owner", (about,), each.owner, "one decider", "It is decided.")
        else:
            severity = "problem" if each.partition in waiting else "warning"
            found, told = "no decider runs", "Start `ledger run decider`."
            if is_running:
                found = "nobody"
                told = "Look again: they may be handing over. If it stays so, restart a decider."
            if each.partition in waiting:
                found += ", and messages wait"
            yield Finding(severity, "owner", (about,), found, "one decider", told)
        yield from _lags(about, each)


def _lags(about: str, state: PartitionState) -> Iterator[Finding]:
    for check, count, sentence in (
        ("copy", state.behind, "Look again: another process brings this home's copy up to date."),
        ("tables", state.unprojected, "Start `ledger run projector` with this home, or more."),
        ("publishing", state.unpublished, "See that the publisher runs: sources hear nothing."),
    ):
        if count is not None and count > MANY:
            yield _warning(check, about, f"over {MANY:,} behind", "up to date", sentence)


def of_intakes(states: Iterable[IntakeState]) -> Iterator[Finding]:
    for each in states:
        about = f"{each.topic} {each.partition}"
        if each.lost:
            yield Finding(
                "problem",
                "intake",
                (about,),
                f"{each.lost:,} messages gone unread",
                "none",
                "Ask the source to publish again, and see that the deciders run: the topic's"
                " retention ended before they were read.",
            )
        elif each.waiting is not None and each.waiting > MANY:
            more = "Start more deciders, up to one a partition."
            yield _warning("intake", about, f"over {MANY:,} without an entry yet", "few", more)
        if each.unread and each.topic.endswith(f".{topics.REACTOR}"):
            yield _warning(
                "follow-ons",
                about,
                f"{each.unread:,} could not be read",
                "none",
                "Upgrade the deciders: they are older than the reactor, which sends these again"
                " once an hour.",
            )


def of_voids(voids: Iterable[VoidState]) -> Iterator[Finding]:
    for each in voids:
        about = f"partition {each.partition}"
        found = f"{each.count:,} {each.cause}"
        if each.cause in ("stale", "duplicate"):
            harmless = "Harmless: two deciders raced, or a record was written twice."
            yield Finding("ok", "void records", (about,), found, "few", harmless)
        else:
            yield _warning(
                "void records",
                about,
                found,
                "none",
                f"See who wrote offset {each.newest_offset}, and that only deciders may write"
                " the log; readers pass it over.",
            )


def _warning(check: str, about: str, found: str, wanted: str, sentence: str) -> Finding:
    return Finding("warning", check, (about,), found, wanted, sentence)
