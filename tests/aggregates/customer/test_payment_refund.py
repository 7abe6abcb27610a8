"""What goes back of a payment: rules PAY-20 to PAY-26, and what follows."""

from typing import Any

import pytest

from ledger.aggregates.customer import payment
from ledger.aggregates.model import FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.samples import (
    SUBJECT,
    agent_verified,
    decide_refund,
    known,
    paid,
    pay_refund,
    receive,
    received,
    refund_approved,
    refund_requested,
    request_refund,
    verified,
)

TWO_PEOPLE = {"actor": "c-li", "approver": "s-sun"}


def with_approved_refund(refund_fen: int = 4_900, **changed: Any) -> Case:
    return paid().given(refund_requested(refund_fen, **changed), refund_approved(refund_fen))


def test_refunds_together_are_at_most_the_amount_received() -> None:
    case = paid(receive(10_000, counterfeit_checked=True))
    case.given(refund_requested(8_000), refund_approved(8_000))
    case.when(request_refund(3_000, refund_id="ref2")).refused("PAY-20")
    case.when(request_refund(2_001, refund_id="ref2")).refused("PAY-20")
    case.when(request_refund(2_000, refund_id="ref2")).recorded(payment.RefundRequested)


def test_a_refund_that_was_denied_or_failed_may_be_asked_again_under_a_new_id() -> None:
    failed = payment.RefundFailed.of(pay_refund(result="failed", failure="timeout"))
    for ended in (payment.RefundDenied.of(decide_refund("denied")), failed):
        case = paid().given(refund_requested(), ended)
        case.when(request_refund()).refused("PAY-21", "taken")
        case.when(request_refund(refund_id="ref2")).recorded(payment.RefundRequested)


def test_a_refund_is_asked_by_the_owner_or_the_system() -> None:
    case = paid()
    by_agent = request_refund(requester="agent", agent_id="a1")
    case.when(by_agent).refused("PAY-21", "a1")
    case.when(request_refund(requester="system")).refused("PAY-21")
    billing = {"actor": "system:billing"}
    case.when(request_refund(requester="system"), **billing).recorded(payment.RefundRequested)
    case.when(request_refund(), **billing).refused("PAY-21")


def test_a_refund_is_asked_by_an_agent_in_scope() -> None:
    wish = request_refund(requester="agent", agent_id="agent1")
    case = paid().given(agent_verified(hours=24))
    case.when(wish, at=later(hours=24)).recorded(payment.RefundRequested)
    case.when(wish, at=later(hours=24, seconds=1)).refused("PAY-21")
    elsewhere = paid().given(agent_verified(scope=("complaint",)))
    elsewhere.when(wish).refused("PAY-21")


def test_only_a_refund_that_waits_is_decided() -> None:
    paid().when(decide_refund(), **TWO_PEOPLE).refused("PAY-22")
    with_approved_refund().when(decide_refund(), **TWO_PEOPLE).refused("PAY-22")
    waiting = paid().given(refund_requested(1_000))
    approved = waiting.when(decide_refund(), **TWO_PEOPLE).recorded(payment.RefundApproved)
    assert (approved.refund_fen, approved.pay_by_at) == (1_000, later(days=7))
    waiting.when(decide_refund("denied"), **TWO_PEOPLE).recorded(payment.RefundDenied)


def test_neither_who_received_nor_who_requested_approves_the_refund() -> None:
    by_two = {"actor": "c-li", "approver": "s-sun"}
    receiver = known().given(received(), actor="s-sun").given(refund_requested(), actor="c-li")
    receiver.when(decide_refund(), **by_two).refused("PAY-23")
    requester = paid().given(refund_requested(), actor="s-sun")
    requester.when(decide_refund(), **by_two).refused("PAY-23")
    requester.when(decide_refund(), actor="c-li", approver="m-he").recorded(payment.RefundApproved)


def test_a_refund_is_paid_after_approval_and_once() -> None:
    paid().given(refund_requested()).when(pay_refund()).refused("PAY-24", "not approved")
    case = with_approved_refund(1_000)
    refunded = case.when(pay_refund()).recorded(payment.Refunded)
    assert refunded.refund_fen == 1_000
    case.given(refunded).when(pay_refund()).refused("PAY-24")


def test_a_refund_that_the_bank_did_not_pay_is_recorded_as_failed() -> None:
    failed = pay_refund(result="failed", failure="bank_refused")
    with_approved_refund().when(failed).recorded(payment.RefundFailed)


def test_another_method_needs_a_verification_valid_at_that_moment() -> None:
    by_card = pay_refund(method="bank_card", drawer_id=None, verification_id="ver1")
    with_approved_refund().when(by_card).refused("PAY-24", "cash")
    case = with_approved_refund().given(verified(hours=24))
    case.when(by_card, at=later(hours=24)).recorded(payment.Refunded)
    case.when(by_card, at=later(hours=24, seconds=1)).refused("PAY-24")
    unnamed = pay_refund(method="bank_card", drawer_id=None)
    case.when(unnamed).refused("PAY-24")


def test_policy_may_allow_another_method() -> None:
    case = paid(refund__same_method=False).given(refund_requested(), refund_approved())
    case.when(pay_refund(method="alipay", drawer_id=None)).recorded(payment.Refunded)


def test_a_deposit_is_paid_back_in_cash_only_to_a_verified_owner() -> None:
    case = with_approved_refund(reason="deposit_return")
    case.when(pay_refund(verification_id="ver1")).refused("PAY-25")
    case.given(verified(hours=1))
    case.when(pay_refund(verification_id="ver1"), at=later(hours=1)).recorded(payment.Refunded)
    case.when(pay_refund(verification_id="ver1"), at=later(hours=2)).refused("PAY-25")


def test_cash_refunded_names_a_drawer() -> None:
    with_approved_refund().when(pay_refund(drawer_id=None)).refused("PAY-08")


MARK = payment.MarkRefundOverdue(payment_id="p1", refund_id="ref1")
CLOCK = {"actor": "system:clock"}


def test_a_refund_is_overdue_when_its_days_have_passed_and_once() -> None:
    case = with_approved_refund()
    case.when(MARK, at=later(days=7, seconds=-1), **CLOCK).refused("PAY-26", "may be paid until")
    overdue = case.when(MARK, at=later(days=7), **CLOCK).recorded(payment.RefundOverdue)
    case.given(overdue).when(MARK, at=later(days=8), **CLOCK).refused("PAY-26", "already")
    case.when(pay_refund(), at=later(days=8)).recorded(payment.Refunded)


def test_a_refund_paid_or_not_approved_is_never_overdue() -> None:
    at_last = {"at": later(days=7), **CLOCK}
    paid().when(MARK, **at_last).refused("PAY-26")
    paid().given(refund_requested()).when(MARK, **at_last).refused("PAY-26")
    refunded = payment.Refunded.of(pay_refund(), refund_fen=4_900)
    with_approved_refund().given(refunded).when(MARK, **at_last).refused("PAY-26")


# Precedence


@pytest.mark.parametrize(
    ("rule", "given", "verification_id"),
    [
        ("PAY-24", [refund_requested(reason="deposit_return")], None),
        ("PAY-25", [refund_requested(reason="deposit_return"), refund_approved()], None),
        ("PAY-08", [refund_requested(reason="deposit_return"), refund_approved()], "ver1"),
    ],
)
def test_a_refund_is_refused_by_the_first_rule_it_breaks(
    rule: str, given: list[Any], verification_id: str | None
) -> None:
    case = paid().given(verified(), *given)
    wish = pay_refund(verification_id=verification_id, drawer_id=None)
    case.when(wish).refused(rule)


def test_a_request_or_a_decision_is_refused_by_the_first_rule_it_breaks() -> None:
    case = paid().given(refund_requested(), actor="s-sun")
    case.when(request_refund(1, requester="agent")).refused("PAY-20")
    case.when(decide_refund(refund_id="ref2"), **TWO_PEOPLE).refused("PAY-22")
    case.when(decide_refund(), **TWO_PEOPLE).refused("PAY-23")


# React


def follow_ons(case: Case, event: Any) -> list[Any]:
    return list(reactions(event, case.envelope("payment.decide_refund.v1", NOW), "payment/p1"))


def test_an_approved_refund_is_marked_overdue_unless_it_is_paid() -> None:
    case = with_approved_refund()
    assert follow_ons(case, refund_approved()) == [
        FollowOn("refund_overdue.ref1", SUBJECT, MARK, later(days=7))
    ]
    case.when(MARK, at=later(days=7), **CLOCK).recorded(payment.RefundOverdue)
    for ended in (
        payment.Refunded.of(pay_refund(), refund_fen=4_900),
        payment.RefundFailed.of(pay_refund(result="failed")),
    ):
        assert follow_ons(case, ended) == [Settled("refund_overdue.ref1")]


@pytest.mark.parametrize(
    "event", [refund_requested(), payment.RefundOverdue.of(MARK)], ids=lambda each: each.tag
)
def test_nothing_follows_from_a_request_or_a_mark(event: Any) -> None:
    assert follow_ons(known(), event) == []
