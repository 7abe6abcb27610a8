"""Keeping a copy of the log up to date, also through times when the brokers do not answer."""

from threading import Event
from typing import Final

from consumers.telling import tell
from ledger.logs.cluster import NoAnswer
from ledger.logs.kafka import KafkaLog

ASK_AGAIN_SECONDS: Final = 1.0


class Copying:
    """Of one thread; the log is used by no other meanwhile."""

    def __init__(self, log: KafkaLog, partitions: list[int]) -> None:
        self._log = log
        self._partitions = partitions
        self._failed = False

    @property
    def healthy(self) -> bool:
        return not self._failed

    def wait(self, seconds: float, stopping: Event) -> None:
        """Copies what comes within so long; returns at once when something came.

        Raises ChainError where Kafka does not hold any more what was copied from it. Where the
        brokers do not answer it says so, once, and asks again later.
        """
        try:
            if self._failed:
                # What they hold may be another history now: begins at each head, and compares it.
                self._log.follow(self._partitions)
                self._failed = False
                tell("the brokers answer again")
            else:
                self._log.wait(seconds)
        except NoAnswer as error:
            if not self._failed:
                tell(str(error))
            self._failed = True
            stopping.wait(ASK_AGAIN_SECONDS)
