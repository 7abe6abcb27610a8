"""A ledger on Kafka at work, for tests that kill it: consumers, messages coming in, a journal."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import msgspec

from consumers.kafka.founding import found
from ledger import founding
from ledger.entry import Entry, LedgerError, event_id
from ledger.logs.cluster import Cluster, KafkaError, Producer, Tail
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.projections.snapshot import snapshot_positions
from ledger.shared_vault import SharedVault
from tests.consumers import day
from tests.consumers.reading import entries_of
from tests.kafka.broker import Broker

ROOT = Path(__file__).parent.parent.parent
PARTITIONS = 2
BATCH = 10
REST_SECONDS = 0.1
SETTLE_SECONDS = 400

Message = tuple[str, str, str]
"""Owner, source and id."""


class Supervised:
    """A consumer in a process of its own, which is started again when it ends."""

    def __init__(self, name: str, home: Path, address: str) -> None:
        self.name, self.home = name, home
        self._address = address
        self._log = (home.parent / f"{name}.log").open("ab")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "consumers", self.name.partition("-")[0]),
                *("--home", str(self.home)),
            ],
            cwd=ROOT,
            env={**os.environ, "LEDGER_LOG": self._address},
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def pause(self, seconds: float) -> None:
        """As a machine that hangs and wakes up later, not knowing that it did."""
        if self.running:
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        self._process.terminate()
        code = self._process.wait(30)
        self._log.close()
        return code


class World:
    """A founded ledger and its consumers, each with a home of its own."""

    def __init__(self, broker: Broker, folder: Path, consumers: Sequence[str]) -> None:
        self.broker = broker
        self.folder = folder
        self.cluster = Cluster.at(f"kafka://{broker.address}/kills")
        facts = msgspec.structs.replace(founding.sample(), partitions=PARTITIONS)
        found(self.cluster, facts)
        self.consumers: dict[str, Supervised] = {}
        for name in consumers:
            home = folder / name
            home.mkdir()
            SharedVault.create(self.cluster, home / "vault.sqlite", self._key(home))
            self.consumers[name] = Supervised(name, home, f"kafka://{broker.address}/kills")

    def _key(self, home: Path) -> Path:
        """The key-encryption key is the same for all, and given to each."""
        key, shared = home / "vault.key", self.folder / "vault.key"
        if shared.exists():
            key.write_bytes(shared.read_bytes())
        else:
            SharedVault.create(self.cluster, home / "vault.sqlite", key)
            shared.write_bytes(key.read_bytes())
        return key

    @contextmanager
    def running(self) -> Iterator["Load"]:
        for consumer in self.consumers.values():
            consumer.start()
        load = Load(self.cluster)
        load.start()
        try:
            yield load
        finally:
            load.close()
            codes = {name: each.stop() for name, each in self.consumers.items()}
        assert set(codes.values()) == {0}, codes

    def revive(self) -> None:
        """As whatever starts consumers does: one that ended is started again."""
        for consumer in self.consumers.values():
            if not consumer.running:
                consumer.start()

    def settle(self, sent: set[Message]) -> None:
        """Waits until all that was sent has an entry, nothing follows, and all is shown."""
        deadline = time.monotonic() + SETTLE_SECONDS
        log = KafkaLog(self.cluster, self.folder / "settling.sqlite")
        before: dict[int, int] = {}
        while True:
            self.revive()
            log.refresh()
            found_so_far = entries_of(log)
            said = [each.interaction for each in found_so_far if each.interaction]
            missing = sent - {(each.subject, each.source, each.id) for each in said}
            waiting = self._waiting(found_so_far)
            ends = log.ends()
            if not missing and not waiting and ends == before and self._shows(ends):
                break
            assert time.monotonic() < deadline, (
                f"{len(missing)} messages have no entry, {waiting} payments no follow-on"
            )
            before = ends
            time.sleep(3)
        log.close()

    def _waiting(self, found_so_far: list[Entry]) -> int:
        """How many payments a reactor, where there is one, has still to follow."""
        if "reactor" not in self.consumers:
            return 0
        return sum(count != 1 for count in allocations(found_so_far).values())

    def _shows(self, ends: dict[int, int]) -> bool:
        if "projector" not in self.consumers:
            return True
        try:
            shown = snapshot_positions(self.consumers["projector"].home / "projections")
        except LedgerError:
            return False
        return shown == ends


def allocations(found_so_far: list[Entry]) -> Counter[str]:
    """For each payment received, by its event id, how many entries its allocation has."""
    counts: Counter[str] = Counter()
    for entry in found_so_far:
        said = entry.interaction
        if said is not None and said.cause is not None and said.id.endswith(":allocate"):
            counts[said.cause] += 1
        for number, event in enumerate(entry.events, 1):
            if event.tag == "payment.received.v1" and said is not None:
                counts[event_id(said, number)] += 0
    return counts


class Load:
    """Publishes messages, some into the wrong partition, and listens to what sources are told."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopping, self._deaf = Event(), Event()
        self.acknowledged: set[Message] = set()
        self.told: dict[Message, tuple[int, int]] = {}
        self._threads = [Thread(target=self._publish), Thread(target=self._listen)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> set[Message]:
        """Publishes no more; what the broker acknowledged."""
        self._stopping.set()
        self._threads[0].join(60)
        return self.acknowledged

    def close(self) -> None:
        self._stopping.set()
        self._deaf.set()
        for thread in self._threads:
            thread.join(60)

    def _publish(self) -> None:
        chance = random.Random(1)
        messages = day.business(customers=100_000)
        waiting: list[bytes] = []
        producer: Producer | None = None
        while not self._stopping.is_set():
            waiting += islice(messages, BATCH - len(waiting))
            try:
                producer = producer or self._cluster.producer()
                waiting = self._send(producer, waiting, chance)
            except (LedgerError, KafkaError):
                time.sleep(0.2)
            self._stopping.wait(REST_SECONDS)
        if producer is not None:
            with suppress(KafkaError):
                producer.close()

    def _send(
        self, producer: Producer, messages: list[bytes], chance: random.Random
    ) -> list[bytes]:
        """Sends them; those that the broker did not acknowledge."""
        futures = [self._hand_over(producer, message, chance) for message in messages]
        producer.flush(15)
        left: list[bytes] = []
        for message, future in zip(messages, futures, strict=True):
            if future.is_done and not future.failed():
                self.acknowledged.add(_message_of(message))
            else:
                left.append(message)
        return left

    def _hand_over(self, producer: Producer, message: bytes, chance: random.Random) -> object:
        subject, source, _ = _message_of(message)
        partition = partition_of(subject, PARTITIONS)
        if chance.random() < 0.1:
            partition = chance.randrange(PARTITIONS)
        return producer.send(
            self._cluster.interactions(source), partition, message, key=source.encode()
        )

    def _listen(self) -> None:
        tail: Tail | None = None
        offsets = dict.fromkeys(range(PARTITIONS), 0)
        while not self._deaf.is_set():
            try:
                if tail is None:
                    tail = self._cluster.tail()
                    tail.begin(self._cluster.outcomes, offsets)
                for record in tail.poll(0.5):
                    offsets[record.partition] = record.offset + 1
                    self._hear(record.value or b"")
            except (LedgerError, KafkaError):
                tail = None
                time.sleep(0.2)
        if tail is not None:
            tail.close()

    def _hear(self, outcome: bytes) -> None:
        told = msgspec.json.decode(outcome)
        message, entry = told["message"], told["entry"]
        place = (entry["partition"], entry["position"])
        known = (message["subject"], message["source"], message["id"])
        # Told again after a crash, it is told the same.
        assert self.told.setdefault(known, place) == place


def _message_of(message: bytes) -> Message:
    members = msgspec.json.decode(message)
    return members["subject"], members["source"], members["id"]
