"""Every command over a ledger on Kafka: LEDGER_LOG is all that it is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from consumers.kafka.founding import found
from ledger import founding
from ledger.entry import leaf_hash
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.consumers.day import business, customer, payment, registration
from tests.kafka.carrying import carry, recorded
from tests.kafka.working import ROOT, address, home_of, started

Ran = subprocess.CompletedProcess[str]


class Ledger:
    """The command line over a ledger on Kafka, in a home of its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.home = Home(folder)
        self._address = address(cluster)

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
        told = {"LEDGER_LOG": self._address, "LEDGER_HOME": str(self.home.folder), **environment}
        done = subprocess.run(
            [sys.executable, "-m", "ledger", *arguments],
            input=stdin,
            capture_output=True,
            timeout=90,
            env={**os.environ, **told},
        )
        said, errors = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in said + errors, errors
        return Ran(done.args, done.returncode, said, errors)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return recorded(tmp_path_factory.mktemp("commands") / "embedded")


@pytest.fixture(scope="module")
def ledger(brokers: str, embedded: Home, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A day's business on Kafka, and a home that had nothing before. Only read it."""
    cluster = Cluster.at(f"kafka://{brokers}/c{os.getpid()}")
    found(cluster, msgspec.structs.replace(founding.sample(), partitions=2))
    carry(embedded, cluster)
    return Ledger(cluster, tmp_path_factory.mktemp("commands") / "home")


def test_status_shows_the_heads_that_kafka_holds(ledger: Ledger, embedded: Home) -> None:
    told = json.loads(ledger("status", "--json").stdout)
    log = SqliteLog(embedded.log)
    expected = {n: leaf_hash(log.record(n, end) or b"") for n, end in log.ends().items()}
    assert {each["partition"]: each["hash"] for each in told["partitions"]} == expected
    log.close()


def test_sql_and_kpi_answer_from_tables_that_are_made_first(ledger: Ledger) -> None:
    done = ledger("sql", "select count(*) as n from audit_trail", "--json")
    assert json.loads(done.stdout)[0]["n"] > 20
    assert json.loads(ledger("kpi", "--json").stdout)


def test_trace_tells_of_an_owner(ledger: Ledger, embedded: Home) -> None:
    owner = next(
        json.loads(message)["subject"]
        for message in business(1)
        if json.loads(message)["subject"].startswith("customer/")
    )
    told = json.loads(ledger("trace", owner, "--json").stdout)["entries"]
    assert {each["owner"] for each in told} == {owner}
    assert not ledger.home.index.exists()


def test_verify_and_a_full_one_find_nothing(ledger: Ledger) -> None:
    for arguments in (["--json"], ["--full", "--json"]):
        done = ledger("verify", *arguments)
        assert (done.returncode, json.loads(done.stdout)["findings"]) == (0, [])


def test_rebuild_and_replay_read_the_log_on_kafka(ledger: Ledger, tmp_path: Path) -> None:
    rebuilt = json.loads(ledger("rebuild", "--json").stdout)
    then = tmp_path / "then.duckdb"
    replayed = json.loads(
        ledger("replay", "--as-of", "2027-01-01", "-o", str(then), "--json").stdout
    )
    assert rebuilt["entries"] == replayed["entries"] > 20
    assert then.exists()


def test_a_full_verification_finds_a_copy_that_is_not_what_kafka_holds(
    founded: Cluster, tmp_path: Path, embedded: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.entry import Head
    from replay.verify import _read_again  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setenv("LEDGER_LOG", address(founded))
    carry(embedded, founded)
    log = KafkaLog(founded, tmp_path / "copy.sqlite")
    heads = log.heads()
    log.close()
    assert _read_again(heads) == []
    heads[1] = Head(1, heads[1].position, "0" * 64)
    [finding] = _read_again(heads)
    assert (finding.check, finding.partition) == ("copy", 1)


def test_publish_waits_for_entries_and_counts_as_an_embedded_ledger_does(
    founded: Cluster, tmp_path: Path
) -> None:
    ledger = Ledger(founded, tmp_path / "publisher")
    lines = [registration("p1"), b"{", payment("nobody"), registration("p1")]
    with started("decider", founded, home_of(founded, tmp_path, "decider")):
        done = ledger("publish", "-", "--json", stdin=b"\n".join(lines))
        again = ledger("publish", "-", "--json", stdin=lines[0])
    assert json.loads(done.stdout) == {
        "recorded": 1,
        "refused": 1,
        "repeated": 1,
        "malformed": 1,
    }
    assert done.returncode == 1
    assert "line 2: malformed" in done.stderr
    assert "line 3: ENV-02" in done.stderr
    assert json.loads(again.stdout)["repeated"] == 1
    assert customer("p1")


def test_a_file_is_recorded_in_its_order_also_across_sources(
    founded: Cluster, tmp_path: Path
) -> None:
    visit = (ROOT / "docs" / "examples" / "visit.ndjson").read_bytes()
    with started("decider", founded, home_of(founded, tmp_path, "decider")):
        done = Ledger(founded, tmp_path / "publisher")("publish", "-", "--json", stdin=visit)
    assert json.loads(done.stdout) == {
        "recorded": 14,
        "refused": 1,
        "repeated": 0,
        "malformed": 0,
    }


def test_where_no_ledger_stands_one_sentence_says_so(cluster: Cluster, tmp_path: Path) -> None:
    ledger = Ledger(cluster, tmp_path / "home")
    for arguments in (["status"], ["publish", "-"], ["run", "projector"]):
        done = ledger(*arguments)
        assert done.returncode == 3
        assert f"there is no ledger at {cluster.log}" in done.stderr


def test_a_home_of_kafka_without_ledger_log_says_so_and_gets_no_second_ledger(
    tmp_path: Path,
) -> None:
    ledger = Ledger(Cluster.at("kafka://127.0.0.1:1"), tmp_path / "home")
    ledger.home.folder.mkdir()
    ledger.home.copy.touch()
    commands = (["status"], ["doctor"], ["serve", "--port", "0"], ["publish", "-"])
    for arguments in (*commands, ["init", "--sample"], ["run", "projector"]):
        done = ledger(*arguments, LEDGER_LOG="")
        assert done.returncode == 3, arguments
        sentence = f"{ledger.home.folder} belongs to a ledger on Kafka: set LEDGER_LOG"
        assert sentence in done.stderr, arguments
        assert not ledger.home.founded


def test_status_tells_who_uses_this_home_and_nothing_of_other_writers(
    ledger: Ledger, tmp_path: Path
) -> None:
    other = str(tmp_path / "other")
    assert "writes" not in (said := ledger("status", LEDGER_HOME=other).stdout)
    assert "—" in said
    lock = Home(tmp_path / "other").lock_writer()
    assert f"used by process {os.getpid()}" in ledger("status", LEDGER_HOME=other).stdout
    done = ledger("run", "publisher", LEDGER_HOME=other)
    assert f"process {os.getpid()} uses {other}; each consumer needs a home" in done.stderr
    lock.release()


def test_init_on_a_standing_ledger_says_what_it_created(founded: Cluster, tmp_path: Path) -> None:
    ledger = Ledger(founded, tmp_path / "home")
    admin = founded.admin()
    admin.delete_topics([founded.events])
    admin.close()
    said = ledger("init", "--sample").stdout
    assert "stands already: created" in said
    assert founded.events in said
    assert "Founded" not in said


def test_serve_is_for_an_embedded_ledger(ledger: Ledger) -> None:
    done = ledger("serve", "--port", "0")
    assert done.returncode == 3
    assert "ledger run projector --http" in done.stderr


@pytest.mark.parametrize("name", ["decider", "reactor", "publisher"])
def test_a_consumer_of_kafka_asks_for_ledger_log(name: str, tmp_path: Path) -> None:
    ledger = Ledger(Cluster.at("kafka://127.0.0.1:1"), tmp_path / "home")
    done = ledger("run", name, LEDGER_LOG="")
    assert done.returncode == 3
    assert "LEDGER_LOG names none" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["decider", "--partitions", "0"], "are the projector's"),
        (["projector", "--partitions", "0", "--http", "127.0.0.1:0"], "leave --partitions out"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    options: list[str], said: str, ledger: Ledger
) -> None:
    done = ledger("run", *options)
    assert done.returncode == 3
    assert said in done.stderr


@pytest.mark.parametrize("options", [["--partitions", "one"], ["--http", "8080"]])
def test_options_that_cannot_be_read_are_wrong_usage(options: list[str], ledger: Ledger) -> None:
    assert ledger("run", "projector", *options).returncode == 2


def test_init_with_if_none_leaves_a_ledger_that_stands_as_it_is(
    ledger: Ledger, tmp_path: Path
) -> None:
    done = ledger("init", "--sample", "--if-none", LEDGER_HOME=str(tmp_path / "key"))
    assert (done.returncode, done.stdout) == (0, "A ledger stands there already.\n")
    assert not (tmp_path / "key" / "vault.key").exists()
