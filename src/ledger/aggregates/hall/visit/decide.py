"""The rules in order: one small function an interaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, assert_never

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.hall.visit import rules
from ledger.aggregates.hall.visit.events import (
    Abandoned,
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
from ledger.aggregates.hall.visit.interactions import (
    Abandon,
    AnyInteraction,
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
from ledger.aggregates.hall.visit.state import State, Ticket
from ledger.aggregates.model import Context, Decision, Interaction
from ledger.reference import closing_time
from ledger.rules import Refusal
from ledger.values import (
    business_day,
    local_midnight,
    whole_seconds,
)

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


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
    closes = closing_time(context.hall)
    closing = local_midnight(business_day(now)) + timedelta(
        hours=closes.hour, minutes=closes.minute
    )
    lapse = timedelta(seconds=context.policy[policy.VISIT_LAPSE_SECONDS])
    return max(closing.astimezone(now.tzinfo), now) + lapse


def _issue_ticket(ticket: IssueTicket, context: "Context[Register]") -> Decision:
    business_on = business_day(context.envelope.time)
    if not context.register.ticket_is_free(business_on, ticket.ticket_no):
        return rules.VIS_03(f"ticket {ticket.ticket_no} of {business_on.isoformat()} is issued")
    counters = context.hall.counters
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
