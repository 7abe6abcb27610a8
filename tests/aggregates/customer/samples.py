"""Interactions of one customer as the tests need them: valid, each field to be overridden."""

from datetime import date, timedelta
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


AGENT_DIGEST = "0b1c" * 16


def verify_agent(**changed: Any) -> customer.VerifyAgent:
    """Somebody of the family who may pay and ask for data until the end of the year."""
    valid: dict[str, Any] = {
        "agent_id": "agent1",
        "agent_name": SEALED,
        "agent_document_kind": "resident_id",
        "agent_document_number": SEALED,
        "agent_identity_digest": AGENT_DIGEST,
        "relation": "family",
        "principal_document_shown": True,
        "agent_document_shown": True,
        "agent_document_result": "genuine",
        "agent_face_result": "match",
        "face_consent_given": True,
        "authorisation_document_id": "doc1",
        "scope": ("payment", "data_request"),
        "authorisation_until_on": date(2026, 12, 31),
    }
    return customer.VerifyAgent(**(valid | changed))


def agent_verified(hours: int = 24, **changed: Any) -> customer.AgentVerified:
    valid_until_at = NOW + timedelta(hours=hours)
    return customer.AgentVerified.of(verify_agent(**changed), valid_until_at=valid_until_at)


def request_data(**changed: Any) -> customer.RequestData:
    valid: dict[str, Any] = {
        "request_id": "q1",
        "kind": "access",
        "scope": ("bills", "payments"),
        "requester": "self",
        "verification_id": "ver1",
    }
    return customer.RequestData(**(valid | changed))


def data_requested(**changed: Any) -> customer.DataRequested:
    return customer.DataRequested.of(request_data(**changed), due_at=NOW + timedelta(days=15))


def answer(outcome: Any = "granted", **changed: Any) -> customer.AnswerDataRequest:
    valid: dict[str, Any] = {
        "request_id": "q1",
        "explanation": SEALED,
        "answer_document_id": "doc1",
        "answer_digest": DIGEST,
    }
    return customer.AnswerDataRequest(outcome=outcome, **(valid | changed))


def restrict(reason: Any = "customer_asked") -> customer.RestrictProcessing:
    return customer.RestrictProcessing(reason=reason)


def restricted(reason: Any = "customer_asked") -> customer.ProcessingRestricted:
    return customer.ProcessingRestricted.of(restrict(reason))


def link(other_customer_id: str = "d2", **changed: Any) -> customer.Link:
    valid: dict[str, Any] = {"relation": "duplicate_record", "evidence_document_id": "doc1"}
    return customer.Link(other_customer_id=other_customer_id, **(valid | changed))


def listing(listing_id: str = "l1", **changed: Any) -> customer.ListRestriction:
    valid: dict[str, Any] = {
        "category": "card_dealer",
        "from_on": date(2026, 11, 1),
        "until_on": date(2028, 11, 1),
        "authority": "a police bureau",
    }
    return customer.ListRestriction(listing_id=listing_id, **(valid | changed))


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


def item(
    amount_fen: int = 4_900, item_kind: Any = "prepayment", item_id: str = "i1", **named: Any
) -> payment.PaymentItem:
    return payment.PaymentItem(item_id=item_id, item_kind=item_kind, amount_fen=amount_fen, **named)


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


def begin(amount_fen: int = 4_900, **changed: Any) -> payment.Begin:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "method": "bank_card",
        "amount_fen": amount_fen,
        "items": (item(amount_fen),),
        "correlator_id": "cor1",
        "terminal_id": "t1",
        "payer": "owner",
    }
    return payment.Begin(**(valid | changed))


def begun(amount_fen: int = 4_900, **changed: Any) -> payment.Begun:
    return payment.Begun.of(begin(amount_fen, **changed))


def authorize(**changed: Any) -> payment.Authorize:
    valid = {"payment_id": "p1", "correlator_id": "cor1", "authorization_code": "a1"}
    return payment.Authorize(**(valid | changed))


def fail(**changed: Any) -> payment.Fail:
    valid: dict[str, Any] = {"payment_id": "p1", "correlator_id": "cor1", "reason": "wrong_pin"}
    return payment.Fail(**(valid | changed))


def settle_unknown(outcome: Any = "captured", **changed: Any) -> payment.SettleUnknown:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "correlator_id": "cor1",
        "provider_reference": "ref1",
    }
    return payment.SettleUnknown(outcome=outcome, **(valid | changed))


def allocate(*amounts_fen: int, item_kind: Any = "prepayment", first: int = 0) -> payment.Allocate:
    """Allocations a0, a1 and so on, or from another number on."""
    return payment.Allocate(
        payment_id="p1",
        allocations=tuple(
            payment.Allocation(allocation_id=f"a{n}", item_kind=item_kind, amount_fen=amount_fen)
            for n, amount_fen in enumerate(amounts_fen, first)
        ),
    )


def allocation(
    amount_fen: int = 4_900, item_kind: Any = "prepayment", allocation_id: str = "a0", **named: Any
) -> payment.Allocation:
    return payment.Allocation(
        allocation_id=allocation_id, item_kind=item_kind, amount_fen=amount_fen, **named
    )


def reallocate(to: payment.Allocation, from_allocation_id: str = "a0") -> payment.Reallocate:
    return payment.Reallocate(
        payment_id="p1", from_allocation_id=from_allocation_id, to=to, note=SEALED
    )


def issue_invoice(amount_fen: int = 4_900, **changed: Any) -> payment.IssueInvoice:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "invoice_number": "inv1",
        "invoice_kind": "electronic_ordinary",
        "title": SEALED,
        "content_digest": DIGEST,
    }
    return payment.IssueInvoice(amount_fen=amount_fen, **(valid | changed))


def cancel_invoice(invoice_number: str = "inv1", **changed: Any) -> payment.CancelInvoice:
    valid: dict[str, Any] = {
        "payment_id": "p1",
        "credit_note_number": "note1",
        "reason": "wrong_title",
    }
    return payment.CancelInvoice(invoice_number=invoice_number, **(valid | changed))


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
