"""What follows from the events."""

from collections.abc import Sequence
from datetime import timedelta

from ledger.aggregates import model
from ledger.aggregates.hall.drawer.events import (
    AnyEvent,
    Closed,
    Counted,
    Deposited,
    DiscrepancyExplained,
    DiscrepancyFound,
    Dropped,
    PayoutLate,
    PayoutRecorded,
    ReceiptLate,
    ReceiptRecorded,
)
from ledger.aggregates.hall.drawer.interactions import (
    MarkDepositOverdue,
    MarkUnexplained,
    NoteLimit,
)
from ledger.aggregates.model import Cause, FollowOn, Settled
from ledger.values import local_midnight


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    """A discrepancy found again in the same entry sets the timer that a count or copy settles."""
    owner = cause.envelope.subject
    match event:
        case ReceiptRecorded():
            if event.limit_due_at is None:
                return []
            note = NoteLimit(drawer_id=event.drawer_id)
            return [FollowOn("limit", owner, note, event.limit_due_at)]
        case Dropped() | PayoutRecorded():
            return [Settled("limit")] if event.limit_settled else []
        case Counted():
            return [Settled("limit"), Settled("unexplained")]
        case DiscrepancyFound():
            overdue = MarkUnexplained(drawer_id=event.drawer_id)
            return [FollowOn("unexplained", owner, overdue, event.explain_by_at)]
        case ReceiptLate() | PayoutLate() | DiscrepancyExplained():
            return [Settled("unexplained")]
        case Closed():
            if event.to_deposit_fen == 0:
                return []
            overdue = MarkDepositOverdue(drawer_id=event.drawer_id)
            due_at = local_midnight(event.deposit_by_on + timedelta(days=1))
            return [FollowOn("deposit_overdue", owner, overdue, due_at)]
        case Deposited():
            return [Settled("deposit_overdue")]
        case _:
            return []
