"""CloudEvents over HTTP and Kafka, made by the CloudEvents SDK, come in as the same interaction."""

import json
from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.bindings import kafka as sdk_kafka
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion as old_sdk
from cloudevents.v1.http import CloudEvent as OldCloudEvent

from ledger.door.admit import Admitted, Door, Malformed
from ledger.door.cloudevents import Binary, Message, from_http, from_kafka
from tests.door.messages import (
    CUSTOMER,
    REVERSAL,
    admitted,
    event,
    payment,
    raw,
    refused,
    registration,
    without,
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MEMBERS = event(REVERSAL, "payment.reverse.v1", approver="s-sun")


def sdk_event(**attributes: Any) -> CloudEvent:
    members = {**without(MEMBERS, "data"), "datacontenttype": "application/json", **attributes}
    return CloudEvent({**members, "time": datetime.fromisoformat(members["time"])}, MEMBERS["data"])


def over_http(door: Door, headers: dict[str, str], body: bytes) -> list[Admitted | Malformed]:
    messages = from_http(headers.items(), body)
    return [messages] if isinstance(messages, Malformed) else [door.admit(m) for m in messages]


@pytest.fixture
def expected(door: Door) -> Admitted:
    return admitted(door.admit(raw(MEMBERS)))


def same(got: Admitted | Malformed, expected: Admitted) -> bool:
    """Equal but for the nonces of what is sealed."""
    answer = admitted(got)
    return (answer.envelope, answer.content) == (expected.envelope, expected.content)


# Made by the SDK


def test_binary_mode_of_the_sdk_is_admitted(door: Door, expected: Admitted) -> None:
    message = sdk_http.to_binary_event(sdk_event())
    assert message.headers["ce-subject"] == CUSTOMER
    (got,) = over_http(door, message.headers, message.body)
    assert same(got, expected)


def test_structured_mode_of_the_sdk_is_admitted(door: Door, expected: Admitted) -> None:
    message = sdk_http.to_structured_event(sdk_event())
    assert message.headers["content-type"] == STRUCTURED
    (got,) = over_http(door, message.headers, message.body)
    assert same(got, expected)


def test_a_batch_of_events_of_the_sdk_is_admitted(door: Door, expected: Admitted) -> None:
    bodies = [sdk_http.to_structured_event(sdk_event(id=f"m{number}")).body for number in (1, 2, 3)]
    answers = over_http(door, {"Content-Type": BATCH}, b"[" + b", ".join(bodies) + b"]")
    assert [admitted(answer).envelope.id for answer in answers] == ["m1", "m2", "m3"]
    assert same(answers[0], expected)


def test_both_modes_of_the_sdks_older_interface_are_admitted(
    door: Door, expected: Admitted
) -> None:
    old = OldCloudEvent(
        {**without(MEMBERS, "data"), "datacontenttype": "application/json"}, MEMBERS["data"]
    )
    for headers, body in (old_sdk.to_binary(old), old_sdk.to_structured(old)):
        (got,) = over_http(door, headers, body)
        assert same(got, expected)


def test_both_modes_of_the_sdk_over_kafka_are_admitted(door: Door, expected: Admitted) -> None:
    for message in (
        sdk_kafka.to_binary_event(sdk_event()),
        sdk_kafka.to_structured_event(sdk_event()),
    ):
        read = from_kafka(list(message.headers.items()), message.value)
        assert not isinstance(read, Malformed)
        assert same(door.admit(read), expected)


# By hand


def test_plain_json_is_taken_as_structured(door: Door, expected: Admitted) -> None:
    (got,) = over_http(door, {"content-type": "application/json; charset=utf-8"}, raw(MEMBERS))
    assert same(got, expected)
    read = from_kafka([], raw(MEMBERS))
    assert not isinstance(read, Malformed)
    assert same(door.admit(read), expected)


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ('"quoted \\"text\\""', 'quoted "text"'),
        ("once%2520only", "once%20only"),
        ("a+b", "a+b"),
        ("50%", "50%"),
    ],
)
def test_http_attributes_are_unquoted_and_percent_decoded_once(value: str, decoded: str) -> None:
    assert from_http([("Ce-Id", value)], b"{}") == [Binary({"id": decoded}, b"{}")]


def test_kafka_attributes_are_plain_utf_8() -> None:
    headers = [("ce_id", "50%25 张".encode()), ("content-type", b"application/json")]
    assert from_kafka(headers, b"{}") == Binary(
        {"id": "50%25 张", "datacontenttype": "application/json"}, b"{}"
    )


def test_each_message_of_a_batch_meets_the_whole_check(door: Door) -> None:
    good = payment()
    body = b"[" + b",".join([good, b"5", good.replace(b'"p1"', b"1.5"), good]) + b"]"
    answers = over_http(door, {"content-type": BATCH}, body)
    assert [type(answer) for answer in answers] == [Admitted, Malformed, Malformed, Admitted]
    assert refused(answers[2]).errors[0].pointer == "/data/payment_id"


def test_a_name_twice_in_a_message_of_a_batch_is_seen(door: Door) -> None:
    twice = payment().replace(b'"id"', b'"id": "m0", "id"', 1)
    (answer,) = over_http(door, {"content-type": BATCH}, b"[" + twice + b"]")
    assert refused(answer).errors[0].pointer == "/id"


def test_an_empty_batch_has_no_messages() -> None:
    assert from_http([("content-type", BATCH)], b"[]") == []


GOOD = json.dumps(MEMBERS).encode()
CE = [("ce-id", "m1")]


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        pytest.param([("content-type", BATCH)], GOOD, "malformed", id="a batch that is no list"),
        pytest.param([("content-type", BATCH)], b"[" + GOOD, "malformed", id="a batch cut off"),
        pytest.param([("content-type", BATCH)], b"[" * 900_000, "malformed", id="a depth bomb"),
        pytest.param([("content-type", BATCH)], b'["\\"' * 200_000, "malformed", id="open text"),
        pytest.param([("content-type", BATCH)], b"\xff", "malformed", id="a batch that is no text"),
        pytest.param([("content-type", BATCH)], b" " * 1_000_001, "too_large", id="a big batch"),
        pytest.param(
            [("content-type", BATCH)],
            b"[" + b"1," * 1_000 + b"1]",
            "too_large",
            id="1,001 messages",
        ),
        pytest.param(
            [("content-type", "application/cloudevents+avro")], GOOD, "malformed", id="Avro"
        ),
        pytest.param([("content-type", "text/plain")], GOOD, "malformed", id="a page's form"),
        pytest.param([], GOOD, "malformed", id="no content type"),
        pytest.param([*CE, *CE], b"{}", "malformed", id="an attribute twice"),
        pytest.param([*CE, ("CE-ID", "m2")], b"{}", "malformed", id="twice in other case"),
        pytest.param([("ce-id", "%ff")], b"{}", "malformed", id="no UTF-8"),
        pytest.param([(f"ce-x{n}", "") for n in range(10_000)], b"", "malformed", id="headers"),
        pytest.param(
            [*CE, *[("content-type", "application/json")] * 2], b"{}", "malformed", id="two types"
        ),
    ],
)
def test_hostile_requests_are_answered(
    headers: list[tuple[str, str]], body: bytes, kind: str
) -> None:
    answer = from_http(headers, body)
    assert isinstance(answer, Malformed)
    assert answer.kind == kind


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        pytest.param([("content-type", BATCH.encode())], b"[]", id="no batches on Kafka"),
        pytest.param([("ce_id", b"\xff")], b"{}", id="no UTF-8"),
        pytest.param([("ce_id", b"1"), ("ce_id", b"2")], b"{}", id="an attribute twice"),
        pytest.param([("x", b"")] * 10_000, b"{}", id="headers"),
    ],
)
def test_hostile_records_are_answered(headers: list[tuple[str, bytes]], value: bytes) -> None:
    assert isinstance(from_kafka(headers, value), Malformed)


def test_a_record_without_value_is_malformed(door: Door) -> None:
    read = from_kafka([], None)
    assert read == b""
    assert refused(door.admit(b"")).kind == "malformed"


def test_a_body_cannot_add_attributes_in_binary_mode(door: Door) -> None:
    headers = [(f"ce-{name}", str(value)) for name, value in without(MEMBERS, "data").items()]
    messages: list[Message] | Malformed = from_http(headers, b'{}, "approver": "m-he"')
    assert isinstance(messages, list)
    assert refused(door.admit(messages[0])).errors[0].pointer == "/data"


def test_a_registration_has_one_content_in_structured_and_binary_mode(door: Door) -> None:
    structured = admitted(door.admit(registration()))
    members = json.loads(registration())
    data = json.dumps(members.pop("data")).encode()
    headers = [(f"ce-{name}", value) for name, value in members.items()]
    messages = from_http([*headers, ("content-type", "application/json")], data)
    assert isinstance(messages, list)
    assert same(door.admit(messages[0]), structured)
