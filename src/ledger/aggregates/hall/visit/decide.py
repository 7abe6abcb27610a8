"""Which rules an interaction meets: one small function each, by stage of the visit."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.copies import BarPromotion
from ledger.aggregates.hall.visit import advising, queueing, rules, serving
from ledger.aggregates.hall.visit.events import EntryCorrected, PromotionBarred
from ledger.aggregates.hall.visit.interactions import (
    CORRECTABLE,
    Abandon,
    AcceptTransfer,
    AnswerInquiry,
    AnswerRecommendation,
    AnyInteraction,
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
from ledger.aggregates.hall.visit.state import State, Ticket, stream
from ledger.aggregates.model import Context, Decision, Interaction
from ledger.rules import Refusal

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

Queueing = (
    Arrive | Greet | Direct | IssueTicket | CallTicket | RecordNoShow | Rejoin | Abandon | Lapse
)
Serving = (
    Start
    | AskNeeds
    | IdentifyCustomer
    | Transfer
    | AcceptTransfer
    | Close
    | Rate
    | Observe
    | Forget
)
Advising = (
    RaiseInquiry
    | QuoteTariff
    | AnswerInquiry
    | EscalateInquiry
    | AssessNeeds
    | Recommend
    | AnswerRecommendation
    | GiveSupport
    | EscalateSupport
)


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    refusal = _not_now(wish, state)
    if refusal is not None:
        return refusal
    if isinstance(wish, Queueing):
        return _queueing(wish, state, context)
    if isinstance(wish, Serving):
        return _serving(wish, state, context)
    if isinstance(wish, Advising):
        return _advising(wish, state, context)
    match wish:
        case BarPromotion():
            return [PromotionBarred.of(wish)]
        case CorrectEntry():
            own = stream(context.envelope, wish)
            return corrections.decide(wish, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(wish)


def _not_now(wish: AnyInteraction, state: State) -> Refusal | None:
    allowed = TICKETS.get(type(wish))
    if allowed is not None and state.ticket not in allowed:
        return rules.VIS_01(
            f"{wish.marks.type} is not allowed with a ticket that is {state.ticket}"
        )
    match wish:
        case Greet() if state.greeted:
            return rules.VIS_01("the customer was greeted before")
        case Transfer() | Close() if state.transfer_to is not None:
            return rules.VIS_01(f"a transfer to counter {state.transfer_to} waits")
        case AcceptTransfer() if state.transfer_to is None:
            return rules.VIS_01("no transfer waits")
        case _:
            return None


def _queueing(wish: Queueing, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Arrive():
            return queueing.arrive(wish, context)
        case Greet():
            return queueing.greet(wish, state, context)
        case Direct():
            return queueing.direct(wish, context)
        case IssueTicket():
            return queueing.issue_ticket(wish, context)
        case CallTicket():
            return queueing.call_ticket(wish, state, context)
        case RecordNoShow():
            return queueing.record_no_show(wish, state, context)
        case Rejoin():
            return queueing.rejoin(wish, state, context)
        case Abandon():
            return queueing.abandon(wish, state, context)
        case Lapse():
            return queueing.lapse(wish, state, context)
        case _:
            assert_never(wish)


def _serving(wish: Serving, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Start():
            return serving.start(wish, state, context)
        case AskNeeds():
            return serving.ask_needs(wish, state, context)
        case IdentifyCustomer():
            return serving.identify_customer(wish, state, context)
        case Transfer():
            return serving.transfer(wish, state, context)
        case AcceptTransfer():
            return serving.accept_transfer(wish, state, context)
        case Close():
            return serving.close(wish, state, context)
        case Rate():
            return serving.rate(wish, state, context)
        case Observe():
            return serving.observe(wish, state, context)
        case Forget():
            return serving.forget(wish, state, context)
        case _:
            assert_never(wish)


def _advising(wish: Advising, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case RaiseInquiry():
            return advising.raise_inquiry(wish, state, context)
        case QuoteTariff():
            return advising.quote_tariff(wish, state, context)
        case AnswerInquiry():
            return advising.answer_inquiry(wish, state, context)
        case EscalateInquiry():
            return advising.escalate_inquiry(wish, state, context)
        case AssessNeeds():
            return advising.assess_needs(wish, state, context)
        case Recommend():
            return advising.recommend(wish, state, context)
        case AnswerRecommendation():
            return advising.answer_recommendation(wish, state, context)
        case GiveSupport():
            return advising.give_support(wish, state, context)
        case EscalateSupport():
            return advising.escalate_support(wish, state, context)
        case _:
            assert_never(wish)
