"""Sealing: the personal fields of an interaction are encrypted here and nowhere else.

A field declared `Annotated[Sealed, Clear(T)]` comes in as `T` and goes on as a sealed text, bound
to its key, owner, message and place, so that it opens nowhere else.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from ledger import wire
from ledger.aggregates.model import Fields, Interaction
from ledger.door.shape import Shape, shape_of
from ledger.entry import Envelope, Said, as_json
from ledger.vault import Erased, Vault

SHAPES: Final = {type_: shape_of(kind.data) for type_, kind in wire.INTERACTIONS.items()}
"""By interaction type."""


class ErasedField(msgspec.Struct, frozen=True):
    """Stands where a personal field stood whose key was erased; never null, never a text."""

    is_erased: bool = True


class SealedField(msgspec.Struct, frozen=True):
    """Stands where a personal field stands that is not to be shown."""

    is_sealed: bool = True


ERASED: Final = ErasedField()
SEALED: Final = SealedField()


def key_owner(shape: Shape, envelope: Envelope) -> str:
    """Whose key seals and digests: the customer's; for what a hall hears about one, the visit's."""
    if shape.personal and envelope.visit is not None and envelope.subject.startswith("hall/"):
        return visit_key_owner(envelope.subject, envelope.visit)
    return envelope.subject


def lacks_visit(shape: Shape, envelope: Envelope) -> bool:
    """Whether it says something of a visitor and names no visit: no erasure would ever reach it."""
    return shape.personal and envelope.visit is None and envelope.type.startswith("visit.")


def visit_key_owner(hall: str, visit: str) -> str:
    """Whose key seals what a visitor says in the hall with that subject."""
    return f"visit/{hall.removeprefix('hall/')}/{visit}"


def context_of(envelope: Envelope) -> str:
    """What a sealed field is bound to beside its key and its place in the message."""
    return f"{envelope.subject}\n{envelope.source}\n{envelope.id}\n"


def seal(
    shape: Shape, clear: msgspec.Struct, seal_field: Callable[[bytes, str], str]
) -> Interaction:
    """The interaction with its personal fields sealed.

    `seal_field` takes a field's clear value as JSON and its JSON pointer within the data.
    """
    return cast(Interaction, _sealed(shape, clear, "", seal_field))


def open_fields(said: Said, vault: Vault) -> dict[str, Any]:
    """The data of a recorded interaction with its personal fields in clear, for display.

    A field whose key was erased is `ERASED`. Raises VaultError where a field was changed or its key
    is unknown. Reading personal data in clear is itself to be recorded, by the caller.
    """
    context = context_of(said)

    def open_field(sealed: str, pointer: str) -> Any:
        try:
            key = vault.key(_key_of(sealed))
        except Erased:
            return ERASED
        return msgspec.json.decode(key.open(sealed, context + pointer))

    return _opened(SHAPES[said.type], msgspec.json.decode(said.data), "", open_field)


def mask_fields(said: Said, vault: Vault) -> dict[str, Any]:
    """The data of a recorded interaction with `SEALED` or `ERASED` for its personal fields."""

    def mask(sealed: str, _: str) -> Any:
        return ERASED if vault.is_erased(_key_of(sealed)) else SEALED

    return _opened(SHAPES[said.type], msgspec.json.decode(said.data), "", mask)


def _key_of(sealed: str) -> str:
    return sealed.rpartition(".")[0]


def _sealed(
    shape: Shape, clear: msgspec.Struct, pointer: str, seal_field: Callable[[bytes, str], str]
) -> Fields:
    values = msgspec.structs.asdict(clear)
    for name in shape.personal_fields:
        if values[name] is not None:
            values[name] = seal_field(as_json(values[name]), f"{pointer}/{name}")
    for name, inner in shape.inner:
        value, place = values[name], f"{pointer}/{name}"
        if not inner.personal or value is None:
            continue
        if isinstance(value, tuple):
            items = enumerate(cast(tuple[msgspec.Struct, ...], value))
            values[name] = tuple(
                _sealed(inner, item, f"{place}/{number}", seal_field) for number, item in items
            )
        else:
            values[name] = _sealed(inner, value, place, seal_field)
    return shape.sealed(**values)


def _opened(
    shape: Shape, data: dict[str, Any], pointer: str, open_field: Callable[[str, str], Any]
) -> dict[str, Any]:
    opened = dict(data)
    for name in shape.personal_fields:
        if name in data:
            opened[name] = open_field(data[name], f"{pointer}/{name}")
    for name, inner in shape.inner:
        value, place = data.get(name), f"{pointer}/{name}"
        if not inner.personal or value is None:
            continue
        if isinstance(value, list):
            items = enumerate(cast(list[dict[str, Any]], value))
            opened[name] = [
                _opened(inner, item, f"{place}/{number}", open_field) for number, item in items
            ]
        else:
            opened[name] = _opened(inner, value, place, open_field)
    return opened
