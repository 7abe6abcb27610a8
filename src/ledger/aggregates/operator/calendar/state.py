"""What decide reads of a year's calendar, and how events change it."""

from ledger.aggregates import model
from ledger.aggregates.operator.calendar.events import AnyEvent
from ledger.aggregates.operator.calendar.interactions import AnyInteraction
from ledger.entry import Envelope
from ledger.reference import Reference


class State(model.State, frozen=True, kw_only=True):
    fact_version: int = 0


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"calendar/{interaction.year}"


def founded(stream: str, facts: Reference) -> State:
    """The years that the founding names."""
    known = any(stream == f"calendar/{year}" for year in facts.calendars)
    return State(status="published") if known else State()


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    return State(status="published", fact_version=event.fact_version)
