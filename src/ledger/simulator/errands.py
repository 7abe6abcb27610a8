"""Errands: what customers come for, and what a clerk does for each."""

from typing import TYPE_CHECKING, Final, assert_never

from ledger.simulator import advice, back_office, mistakes, money, people, till, wishes
from ledger.simulator.people import Line
from ledger.simulator.world import Actor, Data

if TYPE_CHECKING:
    from ledger.simulator.hall import Errand
    from ledger.simulator.service import Service

UNCHANGED: Final = ("port_in", "number_migration", "ownership_transfer")
"""Needs for which an identity is verified, and that are met elsewhere."""


def run(service: "Service", errand: "Errand") -> Actor:
    match errand:
        case "pay":
            yield from _pay(service)
        case "consult":
            yield from _consult(service)
        case "order":
            yield from wishes.order(service)
        case "line":
            yield from _line(service)
        case "data":
            yield from _data(service)
        case "update":
            yield from _update(service)
        case "consent":
            yield from _consent(service)
        case "refund":
            yield from _refund(service)
        case "trouble":
            yield from _trouble(service)
        case _:
            assert_never(errand)


def _pay(service: "Service") -> Actor:
    world = service.world
    yield from service.ask("payment", *(("bill_query",) if world.chance(0.2) else ()))
    if service.customer is None and world.chance(0.3):
        service.customer = service.desk.hall.take_debtor()
    yield from service.identify("service_password" if world.chance(0.6) else "sms_code")
    yield world.between(20, 90)
    assert service.customer is not None
    owed = money.bills(service.customer)
    yield from till.take(service, owed or money.prepayment(world))
    if world.chance(0.06):
        yield from till.take(service, money.prepayment(world))
    yield service.talk(150)


def _consult(service: "Service") -> Actor:
    """An inquiry is answered; some are advised, and some of those want to buy."""
    world = service.world
    yield from service.ask(world.pick(("inquiry", "inquiry", "bill_query", "campaign")))
    if world.chance(0.35):
        yield from service.identify("declared")
        if world.chance(0.12):
            yield from service.give_consent()
        if service.desk.consults and world.chance(0.1):
            yield from _overreach(service)
    yield from advice.answer(service)
    if world.chance(0.3):
        yield from advice.recommend(service)
    elif world.chance(0.06):
        service.wish = "payment"
    yield service.talk(260)


def _overreach(service: "Service") -> Actor:
    """ENV-05: the clerk is not certified for real-name verification, and passes it on."""
    yield service.talk(60)
    assert service.customer is not None
    data, _ = people.verification(service.world, service.customer, "change")
    service.world.send(service.about("customer.verify_identity.v1", data))
    service.open_needs = list(service.needs)


def _line(service: "Service") -> Actor:
    """About a line without an order: loss, resumption, a bill's details, a dispute."""
    world = service.world
    kind = world.pick(("loss", "resume", "details", "details", "dispute", "unclear"))
    hall = service.desk.hall
    service.customer = hall.take_sleeper() if kind == "resume" else hall.take_holder()
    yield from service.ask("suspend_resume" if kind in ("loss", "resume") else "bill_query")
    yield from service.identify("identity_document")
    yield service.talk(90)
    assert service.customer is not None
    line = service.customer.line_at_rest("suspended" if kind == "resume" else "active")
    if line is None or not (yield from service.verify("change")):
        service.open_needs = list(service.needs)
        return
    match kind:
        case "loss":
            yield from _loss(service, line)
        case "resume":
            yield from _resume(service, line, "customer_request")
            line.status = "active"
        case "details":
            yield from _details(service, line)
        case "dispute":
            yield from _dispute(service, line)
        case _:
            yield service.talk(120)
    yield service.talk(120)


def _loss(service: "Service", line: Line) -> Actor:
    """Barred at the owner's word, and opened again when the telephone is found."""
    data: Data = {
        "subscription_id": line.line_id,
        "reason": "lost_or_stolen",
        "reported_by": "owner",
    }
    message = service.about("subscription.suspend.v1", data)
    yield from service.desk.act(message, mistakes.for_arrears)
    if service.world.chance(0.4):
        # SUB-04: said again.
        yield 20
        service.world.send(message)
    yield service.talk(200)
    yield from _resume(service, line, "lost_or_stolen")


def _resume(service: "Service", line: Line, reason: str) -> Actor:
    assert service.customer is not None
    resuming: Data = {
        "subscription_id": line.line_id,
        "reason": reason,
        "verification_id": service.customer.verification_id,
    }
    message = service.about("subscription.resume.v1", resuming)
    yield from service.desk.act(message, mistakes.no_verification)


def _details(service: "Service", line: Line) -> Actor:
    assert service.customer is not None
    data: Data = {
        "subscription_id": line.line_id,
        "period": service.world.on(service.world.day).isoformat()[:7],
        "delivered_by": service.world.pick(("print", "screen")),
        "verification_id": service.customer.verification_id,
        "fee_fen": 0,
    }
    message = service.about("subscription.give_bill_detail.v1", data)
    yield from service.desk.act(message, mistakes.asks_a_fee_for_details)


def _dispute(service: "Service", line: Line) -> Actor:
    """A bill is disputed; the supervisor settles it the next day or so."""
    bill = next((e for e in line.bills if e.outstanding_fen and not e.disputed), None)
    if bill is None:
        service.open_needs = list(service.needs)
        return
    bill.disputed = True
    disputed_fen = min(bill.outstanding_fen, 1_500)
    data: Data = {
        "subscription_id": line.line_id,
        "bill_id": bill.bill_id,
        "reason": service.world.pick(("not_ordered", "wrong_price", "usage_not_mine")),
        "disputed_fen": disputed_fen,
        "statement": "客户称未使用该项业务",
    }
    message = service.about("subscription.dispute_bill.v1", data)
    yield from service.desk.act(message, mistakes.disputes_too_much)
    hall = service.desk.hall
    service.world.start(back_office.settle_dispute(hall, line, bill, disputed_fen))


def _data(service: "Service") -> Actor:
    """What the customer may ask of the own data: the numbers in the name, a copy, a correction."""
    world, desk = service.world, service.desk
    yield from service.ask(world.pick(("numbers_in_my_name", "privacy_request")))
    yield from service.identify("identity_document")
    yield service.talk(60)
    customer = service.customer
    assert customer is not None
    if service.needs[-1] == "privacy_request" and world.chance(0.2):
        yield from _data_by_agent(service)
        return
    if not (yield from service.verify("data_request")):
        service.open_needs = list(service.needs)
        return
    names: Data = {"verification_id": customer.verification_id}
    if service.needs[-1] == "numbers_in_my_name":
        looking: Data = {**names, "delivered_by": world.pick(("screen", "print", "sms"))}
        message = service.about("customer.look_up_numbers.v1", looking)
        yield from desk.act(message, mistakes.no_verification)
        yield service.talk(90)
        return
    yield from _request_data(service, {"requester": "self", **names})


def _data_by_agent(service: "Service") -> Actor:
    data = people.agent(service.world, "data_request")
    message = service.about("customer.verify_agent.v1", data)
    yield from service.desk.act(message, mistakes.without_both_documents)
    yield service.world.between(60, 180)
    if data["agent_document_result"] != "genuine":
        service.open_needs = list(service.needs)
        return
    who: Data = {"requester": "agent", "agent_id": data["agent_id"]}
    yield from _request_data(service, who)
    if service.world.chance(0.1):
        revoking: Data = {"agent_id": data["agent_id"], "reason": "authorisation_ended"}
        service.world.send(service.about("customer.revoke_agent.v1", revoking))


def _request_data(service: "Service", who: Data) -> Actor:
    world = service.world
    assert service.customer is not None
    request: Data = {
        "request_id": world.new_id("dr"),
        "kind": world.pick(("access", "copy", "consent_record", "explanation")),
        "scope": [world.pick(("identity", "contact", "payments", "orders", "consents"))],
        **who,
    }
    message = service.about("customer.request_data.v1", request)
    yield from service.desk.act(message, mistakes.by_unknown_agent)
    world.start(back_office.answer_request(service.desk.hall, service.customer, request))
    yield service.talk(120)


def _update(service: "Service") -> Actor:
    world = service.world
    yield from service.ask("identity_update")
    yield from service.identify("identity_document")
    yield world.between(30, 120)
    assert service.customer is not None
    verified = service.customer.verified_until > world.now + 1_200
    update = service.about("customer.update_data.v1", people.changed_data(world))
    if not verified:
        if world.chance(0.25):
            # CUS-15: the clerk forgets to verify first.
            world.send(update)
            yield world.between(15, 60)
        verified = yield from service.verify("change")
    yield world.between(30, 120)
    if not verified:
        service.open_needs = list(service.needs)
        return
    yield from service.desk.act(update, mistakes.name_without_evidence)
    yield service.talk(180)


def _consent(service: "Service") -> Actor:
    yield from service.ask("campaign")
    yield from service.identify("sms_code")
    yield service.talk(150)
    yield from service.give_consent()
    if service.world.chance(0.3):
        yield from service.give_consent()
    yield service.talk(120)


def _refund(service: "Service") -> Actor:
    """A customer wants money back for the last payment."""
    world, desk = service.world, service.desk
    yield from service.ask("payment", "bill_query")
    service.customer = desk.hall.take_payer()
    yield from service.identify("identity_document")
    yield service.talk(150)
    customer = service.customer
    assert customer is not None
    paid, customer.payment = customer.payment, None
    if paid is None:
        return
    if paid.day != world.day and desk.may_refund and world.chance(0.4):
        # PAY-18: a reversal would have had to be the same day.
        yield from till.reverse(service, paid, "wrong_amount")
        yield world.between(30, 120)
    request = money.refund_request(world, paid, "owner")
    message = service.about("payment.request_refund.v1", request)
    yield from desk.act(message, mistakes.more_than_received, mistakes.by_an_agent)
    world.start(back_office.refund(desk.hall, customer, paid, request))
    service.open_needs = ["payment"]
    yield service.talk(150)


def _trouble(service: "Service") -> Actor:
    world = service.world
    need = world.pick(("fault", "technical_support", "technical_support", "complaint"))
    yield from service.ask(need)
    if world.chance(0.6):
        yield from service.identify("declared")
    yield service.talk(120)
    if need == "complaint":
        if world.chance(0.5):
            service.open_needs = [need]
        yield service.talk(300)
        return
    yield from advice.support(service, need)
    yield service.talk(240)
