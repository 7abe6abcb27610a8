"""Events as others read them: one structured CloudEvent 1.0 an event, as docs/events.md has them.

A partition's events are numbered without gaps, from 1: `eventnumber`. Whoever follows takes the one
after the newest that it has, and passes over any other, so that each comes once and in order.
"""

from datetime import datetime
from typing import Final

import msgspec

from consumers.kafka.outcomes import Record, place_headers
from ledger import wire
from ledger.aggregates.model import Event
from ledger.entry import Entry, event_id
from ledger.wire import Happened

CONTENT_TYPE: Final = b"application/cloudevents+json; charset=utf-8"

_encoder: Final = msgspec.json.Encoder()


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is published of an event.

    `id` is the event id, `source` the ledger, `subject` the owner, `time` when it happened at the
    counter. Of the extension attributes `causationid` names the message it came of (its source and
    id), `cause` the event which that was a follow-on of, `version` the event within its stream. The
    others are the entry's and its envelope's. In `data` personal fields stay sealed.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    stream: str
    version: int
    partition: int
    position: int
    eventnumber: int
    recordedat: datetime
    causationid: str
    cause: str | None = None
    actor: str | None = None
    approver: str | None = None
    hall: str | None = None
    counter: str | None = None
    visit: str | None = None
    channel: str | None = None
    traceparent: str | None = None
    data: Event


def records_of(entry: Entry, origin: str) -> list[Record]:
    """The records of an entry's events, in their order; `origin` is the ledger's name."""
    headers = (("content-type", CONTENT_TYPE), *place_headers(entry))
    return [
        Record(
            entry.partition,
            each.envelope.subject.encode(),
            _encoder.encode(event_of(entry, number, each, origin)),
            headers,
        )
        for number, each in enumerate(wire.happened(entry), 1)
    ]


def event_of(entry: Entry, number: int, happened: Happened, origin: str) -> CloudEvent:
    """The entry's event `number`, from 1."""
    envelope = happened.envelope
    return CloudEvent(
        specversion="1.0",
        id=event_id(envelope, number),
        source=origin,
        type=happened.event.tag,
        subject=envelope.subject,
        time=envelope.time,
        datacontenttype="application/json",
        stream=happened.stream,
        version=happened.version,
        partition=entry.partition,
        position=entry.position,
        eventnumber=entry.first_event + number - 1,
        recordedat=entry.recorded_at,
        causationid=f"{envelope.source}:{envelope.id}",
        cause=envelope.cause,
        actor=envelope.actor,
        approver=envelope.approver,
        hall=envelope.hall,
        counter=envelope.counter,
        visit=envelope.visit,
        channel=envelope.channel,
        traceparent=envelope.traceparent,
        data=happened.event,
    )
