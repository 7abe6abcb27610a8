"""Money asked of a card or wallet: rules PAY-04 to PAY-10, from the asking to its end."""

from typing import Any

import pytest

from ledger.aggregates.customer import payment
from tests.aggregates.case import Case
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    authorize,
    begin,
    begun,
    fail,
    item,
    known,
    paid,
    receive,
    receive_by_card,
    received,
    settle_unknown,
)

GATEWAY = {"actor": "system:payment_gateway"}
CANCEL = payment.Cancel(payment_id="p1", reason="customer_left")


def asked(**parameters: Any) -> Case:
    """A case in which c-wang asked a card for payment p1 in hall renmin."""
    return known(**parameters).given(begun(), actor="c-wang", hall="renmin")


def status(case: Case) -> str:
    return case.states["payment/p1"].status


def test_a_payment_begins_without_money() -> None:
    case = known()
    case.given(case.when(begin(), **AT_COUNTER).recorded(payment.Begun))
    assert status(case) == "pending_authorization"
    case.when(begin(), **AT_COUNTER).refused("ENV-11")


def test_what_is_asked_is_the_sum_of_items_with_ids_of_their_own() -> None:
    twice = (item(2_000), item(2_900))
    known().when(begin(4_901), **AT_COUNTER).recorded(payment.Begun)
    known().when(begin(4_901, items=twice), **AT_COUNTER).refused("PAY-01", "sum")
    known().when(begin(4_900, items=twice), **AT_COUNTER).refused("PAY-01", "same id")
    apart = (item(2_000), item(2_900, item_id="i2"))
    known().when(begin(4_900, items=apart), **AT_COUNTER).recorded(payment.Begun)


def test_a_correlator_of_a_payment_begun_is_taken() -> None:
    asked().when(begin(payment_id="p2"), **AT_COUNTER).refused("PAY-04")
    other = begin(payment_id="p2", correlator_id="cor2")
    asked().when(other, **AT_COUNTER).recorded(payment.Begun)


def test_only_the_gateway_authorizes() -> None:
    case = asked()
    case.when(authorize()).refused("ENV-03")
    case.given(case.when(authorize(), **GATEWAY).recorded(payment.Authorized))
    assert status(case) == "authorized"
    case.when(authorize(), **GATEWAY).refused("ENV-12")


@pytest.mark.parametrize(
    ("told", "who"),
    [
        (authorize(correlator_id="cor2"), GATEWAY),
        (fail(correlator_id="cor2"), GATEWAY),
        (settle_unknown(correlator_id="cor2"), GATEWAY),
        (receive_by_card(correlator_id="cor2"), AT_COUNTER),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_comes_of_a_payment_names_its_correlator(told: Any, who: dict[str, Any]) -> None:
    asked().when(told, **who).refused("PAY-05")


@pytest.mark.parametrize("authorized", [False, True])
def test_the_money_asked_for_is_received(authorized: bool) -> None:
    case = asked()
    if authorized:
        case.given(payment.Authorized.of(authorize()))
    event = case.when(receive_by_card(), **AT_COUNTER).recorded(payment.Received)
    assert status(case.given(event)) == "captured"


@pytest.mark.parametrize(
    "other",
    [
        receive_by_card(4_901),
        receive_by_card(method="alipay"),
        receive(),
        receive_by_card(items=(item(2_000), item(2_900, item_id="i2"))),
    ],
)
def test_what_is_received_is_what_was_asked(other: payment.Receive) -> None:
    asked().when(other, **AT_COUNTER).refused("PAY-06")


def test_what_was_told_before_need_not_be_told_again() -> None:
    case = asked()
    short = receive_by_card(terminal_id=None, provider_reference=None)
    case.when(short, **AT_COUNTER).refused("PAY-09", "authorization_code")
    case.given(payment.Authorized.of(authorize()))
    case.when(short, **AT_COUNTER).recorded(payment.Received)


def test_money_that_is_no_cash_names_no_drawer() -> None:
    by_card = receive_by_card(drawer_id="d1")
    known().when(by_card, **AT_COUNTER).refused("PAY-08", "bank_card")


@pytest.mark.parametrize(
    ("reason", "event", "ends"),
    [
        ("wrong_pin", payment.Failed, "failed"),
        ("declined_by_bank", payment.Denied, "denied"),
    ],
)
def test_a_terminal_or_bank_that_says_no_ends_the_payment(
    reason: str, event: Any, ends: str
) -> None:
    for who in (GATEWAY, {"actor": "c-li"}):
        case = asked()
        case.given(case.when(fail(reason=reason), **who).recorded(event))
        assert status(case) == ends
        case.when(receive_by_card(), **AT_COUNTER).refused("ENV-12")


def test_a_payment_is_given_up_before_the_money_comes() -> None:
    case = asked().given(payment.Authorized.of(authorize()))
    case.given(case.when(CANCEL).recorded(payment.Canceled))
    assert status(case) == "canceled"
    case.when(CANCEL).refused("ENV-12")
    paid().when(CANCEL).refused("ENV-12")


def test_an_unknown_result_is_settled_by_the_provider_alone() -> None:
    case = asked()
    case.when(settle_unknown()).refused("PAY-10")
    case.when(settle_unknown(), actor="system:billing").refused("ENV-03")
    event = case.when(settle_unknown(), **GATEWAY).recorded(payment.Received)
    assert (event.amount_fen, event.method, event.items) == (4_900, "bank_card", (item(),))
    assert (event.provider_reference, event.terminal_id) == ("ref1", "t1")
    assert (event.change_fen, event.receipt_due, event.hall_id) == (0, True, "renmin")
    assert status(case.given(event, **GATEWAY)) == "captured"


def test_the_clerk_who_began_it_received_what_the_provider_tells_of() -> None:
    case = asked()
    event = case.when(settle_unknown(), **GATEWAY).recorded(payment.Received)
    assert case.given(event, **GATEWAY).states["payment/p1"].received_by == "c-wang"


def test_a_message_that_names_a_hall_needs_no_other() -> None:
    event = asked().when(settle_unknown(), hall="renmin", **GATEWAY).recorded(payment.Received)
    assert event.hall_id is None


def test_money_that_the_provider_never_took_is_not_received() -> None:
    case = asked()
    event = case.when(settle_unknown("not_captured"), **GATEWAY).recorded(payment.Failed)
    assert (event.reason, event.provider_reference) == ("not_captured", "ref1")
    assert status(case.given(event)) == "failed"


@pytest.mark.parametrize(
    "told", [authorize(), fail(), CANCEL, settle_unknown()], ids=lambda each: type(each).__name__
)
def test_a_payment_received_is_not_asked_for_any_more(told: Any) -> None:
    asked().given(received(receive_by_card())).when(told, **GATEWAY | _as_clerk(told)).refused(
        "ENV-12"
    )


def _as_clerk(told: Any) -> dict[str, str]:
    return {"actor": "c-li"} if told is CANCEL else {}


# Precedence


def test_a_begun_payment_is_refused_by_the_first_rule_it_breaks() -> None:
    case, nothing = asked(), {"payment_id": "p2"}
    twice = (item(1, "bill"), item(1, "device"))
    case.when(begin(2, items=twice, **nothing), **AT_COUNTER).refused("PAY-01")
    apart = (item(1, "bill"), item(1, "device", "i2"))
    case.when(begin(2, items=apart, **nothing), **AT_COUNTER).refused("PAY-02")
    case.when(begin(2, items=(item(2, "device"),), **nothing), **AT_COUNTER).refused("PAY-03")
    case.when(begin(2, items=(item(2),), **nothing), **AT_COUNTER).refused("PAY-04")


def test_money_that_was_asked_for_is_refused_by_the_first_rule_it_breaks() -> None:
    wrong: dict[str, Any] = {"correlator_id": "cor2", "drawer_id": "d1", "terminal_id": None}
    wrong |= {"provider_reference": None, "items": (item(4_900, item_id="i9"),)}
    for rule, mend in (
        ("PAY-01", {"items": (item(4_900, "bill"), item(1, item_id="i2"))}),
        ("PAY-05", {"items": (item(4_900, "bill"),)}),
        ("PAY-06", {"correlator_id": "cor1"}),
        ("PAY-08", {"items": (item(4_900),)}),
        ("PAY-09", {"drawer_id": None}),
    ):
        wrong |= mend
        asked().when(receive_by_card(**wrong), **AT_COUNTER).refused(rule)


def test_an_unknown_result_is_refused_by_the_first_rule_it_breaks() -> None:
    asked().when(settle_unknown(correlator_id="cor2")).refused("PAY-05")
    asked().when(settle_unknown()).refused("PAY-10")
