"""Adds a golden line for every wire name that has none; lines that exist are never touched.

    python -m tests.golden.write

Run it when an interaction or event gets a new name or version, and look at what it added: the line
stands for all entries that will ever be written under that name. Every field is filled in, so that
one renamed or dropped later cannot pass.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import inspect

from ledger import wire
from ledger.aggregates.model import Event, Interaction
from ledger.entry import as_json
from ledger.values import Sealed

FOLDER: Final = Path(__file__).parent
INTERACTIONS: Final = "interactions.jsonl"
EVENTS: Final = "events.jsonl"
TEXTS: Final = ("x1", "ab12" * 16, "1234", "a1", "2026-11-03", "08:30", "2026-11")


class InteractionLine(msgspec.Struct, frozen=True):
    """The data of an interaction as it stands in an entry: canonical, personal fields sealed."""

    type: str
    data: msgspec.Raw


class EventLine(msgspec.Struct, frozen=True):
    """An event as it stands in an entry: `own` is what the interaction `said` does not say."""

    tag: str
    said: str
    own: msgspec.Raw


def interaction_lines(folder: Path = FOLDER) -> dict[str, InteractionLine]:
    return {line.type: line for line in _read(folder / INTERACTIONS, InteractionLine)}


def event_lines(folder: Path = FOLDER) -> dict[str, EventLine]:
    return {line.tag: line for line in _read(folder / EVENTS, EventLine)}


def _read(path: Path, cls: Any) -> Iterator[Any]:
    if path.exists():
        for line in path.read_bytes().splitlines():
            yield msgspec.json.decode(line, type=cls)


def add_lines(folder: Path = FOLDER) -> None:
    """Appends the lines of names that have none."""
    known = interaction_lines(folder)
    new = [
        InteractionLine(type_, msgspec.Raw(as_json(filled(kind.data))))
        for type_, kind in wire.INTERACTIONS.items()
        if type_ not in known
    ]
    _append(folder / INTERACTIONS, new)
    known = interaction_lines(folder)
    written = event_lines(folder)
    events = [cls for tag, (_, cls) in wire.EVENTS.items() if tag not in written]
    _append(folder / EVENTS, [_event(cls, known) for cls in events])


def _event(cls: type[Event], known: dict[str, InteractionLine]) -> EventLine:
    said = cause_of(cls).marks.type
    interaction = wire.INTERACTIONS[said].decoder.decode(known[said].data)
    repeated = msgspec.structs.asdict(interaction)
    event = cls(**{name: repeated.get(name, own) for name, own in _fields(cls).items()})
    return EventLine(cls.tag, said, msgspec.Raw(wire.shorten(event, interaction)))


def cause_of(event: type[Event]) -> type[Interaction]:
    """The interaction that the event repeats, or one of its aggregate that says all it needs.

    An event that follows from another aggregate's interaction is taken as said by its own first.
    """
    for base in event.__mro__:
        if issubclass(base, Interaction) and base is not Interaction:
            return base
    aggregate, _ = wire.EVENTS[event.tag]
    enough = (
        each
        for each in aggregate.INTERACTIONS
        if set(event.__struct_fields__) <= set(each.__struct_fields__)
    )
    return next(enough, aggregate.INTERACTIONS[0])


def filled(cls: type[msgspec.Struct]) -> Any:
    """A value of the struct with every field filled in, optional ones too."""
    return cls(**_fields(cls))


def _fields(cls: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: _sample(field.type) for field in msgspec.structs.fields(cls)}


def _sample(declared: Any) -> Any:
    return _value(inspect.type_info(_unsealed(declared)), declared)


def _unsealed(declared: Any) -> Any:
    return Any if Sealed in (declared, getattr(declared, "__origin__", None)) else declared


def _value(info: Any, declared: Any) -> Any:
    match info:
        case inspect.StructType():
            return filled(info.cls)
        case inspect.UnionType():
            return _value(next(t for t in info.types if not isinstance(t, inspect.NoneType)), None)
        case inspect.VarTupleType():
            return (_value(info.item_type, None),)
        case inspect.DictType():
            return {_value(info.key_type, None): _value(info.value_type, None)}
        case inspect.LiteralType():
            return info.values[0]
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return max(1, info.ge or 0)
        case inspect.DateTimeType():
            return datetime(2026, 11, 3, 2, tzinfo=UTC)
        case inspect.DateType():
            return date(2026, 11, 3)
        case inspect.StrType():
            return _text(info)
        case inspect.Metadata():
            return _value(info.type, declared)
        case inspect.CustomType() | inspect.AnyType():
            return "customer/d1#1.AAAA"
        case _:
            raise TypeError(f"no golden value for {info}")


def _text(info: inspect.StrType) -> str:
    for text in TEXTS:
        if info.pattern is None or re.search(info.pattern, text):
            return text[: info.max_length] if info.max_length else text
    raise TypeError(f"no golden text for {info.pattern}")


def _append(path: Path, lines: list[Any]) -> None:
    with path.open("ab") as file:
        for line in lines:
            file.write(msgspec.json.encode(line) + b"\n")


if __name__ == "__main__":
    add_lines()
