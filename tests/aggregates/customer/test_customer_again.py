"""Who comes back after an erasure: rule CUS-01."""

from typing import Any

from ledger.aggregates.customer import customer
from ledger.aggregates.model import FollowOn
from tests.aggregates.case import NOW, Case, reactions
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    BY_CONTACT,
    CONTACT_DIGEST,
    CUSTOMER_ID,
    SUBJECT,
    register,
    registered,
    verify,
)
from tests.aggregates.customer.test_customer_erasure import ERASED, REACTOR, TWO_PEOPLE


def freed(subject: str) -> Any:
    """The follow-on of an erasure of that owner."""
    envelope = Case(subject).envelope("customer.confirm_erasure.v1", NOW, **REACTOR)
    [follow_on] = reactions(ERASED, envelope, subject)
    assert isinstance(follow_on, FollowOn)
    return follow_on


def test_an_erasure_frees_the_next_id_of_the_same_person() -> None:
    first = freed(SUBJECT)
    assert (first.name, first.subject, first.due_at) == ("free_id", f"{SUBJECT}.2", None)
    assert first.data == customer.FreeId(earlier_customer_id=CUSTOMER_ID)
    assert freed(f"{SUBJECT}.2").subject == f"{SUBJECT}.3"
    assert freed(f"{SUBJECT}.9").subject == f"{SUBJECT}.10"


def test_who_comes_back_is_registered_under_an_id_that_was_freed_and_no_other() -> None:
    by_contact = {
        "identity_basis": "contact",
        "identity_digest": None,
        "contact_digest": CONTACT_DIGEST,
    }
    for subject, changed in ((SUBJECT, {}), (BY_CONTACT, by_contact)):
        follow_on = freed(subject)
        case = Case(follow_on.subject)
        wish = register(**changed)
        case.when(wish, **AT_COUNTER).refused("CUS-01")
        case.given(case.when(follow_on.data, **REACTOR).recorded(customer.IdFreed))
        case.when(verify(), **AT_COUNTER).refused("ENV-02")
        case.when(register(identity_digest="0" * 64), **AT_COUNTER).refused("CUS-01")
        event = case.when(wish, **AT_COUNTER).recorded(customer.Registered)
        assert f"customer/{event.customer_id}" == follow_on.subject
        case.given(event)
        case.when(wish, **AT_COUNTER).refused("ENV-11")
        case.when(follow_on.data, **REACTOR).refused("ENV-11")


def test_no_clerk_frees_an_id() -> None:
    wish = customer.FreeId(earlier_customer_id=CUSTOMER_ID)
    Case(f"{SUBJECT}.2").when(wish, **TWO_PEOPLE).refused("ENV-03")


def test_the_new_file_is_as_any_other() -> None:
    case = Case(f"{SUBJECT}.2").given(
        customer.IdFreed.of(customer.FreeId(earlier_customer_id=CUSTOMER_ID)), registered()
    )
    case.given(case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified))
    assert case.register.status == "active"
