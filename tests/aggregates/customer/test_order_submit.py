"""An order is submitted when everything stands: ORD-03, and ORD-30 to ORD-40."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.aggregates.customer import customer, order
from ledger.dated import Dated
from ledger.facts import Calendar
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    BY_REACTOR,
    LINE,
    ORDER,
    PROCEDURES,
    PRODUCTS,
    TODAY,
    accept_exit_fee,
    assess_iot_risk,
    attach_document,
    attach_identity,
    complete_form,
    complete_step,
    confirm_item,
    disclose_tariff,
    item,
    override_check,
    place,
    run_check,
    sign_agreement,
)
from tests.aggregates.customer.order_stages import (
    customer_of,
    did,
    drafted,
    gathered,
    placed,
    started,
    submit,
    submitted,
    the_order,
    with_bill,
    with_line,
    with_lock,
    with_quote,
)

MODIFY: dict[str, Any] = {"action": "modify"}


def refused(case: Case, rule: str, saying: str = "", at: datetime = NOW, **changed: Any) -> None:
    case.when(submit(case, **changed), at=at, **AT_COUNTER).refused(rule, saying)


def accepted(case: Case, at: datetime = NOW, **who: Any) -> order.Acknowledged:
    outcome = case.when(submit(case), at=at, **{**AT_COUNTER, **who})
    return outcome.recorded(order.Submitted, order.Acknowledged)[1]


@pytest.mark.parametrize("kind", sorted(PROCEDURES))
def test_a_complete_draft_of_each_kind_is_acknowledged(kind: str) -> None:
    event = accepted(drafted(kind))
    assert (event.kind, event.items_count) == (kind, 1)
    assert (event.lines is not None) == (kind == "activation")


def test_the_identity_is_attached_and_still_valid() -> None:
    refused(drafted(without={"identity"}), "ORD-03", "no identity")
    case = drafted()
    accepted(case, later(hours=24))
    refused(case, "ORD-03", "valid until", at=later(hours=24, seconds=1))


def test_the_numbers_of_a_person_stay_within_the_limit() -> None:
    case = drafted()
    for number in range(4):
        with_line(case, f"s{number}")
    accepted(case)
    with_line(case, "s4")
    refused(case, "ORD-30", "6 numbers, 5")


def test_an_order_of_two_lines_counts_for_both() -> None:
    case = drafted(items=(item(), item("plan-199", "i2")))
    for number in range(3):
        with_line(case, f"s{number}")
    accepted(case)
    with_line(case, "s3")
    refused(case, "ORD-30")


def test_lines_of_submitted_orders_count_and_those_of_drafts_do_not() -> None:
    case = drafted()
    for number in range(4):
        with_line(case, f"s{number}")
    did(case, place(order_id="o2"))
    accepted(case)
    case.given(
        order.Acknowledged(
            order_id="o2", kind="activation", expected_completion_at=NOW, items_count=1
        )
    )
    refused(case, "ORD-30")
    case.given(order.Cancelled(order_id="o2", reason="price"))
    accepted(case)


def test_a_line_in_service_counts_once_though_its_order_is_open() -> None:
    case = started()
    completed = order.ItemCompleted(
        order_id=ORDER, item_id="i1", effective_at=NOW, point_of_no_return=True
    )
    case.given(completed)
    assert case.register.orders.lines_added(("mobile",)) == 0


def test_what_is_not_counted_has_no_limit() -> None:
    case = drafted(items=(item("fibre-300"),))
    for number in range(9):
        with_line(case, f"s{number}")
    accepted(case)


def test_a_listed_person_receives_no_new_line_but_keeps_those_held() -> None:
    listing = customer.ListRestriction(
        listing_id="li1",
        category="card_dealer",
        from_on=TODAY,
        until_on=TODAY,
        authority="city police",
    )
    listed = customer.Listed.of(listing)
    refused(drafted().given(listed), "ORD-31")
    accepted(drafted().given(listed), later(hours=14))
    accepted(drafted("plan_change").given(listed))


def test_the_form_is_completed() -> None:
    refused(drafted(without={"form", "agreement"}), "ORD-32")


def test_the_tariff_is_disclosed_where_something_is_sold() -> None:
    refused(drafted(without={"disclosure", "agreement"}), "ORD-33")
    accepted(drafted("suspension"))


def test_every_add_on_is_confirmed() -> None:
    items = (item(), item("video-15", "i2"))
    case = drafted(items=items, without={"confirmation"})
    refused(case, "ORD-34", "i2")
    did(case, confirm_item())
    accepted(case)
    declined = drafted(items=items, without={"confirmation"})
    did(declined, confirm_item(confirmed=False))
    assert accepted(declined).items_count == 1


def test_the_agreement_is_signed_where_the_kind_or_a_term_asks_for_it() -> None:
    refused(drafted(without={"agreement"}), "ORD-35")
    accepted(drafted("service_upgrade"))
    binding = (item("plan-99", **MODIFY),)
    case = drafted("service_upgrade", items=binding, without={"agreement"})
    refused(case, "ORD-35")
    did(case, sign_agreement(term_months=12, exit_fee_percent=30))
    accepted(case)


@pytest.mark.parametrize("kind", ["plan_change", "termination"])
def test_the_exit_fee_of_a_standing_contract_is_accepted(kind: str) -> None:
    case = with_quote(with_lock(customer_of(kind)))
    placed(kind, case)
    did(case, accept_exit_fee(17_820))
    gathered(case)
    accepted(case)
    did(case, accept_exit_fee(17_820, accepted=False))
    refused(case, "ORD-36")


def test_a_contract_that_has_run_out_or_is_not_touched_needs_no_fee() -> None:
    accepted(drafted("plan_change", with_lock(customer_of("plan_change"), until_on=TODAY)))
    locked = with_lock(customer_of("service_upgrade"))
    accepted(drafted("service_upgrade", locked))
    accepted(drafted("suspension", with_lock(customer_of("suspension"))))


def test_a_line_is_terminated_when_nothing_is_owed() -> None:
    case = drafted("termination")
    with_bill(case)
    refused(case, "ORD-37", "5000 fen")
    in_debt = drafted("plan_change")
    accepted(with_bill(in_debt))


def test_an_iot_line_has_passed_its_assessment() -> None:
    case = drafted(items=(item("iot-10"),), without={"iot"})
    refused(case, "ORD-38", "missing")
    did(case, assess_iot_risk("failed"), actor="o-yang")
    refused(case, "ORD-38", "failed")
    did(case, assess_iot_risk(), actor="o-yang")
    accepted(case)


def test_every_required_check_is_passed_or_overridden() -> None:
    refused(drafted(without={"checks"}), "ORD-39", "real_name is missing")
    procedure = msgspec.structs.replace(
        PROCEDURES["suspension"], required_checks=("document_set", "real_name")
    )
    case = placed("suspension", customer_of("suspension").knowing(procedure))
    gathered(case)
    did(case, run_check("document_set", "failed"))
    refused(case, "ORD-39", "document_set is failed")
    did(case, override_check(), approver="s-sun")
    accepted(case)
    did(case, run_check("real_name", "failed"))
    refused(case, "ORD-39", "real_name is failed")
    did(case, run_check("real_name", "not_applicable"))
    accepted(case)


def test_every_required_document_is_attached() -> None:
    case = drafted(without={"documents"})
    refused(case, "ORD-39", "id_copy")
    did(case, attach_document())
    accepted(case)
    on_screen = drafted("service_upgrade", without={"disclosure"})
    did(on_screen, disclose_tariff(item("data-10"), method="screen", document_id=None))
    refused(on_screen, "ORD-39", "tariff_disclosure")


def test_the_totals_are_the_sums_of_the_items() -> None:
    case = drafted(items=(item(), item("router-1", "i2")))
    refused(case, "ORD-40", "29900 fen once and 3900", total_once_fen=0)
    refused(case, "ORD-40", "29900 fen once and 3900", total_monthly_fen=3_899)
    accepted(case)


def test_every_mandatory_step_before_is_done() -> None:
    refused(drafted(without={"steps"}), "ORD-40", "check_identity")
    procedure = msgspec.structs.replace(
        PROCEDURES["suspension"], steps=PROCEDURES["suspension"].steps[:2]
    )
    unsubmitted = placed("suspension", customer_of("suspension").knowing(procedure))
    for each in (attach_identity(), complete_form(), run_check(), complete_step("check_identity")):
        did(unsubmitted, each)
    refused(unsubmitted, "ORD-40", "tell_fee_and_term")
    did(unsubmitted, complete_step("tell_fee_and_term"))
    accepted(unsubmitted)


def test_an_order_with_nothing_left_is_not_submitted() -> None:
    case = drafted("service_upgrade", without={"confirmation"})
    did(case, confirm_item("i1", confirmed=False))
    refused(case, "ORD-40", "no item is left")


def test_who_comes_before_what() -> None:
    case = placed()
    for number in range(5):
        with_line(case, f"s{number}")
    refused(case, "ORD-03", total_once_fen=1)
    did(case, attach_identity())
    refused(case, "ORD-30", total_once_fen=1)


def test_the_rules_of_submitting_have_their_order() -> None:
    """A draft that breaks all of them is put right one by one."""
    base = item(item_id="i3")
    items = (item("iot-10"), base, item("video-15", "i2", base_item_id="i3"))
    case = placed(items=items)
    case.given(
        customer.Listed.of(
            customer.ListRestriction(
                listing_id="li1",
                category="fraud_offender",
                from_on=TODAY,
                until_on=TODAY,
                authority="city police",
            )
        )
    )
    did(case, attach_identity())
    wrong: dict[str, Any] = {"total_once_fen": 1}
    refused(case, "ORD-31", **wrong)
    case.given(customer.ListingLifted.of(customer.LiftListing(listing_id="li1", reason="error")))
    refused(case, "ORD-32", **wrong)
    did(case, complete_form())
    refused(case, "ORD-33", **wrong)
    did(case, disclose_tariff(*items))
    refused(case, "ORD-34", **wrong)
    did(case, confirm_item())
    refused(case, "ORD-35", **wrong)
    did(case, sign_agreement())
    refused(case, "ORD-38", **wrong)
    did(case, assess_iot_risk(), actor="o-yang")
    refused(case, "ORD-39", **wrong)
    for check in the_order(case).required_checks:
        did(case, run_check(check))
    did(case, attach_document())
    refused(case, "ORD-40", **wrong)


def test_what_a_line_owes_has_its_order() -> None:
    case = with_bill(with_quote(with_lock(customer_of("termination"))))
    placed("termination", case)
    did(case, attach_identity())
    did(case, complete_form())
    refused(case, "ORD-36")
    did(case, accept_exit_fee(17_820))
    refused(case, "ORD-37")


# When it should be done

THE_DAY_AFTER = timedelta(days=1)


def expected(case: Case, **who: Any) -> datetime:
    return accepted(case, **who).expected_completion_at


def test_a_mobile_line_or_any_change_is_due_within_a_day() -> None:
    assert expected(drafted()) == later(hours=24)
    assert expected(drafted("termination")) == later(hours=24)
    assert expected(drafted(items=(item("iot-10"),))) == later(hours=24)


def test_broadband_has_working_days_by_the_calendar() -> None:
    """16 working days after Tuesday 3 November are Wednesday 25 November; 20 are 1 December."""
    fibre: dict[str, Any] = {"items": (item("fibre-300"),)}
    end_of_25th = datetime.fromisoformat("2026-11-26T00:00:00+08:00")
    assert expected(drafted(**fibre)) == end_of_25th
    rural = drafted(case=customer_of().hall("renmin", area="rural"), **fibre)
    assert expected(rural) == datetime.fromisoformat("2026-12-02T00:00:00+08:00")
    case = drafted(**fibre)
    holidays = Calendar(year=2026, holidays=(date(2026, 11, 9),))
    case.reference.calendars[2026] = (Dated(0, NOW, holidays),)
    assert expected(case) == end_of_25th + THE_DAY_AFTER


def test_a_fixed_line_has_days_and_the_slowest_item_counts() -> None:
    phone = msgspec.structs.replace(PRODUCTS["plan-39"], product_id="phone-1", family="fixed_line")
    ordered = item(product_id="plan-39")
    ordered = msgspec.structs.replace(ordered, product_id="phone-1", family="fixed_line")
    items = (ordered, item(item_id="i2"))
    case = drafted(case=customer_of().knowing(phone), items=items)
    assert expected(case) == later(days=25)
    rural = customer_of().knowing(phone).hall("renmin", area="rural")
    assert expected(drafted(case=rural, items=items)) == later(days=30)


def test_a_change_of_broadband_is_no_installation() -> None:
    case = with_line(customer_of(), LINE, "fibre-300")
    items = (item("fibre-300", **MODIFY),)
    assert expected(drafted("plan_change", case, items=items)) == later(hours=24)


def test_a_submitted_order_is_not_submitted_again() -> None:
    refused(submitted(), "ENV-12")
    case = submitted()
    assert the_order(case).hall_id == "renmin"
    assert case.register.orders.open[ORDER].submitted
    case.when(submit(case), **BY_REACTOR).refused("ENV-03")


def test_a_terminated_customer_returns_before_ordering_again() -> None:
    case = drafted()
    ended = customer.Terminated(reason="last_line_ended", retention_until_on=date(2028, 11, 3))
    refused(case.given(ended), "ORD-03", "terminated")
