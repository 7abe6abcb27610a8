"""Each KPI with a worked example: a handful of entries, and the figure computed by hand."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import policy
from ledger.projections import definitions as files
from tests.projections.hall_scenes import Till
from tests.projections.history import MORNING, History
from tests.projections.order_scenes import all_that_counts
from tests.projections.scenes import give_up, lapse, pay, queue, serve, work

TODAY = date(2026, 11, 3)
TOMORROW = MORNING + timedelta(days=1)
KPIS = [view for view in files.load().views if re.match(r"K\d\d ", view.about)]


def figures(history: History, folder: Path, view: str, columns: str) -> list[tuple[Any, ...]]:
    return history.project(folder).execute(f"select {columns} from {view} order by all").fetchall()


def waits(*seconds: int) -> History:
    """So many served visits that waited so long, and one that is still waiting."""
    history = History(2)
    for number, wait in enumerate(seconds):
        queue(history, f"v{number}")
        serve(history, f"v{number}", wait=wait)
    queue(history, "v-waits")
    return history


ALL = "hall, business_on, value, numerator, denominator"


def test_k01_average_wait(tmp_path: Path) -> None:
    # (30 + 60 + 600) / 3 = 230; who walked up without a ticket or gave up does not count.
    history = waits(30, 60, 600)
    queue(history, "v-walks-up", ticket=False)
    serve(history, "v-walks-up", wait=None)
    queue(history, "v-gives-up")
    give_up(history, "v-gives-up")
    found = figures(history, tmp_path, "kpi_k01_average_wait", ALL)
    assert found == [("renmin", TODAY, 230.0, 690, 3)]


def test_k01_is_counted_by_hall_and_business_day(tmp_path: Path) -> None:
    history = History(2)
    for name, hall, at, wait in (
        ("a", "hall/renmin", MORNING, 10),
        ("b", "hall/renmin", TOMORROW, 20),
        ("b", "hall/binjiang", MORNING, 40),
    ):
        queue(history, name, hall=hall, at=at)
        serve(history, name, hall=hall, at=at, wait=wait)
    assert figures(history, tmp_path, "kpi_k01_average_wait", "hall, business_on, value") == [
        ("binjiang", TODAY, 40.0),
        ("renmin", TODAY, 10.0),
        ("renmin", TOMORROW.date(), 20.0),
    ]


def test_k02_p90_wait(tmp_path: Path) -> None:
    # Of ten waits 10, 20 ... 100 nine are at most 90.
    history = waits(*range(10, 101, 10))
    found = figures(history, tmp_path, "kpi_k02_p90_wait", ALL)
    assert found == [("renmin", TODAY, 90.0, None, 10)]


def test_k03_wait_within_target(tmp_path: Path) -> None:
    # 600 s is within the target of 600 s, 601 is not: 3 of 4.
    history = waits(0, 599, 600, 601)
    found = figures(history, tmp_path, "kpi_k03_wait_within_target", ALL)
    assert found == [("renmin", TODAY, 75.0, 3, 4)]


def test_k03_goes_by_the_target_that_the_policy_sets(tmp_path: Path) -> None:
    history = History(2, queue__wait_target_seconds=30)
    for name, wait in (("a", 20), ("b", 40)):
        queue(history, name)
        serve(history, name, wait=wait)
    found = figures(history, tmp_path, "kpi_k03_wait_within_target", ALL)
    assert found == [("renmin", TODAY, 50.0, 1, 2)]


def test_k04_abandonment(tmp_path: Path) -> None:
    # Five tickets, of which one was abandoned and one not answered: 2 / 5 = 40 %.
    history = waits(10, 20)
    for name in ("gives-up", "no-show"):
        queue(history, name)
    give_up(history, "gives-up")
    lapse(history, "no-show")
    queue(history, "no-ticket", ticket=False)
    give_up(history, "no-ticket")
    found = figures(history, tmp_path, "kpi_k04_abandonment", ALL)
    assert found == [("renmin", TODAY, 40.0, 2, 5)]


def test_k05_average_handling_of_each_clerk(tmp_path: Path) -> None:
    # c-li: (100 + 200) / 2 = 150; c-wang: 90, and one visit that is not closed yet.
    history = History(2)
    for name, clerk, seconds in (
        ("a", "c-li", 100),
        ("b", "c-li", 200),
        ("c", "c-wang", 90),
        ("d", "c-wang", None),
        ("e", "c-zhao", None),
    ):
        queue(history, name)
        serve(history, name, clerk=clerk, handling=seconds)
    columns = "hall, clerk, business_on, value, numerator, denominator"
    assert figures(history, tmp_path, "kpi_k05_average_handling", columns) == [
        ("renmin", "c-li", TODAY, 150.0, 300, 2),
        ("renmin", "c-wang", TODAY, 90.0, 90, 1),
        ("renmin", "c-zhao", TODAY, None, 0, 0),
    ]


def test_k06_throughput_of_each_clerk(tmp_path: Path) -> None:
    # c-li: 6 + 3 visits in 1.5 + 0.5 h = 4.5 an hour; c-wang's shift is open still.
    history = History(2)
    work(history, "c-li", worked=5400, closed=6, name="s1")
    work(history, "c-li", worked=1800, closed=3, name="s2")
    work(history, "c-wang", worked=None, name="s3")
    columns = "hall, clerk, business_on, value, numerator, denominator"
    assert figures(history, tmp_path, "kpi_k06_throughput", columns) == [
        ("renmin", "c-li", TODAY, 4.5, 9, 2.0),
        ("renmin", "c-wang", TODAY, None, 0, 0.0),
    ]


def test_k06_leaves_pauses_out(tmp_path: Path) -> None:
    # Two hours from opening to closing, one of them a pause: 4 visits in an hour.
    history = History(2)
    work(history, "c-li", worked=7200, paused=3600, closed=4)
    found = figures(history, tmp_path, "kpi_k06_throughput", "value, numerator, denominator")
    assert found == [(4.0, 4, 1.0)]


def test_k09_satisfaction_with_each_clerk(tmp_path: Path) -> None:
    # c-li: 5, 4, 3 and one unrated: 2 of 3, mean 4; c-wang was never rated.
    history = History(2)
    for name, clerk, score in (
        ("a", "c-li", 5),
        ("b", "c-li", 4),
        ("c", "c-li", 3),
        ("d", "c-li", None),
        ("e", "c-wang", None),
    ):
        queue(history, name)
        serve(history, name, clerk=clerk, score=score)
    columns = "hall, clerk, business_on, round(value, 2), numerator, denominator, mean_score"
    assert figures(history, tmp_path, "kpi_k09_satisfaction", columns) == [
        ("renmin", "c-li", TODAY, 66.67, 2, 3, 4.0),
        ("renmin", "c-wang", TODAY, None, 0, 0, None),
    ]


def test_k10_rating_response(tmp_path: Path) -> None:
    # Four visits closed, one of them rated: 25 %; those still served or waiting do not count.
    history = waits(1, 1, 1)
    queue(history, "rated")
    serve(history, "rated", score=2)
    queue(history, "in-progress")
    serve(history, "in-progress", handling=None)
    found = figures(history, tmp_path, "kpi_k10_rating_response", ALL)
    assert found == [("renmin", TODAY, 25.0, 1, 4)]


def test_k43_payment_reversals_by_method(tmp_path: Path) -> None:
    # Cash: 1 of 2 reversed; cards: 0 of 2; half and half of the day's payments.
    history = History(2)
    pay(history, "p1", 10_000, "cash")
    pay(history, "p2", 20_000, "cash", reverse=True)
    pay(history, "p1", 3_000, "bank_card", customer_id="d2")
    pay(history, "p2", 1_000, "bank_card", customer_id="d2")
    columns = "hall, method, value, numerator, denominator, amount_fen, reversed_fen, mix_percent"
    connection = history.project(tmp_path)
    found = connection.execute(f"select {columns} from kpi_k43_payment_reversals order by all")
    assert found.fetchall() == [
        ("renmin", "bank_card", 0.0, 0, 2, 4_000, 0, 50.0),
        ("renmin", "cash", 50.0, 1, 2, 30_000, 20_000, 50.0),
    ]
    headline = "select value, numerator, denominator from kpi where k = 'K43'"
    assert connection.execute(headline).fetchall() == [(25.0, 1.0, 4.0)]


@pytest.mark.parametrize("k", ["K01", "K02", "K03", "K05", "K09", "K10"])
def test_no_data_is_null_and_never_zero(k: str, tmp_path: Path) -> None:
    history = History(2)
    queue(history, "waits")
    queue(history, "in-progress")
    serve(history, "in-progress", wait=None, handling=None)
    if k == "K09":
        queue(history, "unrated")
        serve(history, "unrated", wait=None)
    connection = history.project(tmp_path)
    found = connection.execute("select value, denominator from kpi where k = ?", [k]).fetchall()
    assert found == [(None, 0.0)]


def test_the_screen_shows_each_hall_on_its_newest_day(tmp_path: Path) -> None:
    history = History(2)
    for hall, at in (("renmin", MORNING), ("renmin", TOMORROW), ("binjiang", MORNING)):
        name = f"{hall}-{at:%d}"
        queue(history, name, hall=f"hall/{hall}", at=at)
        serve(history, name, hall=f"hall/{hall}", at=at)
    found = history.project(tmp_path).execute(
        "select k, hall, business_on, value, target, unit, direction, name, name_zh from kpi"
        " where k = 'K01'"
    )
    said = (0.0, 480.0, "s", "lower is better", "Average wait time", "平均等候时长")
    assert found.fetchall() == [
        ("K01", "binjiang", TODAY, *said),
        ("K01", "renmin", TOMORROW.date(), *said),
    ]


def test_the_policy_sets_the_targets_on_the_screen(tmp_path: Path) -> None:
    history = History(2, kpi__average_wait_seconds=120)
    queue(history, "v1")
    found = history.project(tmp_path).execute("select target from kpi where k = 'K01'")
    assert found.fetchall() == [(120.0,)]


def test_every_kpi_is_on_the_screen_with_its_target(tmp_path: Path) -> None:
    history = History(2)
    queue(history, "v1")
    serve(history, "v1", score=5)
    work(history, "c-li", worked=60, closed=1)
    pay(history, "p1", 100)
    Till(history).count().close()
    all_that_counts(history)
    found = history.project(tmp_path).execute("select k, target from kpi order by k").fetchall()
    assert sorted({k for k, _ in found}) == sorted(view.about[:3] for view in KPIS)
    assert all(target is not None for _, target in found)


@pytest.mark.parametrize("view", KPIS, ids=lambda view: view.name)
def test_a_kpi_says_formula_unit_grain_target_and_direction(view: files.View) -> None:
    assert view.name.startswith(f"kpi_{view.about[:3].lower()}_")
    assert set(view.properties) == {"Formula", "Unit", "Grain", "Target", "Direction"}
    assert view.properties["Target"] in {parameter.name for parameter in policy.PARAMETERS}
    assert view.properties["Direction"] in {"higher is better", "lower is better"}


def test_the_figures_of_a_day_lead_back_to_their_entries(tmp_path: Path) -> None:
    history = waits(30, 60)
    found = history.project(tmp_path).execute(
        "select count(*) from audit_trail join visits"
        " on audit_trail.owner = 'hall/' || visits.hall and audit_trail.visit = visits.visit_id"
        " where visits.hall = 'renmin' and visits.business_on = ?",
        [TODAY],
    )
    assert found.fetchall() == [(len(history.records) - 2,)]
