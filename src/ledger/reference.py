"""Reference facts: halls, clerks, sources and policies that every partition knows.

They begin with the founding, the first entry of every partition. Decisions read them here and
nowhere else, so that a decision depends on its own partition's entries only.
"""

from datetime import date, datetime, time
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from ledger.policy import Policy, PolicyVersion
from ledger.values import Day, Digest, Id, Str32, Str64, business_day

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
SERVICE_AREAS: tuple[str, ...] = get_args(ServiceArea)
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


class Source(_Fact, frozen=True, kw_only=True):
    """An upstream system: the types (by prefix), owners and `system:` actors that it may send.

    `token_digest` is the SHA-256 of its HTTP bearer token; without one it may send from this
    machine only.
    """

    name: SourceName
    types: tuple[str, ...] = ("",)
    owners: tuple[Literal["customer", "hall"], ...] = ("customer", "hall")
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


class Reference:
    """The reference facts as known at one place of a partition, indexed for the rules."""

    __slots__ = ("clerks", "clock", "halls", "policies", "sources")

    def __init__(self, founding: Founding) -> None:
        self.clock: Clock = founding.clock
        self.halls = {hall.hall_id: hall for hall in founding.halls}
        self.clerks = {clerk.clerk_id: clerk for clerk in founding.clerks}
        self.sources = {source.name: source for source in founding.sources}
        self.policies: tuple[tuple[datetime, Policy], ...] = (
            (founding.policy.effective_from_at, policy_of(founding.policy)),
        )

    def policy_at(self, moment: datetime) -> Policy:
        """The policy in force at `moment`; the first one also holds before it began."""
        in_force = self.policies[0][1]
        for effective_from_at, policy in self.policies[1:]:
            if effective_from_at <= moment:
                in_force = policy
        return in_force

    def clerk_in_service(self, clerk_id: str) -> Clerk | None:
        clerk = self.clerks.get(clerk_id)
        return clerk if clerk is not None and clerk.status == "in_service" else None


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
