"""Visit: one customer's stay in the hall, from arrival over the queue ticket to closing and rating.

TMF683 PartyInteraction. `open -> in_progress -> completed`; the ticket goes `none -> waiting ->
called -> served`, `waiting | called -> abandoned`, `called -> no_show -> waiting`. The visit's id
is the envelope's `visit`. That ratings come from a pad or link and never from a clerk (VIS-33) is
said by the marks of `Rate` and refused as ENV-03; that the counter is the one of the actor's shift
(VIS-05) is ENV-06.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, assert_never, get_args

import msgspec
from msgspec import Meta

from ledger import policy
from ledger.aggregates import common, model
from ledger.aggregates.hall import visit_rules as rules
from ledger.aggregates.model import Cause, Context, Decision, Event, FollowOn, Interaction, Settled
from ledger.entry import Envelope
from ledger.reference import ServiceArea, closing_time
from ledger.rules import Refusal
from ledger.values import (
    Count,
    Day,
    Id,
    Moment,
    SealedText,
    Str16,
    business_day,
    local_midnight,
    whole_seconds,
)

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register

NAME: Final = "visit"

Need = Literal[
    "inquiry",
    "new_service",
    "change_plan",
    "number_migration",
    "port_out",
    "port_in",
    "upgrade",
    "ownership_transfer",
    "suspend_resume",
    "terminate",
    "payment",
    "bill_query",
    "invoice",
    "sim_replacement",
    "identity_update",
    "numbers_in_my_name",
    "complaint",
    "fault",
    "technical_support",
    "campaign",
    "privacy_request",
    "other",
]
Needs = Annotated[tuple[Need, ...], Meta(max_length=22)]
"""As many as there are kinds: a visit whose needs were asked in several rounds can be closed."""


# Interactions


class Arrive(Interaction, type="visit.arrive.v1", allowed_in=("-",), systems=("queue_machine",)):
    arrival: Literal["walk_in", "appointment", "returning"]
    appointment_id: Id | None = None
    priority_lane: bool
    companions: Count | None = None


class IssueTicket(
    Interaction, type="visit.issue_ticket.v1", allowed_in=("open",), systems=("queue_machine",)
):
    ticket_no: Str16
    service_area: ServiceArea


class CallTicket(
    Interaction,
    type="visit.call_ticket.v1",
    allowed_in=("open",),
    at_counter=True,
    on_shift=True,
):
    pass


class RecordNoShow(
    Interaction,
    type="visit.record_no_show.v1",
    allowed_in=("open",),
    at_counter=True,
    on_shift=True,
):
    pass


class Rejoin(Interaction, type="visit.rejoin.v1", allowed_in=("open",), systems=("queue_machine",)):
    pass


class Abandon(
    Interaction, type="visit.abandon.v1", allowed_in=("open",), systems=("queue_machine",)
):
    reason: Literal["wait_too_long", "wrong_hall", "missing_document", "used_self_service", "other"]


class Lapse(
    Interaction, type="visit.lapse.v1", allowed_in=("open",), clerks=False, systems=("clock",)
):
    pass


class Start(
    Interaction, type="visit.start.v1", allowed_in=("open",), at_counter=True, on_shift=True
):
    pass


class AskNeeds(
    Interaction,
    type="visit.ask_needs.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    needs: Annotated[tuple[Need, ...], Meta(min_length=1, max_length=10)]


class IdentifyCustomer(
    Interaction,
    type="visit.identify_customer.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    customer_id: Id
    role: Literal["holder", "agent"]
    method: Literal["identity_document", "service_password", "sms_code", "declared"]


class Close(
    Interaction,
    type="visit.close.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    outcome: Literal[
        "all_done",
        "partly_done",
        "order_pending",
        "referred_elsewhere",
        "customer_left",
        "refused_by_rule",
    ]
    needs_met: Needs = ()
    needs_open: Needs = ()
    follow_up_asked: bool


class Rate(
    Interaction,
    type="visit.rate.v1",
    allowed_in=("completed",),
    clerks=False,
    systems=("rating_pad", "rating_link"),
):
    """VIS-33 stands in the marks: from the rating pad or the customer's own device only."""

    score: int
    attitude: int | None = None
    skill: int | None = None
    speed: int | None = None
    comment: SealedText | None = None


AnyInteraction = (
    Arrive
    | IssueTicket
    | CallTicket
    | RecordNoShow
    | Rejoin
    | Abandon
    | Lapse
    | Start
    | AskNeeds
    | IdentifyCustomer
    | Close
    | Rate
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)


# Events. Stored for ever: the tag is the wire name.


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


# State

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


# Decide

RULES: Final = rules.RULES


TICKETS: Final[Mapping[type[Interaction], tuple[Ticket, ...]]] = MappingProxyType(
    {
        IssueTicket: ("none",),
        CallTicket: ("waiting", "called"),
        RecordNoShow: ("called",),
        Rejoin: ("no_show",),
        Abandon: ("none", "waiting", "called"),
        Start: ("none", "called"),
    }
)


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    allowed = TICKETS.get(type(wish))
    if allowed is not None and state.ticket not in allowed:
        return rules.VIS_01(
            f"{wish.marks.type} is not allowed with a ticket that is {state.ticket}"
        )
    match wish:
        case Arrive():
            return _arrive(wish, context)
        case IssueTicket():
            return _issue_ticket(wish, context)
        case CallTicket():
            return _call_ticket(wish, state, context)
        case RecordNoShow():
            return _record_no_show(wish, state, context)
        case Rejoin():
            return _rejoin(wish, state, context)
        case Abandon():
            return _abandon(wish, state, context)
        case Lapse():
            return _lapse(wish, state, context)
        case Start():
            return _start(wish, state, context)
        case AskNeeds():
            return _served_by_another(state, context) or [NeedsAsked.of(wish)]
        case IdentifyCustomer():
            return _identify_customer(wish, state, context)
        case Close():
            return _close(wish, state, context)
        case Rate():
            return _rate(wish, state, context)
        case _:
            assert_never(wish)


def _arrive(arrival: Arrive, context: "Context[Register]") -> Decision:
    if not context.envelope.visit:
        return common.ENV_10("an arrival names its visit in the envelope")
    return [Arrived.of(arrival, lapse_due_at=_lapse_due_at(context))]


def _lapse_due_at(context: "Context[Register]") -> datetime:
    """Some time after the hall closes that day, or after now where it has closed already."""
    now = context.envelope.time
    closes = closing_time(context.reference.halls[_hall_id(context)])
    closing = local_midnight(business_day(now)) + timedelta(
        hours=closes.hour, minutes=closes.minute
    )
    lapse = timedelta(seconds=context.policy[policy.VISIT_LAPSE_SECONDS])
    return max(closing.astimezone(now.tzinfo), now) + lapse


def _hall_id(context: "Context[Register]") -> str:
    return context.envelope.subject.removeprefix("hall/")


def _issue_ticket(ticket: IssueTicket, context: "Context[Register]") -> Decision:
    business_on = business_day(context.envelope.time)
    if not context.register.ticket_is_free(business_on, ticket.ticket_no):
        return rules.VIS_03(f"ticket {ticket.ticket_no} of {business_on.isoformat()} is issued")
    counters = context.reference.halls[_hall_id(context)].counters
    if all(counter.service_area != ticket.service_area for counter in counters):
        return rules.VIS_04(f"the hall has no counter for {ticket.service_area}")
    waiting_ahead = context.register.waiting_for(ticket.service_area)
    return [TicketIssued.of(ticket, business_on=business_on, waiting_ahead=waiting_ahead)]


def _call_ticket(call: CallTicket, state: State, context: "Context[Register]") -> Decision:
    refusal = _counter_taken(context)
    if refusal is not None:
        return refusal
    if state.calls >= context.policy[policy.QUEUE_MAX_CALLS]:
        return rules.VIS_07(f"the ticket has been called {state.calls} times")
    wait_seconds = whole_seconds(state.waits_since, context.envelope.time)
    return [TicketCalled.of(call, call_count=state.calls + 1, wait_seconds=wait_seconds)]


def _counter_taken(context: "Context[Register]") -> Refusal | None:
    counter, visit = context.envelope.counter or "", context.envelope.visit
    serving = context.register.serving.get(counter)
    if serving is not None and serving.visit != visit:
        return rules.VIS_06(f"counter {counter} serves visit {serving.visit}")
    called = context.register.called.get(counter)
    if called is not None and called != visit:
        return rules.VIS_06(f"counter {counter} has called visit {called}")
    return None


def _record_no_show(record: RecordNoShow, state: State, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    call_wait = timedelta(seconds=context.policy[policy.QUEUE_CALL_WAIT_SECONDS])
    if state.calls < context.policy[policy.QUEUE_MAX_CALLS] and now < state.called_at + call_wait:
        return rules.VIS_08(f"call {state.calls} of the ticket may still be answered")
    rejoin = timedelta(seconds=context.policy[policy.QUEUE_REJOIN_SECONDS])
    return [NoShowRecorded.of(record, rejoin_until_at=now + rejoin)]


def _rejoin(rejoin: Rejoin, state: State, context: "Context[Register]") -> Decision:
    if state.rejoined:
        return rules.VIS_09("the customer has rejoined before")
    if context.envelope.time > state.rejoin_until_at:
        return rules.VIS_09(f"the time to rejoin ended at {state.rejoin_until_at.isoformat()}")
    return [
        Rejoined.of(rejoin, service_area=state.service_area, lapse_due_at=_lapse_due_at(context))
    ]


def _abandon(leaving: Abandon, state: State, context: "Context[Register]") -> Decision:
    wait_seconds = whole_seconds(state.waits_since, context.envelope.time)
    return [Abandoned.of(leaving, wait_seconds=wait_seconds)]


def _lapse(lapse: Lapse, state: State, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    missed = state.ticket == "no_show"
    if now < state.lapse_due_at and not (missed and now > state.rejoin_until_at):
        return rules.VIS_10()
    return [Lapsed.of(lapse, outcome="no_show" if missed else "abandoned")]


def _start(start: Start, state: State, context: "Context[Register]") -> Decision:
    refusal = _counter_taken(context)
    if refusal is not None:
        return refusal
    if state.ticket == "called" and state.called_counter != context.envelope.counter:
        return rules.VIS_11(f"the ticket was called at counter {state.called_counter}")
    shift = context.register.shifts[context.envelope.actor]
    return [Started.of(start, shift_id=shift.shift_id, wait_seconds=state.first_wait_seconds)]


def _served_by_another(state: State, context: "Context[Register]") -> Refusal | None:
    return (
        None if context.envelope.actor == state.clerk else rules.VIS_12(f"{state.clerk} serves it")
    )


def _identify_customer(
    found: IdentifyCustomer, state: State, context: "Context[Register]"
) -> Decision:
    refusal = _served_by_another(state, context)
    if refusal is not None:
        return refusal
    if state.customer_id not in (None, found.customer_id):
        return rules.VIS_13(f"the visit is that of customer {state.customer_id}")
    return [CustomerIdentified.of(found)]


def _close(close: Close, state: State, context: "Context[Register]") -> Decision:
    refusal = _served_by_another(state, context)
    if refusal is not None:
        return refusal
    if sorted((*close.needs_met, *close.needs_open)) != sorted(state.needs):
        return rules.VIS_32(f"the needs asked are: {', '.join(state.needs) or 'none'}")
    now = context.envelope.time
    counter_seconds = whole_seconds(state.started_at, now)
    return [
        Closed.of(
            close,
            handling_seconds=counter_seconds,
            pause_seconds=0,
            counter_seconds=counter_seconds,
            rate_until_at=now + timedelta(days=context.policy[policy.RATING_WINDOW_DAYS]),
        )
    ]


def _rate(rating: Rate, state: State, context: "Context[Register]") -> Decision:
    lowest, highest = context.policy[policy.RATING_MIN], context.policy[policy.RATING_MAX]
    for score in (rating.score, rating.attitude, rating.skill, rating.speed):
        if score is not None and not lowest <= score <= highest:
            return rules.VIS_34(f"{score} is not within {lowest} to {highest}")
    if state.rated:
        return rules.VIS_35("the visit is rated")
    if state.rate_until_at is not None and context.envelope.time > state.rate_until_at:
        return rules.VIS_35(f"the time to rate ended at {state.rate_until_at.isoformat()}")
    if state.clerk is None:
        return rules.VIS_36()
    return [Rated.of(rating, clerk_id=state.clerk, scale="one_to_five")]


# React

AFTER_REJOIN_TIME: Final = timedelta(seconds=1)
"""Rejoining is allowed up to and including its last moment, so the visit lapses after it."""


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Arrived() | Rejoined():
            return [FollowOn("lapse", cause.envelope.subject, Lapse(), event.lapse_due_at)]
        case NoShowRecorded():
            due_at = event.rejoin_until_at + AFTER_REJOIN_TIME
            return [FollowOn("lapse", cause.envelope.subject, Lapse(), due_at)]
        case Started() | Abandoned() | Lapsed():
            return [Settled("lapse")]
        case _:
            return []
