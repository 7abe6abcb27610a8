"""Money at the counter: what is recorded of a payment, a receipt, a reversal and a refund."""

from typing import Final

from ledger.simulator.people import Payment
from ledger.simulator.world import Data, World

METHODS: Final = ("wechat_pay",) * 9 + ("alipay",) * 5 + ("cash",) * 4 + ("bank_card",) * 2
USUAL_FEN: Final = (3_000, 5_000, 5_000, 10_000, 10_000, 10_000, 20_000, 30_000)
CHECKED_FROM_FEN: Final = 5_000


def payment(world: World, hall_id: str, shift_id: str) -> Data:
    """A prepayment of 30 to 300 yuan, now and then for two numbers at once."""
    method = world.pick(METHODS)
    amount_fen = world.pick(USUAL_FEN) if world.chance(0.7) else world.between(30, 300) * 100
    data: Data = {
        "payment_id": world.new_id("p"),
        "method": method,
        "amount_fen": amount_fen,
        "items": _items(world, amount_fen),
        "correlator_id": world.new_id("t"),
        "payer": "owner" if world.chance(0.93) else "third_party",
    }
    if method == "cash":
        data |= {
            "tendered_fen": -(-amount_fen // 10_000) * 10_000,
            "drawer_id": drawer(hall_id),
            "shift_id": shift_id,
            "counterfeit_checked": amount_fen >= CHECKED_FROM_FEN,
        }
        return data
    data["terminal_id"] = f"{hall_id}-pos{world.between(1, 4)}"
    if method == "bank_card":
        data |= {"card_last4": world.digits(4), "authorization_code": world.digits(6)}
    else:
        data["provider_reference"] = f"4200{world.digits(14)}"
    return data


def _items(world: World, amount_fen: int) -> list[Data]:
    parts = [amount_fen]
    if amount_fen >= 10_000 and world.chance(0.2):
        parts = [amount_fen // 2, amount_fen - amount_fen // 2]
    return [
        {"item_id": f"i{number}", "item_kind": "prepayment", "amount_fen": part}
        for number, part in enumerate(parts, 1)
    ]


def drawer(hall_id: str) -> str:
    return f"{hall_id}-drawer"


def remembered(paid: Data, day: int) -> Payment:
    amount_fen = paid["amount_fen"]
    assert isinstance(amount_fen, int)
    return Payment(
        payment_id=str(paid["payment_id"]),
        amount_fen=amount_fen,
        method=str(paid["method"]),
        correlator_id=str(paid["correlator_id"]),
        day=day,
        card_last4=str(paid.get("card_last4", "0000")),
    )


def receipt(world: World, paid: Payment) -> Data:
    return {
        "payment_id": paid.payment_id,
        "receipt_number": world.new_id("R"),
        "form": "paper" if world.chance(0.6) else "sms",
        "amount_fen": paid.amount_fen,
    }


def reversal(world: World, hall_id: str, paid: Payment, reason: str) -> Data:
    data: Data = {
        "payment_id": paid.payment_id,
        "reversal_id": world.new_id("rv"),
        "amount_fen": paid.amount_fen,
        "reason": reason,
        "receipt_taken_back": True,
        "note": "金额录入有误，客户要求冲正" if reason == "wrong_amount" else "重复缴费",
    }
    if paid.method == "cash":
        data["drawer_id"] = drawer(hall_id)
    return data


def refund_request(world: World, paid: Payment, requester: str) -> Data:
    part = world.pick((1.0, 1.0, 0.5))
    return {
        "payment_id": paid.payment_id,
        "refund_id": world.new_id("rf"),
        "amount_fen": max(100, int(paid.amount_fen * part)),
        "reason": "line_ended" if requester == "system" else "overpaid",
        "requester": requester,
    }


def refund_payment(world: World, hall_id: str, paid: Payment, refund_id: str) -> Data:
    """Back the way the money came; a bank or wallet refuses a few."""
    data: Data = {"payment_id": paid.payment_id, "refund_id": refund_id, "method": paid.method}
    if paid.method == "cash":
        return {**data, "drawer_id": drawer(hall_id), "result": "done"}
    if paid.method == "bank_card":
        data["card_last4"] = paid.card_last4
    if world.chance(0.04):
        return {**data, "result": "failed", "failure": "account_closed"}
    return {**data, "provider_reference": f"5300{world.digits(14)}", "result": "done"}
