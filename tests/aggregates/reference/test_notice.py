"""A partition is told of reference facts, in any order and any number of times."""

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.aggregates.copies import NoteCalendar, NoteClerk, NotePolicy
from ledger.aggregates.reference import notice
from ledger.facts import Calendar, Clerk
from ledger.policy import PolicyVersion
from tests.aggregates.case import NOW, Case, later

PARTITION = "reference/0"
REACTOR: dict[str, Any] = {"actor": "system:reactor"}
NEW = Clerk(clerk_id="c-new", role="clerk")
GONE = Clerk(clerk_id="c-new", role="clerk", status="left")
NEXT = PolicyVersion(version="2026.2", effective_from_at=later(days=1))


def note(version: int = 1, fact: Clerk = NEW, **after: float) -> NoteClerk:
    return NoteClerk(version=version, from_at=NOW + timedelta(**after), fact=fact)


def told(*notes: Any) -> Case:
    case = Case(PARTITION)
    for each in notes:
        decided = case.when(each, **REACTOR)
        case.given(*decided.decision, **REACTOR)  # type: ignore[misc]
    return case


def test_only_the_reactor_tells_a_partition() -> None:
    Case(PARTITION).when(note(), actor="o-wu").refused("ENV-03")
    Case(PARTITION).when(note(), actor="system:clock").refused("ENV-03")
    Case(PARTITION).when(note(), **REACTOR).recorded(notice.ClerkNoted)


def test_what_is_told_is_known_from_its_moment_on() -> None:
    case = told(note(hours=1))
    assert case.reference.clerk("c-new", NOW) is None
    assert case.reference.clerk("c-new", later(hours=1)) == NEW
    assert case.reference.clerk("c-li", NOW) is not None


def test_a_notice_that_a_newer_one_has_overtaken_changes_nothing() -> None:
    case = told(note(2, GONE, hours=1))
    event = case.when(note(1, hours=2), **REACTOR).recorded(notice.Overtaken)
    assert (event.about, event.version, event.known_version) == ("clerk/c-new", 1, 2)
    again = case.when(note(2, hours=1), **REACTOR).recorded(notice.Overtaken)
    assert again.known_version == 2
    known = case.reference.clerks
    assert case.given(event).reference.clerks == known
    assert case.reference.clerk("c-new", later(hours=3)) == GONE


def test_an_older_notice_that_comes_late_holds_until_the_newer_one_begins() -> None:
    case = told(note(2, GONE, hours=2), note(1))
    assert case.reference.clerk("c-new", later(hours=1)) == NEW
    assert case.reference.clerk("c-new", later(hours=2)) == GONE


@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_a_policy_that_is_withdrawn_never_begins_in_whatever_order_it_is_told(
    withdrawn_first: bool,
) -> None:
    at = NEXT.effective_from_at
    published = NotePolicy(version=1, from_at=at, fact=NEXT)
    withdrawn = NotePolicy(version=2, from_at=at, fact=NEXT, withdrawn=True)
    assert told(published).reference.policy_at(at).version == "2026.2"
    notes = [withdrawn, published] if withdrawn_first else [published, withdrawn]
    assert told(*notes).reference.policy_at(at).version == "test"


def test_a_calendar_is_told_whole() -> None:
    holiday = date(2026, 11, 4)
    fact = Calendar(year=2026, holidays=(holiday,))
    case = told(NoteCalendar(version=1, from_at=NOW, fact=fact))
    assert not case.reference.is_working_day(holiday)
    assert Case(PARTITION).reference.is_working_day(holiday)
