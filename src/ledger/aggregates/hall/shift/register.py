"""What the hall's register keeps of shifts: those that are not closed, by clerk."""

from datetime import datetime

import msgspec

from ledger.aggregates.hall.shift import events as shift
from ledger.aggregates.hall.shift.interactions import Duty
from ledger.aggregates.hall.visit import events as visit
from ledger.aggregates.model import Event
from ledger.entry import Envelope


class OpenShift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`session_id` and `terminal_id` while the clerk is logged in."""

    shift_id: str
    counter: str
    duty: Duty
    opened_at: datetime
    visits_closed: int = 0
    session_id: str | None = None
    terminal_id: str | None = None


Shifts = dict[str, OpenShift]


def evolve(kept: Shifts, event: Event, envelope: Envelope) -> Shifts:
    match event:
        case shift.Opened():
            opened = OpenShift(
                shift_id=event.shift_id,
                counter=event.counter_id,
                duty=event.duty,
                opened_at=envelope.time,
            )
            return {**kept, envelope.actor: opened}
        case shift.LoggedIn():
            return _now(
                kept, event.shift_id, session_id=event.session_id, terminal_id=event.terminal_id
            )
        case shift.LoggedOut():
            return _now(kept, event.shift_id, session_id=None, terminal_id=None)
        case shift.CounterMoved():
            return _now(kept, event.shift_id, counter=event.counter_id)
        case shift.Closed():
            return {clerk: open_ for clerk, open_ in kept.items() if clerk != event.clerk_id}
        case visit.Closed():
            own = kept[envelope.actor]
            own = msgspec.structs.replace(own, visits_closed=own.visits_closed + 1)
            return {**kept, envelope.actor: own}
        case _:
            return kept


def _now(kept: Shifts, shift_id: str, **changed: str | None) -> Shifts:
    return {
        clerk: msgspec.structs.replace(each, **changed) if each.shift_id == shift_id else each
        for clerk, each in kept.items()
    }
