"""Founding a ledger on Kafka: partition 0 first, read back, and the others by what it says."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Final

from ledger import founding
from ledger.entry import Head, LedgerError, accept, decode, leaf_hash
from ledger.facts import Founding
from ledger.logs import topics
from ledger.logs.acls import acls_of
from ledger.logs.administration import Administration
from ledger.logs.cluster import WAIT_SECONDS, Cluster, KafkaError, Producer, Tail
from ledger.settings import Home
from ledger.shared_vault import SharedVault

_POLL_SECONDS: Final = 1.0


def init(
    home: Home,
    cluster: Cluster,
    facts: Founding,
    replication: int,
    *,
    with_acls: bool = False,
    completed: Callable[[list[str]], None] = lambda _: None,
) -> Founding:
    """Founds a ledger with its topics and its vault, whose key file the home has or gets.

    Run again after a crash it finishes, and makes topics that were lost; the answer is what
    partition 0 says. Of a ledger that stands, `completed` is told the topics that were made.
    Raises LedgerError where it lacks nothing.
    """
    lock = home.lock_writer()
    try:
        standing = standing_facts(cluster)
        if standing is not None:
            completed(_complete(cluster, standing, replication, with_acls=with_acls))
            return standing
        # Topics, then grants, then vault: without partition 0's founding there is no ledger, and
        # whatever a crash leaves of them is used again.
        topics.create(cluster, facts, replication)
        if with_acls:
            grant(cluster, facts)
        SharedVault.create(cluster, home.vault, home.vault_key)
        return found(cluster, facts, replication)
    finally:
        lock.release()


def standing_facts(cluster: Cluster) -> Founding | None:
    """The founding of the ledger that stands there; None where one of its partitions is not begun.

    Raises LedgerError where what begins partition 0 is no founding.
    """
    tail = cluster.tail()
    try:
        begun = [first_record(cluster, tail, n) for n in range(tail.partitions(cluster.log))]
    finally:
        tail.close()
    if not begun or begun[0] is None or None in begun:
        return None
    return _told(cluster, begun[0])


def _told(cluster: Cluster, record: bytes) -> Founding:
    told = decode(record).founding
    if told is None:
        raise LedgerError(f"partition 0 of {cluster.log} does not begin with a founding")
    return told.facts


def _complete(cluster: Cluster, facts: Founding, replication: int, *, with_acls: bool) -> list[str]:
    """Makes the topics that a standing ledger lacks. Raises LedgerError where it lacks nothing."""
    with Administration(cluster) as made:
        created = made.create(topics.topics_of(cluster, facts, replication), replication)
    if with_acls:
        grant(cluster, facts)
    if not created and not with_acls:
        raise LedgerError(f"{cluster.log} holds a ledger already")
    return created


def grant(cluster: Cluster, facts: Founding) -> None:
    """Grants each source and each process what it needs. Raises LedgerError without SASL."""
    if not os.environ.get("LEDGER_KAFKA_USER"):
        raise LedgerError("without SASL nobody has a name to grant anything to: set LEDGER_KAFKA_*")
    with Administration(cluster) as made:
        made.grant(acls_of(cluster, facts))


def found(cluster: Cluster, facts: Founding, replication: int = 1) -> Founding:
    """Founds a ledger, or finishes one that was begun; the facts that partition 0 says.

    Run twice at once, both end with the same ledger. Raises LedgerError where a whole ledger
    stands already, or where the topics are not as its founding says.
    """
    topics.create(cluster, facts, replication)
    tail, producer = cluster.tail(), cluster.producer()
    try:
        first = first_record(cluster, tail, 0)
        begun = first is not None
        if first is None:
            first = _write(cluster, tail, producer, 0, founding.records(facts)[0])
        told = _told(cluster, first)
        finished = _finish(cluster, tail, producer, founding.records(told))
        if begun and not finished:
            raise LedgerError(f"{cluster.log} holds a ledger already")
    except KafkaError as error:
        raise LedgerError(f"the brokers failed; run it again to finish: {error}") from error
    else:
        return told
    finally:
        producer.close()
        tail.close()


def begin(cluster: Cluster, records: Sequence[bytes]) -> None:
    """Writes the first record of each partition where there is none, partition 0's first.

    Raises LedgerError where another ledger's stands.
    """
    tail, producer = cluster.tail(), cluster.producer()
    try:
        _finish(cluster, tail, producer, records)
    except KafkaError as error:
        raise LedgerError(f"the brokers failed; run it again to go on: {error}") from error
    finally:
        producer.close()
        tail.close()


def _finish(cluster: Cluster, tail: Tail, producer: Producer, records: Sequence[bytes]) -> bool:
    """Begins the partitions that are not begun; whether there were any."""
    number = tail.partitions(cluster.log)
    if number != len(records):
        raise LedgerError(f"{cluster.log} has {number} partitions, not {len(records)} as founded")
    finished = False
    for partition, record in enumerate(records):
        stands = first_record(cluster, tail, partition)
        if stands is None:
            stands = _write(cluster, tail, producer, partition, record)
            finished = True
        if leaf_hash(stands) != leaf_hash(record):
            raise LedgerError(
                f"another ledger's founding begins partition {partition} of {cluster.log}"
            )
    return finished


def _write(
    cluster: Cluster, tail: Tail, producer: Producer, partition: int, record: bytes
) -> bytes:
    producer.send(cluster.log, partition, record)
    producer.flush()
    stands = first_record(cluster, tail, partition)
    if stands is None:
        raise LedgerError(f"the brokers did not write the founding of partition {partition}")
    return stands


def first_record(cluster: Cluster, tail: Tail, partition: int) -> bytes | None:
    """The partition's accepted first record; None where there is none yet.

    Raises LedgerError where the brokers do not give what they hold.
    """
    reached = tail.begins(cluster.log, [partition])[partition]
    end = tail.ends(cluster.log, [partition])[partition]
    tail.begin(cluster.log, {partition: reached})
    deadline = time.monotonic() + WAIT_SECONDS
    while reached < end:
        for fetched in tail.poll(_POLL_SECONDS, 100):
            deadline = time.monotonic() + WAIT_SECONDS
            reached = fetched.offset + 1
            record = fetched.value or b""
            if accept(Head(partition), record) is not None:
                return record
        if time.monotonic() > deadline:
            raise LedgerError(f"the brokers do not give partition {partition} of {cluster.log}")
    return None
