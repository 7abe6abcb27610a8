"""What follows from the events."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.copies import NoteProduct
from ledger.aggregates.model import Cause, FollowOn, Settled
from ledger.aggregates.operator.product.events import (
    AnyEvent,
    Disclosed,
    DisclosureEnded,
    Published,
    Withdrawn,
)
from ledger.aggregates.operator.product.interactions import MarkExpired
from ledger.aggregates.operator.product.state import product_of
from ledger.facts import Product
from ledger.values import local_midnight


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Published():
            return [*_notes([product_of(event)], event, cause), *_expiry(event, cause)]
        case Disclosed() | DisclosureEnded():
            return _notes([event.fact], event, cause)
        case Withdrawn():
            ended = [Settled(f"expire.{each.tariff_version}") for each in event.facts]
            return [*_notes(event.facts, event, cause), *ended]
        case _:
            assert_never(event)


def _notes(facts: Iterable[Product], event: AnyEvent, cause: Cause) -> list[FollowOn]:
    version, from_at = event.fact_version, cause.envelope.time
    return to_all(NoteProduct(version=version, from_at=from_at, fact=fact) for fact in facts)


def _expiry(event: Published, cause: Cause) -> list[FollowOn]:
    if event.tariff.valid_to_on is None:
        return []
    mark = MarkExpired(product_id=event.product_id, tariff_version=event.tariff_version)
    expires_at = local_midnight(event.tariff.valid_to_on + timedelta(days=1))
    return [FollowOn(f"expire.{event.tariff_version}", cause.envelope.subject, mark, expires_at)]
