"""Founding a ledger on Kafka: partition 0 first, read back, and the others by what it says."""

from ledger import founding
from ledger.entry import Head, LedgerError, accept, decode, leaf_hash
from ledger.logs import topics
from ledger.logs.cluster import Cluster, Producer, Tail
from ledger.reference import Founding


def found(cluster: Cluster, facts: Founding, replication: int = 1) -> Founding:
    """Founds a ledger, or finishes one that was begun; the facts that partition 0 says.

    Run twice at once, both end with the same ledger. Raises LedgerError where a whole ledger
    stands already, or where the topics are not as its founding says.
    """
    topics.create(cluster, facts, replication)
    tail, producer = cluster.tail(), cluster.producer()
    try:
        ours = founding.records(facts)
        first = _first(cluster, tail, 0)
        begun = first is not None
        if first is None:
            first = _write(cluster, tail, producer, 0, ours[0])
        told = decode(first).founding
        if told is None:
            raise LedgerError(f"partition 0 of {cluster.log} does not begin with a founding")
        records = founding.records(told.facts)
        finished = _finish(cluster, tail, producer, records)
        if begun and not finished:
            raise LedgerError(f"{cluster.log} holds a ledger already")
        return told.facts
    finally:
        producer.close()
        tail.close()


def _finish(cluster: Cluster, tail: Tail, producer: Producer, records: list[bytes]) -> bool:
    """Begins the partitions that are not begun; whether there were any."""
    found = tail.partitions(cluster.log)
    if found != len(records):
        raise LedgerError(f"{cluster.log} has {found} partitions, not {len(records)} as founded")
    finished = False
    for partition, record in enumerate(records):
        stands = _first(cluster, tail, partition)
        if stands is None:
            stands = _write(cluster, tail, producer, partition, record)
            finished = True
        if leaf_hash(stands) != leaf_hash(record):
            raise LedgerError(f"another ledger's founding begins partition {partition}")
    return finished


def _write(
    cluster: Cluster, tail: Tail, producer: Producer, partition: int, record: bytes
) -> bytes:
    producer.send(cluster.log, partition, record)
    producer.flush()
    stands = _first(cluster, tail, partition)
    if stands is None:
        raise LedgerError(f"the brokers did not write the founding of partition {partition}")
    return stands


def _first(cluster: Cluster, tail: Tail, partition: int) -> bytes | None:
    """The partition's accepted first record; None where there is none yet."""
    begin = tail.begins(cluster.log, [partition])[partition]
    end = tail.ends(cluster.log, [partition])[partition]
    tail.begin(cluster.log, {partition: begin})
    reached = begin
    while reached < end:
        for fetched in tail.poll(1.0, 100):
            reached = fetched.offset + 1
            record = fetched.value or b""
            if accept(Head(partition), record) is not None:
                return record
    return None
