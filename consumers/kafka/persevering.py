"""What a consumer does while the brokers answer, and again when they do so again."""

import random
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Final, Protocol

from consumers.telling import tell
from ledger.entry import LedgerError
from ledger.logs import opening
from ledger.logs.cluster import Cluster, NoAnswer
from ledger.settings import Home

ASK_AGAIN_SECONDS: Final = 1.0


class Work(Protocol):
    """What is open as long as the brokers answer."""

    def once(self) -> None:
        """Does what there is to do. Raises NoAnswer where the brokers do not answer."""
        ...

    def close(self) -> None: ...


def persevere(
    home: Home, name: str, failing: str, begin: Callable[[Home, Cluster], Work], stopping: Event
) -> None:
    """Works until `stopping` is set; `failing` says what is not done while no broker answers.

    Raises LedgerError where there is no ledger, another process has the home, or a partition holds
    what this program cannot read.
    """
    cluster = opening.cluster()
    if cluster is None:
        raise LedgerError(f"a {name} is for a ledger on Kafka; LEDGER_LOG says where")
    lock = home.lock_writer()
    # The first opening says what is wrong; the later ones follow a failure of the brokers.
    work: Work | None = None
    try:
        work = begin(home, cluster)
        while not stopping.is_set():
            try:
                work = work or begin(home, cluster)
                work.once()
            except NoAnswer as error:
                tell(f"{failing}: {error}")
                _close(work)
                work = None
                stopping.wait(ASK_AGAIN_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
    finally:
        _close(work)
        lock.release()


def _close(work: Work | None) -> None:
    if work is not None:
        # A part that does not close must not keep the rest from being opened again.
        with suppress(LedgerError, OSError):
            work.close()
