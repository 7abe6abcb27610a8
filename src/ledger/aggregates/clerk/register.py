"""The register of a clerk's file: what was corrected in it."""

from typing import Final

import msgspec

from ledger.aggregates import corrections
from ledger.aggregates.clerk.profile import rules
from ledger.aggregates.clerk.profile.interactions import ConfirmErasure, Engage
from ledger.aggregates.clerk.profile.state import State
from ledger.aggregates.model import NEW, Context, Event, Interaction
from ledger.entry import Envelope
from ledger.rules import Refusal

GONE: Final = ("erasing", "erased")
"""The statuses of a file whose personal fields nobody reads any more."""


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    corrected: frozenset[str] = frozenset()


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    corrected = corrections.place_of(event)
    if corrected is None:
        return register
    return Register(corrected=register.corrected | {corrected})


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """A clerk who was engaged once, or is engaged now.

    Once erasure is ordered nothing but its confirmation is received, then nothing at all.
    """
    status = context.history.state(State, context.envelope.subject).status
    match interaction:
        case Engage():
            return status not in GONE
        case ConfirmErasure():
            return status not in (NEW, "erased")
        case _:
            return status not in (NEW, *GONE)


def check(context: Context[Register], interaction: Interaction) -> Refusal | None:
    """Nobody acts on, or approves, what concerns the own profile."""
    envelope = context.envelope
    clerk_id = envelope.subject.removeprefix("clerk/")
    if envelope.actor == clerk_id:
        return rules.CLK_03(f"{clerk_id} acts on the own profile")
    if envelope.approver == clerk_id:
        return rules.CLK_04(f"{clerk_id} approves what concerns the own profile")
    return None


def counter_on_shift(register: Register, actor: str) -> str | None:
    """Nothing of a clerk's file happens at a counter."""
    return None
