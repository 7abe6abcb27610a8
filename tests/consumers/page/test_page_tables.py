"""What the page shows of the tables: key figures, what happens now, and the day behind a figure."""

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from httpx import Response

from consumers import page_tables
from consumers.embedded import found
from consumers.page_tables import Kept, read
from consumers.projector import catch_up
from ledger import founding
from ledger.entry import LedgerError
from ledger.projections import snapshot, worker
from ledger.settings import Home
from tests.consumers.test_intake import Client

SHOWN_DAY = "2026-11-03"


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


def _rows(home: Home, select: str) -> list[dict[str, Any]]:
    table = worker.query(snapshot.current_snapshot(home.projections), select)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _figure(answer: Response, k: str, span: str) -> dict[str, Any]:
    [kpi] = [each for each in answer.json()["figures"] if each["k"] == k]
    [figure] = [each for each in kpi[span] if each["hall"] == "renmin"]
    return figure


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
