"""The reactor: turns events, and the passing of time, into further interactions.

It observes every entry once, in each partition's order, and keeps what it still has to send: a
follow-on is pending until its own entry has been seen, a timer until it is due or settled. What is
pending follows from the log alone, so the file it is kept in can be deleted at any time.

Partitions are read one after the other, so a follow-on's entry may be seen before its cause is: it
is remembered as early until then.
"""

import heapq
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ledger import wire
from ledger.aggregates.model import BROADCAST, Cause, FollowOn, Interaction, Settled
from ledger.beside import lost, open_beside, remove
from ledger.chain import follow, holds
from ledger.decide import react
from ledger.entry import Envelope, Head, LedgerError, decode, event_id, leaf_hash
from ledger.half_open import undone_on_failure
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference, reference_of
from ledger.wire import Happened

SOURCE: Final = "ledger-reactor"
MAX_ID: Final = 200
_VERSION: Final = 5
_SCHEMA: Final = """
    create table head (partition integer primary key, position integer, hash text);
    create table pending (
        owner text, id text, due_at text, timer text, envelope blob, data blob,
        primary key (owner, id)) without rowid;
    create table early (owner text, id text, primary key (owner, id)) without rowid;
    create table reference (partition integer primary key, facts blob);
"""

_FLUSH_EVERY: Final = 5_000

Key = tuple[str, str]
"""An owner and the id of a follow-on: two owners may have follow-ons of the same id."""


class Pending(msgspec.Struct, frozen=True):
    """A follow-on that has no entry yet; `timer` names the timer of a stream, if it is one."""

    envelope: Envelope
    data: bytes
    due_at: datetime | None
    timer: str | None

    @property
    def key(self) -> Key:
        return self.envelope.subject, self.envelope.id

    @property
    def interaction(self) -> Interaction:
        return wire.INTERACTIONS[self.envelope.type].decoder.decode(self.data)


class Reactor:
    def __init__(self, path: Path, log: SqliteLog) -> None:
        """Opens what is pending and reads on from where it stood to the end of the log.

        Raises ChainError where the log no longer holds what was read.
        """
        self._path = path
        self._log = log
        try:
            self._open()
        except (sqlite3.DatabaseError, msgspec.MsgspecError, ValueError):
            remove(path)
            self._open()

    # What is to be sent

    def next_at_once(self) -> Pending | None:
        """The oldest pending follow-on that is not a timer."""
        while self._at_once:
            pending = self._pending.get(self._at_once[0])
            if pending is not None:
                return pending
            self._at_once.popleft()
        return None

    def next_due(self, moment: datetime) -> Pending | None:
        """The earliest timer that is due at `moment`."""
        while self._due and self._due[0][0] <= moment:
            pending = self._pending.get(self._due[0][1])
            if pending is not None:
                return pending
            heapq.heappop(self._due)
        return None

    def take(self, moment: datetime) -> Pending | None:
        """The next to be sent, at once or due; it stays pending, and is not given again."""
        pending = self.next_at_once()
        if pending is not None:
            self._at_once.popleft()
            return pending
        pending = self.next_due(moment)
        if pending is not None:
            heapq.heappop(self._due)
        return pending

    def waits(self, pending: Pending) -> bool:
        """Whether it has no entry yet, nor was settled."""
        return pending.key in self._pending

    def pending(self) -> list[Pending]:
        """All that is still to be sent: first what goes at once, then timers as they fall due."""
        at_once = [each for each in self._pending.values() if each.due_at is None]
        timers = [(each.due_at, each.key, each) for each in self._pending.values() if each.due_at]
        return at_once + [each for _, _, each in sorted(timers, key=lambda row: row[:2])]

    def take_unread(self) -> set[str]:
        """The digests of what no decider could read of a reactor's, since this was asked last."""
        unread, self._unread = self._unread, set()
        return unread

    # Observing

    def read_on(self) -> int:
        """Takes in what the log holds beyond what was read; how many entries there were.

        Raises ChainError where the log does not hold what was read.
        """
        count = 0
        for partition in self._log.ends():
            reached = self._heads.get(partition, Head(partition))
            if not holds(self._log, reached):
                raise lost(self._path, reached)
            for head, record in follow(self._log, reached):
                entry = decode(record)
                if entry.founding is not None:
                    self._references[partition] = reference_of(entry.founding.facts)
                    self._learned.add(partition)
                if entry.unread is not None and entry.unread.topic.endswith(f".{SOURCE}"):
                    self._unread.add(entry.unread.digest)
                self.observe(head, entry.interaction, wire.happened(entry), entry.recorded_at)
                count += 1
                if count % _FLUSH_EVERY == 0:
                    self.flush()
        if count:
            self.flush()
        return count

    def observe(
        self,
        head: Head,
        envelope: Envelope | None,
        happened: Sequence[Happened],
        recorded_at: datetime,
    ) -> None:
        """Takes in one entry: its message is sent if it was ours, and its events lead on.

        They do so by the policy that decided them, the one in force at `recorded_at`.
        """
        self._heads[head.partition] = head
        if envelope is None:
            return
        if envelope.source == SOURCE and not self.drop(envelope):
            self._early[envelope.subject, envelope.id] = True
        reference = self._references[head.partition]
        in_force = reference.policy_at(recorded_at)
        for number, each in enumerate(happened, 1):
            cause = Cause(envelope, each.stream, reference, in_force)
            for reaction in react(each.event, cause):
                self._take(reaction, cause, number)
        if envelope.subject == wire.reference_owner(head.partition):
            self._learn(head.partition, happened)

    def _learn(self, partition: int, happened: Sequence[Happened]) -> None:
        """Takes in what the partition was told; what happened before was by what was known then."""
        for each in happened:
            self._references[partition] = wire.REGISTERS["reference"].evolve(
                self._references[partition], each.event, each.stream, each.envelope
            )
        self._learned.add(partition)

    def _take(self, reaction: FollowOn | Settled, cause: Cause, number: int) -> None:
        if isinstance(reaction, Settled):
            self._settle(timer_of(reaction, cause))
            return
        for pending in pending_of(reaction, cause, number, self._log.ends):
            self._add(pending)

    def _add(self, pending: Pending) -> None:
        if pending.timer is not None:
            self._settle(pending.timer)
        if self._came_early(pending.key):
            self._early[pending.key] = False
            return
        if pending.timer is not None and pending.due_at is not None:
            self._timers[pending.timer] = pending.key
            heapq.heappush(self._due, (pending.due_at, pending.key))
        else:
            self._at_once.append(pending.key)
        self._pending[pending.key] = pending
        self._changed.add(pending.key)

    def _settle(self, timer: str) -> None:
        key = self._timers.get(timer)
        if key is not None:
            self._drop(key)

    def drop(self, envelope: Envelope) -> bool:
        """Forgets a follow-on, which has its entry; False where it was not pending."""
        return self._drop((envelope.subject, envelope.id))

    def _drop(self, key: Key) -> bool:
        pending = self._pending.pop(key, None)
        if pending is None:
            return False
        if pending.timer is not None and self._timers.get(pending.timer) == key:
            del self._timers[pending.timer]
        self._changed.add(key)
        return True

    def _came_early(self, key: Key) -> bool:
        known = self._early.get(key)
        if known is not None:
            return known
        found = self._connection.execute("select 1 from early where owner = ? and id = ?", key)
        return found.fetchone() is not None

    # Keeping

    def flush(self) -> None:
        """Writes what changed since the last flush, in one transaction.

        Raises LedgerError where the disk fails; the next flush, or opening, makes up for it.
        """
        gone = [key for key in self._changed if key not in self._pending]
        new = [_row(self._pending[key]) for key in self._changed if key in self._pending]
        early = [key for key, is_early in self._early.items() if is_early]
        met = [key for key, is_early in self._early.items() if not is_early]
        heads = [(head.partition, head.position, head.hash) for head in self._heads.values()]
        learned = [
            (partition, msgspec.msgpack.encode(self._references[partition]))
            for partition in self._learned
        ]
        write = self._connection
        try:
            with write:
                write.execute("begin immediate")
                write.executemany("delete from pending where owner = ? and id = ?", gone)
                write.executemany("insert or replace into pending values (?, ?, ?, ?, ?, ?)", new)
                write.executemany("delete from early where owner = ? and id = ?", met)
                write.executemany("insert or replace into early values (?, ?)", early)
                write.executemany("insert or replace into head values (?, ?, ?)", heads)
                write.executemany("insert or replace into reference values (?, ?)", learned)
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path.name} cannot be written: {error}") from error
        self._changed.clear()
        self._early.clear()
        self._learned.clear()

    def _open(self) -> None:
        self._connection = open_beside(self._path, _SCHEMA, _VERSION, self._log.ledger)
        self._heads: dict[int, Head] = {}
        self._pending: dict[Key, Pending] = {}
        self._timers: dict[str, Key] = {}
        self._due: list[tuple[datetime, Key]] = []
        self._at_once: deque[Key] = deque()
        self._changed: set[Key] = set()
        self._early: dict[Key, bool] = {}
        """What changed since the last flush of those whose entries came before their causes."""
        self._references: dict[int, Reference] = {}
        self._learned: set[int] = set()
        self._unread: set[str] = set()
        with undone_on_failure(self._connection.close):
            self._load()
            self.read_on()

    def _load(self) -> None:
        for row in self._connection.execute("select * from head"):
            self._heads[row[0]] = Head(*row)
        for partition, facts in self._connection.execute("select * from reference"):
            self._references[partition] = msgspec.msgpack.decode(facts, type=Reference)
        envelopes = msgspec.json.Decoder(Envelope)
        for _, _, due_at, timer, envelope, data in self._connection.execute(
            "select * from pending"
        ):
            due = datetime.fromisoformat(due_at) if due_at else None
            self._add(Pending(envelopes.decode(envelope), data, due, timer))
        self._changed.clear()

    def close(self) -> None:
        self._connection.close()


def _row(pending: Pending) -> tuple[str, str, str | None, str | None, bytes, bytes]:
    due_at = pending.due_at.isoformat() if pending.due_at else None
    envelope = msgspec.json.encode(pending.envelope)
    return *pending.key, due_at, pending.timer, envelope, pending.data


def timer_of(reaction: FollowOn | Settled, cause: Cause) -> str:
    """The name of a timer, of which a stream has one at a time."""
    return f"{cause.envelope.subject} {cause.stream} {reaction.name}"


def pending_of(
    reaction: FollowOn, cause: Cause, number: int, partitions: Callable[[], Iterable[int]]
) -> list[Pending]:
    """What a reaction sends: one follow-on, or of a broadcast one a partition, named after it."""
    data = msgspec.json.encode(reaction.data, order="sorted")
    timer = timer_of(reaction, cause) if reaction.due_at is not None else None
    addressed = [reaction]
    if reaction.subject == BROADCAST:
        addressed = [
            msgspec.structs.replace(
                reaction,
                name=f"{reaction.name}.{partition}",
                subject=wire.reference_owner(partition),
            )
            for partition in partitions()
        ]
    return [
        Pending(follow_on_of(each, cause.envelope, number), data, each.due_at, timer)
        for each in addressed
    ]


def follow_on_of(reaction: FollowOn, cause: Envelope, number: int) -> Envelope:
    """The envelope of a follow-on: named after its cause, at the cause's time or when it is due."""
    cause_id = event_id(cause, number)
    timed = reaction.due_at is not None
    return Envelope(
        id=_follow_on_id(cause_id, reaction.name),
        source=SOURCE,
        type=reaction.data.marks.type,
        subject=reaction.subject,
        time=(reaction.due_at or cause.time).astimezone(cause.time.tzinfo),
        actor="system:clock" if timed else "system:reactor",
        hall=cause.hall,
        visit=cause.visit,
        channel="system",
        cause=cause_id,
        due_at=reaction.due_at,
        traceparent=cause.traceparent,
    )


def _follow_on_id(cause_id: str, name: str) -> str:
    """Deterministic; a chain of causes too long for an id is replaced by its hash."""
    identity = f"{cause_id}:{name}"
    if len(identity) <= MAX_ID:
        return identity
    return f"{leaf_hash(cause_id.encode())}:{name}"
