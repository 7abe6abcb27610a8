"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.copies import ReleaseCase, TakeCase
from ledger.aggregates.hall.case.interactions import Accept, Assign, Decline, HandOver
from ledger.aggregates.model import Event
from ledger.values import Id


class Taken(Event, TakeCase, tag="case.taken.v1"):
    pass


class TakeUnplaced(Event, TakeCase, tag="case.take_unplaced.v1"):
    """The case was taken before, or had ended before it was taken: its keeper does not change."""


class HandedOver(Event, HandOver, tag="case.handed_over.v1"):
    """Offered by `from_clerk_id`, who keeps it until it is accepted."""

    from_clerk_id: Id


class Accepted(Event, Accept, tag="case.accepted.v1"):
    """The actor keeps the case now."""


class HandOverDeclined(Event, Decline, tag="case.hand_over_declined.v1"):
    pass


class Assigned(Event, Assign, tag="case.assigned.v1"):
    from_clerk_id: Id


class Released(Event, ReleaseCase, tag="case.released.v1"):
    """`keeper_clerk_id` had the case to its end."""

    keeper_clerk_id: Id


class ReleaseUnplaced(Event, ReleaseCase, tag="case.release_unplaced.v1"):
    """The case was not taken here yet, and never will be; or it was released before."""


AnyEvent = (
    Taken
    | TakeUnplaced
    | HandedOver
    | Accepted
    | HandOverDeclined
    | Assigned
    | Released
    | ReleaseUnplaced
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
