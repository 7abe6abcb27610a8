"""Service: one visit from start to close, and what every errand in it needs."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import errands, mistakes, people, supervision
from ledger.simulator.people import Customer
from ledger.simulator.world import Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.desk import Desk
    from ledger.simulator.hall import Ticket

COMMENTS: Final = ("服务热情", "等候时间有点长", "解释得很清楚", "办得很快", "柜台太少", "谢谢")
LAST_LINK: Final = 19 * 3_600
"""Links are opened until then, or the next day: nobody rates between the totals and midnight."""


class Service:
    """`open_needs` are those not met at the visit's end; `outcome` is how it ended, where the
    needs do not say; `wish` is what turns out to be wanted beside them. `begun` and `paid` are ids
    of the newest payments."""

    def __init__(self, desk: "Desk", ticket: "Ticket") -> None:
        self.desk = desk
        self.ticket: Final = ticket
        self.world: Final = desk.world
        self.customer: Customer | None = None
        self.needs: list[str] = []
        self.open_needs: list[str] = []
        self.outcome = ""
        self.wish = ""
        self.begun = ""
        self.paid = ""

    def run(self) -> Actor:
        self.ticket.state = "over"
        self.world.send(self.at_hall("visit.start.v1", {}))
        yield self.world.between(10, 45)
        yield from errands.run(self, self.ticket.errand)
        if self.wish and self.desk.consults:
            if (yield from self._transfer()):
                return
            self.open_needs = list(self.needs)
        elif self.wish == "payment":
            yield from errands.run(self, "pay")
        elif self.wish:
            yield from errands.run(self, "order")
        yield from self._close()

    # From one counter to another

    def _transfer(self) -> Generator[int, None, bool]:
        """What is wanted is done at a business counter, where one is staffed."""
        there = self.desk.hall.business_desk()
        if there is None:
            return False
        data: Data = {"to_counter": there.counter, "reason": "certification_needed"}
        message = self.at_hall("visit.transfer.v1", data)
        if self.world.chance(0.03):
            self.world.send(mistakes.to_nobody(message))
            yield 20
        self.world.send(message)
        there.sent.append(self)
        return True

    def go_on(self, desk: "Desk") -> Actor:
        """The business counter accepts, and does what the customer came for."""
        self.desk = desk
        self.world.send(self.at_hall("visit.accept_transfer.v1", {}))
        yield self.world.between(10, 45)
        yield from errands.run(self, "pay" if self.wish == "payment" else "order")
        yield from self._close()

    # Who it is

    def ask(self, *needs: str) -> Actor:
        new = [need for need in needs if need not in self.needs]
        self.needs += new
        if new:
            yield from self.desk.act(self.at_hall("visit.ask_needs.v1", {"needs": new}))
        yield self.world.between(15, 60)

    def identify(self, method: str) -> Actor:
        """Finds the customer, or registers a new one, and says whose visit it is."""
        hall, world = self.desk.hall, self.world
        if self.customer is None:
            self.customer = hall.take_customer()
        if self.customer is None:
            self.customer = people.new_customer(world)
            yield from self._register(self.customer)
        elif world.chance(0.02):
            # ENV-11: registered again because nobody looked first.
            again = people.registration(world, self.customer)
            world.send(self.about("customer.register.v1", again))
            yield world.between(20, 60)
        found: Data = {
            "customer_id": self.customer.customer_id,
            "role": "holder" if world.chance(0.94) else "agent",
            "method": method,
        }
        yield from self.desk.act(self.at_hall("visit.identify_customer.v1", found))

    def _register(self, customer: Customer) -> Actor:
        yield self.talk(60)
        data = people.registration(self.world, customer)
        message = self.about("customer.register.v1", data)
        sent = yield from self.desk.act(
            message,
            mistakes.mistyped_digest,
            mistakes.without_number,
            mistakes.with_a_licence,
            mistakes.without_notice,
            mistakes.without_notice,
        )
        yield self.world.between(10, 40)
        if self.world.chance(0.01):
            yield from self._corrected(sent)

    def _corrected(self, sent: str) -> Actor:
        """A telephone number that was typed wrong; corrected twice is once too often."""
        correction: Data = {
            "wrong_entry_id": f"counter-app:{sent}:1",
            "field": "contact_phone",
            "should_be": people.phone(self.world),
            "error_kind": "typing",
            "found_by": "customer",
            "note": "联系电话录错一位",
        }
        message = self.about("customer.correct_entry.v1", correction)
        yield from self.desk.act(message, mistakes.corrects_an_amount)
        if self.world.chance(0.1):
            # ENV-13
            yield 20
            self.world.send(message)
        yield self.world.between(10, 40)

    def verify(self, purpose: str) -> Generator[int, None, bool]:
        """Whether the customer's identity is verified in the end; a second try is common."""
        customer = self.customer
        assert customer is not None
        for _ in range(2):
            data, succeeds = people.verification(self.world, customer, purpose)
            yield from self.desk.act(
                self.about("customer.verify_identity.v1", data),
                mistakes.without_face_consent,
                mistakes.without_face,
                mistakes.copy_not_marked,
                mistakes.by_app,
            )
            if succeeds:
                customer.verified_until = self.world.now + people.VERIFIED_SECONDS
                customer.verification_id = str(data["verification_id"])
                return True
            yield self.world.between(60, 180)
            if self.world.chance(0.5):
                break
        return False

    def give_consent(self) -> Actor:
        assert self.customer is not None
        purpose = self.world.pick(people.PURPOSES)
        message = self.about("customer.give_consent.v1", people.consent(self.world, purpose))
        yield from self.desk.act(message, mistakes.not_explicit, mistakes.not_separate)
        self.customer.consents = (*self.customer.consents, purpose)[-5:]
        yield self.world.between(10, 40)

    # The end

    def _close(self) -> Actor:
        hall, world = self.desk.hall, self.world
        met = [need for need in self.needs if need not in self.open_needs]
        outcome = self.outcome
        if not outcome:
            outcome = "all_done"
            if self.open_needs:
                outcome = "partly_done" if met else "referred_elsewhere"
        closing: Data = {
            "outcome": outcome,
            "needs_met": met,
            "needs_open": self.open_needs,
            "follow_up_asked": bool(self.open_needs) and world.chance(0.4),
        }
        message = self.at_hall("visit.close.v1", closing)
        yield from self.desk.act(message, mistakes.needs_do_not_add_up)
        hall.book.leave(self.ticket.visit, "visits_completed")
        if world.chance(0.004):
            # ENV-12: closed is closed.
            yield 10
            world.send(message)
        if world.chance(0.006):
            supervision.observe(hall, self.ticket.visit, self.desk.clerk)
        if self.customer is not None:
            hall.leave(self.customer)
        world.start(self._rate())

    def _rate(self) -> Actor:
        """About three in ten customers rate, most at the pad, some later by a link."""
        world = self.world
        if not world.chance(0.31):
            return
        by_link = world.chance(0.2)
        seconds = world.between(600, 20_000) if by_link else world.between(3, 40)
        if by_link and world.second_of_day + seconds > LAST_LINK:
            seconds += 86_400 - world.second_of_day
        yield seconds
        happy = 0.62 if not self.open_needs else 0.4
        score = 5 if world.chance(happy) else world.pick((4, 4, 4, 4, 4, 3, 3, 2, 1))
        data: Data = {"score": score}
        if world.chance(0.3):
            data |= {"attitude": score, "skill": min(5, score + 1), "speed": max(1, score - 1)}
        if world.chance(0.08):
            data["comment"] = world.pick(COMMENTS)
        system = "rating_link" if by_link else "rating_pad"
        if by_link and world.chance(0.03):
            # VIS-34: out of a scale of five.
            self._say_rating({**data, "score": 10}, system)
        self._say_rating(data, system)
        self.desk.hall.book.count("rated")
        self.desk.hall.book.count("rating_sum", score)
        if by_link and world.chance(0.04):
            # VIS-35: rated again.
            yield world.between(20, 300)
            self._say_rating({"score": 5}, "rating_link")

    def _say_rating(self, data: Data, system: str) -> None:
        hall = self.desk.hall
        hall.by_machine("visit.rate.v1", self.ticket, data, "rating-pad", f"system:{system}")

    # Words

    def talk(self, seconds: int) -> int:
        """How long people talk: about that long, sometimes much longer."""
        return int(seconds * self.world.random.lognormvariate(-0.08, 0.4))

    def at_hall(self, type_: str, data: Data) -> Message:
        return self.desk.at_hall(type_, data, self.ticket)

    def about(self, type_: str, data: Data) -> Message:
        assert self.customer is not None
        return replace(self.at_hall(type_, data), subject=self.customer.subject)
