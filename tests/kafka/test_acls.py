"""Who may write what, on a broker that checks: a source its own topic, deciders the log."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from consumers.kafka.founding import grant, init
from ledger import founding
from ledger.entry import LedgerError
from ledger.logs import topics
from ledger.logs.acls import acls_of, who_may
from ledger.logs.administration import Administration, Grant
from ledger.logs.cluster import Cluster, KafkaError, NoAnswer
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home
from ledger.shared_vault import SharedVault
from replay.doctor import Diagnosis, examine_cluster
from tests.kafka.broker import Broker

FACTS = msgspec.structs.replace(founding.sample(), partitions=2)
SOURCE, OTHER = FACTS.sources[0].name, FACTS.sources[1].name
USERS = ("admin", "decider", "reactor", "projector", "publisher", "door", SOURCE, OTHER, "mallory")
_USERS = " ".join(f'user_{name}="{name}-word"' for name in USERS)
CHECKING = f"""
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="admin" password="admin-word" {_USERS};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
"""

As = Callable[[str], None]


@pytest.fixture(scope="module")
def checking(tmp_path_factory: pytest.TempPathFactory, brokers: str) -> Iterator[str]:
    """A broker that asks who it is, and checks what they may."""
    # The shared one says where none can be had.
    assert brokers
    with pytest.MonkeyPatch.context() as patch:
        become(patch, "admin")
        broker = Broker(tmp_path_factory.mktemp("checking"), more=CHECKING)
        broker.start()
    yield broker.address
    broker.kill()


def become(patch: pytest.MonkeyPatch, name: str) -> None:
    patch.setenv("LEDGER_KAFKA_USER", name)
    patch.setenv("LEDGER_KAFKA_PASSWORD", f"{name}-word")
    patch.setenv("LEDGER_KAFKA_SASL", "PLAIN")


@pytest.fixture
def as_(monkeypatch: pytest.MonkeyPatch) -> As:
    """Clients that are made from now on are this principal's; at first the administrator's."""
    become(monkeypatch, "admin")
    return lambda name: become(monkeypatch, name)


@pytest.fixture
def guarded(checking: str, as_: As, tmp_path: Path) -> Cluster:
    """A ledger with its grants."""
    as_("admin")
    cluster = Cluster.at(f"kafka://{checking}/a{tmp_path.parent.name[-4:]}{tmp_path.name[-24:]}")
    init(Home(tmp_path / "home"), cluster, FACTS, 1, with_acls=True)
    return cluster


def may_write(cluster: Cluster, topic: str) -> bool:
    producer = cluster.producer()
    try:
        future = producer.send(topic, 0, b"{}", key=b"x")
        producer.flush()
        future.get(timeout=0)
    except KafkaError:
        return False
    finally:
        producer.close()
    return True


def wrong(found: Diagnosis) -> set[tuple[str, str, str]]:
    """What is not well, but for the one broker and the decider that does not run."""
    return {
        (each.severity, each.check, about)
        for each in found.findings
        if each.severity != "ok" and each.check not in {"replication", "owner"}
        for about in each.about
    }


def test_each_may_write_what_is_its_own_and_nothing_else(guarded: Cluster, as_: As) -> None:
    own, others = guarded.interactions(SOURCE), guarded.interactions(OTHER)
    reactors = guarded.interactions(topics.REACTOR)
    everything = [guarded.log, guarded.keys, guarded.events, own, others, reactors]
    for name, allowed in (
        (SOURCE, {own}),
        ("reactor", {reactors, guarded.keys}),
        ("projector", set[str]()),
        ("publisher", {guarded.events}),
        ("door", {own, others}),
        ("decider", {guarded.log, guarded.keys, own, others, reactors}),
        ("mallory", set[str]()),
    ):
        as_(name)
        assert {topic for topic in everything if may_write(guarded, topic)} == allowed, name


def test_each_may_read_what_it_needs(guarded: Cluster, as_: As, tmp_path: Path) -> None:
    for name in ("decider", "reactor", "projector", "publisher", "door"):
        as_(name)
        log = KafkaLog(guarded, tmp_path / f"{name}.sqlite")
        assert log.ends() == {0: 1, 1: 1}
        log.close()
    as_(SOURCE)
    with pytest.raises(LedgerError):
        KafkaLog(guarded, tmp_path / "source.sqlite")
    as_("decider")
    home = Home(tmp_path / "home")
    vault = SharedVault(guarded, home.vault, home.vault_key)
    assert vault.key_for("customer/x").id == "customer/x#1"
    vault.flush()
    vault.close()


def test_a_decider_may_join_its_group_and_a_source_may_not(guarded: Cluster, as_: As) -> None:
    topic = guarded.interactions(SOURCE)
    as_("decider")
    group = guarded.group("deciders")
    group.subscribe([topic], lambda places: dict.fromkeys(places, 0), lambda _: None)
    for _ in range(30):
        group.poll(0.2, 10)
        if group.assignment():
            break
    assert group.assignment() == {(topic, 0), (topic, 1)}
    group.close()
    as_(SOURCE)
    group = guarded.group("deciders")
    group.subscribe([guarded.outcomes], lambda places: dict.fromkeys(places, 0), lambda _: None)
    with pytest.raises(NoAnswer, match="Error 30"):
        group.poll(5, 10)
    group.close()


def test_the_doctor_is_content_with_these_grants(guarded: Cluster, as_: As, tmp_path: Path) -> None:
    as_("admin")
    found = examine_cluster(guarded, Home(tmp_path / "home"))
    assert wrong(found) == set()
    assert "who may write" in {each.check for each in found.findings}


def test_the_doctor_tells_of_whoever_else_may_write(
    guarded: Cluster, as_: As, tmp_path: Path
) -> None:
    as_("admin")
    own = guarded.interactions(SOURCE)
    with Administration(guarded) as made:
        made.grant(
            [
                Grant("User:*", "write", "topic", guarded.log),
                Grant("User:mallory", "all", "topic", f"{guarded.prefix}.inter", is_prefix=True),
            ]
        )
    found = examine_cluster(guarded, Home(tmp_path / "home"))
    assert not found.good
    assert {("problem", "who may write", guarded.log), ("problem", "who may write", own)} <= wrong(
        found
    )
    [finding] = [each for each in found.findings if guarded.log in each.about and not_ok(each)]
    assert "everybody" in finding.sentence
    assert ("warning", "who may delete or alter", own) in wrong(found)


def not_ok(finding: object) -> bool:
    return getattr(finding, "severity", "") == "problem" and getattr(finding, "check", "") == (
        "who may write"
    )


def test_grants_can_be_made_later_and_twice(checking: str, as_: As, tmp_path: Path) -> None:
    as_("admin")
    cluster = Cluster.at(f"kafka://{checking}/later")
    home = Home(tmp_path / "home")
    init(home, cluster, FACTS, 1)
    assert {each[0] for each in wrong(examine_cluster(cluster, home))} == {"warning"}
    for _ in range(2):
        init(home, cluster, FACTS, 1, with_acls=True)
    assert wrong(examine_cluster(cluster, home)) == set()


def test_without_a_name_nobody_is_granted_anything(founded: Cluster) -> None:
    with pytest.raises(LedgerError, match="without SASL"):
        grant(founded, FACTS)


def test_brokers_that_check_nothing_grant_nothing(founded: Cluster) -> None:
    with Administration(founded) as asked:
        assert asked.grants() is None
        with pytest.raises(LedgerError, match="no authorizer"):
            asked.grant(acls_of(founded, FACTS))


def test_a_source_may_not_have_the_name_of_a_process() -> None:
    source = msgspec.structs.replace(FACTS.sources[0], name="decider")
    facts = msgspec.structs.replace(FACTS, sources=(source,))
    with pytest.raises(LedgerError, match="the source decider has the name"):
        acls_of(Cluster(("x:1",)), facts)


def test_what_is_denied_to_all_hosts_is_off() -> None:
    log = "counter.ledger"
    grants = [
        Grant("User:decider", "write", "topic", log),
        Grant("User:mallory", "all", "topic", "counter.", is_prefix=True),
        Grant("User:mallory", "write", "topic", log, is_denied=True),
        Grant("User:reader", "read", "topic", "*"),
        Grant("User:other", "write", "topic", "counter.events"),
    ]
    assert who_may(grants, "write", log) == {"User:decider"}
    everybody = [*grants, Grant("User:*", "write", "topic", "*", is_denied=True)]
    assert who_may(everybody, "write", log) == set()
