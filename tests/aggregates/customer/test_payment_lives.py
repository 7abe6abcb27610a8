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
    decide_refund,
    issue_receipt,
    known,
    pay_refund,
    receive,
    receive_by_card,
    request_refund,
    reverse,
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


@dataclass
class Account:
    """What the events say of one payment."""

    received_fen: int
    correlator_id: str
    receiver: str
    allocated_fen: int = 0
    receipt: str | None = None
    settled: bool = False
    canceled: bool = False
    amounts_fen: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)

    def refunds_in_force_fen(self) -> int:
        standing = (each for each, status in self.refunds.items() if status in IN_FORCE)
        return sum(self.amounts_fen[each] for each in standing)


class Books:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    def enter(self, event: Any, who: dict[str, Any]) -> None:
        if isinstance(event, payment.Received):
            assert event.payment_id not in self.accounts
            account = Account(event.amount_fen, event.correlator_id, who["actor"])
            self.accounts[event.payment_id] = account
            return
        account = self.accounts[event.payment_id]
        assert not account.canceled, "a canceled payment takes nothing more"
        match event:
            case payment.Allocated():
                account.allocated_fen += sum(each.amount_fen for each in event.allocations)
                assert event.unallocated_fen == account.received_fen - account.allocated_fen
            case payment.ReceiptIssued():
                assert account.receipt is None
                assert event.amount_fen == account.received_fen
                account.receipt = event.receipt_number
            case payment.PaymentSettled():
                assert not account.settled
                account.settled = True
            case payment.Reversed():
                assert event.amount_fen == account.received_fen
                assert account.refunds_in_force_fen() == 0
                account.canceled = True
            case _:
                self._enter_refund(account, event, who)

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
            assert 0 <= account.allocated_fen <= account.received_fen
            assert account.refunds_in_force_fen() <= account.received_fen
            whole = account.allocated_fen == account.received_fen
            assert account.settled == (account.receipt is not None and whole)
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
        open_status = "done" if account.settled else "captured"
        assert state.status == ("canceled" if account.canceled else open_status)
        assert state.allocated_fen == account.allocated_fen
        assert state.refunded_fen == account.refunds_in_force_fen()
    return books, history


CLERK, SUPERVISED = {"actor": "c-wang"}, {"actor": "c-li", "approver": "s-sun"}
SUPERVISOR, MANAGED = {"actor": "s-sun"}, {"actor": "c-li", "approver": "m-he"}
CLOCK = {"actor": "system:clock"}
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
def receipts_of_money(draw: st.DrawFn, payment_id: str) -> Step:
    received = draw(st.sampled_from([receive, receive_by_card]))
    correlator_id = draw(st.sampled_from(["cor1", "cor2"]))
    paid = received(WHOLE_FEN, payment_id=payment_id, correlator_id=correlator_id)
    return paid, draw(st.sampled_from([CLERK, SUPERVISOR])) | AT_COUNTER, 0


@st.composite
def steps(draw: st.DrawFn) -> Step:
    part_fen, refund_id = draw(st.sampled_from(PARTS_FEN)), draw(st.sampled_from(REFUNDS))
    method = draw(st.sampled_from(["cash", "bank_card"]))
    receipt_number = draw(st.sampled_from(["r1", "r2"]))
    result = draw(st.sampled_from(["done", "done", "failed"]))
    decision = draw(st.sampled_from(["approved", "approved", "denied"]))
    reason = draw(st.sampled_from(["wrong_amount", "bank_chargeback"]))
    approved_by, asked_by = (
        st.sampled_from([SUPERVISED, MANAGED]),
        st.sampled_from(["c-li", "s-sun"]),
    )
    paid_back = pay_refund(
        refund_id=refund_id, method=method, result=result, verification_id="ver1"
    )
    whole_or_part_fen = draw(st.sampled_from([WHOLE_FEN, WHOLE_FEN, part_fen]))
    money_goes_in: list[tuple[Interaction, dict[str, Any]]] = [
        (allocate(part_fen), CLERK),
        (allocate(1_000, 1_000), CLERK),
        (issue_receipt(whole_or_part_fen, receipt_number=receipt_number), CLERK),
        (overdue(refund_id), CLOCK),
        (reverse(whole_or_part_fen, reason=reason), SUPERVISED),
    ]
    money_goes_back: list[tuple[Interaction, dict[str, Any]]] = [
        (request_refund(part_fen, refund_id=refund_id), {"actor": draw(asked_by)}),
        (decide_refund(decision, refund_id), draw(approved_by)),
        (paid_back, SUPERVISED),
    ]
    choices = draw(st.sampled_from([money_goes_in, money_goes_back, money_goes_back]))
    interaction, who = draw(st.sampled_from(choices))
    hours = draw(st.sampled_from([0] * 12 + [1, 20, 24 * 7]))
    return on(draw(st.sampled_from(PAYMENTS)), interaction), who, hours


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Two payments, and most often one of them, through some dozens of steps."""
    length = draw(st.sampled_from([10, 30, 60]))
    rest = draw(st.lists(steps(), min_size=length, max_size=length))
    return [draw(receipts_of_money("p1")), draw(receipts_of_money("p2")), *rest]


FULL_LIFE: list[Step] = [
    (receive(4_900), CLERK | AT_COUNTER, 0),
    (allocate(2_000), CLERK, 0),
    (issue_receipt(4_900), CLERK, 0),
    (allocate(2_900), CLERK, 0),
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
@settings(max_examples=150, deadline=None)
def test_in_every_life_the_sums_hold(life: list[Step]) -> None:
    play(life)
