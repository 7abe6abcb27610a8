"""What the hall hears of money at its counters: cash in its drawers, the rest on its day."""

from typing import Any

import pytest

from ledger.aggregates import copies
from ledger.aggregates.customer import payment
from ledger.aggregates.model import FollowOn
from tests.aggregates.case import NOW, reactions
from tests.aggregates.customer.samples import (
    CUSTOMER_ID,
    known,
    pay_refund,
    receive,
    receive_by_card,
    received,
    reverse,
    settle_unknown,
)

RENMIN = "hall/renmin"


def heard(event: Any, hall: str | None = "renmin") -> list[Any]:
    """What goes to a hall."""
    envelope = known().envelope("payment.receive.v1", NOW, hall=hall)
    followed = reactions(event, envelope, "payment/p1")
    return [each for each in followed if getattr(each, "subject", "").startswith("hall/")]


def reversed_(method: Any, **changed: Any) -> payment.Reversed:
    return payment.Reversed.of(reverse(**changed), method=method)


def refunded(**changed: Any) -> payment.Refunded:
    return payment.Refunded.of(pay_refund(**changed), refund_fen=900)


def test_cash_received_goes_into_the_drawer() -> None:
    record = copies.RecordIn(
        drawer_id="d1", customer_id=CUSTOMER_ID, payment_id="p1", amount_fen=4_900
    )
    assert heard(received()) == [FollowOn("drawer", RENMIN, record)]


def test_other_money_received_counts_on_the_day() -> None:
    note = copies.NotePayment(
        customer_id=CUSTOMER_ID,
        payment_id="p1",
        method="bank_card",
        direction="in",
        amount_fen=4_900,
    )
    assert heard(received(receive_by_card())) == [FollowOn("hall_day", RENMIN, note)]


def test_cash_given_back_leaves_the_drawer() -> None:
    out: dict[str, Any] = {"drawer_id": "d1", "customer_id": CUSTOMER_ID, "payment_id": "p1"}
    reversal = copies.RecordOut(amount_fen=4_900, kind="reversal", **out)
    assert heard(reversed_("cash")) == [FollowOn("drawer", RENMIN, reversal)]
    refund = copies.RecordOut(amount_fen=900, kind="refund", refund_id="ref1", **out)
    assert heard(refunded()) == [FollowOn("drawer", RENMIN, refund)]


@pytest.mark.parametrize(
    ("event", "amount_fen"),
    [
        (reversed_("alipay", drawer_id=None), 4_900),
        (refunded(method="alipay", drawer_id=None), 900),
    ],
)
def test_other_money_given_back_counts_on_the_day(event: Any, amount_fen: int) -> None:
    note = copies.NotePayment(
        customer_id=CUSTOMER_ID,
        payment_id="p1",
        method="alipay",
        direction="out",
        amount_fen=amount_fen,
    )
    assert heard(event) == [FollowOn("hall_day", RENMIN, note)]


@pytest.mark.parametrize("event", [received(), reversed_("cash"), refunded()])
def test_no_hall_hears_of_money_that_moved_in_none(event: Any) -> None:
    assert heard(event, hall=None) == []


def test_a_reversal_from_before_its_method_was_kept_is_told_to_no_hall() -> None:
    assert heard(payment.Reversed.of(reverse())) == []


def test_a_result_told_late_counts_where_the_payment_began() -> None:
    begun_at = payment.Received(
        payment_id="p1",
        method="bank_card",
        amount_fen=4_900,
        items=receive().items,
        correlator_id=settle_unknown().correlator_id,
        payer="owner",
        change_fen=0,
        receipt_due=True,
        hall_id="renmin",
    )
    assert [each.subject for each in heard(begun_at, hall=None)] == [RENMIN]


def test_a_reversal_says_how_the_money_goes_back() -> None:
    case = known().given(received(receive_by_card()))
    who = {"actor": "c-li", "approver": "s-sun"}
    case.when(reverse(), **who).refused("PAY-08", "bank_card")
    event = case.when(reverse(drawer_id=None), **who).recorded(payment.Reversed)
    assert event.method == "bank_card"
