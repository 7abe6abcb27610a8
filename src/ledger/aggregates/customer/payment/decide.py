"""Which function has the rules of which interaction."""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.customer.payment import allocating, documenting, receiving, refunding
from ledger.aggregates.customer.payment.events import EntryCorrected
from ledger.aggregates.customer.payment.interactions import (
    CORRECTABLE,
    Allocate,
    AnyInteraction,
    Authorize,
    Begin,
    Cancel,
    CancelInvoice,
    CorrectEntry,
    DecideRefund,
    Fail,
    IssueInvoice,
    IssueReceipt,
    MarkRefundOverdue,
    PayRefund,
    Reallocate,
    Receive,
    RequestRefund,
    Reverse,
    SettleUnknown,
)
from ledger.aggregates.customer.payment.state import State, stream
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def decide(interaction: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match interaction:
        case Begin():
            return receiving.begin(interaction, context)
        case Authorize():
            return receiving.authorize(interaction, state)
        case Fail():
            return receiving.fail(interaction, state)
        case Cancel():
            return receiving.cancel(interaction)
        case SettleUnknown():
            return receiving.settle_unknown(interaction, state, context)
        case Receive():
            return receiving.receive(interaction, state, context)
        case Allocate():
            return allocating.allocate(interaction, state, context)
        case Reallocate():
            return allocating.reallocate(interaction, state, context)
        case IssueReceipt():
            return documenting.issue_receipt(interaction, state, context)
        case IssueInvoice():
            return documenting.issue_invoice(interaction, state, context)
        case CancelInvoice():
            return documenting.cancel_invoice(interaction, state, context)
        case Reverse():
            return refunding.reverse(interaction, state, context)
        case RequestRefund():
            return refunding.request_refund(interaction, state, context)
        case DecideRefund():
            return refunding.decide_refund(interaction, state, context)
        case PayRefund():
            return refunding.pay_refund(interaction, state, context)
        case MarkRefundOverdue():
            return refunding.mark_refund_overdue(interaction, state, context)
        case CorrectEntry():
            own = stream(context.envelope, interaction)
            return corrections.decide(interaction, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(interaction)
