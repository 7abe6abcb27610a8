"""How an owner or a stream stood after some of its entries, folded again by its own `evolve`."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final, cast

import msgspec

from ledger import wire
from ledger.entry import Entry
from ledger.memory import Memory
from ledger.projections.relations import is_personal
from ledger.reference import Reference

SEALED: Final = "sealed"
"""What is shown of a personal field."""


class Stood(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The states of an owner's streams by name, and the owner's register where all are told of.

    Personal fields are `sealed`; what is empty is left out.
    """

    owner: str
    states: dict[str, dict[str, Any]]
    register: dict[str, Any] | None = None


def owner_stood(owner: str, entries: Sequence[Entry], founded: Reference) -> Stood:
    """`entries` are all of the owner's so far, at least one; `founded` the founding's facts."""
    memory = Memory(founded, entries[0].partition)
    for entry in entries:
        if entry.interaction is not None:
            memory.take(entry.interaction, wire.happened(entry))
    states = {stream: readable(state) for stream, state in memory.states_of(owner).items()}
    return Stood(owner=owner, states=states, register=readable(memory.register(owner)))


def stream_stood(owner: str, stream: str, entries: Sequence[Entry], founded: Reference) -> Stood:
    """`entries` are all that have events of the stream so far; others may be among them."""
    state: Any = None
    for entry in entries:
        for each in wire.happened(entry):
            if each.envelope.subject == owner and each.stream == stream:
                aggregate, _ = wire.EVENTS[each.event.tag]
                before = wire.initial(aggregate, stream, founded) if state is None else state
                state = aggregate.evolve(before, each.event, each.envelope)
    return Stood(owner=owner, states={} if state is None else {stream: readable(state)})


def readable(value: Any) -> Any:
    """A state as JSON has it."""
    if isinstance(value, msgspec.Struct):
        shown = {
            field.name: SEALED if is_personal(field.type) else inside
            for field in msgspec.structs.fields(value)
            if (inside := readable(getattr(value, field.name))) is not None and inside not in _EMPTY
        }
        tag = value.__struct_config__.tag
        return shown if tag is None else {"is": tag, **shown}
    if isinstance(value, Mapping):
        members = cast(Mapping[Any, Any], value)
        return {str(key): readable(inside) for key, inside in members.items()}
    if isinstance(value, Set):
        return sorted((readable(inside) for inside in cast(Set[Any], value)), key=str)
    if isinstance(value, list | tuple):
        return [readable(inside) for inside in cast(Sequence[Any], value)]
    return msgspec.to_builtins(value)


_EMPTY: Final[tuple[Any, ...]] = ("", {}, [])
