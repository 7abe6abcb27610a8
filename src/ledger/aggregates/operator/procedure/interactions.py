"""What is said of a procedure."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.facts import CheckKind, OrderDocument, OrderKind, Step
from ledger.values import Id, Moment, Str100

VersionNumber = Annotated[int, Meta(ge=1, le=9999)]


class Publish(
    Interaction,
    type="procedure.publish.v1",
    allowed_in=("-", "published", "withdrawn"),
    roles=("product_manager", "compliance_officer"),
    approver=("compliance_officer", "manager"),
):
    """A version as `facts.Procedure` has it; the steps stand in their order."""

    procedure_id: Id
    version: VersionNumber
    title: Str100
    order_kinds: Annotated[tuple[OrderKind, ...], Meta(min_length=1, max_length=6)]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=40)]
    required_documents: Annotated[tuple[OrderDocument, ...], Meta(max_length=10)] = ()
    required_checks: Annotated[tuple[CheckKind, ...], Meta(max_length=12)] = ()
    effective_from_at: Moment


class Withdraw(
    Interaction,
    type="procedure.withdraw.v1",
    allowed_in=("published",),
    roles=("compliance_officer",),
    approver=("manager",),
):
    """The version in force ends at `from_at`; one that has not begun never begins."""

    procedure_id: Id
    version: VersionNumber
    from_at: Moment
    reason: Literal["error", "law_changed", "business_ended"]


AnyInteraction = Publish | Withdraw
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
NEEDS_IDENTITY: Final[frozenset[OrderKind]] = frozenset({"activation", "sim_replacement"})
"""Kinds of orders that begin with checking who the customer is, by law."""
