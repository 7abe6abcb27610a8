"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.model import Event
from ledger.aggregates.operator.product.interactions import (
    Disclose,
    EndDisclosure,
    Publish,
    Withdraw,
)
from ledger.facts import Product
from ledger.values import Count


class Published(Event, Publish, tag="product.published.v1"):
    """`fact_version` counts the product's events, here and below."""

    fact_version: Count


class Disclosed(Event, Disclose, tag="product.disclosed.v1"):
    fact: Product
    fact_version: Count


class DisclosureEnded(Event, EndDisclosure, tag="product.disclosure_ended.v1"):
    fact: Product
    fact_version: Count


class Withdrawn(Event, Withdraw, tag="product.withdrawn.v1"):
    """`facts` are the tariff versions that it concerns; none where the validity is over, which
    everybody knows from the tariff."""

    facts: tuple[Product, ...] = ()
    fact_version: Count


AnyEvent = Published | Disclosed | DisclosureEnded | Withdrawn
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
