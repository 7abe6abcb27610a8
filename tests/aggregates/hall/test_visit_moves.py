"""A visit that is greeted, directed, transferred, observed and corrected: each rule both ways."""

from typing import Any

import msgspec
import pytest

from ledger.aggregates import copies
from ledger.aggregates.hall import shift, visit
from ledger.aggregates.model import Interaction
from ledger.door.sealing import SHAPES
from ledger.rules import Refusal
from ledger.values import Sealed
from tests.aggregates.case import Case, later
from tests.aggregates.hall.facts import (
    ARRIVED,
    AT_K1,
    AT_K2,
    CLOSE,
    HALL,
    QUEUE,
    REACTOR,
    STARTED,
    V1,
    closed,
    issued,
    open_hall,
    shift_opened,
    started,
    waiting,
)

AT_DOOR: dict[str, Any] = {"actor": "c-zhao", "hall": "renmin", "visit": "v1"}
AT_OTHER: dict[str, Any] = {**AT_K2, "visit": "v1"}


def to_k2(**changed: Any) -> visit.Transfer:
    said: dict[str, Any] = {"to_counter": "k2", "reason": "specialist_needed"}
    return visit.Transfer(**{**said, **changed})


ACCEPT = visit.AcceptTransfer()


def transferred() -> Case:
    """The visit v1 waits since ten o'clock to be accepted at k2."""
    return started().given(visit.Transferred.of(to_k2()), **V1)


# Greeting and directing


def test_a_greeting_tells_how_long_after_the_arrival_it_came() -> None:
    case = open_hall().given(ARRIVED, **QUEUE, visit="v1")
    case.given(shift_opened("s3", "k3", "greeter"), actor="c-zhao")
    case.given(issued(), at=later(minutes=1), **QUEUE, visit="v1")
    event = case.when(visit.Greet(), at=later(minutes=2), **AT_DOOR).recorded(visit.Greeted)
    assert event.greeted_after_seconds == 120
    case.given(event, **AT_DOOR).when(visit.Greet(), **AT_DOOR).refused("VIS-01", "greeted")


def test_a_customer_is_greeted_by_a_clerk_on_shift() -> None:
    waiting().when(visit.Greet(), **AT_DOOR).refused("ENV-06")


def test_a_customer_is_directed_to_an_area_and_a_counter_of_the_hall() -> None:
    case = waiting()
    case.when(visit.Direct(service_area="vip"), **AT_K1, visit="v1").refused("VIS-04", "vip")
    nowhere = visit.Direct(service_area="consultation", to_counter="k9")
    case.when(nowhere, **AT_K1, visit="v1").refused("VIS-04", "k9")
    there = visit.Direct(service_area="consultation", to_counter="k3")
    case.given(case.when(there, **AT_K1, visit="v1").recorded(visit.Directed), **V1)
    assert case.states["visit/v1"].service_area == "business_counter"


# Being logged in


@pytest.mark.parametrize(("case", "wish", "who"), [
    (waiting(shift__login_required=True), visit.CallTicket(), V1),
    (open_hall(shift__login_required=True).given(ARRIVED, visit="v1"), visit.Start(), V1),
    (started(shift__login_required=True).given(visit.Transferred.of(to_k2()), **V1), ACCEPT,
        AT_OTHER),
])  # fmt: skip
def test_where_the_policy_asks_for_it_only_who_is_logged_in_calls_and_serves(
    case: Case, wish: Interaction, who: dict[str, Any]
) -> None:
    case.when(wish, **who).refused("VIS-05", who["actor"])
    logged_in = shift.LoggedIn(shift_id=f"s-{who['actor']}", session_id="n1", terminal_id="t1")
    case.given(logged_in, actor=who["actor"])
    assert not isinstance(case.when(wish, **who).decision, Refusal)
    out = shift.LoggedOut(
        shift_id=f"s-{who['actor']}", session_id="n1", reason="clerk", session_seconds=0
    )
    case.given(out, actor=who["actor"]).when(wish, **who).refused("VIS-05")


def test_by_itself_no_login_is_asked_for() -> None:
    waiting().when(visit.CallTicket(), **V1).recorded(visit.TicketCalled)


# Transfers


def test_a_transfer_goes_to_a_counter_where_another_clerk_is_on_shift() -> None:
    case = started()
    case.when(to_k2(to_counter="k3"), **V1).refused("VIS-29", "k3")
    case.when(to_k2(to_counter="k1"), **V1).refused("VIS-29", "k1")
    case.when(to_k2(to_clerk_id="c-zhao"), **V1).refused("VIS-29", "c-zhao")
    case.when(to_k2(to_clerk_id="c-wang"), **V1).recorded(visit.Transferred)


def test_only_the_serving_clerk_transfers() -> None:
    started().when(to_k2(), **AT_OTHER).refused("VIS-12", "c-li")


def test_nobody_serves_a_visit_whose_transfer_waits() -> None:
    case = transferred()
    assert case.register.serving == {}
    case.when(visit.AskNeeds(needs=("fault",)), **V1).refused("VIS-12", "k2")
    case.when(CLOSE, **V1).refused("VIS-01", "k2")
    case.when(to_k2(), **V1).refused("VIS-01", "k2")


def test_meanwhile_the_first_counter_serves_another_visit() -> None:
    case = transferred().given(ARRIVED, visit="v2")
    case.when(visit.Start(), **AT_K1, visit="v2").recorded(visit.Started)


def test_the_clerk_at_the_target_counter_accepts_and_serves_from_then_on() -> None:
    case = transferred()
    at = {"at": later(minutes=3)}
    event = case.when(ACCEPT, **at, **AT_OTHER).recorded(visit.TransferAccepted)
    assert (event.shift_id, event.pause_seconds) == ("s-c-wang", 180)
    case.given(event, **at, **AT_OTHER)
    case.when(CLOSE, **V1).refused("VIS-12", "c-wang")
    ended = case.when(CLOSE, at=later(minutes=10), **AT_OTHER).recorded(visit.Closed)
    assert (ended.counter_seconds, ended.pause_seconds, ended.handling_seconds) == (600, 180, 420)
    case.given(ended, at=later(minutes=10), **AT_OTHER)
    rating = visit.Rate(score=5)
    rated = case.when(rating, at=later(minutes=11), actor="system:rating_pad", visit="v1")
    assert rated.recorded(visit.Rated).clerk_id == "c-wang"


def test_pauses_are_never_longer_than_the_time_at_the_counter() -> None:
    case = transferred()
    event = case.when(ACCEPT, at=later(minutes=30), **AT_OTHER).recorded(visit.TransferAccepted)
    case.given(event, at=later(minutes=30), **AT_OTHER)
    ended = case.when(CLOSE, at=later(minutes=20), **AT_OTHER).recorded(visit.Closed)
    assert (ended.counter_seconds, ended.pause_seconds, ended.handling_seconds) == (1200, 1200, 0)


def test_a_clerk_at_a_third_counter_does_not_accept() -> None:
    case = transferred().given(shift_opened("s3", "k3"), actor="s-sun")
    at_k3 = {**AT_K1, "actor": "s-sun", "counter": "k3", "visit": "v1"}
    case.when(ACCEPT, **at_k3).refused("VIS-30", "k2")


def test_who_transferred_a_visit_takes_it_back() -> None:
    event = transferred().when(ACCEPT, **V1).recorded(visit.TransferAccepted)
    assert event.shift_id == "s-c-li"


def test_a_counter_that_serves_accepts_no_transfer() -> None:
    case = transferred().given(ARRIVED, visit="v2")
    case.given(STARTED, **AT_K2, visit="v2").when(ACCEPT, **AT_OTHER).refused("VIS-06", "v2")


def test_without_a_transfer_there_is_nothing_to_accept() -> None:
    started().when(ACCEPT, **AT_OTHER).refused("VIS-01", "no transfer")


# The bar on promotion


BAR = copies.BarPromotion(customer_id="d1", reason="marketing_opt_out")


@pytest.mark.parametrize("case", [Case(HALL), waiting(), started(), closed()])
def test_a_bar_on_promotion_is_recorded_in_any_state(case: Case) -> None:
    event = case.when(BAR, **REACTOR, visit="v1").recorded(visit.PromotionBarred)
    case.given(event, **REACTOR, visit="v1")
    assert case.states["visit/v1"].promotion_barred == "marketing_opt_out"
    case.when(BAR, **REACTOR, visit="v1").recorded(visit.PromotionBarred)


def test_a_bar_that_comes_before_the_arrival_holds_after_it() -> None:
    case = open_hall().given(visit.PromotionBarred.of(BAR), **REACTOR, visit="v1")
    arrived = visit.Arrive(arrival="walk_in", priority_lane=False)
    case.given(case.when(arrived, visit="v1").recorded(visit.Arrived), visit="v1")
    state = case.states["visit/v1"]
    assert (state.status, state.promotion_barred) == ("open", "marketing_opt_out")


def test_a_clerk_does_not_bar_promotion() -> None:
    started().when(BAR, **V1).refused("ENV-03")


# Observing


def observation(*points: int, of: str = "c-li") -> visit.Observe:
    items = tuple(visit.ObservationItem(item="patience", points=each) for each in points)
    return visit.Observe(
        observation_id="b1", method="floor_walk", observed_clerk_id=of, items=items
    )


@pytest.mark.parametrize(
    ("points", "points_bp"), [((10, 10), 10_000), ((0,), 0), ((7, 10, 9), 8666), ((5, 0), 2500)]
)
def test_an_observation_tells_its_points_in_ten_thousandths(
    points: tuple[int, ...], points_bp: int
) -> None:
    event = started().when(observation(*points), actor="s-sun", visit="v1").recorded(visit.Observed)
    assert event.points_bp == points_bp


def test_nobody_observes_the_own_person() -> None:
    case = open_hall().given(shift_opened("s3", "k3"), actor="s-sun").given(ARRIVED, visit="v1")
    at_k3 = {**AT_K1, "actor": "s-sun", "counter": "k3", "visit": "v1"}
    case.given(STARTED, **at_k3)
    case.when(observation(9, of="s-sun"), actor="s-sun", visit="v1").refused("VIS-37")
    case.when(observation(9, of="s-sun"), actor="m-he", visit="v1").recorded(visit.Observed)


def test_only_a_clerk_who_served_the_visit_is_observed_in_it() -> None:
    case = transferred()
    case.when(observation(9, of="c-wang"), actor="s-sun", visit="v1").refused("VIS-38", "c-wang")
    accepted = visit.TransferAccepted(shift_id="s-c-wang", pause_seconds=0)
    case.given(accepted, **AT_OTHER)
    for clerk in ("c-li", "c-wang"):
        case.when(observation(9, of=clerk), actor="s-sun", visit="v1").recorded(visit.Observed)


def test_a_clerk_does_not_observe() -> None:
    started().when(observation(9), actor="c-wang", visit="v1").refused("ENV-04")


# Personal fields and corrections


def test_a_needs_profile_is_sealed_as_a_whole_and_the_budget_is_not() -> None:
    shape = SHAPES["visit.assess_needs.v1"]
    assert shape.personal_fields == ("profile",)
    clear: Any = msgspec.convert(
        {
            "assessment_id": "a1",
            "families": ["mobile"],
            "monthly_budget_fen": 5000,
            "profile": {"data_gb": 20, "pains": ["price"]},
        },
        shape.clear,
    )
    assert clear.profile == visit.NeedsProfile(data_gb=20, pains=("price",))


def correction(field: str, entry: str = "m-visit") -> visit.CorrectEntry:
    return visit.CorrectEntry(
        wrong_entry_id=f"counter-app:{entry}:1",
        field=field,
        should_be=Sealed("k.x"),
        error_kind="typing",
        found_by="self_check",
        note=Sealed("k.x"),
    )


@pytest.mark.parametrize("case", [started(), closed()])
def test_what_a_clerk_typed_in_a_visit_is_corrected_and_nothing_else(case: Case) -> None:
    given = visit.SupportGiven(
        support_id="h1", kind="app_use", family="mobile", device_model="A5", result="solved"
    )
    case.given(given, **V1, id="m-visit")
    event = case.when(correction("device_model"), actor="c-wang", visit="v1")
    assert event.recorded(visit.EntryCorrected).clerk_in_error == "c-li"
    case.when(correction("result"), **V1).refused("ENV-14", "device_model")
    case.when(correction("device_model", "g1"), **V1).refused("ENV-13")


def test_a_lead_ends_what_a_clerk_left_whose_shift_was_closed_by_force() -> None:
    case = started()
    supervisor = {"actor": "s-sun", "hall": "renmin", "counter": "k3", "visit": "v1"}
    case.given(shift_opened("s-s-sun", "k3", "supervisor"), actor="s-sun")
    closing = visit.Close(outcome="customer_left", follow_up_asked=False)
    case.when(closing, **supervisor).refused("VIS-12")
    forced = shift.Close(shift_id="s-c-li", forced=True, reason="illness")
    done = case.when(forced, actor="s-sun", approver="m-he").recorded(shift.Closed)
    closed_by_lead = case.given(done, actor="s-sun").when(closing, **supervisor)
    case.given(closed_by_lead.recorded(visit.Closed), **supervisor)
    assert case.register.serving == {}
