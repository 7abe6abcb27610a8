"""Upstream systems publish with other people's clients, each as it does by default."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer as ConfluentProducer
from kafka import KafkaProducer

from ledger.entry import Entry
from ledger.logs.cluster import Cluster
from ledger.partition import partition_of
from tests.consumers import day
from tests.kafka.broker import NoBrokerError, libraries
from tests.kafka.working import Reader, address, deciding, home_of, records_of, until

PARTITIONS: Final = 2
OWNERS: Final = 1_000
SECONDS: Final = 60.0

Publish = Callable[[Cluster, Sequence[bytes]], None]


@pytest.fixture(autouse=True)
def named(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(founded))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


def members(message: bytes) -> dict[str, Any]:
    return json.loads(message)


def topic(cluster: Cluster) -> str:
    return cluster.interactions("counter-app")


# The clients; each has the owner as its key, and partitions by it as it does by default


def by_confluent(cluster: Cluster, messages: Sequence[bytes]) -> None:
    """Its default is CRC-32 of the key."""
    producer = ConfluentProducer({"bootstrap.servers": ",".join(cluster.servers)})
    for message in messages:
        producer.produce(topic(cluster), value=message, key=members(message)["subject"])
    assert producer.flush(30) == 0


def by_kafka_python(cluster: Cluster, messages: Sequence[bytes]) -> None:
    """Its default is murmur2 of the key."""
    producer = KafkaProducer(bootstrap_servers=list(cluster.servers))
    for message in messages:
        producer.send(topic(cluster), value=message, key=members(message)["subject"].encode())
    producer.flush(30)
    producer.close(timeout=5)


def by_javas_console_producer(cluster: Cluster, messages: Sequence[bytes]) -> None:
    """Its default is murmur2 of the key."""
    lines = [members(message)["subject"].encode() + b"\t" + message for message in messages]
    command = [
        *("java", "-XX:TieredStopAtLevel=1", "-cp", f"{java_libraries()}/*"),
        *("org.apache.kafka.tools.ConsoleProducer", "--topic", topic(cluster)),
        *("--bootstrap-server", ",".join(cluster.servers)),
        *("--reader-property", "parse.key=true"),
    ]
    subprocess.run(command, input=b"\n".join(lines), check=True, capture_output=True, timeout=60)


def java_libraries() -> Path:
    try:
        return libraries()
    except NoBrokerError:
        pytest.skip("NOT TESTED: Java's console producer, for there is no Java")


def by_the_sdk(structured: bool) -> Publish:
    """The `cloudevents` SDK makes the messages; it sends none."""

    def publish(cluster: Cluster, messages: Sequence[bytes]) -> None:
        producer = ConfluentProducer({"bootstrap.servers": ",".join(cluster.servers)})
        for message in messages:
            make = sdk.to_structured_event if structured else sdk.to_binary_event
            made = make(event_of(message), key_mapper=lambda event: event.get_subject())
            producer.produce(
                topic(cluster), value=made.value, key=made.key, headers=list(made.headers.items())
            )
        assert producer.flush(30) == 0

    return publish


def event_of(message: bytes) -> CloudEvent:
    told = members(message)
    data = told.pop("data")
    time = datetime.fromisoformat(told.pop("time"))
    return CloudEvent({**told, "time": time, "datacontenttype": "application/json"}, data)


CLIENTS: Final[dict[str, Publish]] = {
    "confluent-kafka": by_confluent,
    "kafka-python": by_kafka_python,
    "Java console producer": by_javas_console_producer,
}
WAYS: Final[dict[str, Publish]] = {
    **CLIENTS,
    "cloudevents SDK, structured": by_the_sdk(structured=True),
    "cloudevents SDK, binary": by_the_sdk(structured=False),
}


def recorded(reader: Reader, count: int) -> list[Entry]:
    """All entries, once there are so many."""
    until(lambda: sum(reader.ends().values()) >= count + PARTITIONS, f"{count} entries", SECONDS)
    return reader.entries()


@pytest.mark.parametrize("way", WAYS)
def test_messages_of_a_client_are_recorded_as_they_were_said(
    founded: Cluster, reader: Reader, tmp_path: Path, way: str
) -> None:
    messages = [day.registration(f"n{number}") for number in range(6)]
    with deciding(home_of(founded, tmp_path)):
        WAYS[way](founded, messages)
        entries = recorded(reader, len(messages))
    assert {entry.interaction.id for entry in entries if entry.interaction} == {
        members(message)["id"] for message in messages
    }
    assert len(entries) == len(messages)
    for entry in entries:
        assert entry.refusal is None
        assert entry.events
        assert entry.intake is not None
        assert entry.intake.topic == topic(founded)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_thousand_owners_end_up_in_one_partition_each(
    founded: Cluster, reader: Reader, tmp_path: Path, client: str
) -> None:
    first = [day.registration(f"n{number}") for number in range(OWNERS)]
    second = [day.payment(f"n{number}") for number in range(OWNERS)]
    CLIENTS[client](founded, [*first, *second])
    elsewhere = sum(
        record.partition != partition_of(members(record.value or b"")["subject"], PARTITIONS)
        for record in records_of(founded, topic(founded))
    )
    # Whoever partitions by other means than murmur2 is wrong about many of them.
    assert (elsewhere > OWNERS // 4) == (client == "confluent-kafka")
    with deciding(home_of(founded, tmp_path)):
        entries = recorded(reader, 2 * OWNERS)
    said = [(entry.partition, entry.interaction) for entry in entries if entry.interaction]
    assert len(entries) == len(said) == 2 * OWNERS
    assert len({(each.subject, each.id) for _, each in said}) == 2 * OWNERS
    assert all(number == partition_of(each.subject, PARTITIONS) for number, each in said)
    # Each owner's messages kept the order in which its client sent them.
    order: dict[str, list[str]] = {}
    for _, each in said:
        order.setdefault(each.subject, []).append(each.type)
    assert set(map(tuple, order.values())) == {("customer.register.v1", "payment.receive.v1")}


def test_what_a_source_took_back_in_a_transaction_was_never_said(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    producer = ConfluentProducer(
        {"bootstrap.servers": ",".join(founded.servers), "transactional.id": f"{founded.prefix}-t"}
    )
    producer.init_transactions(30)
    with deciding(home_of(founded, tmp_path)):
        for name, keeps in (("taken-back", False), ("kept", True), ("kept-later", True)):
            producer.begin_transaction()
            message = day.registration(name)
            producer.produce(topic(founded), value=message, key=members(message)["subject"])
            producer.flush(30)
            (producer.commit_transaction if keeps else producer.abort_transaction)(30)
        entries = recorded(reader, 2)
    kept = [members(day.registration(name))["id"] for name in ("kept", "kept-later")]
    assert [entry.interaction.id for entry in entries if entry.interaction] == kept
