"""The log on Kafka: what is appended is accepted or lost, and every reader sees the same."""

from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer

from ledger import founding
from ledger.entry import ChainError, LedgerError, decode, encode, leaf_hash
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog, LostRace
from ledger.logs.sqlite import SqliteLog


def entries(log: SqliteLog, count: int, word: str = "ours") -> list[tuple[int, int, bytes]]:
    """Entries that follow the newest of partition 0."""
    position = log.ends()[0]
    record = log.record(0, position)
    assert record is not None
    rows: list[tuple[int, int, bytes]] = []
    for number in range(count):
        following = msgspec.structs.replace(
            decode(record),
            position=position + 1 + number,
            prev=leaf_hash(record),
            founding=None,
            policy=word,
        )
        record = encode(following)
        rows.append((0, following.position, record))
    return rows


def send(cluster: Cluster, partition: int, *records: bytes) -> None:
    producer = cluster.producer()
    for record in records:
        producer.send(cluster.log, partition, record)
    producer.flush()
    producer.close()


def test_what_was_appended_is_read_by_everybody(founded: Cluster, tmp_path: Path) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    rows = entries(log, 3)
    log.append(rows)
    other = KafkaLog(founded, tmp_path / "b.sqlite")
    assert log.read(0, 1, 10) == other.read(0, 1, 10) == [record for *_, record in rows]
    log.close()
    other.close()


def test_of_two_writers_one_is_first_and_the_other_hears_of_it(
    founded: Cluster, tmp_path: Path
) -> None:
    first = KafkaLog(founded, tmp_path / "a.sqlite")
    second = KafkaLog(founded, tmp_path / "b.sqlite")
    lost = entries(second, 2, "theirs")
    first.append(entries(first, 3))
    with pytest.raises(LostRace):
        second.append(lost)
    assert second.read(0, 0, 10) == first.read(0, 0, 10)
    assert second.voids() == [(0, "stale", 2, 5)]
    second.append(entries(second, 1))
    first.refresh()
    assert first.ends() == second.ends() == {0: 5, 1: 1}
    first.close()
    second.close()


def test_void_records_are_counted_by_cause_and_passed_over(
    founded: Cluster, tmp_path: Path
) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    log.append(entries(log, 2))
    newest = log.record(0, 3)
    assert newest is not None
    send(founded, 0, b"{", newest, encode(msgspec.structs.replace(decode(newest), policy="x")))
    send(founded, 1, newest)
    log.append(entries(log, 1))
    log.refresh()
    assert [(n, cause, count) for n, cause, count, _ in log.voids()] == [
        (0, "duplicate", 1),
        (0, "malformed", 1),
        (0, "stale", 1),
        (1, "foreign", 1),
    ]
    log.close()


def test_a_copy_goes_on_where_it_was_and_counts_nothing_twice(
    founded: Cluster, tmp_path: Path
) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    log.append(entries(log, 2))
    send(founded, 0, b"{")
    log.refresh()
    log.close()
    again = KafkaLog(founded, tmp_path / "a.sqlite")
    assert again.ends() == {0: 3, 1: 1}
    assert again.voids() == [(0, "malformed", 1, 3)]
    again.close()


def test_a_copy_that_kafka_does_not_bear_out_stops(founded: Cluster, tmp_path: Path) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    log.append(entries(log, 2))
    # Rewritten on one side: the copy holds another entry than Kafka has at its head.
    log._connection.executescript(  # pyright: ignore[reportPrivateUsage]
        "drop trigger entry_0_is_not_changed;"
        " update entry_0 set record = record || ' ' where position = 3;"
    )
    log.close()
    with pytest.raises(ChainError, match="does not hold position 3 of partition 0"):
        KafkaLog(founded, tmp_path / "a.sqlite")


def test_a_damaged_copy_is_made_again(founded: Cluster, tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"no database at all" * 100)
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    assert log.ends() == {0: 1, 1: 1}
    log.close()


def test_a_topic_with_other_partitions_than_founded_is_refused(
    founded: Cluster, tmp_path: Path
) -> None:
    from kafka.admin import NewPartitions

    admin = founded.admin()
    admin.create_partitions({founded.log: NewPartitions(3)})
    admin.close()
    with pytest.raises(LedgerError, match="partition"):
        KafkaLog(founded, tmp_path / "a.sqlite")


def test_without_a_broker_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no broker answers"):
        KafkaLog(Cluster.at("kafka://127.0.0.1:1"), tmp_path / "a.sqlite")


def test_the_founding_is_that_of_partition_0(founded: Cluster, tmp_path: Path) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    record = log.record(0, 1)
    assert record is not None
    told = decode(record).founding
    assert told is not None
    assert [log.record(n, 1) for n in (0, 1)] == founding.records(told.facts)
    assert log.ledger == leaf_hash(record)
    log.close()


def test_markers_of_a_transaction_that_somebody_made_hold_nobody_up(
    founded: Cluster, tmp_path: Path
) -> None:
    log = KafkaLog(founded, tmp_path / "a.sqlite")
    producer = KafkaProducer(**founded.options(), transactional_id=founded.prefix)
    producer.init_transactions()
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.send(founded.log, b"{", partition=0)
        producer.flush()
        end()
    producer.close()
    log.refresh()
    log.append(entries(log, 2))
    assert log.ends() == {0: 3, 1: 1}
    assert [(cause, count) for _, cause, count, _ in log.voids()] == [("malformed", 2)]
    log.close()
