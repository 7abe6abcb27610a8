"""The page of a running ledger: what it says, how fresh it says it is, and to whom it says it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest
from httpx import Response

from consumers import page_tables
from consumers.embedded import Embedded, found
from consumers.grouping import Recording
from consumers.intake import Intake
from consumers.keeper import ProjectorKeeper
from consumers.movement import Reached
from consumers.page_tables import Kept, read
from consumers.projector import catch_up
from ledger import founding
from ledger.entry import LedgerError
from ledger.projections import snapshot, worker
from ledger.settings import Home
from tests.consumers.day import MORNING, at_hall, business, customer, registration
from tests.consumers.server import serving, until
from tests.consumers.test_intake import BATCH, Client

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DATA = ("/kpi", "/now", "/days/renmin/2026-11-03")
SHOWN_DAY = "2026-11-03"
PERSONAL = ("13800138000", "110101199003071234", "顾客 n0", "服务很好", "客户要求更正")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A day of business with a refusal, shown by the tables."""
    home = found(tmp_path_factory.mktemp("page") / "home", founding.sample())
    with Embedded(home.folder) as ledger:
        ledger.publish(list(business(customers=20)))
        ledger.publish([at_hall("start", "v0", MORNING, id_="started-again")])
    catch_up(home)
    return home


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


@pytest.fixture
def here(intake: Intake) -> Client:
    return Client(intake, "127.0.0.1")


@pytest.fixture
def elsewhere(intake: Intake) -> Client:
    return Client(intake, "10.0.0.9", "http://ledger.example")


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


# Key figures


def test_every_kpi_is_told_as_its_view_says_it(here: Client, home: Home) -> None:
    told = {each["k"]: each for each in here.get("/kpi").json()["figures"]}
    kept = _rows(home, "select k, name, name_zh, formula, unit, direction from kpis")
    assert kept
    assert set(told) == {row["k"] for row in kept}
    for row in kept:
        assert {name: told[row["k"]][name] for name in row} == row


def test_a_figure_is_the_one_of_the_views(here: Client, home: Home) -> None:
    for span, view in (("day", "kpi"), ("month", "kpi_month")):
        select = f"select * from {view} where k = 'K01' and hall = 'renmin'"
        [row] = _rows(home, select)
        shown = _figure(here.get("/kpi"), "K01", span)
        assert shown["value"] == row["value"]
        assert shown["denominator"] == row["denominator"] > 0
        assert shown["met"] is (row["value"] <= row["target"])


def test_figures_of_clerks_are_put_together_as_those_of_the_month_are(
    here: Client, home: Home
) -> None:
    # All of the sample's business is on one day, so that day is the month.
    clerks = _rows(home, "select * from kpi where k = 'K05' and hall = 'renmin'")
    assert all(row["clerk"] for row in clerks)
    answer = here.get("/kpi")
    day, month = (_figure(answer, "K05", span) for span in ("day", "month"))
    assert day["value"] == pytest.approx(month["value"])
    assert day["denominator"] == sum(row["denominator"] for row in clerks)


def test_a_kpi_without_data_has_no_figure_or_a_null_one_and_never_zero(
    tmp_path: Path,
) -> None:
    fresh = found(tmp_path / "home", founding.sample())
    catch_up(fresh)
    kpis = page_tables.kpis(snapshot.current_snapshot(fresh.projections))
    assert len(kpis) > 5
    assert all(figure.value is None for kpi in kpis for figure in (*kpi.day, *kpi.month))


@pytest.mark.parametrize(
    ("rows", "value", "split"),
    [
        ([("c-li", 50.0, 1, 2), ("c-wang", 100.0, 6, 6)], 87.5, False),
        ([("c-li", 3.0, 6, 2), ("c-wang", None, 0, 0)], 3.0, False),
        ([("c-li", 0.0, 0, 2), ("c-wang", 0.0, 0, 6)], 0.0, False),
        ([("c-li", None, 0, 0), ("c-wang", None, 0, 0)], None, False),
        # No multiple of its numerator over its denominator, as a percentile is none.
        ([("c-li", 9.0, 1, 2), ("c-wang", 100.0, 6, 6)], None, True),
        ([("c-li", 9.0, 1, 2), (None, 40.0, 3, 4), ("c-wang", 7.0, 6, 6)], 40.0, False),
        ([(None, 40.0, None, 4)], 40.0, False),
    ],
)
def test_a_halls_figure_is_its_own_or_that_of_its_clerks_together(
    tmp_path: Path, rows: list[tuple[Any, ...]], value: float | None, split: bool
) -> None:
    [kpi] = page_tables.kpis(_tables(tmp_path, rows, "higher is better"))
    [figure] = kpi.day
    assert (figure.hall, figure.value, figure.split) == ("renmin", value, split)
    assert figure.met is (None if value is None else value >= 50)


@pytest.mark.parametrize(
    ("direction", "met"),
    [("lower is better", True), ("higher is better", True), ("none, for information", None)],
)
def test_a_target_is_met_at_its_edge(tmp_path: Path, direction: str, met: bool | None) -> None:
    [kpi] = page_tables.kpis(_tables(tmp_path, [(None, 50.0, 1, 2)], direction))
    assert kpi.day[0].met is met


# What happens now


def test_the_newest_entries_are_told_in_both_languages(here: Client) -> None:
    entries = here.get("/now").json()["entries"]
    assert len(entries) == page_tables.NEWEST
    told = [each for each in entries if each["sentence"]]
    assert len(told) > page_tables.NEWEST / 2
    for each in told:
        assert re.search("[\u4e00-\u9fff]", each["sentence_zh"])
    times = [each["recorded_at"] for each in entries]
    assert times == sorted(times, reverse=True)


def test_an_entry_leads_to_its_record(here: Client) -> None:
    shown = here.get("/now").json()["entries"][0]
    record = here.get(f"/entries/{shown['partition']}/{shown['position']}").json()
    assert record["interaction"]["type"] == shown["type"]
    assert record["interaction"]["subject"] == shown["owner"]


def test_refusals_are_told_by_the_rule_that_was_broken(here: Client, home: Home) -> None:
    refusals = here.get("/now").json()["refusals"]
    kept = _rows(home, "select rule from audit_trail where outcome = 'refused'")
    assert len(refusals) == len(kept) > 0
    for each in refusals:
        assert each["mark"] in ("refused", "alarm")
        [rule] = _rows(home, f"select * from rules where rule = '{each['rule']}'")
        assert (each["sentence"], each["sentence_zh"]) == (rule["sentence"], rule["sentence_zh"])


def test_a_refused_follow_on_is_an_alarm(home: Home, tmp_path: Path) -> None:
    changed = tmp_path / "1.duckdb"
    shutil.copyfile(snapshot.current_snapshot(home.projections), changed)
    with duckdb.connect(str(changed)) as tables:
        tables.execute("update audit_trail set cause = 'a/b#1' where outcome = 'refused'")
    newest = page_tables.newest(changed)
    assert {each.mark for each in newest.refusals} == {"alarm"}
    assert {each.mark for each in newest.entries} <= {"alarm", "recorded"}


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


# One reading for all who look


def test_a_snapshot_is_read_once_however_many_look(home: Home) -> None:
    asked: list[Path] = []
    kept = Kept(home.projections, lambda path: asked.append(path) or len(asked))
    answers = [kept.newest() for _ in range(5)]
    assert [each and each.answer for each in answers] == [1] * 5
    assert len(asked) == 1


def test_a_snapshot_that_goes_away_before_it_is_read_is_no_trouble(home: Home) -> None:
    asked: list[Path] = []

    def ask(path: Path) -> str:
        asked.append(path)
        if len(asked) == 1:
            snapshot.make(home.projections, path)
            raise LedgerError("it is gone")
        return "read"

    reading = read(home.projections, ask)
    assert reading.answer == "read"
    assert reading.tables == asked[1].stem != asked[0].stem


# Behind a figure


def test_behind_a_figure_stand_the_entries_of_that_hall_and_day(here: Client, home: Home) -> None:
    [counted] = _rows(
        home,
        "select count(*) as entries from audit_trail where hall = 'renmin'"
        f" and cast(happened_at + interval 8 hours as date) = date '{SHOWN_DAY}'",
    )
    found_ = here.get(f"/days/renmin/{SHOWN_DAY}").json()
    assert found_["count"] == counted["entries"] > page_tables.OF_A_DAY
    assert len(found_["entries"]) == page_tables.OF_A_DAY
    assert {each["hall"] for each in found_["entries"]} == {"renmin"}


@pytest.mark.parametrize("hall", ["binjiang", "nowhere", "x' or 'a'='a", "{hall}", "%25"])
def test_another_hall_has_nothing_that_day(here: Client, hall: str) -> None:
    found_ = here.get(f"/days/{hall}/{SHOWN_DAY}").json()
    assert (found_["count"], found_["entries"]) == (0, [])


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-11-03'--"])
def test_what_is_no_day_is_not_found(here: Client, day: str) -> None:
    assert here.get(f"/days/renmin/{day}").status_code == 404


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


def _rows(home: Home, select: str) -> list[dict[str, Any]]:
    table = worker.query(snapshot.current_snapshot(home.projections), select)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _figure(answer: Response, k: str, span: str) -> dict[str, Any]:
    [kpi] = [each for each in answer.json()["figures"] if each["k"] == k]
    [figure] = [each for each in kpi[span] if each["hall"] == "renmin"]
    return figure


def _owners(answer: Response) -> set[str]:
    return {each["owner"] for each in answer.json()["entries"]}


def _tables(folder: Path, rows: list[tuple[Any, ...]], direction: str) -> Path:
    """A snapshot with one KPI of these clerks, values, numerators and denominators."""
    path = folder / "1.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(
            "create table kpis as select 'K99' as k, 'Name' as name, '名' as name_zh,"
            " 'how' as formula, 'hall, day' as grain, '%' as unit,"
            f" '{direction}' as direction, 'kpi.name' as target"
        )
        made.execute(
            "create table targets as"
            " select 'kpi.name' as parameter, 50.0::double as target, 'PRACTICE' as source"
        )
        made.execute(
            "create table kpi (k text, hall text, business_on date, clerk text,"
            " value double, numerator double, denominator double)"
        )
        made.executemany("insert into kpi values ('K99', 'renmin', '2026-11-03', ?, ?, ?, ?)", rows)
        made.execute("create view kpi_month as select *, business_on as month from kpi where false")
    return path


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
