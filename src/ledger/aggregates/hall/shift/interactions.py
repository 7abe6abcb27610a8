"""What is said of a shift."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.model import Interaction
from ledger.facts import Certification
from ledger.values import Id, Moment, SealedText

Duty = Literal[
    "counter", "greeter", "consultant", "experience", "cashier", "supervisor", "back_office"
]
ALONE_AT_A_COUNTER: Final[frozenset[Duty]] = frozenset({"counter", "cashier"})
CERTIFICATIONS: Final[tuple[Certification, ...]] = get_args(Certification)
HandOverPoint = Literal[
    "open_cases",
    "cash",
    "stock",
    "equipment",
    "notices",
    "campaigns",
    "keys_and_seals",
    "nothing_open",
]


class Open(Interaction, type="shift.open.v1", allowed_in=("-",)):
    shift_id: Id
    counter_id: Id
    duty: Duty
    planned_end_at: Moment


class LogIn(
    Interaction, type="shift.log_in.v1", allowed_in=("opened", "handed_over"), on_shift=True
):
    shift_id: Id
    session_id: Id
    terminal_id: Id


class LogOut(
    Interaction,
    type="shift.log_out.v1",
    allowed_in=("opened", "handed_over"),
    systems=("terminal",),
):
    shift_id: Id
    session_id: Id
    reason: Literal["clerk", "timeout", "terminal_fault", "shift_end"]


class MoveCounter(Interaction, type="shift.move_counter.v1", allowed_in=("opened",), on_shift=True):
    shift_id: Id
    counter_id: Id


class Pause(Interaction, type="shift.pause.v1", allowed_in=("opened",), on_shift=True):
    shift_id: Id
    reason: Literal["break", "meal", "training", "meeting", "counter_fault"]


class Resume(
    Interaction, type="shift.resume.v1", allowed_in=("opened", "handed_over"), on_shift=True
):
    shift_id: Id


class HelpColleague(
    Interaction, type="shift.help_colleague.v1", allowed_in=("opened",), on_shift=True
):
    shift_id: Id
    help_id: Id
    helped_clerk_id: Id
    kind: Literal[
        "knowledge", "system_operation", "queue_relief", "device", "difficult_customer", "language"
    ]
    helped_visit_id: Id | None = None


class ConfirmHelp(
    Interaction,
    type="shift.confirm_help.v1",
    allowed_in=("opened", "handed_over", "closed"),
):
    """Said by the clerk who was helped; `shift_id` is that of the one who helped."""

    shift_id: Id
    help_id: Id
    useful: bool


class HandOver(Interaction, type="shift.hand_over.v1", allowed_in=("opened",), on_shift=True):
    """Each case named is offered to the clerk who takes over, on its own stream."""

    shift_id: Id
    to_clerk_id: Id
    case_ids: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    points: Annotated[tuple[HandOverPoint, ...], Meta(min_length=1, max_length=8)]
    note: SealedText | None = None


class Close(Interaction, type="shift.close.v1", allowed_in=("opened", "handed_over")):
    """`forced` closes a shift that was left open, by another person's approval."""

    shift_id: Id
    forced: bool
    reason: Literal["planned_end", "early_release", "illness", "no_close_received"]


class MarkOverrun(
    Interaction,
    type="shift.mark_overrun.v1",
    allowed_in=("opened", "handed_over"),
    clerks=False,
    systems=("clock",),
):
    shift_id: Id


class CorrectEntry(Interaction, Correction, type="shift.correct_entry.v1"):
    shift_id: Id


CORRECTABLE: Final = frozenset({"note", "reason"})
AnyInteraction = (
    Open
    | LogIn
    | LogOut
    | MoveCounter
    | Pause
    | Resume
    | HelpColleague
    | ConfirmHelp
    | HandOver
    | Close
    | MarkOverrun
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
