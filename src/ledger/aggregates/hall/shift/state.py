"""What decide reads of a shift, and how events change it."""

from datetime import UTC, datetime
from typing import assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.hall.shift.events import AnyEvent, Closed, Opened
from ledger.aggregates.hall.shift.interactions import AnyInteraction
from ledger.entry import Envelope


class State(model.State, frozen=True, kw_only=True):
    clerk: str = ""
    opened_at: datetime = datetime.min.replace(tzinfo=UTC)


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"shift/{interaction.shift_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Opened():
            return State(status="opened", clerk=envelope.actor, opened_at=envelope.time)
        case Closed():
            return msgspec.structs.replace(state, status="closed")
        case _:
            assert_never(event)
