"""What decide reads of a hall in the register, and how events change it."""

from datetime import datetime
from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.operator.hall.events import (
    AnyEvent,
    AreaChanged,
    ClosedDown,
    CountersSet,
    HoursSet,
    Registered,
)
from ledger.aggregates.operator.hall.interactions import AnyInteraction, Register
from ledger.dated import Dated, Versions, fact_at, with_version
from ledger.entry import Envelope
from ledger.facts import Hall
from ledger.reference import Reference


class State(model.State, frozen=True, kw_only=True):
    """`facts` are the hall from when on, as far as it is announced."""

    facts: Versions[Hall] = ()
    fact_version: int = 0

    def is_active(self, moment: datetime) -> bool:
        hall = fact_at(self.facts, moment)
        return hall is not None and hall.status == "active"


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"hall_register/{interaction.hall_id}"


def founded(stream: str, facts: Reference) -> State:
    """The halls that the founding names."""
    versions = facts.halls.get(stream.removeprefix("hall_register/"))
    if versions is None:
        return State()
    if versions[-1].fact.status == "closed_down":
        return State(status="closed_down", facts=versions)
    return State(status="registered", facts=versions)


def hall_of(wish: Register) -> Hall:
    """The hall that the interaction, or its event, describes."""
    return Hall(
        hall_id=wish.hall_id,
        name=wish.name,
        counters=wish.counters,
        opens=wish.opens,
        closes=wish.closes,
        area=wish.area,
    )


def facts_of(event: AnyEvent) -> Versions[Hall]:
    """What the event says, and from when."""
    match event:
        case Registered():
            return (Dated(1, event.active_from_at, hall_of(event)),)
        case CountersSet() | HoursSet() | AreaChanged() | ClosedDown():
            return event.facts
        case _:
            assert_never(event)


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    facts = state.facts
    for dated in facts_of(event):
        facts = with_version(facts, dated, envelope.time)
    version = state.fact_version + 1
    if isinstance(event, ClosedDown):
        return State(status="closed_down", facts=facts, fact_version=version)
    return State(status="registered", facts=facts, fact_version=version)
