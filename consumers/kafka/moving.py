"""Moving an embedded ledger to Kafka: its records, bytes verbatim, and its keys.

What stands there already is read first, so a move that was cut off anywhere goes on where it was.
The embedded log is only read. When both sides have the same heads the home is marked as moved, and
the embedded ledger is a backup that takes nothing more.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from consumers.embedded import facts_of
from consumers.kafka.founding import begin, first_record
from ledger.entry import Head, LedgerError, leaf_hash
from ledger.logs import topics
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog, LostRace, UnknownOutcome
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from ledger.shared_vault import SharedVault

ROWS_AT_ONCE: Final = 2_000
BYTES_AT_ONCE: Final = 4_000_000
TRIES: Final = 5
"""How often in a row the brokers may leave unsaid what became of a chunk."""

Row = tuple[int, int, bytes]


class Moved(msgspec.Struct, frozen=True):
    """`carried` is what this run wrote; `entries` what stands on both sides now."""

    where: str
    entries: int
    carried: int
    heads: dict[int, str]


def move(
    home: Home,
    cluster: Cluster,
    replication: int,
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> Moved:
    """Carries the home's ledger over. `told` hears how many entries stand there, of how many.

    Raises LedgerError where a server runs, where the topics hold another ledger or more of this
    one, and where the brokers fail; run again it goes on then.
    """
    lock = home.lock_writer()
    try:
        here = SqliteLog(home.log)
        try:
            return _move(home, here, cluster, replication, told)
        finally:
            here.close()
    finally:
        lock.release()


def _move(
    home: Home,
    here: SqliteLog,
    cluster: Cluster,
    replication: int,
    told: Callable[[int, int], None],
) -> Moved:
    facts = facts_of(here)
    topics.create(cluster, facts, replication)
    _refuse_another(here, cluster)
    # Keys first, as ever: an entry that stands there can be read there.
    _carry_keys(home, cluster)
    begin(cluster, [here.record(n, 1) or b"" for n in range(facts.partitions)])
    there = KafkaLog(cluster, home.copy)
    try:
        carried = _carry(here, there, told)
        heads = _same_heads(here, there)
        where = f"kafka://{','.join(cluster.servers)}/{cluster.prefix}"
        _mark(home.moved, where)
        return Moved(
            where,
            sum(head.position for head in heads),
            carried,
            {head.partition: head.hash for head in heads},
        )
    finally:
        there.close()


def _refuse_another(here: SqliteLog, cluster: Cluster) -> None:
    tail = cluster.tail()
    try:
        first = first_record(cluster, tail, 0)
    finally:
        tail.close()
    if first is not None and leaf_hash(first) != here.ledger:
        raise LedgerError(
            f"{cluster.log} holds another ledger: move to another prefix, such as"
            f" kafka://{cluster.servers[0]}/another"
        )


def _carry_keys(home: Home, cluster: Cluster) -> None:
    SharedVault.carry_over(cluster, home.vault, home.vault_key)


def _carry(here: SqliteLog, there: KafkaLog, told: Callable[[int, int], None]) -> int:
    """Appends what is missing there; how many entries that were."""
    total, carried, failed = sum(here.ends().values()), 0, 0
    while True:
        _refuse_more(here, there)
        before = sum(there.ends().values())
        told(before, total)
        try:
            for rows in _missing(here, there.ends()):
                there.append(rows)
                carried += len(rows)
                failed = 0
                told(before := before + len(rows), total)
        except UnknownOutcome:
            failed += 1
            if failed == TRIES:
                raise
            # What became of them is read again, and seen above.
            there.refresh()
        except LostRace as error:
            raise LedgerError(f"somebody else writes {there.cluster.log}: {error}") from error
        else:
            return carried


def _missing(here: SqliteLog, ends: dict[int, int]) -> Iterator[list[Row]]:
    """What follows these positions, partition by partition, in chunks of bounded size."""
    for partition, end in here.ends().items():
        after = ends.get(partition, 0)
        while after < end:
            rows: list[Row] = []
            size = 0
            for record in here.read(partition, after, ROWS_AT_ONCE):
                if size + len(record) > BYTES_AT_ONCE and rows:
                    break
                after += 1
                size += len(record)
                rows.append((partition, after, record))
            yield rows


def _refuse_more(here: SqliteLog, there: KafkaLog) -> None:
    """What stands there must be what stands here, up to where it ends there.

    Each record names the hash of the one before it, so the newest one there answers for them all.
    """
    for partition, end in there.ends().items():
        if there.record(partition, end) != here.record(partition, end):
            raise LedgerError(
                f"{there.cluster.log} has entries of partition {partition} that {here.path.name}"
                f" has not, up to position {end}: it was written there already, and nothing more"
                " is carried over"
            )


def _same_heads(here: SqliteLog, there: KafkaLog) -> list[Head]:
    there.refresh()
    heads = [_head(here, *each) for each in here.ends().items()]
    if heads != [_head(there, *each) for each in there.ends().items()]:
        raise LedgerError(
            f"{there.cluster.log} does not end as {here.path.name} does: run it again"
        )
    return heads


def _head(log: SqliteLog, partition: int, position: int) -> Head:
    return Head(partition, position, leaf_hash(log.record(partition, position) or b""))


def _mark(path: Path, where: str) -> None:
    """Durable before anybody is told: nothing may be added to the backup after that."""
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(f"{where}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
