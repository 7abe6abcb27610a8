"""The page for people: what a running ledger shows in a browser on its own machine.

    GET /            the page, where HTML is wanted
    GET /kpi         the key figures of each hall's newest day and month
    GET /now         the newest entries in words, the newest refusals, and how fresh all of it is
    GET /days/{hall}/{day}      what was recorded of a hall on its local day

No token opens these from elsewhere: a source may read what it sent, and these show all of it. Each
answer is from one snapshot of the tables, and says how far that one is.
"""

from datetime import date
from importlib import resources
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumers import page_tables
from consumers.grouping import Queue
from consumers.keeper import ProjectorKeeper
from consumers.page_tables import Kept, Kpi, Newest, Reached, Reading, Told
from consumers.responses import as_json, as_problem
from consumers.senders import sender_of
from ledger.entry import LedgerError
from ledger.logs.opening import open_kept
from ledger.settings import Home

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing on the page comes from elsewhere, goes elsewhere, or is shown inside another."""
_GUARDED: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_ASSETS: Final = {
    "page.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}


class Standing(msgspec.Struct, frozen=True):
    """One partition: its newest entry in the log, and in the tables; `lag` is what these lack."""

    partition: int
    position: int
    projected: int
    lag: int
    recorded_at: str | None


class Freshness(msgspec.Struct, frozen=True):
    """`tables` names the snapshot; None where there is none yet. `recorded_at` is its newest."""

    tables: str | None
    recorded_at: str | None
    position: int
    projected: int
    lag: int


class HallNamed(msgspec.Struct, frozen=True):
    hall: str
    name: str


class Kpis(msgspec.Struct, frozen=True):
    fresh: Freshness
    simulated: bool
    halls: list[HallNamed]
    figures: list[Kpi]


class Now(msgspec.Struct, frozen=True):
    fresh: Freshness
    ledger: str
    operator: str
    simulated: bool
    recording: bool
    projecting: bool
    standing: list[str]
    partitions: list[Standing]
    entries: list[Told]
    refusals: list[Told]


class Behind(msgspec.Struct, frozen=True):
    """What lies behind the figures of a hall's day; `count` is of all entries there are."""

    fresh: Freshness
    hall: str
    day: str
    count: int
    entries: list[Told]


def wants_page(request: Request) -> bool:
    """Whether a browser on this machine asks; a program gets what it always got."""
    return "text/html" in request.headers.get("accept", "") and sender_of(request).local


class Page:
    def __init__(self, home: Home, recording: Queue, projector: ProjectorKeeper) -> None:
        self._home = home
        self._recording = recording
        self._projector = projector
        self._kpis: Kept[list[Kpi]] = Kept(home.projections, page_tables.kpis)
        self._newest: Kept[Newest] = Kept(home.projections, page_tables.newest)
        folder = resources.files("ledger.console")
        self._assets = {name: folder.joinpath(name).read_bytes() for name in _ASSETS}

    def routes(self) -> list[Route]:
        return [
            Route("/page.css", self.asset),
            Route("/page.js", self.asset),
            Route("/kpi", self.kpi),
            Route("/now", self.now),
            Route("/days/{hall}/{day}", self.day),
        ]

    def html(self) -> Response:
        response = self._asset("page.html")
        response.headers["content-security-policy"] = POLICY
        response.headers["vary"] = "accept"
        return response

    async def asset(self, request: Request) -> Response:
        return self._asset(request.url.path.removeprefix("/"))

    def kpi(self, request: Request) -> Response:
        if not sender_of(request).local:
            return as_problem(request, "not_found")
        try:
            kept = self._kpis.newest()
        except LedgerError as error:
            return as_problem(request, "not_shown", str(error))
        facts = self._recording.facts
        standing = self._standing(kept)
        answer = Kpis(
            fresh=_freshness(kept, standing),
            simulated=facts.clock == "simulated",
            halls=[HallNamed(each.hall_id, each.name) for each in facts.halls],
            figures=kept.answer if kept is not None else [],
        )
        return _data(answer)

    def now(self, request: Request) -> Response:
        if not sender_of(request).local:
            return as_problem(request, "not_found")
        try:
            kept = self._newest.newest()
        except LedgerError as error:
            return as_problem(request, "not_shown", str(error))
        facts = self._recording.facts
        standing = self._standing(kept)
        fresh = _freshness(kept, standing)
        if fresh.lag:
            self._projector.refresh()
        answer = Now(
            fresh=fresh,
            ledger=facts.origin,
            operator=facts.operator,
            simulated=facts.clock == "simulated",
            recording=self._recording.healthy,
            projecting=self._projector.running,
            standing=self._projector.standing(),
            partitions=standing,
            entries=kept.answer.entries if kept is not None else [],
            refusals=kept.answer.refusals if kept is not None else [],
        )
        return _data(answer)

    def day(self, request: Request) -> Response:
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError:
            return as_problem(request, "not_found")
        if not sender_of(request).local:
            return as_problem(request, "not_found")
        hall = request.path_params["hall"]
        try:
            found = page_tables.read(self._home.projections, page_tables.day_of(hall, day))
        except LedgerError as error:
            return as_problem(request, "not_shown", str(error))
        fresh = _freshness(found, self._standing(found))
        day_found = found.answer
        return _data(Behind(fresh, hall, day.isoformat(), day_found.count, day_found.entries))

    def _asset(self, name: str) -> Response:
        headers = {**_GUARDED, "cache-control": "no-cache"}
        return Response(self._assets[name], headers=headers, media_type=_ASSETS[name])

    def _standing(self, reading: Reading[Any] | None) -> list[Standing]:
        log = open_kept(self._home)
        try:
            ends = log.ends()
        finally:
            log.close()
        none = Reached(-1, 0, "")
        reached = {each.partition: each for each in (reading.reached if reading else ())}
        return [
            Standing(
                partition=partition,
                position=end,
                projected=(at := reached.get(partition, none)).position,
                lag=end - at.position,
                recorded_at=at.recorded_at or None,
            )
            for partition, end in sorted(ends.items())
        ]


def _freshness(reading: Reading[Any] | None, standing: list[Standing]) -> Freshness:
    return Freshness(
        tables=reading.tables if reading is not None else None,
        recorded_at=max((each.recorded_at for each in standing if each.recorded_at), default=None),
        position=sum(each.position for each in standing),
        projected=sum(each.projected for each in standing),
        lag=sum(each.lag for each in standing),
    )


def _data(answer: msgspec.Struct) -> Response:
    response = as_json(answer)
    response.headers.update({**_GUARDED, "cache-control": "no-store"})
    del response.headers["content-language"]
    return response
