"""Stored for ever: the tags are the wire names."""

from typing import Final, Literal, get_args

from ledger.aggregates import model
from ledger.aggregates.copies import PaymentMethod
from ledger.aggregates.hall.hall_day.interactions import (
    MarkOverdue,
    MethodTotal,
    Open,
    Prepare,
    SignOff,
    Withdraw,
)
from ledger.aggregates.model import Event
from ledger.facts import OrderKind
from ledger.values import Count, Day, Digest, FenPositive, Id, Str32

Direction = Literal["in", "out"]


class OrderTotal(model.Fields):
    """How many orders of a kind came into a state."""

    order_kind: OrderKind
    to_state: Str32
    orders: Count


class MethodDifference(model.Fields):
    """The terminals' total of one method less the ledger's."""

    method: PaymentMethod
    count_in: int = 0
    in_fen: int = 0
    count_out: int = 0
    out_fen: int = 0


class DayTotals(model.Fields):
    """What is signed. `rated` are the ratings given on the day, whenever the visit was; drawers
    and shifts are those opened on the day; `late_entries` are other days', in no other total."""

    visits_arrived: Count
    visits_completed: Count
    visits_abandoned: Count
    visits_no_show: Count
    tickets_issued: Count
    rated: Count
    rating_sum: Count
    orders: tuple[OrderTotal, ...]
    payments: tuple[MethodTotal, ...]
    drawers_closed: Count
    drawer_short_fen: Count
    drawer_over_fen: Count
    to_deposit_fen: Count
    shifts_forced: Count
    late_entries: Count


class Opened(Event, Open, tag="hall_day.opened.v1"):
    pass


class PaymentNoted(Event, tag="hall_day.payment_noted.v1"):
    business_on: Day
    customer_id: Id
    payment_id: Id
    method: PaymentMethod
    direction: Direction
    amount_fen: FenPositive


class OrderNoted(Event, tag="hall_day.order_noted.v1"):
    business_on: Day
    case_id: Id
    order_kind: OrderKind
    to_state: Str32


class LateEntryNoted(Event, tag="hall_day.late_entry_noted.v1"):
    """A payment or an order of the day `noted_for_on`, which is signed off or was never opened."""

    business_on: Day
    noted_for_on: Day
    customer_id: Id | None = None
    payment_id: Id | None = None
    method: PaymentMethod | None = None
    direction: Direction | None = None
    amount_fen: FenPositive | None = None
    case_id: Id | None = None
    order_kind: OrderKind | None = None
    to_state: Str32 | None = None


class Prepared(Event, Prepare, tag="hall_day.prepared.v1"):
    """`totals_digest` is the SHA-256 of the canonical JSON of `totals`; who signs repeats it."""

    totals: DayTotals
    totals_digest: Digest
    differences: tuple[MethodDifference, ...]


class Withdrawn(Event, Withdraw, tag="hall_day.withdrawn.v1"):
    pass


class SignedOff(Event, SignOff, tag="hall_day.signed_off.v1"):
    """The actor signs what another person prepared."""

    prepared_by: Id


class Overdue(Event, MarkOverdue, tag="hall_day.overdue.v1"):
    pass


AnyEvent = (
    Opened | PaymentNoted | OrderNoted | LateEntryNoted | Prepared | Withdrawn | SignedOff | Overdue
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
