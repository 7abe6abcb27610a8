"""The rules in order: one small function an interaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, assert_never

from msgspec.structs import replace

from ledger import policy
from ledger.aggregates.model import Context, Decision
from ledger.aggregates.operator.hall import rules
from ledger.aggregates.operator.hall.events import (
    AreaChanged,
    ClosedDown,
    CountersSet,
    HoursSet,
    Registered,
)
from ledger.aggregates.operator.hall.interactions import (
    AnyInteraction,
    ChangeArea,
    CloseDown,
    Register,
    SetCounters,
    SetHours,
)
from ledger.aggregates.operator.hall.state import State
from ledger.dated import Dated, changed, fact_at
from ledger.facts import Counter, Hall
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.operator.register import Register as OperatorRegister

ANNOUNCED: Final = 3
"""As many changes of one hall are announced at a time; all of them fit one entry."""


def decide(wish: AnyInteraction, state: State, context: "Context[OperatorRegister]") -> Decision:
    match wish:
        case Register():
            return _register(wish, context)
        case SetCounters():
            return _set_counters(wish, state, context)
        case SetHours():
            return _set_hours(wish, state, context)
        case ChangeArea():
            return _change_area(wish, state, context)
        case CloseDown():
            return _close_down(wish, state, context)
        case _:
            assert_never(wish)


def _register(wish: Register, context: "Context[OperatorRegister]") -> Decision:
    now = context.envelope.time
    refusal = _counters(wish.counters) or _hours(wish.opens, wish.closes)
    if refusal is not None:
        return refusal
    manager = context.reference.clerk_in_service(wish.manager_clerk_id, now)
    if manager is None or manager.role != "manager":
        return rules.HLR_04(f"{wish.manager_clerk_id} is no manager in service")
    if not wish.camera_sign_shown:
        return rules.HLR_05()
    if wish.opens_on < business_day(now):
        return rules.HLR_06(f"{wish.opens_on.isoformat()} has passed")
    # A hall that nobody knew before may open at once: nothing was decided otherwise.
    return [Registered.of(wish, active_from_at=max(now, local_midnight(wish.opens_on)))]


def _counters(counters: Sequence[Counter]) -> Refusal | None:
    ids = [each.counter_id for each in counters]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        return rules.HLR_02(f"{twice} is named twice")
    if all(each.service_area != "business_counter" for each in counters):
        return rules.HLR_02("no counter is for business")
    return None


def _hours(opens: str, closes: str) -> Refusal | None:
    return None if opens < closes else rules.HLR_03(f"it would close at {closes}")


def _ahead(from_at: datetime, state: State, context: "Context[OperatorRegister]") -> Refusal | None:
    lead = timedelta(seconds=context.policy[policy.REFERENCE_LEAD_SECONDS])
    if from_at < context.recorded_at + lead:
        return rules.HLR_06(f"it begins before {(context.recorded_at + lead).isoformat()}")
    ahead = [each for each in state.facts if each.from_at > context.envelope.time]
    if len(ahead) >= ANNOUNCED:
        return rules.HLR_06(f"{ANNOUNCED} changes of it are announced already")
    return None


def _at(state: State, moment: datetime) -> Hall:
    """The hall as it is announced for then, or for when it opens."""
    return fact_at(state.facts, moment) or state.facts[0].fact


def _from(state: State, from_at: datetime, **change: object) -> tuple[Dated[Hall], ...]:
    version = state.fact_version + 1
    return changed(state.facts, version, from_at, lambda hall: replace(hall, **change))


def _set_counters(
    wish: SetCounters, state: State, context: "Context[OperatorRegister]"
) -> Decision:
    refusal = _counters(wish.counters) or _ahead(wish.from_at, state, context)
    if refusal is not None:
        return refusal
    before = [each.counter_id for each in _at(state, wish.from_at).counters]
    now = [each.counter_id for each in wish.counters]
    return [
        CountersSet.of(
            wish,
            facts=_from(state, wish.from_at, counters=wish.counters),
            added=tuple(each for each in now if each not in before),
            removed=tuple(each for each in before if each not in now),
        )
    ]


def _set_hours(wish: SetHours, state: State, context: "Context[OperatorRegister]") -> Decision:
    from_at = local_midnight(wish.from_on)
    refusal = _hours(wish.opens, wish.closes) or _ahead(from_at, state, context)
    if refusal is not None:
        return refusal
    facts = _from(state, from_at, opens=wish.opens, closes=wish.closes)
    return [HoursSet.of(wish, facts=facts)]


def _change_area(wish: ChangeArea, state: State, context: "Context[OperatorRegister]") -> Decision:
    refusal = _ahead(wish.from_at, state, context)
    if refusal is not None:
        return refusal
    old_area = _at(state, wish.from_at).area
    facts = _from(state, wish.from_at, area=wish.area)
    return [AreaChanged.of(wish, facts=facts, old_area=old_area)]


def _close_down(wish: CloseDown, state: State, context: "Context[OperatorRegister]") -> Decision:
    notice = timedelta(days=context.policy[policy.HALL_CLOSE_NOTICE_DAYS])
    ends_at = local_midnight(_day_after(wish.last_day_on))
    refusal = _ahead(ends_at, state, context)
    if refusal is not None:
        return refusal
    earliest = business_day(context.envelope.time) + notice
    if wish.last_day_on < earliest:
        return rules.HLR_08(f"the last day is {earliest.isoformat()} or later")
    successor = context.history.state(State, f"hall_register/{wish.successor_hall_id}")
    if wish.successor_hall_id == wish.hall_id or not successor.is_active(ends_at):
        return rules.HLR_09(f"{wish.successor_hall_id} is no other active hall")
    return [ClosedDown.of(wish, facts=_from(state, ends_at, status="closed_down"))]


def _day_after(day: date) -> date:
    return day + timedelta(days=1)
