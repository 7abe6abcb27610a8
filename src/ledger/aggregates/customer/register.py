"""The customer's register: what rules ask across the streams of one customer."""

from datetime import datetime
from typing import Final

import msgspec

from ledger.aggregates import corrections
from ledger.aggregates.customer.customer import events as customer
from ledger.aggregates.customer.customer.interactions import IdentityBasis
from ledger.aggregates.customer.payment import events as payment
from ledger.aggregates.model import NEW, Context, Event, Interaction
from ledger.entry import Envelope

KEPT_VERIFICATIONS: Final = 20


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bounded but for the ids that must be unique for ever, which a customer makes few of."""

    status: str = NEW
    identity_basis: IdentityBasis = "document"
    verifications: dict[str, datetime] = {}
    correlators: frozenset[str] = frozenset()
    receipt_numbers: frozenset[str] = frozenset()
    corrected: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        return self.status not in (NEW, "erased")

    def verified_at(self, verification_id: str | None, moment: datetime) -> bool:
        """Whether that identity verification of this customer is still valid at `moment`."""
        valid_until_at = self.verifications.get(verification_id or "")
        return valid_until_at is not None and moment <= valid_until_at

    def verified_by_any(self, moment: datetime) -> bool:
        """Whether some identity verification of this customer is still valid at `moment`."""
        return any(self.verified_at(each, moment) for each in self.verifications)


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    corrected = corrections.place_of(event)
    if corrected is not None:
        return msgspec.structs.replace(register, corrected=register.corrected | {corrected})
    match event:
        case customer.Registered():
            return msgspec.structs.replace(
                register, status="prospective", identity_basis=event.identity_basis
            )
        case customer.IdentityVerified():
            newest = [
                *register.verifications.items(),
                (event.verification_id, event.valid_until_at),
            ]
            status = "active" if register.status == "prospective" else register.status
            return msgspec.structs.replace(
                register, status=status, verifications=dict(newest[-KEPT_VERIFICATIONS:])
            )
        case payment.Received():
            return msgspec.structs.replace(
                register, correlators=register.correlators | {event.correlator_id}
            )
        case payment.ReceiptIssued():
            return msgspec.structs.replace(
                register, receipt_numbers=register.receipt_numbers | {event.receipt_number}
            )
        case _:
            return register


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """A registered customer; registering makes one known, also where it is refused as a repeat."""
    if isinstance(interaction, customer.Register):
        return context.register.status != "erased"
    return context.register.known


def counter_on_shift(register: Register, actor: str) -> str | None:
    """Shifts are the hall's: a customer's partition knows none and asks for none."""
    return None
