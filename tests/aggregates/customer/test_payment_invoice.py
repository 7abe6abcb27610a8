"""Invoices and their credit notes: rules PAY-16 and PAY-19."""

from ledger.aggregates.customer import payment
from tests.aggregates.case import Case
from tests.aggregates.customer.samples import (
    cancel_invoice,
    decide_refund,
    issue_invoice,
    paid,
    pay_refund,
    receive,
    received,
    refund_approved,
    refund_requested,
    reverse,
)

TWO_PEOPLE = {"actor": "c-li", "approver": "s-sun"}


def invoiced(amount_fen: int = 4_900) -> Case:
    return paid().given(payment.InvoiceIssued.of(issue_invoice(amount_fen)))


def test_invoices_in_force_are_at_most_what_was_received() -> None:
    case = paid()
    case.when(issue_invoice(4_901)).refused("PAY-16")
    case.given(case.when(issue_invoice(2_900)).recorded(payment.InvoiceIssued))
    case.when(issue_invoice(2_001, invoice_number="inv2")).refused("PAY-16")
    case.when(issue_invoice(2_000, invoice_number="inv2")).recorded(payment.InvoiceIssued)


def test_what_a_refund_may_take_is_not_invoiced() -> None:
    case = paid().given(refund_requested(1_000))
    case.when(issue_invoice(3_901)).refused("PAY-16")
    case.when(issue_invoice(3_900)).recorded(payment.InvoiceIssued)
    case.given(payment.RefundDenied.of(decide_refund("denied")))
    case.when(issue_invoice(4_900)).recorded(payment.InvoiceIssued)


def test_an_invoice_number_is_used_once_for_invoices_and_credit_notes() -> None:
    case = invoiced(1_000)
    case.given(received(receive(payment_id="p2", correlator_id="cor2")))
    case.when(issue_invoice(payment_id="p2")).refused("PAY-16", "used")
    case.when(cancel_invoice(credit_note_number="inv1")).refused("PAY-16", "used")
    case.given(case.when(cancel_invoice()).recorded(payment.InvoiceCancelled))
    case.when(issue_invoice(invoice_number="note1")).refused("PAY-16", "used")
    case.when(issue_invoice(invoice_number="inv1")).refused("PAY-16", "used")
    case.when(issue_invoice(invoice_number="inv2")).recorded(payment.InvoiceIssued)


def test_an_invoice_ends_by_its_credit_note_and_once() -> None:
    case = invoiced()
    case.when(cancel_invoice("inv2")).refused("PAY-16", "in force")
    case.given(case.when(cancel_invoice()).recorded(payment.InvoiceCancelled))
    again = cancel_invoice(credit_note_number="note2")
    case.when(again).refused("PAY-16", "in force")
    case.when(issue_invoice(invoice_number="inv2")).recorded(payment.InvoiceIssued)


def test_a_payment_with_an_invoice_in_force_is_not_reversed() -> None:
    case = invoiced(1)
    case.when(reverse(), **TWO_PEOPLE).refused("PAY-19", "invoice")
    case.given(payment.InvoiceCancelled.of(cancel_invoice()))
    case.when(reverse(), **TWO_PEOPLE).recorded(payment.Reversed)


def test_no_refund_leaves_an_invoice_for_more_than_the_operator_kept() -> None:
    case = paid().given(payment.InvoiceIssued.of(issue_invoice(3_901)))
    case.given(refund_requested(1_000), refund_approved(1_000))
    case.when(pay_refund()).refused("PAY-16", "left")
    failed = pay_refund(result="failed", failure="bank_refused")
    case.when(failed).recorded(payment.RefundFailed)
    smaller = issue_invoice(3_900, invoice_number="inv2")
    case.given(payment.InvoiceCancelled.of(cancel_invoice()), payment.InvoiceIssued.of(smaller))
    case.when(pay_refund()).recorded(payment.Refunded)


def test_paying_a_refund_is_refused_by_the_first_rule_it_breaks() -> None:
    case = invoiced().given(refund_requested(), refund_approved())
    case.when(pay_refund(drawer_id=None)).refused("PAY-08")
    case.when(pay_refund()).refused("PAY-16")


def test_a_reversal_is_refused_for_its_invoice_before_its_drawer() -> None:
    invoiced().when(reverse(drawer_id=None), **TWO_PEOPLE).refused("PAY-19")
