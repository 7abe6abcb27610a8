"""SQL over HTTP: what is answered and in which shape, to whom, and what a bomb may not do."""

import csv
import hashlib
import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from httpx import Response
from starlette.applications import Starlette

from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from consumers.queries import AT_ONCE, Queries
from ledger import founding
from ledger.facts import Source
from ledger.projections.snapshot import find, snapshot_positions
from ledger.projections.worker import ROWS, SQL_BYTES
from ledger.settings import Home
from tests.consumers.day import business, registration
from tests.consumers.server import Heard, Server, serving, until
from tests.consumers.test_intake import Client
from tests.projections.test_hostile_sql import CROSS_JOIN

TOKEN = "a token of the branch office"
BRANCH = Source(name="branch", token_digest=hashlib.sha256(TOKEN.encode()).hexdigest())
PROBLEM = "application/problem+json"
CSV = {"accept": "text/csv"}


class Serving:
    """The endpoint alone: it needs nobody who records."""

    def __init__(self, home: Home, *sources: Source) -> None:
        self._queries = Queries(home, sources)

    def app(self) -> Starlette:
        return Starlette(routes=self._queries.routes())


def client(home: Home, *sources: Source, address: str = "127.0.0.1") -> Client:
    return Client(Serving(home, *sources), address)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = found(tmp_path_factory.mktemp("sql") / "home", founding.sample())
    with Embedded(home.folder) as ledger:
        ledger.publish(list(business(customers=3)))
    catch_up(home)
    return home


@pytest.fixture
def here(home: Home) -> Client:
    return client(home)


def ask(here: Client, sql: str, headers: dict[str, str] | None = None) -> Response:
    return here.get(f"/sql?q={quote(sql)}", headers=headers)


# Answers


def test_a_select_is_answered_with_the_snapshot_that_it_is_from(here: Client, home: Home) -> None:
    answer = ask(here, "select outcome, count(*) as entries from audit_trail group by all")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    newest = find(home.projections)
    assert newest is not None
    assert said["tables"] == newest.stem
    assert said["columns"] == ["outcome", "entries"]
    positions = snapshot_positions(home.projections)
    assert {each["partition"]: each["position"] for each in said["reached"]} == positions
    assert sum(count for _, count in said["rows"]) == sum(positions.values())
    assert all(each["recorded_at"].endswith("Z") for each in said["reached"])


def test_a_select_that_is_posted_is_answered_alike(here: Client) -> None:
    select = "select '顾客' as who, 1 as n"
    posted = here.ask("POST", "/sql", content=select.encode())
    assert posted.json() == ask(here, select).json()
    assert posted.json()["rows"] == [["顾客", 1]]


def test_rows_beyond_the_cap_are_cut_and_it_says_so(here: Client) -> None:
    said = ask(here, "from range(1000000)").json()
    assert (len(said["rows"]), said["cut"]) == (ROWS, True)
    assert ask(here, "from range(1000000)", CSV).headers["ledger-cut"] == "true"


def test_csv_is_given_where_it_is_asked_for(here: Client, home: Home) -> None:
    answer = ask(
        here, "select 1 as n, null as nothing, true as yes, 'a\"b,c\nd' as t, [1] as l", CSV
    )
    assert answer.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert answer.headers["ledger-cut"] == "false"
    newest = find(home.projections)
    assert newest is not None
    assert answer.headers["ledger-tables"] == newest.stem
    assert list(csv.reader(io.StringIO(answer.text, newline=""))) == [
        ["n", "nothing", "yes", "t", "l"],
        ["1", "", "true", 'a"b,c\nd', "[1]"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "\t", "\r"])
def test_a_cell_of_csv_is_never_a_formula(here: Client, start: str) -> None:
    formula = f'{start}HYPERLINK("http://x.example","x")'
    answer = ask(here, f"select chr({ord(start)}) || substr('{formula}', 2) as \"{start}n\"", CSV)
    header, [cell] = csv.reader(io.StringIO(answer.text, newline=""))
    assert (header, cell) == ([f"'{start}n"], f"'{formula}")


def test_numbers_below_zero_stay_numbers_in_csv(here: Client) -> None:
    answer = ask(here, "select -5 as a, -0.5::double as b, -1.5::decimal(4, 1) as c", CSV)
    assert answer.text == "a,b,c\r\n-5,-0.5,-1.5\r\n"


# Refusals


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("drop table visits", "only SELECT is answered, not DROP"),
        ("select 1; select 2", "send one statement"),
        ("select * from read_text('/etc/hostname')", "disabled by configuration"),
        ("select * from visit", "Table with name visit does not exist"),
        ("select 1\0", "NUL"),
        ("select map {true: 1}", "cast it to varchar"),
    ],
)
def test_what_is_refused_is_a_problem_with_the_reason(here: Client, sql: str, reason: str) -> None:
    answer = ask(here, sql, {"accept-language": "zh"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.json()["type"] == "urn:ledger:query_refused"
    assert answer.json()["title"] == "该查询未获执行"
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"x" * (SQL_BYTES + 1), b"select '\xff'", b""])
def test_a_body_that_is_no_query_is_refused(here: Client, body: bytes) -> None:
    answer = here.ask("POST", "/sql", content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ledger:query_refused")


@pytest.mark.parametrize("seconds", ["0", "-1", "31", "nan", "inf", "soon", ""])
def test_a_deadline_beyond_the_cap_is_refused(here: Client, seconds: str) -> None:
    answer = here.get(f"/sql?q=select+1&seconds={seconds}")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "seconds is a number above 0, at most 30"


def test_a_query_is_missed(here: Client) -> None:
    assert here.get("/sql").json()["detail"].startswith("ask with ?q=select")


def test_without_tables_it_says_so(home: Home, tmp_path: Path) -> None:
    answer = ask(client(Home(tmp_path)), "select 1")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:ledger:not_shown")
    assert "no tables yet" in answer.json()["detail"]


# To whom


def test_elsewhere_there_is_nothing(home: Home) -> None:
    assert ask(client(home, address="10.0.0.9"), "select 1").status_code == 404
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert ask(client(home, BRANCH, address="10.0.0.9"), "select 1", shown).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_somebody_else_cannot_ask(here: Client, site: str) -> None:
    assert ask(here, "select 1", {"sec-fetch-site": site}).status_code == 404


def test_where_sources_have_tokens_one_is_needed(home: Home) -> None:
    guarded = client(home, *founding.sample().sources, BRANCH)
    assert ask(guarded, "select 1").status_code == 401
    assert ask(guarded, "select 1", {"authorization": "Bearer another"}).status_code == 401
    assert ask(guarded, "select 1", {"authorization": f"Bearer {TOKEN}"}).status_code == 200


# Bombs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("bombed") / "home") as server:
        assert server.ask("POST", "/catch-up").status == 200
        yield server


def children(server: Server) -> set[str]:
    """Of all its threads: a worker is the child of the one that asked for it."""
    tasks = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return {pid for listed in tasks for pid in listed.read_text().split()}


def bomb(server: Server, seconds: float) -> tuple[Heard, float]:
    began = time.monotonic()
    heard = server.ask("GET", f"/sql?q={quote(CROSS_JOIN)}&seconds={seconds}")
    return heard, time.monotonic() - began


def test_bombs_die_at_their_deadline_and_keep_nobody_waiting(server: Server) -> None:
    [projector] = children(server)
    with ThreadPoolExecutor(AT_ONCE) as askers:
        bombs = [askers.submit(bomb, server, 3.0) for _ in range(AT_ONCE)]
        until(lambda: len(children(server)) == 1 + AT_ONCE)
        began = time.monotonic()
        more = server.ask("GET", "/sql?q=select+1")
        assert server.post(registration("meanwhile")).status == 201
        assert time.monotonic() - began < 1.5
        stopped = [each.result() for each in bombs]
    assert (more.status, more.body["type"]) == (503, "urn:ledger:busy")
    assert more.headers["retry-after"] == "1"
    for heard, seconds in stopped:
        assert (heard.status, heard.body["type"]) == (504, "urn:ledger:query_stopped")
        assert seconds < 4.0
    assert children(server) == {projector}
    assert server.ask("GET", "/sql?q=select+1").body["rows"] == [[1]]
