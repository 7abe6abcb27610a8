"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.hall.shift.interactions import (
    Close,
    ConfirmHelp,
    CorrectEntry,
    HandOver,
    HelpColleague,
    LogIn,
    LogOut,
    MarkOverrun,
    MoveCounter,
    Open,
    Pause,
    Resume,
)
from ledger.aggregates.model import Event
from ledger.facts import Certification, Role
from ledger.values import Count, Id, Moment


class Opened(Event, Open, tag="shift.opened.v1"):
    """`role` and `certifications` as in force on that day; the clerk is the actor. From
    `overrun_at` on, the shift runs longer than it may."""

    role: Role
    certifications: tuple[Certification, ...]
    overrun_at: Moment | None = None


class LoggedIn(Event, LogIn, tag="shift.logged_in.v1"):
    pass


class LoggedOut(Event, LogOut, tag="shift.logged_out.v1"):
    session_seconds: Count


class CounterMoved(Event, MoveCounter, tag="shift.counter_moved.v1"):
    pass


class Paused(Event, Pause, tag="shift.paused.v1"):
    pass


class Resumed(Event, Resume, tag="shift.resumed.v1"):
    pause_seconds: Count


class ColleagueHelped(Event, HelpColleague, tag="shift.colleague_helped.v1"):
    pass


class HelpConfirmed(Event, ConfirmHelp, tag="shift.help_confirmed.v1"):
    """`helper_clerk_id` helped the actor."""

    helper_clerk_id: Id


class HandedOver(Event, HandOver, tag="shift.handed_over.v1"):
    pass


class Closed(Event, Close, tag="shift.closed.v1"):
    """`clerk_id` is whose shift it was, also where a supervisor closed it. `pause_seconds` are
    within `worked_seconds`; `helps_confirmed` are those confirmed by then."""

    clerk_id: Id
    worked_seconds: Count
    pause_seconds: Count
    visits_closed: Count
    helps_confirmed: Count = 0


class Overrun(Event, MarkOverrun, tag="shift.overrun.v1"):
    """The shift of `clerk_id` is still open, long after its planned end."""

    clerk_id: Id


class EntryCorrected(Event, CorrectEntry, tag="shift.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Opened
    | LoggedIn
    | LoggedOut
    | CounterMoved
    | Paused
    | Resumed
    | ColleagueHelped
    | HelpConfirmed
    | HandedOver
    | Closed
    | Overrun
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
