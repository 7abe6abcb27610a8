"""One broker for all tests of a run, and for each test a cluster with topics of its own."""

import logging
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from consumers.kafka.founding import found
from ledger import founding
from ledger.logs.cluster import Cluster
from tests.kafka.broker import START_SECONDS, NoBrokerError, libraries
from tests.kafka.keys import Place

ROOT = Path(__file__).parent.parent.parent


# What the client says is shown where a test fails.
logging.getLogger("kafka").setLevel(logging.INFO)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.broker)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Where a broker answers. Skips where there is none to be had; in CI that is a failure."""
    if address := os.environ.get("LEDGER_TEST_KAFKA"):
        return address
    try:
        libraries()
    except NoBrokerError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"NOT TESTED: the ledger on Kafka, for there is {missing}")
    alone = worker_id == "master"
    base = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    run = os.getpid() if alone else os.getppid()
    return _shared(base / "broker", run)


@pytest.fixture
def cluster(brokers: str) -> Cluster:
    """Topics that no other test has; nothing is founded yet."""
    return Cluster.at(f"kafka://{brokers}/t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def founded(cluster: Cluster) -> Cluster:
    """A ledger of the sample with two partitions, on the simulated clock."""
    found(cluster, msgspec.structs.replace(founding.sample(), partitions=2))
    return cluster


def _shared(folder: Path, run: int) -> str:
    """The first worker that comes starts it; it ends with the run."""
    address = folder / "address"
    try:
        folder.mkdir()
    except FileExistsError:
        pass
    else:
        # Nobody waits for it: it lives as long as the run.
        command = [sys.executable, "-m", "tests.kafka.broker", str(folder), str(run)]
        path = {**os.environ, "PYTHONPATH": str(ROOT)}
        os.posix_spawn(sys.executable, command, path, setsid=True)
    deadline = time.monotonic() + START_SECONDS
    while not address.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the broker did not start")
        time.sleep(0.1)
    return address.read_text()


@pytest.fixture
def place(cluster: Cluster, tmp_path: Path) -> Iterator[Place]:
    """Keys on Kafka, made by the process `a`."""
    with ExitStack() as closing:
        place = Place(cluster, tmp_path, closing)
        place.create()
        yield place
