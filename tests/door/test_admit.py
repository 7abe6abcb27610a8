"""What the door makes of good messages: envelope, interaction, derived, content and key."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
import rfc8785

from ledger import wire
from ledger.aggregates.customer import customer, payment
from ledger.door.admit import Door
from ledger.door.cloudevents import Binary
from ledger.door.envelope import content_of
from ledger.entry import Envelope, LedgerError, as_json
from ledger.vault import Vault, VaultError
from tests.door import messages
from tests.door.messages import (
    CUSTOMER,
    HALL,
    PAYMENT,
    RATING,
    REVERSAL,
    admitted,
    event,
    raw,
    refused,
    registration,
    without,
)


def test_the_envelope_is_kept_and_the_transport_is_not(door: Door) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    got = admitted(
        door.admit(
            raw(
                event(
                    approver="s-sun",
                    replaces="m0",
                    traceparent=trace,
                    tracestate="x=y",
                    partitionkey="k",
                    dataschema="https://example/payment",
                    datacontenttype="application/json",
                )
            )
        )
    )
    assert got.envelope == Envelope(
        id="m1",
        source="counter-app",
        type="payment.receive.v1",
        subject=CUSTOMER,
        time=datetime.fromisoformat("2026-11-03T10:00:00+08:00"),
        actor="c-li",
        hall="renmin",
        counter="k1",
        visit="v1",
        approver="s-sun",
        channel="store",
        replaces="m0",
        traceparent=trace,
    )
    assert got.envelope.time.isoformat() == "2026-11-03T10:00:00+08:00"


def test_the_data_is_the_interaction_in_canonical_json(door: Door) -> None:
    got = admitted(door.admit(messages.payment()))
    assert got.interaction == msgspec.convert(PAYMENT, payment.Receive)
    assert got.data == rfc8785.dumps(PAYMENT)
    assert got.derived == {}
    assert got.key_id == "customer/d12#1"


def test_an_interaction_without_fields_needs_no_data(door: Door) -> None:
    for data in ({}, None):
        message = event(data or {}, "visit.call_ticket.v1", HALL)
        got = admitted(door.admit(raw(message if data is not None else without(message, "data"))))
        assert got.data == b"{}"


# Personal fields


def test_personal_fields_are_sealed_under_the_customers_key(door: Door, vault: Vault) -> None:
    got = admitted(door.admit(registration()))
    assert isinstance(got.interaction, customer.Register)
    assert got.data == as_json(got.interaction)
    assert got.interaction.contact_phone.startswith("customer/d12#1.")
    for name in ("full_name", "document_number", "birth_on", "contact_phone"):
        assert messages.REGISTRATION[name].encode() not in got.data
        sealed = getattr(got.interaction, name)
        clear = vault.key(got.key_id).open(sealed, f"{CUSTOMER}\ncounter-app\nm1\n/{name}")
        assert json.loads(clear) == messages.REGISTRATION[name]
    assert got.interaction.email is None
    assert got.interaction.identity_digest == "ab" * 32


def test_what_a_hall_hears_about_a_customer_lies_under_the_visits_key(door: Door) -> None:
    got = admitted(door.admit(messages.rating()))
    assert got.key_id == "visit/renmin/v1#1"
    assert json.loads(got.data)["comment"].startswith("visit/renmin/v1#1.")
    arrival = event({}, "visit.call_ticket.v1", HALL)
    assert admitted(door.admit(raw(arrival))).key_id == "hall/renmin#1"


def test_a_key_of_an_admitted_message_is_durable_after_a_flush(door: Door, vault: Vault) -> None:
    got = admitted(door.admit(registration()))
    vault.flush()
    assert vault.key(got.key_id).id == got.key_id


@pytest.mark.parametrize(
    ("birth_on", "time", "minor"),
    [
        ("2012-11-04", "2026-11-03T10:00:00+08:00", "under_14"),
        ("2012-11-03", "2026-11-03T10:00:00+08:00", "14_to_17"),
        ("2008-11-04", "2026-11-03T10:00:00+08:00", "14_to_17"),
        ("2008-11-03", "2026-11-03T10:00:00+08:00", "no"),
        # 17:00 in London is the next day in the hall.
        ("2012-11-04", "2026-11-03T17:00:00Z", "14_to_17"),
        ("2012-02-29", "2026-02-28T12:00:00+08:00", "under_14"),
        ("2012-02-29", "2026-03-01T12:00:00+08:00", "14_to_17"),
        ("2026-11-03", "2026-11-03T10:00:00+08:00", "under_14"),
    ],
)
def test_whether_someone_is_a_minor_is_derived_on_the_halls_day(
    door: Door, birth_on: str, time: str, minor: str
) -> None:
    data = {**messages.REGISTRATION, "birth_on": birth_on}
    got = admitted(door.admit(raw(event(data, "customer.register.v1", time=time))))
    assert got.derived == {"minor": minor}


def test_nothing_is_derived_from_a_day_of_birth_that_is_not_given(door: Door) -> None:
    data = without(messages.REGISTRATION, "birth_on")
    assert admitted(door.admit(raw(event(data, "customer.register.v1")))).derived == {}


# Sources


@pytest.mark.parametrize(
    ("source", "type_", "subject", "actor", "pointer"),
    [
        ("queue-machine", "visit.rate.v1", HALL, "system:queue_machine", None),
        ("queue-machine", "visit.rate.v1", HALL, "system:rating_pad", "/actor"),
        ("queue-machine", "payment.reverse.v1", CUSTOMER, "c-li", "/type"),
        ("rating-pad", "visit.rate.v1", HALL, "system:rating_link", None),
        ("rating-pad", "visit.call_ticket.v1", HALL, "c-li", "/type"),
        ("billing", "payment.reverse.v1", CUSTOMER, "system:billing", None),
        ("billing", "customer.register.v1", CUSTOMER, "c-li", "/type"),
        ("nobody", "payment.reverse.v1", CUSTOMER, "c-li", "/source"),
    ],
)
def test_a_source_sends_only_what_it_is_registered_for(
    door: Door, source: str, type_: str, subject: str, actor: str, pointer: str | None
) -> None:
    data = RATING if type_ == "visit.rate.v1" else REVERSAL
    answer = door.admit(raw(event(data, type_, subject, source=source, actor=actor)))
    if pointer is None:
        assert admitted(answer).envelope.source == source
    else:
        refusal = refused(answer)
        assert (refusal.kind, refusal.errors[0].pointer) == ("forbidden", pointer)


def test_a_source_sends_only_for_its_owners(door: Door) -> None:
    counter_app = door.reference(messages.CUSTOMER).sources["counter-app"]
    only_halls = msgspec.structs.replace(counter_app, owners=("hall",))
    door.reference(messages.CUSTOMER).sources["counter-app"] = only_halls
    refusal = refused(door.admit(messages.payment()))
    assert (refusal.kind, refusal.errors[0].pointer) == ("forbidden", "/subject")


def test_the_reactors_name_cannot_be_registered(door: Door) -> None:
    counter_app = door.reference(messages.CUSTOMER).sources["counter-app"]
    impostor = msgspec.structs.replace(counter_app, name="ledger-reactor")
    door.reference(messages.CUSTOMER).sources["ledger-reactor"] = impostor
    assert refused(door.admit(raw(event(source="ledger-reactor")))).kind == "forbidden"


# Binary mode and follow-ons


def test_a_message_in_binary_mode_is_the_same_message(door: Door) -> None:
    members = event()
    data = members.pop("data")
    binary = admitted(door.admit(Binary(members, json.dumps(data).encode())))
    assert binary == admitted(door.admit(messages.payment()))


@pytest.mark.parametrize(
    ("attributes", "data", "kind", "pointer"),
    [
        ({}, b"{", "malformed", "/data"),
        ({}, b"[]", "malformed", "/data"),
        ({}, b"", "malformed", "/data/payment_id"),
        ({}, b'{"a": null}', "malformed", "/data/a"),
        ({}, b'{"a": 1, "a": 2}', "malformed", "/data/a"),
        ({}, b" " * 32_001, "too_large", ""),
        ({"partitionkey": "x" * 32_001}, b"{}", "too_large", ""),
        ({"hall": "ren\x00min"}, b"{}", "malformed", "/hall"),
        ({"tracestate": "a\u202eb"}, b"{}", "malformed", "/tracestate"),
        ({"data": "{}"}, b"{}", "malformed", "/data"),
        ({"data_base64": "e30="}, b"{}", "malformed", "/data_base64"),
    ],
)
def test_hostile_messages_in_binary_mode_are_refused_alike(
    door: Door, attributes: dict[str, str], data: bytes, kind: str, pointer: str
) -> None:
    members = {**without(event(), "data"), **attributes}
    answer = refused(door.admit(Binary(members, data)))
    assert (answer.kind, answer.errors[0].pointer) == (kind, pointer)


def follow_on(type_: str) -> Envelope:
    return Envelope(
        id="counter-app:m1:1:allocate",
        source="ledger-reactor",
        type=type_,
        subject=CUSTOMER,
        time=datetime(2026, 11, 3, 2, 0, tzinfo=UTC),
        actor="system:reactor",
        cause="counter-app:m1:1",
    )


def test_a_follow_on_is_digested_under_its_owners_key(door: Door, vault: Vault) -> None:
    allocation = payment.Allocation(allocation_id="i1", item_kind="prepayment", amount_fen=1)
    data = as_json(payment.Allocate(payment_id="p1", allocations=(allocation,)))
    envelope = follow_on("payment.allocate.v1")
    got = door.admit_follow_on(envelope, data)
    assert (got.envelope, got.data, got.key_id) == (envelope, data, "customer/d12#1")
    assert got.interaction == wire.INTERACTIONS[envelope.type].decoder.decode(data)
    assert got.content == vault.key(got.key_id).digest(content_of(envelope, data))


def test_a_follow_on_carries_no_personal_field(door: Door, vault: Vault) -> None:
    reversal = {**REVERSAL, "note": "customer/d12#1.abc"}
    with pytest.raises(LedgerError, match="/note"):
        door.admit_follow_on(follow_on("payment.reverse.v1"), as_json(reversal))
    vault.flush()
    with pytest.raises(VaultError):
        vault.key("customer/d12#1")
