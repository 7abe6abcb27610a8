"""Outcomes: what a source hears of each of its messages, in the shape that HTTP answers have too.

A record of the topic is one `Outcome` as JSON, keyed by the source. It stands in the partition of
the entry's number, so that what is told of one owner comes in order. Its headers name the entry,
and say whether a message was only answered again.
"""

from datetime import datetime
from typing import Final, cast

import msgspec

from consumers.answers import EntryPlace, Reply, reply
from consumers.decider import Answer
from ledger.door.faults import Malformed, Refused
from ledger.entry import Entry, Said
from ledger.logs.cluster import Cluster, Producer

PARTITION: Final = "partition"
POSITION: Final = "position"
REPEATED: Final = "repeated"
"""The header of what is told outside the order of the log: a known message was answered again."""

AFTER: Final = "after"
"""The header that says up to which position all was published when the record was sent."""

_encoder: Final = msgspec.json.Encoder()


class Message(msgspec.Struct, frozen=True):
    """The message that is spoken of, by what its source called it."""

    source: str
    id: str
    subject: str
    type: str


class Arrival(msgspec.Struct, frozen=True):
    """Where a message stood; the partition is that of the entry."""

    topic: str
    offset: int


class Outcome(Reply, frozen=True, kw_only=True, omit_defaults=True):
    """A reply, and what it answers: `message`, or `arrival` alone for one that cannot be read.

    `title` is in English and `title_zh` in Chinese. `recorded_at` is the entry's, also where a
    message is answered again.
    """

    title_zh: str
    recorded_at: datetime
    message: Message | None = None
    arrival: Arrival | None = None


class Record(msgspec.Struct, frozen=True):
    """A record of a topic as `send` takes it, but for the topic."""

    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def send(cluster: Cluster, producer: Producer, record: Record) -> None:
    """Hands an outcome over. Raises KafkaError where that cannot be."""
    producer.send(
        cluster.outcomes, record.partition, record.value, key=record.key, headers=record.headers
    )


def record_of(cluster: Cluster, entry: Entry, *, repeated: bool = False) -> Record | None:
    """What is told of an entry's message; None for an entry that answers none, as a founding.

    `repeated` where the message came again: the decider tells that, with the first entry.
    """
    outcome = outcome_of(entry, repeated=repeated)
    if outcome is None:
        return None
    headers = place_headers(entry)
    if repeated:
        headers = (*headers, (REPEATED, b"1"))
    return Record(entry.partition, _source(cluster, entry), _encoder.encode(outcome), headers)


def place_headers(entry: Entry) -> tuple[tuple[str, bytes], ...]:
    return (PARTITION, b"%d" % entry.partition), (POSITION, b"%d" % entry.position)


def outcome_of(entry: Entry, *, repeated: bool = False) -> Outcome | None:
    """The outcome of an entry's message; None for an entry that answers none."""
    unread = entry.unread
    if unread is not None:
        malformed = Malformed(cast(Refused, unread.kind), unread.reason)
        return _told(entry, malformed, None, Arrival(unread.topic, unread.offset))
    if entry.interaction is None:
        return None
    answer = Answer(
        "refused" if entry.refusal else "recorded",
        entry.partition,
        entry.position,
        repeated=repeated,
        refusal=entry.refusal,
    )
    return _told(entry, answer, entry.interaction, _arrival(entry))


def _told(
    entry: Entry, answer: Answer | Malformed, said: Said | None, arrival: Arrival | None
) -> Outcome:
    members = msgspec.structs.asdict(reply(answer))
    if members["entry"] is None:
        members["entry"] = EntryPlace(entry.partition, entry.position)
    return Outcome(
        **members,
        title_zh=reply(answer, "zh").title,
        recorded_at=entry.recorded_at,
        message=Message(said.source, said.id, said.subject, said.type) if said else None,
        arrival=arrival,
    )


def _arrival(entry: Entry) -> Arrival | None:
    intake = entry.intake
    if intake is None or intake.topic is None or intake.offset is None:
        return None
    return Arrival(intake.topic, intake.offset)


def _source(cluster: Cluster, entry: Entry) -> bytes:
    """The source that may hear it: the message's, or the one whose topic it stood in."""
    if entry.interaction is not None:
        return entry.interaction.source.encode()
    assert entry.unread is not None
    return cluster.source_of(entry.unread.topic).encode()
