"""The rules in order: one small function an interaction."""

from typing import TYPE_CHECKING, assert_never

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.hall.shift import rules
from ledger.aggregates.hall.shift.events import Closed, Opened
from ledger.aggregates.hall.shift.interactions import (
    ALONE_AT_A_COUNTER,
    CERTIFICATIONS,
    CLOSES_FOR_OTHERS,
    AnyInteraction,
    Close,
    Duty,
    Open,
)
from ledger.aggregates.hall.shift.state import State
from ledger.aggregates.model import Context, Decision
from ledger.reference import Clerk, holds
from ledger.rules import Refusal
from ledger.values import whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Open():
            return _open(wish, context)
        case Close():
            return _close(wish, state, context)
        case _:
            assert_never(wish)


def _open(shift: Open, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    clerk = context.clerk
    open_shift = context.register.shifts.get(clerk.clerk_id)
    if open_shift is not None:
        return rules.SHF_02(f"{clerk.clerk_id} has the open shift {open_shift.shift_id}")
    refusal = _qualified(clerk, shift.duty, context) or _counter_free(shift, context)
    if refusal is not None:
        return refusal
    in_force = tuple(name for name in CERTIFICATIONS if holds(clerk, name, now))
    return [Opened.of(shift, role=clerk.role, certifications=in_force)]


def _qualified(clerk: Clerk, duty: Duty, context: "Context[Register]") -> Refusal | None:
    required = context.policy[policy.SHIFT_CERTIFICATIONS].get(duty)
    if required is not None and not holds(clerk, required, context.envelope.time):
        return rules.SHF_03(f"duty {duty} requires the certification {required}")
    return None


def _counter_free(shift: Open, context: "Context[Register]") -> Refusal | None:
    hall = context.hall
    if all(counter.counter_id != shift.counter_id for counter in hall.counters):
        return rules.SHF_04(f"the hall has no counter {shift.counter_id}")
    if shift.duty not in ALONE_AT_A_COUNTER:
        return None
    for clerk_id, other in context.register.shifts.items():
        if other.counter == shift.counter_id and other.duty in ALONE_AT_A_COUNTER:
            return rules.SHF_04(f"{clerk_id} stands at counter {shift.counter_id}")
    return None


def _close(close: Close, state: State, context: "Context[Register]") -> Decision:
    actor = context.clerk
    if actor.clerk_id != state.clerk and actor.role not in CLOSES_FOR_OTHERS:
        return rules.SHF_01(f"the shift is that of {state.clerk}")
    for counter, serving in context.register.serving.items():
        if serving.clerk == state.clerk:
            return rules.SHF_08(f"visit {serving.visit} is in progress at counter {counter}")
    if close.forced:
        if close.reason == "planned_end":
            return rules.SHF_16("a forced close has another reason than the planned end")
        refusal = common.approver(context)
        if refusal is not None:
            return rules.SHF_16(refusal.detail)
    return [
        Closed.of(
            close,
            clerk_id=state.clerk,
            worked_seconds=whole_seconds(state.opened_at, context.envelope.time),
            pause_seconds=0,
            visits_closed=context.register.shifts[state.clerk].visits_closed,
        )
    ]
