"""Founding on Kafka: cut off anywhere or done twice at once, there is one ledger or none."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.kafka import founding as on_kafka
from consumers.kafka.founding import found, init
from ledger import founding
from ledger.entry import LedgerError, decode
from ledger.facts import Founding
from ledger.logs import topics
from ledger.logs.administration import Administration
from ledger.logs.cluster import Cluster, Producer
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home
from ledger.shared_vault import SharedVault

FACTS = msgspec.structs.replace(founding.sample(), partitions=3)
OTHER = msgspec.structs.replace(FACTS, origin="example.com/other")


class Cut(Exception):  # noqa: N818 (stands for a kill)
    pass


def first_records(cluster: Cluster, copy: Path) -> list[bytes | None]:
    log = KafkaLog(cluster, copy)
    try:
        return [log.record(n, 1) for n in range(FACTS.partitions)]
    finally:
        log.close()


def cut_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, step: int, when: str) -> None:
    """The call numbered `step`, from 0, is cut off before or after it did its work."""
    calls = 0
    work = getattr(owner, name)

    def cut(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == step + 1 and when == "before":
            raise Cut
        done = work(*arguments, **named)
        if calls == step + 1:
            if isinstance(arguments[0], Producer):
                arguments[0].flush()
            raise Cut
        return done

    monkeypatch.setattr(owner, name, cut)


def test_what_init_makes_can_be_opened(cluster: Cluster, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert init(home, cluster, FACTS, 1) == FACTS
    assert first_records(cluster, home.copy) == founding.records(FACTS)
    SharedVault(cluster, home.vault, home.vault_key).close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", range(FACTS.partitions))
def test_a_founding_cut_off_at_any_record_is_finished_by_the_next(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, when: str
) -> None:
    with monkeypatch.context() as patch:
        cut_at(patch, Producer, "send", step, when)
        with pytest.raises(Cut):
            found(cluster, FACTS)
    if step == FACTS.partitions - 1 and when == "after":
        with pytest.raises(LedgerError, match="holds a ledger already"):
            found(cluster, OTHER)
        told = FACTS
    else:
        told = found(cluster, OTHER)
    assert told == (OTHER if (step, when) == (0, "before") else FACTS)
    assert first_records(cluster, tmp_path / "copy.sqlite") == founding.records(told)


@pytest.mark.parametrize("step", ["topics", "vault"])
def test_an_init_cut_off_before_the_founding_leaves_no_ledger_and_is_repeated(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    home = Home(tmp_path / "home")
    with monkeypatch.context() as patch:
        owner = topics if step == "topics" else SharedVault
        cut_at(patch, owner, "create", 0, "after")
        with pytest.raises(Cut):
            init(home, cluster, FACTS, 1)
    assert on_kafka.standing_facts(cluster) is None
    assert init(home, cluster, OTHER, 1) == OTHER


def test_a_whole_ledger_is_not_founded_again(cluster: Cluster, tmp_path: Path) -> None:
    init(Home(tmp_path / "a"), cluster, FACTS, 1)
    with pytest.raises(LedgerError, match="holds a ledger already"):
        init(Home(tmp_path / "b"), cluster, OTHER, 1)
    assert not Home(tmp_path / "b").vault_key.exists()


def test_two_at_once_make_one_ledger(cluster: Cluster, tmp_path: Path) -> None:
    def attempt(facts: Founding) -> Founding | str:
        try:
            return found(cluster, facts)
        except LedgerError as error:
            return str(error)

    topics.create(cluster, FACTS, 1)
    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(attempt, [FACTS, OTHER, FACTS, OTHER]))
    record = first_records(cluster, tmp_path / "copy.sqlite")[0]
    told = decode(record or b"").founding
    assert told is not None
    assert told.facts in (FACTS, OTHER)
    already = f"{cluster.log} holds a ledger already"
    assert all(each in (told.facts, already) for each in ended)
    assert first_records(cluster, tmp_path / "copy.sqlite") == founding.records(told.facts)


def test_two_with_the_homes_of_two_machines_end_with_one_key(
    cluster: Cluster, tmp_path: Path
) -> None:
    def attempt(name: str) -> str:
        try:
            init(Home(tmp_path / name), cluster, FACTS, 1)
        except LedgerError as error:
            return str(error)
        return ""

    topics.create(cluster, FACTS, 1)
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(attempt, ["a", "b"]))
    good = [name for name, error in zip(["a", "b"], ended, strict=True) if not error]
    assert good, ended
    assert all("key" in error or "already" in error for error in ended if error)
    home = Home(tmp_path / good[0])
    SharedVault(cluster, home.vault, home.vault_key).close()


def test_a_topic_that_was_there_with_other_partitions_is_refused(cluster: Cluster) -> None:
    topics.create(cluster, msgspec.structs.replace(FACTS, partitions=2), 1)
    with pytest.raises(LedgerError, match="has 2 partitions, not 3"):
        found(cluster, FACTS)


def test_a_topic_that_was_lost_is_made_again(cluster: Cluster, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    init(home, cluster, FACTS, 1)
    admin = cluster.admin()
    admin.delete_topics([cluster.quarantine])
    admin.close()
    assert init(home, cluster, OTHER, 1) == FACTS
    with Administration(cluster) as asked:
        assert asked.topics([cluster.quarantine])[cluster.quarantine].partitions == 3


def test_a_topic_that_begins_with_something_else_has_no_ledger(cluster: Cluster) -> None:
    topics.create(cluster, FACTS, 1)
    producer = cluster.producer()
    producer.send(cluster.log, 0, b"{}")
    producer.send(cluster.log, 0, b"nonsense")
    producer.flush()
    producer.close()
    # What is void does not stand in the way of the founding.
    assert on_kafka.standing_facts(cluster) is None
    assert found(cluster, FACTS) == FACTS


def test_the_command_warns_of_one_broker_and_says_where_the_key_is(
    cluster: Cluster, tmp_path: Path
) -> None:
    def ledger(*arguments: str) -> subprocess.CompletedProcess[str]:
        address = f"kafka://{','.join(cluster.servers)}/{cluster.prefix}"
        return subprocess.run(
            [sys.executable, "-m", "ledger", *arguments, "--home", str(tmp_path / "home")],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": "", "LEDGER_LOG": address},
        )

    done = ledger("init", "--sample")
    assert done.returncode == 0, done.stderr
    assert "WARNING: one broker keeps each record" in done.stderr
    assert "vault.key" in done.stderr.replace("\n", "")
    assert cluster.log in done.stdout
    again = ledger("init", "--sample")
    assert again.returncode == 3
    assert "holds a ledger already" in again.stderr
    assert ledger("init", "--sample", "--replication", "3").returncode == 3
