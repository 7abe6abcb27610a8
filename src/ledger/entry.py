"""The entry: what the ledger makes of one interaction, and the one record of the log.

An entry is one JSON record of at most 60,000 bytes, stored and hashed as the very bytes written.
`prev` is the leaf hash of the entry before it in its partition, which makes each partition a
chain; the leaf hash is that of RFC 6962, so every link is a leaf of the evidence tree too.
`accept` is the only place that says which records belong to the chain: every reader calls it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ledger.facts import Founding
from ledger.rules import Refusal

FORMAT: Final = 1
MAX_RECORD_BYTES: Final = 60_000
NO_ENTRY: Final = "0" * 64
"""`prev` of a partition's first entry."""


class LedgerError(Exception):
    """Something that a person must hear about, in one clear sentence."""

    place: tuple[int, int] | None = None
    """Partition and position of the record that cannot be read, where one is to blame."""


class UnfitError(LedgerError):
    """What was decided cannot be written as an entry that reads back the same."""


class ChainError(LedgerError):
    """The log does not hold what a reader knows it held."""


class FutureFormatError(LedgerError):
    """An entry or event was written by a newer ledger; the reader stops and never guesses."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who says what happened, where and when: the CloudEvent without its data.

    `time` is when it happened at the counter, with the counter's offset. `cause` and `due_at` are
    set on follow-ons only: the event id that they answer, and the moment they were due.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    actor: str
    hall: str | None = None
    counter: str | None = None
    visit: str | None = None
    approver: str | None = None
    channel: str | None = None
    cause: str | None = None
    due_at: datetime | None = None
    replaces: str | None = None
    traceparent: str | None = None


class Said(Envelope, frozen=True, kw_only=True, omit_defaults=True):
    """An interaction as it stands in an entry: envelope and data, personal fields sealed."""

    data: Raw


class EventRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it stands in an entry.

    `data` holds only what the interaction's data does not already say (see `ledger.wire`).
    `raw` is base64, for bytes that are no JSON; the ledger itself never writes it.
    """

    tag: str
    stream: str
    version: int
    data: Raw | UnsetType = UNSET
    raw: str | UnsetType = UNSET


class Intake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the interaction came in, and the keyed digest of its content.

    `topic` and `offset` are Kafka's, in the partition of the same number: how far the intake is.
    """

    via: str
    content: str
    key: str
    topic: str | None = None
    offset: int | None = None


UNREADABLE: Final = "unreadable"
"""The only header of what a reader gets in place of a record that Kafka's client cannot parse."""


class Unread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of an intake topic that is no interaction, and moves the intake on.

    `digest` is a keyed digest of its bytes, which stand in quarantine for a while; `kind` and
    `reason` are what its sender is told.
    """

    topic: str
    offset: int
    digest: str
    kind: str
    reason: str


class FoundingRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The founding as each partition holds it; `ledger` is the leaf hash of partition 0's."""

    facts: Founding
    ledger: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of the log.

    `first_event` numbers its first event within the partition, from 1 and without gaps; an entry
    without events carries the number that comes next. `tracking` is the library's: an upstream
    application, and the position in it that this entry takes the intake to.
    """

    v: int
    partition: int
    position: int
    prev: str
    recorded_at: datetime
    first_event: int = 1
    policy: str | None = None
    clock_behind: bool = False
    intake: Intake | None = None
    interaction: Said | None = None
    derived: Mapping[str, str] | None = None
    events: tuple[EventRecord, ...] = ()
    refusal: Refusal | None = None
    founding: FoundingRecord | None = None
    tracking: tuple[str, int] | None = None
    unread: Unread | None = None


class _Link(msgspec.Struct, frozen=True):
    v: int
    partition: int
    position: int
    prev: str


class Head(msgspec.Struct, frozen=True):
    """The newest accepted entry of a partition: its position and leaf hash, from (0, no entry)."""

    partition: int
    position: int = 0
    hash: str = NO_ENTRY


_encoder: Final = msgspec.json.Encoder()
_entry_decoder: Final = msgspec.json.Decoder(Entry)
_link_decoder: Final = msgspec.json.Decoder(_Link)


def leaf_hash(record: bytes) -> str:
    """SHA-256(0x00 ‖ record) in hex, RFC 6962's leaf hash."""
    return hashlib.sha256(b"\x00" + record).hexdigest()


def accept(head: Head, record: bytes) -> Head | None:
    """The head after `record`, or None where the record is void.

    A record belongs to the chain if and only if its position follows the head's and its `prev` is
    the head's hash. Raises FutureFormatError for an accepted record of a newer format.
    """
    try:
        link = _link_decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if (link.partition, link.position, link.prev) != (head.partition, head.position + 1, head.hash):
        return None
    if link.v > FORMAT:
        error = FutureFormatError(
            f"partition {link.partition} position {link.position} has entry format {link.v}; "
            f"this ledger reads up to {FORMAT}"
        )
        error.place = link.partition, link.position
        raise error
    return Head(head.partition, link.position, leaf_hash(record))


class _Place(msgspec.Struct, frozen=True):
    partition: int
    position: int


_place_decoder: Final = msgspec.json.Decoder(_Place)


def partition_and_position(record: bytes) -> tuple[int, int] | None:
    """Where the record says that it belongs; None where it says nothing of the kind."""
    try:
        place = _place_decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return place.partition, place.position


def encode(entry: Entry) -> bytes:
    return _encoder.encode(entry)


def decode(record: bytes) -> Entry:
    """Decodes an accepted record. Raises ChainError where it is no entry."""
    try:
        return _entry_decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ChainError(f"a record of the log is no entry: {error}") from error


def event_id(envelope: Envelope, number: int) -> str:
    """The id of the entry's event `number` (from 1): the message's pair and the number."""
    return f"{envelope.source}:{envelope.id}:{number}"


def event_parts(event_id: str) -> tuple[str, str, int]:
    """Source, message id and number of an event id; the number is 0 where it is none."""
    source, _, rest = event_id.partition(":")
    message_id, _, number = rest.rpartition(":")
    is_number = number.isascii() and number.isdecimal() and not number.startswith("0")
    return source, message_id, int(number) if is_number else 0


def as_json(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of ledger values: sorted members, no floats, UTF-8."""
    return msgspec.json.encode(value, order="sorted")
