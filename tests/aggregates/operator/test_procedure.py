"""Procedures: rules PDN-01 to PDN-09, and that every partition is told."""

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.aggregates.copies import NoteProcedure
from ledger.aggregates.operator import procedure
from ledger.dated import Dated
from ledger.entry import as_json
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.operator.office import (
    COMPLIANCE,
    LEAD,
    PRODUCTS,
    STEPS,
    office,
    publish_procedure,
    step,
    told,
)

BY_MANAGER: dict[str, Any] = {"actor": "o-yang", "approver": "m-he"}
IDENTITY, DISCLOSE, SIGN, SUBMIT = STEPS


def withdraw(version: int = 1, **changed: Any) -> procedure.Withdraw:
    said: dict[str, Any] = {
        "procedure_id": "proc-activation",
        "from_at": later(days=2),
        "reason": "business_ended",
        **changed,
    }
    return procedure.Withdraw(version=version, **said)


def published(*wishes: procedure.Publish) -> Case:
    case = office()
    for wish in wishes or [publish_procedure()]:
        case.given(case.when(wish, **PRODUCTS).recorded(procedure.Published))
    return case


# Publishing


def test_a_version_says_what_is_new_in_it() -> None:
    case = office()
    founded = case.reference.procedures["proc-activation"][-1].fact
    wish = publish_procedure(*STEPS, step("wave_goodbye"))
    event = case.when(wish, **PRODUCTS).recorded(procedure.Published)
    assert event.added == ("wave_goodbye",)
    kept = {"check_identity", "disclose_tariff", "sign_agreement", "submit"}
    assert event.removed == tuple(s.step_id for s in founded.steps if s.step_id not in kept)
    assert event.steps_digest == hashlib.sha256(as_json(wish.steps)).hexdigest()
    first = publish_procedure(step("hello"), procedure_id="p", version=1, order_kinds=("x",))
    first = replace(first, order_kinds=("suspension",))
    case.when(first, **PRODUCTS).refused("PDN-05", "proc-suspension")


def test_who_publishes_a_procedure_and_who_approves_it() -> None:
    case = office()
    case.when(publish_procedure(), actor="o-zhu").refused("ENV-07")
    case.when(publish_procedure(), actor="o-wu", approver="o-yang").refused("ENV-04")
    case.when(publish_procedure(), **BY_MANAGER).recorded(procedure.Published)


@pytest.mark.parametrize(("version", "rule"), [(1, "PDN-01"), (3, "PDN-01"), (2, None)])
def test_a_version_is_the_last_one_and_one_more(version: int, rule: str | None) -> None:
    outcome = office().when(publish_procedure(version=version), **PRODUCTS)
    if rule is None:
        outcome.recorded(procedure.Published)
    else:
        outcome.refused(rule)
    case = published()
    case.when(publish_procedure(version=3), **PRODUCTS).recorded(procedure.Published)


def test_each_step_stands_once() -> None:
    office().when(publish_procedure(*STEPS, SUBMIT), **PRODUCTS).refused("PDN-02", "submit")


def test_some_step_is_mandatory_and_a_legal_check_is_not_skipped() -> None:
    case = office()
    optional = publish_procedure(*(replace(each, mandatory=False) for each in STEPS))
    case.when(optional, **PRODUCTS).refused("PDN-03", "no step")
    skipped = publish_procedure(replace(IDENTITY, can_skip=True), DISCLOSE, SIGN, SUBMIT)
    case.when(skipped, **PRODUCTS).refused("PDN-03", "real_name")
    other = publish_procedure(IDENTITY, DISCLOSE, SIGN, SUBMIT, step("test", can_skip=True))
    case.when(other, **PRODUCTS).recorded(procedure.Published)


def test_a_version_begins_far_enough_ahead() -> None:
    case = office()
    soon = publish_procedure(effective_from_at=later(seconds=LEAD - 1))
    case.when(soon, **PRODUCTS).refused("PDN-04")
    in_time = publish_procedure(effective_from_at=later(seconds=LEAD))
    case.when(in_time, **PRODUCTS).recorded(procedure.Published)


def test_each_kind_of_order_has_one_procedure() -> None:
    wish = publish_procedure(step("hello"), procedure_id="p", version=1)
    for kind, other in (("suspension", "proc-suspension"), ("termination", "proc-termination")):
        doubled = replace(wish, order_kinds=(kind,))
        office().when(doubled, **PRODUCTS).refused("PDN-05", other)
    ended = withdraw(procedure_id="proc-suspension")
    case = office()
    case.given(case.when(ended, **BY_MANAGER).recorded(procedure.Withdrawn))
    successor = replace(wish, order_kinds=("suspension",))
    case.given(case.when(successor, **PRODUCTS).recorded(procedure.Published))
    third = replace(successor, procedure_id="q")
    case.when(third, **PRODUCTS).refused("PDN-05", "procedure p")


@pytest.mark.parametrize("kind", ["activation", "sim_replacement"])
@pytest.mark.parametrize(
    "steps",
    [
        (DISCLOSE, SIGN, SUBMIT),
        (DISCLOSE, SIGN, SUBMIT, IDENTITY),
        (replace(IDENTITY, mandatory=False), DISCLOSE, SIGN, SUBMIT),
        (replace(IDENTITY, certification=None), DISCLOSE, SIGN, SUBMIT),
        (replace(IDENTITY, certification="cash"), DISCLOSE, SIGN, SUBMIT),
    ],
)
def test_the_identity_is_checked_first(kind: Any, steps: Any) -> None:
    wish = publish_procedure(*steps, procedure_id=f"proc-{kind.replace('_', '-')}")
    office().when(replace(wish, order_kinds=(kind,)), **PRODUCTS).refused("PDN-06")


def test_a_suspension_needs_no_card_holder() -> None:
    wish = publish_procedure(SUBMIT, procedure_id="proc-suspension", order_kinds=("suspension",))
    office().when(wish, **PRODUCTS).recorded(procedure.Published)


@pytest.mark.parametrize(
    "steps",
    [
        (IDENTITY, SIGN, DISCLOSE, SUBMIT),
        (IDENTITY, SIGN, SUBMIT),
        (IDENTITY, DISCLOSE, SUBMIT, SIGN),
        (IDENTITY, DISCLOSE, SIGN),
    ],
)
def test_the_tariff_is_disclosed_before_the_agreement(steps: Any) -> None:
    office().when(publish_procedure(*steps), **PRODUCTS).refused("PDN-07")


def test_a_procedure_without_an_agreement_needs_no_disclosure() -> None:
    office().when(publish_procedure(IDENTITY, SUBMIT), **PRODUCTS).recorded(procedure.Published)


def test_a_version_is_refused_by_the_first_rule_it_breaks() -> None:
    case = office()
    said: dict[str, Any] = {
        "version": 9,
        "effective_from_at": NOW,
        "order_kinds": ("activation", "suspension"),
    }
    steps = [SIGN, SIGN]
    for rule, mended, step_list in (
        ("PDN-01", {"version": 2}, steps),
        ("PDN-02", {}, [replace(SIGN, mandatory=False)]),
        ("PDN-03", {}, [SIGN]),
        ("PDN-04", {"effective_from_at": later(hours=1)}, [SIGN]),
        ("PDN-05", {"order_kinds": ("activation",)}, [SIGN]),
        ("PDN-06", {}, [IDENTITY, SIGN]),
        ("PDN-07", {}, []),
    ):
        case.when(publish_procedure(*steps, **said), **PRODUCTS).refused(rule)
        said.update(mended)
        steps = step_list


# Withdrawing


def test_a_version_that_has_not_begun_gives_way_to_the_one_before() -> None:
    case = published()
    founded = case.reference.procedures["proc-activation"][-1].fact
    back = withdraw(2, reason="error")
    event = case.when(back, **BY_MANAGER).recorded(procedure.Withdrawn)
    assert event.facts == (Dated(2, later(days=1), founded),)
    assert not event.ended
    case.given(event)
    case.when(back, **BY_MANAGER).refused("PDN-09")
    case.when(publish_procedure(version=2), **PRODUCTS).refused("PDN-01")
    case.when(publish_procedure(version=3), **PRODUCTS).recorded(procedure.Published)


def test_the_version_in_force_ends_only_with_the_business() -> None:
    case = office()
    case.when(withdraw(reason="error"), **BY_MANAGER).refused("PDN-09", "instead")
    soon = withdraw(from_at=later(seconds=LEAD - 1))
    case.when(soon, **BY_MANAGER).refused("PDN-04")
    event = case.when(withdraw(), **BY_MANAGER).recorded(procedure.Withdrawn)
    assert event.ended
    (dated,) = event.facts
    assert (dated.from_at, dated.fact.withdrawn) == (later(days=2), True)
    case.given(event)
    assert case.states["procedure/proc-activation"].status == "withdrawn"
    case.when(withdraw(), **BY_MANAGER).refused("ENV-12")
    case.when(publish_procedure(), **PRODUCTS).recorded(procedure.Published)


def test_a_version_about_to_begin_is_in_force() -> None:
    case = published()
    late = {"at": later(days=1, seconds=1 - LEAD), **BY_MANAGER}
    case.when(withdraw(2, reason="error"), **late).refused("PDN-09", "instead")


def test_only_the_newest_version_is_withdrawn() -> None:
    case = published()
    case.when(withdraw(1), **BY_MANAGER).refused("PDN-09", "2")
    case.when(withdraw(3), **BY_MANAGER).refused("PDN-09", "2")
    case.when(withdraw(2), **COMPLIANCE).refused("ENV-07")


def test_a_business_that_ends_after_an_announcement_was_taken_back_ends() -> None:
    case = published()
    taken_back = withdraw(2, reason="error")
    case.given(case.when(taken_back, **BY_MANAGER).recorded(procedure.Withdrawn))
    event = case.when(withdraw(1, from_at=later(hours=2)), **BY_MANAGER)
    assert event.recorded(procedure.Withdrawn).ended


# What follows


def test_every_partition_is_told_of_a_version_and_of_its_end() -> None:
    case = office()
    event = case.when(publish_procedure(), **PRODUCTS).recorded(procedure.Published)
    fact = procedure.procedure_of(publish_procedure())
    assert (fact.version, fact.steps, fact.order_kinds) == (2, STEPS, ("activation",))
    note = NoteProcedure(version=1, from_at=later(days=1), fact=fact)
    assert told(event, "procedure/proc-activation") == [note]
    ended = case.when(withdraw(), **BY_MANAGER).recorded(procedure.Withdrawn)
    (gone,) = told(ended, "procedure/proc-activation")
    assert (gone.version, gone.from_at, gone.fact.withdrawn) == (1, later(days=2), True)
