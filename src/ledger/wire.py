"""The wiring of the business: which aggregate an interaction type or an event tag belongs to.

It is also the one place that knows how an event stands in an entry: without the fields that the
entry's interaction already says. A field of an event that bears the name of a field of its
interaction has that field's value, always; `shorten` leaves it out and `restore` puts it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, cast, get_args

import msgspec
from msgspec import UNSET

from ledger.aggregates import common, corrections
from ledger.aggregates.clerk import profile
from ledger.aggregates.clerk import register as clerk_register
from ledger.aggregates.customer import customer, order, payment, subscription
from ledger.aggregates.customer import register as customer_register
from ledger.aggregates.hall import case, drawer, hall_day, shift, visit
from ledger.aggregates.hall import register as hall_register
from ledger.aggregates.model import Aggregate, Event, Interaction, State
from ledger.aggregates.operator import calendar, policy, procedure, product
from ledger.aggregates.operator import hall as hall_entry
from ledger.aggregates.operator import register as operator_register
from ledger.aggregates.reference import notice
from ledger.aggregates.reference import register as reference_register
from ledger.entry import ChainError, Entry, Envelope, FutureFormatError, Said
from ledger.reference import Reference
from ledger.rules import Rule

OwnerKind = Literal["customer", "hall", "clerk", "operator", "reference"]
OWNER_KINDS: Final[tuple[OwnerKind, ...]] = get_args(OwnerKind)

ROOMS: Final[Mapping[OwnerKind, tuple[Aggregate, ...]]] = MappingProxyType(
    {
        "customer": cast(tuple[Aggregate, ...], (customer, order, payment, subscription)),
        "hall": cast(tuple[Aggregate, ...], (visit, shift, case, drawer, hall_day)),
        "clerk": cast(tuple[Aggregate, ...], (profile,)),
        "operator": cast(tuple[Aggregate, ...], (policy, product, procedure, calendar, hall_entry)),
        "reference": cast(tuple[Aggregate, ...], (notice,)),
    }
)
REGISTERS: Final[Mapping[OwnerKind, Any]] = MappingProxyType(
    {
        "customer": customer_register,
        "hall": hall_register,
        "clerk": clerk_register,
        "operator": operator_register,
        "reference": reference_register,
    }
)
AGGREGATES: Final[Mapping[type[State], Aggregate]] = MappingProxyType(
    {aggregate.State: aggregate for room in ROOMS.values() for aggregate in room}
)
"""By the class of their state."""
FOUNDED: Final[Mapping[str, Callable[[str, Reference], State]]] = MappingProxyType(
    {
        profile.NAME: profile.founded,
        policy.NAME: policy.founded,
        product.NAME: product.founded,
        procedure.NAME: procedure.founded,
        calendar.NAME: calendar.founded,
        hall_entry.NAME: hall_entry.founded,
    }
)
"""How streams stand at the founding, of the aggregates that it begins; the others are new."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of an interaction type."""

    owner: OwnerKind
    aggregate: Aggregate
    data: type[Interaction]
    decoder: "msgspec.json.Decoder[Interaction]"


INTERACTIONS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        data.marks.type: Kind(owner, aggregate, data, msgspec.json.Decoder(data))
        for owner, aggregates in ROOMS.items()
        for aggregate in aggregates
        for data in aggregate.INTERACTIONS
    }
)
EVENTS: Final[Mapping[str, tuple[Aggregate, type[Event]]]] = MappingProxyType(
    {
        event.tag: (aggregate, event)
        for aggregates in ROOMS.values()
        for aggregate in aggregates
        for event in aggregate.EVENTS
    }
)
EVENT_OWNERS: Final[Mapping[str, OwnerKind]] = MappingProxyType(
    {
        event.tag: owner
        for owner, aggregates in ROOMS.items()
        for aggregate in aggregates
        for event in aggregate.EVENTS
    }
)
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.id: rule
        for rules in (
            common.RULES,
            corrections.RULES,
            *(a.RULES for room in ROOMS.values() for a in room),
        )
        for rule in rules
    }
)


class Happened(msgspec.Struct, frozen=True):
    """An event with where it stands: what the library calls a domain event.

    `said` is the interaction's data where the event is about to be stored.
    """

    stream: str
    version: int
    event: Event
    envelope: Envelope
    said: Interaction | None = None

    @property
    def originator_id(self) -> str:
        return stream_key(self.envelope.subject, self.stream)

    @property
    def originator_version(self) -> int:
        return self.version


def initial(aggregate: Aggregate, stream: str, founded: Reference) -> Any:
    """The state of a stream before its first event; `founded` are the founding's facts."""
    begun = FOUNDED.get(aggregate.NAME)
    return aggregate.State() if begun is None else begun(stream, founded)


def room_of(owner: str) -> Any:
    """The module of the owner's register."""
    kind = owner_kind(owner)
    assert kind is not None, f"{owner} is no owner"
    return REGISTERS[kind]


def reference_owner(partition: int) -> str:
    """The owner of a partition's reference facts; it lives in that partition, by its number."""
    return f"reference/{partition}"


def stream_key(owner: str | None, stream: str) -> str:
    """Streams are named within their owner; the index and the library name them with it."""
    return stream if owner is None or stream == owner else f"{owner} {stream}"


def owner_kind(subject: str) -> OwnerKind | None:
    """The kind of owner that a CloudEvent's subject names, or None where it names none."""
    kind = subject.partition("/")[0]
    return kind if kind in OWNER_KINDS else None


def own_fields(event: type[Event], interaction: type[Interaction] | None) -> tuple[str, ...]:
    """The event's fields that its interaction does not say."""
    said = interaction.__struct_fields__ if interaction is not None else ()
    return tuple(field for field in event.__struct_fields__ if field not in said)


_own: Final[dict[tuple[type[Event], type[Interaction] | None], tuple[tuple[str, Any], ...]]] = {}
_encoder: Final = msgspec.json.Encoder()


def shorten(event: Event, said: Interaction | None) -> bytes:
    """The event's own fields as JSON: those that the interaction does not say.

    A field that has its default is left out, so a field added later changes no older event.
    """
    pair = (type(event), type(said) if said is not None else None)
    fields = _own.get(pair)
    if fields is None:
        fields = _own[pair] = _with_defaults(*pair)
    own = {
        field: value
        for field, default in fields
        if (value := getattr(event, field)) is not None and value != default
    }
    return _encoder.encode(own)


def _with_defaults(
    event: type[Event], said: type[Interaction] | None
) -> tuple[tuple[str, Any], ...]:
    """The own fields, each with its default; UNSET where it has none."""
    own = own_fields(event, said)
    fields = (field for field in msgspec.structs.fields(event) if field.name in own)
    return tuple(
        (field.name, UNSET if field.default is msgspec.NODEFAULT else field.default)
        for field in fields
    )


def restore(tag: str, own: bytes, said: Said | None) -> Event:
    """The event as it was decided. Raises FutureFormatError for a tag this ledger does not know."""
    known = EVENTS.get(tag)
    if known is None:
        raise FutureFormatError(f"event {tag} is not known to this version of the ledger")
    _, cls = known
    data: dict[str, Any] = {}
    if said is not None:
        fields = cls.__struct_fields__
        everything = msgspec.json.decode(said.data)
        data = {name: value for name, value in everything.items() if name in fields}
    data.update(msgspec.json.decode(own))
    try:
        return msgspec.convert({"tag": tag, **data}, cls)
    except msgspec.ValidationError as error:
        raise ChainError(f"event {tag} does not read as it was written: {error}") from error


def interaction_of(said: Said) -> Interaction:
    """The data of a recorded interaction, personal fields sealed."""
    kind = INTERACTIONS.get(said.type)
    if kind is None:
        raise FutureFormatError(f"interaction {said.type} is not known to this version")
    return kind.decoder.decode(said.data)


def happened(entry: Entry) -> list[Happened]:
    """The events of an entry, restored; none for an entry that the ledger did not decide."""
    said = entry.interaction
    if said is None:
        return []
    return [
        Happened(
            record.stream,
            record.version,
            restore(record.tag, bytes(record.data) if record.data else b"{}", said),
            said,
        )
        for record in entry.events
    ]
