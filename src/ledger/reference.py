"""Reference facts: halls, clerks, products, procedures, policies that every partition knows.

They begin with the founding, the first entry of every partition; later ones are broadcast, one
entry in each partition. Decisions read them here and nowhere else, so that a decision depends on
its own partition's entries only. A fact has force from a moment of its own, not from its entry.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Final, Generic, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from ledger.policy import Policy, PolicyVersion
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


F = TypeVar("F")
KEPT: Final = 32
"""How many dated versions of one fact that have begun are kept; those announced all are."""


class Dated(msgspec.Struct, Generic[F], frozen=True):
    """A fact as one of its versions has it, and from when; version 0 is the founding's.

    One version may have several moments: what it changes holds in what was announced before, too.
    """

    version: int
    from_at: Moment
    fact: F


Versions = tuple[Dated[F], ...]
"""In the order of their moments. A version takes the place of older ones that do not begin before
it; so what is known does not depend on the order in which versions become known."""


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The reference facts as known at one place of a partition, indexed for the rules."""

    clock: Clock
    sources: dict[str, Source]
    policies: tuple[PolicyVersion, ...]
    halls: dict[str, Versions[Hall]]
    clerks: dict[str, Versions[Clerk]]
    products: dict[str, dict[str, Versions[Product]]] = {}
    procedures: dict[str, Versions[Procedure]] = {}
    calendars: dict[int, Versions[Calendar]] = {}

    @cached_property
    def _policies(self) -> tuple[tuple[datetime, Policy], ...]:
        """Newest first."""
        dated = ((version.effective_from_at, policy_of(version)) for version in self.policies)
        return tuple(sorted(dated, key=lambda pair: pair[0]))[::-1]

    def policy_at(self, moment: datetime) -> Policy:
        """The policy in force at `moment`; the first one also holds before it began."""
        policies = self._policies
        oldest = policies[-1][1]
        if len(policies) > 1:
            for effective_from_at, policy in policies:
                if effective_from_at <= moment:
                    return policy
        return oldest

    def hall(self, hall_id: str | None, moment: datetime) -> Hall | None:
        return fact_at(self.halls.get(hall_id or "", ()), moment)

    def clerk(self, clerk_id: str, moment: datetime) -> Clerk | None:
        return fact_at(self.clerks.get(clerk_id, ()), moment)

    def clerk_in_service(self, clerk_id: str, moment: datetime) -> Clerk | None:
        clerk = fact_at(self.clerks.get(clerk_id, ()), moment)
        return clerk if clerk is not None and clerk.status == "in_service" else None

    def product(self, product_id: str, tariff_version: str, moment: datetime) -> Product | None:
        """That tariff version, on sale or not."""
        return fact_at(self.products.get(product_id, {}).get(tariff_version, ()), moment)

    def product_on_sale(self, product_id: str, moment: datetime) -> Product | None:
        """The tariff version in force: of those on sale, the one that began last.

        One that is not disclosed does not take the place of one that is.
        """
        known = (
            fact_at(versions, moment) for versions in self.products.get(product_id, {}).values()
        )
        on_sale = [each for each in known if each is not None and each.is_on_sale(moment)]
        return max(
            on_sale,
            key=lambda each: (each.is_disclosed, each.tariff.valid_from_on, each.tariff_version),
            default=None,
        )

    def procedure_for(self, kind: OrderKind, moment: datetime) -> Procedure | None:
        """The procedure in force for a kind of order: of those that name it, the newest."""
        found: Dated[Procedure] | None = None
        for versions in self.procedures.values():
            dated = _dated(versions, moment)
            if dated is None or dated.fact.withdrawn or kind not in dated.fact.order_kinds:
                continue
            if found is None or _newer(dated, found):
                found = dated
        return found.fact if found is not None else None

    def is_working_day(self, day: date) -> bool:
        """By the year's calendar; without one, Monday to Friday."""
        versions = self.calendars.get(day.year, ())
        weekday = day.weekday() < 5
        if not versions:
            return weekday
        calendar = versions[-1].fact
        return day not in calendar.holidays and (weekday or day in calendar.working_weekend_days)

    def working_days_after(self, day: date, working_days: int) -> date:
        """The day that is `working_days` working days after `day`."""
        while working_days > 0:
            day += timedelta(days=1)
            working_days -= self.is_working_day(day)
        return day


def reference_of(founding: Founding) -> Reference:
    """What every partition knows at its first entry."""
    at = founding.founded_at.astimezone(UTC)
    products: dict[str, dict[str, Versions[Product]]] = {}
    for product in founding.products:
        products.setdefault(product.product_id, {})[product.tariff_version] = (
            Dated(0, at, product),
        )
    return Reference(
        clock=founding.clock,
        sources={source.name: source for source in founding.sources},
        policies=(founding.policy,),
        halls={hall.hall_id: (Dated(0, at, hall),) for hall in founding.halls},
        clerks={clerk.clerk_id: (Dated(0, at, clerk),) for clerk in founding.clerks},
        products=products,
        procedures={p.procedure_id: (Dated(0, at, p),) for p in founding.procedures},
        calendars={each.year: (Dated(0, at, each),) for each in founding.calendars},
    )


def with_version(versions: Versions[F], dated: Dated[F], now: datetime) -> Versions[F]:
    """The versions after one more is known at `now`, however late; one overtaken changes nothing.

    Of those that have begun only the newest few are kept.
    """
    if overtaken(((known.version, known.from_at) for known in versions), dated) is not None:
        return versions
    standing = [
        known
        for known in versions
        if known.version >= dated.version or known.from_at < dated.from_at
    ]
    standing = sorted([*standing, dated], key=lambda known: known.from_at)
    begun = sum(1 for known in standing if known.from_at <= now)
    return tuple(standing[max(0, begun - KEPT) :])


def overtaken(known: Iterable[tuple[int, datetime]], dated: Dated[F]) -> int | None:
    """The version that is known and leaves nothing to `dated`, if there is one."""
    for version, from_at in known:
        if (version > dated.version and from_at <= dated.from_at) or (
            version == dated.version and from_at == dated.from_at
        ):
            return version
    return None


def changed(
    versions: Versions[F], version: int, from_at: datetime, change: Callable[[F], F]
) -> Versions[F]:
    """What `version` says by a change from a moment on, of a fact that has `versions`.

    That is the fact in force then with the change, and every one announced for later with it, too.
    """
    base = _dated(versions, from_at)
    now = () if base is None else (Dated(version, from_at, change(base.fact)),)
    later = (known for known in versions if known.from_at > from_at and known is not base)
    return (*now, *(Dated(version, known.from_at, change(known.fact)) for known in later))


def _dated(versions: Iterable[Dated[F]], moment: datetime) -> Dated[F] | None:
    """The version in force at `moment`; the first one also holds before it began, if founded."""
    found: Dated[F] | None = None
    for dated in versions:
        if dated.from_at <= moment or (found is None and dated.version == 0):
            found = dated
    return found


def _newer(one: Dated[Procedure], other: Dated[Procedure]) -> bool:
    return (one.from_at, one.fact.procedure_id) > (other.from_at, other.fact.procedure_id)


def fact_at(versions: Iterable[Dated[F]], moment: datetime) -> F | None:
    """The fact as it is in force at `moment`."""
    dated = _dated(versions, moment)
    return dated.fact if dated is not None else None


def policy_of(version: PolicyVersion) -> Policy:
    return Policy(version.version, version.parameters)


def holds(clerk: Clerk, certification: str, moment: datetime) -> bool:
    """Whether the clerk's certification is valid on the hall's local day of `moment`."""
    day: date = business_day(moment)
    return any(
        held.certification == certification and held.valid_from_on <= day <= held.valid_until_on
        for held in clerk.certifications
    )


def closing_time(hall: Hall) -> time:
    return time.fromisoformat(hall.closes)
