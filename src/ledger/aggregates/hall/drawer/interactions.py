"""What is said of a cash drawer."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates import model
from ledger.aggregates.copies import RecordIn, RecordOut
from ledger.aggregates.corrections import Correction, EventId
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.model import Interaction
from ledger.values import Count, Day, Fen, FenPositive, Id, Last4, SealedText, Str32


class Denomination(model.Fields):
    """So many notes or coins of one value."""

    value_fen: Literal[10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10]
    pieces: Annotated[int, Meta(ge=0, le=1_000_000)]


Pieces = Annotated[tuple[Denomination, ...], Meta(min_length=1, max_length=20)]


def value_of(pieces: Iterable[Denomination]) -> int:
    return sum(each.value_fen * each.pieces for each in pieces)


class Open(
    Interaction,
    type="drawer.open.v1",
    allowed_in=("-",),
    certificate="cash",
    approver=LEADS,
    on_shift=True,
):
    """DRW-03 stands in the marks: the clerk holds a valid certification for cash."""

    drawer_id: Id
    till_id: Id
    shift_id: Id
    float: Pieces


class Drop(
    Interaction, type="drawer.drop.v1", allowed_in=("opened",), approver=LEADS, on_shift=True
):
    """Cash leaves the drawer for the safe before the count, in a sealed bag."""

    drawer_id: Id
    drop_id: Id
    pieces: Pieces
    seal_no: Str32


class ChangeMoney(
    Interaction,
    type="drawer.change_money.v1",
    allowed_in=("opened",),
    approver=LEADS,
    on_shift=True,
):
    drawer_id: Id
    given: Pieces
    taken: Pieces


class NoteLimit(
    Interaction,
    type="drawer.note_limit.v1",
    allowed_in=("opened",),
    clerks=False,
    systems=("clock",),
):
    drawer_id: Id


class CountCash(
    Interaction,
    type="drawer.count.v1",
    allowed_in=("opened", "counted", "discrepant"),
    approver=LEADS,
    on_shift=True,
):
    """`journal_fen` is what the terminal's journal says: receipts less payouts. The approver is
    the witness."""

    drawer_id: Id
    pieces: Annotated[tuple[Denomination, ...], Meta(max_length=20)] = ()
    journal_count: Count
    journal_fen: int
    accept_journal_gap: bool


class ExplainDiscrepancy(
    Interaction, type="drawer.explain_discrepancy.v1", allowed_in=("discrepant",), roles=LEADS
):
    drawer_id: Id
    cause: Literal[
        "wrong_change",
        "missed_entry",
        "double_entry",
        "counterfeit_note",
        "float_error",
        "late_copy",
        "theft_suspected",
        "unexplained",
    ]
    booked_as: Literal[
        "corrected_entry", "shortage_receivable", "surplus_payable", "counterfeit_loss"
    ]
    related_event_ids: Annotated[tuple[EventId, ...], Meta(max_length=20)] = ()
    note: SealedText


class MarkUnexplained(
    Interaction,
    type="drawer.mark_unexplained.v1",
    allowed_in=("discrepant",),
    clerks=False,
    systems=("clock",),
):
    drawer_id: Id


class Close(
    Interaction, type="drawer.close.v1", allowed_in=("counted", "explained"), on_shift=True
):
    drawer_id: Id
    float_returned_fen: Fen
    bag_seal_no: Str32 | None = None


class Deposit(Interaction, type="drawer.deposit.v1", allowed_in=("closed",), approver=LEADS):
    """Several drawers may go to the bank as one deposit, with one slip."""

    drawer_id: Id
    deposit_id: Id
    amount_fen: FenPositive
    bank_slip_no: Str32
    bank_account_last4: Last4
    deposited_on: Day
    by: Literal["bank_counter", "cash_carrier", "deposit_machine"]


class MarkDepositOverdue(
    Interaction,
    type="drawer.mark_deposit_overdue.v1",
    allowed_in=("closed",),
    clerks=False,
    systems=("clock",),
):
    drawer_id: Id


class CorrectEntry(Interaction, Correction, type="drawer.correct_entry.v1"):
    drawer_id: Id


CORRECTABLE: Final = frozenset({"bank_account_last4", "by", "note"})
AnyInteraction = (
    Open
    | RecordIn
    | RecordOut
    | Drop
    | ChangeMoney
    | NoteLimit
    | CountCash
    | ExplainDiscrepancy
    | MarkUnexplained
    | Close
    | Deposit
    | MarkDepositOverdue
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
