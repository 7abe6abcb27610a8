"""What follows from the events."""

from collections.abc import Sequence
from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.broadcast import to_all
from ledger.aggregates.copies import NotePolicy
from ledger.aggregates.model import Cause
from ledger.aggregates.operator.policy.events import AnyEvent, Published, Withdrawn


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Published() | Withdrawn():
            return to_all([_note(event)])
        case _:
            assert_never(event)


def _note(event: AnyEvent) -> NotePolicy:
    return NotePolicy(
        version=event.fact_version,
        from_at=event.fact.effective_from_at,
        fact=event.fact,
        withdrawn=isinstance(event, Withdrawn),
    )
