"""`ledger serve` as its senders meet it: a process that is asked, stopped, killed and starved."""

import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import http as sdk
from cloudevents.core.v1.event import CloudEvent

from ledger.logs.sqlite import SqliteLog
from ledger.projections.snapshot import snapshot_positions
from ledger.settings import Home
from tests.consumers.day import customer, digest, registration
from tests.consumers.server import Heard, Server, alive, ledger, serving, until

BATCH = {"content-type": "application/cloudevents-batch+json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serve") / "home") as server:
        yield server


def sdk_event(name: str) -> CloudEvent:
    members: dict[str, Any] = json.loads(registration(name))
    data = members.pop("data")
    time = datetime.fromisoformat(members["time"])
    return CloudEvent({**members, "time": time, "datacontenttype": "application/json"}, data)


def ends(home: Home) -> dict[int, int]:
    log = SqliteLog(home.log)
    try:
        return log.ends()
    finally:
        log.close()


def interactions(home: Home) -> Counter[str]:
    """How often each message id stands in the log."""
    log = SqliteLog(home.log)
    try:
        records = [r for n, end in log.ends().items() for r in log.read(n, 1, end)]
    finally:
        log.close()
    return Counter(json.loads(record)["interaction"]["id"] for record in records)


# Modes, with messages of the CloudEvents SDK


def test_a_binary_message_of_the_sdk_is_recorded(server: Server) -> None:
    message = sdk.to_binary_event(sdk_event("binary"))
    heard = server.post(message.body, dict(message.headers))
    assert (heard.status, heard.body["outcome"]) == (201, "recorded")
    entry = server.ask("GET", heard.headers["location"]).body
    assert entry["interaction"]["subject"] == customer("binary")
    assert entry["interaction"]["data"]["identity_digest"] == digest("binary")


def test_the_same_content_in_another_mode_is_repeated(server: Server) -> None:
    message = sdk.to_structured_event(sdk_event("modes"))
    first = server.post(message.body, dict(message.headers))
    assert first.status == 201
    message = sdk.to_binary_event(sdk_event("modes"))
    again = server.post(message.body, dict(message.headers))
    assert (again.status, again.body["outcome"]) == (200, "repeated")
    assert again.body["entry"] == first.body["entry"]


def test_a_batch_of_the_sdk_is_answered_in_order(server: Server) -> None:
    bodies = [sdk.to_structured_event(sdk_event(name)).body for name in ("b1", "b2", "b1")]
    heard = server.post(b"[" + b",".join(bodies) + b"]", BATCH)
    assert heard.status == 200
    assert [each["status"] for each in heard.body] == [201, 201, 200]


# Reading what was sent


def test_sql_sees_what_was_just_recorded(server: Server) -> None:
    assert server.post(registration("seen")).status == 201
    asked = f"select outcome from audit_trail where owner = '{customer('seen')}'"
    done = ledger("sql", asked, "--json", "--home", str(server.home.folder))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"outcome": "recorded"}]


def test_a_projector_that_was_killed_is_started_again(server: Server) -> None:
    [projector] = server.children()
    os.kill(projector, signal.SIGKILL)
    assert server.post(registration("unseen")).status == 201
    assert server.ask("POST", "/catch-up").status == 200
    shown = snapshot_positions(server.home.projections)
    assert shown == ends(server.home)


def test_health_of_the_tables_says_how_far_each_partition_is(server: Server) -> None:
    assert server.post(registration("far")).status == 201
    assert server.ask("POST", "/catch-up").status == 200
    until(lambda: {each["partition"]: each["head"] for each in told(server)} == ends(server.home))
    until(lambda: all(each["position"] == each["head"] for each in told(server)))
    assert {each["still_seconds"] for each in told(server)} == {0}


def told(server: Server) -> list[dict[str, int]]:
    answer = server.ask("GET", "/health/tables")
    assert answer.status == 200
    return answer.body["partitions"]


# Many at once


def test_concurrent_requests_are_recorded_once_each_in_fewer_batches(server: Server) -> None:
    names = [f"many{number}" for number in range(200)]
    before = server.ask("GET", "/health").body["recorded"]
    with ThreadPoolExecutor(16) as senders:
        heard = list(senders.map(lambda name: server.post(registration(name)), names))
    assert {each.status for each in heard} == {201}
    recorded = interactions(server.home)
    assert all(recorded[f"{name}-register"] == 1 for name in names)
    after = server.ask("GET", "/health").body["recorded"]
    assert after["messages"] - before["messages"] == len(names)
    assert after["batches"] - before["batches"] < len(names)


# Two on one ledger


def test_a_second_server_hears_who_has_the_ledger(server: Server) -> None:
    done = ledger("serve", "--port", "0", "--home", str(server.home.folder))
    assert done.returncode == 3
    assert f"process {server.process.pid} writes this ledger already" in done.stderr.decode()
    assert server.url in done.stderr.decode()


def test_a_port_that_is_taken_is_said_in_a_sentence(server: Server, tmp_path: Path) -> None:
    port = server.address.partition(":")[2]
    done = ledger("serve", "--port", port, "--home", str(tmp_path / "other"))
    assert done.returncode == 3
    assert f"cannot listen at 127.0.0.1 port {port}" in done.stderr.decode()


# Ends


def test_sigterm_ends_it_with_everything_recorded_shown(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        heard = [server.post(registration(f"n{number}")) for number in range(20)]
        code, errors = server.stop()
    assert code == 0
    assert "Traceback" not in errors
    assert {each.status for each in heard} == {201}
    assert snapshot_positions(server.home.projections) == ends(server.home)
    assert server.home.writer() is None


def test_what_was_acknowledged_before_kill_9_is_repeated_after_it(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    def send(sender: int) -> None:
        for number in range(10_000):
            name = f"k{sender}-{number}"
            try:
                if server.post(registration(name)).status == 201:
                    acknowledged.append(name)
            except (OSError, HTTPException):
                return

    with serving(tmp_path / "home") as server, ThreadPoolExecutor(8) as senders:
        sent = [senders.submit(send, sender) for sender in range(8)]
        until(lambda: len(acknowledged) > 100)
        [projector] = server.children()
        server.stop(signal.SIGKILL)
        assert [each.result() for each in sent] == [None] * 8
        until(lambda: not alive(projector))
    with serving(tmp_path / "home") as server:
        with ThreadPoolExecutor(8) as senders:
            heard = list(senders.map(lambda name: server.post(registration(name)), acknowledged))
        assert {(each.status, each.body["outcome"]) for each in heard} == {(200, "repeated")}
        assert set(interactions(server.home).values()) == {1}
        assert server.ask("POST", "/catch-up").status == 200


def test_a_full_disk_is_answered_503_and_recording_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "home") as server:
        before = server.post(registration("before"))
        assert before.status == 201
        room = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, -1))
        starved = server.post(registration("starved"))
        assert_turned_away(starved)
        assert_turned_away(server.post(registration("starved")))
        assert server.ask("GET", "/").status == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, room)
        recorded = until(lambda: _recorded(server.post(registration("starved"))))
        assert recorded.body["entry"]["position"] > 1
        assert server.post(registration("before")).body["entry"] == before.body["entry"]
        code, errors = server.stop()
    assert code == 0, errors
    assert interactions(server.home) == {"before-register": 1, "starved-register": 1}
    # What it said in between may be lost: its errors go to the same disk.
    assert "13800138000" not in errors


def assert_turned_away(heard: Heard) -> None:
    assert (heard.status, heard.body["outcome"]) == (503, "failed")
    assert heard.headers["retry-after"] == "1"
    assert heard.headers["content-type"] == "application/problem+json"


def _recorded(heard: Heard) -> Heard | None:
    return heard if heard.status in (200, 201) else None
