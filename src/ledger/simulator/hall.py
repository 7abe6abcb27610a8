"""A hall's day: who comes, who waits, who is on duty, and what happens behind the counters."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from ledger.facts import Clerk, Hall
from ledger.simulator import back_office, supervision
from ledger.simulator.book import Book
from ledger.simulator.desk import Desk
from ledger.simulator.people import Customer
from ledger.simulator.world import DAY, HOUR, Actor, Data, Message, World

if TYPE_CHECKING:
    from ledger.simulator.drawer import Drawer
    from ledger.simulator.head_office import Operator
    from ledger.simulator.order import Order

OPENS: Final = 8 * HOUR + HOUR // 2
CLOSES: Final = 18 * HOUR
LAST_ARRIVAL: Final = CLOSES - 10 * 60
VISITS_PER_DESK_HOUR: Final = 2.6
BUSY: Final = {
    8: 0.6,
    9: 0.9,
    10: 1.75,
    11: 1.0,
    12: 0.6,
    13: 0.7,
    14: 0.9,
    15: 1.6,
    16: 1.7,
    17: 0.8,
}
"""How many come in each hour of the day, against the mean: the rush is 10-11 and 15-17."""
PAYDAYS: Final = (5, 10)
PAYDAY_RUSH: Final = 1.3
KNOWN_CUSTOMERS: Final = 3_000
"""How many customers a hall remembers; who is forgotten does not come back."""

Area = Literal["business_counter", "consultation"]
Errand = Literal[
    "pay", "consult", "order", "line", "data", "update", "consent", "refund", "trouble"
]
ERRANDS: Final[Mapping[Errand, int]] = MappingProxyType(
    {
        "pay": 36,
        "consult": 21,
        "order": 16,
        "line": 4,
        "data": 3,
        "update": 5,
        "consent": 4,
        "refund": 2,
        "trouble": 9,
    }
)
"""In a hundred visits."""
ERRAND_OF_A_HUNDRED: Final[list[Errand]] = [
    errand for errand, share in ERRANDS.items() for _ in range(share)
]
LAST_CALL: Final = CLOSES + 50 * 60
"""Who waits then goes home; the ledger lets their visits lapse an hour after closing."""


@dataclass(slots=True)
class Ticket:
    """A visit in the queue. `gone`: the customer has left without a word."""

    visit: str
    area: Area
    errand: Errand
    priority: bool
    state: Literal["waiting", "called", "over"] = "waiting"
    gone: bool = False
    no_shows: int = 0


class HallLife:
    """One hall over all days. `other_hall` is where a terminal may be set to by mistake."""

    def __init__(
        self,
        world: World,
        operator: "Operator",
        hall: Hall,
        staff: list[Clerk],
        other_hall: str | None,
    ) -> None:
        self.world: Final = world
        self.operator: Final = operator
        self.hall_id: Final = hall.hall_id
        self.subject: Final = f"hall/{hall.hall_id}"
        self.other_hall: Final = other_hall
        roles = {clerk.role: clerk.clerk_id for clerk in staff}
        self.supervisor: Final = roles["supervisor"]
        self.manager: Final = roles["manager"]
        self.former_clerk: Final = next(c.clerk_id for c in staff if c.status == "left")
        self.desks: Final = [
            Desk(world, self, counter, clerk)
            for counter, clerk in zip(hall.counters, staff, strict=False)
        ]
        self.book: Final = Book(world)
        self.to_deposit: list[Drawer] = []
        self.unexplained: list[Drawer] = []
        self.listed: list[Customer] = []
        self.cases: dict[str, Order] = {}
        self.open_shifts: set[str] = set()
        self.supervisor_is_on_shift = False
        self.days_to_sign: list[int] = []
        self._customers: list[Customer] = []
        self._queues: dict[str, deque[Ticket]] = {}
        self._tickets = 0

    def begin_day(self) -> None:
        """Called at midnight."""
        self._queues = {"business_counter": deque(), "consultation": deque()}
        self._tickets = 0
        world = self.world
        for number, desk in enumerate(self.desks):
            if (world.day + number) % 7 == 6:
                continue
            late = world.between(0, 12 * 60) if world.chance(0.08) else 0
            world.start(desk.work(), OPENS - world.between(2 * 60, 12 * 60) + late)
        world.start(supervision.day(self), 8 * HOUR)
        world.start(self._arrivals(), OPENS)
        world.start(back_office.billing_run(self), 11 * HOUR)
        world.start(back_office.evening_app(self), 19 * HOUR)
        if world.day % 7 == 1:
            world.start(back_office.listing(self), 15 * HOUR)

    # Who comes

    def _arrivals(self) -> Actor:
        world = self.world
        rate = VISITS_PER_DESK_HOUR * len(self.desks) / HOUR
        if world.on(world.day).day in PAYDAYS:
            rate *= PAYDAY_RUSH
        most = max(BUSY.values())
        while world.second_of_day < LAST_ARRIVAL:
            yield 1 + int(world.random.expovariate(rate * most))
            hour = world.second_of_day // HOUR
            if world.second_of_day < LAST_ARRIVAL and world.chance(BUSY[hour] / most):
                world.start(self._visit())

    def _visit(self) -> Actor:
        """From the door to the queue, and out of it again where patience ends."""
        world = self.world
        errand = world.pick(ERRAND_OF_A_HUNDRED)
        consults = errand in ("consult", "trouble") and world.chance(0.8)
        ticket = Ticket(
            visit=world.new_id("v"),
            area="consultation" if consults else "business_counter",
            errand=errand,
            priority=world.chance(0.04),
        )
        self.by_machine("visit.arrive.v1", ticket, self._arrival(ticket))
        self.book.arrive(ticket.visit)
        if world.chance(0.015):
            if world.chance(0.6):
                yield world.between(60, 600)
                self._abandon(ticket, "used_self_service")
            return
        if world.chance(0.3):
            yield from supervision.greet(self, ticket)
        yield world.between(4, 50)
        yield from self._take_ticket(ticket)
        yield from self._wait(ticket)

    def _arrival(self, ticket: Ticket) -> Data:
        arrival = self.world.random.random()
        data: Data = {
            "arrival": "walk_in" if arrival < 0.9 else "returning",
            "priority_lane": ticket.priority,
        }
        if arrival > 0.97:
            data |= {"arrival": "appointment", "appointment_id": self.world.new_id("ap")}
        if self.world.chance(0.15):
            data["companions"] = self.world.between(1, 2)
        return data

    def _take_ticket(self, ticket: Ticket) -> Actor:
        world = self.world
        if self._tickets and world.chance(0.004):
            # VIS-03: the machine forgot the last number.
            self._issue(ticket)
            yield 6
        self._tickets += 1
        self._issue(ticket)
        self.book.count("tickets_issued")
        self._join(ticket)

    def _issue(self, ticket: Ticket) -> None:
        data: Data = {"ticket_no": f"A{self._tickets:03d}", "service_area": ticket.area}
        self.by_machine("visit.issue_ticket.v1", ticket, data)

    def _join(self, ticket: Ticket) -> None:
        ticket.state = "waiting"
        queue = self._queues[ticket.area]
        if ticket.priority:
            queue.appendleft(ticket)
        else:
            queue.append(ticket)

    def _wait(self, ticket: Ticket) -> Actor:
        world = self.world
        if world.chance(0.012):
            ticket.gone = True
            return
        yield 300 + int(world.random.expovariate(1 / 4_000))
        if ticket.state != "waiting" or ticket.gone or world.second_of_day > LAST_CALL:
            return
        if world.chance(0.3):
            ticket.gone = True
            return
        ticket.state = "over"
        self._abandon(ticket, "wait_too_long")

    def _abandon(self, ticket: Ticket, reason: str) -> None:
        self.by_machine("visit.abandon.v1", ticket, {"reason": reason})
        self.book.leave(ticket.visit, "visits_abandoned")

    def rejoin(self, ticket: Ticket) -> Actor:
        """Some who missed their call come back; once only (VIS-09)."""
        if self.world.chance(0.45):
            yield self.world.between(120, 1_500)
            if self.world.second_of_day > LAST_CALL:
                return
            self.by_machine("visit.rejoin.v1", ticket, {})
            if ticket.no_shows == 1:
                self.book.miss(ticket.visit, missed=False)
                ticket.gone = self.world.chance(0.1)
                self._join(ticket)

    def next_ticket(self, desk: Desk) -> Ticket | None:
        """The ticket that the desk calls next; business counters help out in consultation."""
        for area in desk.areas if self.world.second_of_day < LAST_CALL else ():
            queue = self._queues[area]
            while queue:
                ticket = queue.popleft()
                if ticket.state == "waiting":
                    return ticket
        return None

    # Who serves

    def open_drawer(self) -> "Drawer | None":
        """A drawer out of which money may be given back."""
        drawers = [d.drawer for d in self.desks if d.drawer is not None and d.drawer.is_open]
        counting = [each for each in drawers if each.desk.is_serving]
        return self.world.pick(counting) if counting else None

    def business_desk(self) -> Desk | None:
        """A business counter that serves now, for a customer who is sent there."""
        desks = [desk for desk in self.desks if desk.is_serving and not desk.consults]
        return self.world.pick(desks) if desks else None

    # Whom they serve

    def take_customer(self) -> Customer | None:
        """A known customer, or None for someone new. Nobody is in two places at once."""
        customers, world = self._customers, self.world
        if not customers or not world.chance(0.7 * len(customers) / (len(customers) + 300)):
            return None
        return self._remove(int(world.random.random() * len(customers)))

    def take_anybody(self) -> Customer | None:
        return self._take(lambda _: True)

    def take_payer(self) -> Customer | None:
        """A known customer who has paid before."""
        return self._take(lambda customer: customer.payment is not None)

    def take_holder(self) -> Customer | None:
        """A known customer with a line in service of which nothing is being changed."""
        return self._take(lambda customer: customer.line_at_rest() is not None)

    def take_sleeper(self) -> Customer | None:
        """A known customer with a line that was suspended at the own wish."""
        return self._take(lambda customer: customer.line_at_rest("suspended") is not None)

    def take_debtor(self) -> Customer | None:
        """A known customer with an unpaid bill."""
        return self._take(lambda customer: customer.bill() is not None)

    def _take(self, fits: Callable[[Customer], bool]) -> Customer | None:
        customers, world = self._customers, self.world
        for _ in range(40 if customers else 0):
            number = int(world.random.random() * len(customers))
            if fits(customers[number]):
                return self._remove(number)
        return None

    def take(self, customer: Customer) -> Customer | None:
        """That customer, where known and not busy."""
        known = self._customers
        return self._remove(known.index(customer)) if customer in known else None

    def _remove(self, number: int) -> Customer:
        customers = self._customers
        customers[number], customers[-1] = customers[-1], customers[number]
        return customers.pop()

    def leave(self, customer: Customer) -> None:
        """The customer goes home, and may come again."""
        if len(self._customers) < KNOWN_CUSTOMERS:
            self._customers.append(customer)
        else:
            self._customers[int(self.world.random.random() * KNOWN_CUSTOMERS)] = customer

    # Machines and hours

    def by_machine(
        self,
        type_: str,
        ticket: Ticket,
        data: Data,
        source: str = "queue-machine",
        actor: str = "system:queue_machine",
    ) -> None:
        self.world.send(
            Message(
                source=source,
                type=type_,
                subject=self.subject,
                actor=actor,
                hall=self.hall_id,
                visit=ticket.visit,
                channel="store" if source == "queue-machine" else "system",
                data=data,
            )
        )

    def until_working(self, seconds: int) -> int:
        """Seconds to wait so that at least `seconds` pass and people are at work (09:00-17:30)."""
        seconds = max(1, seconds)
        then = (self.world.now + seconds) % DAY
        if then < 9 * HOUR:
            return seconds + 9 * HOUR - then + self.world.between(0, HOUR)
        if then > 17 * HOUR + HOUR // 2:
            return seconds + DAY - then + 9 * HOUR + self.world.between(0, HOUR)
        return seconds
