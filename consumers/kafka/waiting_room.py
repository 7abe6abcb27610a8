"""The waiting room: who published a message and waits, until the copy of the log has its entry.

A message is known by where it arrived, its topic, partition and offset, for the entry says so too.
One that came before gets no entry of its own: the decider tells that among the outcomes, by the
message's id and the first entry.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Final, NamedTuple

from consumers.answers import Accepted
from consumers.decider import Answer
from ledger.door.admit import Malformed

KEPT_EARLY: Final = 10_000
"""Entries seen while messages are on the way, also those of others; whoever waits for an older one
is told that it was taken, and where to look."""

Arrival = tuple[str, int, int]
"""Topic, partition and offset."""


class Known(NamedTuple):
    """A message by what its source called it."""

    subject: str
    source: str
    id: str


class Expected:
    """A message that was handed to the brokers, and what is to be done with its answer."""

    def __init__(
        self, known: Known, answer: Callable[[Answer | Malformed | Accepted], None], *, waits: bool
    ) -> None:
        self.known = known
        self.answer = answer
        self.waits = waits
        self.arrival: Arrival | None = None
        self.delivered = False

    def accept(self) -> None:
        self.answer(Accepted(*self.known))


class WaitingRoom:
    """Shared by the threads that publish, that copy the log and that hear outcomes."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._by_id: dict[Known, list[Expected]] = defaultdict(list)
        self._by_arrival: dict[Arrival, Expected] = {}
        self._on_the_way: dict[tuple[str, int], int] = defaultdict(int)
        self._early: dict[Arrival, Answer | Malformed] = {}
        self._seen: dict[int, int] = {}
        self._told: list[tuple[Known, Answer]] = []

    def begin(self, positions: Mapping[int, int]) -> None:
        """The entries up to these positions are seen already."""
        with self._lock:
            self._seen.update(positions)

    def enter(self, expected: Expected, topic: str, partition: int) -> None:
        """Before the message is handed over: its entry may be there before the brokers answer."""
        with self._lock:
            self._by_id[expected.known].append(expected)
            self._on_the_way[topic, partition] += 1

    def arrive(self, expected: Expected, topic: str, partition: int, offset: int | None) -> None:
        """The brokers said where the message is; None where they did not take it."""
        with self._lock:
            self._on_the_way[topic, partition] -= 1
            if offset is None:
                self._forget(expected)
            else:
                self._arrive(expected, (topic, partition, offset))
            self.settle()
            if not self._on_the_way[topic, partition]:
                del self._on_the_way[topic, partition]
                self._early = {a: e for a, e in self._early.items() if a[:2] != (topic, partition)}

    def _arrive(self, expected: Expected, arrival: Arrival) -> None:
        expected.arrival = arrival
        expected.delivered = True
        early = self._early.get(arrival)
        if early is not None:
            self._answer(expected, early)
        elif expected.waits:
            self._by_arrival[arrival] = expected
        else:
            self._forget(expected)
            expected.accept()

    def give_up(self, expected: Expected) -> None:
        """Nobody waits for its entry any more: that it was taken is the answer, once it was."""
        with self._lock:
            expected.waits = False
            if expected.delivered:
                self._forget(expected)
                expected.accept()

    def entry(self, partition: int, position: int, arrival: Arrival | None, answer: Answer) -> None:
        """An entry of the log, in the order of its partition."""
        with self._lock:
            self._seen[partition] = position
            if arrival is not None:
                self._meet(arrival, answer)

    def unread(self, partition: int, position: int, arrival: Arrival, answer: Malformed) -> None:
        """An entry that says that a message could not be read."""
        with self._lock:
            self._seen[partition] = position
            self._meet(arrival, answer)

    def repeated(self, known: Known, answer: Answer) -> None:
        """A message came again. Whoever waits for the first entry itself hears of that first."""
        with self._lock:
            if known in self._by_id:
                self._told.append((known, answer))
                self.settle()

    def settle(self) -> None:
        """Answers those whose message came again, where the first entry is seen by now."""
        with self._lock:
            told, self._told = self._told, []
            for known, answer in told:
                if answer.position > self._seen.get(answer.partition, 0):
                    self._told.append((known, answer))
                    continue
                for expected in list(self._by_id.get(known, ())):
                    if expected.delivered:
                        self._answer(expected, answer)
                if known in self._by_id:
                    # The brokers have not answered yet to one that the decider has answered.
                    self._told.append((known, answer))

    def _meet(self, arrival: Arrival, answer: Answer | Malformed) -> None:
        expected = self._by_arrival.get(arrival)
        if expected is not None:
            self._answer(expected, answer)
        elif arrival[:2] in self._on_the_way:
            self._early[arrival] = answer
            if len(self._early) > KEPT_EARLY:
                del self._early[next(iter(self._early))]

    def _answer(self, expected: Expected, answer: Answer | Malformed) -> None:
        self._forget(expected)
        expected.answer(answer)

    def _forget(self, expected: Expected) -> None:
        waiting = self._by_id.get(expected.known, [])
        if expected in waiting:
            waiting.remove(expected)
        if not waiting:
            self._by_id.pop(expected.known, None)
        if expected.arrival is not None:
            self._by_arrival.pop(expected.arrival, None)
