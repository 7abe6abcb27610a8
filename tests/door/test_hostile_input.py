"""Hostile messages, one a row: what comes in, how it is refused, and where the fault is."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.door import scan
from ledger.door.admit import Admitted, Door, Malformed
from ledger.door.cloudevents import Binary
from ledger.vault import Vault, VaultError
from tests.door.messages import (
    PAYMENT,
    REVERSAL,
    admitted,
    event,
    open_door,
    open_vault,
    payment,
    rating,
    raw,
    refused,
    registration,
    without,
)

GOOD = payment()


def with_text(text: str) -> bytes:
    """A well-formed message whose payment_id is replaced by raw JSON text."""
    assert GOOD.count(b'"p1"') == 1
    return GOOD.replace(b'"p1"', text.encode("utf-8", "surrogatepass"))


def noted(note: str) -> bytes:
    """A message with a free text, given as raw JSON text."""
    good = raw(event({**REVERSAL, "note": "NOTE"}, "payment.reverse.v1", approver="s-sun"))
    return good.replace(b'"NOTE"', note.encode("utf-8", "surrogatepass"))


def with_attribute(**attributes: Any) -> bytes:
    return raw(event(**attributes))


NESTED = b'{"a":' * 65 + b"1" + b"}" * 65
SCANNED: list[tuple[str, bytes, str, str]] = [
    ("over the size cap", b" " * 32_001, "too_large", ""),
    ("data over its cap", payment(drawer_id="x" * 24_001), "malformed", "/data/drawer_id"),
    ("nested too deep", NESTED, "malformed", ""),
    ("a depth bomb", b"[" * 31_000, "malformed", ""),
    ("a depth bomb in data", GOOD.replace(b'"p1"', b"[" * 20_000), "malformed", ""),
    ("an unclosed string before brackets", b'["\\"' * 7_000, "malformed", ""),
    ("no bytes", b"", "malformed", ""),
    ("no JSON", b"hello", "malformed", ""),
    ("a list", b"[]", "malformed", ""),
    ("a text", b'"x"', "malformed", ""),
    ("two values", GOOD + GOOD, "malformed", ""),
    ("cut off", GOOD[:-2], "malformed", ""),
    ("UTF-16", GOOD.decode().encode("utf-16"), "malformed", ""),
    ("byte order mark", b"\xef\xbb\xbf" + GOOD, "malformed", ""),
    ("invalid UTF-8", with_text('"p1"').replace(b'"p1"', b'"\xff"'), "malformed", ""),
    ("overlong UTF-8", GOOD.replace(b'"p1"', b'"\xc0\x80"'), "malformed", ""),
    ("encoded surrogate", GOOD.replace(b'"p1"', b'"\xed\xa0\x80"'), "malformed", ""),
    ("raw NUL", with_text('"p\x001"'), "malformed", ""),
    ("escaped NUL", with_text('"p\\u00001"'), "malformed", "/data/payment_id"),
    ("raw new line", noted('"a\nb"'), "malformed", ""),
    ("escaped new line", noted('"a\\nb"'), "malformed", "/data/note"),
    ("escaped backspace", noted('"a\\bb"'), "malformed", "/data/note"),
    ("escaped C0", noted('"a\\u001Fb"'), "malformed", "/data/note"),
    ("raw DEL", noted('"a\x7fb"'), "malformed", "/data/note"),
    ("escaped DEL", noted('"a\\u007Fb"'), "malformed", "/data/note"),
    ("raw C1", noted('"a\x85b"'), "malformed", "/data/note"),
    ("escaped C1", noted('"a\\u009fb"'), "malformed", "/data/note"),
    ("raw direction override", noted('"a\u202eb"'), "malformed", "/data/note"),
    ("escaped direction override", noted('"a\\u202Eb"'), "malformed", "/data/note"),
    ("raw isolate", noted('"a\u2066b"'), "malformed", "/data/note"),
    ("escaped isolate", noted('"a\\u2069b"'), "malformed", "/data/note"),
    ("lone high surrogate", noted('"\\ud83d"'), "malformed", "/data/note"),
    ("lone low surrogate", noted('"\\uDE00x"'), "malformed", "/data/note"),
    ("surrogates the wrong way round", noted('"\\ude00\\ud83d"'), "malformed", "/data/note"),
    ("control in a name", GOOD.replace(b'"payment_id"', b'"pay\\u0000"'), "malformed", "/data"),
    ("fraction", with_text("1.0"), "malformed", "/data/payment_id"),
    ("exponent", with_text("1e2"), "malformed", "/data/payment_id"),
    ("overflowing number", with_text("1e400"), "malformed", "/data/payment_id"),
    ("NaN", with_text("NaN"), "malformed", "/data/payment_id"),
    ("Infinity", with_text("-Infinity"), "malformed", "/data/payment_id"),
    ("2^53", with_text("9007199254740992"), "malformed", "/data/payment_id"),
    ("-2^53", with_text("-9007199254740992"), "malformed", "/data/payment_id"),
    ("5,000 digits", with_text("9" * 5_000), "malformed", "/data/payment_id"),
    ("null in data", payment(drawer_id=None), "malformed", "/data/drawer_id"),
    ("null attribute", GOOD.replace(b'"renmin"', b"null"), "malformed", "/hall"),
    ("null data", raw({**event(), "data": None}), "malformed", "/data"),
    ("null in a list", payment(items=[None]), "malformed", "/data/items/0"),
    ("name twice", GOOD.replace(b'"id"', b'"id": "m2", "id"', 1), "malformed", "/id"),
    (
        "name twice in data",
        GOOD.replace(b'"item_id": "i2"', b'"item_id": "i2", "item_id": "i3"'),
        "malformed",
        "/data/items/1/item_id",
    ),
    (
        "name twice, once escaped",
        GOOD.replace(b'"id"', b'"\\u0069d": "m2", "id"', 1),
        "malformed",
        "/id",
    ),
]

ENVELOPES: list[tuple[str, bytes, str, str]] = [
    ("no specversion", with_attribute(specversion=None), "malformed", "/specversion"),
    ("old specversion", with_attribute(specversion="0.3"), "malformed", "/specversion"),
    ("no id", with_attribute(id=None), "malformed", "/id"),
    ("empty id", with_attribute(id=""), "malformed", "/id"),
    ("id with space", with_attribute(id="a b"), "malformed", "/id"),
    ("id not ASCII", with_attribute(id="编号"), "malformed", "/id"),
    ("id too long", with_attribute(id="x" * 201), "malformed", "/id"),
    ("id with new line at its end", with_attribute(id="m1\n"), "malformed", "/id"),
    ("source that is a path", with_attribute(source="../x"), "malformed", "/source"),
    ("no subject", with_attribute(subject=None), "malformed", "/subject"),
    ("unknown owner kind", with_attribute(subject="clerk/c-li"), "malformed", "/subject"),
    ("subject with path", with_attribute(subject="customer/../x"), "malformed", "/subject"),
    ("subject of another kind", with_attribute(subject="hall/renmin"), "malformed", "/subject"),
    ("no time", with_attribute(time=None), "malformed", "/time"),
    ("no offset", with_attribute(time="2026-11-03T10:00:00"), "malformed", "/time"),
    ("time in words", with_attribute(time="yesterday"), "malformed", "/time"),
    ("time as number", with_attribute(time=1_793_000_000), "malformed", "/time"),
    ("1970", with_attribute(time="1970-01-01T00:00:00Z"), "malformed", "/time"),
    ("9999", with_attribute(time="9999-12-31T23:59:59-08:00"), "malformed", "/time"),
    ("no actor", with_attribute(actor=None), "malformed", "/actor"),
    ("system without name", with_attribute(actor="system:"), "malformed", "/actor"),
    ("actor with space", with_attribute(actor="c li"), "malformed", "/actor"),
    ("unknown channel", with_attribute(channel="fax"), "malformed", "/channel"),
    ("number as hall", with_attribute(hall=5), "malformed", "/hall"),
    ("a visitor's remark on no visit", rating(visit=None), "malformed", "/visit"),
    ("bad trace", with_attribute(traceparent="00-x"), "malformed", "/traceparent"),
    ("data in base64", with_attribute(data_base64="e30="), "malformed", "/data_base64"),
    (
        "other data type",
        with_attribute(datacontenttype="text/xml"),
        "malformed",
        "/datacontenttype",
    ),
    ("unknown attribute", with_attribute(tenant="x"), "malformed", "/tenant"),
    ("cause", with_attribute(cause="a:b:1"), "malformed", "/cause"),
    ("due", with_attribute(dueat="2026-11-03T10:00:00Z"), "malformed", "/dueat"),
    ("due, as the ledger writes it", with_attribute(due_at="x"), "malformed", "/due_at"),
    ("unknown type", with_attribute(type_="payment.steal.v1"), "malformed", "/type"),
    ("unknown source", with_attribute(source="stranger"), "forbidden", "/source"),
    ("the reactor's source", with_attribute(source="ledger-reactor"), "forbidden", "/source"),
    ("type not the source's", with_attribute(source="rating-pad"), "forbidden", "/type"),
    ("system not the source's", with_attribute(actor="system:clock"), "forbidden", "/actor"),
]

DATA: list[tuple[str, bytes, str, str]] = [
    ("data that is a list", raw({**event(), "data": []}), "malformed", "/data"),
    ("no data", raw(without(event(), "data")), "malformed", "/data/payment_id"),
    ("a field missing", raw(event(without(PAYMENT, "payer"))), "malformed", "/data/payer"),
    ("an unknown field", payment(colour="red"), "malformed", "/data/colour"),
    (
        "a field missing within",
        payment(items=[{"item_id": "i1", "amount_fen": 1}]),
        "malformed",
        "/data/items/0/item_kind",
    ),
    (
        "an amount of nothing",
        payment(items=[*PAYMENT["items"], {**PAYMENT["items"][0], "amount_fen": 0}]),
        "malformed",
        "/data/items/2/amount_fen",
    ),
    ("a number as text", payment(amount_fen="12000"), "malformed", "/data/amount_fen"),
    ("a truth as number", payment(counterfeit_checked=1), "malformed", "/data/counterfeit_checked"),
    ("no item", payment(items=[]), "malformed", "/data/items"),
    ("51 items", payment(items=PAYMENT["items"][:1] * 51), "malformed", "/data/items"),
    ("an unknown method", payment(method="barter"), "malformed", "/data/method"),
    ("a name too long", registration(full_name="张" * 201), "malformed", "/data/full_name"),
    ("no name", registration(full_name=""), "malformed", "/data/full_name"),
    ("a day that is none", registration(birth_on="1990-02-30"), "malformed", "/data/birth_on"),
    ("born ahead", registration(birth_on="2026-11-04"), "malformed", "/data/birth_on"),
    ("born before all", registration(birth_on="0001-01-01"), "malformed", "/data/birth_on"),
    (
        "a day at the calendar's end",
        registration(document_valid_until_on="9999-12-31"),
        "malformed",
        "/data/document_valid_until_on",
    ),
]


@pytest.mark.parametrize(
    ("message", "kind", "pointer"),
    [pytest.param(*row[1:], id=row[0]) for row in (*SCANNED, *ENVELOPES, *DATA)],
)
def test_a_hostile_message_is_refused_where_its_fault_is(
    door: Door, vault: Vault, message: bytes, kind: str, pointer: str
) -> None:
    answer = refused(door.admit(message))
    assert answer.kind == kind, answer
    assert answer.errors[0].pointer == pointer, answer
    assert answer.detail
    # A key is made only for what is in order.
    vault.flush()
    with pytest.raises(VaultError):
        vault.key("customer/d12#1")


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        noted('"\\"引号\\" \\\\n \\/ \\u4e2d\\u6587"'),
        noted('"\\ud83d\\ude00 😀 “引号” null"'),
        noted('"' + "[" * 100 + '"'),
        payment(items=[{**PAYMENT["items"][0], "item_id": f"i{n}"} for n in range(50)]),
        registration(subject="customer/d12.2"),
        b" \n\t" + GOOD + b"\r\n",
        with_attribute(id="!~" * 100),
        with_attribute(traceparent=f"00-{'a' * 32}-{'b' * 16}-01"),
        with_attribute(tracestate="a=b", partitionkey="x", dataschema="https://example/x"),
        with_attribute(datacontenttype="application/json; charset=UTF-8"),
        with_attribute(time="2026-11-03T02:00:00.123456Z"),
        payment(amount_fen=1_000_000_000_000),
    ],
)
def test_a_good_message_that_looks_odd_is_admitted(door: Door, message: bytes) -> None:
    admitted(door.admit(message))


def test_the_whole_integer_range_of_json_is_scanned_through() -> None:
    for number in (0, -1, scan.MAX_INTEGER, -scan.MAX_INTEGER):
        assert scan.scan(str(number).encode()) == number


def test_depth_up_to_the_limit_is_let_through() -> None:
    deep = b"[" * 64 + b"]" * 64
    assert scan.scan(deep) is not None
    assert scan.fits_depth(b"[]" * 1_000, 1)
    assert not scan.fits_depth(b"[[]]" * 1_000, 1)
    assert scan.fits_depth(b'"' + b"[" * 100 + b'"', 0) is True


@pytest.mark.timeout(20)
def test_depth_is_found_in_linear_time() -> None:
    """A pattern that tries each quote anew would take hours for this."""
    assert scan.fits_depth(b"[]" * 65 + b'"' + b'\\"' * 400_000, 64)
    assert scan.fits_depth(b"[]" * 65 + b'"' + b'\\"' * 400_000 + b"\\", 64)


def test_all_faults_of_a_scan_are_named_up_to_ten(door: Door) -> None:
    answer = refused(door.admit(payment(items=[None] * 20, amount_fen=0.5)))
    pointers = [fault.pointer for fault in answer.errors]
    assert pointers[:2] == ["/data/amount_fen", "/data/items/0"]
    assert len(pointers) == 10


SECRETS = ("13800138000", "zhang_san_13800138000", "11010119900307123X", "<script>")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_answer_quotes_what_the_sender_wrote(door: Door, secret: str) -> None:
    hostile = [
        payment(method=secret),
        payment(amount_fen=secret),
        payment(payment_id=secret + " "),
        payment(**{secret: 1}),
        payment(**{secret + " - at `$.items[0]`": 1}),
        registration(birth_on=secret),
        registration(contact_phone=secret * 5),
        with_attribute(**{secret: "x"}),
        with_attribute(hall=secret + " "),
        with_attribute(source="x" + secret.lower()[:30]),
        with_attribute(type_=secret),
        with_text(f'"{secret}'),
    ]
    for message in hostile:
        answer = refused(door.admit(message))
        assert secret not in answer.detail
        assert all(secret not in fault.detail for fault in answer.errors)
        if secret != "zhang_san_13800138000":
            assert all(secret not in fault.pointer for fault in answer.errors)


def test_data_over_its_cap_is_too_large_and_makes_no_key(
    door: Door, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.door.admit.MAX_DATA_BYTES", 200)
    answer = refused(door.admit(GOOD))
    assert (answer.kind, answer.errors[0].pointer) == ("too_large", "/data")
    vault.flush()
    with pytest.raises(VaultError):
        vault.key("customer/d12#1")


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
MUTATIONS = st.tuples(
    st.integers(0, len(GOOD)),
    st.integers(0, 30),
    st.binary(max_size=30) | st.text().map(str.encode),
)


def anything() -> st.SearchStrategy[bytes]:
    named = st.sampled_from([*event(), "cause", "data_base64"])
    values = st.sampled_from([*map(str, event().values()), "hall/renmin"]) | JSON_LIKE
    return st.one_of(
        st.binary(max_size=200),
        JSON_LIKE.map(lambda value: json.dumps(value).encode()),
        st.dictionaries(named, values).map(lambda some: json.dumps({**event(), **some}).encode()),
        st.dictionaries(st.sampled_from([*PAYMENT, "x"]), JSON_LIKE).map(
            lambda some: json.dumps(event({**PAYMENT, **some})).encode()
        ),
        MUTATIONS.map(lambda m: GOOD[: m[0]] + m[2] + GOOD[m[0] + m[1] :]),
    )


@pytest.fixture(scope="module")
def shared_door(tmp_path_factory: pytest.TempPathFactory) -> Door:
    return open_door(open_vault(tmp_path_factory.mktemp("vault")))


@settings(max_examples=300, deadline=None)
@given(anything())
def test_whatever_comes_gets_an_answer(shared_door: Door, message: bytes) -> None:
    assert isinstance(shared_door.admit(message), Admitted | Malformed)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*event(), "x"]), st.text()), anything())
def test_whatever_comes_in_binary_mode_gets_an_answer(
    shared_door: Door, attributes: dict[str, str], data: bytes
) -> None:
    good = {name: value for name, value in event().items() if name != "data"}
    for some in (attributes, {**good, **attributes}):
        assert isinstance(shared_door.admit(Binary(some, data)), Admitted | Malformed)
