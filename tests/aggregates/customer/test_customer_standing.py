"""Other files, numbers, listings, end and return: rules CUS-15 to CUS-18, CUS-31 and CUS-32."""

from datetime import date
from typing import Any

import pytest

from ledger.aggregates.customer import customer, order, subscription
from ledger.aggregates.model import FollowOn
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    CUSTOMER_ID,
    SEALED,
    SUBJECT,
    known,
    link,
    listing,
    register,
    verified,
    verify,
)
from tests.aggregates.customer.subscription_samples import (
    LINE,
    PROVISIONING,
    activate,
    activation_ordered,
    active_line,
    line,
    prepare,
    prepared_line,
    terminate,
    termination_begun,
)

TWO_PEOPLE = {"actor": "c-li", "approver": "s-sun"}
REACTOR = {"actor": "system:reactor"}
REGULATOR = {"actor": "system:regulator"}
ACTIVATED = (subscription.Activated, order.ItemCompleted)


def ended(case: Case) -> Case:
    """LINE is cancelled before it was ever in service, which ends it."""
    aborted = subscription.Abort(subscription_id=LINE, order_id="o1", reason="order_cancelled")
    return case.given(subscription.Cancelled.of(aborted))


# Other files


def test_two_people_link_two_files_once() -> None:
    case = known()
    case.when(link()).refused("ENV-07")
    case.given(case.when(link(), **TWO_PEOPLE).recorded(customer.Linked))
    case.when(link(), **TWO_PEOPLE).refused("CUS-17", "already")
    case.when(link("d3"), **TWO_PEOPLE).recorded(customer.Linked)
    case.when(link(CUSTOMER_ID), **TWO_PEOPLE).refused("CUS-17", "itself")


def test_the_other_file_takes_the_link_and_as_often_as_it_is_told() -> None:
    case = known()
    case.given(case.when(link(), **REACTOR).recorded(customer.Linked))
    case.when(link(), **REACTOR).recorded(customer.Linked)


def test_a_link_made_by_clerks_is_told_to_the_other_file_with_the_numbers() -> None:
    case = active_line()
    event = case.when(link(), **TWO_PEOPLE).recorded(customer.Linked)
    assert event.own_numbers == 1
    numbers = customer.RecordLinkedNumbers(other_customer_id=CUSTOMER_ID, active_numbers=1)
    tell = FollowOn("linked_numbers", "customer/d2", numbers)
    there = FollowOn("link", "customer/d2", link(CUSTOMER_ID))
    assert follow_ons(event) == [there, tell]
    assert follow_ons(event, **REACTOR) == [tell]


def follow_ons(event: Any, **who: Any) -> list[Any]:
    return list(reactions(event, known().envelope("customer.link.v1", NOW, **who), SUBJECT))


def numbers_of(other_customer_id: str = "d2", active_numbers: int = 2) -> Any:
    return customer.RecordLinkedNumbers(
        other_customer_id=other_customer_id, active_numbers=active_numbers
    )


def test_numbers_are_told_of_linked_files_only_and_count() -> None:
    case = active_line()
    case.when(numbers_of(), **REACTOR).refused("CUS-17", "not linked")
    case.given(customer.Linked.of(link(), own_numbers=1))
    case.given(case.when(numbers_of(), **REACTOR).recorded(customer.LinkedNumbersRecorded))
    event = case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified)
    assert event.active_numbers == 3
    case.given(customer.LinkedNumbersRecorded.of(numbers_of(active_numbers=1)))
    event = case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified)
    assert event.active_numbers == 2


def test_a_line_in_service_is_told_to_the_linked_files_and_so_is_its_end() -> None:
    case = with_linked_file(prepared_line(), numbers=2)
    event, _ = case.when(activate(), **PROVISIONING).recorded(*ACTIVATED)
    assert (event.active_numbers, event.linked_numbers) == (3, {"d2": 2})
    assert follow_ons(event) == [told_by(CUSTOMER_ID, 1)]
    case = with_linked_file(active_line(), numbers=2)
    case.given(termination_begun("contract_ended"))
    event = case.when(terminate("contract_ended"), **PROVISIONING).recorded(subscription.Terminated)
    assert (event.active_numbers, event.linked_numbers) == (2, {"d2": 2})
    assert follow_ons(event) == [told_by(CUSTOMER_ID, 0)]


def test_a_line_that_counts_nowhere_is_told_to_nobody() -> None:
    alone, _ = prepared_line().when(activate(), **PROVISIONING).recorded(*ACTIVATED)
    case = with_linked_file(activation_ordered(known(), family="broadband"), numbers=2)
    case.given(subscription.Prepared.of(prepare(family="broadband")))
    broadband, _ = case.when(activate(), **PROVISIONING).recorded(*ACTIVATED)
    assert follow_ons(alone) == follow_ons(broadband) == []


def with_linked_file(case: Case, numbers: int) -> Case:
    case.given(customer.Linked.of(link(), own_numbers=0))
    return case.given(customer.LinkedNumbersRecorded.of(numbers_of(active_numbers=numbers)))


def told_by(customer_id: str, active_numbers: int) -> FollowOn:
    return FollowOn("linked_numbers.d2", "customer/d2", numbers_of(customer_id, active_numbers))


@pytest.mark.parametrize("lives", [(1, 1, 1, 1, 1, 1), (1, 2, 1, 2, 1, 2), (2, 2, 1, 1, 2, 1)])
def test_two_files_of_one_person_never_have_more_numbers_than_the_law_allows(
    lives: tuple[int, ...],
) -> None:
    """Whichever of them takes the lines, the sixth is refused."""
    files = {1: linked_case("d1", "d2"), 2: linked_case("d2", "d1")}
    for number, name in enumerate(lives, 1):
        case, other = files[name], files[3 - name]
        activation_ordered(case, f"o{number}")
        wish = prepare(subscription_id=line(f"o{number}"), order_id=f"o{number}")
        case.given(subscription.Prepared.of(wish))
        done = activate(subscription_id=line(f"o{number}"), order_id=f"o{number}")
        outcome = case.when(done, **PROVISIONING)
        if number == 6:
            outcome.refused("SUB-03", "6")
            return
        event, _ = outcome.recorded(*ACTIVATED)
        assert event.active_numbers == number
        case.given(event)
        (told,) = reactions(event, case.envelope("given", NOW), case.subject)
        other.given(other.when(told.data, **REACTOR).recorded(customer.LinkedNumbersRecorded))


def linked_case(customer_id: str, other_customer_id: str) -> Case:
    case = Case(f"customer/{customer_id}")
    case.given(customer.Registered.of(register(), customer_id=customer_id, minor="no"))
    return case.given(customer.Linked.of(link(other_customer_id), own_numbers=0))


def test_a_link_told_again_forgets_no_numbers() -> None:
    case = active_line().given(customer.Linked.of(link(), own_numbers=1))
    case.given(customer.LinkedNumbersRecorded.of(numbers_of()))
    case.given(customer.Linked.of(link(), own_numbers=1), **REACTOR)
    assert case.register.linked_numbers == {"d2": 2}


# Numbers

LOOK_UP = customer.LookUpNumbers(verification_id="ver1", delivered_by="screen")


def test_a_customer_is_told_the_numbers_in_the_own_name() -> None:
    case = active_line().given(verified(hours=24))
    event = case.when(LOOK_UP, at=later(hours=24)).recorded(customer.NumbersLookedUp)
    assert (event.subscription_ids, event.active_numbers) == ((LINE,), 1)
    case.when(LOOK_UP, at=later(hours=24, seconds=1)).refused("CUS-15")


def disown(subscription_id: str = LINE) -> customer.DisownNumber:
    return customer.DisownNumber(
        subscription_id=subscription_id, statement=SEALED, verification_id="ver1"
    )


def test_only_a_line_that_has_not_ended_is_disowned() -> None:
    case = prepared_line().given(verified())
    case.when(disown()).recorded(customer.NumberDisowned)
    case.when(disown("other")).refused("CUS-18")
    ended(case).when(disown()).refused("CUS-18")


def test_a_number_is_disowned_on_a_verification() -> None:
    active_line().given(verified(), verified(verification_id="ver2"))
    case = prepared_line().given(verified(verification_id="ver2"))
    case.when(disown("other")).refused("CUS-15")


# Listings


@pytest.mark.parametrize(
    ("until_on", "allowed"),
    [
        (date(2026, 11, 1), False),
        (date(2026, 11, 2), True),
        (date(2031, 11, 1), True),
        (date(2031, 11, 2), False),
    ],
)
def test_a_listing_lasts_from_a_day_to_some_years(until_on: date, allowed: bool) -> None:
    outcome = known().when(listing(until_on=until_on), **REGULATOR)
    outcome.recorded(customer.Listed) if allowed else outcome.refused("CUS-31")


def test_a_listing_from_a_leap_day_ends_on_the_last_of_february() -> None:
    leap = date(2028, 2, 29)
    last = listing(from_on=leap, until_on=date(2033, 2, 28))
    known().when(last, **REGULATOR).recorded(customer.Listed)
    after = listing(from_on=leap, until_on=date(2033, 3, 1))
    known().when(after, **REGULATOR).refused("CUS-31")


def test_a_customer_is_listed_on_both_days_and_between() -> None:
    case = known().given(customer.Listed.of(listing()))
    state = case.states[SUBJECT]
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2028, 11, 1), date(2028, 11, 2)]
    assert [state.is_listed(day) for day in days] == [False, True, True, False]


def test_a_listing_has_an_id_of_its_own_and_is_lifted_while_it_stands() -> None:
    lift = customer.LiftListing(listing_id="l1", reason="appeal_upheld")
    case = known()
    case.when(lift, **REGULATOR).refused("CUS-31", "stand")
    case.given(case.when(listing(), **REGULATOR).recorded(customer.Listed))
    case.when(listing(), **REGULATOR).refused("CUS-31", "taken")
    case.given(case.when(lift, **REGULATOR).recorded(customer.ListingLifted))
    assert not case.states[SUBJECT].is_listed(date(2026, 11, 3))
    case.when(lift, **REGULATOR).refused("CUS-31", "stand")
    case.when(listing(), **REGULATOR).refused("CUS-31", "taken")


def test_no_clerk_lists_a_customer() -> None:
    known().when(listing()).refused("ENV-03")


# End and return

TERMINATE = customer.Terminate(reason="last_line_ended")
RETURN = customer.Return(verification_id="ver1")


def test_a_customer_ends_when_every_line_has_ended() -> None:
    case = prepared_line().given(verified())
    case.when(TERMINATE).refused("CUS-32")
    event = ended(case).when(TERMINATE).recorded(customer.Terminated)
    assert event.retention_until_on == date(2028, 11, 3)
    case.given(event)
    assert case.states[SUBJECT].status == case.register.status == "terminated"
    case.when(TERMINATE).refused("ENV-12")


def test_policy_may_keep_the_file_longer() -> None:
    case = known(retention__identity_years=5).given(verified())
    event = case.when(TERMINATE).recorded(customer.Terminated)
    assert event.retention_until_on == date(2031, 11, 3)


def test_who_never_became_active_does_not_end() -> None:
    known().when(TERMINATE).refused("ENV-12")


def test_a_customer_returns_with_a_verification() -> None:
    gone = customer.Terminated.of(TERMINATE, retention_until_on=date(2028, 11, 3))
    case = known().given(verified(hours=24), gone)
    case.when(RETURN, at=later(hours=24, seconds=1)).refused("CUS-15")
    case.given(case.when(RETURN, at=later(hours=24)).recorded(customer.Returned))
    assert case.states[SUBJECT].status == case.register.status == "active"
    case.when(RETURN).refused("ENV-12")


def test_a_verification_alone_brings_nobody_back() -> None:
    gone = customer.Terminated.of(TERMINATE, retention_until_on=date(2028, 11, 3))
    case = known().given(verified(), gone)
    case.given(case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified))
    assert case.states[SUBJECT].status == "terminated"
