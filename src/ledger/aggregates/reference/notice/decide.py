"""A notice is never refused: one that a newer has overtaken changes nothing."""

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
from ledger.dated import Dated, overtaken
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
    newer = overtaken(state.known, Dated(told.version, told.from_at, told.fact))
    if newer is not None:
        about = stream(context.envelope, told)
        return [Overtaken(about=about, version=told.version, known_version=newer)]
    return [_NOTED[type(told)].of(told)]
