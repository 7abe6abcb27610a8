"""How the data of an interaction looks before and after sealing, by its declaration."""

import types
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from ledger.aggregates.model import Fields
from ledger.values import Clear, Sealed


@dataclass(frozen=True, slots=True)
class Shape:
    """One struct of an interaction's data, before (`clear`) and after (`sealed`) the door.

    `inner` are the fields that hold a struct, or a tuple of structs, with a shape of its own.
    """

    sealed: type[Fields]
    clear: type[msgspec.Struct]
    personal_fields: tuple[str, ...]
    dated_fields: tuple[str, ...]
    inner: tuple[tuple[str, "Shape"], ...]

    @property
    def personal(self) -> bool:
        """Whether any field, here or further in, is personal."""
        return self.clear is not self.sealed


def shape_of(fields: type[Fields]) -> Shape:
    """Raises TypeError where a personal field is declared in a way that cannot be sealed."""
    looks = {
        field.name: (field, _look(field.type, f"{fields.__name__}.{field.name}"))
        for field in msgspec.structs.fields(fields)
    }
    personal = tuple(name for name, (_, look) in looks.items() if look.is_personal)
    dated = tuple(name for name, (_, look) in looks.items() if look.is_dated)
    inner = tuple((name, look.inner) for name, (_, look) in looks.items() if look.inner is not None)
    clear: type[msgspec.Struct] = fields
    if personal or any(shape.personal for _, shape in inner):
        clear = msgspec.defstruct(
            f"Clear{fields.__name__}",
            [(name, look.clear, _default(field)) for name, (field, look) in looks.items()],
            kw_only=True,
            frozen=True,
            omit_defaults=True,
            forbid_unknown_fields=True,
        )
    return Shape(fields, clear, personal, dated, inner)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.field() if field.required else msgspec.field(default=field.default)


@dataclass(frozen=True, slots=True)
class _Look:
    """A field's type before the door, and what there is to do about it."""

    clear: Any
    is_personal: bool = False
    is_dated: bool = False
    inner: Shape | None = None

    @property
    def is_plain(self) -> bool:
        return not self.is_personal and self.inner is None


def _look(declared: Any, place: str) -> _Look:
    origin, arguments = get_origin(declared), get_args(declared)
    if declared is Sealed:
        raise TypeError(f"{place} is Sealed without saying how it looks in clear")
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:], place)
    if origin in (Union, types.UnionType):
        return _union(arguments, place)
    if origin is tuple and arguments[1:] == (...,):
        look = _look(arguments[0], place)
        if look.is_personal:
            raise TypeError(f"{place}: seal the whole list, not its items")
        return _Look(tuple[look.clear, ...], inner=look.inner)
    if isinstance(declared, type) and issubclass(declared, Fields):
        shape = shape_of(declared)
        matters = shape.personal or shape.dated_fields or shape.inner
        return _Look(shape.clear, inner=shape if matters else None)
    if origin is not Literal and not all(_look(each, place).is_plain for each in arguments):
        raise TypeError(f"{place}: a personal field cannot lie in a {origin}")
    return _Look(declared, is_dated=isinstance(declared, type) and issubclass(declared, date))


def _annotated(base: Any, marks: tuple[Any, ...], place: str) -> _Look:
    if base is Sealed:
        for mark in marks:
            if isinstance(mark, Clear):
                inner = _look(mark.type, place)
                return _Look(mark.type, is_personal=True, is_dated=inner.is_dated)
        raise TypeError(f"{place} is Sealed without saying how it looks in clear")
    look = _look(base, place)
    clear = Annotated[(look.clear, *marks)]
    return _Look(clear, look.is_personal, look.is_dated, look.inner)


def _union(arguments: tuple[Any, ...], place: str) -> _Look:
    looks = [_look(each, place) for each in arguments if each is not types.NoneType]
    if len(looks) > 1 and not all(look.is_plain for look in looks):
        raise TypeError(f"{place}: a personal field has no alternative but to be absent")
    optional = types.NoneType in arguments
    clear = Union[(*(look.clear for look in looks), *([None] if optional else []))]
    return _Look(clear, looks[0].is_personal, any(look.is_dated for look in looks), looks[0].inner)
