"""What happens away from the counters: refunds, forgotten shifts, billing and customers' apps."""

from typing import TYPE_CHECKING, Final

from ledger.simulator import mistakes, money
from ledger.simulator.mistakes import Mistake
from ledger.simulator.people import Customer, Payment
from ledger.simulator.world import HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife

MARKETING: Final = "marketing_sms"
MISTAKEN: Final = 0.08
"""How often a supervisor's act is first sent wrong."""


def refund(hall: "HallLife", customer: Customer, paid: Payment, request: Data) -> Actor:
    """After the request: the supervisor decides with the manager's approval, and pays."""
    world = hall.world
    names: Data = {"payment_id": paid.payment_id, "refund_id": request["refund_id"]}
    yield hall.until_working(world.between(600, 4 * HOUR))
    decision = {**names, "decision": "approved" if world.chance(0.9) else "denied"}
    deciding = _by_supervisor(hall, "payment.decide_refund.v1", customer, decision, hall.manager)
    yield from _do(hall, deciding, mistakes.approved_by_oneself)
    if decision["decision"] == "denied" or world.chance(0.03):
        return
    yield hall.until_working(world.between(HOUR, 30 * HOUR))
    data = money.refund_payment(world, hall.hall_id, paid, str(request["refund_id"]))
    paying = _by_supervisor(hall, "payment.pay_refund.v1", customer, data)
    yield from _do(hall, paying, mistakes.by_bank_transfer)


def reversal_later(hall: "HallLife", customer: Customer, paid: Payment) -> Actor:
    """The supervisor finds a payment taken twice, the same day."""
    world = hall.world
    yield world.between(300, 1_500)
    data = money.reversal(world, hall.hall_id, paid, "duplicate")
    reversing = _by_supervisor(hall, "payment.reverse.v1", customer, data, hall.manager)
    yield from _do(hall, reversing, mistakes.approved_by_oneself)


def _do(hall: "HallLife", message: Message, mistake: Mistake) -> Actor:
    if hall.world.chance(MISTAKEN):
        hall.world.send(mistake(message))
        yield hall.world.between(20, 120)
    hall.world.send(message)


def _by_supervisor(
    hall: "HallLife", type_: str, customer: Customer, data: Data, approver: str | None = None
) -> Message:
    return Message(
        source="counter-app",
        type=type_,
        subject=customer.subject,
        actor=hall.supervisor,
        hall=hall.hall_id,
        approver=approver,
        channel="backoffice",
        data=data,
    )


def close_forgotten_shift(hall: "HallLife", shift_id: str) -> Actor:
    """The supervisor closes what a clerk left open; the manager approves."""
    yield hall.world.between(600, 2_400)
    closing = Message(
        source="counter-app",
        type="shift.close.v1",
        subject=hall.subject,
        actor=hall.supervisor,
        hall=hall.hall_id,
        approver=hall.manager,
        channel="backoffice",
        data={"shift_id": shift_id, "forced": True, "reason": "no_close_received"},
    )
    yield from _do(hall, closing, mistakes.not_approved)


def billing_run(hall: "HallLife") -> Actor:
    """The billing system asks for money back that belongs to a line that has ended."""
    customer = hall.take_payer()
    if customer is not None and customer.payment is not None:
        paid, customer.payment = customer.payment, None
        request = money.refund_request(hall.world, paid, "system")
        hall.world.send(
            Message(
                source="billing",
                type="payment.request_refund.v1",
                subject=customer.subject,
                actor="system:billing",
                channel="system",
                data=request,
            )
        )
        hall.world.start(refund(hall, customer, paid, request))
        hall.leave(customer)
    yield from ()


def evening_app(hall: "HallLife") -> Actor:
    """In the evening a few customers give or withdraw consent to marketing on their telephone."""
    world = hall.world
    for _ in range(world.between(1, 6)):
        yield world.between(60, 1_800)
        customer = hall.take_customer()
        if customer is not None:
            _decide_on_marketing(hall, customer)
            hall.leave(customer)


def _decide_on_marketing(hall: "HallLife", customer: Customer) -> None:
    withdraws = MARKETING in customer.consents
    data: Data = {"purpose": MARKETING, "via": "app"}
    if not withdraws:
        data = {
            "purpose": MARKETING,
            "channels": ["sms"],
            "proof": "sms_reply",
            "text_version": "2026-1",
            "explicit": True,
            "separate": False,
        }
    hall.world.send(
        Message(
            source="customer-app",
            type="customer.withdraw_consent.v1" if withdraws else "customer.give_consent.v1",
            subject=customer.subject,
            actor="system:customer_app" if withdraws else "system:sms_gateway",
            channel="app",
            data=data,
        )
    )
    customer.consents = () if withdraws else (*customer.consents, MARKETING)
