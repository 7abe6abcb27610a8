"""Which log a ledger has: the SQLite file of its home, or the Kafka that LEDGER_LOG names."""

import os
from typing import TYPE_CHECKING

from ledger.entry import LedgerError
from ledger.half_open import undone_on_failure
from ledger.logs.sqlite import SqliteLog
from ledger.settings import VARIABLE, Home, on_kafka

if TYPE_CHECKING:
    from ledger.logs.cluster import Cluster


def cluster() -> "Cluster | None":
    """Where the log is on Kafka; None for a ledger that is embedded in its home."""
    if not on_kafka():
        return None
    # Imported late: commands over an embedded ledger do not wait for Kafka's client.
    from ledger.logs.cluster import Cluster

    return Cluster.at(os.environ[VARIABLE])


def open_log(home: Home) -> SqliteLog:
    """Opens the log to read. On Kafka that is the home's copy, brought up to what Kafka holds now.

    Where another process keeps the copy, it is read as that process has it.
    """
    where = cluster()
    if where is None:
        home.refuse_copy()
        return SqliteLog(home.log)
    return open_copy(where, home)


def open_copy(where: "Cluster", home: Home) -> SqliteLog:
    """Opens the home's copy of that log, brought up to date unless another process keeps it."""
    try:
        lock = home.lock_writer()
    except LedgerError:
        return SqliteLog(home.copy)
    from ledger.logs.kafka import KafkaLog

    with undone_on_failure(lock.release):
        log = KafkaLog(where, home.copy)
    log.callback(lock.release)
    return log


def open_own(home: Home) -> SqliteLog:
    """Opens the log as `open_log` does, for whoever holds the home's writer's lock already."""
    where = cluster()
    if where is None:
        return SqliteLog(home.log)
    from ledger.logs.kafka import KafkaLog

    return KafkaLog(where, home.copy)


def open_kept(home: Home) -> SqliteLog:
    """Opens the log to read as the process that keeps it has it now; waits for nothing."""
    return SqliteLog(home.copy if on_kafka() else home.log)
