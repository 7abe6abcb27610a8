"""The rules in order: one small function an interaction."""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

from ledger import policy
from ledger.aggregates.model import Context, Decision
from ledger.aggregates.operator.policy import rules
from ledger.aggregates.operator.policy.events import Published, Withdrawn
from ledger.aggregates.operator.policy.interactions import (
    AnyInteraction,
    ParameterValue,
    Publish,
    Withdraw,
)
from ledger.aggregates.operator.policy.register import Term
from ledger.aggregates.operator.policy.state import State
from ledger.entry import as_json
from ledger.policy import PolicyVersion
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.operator.register import Register

MAX_BYTES: Final = 20_000
"""All that a version sets fits the message that tells the partitions of it."""


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Publish():
            return _publish(wish, state, context)
        case Withdraw():
            return _withdraw(wish, state, context)
        case _:
            assert_never(wish)


def _publish(wish: Publish, state: State, context: "Context[Register]") -> Decision:
    refusal = _parameters(wish.parameters)
    if refusal is not None:
        return refusal
    base = context.history.state(State, f"policy/{wish.based_on}").fact
    fact = _version(wish, base)
    settings = as_json(fact.parameters)
    if len(settings) > MAX_BYTES:
        return rules.POL_02("all that the version sets is too long")
    refusal = _times(wish, context) or _sources(wish.parameters)
    if refusal is not None:
        return refusal
    digest = hashlib.sha256(settings).hexdigest()
    version = state.fact_version + 1
    return [Published.of(wish, fact=fact, fact_version=version, parameters_digest=digest)]


def _parameters(changed: tuple[ParameterValue, ...]) -> Refusal | None:
    """POL-01 to POL-03, each for all parameters before the next."""
    names = [each.name for each in changed]
    for name in names:
        if policy.parameter_named(name) is None:
            return rules.POL_01(f"there is no policy parameter {name}")
        if names.count(name) > 1:
            return rules.POL_01(f"{name} is named twice")
    known = [(each, policy.parameter_named(each.name)) for each in changed]
    for each, parameter in known:
        assert parameter is not None
        misfit = parameter.misfit(each.value)
        if misfit is not None:
            return rules.POL_02(misfit)
        if each.unit != parameter.unit:
            return rules.POL_02(f"{each.name} is in {parameter.unit}, not {each.unit}")
    for each, parameter in known:
        assert parameter is not None
        too_loose = parameter.too_loose(each.value)
        if too_loose is not None:
            return rules.POL_03(too_loose)
    return None


def _version(wish: Publish, base: PolicyVersion | None) -> PolicyVersion:
    settings = dict(base.parameters) if base is not None else {}
    for each in wish.parameters:
        settings[each.name] = each.value
    return PolicyVersion(
        version=wish.policy_version,
        effective_from_at=wish.effective_from_at,
        parameters=settings,
    )


def _times(wish: Publish, context: "Context[Register]") -> Refusal | None:
    lead = timedelta(seconds=context.policy[policy.REFERENCE_LEAD_SECONDS])
    if wish.effective_from_at < context.recorded_at + lead:
        return rules.POL_04(f"it begins before {(context.recorded_at + lead).isoformat()}")
    name, last = _last(context)
    if wish.based_on != name:
        return rules.POL_05(f"the last version is {name}")
    if wish.effective_from_at <= last.begins_at:
        return rules.POL_05(f"version {name} begins at {last.begins_at.isoformat()}")
    if last.ends_at is not None and wish.effective_from_at > last.ends_at:
        return rules.POL_05(f"version {name} ends at {last.ends_at.isoformat()}")
    if wish.effective_to_at is not None and wish.effective_to_at <= wish.effective_from_at:
        return rules.POL_06()
    return None


def _last(context: "Context[Register]") -> tuple[str, Term]:
    return max(_standing(context).items(), key=lambda pair: pair[1].begins_at)


def _standing(context: "Context[Register]") -> dict[str, Term]:
    """The founding's version and those published, but for the ones withdrawn."""
    known = {each.version: Term(each.effective_from_at) for each in context.reference.policies}
    terms = known | context.register.policies
    return {name: term for name, term in terms.items() if not term.withdrawn}


def _sources(changed: tuple[ParameterValue, ...]) -> Refusal | None:
    for each in changed:
        if each.source_status == "practice":
            if each.source_title is not None or each.article is not None:
                return rules.POL_07(f"{each.name} is practice and names a source")
        elif each.source_title is None:
            return rules.POL_07(f"{each.name} names no source")
    return None


def _withdraw(wish: Withdraw, state: State, context: "Context[Register]") -> Decision:
    fact = state.fact
    assert fact is not None, f"a published version has its fact: {wish.policy_version}"
    lead = timedelta(seconds=context.policy[policy.REFERENCE_LEAD_SECONDS])
    following = [
        (term.begins_at, name)
        for name, term in _standing(context).items()
        if term.begins_at > fact.effective_from_at
    ]
    ended = bool(following) and min(following)[0] <= context.recorded_at
    if fact.effective_from_at < context.recorded_at + lead and not ended:
        return rules.POL_08()
    if following:
        return rules.POL_09(f"version {min(following)[1]} follows it")
    return [Withdrawn.of(wish, fact=fact, fact_version=state.fact_version + 1)]
