"""Answers: what a sender hears, in one shape for HTTP, files and the command line (RFC 9457)."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import quote

import msgspec

from consumers.decider import Answer
from ledger import wire
from ledger.door.admit import Malformed

Outcome = Literal["recorded", "repeated", "refused", "accepted", "malformed", "failed"]
Language = Literal["en", "zh"]
Problem = Literal[
    "unauthorized",
    "not_found",
    "not_allowed",
    "timed_out",
    "failed",
    "unavailable",
    "not_shown",
    "busy",
    "query_refused",
    "query_stopped",
]

_TITLES: Final[dict[str, dict[Language, str]]] = {
    "recorded": {"en": "Recorded", "zh": "已入账"},
    "repeated": {"en": "Recorded before", "zh": "此前已入账"},
    "accepted": {"en": "Accepted, to be recorded", "zh": "已受理，待入账"},
    "missing": {
        "en": "No entry yet; not known whether it came",
        "zh": "尚无条目，不知是否已到达",
    },
    "malformed": {"en": "The message cannot be read", "zh": "报文无法识别"},
    "too_large": {"en": "The message is too large", "zh": "报文过大"},
    "forbidden": {"en": "This source may not send this", "zh": "该来源无权发送此业务"},
}
_MALFORMED_STATUS: Final = {"malformed": 400, "too_large": 413, "forbidden": 403}
_CONTENT_RULE: Final = "ENV-01"


_PROBLEMS: Final[dict[Problem, tuple[int, dict[Language, str]]]] = {
    "unauthorized": (401, {"en": "The token of the source is needed", "zh": "需要该来源的令牌"}),
    "not_found": (404, {"en": "There is nothing here", "zh": "此处无内容"}),
    "not_allowed": (405, {"en": "This is not done here", "zh": "此处不支持该操作"}),
    "timed_out": (408, {"en": "The request came too slowly", "zh": "请求送达超时"}),
    "failed": (500, {"en": "Not recorded: the ledger failed", "zh": "未入账：账本处理出错"}),
    "unavailable": (503, {"en": "Not recorded: send it again later", "zh": "暂未入账：请稍后重发"}),
    "not_shown": (503, {"en": "The tables cannot be read now", "zh": "数据表暂时无法读取"}),
    "busy": (503, {"en": "Too many queries at once: ask again", "zh": "查询过多：请稍后再试"}),
    "query_refused": (400, {"en": "This query is not answered", "zh": "该查询未获执行"}),
    "query_stopped": (504, {"en": "The query took too long", "zh": "查询超时，已终止"}),
}


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """A message whose sender did not show that it is the source it names."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the brokers hold and whose entry is not there yet."""

    subject: str
    source: str
    id: str

    @property
    def link(self) -> str:
        """Where its answer can be read."""
        source, message_id = quote(self.source, safe=""), quote(self.id, safe="")
        return f"/interactions/{source}/{message_id}?subject={quote(self.subject)}"


class Missing(Accepted):
    """A message that has no entry, and whose sender asks for its answer."""


class EntryPlace(msgspec.Struct, frozen=True):
    partition: int
    position: int


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field; `pointer` is a JSON pointer into the message."""

    pointer: str
    detail: str


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details with the ledger's own members; also the answer to what was recorded.

    `status` is the HTTP status: 201 recorded, 200 recorded before, 202 accepted for later, 400
    malformed, 401 the source's token is needed, 403 forbidden, 409 the id came with other content
    before, 413 too large, 422 refused by a rule; for a whole request also 404, 405, 408, 500, 503,
    504.
    """

    type: Annotated[str, "a stable URI"]
    title: str
    status: int
    outcome: Outcome
    detail: str | None = None
    rule: str | None = None
    errors: tuple[FieldError, ...] = ()
    entry: EntryPlace | None = None
    instance: str | None = None


def reply(answer: Answer | Malformed | Unauthorized | Accepted, language: Language = "en") -> Reply:
    """The reply to one message. Titles are in the reader's language, codes never translated."""
    if isinstance(answer, Unauthorized):
        return problem("unauthorized", language)
    if isinstance(answer, Accepted):
        name = "missing" if isinstance(answer, Missing) else "accepted"
        return Reply(
            type=f"urn:ledger:{name}",
            title=_TITLES[name][language],
            status=202,
            outcome="accepted",
            instance=answer.link,
        )
    if isinstance(answer, Malformed):
        return Reply(
            type=f"urn:ledger:{answer.kind}",
            title=_TITLES[answer.kind][language],
            status=_MALFORMED_STATUS[answer.kind],
            outcome="malformed",
            detail=answer.detail,
            errors=tuple(FieldError(each.pointer, each.detail) for each in answer.errors),
        )
    place = EntryPlace(answer.partition, answer.position)
    instance = f"urn:ledger:entry:{answer.partition}:{answer.position}"
    if answer.refusal is not None:
        rule = wire.RULES[answer.refusal.rule]
        return Reply(
            type=f"urn:ledger:rule:{rule.id}",
            title=rule.chinese if language == "zh" else rule.sentence,
            status=409 if rule.id == _CONTENT_RULE else 422,
            outcome="repeated" if answer.repeated else "refused",
            detail=answer.refusal.detail,
            rule=rule.id,
            entry=place,
            instance=instance,
        )
    outcome: Outcome = "repeated" if answer.repeated else "recorded"
    return Reply(
        type=f"urn:ledger:{outcome}",
        title=_TITLES[outcome][language],
        status=200 if answer.repeated else 201,
        outcome=outcome,
        entry=place,
        instance=instance,
    )


def problem(name: Problem, language: Language = "en", detail: str | None = None) -> Reply:
    """The reply where a request comes to nothing."""
    status, titles = _PROBLEMS[name]
    return Reply(
        type=f"urn:ledger:{name}",
        title=titles[language],
        status=status,
        outcome="failed" if status >= 500 else "malformed",
        detail=detail,
    )
