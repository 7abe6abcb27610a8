"""Customers, and what they show and sign at a counter. All of them are invented.

Document numbers name a province that does not exist (99), telephone numbers begin with 100, which
no operator assigns, and addresses lie in a city of that name, 示例市.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from ledger.facts import Product
from ledger.simulator.world import DAY, Data, World

if TYPE_CHECKING:
    from ledger.simulator.drawer import Drawer

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
    drawer: "Drawer | None" = None


@dataclass(slots=True)
class Bill:
    bill_id: str
    amount_fen: int
    outstanding_fen: int
    due_on: date
    disputed: bool = False


@dataclass(slots=True)
class Line:
    """A line of a customer. `ordered` are the kinds of its orders that have not ended."""

    line_id: str
    customer: "Customer"
    product: Product
    status: Literal["pending", "active", "suspended", "ending", "ended"] = "pending"
    add_ons: set[str] = field(default_factory=set[str])
    ordered: set[str] = field(default_factory=set[str])
    bills: list[Bill] = field(default_factory=list[Bill])
    locked_from_on: date | None = None
    locked_until_on: date | None = None
    locked_fen: int = 0
    lock_id: str = ""

    @property
    def outstanding_fen(self) -> int:
        return sum(bill.outstanding_fen for bill in self.bills)

    def is_mobile_at_rest(self, status: str = "active") -> bool:
        """In that state, and nothing of it is being changed."""
        is_mobile = self.product.family == "mobile"
        return is_mobile and self.status == status and not self.ordered


@dataclass(slots=True)
class Customer:
    customer_id: str
    identity_digest: str
    verified_until: int = -1
    verification_id: str = ""
    payment: Payment | None = None
    consents: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list[Line])
    collects_cards: bool = False
    is_listed: bool = False

    @property
    def subject(self) -> str:
        return f"customer/{self.customer_id}"

    @property
    def numbers(self) -> int:
        """The mobile lines, ordered ones included."""
        return sum(
            line.product.family == "mobile" and line.status != "ended" for line in self.lines
        )

    def bill(self) -> tuple[Line, Bill] | None:
        """The oldest bill that is not paid and not disputed."""
        for line in self.lines:
            for bill in line.bills:
                if bill.outstanding_fen and not bill.disputed:
                    return line, bill
        return None

    def line_at_rest(self, status: str = "active") -> Line | None:
        """A mobile line of which nothing is being changed."""
        return next((line for line in self.lines if line.is_mobile_at_rest(status)), None)


def new_customer(world: World) -> Customer:
    """Someone with a document of whose number only the keyed digest is known upstream."""
    digest = hashlib.sha256(f"{world.random.random()!r} {world.new_id('')}".encode()).hexdigest()
    return Customer(f"d{digest[:32]}", digest, collects_cards=world.chance(0.03))


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


def agent(world: World, scope: str) -> Data:
    """Somebody who comes in the customer's place, with both documents and an authorisation."""
    digest = hashlib.sha256(f"agent {world.random.random()!r}".encode()).hexdigest()
    return {
        "agent_id": f"a{digest[:32]}",
        "agent_name": person_name(world),
        "agent_document_kind": "resident_id",
        "agent_document_number": f"99{world.digits(4)}19{world.digits(10)}",
        "agent_identity_digest": digest,
        "relation": world.pick(("family", "family", "family", "colleague")),
        "principal_document_shown": True,
        "agent_document_shown": True,
        "agent_document_result": "genuine" if world.chance(0.97) else "expired",
        "agent_face_result": "match",
        "face_consent_given": True,
        "authorisation_document_id": world.new_id("doc"),
        "scope": [scope],
        "authorisation_until_on": world.on(world.day + world.between(0, 30)).isoformat(),
    }


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
