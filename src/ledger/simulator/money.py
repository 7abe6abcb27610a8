"""Money at the counter: what is recorded of a payment, a receipt, a reversal and a refund."""

from typing import TYPE_CHECKING, Final, cast

from ledger.simulator.people import Customer, Payment, person_name
from ledger.simulator.world import Data, World

if TYPE_CHECKING:
    from ledger.simulator.desk import Desk
    from ledger.simulator.drawer import Drawer
    from ledger.simulator.hall import HallLife

METHODS: Final = ("wechat_pay",) * 9 + ("alipay",) * 5 + ("cash",) * 4 + ("bank_card",) * 2
USUAL_FEN: Final = (3_000, 5_000, 5_000, 10_000, 10_000, 10_000, 20_000, 30_000)
CHECKED_FROM_FEN: Final = 5_000
FAILURES: Final = ("insufficient_funds", "wrong_pin", "limit_exceeded", "declined_by_bank")


# What money is for


def prepayment(world: World) -> list[Data]:
    """A prepayment of 30 to 300 yuan, now and then for two numbers at once."""
    amount_fen = world.pick(USUAL_FEN) if world.chance(0.7) else world.between(30, 300) * 100
    parts = [amount_fen]
    if amount_fen >= 10_000 and world.chance(0.2):
        parts = [amount_fen // 2, amount_fen - amount_fen // 2]
    return [
        {"item_id": f"i{number}", "item_kind": "prepayment", "amount_fen": part}
        for number, part in enumerate(parts, 1)
    ]


def bills(customer: Customer) -> list[Data]:
    """All that the customer owes, bill by bill, without what is disputed."""
    owed = [
        (line, bill)
        for line in customer.lines
        for bill in line.bills
        if bill.outstanding_fen and not bill.disputed
    ]
    return [
        {
            "item_id": f"i{number}",
            "item_kind": "bill",
            "subscription_id": line.line_id,
            "bill_id": bill.bill_id,
            "amount_fen": bill.outstanding_fen,
        }
        for number, (line, bill) in enumerate(owed, 1)
    ]


def settle(customer: Customer, items: list[Data], *, paid: bool = True) -> None:
    """The bills that these items are for are paid, or after all not."""
    amounts_fen = {item.get("bill_id"): cast(int, item["amount_fen"]) for item in items}
    for line in customer.lines:
        for bill in line.bills:
            if bill.bill_id in amounts_fen:
                bill.outstanding_fen = 0 if paid else amounts_fen[bill.bill_id]


# How it comes


def payment(desk: "Desk", items: list[Data]) -> Data:
    world = desk.world
    method = world.pick(METHODS)
    if method == "cash" and desk.drawer is None:
        method = "wechat_pay"
    amount_fen = sum(cast(int, item["amount_fen"]) for item in items)
    data: Data = {
        "payment_id": world.new_id("p"),
        "method": method,
        "amount_fen": amount_fen,
        "items": items,
        "correlator_id": world.new_id("t"),
        "payer": "owner" if world.chance(0.93) else "third_party",
    }
    if method == "cash":
        return with_cash(desk, data)
    data["terminal_id"] = f"{desk.hall.hall_id}-pos{world.between(1, 4)}"
    if method == "bank_card":
        data |= {"card_last4": world.digits(4), "authorization_code": world.digits(6)}
    else:
        data["provider_reference"] = f"4200{world.digits(14)}"
    return data


def with_cash(desk: "Desk", data: Data) -> Data:
    """The same in cash, where a card or wallet has failed too, as a payment of its own."""
    assert desk.drawer is not None
    amount_fen = cast(int, data["amount_fen"])
    names = ("payment_id", "items", "amount_fen", "correlator_id", "payer")
    return {
        **{name: data[name] for name in names},
        "method": "cash",
        "tendered_fen": -(-amount_fen // 10_000) * 10_000,
        "drawer_id": desk.drawer.drawer_id,
        "shift_id": desk.shift_id,
        "counterfeit_checked": amount_fen >= CHECKED_FROM_FEN,
    }


def begun(data: Data) -> Data:
    """A card or wallet asked for the money."""
    names = (
        *("payment_id", "method", "amount_fen", "items"),
        *("correlator_id", "terminal_id", "payer"),
    )
    return {name: data[name] for name in names}


def remembered(desk: "Desk", paid: Data) -> Payment:
    return Payment(
        payment_id=str(paid["payment_id"]),
        amount_fen=cast(int, paid["amount_fen"]),
        method=str(paid["method"]),
        correlator_id=str(paid["correlator_id"]),
        day=desk.world.day,
        card_last4=str(paid.get("card_last4", "0000")),
        drawer=desk.drawer if paid["method"] == "cash" else None,
    )


def note_in(hall: "HallLife", drawer: "Drawer | None", method: str, amount_fen: int) -> None:
    """The hall's people count what came in, as the ledger does."""
    if drawer is not None:
        drawer.take(amount_fen)
    hall.book.note_payment(method, "in", amount_fen)


def note_out(hall: "HallLife", drawer: "Drawer | None", method: str, amount_fen: int) -> None:
    if drawer is not None:
        drawer.pay(amount_fen)
    hall.book.note_payment(method, "out", amount_fen)


# What follows


def receipt(world: World, paid: Payment) -> Data:
    return {
        "payment_id": paid.payment_id,
        "receipt_number": world.new_id("R"),
        "form": "paper" if world.chance(0.6) else "sms",
        "amount_fen": paid.amount_fen,
    }


def reversal(world: World, paid: Payment, reason: str) -> Data:
    data: Data = {
        "payment_id": paid.payment_id,
        "reversal_id": world.new_id("rv"),
        "amount_fen": paid.amount_fen,
        "reason": reason,
        "receipt_taken_back": True,
        "note": "金额录入有误，客户要求冲正" if reason == "wrong_amount" else "重复缴费",
    }
    if paid.drawer is not None:
        data["drawer_id"] = paid.drawer.drawer_id
    return data


def refund_request(world: World, paid: Payment, requester: str) -> Data:
    part = world.pick((1.0, 1.0, 0.5))
    return {
        "payment_id": paid.payment_id,
        "refund_id": world.new_id("rf"),
        "amount_fen": max(100, int(paid.amount_fen * part) // 10 * 10),
        "reason": "line_ended" if requester == "system" else "overpaid",
        "requester": requester,
    }


def refund_payment(world: World, drawer: "Drawer | None", paid: Payment, refund_id: str) -> Data:
    """Back the way the money came; a bank or wallet refuses a few."""
    data: Data = {"payment_id": paid.payment_id, "refund_id": refund_id, "method": paid.method}
    if paid.method == "cash":
        assert drawer is not None
        return {**data, "drawer_id": drawer.drawer_id, "result": "done"}
    if paid.method == "bank_card":
        data["card_last4"] = paid.card_last4
    if world.chance(0.04):
        return {**data, "result": "failed", "failure": "account_closed"}
    return {**data, "provider_reference": f"5300{world.digits(14)}", "result": "done"}


def invoice(world: World, paid: Payment) -> Data:
    return {
        "payment_id": paid.payment_id,
        "invoice_number": world.digits(20),
        "invoice_kind": "electronic_ordinary",
        "title": person_name(world),
        "amount_fen": paid.amount_fen,
        "content_digest": f"{int(world.random.random() * 16**12):064x}",
    }
