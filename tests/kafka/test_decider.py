"""The decider on Kafka: every message is answered once, whoever decides, and whatever is lost."""

import json
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import msgspec
import pytest

from consumers.embedded import Embedded
from consumers.embedded import found as found_embedded
from consumers.kafka import decider
from ledger import founding
from ledger.beside import remove
from ledger.entry import Entry, FutureFormatError, LedgerError, decode, encode, leaf_hash
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.settings import Home
from ledger.shared_vault import SharedVault
from tests.consumers import day
from tests.consumers.reading import entries_of
from tests.kafka.working import (
    Headers,
    Reader,
    address,
    deciding,
    home_of,
    publish,
    records_of,
    started,
    until,
)

COUNTER_APP = "counter-app"
DAY = [
    *[
        message
        for message in day.business(customers=12)
        # What a receipt or a rating comes to depends on follow-ons, and on another topic.
        if b"issue_receipt" not in message and b"visit.rate" not in message
    ],
    day.payment("nobody"),
    day.at_hall("start", "w99", day.MORNING),
]


@pytest.fixture(autouse=True)
def named(founded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(founded))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


def decided(reader: Reader, count: int) -> list[Entry]:
    """So many entries, once they are there."""
    until(lambda: len(reader.entries()) >= count, f"{count} entries")
    return reader.entries()


def ids(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(each.interaction.subject, each.interaction.id) for each in entries if each.interaction]


def of_partition(number: int, count: int = 1) -> list[str]:
    """Names of customers who live there."""
    names = (f"p{n}" for n in range(1000))
    return [name for name in names if partition_of(day.customer(name), 2) == number][:count]


# Deciding


def test_messages_are_decided_as_the_embedded_ledger_decides_them(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    facts = msgspec.structs.replace(founding.sample(), partitions=2)
    found_embedded(tmp_path / "embedded", facts)
    with Embedded(tmp_path / "embedded") as embedded:
        embedded.publish(DAY)
        expected = [e for e in entries_of(embedded.log) if source(e) == COUNTER_APP]
    publish(founded, DAY)
    with deciding(home_of(founded, tmp_path)):
        entries = decided(reader, len(DAY))
    assert [said(each) for each in entries] == [said(each) for each in expected]
    assert sum(each.refusal is not None for each in entries) > 0
    places = [(e.intake.topic, e.partition, e.intake.offset) for e in entries if e.intake]
    assert places == sorted(places, key=lambda place: place[1:])
    assert {each.intake.via for each in entries if each.intake} == {"kafka"}


def source(entry: Entry) -> str | None:
    return entry.interaction.source if entry.interaction else None


def said(entry: Entry) -> tuple[object, ...]:
    """What an entry says but for where it stands, when it came, and what is sealed.

    Versions are left out: the embedded ledger has follow-ons in between.
    """
    assert entry.interaction is not None
    assert entry.intake is not None
    events = [(event.tag, event.stream) for event in entry.events]
    envelope = msgspec.structs.asdict(entry.interaction)
    del envelope["data"]
    return envelope, entry.derived, events, entry.refusal, entry.policy, entry.intake.key


def test_a_message_in_binary_mode_is_decided(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    members = json.loads(day.registration("n1"))
    data = json.dumps(members.pop("data")).encode()
    headers = [(f"ce_{name}", value.encode()) for name, value in members.items()]
    headers += [("content-type", b"application/json"), ("trace", b"\xff")]
    topic, number = founded.interactions(COUNTER_APP), partition_of(members["subject"], 2)
    publish(founded, [data], topic=topic, partition=number, headers=headers)
    with deciding(home_of(founded, tmp_path)):
        (entry,) = decided(reader, 1)
    assert [event.tag for event in entry.events] == ["customer.registered.v1"]


def test_a_message_that_came_before_gets_no_entry_and_hears_the_first_answer(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    first, last = day.registration("n1"), day.payment("n1")
    publish(founded, [first, first])
    with deciding(home_of(founded, tmp_path)):
        decided(reader, 1)
        publish(founded, [first, last])
        entries = decided(reader, 2)
        until(lambda: len(records_of(founded, founded.outcomes)) >= 2, "two outcomes")
    assert ids(entries) == [(day.customer("n1"), "n1-register"), (day.customer("n1"), "n1-p1")]
    for outcome in records_of(founded, founded.outcomes):
        assert outcome.key == COUNTER_APP.encode()
        told = json.loads(outcome.value or b"")
        assert told["outcome"] == "repeated"
        assert told["entry"] == {"partition": entries[0].partition, "position": 2}


def test_other_content_under_an_id_is_refused(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    other = day.registration("n1", contact_phone="13900139000")
    publish(founded, [day.registration("n1"), other])
    with deciding(home_of(founded, tmp_path)):
        entries = decided(reader, 2)
    assert [each.refusal.rule if each.refusal else None for each in entries] == [None, "ENV-01"]


# Partitions


def test_a_message_whose_owner_lives_elsewhere_is_sent_on_unchanged(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    topic = founded.interactions(COUNTER_APP)
    (name,) = of_partition(1)
    producer = founded.producer()
    value, headers = day.registration(name), [("trace", b"\x01")]
    producer.send(topic, 0, value, key=b"any key", headers=headers)
    producer.close()
    with deciding(home_of(founded, tmp_path)):
        (entry,) = decided(reader, 1)
    assert entry.partition == 1
    there = records_of(founded, topic)[-1]
    assert (there.partition, there.key, list(there.headers)) == (1, b"any key", headers)
    assert there.value == value


def test_messages_in_the_wrong_partitions_are_all_decided_in_order(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    names = [f"m{n}" for n in range(30)]
    messages = [m for name in names for m in (day.registration(name), day.payment(name))]
    publish(founded, messages, topic=founded.interactions(COUNTER_APP), partition=0)
    with deciding(home_of(founded, tmp_path)):
        entries = decided(reader, len(messages))
    assert all(
        each.partition == partition_of(each.interaction.subject, 2)
        for each in entries
        if each.interaction
    )
    assert sorted(ids(entries)) == sorted(
        (day.customer(name), f"{name}-{what}") for name in names for what in ("p1", "register")
    )
    for name in names:
        mine = [message_id for owner, message_id in ids(entries) if owner == day.customer(name)]
        assert mine == [f"{name}-register", f"{name}-p1"]


# What cannot be read

JUNK = [
    pytest.param(b"{", [], "malformed", id="no JSON"),
    pytest.param(b"", [], "malformed", id="empty"),
    pytest.param(None, [], "malformed", id="null"),
    pytest.param(b"\xff\x00" * 50, [], "malformed", id="no text"),
    pytest.param(b"[" * 20_000, [], "malformed", id="a depth bomb"),
    pytest.param(b"x" * 990_000, [], "too_large", id="oversize"),
    pytest.param(day.registration("n1"), [("x", b"")] * 10_000, "malformed", id="10,000 headers"),
    pytest.param(b"{}", [("ce_id", b"\xff")], "malformed", id="an attribute that is no text"),
    pytest.param(day.registration("n1", nickname="x"), [], "malformed", id="an unknown member"),
]


@pytest.mark.parametrize(("value", "headers", "kind"), JUNK)
def test_a_message_that_cannot_be_read_has_one_entry_and_lies_in_quarantine(
    founded: Cluster,
    reader: Reader,
    tmp_path: Path,
    value: bytes | None,
    headers: Headers,
    kind: str,
) -> None:
    topic = founded.interactions(COUNTER_APP)
    (name,) = of_partition(1)
    home = home_of(founded, tmp_path)
    producer = founded.producer()
    producer.send(topic, 1, value, key=b"k", headers=headers)
    producer.close()
    publish(founded, [day.registration(name)])
    with deciding(home):
        unread, read = decided(reader, 2)
    with deciding(home):
        publish(founded, [day.payment(name)])
        assert len(decided(reader, 3)) == 3
    assert read.interaction is not None
    found = unread.unread
    assert found is not None
    assert (unread.interaction, unread.events, unread.refusal) == (None, (), None)
    assert (found.topic, found.offset, found.kind) == (topic, 0, kind)
    vault = SharedVault(founded, home.vault, home.vault_key)
    assert found.digest == vault.digest_of_unread(value or b"")
    vault.close()
    (kept,) = records_of(founded, founded.quarantine)
    assert (kept.partition, kept.key) == (1, None)
    assert kept.value == (value or b"")[:900_000]
    assert dict(kept.headers) == {
        "topic": topic.encode(),
        "offset": b"0",
        "kind": kind.encode(),
    }


def test_the_reason_says_nothing_that_the_sender_chose(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    secret = "13800138000"
    publish(founded, [day.registration("n1", notice_version=secret * 40)])
    with deciding(home_of(founded, tmp_path)):
        (entry,) = decided(reader, 1)
    assert entry.unread is not None
    assert secret.encode() not in encode(entry)


def test_a_source_is_not_heard_in_the_topic_of_another(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    forged = day.registration("n1").replace(b'"counter-app"', b'"ledger-reactor"')
    number = partition_of(day.customer("n1"), 2)
    publish(founded, [day.registration("n1")], topic=founded.interactions("rating-pad"))
    publish(founded, [forged], topic=founded.interactions(COUNTER_APP), partition=number)
    with deciding(home_of(founded, tmp_path)):
        entries = decided(reader, 2)
    assert [each.unread.kind for each in entries if each.unread] == ["forbidden", "forbidden"]


# The reactor's topic


def follow_on(**changed: object) -> bytes:
    """A visit that lapses, as the reactor would send it."""
    members = json.loads(day.at_hall("lapse", "v1", day.MORNING))
    members |= {"source": "ledger-reactor", "actor": "system:clock", "data": {}}
    for name in ("specversion", "counter"):
        members.pop(name)
    return json.dumps({**members, "cause": "counter-app:v1-arrive:1", **changed}).encode()


def test_what_the_reactor_sends_is_decided_with_its_cause(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    number = partition_of(day.HALL, 2)
    publish(founded, [follow_on()], topic=founded.interactions("ledger-reactor"), partition=number)
    with deciding(home_of(founded, tmp_path)):
        (entry,) = decided(reader, 1)
    assert entry.interaction is not None
    assert entry.interaction.cause == "counter-app:v1-arrive:1"
    assert entry.refusal is not None
    assert entry.intake is not None
    assert entry.intake.via == "reactor"


def test_what_only_looks_like_the_reactors_cannot_be_read(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    forged = [
        b"{",
        b"[" * 20_000,
        follow_on(source=COUNTER_APP),
        follow_on(subject="reference/99999"),
        follow_on(subject="reference/x"),
        follow_on(type="visit.unheard_of.v1"),
        follow_on(data={"unknown": 1}),
        follow_on(data=None),
        follow_on(subject=day.customer("n1")),
    ]
    topic = founded.interactions("ledger-reactor")
    publish(founded, forged, topic=topic, partition=partition_of(day.HALL, 2))
    with deciding(home_of(founded, tmp_path)):
        entries = decided(reader, len(forged))
    assert all(each.unread and each.unread.topic == topic for each in entries)


# What is lost comes again


def test_index_and_copy_can_be_deleted(founded: Cluster, reader: Reader, tmp_path: Path) -> None:
    home = home_of(founded, tmp_path)
    publish(founded, [b"{"], topic=founded.interactions(COUNTER_APP), partition=0)
    publish(founded, DAY[:50])
    with deciding(home):
        before = decided(reader, 51)
    remove(home.index)
    remove(home.copy)
    publish(founded, [*DAY[:50], *DAY[50:60]])
    with deciding(home):
        entries = decided(reader, 61)
    assert [each for each in entries if each in before] == before
    assert len(set(ids(entries))) == 60


# Two at once


@pytest.mark.parametrize("yields", [False, True], ids=["never yielding", "yielding"])
def test_two_who_decide_the_same_partitions_make_one_entry_of_each_message(
    founded: Cluster,
    reader: Reader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    yields: bool,
) -> None:
    if not yields:
        monkeypatch.setattr(decider, "YIELD_AT_MOST_SECONDS", 0.0)
    # Their keys are made first: a race for a key is lost before anything is written to the log.
    names = [f"r{n}" for n in range(20)]
    registrations = [day.registration(name) for name in names]
    payments = [day.payment(name, f"p{n}") for n in range(40) for name in names]
    homes = [home_of(founded, tmp_path, "a"), home_of(founded, tmp_path, "b")]
    with deciding(homes[0], "one"), deciding(homes[1], "another"):
        publish(founded, registrations)
        decided(reader, 20)
        # In a pause the one that yields comes back, and they meet anew: without any it stays away.
        at_once = 800 if yields else 40
        for begin in range(0, 800, at_once):
            publish(founded, payments[begin : begin + at_once])
        entries = decided(reader, 820)
    assert len(entries) == 820
    assert set(Counter(ids(entries)).values()) == {1}
    if yields:
        assert reader.voids() < 200
    else:
        assert reader.voids() > 0, "they never met"
    copies = [KafkaLog(founded, home.copy) for home in homes]
    assert copies[0].heads() == copies[1].heads()
    assert copies[0].ends() == reader.ends()
    for copy in copies:
        copy.close()


def test_a_partition_is_handed_over_cleanly(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    messages = [day.registration(f"h{n}") for n in range(300)]
    random.Random(5).shuffle(messages)
    with deciding(home_of(founded, tmp_path, "a")) as first:
        publish(founded, messages[:100])
        decided(reader, 100)
        with deciding(home_of(founded, tmp_path, "b")):
            publish(founded, messages[100:200])
            decided(reader, 200)
            first.stop()
            publish(founded, messages[200:])
            entries = decided(reader, 300)
    assert len(entries) == 300
    assert set(Counter(ids(entries)).values()) == {1}
    assert reader.voids() == 0


# Stopping


def test_told_to_stop_it_ends_within_seconds(
    founded: Cluster, reader: Reader, tmp_path: Path
) -> None:
    home = home_of(founded, tmp_path)
    with started("decider", founded, home) as process:
        publish(founded, DAY)
        decided(reader, len(DAY))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said == b"ledger: the decider runs until SIGTERM or Ctrl-C\n"


def test_an_entry_of_a_future_format_stops_it_at_its_position(
    founded: Cluster, tmp_path: Path
) -> None:
    log = KafkaLog(founded, tmp_path / "copy.sqlite")
    record = log.record(1, 1)
    assert record is not None
    log.close()
    future = msgspec.structs.replace(
        decode(record), v=2, position=2, prev=leaf_hash(record), founding=None
    )
    producer = founded.producer()
    producer.send(founded.log, 1, encode(future))
    producer.close()
    with (
        pytest.raises(FutureFormatError, match="partition 1 position 2 has entry format 2"),
        deciding(home_of(founded, tmp_path)) as running,
    ):
        until(lambda: not running.alive, "its end")


def test_it_is_for_a_ledger_on_kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDGER_LOG")
    with pytest.raises(LedgerError, match="LEDGER_LOG"):
        decider.run(Home(tmp_path), Event())
