"""Erasures as tables and alarms: what waits, what is due, what is done, and by whom."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.aggregates.clerk import profile
from ledger.aggregates.customer import customer
from ledger.projections import definitions as files
from ledger.projections.definitions import Definitions
from ledger.projections.engine import differences
from tests.aggregates.customer.samples import verify
from tests.projections.cuts import project
from tests.projections.history import MORNING, History, after
from tests.projections.scenes import register

PRIVACY: dict[str, Any] = {"actor": "o-fang"}
TWO_PEOPLE: dict[str, Any] = {"actor": "o-fang", "approver": "s-sun"}
REACTOR: dict[str, Any] = {"actor": "system:reactor"}
DUE_ON = date(2026, 11, 10)
PROOF = "ab" * 32


def left(history: History, owner: str) -> None:
    register(history, owner.removeprefix("customer/"))
    verified = {"valid_until_at": MORNING, "active_numbers": 0}
    history.say(owner, verify(), customer.IdentityVerified, computed=verified)
    leave = customer.Terminate(reason="customer_asked")
    history.say(owner, leave, customer.Terminated, computed={"retention_until_on": DUE_ON})


def schedule(history: History, owner: str, at: datetime = MORNING, **computed: Any) -> None:
    wish = customer.ScheduleErasure(trigger="customer_asked", request_id="q1")
    restriction = customer.ProcessingRestricted(request_id="q1", reason="erasure_pending_retention")
    computed = {"erase_not_before_on": DUE_ON, "kept": ("identity_material",), **computed}
    event = customer.ErasureScheduled.of(wish, **computed)
    history.say(owner, wish, event, restriction, at=at, **PRIVACY)


def order(history: History, owner: str, at: datetime) -> None:
    wish = customer.RequestErasure(trigger="retention_over")
    history.say(owner, wish, customer.ErasureOrdered, at=at, **TWO_PEOPLE)


def confirm(history: History, owner: str, at: datetime) -> None:
    done = customer.ConfirmErasure(keys_destroyed=2, destroyed_at=at, proof_digest=PROOF)
    history.say(owner, done, customer.Erased, at=at, **REACTOR)


def hold(history: History, owner: str) -> customer.ReleaseLegalHold:
    """A hold is placed; what releases it."""
    place = customer.PlaceLegalHold(hold_id="h1", authority="court", reference="x")
    history.say(owner, place, customer.LegalHoldPlaced, **TWO_PEOPLE)
    return customer.ReleaseLegalHold(hold_id="h1", reason="matter_ended")


def told() -> History:
    """Customers in every stage; the last entry is of the morning of the day when all are due."""
    history = History(2)
    for name in ("waiting", "held", "released", "erasing", "erased"):
        left(history, f"customer/{name}")
    register(history, "tomorrow")
    schedule(history, "customer/tomorrow", erase_not_before_on=DUE_ON + timedelta(days=1))
    for name in ("back", "again"):
        left(history, f"customer/{name}")
        schedule(history, f"customer/{name}")
        back = customer.Return(verification_id="ver1")
        history.say(f"customer/{name}", back, customer.Returned)
    leave = customer.Terminate(reason="deceased")
    later = date(2029, 1, 1)
    history.say(
        "customer/again",
        leave,
        customer.Terminated,
        computed={"retention_until_on": later},
        at=after(hours=1),
    )
    consents(history, "customer/waiting")
    hold(history, "customer/held")
    release = hold(history, "customer/released")
    history.say("customer/released", release, customer.LegalHoldReleased, **TWO_PEOPLE)
    for name in ("waiting", "held", "released", "erased"):
        schedule(history, f"customer/{name}", consents_ended=("marketing_sms", "survey"))
    read = customer.Reveal(purpose="audit", reference="a1")
    history.say("customer/waiting", read, customer.Revealed, **PRIVACY)
    morning = MORNING + timedelta(days=7)
    order(history, "customer/erasing", morning)
    order(history, "customer/erased", morning)
    confirm(history, "customer/erased", after(morning, minutes=1))
    clerk(history, "clerk/c-old", morning)
    return history


def consents(history: History, owner: str) -> None:
    for purpose in ("marketing_sms", "survey", "birthday_care"):
        given = customer.GiveConsent(
            purpose=purpose,
            channels=("sms",),
            proof="signed_form",
            text_version="t1",
            explicit=True,
            separate=False,
        )
        history.say(owner, given, customer.ConsentGiven)


def clerk(history: History, owner: str, at: datetime) -> None:
    wish = profile.RequestErasure()
    by_two = {"actor": "o-fang", "approver": "o-wu"}
    history.say(owner, wish, profile.ErasureOrdered, at=at, **by_two)
    done = profile.ConfirmErasure(keys_destroyed=1, destroyed_at=at, proof_digest=PROOF)
    history.say(owner, done, profile.Erased, at=at, **REACTOR)


@pytest.fixture(scope="module")
def history() -> History:
    return told()


@pytest.fixture(scope="module")
def tables(
    history: History, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    with history.project(tmp_path_factory.mktemp("tables")) as connection:
        yield connection


def rows(tables: duckdb.DuckDBPyConnection, select: str) -> list[Any]:
    return tables.execute(select).fetchall()


def test_an_erasure_is_told_from_its_schedule_to_the_destroyed_keys(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    columns = "trigger, request_id, erase_not_before_on, kept, ordered_by, approver, keys_destroyed"
    asked = ("customer_asked", "q1", DUE_ON, "identity_material")
    by_two, later = ("o-fang", "s-sun"), DUE_ON + timedelta(days=1)
    assert rows(tables, f"select owner, {columns} from erasures order by owner") == [
        ("clerk/c-old", None, None, None, None, "o-fang", "o-wu", 1),
        ("customer/again", *asked, None, None, None),
        ("customer/back", *asked, None, None, None),
        ("customer/erased", "retention_over", *asked[1:], *by_two, 2),
        ("customer/erasing", "retention_over", None, None, None, *by_two, None),
        ("customer/held", *asked, None, None, None),
        ("customer/released", *asked, None, None, None),
        ("customer/tomorrow", "customer_asked", "q1", later, "identity_material", None, None, None),
        ("customer/waiting", *asked, None, None, None),
    ]
    times = "erased_at - ordered_at, proof_digest"
    [erased] = rows(tables, f"select {times} from erasures where owner = 'customer/erased'")
    assert erased == (timedelta(minutes=1), PROOF)


def test_what_is_due_is_an_alarm_until_it_is_ordered(tables: duckdb.DuckDBPyConnection) -> None:
    """So is not what a hold keeps, who came back or left again since, or whose day is ahead."""
    columns = "owner, hall, happened_at, is_open, what"
    due = rows(tables, f"select {columns} from alarms where kind = 'customer.erasure_due'")
    midnight = datetime.fromisoformat("2026-11-09T16:00")
    said = "The personal data may be erased since 2026-11-10."
    assert sorted(due) == [
        ("customer/released", "renmin", midnight, True, said),
        ("customer/waiting", "renmin", midnight, True, said),
    ]
    behind = """
        select count(*) from alarms join audit_trail using (partition, position, owner)
        where kind = 'customer.erasure_due' and type = 'customer.schedule_erasure.v1'
    """
    assert rows(tables, behind) == [(2,)]


def test_a_customers_row_says_what_stands(tables: duckdb.DuckDBPyConnection) -> None:
    columns = "customer_id, status, is_restricted, holds_placed, holds_released, readings_in_clear"
    wanted = "('waiting', 'held', 'released', 'erasing', 'erased')"
    found = rows(tables, f"select {columns} from customers where customer_id in {wanted}")
    assert sorted(found) == [
        ("erased", "erased", True, 0, 0, 0),
        ("erasing", "erasing", None, 0, 0, 0),
        ("held", "active", True, 1, 0, 0),
        ("released", "active", True, 1, 1, 0),
        ("waiting", "active", True, 0, 0, 1),
    ]


def test_consents_end_with_the_schedule(tables: duckdb.DuckDBPyConnection) -> None:
    standing = "select purpose, is_standing from consents where customer_id = 'waiting'"
    assert sorted(rows(tables, standing)) == [
        ("birthday_care", True),
        ("marketing_sms", False),
        ("survey", False),
    ]


def test_the_cuts_of_batches_change_nothing(history: History, tmp_path: Path) -> None:
    shipped = files.load()
    folds = tuple(f for f in shipped.folds if f.name in ("customers", "consents", "erasures"))
    few = Definitions(folds, shared=shipped.shared)
    together = project(tmp_path / "together", [history.records], few)
    alone = project(tmp_path / "alone", [[each] for each in history.records], few)
    assert differences(together, alone) == []
