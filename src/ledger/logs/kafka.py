"""The log on Apache Kafka: the record carries the condition, and every reader applies it.

A partition of the ledger is a partition of one topic, a record of it an entry's bytes. Kafka takes
whatever it is sent; `ledger.entry.accept` says which records are entries. Any other is void: it is
counted, and passed over by every reader alike. A writer reads back what it wrote before anybody is
told: where another record took the position, its own is void and it has lost the race.

What was accepted is kept in a copy, a SQLite log beside the reader, with the offsets it came from.
All that reads a log reads the copy. It can be deleted at any time: it is read from Kafka again.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ledger import sqlite_files
from ledger.beside import lost, remove
from ledger.entry import (
    ChainError,
    FoundingRecord,
    Head,
    LedgerError,
    accept,
    decode,
    leaf_hash,
    partition_and_position,
)
from ledger.half_open import undone_on_failure
from ledger.logs.cluster import Cluster, Fetched, KafkaError, NoAnswer, OffsetLost
from ledger.logs.sqlite import SqliteLog, insert, schema_of

Cause = Literal["stale", "duplicate", "foreign", "malformed"]
"""Why a record is void: another took its position, or it is chained to one that is void; it was
written twice; it belongs to another partition or ledger; it is no entry at all."""

_COPY: Final = """
    create table source (
        partition integer primary key, next_offset integer not null, head_offset integer not null
    );
    create table void (
        partition integer, cause text, count integer not null, newest_offset integer not null,
        primary key (partition, cause)
    ) without rowid;
"""
POLL_SECONDS: Final = 1.0
FOUNDING_SECONDS: Final = 10.0


class LostRace(LedgerError):  # noqa: N818 (nothing is wrong: somebody else was first)
    """Another writer took a position; what was staged is to be decided again from the log."""


class UnknownOutcome(NoAnswer):
    """The brokers did not say what became of records in time: read the log again, and look."""


class KafkaLog(SqliteLog):
    """Not for two threads at once. The copy belongs to one process at a time."""

    def __init__(
        self, cluster: Cluster, copy: Path, partitions: Iterable[int] | None = None
    ) -> None:
        """Opens the log, and copies all that the partitions hold now, all unless they are named.

        Of other partitions it has the founding only. Raises LedgerError where there is no ledger,
        where no broker answers, and ChainError where Kafka does not hold what the copy has of it.
        """
        self.cluster = cluster
        self._tail = cluster.tail()
        self._producer = cluster.producer()
        self._next: dict[int, int] = {}
        self._heads: dict[int, Head] = {}
        self._head_offsets: dict[int, int] = {}
        self._to_compare: set[int] = set()
        self._closing: list[Callable[[], None]] = []
        with undone_on_failure(self._close_clients):
            self._count = self._tail.partitions(cluster.log)
            if not self._count and copy.exists():
                # Brokers that have just started may not know it yet.
                raise NoAnswer(f"the brokers do not know {cluster.log}, of which a copy is here")
            if not self._count:
                raise LedgerError(
                    f"there is no ledger at {cluster.log}; found one with `ledger init`"
                )
            _make_copy(copy, self._count)
            super().__init__(copy, writer=True)
            self._connection.execute("pragma synchronous = normal")
            self._load()
            self._copy_foundings()
            self.follow(range(self._count) if partitions is None else partitions)

    # Copying

    def follow(self, partitions: Iterable[int]) -> None:
        """From now on copies these partitions, and first all that they hold now."""
        self._followed = sorted(partitions)
        self._begin(self._followed)
        self.refresh()

    def refresh(self) -> None:
        """Copies all that Kafka holds now of the partitions that are followed."""
        if not self._followed:
            return
        ends = self._tail.ends(self.cluster.log, self._followed)
        for partition, end in ends.items():
            if end <= self._head_offsets.get(partition, -1):
                raise lost(self.path, self._heads[partition])
        self._copy_until(ends)

    def wait(self, seconds: float) -> None:
        """Copies what comes within so long, and returns at once when something came."""
        self._take(self._poll(seconds))

    def heads(self) -> dict[int, Head]:
        """The newest accepted entry of each partition that is copied."""
        return dict(self._heads)

    def voids(self) -> list[tuple[int, Cause, int, int]]:
        """Partition, cause, number of void records and the newest one's offset."""
        return self._rows("select * from void order by partition, cause")

    def place_in_kafka(self, partition: int) -> int:
        """The offset of the next record of the partition that is not copied yet."""
        return self._next.get(partition, 0)

    # Writing

    def append(self, records: Sequence[tuple[int, int, bytes]]) -> None:
        """Writes (partition, position, record) rows and reads them back.

        They are durable and accepted when it returns. Raises LostRace where another writer took
        one of the positions, UnknownOutcome where the brokers do not answer: some of the records
        may stand then, or may yet come to stand. The copy says which, once it is refreshed.
        """
        goals: dict[int, int] = {}
        failed: BaseException | None = None
        try:
            written = [
                self._producer.send(self.cluster.log, partition, record)
                for partition, _, record in records
            ]
            self._producer.flush()
            for (partition, _, _), future in zip(records, written, strict=True):
                offset = future.get(timeout=0).offset
                # Not told for one that a retry had written before; looked for at the end then.
                goals[partition] = max(goals.get(partition, 0), offset + 1)
        except (KafkaError, AssertionError) as error:
            failed = error
            partitions = {partition for partition, _, _ in records}
            goals = self._tail.ends(self.cluster.log, partitions)
        self._copy_until(goals)
        for partition, position, record in records:
            found = self.record(partition, position)
            if found is None:
                raise UnknownOutcome(f"the brokers do not say what was written: {failed}")
            if found != record:
                raise LostRace(f"another writer took position {position} of {partition}")

    def callback(self, action: Callable[[], None]) -> None:
        """What is to be done when the log is closed."""
        self._closing.append(action)

    def close(self) -> None:
        try:
            self._close_clients()
        finally:
            super().close()
            for action in self._closing:
                action()

    # Inside

    def _close_clients(self) -> None:
        try:
            self._producer.close()
        finally:
            self._tail.close()

    def _load(self) -> None:
        for partition, following, head_offset in self._rows("select * from source"):
            self._next[partition] = following
            self._head_offsets[partition] = head_offset
        for partition in self._next:
            position = self._end(partition) or 0
            record = self.record(partition, position)
            if record is not None:
                self._heads[partition] = Head(partition, position, leaf_hash(record))

    def _copy_foundings(self) -> None:
        """The first record of every partition, which says whose partition it is."""
        self._copy_first([0])
        record = self.record(0, 1) or b""
        self.ledger = leaf_hash(record)
        facts = _founding(record)
        if facts is None or facts.facts.partitions != self._count:
            raise LedgerError(
                f"{self.cluster.log} has {self._count} partitions, but the ledger was founded with"
                f" {facts.facts.partitions if facts else 'none'}: nothing may be added to it"
            )
        self._copy_first(range(1, self._count))
        for partition in range(1, self._count):
            founded = _founding(self.record(partition, 1) or b"")
            if founded is None or founded.ledger != self.ledger:
                raise ChainError(f"another ledger's founding begins partition {partition}")

    def _copy_first(self, partitions: Iterable[int]) -> None:
        deadline = time.monotonic() + FOUNDING_SECONDS
        while missing := [n for n in partitions if n not in self._heads]:
            self._begin(missing)
            self._take(self._poll(POLL_SECONDS, limit=100))
            if time.monotonic() > deadline:
                raise LedgerError(
                    f"partition {missing[0]} of {self.cluster.log} has no founding; `ledger init`"
                    " finishes what it began"
                )

    def _begin(self, partitions: Iterable[int]) -> None:
        """Reads on from each head's own record, which is compared with the copy's."""
        begins = self._tail.begins(self.cluster.log, partitions)
        self._to_compare = set()
        offsets: dict[int, int] = {}
        for partition in partitions:
            if partition in self._heads:
                offsets[partition] = self._head_offsets[partition]
                self._to_compare.add(partition)
            else:
                offsets[partition] = self._next.get(partition, begins[partition])
        self._tail.begin(self.cluster.log, offsets)

    def _copy_until(self, goals: Mapping[int, int]) -> None:
        """Copies up to these offsets. Raises UnknownOutcome where nothing comes for too long."""
        deadline = time.monotonic() + self.cluster.bounds.wait_seconds
        while any(self._lacks(partition, goal) for partition, goal in goals.items()):
            if self._take(self._poll(POLL_SECONDS)):
                deadline = time.monotonic() + self.cluster.bounds.wait_seconds
                continue
            self._pass_over()
            if time.monotonic() > deadline:
                raise UnknownOutcome(f"the brokers do not give {self.cluster.log} to its end")

    def _pass_over(self) -> None:
        """Offsets that hold no record, such as the markers of somebody's transaction."""
        for partition in set(self._followed) - self._to_compare:
            try:
                reached = self._tail.position(self.cluster.log, partition)
            except NoAnswer as error:
                raise UnknownOutcome(str(error)) from error
            self._next[partition] = max(self._next.get(partition, 0), reached)

    def _lacks(self, partition: int, goal: int) -> bool:
        return self._next.get(partition, 0) < goal or partition in self._to_compare

    def _poll(self, seconds: float, limit: int = 2_000) -> list[Fetched]:
        try:
            return self._tail.poll(seconds, limit)
        except OffsetLost as error:
            raise ChainError(f"{error}: restore the topic, or delete {self.path.name}") from error
        except KafkaError as error:
            raise UnknownOutcome(f"the brokers do not give {self.cluster.log}: {error}") from error

    def _take(self, records: Sequence[Fetched]) -> bool:
        """Copies what is accepted, in one transaction; whether anything came."""
        rows: list[tuple[int, int, bytes]] = []
        voids: list[tuple[int, Cause, int]] = []
        for fetched in records:
            partition = fetched.partition
            if partition in self._to_compare:
                self._compare(fetched)
            if fetched.offset < self._next.get(partition, 0):
                continue
            record = fetched.value or b""
            head = self._heads.get(partition, Head(partition))
            following = accept(head, record)
            if following is None:
                voids.append((partition, self._cause(head, record, rows), fetched.offset))
            else:
                rows.append((partition, following.position, record))
                self._heads[partition] = following
                self._head_offsets[partition] = fetched.offset
            self._next[partition] = fetched.offset + 1
        if rows or voids:
            self._keep(rows, voids)
        return bool(records)

    def _compare(self, fetched: Fetched) -> None:
        """The head's own record must stand where it was read: history is never replaced."""
        head = self._heads[fetched.partition]
        if (
            fetched.offset != self._head_offsets[fetched.partition]
            or leaf_hash(fetched.value or b"") != head.hash
        ):
            raise lost(self.path, head)
        self._to_compare.discard(fetched.partition)

    def _cause(self, head: Head, record: bytes, rows: Sequence[tuple[int, int, bytes]]) -> Cause:
        place = partition_and_position(record)
        if place is None:
            return "malformed"
        partition, position = place
        if partition != head.partition:
            return "foreign"
        accepted = next((r for p, n, r in reversed(rows) if (p, n) == place), None)
        if record == (accepted or self.record(partition, position)):
            return "duplicate"
        return "stale"

    def _keep(
        self, rows: Sequence[tuple[int, int, bytes]], voids: Sequence[tuple[int, Cause, int]]
    ) -> None:
        touched = {row[0] for row in rows} | {void[0] for void in voids}
        write = self._connection
        try:
            write.execute("begin immediate")
            insert(write, rows)
            write.executemany(
                "insert or replace into source values (?, ?, ?)",
                [(n, self._next[n], self._head_offsets.get(n, -1)) for n in touched],
            )
            write.executemany(
                "insert into void values (?, ?, 1, ?) on conflict (partition, cause)"
                " do update set count = count + 1, newest_offset = excluded.newest_offset",
                voids,
            )
            write.execute("commit")
        except sqlite3.Error as error:
            self._roll_back()
            raise LedgerError(f"the copy of the log cannot be written: {error}") from error


class Kept(NamedTuple):
    """What a copy says of its source: its void records as `voids` has them, and for each
    partition the offset of the next record to copy."""

    voids: list[tuple[int, Cause, int, int]]
    following: dict[int, int]


def kept_of(copy: Path) -> Kept:
    """Reads a copy's own account, also while a process keeps it. Raises LedgerError without one."""
    try:
        with closing(sqlite_files.connect(copy)) as connection:
            voids = connection.execute("select * from void order by partition, cause").fetchall()
            following = connection.execute("select partition, next_offset from source").fetchall()
    except sqlite3.Error as error:
        raise LedgerError(f"the copy of the log {copy.name} cannot be read: {error}") from error
    return Kept(voids, dict(following))


def _founding(record: bytes) -> FoundingRecord | None:
    return decode(record).founding


def _make_copy(path: Path, partitions: int) -> None:
    """Makes an empty copy where there is none that can be used, once.

    Raises LedgerError where the file cannot be opened or written, and leaves it alone.
    """
    try:
        try:
            _check_copy(path, partitions)
        except sqlite3.DatabaseError as error:
            operational = isinstance(error, sqlite3.OperationalError)
            if operational and "no such table" not in str(error):
                raise
            remove(path)
            _check_copy(path, partitions)
    except sqlite3.Error as error:
        raise LedgerError(f"the copy of the log {path.name} cannot be opened: {error}") from error


def _check_copy(path: Path, partitions: int) -> None:
    """Makes the tables where there are none. Raises sqlite3.Error where it is no copy."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("pragma journal_mode = wal")
        made = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
        if not made:
            connection.executescript(f"begin; {schema_of(partitions)} {_COPY} commit;")
        connection.execute("select 1 from source, entry_0 limit 1").fetchall()
    finally:
        connection.close()
