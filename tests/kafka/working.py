"""Consumers at work on Kafka, for tests: run in a thread or a process, fed and waited for."""

import faulthandler
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from consumers.kafka import decider
from ledger.entry import Entry, decode
from ledger.logs.cluster import Cluster, Fetched
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.settings import Home
from ledger.shared_vault import SharedVault

ROOT = Path(__file__).parent.parent.parent
SECONDS = 120.0
"""The longest that a test waits for anything."""

Headers = list[tuple[str, bytes]]


def address(cluster: Cluster) -> str:
    return f"kafka://{','.join(cluster.servers)}/{cluster.prefix}"


def home_of(cluster: Cluster, folder: Path, name: str = "home") -> Home:
    """A home of its own for a consumer; those of one test have the same key-encryption key."""
    home, first = Home(folder / name), Home(folder / "first")
    if not first.vault_key.exists():
        first.folder.mkdir()
        SharedVault.create(cluster, first.vault, first.vault_key)
    home.folder.mkdir(exist_ok=True)
    home.vault_key.write_bytes(first.vault_key.read_bytes())
    return home


def until(condition: Callable[[], Any], what: str = "it", seconds: float = SECONDS) -> None:
    """Returns when the condition holds. Fails where it does not within that time, and shows where
    every thread is."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            faulthandler.dump_traceback(sys.__stderr__)
            pytest.fail(f"{what} did not come about in {seconds:g} s")
        time.sleep(0.05)


class Running:
    """A consumer's `run` in a thread; `failure` is what it ended with."""

    def __init__(self, work: Callable[[Event], None]) -> None:
        self.failure: BaseException | None = None
        self.stopping = Event()
        self._work = work
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Waits until it has ended, and raises what it failed with."""
        self.stopping.set()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the consumer does not stop"
        if self.failure is not None:
            raise self.failure

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work(self.stopping)
        except BaseException as failure:
            self.failure = failure


@contextmanager
def deciding(home: Home, group: str = decider.GROUP) -> Generator[Running, None, None]:
    """A decider in a thread, on the cluster that LEDGER_LOG names."""
    running = Running(lambda stopping: decider.run(home, stopping, group=group))
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def started(
    name: str, cluster: Cluster, home: Home
) -> Generator[subprocess.Popen[bytes], None, None]:
    """`python -m consumers <name>` in a process of its own, which is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "consumers", name, "--home", str(home.folder)],
        cwd=ROOT,
        env={**os.environ, "LEDGER_LOG": address(cluster)},
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def publish(
    cluster: Cluster,
    messages: Iterable[bytes],
    *,
    topic: str | None = None,
    partition: int | None = None,
    headers: Headers | None = None,
) -> None:
    """Writes structured messages to their source's topic and owner's partition, or as told."""
    producer, tail = cluster.producer(), cluster.tail()
    sent: list[Any] = []
    for message in messages:
        number = partition
        if topic is None or number is None:
            members = json.loads(message)
            topic_of = topic or cluster.interactions(members["source"])
            if number is None:
                number = partition_of(members["subject"], tail.partitions(cluster.log))
        else:
            topic_of = topic
        sent.append(producer.send(topic_of, number, message, headers=headers or ()))
    producer.flush()
    for future in sent:
        future.get(timeout=0)
    producer.close()
    tail.close()


class Reader:
    """Reads the log as everybody does, with a copy of its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._log = KafkaLog(cluster, folder / f"reader-{time.monotonic_ns()}.sqlite")

    def entries(self, partition: int | None = None) -> list[Entry]:
        """All entries but the foundings, by partition and position."""
        self._log.refresh()
        numbers = self._log.ends() if partition is None else [partition]
        return [
            decode(record) for number in numbers for record in self._log.read(number, 1, 1_000_000)
        ]

    def record(self, partition: int, position: int) -> bytes:
        return self._log.record(partition, position) or b""

    def ends(self) -> dict[int, int]:
        self._log.refresh()
        return self._log.ends()

    def voids(self) -> int:
        return sum(count for _, _, count, _ in self._log.voids())

    def close(self) -> None:
        self._log.close()


def records_of(cluster: Cluster, topic: str) -> list[Fetched]:
    """All that a topic holds now, by partition and offset."""
    tail = cluster.tail()
    numbers = range(tail.partitions(topic))
    ends = tail.ends(topic, numbers)
    begins = tail.begins(topic, numbers)
    tail.begin(topic, begins)
    missing = sum(ends[number] - begins[number] for number in numbers)
    found: list[Fetched] = []
    deadline = time.monotonic() + SECONDS
    while len(found) < missing:
        found += tail.poll(0.5)
        assert time.monotonic() < deadline, f"{topic} is not read to its end"
    tail.close()
    return sorted(found, key=lambda each: (each.partition, each.offset))
