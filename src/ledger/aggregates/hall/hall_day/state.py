"""What decide reads of a hall's day, and how events change it."""

from typing import assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.copies import NotePayment, PaymentMethod
from ledger.aggregates.hall.hall_day.events import (
    AnyEvent,
    LateEntryNoted,
    Opened,
    OrderNoted,
    Overdue,
    PaymentNoted,
    Prepared,
    SignedOff,
    Withdrawn,
)
from ledger.aggregates.hall.hall_day.interactions import AnyInteraction, MethodTotal
from ledger.entry import Envelope
from ledger.facts import OrderKind
from ledger.values import business_day


class State(model.State, frozen=True, kw_only=True):
    """`payments` by method, `orders` by kind and the state they came into; visits, shifts and
    drawers of the day stand in the hall's register."""

    payments: dict[PaymentMethod, MethodTotal] = msgspec.field(
        default_factory=dict[PaymentMethod, MethodTotal]
    )
    orders: dict[OrderKind, dict[str, int]] = msgspec.field(
        default_factory=dict[OrderKind, dict[str, int]]
    )
    prepared_by: str = ""
    totals_digest: str = ""
    overdue: bool = False


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    """A payment is told of the day that it was made on."""
    if isinstance(interaction, NotePayment):
        return f"hall_day/{business_day(envelope.time).isoformat()}"
    return f"hall_day/{interaction.business_on.isoformat()}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Opened():
            return State(status="open")
        case PaymentNoted():
            return replace(state, payments=_with_payment(state.payments, event))
        case OrderNoted():
            kind = state.orders.get(event.order_kind, {})
            kind = {**kind, event.to_state: kind.get(event.to_state, 0) + 1}
            return replace(state, orders={**state.orders, event.order_kind: kind})
        case LateEntryNoted():
            return state
        case Prepared():
            return replace(
                state,
                status="prepared",
                prepared_by=envelope.actor,
                totals_digest=event.totals_digest,
            )
        case Withdrawn():
            return replace(state, status="open")
        case SignedOff():
            return replace(state, status="signed_off")
        case Overdue():
            return replace(state, overdue=True)
        case _:
            assert_never(event)


def _with_payment(
    payments: dict[PaymentMethod, MethodTotal], paid: PaymentNoted
) -> dict[PaymentMethod, MethodTotal]:
    total = payments.get(paid.method) or MethodTotal(
        method=paid.method, count_in=0, in_fen=0, count_out=0, out_fen=0
    )
    counted: dict[str, int] = (
        {"count_in": total.count_in + 1, "in_fen": total.in_fen + paid.amount_fen}
        if paid.direction == "in"
        else {"count_out": total.count_out + 1, "out_fen": total.out_fen + paid.amount_fen}
    )
    return {**payments, paid.method: msgspec.structs.replace(total, **counted)}
