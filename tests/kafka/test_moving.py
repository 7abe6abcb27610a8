"""Moving an embedded ledger to Kafka: bytes verbatim, from wherever it was cut off."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.embedded import Embedded, found
from consumers.kafka import moving
from consumers.kafka.founding import found as found_on_kafka
from consumers.kafka.moving import move
from ledger import founding
from ledger.entry import LedgerError, decode, encode, leaf_hash
from ledger.index import Index
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog, UnknownOutcome
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from ledger.shared_vault import SharedVault

ROOT = Path(__file__).parent.parent.parent
VISIT = ROOT / "docs" / "examples" / "visit.ndjson"
CUSTOMER = "customer/d3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An embedded ledger with a visit and its personal fields."""
    home = found(tmp_path / "home", msgspec.structs.replace(founding.sample(), partitions=2))
    with Embedded(home.folder) as ledger:
        ledger.publish(VISIT.read_bytes().splitlines())
    return home


def address_of(cluster: Cluster) -> str:
    return f"kafka://{','.join(cluster.servers)}/{cluster.prefix}"


def records(log: SqliteLog) -> dict[int, list[bytes]]:
    return {partition: log.read(partition, 0, 100_000) for partition in log.ends()}


def lengthen(home: Home, count: int) -> None:
    """Appends entries, chained and otherwise empty, to both partitions."""
    log = SqliteLog(home.log, writer=True)
    rows: list[tuple[int, int, bytes]] = []
    for partition, end in log.ends().items():
        record = log.record(partition, end) or b""
        template = msgspec.structs.replace(
            decode(record), founding=None, interaction=None, intake=None, events=(), refusal=None
        )
        for position in range(end + 1, end + 1 + count):
            entry = msgspec.structs.replace(template, position=position, prev=leaf_hash(record))
            record = encode(entry)
            rows.append((partition, position, record))
    log.append(rows)
    log.close()


def same_on_both_sides(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    here, there = SqliteLog(home.log), KafkaLog(cluster, tmp_path / "reader.sqlite")
    assert records(here) == records(there)
    assert here.ledger == there.ledger
    assert there.voids() == []
    here.close()
    there.close()


def test_a_moved_ledger_has_the_same_bytes_and_its_keys(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    moved = move(home, cluster, 1)
    same_on_both_sides(home, cluster, tmp_path)
    here = SqliteLog(home.log)
    assert moved.entries == sum(here.ends().values())
    assert moved.carried == moved.entries - 2
    assert moved.heads == {
        n: leaf_hash(here.record(n, end) or b"") for n, end in here.ends().items()
    }
    here.close()
    # A machine that has nothing but the key file opens the personal fields.
    other = Home(tmp_path / "other")
    other.folder.mkdir()
    other.vault_key.write_bytes(home.vault_key.read_bytes())
    vault = SharedVault(cluster, other.vault, other.vault_key)
    assert vault.key(f"{CUSTOMER}#1").id == f"{CUSTOMER}#1"
    vault.close()
    # Its index is that of the embedded ledger: ids, streams and heads stayed.
    there = KafkaLog(cluster, other.copy)
    index = Index(home.index, there)
    assert index.tip(0).head == there.heads()[0]
    index.close()
    there.close()


def test_a_moved_home_takes_nothing_more(home: Home, cluster: Cluster) -> None:
    move(home, cluster, 1)
    with pytest.raises(LedgerError, match=f"moved to {address_of(cluster)}"):
        Embedded(home.folder)
    # Asked again, it finds all there.
    assert move(home, cluster, 1).carried == 0


def test_a_move_goes_on_where_it_was_cut_off(
    home: Home, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen(home, 50)
    monkeypatch.setattr(moving, "ROWS_AT_ONCE", 10)
    append, calls = KafkaLog.append, 0

    def cut(log: KafkaLog, rows: Any) -> None:
        nonlocal calls
        calls += 1
        append(log, rows)
        if calls == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(KafkaLog, "append", cut)
        with pytest.raises(KeyboardInterrupt):
            move(home, cluster, 1)
    assert not home.moved.exists()
    moved = move(home, cluster, 1)
    assert moved.carried == moved.entries - 2 - 40
    same_on_both_sides(home, cluster, tmp_path)


def test_a_move_that_is_killed_goes_on_also_without_its_copy(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    lengthen(home, 5_000)
    command = [sys.executable, "-m", "ledger", "move", "--to", address_of(cluster), "--json"]
    environment = {**os.environ, "LEDGER_HOME": str(home.folder), "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    tail = cluster.tail()
    while time.monotonic() < deadline and running.poll() is None:
        if tail.partitions(cluster.log) and tail.ends(cluster.log, [0])[0] > 100:
            break
        time.sleep(0.02)
    tail.close()
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    for suffix in ("", "-wal", "-shm"):
        Path(f"{home.copy}{suffix}").unlink(missing_ok=True)
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    same_on_both_sides(home, cluster, tmp_path)


def test_brokers_that_do_not_say_what_they_wrote_are_asked_again(
    home: Home, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen(home, 30)
    monkeypatch.setattr(moving, "ROWS_AT_ONCE", 10)
    append, calls = KafkaLog.append, 0

    def unsure(log: KafkaLog, rows: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise UnknownOutcome("nothing was written")
        append(log, rows)
        if calls == 4:
            raise UnknownOutcome("all was written")

    monkeypatch.setattr(KafkaLog, "append", unsure)
    move(home, cluster, 1)
    same_on_both_sides(home, cluster, tmp_path)


def test_topics_of_another_ledger_are_refused(home: Home, cluster: Cluster) -> None:
    other = msgspec.structs.replace(founding.sample(), partitions=2, origin="example.com/other")
    found_on_kafka(cluster, other)
    with pytest.raises(LedgerError, match="holds another ledger"):
        move(home, cluster, 1)
    assert not home.moved.exists()


def test_topics_that_hold_more_of_this_ledger_are_refused(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    move(home, cluster, 1)
    log = KafkaLog(cluster, tmp_path / "decider.sqlite")
    head = log.heads()[1]
    record = log.record(1, head.position) or b""
    entry = msgspec.structs.replace(
        decode(record), position=head.position + 1, prev=head.hash, founding=None, policy="later"
    )
    log.append([(1, head.position + 1, encode(entry))])
    log.close()
    with pytest.raises(LedgerError, match="has entries of partition 1 that"):
        move(home, cluster, 1)


def test_a_ledger_that_a_server_writes_is_not_moved(home: Home, cluster: Cluster) -> None:
    lock = home.lock_writer()
    with pytest.raises(LedgerError, match="writes this ledger already"):
        move(home, cluster, 1)
    lock.release()
    tail = cluster.tail()
    assert tail.partitions(cluster.log) == 0
    tail.close()


def test_lost_topics_are_restored_by_moving_the_copy_of_a_process(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    move(home, cluster, 1)
    process, restored = Home(tmp_path / "process"), Home(tmp_path / "restored")
    for place in (process, restored):
        place.folder.mkdir()
        place.vault_key.write_bytes(home.vault_key.read_bytes())
    KafkaLog(cluster, process.copy).close()
    SharedVault(cluster, process.vault, process.vault_key).close()
    for ours, theirs in ((process.copy, restored.log), (process.vault, restored.vault)):
        source, target = sqlite3.connect(ours), sqlite3.connect(theirs)
        source.backup(target)
        source.close()
        target.close()
    again = Cluster(cluster.servers, f"{cluster.prefix}.again")
    move(restored, again, 1)
    same_on_both_sides(home, again, tmp_path)
    vault = SharedVault(again, tmp_path / "vault.sqlite", restored.vault_key)
    assert vault.key(f"{CUSTOMER}#1").id == f"{CUSTOMER}#1"
    vault.close()
