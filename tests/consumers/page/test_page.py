"""The page of a running ledger: what it loads, to whom it is shown, and how fresh it says it is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from itertools import islice
from pathlib import Path

import pytest
from httpx import Response

from consumers.intake import Intake
from consumers.movement import Reached
from ledger import founding
from ledger.settings import Home
from tests.consumers.day import business, customer, registration
from tests.consumers.server import serving, until
from tests.consumers.test_intake import BATCH, Client

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DATA = ("/kpi", "/now", "/days/renmin/2026-11-03")
PERSONAL = ("13800138000", "110101199003071234", "顾客 n0", "服务很好", "客户要求更正")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


# The page itself


def test_a_browser_gets_the_page_and_a_program_what_it_always_got(here: Client) -> None:
    page = here.get("/", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "正在发生" in page.text
    described = here.get("/", headers={"accept": "*/*"})
    assert described.json()["links"]["interactions"] == "/interactions"
    assert page.headers["vary"] == described.headers["vary"] == "accept"


def test_the_page_asks_nobody_but_the_ledger(here: Client) -> None:
    policy = here.get("/", headers=HTML).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    for path in ("/", "/page.css", "/page.js"):
        text = here.get(path, headers=HTML).text
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text), path


def test_all_that_the_page_links_to_is_there(here: Client) -> None:
    linked = _Links()
    linked.feed(here.get("/", headers=HTML).text)
    assert {"/page.css", "/page.js"} <= linked.paths
    assert not linked.inline
    for path in linked.paths:
        assert here.get(path).status_code == 200, path


def test_the_script_finds_every_element_that_it_names() -> None:
    folder = resources.files("ledger.console")
    markup = folder.joinpath("page.html").read_text(encoding="utf-8")
    script = folder.joinpath("page.js").read_text(encoding="utf-8")
    named = set(re.findall(r'\bat\("([^"]+)"\)', script)) | set(
        re.findall(r'\("#([\w-]+)[ "]', script)
    )
    assert named
    assert named <= set(re.findall(r'id="([^"]+)"', markup))


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js", *DATA])
def test_head_answers_as_get_does(here: Client, path: str) -> None:
    head, get = (here.ask(method, path, headers=HTML) for method in ("HEAD", "GET"))
    assert head.status_code == get.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("path", DATA)
def test_data_is_not_kept_by_anyone(here: Client, path: str) -> None:
    headers = here.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


# To whom


def test_elsewhere_nothing_of_it_is_shown(elsewhere: Client) -> None:
    assert "links" in elsewhere.get("/", headers=HTML).json()
    for path in DATA:
        assert elsewhere.get(path).status_code == 404


def test_a_page_of_another_name_that_leads_here_is_elsewhere(intake: Intake) -> None:
    rebound = Client(intake, "127.0.0.1", "http://attacker.example")
    assert [rebound.get(path).status_code for path in DATA] == [404, 404, 404]


def test_nothing_personal_is_shown(here: Client) -> None:
    shown = "".join(here.get(path).text for path in DATA)
    for word in PERSONAL:
        assert word not in shown


# How fresh


def test_what_is_recorded_is_lag_until_it_is_shown(here: Client) -> None:
    assert here.ask("POST", "/catch-up").status_code == 200
    until(lambda: here.get("/now").json()["fresh"]["lag"] == 0)
    before = here.get("/now").json()["fresh"]
    assert here.post(registration("fresh")).status_code == 201
    after = here.get("/now").json()["fresh"]
    assert after["position"] > before["position"]
    assert after["lag"] == after["position"] - after["projected"]
    # Looking is enough: the projector is asked for what is missing.
    until(lambda: _owners(here.get("/now")) & {customer("fresh")})
    until(lambda: here.get("/now").json()["fresh"]["lag"] == 0)
    until(lambda: here.get("/kpi").json()["fresh"]["tables"] != before["tables"])


def test_each_partition_says_how_far_it_is(here: Client, home: Home) -> None:
    now = here.get("/now").json()
    assert [each["partition"] for each in now["partitions"]] == list(range(8))
    assert sum(each["position"] for each in now["partitions"]) == now["fresh"]["position"]
    assert now["fresh"]["recorded_at"] == max(each["recorded_at"] for each in now["partitions"])
    assert now["simulated"] is (founding.sample().clock == "simulated")
    assert (now["recording"], now["projecting"]) == (True, True)


def test_without_tables_it_says_so(home: Home, tmp_path: Path) -> None:
    bare = Intake(Home(tmp_path), _Standing(), _Keeping())  # type: ignore[arg-type]
    shutil.copyfile(home.log, tmp_path / "log.sqlite")
    now = Client(bare, "127.0.0.1").get("/now").json()
    assert (now["fresh"]["tables"], now["fresh"]["projected"], now["entries"]) == (None, 0, [])
    assert now["fresh"]["lag"] == now["fresh"]["position"] > 0
    assert Client(bare, "127.0.0.1").get("/kpi").json()["figures"] == []
    assert Client(bare, "127.0.0.1").get("/days/renmin/2026-11-03").status_code == 503


def test_tables_that_cannot_be_read_are_a_problem_with_a_reason(home: Home, tmp_path: Path) -> None:
    (tmp_path / "projections" / "snapshots").mkdir(parents=True)
    (tmp_path / "projections" / "snapshots" / "1.duckdb").write_bytes(b"no tables")
    (tmp_path / "projections" / "snapshots" / "current").write_text("1.duckdb")
    shutil.copyfile(home.log, tmp_path / "log.sqlite")
    broken = Intake(Home(tmp_path), _Standing(), _Keeping())  # type: ignore[arg-type]
    for path in DATA:
        answer = Client(broken, "127.0.0.1").get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:ledger:not_shown")
        assert "cannot be read" in answer.json()["detail"]


# In a browser


@pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,
    reason="no chromium: `make browser` brings one, and `make check` asks for it",
)
def test_a_browser_shows_figures_and_sentences_and_has_nothing_to_say(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        for batch in _batches(list(business(customers=20))):
            assert server.post(batch, BATCH).status == 200
        assert server.ask("POST", "/catch-up").status == 200
        shown = _in_chromium(f"{server.url}/", tmp_path / "profile")
    assert "CONSOLE" not in shown.stderr
    figures = shown.stdout.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "平均等候时长" in figures
    assert re.search(r"\d s</button>", figures)
    entries = shown.stdout.partition('id="entries"')[2].partition("</ol>")[0]
    assert "Paid ¥49.00 by cash." in entries


class _Links(HTMLParser):
    """What a page loads and links to, and whether it has scripts or styles of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        target = given.get("src") or given.get("href") or ""
        if target.startswith("/"):
            self.paths.add(target)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


class _Standing:
    """Stands for a recording that is open."""

    healthy = True

    facts = founding.sample()


class _Keeping:
    """Stands for a keeper whose projector does nothing."""

    running = True

    def refresh(self) -> None:
        pass

    def standing(self) -> list[str]:
        return []

    def reached(self) -> list[Reached]:
        return []


def _owners(answer: Response) -> set[str]:
    return {each["owner"] for each in answer.json()["entries"]}


def _batches(messages: list[bytes]) -> Iterator[bytes]:
    rest = iter(messages)
    while batch := list(islice(rest, 100)):
        yield b"[" + b",".join(batch) + b"]"


def _in_chromium(url: str, profile: Path) -> subprocess.CompletedProcess[str]:
    """What the page has become after some seconds of its own time, and what it complained of."""
    assert CHROMIUM is not None
    return subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
