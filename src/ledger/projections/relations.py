"""The relations that folds read: one for each event tag, typed by the event's struct.

`visit.ticket_issued.v1` is the relation `visit_ticket_issued`: the columns of the envelope, then
the event's data. A field that the interaction says comes from the interaction, another from the
event; one event may follow from different interactions, so both are looked at. Personal fields are
left out, whatever a fold may ask. `events` has one row per event with the envelope only, `entries`
one row per entry, also for refused interactions and the founding, `foundings` what these say.

What can be read as its type is read; what cannot stops the batch with an error, never becomes null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from ledger import wire
from ledger.aggregates.model import Event
from ledger.entry import LedgerError
from ledger.values import Sealed

_SCALARS: Final[Mapping[object, str]] = {
    str: "{}",
    int: "cast({} as bigint)",
    bool: "cast({} as boolean)",
    datetime: "cast({} as timestamptz) at time zone 'UTC'",
    date: "cast({} as date)",
}
"""How the text of a field becomes its type. A cast to `timestamp` would drop the offset."""

ENVELOPE: Final = (
    *("partition", "position", "event_number", "event_id", "stream", "version", "recorded_at"),
    *("happened_at", "source", "message_id", "type", "owner", "owner_id", "actor", "approver"),
    *("hall", "counter", "visit", "channel", "policy"),
)

_MESSAGE: Final = (
    *("id", "source", "type", "subject", "actor", "hall", "counter", "visit", "approver"),
    *("channel", "cause"),
)
_RECORD: Final[dict[str, Any]] = {
    "partition": "BIGINT",
    "position": "BIGINT",
    "prev": "VARCHAR",
    "recorded_at": "TIMESTAMPTZ",
    "first_event": "BIGINT",
    "policy": "VARCHAR",
    "interaction": {"time": "TIMESTAMPTZ", **dict.fromkeys(_MESSAGE, "VARCHAR"), "data": "JSON"},
    "events": [{"tag": "VARCHAR", "stream": "VARCHAR", "version": "BIGINT", "data": "JSON"}],
    "refusal": {"rule": "VARCHAR", "detail": "VARCHAR"},
    "founding": "JSON",
    "unread": {"reason": "VARCHAR"},
}


def relation_name(tag: str) -> str:
    """`visit.ticket_issued.v1` -> `visit_ticket_issued`; later versions keep theirs."""
    return tag.removesuffix(".v1").replace(".", "_")


RELATIONS: Final[Mapping[str, str]] = {relation_name(tag): tag for tag in wire.EVENTS}
"""The relation of each tag."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What a fold selects of one relation, and the event's fields that it reads."""

    select: str
    fields: frozenset[str]


STAGED_ENTRIES: Final = f"""
with records as (
    select from_json(decode(record), '{msgspec.json.encode(_RECORD).decode()}') as entry
    from incoming
)
select
    entry.partition,
    entry.position,
    entry.prev,
    entry.recorded_at at time zone 'UTC' as recorded_at,
    coalesce(entry.first_event, 1) as first_event,
    entry.policy,
    entry.interaction,
    entry.interaction.time at time zone 'UTC' as happened_at,
    entry.interaction.subject as owner,
    split_part(entry.interaction.subject, '/', 2) as owner_id,
    coalesce(
        entry.interaction.hall,
        case when entry.interaction.subject like 'hall/%'
            then split_part(entry.interaction.subject, '/', 2) end
    ) as hall,
    entry.events,
    coalesce(len(entry.events), 0) as event_count,
    entry.refusal,
    entry.founding,
    entry.unread
from records
"""
"""One row per record; `incoming` is the Arrow table of the batch."""

STAGED_EVENTS: Final = """
with numbered as (
    select *, unnest(range(1, event_count + 1)) as number from staged_entries where event_count > 0
)
select
    partition,
    position,
    first_event + number - 1 as event_number,
    concat(interaction.source, ':', interaction.id, ':', number) as event_id,
    events[number].stream as stream,
    events[number].version as version,
    recorded_at,
    happened_at,
    interaction.source as source,
    interaction.id as message_id,
    interaction.type as type,
    owner,
    owner_id,
    interaction.actor as actor,
    interaction.approver as approver,
    hall,
    interaction.counter as counter,
    interaction.visit as visit,
    interaction.channel as channel,
    policy,
    events[number].tag as tag,
    events[number].data as own,
    interaction.data as said
from numbered
where interaction is not null
"""
"""One row per event that the ledger decided. They are put in the order of tags, so that each
relation is a slice of them, called `staged_` and its name; to look for its rows would cost as much
as to read them."""

ENTRIES: Final = """
create or replace temp view entries as
select
    entries.partition,
    entries.position,
    entries.recorded_at,
    entries.happened_at,
    entries.interaction.source as source,
    entries.interaction.id as message_id,
    entries.interaction.type as type,
    entries.owner,
    entries.owner_id,
    entries.interaction.actor as actor,
    entries.interaction.approver as approver,
    entries.hall,
    entries.interaction.counter as counter,
    entries.interaction.visit as visit,
    entries.interaction.channel as channel,
    entries.interaction.cause as cause,
    entries.policy,
    entries.refusal.rule as rule,
    coalesce(entries.refusal.detail, entries.unread.reason) as detail,
    entries.event_count,
    entries.first_event,
    entries.founding is not null as is_founding,
    entries.unread is not null as is_unread,
    coalesce(following.prev, heads.hash) as hash
from staged_entries as entries
left join staged_entries as following
    on following.partition = entries.partition and following.position = entries.position + 1
left join staged_heads as heads on heads.partition = entries.partition
where not exists (
    select 1 from left_out
    where left_out.partition = entries.partition and left_out.position = entries.position
)
"""
"""`hash` is the entry's leaf hash: what the next entry calls `prev`, the newest's from the reader,
who has checked both. Computing it again costs 3.5 µs a record here, this 0.1. `left_out` names
entries that a replay reads along the chain and does not count."""

FOUNDINGS: Final = """
create or replace temp view foundings as
select partition, position, recorded_at, founding from staged_entries where founding is not null
"""

EVENTS: Final = f"""
create or replace temp view events as select {", ".join(ENVELOPE)}, tag from staged_events
"""


@cache
def select_events(tag: str, event: type[Event], used: frozenset[str]) -> str:
    """The SELECT that is the relation of one tag, with the fields that are among the words `used`.

    It reads the tag's events in `staged_<relation>`. A field that no fold names is not read.
    """
    name = relation_name(tag)
    fields = [
        field
        for field in msgspec.structs.fields(event)
        if not is_personal(field.type) and {field.name, f"data_{field.name}"} & used
    ]
    if not fields:
        return f"select {', '.join(ENVELOPE)} from staged_{name}"
    shape = msgspec.json.encode({field.name: _leaf(field.type) for field in fields}).decode()
    columns = [*ENVELOPE]
    for field in fields:
        text = f"coalesce(own.{field.name}, said.{field.name})"
        value = _with_default(_typed(text, field.type, field.name), field)
        columns.append(f"{value} as {'data_' if field.name in ENVELOPE else ''}{field.name}")
    return f"""
with read as (
    select
        {", ".join(ENVELOPE)},
        from_json(own, '{shape}') as own,
        from_json(said, '{shape}') as said
    from staged_{name}
)
select {", ".join(columns)} from read
"""


def is_personal(type_: Any) -> bool:
    plain = _plain(type_)
    return plain is Sealed or any(is_personal(inside) for inside in get_args(plain))


def is_struct(type_: Any) -> bool:
    """Whether it is a struct, or a generic one of something."""
    plain = get_origin(type_) or type_
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def _plain(type_: Any) -> Any:
    """The type without annotations and without None."""
    while get_origin(type_) is Annotated:
        type_ = get_args(type_)[0]
    if get_origin(type_) in (Union, UnionType):
        rest = [arg for arg in get_args(type_) if arg is not NoneType]
        if len(rest) == 1:
            return _plain(rest[0])
    if get_origin(type_) is Literal:
        return str if isinstance(get_args(type_)[0], str) else int
    return type_


def _leaf(type_: Any) -> str:
    """How a field is taken out of its object: scalars as text, the rest as JSON."""
    return "VARCHAR" if _plain(type_) in _SCALARS else "JSON"


def _typed(text: str, type_: Any, name: str, depth: int = 0) -> str:
    """The expression that makes the typed value of `text`, or fails."""
    plain = _plain(type_)
    if plain in _SCALARS:
        return _SCALARS[plain].format(text)
    item = f"item{depth or ''}"
    if get_origin(plain) in (tuple, list, frozenset):
        inner = get_args(plain)[0]
        read = f"from_json({text}, '[\"{_leaf(inner)}\"]')"
        typed = _typed(item, inner, name, depth + 1)
        value = read if typed == item else f"[{typed} for {item} in {read}]"
    elif is_struct(plain):
        inside = {f.name: f.type for f in msgspec.structs.fields(plain) if not is_personal(f.type)}
        shape = msgspec.json.encode({key: _leaf(t) for key, t in inside.items()}).decode()
        read = f"from_json({text}, '{shape}')"
        members = ", ".join(
            f"'{key}': {_typed(f'{read}.{key}', t, name, depth)}" for key, t in inside.items()
        )
        value = f"case when {read} is not null then {{{members}}} end"
    elif get_origin(plain) in (dict, Union, UnionType):
        value = read = f"try_cast({text} as json)"
    else:
        raise LedgerError(f"the projections know no SQL type for field {name}: {type_}")
    return (
        f"case when {text} is not null and {read} is null"
        f" then error('{name} cannot be read in ' || event_id) else {value} end"
    )


def _with_default(value: str, field: msgspec.structs.FieldInfo) -> str:
    """An absent field has its struct's default."""
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT or default is None:
        return value
    if isinstance(default, (tuple, list)) and not default:
        return f"coalesce({value}, [])"
    if isinstance(default, bool | int):
        return f"coalesce({value}, {default})"
    if isinstance(default, str):
        return f"coalesce({value}, {_literal(default)})"
    raise LedgerError(f"the projections cannot write the default of {field.name}: {default!r}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
