"""Which versions of a fact are known."""

from datetime import datetime
from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.copies import (
    NoteCalendar,
    NoteClerk,
    NoteHall,
    NotePolicy,
    NoteProcedure,
    NoteProduct,
)
from ledger.aggregates.reference.notice.events import AnyEvent, Overtaken
from ledger.aggregates.reference.notice.interactions import AnyInteraction
from ledger.dated import KEPT
from ledger.entry import Envelope


class State(model.State, frozen=True, kw_only=True):
    """`known` are the newest versions, each with the moment from which it has force."""

    known: tuple[tuple[int, datetime], ...] = ()


def stream(envelope: Envelope, told: AnyInteraction | AnyEvent) -> str:
    """One stream a fact, named after what it says; of a product, one a tariff version."""
    match told:
        case NotePolicy():
            return f"policy/{told.fact.version}"
        case NoteHall():
            return f"hall/{told.fact.hall_id}"
        case NoteClerk():
            return f"clerk/{told.fact.clerk_id}"
        case NoteProduct():
            return f"product/{told.fact.product_id}:{told.fact.tariff_version}"
        case NoteProcedure():
            return f"procedure/{told.fact.procedure_id}"
        case NoteCalendar():
            return f"calendar/{told.fact.year}"
        case Overtaken():
            return told.about
        case _:
            assert_never(told)


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    if isinstance(event, Overtaken):
        return state
    return State(status="noted", known=(*state.known, (event.version, event.from_at))[-KEPT:])
