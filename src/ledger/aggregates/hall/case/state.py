"""What decide reads of a case, and how events change it."""

from typing import assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.hall.case.events import (
    Accepted,
    AnyEvent,
    Assigned,
    HandedOver,
    HandOverDeclined,
    Released,
    ReleaseUnplaced,
    Taken,
    TakeUnplaced,
)
from ledger.aggregates.hall.case.interactions import AnyInteraction
from ledger.entry import Envelope


class State(model.State, frozen=True, kw_only=True):
    """`is_told`: a take of the case has come, placed or not."""

    keeper: str = ""
    offered_to: str | None = None
    is_told: bool = False


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"case/{interaction.case_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Taken():
            return State(status="kept", keeper=event.keeper_clerk_id, is_told=True)
        case TakeUnplaced():
            return replace(state, is_told=True)
        case HandedOver():
            return replace(state, status="offered", offered_to=event.to_clerk_id)
        case Accepted():
            return replace(state, status="kept", keeper=envelope.actor, offered_to=None)
        case HandOverDeclined():
            return replace(state, status="kept", offered_to=None)
        case Assigned():
            return replace(state, status="kept", keeper=event.to_clerk_id, offered_to=None)
        case Released() | ReleaseUnplaced():
            return replace(state, status="released", offered_to=None)
        case _:
            assert_never(event)
