"""Interactions of one customer as the tests need them: valid, each field to be overridden."""

from datetime import timedelta
from typing import Any

from ledger.aggregates.customer import customer, payment
from ledger.values import Sealed
from tests.aggregates.case import NOW, Case

DIGEST = "ab12" * 16
CONTACT_DIGEST = "cd34" * 16
CUSTOMER_ID = "d" + DIGEST[:32]
SUBJECT = f"customer/{CUSTOMER_ID}"
BY_CONTACT = f"customer/p{CONTACT_DIGEST[:32]}"
SEALED = Sealed("k1.AAAA")
AT_COUNTER = {"hall": "renmin", "counter": "k1", "visit": "v1", "channel": "store"}


def register(**changed: Any) -> customer.Register:
    valid: dict[str, Any] = {
        "party_kind": "person",
        "identity_basis": "document",
        "identity_digest": DIGEST,
        "full_name": SEALED,
        "document_kind": "resident_id",
        "document_number": SEALED,
        "contact_phone": SEALED,
        "legal_basis": "contract",
        "notice_version": "n1",
        "notice_given": True,
    }
    return customer.Register(**(valid | changed))


def registered(minor: str = "no", **changed: Any) -> customer.Registered:
    return customer.Registered.of(register(**changed), customer_id=CUSTOMER_ID, minor=minor)


def verify(**changed: Any) -> customer.VerifyIdentity:
    valid: dict[str, Any] = {
        "verification_id": "ver1",
        "purpose": "change",
        "document_kind": "resident_id",
        "document_digest": DIGEST,
        "document_shown": True,
        "document_read_by": "chip_reader",
        "document_result": "genuine",
        "belongs_to_bearer": True,
        "information_refused": False,
        "face_result": "match",
        "liveness_result": "passed",
        "face_consent_given": True,
        "copy_marked": False,
    }
    return customer.VerifyIdentity(**(valid | changed))


def verified(hours: int = 24, **changed: Any) -> customer.IdentityVerified:
    return customer.IdentityVerified.of(
        verify(**changed), valid_until_at=NOW + timedelta(hours=hours), active_numbers=0
    )


def consent(**changed: Any) -> customer.GiveConsent:
    valid: dict[str, Any] = {
        "purpose": "marketing_call",
        "channels": ("call",),
        "proof": "signed_form",
        "text_version": "t1",
        "explicit": True,
        "separate": False,
    }
    return customer.GiveConsent(**(valid | changed))


def item(amount_fen: int = 4_900, item_kind: Any = "prepayment", item_id: str = "i1") -> Any:
    return payment.PaymentItem(item_id=item_id, item_kind=item_kind, amount_fen=amount_fen)


def receive(amount_fen: int = 4_900, **changed: Any) -> payment.Receive:
    """A payment in cash, below the amount from which notes are checked."""
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "method": "cash",
        "amount_fen": amount_fen,
        "items": (item(amount_fen),),
        "correlator_id": "cor1",
        "tendered_fen": amount_fen,
        "drawer_id": "d1",
        "shift_id": "s1",
        "payer": "owner",
    }
    return payment.Receive(**(valid | changed))


def receive_by_card(amount_fen: int = 4_900, **changed: Any) -> payment.Receive:
    by_card: dict[str, Any] = {
        "method": "bank_card",
        "tendered_fen": None,
        "drawer_id": None,
        "shift_id": None,
        "card_last4": "4321",
        "terminal_id": "t1",
        "provider_reference": "ref1",
    }
    return receive(amount_fen, **(by_card | changed))


def received(paid: payment.Receive | None = None) -> payment.Received:
    return payment.Received.of(paid or receive(), change_fen=0, receipt_due=True)


def allocate(*amounts_fen: int, item_kind: Any = "prepayment") -> payment.Allocate:
    return payment.Allocate(
        payment_id="p1",
        allocations=tuple(
            payment.Allocation(allocation_id=f"a{n}", item_kind=item_kind, amount_fen=amount_fen)
            for n, amount_fen in enumerate(amounts_fen)
        ),
    )


def issue_receipt(amount_fen: int = 4_900, **changed: Any) -> payment.IssueReceipt:
    valid: dict[str, Any] = {"payment_id": "p1", "receipt_number": "r1", "form": "paper"}
    return payment.IssueReceipt(amount_fen=amount_fen, **(valid | changed))


def reverse(amount_fen: int = 4_900, **changed: Any) -> payment.Reverse:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "reversal_id": "rev1",
        "reason": "wrong_amount",
        "drawer_id": "d1",
        "receipt_taken_back": True,
        "note": SEALED,
    }
    return payment.Reverse(amount_fen=amount_fen, **(valid | changed))


def request_refund(amount_fen: int = 4_900, **changed: Any) -> payment.RequestRefund:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "refund_id": "ref1",
        "reason": "overpaid",
        "requester": "owner",
    }
    return payment.RequestRefund(amount_fen=amount_fen, **(valid | changed))


def refund_requested(amount_fen: int = 4_900, **changed: Any) -> payment.RefundRequested:
    return payment.RefundRequested.of(request_refund(amount_fen, **changed))


def decide_refund(decision: Any = "approved", refund_id: str = "ref1") -> payment.DecideRefund:
    return payment.DecideRefund(payment_id="p1", refund_id=refund_id, decision=decision)


def refund_approved(refund_fen: int = 4_900) -> payment.RefundApproved:
    return payment.RefundApproved.of(
        decide_refund(), refund_fen=refund_fen, pay_by_at=NOW + timedelta(days=7)
    )


def pay_refund(**changed: Any) -> payment.PayRefund:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "refund_id": "ref1",
        "method": "cash",
        "drawer_id": "d1",
        "result": "done",
    }
    return payment.PayRefund(**(valid | changed))


def known(**parameters: Any) -> Case:
    """A case of a customer who is registered."""
    return Case(SUBJECT, **parameters).given(registered())


def paid(receive_: payment.Receive | None = None, **parameters: Any) -> Case:
    """A case of a customer from whom c-wang has just received payment p1."""
    return known(**parameters).given(received(receive_), actor="c-wang")
