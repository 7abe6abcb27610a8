"""What the door answers where it does not let a message in: where the fault lies, and what it is.

No answer quotes a value: it may be personal, and answers end up in logs. A member is named only
where its name looks like one of ours; of any other the parent is named.
"""

import re
from typing import Final, Literal

import msgspec

Refused = Literal["malformed", "too_large", "forbidden"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_STEP: Final = re.compile(r"\.([a-z][a-z0-9_]*)|\[([0-9]+)\]")
_PATH: Final = re.compile(r"(.*) - at `\$([^`]*)`", re.DOTALL)
_FIELD: Final = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong: a JSON pointer into the message, and a sentence."""

    pointer: str
    detail: str


class Malformed(msgspec.Struct, frozen=True):
    """A message that is no interaction.

    `detail` holds nothing that the sender chose and may be recorded; `errors` name the sender's
    members and go back to the sender only.
    """

    kind: Refused
    detail: str
    errors: tuple[Fault, ...] = ()


class NotAdmitted(Exception):  # noqa: N818 (an answer on its way out of the door)
    """Carries the answer from where the fault was found to the door."""

    def __init__(self, answer: Malformed) -> None:
        super().__init__(answer.detail)
        self.answer = answer


def malformed(pointer: str, detail: str) -> NotAdmitted:
    return NotAdmitted(Malformed("malformed", detail, (Fault(pointer, detail),)))


def too_large(pointer: str, detail: str) -> NotAdmitted:
    return NotAdmitted(Malformed("too_large", detail, (Fault(pointer, detail),)))


def forbidden(pointer: str, detail: str) -> NotAdmitted:
    return NotAdmitted(Malformed("forbidden", detail, (Fault(pointer, detail),)))


def below(pointer: str, name: object) -> str:
    """The pointer of a member or item; the parent's where the name is not like one of ours."""
    if isinstance(name, int):
        return f"{pointer}/{name}"
    return f"{pointer}/{name}" if _NAME.fullmatch(str(name)) else pointer


def from_msgspec(error: msgspec.ValidationError, root: str = "") -> NotAdmitted:
    """The answer for what msgspec found: `$.items[0].amount_fen` is `/items/0/amount_fen`."""
    message, pointer = str(error), root
    located = _PATH.fullmatch(message)
    if located is not None:
        message = located[1]
        for name, number in _STEP.findall(located[2]):
            pointer = below(pointer, int(number) if number else name)
    field = _FIELD.fullmatch(message)
    if field is not None:
        missing = field[1].startswith("missing")
        detail = "a member is missing" if missing else "a member is unknown"
        return malformed(below(pointer, field[2]), detail)
    return malformed(pointer, _sentence(message))


def _sentence(message: str) -> str:
    """msgspec's words where they say only what is expected; it quotes the values of enums."""
    if message.startswith("Expected "):
        return message.replace("`", "").replace(" | null", "")
    if message.startswith("Invalid RFC3339"):
        return message
    if message.startswith("Invalid enum"):
        return "the value is none of those allowed"
    return "the value is not valid"
