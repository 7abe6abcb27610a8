"""SQL over HTTP: one SELECT over the newest snapshot, answered by a locked-down worker.

    GET  /sql?q={select}[&seconds={at most 30}]
    POST /sql[?seconds=…]       the SELECT is the body, as text

The answer is JSON, or CSV where `accept: text/csv` asks for it, and says which snapshot it is from.
JSON has the members of `Origin` and of `worker.Table`, and is passed on as the worker wrote it.
It shows all that there is, so it is for this machine, as the page is; where the ledger's sources
have tokens, whoever asks shows one of them. A query is killed at its deadline, and a few run at
once: more are asked to come again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from consumers import page_tables
from consumers.page_tables import Reached
from consumers.responses import JSON, as_problem
from consumers.senders import from_foreign_page, sender_of
from ledger.entry import LedgerError
from ledger.facts import Source
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home

AT_ONCE: Final = 2
"""Each may take 1 GiB of memory and the two threads of a snapshot's reader."""
SECONDS: Final = 10.0
MAX_SECONDS: Final = 30.0
READ_SECONDS: Final = 10.0
CSV: Final = "text/csv"


class Origin(msgspec.Struct, frozen=True):
    """Which snapshot an answer is from: `tables` names it, `reached` says how far that one is."""

    tables: str
    reached: list[Reached]


class Queries:
    def __init__(self, home: Home, sources: Sequence[Source]) -> None:
        self._home = home
        self._guarded = [source for source in sources if source.token_digest is not None]
        self._running = 0

    def routes(self) -> list[Route]:
        return [Route("/sql", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        sender = sender_of(request)
        if not sender.local or from_foreign_page(request):
            return as_problem(request, "not_found")
        if self._guarded and not any(sender.is_source(source) for source in self._guarded):
            return as_problem(request, "unauthorized")
        if self._running >= AT_ONCE:
            return as_problem(request, "busy")
        self._running += 1
        try:
            sql, seconds = await _asked(request), _seconds(request)
            return await run_in_threadpool(self._answer, request, sql, seconds)
        except TimeoutError:
            return as_problem(request, "timed_out")
        except ClientDisconnect:
            return Response(status_code=400)
        except LedgerError as error:
            return as_problem(request, "query_refused", str(error))
        finally:
            self._running -= 1

    def _answer(self, request: Request, sql: str, seconds: float) -> Response:
        try:
            path = current_snapshot(self._home.projections)
            reached = page_tables.reached(path)
        except LedgerError as error:
            return as_problem(request, "not_shown", str(error))
        form = "csv" if CSV in request.headers.get("accept", "") else "json"
        try:
            written = worker.query_as(form, path, sql, seconds=seconds)
        except worker.StoppedError as error:
            return as_problem(request, "query_stopped", str(error))
        return _response(form, Origin(path.stem, reached), written)


async def _asked(request: Request) -> str:
    """The query. Raises LedgerError where there is none, or none that could be one."""
    if request.method != "POST":
        sql = request.query_params.get("q")
        if sql is None:
            raise LedgerError("ask with ?q=select …, or POST the query as text")
        return sql
    body = bytearray()
    async with asyncio.timeout(READ_SECONDS):
        async for chunk in request.stream():
            body += chunk
            if len(body) > worker.SQL_BYTES:
                raise LedgerError(f"the query is over {worker.SQL_BYTES:,} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise LedgerError("the query is no UTF-8 text") from error


def _seconds(request: Request) -> float:
    text = request.query_params.get("seconds")
    try:
        seconds = SECONDS if text is None else float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise LedgerError(f"seconds is a number above 0, at most {MAX_SECONDS:g}")
    return seconds


def _response(form: Literal["json", "csv"], origin: Origin, written: worker.Written) -> Response:
    if form == "csv":
        response = Response(written.text, media_type=f"{CSV}; header=present")
        response.headers["ledger-tables"] = origin.tables
        response.headers["ledger-cut"] = "true" if written.cut else "false"
    else:
        # Both are objects with members: the second goes on where the first ends.
        members = msgspec.json.encode(origin)[:-1] + b"," + written.text[1:]
        response = Response(members, headers={"content-language": "en"}, media_type=JSON)
    response.headers["vary"] = "accept"
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["cross-origin-resource-policy"] = "same-origin"
    return response
