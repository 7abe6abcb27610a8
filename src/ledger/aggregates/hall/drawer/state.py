"""What decide reads of a drawer, and how events change it."""

from datetime import UTC, date, datetime
from typing import Final, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.hall.drawer.events import (
    AnyEvent,
    Closed,
    Counted,
    Deposited,
    DepositOverdue,
    DiscrepancyExplained,
    DiscrepancyFound,
    DiscrepancyOverdue,
    Dropped,
    EntryCorrected,
    LimitExceeded,
    MoneyChanged,
    Opened,
    PayoutLate,
    PayoutRecorded,
    PayoutUnplaced,
    ReceiptLate,
    ReceiptRecorded,
    ReceiptUnplaced,
)
from ledger.aggregates.hall.drawer.interactions import AnyInteraction
from ledger.entry import Envelope

BEFORE: Final = datetime.min.replace(tzinfo=UTC)


class State(model.State, frozen=True, kw_only=True):
    """`expected_fen` is float and receipts less payouts and drops; `copies` and `copies_fen` are
    the receipts and payouts told so far, in number and in sum; `limit_due_at` is set while the cash
    is above the limit and nobody has noted it."""

    clerk: str = ""
    shift_id: str = ""
    float_fen: int = 0
    expected_fen: int = 0
    dropped_fen: int = 0
    copies: int = 0
    copies_fen: int = 0
    limit_due_at: datetime | None = None
    counted_fen: int = 0
    difference_fen: int = 0
    counted_by: str = ""
    witness: str | None = None
    explain_by_at: datetime = BEFORE
    explanation_overdue: bool = False
    to_deposit_fen: int = 0
    deposit_by_on: date = date.min
    deposit_overdue: bool = False


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"drawer/{interaction.drawer_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Opened():
            return State(
                status="opened",
                clerk=envelope.actor,
                shift_id=event.shift_id,
                float_fen=event.float_fen,
                expected_fen=event.float_fen,
            )
        case ReceiptRecorded() | ReceiptLate() | PayoutRecorded() | PayoutLate():
            return _copied(state, event)
        case Dropped():
            return replace(
                state,
                expected_fen=event.expected_fen,
                dropped_fen=state.dropped_fen + event.amount_fen,
                limit_due_at=None if event.limit_settled else state.limit_due_at,
            )
        case LimitExceeded():
            return replace(state, limit_due_at=None)
        case Counted() | DiscrepancyFound() | DiscrepancyExplained() | DiscrepancyOverdue():
            return _compared(state, event, envelope)
        case Closed():
            return replace(
                state,
                status="closed",
                to_deposit_fen=event.to_deposit_fen,
                deposit_by_on=event.deposit_by_on,
            )
        case Deposited():
            return replace(state, status="deposited")
        case DepositOverdue():
            return replace(state, deposit_overdue=True)
        case ReceiptUnplaced() | PayoutUnplaced() | MoneyChanged() | EntryCorrected():
            return state
        case _:
            assert_never(event)


def _copied(
    state: State, event: ReceiptRecorded | ReceiptLate | PayoutRecorded | PayoutLate
) -> State:
    """After a late copy the drawer is counted anew, unless a discrepancy is found with it."""
    came_in = isinstance(event, ReceiptRecorded | ReceiptLate)
    state = msgspec.structs.replace(
        state,
        expected_fen=event.expected_fen,
        copies=state.copies + 1,
        copies_fen=state.copies_fen + (event.amount_fen if came_in else -event.amount_fen),
    )
    match event:
        case ReceiptRecorded():
            due_at = event.limit_due_at or state.limit_due_at
            return msgspec.structs.replace(state, limit_due_at=due_at)
        case PayoutRecorded():
            due_at = None if event.limit_settled else state.limit_due_at
            return msgspec.structs.replace(state, limit_due_at=due_at)
        case ReceiptLate() | PayoutLate():
            return msgspec.structs.replace(
                state, status="counted", difference_fen=event.difference_fen
            )


def _compared(
    state: State,
    event: Counted | DiscrepancyFound | DiscrepancyExplained | DiscrepancyOverdue,
    envelope: Envelope,
) -> State:
    replace = msgspec.structs.replace
    match event:
        case Counted():
            return replace(
                state,
                status="counted",
                counted_fen=event.counted_fen,
                difference_fen=event.difference_fen,
                counted_by=envelope.actor,
                witness=envelope.approver,
            )
        case DiscrepancyFound():
            return replace(
                state,
                status="discrepant",
                explain_by_at=event.explain_by_at,
                explanation_overdue=False,
            )
        case DiscrepancyExplained():
            return replace(state, status="explained")
        case DiscrepancyOverdue():
            return replace(state, explanation_overdue=True)
