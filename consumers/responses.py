"""What every endpoint answers with: JSON, or a problem, in the language that the sender prefers."""

from operator import itemgetter
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consumers.answers import Language, Problem, Reply, problem

RETRY_AFTER_SECONDS: Final = "1"
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


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


def as_json(value: Any, status: int = 200, *, language: Language = "en") -> Response:
    headers = {"content-language": language}
    return Response(msgspec.json.encode(value), status, headers, media_type=JSON)


def as_reply(answer: Reply, language: Language) -> Response:
    """A reply with its own status, and the headers that go with that."""
    response = as_json(answer, answer.status, language=language)
    if answer.status >= 400:
        response.headers["content-type"] = PROBLEM
    elif answer.entry is not None:
        place = answer.entry
        response.headers["location"] = f"/entries/{place.partition}/{place.position}"
    elif answer.outcome == "accepted" and answer.instance is not None:
        response.headers["location"] = answer.instance
        response.headers["retry-after"] = RETRY_AFTER_SECONDS
    if answer.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if answer.status == 503:
        response.headers["retry-after"] = RETRY_AFTER_SECONDS
    return response


def as_problem(request: Request, name: Problem, detail: str | None = None) -> Response:
    language = language_of(request)
    return as_reply(problem(name, language, detail), language)
