"""The rules in order: one small function an interaction."""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

from msgspec.structs import replace

from ledger import policy
from ledger.aggregates.model import Context, Decision
from ledger.aggregates.operator.product import rules
from ledger.aggregates.operator.product.events import (
    Disclosed,
    DisclosureEnded,
    Published,
    Withdrawn,
)
from ledger.aggregates.operator.product.interactions import (
    IN_HALLS,
    ONLINE,
    AnyInteraction,
    Disclose,
    EndDisclosure,
    MarkExpired,
    Publish,
    Withdraw,
)
from ledger.aggregates.operator.product.state import State
from ledger.entry import as_json
from ledger.facts import Product, Tariff
from ledger.rules import Refusal
from ledger.values import local_midnight, months_after

if TYPE_CHECKING:
    from ledger.aggregates.operator.register import Register

STANDING: Final = 6
"""As many tariff versions of one product stand at a time; all of them fit one entry."""
YEARS: Final = range(2000, 2101)
PORT_IN: Final = ("携号转网", "携入")


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Publish():
            return _publish(wish, state, context)
        case Disclose():
            return _disclose(wish, state, context)
        case EndDisclosure():
            return _end_disclosure(wish, state)
        case Withdraw():
            return _withdraw(wish, state, context)
        case MarkExpired():
            return _mark_expired(wish, state, context)
        case _:
            assert_never(wish)


def _publish(wish: Publish, state: State, context: "Context[Register]") -> Decision:
    refusal = (
        _complete(wish.tariff)
        or _fits(wish)
        or _components(wish, context)
        or _port_in(wish, context)
        or _validity(wish.tariff, context)
        or _contract(wish)
    )
    if refusal is not None:
        return refusal
    if wish.tariff_version in state.taken:
        return rules.PRD_08(f"tariff version {wish.tariff_version} was published before")
    if len(_standing(state, context)) >= STANDING:
        return rules.PRD_08(f"{STANDING} tariff versions of it stand: withdraw one first")
    if not wish.filing_no.strip():
        return rules.PRD_09()
    return [Published.of(wish, fact_version=state.fact_version + 1)]


def _complete(tariff: Tariff) -> Refusal | None:
    for name in ("structure", "charging_rule", "services", "conditions"):
        if not getattr(tariff, name).strip():
            return rules.PRD_01(f"{name} is blank")
    # Days that nobody means are typing errors, and would overflow.
    for day in (tariff.valid_from_on, tariff.valid_to_on or tariff.valid_from_on):
        if day.year not in YEARS:
            return rules.PRD_01(f"a validity lies within {YEARS[0]} to {YEARS[-1]}")
    return None


def _fits(wish: Publish) -> Refusal | None:
    for each in ("add_on", "device"):
        if (wish.family == each) != (wish.kind == each):
            return rules.PRD_02(f"a product of family {wish.family} is no {wish.kind}")
    if bool(wish.base_families) != (wish.kind == "add_on"):
        return rules.PRD_02("an add-on names base families, and nothing else does")
    if bool(wish.component_ids) != (wish.kind == "bundle"):
        return rules.PRD_02("a bundle names components, and nothing else does")
    return None


def _components(wish: Publish, context: "Context[Register]") -> Refusal | None:
    if not context.policy[policy.TARIFF_SINGLE_ITEMS]:
        return None
    begins_at = local_midnight(wish.tariff.valid_from_on)
    for each in wish.component_ids:
        component = context.history.state(State, f"product/{each}")
        if component.component_ids() or not component.sold_at(begins_at):
            return rules.PRD_03(f"{each} is not on sale as a single item")
    return None


def _port_in(wish: Publish, context: "Context[Register]") -> Refusal | None:
    named = next((word for word in PORT_IN if word in wish.tariff.conditions), None)
    if named is not None and context.policy[policy.PORT_NO_PORT_IN_ONLY]:
        return rules.PRD_04(f"the conditions name {named}")
    return None


def _validity(tariff: Tariff, context: "Context[Register]") -> Refusal | None:
    lead = timedelta(seconds=context.policy[policy.REFERENCE_LEAD_SECONDS])
    if local_midnight(tariff.valid_from_on) < context.recorded_at + lead:
        return rules.PRD_05(f"{tariff.valid_from_on.isoformat()} is no day ahead")
    if tariff.valid_to_on is not None and tariff.valid_to_on <= tariff.valid_from_on:
        return rules.PRD_05("it ends before it has begun")
    months = context.policy[policy.TARIFF_VALIDITY_MAX_MONTHS]
    after = months_after(tariff.valid_from_on, months)
    if months and (tariff.valid_to_on is None or tariff.valid_to_on >= after):
        return rules.PRD_06(f"it is longer than {months} months")
    return None


def _contract(wish: Publish) -> Refusal | None:
    if wish.lock and not wish.contract_months:
        return rules.PRD_07("a lock has a contract term")
    bound = wish.lock or wish.contract_months > 0
    if bound and (wish.exit_fee_rule == "none" or not (wish.exit_fee_text or "").strip()):
        return rules.PRD_07("exit_fee_rule and exit_fee_text are needed")
    return None


def _standing(state: State, context: "Context[Register]") -> dict[str, Product]:
    """The tariff versions that have not been withdrawn by now."""
    now = context.envelope.time
    return {
        name: each
        for name, each in state.tariffs.items()
        if each.withdrawn_from_at is None or now < each.withdrawn_from_at
    }


def content_digest(product: Product) -> str:
    """SHA-256 of the tariff version as published, in canonical JSON without defaults."""
    published = replace(product, is_disclosed=False, withdrawn_from_at=None)
    return hashlib.sha256(as_json(published)).hexdigest()


def _disclose(wish: Disclose, state: State, context: "Context[Register]") -> Decision:
    product = _standing(state, context).get(wish.tariff_version)
    if product is None:
        return rules.PRD_11(f"no tariff version {wish.tariff_version} stands")
    matches = wish.content_digest == content_digest(product)
    if not matches and context.policy[policy.TARIFF_ADS_MATCH]:
        return rules.PRD_11()
    everywhere = ONLINE & {*wish.places} and IN_HALLS & {*wish.places}
    if not everywhere and context.policy[policy.TARIFF_PUBLIC_LIST]:
        return rules.PRD_12()
    fact = replace(product, is_disclosed=True)
    return [Disclosed.of(wish, fact=fact, fact_version=state.fact_version + 1)]


def _end_disclosure(wish: EndDisclosure, state: State) -> Decision:
    product = state.tariffs.get(wish.tariff_version)
    if product is None or not product.is_disclosed:
        return rules.PRD_11(f"tariff version {wish.tariff_version} is not disclosed")
    fact = replace(product, is_disclosed=False)
    return [DisclosureEnded.of(wish, fact=fact, fact_version=state.fact_version + 1)]


def _withdraw(wish: Withdraw, state: State, context: "Context[Register]") -> Decision:
    if wish.from_at < context.recorded_at:
        return rules.PRD_13(f"{wish.from_at.isoformat()} has passed")
    standing = _standing(state, context)
    if wish.tariff_version is not None:
        standing = {k: each for k, each in standing.items() if k == wish.tariff_version}
    if not standing:
        return rules.PRD_13("no such tariff version stands")
    left = {name: each for name, each in state.tariffs.items() if name not in standing}
    still_sold = replace(state, tariffs=left).sold_at(wish.from_at)
    if not still_sold and context.policy[policy.TARIFF_SINGLE_ITEMS]:
        bundle = _bundle_with(wish, context)
        if bundle is not None:
            return rules.PRD_14(f"bundle {bundle} is made of it")
    facts = tuple(replace(each, withdrawn_from_at=wish.from_at) for each in standing.values())
    return [Withdrawn.of(wish, facts=facts, fact_version=state.fact_version + 1)]


def _bundle_with(wish: Withdraw, context: "Context[Register]") -> str | None:
    """A bundle on sale when the product ends, that is made of it."""
    for bundle_id in sorted({*context.reference.products, *context.register.bundles}):
        bundle = context.history.state(State, f"product/{bundle_id}")
        if wish.product_id in bundle.component_ids() and bundle.sold_at(wish.from_at):
            return bundle_id
    return None


def _mark_expired(mark: MarkExpired, state: State, context: "Context[Register]") -> Decision:
    product = state.tariffs.get(mark.tariff_version)
    ends_on = product.tariff.valid_to_on if product is not None else None
    if product is None or ends_on is None:
        return rules.PRD_15(f"no tariff version {mark.tariff_version} with an end stands")
    expires_at = local_midnight(ends_on + timedelta(days=1))
    if context.envelope.time < expires_at:
        return rules.PRD_15(f"it is valid to {ends_on.isoformat()}")
    expired = Withdrawn(
        product_id=mark.product_id,
        tariff_version=mark.tariff_version,
        from_at=expires_at,
        reason="validity_over",
        existing_customers="keep_until_contract_end",
        fact_version=state.fact_version + 1,
    )
    return [expired]
