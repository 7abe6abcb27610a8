"""A small day's business as upstream systems would send it: valid, and always the same.

    for message in business(customers=20): ...

Every customer comes to the hall, is registered, pays, and rates the visit; some payments get a
receipt, are reversed or refunded, and some visits are left to lapse.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

HALL: Final = "hall/renmin"
MORNING: Final = datetime.fromisoformat("2026-11-03T08:30:00+08:00")
"""A Tuesday, when the sample's hall opens."""


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def customer(name: str) -> str:
    """The subject of the customer whose document has the digest of `name`."""
    return f"customer/d{digest(name)[:32]}"


def message(
    type_: str, subject: str, id_: str, time: datetime, data: dict[str, Any], **attributes: Any
) -> bytes:
    """One structured CloudEvent; an attribute set to None is left out."""
    members = {
        "specversion": "1.0",
        "id": id_,
        "source": "counter-app",
        "type": type_,
        "subject": subject,
        "time": time.isoformat(),
        "actor": "c-li",
        "hall": "renmin",
        "counter": "k1",
        "visit": "v1",
        "channel": "store",
        **attributes,
        "data": data,
    }
    given = {name: value for name, value in members.items() if value is not None}
    return json.dumps(given, ensure_ascii=False).encode()


def registration(name: str, time: datetime = MORNING, **changed: Any) -> bytes:
    """The customer `name` is registered by document; `id_` and attributes may be changed."""
    attributes = {key: changed.pop(key) for key in ("id_", "actor", "visit") if key in changed}
    data = {
        "party_kind": "person",
        "identity_basis": "document",
        "identity_digest": digest(name),
        "full_name": f"顾客 {name}",
        "document_kind": "resident_id",
        "document_number": "110101199003071234",
        "contact_phone": "13800138000",
        "legal_basis": "contract",
        "notice_version": "n1",
        "notice_given": True,
        **changed,
    }
    id_ = attributes.pop("id_", f"{name}-register")
    return message("customer.register.v1", customer(name), id_, time, data, **attributes)


def payment(
    name: str,
    payment_id: str = "p1",
    time: datetime = MORNING,
    *,
    amount_fen: int = 4_900,
    id_: str | None = None,
    **changed: Any,
) -> bytes:
    """A payment in cash by c-li's counter."""
    data = {
        "payment_id": payment_id,
        "method": "cash",
        "amount_fen": amount_fen,
        "items": [{"item_id": "i1", "item_kind": "prepayment", "amount_fen": amount_fen}],
        "correlator_id": f"cor-{payment_id}",
        "tendered_fen": amount_fen,
        "drawer_id": "d1",
        "shift_id": "s1",
        "payer": "owner",
        "counterfeit_checked": True,
        **changed,
    }
    identity = id_ or f"{name}-{payment_id}"
    return message("payment.receive.v1", customer(name), identity, time, data)


def on_payment(
    action: str, name: str, time: datetime, data: dict[str, Any], payment_id: str = "p1", **who: Any
) -> bytes:
    """A further interaction on a payment: issue_receipt, reverse, request_refund, ..."""
    return message(
        f"payment.{action}.v1",
        customer(name),
        who.pop("id_", f"{name}-{payment_id}-{action}"),
        time,
        {"payment_id": payment_id, **data},
        **who,
    )


def receipt(name: str, time: datetime, payment_id: str = "p1", amount_fen: int = 4_900) -> bytes:
    data = {"receipt_number": f"R-{payment_id}", "form": "paper", "amount_fen": amount_fen}
    return on_payment("issue_receipt", name, time, data, payment_id)


def reversal(name: str, time: datetime, note: str = "客户要求更正", **changed: Any) -> bytes:
    data = {
        "reversal_id": "rev1",
        "amount_fen": 4_900,
        "reason": "wrong_amount",
        "drawer_id": "d1",
        "receipt_taken_back": True,
        "note": note,
        **changed,
    }
    return on_payment("reverse", name, time, data, approver="s-sun")


def refund(name: str, time: datetime, refund_id: str = "ref1") -> list[bytes]:
    """A refund asked for by the owner and approved by the manager."""
    wish = {
        "refund_id": refund_id,
        "amount_fen": 4_900,
        "reason": "overpaid",
        "requester": "owner",
    }
    decision = {"refund_id": refund_id, "decision": "approved"}
    return [
        on_payment("request_refund", name, time, wish),
        on_payment("decide_refund", name, time, decision, approver="m-he"),
    ]


def paid_refund(name: str, time: datetime, refund_id: str = "ref1") -> bytes:
    data = {"refund_id": refund_id, "method": "cash", "drawer_id": "d1", "result": "done"}
    return on_payment("pay_refund", name, time, data)


def at_hall(
    action: str, visit: str, time: datetime, data: dict[str, Any] | None = None, **who: Any
) -> bytes:
    """A step of a visit: arrive, issue_ticket, call_ticket, start, ..."""
    attributes = {"visit": visit, "id_": f"{visit}-{action}", **who}
    return message(
        f"visit.{action}.v1", HALL, attributes.pop("id_"), time, data or {}, **attributes
    )


def arrival(visit: str, time: datetime) -> bytes:
    return at_hall("arrive", visit, time, {"arrival": "walk_in", "priority_lane": False})


def shift_opened(time: datetime = MORNING) -> bytes:
    data = {
        "shift_id": "s1",
        "counter_id": "k1",
        "duty": "counter",
        "planned_end_at": (time + timedelta(hours=9)).isoformat(),
    }
    return message("shift.open.v1", HALL, "s1-open", time, data, visit=None)


def rating(visit: str, time: datetime, comment: str = "服务很好", **changed: Any) -> bytes:
    pad = {"source": "rating-pad", "actor": "system:rating_pad", "counter": None}
    if "id_" in changed:
        pad["id_"] = changed.pop("id_")
    return at_hall("rate", visit, time, {"score": 5, "comment": comment, **changed}, **pad)


def served(visit: str, name: str, time: datetime) -> list[bytes]:
    """A visit from arrival to rating, over some six minutes."""

    def after(minutes: int) -> datetime:
        return time + timedelta(minutes=minutes)

    ticket = {"ticket_no": f"A{visit}", "service_area": "business_counter"}
    identified = {
        "customer_id": customer(name).removeprefix("customer/"),
        "role": "holder",
        "method": "identity_document",
    }
    closing = {"outcome": "all_done", "needs_met": ["payment"], "follow_up_asked": False}
    return [
        arrival(visit, time),
        at_hall("issue_ticket", visit, time, ticket),
        at_hall("call_ticket", visit, after(1)),
        at_hall("start", visit, after(2)),
        at_hall("ask_needs", visit, after(2), {"needs": ["payment"]}),
        at_hall("identify_customer", visit, after(3), identified),
        registration(name, after(4), visit=visit),
        payment(name, time=after(4)),
        *([receipt(name, after(5))] if len(visit) % 2 else []),
        at_hall("close", visit, after(5), closing),
        rating(visit, after(6)),
    ]


def business(customers: int, start: datetime = MORNING) -> Iterator[bytes]:
    """A shift with so many customers, one after the other; every seventh goes without a word."""
    yield shift_opened(start)
    for number in range(customers):
        time = start + timedelta(seconds=300 * number)
        name = f"n{number}"
        yield from served(f"v{number}", name, time)
        if number % 7 == 0:
            yield arrival(f"w{number}", time)
        if number % 5 == 1:
            yield reversal(name, time + timedelta(minutes=7))
        if number % 5 == 3:
            yield from refund(name, time + timedelta(minutes=7))
        if number % 10 == 3:
            yield paid_refund(name, time + timedelta(minutes=8))
