"""What is left of an attempt to connect to brokers that are not there."""

import threading
import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from ledger.logs.connecting import Bounds, Connection, NoAnswer, connected

NOWHERE = Connection(
    servers=("127.0.0.1:1",),
    options={"bootstrap_servers": ["127.0.0.1:1"], "bootstrap_timeout_ms": 300},
    bounds=Bounds(),
)


@pytest.mark.parametrize("kind", [KafkaAdminClient, KafkaConsumer])
def test_a_client_that_finds_no_broker_leaves_no_thread(kind: type) -> None:
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(NoAnswer, match=r"no broker answers at 127\.0\.0\.1:1"):
            connected(NOWHERE, kind)
    deadline = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.01)
