"""Entries on Kafka without a decider: those of an embedded ledger with the same founding."""

from pathlib import Path

import msgspec

from consumers.embedded import Embedded, found
from ledger import founding
from ledger.logs.cluster import Cluster
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.consumers.day import business


def recorded(folder: Path, customers: int = 5) -> Home:
    """An embedded ledger that was founded as the fixture `founded` is, with a day's business."""
    home = found(folder, msgspec.structs.replace(founding.sample(), partitions=2))
    with Embedded(folder) as ledger:
        ledger.publish(list(business(customers)))
    return home


def carry(home: Home, cluster: Cluster, begin: float = 0, end: float = 1) -> int:
    """Writes the entries beyond the foundings, from one share of a partition to another."""
    log = SqliteLog(home.log)
    producer = cluster.producer()
    count = 0
    for partition, last in log.ends().items():
        records = log.read(partition, 1, last)
        part = records[round(begin * len(records)) : round(end * len(records))]
        for record in part:
            producer.send(cluster.log, partition, record)
        count += len(part)
    producer.flush()
    producer.close()
    log.close()
    return count
