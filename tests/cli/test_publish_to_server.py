"""`ledger publish` where a server has the ledger: the file goes to the server."""

import json
from collections.abc import Iterator

import pytest

from consumers.http_client import publish_to_server
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from tests.consumers.day import business, payment, registration
from tests.consumers.server import Server, ledger, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("publish") / "home") as server:
        yield server


def publish(server: Server, lines: list[bytes]) -> tuple[int, dict[str, int], str]:
    """The exit code, the counts, and what was said on standard error."""
    home = str(server.home.folder)
    done = ledger("publish", "-", "--home", home, "--json", stdin=b"\n".join(lines))
    return done.returncode, json.loads(done.stdout), done.stderr.decode()


def test_a_day_is_recorded_by_the_server_and_repeated_when_published_again(server: Server) -> None:
    day = list(business(60))
    code, counts, said = publish(server, day)
    assert (code, said) == (0, "")
    assert counts == {"recorded": len(day), "refused": 0, "repeated": 0, "malformed": 0}
    assert publish(server, day)[1]["repeated"] == len(day)
    log = SqliteLog(server.home.log)
    records = [json.loads(r) for n, end in log.ends().items() for r in log.read(n, 1, end)]
    log.close()
    sent = [each for each in records if each["interaction"]["source"] != "ledger-reactor"]
    assert len(sent) == len(day)
    assert {each["intake"]["via"] for each in sent} == {"http"}


def test_lines_that_are_no_messages_are_told_by_number(server: Server) -> None:
    lines = [registration("p1"), b"{", b"", b"7" * 1_100_000, payment("nobody")]
    code, counts, said = publish(server, lines)
    assert code == 1
    assert counts == {"recorded": 1, "refused": 1, "repeated": 0, "malformed": 2}
    assert "line 2: malformed" in said
    assert "line 4: malformed the message is over 32000 bytes" in said
    assert "line 5: ENV-02" in said


def test_more_than_the_server_takes_at_once_goes_in_parts(server: Server) -> None:
    messages = [registration("large", note="x" * 20_000)] * 120
    replies = publish_to_server(server.url, messages)
    assert {reply.status for reply in replies} == {400}
    assert len(replies) == 120


def test_a_server_that_is_gone_is_said_in_a_sentence() -> None:
    with pytest.raises(LedgerError, match=r"the server does not answer at http://127\.0\.0\.1:9/"):
        publish_to_server("http://127.0.0.1:9", [b"{}"])
