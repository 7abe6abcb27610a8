"""An order is placed, filled in and explained: ORD-01 to ORD-15, and ORD-57."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from ledger import policy
from ledger.aggregates.customer import order
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    ITEMS,
    LINE,
    ORDER,
    PROCEDURES,
    PRODUCTS,
    TODAY,
    accept_exit_fee,
    attach_identity,
    complete_form,
    confirm_item,
    disclose_tariff,
    item,
    place,
    tariff_line,
)
from tests.aggregates.customer.order_stages import (
    customer_of,
    did,
    placed,
    submitted,
    the_order,
    with_agent,
    with_line,
    with_lock,
    with_quote,
)
from tests.aggregates.customer.samples import known, verified

MODIFY: dict[str, Any] = {"action": "modify"}
DELETE: dict[str, Any] = {"action": "delete"}
KEEP: dict[str, Any] = {"action": "no_change"}


def refused(
    case: Case, rule: str, saying: str = "", kind: str = "activation", **changed: Any
) -> None:
    case.when(place(kind, **changed), **AT_COUNTER).refused(rule, saying)


def accepted(case: Case, kind: str = "activation", **changed: Any) -> order.Placed:
    event = case.when(place(kind, **changed), **AT_COUNTER).recorded(order.Placed)
    assert isinstance(event, order.Placed)
    return event


# Placing


@pytest.mark.parametrize("kind", sorted(ITEMS))
def test_an_order_of_each_kind_pins_the_procedure_in_force(kind: str) -> None:
    event = accepted(customer_of(kind), kind)
    procedure = PROCEDURES[kind]
    assert [each.step_id for each in event.steps] == [each.step_id for each in procedure.steps]
    assert [each.mandatory for each in event.steps] == [each.mandatory for each in procedure.steps]
    assert event.required_documents == procedure.required_documents
    assert event.required_checks == procedure.required_checks
    assert event.draft_expires_at == NOW + timedelta(hours=72)


def test_the_order_number_follows_from_customer_and_order() -> None:
    number = accepted(customer_of()).order_number
    assert number == accepted(customer_of()).order_number
    assert number != accepted(customer_of(), order_id="o2").order_number


def test_an_order_is_placed_at_a_counter() -> None:
    customer_of().when(place()).refused("ENV-10")


@pytest.mark.parametrize(
    ("kind", "items", "saying"),
    [
        ("activation", (item(), item("data-10")), "twice"),
        ("activation", (item("data-10"),), "adds a line"),
        ("activation", (item("router-1"),), "adds a line"),
        ("activation", (item(**MODIFY),), "does not modify"),
        ("plan_change", (item(),), "adds no line"),
        ("plan_change", (item(**MODIFY), item("plan-199", "i2", **MODIFY)), "one line"),
        ("plan_change", (item(**KEEP),), "nothing changes"),
        ("plan_change", (item("data-10", **MODIFY),), "not modified"),
        ("plan_change", (item("plan-39", **DELETE),), "does not delete"),
        ("plan_change", (item("router-1", **DELETE),), "does not delete"),
        ("service_upgrade", (item("data-10", **DELETE),), "does not delete"),
        ("service_upgrade", (item(),), "adds no line"),
        ("suspension", (item(**MODIFY), item("data-10", "i2")), "the line alone"),
        ("suspension", (item(**DELETE),), "does not delete"),
        ("sim_replacement", (item("fibre-300", **MODIFY),), "no card"),
        ("termination", (item(**MODIFY),), "does not modify"),
        ("termination", (item("data-10", **DELETE),), "the line alone"),
    ],
)
def test_items_that_do_not_fit_the_kind(kind: str, items: Any, saying: str) -> None:
    refused(customer_of(kind), "ORD-01", saying, kind, items=items)


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        ("activation", (item(), item("plan-199", "i2"), item("router-1", "i3"))),
        ("plan_change", (item("video-15", **DELETE),)),
        ("plan_change", (item("plan-199", **MODIFY), item("video-15", "i2"))),
        ("plan_change", (item(**KEEP), item("video-15", "i2", **DELETE))),
        ("service_upgrade", (item("plan-199", **MODIFY), item("router-1", "i2"))),
    ],
)
def test_items_that_fit_the_kind(kind: str, items: Any) -> None:
    accepted(customer_of(kind), kind, items=items)


def test_an_order_names_a_line_of_the_customer_that_is_in_service() -> None:
    refused(customer_of(), "ORD-02", "names no line", subscription_id=LINE)
    refused(customer_of(), "ORD-02", "no line", kind="plan_change")
    refused(customer_of("plan_change"), "ORD-02", "no line", "plan_change", subscription_id="s2")
    of_fibre = with_line(known().given(verified()), product_id="fibre-300")
    refused(of_fibre, "ORD-02", "broadband", "plan_change")


def test_only_what_is_on_sale_and_disclosed_is_ordered() -> None:
    case = customer_of()
    unknown = msgspec.structs.replace(item(), product_id="plan-0")
    refused(case, "ORD-04", "not on sale", items=(unknown,))
    refused(case, "ORD-04", "2026-1", items=(item(tariff_version="2025-9"),))
    refused(case, "ORD-04", "family mobile", items=(item(family="iot"),))
    hidden = msgspec.structs.replace(PRODUCTS["plan-39"], is_disclosed=False)
    refused(customer_of().knowing(hidden), "ORD-04", "not on sale")


def test_what_is_ended_or_suspended_may_be_off_sale() -> None:
    gone = msgspec.structs.replace(PRODUCTS["plan-39"], withdrawn_from_at=NOW - timedelta(days=1))
    for kind in ("suspension", "sim_replacement", "termination"):
        accepted(customer_of(kind).knowing(gone), kind)
    refused(customer_of().knowing(gone), "ORD-04")


def test_an_add_on_rests_on_a_base_of_a_family_that_suits() -> None:
    fibre, data = item("fibre-300"), item("data-10", "i2")
    refused(customer_of(), "ORD-05", "broadband", items=(fibre, data))
    accepted(customer_of(), items=(item(), data))
    both = (fibre, item("plan-39", "i3"), item("data-10", "i2", base_item_id="i3"))
    event = accepted(customer_of(), items=both)
    state = order.evolve(order.State(), event, customer_of().envelope("x", NOW))
    assert state.items["i2"].subscription_id == order.line_of(ORDER, "i3")
    refused(
        customer_of(), "ORD-05", "no base", items=(item(), item("data-10", "i2", base_item_id="i9"))
    )
    on_fibre = with_line(known().given(verified()), product_id="fibre-300")
    refused(on_fibre, "ORD-05", "broadband", "service_upgrade", items=(data,))
    accepted(on_fibre, "service_upgrade", items=(item("video-15", "i2"),))


def test_the_start_is_not_before_today() -> None:
    refused(customer_of(), "ORD-06", requested_start_on=TODAY - timedelta(days=1))
    accepted(customer_of(), requested_start_on=TODAY)


def test_a_line_has_one_open_order_of_a_kind() -> None:
    case = placed("plan_change")
    refused(case, "ORD-07", "open plan_change", "plan_change", order_id="o2")
    accepted(case, "suspension", order_id="o2")
    did(case, order.Abandon(order_id=ORDER, reason="changed_mind"))
    accepted(case, "plan_change", order_id="o2")


def test_nothing_is_ordered_beside_a_termination() -> None:
    refused(placed("termination"), "ORD-07", "terminated", "suspension", order_id="o2")
    refused(placed("suspension"), "ORD-07", "open suspension", "termination", order_id="o2")


def test_an_agent_orders_what_is_in_scope() -> None:
    by_agent: dict[str, Any] = {"requester": "agent", "agent_id": "a1"}
    case = with_agent(customer_of(), "activation")
    refused(case, "ORD-08", "not named", requester="agent")
    refused(case, "ORD-08", "not verified", requester="agent", agent_id="a2")
    event = accepted(case, **by_agent)
    assert event.required_documents[-2:] == ("agent_authorisation", "agent_id_copy")
    refused(with_agent(customer_of(), "payment"), "ORD-08", "activation", **by_agent)
    late = with_agent(customer_of(), "activation", hours=1)
    outcome = late.when(place(**by_agent), at=later(hours=1, seconds=1), **AT_COUNTER)
    outcome.refused("ORD-08")


def test_the_procedure_is_that_in_force_for_the_kind() -> None:
    case = customer_of()
    refused(case, "ORD-09", "proc-activation 1", procedure_id="proc-plan-change")
    refused(case, "ORD-09", "proc-activation 1", procedure_version=2)
    withdrawn = msgspec.structs.replace(PROCEDURES["activation"], withdrawn=True)
    refused(customer_of().knowing(withdrawn), "ORD-09", "no procedure")


def test_the_rules_of_placing_have_their_order() -> None:
    """Each refusal goes once what it names is put right."""
    case = customer_of("plan_change")
    wrong: dict[str, Any] = {
        "items": (item(tariff_version="old"), item("data-10", "i2")),
        "subscription_id": "s9",
        "requested_start_on": TODAY - timedelta(days=1),
        "requester": "agent",
        "procedure_version": 9,
    }
    did(case, place("plan_change", order_id="o0"))
    refused(case, "ORD-01", kind="plan_change", **wrong)
    wrong["items"] = (item(tariff_version="old", **MODIFY), item("data-10", "i2"))
    refused(case, "ORD-02", kind="plan_change", **wrong)
    wrong["subscription_id"] = LINE
    refused(case, "ORD-04", kind="plan_change", **wrong)
    wrong["items"] = (item(**MODIFY), item("data-10", "i2", base_item_id="i9"))
    refused(case, "ORD-05", kind="plan_change", **wrong)
    wrong["items"] = (item(**MODIFY),)
    refused(case, "ORD-06", kind="plan_change", **wrong)
    wrong["requested_start_on"] = TODAY
    refused(case, "ORD-07", kind="plan_change", **wrong)
    did(case, order.Abandon(order_id="o0", reason="duplicate"))
    refused(case, "ORD-08", kind="plan_change", **wrong)
    wrong["requester"] = "owner"
    refused(case, "ORD-09", kind="plan_change", **wrong)


# Form, identity, tariff


def test_the_customer_confirms_the_form() -> None:
    case = placed()
    case.when(complete_form(confirmed_by_customer=False)).refused("ORD-10")
    case.when(complete_form()).recorded(order.FormCompleted)


def test_the_verification_is_the_customers_and_still_valid() -> None:
    case = placed()
    case.when(attach_identity(verification_id="ver9")).refused("ORD-11")
    at_the_end, after = later(hours=24), later(hours=24, seconds=1)
    case.when(attach_identity(), at=after).refused("ORD-11")
    event = case.when(attach_identity(), at=at_the_end).recorded(order.IdentityAttached)
    assert event.identity_valid_until_at == at_the_end
    case.when(attach_identity(agent_id="a1")).refused("ORD-08")


PLAN_99 = item("plan-99")


def test_the_disclosure_covers_every_item_as_the_catalogue_has_it() -> None:
    case = placed(items=(PLAN_99, item("video-15", "i2")))
    case.when(disclose_tariff(PLAN_99)).refused("ORD-12", "video-15")
    for wrong in ({"monthly_fen": 9_800}, {"once_fen": 1}, {"contract_months": 0}):
        shown = (tariff_line(PLAN_99, **wrong), tariff_line(item("video-15")))
        case.when(disclose_tariff(items=shown)).refused("ORD-12", "plan-99")
    case.when(disclose_tariff(PLAN_99, item("video-15"))).recorded(order.TariffDisclosed)


def test_an_item_at_another_price_than_the_catalogue_is_never_disclosed() -> None:
    cheap = item(monthly_fen=100)
    placed(items=(cheap,)).when(disclose_tariff(cheap)).refused("ORD-12")


def test_a_tariff_that_is_no_longer_in_force_is_not_disclosed() -> None:
    case = placed()
    newer = msgspec.structs.replace(
        PRODUCTS["plan-39"],
        tariff_version="2026-2",
        tariff=msgspec.structs.replace(PRODUCTS["plan-39"].tariff, valid_from_on=date(2026, 11, 1)),
    )
    case.knowing(newer).when(disclose_tariff(item())).refused("ORD-12", "in force")


def test_the_customer_confirms_the_disclosure_and_sees_the_first_year() -> None:
    case = placed(items=(item("fibre-300"),))
    unconfirmed = disclose_tariff(item("fibre-300"), confirmed_by_customer=False)
    case.when(unconfirmed).refused("ORD-13")
    event = case.when(disclose_tariff(item("fibre-300"))).recorded(order.TariffDisclosed)
    assert event.first_year_fen == 12 * 6_900 + 10_000


def test_the_exit_fee_is_that_of_a_valid_quote() -> None:
    case = placed("plan_change", with_lock(customer_of("plan_change")))
    case.when(accept_exit_fee(17_820)).refused("ORD-14", "no such quote")
    with_quote(case)
    case.when(accept_exit_fee(17_000)).refused("ORD-14", "17820")
    case.when(accept_exit_fee(17_820), at=later(days=1)).refused("ORD-14", "no longer")
    case.when(accept_exit_fee(17_820)).recorded(order.ExitFeeAccepted)
    case.when(accept_exit_fee(17_820, accepted=False)).recorded(order.ExitFeeDeclined)


def test_an_add_on_is_confirmed_once_and_on_its_own() -> None:
    case = placed(items=(item(), item("data-10", "i2"), item("router-1", "i3")))
    for no_add_on in ("i1", "i3", "i9"):
        case.when(confirm_item(no_add_on)).refused("ORD-15", "no add-on")
    assert [type(each) for each in did(case, confirm_item())] == [order.ItemConfirmed]
    case.when(confirm_item(confirmed=False)).refused("ORD-15", "already")


def test_a_declined_add_on_leaves_the_order() -> None:
    case = placed(items=(item(), item("data-10", "i2")))
    assert [type(each) for each in did(case, confirm_item(confirmed=False))] == [order.ItemDropped]
    assert set(the_order(case).wanted) == {"i1"}
    case.when(confirm_item()).refused("ORD-15")


# The end of a draft


def test_a_draft_expires_when_its_hours_have_passed() -> None:
    case = placed()
    hours = case.value(policy.DRAFT_HOURS)
    wish, clock = order.Expire(order_id=ORDER), {"actor": "system:clock"}
    case.when(wish, at=later(hours=hours, seconds=-1), **clock).refused("ORD-57")
    event = case.when(wish, at=later(hours=hours), **clock).recorded(order.Cancelled)
    assert (event.reason, event.hall_id) == ("expired", None)
    submitted().when(wish, at=later(hours=hours), **clock).refused("ENV-12")


def test_a_draft_is_abandoned() -> None:
    wish = order.Abandon(order_id=ORDER, reason="price")
    event = placed().when(wish).recorded(order.Cancelled)
    assert (event.reason, event.hall_id, event.prepared_lines) == ("price", None, None)
    submitted().when(wish).refused("ENV-12")


def test_the_line_that_an_item_makes_follows_from_their_ids() -> None:
    assert order.line_of("o1", "i1") == "o1.i1"
    long = order.line_of("o" * 60, "i" * 60)
    assert len(long) == 32
    assert long == order.line_of("o" * 60, "i" * 60) != order.line_of("o" * 60, "i" * 59)
