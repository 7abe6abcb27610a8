"""How the ledger does on Kafka, its broker on the same machine.

    python -m bench.kafka [--count 30000] [--seconds 30] [--json]

`interactions_per_second`: one decider process, one partition, the simulator's mix waiting in the
intake topic; from its first entry to its last, each read back before the next batch. Beside it, in
the same run: `two_deciders_per_second`, four partitions shared by two; and
`in_transactions_per_second`, the same decider where a batch is one Kafka transaction, with the
offsets of the intake, instead of being read back.
`recorded_p99_ms` and `visible_p99_ms`: at 500 messages a second, from handing a message over to its
entry being read from the log, and to its rows being committed in DuckDB. Needs Java and Maven, or
LEDGER_TEST_KAFKA.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec

from bench.machine import machine, parser, show
from consumers.kafka.founding import found
from ledger import simulator
from ledger.entry import decode
from ledger.logs.cluster import Cluster
from ledger.partition import partition_of
from ledger.projections.engine import Projector
from ledger.settings import tune_interpreter
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
        _hand_over(cluster, producer, message, partitions)
    producer.flush()
    producer.close()


def _hand_over(cluster: Cluster, producer: Any, message: bytes, partitions: int) -> str:
    """Sends a message to its topic and partition; its id."""
    members = msgspec.json.decode(message)
    partition = partition_of(members["subject"], partitions)
    producer.send(cluster.interactions(members["source"]), partition, message)
    return f"{members['subject']} {members['source']} {members['id']}"


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
    commits = folder / "commits"
    watching = ["bench.kafka", "--commits", str(commits)]
    with _running(cluster, folder, ["consumers", "decider"], watching):
        recorded = _Recorded(cluster)
        sent = _send_at(cluster, messages, seconds + WARM_SECONDS)
        recorded.wait_for(sent.keys())
        while _shown(commits) < recorded.newest and time.monotonic() < recorded.deadline:
            time.sleep(0.2)
    begin = min(sent.values()) + WARM_SECONDS
    counted = [each for each, at in sent.items() if at > begin and each in recorded.at]
    visible = _visible(commits)
    to_record = [recorded.at[each] - sent[each] for each in counted]
    to_see = [visible(recorded.position[each]) - sent[each] for each in counted]
    return {
        "latency_messages": len(counted),
        **{f"recorded_{name}": value for name, value in _quantiles(to_record).items()},
        **{f"visible_{name}": value for name, value in _quantiles(to_see).items()},
    }


def _send_at(cluster: Cluster, messages: Sequence[bytes], seconds: float) -> dict[str, float]:
    """Sends at an even rate; when each was handed over."""
    producer = cluster.producer()
    sent: dict[str, float] = {}
    begin = time.monotonic()
    for number, message in enumerate(messages[: int(seconds * RATE)]):
        while (early := begin + number / RATE - time.monotonic()) > 0:
            time.sleep(early)
        at = time.monotonic()
        sent.setdefault(_hand_over(cluster, producer, message, 1), at)
    producer.flush()
    producer.close()
    return sent


class _Recorded:
    """When each message's entry was read from the log, in a thread of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.at: dict[str, float] = {}
        self.position: dict[str, int] = {}
        self.newest = 0
        self._tail = cluster.tail()
        self._tail.begin(cluster.log, {0: 0})
        self._stopping = Event()
        self._thread = Thread(target=self._read)
        self._thread.start()

    def wait_for(self, ids: Any) -> None:
        self.deadline = time.monotonic() + WAIT_SECONDS
        while not ids <= self.at.keys() and time.monotonic() < self.deadline:
            time.sleep(0.1)
        self._stopping.set()
        self._thread.join()
        self._tail.close()

    def _read(self) -> None:
        while not self._stopping.is_set():
            for record in self._tail.poll(0.1):
                now = time.monotonic()
                entry = decode(record.value or b"")
                self.newest = entry.position
                if (said := entry.interaction) is not None:
                    known = f"{said.subject} {said.source} {said.id}"
                    self.at.setdefault(known, now)
                    self.position.setdefault(known, entry.position)


def _visible(commits: Path) -> Callable[[int], float]:
    """When the tables had reached a position of partition 0."""
    rows = [line.split() for line in commits.read_text().splitlines()]
    reached = [(int(position), float(at)) for at, position in rows]

    def at(position: int) -> float:
        return next(at for newest, at in reached if newest >= position)

    return at


def _shown(commits: Path) -> int:
    lines = commits.read_text().split() if commits.exists() else []
    return int(lines[-1]) if lines else 0


def _project(home: Path, commits: Path) -> None:
    """The projector, which notes when it has committed and how far."""
    from consumers import projector
    from ledger.settings import Home

    apply = Projector.apply

    def noting(self: Projector, records: Any, heads: Any) -> None:
        apply(self, records, heads)
        with commits.open("a") as file:
            file.write(f"{time.monotonic()} {heads[0].position}\n")

    Projector.apply = noting  # type: ignore[method-assign]
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    projector.run(Home(home), stopping, None)


def _quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"p{share}_ms": round(1000 * ordered[len(ordered) * share // 100], 1) for share in (50, 99)
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=30_000)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--home", type=Path)
    options.add_argument("--commits", type=Path)
    arguments = options.parse_args()
    tune_interpreter()
    if arguments.commits:
        _project(arguments.home, arguments.commits)
    else:
        show(measure(arguments.count, arguments.seconds), as_json=arguments.json)


if __name__ == "__main__":
    main()
