"""What the intake answers: to every kind of request, and to senders who are not who they say."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient, Response

from consumers.embedded import found
from consumers.grouping import Recording
from consumers.intake import DISCARDED_BYTES, Intake
from consumers.keeper import ProjectorKeeper
from consumers.senders import Sender
from ledger import founding
from ledger.entry import LedgerError
from ledger.facts import Source
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.consumers.day import MORNING, at_hall, customer, payment, registration

TOKEN = "a token of the branch office"
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
LINES = {"content-type": "application/x-ndjson"}
PROBLEM = "application/problem+json"
HERE = Sender(local=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    facts = founding.sample()
    branch = Source(name="branch", token_digest=hashlib.sha256(TOKEN.encode()).hexdigest())
    return found(
        tmp_path_factory.mktemp("intake") / "home",
        msgspec.structs.replace(facts, sources=(*facts.sources, branch)),
    )


@pytest.fixture(scope="module")
def recording(home: Home) -> Iterator[Recording]:
    recording = Recording(home.folder)
    recording.start()
    yield recording
    recording.finish()
    recording.close()


@pytest.fixture(scope="module")
def intake(home: Home, recording: Recording) -> Iterator[Intake]:
    keeper = ProjectorKeeper(home)
    yield Intake(home, recording, keeper)
    keeper.finish()


class Client:
    """Asks the intake in this process, as if from `address`, under the name in `url`."""

    def __init__(self, intake: Intake, address: str, url: str = "http://127.0.0.1:8080") -> None:
        self._transport = ASGITransport(intake.app(), client=(address, 50_000))
        self._url = url

    def ask(self, method: str, path: str, **request: Any) -> Response:
        async def ask() -> Response:
            async with AsyncClient(transport=self._transport, base_url=self._url) as client:
                return await client.request(method, path, **request)

        return asyncio.run(ask())

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        return self.ask("GET", path, headers=headers)

    def post(
        self, body: bytes | AsyncIterator[bytes], headers: dict[str, str] = STRUCTURED
    ) -> Response:
        return self.ask("POST", "/interactions", content=body, headers=headers)


@pytest.fixture
def here(intake: Intake) -> Client:
    return Client(intake, "127.0.0.1")


@pytest.fixture
def elsewhere(intake: Intake) -> Client:
    return Client(intake, "10.0.0.9", "http://ledger.example")


def from_branch(name: str, **members: Any) -> bytes:
    return json.dumps({**json.loads(registration(name)), "source": "branch", **members}).encode()


def bearer(token: str) -> dict[str, str]:
    return {**STRUCTURED, "authorization": f"Bearer {token}"}


# One message


def test_the_location_of_what_was_recorded_leads_to_the_bytes_of_the_log(
    here: Client, home: Home
) -> None:
    answer = here.post(registration("located"))
    assert (answer.status_code, answer.json()["title"]) == (201, "Recorded")
    assert answer.headers["content-type"] == "application/json"
    place = answer.json()["entry"]
    entry = here.get(answer.headers["location"])
    log = SqliteLog(home.log)
    assert entry.content == log.record(place["partition"], place["position"])
    log.close()


def test_the_same_message_again_gets_the_first_answer(here: Client) -> None:
    first, again = (here.post(registration("again")) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["entry"] == first.json()["entry"]
    assert again.headers["location"] == first.headers["location"]


def test_other_content_under_an_id_is_a_conflict(here: Client) -> None:
    assert here.post(registration("conflict")).status_code == 201
    answer = here.post(registration("conflict", contact_phone="13900139000"))
    assert (answer.status_code, answer.json()["rule"]) == (409, "ENV-01")
    assert answer.headers["content-type"] == PROBLEM
    assert "13900139000" not in answer.text


def test_a_refusal_names_its_rule_in_chinese(here: Client) -> None:
    chinese = {**STRUCTURED, "accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}
    answer = here.post(payment("nobody"), chinese)
    assert (answer.status_code, answer.json()["rule"]) == (422, "ENV-02")
    assert answer.json()["title"] == "所属主体已登记: 营业厅在册且未关闭, 客户已建档, 员工在册。"
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["content-language"] == "zh"


@pytest.mark.parametrize(
    ("preferred", "language"),
    [
        ("", "en"),
        ("de, *", "en"),
        ("zh", "zh"),
        ("zh-Hans-CN", "zh"),
        ("en-GB, zh;q=0.9", "en"),
        ("en;q=0.3, zh;q=0.4", "zh"),
        ("zh;q=0, en", "en"),
        ("zh;q=nonsense", "en"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(
    here: Client, preferred: str, language: str
) -> None:
    answer = here.get("/nothing", headers={"accept-language": preferred})
    assert answer.headers["content-language"] == language


def test_a_malformed_message_is_told_where(here: Client, home: Home) -> None:
    before = _entries(home)
    answer = here.post(payment("wrong", amount_fen=-5, items=[{"item_id": "i1"}]))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["errors"][0]["pointer"].startswith("/data/")
    assert _entries(home) == before


def test_a_source_may_not_send_what_it_is_not_registered_for(here: Client) -> None:
    answer = here.post(at_hall("arrive", "v9", MORNING, {}, source="billing"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ledger:forbidden")


def test_a_form_of_a_web_page_is_no_message(here: Client) -> None:
    answer = here.post(registration("form"), {"content-type": "text/plain"})
    assert answer.status_code == 400


def _entries(home: Home) -> int:
    log = SqliteLog(home.log)
    try:
        return sum(log.ends().values())
    finally:
        log.close()


# Many messages


def test_a_bad_line_is_answered_in_its_place(here: Client) -> None:
    lines = [registration("line1"), b'{"id": ', b" ", payment("line1"), b"\xff", b"1" * 40_000]
    answer = here.post(b"\r\n".join(lines) + b"\n", LINES)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert [each["status"] for each in answer.json()] == [201, 400, 201, 400, 413]


def test_a_bad_message_of_a_batch_is_answered_in_its_place(here: Client) -> None:
    messages = [registration("batch1"), b"5", payment("stranger"), registration("batch1")]
    answer = here.post(b"[" + b",".join(messages) + b"]", BATCH)
    assert [each["status"] for each in answer.json()] == [201, 400, 422, 200]


@pytest.mark.parametrize(("body", "headers"), [(b"[]", BATCH), (b"\n\n", LINES), (b"", LINES)])
def test_no_messages_get_no_replies(here: Client, body: bytes, headers: dict[str, str]) -> None:
    answer = here.post(body, headers)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b" " * 32_001, STRUCTURED, id="a message"),
        pytest.param(b" " * 1_000_001, BATCH, id="a batch"),
        pytest.param(b" " * 1_000_001, LINES, id="lines"),
        pytest.param(b"[" + b"1," * 1_000 + b"1]", BATCH, id="1,001 messages"),
        pytest.param(b"1\n" * 1_001, LINES, id="1,001 lines"),
        pytest.param(b" " * (DISCARDED_BYTES + 2_000_000), LINES, id="more than is even read"),
    ],
)
def test_what_is_too_large_is_refused_as_a_whole(
    here: Client, body: bytes, headers: dict[str, str]
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    answer = here.post(chunks(), headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:ledger:too_large")


# Who sends


def test_a_source_with_a_token_shows_it_wherever_it_is(here: Client, elsewhere: Client) -> None:
    message = from_branch("branch1")
    for client in (here, elsewhere):
        for headers in (STRUCTURED, bearer("guessed"), bearer("")):
            answer = client.post(message, headers)
            assert (answer.status_code, answer.json()["type"]) == (401, "urn:ledger:unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert elsewhere.post(message, bearer(TOKEN)).status_code == 201
    assert here.post(message, bearer(TOKEN)).status_code == 200


def test_a_binary_message_needs_the_token_too(elsewhere: Client) -> None:
    members = json.loads(from_branch("branch2"))
    data = json.dumps(members.pop("data"))
    headers = {f"ce-{name}": value for name, value in members.items()}
    headers["content-type"] = "application/json"
    assert elsewhere.post(data, headers).status_code == 401
    answer = elsewhere.post(data, {**headers, "authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 201


def test_a_token_is_good_for_its_own_source_only(elsewhere: Client) -> None:
    assert elsewhere.post(registration("other"), bearer(TOKEN)).status_code == 401
    both = b"\n".join([registration("other"), from_branch("branch3")])
    answer = elsewhere.post(both, {**bearer(TOKEN), **LINES})
    assert [each["status"] for each in answer.json()] == [401, 201]


def test_a_source_named_twice_is_malformed(elsewhere: Client) -> None:
    twice = registration("twice").replace(b'"id"', b'"source": "branch", "id"', 1)
    last = registration("twice")[:-1] + b', "source": "branch"}'
    for message in (twice, last):
        answer = elsewhere.post(message, bearer(TOKEN))
        assert answer.status_code in (400, 401)
    assert elsewhere.post(last, bearer(TOKEN)).status_code == 400


def test_no_key_is_made_for_who_shows_no_token(elsewhere: Client, home: Home) -> None:
    assert elsewhere.post(from_branch("keyless")).status_code == 401
    vault = sqlite3.connect(home.vault)
    owner = customer("keyless")
    [(keys,)] = vault.execute("select count(*) from data_key where owner = ?", (owner,))
    vault.close()
    assert keys == 0


@pytest.mark.parametrize(
    ("address", "url", "headers", "status"),
    [
        ("127.0.0.1", "http://localhost:8080", {}, 200),
        ("127.8.0.1", "http://127.0.0.1", {}, 200),
        ("::1", "http://[::1]:8080", {}, 200),
        ("::ffff:127.0.0.1", "http://localhost", {}, 200),
        ("10.0.0.9", "http://127.0.0.1:8080", {}, 401),
        ("127.0.0.1", "http://page.example", {}, 401),
        ("127.0.0.1", "http://localhost.page.example", {}, 401),
        ("127.0.0.1", "http://127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("127.0.0.1", "http://127.0.0.1", {"forwarded": "for=10.0.0.9"}, 401),
    ],
)
def test_a_source_without_token_is_taken_from_this_machine_only(
    intake: Intake, address: str, url: str, headers: dict[str, str], status: int
) -> None:
    client = Client(intake, address, url)
    Client(intake, "127.0.0.1").post(registration("near"))
    assert client.post(registration("near"), {**STRUCTURED, **headers}).status_code == status


# Reading


def test_a_source_reads_the_entries_it_made_and_no_others(here: Client, elsewhere: Client) -> None:
    own = elsewhere.post(from_branch("branch4"), bearer(TOKEN)).headers["location"]
    other = here.post(registration("others")).headers["location"]
    assert elsewhere.get(own, headers=bearer(TOKEN)).json()["interaction"]["source"] == "branch"
    assert elsewhere.get(own).status_code == 401
    assert elsewhere.get(other, headers=bearer(TOKEN)).status_code == 401
    assert elsewhere.get("/entries/0/1", headers=bearer(TOKEN)).status_code == 401
    assert here.get("/entries/0/1").json()["founding"]["facts"]["origin"] == "ledger.example/sample"


@pytest.mark.parametrize(
    "path", ["/entries/0/999999999", "/entries/-1/1", "/entries/0/" + "9" * 5_000, "/entries/a/٣"]
)
def test_there_is_no_entry_at_what_is_no_place(here: Client, path: str) -> None:
    answer = here.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:ledger:not_found")


def test_the_start_page_names_the_ledger_and_health_its_state(elsewhere: Client) -> None:
    assert elsewhere.get("/").json()["links"]["interactions"] == "/interactions"
    health = elsewhere.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "recording")


def test_other_methods_and_paths_are_problems_too(here: Client) -> None:
    answer = here.get("/interactions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == PROBLEM
    assert here.ask("POST", "/").status_code == 405


def test_only_this_machine_asks_the_tables_to_catch_up(here: Client, elsewhere: Client) -> None:
    assert here.post(registration("caught")).status_code == 201
    assert here.ask("POST", "/catch-up").status_code == 200
    assert elsewhere.ask("POST", "/catch-up").status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_somebody_else_cannot_make_the_tables_catch_up(here: Client, site: str) -> None:
    asked = here.ask("POST", "/catch-up", headers={"sec-fetch-site": site})
    assert asked.status_code == 404


def test_a_link_that_cannot_be_looked_up_now_is_for_later(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LedgerError("index.sqlite cannot be read: disk I/O error")

    monkeypatch.setattr("consumers.intake.answer_to", fail)
    path = f"/interactions/counter-app/any?subject={customer('any')}"
    answer = Client(intake, "127.0.0.1").get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM
