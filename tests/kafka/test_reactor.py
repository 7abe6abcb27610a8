"""The reactor on Kafka: what follows has one entry, whoever sends it and however often."""

import signal
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import msgspec
import pytest

from consumers import reactor as core
from consumers.embedded import Embedded
from consumers.embedded import found as found_embedded
from consumers.kafka import reactor
from consumers.kafka.founding import found
from consumers.kafka.taking import Taken, Taking
from ledger import founding
from ledger.beside import remove
from ledger.door.admit import Malformed
from ledger.entry import Entry, Said
from ledger.logs.cluster import Cluster, Fetched
from ledger.partition import partition_of
from ledger.settings import Home
from tests.consumers import day, office
from tests.consumers.reading import entries, tags
from tests.kafka.working import (
    Reader,
    Running,
    address,
    deciding,
    home_of,
    publish,
    records_of,
    started,
    until,
)

NAME = "li"
OWNER = day.customer(NAME)
PAID = [day.registration(NAME), day.payment(NAME)]
AT_ONCE = {"allocate", "drawer"}
"""The names of what follows at once from a payment in cash."""
ALLOCATE = "payment.allocate.v1"


@pytest.fixture(autouse=True)
def named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(cluster))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


@contextmanager
def reacting(home: Home) -> Generator[Running, None, None]:
    running = Running(lambda stopping: reactor.run(home, stopping))
    try:
        yield running
    finally:
        running.stop()


def follow_ons(found: list[Entry]) -> list[Said]:
    said = [each.interaction for each in found if each.interaction is not None]
    return [each for each in said if each.source == core.SOURCE]


def names(found: list[Entry]) -> Counter[str]:
    """How often each follow-on of the payment has an entry."""
    return Counter(each.id.rpartition(":")[2] for each in follow_ons(found))


def sent(cluster: Cluster) -> list[str]:
    """The ids of what the reactor has written so far."""
    records = records_of(cluster, cluster.interactions(core.SOURCE))
    return [msgspec.json.decode(each.value or b"", type=Said).id for each in records]


# What follows at once


def test_cash_reaches_the_drawer_of_the_hall_once(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    with deciding(home_of(founded, tmp_path, "d")), reacting(home_of(founded, tmp_path, "r")):
        publish(founded, PAID)
        until(lambda: set(names(reader.entries())) >= AT_ONCE, "what follows from a payment")
    found = reader.entries()
    assert names(found) == dict.fromkeys(AT_ONCE, 1)
    # No drawer is open, which the copy says; the hall's day counts it by the same entry.
    assert tags(found).count("hall_day.payment_noted.v1") == 1
    (copy,) = [each for each in follow_ons(found) if each.subject == day.HALL]
    assert copy.cause == f"counter-app:{NAME}-p1:1"


def test_a_follow_on_is_written_as_deciders_read_it(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, PAID)
        until(lambda: len(reader.entries()) == 2)
    with reacting(home_of(founded, tmp_path, "r")):
        until(lambda: len(sent(founded)) == len(AT_ONCE), "what the reactor sends")
    records = records_of(founded, founded.interactions(core.SOURCE))
    for record in records:
        said = msgspec.json.decode(record.value or b"", type=Said)
        assert record.partition == partition_of(said.subject, 2)
        assert record.key == said.subject.encode()
        assert said.source == core.SOURCE
        assert said.actor == "system:reactor"


def test_a_broadcast_reaches_every_partition(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    with deciding(home_of(founded, tmp_path, "d")), reacting(home_of(founded, tmp_path, "r")):
        publish(founded, [office.policy(day.MORNING, day.MORNING + timedelta(days=1), 16)])
        until(lambda: len(follow_ons(reader.entries())) == 2, "a broadcast")
    told = follow_ons(reader.entries())
    assert {each.subject for each in told} == {"reference/0", "reference/1"}
    for partition in (0, 1):
        assert tags(reader.entries(partition)).count("reference.policy_noted.v1") == 1


# Timers


def test_a_timer_fires_when_the_system_clock_has_reached_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    sample = founding.sample()
    policy = msgspec.structs.replace(sample.policy, parameters={"payment.receipt_minutes": 1})
    found(cluster, msgspec.structs.replace(sample, partitions=2, clock="system", policy=policy))
    reader = Reader(cluster, tmp_path)
    # A minute that has almost passed.
    paid_at = datetime.now(UTC) - timedelta(seconds=57)
    with deciding(home_of(cluster, tmp_path, "d")), reacting(home_of(cluster, tmp_path, "r")):
        publish(cluster, [day.registration(NAME, paid_at), day.payment(NAME, time=paid_at)])
        until(lambda: "receipt" in names(reader.entries()), "the receipt")
    found_here = reader.entries()
    assert names(found_here)["receipt"] == 1
    [receipt] = [e for e in found_here if e.interaction and e.interaction.due_at is not None]
    assert receipt.interaction is not None
    assert receipt.interaction.due_at is not None
    assert receipt.interaction.due_at == paid_at + timedelta(minutes=1)
    assert receipt.recorded_at >= receipt.interaction.due_at
    assert tags([receipt])[0] == "payment.receipt_issued.v1"
    reader.close()


def test_on_a_simulated_clock_time_is_that_of_the_newest_entry(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    with deciding(home_of(founded, tmp_path, "d")), reacting(home_of(founded, tmp_path, "r")):
        publish(founded, PAID)
        until(lambda: set(names(reader.entries())) >= AT_ONCE)
        assert "receipt" not in names(reader.entries())
        publish(founded, [day.registration("later", day.MORNING + timedelta(minutes=11))])
        until(lambda: "receipt" in names(reader.entries()), "the receipt")


# Sent more than once


def test_of_two_reactors_at_once_every_follow_on_has_one_entry(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    messages = list(day.business(customers=10))
    with (
        deciding(home_of(founded, tmp_path, "d")),
        reacting(home_of(founded, tmp_path, "r1")),
        reacting(home_of(founded, tmp_path, "r2")),
    ):
        publish(founded, messages)
        until(lambda: len(reader.entries()) >= len(messages))
        settle(founded, reader, twice=True)
    found = follow_ons(reader.entries())
    assert len(found) > 20
    assert set(Counter((each.subject, each.id) for each in found).values()) == {1}
    assert Counter(sent(founded)).most_common(1)[0][1] > 1, "both reactors were at work"


def settle(cluster: Cluster, reader: Reader, *, twice: bool = False) -> None:
    """Waits until all that was sent has its entry, by both reactors where there are two."""

    def settled() -> bool:
        written = Counter(sent(cluster))
        known = {each.id for each in follow_ons(reader.entries())}
        return written.keys() == known and (not twice or min(written.values()) > 1)

    until(settled, "the entries of all that was sent")


@pytest.mark.parametrize("lost", ["nothing", "its own file", "its home"])
def test_killed_after_it_has_sent_it_sends_again_and_one_entry_is_made(
    founded: Cluster, reader: Reader, tmp_path: Path, lost: str
) -> None:
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, PAID)
        until(lambda: len(reader.entries()) == 2)
    home = home_of(founded, tmp_path, "r")
    with started("reactor", founded, home) as process:
        until(lambda: len(sent(founded)) == len(AT_ONCE), "what the reactor sends")
        process.send_signal(signal.SIGKILL)
    if lost != "nothing":
        remove(home.reactor)
    if lost == "its home":
        remove(home.copy)
    with reacting(home):
        until(lambda: len(sent(founded)) == 2 * len(AT_ONCE), "what it sends again")
        with deciding(home_of(founded, tmp_path, "d")):
            until(lambda: set(names(reader.entries())) >= AT_ONCE)
            publish(founded, [day.registration("after")])
            until(lambda: len(reader.entries()) == 3 + len(AT_ONCE))
    assert names(reader.entries()) == dict.fromkeys(AT_ONCE, 1)


def test_what_is_not_seen_is_sent_again_until_it_is(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactor, "AGAIN_SECONDS", 0.3)
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, PAID)
        until(lambda: len(reader.entries()) == 2)
    with reacting(home_of(founded, tmp_path, "r")):
        until(lambda: len(sent(founded)) >= 3 * len(AT_ONCE), "what it sends again")
        with deciding(home_of(founded, tmp_path, "d")):
            until(lambda: set(names(reader.entries())) >= AT_ONCE)
    before = len(sent(founded))
    with reacting(home_of(founded, tmp_path, "r")) as running:
        running.stopping.wait(1.0)
    assert len(sent(founded)) == before, "nothing is sent that has its entry"


def test_a_follow_on_whose_entry_is_read_before_its_cause_is_not_sent(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    """A new reactor reads partition after partition, and the operator lives in the last."""
    assert partition_of("operator", 2) == 1
    with deciding(home_of(founded, tmp_path, "d")), reacting(home_of(founded, tmp_path, "r")):
        publish(founded, [office.policy(day.MORNING, day.MORNING + timedelta(days=1), 16)])
        until(lambda: len(follow_ons(reader.entries())) == 2, "a broadcast")
        settle(founded, reader)
    before = len(sent(founded))
    with reacting(home_of(founded, tmp_path, "another")) as running:
        running.stopping.wait(1.0)
    assert len(sent(founded)) == before


def test_what_an_older_decider_cannot_read_is_sent_again_rarely_until_one_can(
    founded: Cluster,
    reader: Reader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upgraded, take = Event(), Taking.take

    def older(taking: Taking, fetched: Fetched) -> Taken:
        if ALLOCATE.encode() in (fetched.value or b"") and not upgraded.is_set():
            return Malformed("malformed", "this is no message of the reactor")
        return take(taking, fetched)

    monkeypatch.setattr(Taking, "take", older)
    monkeypatch.setattr(reactor, "AGAIN_SECONDS", 0.5)
    monkeypatch.setattr(reactor, "UNREAD_SECONDS", 10.0)
    publish(founded, PAID)
    with deciding(home_of(founded, tmp_path, "d")), reacting(home_of(founded, tmp_path, "r")):
        until(lambda: unread(reader) > 0, "its entry without an interaction")
        time.sleep(5.0)
        times = unread(reader)
        upgraded.set()
        until(lambda: set(names(reader.entries())) >= AT_ONCE, "its entry")
    assert times <= 2, "not once every half second"
    assert names(reader.entries()) == dict.fromkeys(AT_ONCE, 1)
    assert f"a decider cannot read {ALLOCATE}: upgrade the deciders" in capsys.readouterr().err


def unread(reader: Reader) -> int:
    return sum(each.unread is not None for each in reader.entries())


# The same as embedded


def test_a_day_on_kafka_ends_with_the_events_of_the_embedded_ledger(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    facts = msgspec.structs.replace(founding.sample(), partitions=2)
    found_embedded(tmp_path / "embedded", facts)
    with (
        Embedded(tmp_path / "embedded") as embedded,
        deciding(home_of(founded, tmp_path, "d")),
        reacting(home_of(founded, tmp_path, "r")),
    ):
        for number, message in enumerate(day.business(customers=4)):
            embedded.publish([message])
            publish(founded, [message])
            expected = len(entries(embedded))
            until(lambda n=expected: len(reader.entries()) >= n, f"what follows from {number}")
        assert by_owner(reader.entries()) == by_owner(entries(embedded))
        assert embedded.follow_ons > 10


def by_owner(found: list[Entry]) -> dict[str, list[tuple[str, str, int]]]:
    events: dict[str, list[tuple[str, str, int]]] = {}
    for entry in found:
        assert entry.interaction is not None
        of_owner = events.setdefault(entry.interaction.subject, [])
        of_owner += [(each.tag, each.stream, each.version) for each in entry.events]
    return events
