"""Orders and lines as histories, by the seed: from the draft to a line that has ended."""

import random
from datetime import datetime, timedelta
from typing import Any

from ledger.aggregates.customer import customer, order, payment, subscription
from tests.projections.history import MORNING, History
from tests.projections.lives import CLERKS, HALLS, SECRET
from tests.projections.order_scenes import ADD_ON, PROVISIONING, Ordering, item, known, verify

BILLING = "system:billing"


class OrderLives:
    """Tells the orders of one history; each is of a customer of its own."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.chance = random.Random(seed)

    def days(self, orders: int) -> None:
        at = MORNING
        for number in range(orders):
            at += timedelta(minutes=self.chance.randint(1, 90))
            self.order(f"e{number:031x}", at)

    def order(self, customer_id: str, at: datetime) -> None:
        """A line is ordered; most are made, and live on."""
        chance = self.chance
        known(self.history, customer_id)
        verify(self.history, "ver0", customer_id, at=at, passed=False)
        verify(self.history, "ver1", customer_id, at=at)
        family = chance.choice(("mobile", "mobile", "broadband"))
        who: dict[str, Any] = {"hall": chance.choice(HALLS), "clerk": chance.choice(CLERKS)}
        told = Ordering(
            self.history, "o1", item(family=family), ADD_ON, customer_id=customer_id, at=at, **who
        )
        told.identify().step("check_identity").later(minutes=2)
        told.step("disclose_tariff", before="complete_form").skip("reserve_number")
        if chance.random() < 0.15:
            told.cancel()
            return
        if chance.random() < 0.3:
            told.decline("i2")
            del told.items["i2"]
        told.later(minutes=10).submit().start()
        self._made(told)

    def _made(self, told: Ordering) -> None:
        chance = self.chance
        if chance.random() < 0.4:
            told.later(minutes=5).fall_out()
            give_up = chance.random() < 0.5
            told.later(minutes=5).settle(action="give_up" if give_up else "retry")
            if give_up:
                if "i2" in told.items:
                    told.by_system(
                        PROVISIONING,
                        order.FailItem(
                            order_id="o1", item_id="i2", reason="system_error", restored=True
                        ),
                        order.ItemFailed,
                    )
                told.end(order.Failed)
                self._aborted(told)
                return
        if chance.random() < 0.2:
            told.overdue()
        told.later(hours=chance.randint(1, 30)).activate()
        if "i2" in told.items:
            told.add_product()
        told.end()
        self._billed(told)
        self._changed(told)

    def _aborted(self, told: Ordering) -> None:
        aborting = subscription.Abort(
            subscription_id=told.line, order_id="o1", reason="order_failed"
        )
        told.by_system("system:reactor", aborting, subscription.Cancelled)

    def _billed(self, told: Ordering) -> None:
        """A bill comes, is disputed and partly paid."""
        line: dict[str, Any] = {"subscription_id": told.line, "bill_id": "b1"}
        told.later(days=1)
        recording = subscription.RecordBill(
            period="2026-11",
            amount_fen=3_900,
            due_on=told.at.date(),
            detail_digest="0" * 64,
            final=False,
            **line,
        )
        told.by_system(BILLING, recording, subscription.BillRecorded, abnormal=False)
        disputing = subscription.DisputeBill(
            reason="wrong_price", disputed_fen=500, statement=SECRET, **line
        )
        told.by_clerk(disputing, subscription.BillDisputed)
        settling = subscription.SettleDispute(
            outcome="adjusted", adjusted_fen=200, explanation=SECRET, **line
        )
        told.by_clerk(settling, subscription.DisputeSettled, disputed_fen=500, credit_fen=0)
        for fen in (1_000, 2_700):
            paying = subscription.SettleBill(settled_fen=fen, settled_at=told.at, **line)
            owed: dict[str, Any] = {"outstanding_fen": 0, "all_settled": True}
            told.by_system(BILLING, paying, subscription.BillSettled, **owed)

    def _changed(self, told: Ordering) -> None:
        """The line is suspended and resumed, gets another plan, or ends."""
        chance, history, customer_id = self.chance, self.history, told.owner.split("/")[1]
        suspending = subscription.Suspend(
            subscription_id=told.line, reason="customer_request", verification_id="ver1"
        )
        barred: dict[str, Any] = {"outgoing_barred": True, "incoming_barred": True}
        told.by_clerk(suspending, subscription.Suspended, **barred)
        if chance.random() < 0.7:
            resuming = subscription.Resume(subscription_id=told.line, reason="customer_request")
            resumed = subscription.Resumed(subscription_id=told.line)
            told.by_clerk(resuming, subscription.SuspensionReasonCleared, resumed, remaining=())
        more: dict[str, Any] = {"customer_id": customer_id, "line": told.line, "at": told.at}
        other = item(action="modify", product_id="plan-99", monthly_fen=9_900)
        if chance.random() < 0.5:
            change = Ordering(history, "o2", other, kind="plan_change", **more).submit().start()
            change.later(hours=3).change_plan(old_fen=3_900).end()
        if chance.random() < 0.5:
            leave = item(action="delete")
            ending = Ordering(history, "o3", leave, kind="termination", **more).submit().start()
            ending.later(hours=5).terminate(told, early=True).end()
            self._leaves(told)
        for number in range(2):
            self._paid(told, f"p{number}")

    def _leaves(self, told: Ordering) -> None:
        """The customer asks for the data to be deleted, goes, and comes back."""
        asking = customer.RequestData(
            request_id="r1", kind="erasure", scope=("identity",), requester="self"
        )
        told.by_clerk(asking, customer.DataRequested, due_at=told.at + timedelta(days=15))
        answering = customer.AnswerDataRequest(
            request_id="r1", outcome="granted", explanation=SECRET
        )
        told.by_clerk(answering, customer.DataRequestAnswered, in_time=True)
        leaving = customer.Terminate(reason="last_line_ended")
        told.by_clerk(leaving, customer.Terminated, retention_until_on=told.at.date())
        verify(self.history, "ver2", told.owner.split("/")[1], at=told.at)
        told.by_clerk(customer.Return(verification_id="ver2"), customer.Returned)

    def _paid(self, told: Ordering, name: str) -> None:
        """A card is asked for money, which comes or does not; an invoice is written and undone."""
        chance, told.at = self.chance, told.at + timedelta(minutes=1)
        sale: dict[str, Any] = {"payment_id": name, "correlator_id": name}
        paid: dict[str, Any] = {
            "method": "bank_card",
            "amount_fen": 500,
            "items": (payment.PaymentItem(item_id="i", item_kind="prepayment", amount_fen=500),),
            "payer": "owner",
            **sale,
        }
        told.by_clerk(payment.Begin(terminal_id="t1", **paid), payment.Begun)
        outcome = chance.choice(("received", "failed", "canceled"))
        if outcome == "failed":
            failing = payment.Fail(reason="wrong_pin", **sale)
            told.by_system("system:payment_gateway", failing, payment.Failed.of(failing))
            return
        if outcome == "canceled":
            stopping = payment.Cancel(payment_id=name, reason="customer_left")
            told.by_clerk(stopping, payment.Canceled)
            return
        told.by_clerk(payment.Receive(**paid), payment.Received, change_fen=0, receipt_due=True)
        invoice: dict[str, Any] = {"payment_id": name, "invoice_number": f"F{name}"}
        issuing = payment.IssueInvoice(
            invoice_kind="paper", title=SECRET, amount_fen=500, content_digest="0" * 64, **invoice
        )
        told.by_clerk(issuing, payment.InvoiceIssued)
        crediting = payment.CancelInvoice(
            credit_note_number=f"C{name}", reason="wrong_title", **invoice
        )
        told.by_clerk(crediting, payment.InvoiceCancelled)
