"""Random lives of one customer's payments: whatever is asked, in whatever order, the sums hold.

A step is an interaction, who sends it and how much later. What is accepted goes into `Books`,
which counts from the events alone and never looks at the state that the rules read.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.aggregates.customer import payment
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from tests.aggregates.case import NOW
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    allocate,
    allocation,
    authorize,
    begin,
    cancel_invoice,
    decide_refund,
    fail,
    issue_invoice,
    issue_receipt,
    known,
    pay_refund,
    reallocate,
    receive,
    receive_by_card,
    request_refund,
    reverse,
    settle_unknown,
    verified,
)

IN_FORCE = {"requested", "approved", "refunded"}
REFUND_STEPS = {
    payment.RefundRequested: ({None}, "requested"),
    payment.RefundApproved: ({"requested"}, "approved"),
    payment.RefundDenied: ({"requested"}, "denied"),
    payment.Refunded: ({"approved"}, "refunded"),
    payment.RefundFailed: ({"approved"}, "failed"),
    payment.RefundOverdue: ({"approved"}, "approved"),
}


WAITS = {
    payment.Authorized: ({"pending_authorization"}, "authorized"),
    payment.Failed: ({"pending_authorization", "authorized"}, "failed"),
    payment.Denied: ({"pending_authorization", "authorized"}, "denied"),
    payment.Canceled: ({"pending_authorization", "authorized"}, "canceled"),
    payment.Received: ({"pending_authorization", "authorized"}, "captured"),
}


@dataclass
class Account:
    """What the events say of one payment."""

    asked_fen: int
    correlator_id: str
    receiver: str
    status: str
    received_fen: int = 0
    reversed_fen: int = 0
    allocations: dict[str, int] = field(default_factory=dict)
    receipt: str | None = None
    invoices: dict[str, int] = field(default_factory=dict)
    amounts_fen: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)

    def refunds_in(self, statuses: set[str]) -> int:
        standing = (each for each, status in self.refunds.items() if status in statuses)
        return sum(self.amounts_fen[each] for each in standing)


class Books:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    def enter(self, event: Any, who: dict[str, Any]) -> None:
        account = self.accounts.get(event.payment_id)
        if account is None:
            assert isinstance(event, payment.Begun | payment.Received)
            account = Account(
                event.amount_fen, event.correlator_id, who["actor"], "pending_authorization"
            )
            self.accounts[event.payment_id] = account
            if isinstance(event, payment.Begun):
                return
        if type(event) in WAITS:
            before, after = WAITS[type(event)]
            assert account.status in before
            account.status = after
            self._enter_result(account, event, who)
            return
        assert account.status in ("captured", "done"), "only money received goes anywhere"
        match event:
            case payment.Allocated():
                for each in event.allocations:
                    assert each.allocation_id not in account.allocations
                    account.allocations[each.allocation_id] = each.amount_fen
                allocated_fen = sum(account.allocations.values())
                assert event.unallocated_fen == account.received_fen - allocated_fen
            case payment.Reallocated():
                account.allocations[event.from_allocation_id] -= event.to.amount_fen
                assert event.to.allocation_id not in account.allocations
                account.allocations[event.to.allocation_id] = event.to.amount_fen
                assert account.allocations[event.from_allocation_id] >= 0
                if not account.allocations[event.from_allocation_id]:
                    del account.allocations[event.from_allocation_id]
            case payment.ReceiptIssued():
                assert account.receipt is None
                assert event.amount_fen == account.received_fen
                account.receipt = event.receipt_number
            case payment.InvoiceIssued():
                account.invoices[event.invoice_number] = event.amount_fen
            case payment.InvoiceCancelled():
                del account.invoices[event.invoice_number]
            case payment.PaymentSettled():
                assert account.status == "captured"
                account.status = "done"
            case payment.Reversed():
                assert account.refunds_in(IN_FORCE) == 0
                assert not account.invoices
                account.reversed_fen = event.amount_fen
                account.status = "canceled"
            case _:
                self._enter_refund(account, event, who)

    def _enter_result(self, account: Account, event: Any, who: dict[str, Any]) -> None:
        assert account.received_fen == 0
        if isinstance(event, payment.Received):
            assert event.amount_fen == account.asked_fen
            assert event.correlator_id == account.correlator_id
            account.received_fen = event.amount_fen
            if not who["actor"].startswith("system:"):
                account.receiver = who["actor"]

    def _enter_refund(self, account: Account, event: Any, who: dict[str, Any]) -> None:
        before, after = REFUND_STEPS[type(event)]
        assert account.refunds.get(event.refund_id) in before
        account.refunds[event.refund_id] = after
        if isinstance(event, payment.RefundRequested):
            account.amounts_fen[event.refund_id] = event.amount_fen
        if isinstance(event, payment.RefundApproved):
            assert who["approver"] not in (account.receiver, who["actor"])
        if isinstance(event, payment.Refunded):
            assert event.refund_fen == account.amounts_fen[event.refund_id]

    def balance(self) -> None:
        """What must hold after every step."""
        for account in self.accounts.values():
            allocated_fen = sum(account.allocations.values())
            paid_back_fen = account.refunds_in({"refunded"})
            assert paid_back_fen + account.reversed_fen <= account.received_fen
            assert account.refunds_in(IN_FORCE) <= account.received_fen
            assert 0 <= allocated_fen <= account.received_fen
            assert sum(account.invoices.values()) <= account.received_fen - paid_back_fen
            if account.status in ("captured", "done"):
                whole = account.receipt is not None and allocated_fen == account.received_fen
                assert (account.status == "done") == whole
        receipts = [each.receipt for each in self.accounts.values() if each.receipt is not None]
        assert len(set(receipts)) == len(receipts)
        correlators = [each.correlator_id for each in self.accounts.values()]
        assert len(set(correlators)) == len(correlators)


Step = tuple[Interaction, dict[str, Any], int]
"""An interaction, its envelope's people and places, and the hours that pass before it."""


def play(life: list[Step]) -> tuple[Books, list[Event]]:
    """The books after a life, and all its events; holds the books and the state together."""
    case, books, history = known().given(verified(hours=24)), Books(), []
    now: datetime = NOW
    for interaction, who, hours in life:
        now += timedelta(hours=hours)
        decision = case.when(interaction, at=now, **who).decision
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            books.enter(event, who)
            case.given(event, at=now, **who)
            history.append(event)
        books.balance()
    for payment_id, account in books.accounts.items():
        state = case.states[f"payment/{payment_id}"]
        assert state.status == account.status
        standing = {name: each.amount_fen for name, each in state.allocations.items()}
        assert standing == account.allocations
        assert state.allocated_fen == sum(standing.values())
        assert state.invoices == account.invoices
        assert state.refunded_fen == account.refunds_in(IN_FORCE)
        if account.received_fen:
            assert state.received_by == account.receiver
    return books, history


CLERK, SUPERVISED = {"actor": "c-wang"}, {"actor": "c-li", "approver": "s-sun"}
SUPERVISOR, MANAGED = {"actor": "s-sun"}, {"actor": "c-li", "approver": "m-he"}
CLOCK, GATEWAY = {"actor": "system:clock"}, {"actor": "system:payment_gateway"}
PAYMENTS, REFUNDS = ("p1", "p1", "p2"), ("ref1", "ref1", "ref2")
WHOLE_FEN = 4_000
PARTS_FEN = (1_000, 2_000, 3_000, 4_000)


def overdue(refund_id: str = "ref1", payment_id: str = "p1") -> payment.MarkRefundOverdue:
    return payment.MarkRefundOverdue(payment_id=payment_id, refund_id=refund_id)


def on(payment_id: str, interaction: Interaction) -> Interaction:
    return type(interaction)(**{**_fields(interaction), "payment_id": payment_id})


def _fields(interaction: Interaction) -> dict[str, Any]:
    return {name: getattr(interaction, name) for name in interaction.__struct_fields__}


@st.composite
def receipts_of_money(draw: st.DrawFn, payment_id: str) -> list[Step]:
    """Money handed over, or asked of a card and told by whoever comes first."""
    correlator_id = draw(st.sampled_from(["cor1", "cor2"]))
    ids = {"payment_id": payment_id, "correlator_id": correlator_id}
    who = draw(st.sampled_from([CLERK, SUPERVISOR])) | AT_COUNTER
    by_card: Step = (receive_by_card(WHOLE_FEN, **ids), who, 0)
    results: list[Step] = [
        by_card,
        by_card,
        (settle_unknown(**ids), GATEWAY, 0),
        (settle_unknown("not_captured", **ids), GATEWAY, 0),
        (authorize(**ids), GATEWAY, 0),
        (fail(**ids), GATEWAY, 0),
        (fail(reason="declined_by_bank", **ids), CLERK, 0),
        (payment.Cancel(payment_id=payment_id, reason="customer_left"), CLERK, 0),
    ]
    if draw(st.booleans()):
        return [draw(st.sampled_from([(receive(WHOLE_FEN, **ids), who, 0), by_card]))]
    told = draw(st.lists(st.sampled_from(results), min_size=1, max_size=3))
    return [(begin(WHOLE_FEN, **ids), CLERK | AT_COUNTER, 0), *told]


@st.composite
def steps(draw: st.DrawFn) -> Step:
    part_fen, refund_id = draw(st.sampled_from(PARTS_FEN)), draw(st.sampled_from(REFUNDS))
    method = draw(st.sampled_from(["cash", "bank_card"]))
    receipt_number = draw(st.sampled_from(["r1", "r2"]))
    first, moved_from = draw(st.integers(0, 5)), f"a{draw(st.integers(0, 3))}"
    invoice_number = draw(st.sampled_from(["inv1", "inv2", "inv3"]))
    note_number = draw(st.sampled_from(["note1", "note2", "note3"]))
    result = draw(st.sampled_from(["done", "done", "failed"]))
    decision = draw(st.sampled_from(["approved", "approved", "denied"]))
    reason = draw(st.sampled_from(["wrong_amount", "bank_chargeback"]))
    approved_by, asked_by = (
        st.sampled_from([SUPERVISED, MANAGED]),
        st.sampled_from(["c-li", "s-sun"]),
    )
    paid_back = pay_refund(
        refund_id=refund_id,
        method=method,
        drawer_id="d1" if method == "cash" else None,
        result=result,
        verification_id="ver1",
    )
    drawer_id = draw(st.sampled_from(["d1", None]))
    whole_or_part_fen = draw(st.sampled_from([WHOLE_FEN, WHOLE_FEN, part_fen]))
    money_goes_in: list[tuple[Interaction, dict[str, Any]]] = [
        (allocate(part_fen, first=first), CLERK),
        (allocate(1_000, 1_000, first=first), CLERK),
        (issue_receipt(whole_or_part_fen, receipt_number=receipt_number), CLERK),
        (overdue(refund_id), CLOCK),
        (reverse(whole_or_part_fen, reason=reason, drawer_id=drawer_id), SUPERVISED),
    ]
    moved_fen = draw(st.sampled_from([500, 1_000]))
    papers_and_moves: list[tuple[Interaction, dict[str, Any]]] = [
        (reallocate(allocation(moved_fen, "prepayment", f"a{first}"), moved_from), SUPERVISED),
        (issue_invoice(part_fen, invoice_number=invoice_number), CLERK),
        (cancel_invoice(invoice_number, credit_note_number=note_number), CLERK),
    ]
    money_goes_back: list[tuple[Interaction, dict[str, Any]]] = [
        (request_refund(part_fen, refund_id=refund_id), {"actor": draw(asked_by)}),
        (decide_refund(decision, refund_id), draw(approved_by)),
        (paid_back, SUPERVISED),
    ]
    choices = draw(
        st.sampled_from([money_goes_in, papers_and_moves, money_goes_back, money_goes_back])
    )
    interaction, who = draw(st.sampled_from(choices))
    hours = draw(st.sampled_from([0] * 12 + [1, 20, 24 * 7]))
    return on(draw(st.sampled_from(PAYMENTS)), interaction), who, hours


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Two payments, and most often one of them, through some dozens of steps."""
    length = draw(st.sampled_from([10, 30, 50]))
    rest = draw(st.lists(steps(), min_size=length, max_size=length))
    return [*draw(receipts_of_money("p1")), *draw(receipts_of_money("p2")), *rest]


def begun(payment_id: str, *results: tuple[Interaction, dict[str, Any]]) -> list[Step]:
    """A payment that is asked of a card under a correlator of its own, and what comes of it."""
    ids = {"payment_id": payment_id, "correlator_id": f"cor-{payment_id}"}
    asked: Step = (begin(1_000, **ids), CLERK | AT_COUNTER, 0)
    return [asked, *((type(each)(**_fields(each) | ids), who, 0) for each, who in results)]


FULL_LIFE: list[Step] = [
    *begun("p3", (authorize(), GATEWAY), (settle_unknown("not_captured"), GATEWAY)),
    *begun("p4", (fail(reason="declined_by_bank"), GATEWAY)),
    *begun("p5", (settle_unknown(), GATEWAY)),
    (begin(1_000, payment_id="p6", correlator_id="cor-p6"), CLERK | AT_COUNTER, 0),
    (payment.Cancel(payment_id="p6", reason="customer_left"), CLERK, 0),
    (receive(4_900), CLERK | AT_COUNTER, 0),
    (issue_invoice(4_900), CLERK, 0),
    (cancel_invoice(), CLERK, 0),
    (allocate(2_000), CLERK, 0),
    (reallocate(allocation(500, "prepayment", "a9")), SUPERVISED, 0),
    (issue_receipt(4_900), CLERK, 0),
    (allocate(2_900, first=1), CLERK, 0),
    (request_refund(3_000), CLERK, 0),
    (request_refund(1_900, refund_id="ref2"), CLERK, 0),
    (decide_refund("approved"), SUPERVISED, 0),
    (decide_refund("denied", "ref2"), SUPERVISED, 0),
    (overdue(), CLOCK, 24 * 7),
    (pay_refund(), SUPERVISED, 0),
    (receive(1_000, payment_id="p2", correlator_id="cor2"), CLERK | AT_COUNTER, 0),
    (request_refund(1_000, payment_id="p2"), CLERK, 0),
    (on("p2", decide_refund("approved")), SUPERVISED, 0),
    (pay_refund(payment_id="p2", result="failed"), SUPERVISED, 0),
    (reverse(1_000, payment_id="p2"), SUPERVISED, 0),
]


def test_a_full_life_passes_every_event_of_a_payment() -> None:
    _, history = play(FULL_LIFE)
    assert {type(event) for event in history} == set(payment.EVENTS) - {payment.EntryCorrected}


@given(lives())
@example(FULL_LIFE)
@settings(max_examples=100, deadline=None)
def test_in_every_life_the_sums_hold(life: list[Step]) -> None:
    play(life)
