"""The doctor: content with what `init` makes, and one sentence for each thing that is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from consumers.embedded import Embedded
from consumers.embedded import found as found_embedded
from consumers.kafka import outcomes
from consumers.kafka.founding import init
from ledger import founding
from ledger.entry import Unread, decode, encode
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.settings import Home
from ledger.vault import write_key
from replay.doctor import Diagnosis, examine_cluster, examine_embedded
from replay.doctor_findings import Finding, merged
from tests.consumers import day
from tests.kafka.working import address, deciding, records_of, until
from tests.kafka.working import publish as publish_messages

ROOT = Path(__file__).parent.parent.parent
VISIT = ROOT / "docs" / "examples" / "visit.ndjson"
FACTS = msgspec.structs.replace(founding.sample(), partitions=2)
SOURCE = "counter-app"


@pytest.fixture
def home(cluster: Cluster, tmp_path: Path) -> Home:
    """Of a ledger with two partitions that nobody decides yet."""
    home = Home(tmp_path / "home")
    init(home, cluster, FACTS, 1)
    return home


def wrong(found: Diagnosis) -> set[tuple[str, str, str]]:
    """Severity, check and thing of what is not well; less what one broker without ACLs is told."""
    expected = {"replication", "ACLs", "owner"}
    return {
        (each.severity, each.check, about)
        for each in found.findings
        if each.severity != "ok" and each.check not in expected
        for about in each.about
    }


def set_topic(cluster: Cluster, topic: str, **settings: str) -> None:
    admin = cluster.admin()
    changed = {name.replace("_", "."): value for name, value in settings.items()}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=changed)])
    admin.close()


def send(cluster: Cluster, topic: str, partition: int, *values: bytes) -> None:
    producer = cluster.producer()
    for value in values:
        producer.send(topic, partition, value)
    producer.flush()
    producer.close()


def publish(cluster: Cluster, *headers: tuple[str, bytes]) -> None:
    """An outcome of partition 0."""
    producer = cluster.producer()
    producer.send(cluster.outcomes, 0, b"{}", headers=headers)
    producer.flush()
    producer.close()


def append(cluster: Cluster, copy: Path, partition: int, **members: Any) -> None:
    """An entry that follows the partition's newest."""
    log = KafkaLog(cluster, copy)
    head = log.heads()[partition]
    record = log.record(partition, head.position) or b""
    entry = msgspec.structs.replace(
        decode(record), position=head.position + 1, prev=head.hash, founding=None, **members
    )
    log.append([(partition, entry.position, encode(entry))])
    log.close()


def test_what_init_made_is_well_but_for_the_one_broker(cluster: Cluster, home: Home) -> None:
    found = examine_cluster(cluster, home)
    assert found.good
    assert wrong(found) == set()
    said = {each.check: each for each in found.findings if each.severity == "warning"}
    assert set(said) == {"replication", "ACLs", "owner"}
    assert "anybody who reaches the brokers may write" in said["ACLs"].sentence.lower()
    assert "does not fsync" in said["replication"].sentence
    log = KafkaLog(cluster, home.copy)
    assert [(each.position, each.hash) for each in found.partitions] == [
        (1, log.heads()[n].hash) for n in (0, 1)
    ]
    log.close()


@pytest.mark.parametrize(
    ("topic", "setting", "value", "severity"),
    [
        ("log", "cleanup_policy", "compact", "problem"),
        ("log", "retention_ms", "604800000", "problem"),
        ("log", "retention_bytes", "1000000000", "problem"),
        ("log", "max_message_bytes", "50000", "problem"),
        ("log", "unclean_leader_election_enable", "true", "problem"),
        ("log", "min_insync_replicas", "2", "problem"),
        ("keys", "cleanup_policy", "delete", "problem"),
        ("keys", "max_compaction_lag_ms", "604800000", "warning"),
        ("quarantine", "retention_ms", "-1", "problem"),
        ("outcomes", "retention_ms", "-1", "warning"),
        ("events", "retention_ms", "86400000", "warning"),
    ],
)
def test_a_setting_that_does_not_hold_what_is_needed_is_named(
    cluster: Cluster, home: Home, topic: str, setting: str, value: str, severity: str
) -> None:
    name = getattr(cluster, topic)
    set_topic(cluster, name, **{setting: value})
    found = examine_cluster(cluster, home)
    check = setting.replace("_", ".")
    # Where two must be in step, one alone is another problem.
    rest = {("problem", "replicas in step", name)}
    assert wrong(found) - rest == {(severity, check, name)}
    assert found.good == (severity != "problem")


def test_a_missing_topic_and_one_with_other_partitions_are_problems(
    cluster: Cluster, home: Home
) -> None:
    from kafka.admin import NewPartitions

    admin = cluster.admin()
    admin.delete_topics([cluster.events])
    admin.create_partitions({cluster.interactions(SOURCE): NewPartitions(5)})
    admin.close()
    found = examine_cluster(cluster, home)
    assert wrong(found) == {
        ("problem", "topic", cluster.events),
        ("problem", "partitions", cluster.interactions(SOURCE)),
    }
    # Looked at again it is still missing: the doctor makes nothing.
    assert ("problem", "topic", cluster.events) in wrong(examine_cluster(cluster, home))


def test_void_records_are_told_by_cause_and_foreign_ones_are_a_warning(
    cluster: Cluster, home: Home, tmp_path: Path
) -> None:
    append(cluster, tmp_path / "a.sqlite", 0, policy="x")
    log = KafkaLog(cluster, tmp_path / "a.sqlite")
    newest = log.record(0, 2) or b""
    log.close()
    send(cluster, cluster.log, 0, newest, b"{")
    send(cluster, cluster.log, 1, newest)
    found = examine_cluster(cluster, home)
    assert [(v.partition, v.cause, v.count, v.newest_offset) for v in found.voids] == [
        (0, "duplicate", 1, 2),
        (0, "malformed", 1, 3),
        (1, "foreign", 1, 1),
    ]
    assert wrong(found) == {
        ("warning", "void records", "partition 0"),
        ("warning", "void records", "partition 1"),
    }


def test_messages_that_wait_are_counted_by_source_and_partition(
    cluster: Cluster, home: Home, tmp_path: Path
) -> None:
    topic = cluster.interactions(SOURCE)
    send(cluster, topic, 1, *[b"{}"] * 5)
    append(
        cluster,
        tmp_path / "a.sqlite",
        1,
        unread=Unread(topic=topic, offset=2, digest="0", kind="malformed", reason="nothing"),
    )
    found = examine_cluster(cluster, home)
    assert [
        (each.topic, each.partition, each.waiting) for each in found.intakes if each.waiting != 0
    ] == [(topic, 1, 2)]


def test_messages_that_were_sent_on_or_came_again_do_not_wait(
    cluster: Cluster, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(cluster))
    name = next(f"p{n}" for n in range(99) if partition_of(day.customer(f"p{n}"), 2) == 1)
    message = day.registration(name)
    publish_messages(cluster, [message, message])
    publish_messages(cluster, [message], topic=cluster.interactions(SOURCE), partition=0)
    with deciding(home):
        until(lambda: len(records_of(cluster, cluster.outcomes)) == 2, "the answers to repeats")
    found = examine_cluster(cluster, Home(tmp_path / "another"))
    assert [each.waiting for each in found.intakes if each.end] == [0, 0]


def test_what_older_deciders_cannot_read_of_the_reactor_is_a_warning(
    cluster: Cluster, home: Home, tmp_path: Path
) -> None:
    topic = cluster.interactions("ledger-reactor")
    send(cluster, topic, 1, b"{}")
    unread = Unread(topic=topic, offset=0, digest="0", kind="malformed", reason="nothing")
    append(cluster, tmp_path / "a.sqlite", 1, unread=unread)
    found = examine_cluster(cluster, home)
    assert wrong(found) == {("warning", "follow-ons", f"{topic} 1")}


def test_messages_that_went_before_they_were_read_are_a_problem(
    cluster: Cluster, home: Home
) -> None:
    from kafka.structs import TopicPartition

    topic = cluster.interactions(SOURCE)
    send(cluster, topic, 0, *[b"{}"] * 5)
    admin = cluster.admin()
    admin.delete_records({TopicPartition(topic, 0): 3})
    admin.close()
    found = examine_cluster(cluster, home)
    assert wrong(found) == {("problem", "intake", f"{topic} 0")}
    assert [(each.waiting, each.lost) for each in found.intakes if each.lost] == [(2, 3)]


def test_what_was_not_published_yet_is_counted(
    cluster: Cluster, home: Home, tmp_path: Path
) -> None:
    for offset in range(3):
        append(
            cluster,
            tmp_path / "a.sqlite",
            0,
            unread=Unread(topic="t", offset=offset, digest="0", kind="malformed", reason="no"),
        )
    publish(cluster, (outcomes.PARTITION, b"0"), (outcomes.POSITION, b"3"))
    # What is told again says nothing of how far the publisher is.
    again = (outcomes.REPEATED, b"1")
    publish(cluster, (outcomes.PARTITION, b"0"), (outcomes.POSITION, b"4"), again)
    found = examine_cluster(cluster, home)
    assert [each.unpublished for each in found.partitions] == [1, 0]


def test_the_owner_of_each_partition_is_named(cluster: Cluster, home: Home) -> None:
    group = cluster.group("deciders")
    group.subscribe(
        [cluster.interactions(SOURCE)], lambda places: dict.fromkeys(places, 0), lambda _: None
    )
    for _ in range(20):
        group.poll(0.2, 10)
        if len(group.assignment()) == 2:
            break
    found = examine_cluster(cluster, home)
    assert all((each.owner or "").endswith("127.0.0.1") for each in found.partitions)
    assert "owner" not in {each.check for each in found.findings if each.severity != "ok"}
    group.close()


def test_another_ledgers_key_file_is_a_problem(cluster: Cluster, home: Home) -> None:
    home.vault_key.unlink()
    write_key(home.vault_key)
    found = examine_cluster(cluster, home)
    assert wrong(found) == {("problem", "key of the vault", str(home.vault_key))}


def test_messages_that_wait_where_nobody_decides_are_a_problem(
    cluster: Cluster, home: Home
) -> None:
    send(cluster, cluster.interactions(SOURCE), 1, b"{}")
    found = examine_cluster(cluster, home)
    said = {
        about: each.severity
        for each in found.findings
        if each.check == "owner"
        for about in each.about
    }
    assert said == {"partition 0": "warning", "partition 1": "problem"}
    assert not found.good


def test_history_that_was_replaced_is_a_problem_and_no_end_of_the_examination(
    cluster: Cluster, home: Home, tmp_path: Path
) -> None:
    append(cluster, home.copy, 0, policy="x")
    copy = KafkaLog(cluster, home.copy)
    copy._connection.executescript(  # pyright: ignore[reportPrivateUsage]
        "drop trigger entry_0_is_not_changed;"
        " update entry_0 set record = record || ' ' where position = 2;"
    )
    copy.close()
    found = examine_cluster(cluster, home)
    assert ("problem", "log", cluster.log) in wrong(found)


def test_topics_without_a_founding_are_told_to_be_founded(cluster: Cluster, tmp_path: Path) -> None:
    found = examine_cluster(cluster, Home(tmp_path / "home"))
    assert wrong(found) == {("problem", "ledger", cluster.log)}
    admin = cluster.admin()
    assert not [name for name in admin.list_topics() if str(name).startswith(cluster.prefix)]
    admin.close()


def test_a_home_that_another_process_writes_is_examined_as_it_is(
    cluster: Cluster, home: Home
) -> None:
    log = KafkaLog(cluster, home.copy)
    lock = home.lock_writer()
    try:
        found = examine_cluster(cluster, home)
    finally:
        lock.release()
        log.close()
    assert [each.position for each in found.partitions] == [1, 1]


def test_an_embedded_ledger_is_told_what_applies(tmp_path: Path) -> None:
    home = found_embedded(tmp_path / "home", FACTS)
    with Embedded(home.folder) as ledger:
        ledger.publish(VISIT.read_bytes().splitlines())
    found = examine_embedded(home)
    assert found.good
    assert {each.check for each in found.findings} >= {"log", "vault", "topics, brokers and ACLs"}
    home.vault_key.unlink()
    assert wrong(examine_embedded(home)) == {("problem", "vault", str(home.vault))}


def test_findings_that_say_the_same_are_one_and_the_worst_come_first() -> None:
    one, other = (Finding("warning", "x", (name,), "1", "2", "Do.") for name in "ab")
    bad = Finding("problem", "x", ("c",), "1", "2", "Do.")
    together = Finding("warning", "x", ("a", "b"), "1", "2", "Do.")
    assert merged([one, other, bad]) == [bad, together]


def test_the_command_says_it_to_people_and_to_programs(cluster: Cluster, home: Home) -> None:
    address = f"kafka://{','.join(cluster.servers)}/{cluster.prefix}"

    def doctor(*arguments: str, log: str = address) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ledger", "doctor", "--home", str(home.folder), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "LEDGER_LOG": log},
            check=False,
        )

    well = doctor()
    assert well.returncode == 0, well.stderr
    assert "0 problems" in well.stdout
    set_topic(cluster, cluster.log, retention_ms="1000")
    ill = doctor("--json")
    assert ill.returncode == 1
    assert json.loads(ill.stdout)["findings"][0]["check"] == "retention.ms"
    gone = doctor(log="kafka://127.0.0.1:1")
    assert gone.returncode == 3
    assert "no broker answers" in gone.stderr
    assert len(gone.stderr.strip().splitlines()) == 1
