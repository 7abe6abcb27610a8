"""The decider's local index: what deciding asks of history, in a file that can always be rebuilt.

For each partition its head; for each message that has an entry, where; for each stream, where its
events are; for each owner, its register; for each topic, how far the intake is. The log is written
first and the index after, so it may lag behind, never run ahead; on opening it reads the log from
its own head. Deleted, damaged or of another ledger, it is built again from the log. One that is
ahead of its own log says that the log has lost something, and is not overwritten.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ledger import sqlite_files, wire
from ledger.beside import lost, open_beside, remove
from ledger.chain import follow, holds
from ledger.entry import Entry, Head, decode
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference, reference_of
from ledger.wire import Happened

_VERSION: Final = 7
_SCHEMA: Final = """
    create table head (
        partition integer primary key, position integer, hash text, next_event integer,
        recorded_at text);
    create table message (
        owner text, source text, id text, content text, partition integer, position integer,
        primary key (owner, source, id, content)) without rowid;
    create table event (
        stream text, version integer, partition integer, position integer, number integer,
        primary key (stream, version)) without rowid;
    create table register (owner text primary key, state blob) without rowid;
    create table tracking (
        partition integer, application text, notification integer,
        primary key (partition, application)) without rowid;
    create table intake (
        partition integer, topic text, next_offset integer, position integer,
        primary key (partition, topic)) without rowid;
"""
_CATCH_UP: Final = 2000


class Place(NamedTuple):
    """Where an entry is, and the keyed digest of what its message said."""

    partition: int
    position: int
    content: str


class Reached(NamedTuple):
    """How far an intake is: the offset to read next, and where the entry is that says so."""

    next_offset: int
    position: int


class Tip(NamedTuple):
    """A partition's head, the number its next event gets, and when its last entry was recorded."""

    head: Head
    next_event: int
    recorded_at: datetime


def positions_in(path: Path) -> dict[int, int]:
    """The position that an index file has of each partition; none where no file can be read."""
    try:
        with closing(sqlite_files.connect(path)) as connection:
            rows = connection.execute("select partition, position from head").fetchall()
    except sqlite3.Error:
        return {}
    return dict(rows)


class Index:
    """Reads answer for what is applied, also while it is not yet flushed to the file."""

    def __init__(
        self, path: Path, log: SqliteLog, partitions: Collection[int] | None = None
    ) -> None:
        """Opens the index and reads on to the end of the log, which may take a while once.

        Of these partitions, all unless they are named. Raises ChainError where the log does not
        hold what this index read from it.
        """
        self._path = path
        self._log = log
        self._partitions = partitions
        self._tips: dict[int, Tip] = {}
        self._reading_on(self._open)

    def catch_up(self) -> None:
        """Drops what is not flushed, and reads on to the end of the log; not inside a batch.

        Raises ChainError as the opening does.
        """
        self.end()
        self._reading_on(self._forget)

    # Reading

    def tip(self, partition: int) -> Tip:
        return self._tips.get(partition) or Tip(
            Head(partition), 1, datetime.min.replace(tzinfo=UTC)
        )

    def places(self, owner: str, source: str, message_id: str) -> list[Place]:
        """The entries of that message id, one for each content that came under it, in order."""
        rows = self._connection.execute(
            "select partition, position, content from message"
            " where owner = ? and source = ? and id = ?",
            (owner, source, message_id),
        ).fetchall()
        # Sorted here: there is nearly always none.
        return sorted(Place(*row) for row in rows) + self._messages.get(
            (owner, source, message_id), []
        )

    def events(self, stream: str) -> list[tuple[int, int, int, int]]:
        """(version, partition, position, number in the entry) of the stream's events, in order."""
        rows = self._connection.execute(
            "select version, partition, position, number from event where stream = ?"
            " order by version",
            (stream,),
        ).fetchall()
        found = rows + self._events.get(stream, [])
        self._note_version(stream, max((event[0] for event in found), default=-1))
        return found

    def has_event(self, stream: str, version: int) -> bool:
        newest = self._versions.get(stream)
        if newest is not None and version > newest:
            return False
        if any(event[0] == version for event in self._events.get(stream, ())):
            return True
        row = self._connection.execute(
            "select 1 from event where stream = ? and version = ?", (stream, version)
        ).fetchone()
        return row is not None

    def register(self, owner: str) -> Any:
        """The owner's register; a new one for an owner that has no events."""
        kept = self._registers.get(owner)
        if kept is not None:
            return kept
        cls = wire.room_of(owner).Register
        row = self._connection.execute(
            "select state from register where owner = ?", (owner,)
        ).fetchone()
        try:
            register = msgspec.msgpack.decode(row[0], type=cls) if row else cls()
        except msgspec.DecodeError as error:
            raise sqlite3.DatabaseError(f"the register of {owner} is damaged") from error
        self._keep(owner, register)
        return register

    def reference(self, partition: int) -> Reference:
        """The reference facts that the partition knows."""
        return self.register(wire.reference_owner(partition))

    def tracking(self, partition: int, application: str) -> int | None:
        staged = self._tracking.get((partition, application))
        if staged is not None:
            return staged
        row = self._connection.execute(
            "select notification from tracking where partition = ? and application = ?",
            (partition, application),
        ).fetchone()
        return row[0] if row else None

    def intake(self, partition: int, topic: str) -> Reached | None:
        """How far the topic is read, by its newest message with an entry; None where none has."""
        staged = self._intake.get((partition, topic))
        if staged is not None:
            return staged
        row = self._connection.execute(
            "select next_offset, position from intake where partition = ? and topic = ?",
            (partition, topic),
        ).fetchone()
        return Reached(*row) if row else None

    # Applying and flushing

    def apply(self, entry: Entry, head: Head, happened: Iterable[Happened]) -> None:
        """Takes in an accepted entry and its events."""
        said = entry.interaction
        if entry.founding is not None:
            owner = wire.reference_owner(entry.partition)
            self._registers[owner] = reference_of(entry.founding.facts)
            self._dirty_registers.add(owner)
        if said is not None and entry.intake is not None:
            place = Place(entry.partition, entry.position, entry.intake.content)
            self._messages.setdefault((said.subject, said.source, said.id), []).append(place)
        for number, record in enumerate(entry.events, 1):
            stream = wire.stream_key(said.subject if said else None, record.stream)
            self._events.setdefault(stream, []).append(
                (record.version, entry.partition, entry.position, number)
            )
            if record.version > self._versions.get(stream, record.version):
                self._versions[stream] = record.version
        for each in happened:
            self._evolve(each)
        if entry.tracking is not None:
            application, notification = entry.tracking
            self._tracking[(entry.partition, application)] = notification
        came = entry.unread or entry.intake
        if came is not None and came.topic is not None and came.offset is not None:
            reached = Reached(came.offset + 1, entry.position)
            self._intake[(entry.partition, came.topic)] = reached
        self._tips[entry.partition] = Tip(
            head, entry.first_event + len(entry.events), entry.recorded_at
        )
        self._dirty_tips.add(entry.partition)

    def _evolve(self, happened: Happened) -> None:
        owner = happened.envelope.subject
        room = wire.REGISTERS[wire.EVENT_OWNERS[happened.event.tag]]
        register = room.evolve(
            self.register(owner), happened.event, happened.stream, happened.envelope
        )
        self._registers[owner] = register
        self._dirty_registers.add(owner)

    def begin(self) -> None:
        """Reads within one transaction until `flush` or `end`: a lock once, not once a query."""
        if not self._connection.in_transaction:
            self._connection.execute("begin")

    def end(self) -> None:
        """Ends reading where there is nothing to write."""
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def flush(self) -> None:
        """Writes what was applied to the file, in one transaction."""
        self.begin()
        write = self._connection
        write.executemany(
            "insert or replace into message values (?, ?, ?, ?, ?, ?)",
            [
                (*key, place.content, place.partition, place.position)
                for key, places in self._messages.items()
                for place in places
            ],
        )
        write.executemany(
            "insert or replace into event values (?, ?, ?, ?, ?)",
            [(stream, *event) for stream, events in self._events.items() for event in events],
        )
        write.executemany(
            "insert or replace into register values (?, ?)",
            [
                (owner, msgspec.msgpack.encode(self._registers[owner]))
                for owner in self._dirty_registers
            ],
        )
        write.executemany(
            "insert or replace into tracking values (?, ?, ?)",
            [(*key, notification) for key, notification in self._tracking.items()],
        )
        write.executemany(
            "insert or replace into intake values (?, ?, ?, ?)",
            [(*key, *reached) for key, reached in self._intake.items()],
        )
        write.executemany(
            "insert or replace into head values (?, ?, ?, ?, ?)",
            [
                (partition, head.position, head.hash, next_event, recorded_at.isoformat())
                for partition in self._dirty_tips
                for head, next_event, recorded_at in (self._tips[partition],)
            ],
        )
        write.execute("commit")
        self._settle()

    def close(self) -> None:
        self._connection.close()

    def condemn(self) -> None:
        """Closes and removes the file, which is damaged; the next opening builds it again."""
        self._connection.close()
        remove(self._path)

    # Keeping and forgetting

    _KEPT_REGISTERS: Final = 20_000
    _KEPT_VERSIONS: Final = 100_000

    def _note_version(self, stream: str, newest: int) -> None:
        """The newest version of a stream that was read: the next one is known to be free."""
        if len(self._versions) >= self._KEPT_VERSIONS:
            self._versions.clear()
        self._versions[stream] = newest

    def _keep(self, owner: str, register: Any) -> None:
        if len(self._registers) >= self._KEPT_REGISTERS:
            for old in list(self._registers)[: self._KEPT_REGISTERS // 2]:
                if old not in self._dirty_registers and not old.startswith("reference/"):
                    del self._registers[old]
        self._registers[owner] = register

    def _settle(self) -> None:
        self._messages: dict[tuple[str, str, str], list[Place]] = {}
        self._events: dict[str, list[tuple[int, int, int, int]]] = {}
        self._tracking: dict[tuple[int, str], int] = {}
        self._intake: dict[tuple[int, str], Reached] = {}
        self._dirty_registers: set[str] = set()
        self._dirty_tips: set[int] = set()

    def _forget(self) -> None:
        """Drops what is not in the file."""
        self._settle()
        self._versions: dict[str, int] = {}
        self._registers: dict[str, Any] = {}
        # Kept in memory: the door asks for them before there is a batch.
        for (owner,) in self._connection.execute(
            "select owner from register where owner like 'reference/%'"
        ).fetchall():
            self.register(owner)
        rows = self._connection.execute("select * from head").fetchall()
        self._tips = {
            row[0]: Tip(Head(row[0], row[1], row[2]), row[3], datetime.fromisoformat(row[4]))
            for row in rows
        }

    # Catching up with the log

    def _open(self) -> None:
        self._connection = open_beside(self._path, _SCHEMA, _VERSION, self._log.ledger)
        self._forget()

    def _reading_on(self, begin: Callable[[], None]) -> None:
        try:
            begin()
            self._catch_up()
        except sqlite3.DatabaseError:
            self.condemn()
            self._open()
            self._catch_up()

    def _catch_up(self) -> None:
        for partition in self._log.ends() if self._partitions is None else self._partitions:
            head = self.tip(partition).head
            if not holds(self._log, head):
                raise lost(self._path, head)
            for count, (following, record) in enumerate(follow(self._log, head), 1):
                entry = decode(record)
                self.apply(entry, following, wire.happened(entry))
                if count % _CATCH_UP == 0:
                    self.flush()
        self.flush()
