"""Stored for ever: the tags are the wire names."""

from typing import Final

from ledger.aggregates.model import Event
from ledger.aggregates.operator.calendar.interactions import Publish
from ledger.values import Count


class Published(Event, Publish, tag="calendar.published.v1"):
    """`fact_version` counts how often the year was published."""

    fact_version: Count


AnyEvent = Published
EVENTS: Final[tuple[type[Event], ...]] = (Published,)
