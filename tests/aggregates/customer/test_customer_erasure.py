"""What keeps a customer's data, and how they are erased: rules CUS-27 to CUS-30 and CUS-34."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ledger.aggregates.customer import customer, payment, subscription
from ledger.aggregates.customer.customer.erasing import MOST_HOLDS
from ledger.aggregates.model import Event, Interaction
from ledger.facts import Held
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.order_stages import placed
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    DIGEST,
    SUBJECT,
    answer,
    begun,
    consent,
    data_requested,
    decide_refund,
    fail,
    known,
    listing,
    pay_refund,
    received,
    refund_approved,
    refund_requested,
    register,
    restricted,
    verified,
    verify,
)
from tests.aggregates.customer.subscription_samples import (
    active_line,
    bill_settled,
    billed,
    disputed,
    prepared_line,
    settle_dispute,
    terminated,
    termination_begun,
)

PRIVACY = {"actor": "o-fang"}
TWO_PEOPLE = {"actor": "o-fang", "approver": "s-sun"}
REACTOR = {"actor": "system:reactor"}
TODAY = date(2026, 11, 3)
SCHEDULE = customer.ScheduleErasure(trigger="customer_asked")
ASKED = customer.RequestErasure(trigger="customer_asked")
CONFIRM = customer.ConfirmErasure(keys_destroyed=2, destroyed_at=NOW, proof_digest=DIGEST)
ORDERED, ERASED = customer.ErasureOrdered.of(ASKED), customer.Erased.of(CONFIRM)
HOLD = customer.PlaceLegalHold(hold_id="h1", authority="court", reference="(2026)民初12号")
HELD = customer.LegalHoldPlaced.of(HOLD)
RELEASE = customer.ReleaseLegalHold(hold_id="h1", reason="matter_ended")
LEFT = customer.Terminated.of(
    customer.Terminate(reason="customer_asked"), retention_until_on=date(2028, 11, 3)
)
SCHEDULED, RESTRICTED = customer.ErasureScheduled, customer.ProcessingRestricted


def at(day: date) -> datetime:
    """Ten in the morning of that day."""
    return NOW + timedelta(days=(day - TODAY).days)


def for_years(case: Case) -> Case:
    """The privacy officer is certified for as long as data are kept."""
    held = Held(
        certification="privacy", valid_from_on=date(2026, 1, 1), valid_until_on=date(2039, 1, 1)
    )
    return case.clerk("o-fang", certifications=(held,))


def left(**parameters: Any) -> Case:
    """A customer who is one no longer since 3 November 2026, and never had a line."""
    return for_years(known(**parameters)).given(verified(), LEFT)


def ended_line(*events: Event, **parameters: Any) -> Case:
    """A registered customer whose only line has ended today, after these events."""
    case = for_years(active_line(**parameters)).given(*events)
    return case.given(termination_begun("arrears"), terminated())


def status(case: Case) -> str:
    assert case.states[SUBJECT].status == case.register.status
    return case.register.status


# CUS-27

PAID = payment.PaymentSettled(payment_id="p1")
OPEN: dict[str, Callable[[], Case]] = {
    "line ": prepared_line,
    "order o1": placed,
    "payment p1": lambda: known().given(received()),
    "payment p1 is not settled": lambda: known().given(begun()),
    "refund ref1 of payment p1": lambda: known().given(received(), PAID, refund_requested()),
    "a bill of line": lambda: ended_line(billed()),
    "disputed": lambda: ended_line(billed(), disputed()),
    "listed": lambda: known().given(customer.Listed.of(listing())),
}


@pytest.mark.parametrize("matter", OPEN)
def test_nothing_is_erased_while_a_matter_is_open(matter: str) -> None:
    """However much is kept by law and under hold, this is said first."""
    case = OPEN[matter]().given(HELD)
    if status(case) == "active":
        case.given(LEFT)
    case.when(SCHEDULE, **PRIVACY).refused("CUS-27", matter)
    case.when(ASKED, **TWO_PEOPLE).refused("CUS-27", matter)


def refunds(last: payment.RefundDenied | payment.Refunded | payment.RefundFailed) -> list[Event]:
    return [received(), PAID, refund_requested(), refund_approved(), last]


SETTLED: dict[str, list[Event]] = {
    "denied": [begun(), payment.Denied.of(fail())],
    "paid": [begun(), received(), PAID],
    "refund denied": refunds(payment.RefundDenied.of(decide_refund("denied"))),
    "refunded": refunds(payment.Refunded.of(pay_refund(), refund_fen=4_900)),
    "refund failed": refunds(payment.RefundFailed.of(pay_refund(result="failed"))),
}


@pytest.mark.parametrize("matter", SETTLED)
def test_money_that_is_settled_keeps_nothing(matter: str) -> None:
    known().given(*SETTLED[matter]).when(ASKED, **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_a_bill_is_settled_by_money_or_by_a_dispute() -> None:
    waived = subscription.DisputeSettled.of(
        settle_dispute("waived", 5_000), disputed_fen=5_000, credit_fen=0
    )
    ended_line(billed(), bill_settled()).when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED)
    ended_line(billed(), disputed(), waived).when(SCHEDULE, **PRIVACY).recorded(
        SCHEDULED, RESTRICTED
    )


def test_a_listing_that_is_over_keeps_nothing() -> None:
    case = for_years(known()).given(customer.Listed.of(listing(until_on=date(2028, 11, 1))))
    case.when(ASKED, at=at(date(2028, 11, 1)), **TWO_PEOPLE).refused("CUS-27")
    case.when(ASKED, at=at(date(2028, 11, 2)), **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_every_request_is_answered_before_the_order_and_not_before_the_schedule() -> None:
    case = known().given(data_requested(kind="erasure"))
    for_it: dict[str, Any] = {"trigger": "customer_asked", "request_id": "q1"}
    case.when(customer.ScheduleErasure(**for_it), **PRIVACY).recorded(SCHEDULED)
    wish = customer.RequestErasure(**for_it)
    case.when(wish, **TWO_PEOPLE).refused("CUS-27", "request q1")
    case.given(customer.DataRequestAnswered.of(answer(), in_time=True))
    event = case.when(wish, **TWO_PEOPLE).recorded(customer.ErasureOrdered)
    assert event.request_id == "q1"


# CUS-28


def kept_by(case: Case, kind: str, last_on: date) -> None:
    """`kind` alone keeps the data, to the end of `last_on`."""
    first = last_on + timedelta(days=1)
    scheduled, restriction = case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED)
    assert (scheduled.erase_not_before_on, scheduled.kept) == (first, (kind,))
    assert restriction.reason == "erasure_pending_retention"
    case.when(ASKED, at=at(last_on), **TWO_PEOPLE).refused("CUS-28", first.isoformat())
    case.when(ASKED, at=at(last_on), **TWO_PEOPLE).refused("CUS-28", kind)
    case.when(SCHEDULE, at=at(first), **PRIVACY).recorded(SCHEDULED)
    case.when(ASKED, at=at(first), **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_identity_is_kept_for_years_after_the_end() -> None:
    kept_by(left(), "identity_material", date(2028, 11, 3))
    kept_by(left(retention__identity_years=5), "identity_material", date(2031, 11, 3))


def test_the_agreement_of_a_line_is_kept_for_years_after_its_end() -> None:
    kept_by(ended_line(), "agreement_file", date(2029, 11, 3))
    kept_by(ended_line(retention__agreement_years=4), "agreement_file", date(2030, 11, 3))


def test_what_was_billed_is_kept_for_months_after_the_last_bill() -> None:
    """Also where it comes after the end of the line, and that needs no keeping any more."""
    for months, last_on in ((5, date(2027, 4, 3)), (12, date(2027, 11, 3))):
        case = active_line(retention__agreement_years=0, retention__billing_months=months)
        yesterday = NOW - timedelta(days=1)
        case.given(termination_begun("arrears"), terminated(), at=yesterday)
        kept_by(for_years(case).given(billed(), bill_settled()), "billing_data", last_on)


def test_the_proof_of_a_consent_is_kept_for_months_after_its_end() -> None:
    given_ = customer.ConsentGiven.of(consent())
    over = customer.ConsentWithdrawn.of(
        customer.WithdrawConsent(purpose="marketing_call", via="call")
    )
    kept_by(for_years(known()).given(given_, over), "consent_proof", date(2027, 4, 3))
    longer = for_years(known(marketing__consent_proof_months=12)).given(given_, over)
    kept_by(longer, "consent_proof", date(2027, 11, 3))


def test_a_consent_that_stands_ends_with_the_schedule() -> None:
    case = for_years(known()).given(customer.ConsentGiven.of(consent()))
    case.when(ASKED, at=at(date(2030, 1, 1)), **TWO_PEOPLE).refused("CUS-28", "2030-06-02")
    scheduled, restriction = case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED)
    assert scheduled.consents_ended == ("marketing_call",)
    case.given(scheduled, restriction)
    assert not case.states[SUBJECT].consents_to("marketing_call", TODAY)
    case.when(ASKED, at=at(date(2027, 4, 4)), **TWO_PEOPLE).recorded(customer.ErasureOrdered)
    case.given(customer.ConsentGiven.of(consent()))
    case.when(ASKED, at=at(date(2027, 4, 4)), **TWO_PEOPLE).refused("CUS-28")


def test_a_consent_ended_on_its_last_day_at_the_latest() -> None:
    given_ = customer.ConsentGiven.of(consent(valid_until_on=date(2026, 12, 31)))
    case = for_years(known()).given(given_)
    case.when(ASKED, at=at(date(2027, 5, 31)), **TWO_PEOPLE).refused("CUS-28")
    case.when(ASKED, at=at(date(2027, 6, 1)), **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_the_longest_of_all_decides_and_each_is_named() -> None:
    case = ended_line(billed(), bill_settled()).given(verified(), LEFT, HELD)
    scheduled, _ = case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED)
    assert scheduled.erase_not_before_on == date(2029, 11, 4)
    everything = ("identity_material", "agreement_file", "billing_data", "legal_hold")
    assert scheduled.kept == everything
    later_on = case.when(SCHEDULE, at=at(date(2029, 1, 1)), **PRIVACY).recorded(
        SCHEDULED, RESTRICTED
    )
    assert later_on[0].kept == ("agreement_file", "legal_hold")


def test_who_left_nothing_behind_is_erased_at_once() -> None:
    case = known()
    event = case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED)
    assert (event.erase_not_before_on, event.kept) == (TODAY, ())
    case.when(ASKED, **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_the_restriction_stands_once_and_in_place_of_another() -> None:
    case = left().given(restricted())
    case.given(*case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED))
    case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED)
    lift = customer.LiftRestriction(reason="customer_asked")
    case.when(lift, **TWO_PEOPLE).refused("CUS-26")


# CUS-29 and CUS-30


def test_erasure_waits_while_a_hold_stands() -> None:
    case = known().given(HELD)
    case.when(ASKED, **TWO_PEOPLE).refused("CUS-29", "h1")
    scheduled, _ = case.when(SCHEDULE, **PRIVACY).recorded(SCHEDULED, RESTRICTED)
    assert (scheduled.erase_not_before_on, scheduled.kept) == (TODAY, ("legal_hold",))
    case.given(case.when(RELEASE, **TWO_PEOPLE).recorded(customer.LegalHoldReleased))
    case.when(ASKED, **TWO_PEOPLE).recorded(customer.ErasureOrdered)


def test_what_law_keeps_is_said_before_the_hold() -> None:
    left().given(HELD).when(ASKED, **TWO_PEOPLE).refused("CUS-28")


def test_a_hold_outlasts_the_day_that_the_authority_named() -> None:
    until = customer.PlaceLegalHold(
        hold_id="h1", authority="police", reference="x", until_on=date(2026, 11, 10)
    )
    case = for_years(known())
    case.given(case.when(until, **TWO_PEOPLE).recorded(customer.LegalHoldPlaced))
    case.when(ASKED, at=at(date(2026, 11, 20)), **TWO_PEOPLE).refused("CUS-29")


def test_a_hold_has_an_id_of_its_own_and_is_released_while_it_stands() -> None:
    case = known()
    case.when(RELEASE, **TWO_PEOPLE).refused("CUS-30")
    case.given(case.when(HOLD, **TWO_PEOPLE).recorded(customer.LegalHoldPlaced))
    case.when(HOLD, **TWO_PEOPLE).refused("CUS-30", "taken")
    case.given(case.when(RELEASE, **TWO_PEOPLE).recorded(customer.LegalHoldReleased))
    case.when(RELEASE, **TWO_PEOPLE).refused("CUS-30")
    case.when(HOLD, **TWO_PEOPLE).refused("CUS-30", "taken")


def test_few_holds_stand_at_a_time() -> None:
    def hold(number: int) -> customer.PlaceLegalHold:
        return customer.PlaceLegalHold(hold_id=f"n{number}", authority="court", reference="x")

    case = known()
    for number in range(MOST_HOLDS - 1):
        case.given(customer.LegalHoldPlaced.of(hold(number)))
    case.given(case.when(hold(98), **TWO_PEOPLE).recorded(customer.LegalHoldPlaced))
    case.when(hold(99), **TWO_PEOPLE).refused("CUS-30", "50 holds")


# CUS-34


def test_an_erasure_for_a_request_names_one_that_asks_for_it() -> None:
    done = customer.DataRequestAnswered.of(answer(), in_time=True)
    for kind, rule in (("access", "CUS-34"), ("erasure", None)):
        case = known().given(data_requested(kind=kind), done)
        for wish, who in (
            (customer.ScheduleErasure(trigger="customer_asked", request_id="q1"), PRIVACY),
            (customer.RequestErasure(trigger="customer_asked", request_id="q1"), TWO_PEOPLE),
        ):
            if rule:
                case.when(wish, **who).refused(rule)
            else:
                assert case.when(wish, **who).decision
    unknown = customer.RequestErasure(trigger="customer_asked", request_id="q2")
    known().when(unknown, **TWO_PEOPLE).refused("CUS-34")
    known().given(HELD).when(unknown, **TWO_PEOPLE).refused("CUS-29")


# Ordered, and done

WHO = (
    (SCHEDULE, PRIVACY),
    (ASKED, TWO_PEOPLE),
    (HOLD, TWO_PEOPLE),
    (RELEASE, TWO_PEOPLE),
)


def test_erasing_takes_certified_people_two_of_them_for_what_cannot_be_undone() -> None:
    for wish, who in WHO:
        known().when(wish, actor="c-li", approver="s-sun").refused("ENV-05")
        if "approver" in who:
            known().when(wish, **PRIVACY).refused("ENV-07")


def test_who_is_a_customer_is_not_erased() -> None:
    case = known().given(verified())
    case.when(SCHEDULE, **PRIVACY).refused("ENV-12")
    case.when(ASKED, **TWO_PEOPLE).refused("ENV-12")


def test_once_ordered_nothing_but_the_confirmation_is_received() -> None:
    case = known()
    case.when(CONFIRM, **REACTOR).refused("ENV-12")
    case.given(case.when(ASKED, **TWO_PEOPLE).recorded(customer.ErasureOrdered))
    assert status(case) == "erasing"
    for wish, who in others():
        case.when(wish, **who).refused("ENV-02", SUBJECT)
    case.when(CONFIRM, **PRIVACY).refused("ENV-03")
    case.given(case.when(CONFIRM, **REACTOR).recorded(customer.Erased))
    assert status(case) == "erased"
    for wish, who in (*others(), (CONFIRM, REACTOR)):
        case.when(wish, **who).refused("ENV-02", SUBJECT)


def others() -> list[tuple[Interaction, dict[str, Any]]]:
    """Of every kind: a file's beginning, reading, money, an order, a copy from another file."""
    link = customer.Link(
        other_customer_id="d2", relation="duplicate_record", evidence_document_id="doc1"
    )
    reveal = customer.Reveal(purpose="audit", reference="a1")
    return [
        *WHO,
        (register(), AT_COUNTER),
        (verify(), AT_COUNTER),
        (reveal, PRIVACY),
        (link, REACTOR),
        (payment.Begin(**fields(begun())), AT_COUNTER),
        (customer.Return(verification_id="ver1"), AT_COUNTER),
    ]


def fields(event: payment.Begun) -> dict[str, Any]:
    return {name: getattr(event, name) for name in payment.Begin.__struct_fields__}


def test_nothing_is_remembered_of_who_is_erased() -> None:
    case = left().given(HELD, customer.LegalHoldReleased.of(RELEASE), ORDERED, ERASED)
    assert case.states[SUBJECT] == customer.State(status="erased")
    assert case.register == type(case.register)(status="erased")
