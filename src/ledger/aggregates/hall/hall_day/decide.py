"""The rules in order: one small function an interaction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from ledger import policy
from ledger.aggregates.copies import NotePayment
from ledger.aggregates.hall.hall_day import rules
from ledger.aggregates.hall.hall_day.events import Opened, Overdue, Prepared, SignedOff, Withdrawn
from ledger.aggregates.hall.hall_day.interactions import (
    AnyInteraction,
    MarkOverdue,
    Open,
    Prepare,
    SignOff,
    Withdraw,
)
from ledger.aggregates.hall.hall_day.noting import payment_noted
from ledger.aggregates.hall.hall_day.react import sign_off_due_at
from ledger.aggregates.hall.hall_day.state import State
from ledger.aggregates.hall.hall_day.totals import Counts, differences, digest_of, totals_of
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import Day, business_day

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Open():
            return _open(wish, context)
        case NotePayment():
            return payment_noted(
                context,
                wish.customer_id,
                wish.payment_id,
                wish.method,
                wish.direction,
                wish.amount_fen,
            )
        case Prepare():
            return _prepare(wish, state, context)
        case Withdraw():
            return [Withdrawn.of(wish)]
        case SignOff():
            return _sign_off(wish, state, context)
        case MarkOverdue():
            return _mark_overdue(wish, state, context)
        case _:
            assert_never(wish)


def _open(wish: Open, context: "Context[Register]") -> Decision:
    days = context.register.days
    if not days.needs_opening(wish.business_on):
        return rules.DAY_01(f"the newest day opened is {days.newest}")
    if wish.business_on > business_day(context.envelope.time):
        return rules.DAY_01(f"{wish.business_on} has not begun")
    return [Opened.of(wish)]


def _prepare(wish: Prepare, state: State, context: "Context[Register]") -> Decision:
    counts = context.register.days.kept.get(wish.business_on)
    if counts is None:
        return rules.DAY_03("a day that so many newer ones followed is counted no more")
    refusal = _still_open(wish.business_on, context)
    if refusal is not None:
        return refusal
    totals = totals_of(state, counts)
    found = differences(wish.terminal_totals, totals.payments)
    if found and wish.note is None:
        return rules.DAY_06(f"they differ in {', '.join(each.method for each in found)}")
    digest = digest_of(totals)
    return [Prepared.of(wish, totals=totals, totals_digest=digest, differences=found)]


def _still_open(day: Day, context: "Context[Register]") -> Refusal | None:
    days = context.register.days
    if visits := _of_day(days.visits, day):
        return rules.DAY_03(f"visit {visits[0]} is open, of {len(visits)}")
    if shifts := _of_day(days.shifts, day):
        return rules.DAY_04(f"shift {shifts[0]} is open, of {len(shifts)}")
    if drawers := _of_day(days.drawers, day):
        return rules.DAY_05(f"drawer {drawers[0]} is open, of {len(drawers)}")
    return None


def _of_day(still_open: Mapping[str, Day], day: Day) -> list[str]:
    return sorted(each for each, begun_on in still_open.items() if begun_on == day)


def _sign_off(wish: SignOff, state: State, context: "Context[Register]") -> Decision:
    days = context.register.days
    if context.policy[policy.HALL_DAY_TWO_PEOPLE] and context.envelope.actor == state.prepared_by:
        return rules.DAY_07(f"{state.prepared_by} prepared the totals")
    refusal = _still_open(wish.business_on, context)
    if refusal is not None:
        return refusal
    if wish.totals_digest != state.totals_digest:
        return rules.DAY_08("other totals were prepared")
    counts = days.kept.get(wish.business_on, Counts())
    if digest_of(totals_of(state, counts)) != state.totals_digest:
        return rules.DAY_08("something was noted since: withdraw and prepare again")
    earlier = days.open_before(wish.business_on)
    if earlier is not None:
        return rules.DAY_09(f"{earlier} is not signed off")
    return [SignedOff.of(wish, prepared_by=state.prepared_by)]


def _mark_overdue(mark: MarkOverdue, state: State, context: "Context[Register]") -> Decision:
    if state.overdue:
        return rules.DAY_10("the day is marked already")
    # What the timer was set for holds, also where the policy has another hour since.
    due_at = context.envelope.due_at or sign_off_due_at(mark.business_on, context.policy)
    if context.envelope.time < due_at:
        return rules.DAY_10(f"the day may be signed off until {due_at.isoformat()}")
    return [Overdue.of(mark)]
