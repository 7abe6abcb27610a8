"""What decide reads of a payment, and how events change it."""

from datetime import date, datetime
from typing import Literal, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.payment.events import (
    Allocated,
    AnyEvent,
    Authorized,
    Begun,
    Canceled,
    Denied,
    EntryCorrected,
    Failed,
    InvoiceCancelled,
    InvoiceIssued,
    PaymentSettled,
    Reallocated,
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
from ledger.aggregates.customer.payment.interactions import (
    Allocation,
    AnyInteraction,
    Method,
    PaymentItem,
)
from ledger.entry import Envelope
from ledger.values import business_day

RefundStatus = Literal["pending_authorization", "authorized", "denied", "done", "failed"]


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    status: RefundStatus
    amount_fen: int
    reason: str
    requested_by: str
    pay_by_at: datetime | None = None
    is_overdue: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a payment was begun; what is received later is the same."""

    correlator_id: str
    terminal_id: str
    payer: Literal["owner", "third_party"]
    begun_by: str
    hall_id: str | None = None
    authorization_code: str | None = None


class State(model.State, frozen=True, kw_only=True):
    """`items` is what the money is for, `allocations` where it has gone, each by its id.

    `invoices` are those in force, with their amounts.
    """

    method: Method = "cash"
    amount_fen: int = 0
    items: tuple[PaymentItem, ...] = ()
    start: Start | None = None
    allocations: dict[str, Allocation] = msgspec.field(default_factory=dict[str, Allocation])
    allocated_fen: int = 0
    received_by: str = ""
    received_on: date = date.min
    receipt_number: str | None = None
    invoices: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    refunds: dict[str, Refund] = msgspec.field(default_factory=dict[str, Refund])

    @property
    def refunded_fen(self) -> int:
        """What refunds take or may still take: requested, approved or done."""
        return sum(
            refund.amount_fen
            for refund in self.refunds.values()
            if refund.status in ("pending_authorization", "authorized", "done")
        )

    @property
    def paid_back_fen(self) -> int:
        return sum(each.amount_fen for each in self.refunds.values() if each.status == "done")

    @property
    def invoiced_fen(self) -> int:
        return sum(self.invoices.values())


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"payment/{interaction.payment_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Begun():
            return _begun(event, envelope)
        case Authorized():
            assert state.start is not None, f"payment {event.payment_id} was never begun"
            start = replace(state.start, authorization_code=event.authorization_code)
            return replace(state, status="authorized", start=start)
        case Failed():
            return replace(state, status="failed")
        case Denied():
            return replace(state, status="denied")
        case Received():
            return _received(state, event, envelope)
        case Allocated():
            allocations = state.allocations | {e.allocation_id: e for e in event.allocations}
            allocated_fen = state.amount_fen - event.unallocated_fen
            return replace(state, allocations=allocations, allocated_fen=allocated_fen)
        case Reallocated():
            return _reallocated(state, event)
        case PaymentSettled():
            return replace(state, status="done")
        case ReceiptIssued():
            return replace(state, receipt_number=event.receipt_number)
        case InvoiceIssued():
            invoices = {**state.invoices, event.invoice_number: event.amount_fen}
            return replace(state, invoices=invoices)
        case InvoiceCancelled():
            invoices = {k: v for k, v in state.invoices.items() if k != event.invoice_number}
            return replace(state, invoices=invoices)
        case Canceled() | Reversed():
            return replace(state, status="canceled")
        case (
            RefundRequested()
            | RefundApproved()
            | RefundDenied()
            | Refunded()
            | RefundFailed()
            | RefundOverdue()
        ):
            return _refund(state, event, envelope)
        case EntryCorrected():
            return state
        case _:
            assert_never(event)


def _begun(event: Begun, envelope: Envelope) -> State:
    return State(
        status="pending_authorization",
        method=event.method,
        amount_fen=event.amount_fen,
        items=event.items,
        start=Start(
            correlator_id=event.correlator_id,
            terminal_id=event.terminal_id,
            payer=event.payer,
            begun_by=envelope.actor,
            hall_id=envelope.hall,
        ),
    )


def _received(state: State, event: Received, envelope: Envelope) -> State:
    """Who took the money is the clerk who began it where a system brings the result."""
    by_system = envelope.actor.startswith("system:")
    received_by = state.start.begun_by if by_system and state.start else envelope.actor
    return State(
        status="captured",
        method=event.method,
        amount_fen=event.amount_fen,
        items=event.items,
        start=state.start,
        received_by=received_by,
        received_on=business_day(envelope.time),
    )


def _reallocated(state: State, event: Reallocated) -> State:
    """What is moved leaves its allocation, which ends where nothing is left of it."""
    source = state.allocations[event.from_allocation_id]
    rest_fen = source.amount_fen - event.to.amount_fen
    allocations = {k: v for k, v in state.allocations.items() if k != event.from_allocation_id}
    if rest_fen:
        rest = msgspec.structs.replace(source, amount_fen=rest_fen)
        allocations[event.from_allocation_id] = rest
    allocations[event.to.allocation_id] = event.to
    return msgspec.structs.replace(state, allocations=allocations)


RefundEvent = (
    RefundRequested | RefundApproved | RefundDenied | Refunded | RefundFailed | RefundOverdue
)


def _refund(state: State, event: RefundEvent, envelope: Envelope) -> State:
    match event:
        case RefundRequested():
            refund = Refund(
                status="pending_authorization",
                amount_fen=event.amount_fen,
                reason=event.reason,
                requested_by=envelope.actor,
            )
            refunds = {**state.refunds, event.refund_id: refund}
            return msgspec.structs.replace(state, refunds=refunds)
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


def _refund_now(state: State, refund_id: str, **changed: RefundStatus | datetime | bool) -> State:
    refund = msgspec.structs.replace(state.refunds[refund_id], **changed)
    return msgspec.structs.replace(state, refunds={**state.refunds, refund_id: refund})
