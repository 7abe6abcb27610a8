"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.copies import (
    NoteCalendar,
    NoteClerk,
    NoteHall,
    NotePolicy,
    NoteProcedure,
    NoteProduct,
)
from ledger.aggregates.model import Event
from ledger.values import Count, Str200


class PolicyNoted(Event, NotePolicy, tag="reference.policy_noted.v1"):
    pass


class HallNoted(Event, NoteHall, tag="reference.hall_noted.v1"):
    pass


class ClerkNoted(Event, NoteClerk, tag="reference.clerk_noted.v1"):
    pass


class ProductNoted(Event, NoteProduct, tag="reference.product_noted.v1"):
    pass


class ProcedureNoted(Event, NoteProcedure, tag="reference.procedure_noted.v1"):
    pass


class CalendarNoted(Event, NoteCalendar, tag="reference.calendar_noted.v1"):
    pass


class Overtaken(Event, tag="reference.overtaken.v1"):
    """A notice that changed nothing: a newer version of the fact was known already."""

    about: Str200
    version: Count
    known_version: Count


AnyEvent = (
    PolicyNoted | HallNoted | ClerkNoted | ProductNoted | ProcedureNoted | CalendarNoted | Overtaken
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
