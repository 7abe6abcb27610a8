"""The customer's register: what rules ask across the streams of one customer."""

from datetime import datetime
from typing import Final

import msgspec

from ledger.aggregates import corrections
from ledger.aggregates.customer.customer import events as customer
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.interactions import (
    CORRECTED_FIELDS,
)
from ledger.aggregates.customer.customer.words import (
    IdentityBasis,
    PartyKind,
)
from ledger.aggregates.customer.order import register as order
from ledger.aggregates.customer.order.interactions import (
    Abandon,
    AcceptCancellation,
    Place,
    RequestCancellation,
)
from ledger.aggregates.customer.payment import events as payment
from ledger.aggregates.customer.subscription import register as subscription
from ledger.aggregates.model import NEW, Context, Event, Interaction
from ledger.entry import Envelope
from ledger.rules import Refusal

KEPT_VERIFICATIONS: Final = 20
GONE: Final = ("erasing", "erased")
"""The statuses of a file whose personal fields nobody reads any more."""


class Register(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bounded but for the ids that must be unique for ever, which a customer makes few of.

    `unsettled` has the payments that are neither settled nor given up, and the refunds not decided
    or not paid; `earlier_erased` says that the person's file before this one is erased.
    """

    status: str = NEW
    party_kind: PartyKind = "person"
    identity_basis: IdentityBasis = "document"
    is_restricted: bool = False
    linked_numbers: dict[str, int] = {}
    verifications: dict[str, datetime] = {}
    correlators: frozenset[str] = frozenset()
    receipt_numbers: frozenset[str] = frozenset()
    invoice_numbers: frozenset[str] = frozenset()
    corrected: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()
    earlier_erased: bool = False
    orders: order.Orders = order.Orders()
    lines: subscription.Lines = subscription.Lines()

    @property
    def known(self) -> bool:
        """Whether a file is open. With `erasing` the keys may be gone, with `erased` they are."""
        return self.status not in (NEW, *GONE)

    @property
    def open_lines(self) -> tuple[str, ...]:
        """The lines that have not ended."""
        return tuple(self.lines.lines)

    def counted_numbers(self, families: tuple[str, ...]) -> int:
        """The lines of this file that count towards the legal limit."""
        return self.lines.own_in(families)

    def verification(self, verification_id: str | None) -> datetime | None:
        """Until when that identity verification of this customer is valid; None if unknown."""
        return self.verifications.get(verification_id or "")

    def verified_at(self, verification_id: str | None, moment: datetime) -> bool:
        """Whether that identity verification of this customer is still valid at `moment`."""
        valid_until_at = self.verification(verification_id)
        return valid_until_at is not None and moment <= valid_until_at

    def verified_by_any(self, moment: datetime) -> bool:
        """Whether some identity verification of this customer is still valid at `moment`."""
        return any(self.verified_at(each, moment) for each in self.verifications)


def evolve(register: Register, event: Event, stream: str, envelope: Envelope) -> Register:
    corrected = corrections.place_of(event)
    if corrected is not None:
        return msgspec.structs.replace(register, corrected=register.corrected | {corrected})
    match event.tag.partition(".")[0]:
        case "customer":
            return _customer(register, event)
        case "payment":
            return _payment(_unsettled(register, event), event)
        case _:
            orders = order.evolve(register.orders, event, envelope)
            lines = subscription.evolve(register.lines, event, envelope)
            return msgspec.structs.replace(register, orders=orders, lines=lines)


def _customer(register: Register, event: Event) -> Register:
    match event:
        case customer.Registered():
            return msgspec.structs.replace(
                register,
                status="prospective",
                party_kind=event.party_kind,
                identity_basis=event.identity_basis,
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
        case customer.DocumentReplaced():
            return msgspec.structs.replace(register, identity_basis="document")
        case customer.Linked():
            linked = {event.other_customer_id: 0, **register.linked_numbers}
            return msgspec.structs.replace(register, linked_numbers=linked)
        case customer.LinkedNumbersRecorded():
            told = {event.other_customer_id: event.active_numbers}
            linked = {**register.linked_numbers, **told}
            lines = msgspec.structs.replace(register.lines, linked=sum(linked.values()))
            return msgspec.structs.replace(register, linked_numbers=linked, lines=lines)
        case customer.DataCorrected():
            places = {
                f"{event.wrong_entry_id} {name}"
                for name in CORRECTED_FIELDS
                if getattr(event, name) is not None
            }
            return msgspec.structs.replace(register, corrected=register.corrected | places)
        case customer.ProcessingRestricted() | customer.RestrictionLifted():
            is_restricted = isinstance(event, customer.ProcessingRestricted)
            return msgspec.structs.replace(register, is_restricted=is_restricted)
        case customer.Terminated():
            return msgspec.structs.replace(register, status="terminated")
        case customer.Returned():
            return msgspec.structs.replace(register, status="active")
        case customer.ErasureOrdered():
            return msgspec.structs.replace(register, status="erasing")
        case customer.Erased():
            return Register(status="erased")
        case customer.IdFreed():
            return msgspec.structs.replace(register, earlier_erased=True)
        case _:
            return register


def _payment(register: Register, event: Event) -> Register:
    match event:
        case payment.Begun() | payment.Received():
            return msgspec.structs.replace(
                register, correlators=register.correlators | {event.correlator_id}
            )
        case payment.ReceiptIssued():
            return msgspec.structs.replace(
                register, receipt_numbers=register.receipt_numbers | {event.receipt_number}
            )
        case payment.InvoiceIssued():
            return msgspec.structs.replace(
                register, invoice_numbers=register.invoice_numbers | {event.invoice_number}
            )
        case payment.InvoiceCancelled():
            return msgspec.structs.replace(
                register, invoice_numbers=register.invoice_numbers | {event.credit_note_number}
            )
        case _:
            return register


def _unsettled(register: Register, event: Event) -> Register:
    match event:
        case payment.Begun() | payment.Received():
            unsettled = register.unsettled | {f"payment {event.payment_id}"}
        case (
            payment.Failed()
            | payment.Denied()
            | payment.Canceled()
            | payment.Reversed()
            | payment.PaymentSettled()
        ):
            unsettled = register.unsettled - {f"payment {event.payment_id}"}
        case payment.RefundRequested():
            unsettled = register.unsettled | {_refund(event)}
        case payment.RefundDenied() | payment.Refunded() | payment.RefundFailed():
            unsettled = register.unsettled - {_refund(event)}
        case _:
            return register
    return msgspec.structs.replace(register, unsettled=unsettled)


def _refund(
    event: payment.RefundRequested | payment.RefundDenied | payment.Refunded | payment.RefundFailed,
) -> str:
    return f"refund {event.refund_id} of payment {event.payment_id}"


def owner_known(context: Context[Register], interaction: Interaction) -> bool:
    """A registered customer; registering makes one known, also where it is refused as a repeat.

    Once erasure is ordered nothing but its confirmation is received, then nothing at all (CST-02).
    """
    status = context.register.status
    match interaction:
        case customer.Register() | customer.FreeId():
            return status not in GONE
        case customer.ConfirmErasure():
            return status not in (NEW, "erased")
        case _:
            return context.register.known


def counter_on_shift(register: Register, actor: str) -> str | None:
    """Shifts are the hall's: a customer's partition knows none and asks for none."""
    return None


WHILE_RESTRICTED: Final = frozenset(
    {"customer", "archive", "fraud", "payment", "complaint", "fault", "port", "subscription"}
)
"""Aggregates that go on while processing is restricted: they keep, settle, protect or answer."""
ENDING_ORDERS: Final = frozenset({"suspension", "termination"})
WINDING_UP: Final = (Abandon, RequestCancellation, AcceptCancellation, corrections.Correction)
"""What may be done with any order even then."""


def check(context: Context[Register], interaction: Interaction) -> Refusal | None:
    """CST-07. What a system tells has happened already, and is recorded."""
    if not context.register.is_restricted or context.actor_is_system:
        return None
    aggregate, _, _ = interaction.marks.type.partition(".")
    if aggregate in WHILE_RESTRICTED or isinstance(interaction, WINDING_UP):
        return None
    kind = interaction.kind if isinstance(interaction, Place) else None
    if kind is None:
        begun = context.register.orders.open.get(getattr(interaction, "order_id", ""))
        kind = begun.kind if begun is not None else None
    if kind in ENDING_ORDERS:
        return None
    return rules.CST_07(f"processing is restricted: no {interaction.marks.type}")
