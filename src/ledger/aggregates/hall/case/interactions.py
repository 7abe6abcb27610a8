"""What is said of a case."""

from typing import Final, Literal, get_args

from ledger.aggregates.copies import ReleaseCase, TakeCase
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.hall.visit.words import TransferReason
from ledger.aggregates.model import Interaction
from ledger.values import Id


class HandOver(Interaction, type="case.hand_over.v1", allowed_in=("kept",), on_shift=True):
    """Offers the case to another clerk; its keeper keeps it until the other accepts."""

    case_id: Id
    to_clerk_id: Id
    reason: TransferReason


class Accept(Interaction, type="case.accept.v1", allowed_in=("offered",)):
    case_id: Id


class Decline(Interaction, type="case.decline.v1", allowed_in=("offered",)):
    case_id: Id
    reason: Literal["no_certification", "own_load", "conflict_of_interest", "unclear"]


class Assign(
    Interaction,
    type="case.assign.v1",
    allowed_in=("kept", "offered"),
    roles=LEADS,
):
    """Gives the case to a clerk without asking; an offer that waits is over."""

    case_id: Id
    to_clerk_id: Id
    reason: TransferReason


AnyInteraction = TakeCase | HandOver | Accept | Decline | Assign | ReleaseCase
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
