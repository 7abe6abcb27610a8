"""Money taken for a customer: rules PAY-01 to PAY-19, and what follows."""

from datetime import datetime
from typing import Any

import pytest

from ledger.aggregates.customer import payment
from ledger.aggregates.model import Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    SUBJECT,
    allocate,
    decide_refund,
    issue_receipt,
    item,
    known,
    paid,
    receive,
    receive_by_card,
    received,
    refund_requested,
    request_refund,
    reverse,
)

TWO_PEOPLE = {"actor": "c-li", "approver": "s-sun"}
STREAM = "payment/p1"


def state(case: Case) -> payment.State:
    return case.states[STREAM]


# Receive


def test_the_change_is_what_was_tendered_less_the_amount() -> None:
    tendered = receive(5_000, tendered_fen=10_000, counterfeit_checked=True)
    event = known().when(tendered, **AT_COUNTER).recorded(payment.Received)
    assert (event.change_fen, event.receipt_due) == (5_000, True)


def test_a_card_gives_no_change_whatever_is_said_to_be_tendered() -> None:
    by_card = receive_by_card(5_000, tendered_fen=1)
    assert known().when(by_card, **AT_COUNTER).recorded(payment.Received).change_fen == 0


def test_policy_says_whether_a_receipt_is_due() -> None:
    case = known(payment__receipt_required=False)
    assert case.when(receive(), **AT_COUNTER).recorded(payment.Received).receipt_due is False


def test_the_amount_equals_the_sum_of_the_items() -> None:
    items = (item(3_000, item_id="i1"), item(1_900, item_id="i2"))
    known().when(receive(4_900, items=items), **AT_COUNTER).recorded(payment.Received)
    known().when(receive(4_901, items=items), **AT_COUNTER).refused("PAY-01")


@pytest.mark.parametrize("kind", ["bill", "deposit", "arrears", "late_fee"])
def test_an_item_of_a_line_needs_a_line(kind: str) -> None:
    known().when(receive(items=(item(item_kind=kind),)), **AT_COUNTER).refused("PAY-02")


@pytest.mark.parametrize("kind", ["exit_fee", "order_fee", "device"])
def test_an_item_of_an_order_or_lock_needs_one(kind: str) -> None:
    known().when(receive(items=(item(item_kind=kind),)), **AT_COUNTER).refused("PAY-03")


def test_a_correlator_is_used_for_one_payment() -> None:
    paid().when(receive(payment_id="p2"), **AT_COUNTER).refused("PAY-04")
    other = receive(payment_id="p2", correlator_id="cor2")
    paid().when(other, **AT_COUNTER).recorded(payment.Received)


@pytest.mark.parametrize(
    "wrong",
    [{"drawer_id": None}, {"shift_id": None}, {"tendered_fen": None}, {"tendered_fen": 4_899}],
)
def test_cash_names_drawer_and_shift_and_what_was_tendered(wrong: dict[str, Any]) -> None:
    known().when(receive(4_900, **wrong), **AT_COUNTER).refused("PAY-07")


@pytest.mark.parametrize("checked", [None, False])
def test_notes_are_checked_from_an_amount_on(checked: bool | None) -> None:
    case = known()
    case.when(receive(4_999), **AT_COUNTER).recorded(payment.Received)
    case.when(receive(5_000, counterfeit_checked=checked), **AT_COUNTER).refused("PAY-07")
    case.when(receive(5_000, counterfeit_checked=True), **AT_COUNTER).recorded(payment.Received)


def test_much_cash_needs_two_people() -> None:
    case, limit_fen = known(), 1_000_000
    at_the_limit = receive(limit_fen, counterfeit_checked=True)
    above = receive(limit_fen + 1, counterfeit_checked=True)
    case.when(at_the_limit, **AT_COUNTER).recorded(payment.Received)
    case.when(above, **AT_COUNTER).refused("PAY-09", "no approver")
    case.when(above, approver="c-wang", **AT_COUNTER).refused("PAY-09", "may not approve")
    case.when(above, approver="s-sun", **AT_COUNTER).recorded(payment.Received)
    case.when(receive_by_card(limit_fen + 1), **AT_COUNTER).recorded(payment.Received)


@pytest.mark.parametrize("missing", ["terminal_id", "provider_reference", "card_last4"])
def test_a_card_payment_names_terminal_reference_and_card(missing: str) -> None:
    known().when(receive_by_card(**{missing: None}), **AT_COUNTER).refused("PAY-09")


def test_an_authorization_code_serves_as_reference_and_a_wallet_has_no_card() -> None:
    case = known()
    coded = receive_by_card(provider_reference=None, authorization_code="a1")
    case.when(coded, **AT_COUNTER).recorded(payment.Received)
    wallet = receive_by_card(method="wechat_pay", card_last4=None)
    case.when(wallet, **AT_COUNTER).recorded(payment.Received)


def test_a_transfer_has_a_reference_and_no_terminal() -> None:
    transfer = {"method": "bank_transfer", "card_last4": None, "terminal_id": None}
    case = known()
    case.when(receive_by_card(**transfer), **AT_COUNTER).recorded(payment.Received)
    unnamed = receive_by_card(**transfer, provider_reference=None)
    case.when(unnamed, **AT_COUNTER).refused("PAY-09")


def test_a_payment_id_is_used_once() -> None:
    paid().when(receive(correlator_id="cor2"), **AT_COUNTER).refused("ENV-12")


# Allocate and receipt


def test_allocations_never_exceed_what_was_received() -> None:
    case = paid(receive(4_900))
    case.when(allocate(4_901)).refused("PAY-11")
    part = case.when(allocate(3_000)).recorded(payment.Allocated)
    assert part.unallocated_fen == 1_900
    case.given(part)
    case.when(allocate(1_000, 901, first=1)).refused("PAY-11")
    whole = case.when(allocate(1_000, 900, first=1)).recorded(payment.Allocated)
    assert whole.unallocated_fen == 0


def test_what_a_refund_may_take_is_not_allocated() -> None:
    case = paid().given(refund_requested(1_000))
    case.when(allocate(3_901)).refused("PAY-11")
    case.when(allocate(3_900)).recorded(payment.Allocated)
    denied = payment.RefundDenied.of(decide_refund("denied"))
    case.given(denied).when(allocate(4_900)).recorded(payment.Allocated)


@pytest.mark.parametrize("kind", ["bill", "deposit", "arrears", "late_fee", "exit_fee", "device"])
def test_nothing_is_allocated_to_what_the_customer_does_not_have(kind: str) -> None:
    paid().when(allocate(4_900, item_kind=kind)).refused("PAY-12")


def test_a_payment_is_done_when_allocated_and_receipted() -> None:
    allocated = payment.Allocated.of(allocate(4_900), unallocated_fen=0)
    receipted = payment.ReceiptIssued.of(issue_receipt())
    first, settled = (
        paid()
        .given(receipted)
        .when(allocate(4_900))
        .recorded(payment.Allocated, payment.PaymentSettled)
    )
    assert first == allocated
    other_way = paid().given(allocated)
    other_way.when(issue_receipt()).recorded(payment.ReceiptIssued, payment.PaymentSettled)
    other_way.given(receipted, settled)
    assert state(other_way).status == "done"


def test_a_payment_not_wholly_allocated_is_not_done_by_its_receipt() -> None:
    part = payment.Allocated.of(allocate(4_899), unallocated_fen=1)
    paid().given(part).when(issue_receipt()).recorded(payment.ReceiptIssued)


def test_a_payment_has_one_receipt_and_a_receipt_one_payment() -> None:
    case = paid().given(payment.ReceiptIssued.of(issue_receipt()))
    case.when(issue_receipt(receipt_number="r2")).refused("PAY-14")
    case.given(received(receive(payment_id="p2", correlator_id="cor2")))
    case.when(issue_receipt(payment_id="p2")).refused("PAY-14", "another payment")
    case.when(issue_receipt(payment_id="p2", receipt_number="r2")).recorded(payment.ReceiptIssued)


@pytest.mark.parametrize("amount_fen", [4_899, 4_901])
def test_the_receipt_says_the_amount_received(amount_fen: int) -> None:
    paid(receive(4_900)).when(issue_receipt(amount_fen)).refused("PAY-15")


# Reverse


def test_a_payment_is_reversed_whole_and_takes_nothing_more() -> None:
    case = paid(receive(4_900))
    case.when(reverse(4_899), **TWO_PEOPLE).refused("PAY-17")
    case.given(case.when(reverse(4_900), **TWO_PEOPLE).recorded(payment.Reversed))
    assert state(case).status == "canceled"
    case.when(reverse(4_900, reversal_id="rev2"), **TWO_PEOPLE).refused("ENV-12")
    case.when(request_refund()).refused("ENV-12")
    case.when(allocate(4_900)).refused("ENV-12")
    case.when(issue_receipt()).refused("ENV-12")


def test_nobody_approves_the_own_reversal() -> None:
    case = paid()
    case.when(reverse(), actor="s-sun", approver="s-sun").refused("ENV-07")
    case.when(reverse(), actor="c-wang", approver="s-sun").refused("ENV-05")


LAST_MINUTE = datetime.fromisoformat("2026-11-03T23:59:00+08:00")
MIDNIGHT = datetime.fromisoformat("2026-11-04T00:00:00+08:00")


def test_a_reversal_is_on_the_day_of_the_payment_except_a_chargeback() -> None:
    case = paid()
    case.when(reverse(), at=LAST_MINUTE, **TWO_PEOPLE).recorded(payment.Reversed)
    case.when(reverse(), at=MIDNIGHT, **TWO_PEOPLE).refused("PAY-18", "2026-11-03")
    chargeback = reverse(reason="bank_chargeback")
    case.when(chargeback, at=MIDNIGHT, **TWO_PEOPLE).recorded(payment.Reversed)
    lax = paid(payment__reverse_same_day=False)
    lax.when(reverse(), at=MIDNIGHT, **TWO_PEOPLE).recorded(payment.Reversed)


def test_a_payment_with_a_refund_in_force_is_not_reversed() -> None:
    case = paid().given(refund_requested(1))
    case.when(reverse(), **TWO_PEOPLE).refused("PAY-19")
    denied = payment.RefundDenied.of(decide_refund("denied"))
    case.given(denied).when(reverse(), **TWO_PEOPLE).recorded(payment.Reversed)


def test_cash_given_back_names_a_drawer() -> None:
    paid().when(reverse(drawer_id=None), **TWO_PEOPLE).refused("PAY-08")
    by_card = paid(receive_by_card())
    by_card.when(reverse(drawer_id=None), **TWO_PEOPLE).recorded(payment.Reversed)


# Precedence: each case mends what the one before was refused for

Mends = list[tuple[str, dict[str, Any]]]
CASH_MENDS: Mends = [
    ("ENV-10", {}),
    ("PAY-01", {"items": (item(1_000_001, "bill"), item(1, "device", "i2"))}),
    ("PAY-02", {"items": (item(1_000_002, "device"),)}),
    ("PAY-03", {"items": (item(1_000_002),)}),
    ("PAY-04", {"correlator_id": "cor2"}),
    ("PAY-07", {"tendered_fen": 1_000_002, "counterfeit_checked": True}),
    ("PAY-09", {}),
]


@pytest.mark.parametrize("step", range(len(CASH_MENDS)))
def test_a_payment_is_refused_by_the_first_rule_it_breaks(step: int) -> None:
    fields: dict[str, Any] = {
        "payment_id": "p2",
        "items": (item(1, "bill"), item(1, "device", "i2")),
        "tendered_fen": None,
    }
    for _, mend in CASH_MENDS[:step]:
        fields |= mend
    who = AT_COUNTER if step else {}
    paid().when(receive(1_000_002, **fields), **who).refused(CASH_MENDS[step][0])


@pytest.mark.parametrize(
    ("rule", "amount_fen", "reason", "with_refund"),
    [
        ("PAY-17", 4_899, "wrong_amount", True),
        ("PAY-18", 4_900, "wrong_amount", True),
        ("PAY-19", 4_900, "bank_chargeback", True),
        ("PAY-08", 4_900, "bank_chargeback", False),
    ],
)
def test_a_reversal_is_refused_by_the_first_rule_it_breaks(
    rule: str, amount_fen: int, reason: str, with_refund: bool
) -> None:
    case = paid().given(*([refund_requested()] if with_refund else []))
    wish = reverse(amount_fen, reason=reason, drawer_id=None)
    case.when(wish, at=MIDNIGHT, **TWO_PEOPLE).refused(rule)


def test_an_allocation_or_receipt_is_refused_by_the_first_rule_it_breaks() -> None:
    case = paid().given(payment.ReceiptIssued.of(issue_receipt()), refund_requested())
    case.when(allocate(1, item_kind="bill")).refused("PAY-11")
    case.when(issue_receipt(1)).refused("PAY-14")


# React


def follow_ons(case: Case, event: Any, at: datetime = NOW) -> list[Any]:
    return list(reactions(event, case.envelope("payment.receive.v1", at), STREAM))


def test_a_payment_is_allocated_by_its_items_and_receipted_in_time() -> None:
    case = known()
    event = received(receive(items=(item(4_000), item(900, item_id="i2"))))
    now, later_on = follow_ons(case, event)
    assert (now.name, now.subject, now.due_at) == ("allocate", SUBJECT, None)
    assert [(each.allocation_id, each.amount_fen) for each in now.data.allocations] == [
        ("i1", 4_000),
        ("i2", 900),
    ]
    assert (later_on.name, later_on.due_at) == ("receipt", later(minutes=10))
    assert (later_on.data.form, later_on.data.amount_fen) == ("sms", 4_900)


def test_a_payment_left_alone_is_done_by_what_follows_from_it() -> None:
    case = paid()
    allocation, receipt = follow_ons(case, received())
    case.given(case.when(allocation.data, actor="system:reactor").recorded(payment.Allocated))
    events = case.when(receipt.data, at=receipt.due_at, actor="system:clock").recorded(
        payment.ReceiptIssued, payment.PaymentSettled
    )
    assert state(case.given(*events)).status == "done"


def test_where_no_receipt_is_due_none_is_sent() -> None:
    event = payment.Received.of(receive(), change_fen=0, receipt_due=False)
    assert [each.name for each in follow_ons(known(), event)] == ["allocate"]


def test_receipts_that_the_ledger_issues_have_numbers_of_their_own() -> None:
    other = received(receive(payment_id="p2"))
    numbers = [
        follow_ons(known(), each)[1].data.receipt_number for each in (received(), other, received())
    ]
    assert numbers[0] == numbers[2] != numbers[1]


@pytest.mark.parametrize(
    "event", [payment.ReceiptIssued.of(issue_receipt()), payment.Reversed.of(reverse())]
)
def test_a_receipt_or_a_reversal_settles_the_receipts_timer(event: Any) -> None:
    assert follow_ons(known(), event) == [Settled("receipt")]
