"""What halls, clerks, products, procedures, calendars, sources and a founding are.

Every partition knows them as facts that have force from a moment on: see `dated` and `reference`.
"""

from datetime import date, datetime, time
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from ledger.policy import PolicyVersion
from ledger.values import (
    Code,
    Count,
    Day,
    Digest,
    Fen,
    Id,
    Moment,
    Str32,
    Str64,
    Str200,
    business_day,
)

Role = Literal[
    "clerk",
    "senior_clerk",
    "supervisor",
    "manager",
    "regional_manager",
    "trainer",
    "quality_inspector",
    "compliance_officer",
    "privacy_officer",
    "fraud_officer",
    "auditor",
    "hr_officer",
    "finance_officer",
    "product_manager",
    "campaign_manager",
    "analyst",
]
Certification = Literal[
    "real_name",
    "cash",
    "refunds",
    "porting",
    "complaints",
    "fraud_control",
    "archive",
    "privacy",
    "iot",
    "device_support",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
CERTIFICATIONS: Final[tuple[Certification, ...]] = get_args(Certification)
ServiceArea = Literal[
    "greeting",
    "consultation",
    "business_counter",
    "self_service",
    "experience",
    "vip",
    "complaint",
    "enterprise",
]
ProductFamily = Literal["mobile", "broadband", "fixed_line", "iot", "add_on", "device"]
ProductKind = Literal["base_plan", "single_item", "bundle", "add_on", "device", "service_fee"]
PricePeriod = Literal["month", "year", "once", "usage"]
ExitFeeRule = Literal["none", "fixed", "percent_of_remaining_months", "subsidy_pro_rata"]
Area = Literal["urban", "rural"]
OrderKind = Literal[
    "activation", "plan_change", "service_upgrade", "suspension", "termination", "sim_replacement"
]
OrderDocument = Literal[
    "application_form",
    "agreement",
    "tariff_disclosure",
    "id_copy",
    "agent_authorisation",
    "agent_id_copy",
    "business_licence_copy",
    "guardian_consent",
    "exit_fee_statement",
    "iot_risk_form",
]
CheckKind = Literal[
    "real_name",
    "number_limit",
    "listed_person",
    "tariff_disclosed",
    "no_forced_bundle",
    "contract_lock",
    "outstanding_bills",
    "document_set",
    "iot_risk",
    "guardian",
    "abnormal_pattern",
    "agreement_terms",
]
Clock = Literal["system", "simulated"]
TimeOfDay = Annotated[str, Meta(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
SourceName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9._-]{0,39}\Z")]


class _Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Counter(_Fact, frozen=True, kw_only=True):
    counter_id: Id
    service_area: ServiceArea


class Hall(_Fact, frozen=True, kw_only=True):
    """One hall; `opens` and `closes` are local times of every day."""

    hall_id: Id
    name: Str64
    counters: Annotated[tuple[Counter, ...], Meta(min_length=1, max_length=100)]
    opens: TimeOfDay = "08:30"
    closes: TimeOfDay = "18:00"
    area: Area = "urban"
    status: Literal["active", "closed_down"] = "active"


class Held(_Fact, frozen=True, kw_only=True):
    """A certification as held by a clerk, valid on both days and between."""

    certification: Certification
    valid_from_on: Day
    valid_until_on: Day


class Clerk(_Fact, frozen=True, kw_only=True):
    """What other owners may know of a clerk: no name, no score."""

    clerk_id: Id
    role: Role
    hall_ids: tuple[Id, ...] = ()
    certifications: tuple[Held, ...] = ()
    status: Literal["in_service", "suspended", "left"] = "in_service"


class TariffItem(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """What one part of a tariff holds, and what is beyond it."""

    item: Literal[
        "voice",
        "sms",
        "data",
        "broadband",
        "fixed_line",
        "roaming",
        "iot_data",
        "device",
        "value_added",
        "installation",
        "sim_card",
    ]
    quantity: Count
    unit: Literal["minute", "piece", "megabyte", "gigabyte", "month", "megabit_per_second", "once"]
    price_fen: Fen
    over_price_fen: Fen | None = None


class Tariff(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """All that a tariff must say in public (MIIT tariff notice 2018-08)."""

    structure: Str200
    items: Annotated[tuple[TariffItem, ...], Meta(min_length=1, max_length=10)]
    monthly_fen: Fen
    once_fen: Fen
    price_period: PricePeriod
    charging_rule: Str200
    services: Str200
    conditions: Str200
    valid_from_on: Day
    valid_to_on: Day | None = None


class Product(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """One tariff version of what may be sold. TMF620 ProductOffering and its price."""

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
    is_disclosed: bool = False
    withdrawn_from_at: Moment | None = None

    def is_on_sale(self, moment: datetime) -> bool:
        """Within its validity and not withdrawn; whether it is disclosed is asked apart."""
        day, tariff = business_day(moment), self.tariff
        return (
            tariff.valid_from_on <= day
            and (tariff.valid_to_on is None or day <= tariff.valid_to_on)
            and (self.withdrawn_from_at is None or moment < self.withdrawn_from_at)
        )


class Step(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """One declared step of a procedure; the order of the list is the order of the steps."""

    step_id: Code
    mandatory: bool = True
    can_skip: bool = False
    certification: Certification | None = None
    standard_seconds: Count | None = None
    statutory_check: CheckKind | None = None


class Procedure(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """How kinds of orders are handled, step by step. TMF701 ProcessFlowSpecification."""

    procedure_id: Id
    version: Annotated[int, Meta(ge=1, le=9999)] = 1
    order_kinds: Annotated[tuple[OrderKind, ...], Meta(min_length=1, max_length=6)]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=40)]
    required_documents: Annotated[tuple[OrderDocument, ...], Meta(max_length=10)] = ()
    required_checks: Annotated[tuple[CheckKind, ...], Meta(max_length=12)] = ()
    withdrawn: bool = False


class Calendar(_Fact, frozen=True, kw_only=True):
    """A year's public holidays, and the weekend days worked in exchange (调休)."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    holidays: Annotated[tuple[Day, ...], Meta(max_length=60)] = ()
    working_weekend_days: Annotated[tuple[Day, ...], Meta(max_length=30)] = ()


Owner = Literal["customer", "hall", "clerk", "operator"]


class Source(_Fact, frozen=True, kw_only=True):
    """An upstream system: the types (by prefix), owners and `system:` actors that it may send.

    `token_digest` is the SHA-256 of its HTTP bearer token; without one it may send from this
    machine only.
    """

    name: SourceName
    types: tuple[str, ...] = ("",)
    owners: tuple[Owner, ...] = ("customer", "hall")
    systems: tuple[str, ...] = ()
    token_digest: Digest | None = None


class Founding(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The first entry's content, and the format of the file that `ledger init` reads."""

    operator: Str32
    origin: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9./-]{0,99}\Z")]
    founded_at: datetime
    clock: Clock = "system"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 8
    policy: PolicyVersion
    halls: Annotated[tuple[Hall, ...], Meta(min_length=1)]
    clerks: Annotated[tuple[Clerk, ...], Meta(min_length=1)]
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)]
    products: tuple[Product, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    calendars: tuple[Calendar, ...] = ()


def holds(clerk: Clerk, certification: str, moment: datetime) -> bool:
    """Whether the clerk's certification is valid on the hall's local day of `moment`."""
    day: date = business_day(moment)
    return any(
        held.certification == certification and held.valid_from_on <= day <= held.valid_until_on
        for held in clerk.certifications
    )


def closing_time(hall: Hall) -> time:
    return time.fromisoformat(hall.closes)
