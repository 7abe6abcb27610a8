"""Reference facts: halls, clerks, products, procedures, policies that every partition knows.

They begin with the founding, the first entry of every partition; later ones are broadcast, one
entry in each partition. Decisions read them here and nowhere else, so that a decision depends on
its own partition's entries only. A fact has force from a moment of its own, not from its entry.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import msgspec

from ledger.dated import Dated, Versions, fact_at, in_force
from ledger.facts import (
    Calendar,
    Clerk,
    Clock,
    Founding,
    Hall,
    OrderKind,
    Procedure,
    Product,
    Source,
)
from ledger.policy import Policy, PolicyVersion


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
    def _policies(self) -> tuple[list[datetime], list[Policy]]:
        """When each comes into force, the oldest first, and what it says."""
        versions = sorted(self.policies, key=lambda version: version.effective_from_at)
        begins = [version.effective_from_at for version in versions]
        return begins, [policy_of(version) for version in versions]

    def policy_at(self, moment: datetime) -> Policy:
        """The policy in force at `moment`; the first one also holds before it began."""
        begins, policies = self._policies
        return policies[max(bisect_right(begins, moment) - 1, 0)]

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
            dated = in_force(versions, moment)
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


def _newer(one: Dated[Procedure], other: Dated[Procedure]) -> bool:
    return (one.from_at, one.fact.procedure_id) > (other.from_at, other.fact.procedure_id)


def policy_of(version: PolicyVersion) -> Policy:
    return Policy(version.version, version.parameters)
