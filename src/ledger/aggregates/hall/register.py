"""The hall's register: what rules ask across the streams of one hall."""

from datetime import date
from typing import Final, TypeVar

import msgspec

from ledger.aggregates import common, corrections
from ledger.aggregates.hall.case import register as case_register
from ledger.aggregates.hall.drawer import register as drawer_register
from ledger.aggregates.hall.hall_day import register as hall_day_register
from ledger.aggregates.hall.shift import register as shift_register
from ledger.aggregates.hall.visit import events as visit
from ledger.aggregates.model import Context, Event, Interaction
from ledger.entry import Envelope
from ledger.rules import Refusal

K = TypeVar("K")
V = TypeVar("V")

KEPT_TICKET_DAYS: Final = 4
"""Today and the days that may still be entered late (`clock.backdate_days`)."""


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    visit: str
    clerk: str


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is going on in the hall now, and the ticket numbers of its newest days.

    `shifts` by clerk, `serving` and `called` (a visit) by counter, `waiting` (the service area) by
    visit, `tickets` by business day.
    """

    shifts: shift_register.Shifts = {}
    cases: case_register.Cases = case_register.Cases()
    drawers: drawer_register.Drawers = drawer_register.Drawers()
    days: hall_day_register.Days = hall_day_register.Days()
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
    | visit.Transferred
    | visit.TransferAccepted
    | visit.Closed
)
"""The events after which a visit waits, is called or is served somewhere else than before."""


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    corrected = corrections.place_of(event)
    if corrected is not None:
        return msgspec.structs.replace(register, corrected=register.corrected | {corrected})
    if isinstance(event, VisitMoved):
        register = _visit(register, event, stream.removeprefix("visit/"), envelope)
    return msgspec.structs.replace(
        register,
        shifts=shift_register.evolve(register.shifts, event, envelope),
        cases=case_register.evolve(register.cases, event, envelope),
        drawers=drawer_register.evolve(register.drawers, event, envelope),
        days=hall_day_register.evolve(register.days, event, envelope),
    )


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
        case visit.Started() | visit.TransferAccepted():
            serving = Serving(visit=visit_id, clerk=envelope.actor)
            return replace(
                register,
                called=_without_value(register.called, visit_id),
                serving={**register.serving, _counter(event, envelope): serving},
            )
        case visit.Transferred() | visit.Closed():
            serving = {c: s for c, s in register.serving.items() if s.visit != visit_id}
            return replace(register, serving=serving)


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


AFTER_CLOSING_DOWN: Final = (
    *("visit.accept_transfer.", "visit.close.", "visit.rate.", "case."),
    *("shift.log_out.", "shift.hand_over.", "shift.confirm_help.", "shift.close."),
    *("drawer.count.", "drawer.explain_discrepancy.", "drawer.close.", "drawer.deposit."),
    *("hall_day.prepare.", "hall_day.withdraw.", "hall_day.sign_off."),
)
"""What ends, counts, deposits or explains goes on in a hall that is closed down."""


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """A registered hall, the one the envelope names where it does.

    In one that is closed down only what ends something goes on, corrections, and follow-ons.
    """
    envelope = context.envelope
    kind, _, hall_id = envelope.subject.partition("/")
    hall = context.reference.hall(hall_id, envelope.time)
    if kind != "hall" or hall is None:
        return False
    if envelope.cause is not None:
        return True
    return envelope.hall in (None, hall_id) and (
        common.open_hall(hall)
        or envelope.type.startswith(AFTER_CLOSING_DOWN)
        or envelope.type.endswith(".correct_entry.v1")
    )


def counter_on_shift(register: Register, actor: str) -> str | None:
    """The counter of the actor's open shift in this hall."""
    own = register.shifts.get(actor)
    return own.counter if own is not None else None


def check(context: Context[Register], interaction: Interaction) -> Refusal | None:
    """No rule of the room itself beside the common ones."""
    return None
