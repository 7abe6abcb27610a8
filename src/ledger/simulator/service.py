"""Service: what a clerk does for one customer at the counter, errand by errand."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import back_office, mistakes, money, people
from ledger.simulator.mistakes import Mistake
from ledger.simulator.people import Customer, Payment
from ledger.simulator.world import Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.desk import Desk
    from ledger.simulator.hall import Ticket

CHANGES: Final = (
    "new_service", "change_plan", "change_plan", "sim_replacement", "upgrade", "port_in",
    "number_migration", "ownership_transfer", "suspend_resume", "terminate",
)  # fmt: skip
PURPOSES: Final = {
    "new_service": "activation",
    "sim_replacement": "sim_replacement",
    "port_in": "port_in",
    "ownership_transfer": "transfer_of_ownership",
    "terminate": "termination",
}
"""Why identity is verified, by need; `change` for all others."""
COMMENTS: Final = ("服务热情", "等候时间有点长", "解释得很清楚", "办得很快", "柜台太少", "谢谢")


class Service:
    """One visit from start to close; `open_needs` are those not met at its end."""

    def __init__(self, desk: "Desk", ticket: "Ticket") -> None:
        self.desk: Final = desk
        self.ticket: Final = ticket
        self.world: Final = desk.world
        self.customer: Customer | None = None
        self.needs: list[str] = []
        self.open_needs: list[str] = []

    def run(self) -> Actor:
        world = self.world
        self.ticket.state = "over"
        world.send(self._at_hall("visit.start.v1", {}))
        yield world.between(10, 45)
        yield from self._errand()
        if self.customer is not None:
            self.desk.hall.leave(self.customer)

    def _errand(self) -> Actor:
        match self.ticket.errand:
            case "pay":
                yield from self._pay()
            case "consult":
                yield from self._consult()
            case "change":
                yield from self._change()
            case "update":
                yield from self._update()
            case "consent":
                yield from self._consent()
            case "refund":
                yield from self._refund()
            case "trouble":
                yield from self._trouble()
        yield from self._close()

    # Errands

    def _pay(self) -> Actor:
        world = self.world
        yield from self._ask("payment", *(("bill_query",) if world.chance(0.2) else ()))
        yield from self._identify("service_password" if world.chance(0.6) else "sms_code")
        yield world.between(20, 90)
        yield from self._payment()
        if world.chance(0.06):
            yield from self._payment()
        yield self._talk(150)

    def _consult(self) -> Actor:
        world = self.world
        yield from self._ask(world.pick(("inquiry", "inquiry", "bill_query", "campaign")))
        if world.chance(0.35):
            yield from self._identify("declared")
            if world.chance(0.12):
                yield from self._give_consent()
            if self.desk.consults and world.chance(0.15):
                yield from self._overreach()
        yield self._talk(430)

    def _overreach(self) -> Actor:
        """ENV-05: the clerk is not certified for real-name verification, and passes it on."""
        yield self._talk(60)
        assert self.customer is not None
        data, _ = people.verification(self.world, self.customer, "change")
        self.world.send(self._about("customer.verify_identity.v1", data))
        self.open_needs = list(self.needs)

    def _change(self) -> Actor:
        world = self.world
        need = world.pick(CHANGES)
        yield from self._ask(need, *(("invoice",) if world.chance(0.1) else ()))
        yield from self._identify("identity_document")
        yield self._talk(90)
        if not (yield from self._verify(PURPOSES.get(need, "change"))):
            self.open_needs = [need]
            return
        yield self._talk(200)
        if world.chance(0.2):
            yield from self._give_consent()
        if world.chance(0.45):
            yield from self._payment()
        yield self._talk(220)

    def _update(self) -> Actor:
        world = self.world
        yield from self._ask("identity_update")
        yield from self._identify("identity_document")
        yield world.between(30, 120)
        assert self.customer is not None
        verified = self.customer.verified_until > world.now + 1_200
        update = self._about("customer.update_data.v1", people.changed_data(world))
        if not verified:
            if world.chance(0.25):
                # CUS-15: the clerk forgets to verify first.
                world.send(update)
                yield world.between(15, 60)
            verified = yield from self._verify("change")
        yield world.between(30, 120)
        if not verified:
            self.open_needs = list(self.needs)
            return
        yield from self.desk.act(update, mistakes.name_without_evidence)
        yield self._talk(180)

    def _consent(self) -> Actor:
        yield from self._ask("campaign")
        yield from self._identify("sms_code")
        yield self._talk(150)
        yield from self._give_consent()
        if self.world.chance(0.3):
            yield from self._give_consent()
        yield self._talk(120)

    def _refund(self) -> Actor:
        """A customer wants money back for the last payment."""
        world = self.world
        yield from self._ask("payment", "bill_query")
        self.customer = self.desk.hall.take_payer()
        yield from self._identify("identity_document")
        yield self._talk(150)
        assert self.customer is not None
        paid, self.customer.payment = self.customer.payment, None
        if paid is None:
            return
        if paid.day != world.day and self.desk.may_refund and world.chance(0.4):
            # PAY-18: a reversal would have had to be the same day.
            yield from self._reverse(paid, "wrong_amount")
            yield world.between(30, 120)
        request = money.refund_request(world, paid, "owner")
        message = self._about("payment.request_refund.v1", request)
        yield from self.desk.act(message, mistakes.more_than_received, mistakes.by_an_agent)
        world.start(back_office.refund(self.desk.hall, self.customer, paid, request))
        self.open_needs = ["payment"]
        yield self._talk(150)

    def _trouble(self) -> Actor:
        world = self.world
        need = world.pick(("fault", "technical_support", "complaint"))
        yield from self._ask(need)
        if world.chance(0.6):
            yield from self._identify("declared")
        yield self._talk(420)
        if world.chance(0.45):
            self.open_needs = [need]

    # Acts

    def _ask(self, *needs: str) -> Actor:
        self.needs = list(needs)
        yield from self.desk.act(self._at_hall("visit.ask_needs.v1", {"needs": self.needs}))
        yield self.world.between(15, 60)

    def _identify(self, method: str) -> Actor:
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
            world.send(self._about("customer.register.v1", again))
            yield world.between(20, 60)
        found: Data = {
            "customer_id": self.customer.customer_id,
            "role": "holder" if world.chance(0.94) else "agent",
            "method": method,
        }
        yield from self.desk.act(self._at_hall("visit.identify_customer.v1", found))

    def _register(self, customer: Customer) -> Actor:
        yield self._talk(60)
        message = self._about("customer.register.v1", people.registration(self.world, customer))
        yield from self.desk.act(
            message,
            mistakes.mistyped_digest,
            mistakes.without_number,
            mistakes.with_a_licence,
            mistakes.without_notice,
            mistakes.without_notice,
        )
        yield self.world.between(10, 40)

    def _verify(self, purpose: str) -> Generator[int, None, bool]:
        """Whether the customer's identity is verified in the end; a second try is common."""
        assert self.customer is not None
        for _ in range(2):
            data, succeeds = people.verification(self.world, self.customer, purpose)
            yield from self.desk.act(
                self._about("customer.verify_identity.v1", data),
                mistakes.without_face_consent,
                mistakes.without_face,
                mistakes.copy_not_marked,
                mistakes.by_app,
            )
            if succeeds:
                self.customer.verified_until = self.world.now + people.VERIFIED_SECONDS
                return True
            yield self.world.between(60, 180)
            if self.world.chance(0.5):
                break
        return False

    def _give_consent(self) -> Actor:
        assert self.customer is not None
        purpose = self.world.pick(people.PURPOSES)
        message = self._about("customer.give_consent.v1", people.consent(self.world, purpose))
        yield from self.desk.act(message, mistakes.not_explicit, mistakes.not_separate)
        self.customer.consents = (*self.customer.consents, purpose)[-5:]
        yield self.world.between(10, 40)

    def _payment(self) -> Actor:
        """Takes money, gives a receipt, and sometimes has to undo it and begin again."""
        desk, world, customer = self.desk, self.world, self.customer
        assert customer is not None
        data = money.payment(world, desk.hall.hall_id, desk.shift_id)
        message = self._about("payment.receive.v1", data)
        yield from desk.act(message, *self._payment_mistakes())
        paid = money.remembered(data, world.day)
        yield from self._receipt(paid)
        customer.payment = paid
        undone = world.random.random()
        if undone < 0.006:
            yield world.between(60, 200)
            yield from self._reverse(paid, "wrong_amount")
            customer.payment = None
        elif undone < 0.009:
            world.start(back_office.reversal_later(desk.hall, customer, paid))
            customer.payment = None

    def _payment_mistakes(self) -> tuple[Mistake, ...]:
        usual = mistakes.does_not_add_up, mistakes.for_a_bill, mistakes.incomplete
        paid = self.customer.payment if self.customer else None
        if paid is None:
            return usual
        return (*usual, mistakes.under_an_old_correlator(paid.correlator_id))

    def _receipt(self, paid: Payment) -> Actor:
        """Most clerks print it; the ledger issues the others itself ten minutes later."""
        world = self.world
        yield world.between(10, 50)
        if not world.chance(0.85):
            return
        data = money.receipt(world, paid)
        message = self._about("payment.issue_receipt.v1", data)
        yield from self.desk.act(message, mistakes.receipt_of_another_amount)
        if world.chance(0.02):
            # PAY-14: printed again as if it were a new one.
            yield world.between(20, 60)
            world.send(replace(message, data=money.receipt(world, paid)))

    def _reverse(self, paid: Payment, reason: str) -> Actor:
        """By the clerk where certified, else by the supervisor; another person approves."""
        hall, world = self.desk.hall, self.world
        data = money.reversal(world, hall.hall_id, paid, reason)
        message = self._about("payment.reverse.v1", data)
        if self.desk.may_refund:
            message = replace(message, approver=hall.supervisor)
        else:
            if world.chance(0.3):
                # ENV-05: without the certification for refunds.
                world.send(replace(message, approver=hall.supervisor))
                yield world.between(60, 180)
            message = replace(message, actor=hall.supervisor, approver=hall.manager)
        if world.chance(0.2):
            world.send(mistakes.approved_by_oneself(message))
            yield world.between(30, 120)
        elif world.chance(0.05):
            world.send(mistakes.in_part(message))
            yield world.between(20, 60)
        world.send(message)

    def _close(self) -> Actor:
        met = [need for need in self.needs if need not in self.open_needs]
        outcome = "all_done"
        if self.open_needs:
            outcome = "partly_done" if met else "referred_elsewhere"
        closing: Data = {
            "outcome": outcome,
            "needs_met": met,
            "needs_open": self.open_needs,
            "follow_up_asked": bool(self.open_needs) and self.world.chance(0.4),
        }
        message = self._at_hall("visit.close.v1", closing)
        yield from self.desk.act(message, mistakes.needs_do_not_add_up)
        if self.world.chance(0.004):
            # ENV-12: closed is closed.
            yield 10
            self.world.send(message)
        self.world.start(self._rate())

    def _rate(self) -> Actor:
        """About three in ten customers rate, most at the pad, some later by a link."""
        world = self.world
        if not world.chance(0.31):
            return
        by_link = world.chance(0.2)
        yield world.between(600, 20_000) if by_link else world.between(3, 40)
        happy = 0.62 if not self.open_needs else 0.4
        score = 5 if world.chance(happy) else world.pick((4, 4, 4, 4, 4, 3, 3, 2, 1))
        data: Data = {"score": score}
        if world.chance(0.3):
            data |= {"attitude": score, "skill": min(5, score + 1), "speed": max(1, score - 1)}
        if world.chance(0.08):
            data["comment"] = world.pick(COMMENTS)
        self._say_rating(data, "rating_link" if by_link else "rating_pad")
        if by_link and world.chance(0.04):
            # VIS-35: rated again.
            yield world.between(20, 300)
            self._say_rating({"score": 5}, "rating_link")

    def _say_rating(self, data: Data, system: str) -> None:
        hall = self.desk.hall
        hall.by_machine("visit.rate.v1", self.ticket, data, "rating-pad", f"system:{system}")

    def _talk(self, seconds: int) -> int:
        """How long people talk: about that long, sometimes much longer."""
        return int(seconds * self.world.random.lognormvariate(-0.08, 0.4))

    def _at_hall(self, type_: str, data: Data) -> Message:
        return self.desk.at_hall(type_, data, self.ticket)

    def _about(self, type_: str, data: Data) -> Message:
        assert self.customer is not None
        return replace(self._at_hall(type_, data), subject=self.customer.subject)
