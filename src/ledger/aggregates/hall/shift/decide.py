"""The rules in order: one small function an interaction."""

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from ledger import policy
from ledger.aggregates import common, corrections
from ledger.aggregates.hall.case.handing import with_shift
from ledger.aggregates.hall.hall_day.noting import opening
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.hall.shift import rules
from ledger.aggregates.hall.shift.events import (
    Closed,
    ColleagueHelped,
    CounterMoved,
    EntryCorrected,
    HandedOver,
    HelpConfirmed,
    LoggedIn,
    LoggedOut,
    Opened,
    Overrun,
    Paused,
    Resumed,
)
from ledger.aggregates.hall.shift.interactions import (
    ALONE_AT_A_COUNTER,
    CERTIFICATIONS,
    CORRECTABLE,
    AnyInteraction,
    Close,
    ConfirmHelp,
    CorrectEntry,
    Duty,
    HandOver,
    HelpColleague,
    LogIn,
    LogOut,
    MarkOverrun,
    MoveCounter,
    Open,
    Pause,
    Resume,
)
from ledger.aggregates.hall.shift.state import State, stream
from ledger.aggregates.model import Context, Decision
from ledger.facts import Clerk, holds
from ledger.rules import Refusal
from ledger.values import whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Open():
            return _open(wish, context)
        case LogIn():
            return _log_in(wish, state, context)
        case LogOut():
            return _log_out(wish, state, context)
        case MoveCounter():
            return _move_counter(wish, state, context)
        case Pause():
            return _pause(wish, state, context)
        case Resume():
            return _resume(wish, state, context)
        case HelpColleague():
            return _help_colleague(wish, state, context)
        case ConfirmHelp():
            return _confirm_help(wish, state, context)
        case HandOver():
            return _hand_over(wish, state, context)
        case Close():
            return _close(wish, state, context)
        case MarkOverrun():
            return _mark_overrun(wish, state, context)
        case CorrectEntry():
            own = stream(context.envelope, wish)
            return corrections.decide(wish, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(wish)


def _open(shift: Open, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    clerk = context.clerk
    open_shift = context.register.shifts.get(clerk.clerk_id)
    if open_shift is not None:
        return rules.SHF_02(f"{clerk.clerk_id} has the open shift {open_shift.shift_id}")
    refusal = _qualified(clerk, shift.duty, context) or _counter_taken(
        shift.counter_id, shift.duty, clerk.clerk_id, context
    )
    if refusal is not None:
        return refusal
    in_force = tuple(name for name in CERTIFICATIONS if holds(clerk, name, now))
    overrun_at = shift.planned_end_at + timedelta(
        minutes=context.policy[policy.SHIFT_OVERRUN_MINUTES]
    )
    opened = Opened.of(shift, role=clerk.role, certifications=in_force, overrun_at=overrun_at)
    return [opened, *opening(context)]


def _qualified(clerk: Clerk, duty: Duty, context: "Context[Register]") -> Refusal | None:
    required = context.policy[policy.SHIFT_CERTIFICATIONS].get(duty)
    if required is not None and not holds(clerk, required, context.envelope.time):
        return rules.SHF_03(f"duty {duty} requires the certification {required}")
    return None


def _counter_taken(
    counter_id: str, duty: Duty, clerk_id: str, context: "Context[Register]"
) -> Refusal | None:
    """SHF-04, or None where the clerk's duty may stand at the counter."""
    if all(counter.counter_id != counter_id for counter in context.hall.counters):
        return rules.SHF_04(f"the hall has no counter {counter_id}")
    if duty not in ALONE_AT_A_COUNTER:
        return None
    for other_id, other in context.register.shifts.items():
        alone = other.counter == counter_id and other.duty in ALONE_AT_A_COUNTER
        if alone and other_id != clerk_id:
            return rules.SHF_04(f"{other_id} stands at counter {counter_id}")
    return None


def _others_shift(state: State, context: "Context[Register]") -> Refusal | None:
    """SHF-01, or None where the actor may act for the shift's clerk."""
    if context.actor_is_system:
        return None
    actor = context.clerk
    if actor.clerk_id != state.clerk and actor.role not in LEADS:
        return rules.SHF_01(f"the shift is that of {state.clerk}")
    return None


def _serving(state: State, context: "Context[Register]") -> Refusal | None:
    """SHF-08, or None where the shift's clerk serves nobody."""
    for counter, serving in context.register.serving.items():
        if serving.clerk == state.clerk:
            return rules.SHF_08(f"visit {serving.visit} is in progress at counter {counter}")
    return None


def _log_in(wish: LogIn, state: State, context: "Context[Register]") -> Decision:
    if context.envelope.actor != state.clerk:
        return rules.SHF_05(f"the shift is that of {state.clerk}")
    if state.session is not None:
        return rules.SHF_06(f"{state.clerk} has the live session {state.session.session_id}")
    for clerk_id, other in context.register.shifts.items():
        if other.terminal_id == wish.terminal_id:
            return rules.SHF_06(f"{clerk_id} is logged in at terminal {wish.terminal_id}")
    return [LoggedIn.of(wish)]


def _log_out(wish: LogOut, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context)
    if refusal is not None:
        return refusal
    session = state.session
    if session is None or session.session_id != wish.session_id:
        return rules.SHF_07(f"session {wish.session_id} is not live")
    seconds = whole_seconds(session.since, context.envelope.time)
    return [LoggedOut.of(wish, session_seconds=seconds)]


def _move_counter(move: MoveCounter, state: State, context: "Context[Register]") -> Decision:
    refusal = (
        _others_shift(state, context)
        or _counter_taken(move.counter_id, state.duty, state.clerk, context)
        or _serving(state, context)
    )
    if refusal is not None:
        return refusal
    drawer_id = context.register.drawers.open_of(state.clerk)
    if drawer_id is not None and not context.policy[policy.CASH_DRAWER_MOVES]:
        return rules.SHF_09(f"drawer {drawer_id} is not closed")
    return [CounterMoved.of(move)]


def _pause(wish: Pause, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context) or _serving(state, context)
    if refusal is not None:
        return refusal
    if state.paused_since is not None:
        return rules.SHF_10("the shift is paused")
    return [Paused.of(wish)]


def _resume(wish: Resume, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context)
    if refusal is not None:
        return refusal
    if state.paused_since is None:
        return rules.SHF_10("the shift is not paused")
    seconds = whole_seconds(state.paused_since, context.envelope.time)
    return [Resumed.of(wish, pause_seconds=seconds)]


def _help_colleague(wish: HelpColleague, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context)
    if refusal is not None:
        return refusal
    if wish.helped_clerk_id == state.clerk:
        return rules.SHF_11("nobody helps the own person")
    if wish.helped_clerk_id not in context.register.shifts:
        return rules.SHF_11(f"{wish.helped_clerk_id} has no open shift in this hall")
    if wish.help_id in state.helps:
        return rules.SHF_11(f"help {wish.help_id} is recorded")
    return [ColleagueHelped.of(wish)]


def _confirm_help(wish: ConfirmHelp, state: State, context: "Context[Register]") -> Decision:
    found, envelope = state.helps.get(wish.help_id), context.envelope
    if found is None:
        return rules.SHF_12(f"help {wish.help_id} was not recorded in this shift")
    if envelope.actor != found.helped:
        return rules.SHF_12(f"{found.helped} was helped")
    if found.is_confirmed:
        return rules.SHF_12(f"help {wish.help_id} is confirmed")
    until = found.at + timedelta(days=context.policy[policy.SHIFT_HELP_CONFIRM_DAYS])
    if envelope.time > until:
        return rules.SHF_12(f"the time to confirm ended at {until.isoformat()}")
    return [HelpConfirmed.of(wish, helper_clerk_id=state.clerk)]


def _horizon_cases(state: State, context: "Context[Register]") -> frozenset[str]:
    """The cases the shift's clerk keeps that fall due before the next duty can see to them."""
    hours = context.policy[policy.SHIFT_HANDOVER_HORIZON_HOURS]
    until = context.envelope.time + timedelta(hours=hours)
    return context.register.cases.due_with(state.clerk, until)


def _hand_over(wish: HandOver, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context) or _serving(state, context)
    if refusal is not None:
        return refusal
    missing = _horizon_cases(state, context).difference(wish.case_ids)
    if missing:
        return rules.SHF_13(f"not named: {', '.join(sorted(missing))}")
    if bool(wish.case_ids) == ("nothing_open" in wish.points):
        return rules.SHF_13("either cases are named or nothing is open")
    offered = with_shift(wish.case_ids, state.clerk, wish.to_clerk_id, context)
    if isinstance(offered, Refusal):
        return offered
    return [HandedOver.of(wish), *offered]


def _close(close: Close, state: State, context: "Context[Register]") -> Decision:
    refusal = _others_shift(state, context)
    if refusal is not None:
        return refusal
    if close.forced:
        refusal = _forced(close, context)
    else:
        refusal = _serving(state, context) or _left_open(state, context)
    if refusal is not None:
        return refusal
    now = context.envelope.time
    worked_seconds = whole_seconds(state.opened_at, now)
    running = 0 if state.paused_since is None else whole_seconds(state.paused_since, now)
    return [
        Closed.of(
            close,
            clerk_id=state.clerk,
            worked_seconds=worked_seconds,
            pause_seconds=min(state.pause_seconds + running, worked_seconds),
            visits_closed=context.register.shifts[state.clerk].visits_closed,
            helps_confirmed=sum(each.is_confirmed for each in state.helps.values()),
        )
    ]


def _left_open(state: State, context: "Context[Register]") -> Refusal | None:
    drawer_id = context.register.drawers.open_of(state.clerk)
    if drawer_id is not None:
        return rules.SHF_14(f"drawer {drawer_id} is not closed")
    cases = context.register.cases
    offered = cases.offered_by(state.clerk)
    if offered:
        return rules.SHF_15(f"not accepted yet: {', '.join(sorted(offered))}")
    due = _horizon_cases(state, context)
    if due:
        return rules.SHF_15(f"due soon: {', '.join(sorted(due))}")
    return None


def _forced(close: Close, context: "Context[Register]") -> Refusal | None:
    if close.reason == "planned_end":
        return rules.SHF_16("a forced close has another reason than the planned end")
    refusal = common.approver(context)
    return None if refusal is None else rules.SHF_16(refusal.detail)


def _mark_overrun(mark: MarkOverrun, state: State, context: "Context[Register]") -> Decision:
    if state.is_overrun:
        return rules.SHF_17("the shift is marked already")
    if state.overrun_at is None or context.envelope.time < state.overrun_at:
        return rules.SHF_17("the shift may still be open")
    return [Overrun.of(mark, clerk_id=state.clerk)]
