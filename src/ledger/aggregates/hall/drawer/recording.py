"""Cash that came in or went out: never refused, and counted by the hall's day in the same entry."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ledger import policy
from ledger.aggregates.copies import RecordIn, RecordOut
from ledger.aggregates.hall.drawer.counting import discrepancy
from ledger.aggregates.hall.drawer.events import (
    PayoutLate,
    PayoutRecorded,
    PayoutUnplaced,
    ReceiptLate,
    ReceiptRecorded,
    ReceiptUnplaced,
)
from ledger.aggregates.hall.drawer.state import State
from ledger.aggregates.hall.hall_day.events import Direction
from ledger.aggregates.hall.hall_day.noting import payment_noted
from ledger.aggregates.model import Context, Event

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register

COUNTED: Final = frozenset({"counted", "discrepant", "explained"})


def record_in(copy: RecordIn, state: State, context: "Context[Register]") -> list[Event]:
    noted = _noted(copy, "in", context)
    expected_fen = state.expected_fen + copy.amount_fen
    if state.status == "opened":
        due_at = _limit_due_at(state, expected_fen, context)
        recorded = ReceiptRecorded.of(copy, expected_fen=expected_fen, limit_due_at=due_at)
        return [recorded, *noted]
    if state.status in COUNTED:
        difference_fen = state.counted_fen - expected_fen
        late = ReceiptLate.of(copy, expected_fen=expected_fen, difference_fen=difference_fen)
        found = discrepancy(copy.drawer_id, difference_fen, context.recorded_at, context)
        return [late, *found, *noted]
    return [ReceiptUnplaced.of(copy), *noted]


def record_out(copy: RecordOut, state: State, context: "Context[Register]") -> list[Event]:
    noted = _noted(copy, "out", context)
    expected_fen = state.expected_fen - copy.amount_fen
    if state.status == "opened":
        limit_fen = context.policy[policy.CASH_DRAWER_LIMIT_FEN]
        settled = expected_fen <= limit_fen < state.expected_fen
        return [
            PayoutRecorded.of(copy, expected_fen=expected_fen, limit_settled=settled),
            *noted,
        ]
    if state.status in COUNTED:
        difference_fen = state.counted_fen - expected_fen
        late = PayoutLate.of(copy, expected_fen=expected_fen, difference_fen=difference_fen)
        found = discrepancy(copy.drawer_id, difference_fen, context.recorded_at, context)
        return [late, *found, *noted]
    return [PayoutUnplaced.of(copy), *noted]


def _noted(
    copy: RecordIn | RecordOut, direction: Direction, context: "Context[Register]"
) -> list[Event]:
    return payment_noted(
        context, copy.customer_id, copy.payment_id, "cash", direction, copy.amount_fen
    )


def _limit_due_at(state: State, expected_fen: int, context: "Context[Register]") -> datetime | None:
    """Until when the cash may stay above the limit, where this receipt takes it there."""
    if not state.expected_fen <= context.policy[policy.CASH_DRAWER_LIMIT_FEN] < expected_fen:
        return None
    return context.envelope.time + timedelta(minutes=context.policy[policy.CASH_LIMIT_MINUTES])
