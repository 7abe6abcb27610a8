"""CloudEvents 1.0 over HTTP and Kafka: from headers and body to the messages that the door admits.

HTTP has three modes (binary, structured, batch), Kafka 1.0.2 two. Nothing is trusted here: a batch
is only cut apart, and each message meets the door's whole check.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import msgspec

from ledger.door.faults import Malformed, NotAdmitted, below, malformed, too_large
from ledger.door.scan import MAX_DEPTH, fits_depth
from ledger.entry import UNREADABLE

MAX_HEADERS: Final = 100
MAX_BATCH_BYTES: Final = 1_000_000
MAX_BATCH_MESSAGES: Final = 1_000

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_ESCAPED: Final = re.compile(r"\\(.)")
_batch_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Binary:
    """A CloudEvent in binary mode: attributes by name, and the data as JSON text."""

    attributes: dict[str, str]
    data: bytes


Message = bytes | Binary


def from_http(headers: Iterable[tuple[str, str]], body: bytes) -> list[Message] | Malformed:
    """The messages of one HTTP request; `headers` as received, names in any case.

    Without `ce-` headers a JSON content type is asked for: a page in somebody's browser can send
    any other to a ledger on the same machine.
    """
    try:
        fields = [(name.lower(), value) for name, value in headers]
        _check_number(len(fields))
        content_type = _content_type(fields)
        media_type = _media_type(content_type)
        if media_type == _BATCH:
            return _batch(body)
        if media_type.startswith("application/cloudevents"):
            return [_structured(media_type, body)]
        attributes = [
            (name.removeprefix("ce-"), _http_value(name, value))
            for name, value in fields
            if name.startswith("ce-")
        ]
        if not attributes and media_type != "application/json":
            raise malformed("", "the content type is none of CloudEvents, nor JSON")
        return [_either(attributes, content_type, body)]
    except NotAdmitted as refused:
        return refused.answer


def from_kafka(
    headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> Message | Malformed:
    """The message of one Kafka record; without headers of CloudEvents it is taken as structured.

    Headers of others, such as a tracing library's, may hold what they will.
    """
    try:
        _check_number(len(headers))
        if (UNREADABLE, b"") in headers:
            raise malformed("", "this is no readable record of Kafka")
        fields = [
            (lower, _utf8(lower, content))
            for name, content in headers
            if (lower := name.lower()).startswith("ce_") or lower == "content-type"
        ]
        content_type = _content_type(fields)
        media_type = _media_type(content_type)
        if media_type.startswith("application/cloudevents"):
            return _structured(media_type, value or b"")
        attributes = [
            (name.removeprefix("ce_"), text) for name, text in fields if name.startswith("ce_")
        ]
        return _either(attributes, content_type, value or b"")
    except NotAdmitted as refused:
        return refused.answer


def _either(attributes: list[tuple[str, str]], content_type: str | None, body: bytes) -> Message:
    """Binary mode where there are attributes; else the body is taken as a structured message."""
    if not attributes:
        return body
    named = dict(attributes)
    if len(named) != len(attributes):
        raise malformed("", "an attribute stands twice in the headers")
    if content_type is not None:
        named["datacontenttype"] = content_type
    return Binary(named, body)


def _structured(media_type: str, body: bytes) -> bytes:
    if media_type != _STRUCTURED:
        raise malformed("", f"of the formats of CloudEvents only {_STRUCTURED} is taken here")
    return body


def _batch(body: bytes) -> list[Message]:
    if len(body) > MAX_BATCH_BYTES:
        raise too_large("", f"the batch is over {MAX_BATCH_BYTES} bytes")
    # msgspec recurses, so the depth is bounded before it looks: one more for the list itself.
    if not fits_depth(body, MAX_DEPTH + 1):
        raise malformed("", f"a message is nested deeper than {MAX_DEPTH}")
    try:
        messages = _batch_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError):
        raise malformed("", "the batch is no JSON list") from None
    if len(messages) > MAX_BATCH_MESSAGES:
        raise too_large("", f"the batch has over {MAX_BATCH_MESSAGES} messages")
    return [bytes(message) for message in messages]


def _check_number(headers: int) -> None:
    if headers > MAX_HEADERS:
        raise malformed("", f"the message has over {MAX_HEADERS} headers")


def _content_type(fields: list[tuple[str, str]]) -> str | None:
    found = [value for name, value in fields if name == "content-type"]
    if len(found) > 1:
        raise malformed("/datacontenttype", "the content type stands twice in the headers")
    return found[0] if found else None


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _http_value(name: str, value: str) -> str:
    """A header's text: double quotes taken off, then percent-decoded once."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise malformed(below("", name.removeprefix("ce-")), "the header is no UTF-8") from None


def _utf8(name: str, content: bytes | None) -> str:
    try:
        return (content or b"").decode()
    except UnicodeDecodeError:
        raise malformed(below("", name.removeprefix("ce_")), "the header is no UTF-8") from None
