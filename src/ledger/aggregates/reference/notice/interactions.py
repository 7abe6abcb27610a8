"""What is told to a partition; declared where all owners find it."""

from typing import Final, get_args

from ledger.aggregates.copies import (
    NoteCalendar,
    NoteClerk,
    NoteHall,
    NotePolicy,
    NoteProcedure,
    NoteProduct,
)
from ledger.aggregates.model import Interaction

AnyInteraction = NotePolicy | NoteHall | NoteClerk | NoteProduct | NoteProcedure | NoteCalendar
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
