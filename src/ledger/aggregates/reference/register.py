"""The register of a partition's reference facts is what the rules of all owners read."""

from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from ledger.aggregates.copies import Told
from ledger.aggregates.model import Context, Event, Interaction
from ledger.aggregates.reference.notice import events as notice
from ledger.dated import Dated, Versions, with_version
from ledger.entry import Envelope
from ledger.reference import Reference
from ledger.rules import Refusal

Register = Reference

K = TypeVar("K")
F = TypeVar("F")


def evolve(known: Reference, event: Event, stream: str, envelope: Envelope) -> Reference:
    now = envelope.time
    match event:
        case notice.PolicyNoted():
            version = event.fact.version
            others = tuple(each for each in known.policies if each.version != version)
            return replace(known, policies=others if event.withdrawn else (*others, event.fact))
        case notice.HallNoted():
            halls = _with(known.halls, event.fact.hall_id, _dated(event, event.fact), now)
            return replace(known, halls=halls)
        case notice.ClerkNoted():
            clerks = _with(known.clerks, event.fact.clerk_id, _dated(event, event.fact), now)
            return replace(known, clerks=clerks)
        case notice.ProductNoted():
            product = event.fact
            tariffs = known.products.get(product.product_id, {})
            tariffs = _with(tariffs, product.tariff_version, _dated(event, product), now)
            return replace(known, products={**known.products, product.product_id: tariffs})
        case notice.ProcedureNoted():
            key, dated = event.fact.procedure_id, _dated(event, event.fact)
            return replace(known, procedures=_with(known.procedures, key, dated, now))
        case notice.CalendarNoted():
            calendars = _with(known.calendars, event.fact.year, _dated(event, event.fact), now)
            return replace(known, calendars=calendars)
        case _:
            return known


def _dated(event: Told, fact: F) -> Dated[F]:
    return Dated(event.version, event.from_at, fact)


def _with(
    facts: dict[K, Versions[F]], key: K, dated: Dated[F], now: datetime
) -> dict[K, Versions[F]]:
    return {**facts, key: with_version(facts.get(key, ()), dated, now)}


def owner_known(context: Context[Reference], interaction: Interaction) -> bool:
    """Every partition has its reference facts from its first entry on."""
    return True


def counter_on_shift(known: Reference, actor: str) -> str | None:
    return None


def check(context: Context[Reference], interaction: Interaction) -> Refusal | None:
    """No rule of the room itself beside the common ones."""
    return None
