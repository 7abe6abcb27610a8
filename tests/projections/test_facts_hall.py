"""What the fact tables say of drawers, days, cases, corrections, shifts and reference facts."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from ledger import founding, wire
from ledger.aggregates.hall import shift
from ledger.aggregates.reference import notice
from ledger.projections import definitions as files
from tests.projections.hall_lives import HallLives
from tests.projections.hall_scenes import Day, Kept, Till, misplace, tell, tell_policy
from tests.projections.history import MORNING, History, after
from tests.projections.scenes import RENMIN, queue
from tests.projections.test_facts import NINE, row, some

TODAY = date(2026, 11, 3)


def test_a_drawer_from_opening_to_the_bank(tmp_path: Path) -> None:
    # 500 of float, 120 and 30 in, 30 back, 100 to the safe: 520 should be there, 515 are; then a
    # receipt of 5 yuan comes late, and 10 yuan are short.
    history = History(2)
    till = Till(history).receive(12_000).receive(3_000).give_back(3_000).exceed().drop(10_000)
    till.after(hours=9).count(-500).receive(500).after(hours=1).explain()
    till.close().after(days=1).mark_deposit_overdue().deposit(in_time=False)
    found = row(history.project(tmp_path), "drawers")
    assert found.pop("key_hash") > 0
    assert found == {
        "hall": "renmin",
        "drawer_id": "dr1",
        "partition": 1,
        "clerk": "c-li",
        "till_id": "t1",
        "shift_id": "s1",
        "business_on": TODAY,
        "opened_at": NINE,
        "float_fen": 50_000,
        "receipts": 3,
        "received_fen": 15_500,
        "payouts": 1,
        "paid_out_fen": 3_000,
        "late_copies": 1,
        "unplaced": 0,
        "unplaced_fen": 0,
        "dropped_fen": 10_000,
        "limit_breaches": 1,
        "counts": 1,
        "counted_at": NINE + timedelta(hours=9),
        "witness": "s-sun",
        "counted_fen": 51_500,
        "expected_fen": 52_500,
        "difference_fen": -1_000,
        "journal_gap_fen": 0,
        "discrepancies": 1,
        "explain_by_at": NINE + timedelta(hours=33),
        "unexplained_at": None,
        "explained_at": NINE + timedelta(hours=10),
        "explained_by": "m-he",
        "cause": "wrong_change",
        "booked_as": "shortage_receivable",
        "closed_at": NINE + timedelta(hours=10),
        "to_deposit_fen": 1_500,
        "deposit_by_on": date(2026, 11, 4),
        "deposited_at": NINE + timedelta(hours=34),
        "deposit_id": "b1",
        "is_deposited_in_time": False,
        "deposit_overdue_at": NINE + timedelta(hours=34),
        "status": "deposited",
    }


def test_cash_that_names_an_unknown_drawer_stands_there_all_the_same(tmp_path: Path) -> None:
    history = History(2)
    misplace(history, 700)
    misplace(history, 300)
    found = row(history.project(tmp_path), "drawers")
    assert some(found, "drawer_id", "opened_at", "clerk", "unplaced", "unplaced_fen", "status") == {
        "drawer_id": "dr-lost",
        "opened_at": None,
        "clerk": None,
        "unplaced": 2,
        "unplaced_fen": 1_000,
        "status": None,
    }


def test_a_drawer_counted_again_shows_the_second_count(tmp_path: Path) -> None:
    history = History(2)
    Till(history).receive(1_000).count(-500).after(minutes=5).count(0)
    found = row(history.project(tmp_path), "drawers")
    columns = ("counts", "counted_at", "difference_fen", "discrepancies", "status")
    assert some(found, *columns) == {
        "counts": 2,
        "counted_at": NINE + timedelta(minutes=5),
        "difference_fen": 0,
        "discrepancies": 1,
        "status": "counted",
    }


def test_a_day_signed_off_at_the_second_attempt_and_a_payment_too_late(tmp_path: Path) -> None:
    history = History(2)
    day = Day(history).prepare(visits=6).withdraw().mark_overdue()
    day.at = after(hours=1)
    day.prepare(visits=7, short_fen=500).sign()
    Day(history, date(2026, 11, 4), at=after(days=1)).late_payment(TODAY)
    connection = history.project(tmp_path)
    found = row(connection, "hall_days", "business_on = '2026-11-03'")
    assert found.pop("key_hash") > 0
    assert found == {
        "hall": "renmin",
        "business_on": TODAY,
        "partition": 1,
        "opened_at": NINE,
        "preparations": 2,
        "withdrawals": 1,
        "prepared_at": NINE + timedelta(hours=1),
        "prepared_by": "s-sun",
        "totals_digest": f"{7:064x}",
        "visits_arrived": 7,
        "visits_completed": 7,
        "visits_abandoned": 0,
        "visits_no_show": 0,
        "tickets_issued": 7,
        "rated": 1,
        "rating_sum": 5,
        "in_fen": 9_000,
        "out_fen": 0,
        "drawers_closed": 1,
        "drawer_short_fen": 200,
        "drawer_over_fen": 0,
        "to_deposit_fen": 4_000,
        "shifts_forced": 0,
        "differing_methods": 1,
        "terminal_difference_fen": -500,
        "signed_at": NINE + timedelta(hours=1),
        "signed_by": "m-he",
        "signed_digest": f"{7:064x}",
        "overdue_at": NINE,
        "late_entries": 1,
        "status": "signed_off",
    }
    other = row(connection, "hall_days", "business_on = '2026-11-04'")
    assert some(other, "late_entries", "status", "in_fen", "terminal_difference_fen") == {
        "late_entries": 0,
        "status": "open",
        "in_fen": None,
        "terminal_difference_fen": None,
    }


def test_a_case_goes_from_hand_to_hand(tmp_path: Path) -> None:
    history = History(2)
    kept = Kept(history).offer("c-wang").decline("c-wang").offer("c-zhao").accept("c-zhao")
    kept.assign("c-wang")
    kept.at = after(hours=2)
    kept.release()
    found = row(history.project(tmp_path), "cases")
    assert found.pop("key_hash") > 0
    assert found == {
        "hall": "renmin",
        "case_id": "o1",
        "partition": 1,
        "kind": "order",
        "order_kind": "activation",
        "customer_id": "d1",
        "business_on": TODAY,
        "taken_at": NINE,
        "taken_by": "c-li",
        "keeper": "c-wang",
        "due_at": NINE + timedelta(days=1),
        "hand_overs": 2,
        "accepts": 1,
        "declines": 1,
        "assigns": 1,
        "released_at": NINE + timedelta(hours=2),
        "to_state": "completed",
        "unplaced": 0,
        "status": "released",
    }


def test_a_case_whose_end_came_first_was_never_kept(tmp_path: Path) -> None:
    history = History(2)
    Kept(history, lost=True).release(unplaced=True)
    found = row(history.project(tmp_path), "cases")
    assert some(found, "taken_at", "keeper", "unplaced", "status") == {
        "taken_at": None,
        "keeper": None,
        "unplaced": 1,
        "status": "released",
    }


def test_corrections_name_the_entry_and_who_was_wrong(tmp_path: Path) -> None:
    history = History(2)
    HallLives(history, seed=1).visit(RENMIN, "v1", MORNING)
    found = row(history.project(tmp_path), "corrections")
    assert some(
        found,
        *("owner", "stream", "hall", "business_on", "corrected_by", "clerk_in_error"),
        *("wrong_entry_id", "wrong_source", "wrong_message_id", "field", "error_kind", "found_by"),
    ) == {
        "owner": "hall/renmin",
        "stream": "visit/v1",
        "hall": "renmin",
        "business_on": TODAY,
        "corrected_by": "c-li",
        "clerk_in_error": "c-li",
        "wrong_entry_id": "counter-app:m-3:1",
        "wrong_source": "counter-app",
        "wrong_message_id": "m-3",
        "field": "question",
        "error_kind": "typing",
        "found_by": "self_check",
    }


def test_every_aggregate_that_is_corrected_is_in_the_table_of_corrections() -> None:
    [fold] = [fold for fold in files.load().folds if fold.name == "corrections"]
    tags = [tag for tag in wire.EVENTS if tag.endswith(".entry_corrected.v1")]
    assert len(tags) > 5
    assert [tag for tag in tags if tag.replace(".", "_")[:-3] not in fold.words] == []


def test_a_visit_in_which_products_were_talked_of(tmp_path: Path) -> None:
    history = History(2)
    HallLives(history, seed=3).visit(RENMIN, "v1", MORNING)
    connection = history.project(tmp_path)
    found = row(connection, "visits")
    answered = found["recommendations_accepted"] + found["recommendations_declined"]
    assert answered == found["recommendations"] >= 1
    names = ("transfers", "inquiries", "quotes", "needs_met", "needs_open", "closed_counter")
    assert some(found, *names) == {
        "transfers": 1,
        "inquiries": 1,
        "quotes": 1,
        "needs_met": 1,
        "needs_open": 0,
        "closed_counter": "k2",
    }
    seen = row(connection, "observations")
    names = ("hall", "visit_id", "method", "clerk", "observed_by", "points_bp", "business_on")
    assert some(seen, *names) == {
        "hall": "renmin",
        "visit_id": "v1",
        "method": "floor_walk",
        "clerk": "c-li",
        "observed_by": "s-sun",
        "points_bp": 5_000,
        "business_on": TODAY,
    }


def test_a_shift_with_pauses_helps_and_a_hand_over(tmp_path: Path) -> None:
    history = History(2)
    of: dict[str, Any] = {"shift_id": "s1"}

    def say(hours: float, wish: Any, event: Any, actor: str = "c-li", **computed: Any) -> None:
        at = after(hours=hours)
        history.say(RENMIN, wish, event, at=at, actor=actor, computed=computed)

    opening = shift.Open(counter_id="k1", duty="counter", planned_end_at=after(hours=8), **of)
    say(0, opening, shift.Opened, role="clerk", certifications=(), overrun_at=after(hours=9))
    for start in (1, 3):
        say(start, shift.Pause(reason="break", **of), shift.Paused)
        say(start + 1, shift.Resume(**of), shift.Resumed, pause_seconds=3600)
    for name in ("a", "b"):
        helping = shift.HelpColleague(
            help_id=name, helped_clerk_id="c-wang", kind="knowledge", **of
        )
        say(5, helping, shift.ColleagueHelped)
    confirming = shift.ConfirmHelp(help_id="a", useful=True, **of)
    say(6, confirming, shift.HelpConfirmed, "c-wang", helper_clerk_id="c-li")
    giving = shift.HandOver(
        to_clerk_id="c-wang", case_ids=("o1", "o2"), points=("open_cases",), **of
    )
    say(8, giving, shift.HandedOver)
    say(9, shift.MarkOverrun(**of), shift.Overrun, "system:clock", clerk_id="c-li")
    ended: dict[str, Any] = {"worked_seconds": 36_000, "pause_seconds": 7_200, "visits_closed": 3}
    closing = shift.Close(forced=False, reason="planned_end", **of)
    say(10, closing, shift.Closed, clerk_id="c-li", helps_confirmed=1, **ended)
    connection = history.project(tmp_path)
    found = row(connection, "shifts")
    assert some(
        found,
        *("pauses", "helps_given", "helps_confirmed", "handed_over_at", "handed_over_to"),
        *("cases_handed_over", "overrun_at", "closed_at", "close_reason", "pause_seconds"),
    ) == {
        "pauses": 2,
        "helps_given": 2,
        "helps_confirmed": 1,
        "handed_over_at": NINE + timedelta(hours=8),
        "handed_over_to": "c-wang",
        "cases_handed_over": 2,
        "overrun_at": NINE + timedelta(hours=9),
        "closed_at": NINE + timedelta(hours=10),
        "close_reason": "planned_end",
        "pause_seconds": 7_200,
    }
    steps = connection.execute(
        "select step, counter, reason from shift_steps order by event_number"
    ).fetchall()
    assert steps == [
        ("opened", "k1", None),
        *[("paused", None, "break"), ("resumed", None, None)] * 2,
        ("closed", None, "planned_end"),
    ]


def target(connection: duckdb.DuckDBPyConnection, parameter: str) -> tuple[Any, ...]:
    select = "select target, policy from targets where parameter = ?"
    [found] = connection.execute(select, [parameter]).fetchall()
    return found


def test_targets_are_those_of_the_policy_in_force(tmp_path: Path) -> None:
    """Of versions that were told, one is not in force yet, and one was withdrawn."""
    history = History(4, kpi__csat_percent=80)
    tell_policy(history, "2026.2", after(days=1), kpi__csat_percent=85, kpi__visits_per_hour=5)
    tell_policy(history, "2026.3", after(days=2), kpi__csat_percent=95)
    tell_policy(history, "2026.4", after(days=1, hours=1), kpi__csat_percent=99)
    tell_policy(history, "2026.4", after(days=1, hours=1), withdrawn=True, kpi__csat_percent=99)
    csat, rate = "kpi.csat_percent", "kpi.visits_per_hour"
    before = history.project(tmp_path / "before")
    assert (target(before, csat), target(before, rate)) == ((80.0, "2026.1"), (4.0, "2026.1"))
    queue(history, "v1", at=after(days=1, hours=2))
    then = history.project(tmp_path / "then")
    assert (target(then, csat), target(then, rate)) == ((85.0, "2026.2"), (5.0, "2026.2"))
    queue(history, "v2", at=after(days=2))
    # The third version sets no visits per hour, so that the default holds again.
    last = history.project(tmp_path / "last")
    assert (target(last, csat), target(last, rate)) == ((95.0, "2026.3"), (4.0, "2026.3"))


def test_a_policy_told_to_every_partition_is_one(tmp_path: Path) -> None:
    history = History(4)
    tell_policy(history, "2026.2", after(days=1), kpi__csat_percent=85)
    found = history.project(tmp_path).execute(
        "select policy, effective_from_at, settings, is_withdrawn from policies order by policy"
    )
    founded = datetime(2026, 11, 1, 16, 0)  # noqa: DTZ001
    assert found.fetchall() == [
        ("2026.1", founded, "{}", False),
        ("2026.2", NINE + timedelta(days=1), '{"kpi.csat_percent":85}', False),
    ]


def test_halls_clerks_and_products_are_as_told_and_as_founded(tmp_path: Path) -> None:
    """A newer version holds once its moment has come, told to four partitions or one."""
    history, facts = History(4), founding.sample()
    soon = after(hours=1).astimezone(UTC)
    told: dict[str, Any] = {"version": 1, "from_at": soon}
    clerk = msgspec.structs.replace(facts.clerks[0], role="senior_clerk", certifications=())
    tell(history, notice.NoteClerk(fact=clerk, **told), notice.ClerkNoted)
    hall = msgspec.structs.replace(facts.halls[0], closes="19:00")
    tell(history, notice.NoteHall(fact=hall, **told), notice.HallNoted)
    product = msgspec.structs.replace(facts.products[0], withdrawn_from_at=soon)
    tell(history, notice.NoteProduct(fact=product, **told), notice.ProductNoted)
    selects = (
        "select role, hall_ids, certifications <> '[]', version from clerks where clerk = 'c-li'",
        "select closes, status, version from halls where hall = 'renmin'",
        "select monthly_fen, is_on_sale, version from products where product_id = 'plan-39'",
    )
    before = history.project(tmp_path / "before")
    assert [before.execute(select).fetchall() for select in selects] == [
        [("clerk", '["renmin"]', True, 0)],
        [("18:00", "active", 0)],
        [(3_900, True, 0)],
    ]
    queue(history, "v1", at=after(hours=2))
    then = history.project(tmp_path / "then")
    assert [then.execute(select).fetchall() for select in selects] == [
        [("senior_clerk", '["renmin"]', False, 1)],
        [("19:00", "active", 1)],
        [(3_900, False, 1)],
    ]
    counted = "select count(*) from halls union all select count(*) from clerks"
    assert then.execute(counted).fetchall() == [(len(facts.halls),), (len(facts.clerks),)]


def test_of_two_versions_told_out_of_order_the_newer_holds(tmp_path: Path) -> None:
    history, facts = History(2), founding.sample()
    for version, role in ((2, "manager"), (1, "senior_clerk")):
        clerk = msgspec.structs.replace(facts.clerks[0], role=role)
        note = notice.NoteClerk(fact=clerk, version=version, from_at=MORNING.astimezone(UTC))
        tell(history, note, notice.ClerkNoted)
    found = history.project(tmp_path).execute("select role from clerks where clerk = 'c-li'")
    assert found.fetchall() == [("manager",)]
