"""What the customer gets on paper: receipt and invoice, and the invoice's credit note."""

from typing import TYPE_CHECKING

from ledger.aggregates.customer.payment import rules
from ledger.aggregates.customer.payment.events import (
    InvoiceCancelled,
    InvoiceIssued,
    PaymentSettled,
    ReceiptIssued,
)
from ledger.aggregates.customer.payment.interactions import (
    CancelInvoice,
    IssueInvoice,
    IssueReceipt,
)
from ledger.aggregates.customer.payment.state import State
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def issue_receipt(receipt: IssueReceipt, state: State, context: "Context[Register]") -> Decision:
    if state.receipt_number is not None:
        return rules.PAY_14(f"the payment has receipt {state.receipt_number}")
    if receipt.receipt_number in context.register.receipt_numbers:
        return rules.PAY_14("the receipt number is used by another payment")
    if receipt.amount_fen != state.amount_fen:
        return rules.PAY_15()
    issued = ReceiptIssued.of(receipt)
    if state.allocated_fen == state.amount_fen:
        return [issued, PaymentSettled(payment_id=receipt.payment_id)]
    return [issued]


def issue_invoice(invoice: IssueInvoice, state: State, context: "Context[Register]") -> Decision:
    if invoice.invoice_number in context.register.invoice_numbers:
        return rules.PAY_16("the invoice number is used")
    if state.invoiced_fen + invoice.amount_fen > state.amount_fen - state.refunded_fen:
        return rules.PAY_16("the invoices would be for more than was received and not refunded")
    return [InvoiceIssued.of(invoice)]


def cancel_invoice(note: CancelInvoice, state: State, context: "Context[Register]") -> Decision:
    if note.invoice_number not in state.invoices:
        return rules.PAY_16("no such invoice of this payment is in force")
    if note.credit_note_number in context.register.invoice_numbers:
        return rules.PAY_16("the credit note's number is used")
    return [InvoiceCancelled.of(note)]
