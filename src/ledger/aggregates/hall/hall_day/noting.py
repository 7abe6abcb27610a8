"""How other aggregates of the hall have their day opened, and payments and orders noted in it."""

from typing import TYPE_CHECKING

from ledger.aggregates.copies import PaymentMethod
from ledger.aggregates.hall.hall_day.events import (
    Direction,
    LateEntryNoted,
    Opened,
    OrderNoted,
    PaymentNoted,
)
from ledger.aggregates.model import Context, Event
from ledger.facts import OrderKind
from ledger.values import Day, business_day

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def opening(context: "Context[Register]") -> list[Event]:
    """The opening of the business day on which this happens, where it needs one."""
    day = business_day(context.envelope.time)
    return [Opened(business_on=day)] if context.register.days.needs_opening(day) else []


def payment_noted(
    context: "Context[Register]",
    customer_id: str,
    payment_id: str,
    method: PaymentMethod,
    direction: Direction,
    amount_fen: int,
) -> list[Event]:
    """The payment on the stream of its day, opened where need be, or as a late entry."""
    day, late_in = _page(context)
    if late_in is not None:
        return [
            LateEntryNoted(
                business_on=late_in,
                noted_for_on=day,
                customer_id=customer_id,
                payment_id=payment_id,
                method=method,
                direction=direction,
                amount_fen=amount_fen,
            )
        ]
    noted = PaymentNoted(
        business_on=day,
        customer_id=customer_id,
        payment_id=payment_id,
        method=method,
        direction=direction,
        amount_fen=amount_fen,
    )
    return [*opening(context), noted]


def order_noted(
    context: "Context[Register]",
    case_id: str,
    order_kind: OrderKind,
    to_state: str,
    customer_id: str | None = None,
) -> list[Event]:
    """The order's new state on the stream of its day, opened where need be, or as a late entry.

    `customer_id` is what the copy says; a late entry repeats it.
    """
    day, late_in = _page(context)
    if late_in is not None:
        return [
            LateEntryNoted(
                business_on=late_in,
                noted_for_on=day,
                customer_id=customer_id,
                case_id=case_id,
                order_kind=order_kind,
                to_state=to_state,
            )
        ]
    noted = OrderNoted(business_on=day, case_id=case_id, order_kind=order_kind, to_state=to_state)
    return [*opening(context), noted]


def _page(context: "Context[Register]") -> tuple[Day, Day | None]:
    """The day on which it happened; and the newest day, where that one takes no entries."""
    day, days = business_day(context.envelope.time), context.register.days
    is_late = not days.is_open(day) and not days.needs_opening(day)
    return day, days.newest if is_late else None
