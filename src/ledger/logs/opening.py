"""Which log a ledger has: the SQLite file of its home, or the Kafka that LEDGER_LOG names."""

import os

from ledger.entry import LedgerError
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home


def cluster() -> Cluster | None:
    """Where the log is on Kafka; None for a ledger that is embedded in its home."""
    address = os.environ.get("LEDGER_LOG")
    return Cluster.at(address) if address else None


def open_log(home: Home) -> SqliteLog:
    """Opens the log to read. On Kafka that is the home's copy, brought up to what Kafka holds now.

    Where another process keeps the copy, it is read as that process has it.
    """
    where = cluster()
    if where is None:
        return SqliteLog(home.log)
    try:
        lock = home.lock_writer()
    except LedgerError:
        return SqliteLog(home.copy)
    try:
        log = KafkaLog(where, home.copy)
    except BaseException:
        lock.release()
        raise
    log.callback(lock.release)
    return log
