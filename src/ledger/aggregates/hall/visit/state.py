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
    Directed,
    EntryCorrected,
    Forgotten,
    Greeted,
    InquiryAnswered,
    InquiryEscalated,
    InquiryRaised,
    Lapsed,
    NeedsAsked,
    NeedsAssessed,
    NoShowRecorded,
    Observed,
    OfferingRecommended,
    PromotionBarred,
    Rated,
    RecommendationAccepted,
    RecommendationDeclined,
    Rejoined,
    Started,
    SupportEscalated,
    SupportGiven,
    TariffQuoted,
    TicketCalled,
    TicketIssued,
    TransferAccepted,
    Transferred,
)
from ledger.aggregates.hall.visit.interactions import AnyInteraction
from ledger.aggregates.hall.visit.words import InquiryTopic, Need, SupportResult
from ledger.entry import Envelope
from ledger.facts import ProductFamily, ServiceArea

Ticket = Literal["none", "waiting", "called", "no_show", "served", "abandoned"]
BEFORE: Final = datetime.min.replace(tzinfo=UTC)


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    topics: tuple[InquiryTopic, ...]
    is_open: bool = True


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    families: tuple[ProductFamily, ...]
    monthly_budget_fen: int | None = None


class Support(msgspec.Struct, frozen=True, kw_only=True):
    result: SupportResult
    is_escalated: bool = False


class Advice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, told and offered in the visit, by id; `recommendations`: is it answered."""

    inquiries: dict[str, Inquiry] = {}
    quotes: frozenset[str] = frozenset()
    assessments: dict[str, Assessment] = {}
    recommendations: dict[str, bool] = {}
    supports: dict[str, Support] = {}


class State(model.State, frozen=True, kw_only=True, omit_defaults=True):
    """`waits_since` its ticket's issue, or its arrival without one; `calls` are those of this turn;
    `clerk` serves the visit, or served it to its close or its transfer to counter `transfer_to`."""

    ticket: Ticket = "none"
    arrived_at: datetime = BEFORE
    greeted: bool = False
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
    served_by: tuple[str, ...] = ()
    transfer_to: str | None = None
    transferred_at: datetime = BEFORE
    pause_seconds: int = 0
    customer_id: str | None = None
    needs: tuple[Need, ...] = ()
    advice: Advice = Advice()
    promotion_barred: str | None = None
    rate_until_at: datetime | None = None
    rated: bool = False
    forget_at: datetime | None = None


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"visit/{envelope.visit or ''}"


Queued = (
    Arrived | Greeted | TicketIssued | TicketCalled | NoShowRecorded | Rejoined | Abandoned | Lapsed
)
Served = (
    Started
    | NeedsAsked
    | CustomerIdentified
    | Transferred
    | TransferAccepted
    | Closed
    | Rated
    | Forgotten
)
Advised = (
    InquiryRaised
    | TariffQuoted
    | InquiryAnswered
    | InquiryEscalated
    | NeedsAssessed
    | OfferingRecommended
    | RecommendationAccepted
    | RecommendationDeclined
    | SupportGiven
    | SupportEscalated
)


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    if isinstance(event, Queued):
        return _queued(state, event, envelope)
    if isinstance(event, Served):
        return _served(state, event, envelope)
    if isinstance(event, Advised):
        return msgspec.structs.replace(state, advice=_advised(state.advice, event))
    match event:
        case PromotionBarred():
            return msgspec.structs.replace(state, promotion_barred=event.reason)
        case Directed() | Observed() | EntryCorrected():
            return state
        case _:
            assert_never(event)


def _queued(state: State, event: Queued, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Arrived():
            return replace(
                state,
                status="open",
                arrived_at=envelope.time,
                waits_since=envelope.time,
                lapse_due_at=event.lapse_due_at,
            )
        case Greeted():
            return replace(state, greeted=True)
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
        case Abandoned():
            return replace(state, status="completed", ticket="abandoned")
        case Lapsed():
            return replace(state, status="completed")


def _served(state: State, event: Served, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Started():
            return replace(
                state,
                status="in_progress",
                ticket="served" if state.ticket == "called" else "none",
                started_at=envelope.time,
                clerk=envelope.actor,
                served_by=(envelope.actor,),
            )
        case NeedsAsked():
            return replace(state, needs=tuple(dict.fromkeys((*state.needs, *event.needs))))
        case CustomerIdentified():
            return replace(state, customer_id=event.customer_id)
        case Transferred():
            return replace(state, transfer_to=event.to_counter, transferred_at=envelope.time)
        case TransferAccepted():
            return replace(
                state,
                transfer_to=None,
                pause_seconds=state.pause_seconds + event.pause_seconds,
                clerk=envelope.actor,
                served_by=tuple(dict.fromkeys((*state.served_by, envelope.actor))),
            )
        case Closed():
            return replace(
                state,
                status="completed",
                rate_until_at=event.rate_until_at,
                forget_at=event.forget_at,
            )
        case Rated():
            return replace(state, rated=True)
        case Forgotten():
            return replace(state, status="forgotten")


def _advised(advice: Advice, event: Advised) -> Advice:
    replace = msgspec.structs.replace
    match event:
        case InquiryRaised():
            raised = Inquiry(topics=event.topics)
            return replace(advice, inquiries={**advice.inquiries, event.inquiry_id: raised})
        case TariffQuoted():
            return replace(advice, quotes=advice.quotes | {event.quote_id})
        case InquiryAnswered() | InquiryEscalated():
            done = replace(advice.inquiries[event.inquiry_id], is_open=False)
            return replace(advice, inquiries={**advice.inquiries, event.inquiry_id: done})
        case NeedsAssessed():
            found = Assessment(families=event.families, monthly_budget_fen=event.monthly_budget_fen)
            return replace(advice, assessments={**advice.assessments, event.assessment_id: found})
        case OfferingRecommended():
            return _answered(advice, event.recommendation_id, False)
        case RecommendationAccepted() | RecommendationDeclined():
            return _answered(advice, event.recommendation_id, True)
        case SupportGiven():
            given = Support(result=event.result)
            return replace(advice, supports={**advice.supports, event.support_id: given})
        case SupportEscalated():
            passed_on = replace(advice.supports[event.support_id], is_escalated=True)
            return replace(advice, supports={**advice.supports, event.support_id: passed_on})


def _answered(advice: Advice, recommendation_id: str, is_answered: bool) -> Advice:
    return msgspec.structs.replace(
        advice, recommendations={**advice.recommendations, recommendation_id: is_answered}
    )
