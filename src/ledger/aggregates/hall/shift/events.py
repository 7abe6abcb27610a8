"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.hall.shift.interactions import Close, Open
from ledger.aggregates.model import Event
from ledger.reference import Certification, Role
from ledger.values import Count, Id


class Opened(Event, Open, tag="shift.opened.v1"):
    """`role` and `certifications` as in force on that day; the clerk is the actor."""

    role: Role
    certifications: tuple[Certification, ...]


class Closed(Event, Close, tag="shift.closed.v1"):
    """`clerk_id` is whose shift it was, also where a supervisor closed it."""

    clerk_id: Id
    worked_seconds: Count
    pause_seconds: Count
    visits_closed: Count


AnyEvent = Opened | Closed
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
