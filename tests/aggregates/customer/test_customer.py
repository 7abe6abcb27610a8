"""Who the customer is, how that was verified, what they consented to: rules CUS-01 to CUS-20."""

from datetime import date
from typing import Any

import pytest

from ledger.aggregates.customer import customer
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    BY_CONTACT,
    CONTACT_DIGEST,
    CUSTOMER_ID,
    DIGEST,
    SEALED,
    SUBJECT,
    consent,
    known,
    register,
    registered,
    verified,
    verify,
)

UNDER_14 = {"minor": "under_14"}
GUARDIAN = {
    "guardian_identity_digest": "ef56" * 16,
    "guardian_name": SEALED,
    "guardian_consent_document_id": "doc1",
}
BY_CONTACT_FIELDS = {
    "identity_basis": "contact",
    "identity_digest": None,
    "contact_digest": CONTACT_DIGEST,
    "document_kind": None,
    "document_number": None,
}


# Register


def test_a_person_is_registered_under_the_id_of_the_document() -> None:
    event = Case(SUBJECT).when(register(), **AT_COUNTER).recorded(customer.Registered)
    assert (event.customer_id, event.minor) == (CUSTOMER_ID, "no")


def test_who_shows_no_document_is_registered_under_the_id_of_the_contact() -> None:
    case = Case(BY_CONTACT)
    event = case.when(register(**BY_CONTACT_FIELDS), **AT_COUNTER).recorded(customer.Registered)
    assert event.customer_id == "p" + CONTACT_DIGEST[:32]


@pytest.mark.parametrize(
    "subject",
    [
        "customer/p" + DIGEST[:32],
        "customer/" + DIGEST[:32],
        "customer/d" + DIGEST[:31],
        "customer/d" + DIGEST[:33],
        "customer/d" + CONTACT_DIGEST[:32],
        *(SUBJECT + again for again in (".", ".0", ".1", ".2", ".02", ".x", ".2\n", "2", ".²")),
    ],
)
def test_an_id_that_is_not_the_digests_is_refused(subject: str) -> None:
    Case(subject).when(register(), **AT_COUNTER).refused("CUS-01")


def test_the_id_cannot_rest_on_a_digest_that_is_not_given() -> None:
    Case(SUBJECT).when(register(identity_digest=None), **AT_COUNTER).refused("CUS-01")
    no_contact = register(**BY_CONTACT_FIELDS | {"contact_digest": None})
    Case(BY_CONTACT).when(no_contact, **AT_COUNTER).refused("CUS-01")


def test_a_customer_is_registered_once() -> None:
    known().when(register(), **AT_COUNTER).refused("ENV-11")


@pytest.mark.parametrize("missing", ["document_kind", "document_number"])
def test_a_registration_by_document_carries_the_document(missing: str) -> None:
    Case(SUBJECT).when(register(**{missing: None}), **AT_COUNTER).refused("CUS-03", missing)


@pytest.mark.parametrize("kind", ["business_licence", "organisation_certificate"])
def test_an_organisations_document_registers_organisations_only(kind: str) -> None:
    organisation = register(party_kind="organisation", document_kind=kind)
    Case(SUBJECT).when(organisation, **AT_COUNTER).recorded(customer.Registered)
    Case(SUBJECT).when(register(document_kind=kind), **AT_COUNTER).refused("CUS-04", kind)


def test_a_persons_document_registers_no_organisation() -> None:
    organisation = register(party_kind="organisation", document_kind="foreign_passport")
    Case(SUBJECT).when(organisation, **AT_COUNTER).refused("CUS-04")


def test_policy_may_accept_fewer_documents() -> None:
    case = Case(SUBJECT, realname__valid_documents=["foreign_passport"])
    case.when(register(), **AT_COUNTER).refused("CUS-04", "resident_id")
    case.when(register(document_kind="foreign_passport"), **AT_COUNTER).recorded(
        customer.Registered
    )


def test_nobody_is_registered_without_a_privacy_notice() -> None:
    Case(SUBJECT).when(register(notice_given=False), **AT_COUNTER).refused("CUS-05")


def test_a_child_is_registered_with_a_guardian() -> None:
    case = Case(SUBJECT)
    outcome = case.when(register(**GUARDIAN), derived=UNDER_14, **AT_COUNTER)
    assert outcome.recorded(customer.Registered).minor == "under_14"


@pytest.mark.parametrize("missing", GUARDIAN)
def test_a_child_without_any_one_word_of_the_guardian_is_refused(missing: str) -> None:
    child = register(**GUARDIAN | {missing: None})
    Case(SUBJECT).when(child, derived=UNDER_14, **AT_COUNTER).refused("CUS-06")


def test_from_fourteen_on_no_guardian_is_needed() -> None:
    outcome = Case(SUBJECT).when(register(), derived={"minor": "14_to_17"}, **AT_COUNTER)
    assert outcome.recorded(customer.Registered).minor == "14_to_17"


def test_an_organisation_is_no_minor_whatever_day_stands_in_its_papers() -> None:
    organisation = register(party_kind="organisation", document_kind="business_licence")
    outcome = Case(SUBJECT).when(organisation, derived=UNDER_14, **AT_COUNTER)
    assert outcome.recorded(customer.Registered).minor == "no"


# Verify identity


def test_a_verification_holds_for_a_day_and_makes_the_customer_active() -> None:
    case = known()
    event = case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified)
    assert (event.valid_until_at, event.active_numbers) == (later(hours=24), 0)
    case.given(event)
    assert case.states[SUBJECT].status == case.register.status == "active"


def test_policy_says_how_long_a_verification_holds() -> None:
    case = known(realname__verification_valid_hours=2)
    event = case.when(verify(), **AT_COUNTER).recorded(customer.IdentityVerified)
    assert event.valid_until_at == later(hours=2)


@pytest.mark.parametrize("channel", ["app", "call", None])
def test_identity_is_verified_in_a_hall(channel: str | None) -> None:
    known().when(verify(), **AT_COUNTER | {"channel": channel}).refused("CUS-07")


@pytest.mark.parametrize("face_result", ["match", "no_match", "unusable"])
def test_no_face_is_compared_without_consent(face_result: str) -> None:
    compared = verify(face_result=face_result, face_consent_given=False)
    known().when(compared, **AT_COUNTER).refused("CUS-08")


def test_a_consent_to_face_matching_holds_until_its_last_day() -> None:
    lasting = customer.ConsentGiven.of(
        consent(purpose="face_match", separate=True, valid_until_on=date(2026, 11, 3))
    )
    compared = verify(face_consent_given=False)
    last_minute = NOW.replace(hour=23, minute=59)
    case = known().given(lasting)
    case.when(compared, at=last_minute, **AT_COUNTER).recorded(customer.IdentityVerified)
    case.when(compared, at=later(hours=14), **AT_COUNTER).refused("CUS-08")


def test_a_consent_withdrawn_or_for_something_else_allows_no_face_comparison() -> None:
    compared = verify(face_consent_given=False)
    given = customer.ConsentGiven.of(consent(purpose="face_match", separate=True))
    withdrawn = customer.ConsentWithdrawn(purpose="face_match", via="app")
    case = known().given(given)
    case.when(compared, **AT_COUNTER).recorded(customer.IdentityVerified)
    case.given(withdrawn).when(compared, **AT_COUNTER).refused("CUS-08")
    other = customer.ConsentGiven.of(consent())
    known().given(other).when(compared, **AT_COUNTER).refused("CUS-08")


WITHOUT_FACE = verify(face_result="not_required", liveness_result="not_done")


def test_the_face_of_a_person_is_always_compared() -> None:
    known().when(WITHOUT_FACE, approver="s-sun", **AT_COUNTER).refused("CUS-09")


def test_where_policy_allows_it_an_approver_compares_the_face() -> None:
    case = known(realname__face_alternative_allowed=True)
    case.when(WITHOUT_FACE, **AT_COUNTER).refused("CUS-09", "no approver")
    case.when(WITHOUT_FACE, approver="c-wang", **AT_COUNTER).refused("CUS-09", "may not approve")
    case.when(WITHOUT_FACE, approver="s-sun", **AT_COUNTER).recorded(customer.IdentityVerified)


def test_an_organisations_licence_has_no_face() -> None:
    licence = verify(
        document_kind="business_licence", face_result="not_required", liveness_result="not_done"
    )
    organisation = registered(party_kind="organisation", document_kind="business_licence")
    case = Case(SUBJECT).given(organisation)
    case.when(licence, **AT_COUNTER).recorded(customer.IdentityVerified)
    case.when(WITHOUT_FACE, **AT_COUNTER).refused("CUS-04")
    known().when(licence, **AT_COUNTER).refused("CUS-04")


def test_the_copy_of_a_document_is_marked() -> None:
    unmarked = verify(copy_document_id="copy1")
    marked = verify(copy_document_id="copy1", copy_marked=True)
    known().when(unmarked, **AT_COUNTER).refused("CUS-10")
    known().when(marked, **AT_COUNTER).recorded(customer.IdentityVerified)
    lax = known(realname__copy_marking=False)
    lax.when(unmarked, **AT_COUNTER).recorded(customer.IdentityVerified)


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        ({"document_shown": False}, ("no_document",)),
        ({"information_refused": True}, ("information_refused",)),
        ({"belongs_to_bearer": False}, ("not_the_bearers",)),
        ({"document_result": "forged"}, ("forged",)),
        ({"document_result": "altered"}, ("altered",)),
        ({"document_result": "unreadable"}, ("unreadable",)),
        ({"document_result": "not_checked"}, ("unreadable",)),
        ({"document_result": "expired"}, ("expired",)),
        ({"face_result": "no_match"}, ("face_mismatch",)),
        ({"face_result": "unusable"}, ("face_mismatch",)),
        ({"liveness_result": "failed"}, ("liveness_failed",)),
        ({"liveness_result": "not_done"}, ("liveness_failed",)),
        ({"document_shown": False, "document_result": "not_checked"}, ("no_document",)),
        (
            {
                "liveness_result": "failed",
                "face_result": "no_match",
                "document_result": "expired",
                "belongs_to_bearer": False,
                "information_refused": True,
                "document_shown": False,
            },
            (
                "no_document",
                "information_refused",
                "not_the_bearers",
                "expired",
                "face_mismatch",
                "liveness_failed",
            ),
        ),
    ],
)
def test_a_verification_that_fails_is_recorded_with_every_reason(
    found: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    case = known()
    outcome = case.when(verify(**found), **AT_COUNTER)
    event = outcome.recorded(customer.IdentityVerificationFailed)
    assert event.reasons == reasons
    case.given(event)
    assert case.states[SUBJECT].status == case.register.status == "prospective"
    assert not case.register.verified_by_any(NOW)


def test_liveness_that_failed_counts_also_where_no_face_is_required() -> None:
    failed = verify(face_result="not_required", liveness_result="failed")
    case = known(realname__face_alternative_allowed=True)
    outcome = case.when(failed, approver="s-sun", **AT_COUNTER)
    event = outcome.recorded(customer.IdentityVerificationFailed)
    assert event.reasons == ("liveness_failed",)


# Update data

NEW_PHONE = customer.UpdateData(contact_phone=SEALED)


@pytest.mark.parametrize("field", ["full_name", "document_address"])
def test_a_change_of_what_the_document_says_names_evidence(field: str) -> None:
    case = known().given(verified())
    case.when(customer.UpdateData(**{field: SEALED})).refused("CUS-14")
    with_evidence = customer.UpdateData(**{field: SEALED, "evidence_document_id": "doc1"})
    case.when(with_evidence).recorded(customer.DataUpdated)


def test_data_change_while_a_verification_is_valid() -> None:
    case = known().given(verified(hours=24))
    case.when(NEW_PHONE, at=later(hours=24)).recorded(customer.DataUpdated)
    case.when(NEW_PHONE, at=later(hours=24, seconds=1)).refused("CUS-15")


def test_data_do_not_change_without_a_verification() -> None:
    known().when(NEW_PHONE).refused("CUS-15")
    paper = customer.UpdateData(contact_phone=SEALED, evidence_document_id="doc1")
    known().when(paper).refused("CUS-15")


def test_a_customer_by_contact_changes_data_by_a_code_sent_there() -> None:
    case = Case(BY_CONTACT).given(registered(**BY_CONTACT_FIELDS))
    case.when(NEW_PHONE).refused("CUS-15")
    by_code = customer.UpdateData(contact_phone=SEALED, evidence_document_id="code1")
    case.when(by_code).recorded(customer.DataUpdated)


def test_an_older_verification_counts_while_it_is_valid() -> None:
    case = known().given(verified(hours=24), verified(hours=1, verification_id="ver2"))
    case.when(NEW_PHONE, at=later(hours=2)).recorded(customer.DataUpdated)


# Consent


def test_silence_is_no_consent() -> None:
    known().when(consent(explicit=False)).refused("CUS-19")
    known().when(consent()).recorded(customer.ConsentGiven)


@pytest.mark.parametrize("purpose", ["face_match", "third_party_sharing"])
def test_sensitive_consent_is_given_separately(purpose: str) -> None:
    known().when(consent(purpose=purpose)).refused("CUS-20")
    known().when(consent(purpose=purpose, separate=True)).recorded(customer.ConsentGiven)


def test_a_childs_consent_carries_the_guardians_paper() -> None:
    child = Case(SUBJECT).given(registered("under_14", **GUARDIAN))
    child.when(consent()).refused("CUS-06")
    child.when(consent(proof_document_id="doc2")).recorded(customer.ConsentGiven)
    child.when(consent(), derived={"minor": "14_to_17"}).recorded(customer.ConsentGiven)


def test_consent_may_come_from_the_customers_own_telephone() -> None:
    sent = {"actor": "system:customer_app", "channel": "app"}
    known().when(consent(), **sent).recorded(customer.ConsentGiven)
    withdraw = customer.WithdrawConsent(purpose="marketing_call", via="app")
    known().when(withdraw, **sent).recorded(customer.ConsentWithdrawn)


def test_consent_is_withdrawn_without_any_condition() -> None:
    never_given = customer.WithdrawConsent(purpose="survey", via="counter")
    known().when(never_given).recorded(customer.ConsentWithdrawn)


# Precedence: each case mends what the one before was refused for

REGISTER_MENDS: list[tuple[str, dict[str, Any]]] = [
    ("CUS-01", {"identity_digest": DIGEST}),
    ("CUS-03", {"document_number": SEALED}),
    ("CUS-04", {"document_kind": "resident_id"}),
    ("CUS-05", {"notice_given": True}),
    ("CUS-06", GUARDIAN),
]
VERIFY_MENDS: list[tuple[str, dict[str, Any]]] = [
    ("ENV-05", {"actor": "c-li"}),
    ("ENV-10", {"visit": "v1"}),
    ("CUS-07", {"channel": "store"}),
]


@pytest.mark.parametrize("step", range(len(REGISTER_MENDS)))
def test_a_registration_is_refused_by_the_first_rule_it_breaks(step: int) -> None:
    fields: dict[str, Any] = {
        "identity_digest": CONTACT_DIGEST,
        "document_number": None,
        "document_kind": "business_licence",
        "notice_given": False,
    }
    for _, mend in REGISTER_MENDS[:step]:
        fields |= mend
    outcome = Case(SUBJECT).when(register(**fields), derived=UNDER_14, **AT_COUNTER)
    outcome.refused(REGISTER_MENDS[step][0])


@pytest.mark.parametrize(
    ("face", "rule"),
    [
        ({"face_result": "no_match", "face_consent_given": False}, "CUS-08"),
        ({"face_result": "not_required"}, "CUS-09"),
        ({"face_result": "no_match"}, "CUS-10"),
    ],
)
@pytest.mark.parametrize("step", range(len(VERIFY_MENDS) + 1))
def test_a_verification_is_refused_by_the_first_rule_it_breaks(
    step: int, face: dict[str, Any], rule: str
) -> None:
    who: dict[str, Any] = {"actor": "c-zhao", "hall": "renmin", "counter": "k1"}
    for _, mend in VERIFY_MENDS[:step]:
        who |= mend
    first = VERIFY_MENDS[step][0] if step < len(VERIFY_MENDS) else rule
    known().when(verify(copy_document_id="copy1", **face), **who).refused(first)


def test_an_update_is_refused_by_the_first_rule_it_breaks() -> None:
    known().when(customer.UpdateData(full_name=SEALED)).refused("CUS-14")
    with_evidence = customer.UpdateData(full_name=SEALED, evidence_document_id="doc1")
    known().when(with_evidence).refused("CUS-15")


def test_a_consent_is_refused_by_the_first_rule_it_breaks() -> None:
    child = Case(SUBJECT).given(registered("under_14", **GUARDIAN))
    child.when(consent(purpose="face_match", explicit=False)).refused("CUS-19")
    child.when(consent(purpose="face_match")).refused("CUS-20")
    child.when(consent(purpose="face_match", separate=True)).refused("CUS-06")


def test_nothing_but_a_registration_concerns_an_unknown_customer() -> None:
    Case(SUBJECT).when(verify(), **AT_COUNTER).refused("ENV-02")
    Case(SUBJECT).when(NEW_PHONE).refused("ENV-02")


# React


def test_nothing_follows_from_a_verification() -> None:
    envelope = known().envelope("customer.verify_identity.v1", NOW)
    assert list(reactions(verified(), envelope, SUBJECT)) == []
