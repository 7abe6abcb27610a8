"""Running one consumer in the foreground, until SIGTERM or SIGINT."""

import os
import signal
from collections.abc import Callable, Sequence
from importlib import import_module
from threading import Event, Thread
from typing import Final, NamedTuple

from consumers.telling import tell
from ledger.entry import LedgerError
from ledger.logs.opening import VARIABLE, on_kafka
from ledger.settings import Home

NAMES: Final = ("archiver", "decider", "projector", "publisher", "reactor")
EMBEDDED: Final = ("archiver", "projector")
"""Those that run beside an embedded ledger, too; `ledger serve` runs what else it needs."""


class Http(NamedTuple):
    """Where to take HTTP."""

    host: str
    port: int


def http_at(text: str) -> Http:
    """Reads `host:port`, such as `0.0.0.0:8080` or `[::1]:8080`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"{text!r} is no address to listen at; write 127.0.0.1:8080")
    return Http(host, int(port))


def partitions_in(text: str) -> list[int]:
    """Reads `0,1`. Raises ValueError."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
        raise ValueError(f"{text!r} is no list of partitions; write 0,1")
    return sorted({int(part) for part in parts})


def run(
    name: str,
    home: Home,
    *,
    http: Http | None = None,
    partitions: Sequence[int] | None = None,
    until_eof: bool = False,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Runs the consumer of that name. `ready` is told the URL where it takes HTTP.

    With `until_eof` it stops too when standard input ends, and another process keeps the log.
    Raises LedgerError where it cannot go on, in a sentence.
    """
    if not on_kafka():
        home.refuse_copy()
    if name != "projector":
        if not on_kafka() and name not in EMBEDDED:
            raise LedgerError(
                f"a {name} of its own is for a ledger on Kafka, and {VARIABLE} names none; `ledger"
                " serve` runs an embedded one"
            )
        if http is not None or partitions is not None:
            raise LedgerError(f"--http and --partitions are the projector's, not the {name}'s")
    if http is not None:
        if partitions is not None:
            raise LedgerError("--http answers for all partitions; leave --partitions out")
        # Imported late, as are the others: each brings in libraries that the others never use.
        from consumers.kafka.serving import serve

        _guarded(lambda: serve(home, *http, ready))
        return
    stopping, asked = _signals(until_eof=until_eof)
    if not until_eof:
        tell(f"the {name} runs until SIGTERM or Ctrl-C")
    if name == "projector":
        from consumers import projector

        _guarded(lambda: projector.run(home, stopping, asked, partitions))
    else:
        module = "archiver" if name in EMBEDDED else f"kafka.{name}"
        _guarded(lambda: import_module(f"consumers.{module}").run(home, stopping))


def _guarded(work: Callable[[], None]) -> None:
    if not on_kafka():
        work()
        return
    from ledger.logs.cluster import KafkaError

    try:
        work()
    except KafkaError as error:
        raise LedgerError(f"the brokers failed: {error}") from error


def _signals(*, until_eof: bool) -> tuple[Event, Event | None]:
    """What is set when it is to stop, and when a parent asks for a snapshot, if there is one."""
    stopping = Event()

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if not until_eof:
        return stopping, None
    asked = Event()
    Thread(target=_read_input, args=(stopping, asked), daemon=True).start()
    return stopping, asked


def _read_input(stopping: Event, asked: Event) -> None:
    """A line asks for what is known now to be shown; the end says stop."""
    # Not sys.stdin: at exit the interpreter would abort over the lock that a reading thread holds.
    while os.read(0, 4096):
        asked.set()
    stopping.set()
