"""A clerk from engagement to leaving: CLK-03, CLK-04, PRF-01 to PRF-04, PRF-19 and PRF-21."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.aggregates.clerk import profile
from ledger.aggregates.copies import NoteClerk
from ledger.aggregates.model import Settled
from ledger.dated import Dated
from ledger.facts import Clerk
from ledger.values import Sealed, local_midnight
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.clerk.staff import (
    HR,
    HR_AND_REGION,
    SUBJECT,
    TODAY,
    TRAINER,
    assign_training,
    certified,
    day,
    engage,
    engaged,
    file_of,
    follows,
    told,
)

NEW = Clerk(clerk_id="c-new", role="clerk", hall_ids=("renmin",))
SUSPEND = profile.Suspend(reason="investigation")
REINSTATE = profile.Reinstate()


def assign_role(role: Any, from_on: date = TODAY) -> profile.AssignRole:
    return profile.AssignRole(role=role, from_on=from_on, reason="reorganisation")


def assign_hall(*hall_ids: str, from_on: date = TODAY) -> profile.AssignHall:
    return profile.AssignHall(hall_ids=hall_ids, from_on=from_on)


def leave(last_day_on: date = TODAY) -> profile.Leave:
    return profile.Leave(last_day_on=last_day_on, reason="resigned")


def status(case: Case) -> str:
    return case.states[case.subject].status


# The room's own rules


def test_nobody_acts_on_the_own_file() -> None:
    case = file_of("o-wu")
    case.when(assign_training(), **HR).refused("CLK-03")
    case.when(assign_training(), actor="o-ma").recorded(profile.TrainingAssigned)


def test_nobody_approves_what_concerns_oneself() -> None:
    case = file_of("m-he").given(profile.Suspended(reason="investigation", facts=()))
    case.when(REINSTATE, actor="o-wu", approver="m-he").refused("CLK-04")
    at_office = file_of("o-wu")
    demoted = assign_role("trainer")
    at_office.when(demoted, actor="o-wu", approver="m-he").refused("CLK-03")
    another = {"actor": "o-hr", "approver": "o-wu"}
    second = Clerk(clerk_id="o-hr", role="hr_officer")
    at_office.knowing(second).when(demoted, **another).refused("CLK-04")
    at_office.when(demoted, actor="o-hr", approver="m-he").recorded(profile.RoleAssigned)


def test_nothing_is_recorded_of_somebody_unknown() -> None:
    file_of().when(SUSPEND, **HR).refused("ENV-02")
    file_of().when(leave(), **HR).refused("ENV-02")
    file_of("c-li").when(SUSPEND, **HR).recorded(profile.Suspended)


# Engaging


def test_a_clerk_is_engaged_and_every_partition_is_told() -> None:
    event = file_of().when(engage(), **HR).recorded(profile.Engaged)
    assert told(event) == [NoteClerk(version=1, from_at=NOW, fact=NEW)]
    case = engaged()
    assert status(case) == "engaged"
    case.when(engage(), **HR).refused("ENV-12")
    file_of("c-li").when(engage(), **HR).refused("ENV-12")
    file_of().when(engage(), actor="system:hr").recorded(profile.Engaged)
    file_of().when(engage(), actor="m-he").refused("ENV-04")


def test_an_engagement_begins_on_its_day_and_never_backwards() -> None:
    ahead = file_of().when(engage(from_on=day(5)), **HR).recorded(profile.Engaged)
    assert [each.from_at for each in ahead.facts] == [local_midnight(day(5))]
    late = file_of().when(engage(from_on=day(-30)), **HR).recorded(profile.Engaged)
    assert [each.from_at for each in late.facts] == [NOW]


@pytest.mark.parametrize("role", ["clerk", "senior_clerk", "supervisor", "manager"])
def test_who_works_in_halls_has_one(role: Any) -> None:
    file_of().when(engage(role=role, hall_ids=()), **HR).refused("PRF-01", role)
    file_of().when(engage(role=role), **HR).recorded(profile.Engaged)
    file_of().when(engage(role="trainer", hall_ids=()), **HR).recorded(profile.Engaged)


def test_every_hall_named_is_active_when_it_begins() -> None:
    file_of().when(engage(hall_ids=("renmin", "nowhere")), **HR).refused("PRF-01", "nowhere")
    case = engaged()
    case.when(assign_hall("nowhere"), **HR).refused("PRF-01")
    case.hall("binjiang", status="closed_down")
    case.when(assign_hall("binjiang"), **HR).refused("PRF-01", "binjiang")
    opening = replace(case.facts.halls[0], hall_id="nanshan")
    case.reference.halls["nanshan"] = (Dated(1, local_midnight(day(2)), opening),)
    case.when(assign_hall("nanshan", from_on=day(1)), **HR).refused("PRF-01", "nanshan")
    case.when(assign_hall("nanshan", from_on=day(2)), **HR).recorded(profile.HallAssigned)


# Role and halls


def test_a_role_is_assigned_from_a_day_on() -> None:
    case = engaged(role="supervisor")
    event = case.when(assign_role("clerk", day(5)), **HR_AND_REGION).recorded(profile.RoleAssigned)
    assert event.old_role == "supervisor"
    assert event.facts == (Dated(2, local_midnight(day(5)), NEW),)
    case.when(assign_role("clerk"), **HR).refused("ENV-07")
    case.when(assign_role("clerk"), actor="m-he", approver="r-song").refused("ENV-04")


@pytest.mark.parametrize(
    ("held", "given", "rule"),
    [
        ("clerk", "clerk", "PRF-03"),
        ("clerk", "senior_clerk", "PRF-03"),
        ("clerk", "supervisor", "PRF-03"),
        ("clerk", "manager", "PRF-03"),
        ("senior_clerk", "supervisor", "PRF-03"),
        ("senior_clerk", "manager", "PRF-03"),
        ("supervisor", "manager", None),
        ("supervisor", "clerk", None),
        ("clerk", "trainer", None),
    ],
)
def test_a_new_role_differs_and_is_no_promotion(held: Any, given: Any, rule: str | None) -> None:
    outcome = engaged(role=held).when(assign_role(given), **HR_AND_REGION)
    if rule is None:
        outcome.recorded(profile.RoleAssigned)
    else:
        outcome.refused(rule)


def test_a_role_in_halls_is_given_to_somebody_with_a_hall() -> None:
    trainer = engaged(role="trainer", hall_ids=())
    trainer.when(assign_role("manager"), **HR_AND_REGION).refused("PRF-01")
    trainer.when(assign_role("analyst"), **HR_AND_REGION).recorded(profile.RoleAssigned)


def test_who_approves_does_not_stand_below_the_role_given() -> None:
    case = engaged(role="trainer")
    by_manager = {"actor": "o-wu", "approver": "m-he"}
    case.when(assign_role("regional_manager"), **by_manager).refused("PRF-04")
    case.when(assign_role("manager"), **by_manager).recorded(profile.RoleAssigned)
    case.when(assign_role("regional_manager"), **HR_AND_REGION).recorded(profile.RoleAssigned)
    by_hr = {"actor": "o-wu", "approver": "o-hr"}
    case.knowing(Clerk(clerk_id="o-hr", role="hr_officer"))
    case.when(assign_role("regional_manager"), **by_hr).recorded(profile.RoleAssigned)


def test_halls_are_assigned_and_the_old_ones_said() -> None:
    event = engaged().when(assign_hall("binjiang"), actor="r-song").recorded(profile.HallAssigned)
    assert event.old_hall_ids == ("renmin",)
    assert told(event) == [
        NoteClerk(version=2, from_at=NOW, fact=replace(NEW, hall_ids=("binjiang",)))
    ]


def test_few_changes_of_a_clerk_are_announced_at_a_time() -> None:
    case = engaged(role="trainer")
    for days, role in ((9, "analyst"), (7, "auditor"), (5, "campaign_manager")):
        wish = assign_role(role, day(days))
        case.given(case.when(wish, **HR_AND_REGION).recorded(profile.RoleAssigned), **HR)
    fourth = {"from_on": day(11)}
    case.when(assign_hall("binjiang", **fourth), **HR).refused("PRF-21")
    case.when(assign_role("trainer", day(11)), **HR_AND_REGION).refused("PRF-21")
    event = case.when(assign_hall("binjiang"), **HR).recorded(profile.HallAssigned)
    assert [each.fact.role for each in event.facts] == [
        "trainer",
        "campaign_manager",
        "campaign_manager",
        "campaign_manager",
    ]


def test_a_role_is_refused_by_the_first_rule_it_breaks() -> None:
    case = engaged(role="trainer", hall_ids=())
    by_manager = {"actor": "o-wu", "approver": "m-he"}
    for days in (9, 7, 5):
        wish = assign_role(f"{'analyst' if days % 4 == 1 else 'auditor'}", day(days))
        case.given(case.when(wish, **HR_AND_REGION).recorded(profile.RoleAssigned), **HR)
    case.when(assign_role("manager", day(11)), **by_manager).refused("PRF-01")
    case.when(assign_role("analyst", day(11)), **by_manager).refused("PRF-03")
    case.when(assign_role("regional_manager", day(11)), **by_manager).refused("PRF-04")
    case.when(assign_role("regional_manager", day(11)), **HR_AND_REGION).refused("PRF-21")


# Suspending and reinstating


def test_a_clerk_is_suspended_at_once() -> None:
    case = engaged()
    event = case.when(SUSPEND, actor="m-he").recorded(profile.Suspended)
    assert told(event) == [NoteClerk(version=2, from_at=NOW, fact=replace(NEW, status="suspended"))]
    case.given(event)
    assert status(case) == "suspended"
    case.when(SUSPEND, actor="m-he").refused("ENV-12")
    case.when(assign_role("trainer"), **HR_AND_REGION).refused("ENV-12")
    engaged().when(SUSPEND, actor="s-sun").refused("ENV-04")


def test_a_suspension_holds_in_what_was_announced_before() -> None:
    case = engaged(role="supervisor")
    announced = case.when(assign_role("clerk", day(5)), **HR_AND_REGION)
    case.given(announced.recorded(profile.RoleAssigned), **HR)
    event = case.when(SUSPEND, **HR).recorded(profile.Suspended)
    assert [(each.fact.role, each.fact.status) for each in event.facts] == [
        ("supervisor", "suspended"),
        ("clerk", "suspended"),
    ]
    assert [note.from_at for note in told(event)] == [NOW, local_midnight(day(5))]


def test_two_people_reinstate_a_clerk() -> None:
    case = engaged()
    case.given(case.when(SUSPEND, **HR).recorded(profile.Suspended), **HR)
    case.when(REINSTATE, **HR).refused("ENV-07")
    case.when(REINSTATE, actor="o-yang", approver="r-song").refused("ENV-07")
    event = case.when(REINSTATE, actor="o-yang", approver="m-he").recorded(profile.Reinstated)
    assert told(event) == [NoteClerk(version=3, from_at=NOW, fact=NEW)]
    assert status(case.given(event, **HR)) == "engaged"
    case.when(REINSTATE, actor="o-yang", approver="m-he").refused("ENV-12")


# Leaving


def test_a_clerk_leaves_after_the_last_day() -> None:
    case = engaged()
    event = case.when(leave(day(10)), **HR).recorded(profile.Left)
    assert event.erase_on == date(2028, 11, 13)
    left = replace(NEW, status="left")
    assert told(event) == [NoteClerk(version=2, from_at=local_midnight(day(11)), fact=left)]
    case.given(event, **HR)
    assert status(case) == "left"
    case.when(SUSPEND, **HR).refused("ENV-12")
    case.when(assign_hall("binjiang"), **HR).refused("ENV-12")


def test_a_last_day_is_not_before_the_engagement() -> None:
    case = engaged(from_on=day(3))
    case.when(leave(day(2)), **HR).refused("PRF-19")
    case.when(leave(day(3)), **HR).recorded(profile.Left)


def test_who_leaves_may_be_sent_away_earlier_but_not_later() -> None:
    case = engaged(from_on=day(-9))
    case.given(case.when(leave(day(10)), **HR).recorded(profile.Left), **HR)
    case.when(leave(day(10)), **HR).refused("PRF-19")
    event = case.when(leave(day(-1)), **HR).recorded(profile.Left)
    assert event.facts[0] == Dated(3, NOW, replace(NEW, status="left"))
    file_of("c-li").when(leave(day(1)), **HR).recorded(profile.Left)


def test_a_suspended_clerk_leaves_and_is_suspended_until_then() -> None:
    case = engaged()
    case.given(case.when(SUSPEND, **HR).recorded(profile.Suspended), **HR)
    event = case.when(leave(day(3)), **HR).recorded(profile.Left)
    case.given(event, **HR)
    known = case.states[SUBJECT]
    assert known.at(later(days=1)).status == "suspended"
    assert known.at(later(days=4)).status == "left"


def test_who_left_is_engaged_again_without_the_old_certifications() -> None:
    case = certified()
    case.given(case.when(leave(day(3)), **HR).recorded(profile.Left), **HR)
    again = engage(role="supervisor", from_on=day(30))
    event = case.when(again, at=later(days=20), **HR).recorded(profile.Engaged)
    (dated,) = event.facts
    assert (dated.fact.role, dated.fact.certifications) == ("supervisor", ())
    case.given(event, at=later(days=20), **HR)
    assert [case.states[SUBJECT].at(later(days=days)).status for days in (0, 10, 30)] == [
        "in_service",
        "left",
        "in_service",
    ]


def test_who_leaves_waits_for_no_training_and_no_certification_any_more() -> None:
    case = certified()
    open_one = assign_training("t2")
    case.given(case.when(open_one, **TRAINER).recorded(profile.TrainingAssigned))
    event = case.when(leave(day(3)), **HR).recorded(profile.Left)
    assert event.open_training_ids == ("t2",)
    assert [each for each in follows(event) if isinstance(each, Settled)] == [
        Settled("training_missed.t2"),
        Settled("expire.real_name"),
        Settled("renew.real_name"),
    ]


# Corrections


def test_hr_corrects_what_was_typed_in_a_file() -> None:
    case = file_of()
    event = case.when(engage(), **HR).recorded(profile.Engaged)
    case.given(event, id="m-engage", **HR)
    said: dict[str, Any] = {
        "wrong_entry_id": "counter-app:m-engage:1",
        "field": "employee_no",
        "should_be": Sealed("k.x"),
        "error_kind": "typing",
        "found_by": "self_check",
        "note": Sealed("k.x"),
    }
    wish = profile.CorrectEntry(**said)
    case.when(wish, actor="m-he").refused("ENV-04")
    case.when(replace(wish, field="role"), **HR).refused("ENV-14")
    corrected = case.when(wish, **HR).recorded(profile.EntryCorrected)
    assert corrected.clerk_in_error == "o-wu"
    case.given(corrected, **HR).when(wish, **HR).refused("ENV-13", "before")


def test_a_training_tells_nobody() -> None:
    case = engaged()
    event = case.when(assign_training(), **TRAINER).recorded(profile.TrainingAssigned)
    assert told(event) == []
