"""Entries: which records belong to the chain, how a leaf is hashed, and how an entry is written."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ledger import founding
from ledger.entry import (
    FORMAT,
    MAX_RECORD_BYTES,
    NO_ENTRY,
    ChainError,
    Entry,
    Envelope,
    EventRecord,
    FutureFormatError,
    Head,
    Intake,
    Said,
    accept,
    as_json,
    decode,
    encode,
    event_id,
    leaf_hash,
)
from ledger.rules import Refusal

RECORDED_AT = datetime(2026, 11, 3, 2, 0, 0, 120_000, tzinfo=UTC)
FIRST = founding.records(founding.sample())
HEAD = Head(0, 1, leaf_hash(FIRST[0]))

GOLDEN_RECORDED = (
    b'{"v":1,"partition":3,"position":2,"prev":"' + b"ab" * 32 + b'",'
    b'"recorded_at":"2026-11-03T02:00:00.120000Z","policy":"2026.1",'
    b'"intake":{"via":"file","content":"' + b"cd" * 32 + b'","key":"customer/d1#1"},'
    b'"interaction":{"id":"m1","source":"counter-app","type":"payment.receive.v1",'
    b'"subject":"customer/d1","time":"2026-11-03T10:00:00+08:00","actor":"c-li",'
    b'"hall":"renmin","data":{"payment_id":"p1"}},'
    b'"events":[{"tag":"payment.received.v1","stream":"payment/p1","version":1,'
    b'"data":{"change_fen":0}}]}'
)
GOLDEN_REFUSED = (
    b'{"v":1,"partition":3,"position":3,"prev":"' + b"ab" * 32 + b'",'
    b'"recorded_at":"2026-11-03T02:00:00.120000Z","first_event":2,"clock_behind":true,'
    b'"refusal":{"rule":"PAY-01","detail":"no"}}'
)


def entry(**changed: Any) -> Entry:
    valid: dict[str, Any] = {
        "v": FORMAT,
        "partition": 0,
        "position": 2,
        "prev": HEAD.hash,
        "recorded_at": RECORDED_AT,
    }
    return Entry(**(valid | changed))


def recorded() -> Entry:
    return entry(
        partition=3,
        prev="ab" * 32,
        policy="2026.1",
        intake=Intake(via="file", content="cd" * 32, key="customer/d1#1"),
        interaction=Said(
            id="m1",
            source="counter-app",
            type="payment.receive.v1",
            subject="customer/d1",
            time=datetime.fromisoformat("2026-11-03T10:00:00+08:00"),
            actor="c-li",
            hall="renmin",
            data=msgspec.Raw(b'{"payment_id":"p1"}'),
        ),
        events=(
            EventRecord(
                tag="payment.received.v1",
                stream="payment/p1",
                version=1,
                data=msgspec.Raw(b'{"change_fen":0}'),
            ),
        ),
    )


def refused() -> Entry:
    return entry(
        partition=3,
        position=3,
        prev="ab" * 32,
        first_event=2,
        clock_behind=True,
        refusal=Refusal(rule="PAY-01", detail="no"),
    )


def test_entries_are_written_as_they_always_were() -> None:
    """Old logs and proofs rest on these bytes: change neither them nor the order of members."""
    assert encode(recorded()) == GOLDEN_RECORDED
    assert encode(refused()) == GOLDEN_REFUSED


@pytest.mark.parametrize("record", [GOLDEN_RECORDED, GOLDEN_REFUSED, *FIRST[:2]])
def test_an_entry_reads_back_to_the_same_bytes(record: bytes) -> None:
    assert encode(decode(record)) == record


def test_a_leaf_is_hashed_as_in_rfc_6962() -> None:
    assert leaf_hash(b"") == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456") == hashlib.sha256(b"\x00L123456").hexdigest()
    assert leaf_hash(GOLDEN_REFUSED) == hashlib.sha256(b"\x00" + GOLDEN_REFUSED).hexdigest()


def test_a_record_that_follows_the_head_makes_the_next_head() -> None:
    record = encode(entry())
    assert accept(HEAD, record) == Head(0, 2, leaf_hash(record))
    assert accept(Head(0), FIRST[0]) == HEAD


@pytest.mark.parametrize(
    "other",
    [
        {"position": 3},
        {"position": 1},
        {"partition": 1},
        {"prev": leaf_hash(FIRST[1])},
        {"prev": NO_ENTRY},
        {"position": 3, "v": FORMAT + 1},
    ],
)
def test_a_record_that_does_not_follow_the_head_is_void(other: dict[str, Any]) -> None:
    assert accept(HEAD, encode(entry(**other))) is None


@pytest.mark.parametrize("record", [b"", b"null", b"{", b'{"v":1}', b"\xff", b'[1,0,2,"x"]'])
def test_a_record_that_is_no_entry_is_void(record: bytes) -> None:
    assert accept(HEAD, record) is None


def test_an_accepted_record_of_a_newer_format_stops_the_reader() -> None:
    with pytest.raises(FutureFormatError, match="entry format 2"):
        accept(HEAD, encode(entry(v=FORMAT + 1)))


def test_a_record_that_links_but_is_no_entry_is_an_error() -> None:
    record = msgspec.json.encode(
        {"v": FORMAT, "partition": 0, "position": 2, "prev": HEAD.hash, "recorded_at": "today"}
    )
    assert accept(HEAD, record) is not None
    with pytest.raises(ChainError, match="is no entry"):
        decode(record)


def test_the_other_partitions_name_the_ledger_by_the_founding_of_the_first() -> None:
    facts = [decode(record).founding for record in FIRST]
    assert [each.ledger for each in facts if each] == [None, *[HEAD.hash] * (len(FIRST) - 1)]
    assert max(map(len, FIRST)) < MAX_RECORD_BYTES


def test_an_event_id_is_the_messages_pair_and_the_number() -> None:
    envelope = Envelope(
        id="m1", source="app", type="t", subject="customer/d1", time=RECORDED_AT, actor="c-li"
    )
    assert event_id(envelope, 2) == "app:m1:2"


def test_canonical_json_sorts_members_and_keeps_characters() -> None:
    assert as_json({"b": 1, "a": {"d": "人", "c": [True]}}) == (
        '{"a":{"c":[true],"d":"人"},"b":1}'.encode()
    )


def test_bytes_that_are_no_text_are_void_and_never_stop_a_reader() -> None:
    first = b'{"v":1,"partition":0,"position":1,"prev":"\xff\xfe"}'
    assert accept(Head(0), first) is None
    with pytest.raises(ChainError):
        decode(b'{"v":1,"partition":0,"position":1,"prev":"x","policy":"\xff"}')
