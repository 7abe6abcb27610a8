"""Orders that are called off or turned down: ORD-08 and ORD-52 to ORD-56."""

from typing import Any

import pytest

from ledger.aggregates.customer import order
from tests.aggregates.case import Case
from tests.aggregates.customer.order_samples import (
    BY_PROVISIONING,
    NEW_LINE,
    ORDER,
    accept_cancellation,
    complete_item,
    confirm_cancellation,
    deny_cancellation,
    item,
    request_cancellation,
)
from tests.aggregates.customer.order_stages import (
    activated,
    customer_of,
    did,
    drafted,
    started,
    submitted,
    the_order,
    with_agent,
)

DEVICE_TOO: dict[str, Any] = {"items": (item(), item("router-1", "i2"))}


def cancelling(case: Case) -> Case:
    did(case, request_cancellation())
    return case


def test_an_order_is_cancelled_in_three_acts() -> None:
    case = cancelling(started())
    assert the_order(case).status == "assessing_cancellation"
    did(case, accept_cancellation())
    assert the_order(case).status == "pending_cancellation"
    event = case.when(confirm_cancellation(), **BY_PROVISIONING).recorded(order.Cancelled)
    assert (event.reason, event.cancellation_id) == ("changed_mind", "can1")
    assert (event.hall_id, event.prepared_lines) == ("renmin", (NEW_LINE,))


def test_a_draft_is_abandoned_not_cancelled() -> None:
    drafted().when(request_cancellation()).refused("ENV-12")


def test_an_agent_cancels_what_is_in_scope() -> None:
    case = submitted(case=with_agent(customer_of(), "activation"))
    by_agent: dict[str, Any] = {"requested_by": "agent"}
    case.when(request_cancellation(**by_agent)).refused("ORD-08", "not named")
    case.when(request_cancellation(agent_id="a2", **by_agent)).refused("ORD-08")
    wish = request_cancellation(agent_id="a1", **by_agent)
    case.when(wish).recorded(order.CancellationRequested)


def test_one_cancellation_at_a_time_under_an_id_of_its_own() -> None:
    case = cancelling(started())
    case.when(request_cancellation("can2")).refused("ENV-12")
    for other in (
        accept_cancellation(cancellation_id="can2"),
        deny_cancellation(cancellation_id="can2"),
    ):
        case.when(other).refused("ORD-52", "can1")
    did(case, deny_cancellation())
    case.when(request_cancellation()).refused("ORD-52", "before")
    did(case, request_cancellation("can2"))
    did(case, accept_cancellation(cancellation_id="can2"))
    case.when(confirm_cancellation(), **BY_PROVISIONING).refused("ORD-52", "can2")


def test_no_cancellation_is_accepted_past_the_point_of_no_return() -> None:
    case = started(**DEVICE_TOO)
    activated(case)
    cancelling(case)
    case.when(accept_cancellation()).refused("ORD-53")
    denied = did(case, deny_cancellation("past_point_of_no_return"))
    assert isinstance(denied[0], order.CancellationDenied)
    assert denied[0].back_to == "in_progress"
    assert the_order(case).status == "in_progress"


def test_a_cancellation_before_activation_is_free() -> None:
    case = cancelling(submitted())
    case.when(accept_cancellation(1)).refused("ORD-54")
    case.when(accept_cancellation(0)).recorded(order.CancellationAccepted)


def test_what_is_past_return_is_denied_only_where_it_is() -> None:
    case = cancelling(started(**DEVICE_TOO))
    case.when(deny_cancellation("past_point_of_no_return")).refused("ORD-55")
    case.when(deny_cancellation("legal_hold")).recorded(order.CancellationDenied)


def test_an_item_that_can_be_taken_back_passes_no_point_of_no_return() -> None:
    case = started(**DEVICE_TOO)
    did(case, complete_item())
    cancelling(case)
    did(case, accept_cancellation())
    case.when(confirm_cancellation(), **BY_PROVISIONING).refused("ORD-56", "i2")
    case.when(confirm_cancellation("i2"), **BY_PROVISIONING).recorded(order.Cancelled)


@pytest.mark.parametrize("reason", ["stock_missing", "other"])
def test_a_denied_cancellation_leaves_a_hold_as_it_was(reason: Any) -> None:
    case = submitted()
    did(case, order.Hold(order_id=ORDER, reason=reason))
    cancelling(case)
    did(case, deny_cancellation())
    state = the_order(case)
    assert (state.status, state.held_from, state.hold_reason) == ("held", "acknowledged", reason)


def test_the_rules_of_accepting_have_their_order() -> None:
    case = started(**DEVICE_TOO)
    activated(case)
    cancelling(case)
    case.when(accept_cancellation(1, cancellation_id="can9")).refused("ORD-52")
    case.when(accept_cancellation(1)).refused("ORD-53")


def rejection() -> order.Reject:
    return order.Reject(order_id=ORDER, reason="no_resource")


def test_provisioning_turns_an_order_down_before_work_has_begun() -> None:
    event = drafted().when(rejection(), **BY_PROVISIONING).recorded(order.Rejected)
    assert (event.hall_id, event.prepared_lines) == (None, None)
    event = submitted().when(rejection(), **BY_PROVISIONING).recorded(order.Rejected)
    assert (event.hall_id, event.prepared_lines) == ("renmin", (NEW_LINE,))
    started().when(rejection(), **BY_PROVISIONING).refused("ENV-12")
    submitted().when(rejection()).refused("ENV-03")


def test_an_order_with_an_item_in_service_is_not_turned_down() -> None:
    case = started(**DEVICE_TOO)
    did(case, complete_item())
    did(case, order.Hold(order_id=ORDER, reason="other"))
    case.when(rejection(), **BY_PROVISIONING).refused("ORD-56", "i2")
    nothing_yet = started(**DEVICE_TOO)
    did(nothing_yet, order.Hold(order_id=ORDER, reason="other"))
    nothing_yet.when(rejection(), **BY_PROVISIONING).recorded(order.Rejected)


def test_a_line_whose_termination_had_begun_is_kept() -> None:
    case = cancelling(started("termination"))
    did(case, accept_cancellation())
    event = case.when(confirm_cancellation(), **BY_PROVISIONING).recorded(order.Cancelled)
    assert (event.kept_line, event.prepared_lines) == ("s1", None)
    never_begun = submitted("termination").when(rejection(), **BY_PROVISIONING)
    assert never_begun.recorded(order.Rejected).kept_line is None
