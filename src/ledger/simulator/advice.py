"""What clerks tell customers: what tariffs say, what would suit them, how things work."""

from typing import TYPE_CHECKING, Final

from ledger.facts import Product
from ledger.simulator import mistakes
from ledger.simulator.world import Actor, Data

if TYPE_CHECKING:
    from ledger.simulator.service import Service

ACCEPTED: Final = 0.25
FAMILIES: Final = ("mobile", "mobile", "mobile", "broadband", "add_on")
TOPICS: Final = (
    "tariff",
    "tariff",
    "plan_content",
    "usage",
    "coverage",
    "contract_terms",
    "device",
)
NEED_A_QUOTE: Final = ("tariff", "contract_terms")
FITS: Final = ("usage_matches", "lower_price", "higher_speed", "customer_named_it")
DECLINES: Final = ("price", "price", "not_needed", "wants_time", "contract", "other")


def answer(service: "Service") -> Actor:
    """The customer asks, is quoted what the price list says, and is answered."""
    world = service.world
    topic, family = world.pick(TOPICS), world.pick(FAMILIES)
    product = world.pick(service.desk.hall.operator.sold(family))
    inquiry: Data = {"inquiry_id": world.new_id("iq")}
    asked: Data = {
        **inquiry,
        "family": family,
        "topics": [topic],
        "product_ids": [product.product_id],
    }
    if world.chance(0.1):
        asked["question"] = "想换一个便宜一点的套餐"
    yield from service.desk.act(service.at_hall("visit.raise_inquiry.v1", asked))
    yield service.talk(60)
    quotes: list[str] = []
    if topic in NEED_A_QUOTE or world.chance(0.3):
        quotes.append(world.new_id("qt"))
        yield from _quote(service, quotes[0], str(inquiry["inquiry_id"]), product)
    if world.chance(0.04):
        escalation: Data = {"to_role": "senior_clerk", "reason": "outside_knowledge"}
        world.send(service.at_hall("visit.escalate_inquiry.v1", {**inquiry, **escalation}))
        return
    answered: Data = {
        **inquiry,
        "answered_topics": [topic],
        "quote_ids": quotes,
        "usage_shown": topic == "usage",
    }
    typical = (mistakes.answers_without_quote,) if topic in NEED_A_QUOTE else ()
    yield from service.desk.act(service.at_hall("visit.answer_inquiry.v1", answered), *typical)
    yield service.talk(45)


def _quote(service: "Service", quote_id: str, inquiry_id: str, product: Product) -> Actor:
    tariff = product.tariff
    quoted: Data = {
        "quote_id": quote_id,
        "inquiry_id": inquiry_id,
        "product_id": product.product_id,
        "tariff_version": product.tariff_version,
        "shown_price_fen": tariff.once_fen if product.kind == "device" else tariff.monthly_fen,
    }
    yield from service.desk.act(
        service.at_hall("visit.quote_tariff.v1", quoted),
        mistakes.another_price_shown,
        mistakes.old_tariff_shown,
    )
    yield service.talk(30)


def recommend(service: "Service") -> Actor:
    """A need is assessed and something recommended; a quarter of the customers want it."""
    world = service.world
    family = world.pick(("mobile", "mobile", "broadband", "add_on"))
    product = world.pick(service.desk.hall.operator.sold(family))
    budget_fen = world.between(3, 20) * 1_000
    assessment: Data = {
        "assessment_id": world.new_id("na"),
        "families": [family],
        "monthly_budget_fen": budget_fen,
    }
    if world.chance(0.4):
        assessment["profile"] = {"data_gb": world.between(5, 120), "lines": 1, "pains": ["price"]}
    yield from service.desk.act(service.at_hall("visit.assess_needs.v1", assessment))
    yield service.talk(60)
    offer: Data = {
        "recommendation_id": world.new_id("rc"),
        "assessment_id": assessment["assessment_id"],
        "product_id": product.product_id,
        "tariff_version": product.tariff_version,
        "fit": [world.pick(FITS)],
        "above_budget_told": product.tariff.monthly_fen > budget_fen,
    }
    message = service.at_hall("visit.recommend.v1", offer)
    yield from service.desk.act(message, mistakes.recommends_without_assessment)
    yield service.talk(60)
    said: Data = {"recommendation_id": offer["recommendation_id"], "answer": "accepted"}
    if world.chance(ACCEPTED):
        service.wish = family
    else:
        said |= {"answer": "declined", "decline_reason": world.pick(DECLINES)}
    message = service.at_hall("visit.answer_recommendation.v1", said)
    yield from service.desk.act(message, mistakes.declines_without_reason)


def support(service: "Service", need: str) -> Actor:
    """Technical help at the counter; what it does not solve becomes a fault, or stays open."""
    world = service.world
    result = world.pick(("solved", "solved", "solved", "partly_solved", "not_solved"))
    given: Data = {
        "support_id": world.new_id("su"),
        "kind": world.pick(("network_settings", "device_setup", "app_use", "sim_activation")),
        "family": "mobile",
        "result": result,
    }
    if world.chance(0.4):
        given["device_model"] = world.pick(("HUAWEI Mate 70", "Xiaomi 16", "OPPO Find X9"))
    message = service.at_hall("visit.give_support.v1", given)
    yield from service.desk.act(message)
    if world.chance(0.01):
        # VIS-26: recorded again.
        yield 10
        world.send(message)
    if result == "solved":
        return
    service.open_needs = [need]
    line = service.customer.line_at_rest() if service.customer else None
    if line is not None:
        yield world.between(30, 120)
        fault: Data = {
            "support_id": given["support_id"],
            "symptom": world.pick(("no_signal", "slow", "drops", "no_internet")),
            "subscription_id": line.line_id,
        }
        world.send(service.at_hall("visit.escalate_support.v1", fault))
