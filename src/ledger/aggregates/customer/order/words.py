"""The words of an order: what its interactions, events and state are made of."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.aggregates.model import Fields
from ledger.facts import CheckKind, ExitFeeRule, OrderKind, ProductFamily
from ledger.values import Code, Day, Fen, Id

LineFamily = Literal["mobile", "broadband", "fixed_line", "iot"]
LINE_FAMILIES: Final = frozenset[LineFamily]({"mobile", "broadband", "fixed_line", "iot"})
CARD_FAMILIES: Final = frozenset[LineFamily]({"mobile", "iot"})
Action = Literal["add", "modify", "delete", "no_change"]
CheckReason = Literal[
    "missing",
    "expired",
    "mismatch",
    "over_limit",
    "listed",
    "not_disclosed",
    "bundled",
    "locked",
    "unpaid",
    "pattern",
    "failed_assessment",
    "terms_missing",
]
RejectReason = Literal[
    "not_feasible_address",
    "no_resource",
    "number_taken",
    "billing_refused",
    "identity_refused",
    "limit_reached",
    "listed_person",
    "system_error",
    "information_not_supplied",
]
CancelReason = Literal[
    "changed_mind",
    "too_slow",
    "price",
    "found_other_offer",
    "wrong_entry",
    "duplicate",
    "not_feasible",
    "fraud",
    "expired",
    "other",
]
HoldReason = Literal[
    "fraud_suspicion",
    "stock_missing",
    "network_fault",
    "resource_missing",
    "appointment_missed",
    "other",
]
ReleaseReason = Literal[
    "fraud_cleared",
    "stock_arrived",
    "fault_repaired",
    "resource_found",
    "appointment_made",
    "other",
]
STATUTORY: Final = frozenset[CheckKind](
    {
        "real_name",
        "number_limit",
        "listed_person",
        "tariff_disclosed",
        "no_forced_bundle",
        "iot_risk",
        "guardian",
    }
)
"""Checks that the law asks for: nobody overrides them."""
SELLING: Final = frozenset[OrderKind]({"activation", "plan_change", "service_upgrade"})
"""Kinds whose items, added or modified, are bought under a tariff."""
ContractMonths = Annotated[int, Meta(ge=0, le=36)]
Pages = Annotated[int, Meta(ge=1, le=200)]
Percent = Annotated[int, Meta(ge=1, le=100)]
OPEN: Final = (
    "acknowledged",
    "in_progress",
    "pending",
    "held",
    "assessing_cancellation",
    "pending_cancellation",
)
"""Submitted and not ended."""


class OrderItem(Fields):
    """One product that the order adds, changes or ends; one that adds a line adds one line.

    `base_item_id` names the base that an add-on of a new line rests on, if not the first one.
    """

    item_id: Id
    action: Action
    product_id: Id
    family: ProductFamily
    tariff_version: Id
    monthly_fen: Fen
    once_fen: Fen
    contract_months: ContractMonths = 0
    exit_fee_rule: ExitFeeRule | None = None
    base_item_id: Id | None = None


class TariffLine(Fields):
    """Price and term as shown; the texts stand in the catalogue under the tariff version named."""

    product_id: Id
    tariff_version: Id
    monthly_fen: Fen
    once_fen: Fen
    contract_months: ContractMonths = 0


class PinnedStep(Fields):
    """A declared step as it was when the order was placed; the order of the list is theirs."""

    step_id: Code
    mandatory: bool = True
    can_skip: bool = False


class NewLine(Fields):
    """A line that an item of the order makes, to be prepared; its id is `line_of` the two."""

    item_id: Id
    product_id: Id
    family: LineFamily
    tariff_version: Id
    monthly_fen: Fen


class BindingTerm(Fields):
    """A contract term that the order's end puts on a line."""

    subscription_id: Id
    lock_id: Id
    agreement_id: Id
    from_on: Day
    until_on: Day
    exit_fee_rule: ExitFeeRule
    monthly_fen: Fen | None = None
    percent: Percent | None = None
    fixed_fen: Fen | None = None
    subsidy_fen: Fen | None = None


def joined(first: str, second: str) -> str:
    """An id that follows from two others, and from no other two."""
    both = f"{first}.{second}"
    if len(both) <= 64 and both.count(".") == 1:
        return both
    return hashlib.sha256(f"{len(first)}:{both}".encode()).hexdigest()[:32]


def line_of(order_id: str, item_id: str) -> str:
    """The id of the line that an item of an order makes."""
    return joined(order_id, item_id)


def adds_line(item: OrderItem) -> bool:
    return item.action == "add" and item.family in LINE_FAMILIES


def base_of(item: OrderItem, items: Sequence[OrderItem]) -> str | None:
    """The item of the order that makes the line which `item` is for, if any makes one."""
    if adds_line(item):
        return item.item_id
    return item.base_item_id or next((each.item_id for each in items if adds_line(each)), None)
