"""A cash drawer: opened with its float, counted in the evening, taken to the bank the next day."""

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import mistakes
from ledger.simulator.world import HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.desk import Desk
    from ledger.simulator.hall import HallLife

FLOAT_FEN: Final = 50_000
NOTES: Final = (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10)
DIFFERS: Final = 0.04
"""How many drawers do not hold what they should."""
EXPLAINED_AT_ONCE: Final = 0.5
CAUSES: Final = (
    ("wrong_change", "shortage_receivable"),
    ("unexplained", "shortage_receivable"),
    ("float_error", "shortage_receivable"),
)
FLOAT: Final[list[Data]] = [
    {"value_fen": 5_000, "pieces": 4},
    {"value_fen": 1_000, "pieces": 20},
    {"value_fen": 500, "pieces": 16},
    {"value_fen": 100, "pieces": 20},
]


class Drawer:
    """One clerk's drawer of one day; `to_deposit_fen` once it is closed."""

    def __init__(self, desk: "Desk") -> None:
        self.desk: Final = desk
        self.world: Final = desk.world
        self.hall: Final = desk.hall
        self.shift_id: Final = desk.shift_id
        self.day: Final = desk.world.day
        self.drawer_id: Final = f"d-{desk.hall.hall_id}-{desk.counter}-{desk.world.day + 1}"
        self.is_open = False
        self.copies = 0
        self.copies_fen = 0
        self.dropped_fen = 0
        self.difference_fen = 0
        self.to_deposit_fen = 0

    # What is in it

    @property
    def expected_fen(self) -> int:
        return FLOAT_FEN + self.copies_fen - self.dropped_fen

    def take(self, amount_fen: int) -> None:
        self.copies += 1
        self.copies_fen += amount_fen

    def pay(self, amount_fen: int) -> None:
        self.copies += 1
        self.copies_fen -= amount_fen

    # Its day

    def open(self) -> Actor:
        data: Data = {
            "drawer_id": self.drawer_id,
            "till_id": f"till-{self.desk.hall.hall_id}-{self.desk.counter}",
            "shift_id": self.shift_id,
            "float": FLOAT,
        }
        opening = self._message("drawer.open.v1", data)
        yield from self.desk.act(opening, mistakes.short_float, mistakes.approved_by_oneself)
        self.is_open = True

    def drop(self) -> Actor:
        """Now and then some of the cash goes to the safe before the evening."""
        spare_fen = (self.copies_fen - self.dropped_fen) // 10_000 * 10_000
        if spare_fen < 20_000 or not self.world.chance(0.25):
            return
        data: Data = {
            "drawer_id": self.drawer_id,
            "drop_id": self.world.new_id("drop"),
            "pieces": pieces(spare_fen),
            "seal_no": self.world.new_id("F"),
        }
        yield from self.desk.act(self._message("drawer.drop.v1", data), mistakes.drops_too_much)
        self.dropped_fen += spare_fen

    def change_money(self) -> Actor:
        notes = self.world.between(1, 5)
        data: Data = {
            "drawer_id": self.drawer_id,
            "given": [{"value_fen": 10_000, "pieces": notes}],
            "taken": [{"value_fen": 1_000, "pieces": notes * 10}],
        }
        message = self._message("drawer.change_money.v1", data)
        yield from self.desk.act(message, mistakes.changes_unequally)

    def finish(self) -> "Actor":
        """Counts before a witness, and closes where it may: `is_open` says whether it is not."""
        world = self.world
        if world.chance(DIFFERS):
            self.difference_fen = world.pick((-1, -1, 1)) * world.between(5, 50) * 100
        if self.expected_fen < FLOAT_FEN:
            self.difference_fen = max(self.difference_fen, 0)
        data: Data = {
            "drawer_id": self.drawer_id,
            "pieces": pieces(self.expected_fen + self.difference_fen),
            "journal_count": self.copies,
            "journal_fen": self.copies_fen,
            "accept_journal_gap": False,
        }
        counting = self._message("drawer.count.v1", data)
        yield from self.desk.act(counting, mistakes.journal_differs, mistakes.not_approved)
        yield world.between(30, 120)
        if not self.difference_fen:
            yield from self.close(self.desk.clerk)
            return
        if world.chance(0.2):
            # ENV-12: not before the difference is explained.
            world.send(self._closing(self.desk.clerk))
            yield world.between(20, 60)
        if world.chance(EXPLAINED_AT_ONCE):
            yield world.between(300, 1_200)
            self.explain()
            yield world.between(30, 120)
            yield from self.close(self.desk.clerk)

    def explain(self) -> None:
        """By the manager, who neither held nor counted nor witnessed it."""
        cause, booked_as = self.world.pick(CAUSES)
        data: Data = {
            "drawer_id": self.drawer_id,
            "cause": cause,
            "booked_as": booked_as if self.difference_fen < 0 else "surplus_payable",
            "note": "已调阅监控并核对流水",
        }
        message = self._message("drawer.explain_discrepancy.v1", data, self.hall.manager)
        message = replace(message, approver=None, counter=None)
        if self.world.chance(0.15):
            # DRW-12: the witness explains.
            self.world.send(replace(message, actor=self.hall.supervisor))
        self.world.send(message)

    def close(self, clerk: str) -> Actor:
        world = self.world
        closing = self._closing(clerk)
        if world.chance(0.01):
            world.send(mistakes.float_not_returned(closing))
            yield 30
        world.send(closing)
        self.is_open = False
        counted_fen = self.expected_fen + self.difference_fen
        returned_fen = min(FLOAT_FEN, counted_fen)
        self.to_deposit_fen = counted_fen - returned_fen + self.dropped_fen
        self.hall.book.close_drawer(self)
        if self.to_deposit_fen:
            self.hall.to_deposit.append(self)
        yield world.between(20, 60)

    def deposit(self, deposit_id: str, slip: str) -> None:
        data: Data = {
            "drawer_id": self.drawer_id,
            "deposit_id": deposit_id,
            "amount_fen": self.to_deposit_fen,
            "bank_slip_no": slip,
            "bank_account_last4": "0086",
            "deposited_on": self.world.on(self.world.day).isoformat(),
            "by": "cash_carrier",
        }
        message = self._message("drawer.deposit.v1", data, self.hall.supervisor)
        message = replace(message, approver=self.hall.manager, counter=None)
        if self.world.chance(0.01):
            self.world.send(mistakes.deposits_too_little(message))
        self.world.send(message)

    def _closing(self, clerk: str) -> Message:
        counted_fen = self.expected_fen + self.difference_fen
        data: Data = {
            "drawer_id": self.drawer_id,
            "float_returned_fen": min(FLOAT_FEN, counted_fen),
            "bag_seal_no": self.world.new_id("F"),
        }
        message = self._message("drawer.close.v1", data, clerk)
        return replace(message, approver=None, counter=None)

    def _message(self, type_: str, data: Data, actor: str | None = None) -> Message:
        message = replace(self.desk.message(type_, data), approver=self.hall.supervisor)
        return message if actor is None else replace(message, actor=actor)


def pieces(amount_fen: int) -> list[Data]:
    """Notes and coins of that value, as few as can be."""
    found: list[Data] = []
    for value_fen in NOTES:
        count, amount_fen = divmod(amount_fen, value_fen)
        if count:
            found.append({"value_fen": value_fen, "pieces": count})
    assert amount_fen == 0, "cash is a multiple of ten fen"
    return found


def deposit_all(hall: "HallLife") -> Actor:
    """In the morning the supervisor takes to the bank what the drawers left."""
    world = hall.world
    late = world.between(24 * HOUR, 30 * HOUR) if world.chance(0.03) else 0
    yield late + world.between(600, 2 * HOUR)
    drawers, hall.to_deposit = (
        [d for d in hall.to_deposit if d.day < world.day],
        [d for d in hall.to_deposit if d.day >= world.day],
    )
    deposit_id, slip = world.new_id("dep"), world.new_id("slip")
    for drawer in drawers:
        drawer.deposit(deposit_id, slip)
        yield world.between(20, 60)
