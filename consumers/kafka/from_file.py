"""Publishing messages from a file to a ledger on Kafka, and waiting for their entries.

Topics keep no order among each other. So where an owner's messages come from several sources, one
source's have their entries before the next one's are sent: a file tells the same story as embedded.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Final

import msgspec

from consumers.answers import Accepted, Reply, reply
from consumers.embedded import facts_of
from consumers.grouping import Answered, Unavailable
from consumers.kafka.publishing import Publishing
from consumers.kafka.waiting_room import WaitingRoom
from consumers.kafka.watching import Watching
from consumers.telling import tell
from ledger.entry import LedgerError
from ledger.logs import opening
from ledger.settings import Home

WAIT_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 5.0
"""After so long without entries it is said, once, for whom they wait."""
TRIES: Final = 2
"""A message is known when it comes again: whoever missed the first answer hears the second."""

Publish = Callable[[Sequence[bytes]], list[Reply]]


@contextmanager
def publishing(home: Home) -> Generator[Publish, None, None]:
    """A function that publishes structured CloudEvents, and gives their replies in order.

    It raises LedgerError where the brokers do not take them, or nobody decides them in time;
    publishing all again is harmless then.
    """
    cluster = opening.cluster()
    assert cluster is not None
    with ExitStack() as stack:
        log = opening.open_log(home)
        stack.callback(log.close)
        room = WaitingRoom()
        watching = Watching(cluster, log, room)
        queue = Publishing(cluster, facts_of(log), room)
        watching.start()
        stack.callback(watching.finish)
        queue.start()
        stack.callback(queue.finish)
        waiting = cache(lambda: tell("waiting for a decider…"))
        yield lambda messages: [
            each for run in _runs(messages) for each in _publish(queue, run, waiting)
        ]


class _Named(msgspec.Struct, frozen=True):
    source: str
    subject: str


_decoder: Final = msgspec.json.Decoder(_Named)


def _runs(messages: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Parts in which each owner's messages are of one source."""
    begin, sources = 0, dict[str, str]()
    for number, message in enumerate(messages):
        try:
            named = _decoder.decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if sources.setdefault(named.subject, named.source) != named.source:
            yield messages[begin:number]
            begin, sources = number, {named.subject: named.source}
    yield messages[begin:]


def _publish(
    queue: Publishing, messages: Sequence[bytes], waiting: Callable[[], None]
) -> list[Reply]:
    answers: dict[int, Answered] = {}
    left = list(range(len(messages)))
    try:
        for _ in range(TRIES):
            batch = [messages[number].strip() for number in left]
            submitted = queue.submit(batch, None, WAIT_SECONDS)
            if not wait([submitted], QUIET_SECONDS).done:
                waiting()
            given = submitted.result()
            answers |= zip(left, given, strict=True)
            left = [number for number in left if isinstance(answers[number], Accepted)]
            if not left:
                return [reply(answers[number]) for number in range(len(messages))]
    except Unavailable as error:
        raise LedgerError("the brokers do not take the messages; publish them again") from error
    raise LedgerError(
        f"{len(left)} messages are in Kafka and have no entry yet: does a decider run?"
        " Publish them again later to hear their answers"
    )
