"""What a what-if finds, and how a recorded and a changed decision are compared."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Literal, cast

import msgspec

from ledger.aggregates.model import Decision, Event
from ledger.rules import Refusal

MAX_DETAIL: Final = 300
"""Characters of what is told of two decisions."""
Kind = Literal["recorded", "refused", "other_rule", "other_words", "other_events"]
SENTENCES: dict[Kind, str] = {
    "recorded": "it would be recorded",
    "refused": "it would be refused",
    "other_rule": "it would be refused otherwise",
    "other_words": "it would be refused otherwise",
    "other_events": "its events would be others",
}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that would be decided otherwise; a decision is its events' tags, or its rule.

    `recorded_detail` and `detail` are what a refusal says, or the fields in which events differ.
    `because` is the finding that it is a consequence of, the last of the same stream or else owner;
    None where the policy itself decides otherwise. `root` is where that began.
    """

    finding: str
    partition: int
    position: int
    owner: str
    source: str
    id: str
    type: str
    happened_at: datetime
    recorded_at: datetime
    kind: Kind
    recorded: str
    decided: str
    recorded_detail: str = ""
    detail: str = ""
    because: str | None = None
    root: str

    @property
    def sentence(self) -> str:
        return SENTENCES[self.kind]


class NotHappened(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded follow-on that would not have happened, and why; `cause` is an event's id.

    `instead_at` is set where it would have happened at another time; it is among those made, then.
    """

    finding: str
    partition: int
    position: int
    owner: str
    id: str
    type: str
    cause: str | None
    due_at: datetime | None
    recorded_at: datetime
    recorded: str
    sentence: str
    instead_at: datetime | None = None
    because: str | None = None
    root: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-on that was never recorded so, and how it would be decided."""

    finding: str
    partition: int
    owner: str
    id: str
    type: str
    cause: str | None
    due_at: datetime | None
    happened_at: datetime
    decided: str
    detail: str = ""
    because: str | None = None
    root: str


Finding = Difference | NotHappened | Made


def kind_of(recorded: Refusal | Sequence[Event], decided: Decision) -> Kind | None:
    """How the decision differs from the recorded one; None where it does not."""
    if isinstance(recorded, Refusal):
        if not isinstance(decided, Refusal):
            return "recorded"
        if decided == recorded:
            return None
        return "other_words" if decided.rule == recorded.rule else "other_rule"
    if isinstance(decided, Refusal):
        return "refused"
    return None if list(decided) == list(recorded) else "other_events"


def name_of(decision: Decision) -> str:
    if isinstance(decision, Refusal):
        return decision.rule
    return ", ".join(event.tag for event in decision)


def details_of(recorded: Decision, decided: Decision) -> tuple[str, str]:
    """What either refusal says; of events, the fields in which those of one tag differ."""
    if isinstance(recorded, Refusal) or isinstance(decided, Refusal):
        return detail_of(recorded), detail_of(decided)
    one, other = _fields(recorded), _fields(decided)
    names = [each for each in {**one, **other} if one.get(each) != other.get(each)]
    return _words(one, names), _words(other, names)


def detail_of(decision: Decision) -> str:
    return decision.detail if isinstance(decision, Refusal) else ""


def _fields(events: Sequence[Event]) -> dict[str, Any]:
    """Every field, by the number of its event and its name; what is inside one by itself."""
    return dict(_leaves(enumerate((msgspec.to_builtins(event) for event in events), 1)))


def _leaves(members: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in members:
        if isinstance(value, dict) and value:
            inside = cast(dict[str, Any], value).items()
        elif isinstance(value, list | tuple) and value:
            inside = enumerate(cast(Sequence[Any], value), 1)
        else:
            yield str(name), value
            continue
        for below, leaf in _leaves(inside):
            yield f"{name}.{below}", leaf


def _words(fields: dict[str, Any], names: Sequence[str]) -> str:
    text = ", ".join(f"{name} = {fields[name]}" for name in names if name in fields)
    return text if len(text) <= MAX_DETAIL else f"{text[:MAX_DETAIL]}…"
