"""What decide reads of a visit, and how events change it."""

from datetime import UTC, datetime
from typing import Final, Literal, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.hall.visit.events import (
    Abandoned,
    AnyEvent,
    Arrived,
    Closed,
    CustomerIdentified,
    Lapsed,
    NeedsAsked,
    NoShowRecorded,
    Rated,
    Rejoined,
    Started,
    TicketCalled,
    TicketIssued,
)
from ledger.aggregates.hall.visit.interactions import AnyInteraction, Need
from ledger.entry import Envelope
from ledger.reference import ServiceArea

Ticket = Literal["none", "waiting", "called", "no_show", "served", "abandoned"]
BEFORE: Final = datetime.min.replace(tzinfo=UTC)


class State(model.State, frozen=True, kw_only=True):
    """`waits_since` its ticket's issue, or its arrival without one; `calls` are those of this turn;
    `clerk` serves the visit, or served it to its close."""

    ticket: Ticket = "none"
    waits_since: datetime = BEFORE
    lapse_due_at: datetime = BEFORE
    service_area: ServiceArea | None = None
    calls: int = 0
    called_at: datetime = BEFORE
    called_counter: str | None = None
    first_wait_seconds: int | None = None
    rejoin_until_at: datetime = BEFORE
    rejoined: bool = False
    started_at: datetime = BEFORE
    clerk: str | None = None
    customer_id: str | None = None
    needs: tuple[Need, ...] = ()
    rate_until_at: datetime | None = None
    rated: bool = False


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"visit/{envelope.visit or ''}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Arrived():
            return State(status="open", waits_since=envelope.time, lapse_due_at=event.lapse_due_at)
        case TicketIssued() | TicketCalled() | NoShowRecorded() | Rejoined():
            return _queued(state, event, envelope)
        case Abandoned():
            return replace(state, status="completed", ticket="abandoned")
        case Lapsed():
            return replace(state, status="completed")
        case Started():
            return replace(
                state,
                status="in_progress",
                ticket="served" if state.ticket == "called" else "none",
                started_at=envelope.time,
                clerk=envelope.actor,
            )
        case NeedsAsked():
            return replace(state, needs=tuple(dict.fromkeys((*state.needs, *event.needs))))
        case CustomerIdentified():
            return replace(state, customer_id=event.customer_id)
        case Closed():
            return replace(state, status="completed", rate_until_at=event.rate_until_at)
        case Rated():
            return replace(state, rated=True)
        case _:
            assert_never(event)


def _queued(
    state: State, event: TicketIssued | TicketCalled | NoShowRecorded | Rejoined, envelope: Envelope
) -> State:
    replace = msgspec.structs.replace
    match event:
        case TicketIssued():
            return replace(
                state, ticket="waiting", service_area=event.service_area, waits_since=envelope.time
            )
        case TicketCalled():
            first = state.first_wait_seconds
            return replace(
                state,
                ticket="called",
                calls=event.call_count,
                called_at=envelope.time,
                called_counter=envelope.counter,
                first_wait_seconds=event.wait_seconds if first is None else first,
            )
        case NoShowRecorded():
            return replace(state, ticket="no_show", rejoin_until_at=event.rejoin_until_at)
        case Rejoined():
            return replace(
                state, ticket="waiting", rejoined=True, calls=0, lapse_due_at=event.lapse_due_at
            )
