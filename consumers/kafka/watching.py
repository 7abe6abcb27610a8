"""Watching the log and the outcomes for those who wait for entries."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread
from typing import Final, cast

import msgspec

from consumers.decider import Answer
from consumers.kafka.copying import Copying
from consumers.kafka.outcomes import REPEATED, Outcome
from consumers.kafka.places import Places
from consumers.kafka.waiting_room import Known, WaitingRoom
from consumers.lookup import answer_of
from consumers.telling import tell
from ledger.chain import follow
from ledger.door.admit import Malformed
from ledger.door.faults import Refused
from ledger.entry import Entry, Head, LedgerError, decode, leaf_hash
from ledger.logs.cluster import Cluster, Fetched, KafkaError, Tail
from ledger.logs.kafka import KafkaLog
from ledger.logs.sqlite import SqliteLog
from ledger.rules import Refusal

WAIT_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 0.05
AT_ONCE: Final = 2_000
ASK_AGAIN_SECONDS: Final = 1.0


class Watching:
    """Copies the log and tells the waiting room of each new entry, in threads of its own."""

    def __init__(
        self, cluster: Cluster, log: SqliteLog, room: WaitingRoom, places: Places | None = None
    ) -> None:
        """Where another process keeps the copy, `log` is that one's, and is looked at.

        `places` are kept up to date. Without them nobody is told of entries that are there now.
        """
        self._cluster = cluster
        self._log = log
        self._room = room
        self._places = places
        ends = log.ends()
        self._heads = {n: Head(n) for n in ends} | dict(places.heads) if places else _heads(log)
        self._partitions = sorted(ends)
        self._copying = Copying(log, self._partitions) if isinstance(log, KafkaLog) else None
        self._stopping = Event()
        self._hearing = Hearing(cluster, room, self._partitions)
        self._thread = Thread(target=self._run, name="watching the log")
        self.stopped: Callable[[], None] = lambda: None
        """Called where the log cannot be followed any more."""
        self.failure: LedgerError | None = None
        room.begin({partition: head.position for partition, head in self._heads.items()})
        self._read()

    def start(self) -> None:
        self._hearing.start()
        self._thread.start()

    @property
    def healthy(self) -> bool:
        following = self._copying is None or self._copying.healthy
        return self._thread.is_alive() and following

    def finish(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._hearing.finish()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._copying is None:
                    self._stopping.wait(LOOK_SECONDS)
                else:
                    self._copying.wait(WAIT_SECONDS, self._stopping)
                self._read()
        except LedgerError as error:
            self._fail(error)
        except (KafkaError, sqlite3.Error, OSError) as error:
            self._fail(LedgerError(f"the log cannot be followed: {error}"))

    def _fail(self, error: LedgerError) -> None:
        tell(str(error))
        self.failure = error
        self.stopped()

    def _read(self) -> None:
        """Takes in what the copy holds beyond what was seen."""
        for partition, end in self._log.ends().items():
            while self._heads[partition].position < end:
                followed = list(follow(self._log, self._heads[partition], AT_ONCE))
                entries = [decode(record) for _, record in followed]
                if self._places is not None:
                    self._places.take(entries, followed[-1][0])
                self._heads[partition] = followed[-1][0]
                for entry in entries:
                    self._tell(entry)
        self._room.settle()

    def _tell(self, entry: Entry) -> None:
        place = (entry.partition, entry.position)
        unread, intake = entry.unread, entry.intake
        if unread is not None:
            answer = Malformed(cast(Refused, unread.kind), unread.reason)
            self._room.unread(*place, (unread.topic, entry.partition, unread.offset), answer)
            return
        arrival = None
        if intake is not None and intake.topic is not None and intake.offset is not None:
            arrival = (intake.topic, entry.partition, intake.offset)
        self._room.entry(*place, arrival, answer_of(entry))


def _heads(log: SqliteLog) -> dict[int, Head]:
    return {
        partition: Head(partition, end, leaf_hash(log.record(partition, end) or b""))
        for partition, end in log.ends().items()
    }


class Hearing:
    """Hears from now on of messages that came again, of which the log says nothing new."""

    def __init__(self, cluster: Cluster, room: WaitingRoom, partitions: Iterable[int]) -> None:
        self._cluster = cluster
        self._room = room
        self._stopping = Event()
        tail = cluster.tail()
        try:
            self._offsets = tail.ends(cluster.outcomes, partitions)
        finally:
            tail.close()
        self._thread = Thread(target=self._run, name="hearing outcomes")

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        said = ""
        while not self._stopping.is_set():
            try:
                self._hear()
            except (LedgerError, KafkaError) as error:
                if str(error) != said:
                    tell(f"the outcomes are not heard: {error}")
                said = str(error)
                self._stopping.wait(ASK_AGAIN_SECONDS)

    def _hear(self) -> None:
        tail = self._cluster.tail()
        try:
            begins = tail.begins(self._cluster.outcomes, self._offsets)
            ends = tail.ends(self._cluster.outcomes, self._offsets)
            # Past the end of it where it was made again.
            self._offsets = {
                n: at if begins[n] <= at <= ends[n] else begins[n]
                for n, at in self._offsets.items()
            }
            tail.begin(self._cluster.outcomes, self._offsets)
            while not self._stopping.is_set():
                self._take(tail)
        finally:
            tail.close()

    def _take(self, tail: Tail) -> None:
        for fetched in tail.poll(WAIT_SECONDS):
            self._offsets[fetched.partition] = fetched.offset + 1
            if REPEATED in dict(fetched.headers):
                self._tell(fetched)

    def _tell(self, fetched: Fetched) -> None:
        with suppress(msgspec.MsgspecError):
            outcome = _outcome_decoder.decode(fetched.value or b"")
            said, entry = outcome.message, outcome.entry
            if said is None or entry is None:
                return
            refusal = (
                Refusal(rule=outcome.rule, detail=outcome.detail or "") if outcome.rule else None
            )
            answer = Answer(
                "refused" if refusal else "recorded",
                entry.partition,
                entry.position,
                repeated=True,
                refusal=refusal,
            )
            self._room.repeated(Known(said.subject, said.source, said.id), answer)


_outcome_decoder: Final = msgspec.json.Decoder(Outcome)
