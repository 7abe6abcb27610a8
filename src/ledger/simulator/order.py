"""An order as the people and systems of the play know it: its items, its steps and its end."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from ledger.aggregates.customer.order.items import line_of
from ledger.facts import OrderKind, Procedure, Product
from ledger.simulator.people import Customer, Line
from ledger.simulator.world import HOUR, Data, World
from ledger.values import months_after

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife

SUBMIT: Final = "submit"


@dataclass(slots=True)
class Item:
    """One item; `line` is the line that it makes or changes, None for a device."""

    item_id: str
    action: Literal["add", "modify", "delete"]
    product: Product
    line: Line | None
    is_priced: bool = True
    confirmation_id: str = ""
    status: Literal["open", "completed", "failed", "dropped"] = "open"

    @property
    def adds_line(self) -> bool:
        return self.action == "add" and self.product.family in ("mobile", "broadband")

    @property
    def has_card(self) -> bool:
        return self.product.family == "mobile"

    @property
    def monthly_fen(self) -> int:
        return self.product.tariff.monthly_fen if self.is_priced else 0

    @property
    def once_fen(self) -> int:
        return self.product.tariff.once_fen if self.is_priced else 0

    def data(self) -> Data:
        product = self.product
        data: Data = {
            "item_id": self.item_id,
            "action": self.action,
            "product_id": product.product_id,
            "family": product.family,
            "tariff_version": product.tariff_version,
            "monthly_fen": self.monthly_fen,
            "once_fen": self.once_fen,
        }
        if product.contract_months and self.is_priced:
            data |= {
                "contract_months": product.contract_months,
                "exit_fee_rule": product.exit_fee_rule,
            }
        return data


class Order:
    """`keeper` is the clerk whose case it is; `due` the moment by which it should be done."""

    def __init__(
        self,
        world: World,
        hall: "HallLife",
        kind: OrderKind,
        customer: Customer,
        line: Line | None,
        procedure: Procedure,
    ) -> None:
        self.world: Final = world
        self.hall: Final = hall
        self.kind: Final[OrderKind] = kind
        self.customer: Final = customer
        self.line: Final = line
        self.procedure: Final = procedure
        self.order_id: Final = world.new_id("o")
        self.items: Final[list[Item]] = []
        self.undone: Final = [step.step_id for step in procedure.steps if step.mandatory]
        self.status = "draft"
        self.keeper = ""
        self.due = 0
        self.card_is_issued = False
        self.reservation_id = ""
        self.cancellation_id = ""
        self.agreement_id = ""
        self.signed_on: date | None = None

    def add(self, action: Literal["add", "modify", "delete"], product: Product) -> Item:
        """One more item, of a line of its own where it adds one."""
        item_id = f"i{len(self.items) + 1}"
        line = self.line
        if action == "add" and product.family in ("mobile", "broadband"):
            line = Line(line_of(self.order_id, item_id), self.customer, product)
        elif product.family == "device":
            line = None
        elif line is None:
            line = next((each.line for each in self.items if each.adds_line), None)
        is_priced = self.kind in ("activation", "plan_change", "service_upgrade")
        item = Item(item_id, action, product, line, is_priced)
        self.items.append(item)
        return item

    @property
    def wanted(self) -> list[Item]:
        return [item for item in self.items if item.status != "dropped"]

    @property
    def new_numbers(self) -> int:
        return sum(item.adds_line and item.has_card for item in self.wanted)

    @property
    def is_open(self) -> bool:
        return self.status in ("acknowledged", "in_progress", "held", "pending", "cancelling")

    @property
    def items_ended(self) -> bool:
        return all(item.status != "open" for item in self.wanted)

    @property
    def has_failed(self) -> bool:
        return self.status == "failed"

    # What becomes of it

    def submit(self, clerk: str) -> None:
        self.status = "acknowledged"
        self.keeper = clerk
        self.undone.remove(SUBMIT)
        self.due = self.world.now + 24 * HOUR
        if any(item.adds_line and item.product.family == "broadband" for item in self.wanted):
            self.due += 20 * 24 * HOUR
        self.hall.cases[self.order_id] = self
        self.hall.book.note_order(self.kind, "submitted")
        for item in self.wanted:
            if item.adds_line and item.line is not None:
                self.customer.lines.append(item.line)
                item.line.ordered.add(self.kind)
        if self.line is not None:
            self.line.ordered.add(self.kind)

    def do(self, step_id: str) -> None:
        if step_id in self.undone:
            self.undone.remove(step_id)
        self._end_where_done()

    def complete(self, item: Item) -> None:
        item.status = "completed"
        _carry_out(self, item)
        self._end_where_done()

    def fail(self, item: Item) -> None:
        item.status = "failed"
        self.status = "in_progress"
        self._end_where_done()

    def _end_where_done(self) -> None:
        if self.status != "in_progress" or not self.items_ended:
            return
        ends = {item.status for item in self.wanted}
        if "completed" not in ends:
            self.end("failed")
        elif not self.undone:
            self.end("completed" if "failed" not in ends else "partial")

    def end(self, state: str) -> None:
        self.status = state
        self.hall.book.note_order(self.kind, state)
        del self.hall.cases[self.order_id]
        if self.line is not None:
            self.line.ordered.discard(self.kind)
            if self.line.status == "ending":
                self.line.status = "active"
        for item in self.wanted:
            if item.adds_line and item.line is not None:
                item.line.ordered.discard(self.kind)
            if item.adds_line and item.status != "completed" and item.line is not None:
                item.line.status = "ended"
                self.customer.lines.remove(item.line)


def _carry_out(order: Order, item: Item) -> None:
    """What the completed item has made of its line."""
    line = item.line
    if line is None:
        return
    if item.adds_line:
        line.status = "active"
        _bind(order, item, line)
    elif item.product.family == "add_on":
        line.add_ons.add(item.product.product_id)
    elif order.kind == "plan_change":
        line.product = item.product
        _bind(order, item, line)
    elif order.kind == "suspension":
        line.status = "suspended"
    elif order.kind == "termination":
        line.status = "ended"
        order.customer.lines.remove(line)


def _bind(order: Order, item: Item, line: Line) -> None:
    """A contract holds the line from the day on which it was signed."""
    if item.product.lock and order.signed_on is not None:
        line.locked_from_on = order.signed_on
        line.locked_until_on = months_after(order.signed_on, item.product.contract_months)
        line.lock_id = f"{order.agreement_id}.{item.item_id}"
        line.locked_fen = item.monthly_fen
