"""What happens away from the counters: refunds, forgotten shifts, billing and customers' apps."""

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import mistakes, money
from ledger.simulator.mistakes import Mistake
from ledger.simulator.people import Bill, Customer, Line, Payment
from ledger.simulator.world import HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.desk import Desk
    from ledger.simulator.hall import HallLife

MARKETING: Final = "marketing_sms"
PRIVACY_OFFICER: Final = "o-privacy"
MISTAKEN: Final = 0.08
"""How often a supervisor's act is first sent wrong."""


def refund(hall: "HallLife", customer: Customer, paid: Payment, request: Data) -> Actor:
    """After the request: the supervisor decides with the manager's approval, and pays."""
    world = hall.world
    names: Data = {"payment_id": paid.payment_id, "refund_id": request["refund_id"]}
    yield hall.until_working(world.between(600, 4 * HOUR))
    decision: Data = {**names, "decision": "approved" if world.chance(0.9) else "denied"}
    deciding = _by_supervisor(hall, "payment.decide_refund.v1", customer, decision, hall.manager)
    yield from _do(hall, deciding, mistakes.approved_by_oneself)
    if decision["decision"] == "denied" or world.chance(0.03):
        return
    yield hall.until_working(world.between(HOUR, 30 * HOUR))
    drawer = hall.open_drawer()
    if paid.method == "cash" and drawer is None:
        return
    data = money.refund_payment(world, drawer, paid, str(request["refund_id"]))
    paying = _by_supervisor(hall, "payment.pay_refund.v1", customer, data)
    # What is taken out of a drawer is done at once, while it is open.
    if world.chance(MISTAKEN):
        world.send(mistakes.by_bank_transfer(paying))
    world.send(paying)
    if data["result"] == "done":
        amount_fen = request["amount_fen"]
        assert isinstance(amount_fen, int)
        money.note_out(hall, drawer if paid.method == "cash" else None, paid.method, amount_fen)


def reversal_later(hall: "HallLife", customer: Customer, paid: Payment) -> Actor:
    """The supervisor finds a payment taken twice, the same day."""
    world = hall.world
    yield world.between(300, 1_500)
    if paid.drawer is not None and not paid.drawer.desk.is_serving:
        return
    data = money.reversal(world, paid, "duplicate")
    reversing = _by_supervisor(hall, "payment.reverse.v1", customer, data, hall.manager)
    world.send(reversing)
    money.note_out(hall, paid.drawer, paid.method, paid.amount_fen)


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


def close_forgotten_shift(desk: "Desk", reason: str) -> Actor:
    """The supervisor closes what a clerk left open; the manager approves."""
    hall = desk.hall
    yield hall.world.between(300, 1_500)
    closing = Message(
        source="counter-app",
        type="shift.close.v1",
        subject=hall.subject,
        actor=hall.supervisor,
        hall=hall.hall_id,
        approver=hall.manager,
        channel="backoffice",
        data={"shift_id": desk.shift_id, "forced": True, "reason": reason},
    )
    yield from _do(hall, closing, mistakes.not_approved)
    hall.book.count("shifts_forced")
    hall.open_shifts.discard(desk.shift_id)


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


def settle_dispute(hall: "HallLife", line: Line, bill: Bill, disputed_fen: int) -> Actor:
    """A day or two later: most disputes find the bill correct, some take something off."""
    world = hall.world
    yield hall.until_working(world.between(4 * HOUR, 40 * HOUR))
    outcome = world.pick(("bill_correct", "bill_correct", "adjusted", "waived"))
    adjusted_fen = {"bill_correct": 0, "adjusted": disputed_fen // 2, "waived": disputed_fen}[
        outcome
    ]
    data: Data = {
        "subscription_id": line.line_id,
        "bill_id": bill.bill_id,
        "outcome": outcome,
        "adjusted_fen": adjusted_fen,
        "explanation": "已核对详单并向客户说明",
    }
    type_ = "subscription.settle_dispute.v1"
    yield from _do(hall, _by_supervisor(hall, type_, line.customer, data), mistakes.takes_off_more)
    bill.disputed = False
    bill.outstanding_fen -= adjusted_fen


def answer_request(hall: "HallLife", customer: Customer, request: Data) -> Actor:
    """The privacy officer answers within days; by law there are fifteen."""
    world = hall.world
    yield hall.until_working(world.between(3 * HOUR, 96 * HOUR))
    outcome = world.pick(("granted",) * 8 + ("partly_granted", "refused"))
    data: Data = {
        "request_id": request["request_id"],
        "outcome": outcome,
        "explanation": "已按申请范围提供",
        "answer_document_id": world.new_id("doc"),
        "answer_digest": f"{int(world.random.random() * 16**12):064x}",
    }
    if outcome == "refused":
        data["refusal_reason"] = "others_rights"
    answering = Message(
        source="counter-app",
        type="customer.answer_data_request.v1",
        subject=customer.subject,
        actor=PRIVACY_OFFICER,
        channel="backoffice",
        data=data,
    )
    yield from _do(hall, answering, mistakes.gives_no_answer)


def listing(hall: "HallLife") -> Actor:
    """An authority lists somebody for dealing in telephone cards; it lasts for years."""
    world = hall.world
    customer = hall.take_anybody()
    if customer is not None:
        until_on = world.on(world.day + 700).isoformat()
        too_long_on = world.on(world.day + 4_000).isoformat()
        data: Data = {
            "listing_id": world.new_id("li"),
            "category": "card_dealer",
            "from_on": world.on(world.day).isoformat(),
            "until_on": until_on,
            "authority": "示例市公安局",
        }
        listing_ = Message(
            source="regulator",
            type="customer.list_restriction.v1",
            subject=customer.subject,
            actor="system:regulator",
            channel="system",
            data=data,
        )
        # CUS-31: for longer than the law allows.
        world.send(replace(listing_, data={**data, "until_on": too_long_on}))
        world.send(listing_)
        customer.is_listed = True
        hall.listed.append(customer)
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
