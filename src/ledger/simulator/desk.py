"""A desk: one counter and the clerk whose shift it is, from opening to closing."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger import wire
from ledger.reference import Clerk, Counter, holds
from ledger.simulator import back_office, mistakes
from ledger.simulator.mistakes import Mistake
from ledger.simulator.service import Service
from ledger.simulator.world import HOUR, Actor, Data, Message, World
from ledger.values import local_midnight

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife, Ticket

SHIFT_ENDS: Final = 18 * HOUR
LOOKS_SECONDS: Final = 15
"""How often a clerk without a customer looks for the next one."""
MISTAKEN: Final = 0.035
MISTAKEN_IN_BUSINESS: Final = 0.065
"""How often an act at a counter is first sent wrong: any act, and one with mistakes of its own."""


class Desk:
    def __init__(self, world: World, hall: "HallLife", counter: Counter, clerk: Clerk) -> None:
        self.world: Final = world
        self.hall: Final = hall
        self.counter: Final = counter.counter_id
        self.clerk: Final = clerk.clerk_id
        self.consults: Final = counter.service_area == "consultation"
        self.may_refund: Final = holds(clerk, "refunds", local_midnight(world.on(1)))
        # Business counters help out in consultation, but not the other way round.
        business = "business_counter", "consultation"
        self.areas: Final = business[1:] if self.consults else business
        self.shift_id = ""

    # A day

    def work(self) -> Actor:
        world = self.world
        yield from self._open()
        lunch_at = world.between(11 * HOUR + 1_800, 13 * HOUR)
        while True:
            if lunch_at and world.second_of_day > lunch_at:
                lunch_at = 0
                yield world.between(1_500, 2_400)
            ticket = self.hall.next_ticket(self)
            if ticket is not None:
                if (yield from self._call(ticket)):
                    yield from Service(self, ticket).run()
                yield world.between(10, 60)
            elif world.second_of_day > SHIFT_ENDS:
                break
            else:
                yield LOOKS_SECONDS
        yield from self._close()

    def _open(self) -> Actor:
        world = self.world
        self.shift_id = f"s-{self.hall.hall_id}-{self.counter}-{world.day + 1}"
        opening: Data = {
            "shift_id": self.shift_id,
            "counter_id": self.counter,
            "duty": "consultant" if self.consults else "counter",
            "planned_end_at": world.moment(world.day * 24 * HOUR + SHIFT_ENDS),
        }
        message = replace(self.message("shift.open.v1", opening), counter=None)
        if self.consults and world.chance(0.1):
            # SHF-03: the duty needs a certification that clerks for consultation do not hold.
            world.send(replace(message, data={**opening, "duty": "counter"}))
            yield 30
        world.send(message)
        if world.chance(0.05):
            # SHF-02: the button is pressed again under a new number.
            yield 5
            world.send(replace(message, data={**opening, "shift_id": f"{self.shift_id}-2"}))
        yield world.between(20, 90)

    def _close(self) -> Actor:
        world = self.world
        yield world.between(60, 600)
        if world.chance(0.02):
            world.start(back_office.close_forgotten_shift(self.hall, self.shift_id))
            return
        closing: Data = {"shift_id": self.shift_id, "forced": False, "reason": "planned_end"}
        message = replace(self.message("shift.close.v1", closing), counter=None)
        if world.chance(0.03):
            # SHF-01: a colleague wants to help.
            colleague = world.pick([d.clerk for d in self.hall.desks if d is not self])
            world.send(replace(message, actor=colleague))
            yield 20
        world.send(message)

    def _call(self, ticket: "Ticket") -> Generator[int, None, bool]:
        """Calls a ticket up to three times; whether the customer came."""
        world = self.world
        ticket.state = "called"
        yield from self.act(self.at_hall("visit.call_ticket.v1", {}, ticket))
        for call in (1, 2, 3):
            if not ticket.gone and world.chance(0.9):
                yield world.between(6, 30)
                return True
            yield world.between(25, 40)
            if call < 3:
                world.send(self.at_hall("visit.call_ticket.v1", {}, ticket))
        yield from self._miss(ticket)
        return False

    def _miss(self, ticket: "Ticket") -> Actor:
        world = self.world
        if world.chance(0.1):
            # VIS-07: once more than the policy allows.
            world.send(self.at_hall("visit.call_ticket.v1", {}, ticket))
            yield 30
        world.send(self.at_hall("visit.record_no_show.v1", {}, ticket))
        ticket.no_shows += 1
        world.start(self.hall.rejoin(ticket))

    # Acts

    def message(self, type_: str, data: Data) -> Message:
        """What the clerk says at the own counter about the hall."""
        return Message(
            source="counter-app",
            type=type_,
            subject=self.hall.subject,
            actor=self.clerk,
            hall=self.hall.hall_id,
            counter=self.counter,
            channel="store",
            data=data,
        )

    def at_hall(self, type_: str, data: Data, ticket: "Ticket") -> Message:
        return replace(self.message(type_, data), visit=ticket.visit)

    def act(self, message: Message, *typical: Mistake) -> Actor:
        """Sends a message, now and then after a mistake: a typical one, or one that all make."""
        world = self.world
        if world.chance(MISTAKEN_IN_BUSINESS if typical else MISTAKEN):
            is_typical = typical and world.chance(0.55)
            mistake = world.pick(typical if is_typical else self._common(message))
            world.send(mistake(message))
            yield world.between(8, 50)
        world.send(message)

    def _common(self, message: Message) -> list[Mistake]:
        usual = [mistakes.by_someone_who_left(self.hall.former_clerk)]
        if wire.INTERACTIONS[message.type].data.marks.at_counter:
            usual += [mistakes.without_visit] * 3
        if message.subject == self.hall.subject:
            neighbour = self.world.pick([d.counter for d in self.hall.desks if d is not self])
            return [*usual, *[mistakes.at_counter(neighbour)] * 3]
        if self.hall.other_hall is not None:
            usual += [mistakes.in_hall(self.hall.other_hall)] * 2
        return [*usual, mistakes.for_nobody_known]
