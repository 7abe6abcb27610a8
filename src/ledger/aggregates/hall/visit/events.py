"""Stored for ever: the tags are the wire names."""

from typing import Final, Literal, get_args

from ledger.aggregates.hall.visit.interactions import (
    Abandon,
    Arrive,
    AskNeeds,
    CallTicket,
    Close,
    IdentifyCustomer,
    IssueTicket,
    Lapse,
    Rate,
    RecordNoShow,
    Rejoin,
    Start,
)
from ledger.aggregates.model import Event
from ledger.reference import ServiceArea
from ledger.values import (
    Count,
    Day,
    Id,
    Moment,
)


class Arrived(Event, Arrive, tag="visit.arrived.v1"):
    """`lapse_due_at`: when a visit that nobody starts, abandons or calls away is over (VIS-10)."""

    lapse_due_at: Moment


class TicketIssued(Event, IssueTicket, tag="visit.ticket_issued.v1"):
    business_on: Day
    waiting_ahead: Count


class TicketCalled(Event, CallTicket, tag="visit.ticket_called.v1"):
    """`call_count` counts the calls of this turn; `wait_seconds` is from issue to this call."""

    call_count: Count
    wait_seconds: Count


class NoShowRecorded(Event, RecordNoShow, tag="visit.no_show_recorded.v1"):
    rejoin_until_at: Moment


class Rejoined(Event, Rejoin, tag="visit.rejoined.v1"):
    """Back in the queue of its service area, where it waits anew until it lapses."""

    service_area: ServiceArea
    lapse_due_at: Moment


class Abandoned(Event, Abandon, tag="visit.abandoned.v1"):
    """`wait_seconds` is from the ticket's issue, or from arrival where none was issued."""

    wait_seconds: Count


class Lapsed(Event, Lapse, tag="visit.lapsed.v1"):
    outcome: Literal["abandoned", "no_show"]


class Started(Event, Start, tag="visit.started.v1"):
    """`wait_seconds` is from the ticket's issue to its first call."""

    shift_id: Id
    wait_seconds: Count | None = None


class NeedsAsked(Event, AskNeeds, tag="visit.needs_asked.v1"):
    pass


class CustomerIdentified(Event, IdentifyCustomer, tag="visit.customer_identified.v1"):
    pass


class Closed(Event, Close, tag="visit.closed.v1"):
    """`counter_seconds` is from start to close; `handling_seconds` is that less the pauses."""

    handling_seconds: Count
    pause_seconds: Count
    counter_seconds: Count
    rate_until_at: Moment


class Rated(Event, Rate, tag="visit.rated.v1"):
    clerk_id: Id
    scale: Literal["one_to_five"]


AnyEvent = (
    Arrived
    | TicketIssued
    | TicketCalled
    | NoShowRecorded
    | Rejoined
    | Abandoned
    | Lapsed
    | Started
    | NeedsAsked
    | CustomerIdentified
    | Closed
    | Rated
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
