"""Where a decider goes on: nothing is passed over, whatever became of topics and of its files."""

import hashlib
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from kafka.structs import TopicPartition

from consumers.kafka import decider
from consumers.kafka.founding import init
from ledger import founding
from ledger.beside import remove
from ledger.entry import Entry, leaf_hash
from ledger.logs.cluster import Cluster, Fetched, GroupConsumer, Mark
from ledger.logs.kafka import UnknownOutcome
from ledger.partition import partition_of
from ledger.shared_vault import SharedVault
from ledger.vault import DataKey, VaultError
from tests.consumers import day
from tests.kafka.test_decider import decided, follow_on
from tests.kafka.working import (
    Reader,
    address,
    deciding,
    home_of,
    publish,
    records_of,
    until,
)

SOURCE = "counter-app"
CUSTOMER = "n1"
PARTITION = partition_of(day.customer(CUSTOMER), 2)


@pytest.fixture(autouse=True)
def named(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(founded))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


def payments(begin: int, end: int) -> list[bytes]:
    return [day.payment(CUSTOMER, f"p{n}") for n in range(begin, end)]


def of(entries: list[Entry]) -> list[str]:
    return [each.interaction.id for each in entries if each.interaction]


def expected(end: int) -> list[str]:
    return [f"{CUSTOMER}-register", *(f"{CUSTOMER}-p{n}" for n in range(end))]


def lose(cluster: Cluster, folder: Path, *topics: str) -> None:
    """Deletes topics, which `ledger init` makes again, empty."""
    admin = cluster.admin()
    admin.delete_topics(list(topics))
    admin.close()
    init(home_of(cluster, folder, "another"), cluster, founding.sample(), 1)


@pytest.mark.parametrize("new", [1, 3, 8], ids=["shorter", "as long", "longer"])
def test_a_topic_that_was_made_again_is_read_from_its_first_message(
    founded: Cluster,
    reader: Reader,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    new: int,
) -> None:
    home = home_of(founded, tmp_path)
    publish(founded, [day.registration(CUSTOMER), *payments(0, 2)])
    with deciding(home):
        decided(reader, 3)
    lose(founded, tmp_path, founded.interactions("counter-app"))
    publish(founded, payments(2, 2 + new))
    with deciding(home):
        entries = decided(reader, 3 + new)
        publish(founded, payments(2 + new, 4 + new))
        entries = decided(reader, 5 + new)
    assert of(entries) == expected(4 + new)
    assert "it was made again" in capsys.readouterr().err


def test_a_topic_that_is_the_same_is_not_read_again(
    founded: Cluster, reader: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, reactors = home_of(founded, tmp_path), founded.interactions("ledger-reactor")
    publish(founded, [day.registration(CUSTOMER)])
    publish(founded, [b"{"], topic=founded.interactions("rating-pad"), partition=0)
    publish(founded, [follow_on()], topic=reactors, partition=partition_of(day.HALL, 2))
    with deciding(home):
        decided(reader, 3)
    publish(founded, payments(0, 1))
    with deciding(home):
        decided(reader, 4)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_read_is_told_from_another_topics(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    home, topic = home_of(founded, tmp_path), founded.interactions("counter-app")
    publish(founded, [b"{", b"["], topic=topic, partition=PARTITION)
    with deciding(home):
        decided(reader, 2)
    lose(founded, tmp_path, topic)
    publish(founded, [day.registration(CUSTOMER)])
    publish(founded, [b"]"], topic=topic, partition=PARTITION)
    with deciding(home):
        entries = decided(reader, 4)
    assert [each.unread is None for each in entries] == [False, False, True, False]


def test_a_topic_that_is_made_again_under_a_decider_is_read_from_its_first_message(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    publish(founded, [day.registration(CUSTOMER), *payments(0, 9)])
    with deciding(home_of(founded, tmp_path)):
        decided(reader, 10)
        lose(founded, tmp_path, founded.interactions("counter-app"))
        publish(founded, payments(9, 12))
        entries = decided(reader, 13)
    assert of(entries) == expected(12)


def test_messages_that_went_before_they_were_read_are_told_of(
    founded: Cluster, reader: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, topic = home_of(founded, tmp_path), founded.interactions("counter-app")
    publish(founded, [day.registration(CUSTOMER)])
    with deciding(home):
        decided(reader, 1)
    publish(founded, payments(0, 6))
    admin = founded.admin()
    admin.delete_records({TopicPartition(topic, PARTITION): 4})
    admin.close()
    with deciding(home):
        entries = decided(reader, 4)
    assert of(entries)[1:] == expected(6)[4:]
    told = f"{topic}, partition {PARTITION}, does not hold offsets 1 to 3 any more"
    assert told in capsys.readouterr().err


def test_a_topic_that_is_made_again_and_grows_past_what_was_read_is_read_from_its_first_message(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_poll, poll = Event(), GroupConsumer.poll

    def waits(consumer: GroupConsumer, seconds: float, limit: int) -> list[Fetched]:
        may_poll.wait()
        return poll(consumer, seconds, limit)

    monkeypatch.setattr(GroupConsumer, "poll", waits)
    may_poll.set()
    publish(founded, [day.registration(CUSTOMER), *payments(0, 2)])
    with deciding(home_of(founded, tmp_path)):
        decided(reader, 3)
        may_poll.clear()
        lose(founded, tmp_path, founded.interactions(SOURCE))
        publish(founded, payments(2, 9))
        may_poll.set()
        entries = decided(reader, 10)
    assert sorted(of(entries)) == sorted(expected(9))


# What has no entry is marked as done


def sent_on(cluster: Cluster) -> int:
    """How many messages were sent on to where their owner lives."""
    records = records_of(cluster, cluster.interactions(SOURCE))
    return sum(each.partition == PARTITION for each in records)


def publish_elsewhere(cluster: Cluster, messages: list[bytes]) -> None:
    publish(cluster, messages, topic=cluster.interactions(SOURCE), partition=1 - PARTITION)


def test_what_was_sent_on_is_not_sent_on_again_by_the_next_decider(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    publish_elsewhere(founded, [day.registration(CUSTOMER), *payments(0, 4)])
    with deciding(home_of(founded, tmp_path)):
        decided(reader, 5)
    publish_elsewhere(founded, payments(4, 6))
    with deciding(home_of(founded, tmp_path, "another")):
        entries = decided(reader, 7)
    assert of(entries) == expected(6)
    assert sent_on(founded) == 7


def test_what_came_again_is_not_answered_again_by_the_next_decider(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    publish(founded, [day.registration(CUSTOMER), *payments(0, 1), *payments(0, 1)])
    with deciding(home_of(founded, tmp_path)):
        decided(reader, 2)
        until(lambda: len(records_of(founded, founded.outcomes)) == 1, "the first answer again")
    with deciding(home_of(founded, tmp_path, "another")):
        publish(founded, payments(1, 2))
        decided(reader, 3)
    assert len(records_of(founded, founded.outcomes)) == 1


def test_where_no_mark_is_kept_messages_are_read_again_and_nothing_else_is_lost(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    home = home_of(founded, tmp_path)
    publish_elsewhere(founded, [day.registration(CUSTOMER), *payments(0, 4)])
    with deciding(home):
        decided(reader, 5)
    with deciding(home, "others"):
        until(lambda: sent_on(founded) == 10, "what is sent on again")
        publish(founded, payments(4, 5))
        entries = decided(reader, 6)
    assert of(entries) == expected(5)


@pytest.mark.parametrize("forged", ["nothing sealed", "of another offset", "of another log"])
def test_a_mark_that_no_decider_wrote_of_this_log_passes_over_nothing(
    founded: Cluster, reader: Reader, tmp_path: Path, forged: str
) -> None:
    home, place = home_of(founded, tmp_path), (founded.interactions(SOURCE), PARTITION)
    messages = [day.registration(CUSTOMER), *payments(0, 4)]
    publish(founded, messages)
    number = 99 if forged == "of another log" else 1
    passed = {
        "head": {
            "partition": PARTITION,
            "position": number,
            "hash": leaf_hash(reader.record(PARTITION, 1)),
        },
        "message": hashlib.sha256(messages[2]).hexdigest(),
    }
    named = 2 if forged == "of another offset" else 3
    vault = SharedVault(founded, home.vault, home.vault_key)
    sealed = vault.seal(f"passed {place[0]} {place[1]} {named}", json.dumps(passed).encode())
    vault.close()
    said = "" if forged == "nothing sealed" else b64encode(sealed).decode()
    group = founded.group(decider.GROUP)
    group.commit({place: Mark(3, said)})
    assert group.committed([place]) == {place: Mark(3, said)}
    group.close()
    with deciding(home):
        entries = decided(reader, 5)
    assert of(entries) == expected(4)


# Of its own files some are gone


@pytest.mark.parametrize("rolled_back", [False, True], ids=["deleted", "rolled back"])
def test_the_copy_alone_may_be_lost(
    founded: Cluster, reader: Reader, tmp_path: Path, rolled_back: bool
) -> None:
    home = home_of(founded, tmp_path)
    # More than is copied together with the foundings.
    publish(founded, [day.registration(CUSTOMER), *payments(0, 300)])
    with deciding(home):
        decided(reader, 301)
    old = shutil.copy(home.copy, tmp_path / "old")
    publish(founded, payments(300, 305))
    with deciding(home):
        decided(reader, 306)
    remove(home.copy)
    if rolled_back:
        shutil.copy(old, home.copy)
    publish(founded, payments(305, 307))
    with deciding(home):
        assert of(decided(reader, 308)) == expected(307)


# A failure is no fault of the message


def test_brokers_that_fail_do_not_make_a_follow_on_unreadable(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [UnknownOutcome("the brokers do not answer")]
    key_for = SharedVault.key_for

    def fails_once(vault: SharedVault, owner: str) -> DataKey:
        if failing:
            raise failing.pop()
        return key_for(vault, owner)

    monkeypatch.setattr(SharedVault, "key_for", fails_once)
    topic = founded.interactions("ledger-reactor")
    publish(founded, [follow_on()], topic=topic, partition=partition_of(day.HALL, 2))
    with deciding(home_of(founded, tmp_path)):
        (entry,) = decided(reader, 1)
    assert entry.interaction is not None


def test_a_vault_that_fails_stops_the_decider_before_the_message(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: SharedVault, owner: str) -> DataKey:
        raise VaultError(f"the key of {owner} does not open")

    monkeypatch.setattr(SharedVault, "key_for", fails)
    topic = founded.interactions("ledger-reactor")
    publish(founded, [follow_on()], topic=topic, partition=partition_of(day.HALL, 2))
    with pytest.raises(VaultError), deciding(home_of(founded, tmp_path)) as running:
        until(lambda: not running.alive, "its end")
    assert reader.entries() == []
