"""What is said of a shift."""

from typing import Final, Literal, get_args

from ledger.aggregates.model import Interaction
from ledger.reference import Certification, Role
from ledger.values import Id, Moment

Duty = Literal[
    "counter", "greeter", "consultant", "experience", "cashier", "supervisor", "back_office"
]
ALONE_AT_A_COUNTER: Final[frozenset[Duty]] = frozenset({"counter", "cashier"})
CLOSES_FOR_OTHERS: Final[frozenset[Role]] = frozenset({"supervisor", "manager", "regional_manager"})
CERTIFICATIONS: Final[tuple[Certification, ...]] = get_args(Certification)


class Open(Interaction, type="shift.open.v1", allowed_in=("-",)):
    shift_id: Id
    counter_id: Id
    duty: Duty
    planned_end_at: Moment


class Close(Interaction, type="shift.close.v1", allowed_in=("opened",)):
    """`forced` closes a shift that was left open, by another person's approval."""

    shift_id: Id
    forced: bool
    reason: Literal["planned_end", "early_release", "illness", "no_close_received"]


AnyInteraction = Open | Close
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
