"""Products: rules PRD-01 to PRD-15, and that every partition is told."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.aggregates.copies import NoteProduct
from ledger.aggregates.model import FollowOn, Settled
from ledger.aggregates.operator import product
from ledger.values import local_midnight
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.operator.office import (
    CLOCK,
    LEAD,
    OPERATOR,
    PRODUCTS,
    TOMORROW,
    disclose,
    office,
    publish_product,
    sample_product,
    tariff,
    told,
    withdraw_product,
)

MIDNIGHT = local_midnight(TOMORROW)
WEEK = TOMORROW + timedelta(days=7)
BUNDLE: dict[str, Any] = {"product_id": "home", "kind": "bundle", "component_ids": ("plan-39",)}


def published(*wishes: product.Publish, **parameters: Any) -> Case:
    case = office(**parameters)
    for wish in wishes:
        case.given(case.when(wish, **PRODUCTS).recorded(product.Published))
    return case


def disclosed(*wishes: product.Publish) -> Case:
    case = published(*wishes)
    for wish in wishes:
        case.given(case.when(disclose(wish), actor="o-zhu").recorded(product.Disclosed))
    return case


def status(case: Case, product_id: str) -> str:
    return case.states[f"product/{product_id}"].status


# Publishing


def test_a_product_is_published_by_its_manager_and_the_compliance_officer() -> None:
    case = office()
    case.when(publish_product(), actor="o-zhu").refused("ENV-07")
    case.when(publish_product(), actor="o-yang", approver="o-yang").refused("ENV-04")
    event = case.when(publish_product(), **PRODUCTS).recorded(product.Published)
    assert event.fact_version == 1
    assert status(case.given(event), "plan-59") == "published"


def test_a_product_that_the_ledger_was_founded_with_gets_another_tariff_version() -> None:
    case = office()
    same = publish_product("plan-39", tariff_version="2026-1")
    case.when(same, **PRODUCTS).refused("PRD-08", "before")
    another = publish_product("plan-39", tariff_version="2026-2")
    case.given(case.when(another, **PRODUCTS).recorded(product.Published))
    assert status(case, "plan-39") == "disclosed"


@pytest.mark.parametrize("name", ["structure", "charging_rule", "services", "conditions"])
def test_a_tariff_says_all_that_it_must(name: str) -> None:
    wish = publish_product(tariff=tariff(**{name: "  "}))
    office().when(wish, **PRODUCTS).refused("PRD-01", name)


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
def test_a_validity_that_nobody_means_is_a_typing_error(year: int) -> None:
    wish = publish_product(tariff=tariff(date(year, 12, 31)))
    office().when(wish, **PRODUCTS).refused("PRD-01", "2000")
    wish = publish_product(tariff=tariff(valid_to_on=date(year, 12, 31)))
    office().when(wish, **PRODUCTS).refused("PRD-01", "2000")


@pytest.mark.parametrize(
    "changed",
    [
        {"family": "add_on"},
        {"kind": "add_on", "base_families": ("mobile",)},
        {"family": "device"},
        {"kind": "device"},
        {"family": "add_on", "kind": "add_on"},
        {"base_families": ("mobile",)},
        {"kind": "bundle"},
        {"component_ids": ("plan-39",)},
    ],
)
def test_family_and_kind_fit(changed: dict[str, Any]) -> None:
    office().when(publish_product(**changed), **PRODUCTS).refused("PRD-02")


@pytest.mark.parametrize(
    "changed",
    [
        {"family": "add_on", "kind": "add_on", "base_families": ("mobile",)},
        {"family": "device", "kind": "device"},
        {"kind": "bundle", "component_ids": ("plan-39", "fibre-300")},
        {"kind": "service_fee"},
    ],
)
def test_add_ons_bundles_and_devices_are_published(changed: dict[str, Any]) -> None:
    office().when(publish_product(**changed), **PRODUCTS).recorded(product.Published)


def test_each_part_of_a_bundle_is_on_sale_as_a_single_item() -> None:
    single = publish_product("voice")
    bundle = publish_product("pair", kind="bundle", component_ids=("plan-39", "voice"))
    office().when(bundle, **PRODUCTS).refused("PRD-03", "voice")
    published(single).when(bundle, **PRODUCTS).refused("PRD-03", "voice")
    case = disclosed(single)
    case.given(case.when(bundle, **PRODUCTS).recorded(product.Published))
    case.given(case.when(disclose(bundle), actor="o-zhu").recorded(product.Disclosed))
    of_bundles = publish_product("all", kind="bundle", component_ids=("pair",))
    case.when(of_bundles, **PRODUCTS).refused("PRD-03", "pair")


def test_no_offer_is_for_customers_who_port_in_only() -> None:
    for words in ("仅限携入用户", "携号转网客户专享"):
        wish = publish_product(tariff=tariff(conditions=words))
        office().when(wish, **PRODUCTS).refused("PRD-04")


def test_a_validity_begins_far_enough_ahead_and_ends_after_it_begins() -> None:
    in_time = {"at": MIDNIGHT - timedelta(seconds=LEAD), **PRODUCTS}
    case = office()
    case.when(publish_product(), **in_time).recorded(product.Published)
    in_time["at"] += timedelta(seconds=1)
    case.when(publish_product(), **in_time).refused("PRD-05")
    backwards = publish_product(tariff=tariff(valid_to_on=TOMORROW))
    case.when(backwards, **PRODUCTS).refused("PRD-05", "ends")
    two_days = publish_product(tariff=tariff(valid_to_on=TOMORROW + timedelta(days=1)))
    case.when(two_days, **PRODUCTS).recorded(product.Published)


def test_a_validity_is_no_longer_than_what_is_set() -> None:
    case = office(tariff__validity_max_months=24)
    open_ended = publish_product()
    case.when(open_ended, **PRODUCTS).refused("PRD-06")
    longest = publish_product(tariff=tariff(valid_to_on=date(2028, 11, 3)))
    case.when(longest, **PRODUCTS).recorded(product.Published)
    longer = publish_product(tariff=tariff(valid_to_on=date(2028, 11, 4)))
    case.when(longer, **PRODUCTS).refused("PRD-06")
    office().when(longer, **PRODUCTS).recorded(product.Published)


def test_a_contract_names_what_leaving_it_costs() -> None:
    fee = {"exit_fee_rule": "fixed", "exit_fee_text": "一百元"}
    case = office()
    for incomplete in (
        {"contract_months": 12},
        {"contract_months": 12, "exit_fee_rule": "fixed"},
        {"contract_months": 12, "exit_fee_text": "一百元"},
        {"contract_months": 12, **fee, "exit_fee_text": " "},
        {"lock": True, **fee},
    ):
        case.when(publish_product(**incomplete), **PRODUCTS).refused("PRD-07")
    bound = publish_product(contract_months=12, lock=True, **fee)
    case.when(bound, **PRODUCTS).recorded(product.Published)


def test_few_tariff_versions_of_a_product_stand_at_a_time() -> None:
    six = [publish_product(tariff_version=f"v{number}") for number in range(6)]
    case = published(*six)
    seventh = publish_product(tariff_version="v6")
    case.when(seventh, **PRODUCTS).refused("PRD-08", "6 tariff versions")
    gone = withdraw_product(product_id="plan-59", tariff_version="v0")
    case.given(case.when(gone, **PRODUCTS).recorded(product.Withdrawn))
    case.given(case.when(seventh, **PRODUCTS).recorded(product.Published))
    case.when(six[0], **PRODUCTS).refused("PRD-08", "before")


def test_a_tariff_has_its_filing_number() -> None:
    office().when(publish_product(filing_no=" "), **PRODUCTS).refused("PRD-09")


def test_a_product_is_refused_by_the_first_rule_it_breaks() -> None:
    case = office(tariff__validity_max_months=1)
    wrong: dict[str, Any] = {
        "product_id": "plan-39",
        "tariff_version": "2026-1",
        "kind": "bundle",
        "contract_months": 12,
        "filing_no": " ",
    }
    tariffs: dict[str, Any] = {"services": " ", "conditions": "携入", "valid_from_on": NOW.date()}
    for rule, mended, said in (
        ("PRD-01", {}, {"services": "全国"}),
        ("PRD-02", {"component_ids": ("nothing",)}, {}),
        ("PRD-03", {"component_ids": ("fibre-300",)}, {}),
        ("PRD-04", {}, {"conditions": "实名登记"}),
        ("PRD-05", {}, {"valid_from_on": TOMORROW}),
        ("PRD-06", {}, {"valid_to_on": WEEK}),
        ("PRD-07", {"contract_months": 0}, {}),
        ("PRD-08", {"product_id": "plan-59"}, {}),
        ("PRD-09", {}, {}),
    ):
        wish = publish_product(tariff=tariff(**tariffs), **{"product_id": "x", **wrong})
        case.when(wish, **PRODUCTS).refused(rule)
        wrong.update(mended)
        tariffs.update(said)


# Disclosing


def test_what_is_made_public_is_what_was_published() -> None:
    wish = publish_product()
    case = published(wish)
    other = disclose(publish_product(filing_no="x"))
    case.when(other, actor="o-zhu").refused("PRD-11")
    case.when(disclose(wish, tariff_version="2"), actor="o-zhu").refused("PRD-11", "stands")
    event = case.when(disclose(wish), actor="o-zhu").recorded(product.Disclosed)
    assert event.fact == replace(product.product_of(wish), is_disclosed=True)
    assert event.fact_version == 2
    assert status(case.given(event), "plan-59") == "disclosed"
    case.when(disclose(wish), actor="system:web").recorded(product.Disclosed)
    case.when(disclose(wish), actor="c-li").refused("ENV-04")
    office().when(disclose(wish), actor="o-zhu").refused("ENV-11")


@pytest.mark.parametrize(
    ("places", "rule"),
    [
        (("website",), "PRD-12"),
        (("hall_board", "hotline"), "PRD-12"),
        (("app", "hall_screen"), None),
    ],
)
def test_a_tariff_is_public_online_and_in_the_halls(places: Any, rule: str | None) -> None:
    wish = publish_product()
    outcome = published(wish).when(disclose(wish, places=places), actor="o-zhu")
    if rule is None:
        outcome.recorded(product.Disclosed)
    else:
        outcome.refused(rule)


def test_a_disclosure_is_refused_by_the_first_rule_it_breaks() -> None:
    wish = publish_product()
    wrong = disclose(publish_product(filing_no="x"), places=("app",))
    published(wish).when(wrong, actor="o-zhu").refused("PRD-11")


def test_a_disclosure_ends_and_the_tariff_may_be_disclosed_again() -> None:
    wish = publish_product()
    case = disclosed(wish)
    end = product.EndDisclosure(
        product_id="plan-59", tariff_version="2026-1", reason="error_in_text"
    )
    case.when(replace(end, tariff_version="x"), actor="o-zhu").refused("PRD-11")
    event = case.when(end, actor="o-yang").recorded(product.DisclosureEnded)
    assert not event.fact.is_disclosed
    case.given(event)
    assert status(case, "plan-59") == "published"
    case.when(end, actor="o-zhu").refused("ENV-12")
    case.when(disclose(wish), actor="o-zhu").recorded(product.Disclosed)


# Withdrawing


def test_a_product_is_withdrawn_whole_or_one_tariff_version_of_it() -> None:
    two = [publish_product(), publish_product(tariff_version="2026-2")]
    one = withdraw_product(product_id="plan-59", tariff_version="2026-2")
    case = disclosed(*two)
    event = case.when(one, **PRODUCTS).recorded(product.Withdrawn)
    assert [each.tariff_version for each in event.facts] == ["2026-2"]
    assert status(case.given(event), "plan-59") == "disclosed"
    case.when(one, at=later(seconds=1), **PRODUCTS).refused("PRD-13")
    whole = withdraw_product(product_id="plan-59", from_at=later(days=1))
    event = disclosed(*two).when(whole, **PRODUCTS).recorded(product.Withdrawn)
    assert [each.withdrawn_from_at for each in event.facts] == [later(days=1)] * 2
    case.given(event)
    assert status(case, "plan-59") == "withdrawn"
    case.when(whole, **PRODUCTS).refused("ENV-12")
    case.when(two[0], **PRODUCTS).refused("ENV-12")


def test_nothing_is_withdrawn_backwards_or_twice() -> None:
    case = office()
    backwards = withdraw_product(from_at=later(seconds=-1))
    case.when(backwards, **PRODUCTS).refused("PRD-13", "passed")
    unknown = withdraw_product(tariff_version="x")
    case.when(unknown, **PRODUCTS).refused("PRD-13", "stands")
    case.when(withdraw_product(), **PRODUCTS).recorded(product.Withdrawn)


def test_a_single_item_outlives_the_bundle_that_it_is_part_of() -> None:
    case = disclosed(publish_product(**BUNDLE))
    at_once = withdraw_product(from_at=later(days=2))
    case.when(at_once, **PRODUCTS).refused("PRD-14", "home")
    # Before the bundle is on sale, nobody misses the single item.
    case.when(withdraw_product(), **PRODUCTS).recorded(product.Withdrawn)
    gone = withdraw_product(product_id="home", from_at=later(days=2))
    case.given(case.when(gone, **PRODUCTS).recorded(product.Withdrawn))
    case.when(at_once, **PRODUCTS).recorded(product.Withdrawn)


def test_one_of_two_tariffs_of_a_bundles_part_may_go() -> None:
    other = publish_product("plan-39", tariff_version="2026-2")
    case = published(other)
    bundle = publish_product(**BUNDLE)
    case.given(case.when(bundle, **PRODUCTS).recorded(product.Published))
    case.given(case.when(disclose(bundle), actor="o-zhu").recorded(product.Disclosed))
    one = withdraw_product(tariff_version="2026-1", from_at=later(days=2))
    case.when(one, **PRODUCTS).refused("PRD-14")
    case.given(case.when(disclose(other), actor="o-zhu").recorded(product.Disclosed))
    case.when(one, **PRODUCTS).recorded(product.Withdrawn)


# Expiring


MARK = product.MarkExpired(product_id="plan-59", tariff_version="2026-1")
ENDING = publish_product(tariff=tariff(valid_to_on=WEEK))
EXPIRES_AT = local_midnight(WEEK + timedelta(days=1))


def test_a_tariff_version_expires_the_day_after_its_last() -> None:
    case = disclosed(ENDING)
    early = EXPIRES_AT - timedelta(seconds=1)
    case.when(MARK, at=early, **CLOCK).refused("PRD-15", "valid to")
    event = case.when(MARK, at=EXPIRES_AT, **CLOCK).recorded(product.Withdrawn)
    assert (event.reason, event.from_at, event.facts) == ("validity_over", EXPIRES_AT, ())
    case.given(event)
    case.when(MARK, at=EXPIRES_AT, **CLOCK).refused("PRD-15")
    again = publish_product(tariff_version="2026-2", tariff=tariff(date(2026, 12, 1)))
    case.when(again, **PRODUCTS).recorded(product.Published)


def test_a_tariff_version_without_an_end_never_expires() -> None:
    published(publish_product()).when(MARK, at=EXPIRES_AT, **CLOCK).refused("PRD-15")
    disclosed(ENDING).when(MARK, at=EXPIRES_AT, actor="o-zhu").refused("ENV-03")


# What follows


def test_every_partition_is_told_of_a_product() -> None:
    case = office()
    event = case.when(publish_product(), **PRODUCTS).recorded(product.Published)
    fact = replace(
        sample_product(),
        product_id="plan-59",
        name="畅享套餐59元",
        filing_no="资费2026-059",
        tariff=tariff(),
        is_disclosed=False,
    )
    assert told(event, "product/plan-59") == [NoteProduct(version=1, from_at=NOW, fact=fact)]
    case.given(event)
    event = case.when(disclose(publish_product()), actor="o-zhu").recorded(product.Disclosed)
    known = NoteProduct(version=2, from_at=NOW, fact=replace(fact, is_disclosed=True))
    assert told(event, "product/plan-59") == [known]
    case.given(event)
    whole = withdraw_product(product_id="plan-59")
    event = case.when(whole, **PRODUCTS).recorded(product.Withdrawn)
    gone = replace(fact, is_disclosed=True, withdrawn_from_at=NOW)
    assert told(event, "product/plan-59") == [NoteProduct(version=3, from_at=NOW, fact=gone)]


def test_a_tariff_version_is_marked_when_it_expires_unless_it_is_withdrawn() -> None:
    case = office()
    event = case.when(ENDING, **PRODUCTS).recorded(product.Published)
    envelope = case.envelope("product.publish.v1", NOW)
    timer = FollowOn("expire.2026-1", OPERATOR, MARK, EXPIRES_AT)
    assert timer in reactions(event, envelope, "product/plan-59")
    case.given(event)
    whole = withdraw_product(product_id="plan-59")
    gone = case.when(whole, **PRODUCTS).recorded(product.Withdrawn)
    assert Settled("expire.2026-1") in reactions(gone, envelope, "product/plan-59")
    expired = case.when(MARK, at=EXPIRES_AT, **CLOCK).recorded(product.Withdrawn)
    assert reactions(expired, envelope, "product/plan-59") == []
