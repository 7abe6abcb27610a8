"""Bringing the tables that readers see up to date, for the commands that read them."""

import time
from typing import Final

from consumers.http_client import ask_to_catch_up
from consumers.projector import catch_up
from ledger.logs.opening import on_kafka
from ledger.projections import snapshot
from ledger.projections.engine import TablesBusyError
from ledger.settings import Home

PATIENCE_SECONDS: Final = 30.0
LOOK_AGAIN_SECONDS: Final = 0.1


def freshen(home: Home) -> None:
    """Brings the snapshot up to date: asks the running server, or projects where none runs.

    Where another command projects at this moment it waits. Raises LedgerError where that one takes
    too long. On Kafka whoever has the home may be a projector, whose newest snapshot is taken.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (writer := home.writer()) is None or (writer.url is None and on_kafka()):
        try:
            catch_up(home)
        except TablesBusyError:
            if writer is not None and snapshot.find(home.projections) is not None:
                return
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return
    if writer.url is not None:
        ask_to_catch_up(writer.url)
