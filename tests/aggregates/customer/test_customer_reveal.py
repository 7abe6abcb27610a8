"""Reading personal fields in clear is itself an interaction: rules CUS-33 and CUS-34."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.aggregates.customer import customer
from ledger.facts import Held
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.samples import (
    answer,
    data_requested,
    known,
    restricted,
    verified,
)

PRIVACY = {"actor": "o-fang"}


def reveal(purpose: Any = "complaint_handling", **changed: Any) -> customer.Reveal:
    return customer.Reveal(purpose=purpose, **({"reference": "c1"} | changed))


def by(role: str) -> Case:
    """c-zhao, who has no certification, has that role."""
    return known().clerk("c-zhao", role=role)


def test_a_privacy_officer_reads_and_that_is_recorded() -> None:
    event = known().when(reveal(), **PRIVACY).recorded(customer.Revealed)
    assert (event.purpose, event.reference, event.event_id) == ("complaint_handling", "c1", None)


@pytest.mark.parametrize("role", ["privacy_officer", "auditor"])
def test_some_roles_read_without_a_certification(role: str) -> None:
    by(role).when(reveal(), actor="c-zhao").recorded(customer.Revealed)


@pytest.mark.parametrize("role", ["clerk", "supervisor", "manager", "compliance_officer"])
def test_the_others_need_one_that_is_valid_that_day(role: str) -> None:
    by(role).when(reveal(), actor="c-zhao").refused("CUS-33", role)
    today = NOW.date()
    held = Held(certification="privacy", valid_from_on=today, valid_until_on=today)
    case = known().clerk("c-zhao", role=role, certifications=(held,))
    case.when(reveal(), actor="c-zhao").recorded(customer.Revealed)
    case.when(reveal(), at=NOW + timedelta(days=1), actor="c-zhao").refused("CUS-33")


def test_no_system_and_nobody_out_of_service_reads() -> None:
    known().when(reveal(), actor="system:reactor").refused("ENV-03")
    case = known().clerk("o-fang", status="suspended")
    case.when(reveal(), **PRIVACY).refused("ENV-03")


def test_a_certification_is_needed_also_where_policy_asks_for_none() -> None:
    case = known(certification__required=False)
    case.when(reveal(), actor="c-li").refused("CUS-33")


def test_reading_for_a_request_names_one_that_is_open() -> None:
    wish = reveal("data_request", reference="q1")
    known().when(wish, **PRIVACY).refused("CUS-34", "q1")
    case = known().given(data_requested())
    case.when(wish, **PRIVACY).recorded(customer.Revealed)
    case.given(customer.DataRequestAnswered.of(answer(), in_time=True))
    case.when(wish, **PRIVACY).refused("CUS-34", "q1")
    case.when(wish, actor="c-li").refused("CUS-33")


def test_reading_for_a_correction_names_the_event() -> None:
    case = known().given(verified(), id="m7")
    case.when(reveal("correction"), **PRIVACY).refused("CUS-34", "names the event")
    event_id = "counter-app:m7:1"
    case.when(reveal("correction", event_id=event_id), **PRIVACY).recorded(customer.Revealed)


def test_what_is_read_is_the_customers_own() -> None:
    case = known().given(verified(), id="m7")
    case.when(reveal(event_id="counter-app:m8:1"), **PRIVACY).refused("CUS-34", "m8")
    event = case.when(reveal(event_id="counter-app:m7:1"), **PRIVACY).recorded(customer.Revealed)
    assert event.event_id == "counter-app:m7:1"


def test_data_that_are_kept_only_may_be_read() -> None:
    hold = customer.PlaceLegalHold(hold_id="h1", authority="court", reference="x")
    case = known().given(restricted("erasure_pending_retention"))
    case.given(customer.LegalHoldPlaced.of(hold))
    case.when(reveal("authority"), **PRIVACY).recorded(customer.Revealed)
