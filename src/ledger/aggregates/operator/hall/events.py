"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.model import Event
from ledger.aggregates.operator.hall.interactions import (
    ChangeArea,
    CloseDown,
    Register,
    SetCounters,
    SetHours,
)
from ledger.dated import Dated
from ledger.facts import Area, Hall
from ledger.values import Id, Moment


class Registered(Event, Register, tag="hall.registered.v1"):
    active_from_at: Moment


class CountersSet(Event, SetCounters, tag="hall.counters_set.v1"):
    """`facts`, here and below, are the hall from the change on, and as announced for later."""

    facts: tuple[Dated[Hall], ...]
    added: tuple[Id, ...]
    removed: tuple[Id, ...]


class HoursSet(Event, SetHours, tag="hall.hours_set.v1"):
    facts: tuple[Dated[Hall], ...]


class AreaChanged(Event, ChangeArea, tag="hall.area_changed.v1"):
    facts: tuple[Dated[Hall], ...]
    old_area: Area


class ClosedDown(Event, CloseDown, tag="hall.closed_down.v1"):
    facts: tuple[Dated[Hall], ...]


AnyEvent = Registered | CountersSet | HoursSet | AreaChanged | ClosedDown
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
