"""The first look at a message, before anything is decoded: is it JSON that everyone reads alike?

Parsers differ on duplicate names, big numbers, NaN, lone surrogates and NUL, and people are fooled
by characters that hide or turn text; none of that comes in. Nor do fractions and null: amounts are
whole fen, and what is absent is left out.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

from ledger.door.faults import Fault, Malformed, NotAdmitted, below, malformed, too_large

MAX_MESSAGE_BYTES: Final = 32_000
MAX_DEPTH: Final = 64
MAX_FAULTS: Final = 10
MAX_INTEGER: Final = 2**53 - 1

_NO_JSON: Final = "the message is no JSON text in UTF-8"
_NUMBER: Final = "a whole number from -(2^53-1) to 2^53-1 is expected"
_TWICE: Final = "a member stands twice in one object"
_NULL: Final = "what is absent is left out, never null"
_TEXT: Final = "the text has a control or direction character, or half a character"
_NAME: Final = "the name of a member has a control or direction character, or half a character"

# The string alternative matches to the end where the closing quote is missing: linear always.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[{]|[\]}]', re.DOTALL)
_UNFIT_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Too much rather than too little: what it finds is looked at again, decoded.
_SUSPICIOUS_ESCAPE: Final = re.compile(
    r"\\(?:[bfnrt]|u(?:00[01]|007[fF]|00[89]|202[a-eA-E]|206[6-9]|[dD][89a-fA-F]))"
)


def scan(raw: bytes, root: str = "") -> Any:
    """The JSON value of a message, or of its part at `root`; NotAdmitted names up to ten faults."""
    if len(raw) > MAX_MESSAGE_BYTES:
        raise too_large(root, f"the message is over {MAX_MESSAGE_BYTES} bytes")
    if not fits_depth(raw, MAX_DEPTH):
        raise malformed(root, f"the message is nested deeper than {MAX_DEPTH}")
    try:
        text = raw.decode()
        value = _parse(text, root)
    except ValueError:
        raise malformed(root, _NO_JSON) from None
    if _suspicious(raw, text):
        answer = _answer(value, root)
        if answer.answer.errors:
            raise answer
    return value


def _parse(text: str, root: str) -> Any:
    try:
        return _strict.decode(text)
    except _UnfitError:
        raise _answer(_marking.decode(text), root) from None


def fits_depth(raw: bytes, limit: int) -> bool:
    """Whether the nesting stays within `limit`, found without recursion and in linear time."""
    if raw.count(b"{") + raw.count(b"[") <= limit:
        return True
    depth = 0
    for token in _TOKEN.finditer(raw):
        first = token[0][0]
        if first in b"[{":
            depth += 1
            if depth > limit:
                return False
        elif first in b"]}":
            depth -= 1
    return True


def unfit_text(text: str) -> bool:
    """Whether a text holds what could hide, turn or break it where it is shown."""
    return _UNFIT_TEXT.search(text) is not None


def _suspicious(raw: bytes, text: str) -> bool:
    """Whether a parsed message might still hold null or unfit text; cheap, and never too lax.

    Raw control characters below U+0020 are refused by the parser itself.
    """
    if b"null" in raw or b"\x7f" in raw:
        return True
    if b"\\" in raw and _SUSPICIOUS_ESCAPE.search(text) is not None:
        return True
    if raw.isascii():
        return False
    may_be_unfit = b"\xc2" in raw or b"\xe2\x80" in raw or b"\xe2\x81" in raw
    return may_be_unfit and unfit_text(text)


class _UnfitError(Exception):
    """Stops the strict parser; the marking one then says where."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Stands in a parsed value where something unfit stood."""

    detail: str


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= 17 else MAX_INTEGER + 1
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise _UnfitError
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _UnfitError
    return members


def _refuse(_: str) -> Any:
    raise _UnfitError


def _mark_number(_: str) -> _Mark:
    return _Mark(_NUMBER)


def _mark_integer(digits: str) -> int | _Mark:
    try:
        return _integer(digits)
    except _UnfitError:
        return _Mark(_NUMBER)


def _mark_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: set[str] = set()
    twice = {name for name, _ in pairs if name in seen or seen.add(name)}
    return {name: _Mark(_TWICE) if name in twice else value for name, value in pairs}


_strict: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse
)
_marking: Final = json.JSONDecoder(
    object_pairs_hook=_mark_object,
    parse_int=_mark_integer,
    parse_float=_mark_number,
    parse_constant=_mark_number,
)


def _answer(value: Any, root: str) -> NotAdmitted:
    faults = tuple(islice(_faults(value, root), MAX_FAULTS))
    return NotAdmitted(Malformed("malformed", faults[0].detail if faults else "", faults))


def _faults(value: Any, pointer: str) -> Iterator[Fault]:
    """What is unfit in a parsed value. Its depth is bounded, so recursion is too."""
    if isinstance(value, dict):
        for name, member in cast(dict[str, Any], value).items():
            if unfit_text(name):
                yield Fault(pointer, _NAME)
            yield from _faults(member, below(pointer, name))
    elif isinstance(value, list):
        for number, item in enumerate(cast(list[Any], value)):
            yield from _faults(item, below(pointer, number))
    elif isinstance(value, str):
        if unfit_text(value):
            yield Fault(pointer, _TEXT)
    elif value is None:
        yield Fault(pointer, _NULL)
    elif isinstance(value, _Mark):
        yield Fault(pointer, value.detail)
