"""The rules in order: one small function an interaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from ledger import policy
from ledger.aggregates.model import Context, Decision
from ledger.aggregates.operator.procedure import rules
from ledger.aggregates.operator.procedure.events import Published, Withdrawn
from ledger.aggregates.operator.procedure.interactions import (
    NEEDS_IDENTITY,
    AnyInteraction,
    Publish,
    Withdraw,
)
from ledger.aggregates.operator.procedure.state import State
from ledger.dated import Dated
from ledger.entry import as_json
from ledger.facts import Step
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.operator.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Publish():
            return _publish(wish, state, context)
        case Withdraw():
            return _withdraw(wish, state, context)
        case _:
            assert_never(wish)


def _publish(wish: Publish, state: State, context: "Context[Register]") -> Decision:
    if wish.version != state.newest + 1:
        return rules.PDN_01(f"the last version is {state.newest}")
    refusal = (
        _steps(wish.steps)
        or _ahead(wish.effective_from_at, context)
        or _kinds(wish, context)
        or _identity(wish)
        or _agreement(wish.steps)
    )
    if refusal is not None:
        return refusal
    before = {step.step_id: None for step in state.facts[-1].fact.steps} if state.facts else {}
    now = {step.step_id: None for step in wish.steps}
    published = Published.of(
        wish,
        fact_version=state.fact_version + 1,
        steps_digest=hashlib.sha256(as_json(wish.steps)).hexdigest(),
        added=tuple(each for each in now if each not in before),
        removed=tuple(each for each in before if each not in now),
    )
    return [published]


def _steps(steps: Sequence[Step]) -> Refusal | None:
    ids = [step.step_id for step in steps]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        return rules.PDN_02(f"{twice} stands twice")
    if not any(step.mandatory for step in steps):
        return rules.PDN_03("no step is mandatory")
    for step in steps:
        if step.mandatory and step.can_skip and step.statutory_check is not None:
            return rules.PDN_03(f"{step.step_id} holds the check {step.statutory_check}")
    return None


def _ahead(moment: datetime, context: "Context[Register]") -> Refusal | None:
    earliest = context.recorded_at + timedelta(
        seconds=context.policy[policy.REFERENCE_LEAD_SECONDS]
    )
    return rules.PDN_04(f"it begins before {earliest.isoformat()}") if moment < earliest else None


def _kinds(wish: Publish, context: "Context[Register]") -> Refusal | None:
    founded = {
        procedure_id: versions[-1].fact.order_kinds
        for procedure_id, versions in context.reference.procedures.items()
        if not versions[-1].fact.withdrawn
    }
    for procedure_id, kinds in (founded | context.register.procedures).items():
        common = next((kind for kind in wish.order_kinds if kind in kinds), None)
        if procedure_id != wish.procedure_id and common is not None:
            return rules.PDN_05(f"{common} is handled by procedure {procedure_id}")
    return None


def _identity(wish: Publish) -> Refusal | None:
    if NEEDS_IDENTITY.isdisjoint(wish.order_kinds):
        return None
    for step in wish.steps:
        if step.step_id == "submit":
            break
        if step.step_id == "check_identity" and step.mandatory:
            if step.certification != "real_name":
                return rules.PDN_06("check_identity asks for no certification real_name")
            return None
    return rules.PDN_06("check_identity is no mandatory step before submit")


def _agreement(steps: Sequence[Step]) -> Refusal | None:
    ids = [step.step_id for step in steps]
    if "sign_agreement" not in ids:
        return None
    order = [each for each in ids if each in ("disclose_tariff", "sign_agreement", "submit")]
    if order != ["disclose_tariff", "sign_agreement", "submit"]:
        return rules.PDN_07(f"the order is {', '.join(order)}")
    return None


def _withdraw(wish: Withdraw, state: State, context: "Context[Register]") -> Decision:
    newest, before = state.facts[-1], state.facts[-2] if len(state.facts) > 1 else None
    if wish.version != newest.fact.version or newest.fact.withdrawn:
        return rules.PDN_09(f"the newest version is {newest.fact.version}")
    version = state.fact_version + 1
    begun = _ahead(newest.from_at, context) is not None
    if not begun and before is not None and before.fact.version != wish.version:
        back = Dated(version, newest.from_at, before.fact)
        return [Withdrawn.of(wish, facts=(back,), ended=before.fact.withdrawn)]
    if wish.reason != "business_ended":
        return rules.PDN_09("another version is published instead")
    refusal = _ahead(wish.from_at, context)
    if refusal is not None:
        return refusal
    end = Dated(version, wish.from_at, replace(newest.fact, withdrawn=True))
    return [Withdrawn.of(wish, facts=(end,), ended=True)]
