"""How the demo lives on: its halls go on sending, as any source does, while its page is open."""

from collections.abc import Iterator
from itertools import islice
from threading import Event, Thread
from typing import Final

from rich.console import Console

from consumers.http_client import publish_to_server
from ledger.entry import LedgerError
from ledger.settings import Home

MESSAGES_A_SECOND: Final = 20
EVERY_SECONDS: Final = 0.5
TRY_AGAIN_SECONDS: Final = 5.0


def live_on(home: Home, story: Iterator[bytes], port: int, said_on: Console) -> None:
    """Serves the demo until a signal, and sends it what the story tells, at a gentle pace.

    Raises LedgerError where it cannot listen.
    """
    # The demo without a page should not wait for the server's libraries.
    from consumers.server import serve as run_server

    stopping = Event()
    senders: list[Thread] = []

    def ready(url: str) -> None:
        said_on.print(
            f"The halls live on at {MESSAGES_A_SECOND} messages a second, SIMULATED;"
            f" see them at {url}/ and stop with Ctrl-C.",
            soft_wrap=True,
        )
        sender = Thread(target=_send, args=(url, story, stopping), name="living on", daemon=True)
        senders.append(sender)
        sender.start()

    try:
        run_server(home, "127.0.0.1", port, ready)
    finally:
        stopping.set()
        for sender in senders:
            sender.join()


def _send(url: str, story: Iterator[bytes], stopping: Event) -> None:
    """Sends batch after batch; what was not answered is sent again, which is harmless."""
    while batch := list(islice(story, int(MESSAGES_A_SECOND * EVERY_SECONDS))):
        while not _sent(url, batch):
            if stopping.wait(TRY_AGAIN_SECONDS):
                return
        if stopping.wait(EVERY_SECONDS):
            return


def _sent(url: str, batch: list[bytes]) -> bool:
    try:
        publish_to_server(url, batch)
    except LedgerError:
        return False
    return True
