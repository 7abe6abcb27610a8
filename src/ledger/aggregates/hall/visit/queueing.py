"""A visit in the queue: arrived, greeted, waiting, called, missing the call, leaving."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.hall.visit import rules
from ledger.aggregates.hall.visit.events import (
    Abandoned,
    Arrived,
    Directed,
    Greeted,
    Lapsed,
    NoShowRecorded,
    Rejoined,
    TicketCalled,
    TicketIssued,
)
from ledger.aggregates.hall.visit.guards import counter_taken, no_service_area, not_logged_in
from ledger.aggregates.hall.visit.interactions import (
    Abandon,
    Arrive,
    CallTicket,
    Direct,
    Greet,
    IssueTicket,
    Lapse,
    RecordNoShow,
    Rejoin,
)
from ledger.aggregates.hall.visit.state import State
from ledger.aggregates.model import Context, Decision
from ledger.facts import closing_time
from ledger.values import business_day, local_midnight, whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def arrive(arrival: Arrive, context: "Context[Register]") -> Decision:
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


def greet(greeting: Greet, state: State, context: "Context[Register]") -> Decision:
    after = whole_seconds(state.arrived_at, context.envelope.time)
    return [Greeted.of(greeting, greeted_after_seconds=after)]


def direct(way: Direct, context: "Context[Register]") -> Decision:
    refusal = no_service_area(way.service_area, way.to_counter, context)
    return refusal or [Directed.of(way)]


def issue_ticket(ticket: IssueTicket, context: "Context[Register]") -> Decision:
    business_on = business_day(context.envelope.time)
    if not context.register.ticket_is_free(business_on, ticket.ticket_no):
        return rules.VIS_03(f"ticket {ticket.ticket_no} of {business_on.isoformat()} is issued")
    refusal = no_service_area(ticket.service_area, None, context)
    if refusal is not None:
        return refusal
    waiting_ahead = context.register.waiting_for(ticket.service_area)
    return [TicketIssued.of(ticket, business_on=business_on, waiting_ahead=waiting_ahead)]


def call_ticket(call: CallTicket, state: State, context: "Context[Register]") -> Decision:
    refusal = not_logged_in(context) or counter_taken(context)
    if refusal is not None:
        return refusal
    if state.calls >= context.policy[policy.QUEUE_MAX_CALLS]:
        return rules.VIS_07(f"the ticket has been called {state.calls} times")
    wait_seconds = whole_seconds(state.waits_since, context.envelope.time)
    return [TicketCalled.of(call, call_count=state.calls + 1, wait_seconds=wait_seconds)]


def record_no_show(record: RecordNoShow, state: State, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    call_wait = timedelta(seconds=context.policy[policy.QUEUE_CALL_WAIT_SECONDS])
    if state.calls < context.policy[policy.QUEUE_MAX_CALLS] and now < state.called_at + call_wait:
        return rules.VIS_08(f"call {state.calls} of the ticket may still be answered")
    rejoin = timedelta(seconds=context.policy[policy.QUEUE_REJOIN_SECONDS])
    return [NoShowRecorded.of(record, rejoin_until_at=now + rejoin)]


def rejoin(wish: Rejoin, state: State, context: "Context[Register]") -> Decision:
    if state.rejoined:
        return rules.VIS_09("the customer has rejoined before")
    if context.envelope.time > state.rejoin_until_at:
        return rules.VIS_09(f"the time to rejoin ended at {state.rejoin_until_at.isoformat()}")
    return [Rejoined.of(wish, service_area=state.service_area, lapse_due_at=_lapse_due_at(context))]


def abandon(leaving: Abandon, state: State, context: "Context[Register]") -> Decision:
    wait_seconds = whole_seconds(state.waits_since, context.envelope.time)
    return [Abandoned.of(leaving, wait_seconds=wait_seconds)]


def lapse(wish: Lapse, state: State, context: "Context[Register]") -> Decision:
    now = context.envelope.time
    missed = state.ticket == "no_show"
    if now < state.lapse_due_at and not (missed and now > state.rejoin_until_at):
        return rules.VIS_10()
    return [Lapsed.of(wish, outcome="no_show" if missed else "abandoned")]
