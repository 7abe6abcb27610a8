"""What customers ask about their data, and what is done: rules CUS-12 to CUS-26 and CST-07."""

from typing import Any

import pytest

from ledger.aggregates import copies
from ledger.aggregates.customer import customer, order, payment, subscription
from ledger.aggregates.model import FollowOn, Settled
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.order_samples import (
    accept_cancellation,
    complete_form,
    place,
    request_cancellation,
    reserve_number,
)
from tests.aggregates.customer.order_stages import customer_of, placed, started
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    BY_CONTACT,
    CONTACT_DIGEST,
    CUSTOMER_ID,
    SEALED,
    SUBJECT,
    agent_verified,
    answer,
    consent,
    data_requested,
    known,
    receive,
    registered,
    request_data,
    restrict,
    restricted,
    verified,
)
from tests.aggregates.customer.subscription_samples import active_line, suspend

PRIVACY = {"actor": "o-fang"}
TWO_PEOPLE = {"actor": "o-fang", "approver": "s-sun"}
CLOCK = {"actor": "system:clock"}
MARK = customer.MarkRequestOverdue(request_id="q1")


def follow_ons(event: Any, **who: Any) -> list[Any]:
    envelope = known().envelope("customer.request_data.v1", NOW, **who)
    return list(reactions(event, envelope, SUBJECT))


# Requests


def test_a_request_is_due_within_some_days() -> None:
    case = known().given(verified(hours=24))
    event = case.when(request_data(), at=later(hours=24)).recorded(customer.DataRequested)
    assert event.due_at == later(days=15, hours=24)
    case.when(request_data(), at=later(hours=24, seconds=1)).refused("CUS-15")
    strict = known(privacy__request_answer_days=10).given(verified())
    event = strict.when(request_data()).recorded(customer.DataRequested)
    assert event.due_at == later(days=10)


def test_who_is_known_by_contact_asks_by_a_code_sent_there() -> None:
    by_contact = {
        "identity_basis": "contact",
        "identity_digest": None,
        "contact_digest": CONTACT_DIGEST,
    }
    case = Case(BY_CONTACT).given(registered(**by_contact))
    case.when(request_data(verification_id="code1")).recorded(customer.DataRequested)
    case.when(request_data(verification_id=None)).refused("CUS-15")


@pytest.mark.parametrize("requester", ["agent", "guardian", "next_of_kin"])
def test_who_asks_for_somebody_else_is_an_agent_in_scope(requester: str) -> None:
    wish = request_data(requester=requester, agent_id="agent1")
    known().given(verified()).when(wish).refused("CUS-12")
    known().given(agent_verified()).when(wish).recorded(customer.DataRequested)
    known().given(agent_verified(scope=("payment",))).when(wish).refused("CUS-12")


def test_a_request_has_an_id_of_its_own() -> None:
    case = known().given(verified(), data_requested())
    case.when(request_data()).refused("CUS-21", "taken")
    case.when(request_data(request_id="q2")).recorded(customer.DataRequested)


def test_an_open_request_is_answered_once() -> None:
    case = known()
    case.when(answer(), **PRIVACY).refused("CUS-21")
    case.given(data_requested())
    event = case.when(answer(), at=later(days=15), **PRIVACY).recorded(customer.DataRequestAnswered)
    assert event.in_time
    case.given(event).when(answer(), **PRIVACY).refused("CUS-21")


def test_a_late_answer_is_recorded_as_late() -> None:
    late = later(days=15, seconds=1)
    outcome = known().given(data_requested()).when(answer(), at=late, **PRIVACY)
    assert not outcome.recorded(customer.DataRequestAnswered).in_time


def test_a_request_is_answered_by_who_is_certified_for_it() -> None:
    known().given(data_requested()).when(answer()).refused("ENV-05")


def test_a_refusal_has_a_reason() -> None:
    case = known().given(data_requested())
    case.when(answer("refused"), **PRIVACY).refused("CUS-22")
    with_reason = answer("refused", refusal_reason="others_rights")
    case.when(with_reason, **PRIVACY).recorded(customer.DataRequestAnswered)


@pytest.mark.parametrize("missing", ["answer_document_id", "answer_digest"])
def test_a_copy_of_data_is_handed_over_with_its_digest(missing: str) -> None:
    for kind in ("access", "copy", "transfer"):
        case = known().given(data_requested(kind=kind))
        case.when(answer(**{missing: None}), **PRIVACY).refused("CUS-23")
        part = answer("partly_granted", **{missing: None})
        case.when(part, **PRIVACY).recorded(customer.DataRequestAnswered)
    explained = known().given(data_requested(kind="explanation"))
    explained.when(answer(**{missing: None}), **PRIVACY).recorded(customer.DataRequestAnswered)


def test_a_request_left_alone_is_overdue_once_after_its_last_moment() -> None:
    case = known().given(data_requested())
    case.when(MARK, at=later(days=15), **CLOCK).refused("CUS-24", "until")
    late = {"at": later(days=15, seconds=1), **CLOCK}
    event = case.when(MARK, **late).recorded(customer.DataRequestOverdue)
    case.given(event).when(MARK, **late).refused("CUS-24", "already")
    answered = known().given(
        data_requested(), customer.DataRequestAnswered.of(answer(), in_time=True)
    )
    answered.when(MARK, **late).refused("CUS-24", "open")
    known().when(MARK, **late).refused("CUS-24", "open")


def test_an_overdue_request_is_still_answered() -> None:
    case = known().given(data_requested(), customer.DataRequestOverdue.of(MARK))
    case.when(answer(), **PRIVACY).recorded(customer.DataRequestAnswered)


# Corrections of data

ENTRY = "counter-app:g1:1"
"""The registration in every case of a known customer."""


def correct(**changed: Any) -> customer.CorrectData:
    valid: dict[str, Any] = {
        "wrong_entry_id": ENTRY,
        "full_name": SEALED,
        "evidence_document_id": "doc1",
    }
    return customer.CorrectData(**(valid | changed))


def test_data_are_corrected_on_a_verification_or_an_open_request() -> None:
    case = known()
    case.when(correct(), **PRIVACY).refused("CUS-15")
    case.given(data_requested(kind="correction"), data_requested(request_id="q2"))
    asked_for = correct(request_id="q1")
    case.when(correct(request_id="q2"), **PRIVACY).refused("CUS-21", "correction")
    case.when(correct(request_id="q3"), **PRIVACY).refused("CUS-21")
    case.when(asked_for, **PRIVACY).recorded(customer.DataCorrected)
    case.given(customer.DataRequestAnswered.of(answer(), in_time=True))
    case.when(asked_for, **PRIVACY).refused("CUS-21", "open")
    case.given(verified()).when(correct(), **PRIVACY).recorded(customer.DataCorrected)


def test_a_correction_of_data_names_what_was_recorded_of_the_customer() -> None:
    case = known().given(verified())
    case.when(correct(wrong_entry_id="counter-app:g9:1"), **PRIVACY).refused("ENV-13")
    elsewhere = active_line().given(verified())
    of_the_order = correct(wrong_entry_id="counter-app:g2:1")
    elsewhere.when(of_the_order, **PRIVACY).refused("ENV-13", "file")


def test_a_field_is_corrected_once_by_either_way() -> None:
    case = known().given(verified())
    both = correct(contact_phone=SEALED)
    case.given(case.when(both, **PRIVACY).recorded(customer.DataCorrected))
    case.when(correct(), **PRIVACY).refused("ENV-13", "full_name")
    case.when(entry_correction("contact_phone")).refused("ENV-13", "before")
    case.given(case.when(entry_correction("email")).recorded(customer.EntryCorrected))
    case.when(correct(full_name=None, email=SEALED), **PRIVACY).refused("ENV-13", "email")


def test_a_correction_of_data_corrects_something() -> None:
    case = known().given(verified())
    case.when(correct(full_name=None), **PRIVACY).refused("ENV-14")


def entry_correction(field: str) -> customer.CorrectEntry:
    return customer.CorrectEntry(
        wrong_entry_id=ENTRY,
        field=field,
        should_be=SEALED,
        error_kind="typing",
        found_by="self_check",
        note=SEALED,
    )


def test_who_the_customer_is_is_corrected_by_the_privacy_desk_alone() -> None:
    known().when(entry_correction("full_name")).refused("ENV-14")
    known().when(entry_correction("handler_name")).recorded(customer.EntryCorrected)


# Restriction

LIFT = customer.LiftRestriction(reason="customer_asked")
BY_CONTRACT = customer.LiftRestriction(reason="new_contract")


def test_processing_is_restricted_once_at_a_time() -> None:
    case = known()
    case.when(LIFT, **TWO_PEOPLE).refused("CUS-26", "not restricted")
    case.given(case.when(restrict(), **PRIVACY).recorded(customer.ProcessingRestricted))
    case.when(restrict("unlawful"), **PRIVACY).refused("CUS-25")
    case.given(case.when(LIFT, **TWO_PEOPLE).recorded(customer.RestrictionLifted))
    case.when(restrict(), **PRIVACY).recorded(customer.ProcessingRestricted)


def test_data_that_wait_for_erasure_are_used_again_only_for_a_new_contract() -> None:
    case = known().given(restricted("erasure_pending_retention"))
    case.when(LIFT, **TWO_PEOPLE).refused("CUS-26", "contract")
    case.when(BY_CONTRACT, **TWO_PEOPLE).recorded(customer.RestrictionLifted)


def test_a_restriction_is_lifted_by_two_people() -> None:
    known().given(restricted()).when(LIFT, **PRIVACY).refused("ENV-07")


def test_while_processing_is_restricted_nothing_new_is_sold() -> None:
    case = customer_of("activation").given(restricted())
    case.when(place("activation"), **AT_COUNTER).refused("CST-07", "order.place")
    case.given(customer.RestrictionLifted.of(LIFT))
    case.when(place("activation"), **AT_COUNTER).recorded(order.Placed)


@pytest.mark.parametrize("kind", ["suspension", "termination"])
def test_while_processing_is_restricted_a_line_may_rest_or_end(kind: str) -> None:
    case = customer_of(kind).given(restricted())
    case.given(case.when(place(kind), **AT_COUNTER).recorded(order.Placed))
    case.when(complete_form()).recorded(order.FormCompleted)


def test_while_processing_is_restricted_a_sale_begun_is_only_wound_up() -> None:
    case = placed("activation").given(restricted())
    case.when(complete_form()).refused("CST-07", "complete_form")
    abandon = order.Abandon(order_id="o1", reason="changed_mind")
    case.when(abandon).recorded(order.Cancelled)
    begun = started("activation").given(restricted())
    cancelling = begun.when(request_cancellation()).recorded(order.CancellationRequested)
    begun.given(cancelling).when(accept_cancellation()).recorded(order.CancellationAccepted)


def test_while_processing_is_restricted_what_systems_tell_is_recorded() -> None:
    case = placed("activation").given(restricted())
    case.when(reserve_number(), actor="system:numbers").recorded(order.NumberReserved)


def test_the_restriction_comes_after_the_common_rules_and_before_the_orders_own() -> None:
    case = customer_of("activation").given(restricted())
    case.when(place("activation")).refused("ENV-10")
    wrong = place("activation", procedure_version=9)
    case.when(wrong, **AT_COUNTER).refused("CST-07")
    case.given(customer.RestrictionLifted.of(LIFT))
    case.when(wrong, **AT_COUNTER).refused("ORD-09")


def test_while_processing_is_restricted_money_and_data_go_on() -> None:
    case = active_line().given(verified(), restricted())
    case.when(receive(), **AT_COUNTER).recorded(payment.Received)
    case.when(request_data()).recorded(customer.DataRequested)
    case.when(suspend()).recorded(subscription.Suspended)


# Reactions


def test_a_request_is_marked_overdue_unless_it_is_answered() -> None:
    due_at = later(days=15, seconds=1)
    expected = FollowOn("request_overdue.q1", SUBJECT, MARK, due_at)
    assert follow_ons(data_requested()) == [expected]
    known().given(data_requested()).when(MARK, at=due_at, **CLOCK).recorded(
        customer.DataRequestOverdue
    )
    answered = customer.DataRequestAnswered.of(answer(), in_time=True)
    assert follow_ons(answered) == [Settled("request_overdue.q1")]


def withdrawn(purpose: Any) -> customer.ConsentWithdrawn:
    return customer.ConsentWithdrawn(purpose=purpose, via="counter")


def test_who_withdraws_consent_at_the_counter_is_spared_for_the_rest_of_the_visit() -> None:
    bar = copies.BarPromotion(customer_id=CUSTOMER_ID, reason="marketing_opt_out")
    here = {"hall": "renmin", "visit": "v1"}
    expected = [FollowOn("bar_promotion", "hall/renmin", bar)]
    assert follow_ons(withdrawn("marketing_in_store"), **here) == expected
    assert follow_ons(withdrawn("marketing_in_store")) == []
    assert follow_ons(withdrawn("marketing_in_store"), hall="renmin") == []
    assert follow_ons(withdrawn("marketing_sms"), **here) == []
    assert follow_ons(customer.ConsentGiven.of(consent()), **here) == []


# Precedence


def test_a_request_is_refused_by_the_first_rule_it_breaks() -> None:
    case = known().given(data_requested())
    case.when(request_data()).refused("CUS-15")
    case.when(request_data(requester="agent")).refused("CUS-12")
    case.given(verified()).when(request_data()).refused("CUS-21")


def test_an_answer_is_refused_by_the_first_rule_it_breaks() -> None:
    case = known()
    nothing = answer("refused", answer_digest=None)
    case.when(nothing, **PRIVACY).refused("CUS-21")
    case.given(data_requested()).when(nothing, **PRIVACY).refused("CUS-22")
    case.when(answer(answer_digest=None), **PRIVACY).refused("CUS-23")


def test_a_correction_of_data_is_refused_by_the_first_rule_it_breaks() -> None:
    case = known()
    nothing = correct(full_name=None, wrong_entry_id="counter-app:g9:1")
    case.when(nothing).refused("ENV-05")
    case.when(nothing, **PRIVACY).refused("CUS-15")
    case.given(verified()).when(nothing, **PRIVACY).refused("ENV-13")
    case.when(correct(full_name=None), **PRIVACY).refused("ENV-14")
