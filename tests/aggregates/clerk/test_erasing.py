"""How a clerk's file is erased some years after the last day: rule PRF-20."""

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.aggregates.clerk import profile
from ledger.aggregates.model import Interaction
from tests.aggregates.case import NOW, Case
from tests.aggregates.clerk.staff import HR, SUBJECT, TODAY, engage, engaged, file_of, follows

PRIVACY_AND_HR: dict[str, Any] = {"actor": "o-fang", "approver": "o-wu"}
REACTOR: dict[str, Any] = {"actor": "system:reactor"}
ORDER = profile.RequestErasure()
CONFIRM = profile.ConfirmErasure(keys_destroyed=1, destroyed_at=NOW, proof_digest="ab12" * 16)
LEAVE = profile.Leave(last_day_on=TODAY, reason="resigned")


def left(**parameters: Any) -> Case:
    """A clerk whose last day is today."""
    case = engaged(parameters=parameters)
    return case.given(case.when(LEAVE, **HR).recorded(profile.Left), **HR)


def at(day: date) -> Any:
    return NOW + timedelta(days=(day - TODAY).days)


@pytest.mark.parametrize(
    ("parameters", "erase_on"),
    [({}, date(2028, 11, 3)), ({"clerk__retention_years": 3}, date(2029, 11, 3))],
)
def test_a_file_is_erased_some_years_after_the_last_day(
    parameters: dict[str, Any], erase_on: date
) -> None:
    case = left(**parameters)
    early = at(erase_on - timedelta(days=1))
    case.when(ORDER, at=early, **PRIVACY_AND_HR).refused("PRF-20", erase_on.isoformat())
    case.when(ORDER, at=at(erase_on), **PRIVACY_AND_HR).recorded(profile.ErasureOrdered)


def test_a_last_day_that_nobody_recorded_is_recorded_first() -> None:
    """As of somebody whom the founding says to have left."""
    case, late = file_of("c-li").clerk("c-li", status="left"), at(date(2030, 1, 1))
    case.when(ORDER, at=late, **PRIVACY_AND_HR).refused("PRF-20", "not recorded")
    case.given(case.when(LEAVE, **HR).recorded(profile.Left), **HR)
    case.when(ORDER, at=late, **PRIVACY_AND_HR).recorded(profile.ErasureOrdered)


def test_a_privacy_officer_orders_and_somebody_of_hr_approves() -> None:
    case, late = left(), at(date(2028, 11, 3))
    case.when(ORDER, at=late, actor="o-wu", approver="o-wu").refused("ENV-04")
    case.when(ORDER, at=late, actor="o-fang", approver="m-he").refused("ENV-07")
    own = Case("clerk/o-fang")
    own.when(ORDER, at=late, **PRIVACY_AND_HR).refused("ENV-12")


def test_who_is_in_service_is_not_erased() -> None:
    engaged().when(ORDER, at=at(date(2030, 1, 1)), **PRIVACY_AND_HR).refused("ENV-12")


def test_once_ordered_nothing_but_the_confirmation_is_received() -> None:
    case, late = left(), at(date(2028, 11, 3))
    case.when(CONFIRM, at=late, **REACTOR).refused("ENV-12")
    ordered = case.when(ORDER, at=late, **PRIVACY_AND_HR).recorded(profile.ErasureOrdered)
    case.given(ordered, at=late)
    assert case.states[SUBJECT].status == "erasing"
    others: list[tuple[Interaction, dict[str, Any]]] = [
        (ORDER, PRIVACY_AND_HR),
        (LEAVE, HR),
        (engage(), HR),
    ]
    for wish, who in others:
        case.when(wish, at=late, **who).refused("ENV-02")
    case.when(CONFIRM, at=late, **PRIVACY_AND_HR).refused("ENV-03")
    case.given(case.when(CONFIRM, at=late, **REACTOR).recorded(profile.Erased), at=late)
    assert case.states[SUBJECT].status == "erased"
    for wish, who in (*others, (CONFIRM, REACTOR)):
        case.when(wish, at=late, **who).refused("ENV-02")


def test_what_others_know_of_the_clerk_stays_and_nothing_else() -> None:
    case, late = left(), at(date(2028, 11, 3))
    before = case.states[SUBJECT]
    done = (profile.ErasureOrdered.of(ORDER), profile.Erased.of(CONFIRM))
    case.given(*done, at=late)
    assert case.states[SUBJECT] == profile.State(
        status="erased", facts=before.facts, fact_version=before.fact_version
    )
    assert [follows(event) for event in done] == [[], []]
