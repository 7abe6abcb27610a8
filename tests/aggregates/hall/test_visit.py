"""A visit that is served, closed and rated: each rule refused and allowed."""

from typing import Any

import pytest

from ledger.aggregates.hall import visit
from tests.aggregates.case import Case, later
from tests.aggregates.hall.facts import (
    ARRIVED,
    AT_K2,
    CLOCK,
    CLOSE,
    PAD,
    QUEUE,
    V1,
    V2,
    called,
    closed,
    identified,
    issue,
    issued,
    missed,
    open_hall,
    started,
    waiting,
)

# Serving


def test_a_called_visit_starts_with_its_shift_and_its_wait_until_the_first_call() -> None:
    case = waiting().given(visit.TicketCalled(call_count=1, wait_seconds=300), **V1)
    case.given(visit.TicketCalled(call_count=2, wait_seconds=360), **V1)
    event = case.when(visit.Start(), **V1).recorded(visit.Started)
    assert (event.shift_id, event.wait_seconds) == ("s-c-li", 300)


def test_a_visit_without_a_ticket_starts_at_any_free_counter() -> None:
    case = open_hall().given(ARRIVED, visit="v1")
    assert case.when(visit.Start(), **V1).recorded(visit.Started).wait_seconds is None


@pytest.mark.parametrize("case", [waiting(), missed()])
def test_a_visit_whose_ticket_is_not_called_does_not_start(case: Case) -> None:
    case.when(visit.Start(), **V1).refused("VIS-01")


def test_a_counter_that_serves_a_visit_starts_no_other() -> None:
    case = started().given(ARRIVED, visit="v2")
    case.when(visit.Start(), **V2).refused("VIS-06")


def test_a_visit_starts_at_the_counter_that_called_it() -> None:
    case = called()
    case.when(visit.Start(), **AT_K2, visit="v1").refused("VIS-11", "k1")
    case.when(visit.Start(), **V1).recorded(visit.Started)


@pytest.mark.parametrize(
    ("wish", "event"),
    [
        (visit.AskNeeds(needs=("payment",)), visit.NeedsAsked),
        (
            visit.IdentifyCustomer(customer_id="d1", role="holder", method="sms_code"),
            visit.CustomerIdentified,
        ),
        (CLOSE, visit.Closed),
    ],
)
def test_only_the_serving_clerk_asks_identifies_and_closes(wish: Any, event: Any) -> None:
    started().when(wish, **AT_K2, visit="v1").refused("VIS-12", "c-li")
    started().when(wish, **V1).recorded(event)


def test_a_visit_is_that_of_one_customer() -> None:
    holder = visit.IdentifyCustomer(customer_id="d1", role="holder", method="declared")
    case = started().given(visit.CustomerIdentified.of(holder), **V1)
    other = visit.IdentifyCustomer(customer_id="d2", role="agent", method="identity_document")
    case.when(other, **V1).refused("VIS-13", "d1")
    better = visit.IdentifyCustomer(customer_id="d1", role="holder", method="identity_document")
    case.when(better, **V1).recorded(visit.CustomerIdentified)


# Closing


def test_a_close_tells_the_time_at_the_counter_and_until_when_the_visit_is_rated() -> None:
    event = started().when(CLOSE, at=later(minutes=12), **V1).recorded(visit.Closed)
    assert (event.handling_seconds, event.pause_seconds, event.counter_seconds) == (720, 0, 720)
    assert event.rate_until_at == later(days=7, minutes=12)


@pytest.mark.parametrize(("met", "still_open", "refused"), [
    (("payment", "invoice"), (), False),
    (("payment",), ("invoice",), False),
    (("payment",), (), True),
    (("payment", "invoice", "fault"), (), True),
    (("payment", "invoice"), ("invoice",), True),
    (("payment", "payment", "invoice"), (), True),
    ((), (), True),
])  # fmt: skip
def test_every_need_asked_is_met_or_open_and_no_other(
    met: tuple[Any, ...], still_open: tuple[Any, ...], refused: bool
) -> None:
    case = started().given(visit.NeedsAsked(needs=("payment",)), **V1)
    case.given(visit.NeedsAsked(needs=("invoice", "payment")), **V1)
    close = visit.Close(
        outcome="partly_done", needs_met=met, needs_open=still_open, follow_up_asked=True
    )
    outcome = case.when(close, **V1)
    if refused:
        outcome.refused("VIS-32")
    else:
        outcome.recorded(visit.Closed)


def test_where_nothing_was_asked_nothing_is_met() -> None:
    close = visit.Close(outcome="all_done", needs_met=("payment",), follow_up_asked=False)
    started().when(close, **V1).refused("VIS-32")


# Rating


@pytest.mark.parametrize("score", [1, 5])
def test_a_rating_names_the_clerk_who_closed_the_visit(score: int) -> None:
    event = closed().when(visit.Rate(score=score), **PAD, visit="v1").recorded(visit.Rated)
    assert (event.clerk_id, event.scale) == ("c-li", "one_to_five")


def test_a_clerk_never_rates() -> None:
    closed().when(visit.Rate(score=9), **V1).refused("ENV-03")


@pytest.mark.parametrize(
    "rating",
    [
        visit.Rate(score=0),
        visit.Rate(score=6),
        visit.Rate(score=5, attitude=0),
        visit.Rate(score=5, skill=6),
        visit.Rate(score=5, speed=-1),
    ],
)
def test_every_score_lies_within_the_scale(rating: visit.Rate) -> None:
    closed().when(rating, **PAD, visit="v1").refused("VIS-34")


def test_a_visit_is_rated_once() -> None:
    rated = visit.Rated(score=5, clerk_id="c-li", scale="one_to_five")
    case = closed().given(rated, **PAD, visit="v1")
    case.when(visit.Rate(score=1), **PAD, visit="v1").refused("VIS-35", "is rated")


def test_a_visit_is_rated_until_the_last_moment_of_seven_days() -> None:
    rate = visit.Rate(score=4)
    pad: dict[str, Any] = {"actor": "system:rating_link", "visit": "v1"}
    closed().when(rate, at=later(days=7), **pad).recorded(visit.Rated)
    closed().when(rate, at=later(days=7, seconds=1), **pad).refused("VIS-35", "ended")


@pytest.mark.parametrize(
    "end", [visit.Lapsed(outcome="no_show"), visit.Abandoned(reason="other", wait_seconds=0)]
)
def test_a_visit_that_no_clerk_served_is_not_rated(end: Any) -> None:
    case = waiting().given(end, **QUEUE, visit="v1")
    case.when(visit.Rate(score=3), **PAD, visit="v1").refused("VIS-36")


# Forgetting


def test_a_visit_that_nobody_was_identified_in_is_forgotten_thirty_days_after_its_close() -> None:
    event = started().when(CLOSE, at=later(minutes=12), **V1).recorded(visit.Closed)
    assert event.forget_at == later(days=30, minutes=12)
    case = closed(forget_at=later(days=30))
    case.when(visit.Forget(), at=later(days=30), **CLOCK, visit="v1").recorded(visit.Forgotten)
    early = case.when(visit.Forget(), at=later(days=29, hours=23), **CLOCK, visit="v1")
    early.refused("VIS-39", "not before")


def test_the_visit_of_a_customer_is_kept_with_the_customer() -> None:
    assert identified().when(CLOSE, **V1).recorded(visit.Closed).forget_at is None
    closed().when(visit.Forget(), at=later(days=99), **CLOCK, visit="v1").refused("VIS-39")


def test_nothing_more_is_said_of_a_forgotten_visit() -> None:
    case = closed(forget_at=later()).given(visit.Forgotten(), **CLOCK, visit="v1")
    case.when(visit.Rate(score=5), **PAD, visit="v1").refused("ENV-12")
    case.when(visit.Forget(), **CLOCK, visit="v1").refused("ENV-12")


# Precedence


def two_taken_counters() -> Case:
    """v1 is served at k1; v2, whose ticket was called three times, waits for an answer at k2."""
    case = started().given(ARRIVED, issued("A002"), **QUEUE, visit="v2")
    thrice = visit.TicketCalled(call_count=3, wait_seconds=0)
    return case.given(thrice, **AT_K2, visit="v2")


def other_customer() -> visit.IdentifyCustomer:
    return visit.IdentifyCustomer(customer_id="d2", role="agent", method="declared")


@pytest.mark.parametrize(("case", "wish", "who", "first"), [
    (waiting(), issue("A001", "vip"), {**QUEUE, "visit": "v1"}, "VIS-01"),
    (waiting().given(ARRIVED, visit="v2"), issue("A001", "vip"), {**QUEUE, "visit": "v2"},
        "VIS-03"),
    (two_taken_counters(), visit.CallTicket(), V2, "VIS-06"),
    (two_taken_counters(), visit.CallTicket(), {**AT_K2, "visit": "v2"}, "VIS-07"),
    (started().given(ARRIVED, issued("A2"), visit="v2"), visit.Start(), V2, "VIS-01"),
    (two_taken_counters(), visit.Start(), V2, "VIS-06"),
    (started().given(visit.CustomerIdentified(customer_id="d1", role="holder", method="declared"),
        **V1), other_customer(), {**AT_K2, "visit": "v1"}, "VIS-12"),
    (started().given(visit.NeedsAsked(needs=("fault",)), **V1), CLOSE, {**AT_K2, "visit": "v1"},
        "VIS-12"),
    (waiting().given(visit.Lapsed(outcome="abandoned"), **CLOCK, visit="v1"), visit.Rate(score=9),
        {**PAD, "visit": "v1"}, "VIS-34"),
])  # fmt: skip
def test_the_first_rule_broken_is_named(
    case: Case, wish: Any, who: dict[str, Any], first: str
) -> None:
    case.when(wish, **who).refused(first)
