"""Submitting an order: everything that must stand before work may begin."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.customer.order import lookups, rules
from ledger.aggregates.customer.order.checking import tariff_is_due
from ledger.aggregates.customer.order.events import Acknowledged, Submitted
from ledger.aggregates.customer.order.interactions import Submit
from ledger.aggregates.customer.order.state import SUBMIT_STEP, Item, State
from ledger.aggregates.customer.order.words import LINE_FAMILIES, NewLine
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def submit(wish: Submit, state: State, context: "Context[Register]") -> Decision:
    for guard in _GUARDS:
        refusal = guard(wish, state, context)
        if refusal is not None:
            return refusal
    lines = tuple(
        NewLine(
            item_id=item_id,
            product_id=item.product_id,
            family=item.family,
            tariff_version=item.tariff_version,
            monthly_fen=item.monthly_fen,
        )
        for item_id, item in state.wanted.items()
        if item.action == "add" and item.family in LINE_FAMILIES
    )
    assert state.kind, "a draft has a kind"
    acknowledged = Acknowledged(
        order_id=wish.order_id,
        kind=state.kind,
        expected_completion_at=_expected_completion_at(state, context),
        items_count=len(state.wanted),
        lines=lines or None,
    )
    return [Submitted.of(wish), acknowledged]


def _who(wish: Submit, state: State, context: "Context[Register]") -> Refusal | None:
    valid_until_at = state.identity_valid_until_at
    if valid_until_at is None:
        return rules.ORD_03("no identity verification is attached")
    if valid_until_at < context.envelope.time:
        return rules.ORD_03(f"the verification was valid until {valid_until_at.isoformat()}")
    if context.register.status != "active":
        return rules.ORD_03("the customer was terminated, and has not returned")
    excess = lookups.too_many_numbers(wish.order_id, state, context)
    if excess is not None:
        return rules.ORD_30(excess)
    today = business_day(context.envelope.time)
    restricted = context.policy[policy.LISTED_PERSON_RESTRICTION] and state.kind == "activation"
    if restricted and lookups.customer_of(context).is_listed(today):
        return rules.ORD_31()
    return None


def _told(wish: Submit, state: State, context: "Context[Register]") -> Refusal | None:
    if not state.form_completed:
        return rules.ORD_32()
    if tariff_is_due(state) and not state.tariff_disclosed:
        return rules.ORD_33()
    if context.policy[policy.ADD_ON_CONFIRMATION]:
        for item_id, item in state.wanted.items():
            if item.needs_confirmation and not item.confirmed:
                return rules.ORD_34(f"{item_id} is not confirmed")
    binds = any(item.contract_months for item in state.sold.values())
    if state.agreement is None and (binds or state.declares("agreement", "sign_agreement")):
        return rules.ORD_35()
    return None


def _owed(wish: Submit, state: State, context: "Context[Register]") -> Refusal | None:
    leaves = state.kind == "termination" or any(
        item.action == "modify" for item in state.sold.values()
    )
    if leaves and lookups.is_locked(state, context) and not state.exit_fee_accepted:
        return rules.ORD_36()
    if state.kind == "termination":
        outstanding_fen = lookups.line_of_order(state, context).outstanding_fen
        if outstanding_fen:
            return rules.ORD_37(f"{outstanding_fen} fen are outstanding")
    return None


def _checked(wish: Submit, state: State, context: "Context[Register]") -> Refusal | None:
    with_iot = any(item.adds_line and item.family == "iot" for item in state.wanted.values())
    if with_iot and context.policy[policy.IOT_ASSESSMENT_REQUIRED] and state.iot_risk != "passed":
        return rules.ORD_38(f"the assessment is {state.iot_risk or 'missing'}")
    for check in state.required_checks:
        result = state.checks.get(check, "missing")
        if result not in ("passed", "not_applicable") and check not in state.overridden:
            return rules.ORD_39(f"check {check} is {result}")
    missing = set(state.required_documents) - set(state.documents.values())
    if missing:
        return rules.ORD_39(f"document {min(missing)} is not attached")
    return None


def _summed(wish: Submit, state: State, context: "Context[Register]") -> Refusal | None:
    if all(item.action == "no_change" for item in state.wanted.values()):
        return rules.ORD_40("no item is left that changes anything")
    once_fen = sum(item.once_fen for item in state.wanted.values())
    monthly_fen = sum(item.monthly_fen for item in state.wanted.values())
    if (wish.total_once_fen, wish.total_monthly_fen) != (once_fen, monthly_fen):
        return rules.ORD_40(f"the items make {once_fen} fen once and {monthly_fen} a month")
    ids = [step.step_id for step in state.steps]
    before = ids[: ids.index(SUBMIT_STEP)] if SUBMIT_STEP in ids else ids
    undone = [step_id for step_id in state.undone if step_id in before]
    if undone:
        return rules.ORD_40(f"step {undone[0]} is not done")
    return None


_Guard = Callable[[Submit, State, "Context[Register]"], Refusal | None]
_GUARDS: Final[tuple[_Guard, ...]] = (_who, _told, _owed, _checked, _summed)
"""ORD-03 and ORD-30 to ORD-40, in their order."""


def _expected_completion_at(state: State, context: "Context[Register]") -> datetime:
    """When the slowest item should be in service, by law: an installation, else a change."""
    return max(_limit(item, context) for item in state.wanted.values())


def _limit(item: Item, context: "Context[Register]") -> datetime:
    time, limits = context.envelope.time, context.policy
    hall = context.reference.hall(context.envelope.hall, time)
    is_rural = hall is not None and hall.area == "rural"
    if item.adds_line and item.family == "fixed_line":
        days = policy.FIXED_INSTALL_RURAL_DAYS if is_rural else policy.FIXED_INSTALL_URBAN_DAYS
        return time + timedelta(days=limits[days])
    if item.adds_line and item.family == "broadband":
        working_days = (
            policy.BROADBAND_INSTALL_RURAL_WORKING_DAYS
            if is_rural
            else policy.BROADBAND_INSTALL_URBAN_WORKING_DAYS
        )
        last = context.reference.working_days_after(business_day(time), limits[working_days])
        return local_midnight(last + timedelta(days=1))
    return time + timedelta(hours=limits[policy.CHANGE_LIMIT_HOURS])
