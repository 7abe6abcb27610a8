"""What is said of a hall's day."""

from typing import Annotated, Final, get_args

from msgspec import Meta

from ledger.aggregates import model
from ledger.aggregates.copies import NotePayment, PaymentMethod
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.model import Interaction
from ledger.values import Count, Day, Digest, SealedText


class MethodTotal(model.Fields):
    """What came in and went out by one method of payment."""

    method: PaymentMethod
    count_in: Count
    in_fen: Count
    count_out: Count
    out_fen: Count


class Open(
    Interaction, type="hall_day.open.v1", allowed_in=("-",), roles=LEADS, systems=("clock",)
):
    business_on: Day


class Prepare(Interaction, type="hall_day.prepare.v1", allowed_in=("open",), roles=LEADS):
    """`terminal_totals` as the terminals print them; those of one method add up."""

    business_on: Day
    terminal_totals: Annotated[tuple[MethodTotal, ...], Meta(max_length=10)] = ()
    note: SealedText | None = None


class Withdraw(Interaction, type="hall_day.withdraw.v1", allowed_in=("prepared",), roles=LEADS):
    business_on: Day
    note: SealedText


class SignOff(Interaction, type="hall_day.sign_off.v1", allowed_in=("prepared",), roles=LEADS):
    business_on: Day
    totals_digest: Digest


class MarkOverdue(
    Interaction,
    type="hall_day.mark_overdue.v1",
    allowed_in=("open", "prepared"),
    clerks=False,
    systems=("clock",),
):
    business_on: Day


AnyInteraction = Open | NotePayment | Prepare | Withdraw | SignOff | MarkOverdue
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
