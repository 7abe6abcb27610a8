"""What a customer is told in a visit: inquiries, tariffs, recommendations, technical support."""

import hashlib
from typing import TYPE_CHECKING

from ledger.aggregates.hall.visit import rules
from ledger.aggregates.hall.visit.events import (
    InquiryAnswered,
    InquiryEscalated,
    InquiryRaised,
    NeedsAssessed,
    OfferingRecommended,
    RecommendationAccepted,
    RecommendationDeclined,
    SupportEscalated,
    SupportGiven,
    TariffQuoted,
)
from ledger.aggregates.hall.visit.guards import served_by_another
from ledger.aggregates.hall.visit.interactions import (
    AnswerInquiry,
    AnswerRecommendation,
    AssessNeeds,
    EscalateInquiry,
    EscalateSupport,
    GiveSupport,
    QuoteTariff,
    RaiseInquiry,
    Recommend,
)
from ledger.aggregates.hall.visit.state import Advice, State
from ledger.aggregates.hall.visit.words import NEED_A_QUOTE
from ledger.aggregates.model import Context, Decision
from ledger.entry import event_id
from ledger.facts import Product
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def raise_inquiry(raised: RaiseInquiry, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if raised.inquiry_id in state.advice.inquiries:
        return rules.VIS_14(f"inquiry {raised.inquiry_id} was raised before")
    for product_id in raised.product_ids:
        if product_id not in context.reference.products:
            return rules.VIS_14(f"{product_id} is not in the catalogue")
    return [InquiryRaised.of(raised)]


def quote_tariff(quote: QuoteTariff, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if quote.quote_id in state.advice.quotes:
        return rules.VIS_14(f"quote {quote.quote_id} was given before")
    if quote.inquiry_id is not None and quote.inquiry_id not in state.advice.inquiries:
        return rules.VIS_14(f"inquiry {quote.inquiry_id} was not raised in this visit")
    product = _offered(quote.product_id, quote.tariff_version, context)
    if isinstance(product, Refusal):
        return product
    price_fen = _price_fen(product)
    if quote.shown_price_fen != price_fen:
        return rules.VIS_18(f"the published price is {price_fen} fen")
    return [
        TariffQuoted.of(
            quote,
            price_fen=price_fen,
            price_period=product.tariff.price_period,
            contract_months=product.contract_months,
            filing_no=product.filing_no,
        )
    ]


def _offered(
    product_id: str, tariff_version: str, context: "Context[Register]"
) -> Product | Refusal:
    """The tariff version, which must be on sale, disclosed and the one in force."""
    now = context.envelope.time
    in_force = context.reference.product_on_sale(product_id, now)
    if in_force is None:
        return rules.VIS_15(f"{product_id} is not on sale")
    named = context.reference.product(product_id, tariff_version, now)
    if named is not None and not named.is_disclosed:
        return rules.VIS_16(f"tariff {tariff_version} of {product_id} is not disclosed")
    if tariff_version != in_force.tariff_version:
        return rules.VIS_17(f"tariff {in_force.tariff_version} of {product_id} is in force")
    return in_force


def _price_fen(product: Product) -> int:
    """What is paid per period of the tariff, or once where it has none."""
    tariff = product.tariff
    return tariff.once_fen if tariff.price_period == "once" else tariff.monthly_fen


def answer_inquiry(answer: AnswerInquiry, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context) or _no_open_inquiry(answer.inquiry_id, state.advice)
    if refusal is not None:
        return refusal
    answered, raised = set(answer.answered_topics), state.advice.inquiries[answer.inquiry_id].topics
    if not answered <= set(raised):
        return rules.VIS_20(f"the topics raised are: {', '.join(raised)}")
    if not state.advice.quotes.issuperset(answer.quote_ids):
        return rules.VIS_20("a quote named was not given in this visit")
    if answered & NEED_A_QUOTE and not answer.quote_ids:
        return rules.VIS_20("an answer about tariff or contract terms names a quote")
    return [InquiryAnswered.of(answer)]


def _no_open_inquiry(inquiry_id: str, advice: Advice) -> Refusal | None:
    inquiry = advice.inquiries.get(inquiry_id)
    if inquiry is None:
        return rules.VIS_19(f"inquiry {inquiry_id} was not raised in this visit")
    return None if inquiry.is_open else rules.VIS_19(f"inquiry {inquiry_id} is answered already")


def escalate_inquiry(wish: EscalateInquiry, state: State, context: "Context[Register]") -> Decision:
    return (
        served_by_another(state, context)
        or _no_open_inquiry(wish.inquiry_id, state.advice)
        or [InquiryEscalated.of(wish)]
    )


def assess_needs(found: AssessNeeds, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if found.assessment_id in state.advice.assessments:
        return rules.VIS_14(f"assessment {found.assessment_id} was made before")
    return [NeedsAssessed.of(found)]


def recommend(offer: Recommend, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if offer.recommendation_id in state.advice.recommendations:
        return rules.VIS_14(f"recommendation {offer.recommendation_id} was made before")
    if state.promotion_barred is not None:
        return rules.VIS_21(f"promotion is barred: {state.promotion_barred}")
    assessment = state.advice.assessments.get(offer.assessment_id)
    if assessment is None:
        return rules.VIS_22(f"assessment {offer.assessment_id} was not made in this visit")
    product = _offered(offer.product_id, offer.tariff_version, context)
    if isinstance(product, Refusal):
        return product
    if product.family not in assessment.families:
        return rules.VIS_23(f"{product.family} was not assessed")
    price_fen, period = _price_fen(product), product.tariff.price_period
    budget_fen = assessment.monthly_budget_fen
    above_budget = period == "month" and budget_fen is not None and price_fen > budget_fen
    if above_budget and not offer.above_budget_told:
        return rules.VIS_24(f"{price_fen} fen a month are above the budget of {budget_fen}")
    return [
        OfferingRecommended.of(
            offer, price_fen=price_fen, price_period=period, above_budget=above_budget
        )
    ]


def answer_recommendation(
    answer: AnswerRecommendation, state: State, context: "Context[Register]"
) -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    is_answered = state.advice.recommendations.get(answer.recommendation_id)
    if is_answered is None:
        return rules.VIS_25(f"{answer.recommendation_id} was not recommended in this visit")
    if is_answered:
        return rules.VIS_25(f"recommendation {answer.recommendation_id} is answered already")
    if (answer.answer == "declined") != (answer.decline_reason is not None):
        return rules.VIS_25("a decline, and only a decline, has a reason")
    kind = RecommendationAccepted if answer.answer == "accepted" else RecommendationDeclined
    return [kind.of(answer)]


def give_support(given: GiveSupport, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    if given.support_id in state.advice.supports:
        return rules.VIS_26(f"support {given.support_id} was given before")
    return [SupportGiven.of(given)]


def escalate_support(wish: EscalateSupport, state: State, context: "Context[Register]") -> Decision:
    refusal = served_by_another(state, context)
    if refusal is not None:
        return refusal
    support = state.advice.supports.get(wish.support_id)
    if support is None:
        return rules.VIS_27(f"support {wish.support_id} was not given in this visit")
    if support.is_escalated or support.result == "solved":
        return rules.VIS_27(f"support {wish.support_id} is solved or escalated already")
    if state.customer_id is None:
        return rules.VIS_28()
    cause = event_id(context.envelope, 1)
    fault_id = "f-" + hashlib.sha256(cause.encode()).hexdigest()[:24]
    return [SupportEscalated.of(wish, fault_id=fault_id)]
