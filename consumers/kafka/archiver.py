"""The archiver on Kafka: it seals from its own copy of all partitions."""

from contextlib import ExitStack
from functools import partial
from threading import Event

from consumers.archiver import LOOK_SECONDS, Archiving
from consumers.kafka.persevering import persevere
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home


def run(home: Home, stopping: Event) -> None:
    """Seals until `stopping` is set.

    Raises LedgerError where there is no ledger, another process has the home, or the archive is of
    another ledger.
    """
    begin = partial(_Copied, stopping=stopping)
    persevere(home, "archiver", "no segment is sealed", begin, stopping)


class _Copied:
    """Log and archive as long as the brokers answer."""

    def __init__(self, home: Home, cluster: Cluster, *, stopping: Event) -> None:
        self._stopping = stopping
        with ExitStack() as opened:
            self._log = KafkaLog(cluster, home.copy)
            opened.callback(self._log.close)
            self._archiving = Archiving(home, self._log)
            opened.callback(self._archiving.close)
            self.close = opened.pop_all().close

    def once(self) -> None:
        """Raises NoAnswer where the brokers do not answer."""
        self._archiving.once(self._stopping)
        self._log.wait(LOOK_SECONDS)
