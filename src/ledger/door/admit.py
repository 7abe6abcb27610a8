"""The door: what comes in here is a well-formed interaction of a source that may send it.

`Door.admit` scans before it decodes, checks envelope and data strictly, derives what rules need of
personal fields, digests the content and seals the personal fields, in this order. Nothing is
recorded here, and a key is made only once everything else is in order.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, cast

import msgspec

from ledger import wire
from ledger.aggregates.model import Interaction
from ledger.door.cloudevents import Binary
from ledger.door.derive import DERIVATIONS
from ledger.door.envelope import REACTOR, content_of, envelope_of
from ledger.door.faults import (
    Malformed,
    NotAdmitted,
    below,
    forbidden,
    from_msgspec,
    malformed,
    too_large,
)
from ledger.door.scan import MAX_MESSAGE_BYTES, scan, unfit_text
from ledger.door.sealing import SHAPES, context_of, key_owner, lacks_visit, seal
from ledger.door.shape import Shape
from ledger.entry import Envelope, LedgerError, as_json
from ledger.reference import Reference
from ledger.vault import DataKey, Vault

__all__ = [
    "Admitted",
    "Door",
    "Elsewhere",
    "Lane",
    "Malformed",
    "NotAdmitted",
    "PersonalFieldError",
    "Threshold",
]

MAX_DATA_BYTES: Final = 24_000
YEARS: Final = range(1900, 2201)
"""Days and moments outside are typing errors, and time zones overflow at the calendar's ends."""


class PersonalFieldError(LedgerError):
    """A follow-on carries a personal field, which no reaction does."""


class Admitted(msgspec.Struct, frozen=True):
    """An interaction as deciders take it: personal fields sealed, and what was derived from them.

    `data` is the interaction as canonical JSON; `content` the keyed digest of the content in clear,
    under the key `key_id`. The key is durable only after `Vault.flush`.
    """

    envelope: Envelope
    interaction: Interaction
    data: bytes
    derived: dict[str, str]
    content: str
    key_id: str


class Elsewhere(msgspec.Struct, frozen=True):
    """A message whose owner lives in another partition, where it is to be admitted."""

    subject: str


class Lane(msgspec.Struct, frozen=True):
    """A way in that one source only may use, and that is for the owners that live here."""

    source: str
    lives_here: Callable[[str], bool]


class Threshold:
    """Checks messages by the facts that `reference` gives for an owner; has no key, seals nothing.

    What it lets pass the door admits too, where the owner's facts are the same.
    """

    def __init__(self, reference: Callable[[str], Reference]) -> None:
        self.reference = reference

    def check(self, message: bytes | Binary) -> Envelope | Malformed:
        """The envelope of a message that is in order, or what is wrong with it."""
        try:
            attributes, data = _parts(message)
            envelope = envelope_of(attributes)
            _, clear = self._read(envelope, data)
            _fitting(clear)
        except NotAdmitted as refused:
            return refused.answer
        return envelope

    def _read(self, envelope: Envelope, data: Any) -> tuple[Shape, msgspec.Struct]:
        """The interaction in clear. Raises NotAdmitted."""
        self._check_sender(envelope)
        shape = SHAPES[envelope.type]
        if lacks_visit(shape, envelope):
            raise malformed("/visit", "a member is missing")
        try:
            clear = msgspec.convert(data, shape.clear)
        except msgspec.ValidationError as error:
            raise from_msgspec(error, "/data") from None
        _check_years(shape, clear, "/data")
        return shape, clear

    def _check_sender(self, envelope: Envelope) -> None:
        kind = wire.INTERACTIONS.get(envelope.type)
        if kind is None:
            raise malformed("/type", "this type is not known")
        if kind.owner != wire.owner_kind(envelope.subject):
            raise malformed("/subject", f"the subject of this type is a {kind.owner}")
        source = self.reference(envelope.subject).sources.get(envelope.source)
        if source is None or source.name == REACTOR:
            raise forbidden("/source", "this source is not registered")
        if not envelope.type.startswith(source.types):
            raise forbidden("/type", "this source may not send this type")
        if kind.owner == "reference" or kind.owner not in source.owners:
            raise forbidden("/subject", f"this source may not send for a {kind.owner}")
        role, _, system = envelope.actor.partition(":")
        if role == "system" and system not in source.systems:
            raise forbidden("/actor", "this source may not send for this system")


class Door(Threshold):
    """Admits messages: checks, derives, digests and seals them."""

    def __init__(self, reference: Callable[[str], Reference], vault: Vault) -> None:
        super().__init__(reference)
        self._vault = vault

    def admit(self, message: bytes | Binary) -> Admitted | Malformed:
        """Admits a structured CloudEvent in JSON, or one in binary mode."""
        admitted = self.admit_by(None, message)
        assert not isinstance(admitted, Elsewhere)
        return admitted

    def admit_by(
        self, lane: Lane | None, message: bytes | Binary
    ) -> Admitted | Malformed | Elsewhere:
        """Admits a message that came by a lane: of its source, and of an owner who lives here."""
        try:
            attributes, data = _parts(message)
            envelope = envelope_of(attributes)
            if lane is not None:
                if envelope.source != lane.source:
                    raise forbidden("/source", "another source's messages come in here")
                if not lane.lives_here(envelope.subject):
                    return Elsewhere(envelope.subject)
            return self._admit(envelope, data)
        except NotAdmitted as refused:
            return refused.answer

    def admit_follow_on(self, envelope: Envelope, data: bytes) -> Admitted:
        """Admits what the reactor sends: `data` is an interaction as JSON, made by `react`.

        Raises PersonalFieldError where it carries a personal field: a reaction has none in clear,
        and a sealed one does not open in another message. Raises NotAdmitted where it is too large
        for an entry.
        """
        shape = SHAPES[envelope.type]
        interaction = wire.INTERACTIONS[envelope.type].decoder.decode(data)
        seal(shape, interaction, partial(_refuse_personal, envelope.type))
        return self._finish(envelope, shape, interaction, {})

    def _admit(self, envelope: Envelope, data: Any) -> Admitted:
        shape, clear = self._read(envelope, data)
        return self._finish(envelope, shape, clear, self._derive(shape, clear, envelope))

    def _derive(self, shape: Shape, clear: msgspec.Struct, envelope: Envelope) -> dict[str, str]:
        derived: dict[str, str] = {}
        for field in shape.personal_fields:
            if field in DERIVATIONS and (value := getattr(clear, field)) is not None:
                name, derivation = DERIVATIONS[field]
                in_force = self.reference(envelope.subject).policy_at(envelope.time)
                derived[name] = derivation(value, envelope.time, in_force)
        return derived

    def _finish(
        self, envelope: Envelope, shape: Shape, clear: msgspec.Struct, derived: dict[str, str]
    ) -> Admitted:
        data = _fitting(clear)
        key = self._vault.key_for(key_owner(shape, envelope))
        content = key.digest(content_of(envelope, data))
        interaction = cast(Interaction, clear)
        if shape.personal:
            interaction = seal(shape, clear, partial(_seal_field, key, context_of(envelope)))
            data = as_json(interaction)
        return Admitted(envelope, interaction, data, derived, content, key.id)


def _parts(message: bytes | Binary) -> tuple[Mapping[str, Any], Any]:
    """The attributes of a message, and its data as a JSON value. Raises NotAdmitted."""
    if isinstance(message, Binary):
        return message.attributes, _data(message)
    event = scan(message)
    if not isinstance(event, dict):
        raise malformed("", "a message is a JSON object")
    members = cast(dict[str, Any], event)
    data = members.pop("data", {})
    return members, data


def _data(message: Binary) -> Any:
    size = sum(len(name) + len(value) for name, value in message.attributes.items())
    if size + len(message.data) > MAX_MESSAGE_BYTES:
        raise too_large("", f"the message is over {MAX_MESSAGE_BYTES} bytes")
    for name, value in message.attributes.items():
        if unfit_text(value):
            raise malformed(below("", name), "the text has a control character")
    return scan(message.data, "/data") if message.data else {}


def _fitting(clear: msgspec.Struct) -> bytes:
    """Data in clear as canonical JSON. Raises NotAdmitted where it would not fit an entry."""
    data = as_json(clear)
    if len(data) > MAX_DATA_BYTES:
        raise too_large("/data", f"the data is over {MAX_DATA_BYTES} bytes")
    return data


def _seal_field(key: DataKey, context: str, clear: bytes, pointer: str) -> str:
    return key.seal(clear, context + pointer)


def _refuse_personal(type_: str, _: bytes, pointer: str) -> str:
    raise PersonalFieldError(f"the follow-on {type_} carries the personal field {pointer}")


def _check_years(shape: Shape, clear: msgspec.Struct, pointer: str) -> None:
    for name in shape.dated_fields:
        day: date | None = getattr(clear, name)
        if day is not None and day.year not in YEARS:
            raise malformed(
                f"{pointer}/{name}", f"a year from {YEARS[0]} to {YEARS[-1]} is expected"
            )
    for name, inner in shape.inner:
        value: Any = getattr(clear, name)
        if isinstance(value, tuple):
            for number, item in enumerate(cast(tuple[msgspec.Struct, ...], value)):
                _check_years(inner, item, f"{pointer}/{name}/{number}")
        elif value is not None:
            _check_years(inner, value, f"{pointer}/{name}")
