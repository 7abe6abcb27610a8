"""What happens in an outage: every request is answered, and what is over is noticed."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from consumers.answers import Accepted
from consumers.grouping import Unavailable
from consumers.kafka import outcomes
from consumers.kafka.founding import found
from consumers.kafka.publishing import Publishing
from consumers.kafka.waiting_room import WaitingRoom
from consumers.kafka.watching import Hearing, Watching
from ledger import founding
from ledger.logs.administration import Administration
from ledger.logs.cluster import Cluster, Fetched, KafkaError, NoAnswer
from ledger.logs.kafka import KafkaLog
from ledger.logs.topics import topics_of
from tests.consumers.day import registration
from tests.kafka.working import until

SECONDS = 10


class Written:
    """What the client gives for a record that the brokers took."""

    offset = 0

    def add_callback(self, callback: Any) -> None:
        callback(self)

    def add_errback(self, _: Any) -> None:
        pass


class Brokers:
    """A cluster whose producer fails as it is told to, in the order of the list."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def producer(self) -> "Brokers":
        return self

    def interactions(self, source: str) -> str:
        return source

    def send(self, *_: Any, **__: Any) -> Written:
        if self.failures:
            raise self.failures.pop(0)
        return Written()

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def publishing() -> Iterator[Publishing]:
    """The brokers fail a send, then do not answer while another producer is made, and are back."""
    brokers = Brokers(KafkaError("timed out"), NoAnswer("no broker answers"))
    publishing = Publishing(cast(Cluster, brokers), founding.sample(), WaitingRoom())
    publishing.start()
    yield publishing
    publishing.finish()


def test_an_outage_is_answered_and_over_when_the_brokers_are_back(publishing: Publishing) -> None:
    def sent(name: str) -> Future[Any]:
        return publishing.submit([registration(name)], None)

    for name in ("first", "second"):
        with pytest.raises(Unavailable):
            sent(name).result(SECONDS)
    assert not publishing.healthy
    [answer] = sent("third").result(SECONDS)
    assert isinstance(answer, Accepted)
    assert publishing.healthy


def test_outcomes_are_heard_again_after_their_topic_was_made_again(
    founded: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes | None] = []

    def hear(_: Hearing, record: Fetched) -> None:
        heard.append(record.value)

    monkeypatch.setattr(Hearing, "_tell", hear)

    def tell(*messages: bytes) -> None:
        producer = founded.producer()
        for message in messages:
            producer.send(founded.outcomes, 0, message, headers=[(outcomes.REPEATED, b"1")])
        producer.close()

    tell(b"before", b"before", b"before")
    hearing = Hearing(founded, WaitingRoom(), [0, 1])
    hearing.start()
    with Administration(founded) as asked:
        topics = topics_of(founded, founding.sample(), 1)
        [topic] = [each for each in topics if each.name == founded.outcomes]
        admin = founded.admin()
        admin.delete_topics([topic.name])
        admin.close()
        until(lambda: topic.name not in asked.topics([topic.name]), "its end")
        asked.create([topic._replace(partitions=2)], 1)
    tell(b"after")
    until(lambda: heard == [b"after"], "what is told after it")
    hearing.finish()


@pytest.mark.parametrize("failure", [sqlite3.OperationalError("disk"), KafkaError("gone")])
def test_who_watches_the_log_is_told_when_it_cannot_be_followed(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    found(cluster, founding.sample())
    log = KafkaLog(cluster, tmp_path / "copy.sqlite")
    watching = Watching(cluster, log, WaitingRoom())
    stopped = Event()
    watching.stopped = stopped.set

    def fail() -> None:
        raise failure

    monkeypatch.setattr(watching, "_read", fail)
    watching.start()
    assert stopped.wait(SECONDS)
    assert "the log cannot be followed" in str(watching.failure)
    watching.finish()
    log.close()
