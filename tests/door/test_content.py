"""Content: what makes two messages the same, as a keyed digest of canonical JSON."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import wire
from ledger.door.admit import Door
from ledger.door.envelope import content_of
from ledger.entry import as_json
from tests.door import messages
from tests.door.messages import PAYMENT, REVERSAL, admitted, event, raw, registration


def digest(door: Door, **attributes: Any) -> str:
    return admitted(door.admit(raw(event(**attributes)))).content


@pytest.mark.parametrize(
    "same",
    [
        {"id": "m2"},
        {"source": "billing"},
        {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
        {"partitionkey": "x", "tracestate": "y", "dataschema": "z"},
        {"time": "2026-11-03T02:00:00Z"},
        {"datacontenttype": "application/json"},
    ],
)
def test_content_is_the_same_however_it_is_sent(door: Door, same: dict[str, Any]) -> None:
    assert digest(door, **same) == digest(door)


@pytest.mark.parametrize(
    "other",
    [
        {"time": "2026-11-03T10:00:01+08:00"},
        {"actor": "c-wang"},
        {"hall": "binjiang"},
        {"counter": None},
        {"visit": "v2"},
        {"approver": "s-sun"},
        {"channel": "app"},
        {"replaces": "m0"},
        {"subject": "customer/d13"},
        {"data": {**PAYMENT, "amount_fen": 12_001}},
        {"data": {**PAYMENT, "terminal_id": "t1"}},
    ],
)
def test_content_differs_with_each_of_its_parts(door: Door, other: dict[str, Any]) -> None:
    assert digest(door, **other) != digest(door)


def test_content_tells_clear_personal_fields_apart_and_repeats_alike(door: Door) -> None:
    first, again = (admitted(door.admit(registration())) for _ in range(2))
    other = admitted(door.admit(registration(contact_phone="13800138001")))
    assert first.content == again.content
    assert first.data != again.data
    assert first.content != other.content


def test_spaces_order_and_escapes_of_a_message_are_no_content(door: Door) -> None:
    members = event(REVERSAL, "payment.reverse.v1")
    turned = dict(reversed(members.items()))
    spaced = json.dumps(turned, indent=2, ensure_ascii=True).encode()
    assert admitted(door.admit(spaced)).content == admitted(door.admit(raw(members))).content


def test_content_is_canonical_json(door: Door) -> None:
    envelope = admitted(door.admit(messages.payment())).envelope
    content = content_of(envelope, rfc8785.dumps(PAYMENT))
    members = json.loads(content)
    assert content == rfc8785.dumps(members)
    assert members["time"] == "2026-11-03T02:00:00Z"
    assert set(members) == {
        "type", "subject", "time", "actor", "hall", "counter", "visit", "channel", "data",
    }  # fmt: skip


TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["\x00\x1f\b\t\n\f\r\x7f\x80\x9f", "\u2028\u2029\ufeff", "\"\\/'", "张三😀"]
)
NAMES = st.from_regex(r"\A[a-z][a-z0-9_]{0,9}\Z")
LEDGER_JSON = st.recursive(
    TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
)


@given(LEDGER_JSON)
def test_our_json_of_ledger_values_is_rfc_8785(value: Any) -> None:
    assert as_json(value) == rfc8785.dumps(value)


def test_every_field_name_sorts_alike_in_rfc_8785_and_in_ours() -> None:
    """They differ only beyond the Basic Multilingual Plane; all our names are ASCII."""
    names = [
        name for kind in wire.INTERACTIONS.values() for name in kind.data.__struct_encode_fields__
    ]
    assert names
    assert all(name.isascii() for name in names)
