"""What a customer is told in a visit: each rule refused and allowed, the first broken one named."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ledger.aggregates.hall import visit
from ledger.aggregates.model import Interaction
from ledger.facts import Product
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.hall.facts import AT_K2, V1, identified, started

BY_ANOTHER: dict[str, Any] = {**AT_K2, "visit": "v1"}


def inquiry(inquiry_id: str = "q1", **changed: Any) -> visit.RaiseInquiry:
    said: dict[str, Any] = {"family": "mobile", "topics": ("tariff", "coverage")}
    return visit.RaiseInquiry(inquiry_id=inquiry_id, **{**said, **changed})


def quote(quote_id: str = "t1", **changed: Any) -> visit.QuoteTariff:
    said: dict[str, Any] = {
        "product_id": "plan-99",
        "tariff_version": "2026-1",
        "shown_price_fen": 9900,
    }
    return visit.QuoteTariff(quote_id=quote_id, **{**said, **changed})


def quoted(quote_id: str = "t1") -> visit.TariffQuoted:
    return visit.TariffQuoted.of(
        quote(quote_id), price_fen=9900, price_period="month", contract_months=12, filing_no="x"
    )


def answer(**changed: Any) -> visit.AnswerInquiry:
    said: dict[str, Any] = {
        "inquiry_id": "q1",
        "answered_topics": ("tariff",),
        "quote_ids": ("t1",),
        "usage_shown": False,
    }
    return visit.AnswerInquiry(**{**said, **changed})


ESCALATE = visit.EscalateInquiry(inquiry_id="q1", to_role="supervisor", reason="no_authority")


def assessment(assessment_id: str = "a1", **changed: Any) -> visit.AssessNeeds:
    said: dict[str, Any] = {"families": ("mobile",), "monthly_budget_fen": 5000}
    return visit.AssessNeeds(assessment_id=assessment_id, **{**said, **changed})


def recommendation(recommendation_id: str = "r1", **changed: Any) -> visit.Recommend:
    said: dict[str, Any] = {
        "assessment_id": "a1",
        "product_id": "plan-39",
        "tariff_version": "2026-1",
        "fit": ("lower_price",),
        "above_budget_told": False,
    }
    return visit.Recommend(recommendation_id=recommendation_id, **{**said, **changed})


def recommended() -> visit.OfferingRecommended:
    return visit.OfferingRecommended.of(
        recommendation(), price_fen=3900, price_period="month", above_budget=False
    )


def reply(**changed: Any) -> visit.AnswerRecommendation:
    said: dict[str, Any] = {"recommendation_id": "r1", "answer": "accepted"}
    return visit.AnswerRecommendation(**{**said, **changed})


def support(support_id: str = "h1", result: Any = "not_solved") -> visit.GiveSupport:
    return visit.GiveSupport(
        support_id=support_id, kind="device_setup", family="mobile", result=result
    )


ASK_FOR_FAULT = visit.EscalateSupport(support_id="h1", symptom="slow", subscription_id="l1")


def asked() -> Case:
    """The customer of v1 has asked for tariff and coverage, and tariff t1 was quoted."""
    return started().given(visit.InquiryRaised.of(inquiry()), quoted(), **V1)


def assessed() -> Case:
    """The customer of v1 wants a mobile plan for at most 50 yuan a month."""
    return started().given(visit.NeedsAssessed.of(assessment()), **V1)


def supported(result: Any = "not_solved") -> Case:
    case = identified()
    return case.given(visit.SupportGiven.of(support(result=result)), **V1)


def product(product_id: str, **changed: Any) -> Product:
    """A tariff version 2026-1 of the sample, but for what is changed."""
    found = Case("hall/renmin").reference.product(product_id, "2026-1", NOW)
    assert found is not None
    return msgspec.structs.replace(found, **changed)


def newer(product_id: str, **changed: Any) -> Product:
    """The tariff version 2026-2 of the product, in force since November."""
    found = product(product_id)
    tariff = msgspec.structs.replace(found.tariff, valid_from_on=NOW.date())
    return msgspec.structs.replace(found, tariff_version="2026-2", tariff=tariff, **changed)


WITHDRAWN = product("plan-99", withdrawn_from_at=NOW)
UNDISCLOSED = product("plan-99", is_disclosed=False)


@pytest.mark.parametrize(("case", "wish", "event"), [
    (started(), inquiry(), visit.InquiryRaised),
    (started(), quote(), visit.TariffQuoted),
    (asked(), answer(), visit.InquiryAnswered),
    (asked(), ESCALATE, visit.InquiryEscalated),
    (started(), assessment(), visit.NeedsAssessed),
    (assessed(), recommendation(), visit.OfferingRecommended),
    (assessed().given(recommended(), **V1), reply(), visit.RecommendationAccepted),
    (started(), support(), visit.SupportGiven),
    (supported(), ASK_FOR_FAULT, visit.SupportEscalated),
])  # fmt: skip
def test_only_the_serving_clerk_advises(case: Case, wish: Interaction, event: Any) -> None:
    case.when(wish, **BY_ANOTHER).refused("VIS-12", "c-li")
    case.when(wish, **V1).recorded(event)


# Inquiries


def test_an_inquiry_is_raised_once() -> None:
    case = asked()
    case.when(inquiry(), **V1).refused("VIS-14", "q1")
    case.when(inquiry("q2"), **V1).recorded(visit.InquiryRaised)


def test_an_inquiry_names_products_of_the_catalogue() -> None:
    case = started()
    case.when(inquiry(product_ids=("plan-99", "plan-0")), **V1).refused("VIS-14", "plan-0")
    case.when(inquiry(product_ids=("plan-99", "iot-10")), **V1).recorded(visit.InquiryRaised)


def test_an_inquiry_is_answered_about_what_was_raised() -> None:
    case = asked()
    case.when(answer(answered_topics=("usage",)), **V1).refused("VIS-20", "tariff, coverage")
    case.when(answer(answered_topics=("coverage", "tariff")), **V1).recorded(visit.InquiryAnswered)


@pytest.mark.parametrize("topic", ["tariff", "contract_terms"])
def test_an_answer_about_tariff_or_contract_names_a_quote_of_this_visit(topic: Any) -> None:
    case = started().given(visit.InquiryRaised.of(inquiry(topics=(topic,))), quoted(), **V1)
    told = answer(answered_topics=(topic,), quote_ids=())
    case.when(told, **V1).refused("VIS-20", "names a quote")
    told = answer(answered_topics=(topic,), quote_ids=("t1", "t9"))
    case.when(told, **V1).refused("VIS-20", "not given")
    case.when(answer(answered_topics=(topic,)), **V1).recorded(visit.InquiryAnswered)


def test_an_answer_about_coverage_needs_no_quote() -> None:
    told = answer(answered_topics=("coverage",), quote_ids=())
    asked().when(told, **V1).recorded(visit.InquiryAnswered)


@pytest.mark.parametrize("done", [
    visit.InquiryAnswered.of(answer()), visit.InquiryEscalated.of(ESCALATE),
])  # fmt: skip
def test_an_inquiry_is_answered_or_escalated_once(done: Any) -> None:
    case = asked().given(done, **V1)
    case.when(answer(), **V1).refused("VIS-19", "already")
    case.when(ESCALATE, **V1).refused("VIS-19", "already")


def test_only_an_inquiry_of_this_visit_is_answered_or_escalated() -> None:
    case = started()
    case.when(answer(), **V1).refused("VIS-19", "not raised")
    case.when(ESCALATE, **V1).refused("VIS-19", "not raised")
    asked().when(ESCALATE, **V1).recorded(visit.InquiryEscalated)


# Tariffs


def test_a_quote_tells_the_price_the_term_and_the_filing() -> None:
    event = asked().when(quote("t2", inquiry_id="q1"), **V1).recorded(visit.TariffQuoted)
    assert (event.price_fen, event.price_period, event.contract_months) == (9900, "month", 12)
    assert event.filing_no == "资费2026-002"


def test_what_is_paid_once_is_quoted_by_its_price_once() -> None:
    router = quote(product_id="router-1", shown_price_fen=29900)
    event = started().when(router, **V1).recorded(visit.TariffQuoted)
    assert (event.price_fen, event.price_period) == (29900, "once")


def test_a_quote_id_is_new_and_its_inquiry_known() -> None:
    asked().when(quote(), **V1).refused("VIS-14", "t1")
    started().when(quote(inquiry_id="q1"), **V1).refused("VIS-14", "q1")


def test_what_is_not_on_sale_is_not_quoted() -> None:
    started().when(quote(product_id="plan-0"), **V1).refused("VIS-15")
    case = started().knowing(WITHDRAWN)
    case.when(quote(), at=NOW, **V1).refused("VIS-15", "plan-99")
    before = {**V1, "at": NOW - timedelta(seconds=1), "recorded_at": NOW}
    case.when(quote(), **before).recorded(visit.TariffQuoted)


def test_what_is_not_disclosed_is_neither_quoted_nor_recommended() -> None:
    started().knowing(UNDISCLOSED).when(quote(), **V1).refused("VIS-16", "2026-1")
    hidden = product("plan-39", is_disclosed=False)
    assessed().knowing(hidden).when(recommendation(), **V1).refused("VIS-16")


def test_the_tariff_version_quoted_is_the_one_in_force() -> None:
    case = started().knowing(newer("plan-99"))
    case.when(quote(), **V1).refused("VIS-17", "2026-2")
    case.when(quote(tariff_version="2026-2"), **V1).recorded(visit.TariffQuoted)
    case.when(quote(tariff_version="2026-3"), **V1).refused("VIS-17")


@pytest.mark.parametrize("shown_fen", [9899, 9901])
def test_the_price_shown_is_the_published_one(shown_fen: int) -> None:
    started().when(quote(shown_price_fen=shown_fen), **V1).refused("VIS-18", "9900")


# Recommendations


def test_a_recommendation_follows_an_assessment_of_the_same_visit() -> None:
    started().when(recommendation(), **V1).refused("VIS-22", "a1")
    event = assessed().when(recommendation(), **V1).recorded(visit.OfferingRecommended)
    assert (event.price_fen, event.price_period, event.above_budget) == (3900, "month", False)


def test_ids_of_assessments_and_recommendations_are_new_in_the_visit() -> None:
    assessed().when(assessment(), **V1).refused("VIS-14", "a1")
    assessed().when(assessment("a2"), **V1).recorded(visit.NeedsAssessed)
    case = assessed().given(recommended(), **V1)
    case.when(recommendation(), **V1).refused("VIS-14", "r1")
    case.when(recommendation("r2"), **V1).recorded(visit.OfferingRecommended)


def test_only_a_family_that_was_assessed_is_recommended() -> None:
    fibre = recommendation(product_id="fibre-300", above_budget_told=True)
    assessed().when(fibre, **V1).refused("VIS-23", "broadband")
    both = visit.NeedsAssessed.of(assessment(families=("mobile", "broadband")))
    started().given(both, **V1).when(fibre, **V1).recorded(visit.OfferingRecommended)


@pytest.mark.parametrize(("budget_fen", "is_above"), [(3899, True), (3900, False), (None, False)])
def test_a_price_above_the_budget_is_told(budget_fen: int | None, is_above: bool) -> None:
    found = visit.NeedsAssessed.of(assessment(monthly_budget_fen=budget_fen))
    case = started().given(found, **V1)
    told = recommendation(above_budget_told=True)
    event = case.when(told, **V1).recorded(visit.OfferingRecommended)
    assert event.above_budget is is_above
    outcome = case.when(recommendation(), **V1)
    if is_above:
        outcome.refused("VIS-24", "3900")
    else:
        outcome.recorded(visit.OfferingRecommended)


def test_a_price_once_is_not_held_against_a_monthly_budget() -> None:
    found = visit.NeedsAssessed.of(assessment(families=("device",)))
    router = recommendation(product_id="router-1")
    event = started().given(found, **V1).when(router, **V1).recorded(visit.OfferingRecommended)
    assert event.above_budget is False


def test_a_recommendation_is_answered_once() -> None:
    case = assessed()
    case.when(reply(), **V1).refused("VIS-25", "not recommended")
    case.given(recommended(), **V1)
    case.given(case.when(reply(), **V1).recorded(visit.RecommendationAccepted), **V1)
    case.when(reply(), **V1).refused("VIS-25", "already")


def test_a_decline_and_only_a_decline_has_a_reason() -> None:
    case = assessed().given(recommended(), **V1)
    case.when(reply(answer="declined"), **V1).refused("VIS-25", "reason")
    case.when(reply(decline_reason="price"), **V1).refused("VIS-25", "reason")
    declined = reply(answer="declined", decline_reason="price")
    case.when(declined, **V1).recorded(visit.RecommendationDeclined)


# Support


def test_support_ids_are_new_in_the_visit() -> None:
    supported().when(support(), **V1).refused("VIS-26", "h1")
    supported().when(support("h2"), **V1).recorded(visit.SupportGiven)


@pytest.mark.parametrize("result", ["not_solved", "partly_solved"])
def test_support_that_did_not_help_asks_for_one_fault_ticket(result: Any) -> None:
    case = supported(result)
    event = case.when(ASK_FOR_FAULT, **V1).recorded(visit.SupportEscalated)
    again = case.when(ASK_FOR_FAULT, **V1).recorded(visit.SupportEscalated)
    other = case.when(ASK_FOR_FAULT, **V1, id="m2").recorded(visit.SupportEscalated)
    assert event.fault_id == again.fault_id != other.fault_id
    case.given(event, **V1).when(ASK_FOR_FAULT, **V1).refused("VIS-27", "already")


def test_support_that_solved_the_matter_or_was_not_given_is_not_escalated() -> None:
    supported("solved").when(ASK_FOR_FAULT, **V1).refused("VIS-27", "solved")
    identified().when(ASK_FOR_FAULT, **V1).refused("VIS-27", "not given")


def test_a_fault_ticket_is_that_of_an_identified_customer() -> None:
    case = started().given(visit.SupportGiven.of(support()), **V1)
    case.when(ASK_FOR_FAULT, **V1).refused("VIS-28")


# Closing


@pytest.mark.parametrize(
    ("case", "open_one"), [(asked(), "q1"), (assessed().given(recommended(), **V1), "r1")]
)
def test_a_visit_is_not_closed_over_an_open_question(case: Case, open_one: str) -> None:
    close = visit.Close(outcome="all_done", follow_up_asked=False)
    case.when(close, **V1).refused("VIS-31", open_one)
    left = visit.Close(outcome="customer_left", follow_up_asked=False)
    case.when(left, **V1).recorded(visit.Closed)


@pytest.mark.parametrize("done", [
    visit.InquiryAnswered.of(answer()), visit.InquiryEscalated.of(ESCALATE),
])  # fmt: skip
def test_a_visit_is_closed_when_every_question_has_its_answer(done: Any) -> None:
    case = asked().given(visit.NeedsAssessed.of(assessment()), recommended(), done, **V1)
    case.given(visit.RecommendationAccepted.of(reply()), **V1)
    close = visit.Close(outcome="all_done", follow_up_asked=False)
    case.when(close, at=later(minutes=9), **V1).recorded(visit.Closed)


# Precedence


def barred(case: Case) -> Case:
    bar = visit.PromotionBarred(customer_id="d1", reason="port_out_requested")
    return case.given(bar, actor="system:reactor", visit="v1")


DEAR = recommendation(product_id="fibre-300", tariff_version="2026-9")


@pytest.mark.parametrize(("case", "wish", "who", "first"), [
    (asked(), inquiry(product_ids=("plan-0",)), BY_ANOTHER, "VIS-12"),
    (asked(), quote(product_id="plan-0"), V1, "VIS-14"),
    (started().knowing(msgspec.structs.replace(UNDISCLOSED, withdrawn_from_at=NOW)),
        quote(shown_price_fen=1), V1, "VIS-15"),
    (started().knowing(UNDISCLOSED, newer("plan-99")), quote(shown_price_fen=1), V1, "VIS-16"),
    (started().knowing(newer("plan-99")), quote(shown_price_fen=1), V1, "VIS-17"),
    (barred(started()), DEAR, V1, "VIS-21"),
    (started(), DEAR, V1, "VIS-22"),
    (assessed(), recommendation(product_id="plan-0"), V1, "VIS-15"),
    (assessed(), DEAR, V1, "VIS-17"),
    (assessed(), recommendation(product_id="fibre-300"), V1, "VIS-23"),
    (started(), answer(answered_topics=("usage",)), V1, "VIS-19"),
    (supported("solved"), ASK_FOR_FAULT, BY_ANOTHER, "VIS-12"),
    (asked().given(visit.NeedsAsked(needs=("fault",)), **V1),
        visit.Close(outcome="all_done", follow_up_asked=False), V1, "VIS-31"),
    (asked().given(visit.NeedsAsked(needs=("fault",)), **V1),
        visit.Close(outcome="customer_left", follow_up_asked=False), V1, "VIS-32"),
])  # fmt: skip
def test_the_first_rule_broken_is_named(
    case: Case, wish: Interaction, who: dict[str, Any], first: str
) -> None:
    case.when(wish, **who).refused(first)


def test_where_promotion_is_barred_an_inquiry_is_still_answered() -> None:
    case = barred(assessed())
    case.when(recommendation(), **V1).refused("VIS-21", "port_out_requested")
    case.given(case.when(inquiry(), **V1).recorded(visit.InquiryRaised), **V1)
    case.given(case.when(quote(), **V1).recorded(visit.TariffQuoted), **V1)
    case.when(answer(), **V1).recorded(visit.InquiryAnswered)
