"""The policy: rules POL-01 to POL-09, and that every partition is told."""

import hashlib
import sys
from typing import Any

import msgspec
import pytest

from ledger import policy as parameters
from ledger.aggregates.copies import NotePolicy
from ledger.aggregates.operator import policy
from ledger.parameter import Parameter
from ledger.policy import PolicyVersion
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.operator.office import (
    COMPLIANCE,
    LEAD,
    office,
    parameter,
    publish_policy,
    told,
)


def published(wish: policy.Publish | None = None, **before: Any) -> Case:
    """An office where a version was published as this one."""
    case = office(**before)
    event = case.when(wish or publish_policy(), **COMPLIANCE).recorded(policy.Published)
    return case.given(event, actor="o-yang")


def withdraw(policy_version: str = "2026.2") -> policy.Withdraw:
    return policy.Withdraw(policy_version=policy_version, reason="error_found")


# Publishing


def test_a_version_records_what_it_changes_and_what_it_is_as_a_whole() -> None:
    case = office(queue__max_calls=4, rating__max=10)
    event = case.when(publish_policy(), **COMPLIANCE).recorded(policy.Published)
    whole = {**case.facts.policy.parameters, "queue.max_calls": 5}
    assert event.fact == PolicyVersion(
        version="2026.2", effective_from_at=later(days=1), parameters=whole
    )
    assert event.fact_version == 1
    settings = msgspec.json.encode(whole, order="sorted")
    assert event.parameters_digest == hashlib.sha256(settings).hexdigest()


def test_the_compliance_officer_publishes_with_another_persons_approval() -> None:
    case = office()
    case.when(publish_policy(), actor="r-song", approver="m-he").refused("ENV-04")
    case.when(publish_policy(), actor="o-yang").refused("ENV-07")
    case.when(publish_policy(), actor="o-yang", approver="o-yang").refused("ENV-07", "own")
    case.when(publish_policy(), actor="o-yang", approver="s-sun").refused("ENV-07", "role")
    case.when(publish_policy(), actor="o-yang", approver="m-he").recorded(policy.Published)


def test_a_version_is_published_once() -> None:
    published().when(publish_policy(), **COMPLIANCE).refused("ENV-11")
    office().when(publish_policy(policy_version="test"), **COMPLIANCE).refused("ENV-11")


def test_a_version_changes_what_the_register_names_and_each_once() -> None:
    case = office()
    unknown = parameter("queue.no_such")
    case.when(publish_policy(unknown), **COMPLIANCE).refused("POL-01", "queue.no_such")
    case.when(publish_policy(parameter(), parameter()), **COMPLIANCE).refused("POL-01", "twice")


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("queue.max_calls", "5", "count"),
        ("queue.max_calls", True, "count"),
        ("queue.max_calls", -1, "count"),
        ("queue.max_calls", 5, "days"),
        ("refund.pay_days", 36_501, "days"),
        ("refund.same_method", 1, "bool"),
        ("approval.second_person_roles", "manager", "set"),
        ("approval.second_person_roles", {"manager": "x"}, "set"),
        ("shift.required_certifications", ["cash"], "map"),
        ("shift.required_certifications", {"counter": 1}, "map"),
    ],
)
def test_a_value_has_the_type_and_unit_of_its_parameter(name: str, value: Any, unit: str) -> None:
    wish = publish_policy(parameter(name, value, unit=unit))
    office().when(wish, **COMPLIANCE).refused("POL-02", name)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("queue.max_calls", 0, "count"),
        ("refund.pay_days", 36_500, "days"),
        ("refund.same_method", False, "bool"),
        ("approval.second_person_roles", ["manager"], "set"),
        ("shift.required_certifications", {"counter": "cash"}, "map"),
    ],
)
def test_a_value_of_the_right_type_is_taken(name: str, value: Any, unit: str) -> None:
    wish = publish_policy(parameter(name, value, unit=unit))
    event = office().when(wish, **COMPLIANCE).recorded(policy.Published)
    assert event.fact.parameters[name] == value


def test_a_version_that_no_message_could_carry_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = office()
    case.when(publish_policy(), **COMPLIANCE).recorded(policy.Published)
    monkeypatch.setattr(sys.modules[policy.decide.__module__], "MAX_BYTES", 10)
    case.when(publish_policy(), **COMPLIANCE).refused("POL-02", "too long")


def test_what_the_law_fixes_is_not_loosened() -> None:
    face = parameter("realname.face_match_required", False, unit="bool")
    office().when(publish_policy(face), **COMPLIANCE).refused("POL-03", "face_match")


@pytest.mark.parametrize(
    ("bounds", "value", "fits"),
    [
        ({"at_most": 48}, 48, True),
        ({"at_most": 48}, 49, False),
        ({"at_least": 30}, 30, True),
        ({"at_least": 30}, 29, False),
        ({"must_be": 2}, 2, True),
        ({"must_be": 2}, 3, False),
        ({}, 10**6, True),
    ],
)
def test_a_bound_is_the_loosest_value(bounds: Any, value: int, fits: bool) -> None:
    bounded = Parameter("area.name", 40, "hours", "a law", "verified", **bounds)
    assert (bounded.too_loose(value) is None) == fits


def test_every_default_is_within_its_own_bounds() -> None:
    for each in parameters.PARAMETERS:
        default = list(each.default) if isinstance(each.default, tuple) else each.default
        assert each.misfit(default) is None
        assert each.too_loose(default) is None


def test_a_version_begins_far_enough_ahead_for_all_to_know() -> None:
    case = office()
    for seconds in (-86_400, 0, LEAD - 1):
        wish = publish_policy(effective_from_at=later(seconds=seconds))
        case.when(wish, **COMPLIANCE).refused("POL-04")
    wish = publish_policy(effective_from_at=later(seconds=LEAD))
    case.when(wish, **COMPLIANCE).recorded(policy.Published)
    case.when(wish, at=NOW, recorded_at=later(seconds=1), **COMPLIANCE).refused("POL-04")


def test_a_version_follows_the_last_one() -> None:
    office().when(publish_policy(based_on="2025.1"), **COMPLIANCE).refused("POL-05", "test")
    case = published()
    third = {"policy_version": "2026.3", "based_on": "2026.2"}
    case.when(publish_policy(policy_version="2026.3"), **COMPLIANCE).refused("POL-05", "2026.2")
    at_once = publish_policy(**third, effective_from_at=later(days=1))
    case.when(at_once, **COMPLIANCE).refused("POL-05", "begins")
    after = publish_policy(
        parameter("rating.max", 7, unit="points"),
        **third,
        effective_from_at=later(days=1, seconds=1),
    )
    event = case.when(after, **COMPLIANCE).recorded(policy.Published)
    assert event.fact.parameters["queue.max_calls"] == 5
    assert event.fact.parameters["rating.max"] == 7


def test_a_version_begins_before_the_last_one_ends() -> None:
    case = published(publish_policy(effective_to_at=later(days=5)))
    third = {"policy_version": "2026.3", "based_on": "2026.2"}
    late = publish_policy(**third, effective_from_at=later(days=5, seconds=1))
    case.when(late, **COMPLIANCE).refused("POL-05", "ends")
    in_time = publish_policy(**third, effective_from_at=later(days=5))
    case.when(in_time, **COMPLIANCE).recorded(policy.Published)


def test_a_version_ends_after_it_begins() -> None:
    case = office()
    same = publish_policy(effective_to_at=later(days=1))
    case.when(same, **COMPLIANCE).refused("POL-06")
    after = publish_policy(effective_to_at=later(days=1, seconds=1))
    case.when(after, **COMPLIANCE).recorded(policy.Published)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ({"source_status": "verified"}, "POL-07"),
        ({"source_status": "from_memory", "article": "art 3"}, "POL-07"),
        ({"source_status": "practice", "source_title": "电信条例"}, "POL-07"),
        ({"source_status": "practice", "article": "art 3"}, "POL-07"),
        ({"source_status": "verified", "source_title": "MIIT tariff notice"}, None),
        ({"source_status": "practice"}, None),
    ],
)
def test_a_parameter_with_a_source_names_it(source: dict[str, Any], rule: str | None) -> None:
    outcome = office().when(publish_policy(parameter(**source)), **COMPLIANCE)
    if rule is None:
        outcome.recorded(policy.Published)
    else:
        outcome.refused(rule)


# Withdrawing


def test_a_version_that_has_not_begun_is_withdrawn() -> None:
    case = published()
    event = case.when(withdraw(), **COMPLIANCE).recorded(policy.Withdrawn)
    assert (event.fact.version, event.fact_version) == ("2026.2", 2)
    case.given(event)
    case.when(withdraw(), **COMPLIANCE).refused("ENV-12")
    again = publish_policy(policy_version="2026.3", effective_from_at=later(hours=1))
    case.when(again, **COMPLIANCE).recorded(policy.Published)


def test_the_version_in_force_or_about_to_be_is_not_withdrawn() -> None:
    office().when(withdraw("test"), **COMPLIANCE).refused("POL-08")
    published().when(withdraw("test"), **COMPLIANCE).refused("POL-08")
    case = published()
    case.when(withdraw(), at=later(days=1, seconds=1 - LEAD), **COMPLIANCE).refused("POL-08")
    case.when(withdraw(), at=later(days=1, seconds=-LEAD), **COMPLIANCE).recorded(policy.Withdrawn)


def test_a_version_past_its_end_or_followed_by_another_is_not_withdrawn() -> None:
    case = published()
    case.when(withdraw("test"), at=later(days=1), **COMPLIANCE).refused("POL-09", "2026.2")
    third = publish_policy(
        policy_version="2026.3", based_on="2026.2", effective_from_at=later(days=2)
    )
    case.given(case.when(third, **COMPLIANCE).recorded(policy.Published))
    case.when(withdraw(), **COMPLIANCE).refused("POL-09", "2026.3")
    case.when(withdraw("2026.3"), **COMPLIANCE).recorded(policy.Withdrawn)


def test_a_withdrawal_is_the_compliance_officers_with_approval() -> None:
    case = published()
    case.when(withdraw(), actor="o-zhu", approver="r-song").refused("ENV-04")
    case.when(withdraw(), actor="o-yang", approver="o-wu").refused("ENV-07")
    case.when(withdraw("2031.1"), **COMPLIANCE).refused("ENV-11")


# Precedence, and what follows


def test_a_version_is_refused_by_the_first_rule_it_breaks() -> None:
    case = office()
    loose = parameter("realname.face_match_required", False, unit="bool", source_title="x")
    wrong = {"based_on": "x", "effective_from_at": NOW, "effective_to_at": NOW}
    broken: list[Any] = [parameter("no.such"), parameter(value="x"), loose]
    for rule in ("POL-01", "POL-02", "POL-03"):
        case.when(publish_policy(*broken, **wrong), **COMPLIANCE).refused(rule)
        del broken[0]
    sourced = [parameter(source_title="x")]
    for rule, mended in (
        ("POL-04", {"effective_from_at": later(hours=1)}),
        ("POL-05", {"based_on": "test"}),
        ("POL-06", {"effective_to_at": later(hours=2)}),
        ("POL-07", {}),
    ):
        case.when(publish_policy(*sourced, **wrong), **COMPLIANCE).refused(rule)
        wrong.update(mended)


def test_every_partition_is_told_of_a_version_and_of_its_withdrawal() -> None:
    case = office()
    event = case.when(publish_policy(), **COMPLIANCE).recorded(policy.Published)
    note = NotePolicy(version=1, from_at=later(days=1), fact=event.fact)
    assert told(event, "policy/2026.2") == [note]
    case.given(event)
    gone = case.when(withdraw(), **COMPLIANCE).recorded(policy.Withdrawn)
    assert told(gone, "policy/2026.2") == [
        NotePolicy(version=2, from_at=later(days=1), fact=event.fact, withdrawn=True)
    ]
