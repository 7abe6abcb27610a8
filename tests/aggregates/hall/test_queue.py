"""A visit in the queue, until it is served or gone: each rule refused and allowed."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.hall import visit
from tests.aggregates.case import NOW, later
from tests.aggregates.hall.facts import (
    ARRIVE,
    ARRIVED,
    AT_K2,
    CALLED,
    CLOCK,
    CLOSING,
    LAPSE,
    QUEUE,
    TUESDAY,
    V1,
    V2,
    called,
    issue,
    issued,
    missed,
    open_hall,
    started,
    waiting,
)

# Arrival


def test_a_visit_that_nobody_starts_lapses_an_hour_after_the_hall_closes() -> None:
    outcome = open_hall().when(ARRIVE, **QUEUE, visit="v1")
    assert outcome.recorded(visit.Arrived).lapse_due_at == LAPSE


def test_a_visit_that_begins_after_closing_has_the_full_time_before_it_lapses() -> None:
    outcome = open_hall().when(ARRIVE, at=CLOSING + timedelta(minutes=5), visit="v1")
    assert outcome.recorded(visit.Arrived).lapse_due_at == LAPSE + timedelta(minutes=5)


def test_the_policy_says_how_long_after_closing_a_visit_lapses() -> None:
    outcome = open_hall(visit__lapse_seconds=60).when(ARRIVE, visit="v1")
    assert outcome.recorded(visit.Arrived).lapse_due_at == CLOSING + timedelta(minutes=1)


def test_an_arrival_names_its_visit() -> None:
    open_hall().when(ARRIVE, **QUEUE).refused("ENV-10")


def test_a_greeter_without_a_counter_records_an_arrival() -> None:
    open_hall().when(ARRIVE, actor="c-zhao", visit="v1").recorded(visit.Arrived)


# Tickets


def test_a_ticket_tells_how_many_wait_for_the_same_service() -> None:
    case = open_hall()
    case.given(ARRIVED, issued("A001"), **QUEUE, visit="v1")
    case.given(ARRIVED, issued("A002"), **QUEUE, visit="v2")
    case.given(ARRIVED, issued("C001", "consultation"), **QUEUE, visit="v3")
    case.given(ARRIVED, **QUEUE, visit="v4")
    event = case.when(issue("A003"), **QUEUE, visit="v4").recorded(visit.TicketIssued)
    assert (event.business_on, event.waiting_ahead) == (TUESDAY, 2)


@pytest.mark.parametrize(
    ("leaves", "who"),
    [
        (CALLED, V1),
        (visit.Abandoned(reason="other", wait_seconds=0), {**QUEUE, "visit": "v1"}),
        (visit.Lapsed(outcome="abandoned"), {**CLOCK, "visit": "v1"}),
    ],
)
def test_who_is_called_or_gone_waits_no_longer(leaves: Any, who: dict[str, Any]) -> None:
    case = waiting().given(leaves, **who).given(ARRIVED, **QUEUE, visit="v2")
    event = case.when(issue("A002"), **QUEUE, visit="v2").recorded(visit.TicketIssued)
    assert event.waiting_ahead == 0


def test_a_visit_takes_one_ticket() -> None:
    waiting().when(issue("A002"), **QUEUE, visit="v1").refused("VIS-01", "waiting")


def test_a_ticket_number_is_issued_once_a_day() -> None:
    case = waiting().given(ARRIVED, **QUEUE, visit="v2")
    case.when(issue("A001"), **QUEUE, visit="v2").refused("VIS-03")
    case.when(issue("A002"), **QUEUE, visit="v2").recorded(visit.TicketIssued)


def test_a_ticket_number_comes_again_on_the_next_day_as_the_hall_counts_days() -> None:
    case = waiting().given(ARRIVED, **QUEUE, visit="v2")
    before_midnight = datetime.fromisoformat("2026-11-03T15:59:59+00:00")
    case.when(issue(), at=before_midnight, **QUEUE, visit="v2").refused("VIS-03")
    midnight = before_midnight + timedelta(seconds=1)
    event = case.when(issue(), at=midnight, **QUEUE, visit="v2").recorded(visit.TicketIssued)
    assert event.business_on == date(2026, 11, 4)


def test_a_ticket_entered_late_is_compared_with_those_of_its_own_day() -> None:
    case = waiting()
    for days in (1, 2, 3):
        on = TUESDAY + timedelta(days=days)
        case.given(ARRIVED, issued("A001", on=on), **QUEUE, visit=f"d{days}")
    case.given(ARRIVED, **QUEUE, visit="v2")
    friday = later(days=3)
    late = {**QUEUE, "visit": "v2", "recorded_at": friday}
    case.when(issue("A001"), at=NOW, **late).refused("VIS-03")
    case.when(issue("A002"), at=NOW, **late).recorded(visit.TicketIssued)


def test_a_ticket_of_a_day_that_is_no_longer_kept_is_not_issued() -> None:
    case = waiting(clock__backdate_days=30).given(ARRIVED, **QUEUE, visit="v2")
    for days in (1, 2, 3, 4):
        on = TUESDAY + timedelta(days=days)
        case.given(ARRIVED, issued("A001", on=on), **QUEUE, visit=f"d{days}")
    assert TUESDAY not in case.register.tickets
    late = {**QUEUE, "visit": "v2", "recorded_at": later(days=4)}
    case.when(issue("A009"), at=NOW, **late).refused("VIS-03")


def test_a_ticket_is_for_a_service_that_the_hall_has() -> None:
    case = open_hall().given(ARRIVED, **QUEUE, visit="v1")
    case.when(issue(area="vip"), **QUEUE, visit="v1").refused("VIS-04", "vip")
    case.when(issue(area="consultation"), **QUEUE, visit="v1").recorded(visit.TicketIssued)


# Calling


def test_a_call_counts_and_tells_how_long_the_customer_waited() -> None:
    case = waiting()
    first = case.when(visit.CallTicket(), at=later(minutes=5), **V1)
    event = first.recorded(visit.TicketCalled)
    assert (event.call_count, event.wait_seconds) == (1, 300)
    case.given(event, at=later(minutes=5), **V1)
    second = case.when(visit.CallTicket(), at=later(minutes=6), **V1)
    assert second.recorded(visit.TicketCalled).call_count == 2


def test_a_counter_that_serves_a_visit_calls_no_other() -> None:
    case = started().given(ARRIVED, issued("A002"), **QUEUE, visit="v2")
    case.when(visit.CallTicket(), **V2).refused("VIS-06", "v1")
    case.when(visit.CallTicket(), **AT_K2, visit="v2").recorded(visit.TicketCalled)


def test_a_counter_calls_no_other_ticket_while_one_is_unanswered() -> None:
    case = called().given(ARRIVED, issued("A002"), **QUEUE, visit="v2")
    case.when(visit.CallTicket(), **V2).refused("VIS-06", "v1")
    case.given(visit.NoShowRecorded(rejoin_until_at=later(minutes=30)), **V1)
    case.when(visit.CallTicket(), **V2).recorded(visit.TicketCalled)


def test_a_ticket_called_at_another_counter_leaves_the_first_one_free() -> None:
    case = called().given(ARRIVED, issued("A002"), **QUEUE, visit="v2")
    event = case.when(visit.CallTicket(), **AT_K2, visit="v1").recorded(visit.TicketCalled)
    case.given(event, **AT_K2, visit="v1")
    case.when(visit.CallTicket(), **V2).recorded(visit.TicketCalled)
    case.when(visit.CallTicket(), **AT_K2, visit="v2").refused("VIS-06", "v1")


def test_a_ticket_is_called_at_most_three_times() -> None:
    case = waiting()
    for _ in range(case.value(policy.QUEUE_MAX_CALLS)):
        event = case.when(visit.CallTicket(), **V1).recorded(visit.TicketCalled)
        case.given(event, **V1)
    case.when(visit.CallTicket(), **V1).refused("VIS-07", "3 times")


def test_a_waiting_ticket_is_no_no_show() -> None:
    waiting().when(visit.RecordNoShow(), **V1).refused("VIS-01")


@pytest.mark.parametrize(("seconds", "calls", "refused"), [
    (59, 1, True),
    (59, 2, True),
    (60, 1, False),
    (0, 3, False),
])  # fmt: skip
def test_a_no_show_comes_a_minute_after_the_last_call_or_after_all_calls(
    seconds: int, calls: int, refused: bool
) -> None:
    case = waiting().given(visit.TicketCalled(call_count=calls, wait_seconds=0), **V1)
    outcome = case.when(visit.RecordNoShow(), at=later(seconds=seconds), **V1)
    if refused:
        outcome.refused("VIS-08")
    else:
        event = outcome.recorded(visit.NoShowRecorded)
        assert event.rejoin_until_at == later(seconds=seconds, minutes=30)


def test_a_customer_rejoins_until_the_last_moment_and_not_after_it() -> None:
    rejoin: dict[str, Any] = {**QUEUE, "visit": "v1"}
    missed().when(visit.Rejoin(), at=later(minutes=30, seconds=1), **rejoin).refused("VIS-09")
    event = missed().when(visit.Rejoin(), at=later(minutes=30), **rejoin).recorded(visit.Rejoined)
    assert (event.service_area, event.lapse_due_at) == ("business_counter", LAPSE)


def test_a_customer_rejoins_once() -> None:
    rejoined = visit.Rejoined(service_area="business_counter", lapse_due_at=LAPSE)
    again = visit.NoShowRecorded(rejoin_until_at=later(minutes=30))
    case = missed().given(rejoined, **QUEUE, visit="v1").given(CALLED, again, **V1)
    case.when(visit.Rejoin(), **QUEUE, visit="v1").refused("VIS-09", "before")


def test_a_customer_who_rejoins_waits_and_is_called_anew() -> None:
    case = missed().given(ARRIVED, **QUEUE, visit="v2")
    event = case.when(visit.Rejoin(), **QUEUE, visit="v1").recorded(visit.Rejoined)
    case.given(event, **QUEUE, visit="v1")
    ahead = case.when(issue("A002"), **QUEUE, visit="v2").recorded(visit.TicketIssued)
    assert ahead.waiting_ahead == 1
    call = case.when(visit.CallTicket(), **V1).recorded(visit.TicketCalled)
    assert call.call_count == 1


def test_only_a_no_show_rejoins() -> None:
    called().when(visit.Rejoin(), **QUEUE, visit="v1").refused("VIS-01")


# Leaving


def test_who_leaves_has_waited_since_the_ticket_or_since_arriving() -> None:
    leave = visit.Abandon(reason="wait_too_long")
    gone: dict[str, Any] = {**QUEUE, "visit": "v1", "at": later(minutes=20)}
    no_ticket = open_hall().given(ARRIVED, **QUEUE, visit="v1")
    assert no_ticket.when(leave, **gone).recorded(visit.Abandoned).wait_seconds == 1200
    no_ticket.given(issued(), at=later(minutes=5), **QUEUE, visit="v1")
    assert no_ticket.when(leave, **gone).recorded(visit.Abandoned).wait_seconds == 900


def test_a_no_show_does_not_abandon() -> None:
    missed().when(visit.Abandon(reason="other"), **QUEUE, visit="v1").refused("VIS-01", "no_show")


def test_a_no_show_lapses_after_the_time_to_rejoin() -> None:
    lapse: dict[str, Any] = {**CLOCK, "visit": "v1"}
    missed().when(visit.Lapse(), at=later(minutes=30), **lapse).refused("VIS-10")
    outcome = missed().when(visit.Lapse(), at=later(minutes=30, seconds=1), **lapse)
    assert outcome.recorded(visit.Lapsed).outcome == "no_show"


def test_a_visit_that_waits_lapses_an_hour_after_closing() -> None:
    lapse: dict[str, Any] = {**CLOCK, "visit": "v1"}
    waiting().when(visit.Lapse(), at=LAPSE - timedelta(seconds=1), **lapse).refused("VIS-10")
    outcome = waiting().when(visit.Lapse(), at=LAPSE, **lapse)
    assert outcome.recorded(visit.Lapsed).outcome == "abandoned"
