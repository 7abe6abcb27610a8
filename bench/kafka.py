"""How the ledger does on Kafka, its broker on the same machine.

    python -m bench.kafka [--count 30000] [--seconds 30] [--json]

`interactions_per_second`: one decider process, one partition, the simulator's mix waiting in the
intake topic; from its first entry to its last, each read back before the next batch. Beside it, in
the same run: `two_deciders_per_second`, four partitions shared by two; and
`in_transactions_per_second`, the same decider where a batch is one Kafka transaction, with the
offsets of the intake, instead of being read back.
`recorded_p99_ms` and `visible_p99_ms`: at 500 messages a second, from handing a message over to the
decider having read its entry back from the log, and to its rows being committed in DuckDB. The
consumers note both moments themselves; another client that watched would cost the two cores more
than the decider does. Needs Java and Maven, or LEDGER_TEST_KAFKA.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import confluent_kafka
import msgspec

from bench.machine import machine, parser, show
from consumers import projector
from consumers.kafka import decider
from consumers.kafka.founding import found
from ledger import simulator
from ledger.entry import decode
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.projections.engine import Projector
from ledger.settings import Home, tune_interpreter
from ledger.shared_vault import SharedVault
from tests.kafka.broker import Broker

RATE = 500
WARM_SECONDS = 8.0
WAIT_SECONDS = 120.0
ROOT = Path(__file__).parent.parent


def measure(count: int, seconds: float) -> dict[str, Any]:
    messages = list(islice(simulator.messages(1), count))
    with (
        tempfile.TemporaryDirectory(prefix="ledger-bench-") as name,
        _broker(Path(name)) as servers,
    ):
        return {
            **machine(),
            "messages": count,
            "interactions_per_second": _rate(servers, Path(name) / "one", messages, 1, 1),
            "in_transactions_per_second": _rate(
                servers, Path(name) / "transactions", messages, 1, 1, in_transactions=True
            ),
            "two_deciders_per_second": _rate(servers, Path(name) / "two", messages, 4, 2),
            **_latencies(servers, Path(name) / "latency", messages, seconds),
        }


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    if address := os.environ.get("LEDGER_TEST_KAFKA"):
        yield address
        return
    broker = Broker(folder / "broker")
    broker.start()
    try:
        yield broker.address
    finally:
        broker.stop()


def _founded(servers: str, folder: Path, partitions: int) -> Cluster:
    cluster = Cluster.at(f"kafka://{servers}/{folder.name}")
    folder.mkdir()
    found(cluster, msgspec.structs.replace(simulator.founding_of(1), partitions=partitions))
    SharedVault.create(cluster, folder / "vault.sqlite", folder / "vault.key")
    return cluster


@contextmanager
def _running(cluster: Cluster, folder: Path, *commands: Sequence[str]) -> Iterator[None]:
    """Runs consumers, each with a home of its own and the same key."""
    running: list[subprocess.Popen[bytes]] = []
    for number, command in enumerate(commands):
        home = folder / f"home{number}"
        home.mkdir()
        (home / "vault.key").write_bytes((folder / "vault.key").read_bytes())
        address = f"kafka://{cluster.servers[0]}/{cluster.prefix}"
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", *command, "--home", str(home)],
                cwd=ROOT,
                env={**os.environ, "LEDGER_LOG": address},
            )
        )
    try:
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(60)


def _rate(
    servers: str,
    folder: Path,
    messages: Sequence[bytes],
    partitions: int,
    deciders: int,
    *,
    in_transactions: bool = False,
) -> int:
    """Entries a second, from the first that is written to the last."""
    cluster = _founded(servers, folder, partitions)
    _publish(cluster, messages, partitions)
    module = "bench.in_transactions" if in_transactions else "consumers"
    command = [module] if in_transactions else [module, "decider"]
    with _running(cluster, folder, *([command] * deciders)):
        return _watch(cluster, partitions, len(messages))


def _publish(cluster: Cluster, messages: Sequence[bytes], partitions: int) -> None:
    producer = cluster.producer()
    for message in messages:
        members = msgspec.json.decode(message)
        partition = partition_of(members["subject"], partitions)
        producer.send(cluster.interactions(members["source"]), partition, message)
    producer.flush()
    producer.close()


def _watch(cluster: Cluster, partitions: int, messages: int) -> int:
    """Looks how far the log is; repeated messages have no entry, so it ends when nothing comes."""
    tail = cluster.tail()
    started = finished = 0.0
    first = last = partitions
    while True:
        written = sum(tail.ends(cluster.log, range(partitions)).values())
        now = time.perf_counter()
        if written > last:
            if last == partitions:
                started, first = now, written
            finished, last = now, written
        elif (started and now - finished > 3) or (not started and now > finished + 1e9):
            break
        time.sleep(0.05)
    tail.close()
    assert last - partitions > 0.95 * messages, f"{last - partitions} of {messages} were recorded"
    return round((last - first) / (finished - started))


def _latencies(
    servers: str, folder: Path, messages: Sequence[bytes], seconds: float
) -> dict[str, float]:
    cluster = _founded(servers, folder, 1)
    recorded, visible = folder / "recorded", folder / "visible"
    deciding = ["bench.kafka", "--recorded", str(recorded)]
    projecting = ["bench.kafka", "--visible", str(visible)]
    with _running(cluster, folder, deciding, projecting):
        sent = _send_at(cluster, messages, seconds + WARM_SECONDS)
        _wait_until(lambda: _newest(recorded) > len(sent))
        _wait_until(lambda: _newest(visible) >= _newest(recorded))
    positions = _positions(cluster)
    begin = min(sent.values()) + WARM_SECONDS
    counted = [each for each, at in sent.items() if at > begin]
    return {
        "latency_messages": len(counted),
        **_quantiles("recorded", recorded, counted, sent, positions),
        **_quantiles("visible", visible, counted, sent, positions),
    }


def _send_at(cluster: Cluster, messages: Sequence[bytes], seconds: float) -> dict[str, float]:
    """Sends at an even rate; when each was handed over, the first time."""
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": cluster.servers[0], "linger.ms": 0, "acks": "all"}
    )
    sent: dict[str, float] = {}
    begin = time.monotonic()
    for number, message in enumerate(messages[: int(seconds * RATE)]):
        while (early := begin + number / RATE - time.monotonic()) > 0:
            time.sleep(early)
        members = msgspec.json.decode(message)
        sent.setdefault(_identity(members), time.monotonic())
        producer.produce(cluster.interactions(members["source"]), message, partition=0)
        producer.poll(0)
    producer.flush()
    return sent


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "what was sent did not get through in time"
        time.sleep(0.2)


def _positions(cluster: Cluster) -> dict[str, int]:
    """The position of each message's entry in the one partition."""
    tail = cluster.tail()
    tail.begin(cluster.log, {0: 0})
    end = tail.ends(cluster.log, [0])[0]
    positions: dict[str, int] = {}
    while tail.position(cluster.log, 0) < end:
        for record in tail.poll(1.0):
            entry = decode(record.value or b"")
            if (said := entry.interaction) is not None:
                name = _identity({"subject": said.subject, "source": said.source, "id": said.id})
                positions.setdefault(name, entry.position)
    tail.close()
    return positions


def _identity(members: Mapping[str, str]) -> str:
    return f"{members['subject']} {members['source']} {members['id']}"


def _noted(notes: Path) -> list[tuple[int, float]]:
    """Positions that were reached, and when."""
    if not notes.exists():
        return []
    lines = [line.split() for line in notes.read_text().splitlines(keepends=True) if "\n" in line]
    return [(int(position), float(at)) for position, at in lines]


def _newest(notes: Path) -> int:
    noted = _noted(notes)
    return noted[-1][0] if noted else 0


def _quantiles(
    name: str,
    notes: Path,
    counted: Sequence[str],
    sent: Mapping[str, float],
    positions: Mapping[str, int],
) -> dict[str, float]:
    """From handing over to the first note of the entry's position or a later one."""
    noted = _noted(notes)
    reached = [position for position, _ in noted]
    waited = sorted(
        noted[bisect_left(reached, positions[each])][1] - sent[each] for each in counted
    )
    return {
        f"{name}_p{share}_ms": round(1000 * waited[len(waited) * share // 100], 1)
        for share in (50, 99)
    }


def _follow(
    run: Callable[[Home, Event], None], of: type, method: str, notes: Path, home: Path
) -> None:
    """Runs a consumer, and notes when it has done a batch and which position it then is at."""
    work = getattr(of, method)

    def noting(self: Any, *arguments: Any) -> None:
        work(self, *arguments)
        position = self.positions()[0].position if of is Projector else self.ends()[0]
        with notes.open("a") as file:
            file.write(f"{position} {time.monotonic()}\n")

    setattr(of, method, noting)
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    run(Home(home), stopping)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=30_000)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--home", type=Path)
    options.add_argument("--recorded", type=Path)
    options.add_argument("--visible", type=Path)
    arguments = options.parse_args()
    tune_interpreter()
    if arguments.recorded:
        _follow(decider.run, KafkaLog, "append", arguments.recorded, arguments.home)
    elif arguments.visible:
        _follow(projector.run, Projector, "apply", arguments.visible, arguments.home)
    else:
        show(measure(arguments.count, arguments.seconds), as_json=arguments.json)


if __name__ == "__main__":
    main()
