"""The network fails between a writer and its broker: nothing is lost or doubled, nobody hangs."""

import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Final

import msgspec
import pytest

from consumers.kafka.founding import found
from ledger import founding
from ledger.entry import Entry, decode, encode, leaf_hash
from ledger.logs.cluster import Bounds, Cluster, KafkaError, NoAnswer
from ledger.logs.kafka import KafkaLog, LostRace
from ledger.partition import partition_of
from tests.consumers import day
from tests.consumers.reading import entries_of
from tests.kafka.broker import Broker
from tests.kafka.proxy import Proxy
from tests.kafka.working import deciding, home_of, publish, until

SEED: Final = 20_261_124
BATCHES: Final = 30
BATCH: Final = 3
ROUNDS: Final = 15
BOUNDS: Final = Bounds(request_seconds=1.0, delivery_seconds=2.0, wait_seconds=3.0)
LONGEST_SECONDS: Final = 12.0
"""To hand over, to write, to ask for the end and to read it, each at its bound."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def address(proxy: Proxy, brokers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of its own, which clients reach through the proxy only."""
    broker = Broker(tmp_path_factory.mktemp("behind-proxy"), advertised=proxy.port)
    proxy.target = broker.port
    broker.start()
    yield broker.address
    broker.stop()


@pytest.fixture
def behind(address: str, proxy: Proxy) -> Iterator[Cluster]:
    cluster = Cluster((address,), f"t{uuid.uuid4().hex[:12]}", BOUNDS)
    found(cluster, msgspec.structs.replace(founding.sample(), partitions=2))
    yield cluster
    proxy.heal()


def following(log: KafkaLog, words: list[str]) -> list[tuple[int, int, bytes]]:
    """Entries that follow the newest of partition 0, one a word."""
    position = log.ends()[0]
    record = log.record(0, position) or b""
    rows: list[tuple[int, int, bytes]] = []
    for number, word in enumerate(words, position + 1):
        entry = msgspec.structs.replace(
            decode(record), position=number, prev=leaf_hash(record), founding=None, policy=word
        )
        record = encode(entry)
        rows.append((0, number, record))
    return rows


def words_of(log: KafkaLog) -> list[str]:
    return [decode(record).policy or "" for record in log.read(0, 1, 1_000_000)]


class Writer:
    """After each failure it looks what stands, and writes what is missing; times all it does."""

    def __init__(self, log: KafkaLog) -> None:
        self.log = log
        self.longest = 0.0
        self.failures: Counter[str] = Counter()
        self._looks_first = False

    def try_to_write(self, words: list[str]) -> bool:
        """Whether all stands now."""
        began = time.monotonic()
        try:
            if self._looks_first:
                self.log.refresh()
            standing = set(words_of(self.log))
            self.log.append(following(self.log, [each for each in words if each not in standing]))
        except (NoAnswer, LostRace, KafkaError) as error:
            self.failures[type(error).__name__] += 1
            self._looks_first = True
            return False
        finally:
            self.longest = max(self.longest, time.monotonic() - began)
        self._looks_first = False
        return True


def troubles(proxy: Proxy) -> dict[str, Callable[[random.Random], object]]:
    def delay(chance: random.Random) -> None:
        proxy.delay_seconds = chance.choice([0.02, 0.3, 1.5])

    def cut_in_a_moment(chance: random.Random) -> None:
        Timer(chance.uniform(0, 0.01), proxy.cut).start()

    return {
        "nothing": lambda _: None,
        "cut": lambda _: proxy.cut(),
        "cut in a moment": cut_in_a_moment,
        "answers lost": lambda _: proxy.cut_before_answers(),
        "answers dropped": lambda _: proxy.drop("to client"),
        "requests dropped": lambda _: proxy.drop("to broker"),
        "delayed": delay,
    }


@pytest.mark.timeout(300)
def test_through_cuts_delays_and_drops_every_entry_stands_once_and_nothing_waits_too_long(
    behind: Cluster, proxy: Proxy, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    log = KafkaLog(behind, tmp_path / "a.sqlite")
    writer = Writer(log)
    written: list[str] = []
    before = proxy.answers_lost()
    for batch in range(BATCHES):
        words = [f"{batch}-{number}" for number in range(BATCH)]
        trouble = chance.choices([*troubles(proxy)], [2, 2, 4, 6, 1, 1, 2])[0]
        troubles(proxy)[trouble](chance)
        done = writer.try_to_write(words)
        proxy.heal()
        for _ in range(20):
            if done:
                break
            done = writer.try_to_write(words)
        assert done, f"after {trouble} nothing is written any more: {writer.failures}"
        written += words
    assert writer.failures, "nothing ever failed"
    assert proxy.answers_lost() > before
    assert writer.longest < LONGEST_SECONDS
    for stands in (log, KafkaLog(behind, tmp_path / "fresh.sqlite")):
        assert words_of(stands) == written
        stands.close()


def test_what_was_written_before_its_answer_was_lost_stands_once(
    behind: Cluster, proxy: Proxy, tmp_path: Path
) -> None:
    log = KafkaLog(behind, tmp_path / "a.sqlite")
    log.append(following(log, ["warm"]))
    before = proxy.answers_lost()
    assert proxy.cut_before_answers() > 0
    writer = Writer(log)
    while not writer.try_to_write(["one", "two"]):
        assert sum(writer.failures.values()) < 20
    assert proxy.answers_lost() > before
    log.refresh()
    assert words_of(log) == ["warm", "one", "two"]
    log.close()


@pytest.mark.timeout(300)
def test_a_decider_answers_every_message_once_whatever_the_network_does(
    behind: Cluster, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.logs.opening.cluster", lambda: behind)
    chance = random.Random(SEED)
    messages = list(day.business(customers=ROUNDS * 2))
    cuts = sorted(chance.sample(range(1, len(messages)), ROUNDS - 1))
    home = home_of(behind, tmp_path)
    before = proxy.answers_lost()
    ways = [*troubles(proxy).values()] * ROUNDS
    with deciding(home) as running:
        for begin, end in zip([0, *cuts], [*cuts, len(messages)], strict=True):
            publish(behind, messages[begin:end])
            ways.pop()(chance)
            time.sleep(chance.uniform(0, 1.5))
            proxy.heal()
            assert running.alive, running.failure
        log = KafkaLog(behind, tmp_path / "fresh.sqlite")
        until(lambda: len(heard(log)) >= len(messages), "an entry for each message", 60)
    log.refresh()
    told = [json.loads(message) for message in messages]
    assert Counter(heard(log)) == Counter((each["subject"], each["id"]) for each in told)
    assert all(
        entry.partition == partition_of(entry.interaction.subject, 2)
        for entry in entries_of(log)
        if entry.interaction
    )
    assert proxy.answers_lost() > before
    log.close()


def heard(log: KafkaLog) -> list[tuple[str, str]]:
    """Owner and id of every message that has an entry."""
    log.refresh()
    entries: list[Entry] = entries_of(log)
    return [(each.interaction.subject, each.interaction.id) for each in entries if each.interaction]
