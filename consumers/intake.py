"""The HTTP intake: CloudEvents in all three modes, or a file of them, and a reply to each message.

    POST /interactions          a message (binary or structured), a batch, or lines (x-ndjson)
    POST /catch-up              returns when the tables show all that is recorded now
    GET  /entries/{p}/{n}       one entry, as the bytes that the log holds
    GET  /health  GET /

A single message has its reply's own status. A batch is not atomic: it has status 200 and a JSON
array of replies in the order of the messages. Nothing here is durable or decided; see `grouping`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from operator import itemgetter
from typing import Any, Final, Literal

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from consumers.answers import Language, Problem, Reply, problem, reply
from consumers.grouping import Counts, Failed, Recording, Unavailable
from consumers.keeper import ProjectorKeeper
from consumers.senders import sender_of
from ledger.door.admit import Malformed
from ledger.door.cloudevents import MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, Message, from_http
from ledger.door.faults import too_large
from ledger.door.scan import MAX_MESSAGE_BYTES
from ledger.entry import decode
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home

READ_SECONDS: Final = 30.0
CATCH_UP_SECONDS: Final = 55.0
MAX_BODIES_BYTES: Final = 64_000_000
"""Of all requests that are being read or answered, together; more are turned away."""
DISCARDED_BYTES: Final = 8_000_000
"""How much of a body that is too large is read and forgotten, so that its sender hears why."""
RETRY_AFTER_SECONDS: Final = "1"
MAX_DIGITS: Final = 18
"""A position of more digits is none, and would not fit in 64 bits."""

_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_LINES: Final = "application/x-ndjson"
_MANY: Final = ("application/cloudevents-batch+json", _LINES)


class Intake:
    """What the requests share."""

    def __init__(self, home: Home, recording: Recording, projector: ProjectorKeeper) -> None:
        self._home = home
        self._recording = recording
        self._projector = projector
        self._sources = {source.name: source for source in recording.facts.sources}
        self._reserved = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.describe),
                Route("/health", self.health),
                Route("/interactions", self.take, methods=["POST"]),
                Route("/entries/{partition}/{position}", self.entry),
                Route("/catch-up", self.catch_up, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _not_routed},
        )

    async def take(self, request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        limit = MAX_BATCH_BYTES if media_type in _MANY else MAX_MESSAGE_BYTES
        if self._reserved + limit > MAX_BODIES_BYTES:
            return _problem(request, "unavailable")
        self._reserved += limit
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await _read(request, limit)
            return await self._answer(request, media_type, body)
        except TimeoutError:
            return _problem(request, "timed_out")
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            self._reserved -= limit

    async def _answer(self, request: Request, media_type: str, body: bytes | None) -> Response:
        language = language_of(request)
        messages = _messages(request, media_type, body)
        if isinstance(messages, Malformed):
            return _single(reply(messages, language), language)
        try:
            sender = sender_of(request)
            answers = await asyncio.wrap_future(self._recording.submit(messages, sender))
        except Unavailable:
            return _problem(request, "unavailable")
        except Failed:
            return _problem(request, "failed")
        replies = [reply(each, language) for each in answers]
        if media_type in _MANY:
            return _json(replies, language=language)
        return _single(replies[0], language)

    def entry(self, request: Request) -> Response:
        """One entry, for this machine and for the source that sent its interaction."""
        place = _place(request)
        log = SqliteLog(self._home.log)
        try:
            record = log.record(*place) if place is not None else None
        finally:
            log.close()
        sender = sender_of(request)
        if record is None:
            return _problem(request, "not_found" if sender.local else "unauthorized")
        said = decode(record).interaction
        if not sender.is_source(self._sources.get(said.source) if said is not None else None):
            return _problem(request, "unauthorized")
        return Response(record, media_type=_JSON)

    def catch_up(self, request: Request) -> Response:
        if not sender_of(request).local:
            return _problem(request, "not_found")
        if self._projector.catch_up(CATCH_UP_SECONDS):
            return _json({"status": "caught up"})
        return _problem(
            request, "unavailable", "the tables do not keep up; is a projector running?"
        )

    async def health(self, _: Request) -> Response:
        """200 while interactions are recorded; the tables may stand still meanwhile."""
        recording = self._recording.healthy
        health = Health(
            "recording" if recording else "not recording",
            self._projector.running,
            self._recording.counts,
        )
        return _json(health, 200 if recording else 503)

    async def describe(self, _: Request) -> Response:
        facts = self._recording.facts
        return _json(
            {
                "ledger": facts.origin,
                "operator": facts.operator,
                "clock": facts.clock,
                "links": {
                    "interactions": "/interactions",
                    "entry": "/entries/{partition}/{position}",
                    "health": "/health",
                },
            }
        )


class Health(msgspec.Struct, frozen=True):
    """`recorded` counts since the start."""

    status: Literal["recording", "not recording"]
    projecting: bool
    recorded: Counts


async def _read(request: Request, limit: int) -> bytes | None:
    """The body, or None where it is over the limit; no more than that is ever held."""
    body = bytearray()
    size = 0
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size <= limit:
                body += chunk
            elif size > limit + DISCARDED_BYTES:
                break
    return bytes(body) if size <= limit else None


def _messages(
    request: Request, media_type: str, body: bytes | None
) -> Sequence[Message] | Malformed:
    if body is None:
        limit = MAX_BATCH_BYTES if media_type in _MANY else MAX_MESSAGE_BYTES
        return too_large("", f"the body is over {limit} bytes").answer
    if media_type != _LINES:
        return from_http(request.headers.items(), body)
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > MAX_BATCH_MESSAGES:
        return too_large("", f"the body has over {MAX_BATCH_MESSAGES} messages").answer
    return lines


def _place(request: Request) -> tuple[int, int] | None:
    """Partition and position of the path, or None where they are no numbers that could be one."""
    texts = (request.path_params["partition"], request.path_params["position"])
    if not all(text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS for text in texts):
        return None
    return int(texts[0]), int(texts[1])


def language_of(request: Request) -> Language:
    """Chinese or English, whichever the sender prefers; English where it says nothing."""
    best: tuple[float, Language] = (0.0, "en")
    for part in request.headers.get("accept-language", "").split(","):
        name, _, weight = part.strip().partition(";")
        primary = name.partition("-")[0].strip().lower()
        if primary == "zh" or primary == "en":
            best = max(best, (_weight(weight), primary), key=itemgetter(0))
    return best[1]


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0


def _single(answer: Reply, language: Language) -> Response:
    response = _json(answer, answer.status, language=language)
    if answer.status >= 400:
        response.headers["content-type"] = _PROBLEM
    elif answer.entry is not None:
        place = answer.entry
        response.headers["location"] = f"/entries/{place.partition}/{place.position}"
    if answer.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if answer.status == 503:
        response.headers["retry-after"] = RETRY_AFTER_SECONDS
    return response


def _problem(request: Request, name: Problem, detail: str | None = None) -> Response:
    language = language_of(request)
    return _single(problem(name, language, detail), language)


def _json(value: Any, status: int = 200, *, language: Language = "en") -> Response:
    headers = {"content-language": language}
    return Response(msgspec.json.encode(value), status, headers, media_type=_JSON)


async def _not_routed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    response = _problem(request, "not_allowed" if status == 405 else "not_found")
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
