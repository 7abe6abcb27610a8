"""A desk: one counter and the clerk whose shift it is, from opening to closing."""

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger import wire
from ledger.facts import Clerk, Counter, holds
from ledger.simulator import back_office, mistakes
from ledger.simulator.drawer import Drawer
from ledger.simulator.mistakes import Mistake
from ledger.simulator.service import Service
from ledger.simulator.world import HOUR, Actor, Data, Message, World
from ledger.values import local_midnight

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife, Ticket

SHIFT_ENDS: Final = 18 * HOUR
LOOKS_SECONDS: Final = 15
"""How often a clerk without a customer looks for the next one."""
MISTAKEN: Final = 0.04
MISTAKEN_IN_BUSINESS: Final = 0.08
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
        self.has_cash: Final = holds(clerk, "cash", local_midnight(world.on(1)))
        self.shift_id = ""
        self.session_id = ""
        self.drawer: Drawer | None = None
        self.is_serving = False
        self.sent: deque[Service] = deque()

    # A day

    def work(self) -> Actor:
        world = self.world
        yield from self._open()
        lunch_at = world.between(11 * HOUR + 1_800, 13 * HOUR)
        break_at = world.between(14 * HOUR, 17 * HOUR) if world.chance(0.4) else 0
        self.is_serving = True
        while True:
            if lunch_at and world.second_of_day > lunch_at and not self.sent:
                lunch_at = 0
                yield from self._pause("meal", world.between(1_500, 2_400))
            if break_at and world.second_of_day > break_at and not self.sent:
                break_at = 0
                yield from self._pause("break", world.between(400, 900))
                yield from self._between_customers()
            if self.sent:
                yield from self.sent.popleft().go_on(self)
                continue
            ticket = self.hall.next_ticket(self)
            if ticket is not None:
                if (yield from self._call(ticket)):
                    yield from Service(self, ticket).run()
                yield world.between(10, 60)
            elif world.second_of_day > SHIFT_ENDS:
                break
            else:
                yield LOOKS_SECONDS
                yield from self._help()
        self.is_serving = False
        yield from self._finish()

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
        self.hall.open_shifts.add(self.shift_id)
        if world.chance(0.05):
            # SHF-02: the button is pressed again under a new number.
            yield 5
            world.send(replace(message, data={**opening, "shift_id": f"{self.shift_id}-2"}))
        yield world.between(20, 60)
        yield from self._log_in()
        if self.has_cash:
            self.drawer = Drawer(self)
            yield from self.drawer.open()
        yield world.between(20, 60)

    def _log_in(self) -> Actor:
        world = self.world
        self.session_id = world.new_id("se")
        data: Data = {
            "shift_id": self.shift_id,
            "session_id": self.session_id,
            "terminal_id": f"t-{self.hall.hall_id}-{self.counter}",
        }
        message = self.message("shift.log_in.v1", data)
        world.send(message)
        if world.chance(0.02):
            # SHF-06: at a second terminal.
            yield 10
            world.send(replace(message, data={**data, "session_id": world.new_id("se")}))

    def _pause(self, reason: str, seconds: int) -> Actor:
        world = self.world
        self.is_serving = False
        names: Data = {"shift_id": self.shift_id}
        world.send(self.message("shift.pause.v1", {**names, "reason": reason}))
        yield seconds
        self.is_serving = True
        world.send(self.message("shift.resume.v1", names))
        if world.chance(0.01):
            # SHF-10: pressed twice.
            yield 3
            world.send(self.message("shift.resume.v1", names))

    def _between_customers(self) -> Actor:
        if self.drawer is None:
            return
        yield from self.drawer.drop()
        if self.world.chance(0.15):
            yield from self.drawer.change_money()

    def _help(self) -> Actor:
        """A clerk without a customer helps a colleague, who mostly says whether it was useful."""
        world = self.world
        if not world.chance(0.001):
            return
        colleagues = [each for each in self.hall.desks if each.is_serving and each is not self]
        if not colleagues:
            return
        colleague = world.pick(colleagues)
        help_id = world.new_id("h")
        helping: Data = {
            "shift_id": self.shift_id,
            "help_id": help_id,
            "helped_clerk_id": colleague.clerk,
            "kind": world.pick(("knowledge", "system_operation", "queue_relief", "device")),
        }
        yield from self.act(
            self.message("shift.help_colleague.v1", helping), mistakes.helps_oneself(self.clerk)
        )
        yield world.between(60, 300)
        if world.chance(0.85):
            useful = world.chance(0.93)
            names: Data = {"shift_id": self.shift_id, "help_id": help_id, "useful": useful}
            confirming = self.message("shift.confirm_help.v1", names)
            if world.chance(0.05):
                # SHF-12: by the one who helped.
                world.send(confirming)
            world.send(replace(confirming, actor=colleague.clerk, counter=colleague.counter))

    # The evening

    def _finish(self) -> Actor:
        world = self.world
        yield world.between(60, 300)
        if self.drawer is not None:
            yield from self._finish_drawer(self.drawer)
        yield from self._hand_over()
        if world.chance(0.02):
            world.start(back_office.close_forgotten_shift(self, "no_close_received"))
            return
        if self.drawer is not None and self.drawer.is_open:
            self.hall.unexplained.append(self.drawer)
            world.start(back_office.close_forgotten_shift(self, "early_release"))
            return
        if world.chance(0.9):
            out: Data = {
                "shift_id": self.shift_id,
                "session_id": self.session_id,
                "reason": "shift_end",
            }
            world.send(replace(self.message("shift.log_out.v1", out), counter=None))
            yield world.between(5, 30)
        closing: Data = {"shift_id": self.shift_id, "forced": False, "reason": "planned_end"}
        message = replace(self.message("shift.close.v1", closing), counter=None)
        if world.chance(0.03):
            # SHF-01: a colleague wants to help.
            colleague = world.pick([d.clerk for d in self.hall.desks if d is not self])
            world.send(replace(message, actor=colleague))
            yield 20
        world.send(message)
        self.hall.open_shifts.discard(self.shift_id)

    def _finish_drawer(self, drawer: Drawer) -> Actor:
        if self.world.chance(0.02):
            # SHF-14: the shift is to be closed before the drawer.
            closing: Data = {"shift_id": self.shift_id, "forced": False, "reason": "planned_end"}
            self.world.send(self.message("shift.close.v1", closing))
            yield self.world.between(20, 90)
        yield from drawer.finish()

    def _hand_over(self) -> Actor:
        """The manager keeps for the night what falls due before the next evening."""
        world, hall = self.world, self.hall
        horizon = world.now + 24 * HOUR + HOUR
        due = [e for e in hall.cases.values() if e.keeper == self.clerk and e.due < horizon]
        if not due and not world.chance(0.25):
            return
        if due and world.chance(0.1):
            # SHF-15: what falls due soon is to be handed over first.
            closing: Data = {"shift_id": self.shift_id, "forced": False, "reason": "planned_end"}
            world.send(self.message("shift.close.v1", closing))
            yield world.between(30, 120)
        data: Data = {
            "shift_id": self.shift_id,
            "to_clerk_id": hall.manager,
            "case_ids": [each.order_id for each in due],
            "points": ["open_cases"] if due else ["nothing_open"],
        }
        message = self.message("shift.hand_over.v1", data)
        yield from self.act(message, *((mistakes.names_no_case,) if due else ()))
        for order in due:
            yield world.between(5, 20)
            if order.order_id in hall.cases:
                accepting = self.message("case.accept.v1", {"case_id": order.order_id})
                world.send(replace(accepting, actor=hall.manager, counter=None))
                order.keeper = hall.manager
        yield world.between(10, 60)

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
        self.hall.book.miss(ticket.visit, missed=True)
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

    def act(self, message: Message, *typical: Mistake) -> Generator[int, None, str]:
        """Sends a message, now and then after a mistake: a typical one, or one that all make.

        Returns the message's id.
        """
        world = self.world
        if world.chance(MISTAKEN_IN_BUSINESS if typical else MISTAKEN):
            is_typical = typical and world.chance(0.65)
            mistake = world.pick(typical if is_typical else self._common(message))
            world.send(mistake(message))
            yield world.between(8, 50)
        return world.send(message)

    def _common(self, message: Message) -> list[Mistake]:
        usual = [mistakes.by_someone_who_left(self.hall.former_clerk)]
        marks = wire.INTERACTIONS[message.type].data.marks
        if marks.at_counter:
            usual += [mistakes.without_visit] * 3
        if message.subject == self.hall.subject and not marks.on_shift:
            return usual
        if message.subject == self.hall.subject:
            neighbour = self.world.pick([d.counter for d in self.hall.desks if d is not self])
            return [*usual, *[mistakes.at_counter(neighbour)] * 3]
        if self.hall.other_hall is not None:
            usual += [mistakes.in_hall(self.hall.other_hall)] * 2
        return [*usual, mistakes.for_nobody_known]
