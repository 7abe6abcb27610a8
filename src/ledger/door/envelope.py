"""The attributes of a CloudEvent as they may come in, and what of them is content."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw

from ledger.door.faults import from_msgspec, malformed
from ledger.entry import Envelope, as_json
from ledger.facts import SourceName
from ledger.values import Id, Moment

REACTOR: Final = "ledger-reactor"
"""The one source that is not registered: its messages do not come through the door."""

YEARS: Final = range(2000, 2101)

MessageId = Annotated[str, Meta(pattern=r"\A[!-~]{1,200}\Z")]
Subject = Annotated[
    str, Meta(pattern=r"\A((customer|hall|clerk)/[A-Za-z0-9._:-]{1,64}|operator)\Z")
]
Actor = Annotated[
    str, Meta(pattern=r"\A(system:[a-z][a-z0-9_]{0,39}|(?!system:)[A-Za-z0-9._:-]{1,64})\Z")
]
TypeName = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z", max_length=100)]
TraceParent = Annotated[str, Meta(pattern=r"\A[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")]
JsonType = Annotated[str, Meta(pattern=r"\A(?i:application/json(; *charset=\"?utf-8\"?)?)\Z")]
NotKept = Annotated[str, Meta(max_length=2048)]
Channel = Literal["store", "app", "web", "hotline", "system", "backoffice"]


class Attributes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All attributes that a message may have; the last four are accepted and not kept."""

    specversion: Literal["1.0"]
    id: MessageId
    source: SourceName
    type: TypeName
    subject: Subject
    time: Moment
    actor: Actor
    hall: Id | None = None
    counter: Id | None = None
    visit: Id | None = None
    approver: Id | None = None
    channel: Channel | None = None
    replaces: MessageId | None = None
    traceparent: TraceParent | None = None
    datacontenttype: JsonType | None = None
    dataschema: NotKept | None = None
    tracestate: NotKept | None = None
    partitionkey: NotKept | None = None


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes two messages the same: not their id, source or trace."""

    type: str
    subject: str
    time: datetime
    actor: str
    hall: str | None = None
    counter: str | None = None
    visit: str | None = None
    approver: str | None = None
    channel: str | None = None
    replaces: str | None = None
    data: Raw


def envelope_of(members: Mapping[str, Any]) -> Envelope:
    """The envelope of a message by its attributes. Raises NotAdmitted."""
    try:
        said = msgspec.convert(members, Attributes)
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    if said.time.year not in YEARS:
        raise malformed("/time", f"a year from {YEARS[0]} to {YEARS[-1]} is expected")
    return Envelope(
        id=said.id,
        source=said.source,
        type=said.type,
        subject=said.subject,
        time=said.time,
        actor=said.actor,
        hall=said.hall,
        counter=said.counter,
        visit=said.visit,
        approver=said.approver,
        channel=said.channel,
        replaces=said.replaces,
        traceparent=said.traceparent,
    )


def content_of(envelope: Envelope, data: bytes) -> bytes:
    """The content of a message as canonical JSON; `data` is its data in clear, canonical too."""
    return as_json(
        Content(
            type=envelope.type,
            subject=envelope.subject,
            time=envelope.time.astimezone(UTC),
            actor=envelope.actor,
            hall=envelope.hall,
            counter=envelope.counter,
            visit=envelope.visit,
            approver=envelope.approver,
            channel=envelope.channel,
            replaces=envelope.replaces,
            data=Raw(data),
        )
    )
