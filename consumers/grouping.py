"""Group commit: what many requests bring at the same time is recorded in one durable batch.

Requests wait in a bounded queue. One thread owns the embedded ledger: it takes all that waits, up
to a limit, admits and decides it, and answers when the batch is durable; meanwhile the next group
gathers. Where a batch fails the ledger is opened again, which reads from the log what is so.
"""

import contextlib
import os
import sqlite3
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Condition, Thread
from typing import Final, Protocol, TypeVar

import msgspec

from consumers.answers import Accepted, Unauthorized
from consumers.decider import Answer
from consumers.embedded import Embedded
from consumers.senders import Sender, source_of
from consumers.telling import tell
from ledger.door.admit import Admitted, Malformed
from ledger.door.cloudevents import Message
from ledger.entry import Envelope, LedgerError
from ledger.facts import Founding, Source
from ledger.settings import Writer

GROUP_MESSAGES: Final = 500
WAITING_MESSAGES: Final = 5_000
IDLE_SECONDS: Final = 1.0

_FORESEEN: Final = (LedgerError, OSError, sqlite3.Error)

Answered = Answer | Malformed | Unauthorized | Accepted


class Unavailable(Exception):  # noqa: N818 (what a sender is told)
    """Nothing of the request is known to be recorded; sending it again later may help."""


class Failed(Exception):  # noqa: N818 (what a sender is told)
    """The ledger failed at this request alone; sending it again will not help by itself."""


@dataclass(frozen=True, slots=True)
class _Request:
    messages: Sequence[Message]
    sender: Sender
    answers: Future[list[Answered]] = field(default_factory=Future[list[Answered]])


class Counts(msgspec.Struct, frozen=True):
    """Since the start: messages answered, and the batches that they were made durable in."""

    messages: int
    batches: int


class Queue(Protocol):
    """Who takes what comes in, and answers it."""

    facts: Founding
    counts: Counts

    @property
    def healthy(self) -> bool: ...

    def submit(
        self, messages: Sequence[Message], sender: Sender, wait: float = 0
    ) -> Future[list[Answered]]: ...


class Recording:
    """An open ledger and its queue. Raises LedgerError where another process has the ledger."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._url: str | None = None
        self._waiting: deque[_Request] = deque()
        self._waiting_messages = 0
        self._changed = Condition()
        self._closing = False
        self._said = ""
        self._ledger: Embedded | None = Embedded(folder)
        self.facts = self._ledger.facts
        self.counts = Counts(0, 0)
        self._thread = Thread(target=self._run, name="recording")

    def start(self, url: str | None = None) -> None:
        """Starts to record, and lets other commands know where interactions are taken."""
        self._url = url
        self._announce()
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the last batch went well; after one that failed, whether the ledger is open."""
        return self._ledger is not None and self._thread.is_alive()

    def submit(
        self, messages: Sequence[Message], sender: Sender, wait: float = 0
    ) -> Future[list[Answered]]:
        """Queues a request; its answers come once durable, in order, or Unavailable or Failed.

        Raises Unavailable where too much waits already. `wait` is for those who may answer before
        it is decided; here nobody does.
        """
        request = _Request(messages, sender)
        with self._changed:
            full = self._waiting_messages + len(messages) > WAITING_MESSAGES
            if full or self._closing or not self._thread.is_alive():
                raise Unavailable
            self._waiting.append(request)
            self._waiting_messages += len(messages)
            self._changed.notify()
        return request.answers

    def finish(self) -> None:
        """Records what waits and takes no more; the ledger stays open, the writer's lock held."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def close(self) -> None:
        """Closes the ledger, and gives up the writer's lock."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            try:
                ledger.close()
            finally:
                # A broken part may keep the others from closing; the lock must go nevertheless.
                ledger.lock.release()

    # In the thread

    def _run(self) -> None:
        requests: list[_Request] | None = None
        try:
            while (requests := self._take()) is not None:
                if requests:
                    self._record(requests)
                elif (error := self._attempt(self._pass_time)) is not None:
                    self._report(error)
        finally:
            # However this ends, nobody is left waiting.
            with self._changed:
                self._closing = True
            while requests is not None:
                for request in requests:
                    if not request.answers.done():
                        request.answers.set_exception(Unavailable())
                requests = self._take()

    def _take(self) -> list[_Request] | None:
        """The next group; empty where nothing came for a while, None when all is done."""
        taken: list[_Request] = []
        count = 0
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, IDLE_SECONDS)
            if self._closing and not self._waiting:
                return None
            while self._waiting and count < GROUP_MESSAGES:
                request = self._waiting.popleft()
                count += len(request.messages)
                taken.append(request)
            self._waiting_messages -= count
        return [request for request in taken if request.answers.set_running_or_notify_cancel()]

    def _record(self, requests: list[_Request]) -> None:
        """Answers each request of a group, whatever happens."""
        error = self._attempt(self._answer, *requests)
        if error is not None and len(requests) > 1 and not isinstance(error, _FORESEEN):
            # One of them is to blame, and the others must not suffer: each is tried alone.
            self._report(error)
            for request in requests:
                self._record([request])
        elif error is not None:
            self._report(error)
            failure = Unavailable if isinstance(error, _FORESEEN) else Failed
            for request in requests:
                request.answers.set_exception(failure())

    def _attempt(self, action: Callable[..., None], *arguments: _Request) -> Exception | None:
        """Does it with an open ledger. What is not durable when it fails is forgotten with it."""
        try:
            action(*arguments)
        except Exception as error:
            with contextlib.suppress(Exception):
                self.close()
            # What a failed opening held, such as the lock's file, must not live on in its frames.
            traceback.clear_frames(error.__traceback__)
            return error
        self._said = ""
        return None

    def _open(self) -> Embedded:
        if self._ledger is None:
            self._ledger = Embedded(self._folder)
            self._announce()
            tell("opened again from the log")
        return self._ledger

    def _announce(self) -> None:
        if self._ledger is not None:
            self._ledger.lock.announce(Writer(os.getpid(), self._url))

    def _pass_time(self) -> None:
        self._open().pass_time()

    def _answer(self, *requests: _Request) -> None:
        ledger = self._open()
        checked = [
            check(ledger.founded.sources, ledger.door.admit, message, request.sender)
            for request in requests
            for message in request.messages
        ]
        said = [each for each in checked if not isinstance(each, Unauthorized)]
        answers = iter(ledger.submit(said, "http"))
        together = iter(
            [each if isinstance(each, Unauthorized) else next(answers) for each in checked]
        )
        self.counts = Counts(self.counts.messages + len(checked), self.counts.batches + 1)
        for request in requests:
            request.answers.set_result(list(islice(together, len(request.messages))))

    def _report(self, error: Exception) -> None:
        """Says on standard error what failed, once while it goes on; nothing of any message."""
        said = f"nothing is recorded: {error}"
        if not isinstance(error, _FORESEEN):
            frames = "".join(traceback.format_tb(error.__traceback__))
            said = f"a batch failed by {type(error).__name__}\n{frames}"
        if said != self._said:
            tell(said)
        self._said = said


Passed = TypeVar("Passed", Admitted, Envelope)


def check(
    sources: Mapping[str, Source],
    door: Callable[[Message], Passed | Malformed],
    message: Message,
    sender: Sender,
) -> Passed | Malformed | Unauthorized:
    """Asks for the token before the door does any work, and again when it has read the source."""
    source = source_of(message)
    if source is not None and not sender.is_source(sources.get(source)):
        return Unauthorized()
    passed = door(message)
    if isinstance(passed, Malformed):
        return passed
    envelope = passed.envelope if isinstance(passed, Admitted) else passed
    return passed if envelope.source == source else Unauthorized()
