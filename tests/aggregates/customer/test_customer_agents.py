"""Who comes in the customer's place, and what changes of the document: rules CUS-08 to CUS-16."""

from datetime import date, datetime
from typing import Any

import pytest

from ledger.aggregates.customer import customer
from tests.aggregates.case import NOW, later
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    BY_CONTACT,
    CONTACT_DIGEST,
    DIGEST,
    SEALED,
    SUBJECT,
    Case,
    agent_verified,
    known,
    registered,
    verified,
    verify_agent,
)

REVOKE = customer.RevokeAgent(agent_id="agent1", reason="principal_asked")


# Agents


def test_an_agent_is_verified_for_a_day_and_only_within_scope() -> None:
    case = known()
    event = case.when(verify_agent(), **AT_COUNTER).recorded(customer.AgentVerified)
    assert event.valid_until_at == later(hours=24)
    state = case.given(event).states[SUBJECT]
    assert state.agent_in_scope("agent1", "payment", later(hours=24))
    assert not state.agent_in_scope("agent1", "payment", later(hours=24, seconds=1))
    assert not state.agent_in_scope("agent1", "port_out", NOW)
    assert not state.agent_in_scope("agent2", "payment", NOW)
    assert not state.agent_in_scope(None, "payment", NOW)


def test_an_agent_acts_until_the_end_of_the_authorisations_last_day() -> None:
    until_today = verify_agent(authorisation_until_on=date(2026, 11, 3))
    event = known().when(until_today, **AT_COUNTER).recorded(customer.AgentVerified)
    assert event.valid_until_at == datetime.fromisoformat("2026-11-04T00:00:00+08:00")
    until_yesterday = verify_agent(authorisation_until_on=date(2026, 11, 2))
    known().when(until_yesterday, **AT_COUNTER).refused("CUS-12", "2026-11-02")


def test_no_agents_face_is_compared_without_the_agents_consent() -> None:
    case = known().given(
        customer.ConsentGiven(
            purpose="face_match",
            channels=("in_store",),
            proof="signed_form",
            text_version="t1",
            explicit=True,
            separate=True,
        )
    )
    compared = verify_agent(face_consent_given=False)
    case.when(compared, **AT_COUNTER).refused("CUS-08")
    without = verify_agent(face_consent_given=False, agent_face_result="not_required")
    case.when(without, **AT_COUNTER).recorded(customer.AgentVerified)


@pytest.mark.parametrize("missing", ["principal_document_shown", "agent_document_shown"])
def test_an_agent_shows_both_documents(missing: str) -> None:
    known().when(verify_agent(**{missing: False}), **AT_COUNTER).refused("CUS-11")


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        ({"agent_document_result": "forged"}, ("forged",)),
        ({"agent_document_result": "altered"}, ("altered",)),
        ({"agent_document_result": "unreadable"}, ("unreadable",)),
        ({"agent_document_result": "not_checked"}, ("unreadable",)),
        ({"agent_document_result": "expired"}, ("expired",)),
        ({"agent_face_result": "no_match"}, ("face_mismatch",)),
        (
            {"agent_face_result": "unusable", "agent_document_result": "forged"},
            ("forged", "face_mismatch"),
        ),
    ],
)
def test_an_agent_who_does_not_pass_is_recorded_with_every_reason(
    found: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    case = known()
    outcome = case.when(verify_agent(**found), **AT_COUNTER)
    event = outcome.recorded(customer.AgentVerificationFailed)
    assert event.reasons == reasons
    assert not case.given(event).states[SUBJECT].agents


def test_only_a_verified_agent_is_revoked() -> None:
    known().when(REVOKE).refused("CUS-13")
    case = known().given(agent_verified())
    case.given(case.when(REVOKE).recorded(customer.AgentRevoked))
    assert not case.states[SUBJECT].agent_in_scope("agent1", "payment", NOW)
    case.when(REVOKE).refused("CUS-13")


def test_an_agent_is_refused_by_the_first_rule_broken() -> None:
    wrong: dict[str, Any] = {
        "face_consent_given": False,
        "agent_document_shown": False,
        "authorisation_until_on": date(2026, 11, 2),
    }
    known().when(verify_agent(**wrong), actor="c-zhao", **AT_COUNTER).refused("ENV-05")
    for rule, mend in (
        ("CUS-08", {"face_consent_given": True}),
        ("CUS-11", {"agent_document_shown": True}),
        ("CUS-12", {}),
    ):
        known().when(verify_agent(**wrong), **AT_COUNTER).refused(rule)
        wrong |= mend


# A new document


def replace(**changed: Any) -> customer.ReplaceDocument:
    valid: dict[str, Any] = {
        "document_kind": "resident_id",
        "document_number": SEALED,
        "document_digest": DIGEST,
        "document_valid_until_on": SEALED,
        "verification_id": "ver1",
        "reason": "renewed",
    }
    return customer.ReplaceDocument(**(valid | changed))


def test_a_document_is_replaced_by_the_one_just_verified() -> None:
    case = known().given(verified(hours=24))
    case.when(replace(), at=later(hours=24)).recorded(customer.DocumentReplaced)
    case.when(replace(), at=later(hours=24, seconds=1)).refused("CUS-15")
    case.when(replace(verification_id="ver2")).refused("CUS-15")
    case.when(replace(document_digest=CONTACT_DIGEST)).refused("CUS-16")


def test_a_document_replaced_is_one_that_the_law_accepts() -> None:
    case = known().given(verified())
    case.when(replace(document_kind="business_licence")).refused("CUS-04")


def test_who_was_known_by_contact_is_known_by_the_document_from_then_on() -> None:
    by_contact = {
        "identity_basis": "contact",
        "identity_digest": None,
        "contact_digest": CONTACT_DIGEST,
    }
    case = Case(BY_CONTACT).given(registered(**by_contact), verified(hours=1))
    upgrade = replace(reason="upgraded_from_contact")
    case.given(case.when(upgrade).recorded(customer.DocumentReplaced))
    by_code = customer.UpdateData(contact_phone=SEALED, evidence_document_id="code1")
    case.when(by_code, at=later(hours=2)).refused("CUS-15")


def test_a_replacement_is_refused_by_the_first_rule_it_breaks() -> None:
    wrong: dict[str, Any] = {
        "document_kind": "business_licence",
        "verification_id": "ver2",
        "document_digest": CONTACT_DIGEST,
    }
    case = known().given(verified())
    for rule, mend in (
        ("CUS-04", {"document_kind": "resident_id"}),
        ("CUS-15", {"verification_id": "ver1"}),
        ("CUS-16", {}),
    ):
        case.when(replace(**wrong)).refused(rule)
        wrong |= mend
