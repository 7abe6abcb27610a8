"""The totals of a day: what is prepared, compared with the terminals and signed."""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from ledger.aggregates.copies import PaymentMethod
from ledger.aggregates.hall.hall_day.events import DayTotals, MethodDifference, OrderTotal
from ledger.aggregates.hall.hall_day.interactions import MethodTotal
from ledger.aggregates.hall.hall_day.state import State
from ledger.entry import as_json

WITHOUT_TERMINAL: Final = frozenset({"bank_transfer"})
"""What no terminal of the hall sees, and so is not compared."""


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One day's visits, ratings, shifts and drawers, also before the day is opened."""

    opened: bool = False
    visits_arrived: int = 0
    visits_completed: int = 0
    visits_abandoned: int = 0
    visits_no_show: int = 0
    tickets_issued: int = 0
    rated: int = 0
    rating_sum: int = 0
    shifts_forced: int = 0
    drawers_closed: int = 0
    drawer_short_fen: int = 0
    drawer_over_fen: int = 0
    to_deposit_fen: int = 0
    late_entries: int = 0


def totals_of(state: State, counts: Counts) -> DayTotals:
    """The same for the same day in whatever order its payments and orders were noted."""
    return DayTotals(
        visits_arrived=counts.visits_arrived,
        visits_completed=counts.visits_completed,
        visits_abandoned=counts.visits_abandoned,
        visits_no_show=counts.visits_no_show,
        tickets_issued=counts.tickets_issued,
        rated=counts.rated,
        rating_sum=counts.rating_sum,
        orders=tuple(
            OrderTotal(order_kind=kind, to_state=to_state, orders=orders)
            for kind, states in sorted(state.orders.items())
            for to_state, orders in sorted(states.items())
        ),
        payments=tuple(total for _, total in sorted(state.payments.items())),
        drawers_closed=counts.drawers_closed,
        drawer_short_fen=counts.drawer_short_fen,
        drawer_over_fen=counts.drawer_over_fen,
        to_deposit_fen=counts.to_deposit_fen,
        shifts_forced=counts.shifts_forced,
        late_entries=counts.late_entries,
    )


def digest_of(totals: DayTotals) -> str:
    return hashlib.sha256(as_json(totals)).hexdigest()


def differences(
    terminals: Iterable[MethodTotal], ledger: Iterable[MethodTotal]
) -> tuple[MethodDifference, ...]:
    """The terminals' totals less the ledger's, of the methods where they differ."""
    less: dict[PaymentMethod, MethodDifference] = {}
    for sign, totals in ((1, terminals), (-1, ledger)):
        for total in totals:
            so_far = less.get(total.method, MethodDifference(method=total.method))
            less[total.method] = MethodDifference(
                method=total.method,
                count_in=so_far.count_in + sign * total.count_in,
                in_fen=so_far.in_fen + sign * total.in_fen,
                count_out=so_far.count_out + sign * total.count_out,
                out_fen=so_far.out_fen + sign * total.out_fen,
            )
    return tuple(
        less[method]
        for method in sorted(less)
        if method not in WITHOUT_TERMINAL and less[method] != MethodDifference(method=method)
    )
