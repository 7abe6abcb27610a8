"""Sentences with blanks, and the SQL that fills them in.

    Was served[ at counter {counter}] by {actor}[ after waiting {wait_seconds} s].

`{field}` is a field of the event, or else a column of its envelope; `{terms.months}` is a member of
a field. What follows a colon says how it is written:

    {method:word}           an enumerator as people read it
    {needs:words}           a list of enumerators
    {to_state:code}         a text, as the dictionary's table of that field has it
    {line_ids:list}         a list of ids, codes or numbers
    {needs:count}           the length of a list
    {needs:s}               the plural's s: nothing for one, of a number or a list
    {amount_fen:yuan}       fen in yuan
    {difference_fen:over}   the same where it is more than nothing
    {difference_fen:short}  the same without its sign where it is less than nothing
    {wait_seconds:minutes}  seconds in whole minutes
    {share_bp:percent}      ten-thousandths in whole percent
    {pay_by_at:at}          a moment in the hall, as month, day, hour and minute
    {valid_until_on:on}     a day, or the day of a moment in the hall
    {forced:if}             nothing; for parts
    {forced:unless}         nothing; for parts, which are left out where the field says something
    {decision:is denied}    nothing; for parts, which are left out where the field says another word

Text and numbers need no form, enumerators and moments do. `[ … ]` is a part that is left out where
a field in it says nothing: where it is null, false, 0 or an empty list. Only there may a field
stand that can be null.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from ledger.aggregates.model import Event
from ledger.entry import LedgerError
from ledger.projections import relations

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

_TOKEN: Final = re.compile(r"\{([a-z0-9_.]+)(?::([a-z]+)(?: ([a-z0-9_]+))?)?\}|([\[\]])|([{}]|--)")
_NULLABLE: Final = frozenset({"approver", "hall", "counter", "visit", "channel", "policy"})
_NUMBERS: Final = frozenset({"partition", "position", "event_number", "version"})
_MOMENTS: Final = frozenset({"recorded_at", "happened_at"})
_SEPARATOR: Final[Mapping[Language, str]] = {"en": ", ", "zh": "、"}


class TemplateError(LedgerError):
    """A sentence asks for what its event does not have."""


class Words:
    """The dictionary: what an enumerator is called in Chinese, everywhere or in one field."""

    def __init__(self, everywhere: Mapping[str, str], by_field: Mapping[str, Mapping[str, str]]):
        self._everywhere = everywhere
        self._by_field = by_field

    def of_field(self, field: str) -> Mapping[str, str]:
        """The words of one field that mean something else there, or are said by no type."""
        return self._by_field.get(field, {})

    def chinese(self, field: str, word: str) -> str | None:
        return self.of_field(field).get(word) or self._everywhere.get(word)


@dataclass(frozen=True, slots=True)
class Blank:
    """A field of a sentence: its column, its type without None, and how it is written."""

    name: str
    column: str
    root: str
    type: Any
    nullable: bool
    form: str
    word: str

    @property
    def field(self) -> str:
        """The name by which the dictionary knows it."""
        return self.name.rpartition(".")[2]

    @property
    def enumerators(self) -> tuple[str, ...] | None:
        """The words it can say, of a field or a list of a closed vocabulary."""
        inside = plain(get_args(self.type)[0]) if _is_list(self.type) else self.type
        return get_args(inside) if get_origin(inside) is Literal else None


Part = str | Blank
Sentence = Sequence[Part | tuple[Part, ...]]
"""Texts and blanks; a tuple is a part that may be left out."""


def read(template: str, event: type[Event]) -> Sentence:
    """The sentence of a template. Raises TemplateError with what is wrong in it."""
    sentence: list[Part | tuple[Part, ...]] = []
    part: list[Part] | None = None
    end = 0
    for token in _TOKEN.finditer(template):
        into: list[Any] = sentence if part is None else part
        if token.start() > end:
            into.append(template[end : token.start()])
        end = token.end()
        name, form, word, bracket, wrong = token.groups()
        if wrong or (bracket and (bracket == "[") != (part is None)):
            raise TemplateError(f"{token[0]} is out of place")
        if name:
            blank = _blank(event, name, form or "", word or "")
            if part is None and (blank.nullable or blank.form in _CONDITIONS):
                raise TemplateError(f"{{{name}}} may say nothing; it needs a part in brackets")
            into.append(blank)
        elif part is None:
            part = []
        elif any(isinstance(piece, Blank) for piece in part):
            sentence.append(tuple(part))
            part = None
        else:
            raise TemplateError("a part in brackets needs a field that may say nothing")
    if part is not None:
        raise TemplateError("a bracket is not closed")
    return [*sentence, template[end:]] if end < len(template) else sentence


def blanks(sentence: Sentence) -> list[Blank]:
    parts = [
        part for piece in sentence for part in (piece if isinstance(piece, tuple) else [piece])
    ]
    return [part for part in parts if isinstance(part, Blank)]


def select(sentence: Sentence, language: Language, words: Words) -> str:
    """The SQL expression that is the sentence. `concat` passes over a part that is null."""
    pieces = [
        _optional(piece, language, words)
        if isinstance(piece, tuple)
        else _said(piece, language, words)
        for piece in sentence
    ]
    return f"concat({', '.join(pieces)})"


def plain(type_: Any) -> Any:
    """The type without annotations and without None."""
    while get_origin(type_) is Annotated:
        type_ = get_args(type_)[0]
    if get_origin(type_) in (Union, UnionType):
        rest = [arg for arg in get_args(type_) if arg is not NoneType]
        return plain(rest[0]) if len(rest) == 1 else type_
    return type_


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _blank(event: type[Event], name: str, form: str, word: str) -> Blank:
    root, *members = name.split(".")
    found = _field(event, root)
    if found is None:
        type_, nullable = _envelope(event, name)
        column = path = root
    else:
        type_, nullable = found[0], found[1] is None
        column = f"data_{root}" if root in relations.ENVELOPE else root
        path = f'"{column}"'
    for member in members:
        inner = _field(plain(type_), member)
        if inner is None:
            raise TemplateError(f"{name} is no field of {event.__name__}")
        # The relations give a member no default.
        type_, nullable = inner[0], nullable or inner[1] is not msgspec.NODEFAULT
        path = f"{path}.{member}"
    blank = Blank(name, path, column, plain(type_), nullable, form, word)
    _check(blank)
    return blank


def _field(struct: Any, name: str) -> tuple[Any, Any] | None:
    """The type and the default of a struct's field. Raises TemplateError for a personal one."""
    if not relations.is_struct(struct):
        return None
    field = _fields(struct).get(name)
    if field is None:
        return None
    if relations.is_personal(field.type):
        raise TemplateError(f"{name} is personal and stands in no table")
    return field.type, field.default


@cache
def _fields(struct: Any) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(struct)}


def _envelope(event: type[Event], name: str) -> tuple[Any, bool]:
    if name not in relations.ENVELOPE:
        raise TemplateError(f"{name} is no field of {event.__name__} and none of its envelope")
    type_ = int if name in _NUMBERS else datetime if name in _MOMENTS else str
    return type_, name in _NULLABLE


def _is_list(type_: Any) -> bool:
    return get_origin(type_) in (tuple, list, frozenset)


def _fits(blank: Blank) -> bool:
    type_, form = blank.type, blank.form
    many, closed = _is_list(type_), blank.enumerators is not None
    match form:
        case "":
            return type_ in (str, int, date)
        case "word":
            return closed and not many
        case "code":
            return type_ is str
        case "words":
            return closed and many
        case "list":
            return many and not closed and plain(get_args(type_)[0]) in (str, int)
        case "count":
            return many
        case "s":
            return many or type_ is int
        case "yuan" | "over" | "short" | "minutes" | "percent":
            return type_ is int
        case "at":
            return type_ is datetime
        case "on":
            return type_ in (date, datetime)
        case "if" | "unless":
            return True
        case "is":
            return closed and not many and blank.word in (blank.enumerators or ())
        case _:
            return False


def _check(blank: Blank) -> None:
    if not _fits(blank) or bool(blank.word) != (blank.form == "is"):
        said = " ".join(filter(None, (blank.form, blank.word))) or "no form"
        raise TemplateError(f"{blank.name} cannot be written with {said}")


_CONDITIONS: Final = frozenset({"over", "short", "if", "unless", "is"})


def _optional(part: tuple[Part, ...], language: Language, words: Words) -> str:
    conditions = dict.fromkeys(_condition(piece) for piece in part if isinstance(piece, Blank))
    said = [_said(piece, language, words) for piece in part if not _is_silent(piece)]
    return f"case when {' and '.join(conditions)} then concat({', '.join(said)}) end"


def _is_silent(part: Part) -> bool:
    return isinstance(part, Blank) and part.form in ("if", "unless", "is")


def _condition(blank: Blank) -> str:
    """When the field says something; null is as good as false."""
    column = blank.column
    if blank.form == "is":
        return f"{column} = {literal(blank.word)}"
    if blank.form in ("over", "short"):
        return f"{column} {'>' if blank.form == 'over' else '<'} 0"
    says = f"{column} is not null"
    if blank.type is bool:
        says = column
    elif blank.type is int:
        says = f"{column} <> 0"
    elif _is_list(blank.type):
        says = f"len({column}) > 0"
    return f"not coalesce({says}, false)" if blank.form == "unless" else says


def _said(part: Part, language: Language, words: Words) -> str:
    if isinstance(part, str):
        return literal(part)
    column = part.column
    match part.form:
        case "word" | "code":
            return _word(part, column, language, words)
        case "words":
            each = _word(part, "word", language, words)
            items = column if each == "word" else f"[{each} for word in {column}]"
            return f"array_to_string({items}, '{_SEPARATOR[language]}')"
        case "list":
            return f"array_to_string({column}, '{_SEPARATOR[language]}')"
        case "count":
            return f"len({column})"
        case "s":
            number = f"len({column})" if _is_list(part.type) else column
            return f"case when {number} = 1 then '' else 's' end"
        case "yuan" | "over":
            return f"yuan({column})"
        case "short":
            return f"yuan(-{column})"
        case "minutes":
            return f"(({column} + 30) // 60)"
        case "percent":
            return f"(({column} + 50) // 100) || '%'"
        case "at":
            return f"strftime({column} + interval 8 hours, '%m-%d %H:%M')"
        case "on" if part.type is datetime:
            return f"business_day({column})"
        case _:
            return column


def _word(blank: Blank, value: str, language: Language, words: Words) -> str:
    said = tuple(words.of_field(blank.field)) if blank.form == "code" else blank.enumerators or ()
    if language == "en":
        joined = blank.form == "code" or any("_" in word for word in said)
        return f"replace({value}, '_', ' ')" if joined else value
    chinese = {word: words.chinese(blank.field, word) for word in said}
    missing = [word for word, meant in chinese.items() if meant is None]
    if missing or not said:
        raise TemplateError(f"words.toml has no Chinese for {', '.join(missing)} of {blank.name}")
    cases = " ".join(
        f"when {literal(word)} then {literal(meant or '')}" for word, meant in chinese.items()
    )
    return f"case {value} {cases} else {value} end"
