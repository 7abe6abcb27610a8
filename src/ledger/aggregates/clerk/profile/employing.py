"""From engaging a clerk to leaving: role, halls, whether the clerk is in service; and erasure."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger import policy
from ledger.aggregates.clerk.profile import rules
from ledger.aggregates.clerk.profile.events import (
    Engaged,
    ErasureOrdered,
    Facts,
    HallAssigned,
    Left,
    Reinstated,
    RoleAssigned,
    Suspended,
)
from ledger.aggregates.clerk.profile.interactions import (
    BY_PROMOTION,
    IN_HALLS,
    RANKS,
    AssignHall,
    AssignRole,
    Engage,
    Leave,
    Reinstate,
    RequestErasure,
    Suspend,
)
from ledger.aggregates.clerk.profile.state import State
from ledger.aggregates.model import Context, Decision
from ledger.dated import Dated, changed
from ledger.facts import Clerk, Role
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight, months_after

if TYPE_CHECKING:
    from ledger.aggregates.clerk.register import Register

ANNOUNCED: Final = 3
"""As many changes of one clerk are announced at a time; all of them fit one entry."""


def engage(wish: Engage, state: State, context: "Context[Register]") -> Decision:
    from_at = _from(wish.from_on, context)
    refusal = _halls(wish.role, wish.hall_ids, from_at, context)
    if refusal is not None:
        return refusal
    clerk_id = context.envelope.subject.removeprefix("clerk/")
    clerk = Clerk(clerk_id=clerk_id, role=wish.role, hall_ids=wish.hall_ids)
    return [Engaged.of(wish, facts=(Dated(state.fact_version + 1, from_at, clerk),))]


def assign_role(wish: AssignRole, state: State, context: "Context[Register]") -> Decision:
    from_at = _from(wish.from_on, context)
    before = state.at(from_at)
    refusal = _halls(wish.role, before.hall_ids, from_at, context)
    if refusal is not None:
        return refusal
    if wish.role == before.role:
        return rules.PRF_03(f"the role is {before.role} already")
    if wish.role in BY_PROMOTION.get(before.role, ()):
        return rules.PRF_03(f"{before.role} is promoted to {wish.role}")
    refusal = _ranks(wish.role, context) or _few(state, from_at, context)
    if refusal is not None:
        return refusal
    facts = _changed(state, from_at, lambda clerk: replace(clerk, role=wish.role))
    return [RoleAssigned.of(wish, facts=facts, old_role=before.role)]


def assign_hall(wish: AssignHall, state: State, context: "Context[Register]") -> Decision:
    from_at = _from(wish.from_on, context)
    before = state.at(from_at)
    refusal = _halls(before.role, wish.hall_ids, from_at, context) or _few(state, from_at, context)
    if refusal is not None:
        return refusal
    facts = _changed(state, from_at, lambda clerk: replace(clerk, hall_ids=wish.hall_ids))
    return [HallAssigned.of(wish, facts=facts, old_hall_ids=before.hall_ids)]


def suspend(wish: Suspend, state: State, context: "Context[Register]") -> Decision:
    def suspended(clerk: Clerk) -> Clerk:
        return clerk if clerk.status == "left" else replace(clerk, status="suspended")

    return [Suspended.of(wish, facts=_changed(state, context.envelope.time, suspended))]


def reinstate(wish: Reinstate, state: State, context: "Context[Register]") -> Decision:
    def reinstated(clerk: Clerk) -> Clerk:
        return clerk if clerk.status == "left" else replace(clerk, status="in_service")

    return [Reinstated.of(wish, facts=_changed(state, context.envelope.time, reinstated))]


def leave(wish: Leave, state: State, context: "Context[Register]") -> Decision:
    if wish.last_day_on < state.engaged_on:
        return rules.PRF_19(f"the clerk was engaged from {state.engaged_on.isoformat()}")
    if state.last_day_on is not None and wish.last_day_on >= state.last_day_on:
        return rules.PRF_19("the clerk leaves no later than that already")
    from_at = _from(wish.last_day_on + timedelta(days=1), context)
    years = context.policy[policy.CLERK_RETENTION_YEARS]
    left = Left.of(
        wish,
        facts=_changed(state, from_at, lambda clerk: replace(clerk, status="left")),
        erase_on=months_after(wish.last_day_on, 12 * years),
        open_training_ids=tuple(
            training_id
            for training_id, training in state.trainings.items()
            if training.status in ("assigned", "attending")
        ),
    )
    return [left]


def request_erasure(wish: RequestErasure, state: State, context: "Context[Register]") -> Decision:
    if state.erase_on is None:
        return rules.PRF_20("the last day is not recorded")
    if business_day(context.envelope.time) < state.erase_on:
        return rules.PRF_20(f"not before {state.erase_on.isoformat()}")
    return [ErasureOrdered.of(wish)]


def _from(day: date, context: "Context[Register]") -> datetime:
    """The moment from which something has force that begins on `day`: never backwards."""
    return max(local_midnight(day), context.envelope.time)


def _changed(state: State, from_at: datetime, change: Callable[[Clerk], Clerk]) -> Facts:
    return changed(state.facts, state.fact_version + 1, from_at, change)


def _halls(
    role: Role, hall_ids: Sequence[str], from_at: datetime, context: "Context[Register]"
) -> Refusal | None:
    for hall_id in hall_ids:
        hall = context.reference.hall(hall_id, from_at)
        if hall is None or hall.status != "active":
            return rules.PRF_01(f"hall {hall_id} is not active then")
    if role in IN_HALLS and not hall_ids:
        return rules.PRF_01(f"a {role} works in a hall")
    return None


def _ranks(role: Role, context: "Context[Register]") -> Refusal | None:
    envelope = context.envelope
    approver = context.reference.clerk(envelope.approver or "", envelope.time)
    if approver is None or approver.role not in RANKS or role not in RANKS:
        return None
    if RANKS.index(approver.role) < RANKS.index(role):
        return rules.PRF_04(f"a {approver.role} does not approve a {role}")
    return None


def _few(state: State, from_at: datetime, context: "Context[Register]") -> Refusal | None:
    now = context.envelope.time
    ahead = sum(1 for each in state.facts if each.from_at > now)
    if from_at > now and ahead >= ANNOUNCED:
        return rules.PRF_21(f"{ahead} changes are announced already")
    return None
