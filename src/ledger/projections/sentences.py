"""What is said of each event, in English and Chinese, and what interactions are called.

`sentences/<first word of the tag>.toml` holds one entry an event, as `templates` reads it:

    "visit.arrived.v1" = [
        "Arrived at the hall ({arrival:word}).",
        "到达营业厅（{arrival:word}）。",
    ]

`sentences/words.toml` says what enumerators are called in Chinese; a table in it, such as
`[outcome]`, says what they are called in the field of that name. `sentences/interactions.toml`
names each type of interaction, in the imperative. All of it is checked when it is read.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec

from ledger import wire
from ledger.projections import relations, templates
from ledger.projections.relations import Arm
from ledger.projections.templates import LANGUAGES, TemplateError, Words

Pair = tuple[str, str]
"""The same in English and in Chinese."""
_Said = Annotated[str, msgspec.Meta(min_length=1)]

FOLDER: Final[Traversable] = resources.files("ledger.projections") / "sentences"
_WORDS: Final = "words.toml"
_INTERACTIONS: Final = "interactions.toml"


@cache
def shipped() -> Mapping[str, Arm]:
    """The parts of the fold `sentences`, by relation, of the templates that ship."""
    words = dictionary()
    return MappingProxyType(
        {
            relations.relation_name(tag): arm(tag, pair, words)
            for tag, pair in sorted(told(FOLDER).items())
        }
    )


@cache
def interactions() -> Mapping[str, Pair]:
    """What each type of interaction is called. Raises TemplateError for one that is none."""
    named = _pairs(FOLDER / _INTERACTIONS)
    for type_ in named.keys() - wire.INTERACTIONS.keys():
        raise TemplateError(f"{_INTERACTIONS} names {type_}, which is no interaction")
    return MappingProxyType(named)


@cache
def dictionary() -> Words:
    """The Chinese of enumerators."""
    read = _toml(FOLDER / _WORDS)
    everywhere = {word: said for word, said in read.items() if isinstance(said, str)}
    return Words(
        everywhere, {field: said for field, said in read.items() if field not in everywhere}
    )


def told(folder: Traversable) -> dict[str, Pair]:
    """The templates of a folder by event tag. Raises TemplateError for a tag that is none."""
    found: dict[str, Pair] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml") or file.name in (_WORDS, _INTERACTIONS):
            continue
        for tag, pair in _pairs(file).items():
            if tag not in wire.EVENTS:
                raise TemplateError(f"{file.name} tells {tag}, which is no event")
            if tag.partition(".")[0] != file.name.removesuffix(".toml"):
                raise TemplateError(f"{file.name} tells {tag}, which belongs to another file")
            found[tag] = pair
    return found


def arm(tag: str, pair: Pair, words: Words) -> Arm:
    """The rows of one event's relation. Raises TemplateError, which names the tag."""
    _, event = wire.EVENTS[tag]
    try:
        sentences = [templates.read(template, event) for template in pair]
        english, chinese = (
            templates.select(sentence, language, words)
            for sentence, language in zip(sentences, LANGUAGES, strict=True)
        )
    except TemplateError as error:
        raise TemplateError(f"{tag}: {error}") from None
    owner = "owner_id" if wire.EVENT_OWNERS[tag] == "customer" else "cast(null as varchar)"
    fields = {blank.root for sentence in sentences for blank in templates.blanks(sentence)}
    return Arm(
        select=f"""
select
    partition,
    event_number,
    position,
    happened_at,
    {templates.literal(tag)} as type,
    {owner} as customer_id,
    hall,
    counter,
    visit,
    actor,
    {english} as sentence,
    {chinese} as sentence_zh
from {relations.relation_name(tag)}
""",
        fields=frozenset(fields),
    )


def _pairs(file: Traversable) -> dict[str, Pair]:
    """A file's entries, each in both languages. Raises TemplateError for one that is not."""
    try:
        read = msgspec.convert(_toml(file), dict[str, tuple[_Said, _Said]])
    except msgspec.ValidationError as error:
        raise TemplateError(
            f"{file.name}: not everything is said in English and in Chinese: {error}"
        ) from None
    return dict(read)


def _toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{file.name} cannot be read: {error}") from None
