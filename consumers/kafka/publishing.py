"""Publishing for senders that have no Kafka client: by HTTP, or from a file.

A message is checked, written to its source's topic, and answered: at once that it is accepted, or,
where its sender waits, as the entry says. Nothing is decided and nothing sealed here.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Condition, Lock, Thread
from typing import Any, Final

from consumers.grouping import Answered, Counts, Unavailable, check
from consumers.kafka.waiting_room import Expected, Known, WaitingRoom
from consumers.senders import Sender
from consumers.telling import tell
from ledger.door.admit import Threshold
from ledger.door.cloudevents import Binary, Message
from ledger.entry import Envelope, LedgerError
from ledger.facts import Founding
from ledger.logs.cluster import Cluster, Headers, KafkaError, Producer
from ledger.partition import partition_of
from ledger.reference import reference_of

OPEN_MESSAGES: Final = 5_000
"""Of all requests that are not answered yet; more are turned away."""
LOOK_SECONDS: Final = 0.1
_STRUCTURED: Final = ("content-type", b"application/cloudevents+json")


class _Request:
    """The messages of one sender, and the answers that there are so far."""

    def __init__(self, messages: Sequence[Message], sender: Sender | None, wait: float) -> None:
        self.messages = messages
        self.sender = sender
        self.until = time.monotonic() + wait if wait else None
        self.expected: list[Expected] = []
        self.answers: Future[list[Answered]] = Future()
        self._slots: list[Answered | None] = [None] * len(messages)
        self._missing = len(messages)
        self._lock = Lock()
        if not messages:
            self.answers.set_result([])

    def answer(self, number: int, answer: Answered) -> None:
        with self._lock:
            if self._slots[number] is not None:
                return
            self._slots[number] = answer
            self._missing -= 1
            if self._missing == 0 and not self.answers.done():
                self.answers.set_result([each for each in self._slots if each is not None])

    def fail(self) -> None:
        """Sending all of it again is harmless."""
        with self._lock:
            if not self.answers.done():
                self.answers.set_exception(Unavailable())


class Publishing:
    """What the intake needs of a queue, as `consumers.grouping.Recording` has it."""

    def __init__(self, cluster: Cluster, facts: Founding, room: WaitingRoom) -> None:
        self.facts = facts
        self.counts = Counts(0, 0)
        self._cluster = cluster
        self._room = room
        self._founded = reference_of(facts)
        self._door = Threshold(lambda _: self._founded)
        self._producer: Producer = cluster.producer()
        self._waiting: deque[_Request] = deque()
        self._patient: list[_Request] = []
        self._open = 0
        self._changed = Condition()
        self._closing = False
        self._failed = False
        self._thread = Thread(target=self._run, name="publishing")
        self.watched: Callable[[], bool] = lambda: True
        """Whether the log is followed; asked for the health."""

    def start(self) -> None:
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the brokers took the last message, and the log is followed."""
        return self._thread.is_alive() and not self._failed and self.watched()

    def submit(
        self, messages: Sequence[Message], sender: Sender | None, wait: float = 0
    ) -> Future[list[Answered]]:
        """Publishes messages; the answers come in order once the brokers have all, or Unavailable.

        With `wait` they come once all have their entries, after so many seconds at the latest;
        what has none then is Accepted. Without a sender nobody is asked for a token. Raises
        Unavailable where too much waits already.
        """
        request = _Request(messages, sender, wait)
        with self._changed:
            full = self._open + len(messages) > OPEN_MESSAGES
            if full or self._closing or not self._thread.is_alive():
                raise Unavailable
            self._open += len(messages)
            self._waiting.append(request)
            self._changed.notify()
        request.answers.add_done_callback(partial(self._done, len(messages)))
        return request.answers

    def finish(self) -> None:
        """Takes no more; who waits for entries is answered as it is, once the brokers have all."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._producer.close()

    def _done(self, count: int, _: Future[list[Answered]]) -> None:
        with self._changed:
            self._open -= count
            self.counts = Counts(self.counts.messages + count, self.counts.batches + 1)

    # In the thread

    def _run(self) -> None:
        try:
            while (request := self._take()) is not None or not self._closing:
                if request is not None:
                    self._publish(request)
                self._give_up(time.monotonic())
            self._producer.flush()
        except (KafkaError, LedgerError) as error:
            tell(f"the brokers do not take what was sent: {error}")
        finally:
            with self._changed:
                self._closing = True
                left = [*self._waiting]
                self._waiting.clear()
            self._give_up(float("inf"))
            for request in left:
                request.fail()

    def _take(self) -> _Request | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, LOOK_SECONDS)
            if not self._waiting:
                return None
            request = self._waiting.popleft()
        # Nobody may cancel it from now on: parts of it may be written.
        return request if request.answers.set_running_or_notify_cancel() else None

    def _publish(self, request: _Request) -> None:
        if request.until is not None:
            self._patient.append(request)
        for number, message in enumerate(request.messages):
            checked = self._check(message, request.sender)
            if not isinstance(checked, Envelope):
                request.answer(number, checked)
            elif not self._write(request, number, checked, message):
                request.fail()
                return

    def _check(self, message: Message, sender: Sender | None) -> Any:
        if sender is None:
            return self._door.check(message)
        return check(self._founded.sources, self._door.check, message, sender)

    def _write(self, request: _Request, number: int, envelope: Envelope, message: Message) -> bool:
        topic = self._cluster.interactions(envelope.source)
        partition = partition_of(envelope.subject, self.facts.partitions)
        known = Known(envelope.subject, envelope.source, envelope.id)
        expected = Expected(known, partial(request.answer, number), waits=request.until is not None)
        request.expected.append(expected)
        self._room.enter(expected, topic, partition)
        headers, value = _kafka_form(message)
        try:
            written = self._producer.send(
                topic, partition, value, key=envelope.subject.encode(), headers=headers
            )
        except (KafkaError, LedgerError) as error:
            # Also where no broker answers when the next producer is made.
            self._refused(request, expected, (topic, partition), error)
            return False
        written.add_callback(partial(self._delivered, expected, (topic, partition)))
        written.add_errback(partial(self._refused, request, expected, (topic, partition)))
        return True

    def _give_up(self, now: float) -> None:
        """Answers those that waited long enough."""
        for request in self._patient:
            if request.until is not None and now >= request.until:
                for expected in request.expected:
                    self._room.give_up(expected)
        self._patient = [
            each
            for each in self._patient
            if not each.answers.done() and each.until is not None and now < each.until
        ]

    # In the client's thread

    def _delivered(self, expected: Expected, place: tuple[str, int], written: Any) -> None:
        self._failed = False
        self._room.arrive(expected, *place, written.offset)

    def _refused(
        self, request: _Request, expected: Expected, place: tuple[str, int], error: BaseException
    ) -> None:
        if not self._failed:
            tell(f"the brokers do not take what was sent: {error}")
        self._failed = True
        self._room.arrive(expected, *place, None)
        request.fail()


def _kafka_form(message: Message) -> tuple[Headers, bytes]:
    """A message as the Kafka binding of CloudEvents writes it: headers and value."""
    if not isinstance(message, Binary):
        return [_STRUCTURED], message
    headers = [
        (f"ce_{name}", value.encode())
        for name, value in message.attributes.items()
        if name != "datacontenttype"
    ]
    content_type = message.attributes.get("datacontenttype", "application/json")
    return [*headers, ("content-type", content_type.encode())], message.data
