"""What the operator's register keeps of policies: when each version begins and ends."""

from datetime import datetime
from typing import Final

import msgspec

from ledger.aggregates.model import Event
from ledger.aggregates.operator.policy.events import Published, Withdrawn
from ledger.entry import Envelope

KEPT: Final = 20


class Term(msgspec.Struct, frozen=True, omit_defaults=True):
    begins_at: datetime
    ends_at: datetime | None = None
    withdrawn: bool = False


def evolve(kept: dict[str, Term], event: Event, envelope: Envelope) -> dict[str, Term]:
    """The newest versions by name, the founding's apart."""
    match event:
        case Published():
            term = Term(event.effective_from_at, event.effective_to_at)
            newest = list({**kept, event.policy_version: term}.items())[-KEPT:]
            return dict(newest)
        case Withdrawn():
            term = Term(event.fact.effective_from_at, withdrawn=True)
            return {**kept, event.policy_version: term}
        case _:
            return kept
