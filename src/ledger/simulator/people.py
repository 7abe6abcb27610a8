"""Customers, and what they show and sign at a counter. All of them are invented.

Document numbers name a province that does not exist (99), telephone numbers begin with 100, which
no operator assigns, and addresses lie in a city of that name, 示例市.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from ledger.simulator.world import DAY, Data, World

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰春梅建国志红文思雨欣怡子轩浩然"
STREETS: Final = ("人民", "解放", "中山", "建设", "和平", "青年", "滨江", "文化", "东风", "长江")
VERIFIED_SECONDS: Final = DAY
PURPOSES: Final = ("marketing_sms", "marketing_call", "birthday_care", "survey", "face_match")
DOCUMENT_FAULTS: Final = ("expired", "expired", "expired", "unreadable", "altered", "forged")


@dataclass(slots=True)
class Payment:
    """The payment that a customer may come back for."""

    payment_id: str
    amount_fen: int
    method: str
    correlator_id: str
    day: int
    card_last4: str


@dataclass(slots=True)
class Customer:
    customer_id: str
    identity_digest: str
    verified_until: int = -1
    payment: Payment | None = None
    consents: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return f"customer/{self.customer_id}"


def new_customer(world: World) -> Customer:
    """Someone with a document of whose number only the keyed digest is known upstream."""
    digest = hashlib.sha256(f"{world.random.random()!r} {world.new_id('')}".encode()).hexdigest()
    return Customer(f"d{digest[:32]}", digest)


def registration(world: World, customer: Customer) -> Data:
    year = world.between(1945, 2008)
    birth_on = f"{year}-{world.between(1, 12):02d}-{world.between(1, 28):02d}"
    address = f"示例市{world.pick(STREETS)}路{world.between(1, 400)}号{world.between(101, 2804)}室"
    data: Data = {
        "party_kind": "person",
        "identity_basis": "document",
        "identity_digest": customer.identity_digest,
        "full_name": person_name(world),
        "document_kind": "resident_id" if world.chance(0.96) else "foreigner_residence_permit",
        "document_number": f"99{world.digits(4)}{birth_on.replace('-', '')}{world.digits(4)}",
        "birth_on": birth_on,
        "document_address": address,
        "contact_phone": phone(world),
        "legal_basis": "contract",
        "notice_version": "2026-1",
        "notice_given": True,
    }
    if world.chance(0.15):
        data["email"] = f"u{world.digits(6)}@mail.example"
    return data


def person_name(world: World) -> str:
    given = world.pick(GIVEN) + (world.pick(GIVEN) if world.chance(0.8) else "")
    return world.pick(SURNAMES) + given


def phone(world: World) -> str:
    return f"100{world.digits(8)}"


def verification(world: World, customer: Customer, purpose: str) -> tuple[Data, bool]:
    """What a clerk records of an identity verification, and whether it succeeds (97 in 100)."""
    data: Data = {
        "verification_id": world.new_id("iv"),
        "purpose": purpose,
        "document_kind": "resident_id",
        "document_digest": customer.identity_digest,
        "document_shown": True,
        "document_read_by": "chip_reader",
        "document_result": "genuine",
        "belongs_to_bearer": True,
        "information_refused": False,
        "face_result": "match",
        "face_score_permille": world.between(880, 998),
        "liveness_result": "passed",
        "face_consent_given": True,
        "copy_marked": True,
    }
    if world.chance(0.3):
        data["copy_document_id"] = world.new_id("doc")
    if world.chance(0.97):
        return data, True
    kind = world.random.random()
    if kind < 0.45:
        data |= {"face_result": "no_match", "face_score_permille": world.between(120, 620)}
    elif kind < 0.6:
        data["liveness_result"] = "failed"
    else:
        data["document_result"] = world.pick(DOCUMENT_FAULTS)
    return data, False


def changed_data(world: World) -> Data:
    """What a customer wants changed: mostly where to be reached."""
    kind = world.random.random()
    if kind < 0.6:
        return {"contact_phone": phone(world)}
    if kind < 0.85:
        place = f"示例市{world.pick(STREETS)}路{world.between(1, 400)}号"
        return {"postal_address": place}
    return {"full_name": person_name(world), "evidence_document_id": world.new_id("doc")}


def consent(world: World, purpose: str) -> Data:
    return {
        "purpose": purpose,
        "channels": ["in_store"] if purpose == "face_match" else ["sms", "call"],
        "proof": "counter_screen" if world.chance(0.8) else "signed_form",
        "text_version": "2026-1",
        "explicit": True,
        "separate": purpose == "face_match",
    }
