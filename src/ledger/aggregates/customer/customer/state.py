"""What decide reads of a customer, and how events change it."""

from datetime import date
from typing import assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.customer.events import (
    AnyEvent,
    ConsentGiven,
    ConsentWithdrawn,
    DataUpdated,
    IdentityVerificationFailed,
    IdentityVerified,
    Registered,
)
from ledger.aggregates.customer.customer.interactions import (
    AnyInteraction,
    ConsentPurpose,
    Minor,
    PartyKind,
)
from ledger.entry import Envelope


class State(model.State, frozen=True, kw_only=True):
    """`consents` maps each purpose consented to to its last day, or None where it has none."""

    party_kind: PartyKind = "person"
    minor: Minor = "no"
    consents: dict[str, date | None] = msgspec.field(default_factory=dict[str, date | None])

    def consents_to(self, purpose: ConsentPurpose, day: date) -> bool:
        if purpose not in self.consents:
            return False
        until_on = self.consents[purpose]
        return until_on is None or day <= until_on


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return envelope.subject


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Registered():
            return State(status="prospective", party_kind=event.party_kind, minor=event.minor)
        case IdentityVerified():
            return replace(state, status="active") if state.status == "prospective" else state
        case IdentityVerificationFailed() | DataUpdated():
            return state
        case ConsentGiven():
            consents = {**state.consents, event.purpose: event.valid_until_on}
            return replace(state, consents=consents)
        case ConsentWithdrawn():
            consents = {k: v for k, v in state.consents.items() if k != event.purpose}
            return replace(state, consents=consents)
        case _:
            assert_never(event)
