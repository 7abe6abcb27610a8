"""A notice is never refused: an older one than is known changes nothing."""

from typing import Final

from ledger.aggregates.copies import (
    NoteCalendar,
    NoteClerk,
    NoteHall,
    NotePolicy,
    NoteProcedure,
    NoteProduct,
)
from ledger.aggregates.model import Context, Decision, Event
from ledger.aggregates.reference.notice.events import (
    CalendarNoted,
    ClerkNoted,
    HallNoted,
    Overtaken,
    PolicyNoted,
    ProcedureNoted,
    ProductNoted,
)
from ledger.aggregates.reference.notice.interactions import AnyInteraction
from ledger.aggregates.reference.notice.state import State, stream
from ledger.reference import Reference

_NOTED: Final[dict[type[AnyInteraction], type[Event]]] = {
    NotePolicy: PolicyNoted,
    NoteHall: HallNoted,
    NoteClerk: ClerkNoted,
    NoteProduct: ProductNoted,
    NoteProcedure: ProcedureNoted,
    NoteCalendar: CalendarNoted,
}


def decide(told: AnyInteraction, state: State, context: Context[Reference]) -> Decision:
    if told.version <= state.known_version:
        about = stream(context.envelope, told)
        overtaken = Overtaken(about=about, version=told.version, known_version=state.known_version)
        return [overtaken]
    return [_NOTED[type(told)].of(told)]
