"""The rules in order: one small function an interaction.

A copy that tells of an order's beginning or end is counted by the hall's day in the same entry,
once for each, whether the case could be placed or not.
"""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates.copies import ReleaseCase, TakeCase
from ledger.aggregates.hall.case import rules
from ledger.aggregates.hall.case.events import (
    Accepted,
    Assigned,
    HandedOver,
    HandOverDeclined,
    Released,
    ReleaseUnplaced,
    Taken,
    TakeUnplaced,
)
from ledger.aggregates.hall.case.handing import no_receiver
from ledger.aggregates.hall.case.interactions import (
    Accept,
    AnyInteraction,
    Assign,
    Decline,
    HandOver,
)
from ledger.aggregates.hall.case.state import State
from ledger.aggregates.hall.hall_day.noting import order_noted
from ledger.aggregates.model import NEW, Context, Decision
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case TakeCase():
            return _take(wish, state, context)
        case HandOver():
            return _hand_over(wish, state, context)
        case Accept():
            return _not_offered(state, context) or [Accepted.of(wish)]
        case Decline():
            return _not_offered(state, context) or [HandOverDeclined.of(wish)]
        case Assign():
            return _assign(wish, state, context)
        case ReleaseCase():
            return _release(wish, state, context)
        case _:
            assert_never(wish)


def _take(copy: TakeCase, state: State, context: "Context[Register]") -> Decision:
    taken = Taken.of(copy) if state.status == NEW else TakeUnplaced.of(copy)
    if state.is_told or copy.order_kind is None:
        return [taken]
    noted = order_noted(context, copy.case_id, copy.order_kind, "submitted", copy.customer_id)
    return [taken, *noted]


def _hand_over(wish: HandOver, state: State, context: "Context[Register]") -> Decision:
    if context.envelope.actor != state.keeper:
        return rules.CAS_02(f"{state.keeper} keeps the case")
    refusal = no_receiver(wish.to_clerk_id, state.keeper, context)
    if refusal is not None:
        return refusal
    return [HandedOver.of(wish, from_clerk_id=state.keeper)]


def _not_offered(state: State, context: "Context[Register]") -> Refusal | None:
    if context.envelope.actor != state.offered_to:
        return rules.CAS_04(f"the case is offered to {state.offered_to}")
    return None


def _assign(wish: Assign, state: State, context: "Context[Register]") -> Decision:
    refusal = no_receiver(wish.to_clerk_id, state.keeper, context)
    if refusal is not None:
        return refusal
    return [Assigned.of(wish, from_clerk_id=state.keeper)]


def _release(copy: ReleaseCase, state: State, context: "Context[Register]") -> Decision:
    if state.status == "released":
        return [ReleaseUnplaced.of(copy)]
    is_kept = state.status != NEW
    released = (
        Released.of(copy, keeper_clerk_id=state.keeper) if is_kept else ReleaseUnplaced.of(copy)
    )
    if copy.order_kind is None:
        return [released]
    return [released, *order_noted(context, copy.case_id, copy.order_kind, copy.to_state)]
