"""Stored for ever: the tags are the wire names."""

from typing import Final, Literal, get_args

from ledger.aggregates.copies import RecordIn, RecordOut
from ledger.aggregates.hall.drawer.interactions import (
    ChangeMoney,
    Close,
    CorrectEntry,
    CountCash,
    Deposit,
    Drop,
    ExplainDiscrepancy,
    MarkDepositOverdue,
    MarkUnexplained,
    NoteLimit,
    Open,
)
from ledger.aggregates.model import Event
from ledger.values import Day, Fen, FenPositive, Id, Moment


class Opened(Event, Open, tag="drawer.opened.v1"):
    """The clerk is the actor."""

    float_fen: Fen


class ReceiptRecorded(Event, RecordIn, tag="drawer.receipt_recorded.v1"):
    """`limit_due_at`: this receipt took the cash above the limit, until when it may stay there."""

    expected_fen: int
    limit_due_at: Moment | None = None


class ReceiptLate(Event, RecordIn, tag="drawer.receipt_late.v1"):
    """Told after the count."""

    expected_fen: int
    difference_fen: int


class ReceiptUnplaced(Event, RecordIn, tag="drawer.receipt_unplaced.v1"):
    """The drawer is unknown, closed or deposited: somebody must look for the money."""


class PayoutRecorded(Event, RecordOut, tag="drawer.payout_recorded.v1"):
    """`limit_settled`: this payout took the cash back below the limit."""

    expected_fen: int
    limit_settled: bool = False


class PayoutLate(Event, RecordOut, tag="drawer.payout_late.v1"):
    """Told after the count."""

    expected_fen: int
    difference_fen: int


class PayoutUnplaced(Event, RecordOut, tag="drawer.payout_unplaced.v1"):
    """The drawer is unknown, closed or deposited: somebody must look for the money."""


class Dropped(Event, Drop, tag="drawer.dropped.v1"):
    amount_fen: FenPositive
    expected_fen: int
    limit_settled: bool = False


class MoneyChanged(Event, ChangeMoney, tag="drawer.money_changed.v1"):
    pass


class LimitExceeded(Event, NoteLimit, tag="drawer.limit_exceeded.v1"):
    expected_fen: int


class Counted(Event, CountCash, tag="drawer.counted.v1"):
    """`difference_fen` is what was counted less what was expected."""

    counted_fen: Fen
    expected_fen: int
    difference_fen: int
    journal_gap_fen: int


class DiscrepancyFound(Event, tag="drawer.discrepancy_found.v1"):
    drawer_id: Id
    direction: Literal["short", "over"]
    difference_fen: int
    explain_by_at: Moment


class DiscrepancyExplained(Event, ExplainDiscrepancy, tag="drawer.discrepancy_explained.v1"):
    difference_fen: int


class DiscrepancyOverdue(Event, MarkUnexplained, tag="drawer.discrepancy_overdue.v1"):
    pass


class Closed(Event, Close, tag="drawer.closed.v1"):
    """`clerk_id` is whose drawer it was, also where a supervisor closed it."""

    clerk_id: Id
    difference_fen: int
    to_deposit_fen: Fen
    deposit_by_on: Day


class Deposited(Event, Deposit, tag="drawer.deposited.v1"):
    in_time: bool


class DepositOverdue(Event, MarkDepositOverdue, tag="drawer.deposit_overdue.v1"):
    pass


class EntryCorrected(Event, CorrectEntry, tag="drawer.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Opened
    | ReceiptRecorded
    | ReceiptLate
    | ReceiptUnplaced
    | PayoutRecorded
    | PayoutLate
    | PayoutUnplaced
    | Dropped
    | MoneyChanged
    | LimitExceeded
    | Counted
    | DiscrepancyFound
    | DiscrepancyExplained
    | DiscrepancyOverdue
    | Closed
    | Deposited
    | DepositOverdue
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
