"""Payments at a counter: taken, perhaps in two steps, given a receipt for, undone now and then."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from ledger.simulator import back_office, mistakes, money
from ledger.simulator.mistakes import Mistake
from ledger.simulator.people import Payment
from ledger.simulator.world import HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.service import Service

IN_TWO_STEPS: Final = 0.2
"""How many payments by card or wallet are begun and authorised before the money is there."""


def take(service: "Service", items: list[Data]) -> Generator[int, None, bool]:
    """Takes money, gives a receipt, and sometimes has to undo it. Whether it stays paid."""
    desk, world, customer = service.desk, service.world, service.customer
    assert customer is not None
    # From now on nobody else pays these bills.
    money.settle(customer, items)
    data = yield from _asked(service, money.payment(desk, items))
    if data is None:
        money.settle(customer, items, paid=False)
        return False
    message = service.about("payment.receive.v1", data)
    is_new = data["payment_id"] != service.begun
    typical = _mistakes(service, items) if is_new else (mistakes.another_method,)
    sent = yield from desk.act(message, *typical)
    paid = money.remembered(desk, data)
    service.paid = paid.payment_id
    money.note_in(desk.hall, paid.drawer, paid.method, paid.amount_fen)
    yield from _receipt(service, paid)
    yield from _corrected(service, data, sent)
    if items[0]["item_kind"] != "prepayment":
        # What a bill or an order was paid with is not asked back.
        return True
    if world.chance(0.08):
        yield from _invoice(service, paid)
        return True
    return (yield from _undone(service, paid))


def _asked(service: "Service", data: Data) -> Generator[int, None, Data | None]:
    """The payment that is received in the end: some come in two steps, some of those in cash."""
    world, desk = service.world, service.desk
    if data["method"] == "cash" or not world.chance(IN_TWO_STEPS):
        return data
    how = yield from _begin(service, data)
    if how == "authorized":
        return data
    if how == "unknown" or desk.drawer is None:
        return None
    again = {"payment_id": world.new_id("p"), "correlator_id": world.new_id("t")}
    return money.with_cash(desk, {**data, **again})


def _undone(service: "Service", paid: Payment) -> Generator[int, None, bool]:
    world, desk, customer = service.world, service.desk, service.customer
    assert customer is not None
    customer.payment = paid
    undone = world.random.random()
    if undone < 0.008:
        yield world.between(60, 200)
        yield from reverse(service, paid, "wrong_amount")
        customer.payment = None
        return False
    if undone < 0.012:
        world.start(back_office.reversal_later(desk.hall, customer, paid))
        customer.payment = None
    return True


PURPOSE: Final = {
    "prepayment": mistakes.for_a_bill,
    "bill": mistakes.for_another_bill,
    "device": mistakes.for_no_order,
    "order_fee": mistakes.for_no_order,
    "exit_fee": mistakes.for_a_bill,
}
"""How what a payment is for is named wrong."""


def _mistakes(service: "Service", items: list[Data]) -> tuple[Mistake, ...]:
    of_purpose = PURPOSE[str(items[0]["item_kind"])]
    usual = mistakes.does_not_add_up, of_purpose, mistakes.incomplete
    paid = service.customer.payment if service.customer else None
    if paid is None:
        return usual
    return (*usual, mistakes.under_an_old_correlator(paid.correlator_id))


# In two steps


def _begin(service: "Service", data: Data) -> Generator[int, None, str]:
    """What comes of it: ready to be received, failed, or unknown for now."""
    world = service.world
    beginning = service.about("payment.begin.v1", money.begun(data))
    yield from service.desk.act(beginning, mistakes.does_not_add_up)
    yield world.between(4, 20)
    names = {name: data[name] for name in ("payment_id", "correlator_id")}
    how = world.random.random()
    if how < 0.05:
        failing = {**names, "reason": world.pick(money.FAILURES)}
        world.send(_by_gateway(service, "payment.fail.v1", failing))
        yield world.between(10, 40)
        return "failed"
    if how < 0.08:
        cancelling: Data = {"payment_id": data["payment_id"], "reason": "wrong_method"}
        world.send(service.about("payment.cancel.v1", cancelling))
        yield world.between(10, 40)
        return "failed"
    if how < 0.1:
        yield world.between(60, 180)
        if world.chance(0.4):
            # PAY-10: the clerk is sure that the money has come.
            believed = {**names, "outcome": "captured", "provider_reference": "seen"}
            world.send(service.about("payment.settle_unknown.v1", believed))
        world.start(_settle(service, data, names))
        return "unknown"
    if world.chance(0.02):
        # PAY-05: the answer to another terminal's question.
        another = {**names, "correlator_id": world.new_id("t"), "authorization_code": "000000"}
        world.send(_by_gateway(service, "payment.authorize.v1", another))
    code = {**names, "authorization_code": world.digits(6)}
    world.send(_by_gateway(service, "payment.authorize.v1", code))
    yield world.between(2, 8)
    service.begun = str(data["payment_id"])
    return "authorized"


def _settle(service: "Service", data: Data, names: Data) -> Actor:
    """The provider says, some time later that day, what became of a payment."""
    world, hall = service.world, service.desk.hall
    yield min(world.between(1_200, 2 * HOUR), max(60, 18 * HOUR - world.second_of_day))
    captured = world.chance(0.6) and "bill_id" not in cast(list[Data], data["items"])[0]
    answer = {
        **names,
        "outcome": "captured" if captured else "not_captured",
        "provider_reference": f"4200{world.digits(14)}",
    }
    world.send(_by_gateway(service, "payment.settle_unknown.v1", answer))
    if captured:
        money.note_in(hall, None, str(data["method"]), cast(int, data["amount_fen"]))


def _by_gateway(service: "Service", type_: str, data: Data) -> Message:
    assert service.customer is not None
    return Message(
        source="payment-gateway",
        type=type_,
        subject=service.customer.subject,
        actor="system:payment_gateway",
        channel="system",
        data=data,
    )


# On paper


def _receipt(service: "Service", paid: Payment) -> Actor:
    """Most clerks print it; the ledger issues the others itself ten minutes later."""
    world = service.world
    yield world.between(10, 50)
    if not world.chance(0.85):
        return
    data = money.receipt(world, paid)
    message = service.about("payment.issue_receipt.v1", data)
    yield from service.desk.act(message, mistakes.receipt_of_another_amount)
    if world.chance(0.02):
        # PAY-14: printed again as if it were a new one.
        yield world.between(20, 60)
        world.send(replace(message, data=money.receipt(world, paid)))


def _invoice(service: "Service", paid: Payment) -> Actor:
    """On request; a few are made out to the wrong name, and made out again."""
    world = service.world
    yield world.between(30, 120)
    data = money.invoice(world, paid)
    message = service.about("payment.issue_invoice.v1", data)
    yield from service.desk.act(message, mistakes.for_too_much)
    if not world.chance(0.06):
        return
    yield world.between(60, 180)
    cancelling: Data = {
        "payment_id": paid.payment_id,
        "invoice_number": data["invoice_number"],
        "credit_note_number": world.digits(20),
        "reason": "wrong_title",
    }
    world.send(service.about("payment.cancel_invoice.v1", cancelling))
    yield world.between(30, 90)
    again = service.about("payment.issue_invoice.v1", money.invoice(world, paid))
    world.send(again)


def _corrected(service: "Service", data: Data, sent: str) -> Actor:
    """A terminal that was typed wrong is corrected, a minute later or the like."""
    world = service.world
    if "terminal_id" not in data or service.begun == data["payment_id"] or not world.chance(0.006):
        return
    yield world.between(30, 180)
    correction: Data = {
        "payment_id": data["payment_id"],
        "wrong_entry_id": f"counter-app:{sent}:1",
        "field": "terminal_id",
        "should_be": f"{service.desk.hall.hall_id}-pos{world.between(1, 4)}",
        "error_kind": "typing",
        "found_by": "self_check",
        "note": "终端号录入有误",
    }
    message = service.about("payment.correct_entry.v1", correction)
    yield from service.desk.act(message, mistakes.corrects_an_amount)


# Undone


def reverse(service: "Service", paid: Payment, reason: str) -> Actor:
    """By the clerk where certified, else by the supervisor; another person approves."""
    desk, hall, world = service.desk, service.desk.hall, service.world
    message = service.about("payment.reverse.v1", money.reversal(world, paid, reason))
    if desk.may_refund:
        message = replace(message, approver=hall.supervisor)
    else:
        if world.chance(0.3):
            # ENV-05: without the certification for refunds.
            world.send(replace(message, approver=hall.supervisor))
            yield world.between(60, 180)
        message = replace(message, actor=hall.supervisor, approver=hall.manager)
    if world.chance(0.2):
        world.send(mistakes.approved_by_oneself(message))
        yield world.between(30, 120)
    elif world.chance(0.05):
        world.send(mistakes.in_part(message))
        yield world.between(20, 60)
    world.send(message)
    if paid.day == world.day:
        money.note_out(hall, paid.drawer, paid.method, paid.amount_fen)
