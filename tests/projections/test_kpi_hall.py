"""The key figures of counters, cash and corrections, each computed by hand."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.aggregates.hall import shift, visit
from tests.projections.hall_scenes import Till, misplace
from tests.projections.history import MORNING, History, after
from tests.projections.lives import SECRET
from tests.projections.scenes import RENMIN, queue, serve

TODAY = date(2026, 11, 3)
NOVEMBER = date(2026, 11, 1)
BINJIANG = "hall/binjiang"


def figures(history: History, folder: Path, select: str) -> list[tuple[Any, ...]]:
    return history.project(folder).execute(f"{select} order by all").fetchall()


class Duty:
    """Tells of one shift at a counter, planned for eight hours."""

    def __init__(self, history: History, name: str = "s1", *, duty: Any = "counter") -> None:
        self.history = history
        self.of: dict[str, Any] = {"shift_id": name}
        opening = shift.Open(counter_id="k1", duty=duty, planned_end_at=after(hours=8), **self.of)
        self.at(0, opening, shift.Opened, role="clerk", certifications=())

    def at(self, hours: float, wish: Any, event: Any, **computed: Any) -> "Duty":
        self.history.say(RENMIN, wish, event, at=after(hours=hours), computed=computed)
        return self

    def pause(self, from_hours: float, to_hours: float) -> "Duty":
        self.at(from_hours, shift.Pause(reason="meal", **self.of), shift.Paused)
        seconds = round(3600 * (to_hours - from_hours))
        resume = shift.Resume(**self.of)
        return self.at(to_hours, resume, shift.Resumed, pause_seconds=seconds)

    def move(self, hours: float, counter: str) -> "Duty":
        moving = shift.MoveCounter(counter_id=counter, **self.of)
        return self.at(hours, moving, shift.CounterMoved)

    def close(self, hours: float) -> "Duty":
        closing = shift.Close(forced=False, reason="planned_end", **self.of)
        closed = {"clerk_id": "c-li", "worked_seconds": 1, "pause_seconds": 0, "visits_closed": 0}
        return self.at(hours, closing, shift.Closed, **closed)


def handle(history: History, name: str, minutes: int, *, hours: float = 0) -> None:
    """A visit of so many minutes is served and closed at k1."""
    queue(history, name, at=after(hours=hours))
    serve(history, name, handling=60 * minutes, at=after(hours=hours))


UTILISATION = (
    "select counter, round(value, 2), numerator, denominator from kpi_k07_counter_utilisation"
)


def test_k07_counter_utilisation(tmp_path: Path) -> None:
    # k1 is served from 9 to 11 and from 12 to 13, three hours, of which visits take 90 minutes:
    # 50 %. k2 is served from 13 to 15 and nobody comes.
    history = History(2)
    Duty(history).pause(2, 3).move(4, "k2").close(6)
    handle(history, "v1", 30)
    handle(history, "v2", 60, hours=1)
    assert figures(history, tmp_path, UTILISATION) == [
        ("k1", 50.0, 5_400, 10_800),
        ("k2", 0.0, 0, 7_200),
    ]


def test_k07_of_a_hall_is_that_of_its_counters_together(tmp_path: Path) -> None:
    # 90 minutes in five hours of both counters: 30 %.
    history = History(2)
    Duty(history).pause(2, 3).move(4, "k2").close(6)
    handle(history, "v1", 90)
    for view, day in (("kpi_day", "business_on"), ("kpi_month", "month")):
        select = f"select {day}, value, numerator, denominator from {view} where k = 'K07'"
        found = figures(history, tmp_path / view, select)
        on = TODAY if view == "kpi_day" else NOVEMBER
        assert found == [(on, 30.0, 5_400.0, 18_000.0)]


def test_k07_counts_an_open_shift_until_now_and_never_beyond_its_planned_end(
    tmp_path: Path,
) -> None:
    # At noon three hours have been served; the next morning, the eight that were planned.
    history = History(2)
    Duty(history)
    queue(history, "v1", at=after(hours=3))
    assert figures(history, tmp_path / "noon", UTILISATION) == [("k1", 0.0, 0, 10_800)]
    queue(history, "v2", at=after(hours=24))
    assert figures(history, tmp_path / "next", UTILISATION) == [("k1", 0.0, 0, 28_800)]


def test_k07_moved_in_a_pause_serves_nobody_before_it_is_over(tmp_path: Path) -> None:
    # An hour at k1; from 10 to 12 a pause, in which the clerk moves; an hour at k2.
    history = History(2)
    duty = Duty(history)
    duty.at(1, shift.Pause(reason="meal", **duty.of), shift.Paused).move(2, "k2")
    duty.at(3, shift.Resume(**duty.of), shift.Resumed, pause_seconds=7_200).close(4)
    assert figures(history, tmp_path, UTILISATION) == [("k1", 0.0, 0, 3_600), ("k2", 0.0, 0, 3_600)]


def test_k07_counts_where_a_visit_was_closed(tmp_path: Path) -> None:
    history = History(2)
    Duty(history).move(1, "k2").close(2)
    queue(history, "v1")
    serve(history, "v1", handling=None)
    close = visit.Close(outcome="all_done", follow_up_asked=False)
    closed: dict[str, Any] = {"handling_seconds": 900, "pause_seconds": 0, "counter_seconds": 900}
    closed["rate_until_at"] = MORNING
    who: dict[str, Any] = {"visit": "v1", "counter": "k2", "at": after(hours=1)}
    history.say(RENMIN, close, visit.Closed, computed=closed, **who)
    assert figures(history, tmp_path, UTILISATION) == [
        ("k1", 0.0, 0, 3_600),
        ("k2", 25.0, 900, 3_600),
    ]


def test_k07_has_no_data_where_nobody_served_the_counter(tmp_path: Path) -> None:
    # A greeter stands in the hall, not at the counter; the visit was served without a shift.
    history = History(2)
    Duty(history, duty="greeter").close(2)
    handle(history, "v1", 10)
    assert figures(history, tmp_path, UTILISATION) == [("k1", None, 600, 0)]


DISCREPANCY = (
    "select clerk, value, numerator, denominator, drawers_closed, drawers_differing,"
    " differing_percent, short_fen, over_fen from kpi_k41_cash_discrepancy"
)


def test_k41_cash_discrepancy_of_each_clerk(tmp_path: Path) -> None:
    # c-li: 5 yuan short, 3 over, one that agrees and one not closed: 8 yuan, 2 of 3.
    history = History(2)
    Till(history, "a").count(-500).explain().close()
    Till(history, "b").count(300).explain().close()
    Till(history, "c").count().close()
    Till(history, "d").count(-9_900)
    Till(history, "e", clerk="c-wang").count().close()
    assert figures(history, tmp_path, DISCREPANCY) == [
        ("c-li", 800.0, 800, None, 3, 2, pytest.approx(66.67, abs=0.01), 500, 300),
        ("c-wang", 0.0, 0, None, 1, 0, 0.0, 0, 0),
    ]


def test_k41_takes_late_copies_into_account(tmp_path: Path) -> None:
    # Counted 5 yuan over; then a receipt of 5 yuan becomes known, and all is well.
    history = History(2)
    Till(history).count(500).receive(500).close()
    assert figures(history, tmp_path, DISCREPANCY) == [("c-li", 0.0, 0, None, 1, 0, 0.0, 0, 0)]


def test_k41_has_no_data_where_no_drawer_was_closed(tmp_path: Path) -> None:
    history = History(2)
    Till(history).count(-500)
    assert figures(history, tmp_path, DISCREPANCY) == [
        ("c-li", None, None, None, 0, 0, None, None, None)
    ]


def test_k41_of_a_month_is_the_sum_of_its_days(tmp_path: Path) -> None:
    # c-li: 5 yuan on the third, 2 on the fourth; c-wang: 1 on the third.
    history = History(2)
    Till(history, "a").count(-500).explain().close()
    Till(history, "b", at=after(days=1)).count(200).explain().close()
    Till(history, "c", clerk="c-wang").count(100).explain().close()
    select = "select clerk, month, value, numerator, denominator from kpi_month where k = 'K41'"
    assert figures(history, tmp_path, select) == [
        ("c-li", NOVEMBER, 700.0, 700.0, None),
        ("c-wang", NOVEMBER, 100.0, 100.0, None),
        (None, NOVEMBER, 800.0, 800.0, None),
    ]


UNEXPLAINED = (
    "select hall, business_on, value, numerator, denominator, open, oldest_days"
    " from kpi_k42_unexplained_cash"
)


def short(history: History, name: str, hours: int, hall: str = RENMIN) -> Till:
    """A drawer that is short, to be explained within so many hours from nine in the morning."""
    return Till(history, name, hall=hall).count(-500, explain_hours=hours)


def test_k42_unexplained_cash_ages_until_the_newest_entry(tmp_path: Path) -> None:
    # Now is nine in the morning two days later: of four differences one is explained, one is to be
    # explained in an hour, and two should have been, the older of them a day and a half ago.
    history = History(2)
    short(history, "a", 12)
    short(history, "b", 24)
    short(history, "c", 24).explain()
    short(history, "d", 49)
    queue(history, "now", at=after(days=2), hall=BINJIANG)
    assert figures(history, tmp_path, UNEXPLAINED) == [
        ("renmin", date(2026, 11, 5), 2.0, 2, None, 3, 1.5)
    ]


def test_k42_of_a_hall_without_differences_is_nothing_and_without_drawers_no_data(
    tmp_path: Path,
) -> None:
    history = History(2)
    Till(history).count()
    assert figures(history, tmp_path, UNEXPLAINED) == [("renmin", TODAY, 0.0, 0, None, 0, None)]


def test_k42_of_a_month_is_that_of_now(tmp_path: Path) -> None:
    # Two found on different days in November; in December both are still not explained.
    history = History(2)
    short(history, "a", 12)
    Till(history, "b", at=after(days=3)).count(100)
    queue(history, "now", at=after(days=30))
    select = "select month, value, numerator, target from kpi_month where k = 'K42'"
    assert figures(history, tmp_path, select) == [(date(2026, 12, 1), 2.0, 2.0, 0.0)]


def greet(history: History, name: str, clerk: str, at: datetime = MORNING) -> str:
    """One record of a clerk; its id."""
    history.say(
        RENMIN, visit.Direct(service_area="vip"), visit.Directed, visit=name, actor=clerk, at=at
    )
    return history.last_event


def correct(
    history: History, wrong: str, name: str, field: str = "note", at: datetime = MORNING
) -> None:
    """The supervisor corrects what c-li typed."""
    wish = visit.CorrectEntry(
        wrong_entry_id=wrong,
        field=field,
        should_be=SECRET,
        error_kind="typing",
        found_by="supervisor",
        note=SECRET,
    )
    computed = {"clerk_in_error": "c-li"}
    who: dict[str, Any] = {"visit": name, "actor": "s-sun", "at": at}
    history.say(RENMIN, wish, visit.EntryCorrected, computed=computed, **who)


ERRORS = "select clerk, business_on, value, numerator, denominator from kpi_k44_data_entry_errors"


def test_k44_data_entry_errors_of_each_clerk(tmp_path: Path) -> None:
    # c-li: arrival, ticket and four more, of which one was wrong in two fields and one in one:
    # 2 / 6. What was refused is no record; the corrections are the supervisor's, two days later.
    history = History(2)
    queue(history, "v1")
    wrong = [greet(history, "v1", "c-li") for _ in range(4)]
    greet(history, "v1", "c-wang")
    history.refuse(RENMIN, visit.Start(), "ENV-12", visit="v1")
    later = after(days=2)
    correct(history, wrong[0], "v1", at=later)
    correct(history, wrong[0], "v1", "question", at=later)
    correct(history, wrong[2], "v1", at=later)
    assert figures(history, tmp_path, ERRORS) == [
        ("c-li", TODAY, pytest.approx(100 / 3), 2, 6),
        ("c-wang", TODAY, 0.0, 0, 1),
        ("s-sun", later.date(), 0.0, 0, 3),
    ]


def test_k44_of_a_month_by_clerk_and_for_the_hall(tmp_path: Path) -> None:
    # c-li: one of two; c-wang: none of one; the supervisor's correction is a record: 1 / 4.
    history = History(2)
    wrong = greet(history, "v1", "c-li")
    greet(history, "v1", "c-li", at=after(days=1))
    greet(history, "v1", "c-wang")
    correct(history, wrong, "v1", at=after(days=1))
    select = "select clerk, value, numerator, denominator from kpi_month where k = 'K44'"
    assert figures(history, tmp_path, select) == [
        ("c-li", 50.0, 1.0, 2.0),
        ("c-wang", 0.0, 0.0, 1.0),
        ("s-sun", 0.0, 0.0, 1.0),
        (None, 25.0, 1.0, 4.0),
    ]


def test_k44_has_no_data_where_only_systems_recorded(tmp_path: Path) -> None:
    history = History(2)
    misplace(history, 100, at=MORNING + timedelta(hours=1))
    assert figures(history, tmp_path, ERRORS) == []
