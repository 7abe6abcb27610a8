"""Every state of every aggregate meets every one of its interactions: allowed, or refused by state.

The pairs are those of docs/states.md. Each interaction is sent by somebody who may send it, so that
nothing but the state can refuse it.
"""

from typing import Any

import msgspec
import pytest

from docs.generate import allows, statuses
from ledger import founding, wire
from ledger.aggregates import common
from ledger.aggregates.model import NEW, Interaction, Marks
from ledger.entry import Envelope
from ledger.facts import CERTIFICATIONS, ROLES, Clerk, Held
from ledger.memory import Memory
from ledger.reference import reference_of
from tests.aggregates.case import NOW

PAIRS = [
    pytest.param(aggregate, interaction, status, id=f"{interaction.marks.type} {status}")
    for room in wire.ROOMS.values()
    for aggregate in room
    for interaction in aggregate.INTERACTIONS
    for status in statuses(aggregate)
]


def everybody() -> tuple[Clerk, ...]:
    """Two clerks of every role, certified for everything."""
    held = tuple(
        Held(certification=each, valid_from_on=NOW.date(), valid_until_on=NOW.date())
        for each in CERTIFICATIONS
    )
    return tuple(
        Clerk(clerk_id=f"{role}-{number}", role=role, certifications=held)
        for role in ROLES
        for number in (1, 2)
    )


MEMORY = Memory(reference_of(msgspec.structs.replace(founding.sample(), clerks=everybody())))
SUBJECTS = {
    "customer": "customer/d1",
    "hall": "hall/renmin",
    "clerk": "clerk/c-li",
    "operator": "operator",
    "reference": "reference/0",
}


def sent_by_who_may(marks: Marks) -> Envelope:
    role = marks.roles[0] if marks.roles else "clerk"
    approvers = marks.approver if isinstance(marks.approver, tuple) else ("manager",)
    return Envelope(
        id="m1",
        source="s",
        type=marks.type,
        subject=SUBJECTS[wire.INTERACTIONS[marks.type].owner],
        time=NOW,
        actor=f"{role}-1" if marks.clerks else f"system:{marks.systems[0]}",
        hall="renmin",
        counter="k1",
        visit="v1",
        approver=f"{approvers[0]}-2" if marks.approver else None,
    )


@pytest.mark.parametrize(("aggregate", "interaction", "status"), PAIRS)
def test_a_state_allows_what_the_table_says(
    aggregate: Any, interaction: type[Interaction], status: str
) -> None:
    marks = interaction.marks
    refusal = common.check(
        marks,
        aggregate.State(status=status),
        MEMORY.context(sent_by_who_may(marks), NOW),
        owner_known=True,
        counter_on_shift="k1",
    )
    if allows(marks, status):
        assert refusal is None
    else:
        taken = status != NEW and marks.allowed_in == (NEW,)
        assert refusal is not None
        assert refusal.rule == ("ENV-11" if taken or status == NEW else "ENV-12")


WITHOUT_CLERKS = {
    *("order completed", "order partial", "order failed", "order rejected", "order cancelled"),
    *("payment failed", "payment denied", "payment canceled", "subscription cancelled"),
    *("case released", "drawer deposited", "hall_day signed_off", "hall_register closed_down"),
    # Begun, carried on or ended by systems and copies only.
    *("order pending_cancellation", "subscription -", "subscription pending_active", "case -"),
    *("reference -", "reference noted"),
    *("customer erasing", "customer erased", "clerk erasing", "clerk erased"),
    "visit forgotten",
}
"""The catalogue's ends, and what clerks wait for: all they may do there is to correct entries."""


def test_clerks_can_go_on_in_every_state_that_is_not_an_end() -> None:
    assert {
        f"{aggregate.NAME} {status}"
        for room in wire.ROOMS.values()
        for aggregate in room
        for status in statuses(aggregate)
        if not any(
            allows(each.marks, status) and each.marks.clerks and "correct" not in each.marks.type
            for each in aggregate.INTERACTIONS
        )
    } == WITHOUT_CLERKS
