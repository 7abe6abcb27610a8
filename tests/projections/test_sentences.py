"""Every event is one readable sentence in two languages, made of a template."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

import duckdb
import msgspec
import pytest

from ledger import wire
from ledger.aggregates.hall import visit
from ledger.aggregates.model import Event, Fields
from ledger.projections import definitions as files
from ledger.projections import relations, sentences, templates
from ledger.projections.definitions import Definitions
from ledger.projections.relations import Arm
from ledger.projections.templates import Blank, TemplateError, Words
from ledger.values import Sealed
from tests.projections.cuts import project
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET

TOLD = sentences.told(sentences.FOLDER)
OWNERS: Final = {
    "customer": "customer/d1",
    "hall": "hall/renmin",
    "clerk": "clerk/c-li",
    "operator": "operator",
    "reference": "reference/0",
}


def blanks() -> Iterator[tuple[str, Blank]]:
    for tag, pair in TOLD.items():
        for template in pair:
            for blank in templates.blanks(templates.read(template, wire.EVENTS[tag][1])):
                yield tag, blank


def test_every_event_has_its_sentences() -> None:
    assert TOLD.keys() == wire.EVENTS.keys()
    assert sentences.shipped().keys() == relations.RELATIONS.keys()


def test_every_interaction_has_a_name() -> None:
    named = sentences.interactions()
    assert named.keys() == wire.INTERACTIONS.keys()
    assert [name for name, _ in named.values() if not re.fullmatch(r"[A-Z][^.]+", name)] == []
    assert [said for _, said in named.values() if not re.match(r"[\u4e00-\u9fff]", said)] == []


def test_every_enumerator_has_a_chinese_word_and_every_word_is_an_enumerator() -> None:
    dictionary = sentences.dictionary()
    said = {
        (blank.field, word)
        for _, blank in blanks()
        if blank.form in ("word", "words")
        for word in blank.enumerators or ()
    }
    assert sorted(pair for pair in said if dictionary.chinese(*pair) is None) == []
    read = tomllib.loads((sentences.FOLDER / "words.toml").read_text(encoding="utf-8"))
    words = {word for _, word in said}
    assert [
        word for word, meant in read.items() if isinstance(meant, str) and word not in words
    ] == []
    tables = {field: meant for field, meant in read.items() if isinstance(meant, dict)}
    codes = {blank.field for _, blank in blanks() if blank.form == "code"}
    unsaid = {(field, word) for field, table in tables.items() for word in table} - said
    assert {field for field, _ in unsaid} <= codes


def test_every_field_that_can_be_corrected_has_a_chinese_word() -> None:
    named = sentences.dictionary().of_field("field")
    fields: set[str] = set()
    for aggregates in wire.ROOMS.values():
        for aggregate in aggregates:
            said = importlib.import_module(f"{aggregate.__name__}.interactions")
            fields |= getattr(said, "CORRECTABLE", frozenset())
    assert len(fields) > 20
    assert fields == named.keys()


def test_both_languages_tell_the_same() -> None:
    told: dict[str, list[set[str]]] = {}
    for tag, pair in TOLD.items():
        event = wire.EVENTS[tag][1]
        for template in pair:
            found = templates.blanks(templates.read(template, event))
            told.setdefault(tag, []).append({blank.name for blank in found})
    assert [tag for tag, (english, chinese) in told.items() if english != chinese] == []


def some(type_: Any, *, full: bool) -> Any:
    """A value of a field: a long one, or the shortest that the type allows."""
    plain = templates.plain(type_)
    scalars: dict[Any, Any] = {
        str: "x1",
        int: 205 if full else 0,
        bool: full,
        datetime: MORNING,
        date: MORNING.date(),
        Sealed: SECRET,
    }
    if NoneType in get_args(type_) and not full:
        return None
    if plain in scalars:
        return scalars[plain]
    if get_origin(plain) is Literal:
        return get_args(plain)[-1 if full else 0]
    if get_origin(plain) in (tuple, list, frozenset):
        least = [meta.min_length or 0 for meta in get_args(type_) if isinstance(meta, msgspec.Meta)]
        return [some(get_args(plain)[0], full=full)] * (2 if full else sum(least))
    if relations.is_struct(plain):
        fields = msgspec.structs.fields(plain)
        values = {field.name: some(field.type, full=full) for field in fields}
        return (get_origin(plain) or plain)(**values)
    return {} if get_origin(plain) is dict else 1


@pytest.mark.parametrize("full", [True, False], ids=["all said", "little said"])
def test_every_event_is_told_in_whole_sentences(tmp_path: Path, full: bool) -> None:
    history = History(2)
    for tag, owner in wire.EVENT_OWNERS.items():
        event = wire.EVENTS[tag][1]
        values = {f.name: some(f.type, full=full) for f in msgspec.structs.fields(event)}
        where = {"hall": "renmin", "counter": "k1", "visit": "v1", "approver": "s-sun"}
        who = where if full or owner == "hall" else {}
        history.say(OWNERS[owner], visit.CallTicket(), event(**values), **who)
    shipped = files.load()
    folds = tuple(f for f in shipped.folds if f.name in ("audit_trail", "sentences"))
    path = project(tmp_path, [history.records], Definitions(folds, shared=shipped.shared))
    with duckdb.connect(str(path), read_only=True) as connection:
        told = connection.execute("select type, sentence, sentence_zh from sentences").fetchall()
    assert {type_ for type_, _, _ in told} == wire.EVENTS.keys()
    odd = re.compile(
        r"[\[\]{}_]|None|null|  |\( |\(\)|（）| [.,;:]|[,:] ?[.,)]|[，：][，。）]|QUJD"
    )
    assert [row for row in told if odd.search(row[1]) or odd.search(row[2])] == []
    assert [row for row in told if not re.fullmatch(r"[A-Zcx¥].{5,}\.", row[1])] == []
    assert [row for row in told if not re.fullmatch(r".{3,}。", row[2])] == []


class Terms(Fields):
    months: int
    end_on: date | None = None
    kept: bool = False
    secret: Sealed | None = None


class Odd(Event, tag="odd.happened.v1"):
    name: str
    fen: int
    wait_seconds: int
    kind: Literal["sim_card", "other"]
    kinds: tuple[Literal["sim_card", "other"], ...]
    lines: tuple[str, ...]
    forced: bool
    due_at: datetime
    on: date
    terms: Terms
    channel: str
    secret: Sealed
    more: str | None = None
    code: Literal["yes", "no"] | None = None


ODD: Final = {
    "name": "'A''s'",
    "fen": "cast(12805 as bigint)",
    "wait_seconds": "cast(90 as bigint)",
    "kind": "'sim_card'",
    "kinds": "['sim_card', 'other']",
    "lines": "['l1', 'l2']",
    "forced": "true",
    "due_at": "timestamp '2026-11-03 16:30:00'",
    '"on"': "date '2026-11-03'",
    "terms": "{'months': cast(12 as bigint), 'end_on': null, 'kept': true}",
    "data_channel": "'by_phone'",
    "more": "'more'",
    "code": "'no'",
    "counter": "'k1'",
    "approver": "cast(null as varchar)",
    "actor": "'c-li'",
}
WORDS: Final = Words(
    {"sim_card": "卡", "other": "其他"},
    {"kinds": {"other": "别的"}, "channel": {"by_phone": "电话"}},
)


def filled(template: str, language: templates.Language = "en", **columns: str) -> str:
    row = ", ".join(f"{value} as {name}" for name, value in {**ODD, **columns}.items())
    sentence = templates.select(templates.read(template, Odd), language, WORDS)
    connection = duckdb.connect()
    connection.execute(files.load().shared)
    [(text,)] = connection.execute(f"select {sentence} from (select {row})").fetchall()
    return text


TEMPLATES = {
    "It's {name} at {channel}.": "It's A's at by_phone.",
    "{actor}[ at {counter}][ with {approver}]": "c-li at k1",
    "{kind:word}": "sim card",
    "{kinds:words}": "sim card, other",
    "{channel:code}": "by phone",
    "{lines:list} = {lines:count} line{lines:s}": "l1, l2 = 2 lines",
    "{fen:yuan}[ over {fen:over}][ short {fen:short}]": "¥128.05 over ¥128.05",
    "{wait_seconds:minutes} min": "2 min",
    "{fen:percent}": "128%",
    "{due_at:at}, {due_at:on}, {on}": "11-04 00:30, 2026-11-04, 2026-11-03",
    "[{forced:if}forced][{forced:unless}free]": "forced",
    "[{code:is no}No {name}][{code:is yes}Yes]": "No A's",
    "{terms.months}[ until {terms.end_on}][{terms.kept:if}, kept]": "12, kept",
    "[{more}][{more:unless}nothing]": "more",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_blanks_are_filled_in(template: str) -> None:
    assert filled(template) == TEMPLATES[template]


def test_chinese_words_come_from_the_dictionary_and_unknown_ones_stay_as_they_are() -> None:
    assert filled("{kind:word}：{kinds:words}", "zh") == "卡：卡、别的"
    assert filled("{channel:code}", "zh") == "电话"
    assert filled("{kind:word}", "zh", kind="'new_thing'") == "new_thing"
    assert filled("{kind:word}", kind="'new_thing'") == "new thing"


NOTHING = {
    "[{fen:yuan}]": {"fen": "cast(0 as bigint)"},
    "[{forced:if}x]": {"forced": "false"},
    "[{lines:list}]": {"lines": "cast([] as varchar[])"},
    "[{kinds:count}]": {"kinds": "cast(null as varchar[])"},
    "[{more}]": {"more": "cast(null as varchar)"},
    "[{fen:over}][{lines:list}, {fen:over}]": {"fen": "cast(-5 as bigint)"},
    "[{code:is no}x]": {"code": "cast(null as varchar)"},
}


@pytest.mark.parametrize("template", NOTHING)
def test_a_part_is_left_out_where_a_field_in_it_says_nothing(template: str) -> None:
    assert filled(template) != ""
    assert filled(template, **NOTHING[template]) == ""


def test_less_than_nothing_is_short() -> None:
    short = "{fen:yuan}[ over {fen:over}][ short {fen:short}]"
    assert filled(short, fen="cast(-5 as bigint)") == "¥-0.05 short ¥0.05"
    assert filled("{fen} line{fen:s}", fen="cast(1 as bigint)") == "1 line"


WRONG = {
    "{nothing}": "nothing is no field of Odd",
    "{terms.nothing}": "terms.nothing is no field of Odd",
    "{secret}": "secret is personal",
    "[{terms.secret}]": "secret is personal",
    "{more}": "more} may say nothing",
    "{approver}": "approver} may say nothing",
    "{terms.end_on}": "terms.end_on} may say nothing",
    "{fen:over}": "fen} may say nothing",
    "[no field]": "needs a field",
    "[{more}": "not closed",
    "{more}]": "may say nothing",
    "[[{more}]]": r"\[ is out of place",
    "{name": "{ is out of place",
    "a -- b": "-- is out of place",
    "{kind}": "kind cannot be written with no form",
    "{kinds:word}": "kinds cannot be written with word",
    "{name:word}": "name cannot be written with word",
    "{fen:code}": "fen cannot be written with code",
    "{name:yuan}": "name cannot be written with yuan",
    "{forced}": "forced cannot be written with no form",
    "{due_at}": "due_at cannot be written with no form",
    "{on:at}": "on cannot be written with at",
    "{terms}": "terms cannot be written with no form",
    "[{kind:is new}]": "kind cannot be written with is new",
    "[{kind:is}]": "kind cannot be written with is",
    "{fen:yuan gold}": "fen cannot be written with yuan gold",
}


@pytest.mark.parametrize("template", WRONG)
def test_a_template_that_asks_for_too_much_is_refused(template: str) -> None:
    with pytest.raises(TemplateError, match=WRONG[template]):
        templates.read(template, Odd)


def test_an_enumerator_without_a_chinese_word_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"no Chinese for yes, no of code"):
        templates.select(templates.read("[{code:word}]", Odd), "zh", WORDS)


FILES = {
    "which is no event": ("visit.toml", '"visit.vanished.v1" = ["Gone.", "消失。"]'),
    "belongs to another file": ("shift.toml", '"visit.rated.v1" = ["Rated.", "已评价。"]'),
    "not everything is said in English and in Chinese": (
        "visit.toml",
        '"visit.rated.v1" = ["Rated."]',
    ),
    "cannot be read": ("visit.toml", "visit = ["),
}


@pytest.mark.parametrize("complaint", FILES)
def test_a_file_that_tells_too_much_or_too_little_is_refused(
    tmp_path: Path, complaint: str
) -> None:
    name, text = FILES[complaint]
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=complaint):
        sentences.told(tmp_path)


def test_an_error_names_the_event() -> None:
    with pytest.raises(TemplateError, match=r"^visit\.rated\.v1: stars is no field of Rated"):
        sentences.arm("visit.rated.v1", ("{stars}", "{stars}"), WORDS)


def test_other_words_make_other_tables_and_comments_do_not(tmp_path: Path) -> None:
    [fold] = [fold for fold in files.load().folds if fold.name == "sentences"]

    def digest(text: str) -> str:
        (tmp_path / "visit.toml").write_text(text, encoding="utf-8")
        pair = sentences.told(tmp_path)["visit.rated.v1"]
        arms: dict[str, Arm] = {"visit_rated": sentences.arm("visit.rated.v1", pair, WORDS)}
        return Definitions(()).digest(replace(fold, arms=arms))

    rated = '"visit.rated.v1" = ["Rated.", "已评价。"]'
    assert digest(rated) == digest(f"# Said often.\n{rated}")
    assert digest(rated) != digest(rated.replace("Rated.", "Was rated."))
    assert digest(rated) != digest(rated.replace("已评价", "评价"))
