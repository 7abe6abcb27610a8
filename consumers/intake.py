"""The HTTP intake: CloudEvents in all three modes, or a file of them, and a reply to each message.

    POST /interactions          a message (binary or structured), a batch, or lines (x-ndjson)
    GET  /interactions/{source}/{id}?subject={owner}    what became of a message
    POST /catch-up              returns when the tables show all that is recorded now
    GET  /entries/{p}/{n}       one entry, as the bytes that the log holds
    GET  /health                whether interactions are recorded
    GET  /health/tables         whether the tables' positions move, or there is nothing to do
    GET  /sql?q={select}                                one SELECT over the tables (see `queries`)
    GET  /                      the page for people, where HTML is wanted; else what is where

What the page asks for is in `page`.

A single message has its reply's own status. A batch is not atomic: it has status 200 and a JSON
array of replies in the order of the messages. Nothing here is durable or decided: embedded that is
`grouping`'s, on Kafka `kafka.publishing`'s. There a message is answered 202 and a link before it is
decided, unless `Prefer: wait=5` (RFC 7240) asks to wait, 30 seconds at most.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final, Literal

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from consumers.answers import Missing, reply
from consumers.grouping import Counts, Failed, Queue, Unavailable
from consumers.keeper import ProjectorKeeper
from consumers.lookup import answer_to
from consumers.movement import Reached
from consumers.page import Page, wants_page
from consumers.queries import Queries
from consumers.responses import JSON, as_json, as_problem, as_reply, language_of
from consumers.senders import from_foreign_page, sender_of
from consumers.telling import tell
from ledger.door.admit import Malformed
from ledger.door.cloudevents import MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, Message, from_http
from ledger.door.faults import too_large
from ledger.door.scan import MAX_MESSAGE_BYTES
from ledger.entry import LedgerError, decode
from ledger.logs.opening import on_kafka, open_kept
from ledger.settings import Home

READ_SECONDS: Final = 30.0
CATCH_UP_SECONDS: Final = 55.0
MAX_BODIES_BYTES: Final = 64_000_000
"""Of all requests that are being read or answered, together; more are turned away."""
DISCARDED_BYTES: Final = 8_000_000
"""How much of a body that is too large is read and forgotten, so that its sender hears why."""
MAX_WAIT_SECONDS: Final = 30
MAX_DIGITS: Final = 18
"""A position of more digits is none, and would not fit in 64 bits."""

_LINES: Final = "application/x-ndjson"
_MANY: Final = ("application/cloudevents-batch+json", _LINES)


class Intake:
    """What the requests share."""

    def __init__(self, home: Home, recording: Queue, projector: ProjectorKeeper) -> None:
        self._home = home
        self._recording = recording
        self._projector = projector
        self._sources = {source.name: source for source in recording.facts.sources}
        self._page = Page(home, recording, projector)
        self._queries = Queries(home, recording.facts.sources)
        self._reserved = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.describe),
                Route("/health", self.health),
                Route("/health/tables", self.health_of_tables),
                Route("/interactions", self.take, methods=["POST"]),
                Route("/interactions/{source}/{id:path}", self.outcome),
                Route("/entries/{partition}/{position}", self.entry),
                Route("/catch-up", self.catch_up, methods=["POST"]),
                *self._page.routes(),
                *self._queries.routes(),
            ],
            exception_handlers={HTTPException: _not_routed, LedgerError: _not_possible},
        )

    async def take(self, request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        limit = MAX_BATCH_BYTES if media_type in _MANY else MAX_MESSAGE_BYTES
        if self._reserved + limit > MAX_BODIES_BYTES:
            return as_problem(request, "unavailable")
        self._reserved += limit
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await _read(request, limit)
            return await self._answer(request, media_type, body)
        except TimeoutError:
            return as_problem(request, "timed_out")
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            self._reserved -= limit

    async def _answer(self, request: Request, media_type: str, body: bytes | None) -> Response:
        language = language_of(request)
        messages = _messages(request, media_type, body)
        if isinstance(messages, Malformed):
            return as_reply(reply(messages, language), language)
        try:
            sender = sender_of(request)
            submitted = self._recording.submit(messages, sender, preferred_wait(request))
            answers = await asyncio.wrap_future(submitted)
        except Unavailable:
            return as_problem(request, "unavailable")
        except Failed:
            return as_problem(request, "failed")
        replies = [reply(each, language) for each in answers]
        if media_type in _MANY:
            return as_json(replies, language=language)
        return as_reply(replies[0], language)

    def outcome(self, request: Request) -> Response:
        """What became of a message, in a reply of the shape and with the `status` that it had.

        202 while it has no entry, as far as that can be known: embedded, one that has none never
        came.
        """
        named = request.path_params["source"]
        sender, source = sender_of(request), self._sources.get(named)
        if not sender.is_source(source):
            return as_problem(request, "unauthorized")
        subject, message_id = request.query_params.get("subject"), request.path_params["id"]
        if source is None or not subject:
            return as_problem(request, "not_found")
        answer = answer_to(self._home, subject, named, message_id)
        language = language_of(request)
        if answer is not None:
            return as_json(reply(answer, language), language=language)
        if not on_kafka():
            return as_problem(request, "not_found")
        return as_reply(reply(Missing(subject, named, message_id), language), language)

    def entry(self, request: Request) -> Response:
        """One entry, for this machine and for the source that sent its interaction."""
        place = _place(request)
        log = open_kept(self._home)
        try:
            record = log.record(*place) if place is not None else None
        finally:
            log.close()
        sender = sender_of(request)
        if record is None:
            return as_problem(request, "not_found" if sender.local else "unauthorized")
        said = decode(record).interaction
        if not sender.is_source(self._sources.get(said.source) if said is not None else None):
            return as_problem(request, "unauthorized")
        return Response(record, media_type=JSON)

    def catch_up(self, request: Request) -> Response:
        if not sender_of(request).local or from_foreign_page(request):
            return as_problem(request, "not_found")
        if self._projector.catch_up(CATCH_UP_SECONDS):
            return as_json({"status": "caught up"})
        return as_problem(
            request, "unavailable", "the tables do not keep up; is a projector running?"
        )

    async def health(self, _: Request) -> Response:
        """200 while interactions are recorded; the tables may stand still meanwhile."""
        recording = self._recording.healthy
        health = Health(
            "recording" if recording else "not recording",
            self._projecting(),
            self._recording.counts,
        )
        return as_json(health, 200 if recording else 503)

    async def health_of_tables(self, _: Request) -> Response:
        """503 where a position has not moved; whoever records does not stop for that."""
        health = TablesHealth(
            self._projecting(), self._projector.standing(), self._projector.reached()
        )
        return as_json(health, 200 if health.projecting else 503)

    def _projecting(self) -> bool:
        return self._projector.running and not self._projector.standing()

    async def describe(self, request: Request) -> Response:
        if wants_page(request):
            return self._page.html()
        facts = self._recording.facts
        response = as_json(
            {
                "ledger": facts.origin,
                "operator": facts.operator,
                "clock": facts.clock,
                "links": {
                    "interactions": "/interactions",
                    "entry": "/entries/{partition}/{position}",
                    "health": "/health",
                    "sql": "/sql?q={select}",
                },
            }
        )
        response.headers["vary"] = "accept"
        return response


def preferred_wait(request: Request) -> int:
    """The seconds of `Prefer: wait=…`; 0 where nothing of the kind is asked."""
    for preference in ",".join(request.headers.getlist("prefer")).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        seconds = value.strip().strip('"')
        if name.strip().lower() == "wait" and seconds.isascii() and seconds.isdigit():
            return min(int(seconds[:MAX_DIGITS]), MAX_WAIT_SECONDS)
    return 0


class Health(msgspec.Struct, frozen=True):
    """`recorded` counts since the start; `projecting` is whether the tables go on."""

    status: Literal["recording", "not recording"]
    projecting: bool
    recorded: Counts


class TablesHealth(msgspec.Struct, frozen=True):
    """`standing` says what in the tables does not go on, in sentences; `partitions` how far all
    of them are."""

    projecting: bool
    standing: list[str]
    partitions: list[Reached]


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


async def _not_possible(request: Request, error: Exception) -> Response:
    tell(str(error))
    return as_problem(request, "unavailable")


async def _not_routed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    response = as_problem(request, "not_allowed" if status == 405 else "not_found")
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
