"""The months and hours of the key figures, each with a worked example computed by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.projections.hall_lives import lived
from tests.projections.history import History, after
from tests.projections.scenes import give_up, pay, queue, serve, work

NOVEMBER = date(2026, 11, 1)
DECEMBER = date(2026, 12, 1)
THIRD, NEXT_DAY, NEXT_MONTH = after(), after(days=1), after(days=30)
FIGURE = "value, numerator, denominator"


def months(
    history: History, folder: Path, k: str, columns: str = FIGURE
) -> dict[Any, tuple[Any, ...]]:
    """The figures of one KPI in renmin by clerk and month; clerk None is the whole hall."""
    found = history.project(folder).execute(
        f"select clerk, month, {columns} from kpi_month where k = ? and hall = 'renmin'", [k]
    )
    rows = found.fetchall()
    figures = {(clerk, month): tuple(rest) for clerk, month, *rest in rows}
    assert len(figures) == len(rows)
    return figures


def visits(history: History, *seen: tuple[datetime, int], **more: Any) -> History:
    """Served visits, each on its day with its wait in seconds."""
    for number, (at, wait) in enumerate(seen):
        queue(history, f"v{number}-{at:%m%d}", at=at)
        serve(history, f"v{number}-{at:%m%d}", at=at, wait=wait, **more)
    return history


def test_k01_of_a_month_weighs_every_visit_the_same(tmp_path: Path) -> None:
    # Days of 100 (one visit) and 10 (two visits): (100 + 10 + 10) / 3 = 40, not their mean 55.
    history = visits(History(2), (THIRD, 100), (NEXT_DAY, 10), (NEXT_DAY, 10), (NEXT_MONTH, 7))
    assert months(history, tmp_path, "K01") == {
        (None, NOVEMBER): (40.0, 120.0, 3.0),
        (None, DECEMBER): (7.0, 7.0, 1.0),
    }


def test_k02_of_a_month_is_the_percentile_of_its_visits_and_not_of_its_days(
    tmp_path: Path,
) -> None:
    # Of 10, 20 ... 100 nine are at most 90; the days' own percentiles are 50 and 100.
    waits = [(THIRD, wait) for wait in range(10, 60, 10)]
    waits += [(NEXT_DAY, wait) for wait in range(60, 110, 10)]
    history = visits(History(2), *waits)
    assert months(history, tmp_path, "K02") == {(None, NOVEMBER): (90.0, None, 10.0)}


def test_k03_of_a_month(tmp_path: Path) -> None:
    # 600 s is the target: one of one on the third, none of three on the fourth, 1 / 4.
    late = [(NEXT_DAY, wait) for wait in (601, 700, 800)]
    history = visits(History(2), (THIRD, 600), *late)
    assert months(history, tmp_path, "K03") == {(None, NOVEMBER): (25.0, 1.0, 4.0)}


def test_k04_of_a_month(tmp_path: Path) -> None:
    # Five tickets on two days, of which two were given up: 40 %.
    history = visits(History(2), (THIRD, 1), (THIRD, 1), (NEXT_DAY, 1))
    for name, at in (("gone-a", THIRD), ("gone-b", NEXT_DAY)):
        queue(history, name, at=at)
        give_up(history, name, at=at)
    assert months(history, tmp_path, "K04") == {(None, NOVEMBER): (40.0, 2.0, 5.0)}


def test_k05_of_a_month_by_clerk_and_for_the_hall(tmp_path: Path) -> None:
    # c-li: (100 + 100 + 400) / 3 = 200; c-wang: 800; the hall: (600 + 800) / 4 = 350.
    history = History(2)
    for name, clerk, at, seconds in (
        ("a", "c-li", THIRD, 100),
        ("b", "c-li", THIRD, 100),
        ("c", "c-li", NEXT_DAY, 400),
        ("d", "c-wang", THIRD, 800),
    ):
        queue(history, name, at=at)
        serve(history, name, at=at, clerk=clerk, handling=seconds)
    assert months(history, tmp_path, "K05") == {
        ("c-li", NOVEMBER): (200.0, 600.0, 3.0),
        ("c-wang", NOVEMBER): (800.0, 800.0, 1.0),
        (None, NOVEMBER): (350.0, 1400.0, 4.0),
    }


def test_k06_of_a_month_by_clerk_and_for_the_hall(tmp_path: Path) -> None:
    # c-li: 9 visits in 3 h; c-wang: 1 visit in 1 h; the hall: 10 visits in 4 h.
    history = History(2)
    work(history, "c-li", worked=3600, closed=1, name="s1", at=THIRD)
    work(history, "c-li", worked=7200, closed=8, name="s2", at=NEXT_DAY)
    work(history, "c-wang", worked=3600, closed=1, name="s3", at=THIRD)
    assert months(history, tmp_path, "K06") == {
        ("c-li", NOVEMBER): (3.0, 9.0, 3.0),
        ("c-wang", NOVEMBER): (1.0, 1.0, 1.0),
        (None, NOVEMBER): (2.5, 10.0, 4.0),
    }


def test_k09_of_a_month_by_clerk_and_for_the_hall(tmp_path: Path) -> None:
    # c-li: 5 and 4 of 5, 1, 2, 4 are good; c-wang: one of one; the hall: 3 of 5.
    history = History(2)
    for number, (clerk, at, score) in enumerate(
        (
            ("c-li", THIRD, 5),
            ("c-li", NEXT_DAY, 1),
            ("c-li", NEXT_DAY, 2),
            ("c-li", NEXT_DAY, 4),
            ("c-wang", THIRD, 4),
        )
    ):
        queue(history, f"v{number}", at=at)
        serve(history, f"v{number}", at=at, clerk=clerk, score=score)
    assert months(history, tmp_path, "K09") == {
        ("c-li", NOVEMBER): (50.0, 2.0, 4.0),
        ("c-wang", NOVEMBER): (100.0, 1.0, 1.0),
        (None, NOVEMBER): (60.0, 3.0, 5.0),
    }


def test_k10_of_a_month(tmp_path: Path) -> None:
    # One visit rated on the third, four closed in all: 25 %.
    history = visits(History(2), (NEXT_DAY, 1), (NEXT_DAY, 1), (NEXT_DAY, 1))
    queue(history, "rated")
    serve(history, "rated", score=3)
    assert months(history, tmp_path, "K10") == {(None, NOVEMBER): (25.0, 1.0, 4.0)}


def test_k43_of_a_month_counts_all_methods(tmp_path: Path) -> None:
    # Cash: 1 of 1 reversed on the third; cards: 0 of 3 on the fourth: 1 / 4.
    history = History(2)
    pay(history, "p1", 100, "cash", reverse=True)
    for name in ("p2", "p3", "p4"):
        pay(history, name, 100, "bank_card", at=NEXT_DAY)
    assert months(history, tmp_path, "K43") == {(None, NOVEMBER): (25.0, 1.0, 4.0)}


def test_a_month_is_that_of_the_hall_and_not_of_utc(tmp_path: Path) -> None:
    last_minute = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    first_minute = last_minute + timedelta(minutes=1)
    history = visits(History(2), (last_minute, 10), (first_minute, 20))
    assert months(history, tmp_path, "K01", "value") == {
        (None, NOVEMBER): (10.0,),
        (None, DECEMBER): (20.0,),
    }


@pytest.mark.parametrize("k", ["K01", "K02", "K03", "K05", "K06", "K09", "K10"])
def test_a_month_without_data_is_null_and_never_zero(k: str, tmp_path: Path) -> None:
    history = History(2)
    queue(history, "in-progress")
    serve(history, "in-progress", wait=None, handling=None)
    work(history, "c-li", worked=None)
    if k == "K09":
        queue(history, "unrated")
        serve(history, "unrated", wait=None)
    figures = months(history, tmp_path, k, "value, denominator")
    assert figures[None, NOVEMBER] == (None, 0.0)
    assert set(figures.values()) == {(None, 0.0)}


def test_months_have_the_names_units_and_targets_of_the_screen(tmp_path: Path) -> None:
    """Of net new lines and of the sales value the target is a day's, so a month has none."""
    connection = lived(2, visits=5, orders=8, days=1).project(tmp_path)
    columns = "k, name, name_zh, unit, target, direction"
    said = connection.execute(f"select distinct {columns} from kpi_month order by k").fetchall()
    screen = connection.execute(f"select distinct {columns} from kpi order by k").fetchall()
    without = [(*row[:4], None, row[5]) if row[0] in ("K16", "K17") else row for row in screen]
    assert said == without
    assert said[0] == ("K01", "Average wait time", "平均等候时长", "s", 480.0, "lower is better")
    assert connection.execute("select count(*) from kpis").fetchall() == [(len(said),)]


def test_k01_by_hour_of_arrival(tmp_path: Path) -> None:
    # Nine to ten: (30 + 60) / 2 = 45; ten to eleven: 600, and one who gave up; at eleven nobody
    # was served.
    history = visits(History(2), (THIRD, 30), (after(minutes=59), 60), (after(hours=1), 600))
    queue(history, "gone", at=after(hours=1))
    give_up(history, "gone", at=after(hours=1))
    queue(history, "waits", at=after(hours=2))
    connection = history.project(tmp_path)
    found = connection.execute(
        "select hall, business_on, hour, name_zh, value, numerator, denominator"
        " from kpi_k01_average_wait_by_hour order by hour"
    ).fetchall()
    day = ("renmin", THIRD.date())
    assert found == [
        (*day, 9, "平均等候时长", 45.0, 90, 2),
        (*day, 10, "平均等候时长", 600.0, 600, 1),
        (*day, 11, "平均等候时长", None, 0, 0),
    ]
    added = connection.execute(
        "select sum(numerator) / sum(denominator) from kpi_k01_average_wait_by_hour"
    ).fetchall()
    assert added == connection.execute("select value from kpi_k01_average_wait").fetchall()
