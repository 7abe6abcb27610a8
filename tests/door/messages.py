"""Messages for the door's tests, as an upstream system would send them."""

import json
from pathlib import Path
from typing import Any

from ledger import founding
from ledger.door.admit import Admitted, Door, Malformed
from ledger.reference import reference_of
from ledger.vault import Vault

CUSTOMER = "customer/d12"
HALL = "hall/renmin"

PAYMENT: dict[str, Any] = {
    "payment_id": "p1",
    "method": "cash",
    "amount_fen": 12_000,
    "items": [
        {"item_id": "i1", "item_kind": "prepayment", "amount_fen": 10_000},
        {
            "item_id": "i2",
            "item_kind": "deposit",
            "subscription_id": "s1",
            "amount_fen": 2_000,
        },
    ],
    "correlator_id": "c1",
    "tendered_fen": 20_000,
    "drawer_id": "dr1",
    "shift_id": "sh1",
    "payer": "owner",
    "counterfeit_checked": True,
}
REGISTRATION: dict[str, Any] = {
    "party_kind": "person",
    "identity_basis": "document",
    "identity_digest": "ab" * 32,
    "full_name": "张三",
    "document_kind": "resident_id",
    "document_number": "110101199003071234",
    "document_valid_until_on": "2036-03-07",
    "birth_on": "1990-03-07",
    "contact_phone": "13800138000",
    "legal_basis": "contract",
    "notice_version": "n1",
    "notice_given": True,
}
REVERSAL: dict[str, Any] = {
    "payment_id": "p1",
    "reversal_id": "r1",
    "amount_fen": 12_000,
    "reason": "wrong_amount",
    "receipt_taken_back": True,
    "note": "客户要求更正",
}
RATING: dict[str, Any] = {"score": 5, "comment": "服务很好"}


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def event(
    data: dict[str, Any] | None = None,
    type_: str = "payment.receive.v1",
    subject: str = CUSTOMER,
    **attributes: Any,
) -> dict[str, Any]:
    """A CloudEvent as a dict; an attribute set to None is left out."""
    members = {
        "specversion": "1.0",
        "id": "m1",
        "source": "counter-app",
        "type": type_,
        "subject": subject,
        "time": "2026-11-03T10:00:00+08:00",
        "actor": "c-li",
        "hall": "renmin",
        "counter": "k1",
        "visit": "v1",
        "channel": "store",
        **attributes,
        "data": PAYMENT if data is None else data,
    }
    return {name: value for name, value in members.items() if value is not None}


def raw(members: Any) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode()


def payment(**changes: Any) -> bytes:
    return raw(event({**PAYMENT, **changes}))


def registration(subject: str = CUSTOMER, **changes: Any) -> bytes:
    return raw(event({**REGISTRATION, **changes}, "customer.register.v1", subject))


def rating(**attributes: Any) -> bytes:
    sender = {"source": "rating-pad", "actor": "system:rating_pad", "counter": None}
    return raw(event(RATING, "visit.rate.v1", HALL, **{**sender, **attributes}))


def open_vault(folder: Path) -> Vault:
    path, key_path = folder / "vault.sqlite", folder / "vault.key"
    Vault.create(path, key_path)
    return Vault(path, key_path)


def open_door(vault: Vault) -> Door:
    known = reference_of(founding.sample())
    return Door(lambda _owner: known, vault)


def admitted(answer: Admitted | Malformed) -> Admitted:
    assert isinstance(answer, Admitted), answer
    return answer


def refused(answer: Admitted | Malformed) -> Malformed:
    assert isinstance(answer, Malformed), answer
    return answer
