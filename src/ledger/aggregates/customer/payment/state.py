"""What decide reads of a payment, and how events change it."""

from datetime import date, datetime
from typing import Literal, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.payment.events import (
    Allocated,
    AnyEvent,
    EntryCorrected,
    PaymentSettled,
    ReceiptIssued,
    Received,
    RefundApproved,
    RefundDenied,
    Refunded,
    RefundFailed,
    RefundOverdue,
    RefundRequested,
    Reversed,
)
from ledger.aggregates.customer.payment.interactions import AnyInteraction
from ledger.entry import Envelope
from ledger.values import (
    business_day,
)

RefundStatus = Literal["pending_authorization", "authorized", "denied", "done", "failed"]


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    status: RefundStatus
    amount_fen: int
    reason: str
    requested_by: str
    pay_by_at: datetime | None = None
    is_overdue: bool = False


class State(model.State, frozen=True, kw_only=True):
    method: str = ""
    amount_fen: int = 0
    allocated_fen: int = 0
    received_by: str = ""
    received_on: date = date.min
    receipt_number: str | None = None
    refunds: dict[str, Refund] = msgspec.field(default_factory=dict[str, Refund])

    @property
    def refunded_fen(self) -> int:
        """What refunds take or may still take: requested, approved or done."""
        return sum(
            refund.amount_fen
            for refund in self.refunds.values()
            if refund.status in ("pending_authorization", "authorized", "done")
        )


def stream(envelope: Envelope, interaction: AnyInteraction) -> str:
    return f"payment/{interaction.payment_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Received():
            return State(
                status="captured",
                method=event.method,
                amount_fen=event.amount_fen,
                received_by=envelope.actor,
                received_on=business_day(envelope.time),
            )
        case Allocated():
            return replace(state, allocated_fen=state.amount_fen - event.unallocated_fen)
        case PaymentSettled():
            return replace(state, status="done")
        case ReceiptIssued():
            return replace(state, receipt_number=event.receipt_number)
        case Reversed():
            return replace(state, status="canceled")
        case RefundRequested():
            refund = Refund(
                status="pending_authorization",
                amount_fen=event.amount_fen,
                reason=event.reason,
                requested_by=envelope.actor,
            )
            return replace(state, refunds={**state.refunds, event.refund_id: refund})
        case RefundApproved():
            return _refund_now(
                state, event.refund_id, status="authorized", pay_by_at=event.pay_by_at
            )
        case RefundDenied():
            return _refund_now(state, event.refund_id, status="denied")
        case Refunded():
            return _refund_now(state, event.refund_id, status="done")
        case RefundFailed():
            return _refund_now(state, event.refund_id, status="failed")
        case RefundOverdue():
            return _refund_now(state, event.refund_id, is_overdue=True)
        case EntryCorrected():
            return state
        case _:
            assert_never(event)


def _refund_now(state: State, refund_id: str, **changed: RefundStatus | datetime | bool) -> State:
    refund = msgspec.structs.replace(state.refunds[refund_id], **changed)
    return msgspec.structs.replace(state, refunds={**state.refunds, refund_id: refund})
