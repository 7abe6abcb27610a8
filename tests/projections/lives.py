"""What happens in a hall, as histories: visits, customers, payments and shifts, by the seed."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import shift, visit
from ledger.values import Sealed
from tests.projections.history import MORNING, History

SECRET: Final = Sealed("k1." + "QUJD" * 24)
HALLS: Final = ("renmin", "binjiang")
CLERKS: Final = ("c-li", "c-wang", "c-zhao", "c-chen")
METHODS: Final = ("cash", "bank_card", "wechat_pay", "alipay")


class Lives:
    """Tells the lives of one history; each method is one journey, returning when it ended."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.chance = random.Random(seed)
        self._numbers = 0
        self._known: set[str] = set()

    def day(self, visits: int) -> None:
        """Shifts open, `visits` customers come, some pay and rate, and the shifts close."""
        at = MORNING
        shifts = [self.shift_opens(hall, clerk, at) for hall in HALLS for clerk in CLERKS[:2]]
        for _ in range(visits):
            at += timedelta(seconds=self.chance.randint(1, 90))
            self.visit(at)
        for hall, clerk, shift_id in shifts:
            self.shift_closes(hall, clerk, shift_id, at + timedelta(hours=2))

    def shift_opens(self, hall: str, clerk: str, at: datetime) -> tuple[str, str, str]:
        shift_id = self._id("s")
        opening = shift.Open(
            shift_id=shift_id,
            counter_id="k1",
            duty="counter",
            planned_end_at=at + timedelta(hours=8),
        )
        self._in(
            hall, opening, shift.Opened, at, clerk, role="clerk", certifications=("real_name",)
        )
        return hall, clerk, shift_id

    def shift_closes(self, hall: str, clerk: str, shift_id: str, at: datetime) -> None:
        closing = shift.Close(shift_id=shift_id, forced=False, reason="planned_end")
        self._in(
            hall,
            closing,
            shift.Closed,
            at,
            clerk,
            clerk_id=clerk,
            worked_seconds=7200,
            pause_seconds=600,
            visits_closed=self.chance.randint(0, 9),
        )

    def visit(self, at: datetime) -> None:
        """One customer from the door to the rating, or to giving up."""
        chance = self.chance
        hall, clerk = chance.choice(HALLS), chance.choice(CLERKS)
        here: dict[str, Any] = {"visit": self._id("v"), "counter": "k1"}
        arriving = visit.Arrive(arrival="walk_in", priority_lane=False)
        self._in(hall, arriving, visit.Arrived, at, lapse_due_at=at + timedelta(hours=9), **here)
        ticket = visit.IssueTicket(ticket_no=self._id("A"), service_area="business_counter")
        self._in(
            hall,
            ticket,
            visit.TicketIssued,
            at,
            business_on=at.date(),
            waiting_ahead=chance.randint(0, 9),
            **here,
        )
        wait = chance.randint(0, 1500)
        at += timedelta(seconds=wait)
        if chance.random() < 0.1:
            leaving = visit.Abandon(reason="wait_too_long")
            self._in(hall, leaving, visit.Abandoned, at, wait_seconds=wait, **here)
            return
        for call in range(1, chance.randint(2, 4)):
            at += timedelta(seconds=30)
            self._in(
                hall,
                visit.CallTicket(),
                visit.TicketCalled,
                at,
                clerk,
                call_count=call,
                wait_seconds=wait,
                **here,
            )
        self._served(hall, clerk, here, at, wait)

    def _served(self, hall: str, clerk: str, here: dict[str, Any], at: datetime, wait: int) -> None:
        chance = self.chance
        starting = visit.Start()
        self._in(hall, starting, visit.Started, at, clerk, shift_id="s1", wait_seconds=wait, **here)
        asking = visit.AskNeeds(needs=("payment", "bill_query"))
        self._in(hall, asking, visit.NeedsAsked, at, clerk, **here)
        customer_id = f"d{chance.randint(0, 30 + self._numbers // 20):031x}"
        identifying = visit.IdentifyCustomer(
            customer_id=customer_id, role="holder", method="identity_document"
        )
        self._in(hall, identifying, visit.CustomerIdentified, at, clerk, **here)
        self.customer(customer_id, hall, clerk, here, at)
        self.payment(customer_id, hall, clerk, here, at)
        seconds = chance.randint(60, 1800)
        at += timedelta(seconds=seconds)
        closing = visit.Close(
            outcome="all_done", needs_met=("payment",), needs_open=(), follow_up_asked=False
        )
        self._in(
            hall,
            closing,
            visit.Closed,
            at,
            clerk,
            handling_seconds=seconds,
            pause_seconds=0,
            counter_seconds=seconds,
            rate_until_at=at + timedelta(days=7),
            **here,
        )
        if chance.random() < 0.4:
            rating = visit.Rate(score=chance.randint(1, 5), comment=SECRET)
            self._in(
                hall,
                rating,
                visit.Rated,
                at,
                "system:rating_pad",
                clerk_id=clerk,
                scale="one_to_five",
                **here,
            )

    def customer(
        self, customer_id: str, hall: str, clerk: str, here: dict[str, Any], at: datetime
    ) -> None:
        """A first visit registers; a later one verifies, repeats and is refused, or consents."""
        owner = f"customer/{customer_id}"
        registering = customer.Register(
            party_kind="person",
            identity_basis="document",
            identity_digest="0" * 64,
            full_name=SECRET,
            document_kind="resident_id",
            document_number=SECRET,
            contact_phone=SECRET,
            legal_basis="contract",
            notice_version="n1",
            notice_given=True,
        )
        who: dict[str, Any] = {"at": at, "actor": clerk, "hall": hall, **here}
        if owner not in self._known:
            self._known.add(owner)
            computed: dict[str, Any] = {"customer_id": customer_id, "minor": "no"}
            self.history.say(owner, registering, customer.Registered, computed=computed, **who)
            return
        if self.chance.random() < 0.3:
            self.history.refuse(owner, registering, "ENV-11", "that id is taken", **who)
            return
        if self.chance.random() < 0.3:
            self._verified(owner, who)
            return
        consenting = customer.GiveConsent(
            purpose=self.chance.choice(("survey", "marketing_sms")),
            channels=("sms",),
            proof="sms_reply",
            text_version="t1",
            explicit=True,
            separate=False,
        )
        withdrawing = customer.WithdrawConsent(purpose="survey", via="sms")
        if self.chance.random() < 0.5:
            self.history.say(owner, consenting, customer.ConsentGiven, **who)
        else:
            self.history.say(owner, withdrawing, customer.ConsentWithdrawn, **who)

    def _verified(self, owner: str, who: dict[str, Any]) -> None:
        verifying = customer.VerifyIdentity(
            verification_id=self._id("i"),
            purpose="change",
            document_kind="resident_id",
            document_digest="0" * 64,
            document_shown=True,
            document_read_by="chip_reader",
            document_result="genuine",
            belongs_to_bearer=True,
            information_refused=False,
            face_result="match",
            liveness_result="passed",
            face_consent_given=True,
            copy_marked=True,
        )
        computed = {"valid_until_at": who["at"] + timedelta(days=1), "active_numbers": 0}
        self.history.say(owner, verifying, customer.IdentityVerified, computed=computed, **who)

    def payment(
        self, customer_id: str, hall: str, clerk: str, here: dict[str, Any], at: datetime
    ) -> None:
        owner = f"customer/{customer_id}"
        chance = self.chance
        payment_id, amount_fen = self._id("p"), 100 * chance.randint(1, 900)
        item: dict[str, Any] = {"item_kind": "prepayment", "amount_fen": amount_fen}
        who: dict[str, Any] = {"actor": clerk, "hall": hall, "channel": "store", **here}
        receiving = payment.Receive(
            payment_id=payment_id,
            method=chance.choice(METHODS),
            amount_fen=amount_fen,
            items=(payment.PaymentItem(item_id="i1", **item),),
            correlator_id=self._id("c"),
            payer="owner",
        )
        computed = {"change_fen": 0, "receipt_due": True}
        self.history.say(owner, receiving, payment.Received, computed=computed, at=at, **who)
        allocating = payment.Allocate(
            payment_id=payment_id, allocations=(payment.Allocation(allocation_id="i1", **item),)
        )
        self.history.say(
            owner,
            allocating,
            payment.Allocated,
            computed={"unallocated_fen": 0},
            at=at,
            actor="system:reactor",
        )
        receipting = payment.IssueReceipt(
            payment_id=payment_id, receipt_number=self._id("E"), form="sms", amount_fen=amount_fen
        )
        settled = payment.PaymentSettled(payment_id=payment_id)
        self.history.say(owner, receipting, payment.ReceiptIssued, settled, at=at, **who)
        if chance.random() < 0.1:
            reversing = payment.Reverse(
                payment_id=payment_id,
                reversal_id=self._id("r"),
                amount_fen=amount_fen,
                reason="wrong_amount",
                receipt_taken_back=True,
                note=SECRET,
            )
            self.history.say(owner, reversing, payment.Reversed, at=at, approver="s-sun", **who)
        elif chance.random() < 0.2:
            self._refunds(owner, payment_id, at, who)

    def _refunds(self, owner: str, payment_id: str, at: datetime, who: dict[str, Any]) -> None:
        """Half of it is asked back and paid; asking once more is denied."""
        for number in range(2):
            refund: dict[str, Any] = {"payment_id": payment_id, "refund_id": f"b{number}"}
            asking = payment.RequestRefund(
                amount_fen=50, reason="overpaid", requester="owner", **refund
            )
            self.history.say(owner, asking, payment.RefundRequested, at=at, **who)
            if number:
                denying = payment.DecideRefund(decision="denied", **refund)
                self.history.say(owner, denying, payment.RefundDenied, at=at, **who)
                continue
            paying = payment.PayRefund(method="cash", result="done", **refund)
            computed = {"refund_fen": 50}
            at += timedelta(minutes=5)
            self.history.say(owner, paying, payment.Refunded, computed=computed, at=at, **who)

    def _in(
        self,
        hall: str,
        interaction: Any,
        event: Any,
        at: datetime,
        actor: str = "system:queue_machine",
        **more: Any,
    ) -> None:
        who = {name: more.pop(name) for name in ("visit", "counter") if name in more}
        self.history.say(
            f"hall/{hall}", interaction, event, at=at, actor=actor, hall=hall, computed=more, **who
        )

    def _id(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}-{self._numbers}"
