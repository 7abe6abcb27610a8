"""The KPIs of orders and lines, each with a worked example computed by hand."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.aggregates.customer import order
from tests.projections.history import History, after
from tests.projections.order_scenes import ADD_ON, Ordering, item, known, sold, verify

TODAY, TOMORROW = date(2026, 11, 3), date(2026, 11, 4)
NOVEMBER = date(2026, 11, 1)
OF_ORDERS = ("K14", "K16", "K17", "K18", "K35", "K36", "K37", "K46", "K47", "K48")
ALL = "hall, business_on, value, numerator, denominator"
BY_CLERK = "hall, clerk, business_on, value, numerator, denominator"
MODIFY = item(action="modify", product_id="plan-99", monthly_fen=9_900)


def figures(history: History, folder: Path, view: str, columns: str) -> list[tuple[Any, ...]]:
    return history.project(folder).execute(f"select {columns} from {view} order by all").fetchall()


def two(history: History, folder: Path, k: str) -> tuple[Any, ...]:
    """The KPI's figures on the screen and of the month, both of the whole hall."""
    connection = history.project(folder)
    day = connection.execute(
        "select sum(value), sum(numerator), sum(denominator) from kpi where k = ?", [k]
    ).fetchall()
    month = connection.execute(
        "select value, numerator, denominator from kpi_month where k = ? and clerk is null", [k]
    ).fetchall()
    return (*day, *month)


def test_k14_add_on_attach_of_each_clerk(tmp_path: Path) -> None:
    # c-li: a line with an add-on, one whose add-on was declined, a changed plan: 1 of 3.
    # c-wang: a line with an add-on; an add-on to a line that stood counts for nobody.
    history = known(History(2))
    first = sold(history, "o1", item(), ADD_ON)
    declined = Ordering(history, "o2", item(), ADD_ON).decline("i2")
    declined.submit().start().activate().end()
    change = Ordering(history, "o3", MODIFY, kind="plan_change", line=first.line)
    change.submit().start().change_plan(old_fen=3_900).end()
    sold(history, "o4", item(), ADD_ON, clerk="c-wang")
    alone = Ordering(history, "o5", ADD_ON, kind="service_upgrade", line=declined.line)
    alone.submit().start().add_product().end()
    assert figures(history, tmp_path, "kpi_k14_add_on_attach", BY_CLERK) == [
        ("renmin", "c-li", TODAY, pytest.approx(100 / 3), 1, 3),
        ("renmin", "c-wang", TODAY, 100.0, 1, 1),
    ]


def test_k14_counts_no_add_on_that_failed_and_no_order_that_did(tmp_path: Path) -> None:
    history = known(History(2))
    part = Ordering(history, "o1", item(), ADD_ON).submit().start().activate()
    part.fall_out("i2").settle("i2", "give_up").end(order.PartiallyCompleted)
    gone = Ordering(history, "o2").submit().start().fall_out()
    gone.settle(action="give_up").end(order.Failed)
    found = figures(history, tmp_path, "kpi_k14_add_on_attach", BY_CLERK)
    assert found == [("renmin", "c-li", TODAY, 0.0, 0, 1)]


def test_k16_net_new_lines_by_family(tmp_path: Path) -> None:
    # Today two mobile lines and one of broadband; tomorrow one of the mobile lines ends.
    history = known(History(2))
    first = sold(history, "o1")
    sold(history, "o2")
    sold(history, "o3", item(family="broadband"))
    ending: dict[str, Any] = {"kind": "termination", "line": first.line, "at": after(days=1)}
    leave = Ordering(history, "o4", item(action="delete"), hall="binjiang", **ending)
    leave.submit().start().terminate(first, early=True).end()
    columns = "hall, family, business_on, value, activated, terminated"
    connection = history.project(tmp_path)
    found = connection.execute(f"select {columns} from kpi_k16_net_new_lines order by all")
    assert found.fetchall() == [
        ("renmin", "broadband", TODAY, 1.0, 1, 0),
        ("renmin", "mobile", TODAY, 2.0, 2, 0),
        ("renmin", "mobile", TOMORROW, -1.0, 0, 1),
    ]
    days = connection.execute(
        "select business_on, value, denominator from kpi_day where k = 'K16' order by all"
    )
    assert days.fetchall() == [(TODAY, 3.0, None), (TOMORROW, -1.0, None)]
    month = connection.execute(
        "select month, value, numerator, denominator, target from kpi_month where k = 'K16'"
    )
    assert month.fetchall() == [(NOVEMBER, 2.0, 2.0, None, None)]


def test_k17_sales_value_of_each_clerk(tmp_path: Path) -> None:
    # c-li: 99.00 for 39.00 and 39.00 for 59.00 = +60.00 - 20.00 a month; new lines do not count.
    history = known(History(2))
    line = sold(history, "o1").line
    for name, fen, old_fen in (("o2", 9_900, 3_900), ("o3", 3_900, 5_900)):
        plan = item(action="modify", monthly_fen=fen)
        change = Ordering(history, name, plan, kind="plan_change", line=line)
        change.submit().start().change_plan(old_fen=old_fen).end()
    columns = f"{BY_CLERK}, changes, raised_fen, lowered_fen"
    assert figures(history, tmp_path, "kpi_k17_sales_value", columns) == [
        ("renmin", "c-li", TODAY, 4_000.0, 4_000, None, 2, 6_000, 2_000)
    ]
    assert two(history, tmp_path / "again", "K17") == (
        (4_000.0, 4_000.0, None),
        (4_000.0, 4_000.0, None),
    )


def test_k18_early_cancel_counts_on_the_day_of_the_sale(tmp_path: Path) -> None:
    # c-li sells two lines and an add-on today; a line and the add-on go tomorrow, by another
    # clerk's order: 2 of 3. c-wang's line ends after the days of grace: 0 of 1.
    history = known(History(2))
    mine = sold(history, "o1", item(), ADD_ON)
    sold(history, "o2")
    hers = sold(history, "o3", clerk="c-wang")
    other: dict[str, Any] = {"clerk": "c-zhao", "hall": "binjiang", "at": after(days=1)}
    less = item("i2", "add_on", "delete", "data-10", 1_000)
    taken = Ordering(history, "o4", less, kind="plan_change", line=mine.line, **other)
    taken.submit().start().remove_product("i2", mine, early=True).end()
    for name, sale, early in (("o5", mine, True), ("o6", hers, False)):
        ending: dict[str, Any] = {"kind": "termination", "line": sale.line, **other}
        leave = Ordering(history, name, item(action="delete"), **ending)
        leave.submit().start().terminate(sale, early=early).end()
    columns = f"{BY_CLERK}, lines_early, lines_sold"
    assert figures(history, tmp_path, "kpi_k18_early_cancel", columns) == [
        ("renmin", "c-li", TODAY, pytest.approx(200 / 3), 2, 3, 1, 2),
        ("renmin", "c-wang", TODAY, 0.0, 0, 1, 0, 1),
    ]


def test_k35_order_fall_out_by_kind(tmp_path: Path) -> None:
    # Of four activations one was set right twice, one failed, and one is a draft still: 2 of 3
    # submitted; the change of plan went through: 2 of 4 in all.
    history = known(History(2))
    again = Ordering(history, "o1").submit().start().fall_out().settle()
    again.fall_out().settle().activate().end()
    gone = Ordering(history, "o2").submit().start().fall_out()
    gone.settle(action="give_up").end(order.Failed)
    line = sold(history, "o3").line
    Ordering(history, "o4")
    change = Ordering(history, "o5", MODIFY, kind="plan_change", line=line).submit().start()
    change.change_plan(old_fen=3_900).end()
    columns = "hall, kind, business_on, value, numerator, denominator, fell_out, failed"
    assert figures(history, tmp_path, "kpi_k35_order_fall_out", columns) == [
        ("renmin", "activation", TODAY, pytest.approx(200 / 3), 2, 3, 2, 1),
        ("renmin", "plan_change", TODAY, 0.0, 0, 1, 0, 0),
    ]
    assert two(history, tmp_path / "again", "K35") == ((50.0, 2.0, 4.0), (50.0, 2.0, 4.0))


def test_k36_order_cycle_time_is_the_median_and_p90(tmp_path: Path) -> None:
    # Today 1, 2 and 6 h; tomorrow 30 h. The medians are 2 and 30, the month's is 4 = (2 + 6) / 2.
    history = known(History(2))
    for number, hours in enumerate((1, 2, 6, 30)):
        told = Ordering(history, f"o{number}").submit().start().later(hours=hours)
        told.activate().end()
    Ordering(history, "o-open").submit()
    connection = history.project(tmp_path)
    columns = "hall, kind, business_on, value, numerator, denominator, p90_hours"
    found = connection.execute(f"select {columns} from kpi_k36_order_cycle_time order by all")
    today, tomorrow = (TODAY, 2.0, None, 3, 6.0), (TOMORROW, 30.0, None, 1, 30.0)
    assert found.fetchall() == [
        ("renmin", kind, *figure) for kind in ("activation", None) for figure in (today, tomorrow)
    ]
    days = connection.execute("select business_on, value from kpi_day where k = 'K36' order by all")
    assert days.fetchall() == [(TODAY, 2.0), (TOMORROW, 30.0)]
    month = connection.execute("select value, denominator from kpi_month where k = 'K36'")
    assert month.fetchall() == [(4.0, 4.0)]


def install(history: History, name: str, hall: str = "renmin") -> Ordering:
    """A broadband line is ordered that is to be in service within ten days."""
    told = Ordering(history, name, item(family="broadband"), hall=hall)
    return told.submit(due_in=timedelta(days=10)).start()


def test_k37_installs_in_time_by_area(tmp_path: Path) -> None:
    # In town: one after 2 days, one at the last moment, one a day late, one not yet: 2 of 4. In the
    # country: one after 2 days. Mobile lines, and one that still has time, do not count.
    history = known(History(2))
    early = install(history, "o1").later(days=2).activate().end()
    install(history, "o2").later(days=10).activate().end()
    install(history, "o3").overdue().later(days=1).activate().end()
    install(history, "o4").overdue()
    install(history, "o5", hall="binjiang").later(days=2).activate().end()
    install(history, "o6")
    sold(history, "o7")
    second, limit = early.at.date(), date(2026, 11, 13)
    columns = "hall, area, business_on, value, numerator, denominator"
    assert figures(history, tmp_path, "kpi_k37_install_in_time", columns) == [
        ("binjiang", "rural", second, 100.0, 1, 1),
        ("renmin", "urban", second, 100.0, 1, 1),
        ("renmin", "urban", limit, pytest.approx(100 / 3), 1, 3),
    ]


def test_k46_real_name_looks_at_the_verification_itself(tmp_path: Path) -> None:
    # Of five orders of new lines one has a verification that held: no other's, no failed one, none
    # that came later or had run out. A change of plan, and a draft, are no new lines.
    history = known(History(2), "d1", "d2")
    verify(history, "good")
    verify(history, "others", "d2")
    verify(history, "failed", passed=False)
    verify(history, "short", valid_for=timedelta(minutes=1))
    for name in ("good", "others", "failed", "late", "short"):
        Ordering(history, f"o-{name}").identify(name).later(minutes=5).submit()
    verify(history, "late", at=after(hours=1))
    Ordering(history, "o-change", MODIFY, kind="plan_change", line="x").submit()
    Ordering(history, "o-draft").identify("good")
    found = figures(history, tmp_path, "kpi_k46_real_name", ALL)
    assert found == [("renmin", TODAY, 20.0, 1, 5)]


def test_k47_quota_breaches(tmp_path: Path) -> None:
    # The sixth number is one too many; the seventh, too, though the ledger's count says five; a
    # line of broadband is no number.
    history = known(History(2))
    for number in range(1, 8):
        told = Ordering(history, f"o{number}").submit().start().later(minutes=number)
        told.activate(numbers=min(number, 6) if number < 7 else 5).end()
    Ordering(history, "o8", item(family="broadband")).submit().start().activate(numbers=9).end()
    columns = f"{ALL}, activated, highest"
    assert figures(history, tmp_path, "kpi_k47_quota_breaches", columns) == [
        ("renmin", TODAY, 2.0, 2, None, 7, 7)
    ]
    assert two(history, tmp_path / "again", "K47") == ((2.0, 2.0, None), (2.0, 2.0, None))


def test_k47_goes_by_the_limit_that_the_policy_sets(tmp_path: Path) -> None:
    history = known(History(2, realname__max_active_numbers_per_id_per_operator=1))
    for number in (1, 2):
        told = Ordering(history, f"o{number}").submit().start().later(minutes=number)
        told.activate(numbers=number).end()
    columns = "value, highest"
    assert figures(history, tmp_path, "kpi_k47_quota_breaches", columns) == [(1.0, 2)]


def test_k48_procedure_deviation_of_each_clerk(tmp_path: Path) -> None:
    # c-li: of four steps one is skipped and one comes too early: 500 of a thousand; c-wang: 0 of 1.
    history = known(History(2))
    told = Ordering(history, "o1").step("check_identity").skip("reserve_number")
    told.step("sign_agreement", before="complete_form").step("complete_form").submit()
    Ordering(history, "o2", clerk="c-wang").step("check_identity")
    columns = f"{BY_CLERK}, skipped, out_of_order"
    assert figures(history, tmp_path, "kpi_k48_procedure_deviation", columns) == [
        ("renmin", "c-li", TODAY, 500.0, 2, 4, 1, 1),
        ("renmin", "c-wang", TODAY, 0.0, 0, 1, 0, 0),
    ]
    month = history.project(tmp_path / "again").execute(
        "select clerk, value from kpi_month where k = 'K48' order by clerk"
    )
    assert month.fetchall() == [("c-li", 500.0), ("c-wang", 0.0), (None, 400.0)]


@pytest.mark.parametrize(
    "k", ["K14", "K16", "K17", "K18", "K35", "K36", "K37", "K46", "K47", "K48"]
)
def test_without_data_there_is_no_figure(k: str, tmp_path: Path) -> None:
    """A draft without a step is nothing that any of them counts."""
    history = known(History(2))
    Ordering(history, "o1", item(), ADD_ON)
    connection = history.project(tmp_path)
    for table in ("kpi", "kpi_day", "kpi_month"):
        found = connection.execute(f"select value from {table} where k = ?", [k]).fetchall()
        assert found == []


def test_figures_lead_back_to_orders_and_their_entries(tmp_path: Path) -> None:
    history = known(History(2))
    Ordering(history, "o1").submit().start().fall_out().settle().activate().end()
    found = history.project(tmp_path).execute(
        "select distinct audit_trail.type from kpi_k35_order_fall_out as figure"
        " join orders using (hall, kind, business_on)"
        " join sentences on sentences.customer_id = orders.customer_id"
        " join audit_trail on audit_trail.partition = sentences.partition"
        " and audit_trail.position = sentences.position"
        " where figure.value = 100 and orders.fall_outs > 0"
        " and audit_trail.type like 'order.%fall_out.v1' order by all"
    )
    assert found.fetchall() == [("order.report_fall_out.v1",), ("order.settle_fall_out.v1",)]
