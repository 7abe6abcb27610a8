"""What is said of a product."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.facts import ExitFeeRule, ProductFamily, ProductKind, Tariff
from ledger.values import Digest, Id, Moment, Str32, Str64, Str200

DisclosurePlace = Literal["website", "app", "hall_board", "hall_screen", "hotline"]
ONLINE: Final[frozenset[DisclosurePlace]] = frozenset({"website", "app"})
IN_HALLS: Final[frozenset[DisclosurePlace]] = frozenset({"hall_board", "hall_screen"})


class Publish(
    Interaction,
    type="product.publish.v1",
    allowed_in=("-", "published", "disclosed"),
    roles=("product_manager",),
    approver=("compliance_officer",),
):
    """A tariff version as `facts.Product` has it."""

    product_id: Id
    tariff_version: Id
    name: Str64
    family: ProductFamily
    kind: ProductKind
    component_ids: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    base_families: Annotated[tuple[ProductFamily, ...], Meta(max_length=6)] = ()
    tariff: Tariff
    contract_months: Annotated[int, Meta(ge=0, le=36)] = 0
    exit_fee_rule: ExitFeeRule = "none"
    exit_fee_text: Str200 | None = None
    lock: bool = False
    filing_no: Str64


class Disclose(
    Interaction,
    type="product.disclose.v1",
    allowed_in=("published", "disclosed"),
    roles=("product_manager", "manager"),
    systems=("web",),
):
    """`content_digest` is the SHA-256 of what was made public: `decide.content_digest`."""

    product_id: Id
    tariff_version: Id
    places: Annotated[tuple[DisclosurePlace, ...], Meta(min_length=1, max_length=5)]
    url: Str200 | None = None
    list_version: Str32
    content_digest: Digest


class EndDisclosure(
    Interaction,
    type="product.end_disclosure.v1",
    allowed_in=("disclosed",),
    roles=("product_manager", "compliance_officer"),
):
    product_id: Id
    tariff_version: Id
    reason: Literal["error_in_text", "site_down", "regulator_instruction"]


class Withdraw(
    Interaction,
    type="product.withdraw.v1",
    allowed_in=("published", "disclosed"),
    roles=("product_manager",),
    approver=("compliance_officer",),
):
    """Without `tariff_version`, the whole product."""

    product_id: Id
    tariff_version: Id | None = None
    from_at: Moment
    reason: Literal["replaced", "validity_over", "regulator_instruction", "low_demand", "error"]
    existing_customers: Literal["keep_until_contract_end", "keep", "moved_with_consent"]


class MarkExpired(
    Interaction,
    type="product.mark_expired.v1",
    allowed_in=("published", "disclosed"),
    clerks=False,
    systems=("clock",),
):
    product_id: Id
    tariff_version: Id


AnyInteraction = Publish | Disclose | EndDisclosure | Withdraw | MarkExpired
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
