"""HTTP over a ledger on Kafka: accepted at once, or answered as embedded to whoever waits."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from consumers.kafka.founding import found
from ledger import founding
from ledger.facts import Source
from ledger.logs.cluster import Cluster
from tests.consumers.day import MORNING, customer, message, payment, registration
from tests.kafka.working import address, home_of, records_of, started, until

STRUCTURED = {"content-type": "application/cloudevents+json"}
WAITING = {**STRUCTURED, "prefer": "respond-async, wait=20"}
TOKEN = "a token of the branch office"


class Heard(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Door:
    """`ledger run projector --http` in a process of its own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ledger", "run", "projector"),
                *("--http", "127.0.0.1:0", "--home", str(folder)),
            ],
            env={**os.environ, "LEDGER_LOG": address(cluster)},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode()
        assert "/interactions" in said, said
        self.address = said.split()[3].removesuffix("/interactions;").removeprefix("http://")

    def post(self, body: bytes, headers: dict[str, str] = STRUCTURED) -> Heard:
        return self.ask("POST", "/interactions", body, headers)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Heard:
        connection = HTTPConnection(self.address, timeout=40)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            content = answer.read()
            is_json = "json" in named.get("content-type", "")
            return Heard(answer.status, named, json.loads(content) if is_json else content)
        finally:
            connection.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=40)
        return self.process.returncode


@pytest.fixture(scope="module")
def cluster(brokers: str) -> Cluster:
    """A ledger with a source that has a token."""
    cluster = Cluster.at(f"kafka://{brokers}/h{os.getpid()}")
    facts = founding.sample()
    branch = Source(name="branch", token_digest=hashlib.sha256(TOKEN.encode()).hexdigest())
    found(cluster, msgspec.structs.replace(facts, partitions=2, sources=(*facts.sources, branch)))
    return cluster


@pytest.fixture(scope="module")
def door(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """With a decider beside it."""
    folder = tmp_path_factory.mktemp("http")
    with started("decider", cluster, home_of(cluster, folder, "decider")):
        door = Door(cluster, folder / "home")
        yield door
        assert door.stop() == 0


def test_a_message_is_accepted_and_its_link_tells_what_became_of_it(door: Door) -> None:
    heard = door.post(registration("linked"))
    assert (heard.status, heard.body["outcome"]) == (202, "accepted")
    link = heard.headers["location"]
    assert link == heard.body["instance"]
    assert link == f"/interactions/counter-app/linked-register?subject={customer('linked')}"
    assert heard.headers["retry-after"] == "1"
    until(lambda: door.ask("GET", link).status == 200)
    told = door.ask("GET", link).body
    assert (told["status"], told["outcome"]) == (201, "recorded")
    entry = told["entry"]
    found = door.ask("GET", f"/entries/{entry['partition']}/{entry['position']}").body
    assert found["interaction"]["id"] == "linked-register"


def test_whoever_waits_is_answered_as_by_an_embedded_ledger(door: Door) -> None:
    first = door.post(registration("waits"), WAITING)
    assert (first.status, first.body["outcome"]) == (201, "recorded")
    assert first.headers["location"].startswith("/entries/")
    again = door.post(registration("waits"), WAITING)
    assert (again.status, again.body["outcome"]) == (200, "repeated")
    assert again.body["entry"] == first.body["entry"]
    other = door.post(registration("waits", contact_phone="13900139000"), WAITING)
    assert (other.status, other.body["rule"]) == (409, "ENV-01")
    refused = door.post(payment("stranger"), WAITING)
    assert (refused.status, refused.body["rule"]) == (422, "ENV-02")


def test_messages_of_one_batch_are_answered_in_their_order(door: Door) -> None:
    lines = [registration("batch"), b"{", payment("nobody"), registration("batch")]
    heard = door.post(
        b"\n".join(lines), {"content-type": "application/x-ndjson", "prefer": "wait=20"}
    )
    assert heard.status == 200
    outcomes = [each["outcome"] for each in heard.body]
    assert outcomes == ["recorded", "malformed", "refused", "repeated"]


def test_a_binary_message_is_published_as_it_is(door: Door) -> None:
    members = json.loads(registration("binary"))
    data = json.dumps(members.pop("data")).encode()
    headers = {f"ce-{name}": value for name, value in members.items()}
    heard = door.post(data, {**headers, "content-type": "application/json", "prefer": "wait=20"})
    assert heard.status == 201


def test_what_is_malformed_is_answered_at_once_and_never_reaches_kafka(
    door: Door, cluster: Cluster
) -> None:
    heard = door.post(registration("malformed", full_name=7), WAITING)
    assert heard.status == 400
    assert heard.headers["content-type"] == "application/problem+json"
    assert [each["pointer"] for each in heard.body["errors"]] == ["/data/full_name"]
    values = [
        each.value or b"" for each in records_of(cluster, cluster.interactions("counter-app"))
    ]
    assert not any(b"malformed-register" in value for value in values)


def test_a_source_with_a_token_must_show_it_to_send_and_to_read(door: Door) -> None:
    body = message(
        "customer.register.v1",
        customer("branch"),
        "b/1%",
        MORNING,
        json.loads(registration("branch"))["data"],
        source="branch",
    )
    assert door.post(body, WAITING).status == 401
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert door.post(body, {**WAITING, **shown}).status == 201
    link = f"/interactions/branch/b%2F1%25?subject={customer('branch')}"
    assert door.ask("GET", link).status == 401
    assert door.ask("GET", link, headers=shown).body["outcome"] == "recorded"


def test_a_link_of_what_has_no_entry_is_for_later_and_one_of_no_source_is_nothing(
    door: Door,
) -> None:
    later = door.ask("GET", f"/interactions/counter-app/never?subject={customer('x')}")
    assert (later.status, later.body["type"]) == (202, "urn:ledger:missing")
    assert "not known whether it came" in later.body["title"]
    assert door.ask("GET", "/interactions/nobody/never?subject=operator").status == 404
    assert door.ask("GET", "/interactions/counter-app/never").status == 404


def test_the_tables_and_the_page_show_what_is_recorded(door: Door) -> None:
    assert door.post(registration("shown"), WAITING).status == 201
    assert door.ask("POST", "/catch-up").status == 200
    now = door.ask("GET", "/now").body
    assert now["fresh"]["lag"] == 0
    assert now["recording"]
    assert now["projecting"]
    assert b"<html" in door.ask("GET", "/", headers={"accept": "text/html"}).body
    health = door.ask("GET", "/health")
    assert (health.status, health.body["status"]) == (200, "recording")


def test_without_a_decider_the_wait_ends_with_the_link(brokers: str, tmp_path: Path) -> None:
    cluster = Cluster.at(f"kafka://{brokers}/n{os.getpid()}")
    found(cluster, msgspec.structs.replace(founding.sample(), partitions=2))
    door = Door(cluster, tmp_path / "home")
    try:
        heard = door.post(registration("alone"), {**STRUCTURED, "prefer": "wait=1"})
        assert heard.status == 202
        assert door.ask("GET", heard.headers["location"]).status == 202
        [published] = records_of(cluster, cluster.interactions("counter-app"))
        assert published.key == customer("alone").encode()
    finally:
        assert door.stop() == 0
