"""The hall's register: what rules ask across the streams of one hall."""

from datetime import date, datetime
from typing import Final, TypeVar

import msgspec

from ledger.aggregates import common, corrections
from ledger.aggregates.hall.shift import events as shift
from ledger.aggregates.hall.shift.interactions import Duty
from ledger.aggregates.hall.visit import events as visit
from ledger.aggregates.model import Context, Event, Interaction
from ledger.entry import Envelope

K = TypeVar("K")
V = TypeVar("V")

KEPT_TICKET_DAYS: Final = 4
"""Today and the days that may still be entered late (`clock.backdate_days`)."""


class OpenShift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    shift_id: str
    counter: str
    duty: Duty
    opened_at: datetime
    visits_closed: int = 0


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    visit: str
    clerk: str


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is going on in the hall now, and the ticket numbers of its newest days.

    `shifts` by clerk, `serving` and `called` (a visit) by counter, `waiting` (the service area) by
    visit, `tickets` by business day.
    """

    shifts: dict[str, OpenShift] = {}
    serving: dict[str, Serving] = {}
    called: dict[str, str] = {}
    waiting: dict[str, str] = {}
    tickets: dict[date, frozenset[str]] = {}
    corrected: frozenset[str] = frozenset()

    def ticket_is_free(self, business_on: date, ticket_no: str) -> bool:
        """Whether the number was not issued on that day; of a day no longer kept, none is free."""
        issued = self.tickets.get(business_on)
        if issued is None:
            return len(self.tickets) < KEPT_TICKET_DAYS or business_on > min(self.tickets)
        return ticket_no not in issued

    def waiting_for(self, service_area: str) -> int:
        return sum(1 for area in self.waiting.values() if area == service_area)


VisitMoved = (
    visit.TicketIssued
    | visit.TicketCalled
    | visit.NoShowRecorded
    | visit.Rejoined
    | visit.Abandoned
    | visit.Lapsed
    | visit.Started
    | visit.Closed
)
"""The events after which a visit waits, is called or is served somewhere else than before."""


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    corrected = corrections.place_of(event)
    if corrected is not None:
        return msgspec.structs.replace(register, corrected=register.corrected | {corrected})
    if isinstance(event, VisitMoved):
        return _visit(register, event, stream.removeprefix("visit/"), envelope)
    replace = msgspec.structs.replace
    match event:
        case shift.Opened():
            opened = OpenShift(
                shift_id=event.shift_id,
                counter=event.counter_id,
                duty=event.duty,
                opened_at=envelope.time,
            )
            return replace(register, shifts={**register.shifts, envelope.actor: opened})
        case shift.Closed():
            return replace(register, shifts=_without_key(register.shifts, event.clerk_id))
        case _:
            return register


def _visit(register: Register, event: VisitMoved, visit_id: str, envelope: Envelope) -> Register:
    replace = msgspec.structs.replace
    match event:
        case visit.TicketIssued():
            return replace(
                register,
                waiting={**register.waiting, visit_id: event.service_area},
                tickets=_with_ticket(register.tickets, event.business_on, event.ticket_no),
            )
        case visit.TicketCalled():
            called = _without_value(register.called, visit_id)
            return replace(
                register,
                waiting=_without_key(register.waiting, visit_id),
                called={**called, _counter(event, envelope): visit_id},
            )
        case visit.NoShowRecorded():
            return replace(register, called=_without_value(register.called, visit_id))
        case visit.Rejoined():
            return replace(register, waiting={**register.waiting, visit_id: event.service_area})
        case visit.Abandoned() | visit.Lapsed():
            return replace(
                register,
                waiting=_without_key(register.waiting, visit_id),
                called=_without_value(register.called, visit_id),
            )
        case visit.Started():
            serving = Serving(visit=visit_id, clerk=envelope.actor)
            return replace(
                register,
                called=_without_value(register.called, visit_id),
                serving={**register.serving, _counter(event, envelope): serving},
            )
        case visit.Closed():
            own = register.shifts[envelope.actor]
            own = replace(own, visits_closed=own.visits_closed + 1)
            return replace(
                register,
                serving=_without_key(register.serving, _counter(event, envelope)),
                shifts={**register.shifts, envelope.actor: own},
            )


def _counter(event: Event, envelope: Envelope) -> str:
    assert envelope.counter is not None, f"{event.tag} happens at a counter (ENV-10)"
    return envelope.counter


def _with_ticket(
    tickets: dict[date, frozenset[str]], day: date, ticket_no: str
) -> dict[date, frozenset[str]]:
    issued = tickets.get(day)
    if issued is not None:
        return {**tickets, day: issued | {ticket_no}}
    newest = sorted([*tickets, day])[-KEPT_TICKET_DAYS:]
    return {kept: tickets.get(kept, frozenset((ticket_no,))) for kept in newest}


def _without_key(those: dict[K, V], key: K) -> dict[K, V]:
    return {k: v for k, v in those.items() if k != key} if key in those else those


def _without_value(those: dict[K, V], value: V) -> dict[K, V]:
    return {k: v for k, v in those.items() if v != value}


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """A registered hall that is not closed down, and the one the envelope names where it does."""
    kind, _, hall_id = context.envelope.subject.partition("/")
    return (
        kind == "hall"
        and context.envelope.hall in (None, hall_id)
        and common.open_hall(context.reference.hall(hall_id, context.envelope.time))
    )


def counter_on_shift(register: Register, actor: str) -> str | None:
    """The counter of the actor's open shift in this hall."""
    own = register.shifts.get(actor)
    return own.counter if own is not None else None
