"""What a hall's day comes to, as its people reckon it before they sign."""

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.aggregates.hall import hall_day
from ledger.aggregates.hall.hall_day.totals import Counts, digest_of, totals_of
from ledger.simulator.world import Data, World

if TYPE_CHECKING:
    from ledger.simulator.drawer import Drawer


class Page:
    """One day of the book. `visits` are those that have not ended; true: the call was missed."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = defaultdict(int)
        self.methods: dict[str, dict[str, int]] = {}
        self.orders: dict[str, dict[str, int]] = {}
        self.visits: dict[str, bool] = {}


class Book:
    """The days of a hall that are not signed off, by number."""

    def __init__(self, world: World) -> None:
        self._world: Final = world
        self._pages: dict[int, Page] = {}

    @property
    def today(self) -> Page:
        return self._pages.setdefault(self._world.day, Page())

    def count(self, what: str, many: int = 1) -> None:
        self.today.counted[what] += many

    # Visits

    def arrive(self, visit: str) -> None:
        self.count("visits_arrived")
        self.today.visits[visit] = False

    def miss(self, visit: str, *, missed: bool) -> None:
        self.today.visits[visit] = missed

    def leave(self, visit: str, how: str) -> None:
        """`how` is the total that the visit counts in: completed or abandoned."""
        self.today.visits.pop(visit, None)
        self.count(how)

    # Money and orders

    def note_payment(self, method: str, direction: str, amount_fen: int) -> None:
        total = self.today.methods.setdefault(
            method, {"count_in": 0, "in_fen": 0, "count_out": 0, "out_fen": 0}
        )
        total[f"count_{direction}"] += 1
        total[f"{direction}_fen"] += amount_fen

    def note_order(self, kind: str, state: str) -> None:
        states = self.today.orders.setdefault(kind, {})
        states[state] = states.get(state, 0) + 1

    def close_drawer(self, drawer: "Drawer") -> None:
        """It counts for the day on which it was opened."""
        counted = self._pages[drawer.day].counted
        counted["drawers_closed"] += 1
        counted["drawer_short_fen"] += max(0, -drawer.difference_fen)
        counted["drawer_over_fen"] += max(0, drawer.difference_fen)
        counted["to_deposit_fen"] += drawer.to_deposit_fen

    # Signing

    def terminal_totals(self, day: int) -> list[Data]:
        methods = self._pages[day].methods
        return [{"method": method, **totals} for method, totals in sorted(methods.items())]

    def digest(self, day: int) -> str:
        """Of the totals that the ledger shows who signs; visits left over have lapsed."""
        page = self._pages[day]
        for missed in page.visits.values():
            page.counted["visits_no_show" if missed else "visits_abandoned"] += 1
        page.visits.clear()
        payments = {method: {"method": method, **page.methods[method]} for method in page.methods}
        state = msgspec.convert({"payments": payments, "orders": page.orders}, hall_day.State)
        return digest_of(totals_of(state, msgspec.convert(page.counted, Counts)))

    def sign(self, day: int) -> None:
        del self._pages[day]
