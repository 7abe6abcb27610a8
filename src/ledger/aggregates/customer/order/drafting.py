"""Placing an order and telling the customer of it: items, form, identity, tariff, confirmations."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.customer.order import lookups, rules
from ledger.aggregates.customer.order.events import (
    ExitFeeAccepted,
    ExitFeeDeclined,
    FormCompleted,
    IdentityAttached,
    ItemConfirmed,
    ItemDropped,
    Placed,
    TariffDisclosed,
)
from ledger.aggregates.customer.order.interactions import (
    AcceptExitFee,
    AttachIdentity,
    CompleteForm,
    ConfirmItem,
    DiscloseTariff,
    Place,
)
from ledger.aggregates.customer.order.state import Item, State
from ledger.aggregates.customer.order.words import (
    CARD_FAMILIES,
    LINE_FAMILIES,
    SELLING,
    Action,
    OrderItem,
    PinnedStep,
    TariffLine,
    adds_line,
    base_of,
)
from ledger.aggregates.model import Context, Decision
from ledger.facts import OrderDocument, OrderKind, Procedure
from ledger.rules import Refusal
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

ACTIONS: Final[Mapping[OrderKind, frozenset[Action]]] = MappingProxyType(
    {
        "activation": frozenset[Action]({"add"}),
        "plan_change": frozenset[Action]({"add", "modify", "delete", "no_change"}),
        "service_upgrade": frozenset[Action]({"add", "modify", "no_change"}),
        "suspension": frozenset[Action]({"modify"}),
        "sim_replacement": frozenset[Action]({"modify"}),
        "termination": frozenset[Action]({"delete"}),
    }
)
OF_ONE_LINE: Final = frozenset[OrderKind]({"suspension", "sim_replacement", "termination"})
AGENT_DOCUMENTS: Final[tuple[OrderDocument, ...]] = ("agent_authorisation", "agent_id_copy")


def place(wish: Place, context: "Context[Register]") -> Decision:
    time = context.envelope.time
    unfit = _unfit(wish)
    if unfit is not None:
        return rules.ORD_01(unfit)
    refusal = _line(wish, context) or _products(wish, context) or _bases(wish, context)
    if refusal is not None:
        return refusal
    if wish.requested_start_on < business_day(time):
        return rules.ORD_06()
    refusal = _beside_open_orders(wish, context)
    if refusal is None and wish.requester == "agent":
        refusal = lookups.agent(wish.agent_id, wish.kind, context)
    if refusal is not None:
        return refusal
    procedure = context.reference.procedure_for(wish.kind, time)
    if procedure is None:
        return rules.ORD_09(f"no procedure is in force for {wish.kind}")
    if (wish.procedure_id, wish.procedure_version) != (procedure.procedure_id, procedure.version):
        return rules.ORD_09(f"{procedure.procedure_id} {procedure.version} is in force")
    return [_placed(wish, procedure, context)]


def _placed(wish: Place, procedure: Procedure, context: "Context[Register]") -> Placed:
    for_agent = AGENT_DOCUMENTS if wish.requester == "agent" else ()
    documents = dict.fromkeys((*procedure.required_documents, *for_agent))
    number = hashlib.sha256(f"{context.envelope.subject}:{wish.order_id}".encode()).hexdigest()
    return Placed.of(
        wish,
        order_number="O" + number[:16].upper(),
        steps=tuple(
            PinnedStep(step_id=step.step_id, mandatory=step.mandatory, can_skip=step.can_skip)
            for step in procedure.steps
        ),
        required_documents=tuple(documents),
        required_checks=procedure.required_checks,
        draft_expires_at=context.envelope.time
        + timedelta(hours=context.policy[policy.DRAFT_HOURS]),
    )


def _unfit(wish: Place) -> str | None:
    """How the items do not fit the kind, or None."""
    if len({item.item_id for item in wish.items}) < len(wish.items):
        return "an item id is used twice"
    lines = [item for item in wish.items if item.family in LINE_FAMILIES]
    if wish.kind == "activation" and not lines:
        return "an activation adds a line"
    if wish.kind != "activation" and len(lines) > 1:
        return f"a {wish.kind} is of one line"
    if wish.kind in OF_ONE_LINE and len(wish.items) > len(lines):
        return f"a {wish.kind} is of the line alone"
    if wish.kind == "sim_replacement" and lines[0].family not in CARD_FAMILIES:
        return f"{lines[0].family} has no card"
    if all(item.action == "no_change" for item in wish.items):
        return "nothing changes"
    return next((unfit for item in wish.items if (unfit := _unfit_item(item, wish.kind))), None)


def _unfit_item(item: OrderItem, kind: OrderKind) -> str | None:
    if item.action not in ACTIONS[kind]:
        return f"a {kind} does not {item.action}"
    if kind != "activation" and adds_line(item):
        return f"a {kind} adds no line"
    if item.action == "modify" and item.family not in LINE_FAMILIES:
        return f"{item.item_id} is added or deleted, not modified"
    if item.action == "delete" and (item.family == "add_on") == (kind == "termination"):
        return f"a {kind} does not delete {item.family}"
    return None


def _line(wish: Place, context: "Context[Register]") -> Refusal | None:
    """ORD-02."""
    if wish.kind == "activation":
        return rules.ORD_02("an activation names no line") if wish.subscription_id else None
    line = context.register.lines.lines.get(wish.subscription_id or "")
    if line is None:
        return rules.ORD_02("no line of this customer is named")
    if line.status not in ("active", "suspended"):
        return rules.ORD_02(f"the line is {line.status}")
    if any(item.family in LINE_FAMILIES - {line.family} for item in wish.items):
        return rules.ORD_02(f"the line is of family {line.family}")
    return None


def _products(wish: Place, context: "Context[Register]") -> Refusal | None:
    """ORD-04; what is ended, suspended or kept may be off sale."""
    for item in wish.items:
        if wish.kind not in SELLING or item.action not in ("add", "modify"):
            continue
        product = context.reference.product_on_sale(item.product_id, context.envelope.time)
        if product is None or not product.is_disclosed:
            return rules.ORD_04(f"{item.product_id} is not on sale")
        if product.tariff_version != item.tariff_version:
            return rules.ORD_04(f"{product.tariff_version} of {item.product_id} is in force")
        if product.family != item.family:
            return rules.ORD_04(f"{item.product_id} is of family {product.family}")
    return None


def _bases(wish: Place, context: "Context[Register]") -> Refusal | None:
    """ORD-05."""
    by_id = {item.item_id: item for item in wish.items}
    line = context.register.lines.lines.get(wish.subscription_id or "")
    for item in wish.items:
        base = by_id.get(base_of(item, wish.items) or "")
        if item.base_item_id is not None and (base is None or not adds_line(base)):
            return rules.ORD_05(f"{item.base_item_id} is no base of this order")
        product = context.reference.product_on_sale(item.product_id, context.envelope.time)
        if item.family != "add_on" or item.action != "add" or product is None:
            continue
        family = base.family if base is not None else line.family if line is not None else None
        if product.base_families and family not in product.base_families:
            return rules.ORD_05(f"{item.product_id} does not rest on {family}")
    return None


def _beside_open_orders(wish: Place, context: "Context[Register]") -> Refusal | None:
    """ORD-07."""
    if wish.subscription_id is None:
        return None
    kinds = {order.kind for order in context.register.orders.of_line(wish.subscription_id)}
    if wish.kind in kinds:
        return rules.ORD_07(f"the line has an open {wish.kind}")
    if "termination" in kinds:
        return rules.ORD_07("the line is about to be terminated")
    if kinds and wish.kind == "termination":
        return rules.ORD_07(f"the line has an open {min(kinds)}")
    return None


def complete_form(form: CompleteForm) -> Decision:
    if not form.confirmed_by_customer:
        return rules.ORD_10()
    return [FormCompleted.of(form)]


def attach_identity(wish: AttachIdentity, state: State, context: "Context[Register]") -> Decision:
    register, time = context.register, context.envelope.time
    valid_until_at = register.verification(wish.verification_id)
    if valid_until_at is None or not register.verified_at(wish.verification_id, time):
        return rules.ORD_11(f"{wish.verification_id} is not known or no longer valid")
    if wish.agent_id is not None:
        refusal = lookups.agent(wish.agent_id, state.kind, context)
        if refusal is not None:
            return refusal
    return [IdentityAttached.of(wish, identity_valid_until_at=valid_until_at)]


def disclose_tariff(shown: DiscloseTariff, state: State, context: "Context[Register]") -> Decision:
    lines = {(line.product_id, line.tariff_version): line for line in shown.items}
    for item in state.sold.values():
        line = lines.get((item.product_id, item.tariff_version))
        if line is None:
            return rules.ORD_12(f"{item.product_id} {item.tariff_version} is not shown")
        if not _as_in_force(item, line, context):
            return rules.ORD_12(f"price or term of {item.product_id} is not that in force")
    if not shown.confirmed_by_customer:
        return rules.ORD_13()
    first_year_fen = sum(12 * line.monthly_fen + line.once_fen for line in shown.items)
    return [TariffDisclosed.of(shown, first_year_fen=first_year_fen)]


def _as_in_force(item: Item, line: TariffLine, context: "Context[Register]") -> bool:
    """Whether what was ordered and what was shown is what the catalogue says."""
    product = context.reference.product_on_sale(item.product_id, context.envelope.time)
    if product is None or product.tariff_version != item.tariff_version:
        return False
    price = (product.tariff.monthly_fen, product.tariff.once_fen, product.contract_months)
    ordered = (item.monthly_fen, item.once_fen, item.contract_months)
    return ordered == price == (line.monthly_fen, line.once_fen, line.contract_months)


def accept_exit_fee(wish: AcceptExitFee, state: State, context: "Context[Register]") -> Decision:
    quote = lookups.line_of_order(state, context).quotes.get(wish.quote_id)
    if quote is None or not quote.is_valid_on(business_day(context.envelope.time)):
        return rules.ORD_14("the line has no such quote, or no longer")
    if quote.exit_fee_fen != wish.exit_fee_fen:
        return rules.ORD_14(f"the quote says {quote.exit_fee_fen} fen")
    return [ExitFeeAccepted.of(wish) if wish.accepted else ExitFeeDeclined.of(wish)]


def confirm_item(wish: ConfirmItem, state: State) -> Decision:
    item = state.wanted.get(wish.item_id)
    if item is None or not item.needs_confirmation:
        return rules.ORD_15(f"{wish.item_id} is no add-on of this order")
    if item.confirmed:
        return rules.ORD_15(f"{wish.item_id} is confirmed already")
    return [ItemConfirmed.of(wish) if wish.confirmed else ItemDropped.of(wish)]
