"""Shift: one clerk's duty at one counter, `opened -> closed`. No TM Forum resource."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, assert_never, get_args

import msgspec

from ledger import policy
from ledger.aggregates import common, model
from ledger.aggregates.hall import shift_rules as rules
from ledger.aggregates.model import Cause, Context, Decision, Event, Interaction
from ledger.entry import Envelope
from ledger.reference import Certification, Clerk, Role, holds
from ledger.rules import Refusal
from ledger.values import Count, Id, Moment, whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register

NAME: Final = "shift"

Duty = Literal[
    "counter", "greeter", "consultant", "experience", "cashier", "supervisor", "back_office"
]
ALONE_AT_A_COUNTER: Final[frozenset[Duty]] = frozenset({"counter", "cashier"})
CLOSES_FOR_OTHERS: Final[frozenset[Role]] = frozenset({"supervisor", "manager", "regional_manager"})
CERTIFICATIONS: Final[tuple[Certification, ...]] = get_args(Certification)


# Interactions


class Open(Interaction, type="shift.open.v1", allowed_in=("-",)):
    shift_id: Id
    counter_id: Id
    duty: Duty
    planned_end_at: Moment


class Close(Interaction, type="shift.close.v1", allowed_in=("opened",)):
    """`forced` closes a shift that was left open, by another person's approval."""

    shift_id: Id
    forced: bool
    reason: Literal["planned_end", "early_release", "illness", "no_close_received"]


AnyInteraction = Open | Close
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)


# Events. Stored for ever: the tag is the wire name.


class Opened(Event, Open, tag="shift.opened.v1"):
    """`role` and `certifications` as in force on that day; the clerk is the actor."""

    role: Role
    certifications: tuple[Certification, ...]


class Closed(Event, Close, tag="shift.closed.v1"):
    """`clerk_id` is whose shift it was, also where a supervisor closed it."""

    clerk_id: Id
    worked_seconds: Count
    pause_seconds: Count
    visits_closed: Count


AnyEvent = Opened | Closed
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)


# State


class State(model.State, frozen=True, kw_only=True):
    clerk: str = ""
    opened_at: datetime = datetime.min.replace(tzinfo=UTC)


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"shift/{interaction.shift_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Opened():
            return State(status="opened", clerk=envelope.actor, opened_at=envelope.time)
        case Closed():
            return msgspec.structs.replace(state, status="closed")
        case _:
            assert_never(event)


# Decide

RULES: Final = rules.RULES


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
    clerk = context.reference.clerks[context.envelope.actor]
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
    hall = context.reference.halls[context.envelope.subject.removeprefix("hall/")]
    if all(counter.counter_id != shift.counter_id for counter in hall.counters):
        return rules.SHF_04(f"the hall has no counter {shift.counter_id}")
    if shift.duty not in ALONE_AT_A_COUNTER:
        return None
    for clerk_id, other in context.register.shifts.items():
        if other.counter == shift.counter_id and other.duty in ALONE_AT_A_COUNTER:
            return rules.SHF_04(f"{clerk_id} stands at counter {shift.counter_id}")
    return None


def _close(close: Close, state: State, context: "Context[Register]") -> Decision:
    actor = context.reference.clerks[context.envelope.actor]
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


# React


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    return []
