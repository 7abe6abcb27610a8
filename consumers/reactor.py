"""The reactor: turns events, and the passing of time, into further interactions.

It observes every entry once, in each partition's order, and keeps what it still has to send: a
follow-on is pending until its own entry has been seen, a timer until it is due or settled. What is
pending follows from the log alone, so the file it is kept in can be deleted at any time.
"""

import heapq
import sqlite3
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ledger import wire
from ledger.aggregates.model import Cause, FollowOn, Interaction, Settled
from ledger.chain import follow
from ledger.decide import react
from ledger.entry import Envelope, Head, decode, event_id, leaf_hash
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference
from ledger.wire import Happened

SOURCE: Final = "ledger-reactor"
MAX_ID: Final = 200
_SCHEMA: Final = """
    create table if not exists head (partition integer primary key, position integer, hash text);
    create table if not exists pending (
        id text primary key, due_at text, timer text, envelope blob, data blob) without rowid;
"""


class Pending(msgspec.Struct, frozen=True):
    """A follow-on that has no entry yet; `timer` names the timer of a stream, if it is one."""

    envelope: Envelope
    data: bytes
    due_at: datetime | None
    timer: str | None

    @property
    def interaction(self) -> Interaction:
        return wire.INTERACTIONS[self.envelope.type].decoder.decode(self.data)


class Reactor:
    def __init__(self, path: Path, log: SqliteLog, reference: Reference) -> None:
        """Opens what is pending and reads on from where it stood to the end of the log.

        Raises ChainError where the log no longer holds what was read.
        """
        self._reference = reference
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)
        self._heads: dict[int, Head] = {}
        self._pending: dict[str, Pending] = {}
        self._timers: dict[str, str] = {}
        self._due: list[tuple[datetime, str]] = []
        self._at_once: deque[str] = deque()
        self._added: set[str] = set()
        self._removed: set[str] = set()
        self._load()
        self._catch_up(log)

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

    def timers(self) -> int:
        return sum(1 for each in self._pending.values() if each.due_at is not None)

    # Observing

    def observe(self, head: Head, envelope: Envelope | None, happened: Sequence[Happened]) -> None:
        """Takes in one entry: its message is sent if it was ours, and its events lead on."""
        self._heads[head.partition] = head
        if envelope is None:
            return
        if envelope.source == SOURCE:
            self.drop(envelope.id)
        for number, each in enumerate(happened, 1):
            cause = Cause(
                envelope, each.stream, self._reference, self._reference.policy_at(envelope.time)
            )
            for reaction in react(each.event, cause):
                self._take(reaction, cause, number)

    def _take(self, reaction: FollowOn | Settled, cause: Cause, number: int) -> None:
        timer = f"{cause.envelope.subject} {cause.stream} {reaction.name}"
        if isinstance(reaction, Settled):
            self._settle(timer)
            return
        follow_on = follow_on_of(reaction, cause.envelope, number)
        self._add(
            Pending(
                follow_on,
                msgspec.json.encode(reaction.data, order="sorted"),
                reaction.due_at,
                timer if reaction.due_at is not None else None,
            )
        )

    def _add(self, pending: Pending) -> None:
        identity = pending.envelope.id
        if pending.timer is not None and pending.due_at is not None:
            self._settle(pending.timer)
            self._timers[pending.timer] = identity
            heapq.heappush(self._due, (pending.due_at, identity))
        else:
            self._at_once.append(identity)
        self._pending[identity] = pending
        self._added.add(identity)
        self._removed.discard(identity)

    def _settle(self, timer: str) -> None:
        identity = self._timers.get(timer)
        if identity is not None:
            self.drop(identity)

    def drop(self, identity: str) -> None:
        """Forgets a follow-on: it has its entry, or need not be sent any more."""
        pending = self._pending.pop(identity, None)
        if pending is None:
            return
        if pending.timer is not None and self._timers.get(pending.timer) == identity:
            del self._timers[pending.timer]
        if identity in self._added:
            self._added.discard(identity)
        else:
            self._removed.add(identity)

    # Keeping

    def flush(self) -> None:
        """Writes what changed since the last flush, in one transaction."""
        write = self._connection
        write.execute("begin immediate")
        write.executemany("delete from pending where id = ?", [(each,) for each in self._removed])
        write.executemany(
            "insert or replace into pending values (?, ?, ?, ?, ?)",
            [self._row(identity) for identity in self._added],
        )
        write.executemany(
            "insert or replace into head values (?, ?, ?)",
            [(head.partition, head.position, head.hash) for head in self._heads.values()],
        )
        write.execute("commit")
        self._added.clear()
        self._removed.clear()

    def _row(self, identity: str) -> tuple[str, str | None, str | None, bytes, bytes]:
        pending = self._pending[identity]
        due_at = pending.due_at.isoformat() if pending.due_at else None
        envelope = msgspec.json.encode(pending.envelope)
        return identity, due_at, pending.timer, envelope, pending.data

    def _load(self) -> None:
        for row in self._connection.execute("select * from head"):
            self._heads[row[0]] = Head(*row)
        envelopes = msgspec.json.Decoder(Envelope)
        for _, due_at, timer, envelope, data in self._connection.execute("select * from pending"):
            due = datetime.fromisoformat(due_at) if due_at else None
            self._add(Pending(envelopes.decode(envelope), data, due, timer))
        self._added.clear()

    def _catch_up(self, log: SqliteLog) -> None:
        for partition in log.ends():
            for head, record in follow(log, self._heads.get(partition, Head(partition))):
                entry = decode(record)
                self.observe(head, entry.interaction, wire.happened(entry))
        self.flush()

    def close(self) -> None:
        self._connection.close()


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
