"""The register of halls: rules HLR-02 to HLR-09, and that every partition is told."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.aggregates.copies import NoteHall
from ledger.aggregates.operator import hall
from ledger.dated import Dated
from ledger.facts import Hall
from ledger.rules import Refusal
from ledger.values import local_midnight
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.operator.office import (
    LEAD,
    REGION,
    TOMORROW,
    counters,
    office,
    register_hall,
    told,
)

MANAGER: dict[str, Any] = {"actor": "m-he"}
OPENS_AT = local_midnight(TOMORROW)
NANSHAN = Hall(
    hall_id="nanshan",
    name="南山营业厅",
    counters=counters("business_counter", "consultation"),
    opens="09:00",
    closes="18:00",
)


def set_counters(*areas: Any, **changed: Any) -> hall.SetCounters:
    said: dict[str, Any] = {"hall_id": "renmin", "from_at": later(days=2), **changed}
    return hall.SetCounters(counters=counters(*areas or ("business_counter",)), **said)


def set_hours(**changed: Any) -> hall.SetHours:
    said: dict[str, Any] = {
        "hall_id": "renmin",
        "opens": "10:00",
        "closes": "16:00",
        "from_on": TOMORROW,
        **changed,
    }
    return hall.SetHours(**said)


def change_area(**changed: Any) -> hall.ChangeArea:
    said: dict[str, Any] = {
        "hall_id": "renmin",
        "area": "rural",
        "region_code": "440300",
        "from_at": later(days=1),
        "basis": "行政区划调整",
        **changed,
    }
    return hall.ChangeArea(**said)


def close_down(**changed: Any) -> hall.CloseDown:
    said: dict[str, Any] = {
        "hall_id": "renmin",
        "last_day_on": date(2026, 12, 3),
        "successor_hall_id": "binjiang",
        **changed,
    }
    return hall.CloseDown(**said)


def renmin(case: Case) -> Hall:
    return case.reference.halls["renmin"][-1].fact


# Registering


def test_a_hall_is_registered_and_active_from_the_day_it_opens() -> None:
    case = office()
    event = case.when(register_hall(), **REGION).recorded(hall.Registered)
    assert event.active_from_at == OPENS_AT
    note = NoteHall(version=1, from_at=OPENS_AT, fact=NANSHAN)
    assert told(event, "hall_register/nanshan") == [note]
    case.given(event).when(register_hall(), **REGION).refused("ENV-11")
    case.when(register_hall(hall_id="renmin"), **REGION).refused("ENV-11")


def test_a_hall_may_open_at_once_but_not_yesterday() -> None:
    today = register_hall(opens_on=NOW.date())
    event = office().when(today, **REGION).recorded(hall.Registered)
    assert event.active_from_at == NOW
    yesterday = register_hall(opens_on=date(2026, 11, 2))
    office().when(yesterday, **REGION).refused("HLR-06")


def test_a_hall_is_registered_by_the_region_with_compliance() -> None:
    office().when(register_hall(), actor="m-he", approver="o-yang").refused("ENV-04")
    office().when(register_hall(), actor="r-song", approver="m-he").refused("ENV-07")


def test_counters_differ_and_one_is_for_business() -> None:
    case = office()
    two = counters("business_counter", "vip")
    same = register_hall(counters=(two[0], replace(two[1], counter_id="k1")))
    case.when(same, **REGION).refused("HLR-02", "k1")
    case.when(register_hall(counters=counters("vip")), **REGION).refused("HLR-02", "business")
    case.when(set_counters("vip"), **MANAGER).refused("HLR-02", "business")
    case.when(register_hall(counters=two), **REGION).recorded(hall.Registered)


@pytest.mark.parametrize(("opens", "closes"), [("18:00", "09:00"), ("09:00", "09:00")])
def test_a_hall_closes_after_it_opens(opens: str, closes: str) -> None:
    office().when(register_hall(opens=opens, closes=closes), **REGION).refused("HLR-03")
    office().when(set_hours(opens=opens, closes=closes), **MANAGER).refused("HLR-03")


def test_the_manager_is_one_in_service() -> None:
    for other in ("s-sun", "r-song", "nobody"):
        office().when(register_hall(manager_clerk_id=other), **REGION).refused("HLR-04")
    case = office().clerk("m-he", status="suspended")
    case.when(register_hall(), **REGION).refused("HLR-04")


def test_the_sign_of_the_cameras_is_shown() -> None:
    office().when(register_hall(camera_sign_shown=False), **REGION).refused("HLR-05")


def test_a_hall_is_refused_by_the_first_rule_it_breaks() -> None:
    case = office()
    wrong: dict[str, Any] = {
        "counters": counters("vip"),
        "closes": "08:00",
        "manager_clerk_id": "c-li",
        "camera_sign_shown": False,
        "opens_on": date(2026, 1, 1),
    }
    for rule, mended in (
        ("HLR-02", "counters"),
        ("HLR-03", "closes"),
        ("HLR-04", "manager_clerk_id"),
        ("HLR-05", "camera_sign_shown"),
        ("HLR-06", "opens_on"),
    ):
        case.when(register_hall(**wrong), **REGION).refused(rule)
        del wrong[mended]
    case.when(register_hall(), **REGION).recorded(hall.Registered)


# Changing


def test_counters_are_set_from_a_moment_on() -> None:
    case = office()
    wish = set_counters("business_counter", "vip", "vip", "vip")
    event = case.when(wish, **MANAGER).recorded(hall.CountersSet)
    assert (event.added, event.removed) == (("k4",), ())
    changed = replace(renmin(case), counters=wish.counters)
    assert event.facts == (Dated(1, later(days=2), changed),)
    fewer = case.given(event).when(set_counters(from_at=later(days=3)), **MANAGER)
    assert fewer.recorded(hall.CountersSet).removed == ("k2", "k3", "k4")


def test_what_was_announced_for_later_holds_a_change_too() -> None:
    case = office()
    announced = case.when(set_counters(), **MANAGER).recorded(hall.CountersSet)
    event = case.given(announced).when(set_hours(), **MANAGER).recorded(hall.HoursSet)
    now = replace(renmin(case), opens="10:00", closes="16:00")
    later_on = replace(now, counters=counters("business_counter"))
    assert event.facts == (Dated(2, OPENS_AT, now), Dated(2, later(days=2), later_on))
    assert told(event, "hall_register/renmin") == [
        NoteHall(version=2, from_at=OPENS_AT, fact=now),
        NoteHall(version=2, from_at=later(days=2), fact=later_on),
    ]


def test_a_hall_that_has_not_opened_changes_from_its_opening() -> None:
    case = office()
    opening = register_hall(opens_on=date(2026, 11, 10))
    case.given(case.when(opening, **REGION).recorded(hall.Registered))
    event = case.when(set_hours(hall_id="nanshan"), actor="r-song").recorded(hall.HoursSet)
    changed = replace(NANSHAN, opens="10:00", closes="16:00")
    assert event.facts == (Dated(2, local_midnight(date(2026, 11, 10)), changed),)


@pytest.mark.parametrize("wish", [set_counters(), change_area()])
def test_a_change_begins_far_enough_ahead(wish: Any) -> None:
    who = {"actor": "r-song", "approver": "o-yang"}
    soon = replace(wish, from_at=later(seconds=LEAD - 1))
    office().when(soon, **who).refused("HLR-06")
    in_time = replace(wish, from_at=later(seconds=LEAD))
    assert not isinstance(office().when(in_time, **who).decision, Refusal)


def test_hours_begin_on_a_day_far_enough_ahead() -> None:
    case = office()
    case.when(set_hours(from_on=NOW.date()), **MANAGER).refused("HLR-06")
    late = OPENS_AT - timedelta(seconds=LEAD)
    case.when(set_hours(), at=late, **MANAGER).recorded(hall.HoursSet)
    late += timedelta(seconds=1)
    case.when(set_hours(), at=late, **MANAGER).refused("HLR-06")


def test_few_changes_of_a_hall_are_announced_at_a_time() -> None:
    case = office()
    for day in (4, 3, 2):
        wish = set_counters(from_at=later(days=day))
        case.given(case.when(wish, **MANAGER).recorded(hall.CountersSet))
    fourth = set_counters(from_at=later(days=5))
    case.when(fourth, **MANAGER).refused("HLR-06", "3 changes")
    case.when(fourth, at=later(days=2), **MANAGER).recorded(hall.CountersSet)


def test_a_change_of_area_says_which_it_was() -> None:
    case = office()
    case.when(change_area(), actor="r-song", approver="m-he").refused("ENV-07")
    case.when(change_area(), actor="m-he", approver="o-yang").refused("ENV-04")
    event = case.when(change_area(), **REGION).recorded(hall.AreaChanged)
    assert event.old_area == "urban"
    assert [each.fact.area for each in event.facts] == ["rural"]


def test_counters_are_refused_by_the_first_rule_they_break() -> None:
    office().when(set_counters("vip", from_at=NOW), **MANAGER).refused("HLR-02")
    wrong = set_hours(opens="20:00", from_on=NOW.date())
    office().when(wrong, **MANAGER).refused("HLR-03")


# Closing down


def test_a_closing_is_announced_thirty_days_before() -> None:
    case = office()
    tomorrow = close_down(last_day_on=date(2026, 12, 2))
    case.when(tomorrow, **REGION).refused("HLR-08", "2026-12-03")
    event = case.when(close_down(), **REGION).recorded(hall.ClosedDown)
    (dated,) = event.facts
    assert (dated.from_at, dated.fact.status) == (local_midnight(date(2026, 12, 4)), "closed_down")
    case.given(event)
    case.when(close_down(), **REGION).refused("ENV-12")
    case.when(set_hours(), **MANAGER).refused("ENV-12")


@pytest.mark.parametrize("successor", ["renmin", "nowhere"])
def test_the_successor_is_another_hall(successor: str) -> None:
    office().when(close_down(successor_hall_id=successor), **REGION).refused("HLR-09")


def test_the_successor_is_still_active_then() -> None:
    case = office()
    other = close_down(hall_id="binjiang", successor_hall_id="renmin")
    case.given(case.when(other, **REGION).recorded(hall.ClosedDown))
    case.when(close_down(), **REGION).refused("HLR-09")
    nanshan = close_down(successor_hall_id="nanshan")
    case.when(nanshan, **REGION).refused("HLR-09")
    case.given(case.when(register_hall(), **REGION).recorded(hall.Registered))
    case.when(nanshan, **REGION).recorded(hall.ClosedDown)


def test_a_closing_is_refused_by_the_first_rule_it_breaks() -> None:
    case = office()
    wrong = close_down(last_day_on=NOW.date(), successor_hall_id="nowhere")
    case.when(wrong, **REGION).refused("HLR-08")
    past = close_down(last_day_on=date(2026, 11, 2), successor_hall_id="nowhere")
    case.when(past, **REGION).refused("HLR-06")
