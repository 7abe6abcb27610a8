"""What decide reads of a shift, and how events change it."""

from datetime import UTC, datetime
from typing import Final, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.hall.shift.events import (
    AnyEvent,
    Closed,
    ColleagueHelped,
    CounterMoved,
    EntryCorrected,
    HandedOver,
    HelpConfirmed,
    LoggedIn,
    LoggedOut,
    Opened,
    Overrun,
    Paused,
    Resumed,
)
from ledger.aggregates.hall.shift.interactions import AnyInteraction, Duty
from ledger.entry import Envelope

BEFORE: Final = datetime.min.replace(tzinfo=UTC)


class Help(msgspec.Struct, frozen=True, kw_only=True):
    helped: str
    at: datetime
    is_confirmed: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    session_id: str
    since: datetime


class State(model.State, frozen=True, kw_only=True, omit_defaults=True):
    """`paused_since` while it is paused; `pause_seconds` are those of pauses that have ended."""

    clerk: str = ""
    duty: Duty = "counter"
    opened_at: datetime = BEFORE
    overrun_at: datetime | None = None
    is_overrun: bool = False
    session: Session | None = None
    paused_since: datetime | None = None
    pause_seconds: int = 0
    helps: dict[str, Help] = msgspec.field(default_factory=dict[str, Help])


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"shift/{interaction.shift_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Opened():
            return State(
                status="opened",
                clerk=envelope.actor,
                duty=event.duty,
                opened_at=envelope.time,
                overrun_at=event.overrun_at,
            )
        case LoggedIn():
            return replace(state, session=Session(session_id=event.session_id, since=envelope.time))
        case LoggedOut():
            return replace(state, session=None)
        case Paused():
            return replace(state, paused_since=envelope.time)
        case Resumed():
            whole = state.pause_seconds + event.pause_seconds
            return replace(state, paused_since=None, pause_seconds=whole)
        case ColleagueHelped():
            helped = Help(helped=event.helped_clerk_id, at=envelope.time)
            return replace(state, helps={**state.helps, event.help_id: helped})
        case HelpConfirmed():
            confirmed = replace(state.helps[event.help_id], is_confirmed=True)
            return replace(state, helps={**state.helps, event.help_id: confirmed})
        case HandedOver():
            return replace(state, status="handed_over")
        case Overrun():
            return replace(state, is_overrun=True)
        case Closed():
            return replace(state, status="closed", session=None)
        case CounterMoved() | EntryCorrected():
            return state
        case _:
            assert_never(event)
