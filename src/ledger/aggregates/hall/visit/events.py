"""Stored for ever: the tags are the wire names."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.copies import BarPromotion
from ledger.aggregates.hall.visit.interactions import (
    Abandon,
    AcceptTransfer,
    AnswerInquiry,
    AnswerRecommendation,
    Arrive,
    AskNeeds,
    AssessNeeds,
    CallTicket,
    Close,
    CorrectEntry,
    Direct,
    EscalateInquiry,
    EscalateSupport,
    Forget,
    GiveSupport,
    Greet,
    IdentifyCustomer,
    IssueTicket,
    Lapse,
    Observe,
    QuoteTariff,
    RaiseInquiry,
    Rate,
    Recommend,
    RecordNoShow,
    Rejoin,
    Start,
    Transfer,
)
from ledger.aggregates.model import Event
from ledger.facts import PricePeriod, ServiceArea
from ledger.values import Count, Day, Fen, Id, Moment


class Arrived(Event, Arrive, tag="visit.arrived.v1"):
    """`lapse_due_at`: when a visit that nobody starts, abandons or calls away is over (VIS-10)."""

    lapse_due_at: Moment


class Greeted(Event, Greet, tag="visit.greeted.v1"):
    greeted_after_seconds: Count


class Directed(Event, Direct, tag="visit.directed.v1"):
    pass


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


class InquiryRaised(Event, RaiseInquiry, tag="visit.inquiry_raised.v1"):
    pass


class TariffQuoted(Event, QuoteTariff, tag="visit.tariff_quoted.v1"):
    """What was told of the tariff, at the moment of the envelope.

    The whole tariff is not copied here: the catalogue keeps every tariff version for ever, and the
    one named says its name, structure, items, conditions and validity.
    """

    price_fen: Fen
    price_period: PricePeriod
    contract_months: Count
    filing_no: str


class InquiryAnswered(Event, AnswerInquiry, tag="visit.inquiry_answered.v1"):
    pass


class InquiryEscalated(Event, EscalateInquiry, tag="visit.inquiry_escalated.v1"):
    pass


class NeedsAssessed(Event, AssessNeeds, tag="visit.needs_assessed.v1"):
    pass


class OfferingRecommended(Event, Recommend, tag="visit.offering_recommended.v1"):
    """`above_budget`: its monthly price is more than the budget stated."""

    price_fen: Fen
    price_period: PricePeriod
    above_budget: bool


class RecommendationAccepted(Event, AnswerRecommendation, tag="visit.recommendation_accepted.v1"):
    pass


class RecommendationDeclined(Event, AnswerRecommendation, tag="visit.recommendation_declined.v1"):
    pass


class PromotionBarred(Event, BarPromotion, tag="visit.promotion_barred.v1"):
    """Recorded in any state, also before the visit is known here and after it was completed."""


class SupportGiven(Event, GiveSupport, tag="visit.support_given.v1"):
    pass


class SupportEscalated(Event, EscalateSupport, tag="visit.support_escalated.v1"):
    """`fault_id` is made of this event's own id, so that it asks for exactly one ticket."""

    fault_id: Id


class Transferred(Event, Transfer, tag="visit.transferred.v1"):
    pass


class TransferAccepted(Event, AcceptTransfer, tag="visit.transfer_accepted.v1"):
    """The actor serves the visit now; `pause_seconds` is from the transfer to here."""

    shift_id: Id
    pause_seconds: Count


class Closed(Event, Close, tag="visit.closed.v1"):
    """`counter_seconds` is from start to close; `handling_seconds` is that less the pauses, in
    which the visit was on its way from one counter to another. `forget_at`: when the visit's key is
    deleted, where nobody was identified (VIS-39)."""

    handling_seconds: Count
    pause_seconds: Count
    counter_seconds: Count
    rate_until_at: Moment
    forget_at: Moment | None = None


class Rated(Event, Rate, tag="visit.rated.v1"):
    clerk_id: Id
    scale: Literal["one_to_five"]


class Observed(Event, Observe, tag="visit.observed.v1"):
    """`points_bp`: the points given, in 1/10,000 of those that could be given."""

    points_bp: Annotated[int, Meta(ge=0, le=10_000)]


class Forgotten(Event, Forget, tag="visit.forgotten.v1"):
    pass


class EntryCorrected(Event, CorrectEntry, tag="visit.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Arrived
    | Greeted
    | Directed
    | TicketIssued
    | TicketCalled
    | NoShowRecorded
    | Rejoined
    | Abandoned
    | Lapsed
    | Started
    | NeedsAsked
    | CustomerIdentified
    | InquiryRaised
    | TariffQuoted
    | InquiryAnswered
    | InquiryEscalated
    | NeedsAssessed
    | OfferingRecommended
    | RecommendationAccepted
    | RecommendationDeclined
    | PromotionBarred
    | SupportGiven
    | SupportEscalated
    | Transferred
    | TransferAccepted
    | Closed
    | Rated
    | Observed
    | Forgotten
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
