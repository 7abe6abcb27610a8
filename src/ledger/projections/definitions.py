"""The SQL files of the projections: one fold or view a file, and what its header says.

    -- One row per payment.
    -- customer_id: key. The customer.
    -- amount_fen: first. What was paid, in fen.
    -- refunded_fen: sum. What went back by refunds, in fen.
    select ...
    -- check: No more goes back than was paid.
    select ... the rows that break it ...

A comment line that starts `name:` describes a column, one that starts `Name:` says a property of
the whole (a KPI's formula, unit, grain, target and direction), and three blanks continue either.
A fold's columns carry a mark, which says how the rows of two batches become one:

    key             names the row; never null
    sum, min, max   of both; nulls do not count
    or              true where either is
    first, last     the first or last that is not null, by position: the key lives in one partition
    first by place, last by place
                    the same for a key that lives in several: `place`, a column marked min or max,
                    says when the value was said, and is null where the value is null
    once            written with its row, where the key is the place of an entry or event

A fold's rows may come from arms instead, one a relation, which the code makes of other files:
`sentences` of the templates in `sentences/`. Its SELECT says only what columns an arm gives.
"""

import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from ledger.entry import LedgerError
from ledger.projections import sentences
from ledger.projections.relations import Arm

FORMAT: Final = 2
"""Counts the changes of the engine itself that make tables of an earlier one wrong."""

MARKS: Final = frozenset({"key", "sum", "min", "max", "or", "first", "last", "once"})
PLACES: Final = (["partition", "position"], ["partition", "event_number"])
_COLUMN: Final = re.compile(r"^-- ([a-z][a-z0-9_]*): (.+)$")
_PROPERTY: Final = re.compile(r"^-- ([A-Z][a-z]+): (.+)$")
_MORE: Final = re.compile(r"^--   +(.+)$")
_CHECK: Final = re.compile(r"^-- check: (.+)$")
_MARKED: Final = re.compile(r"^([a-z]+)(?: by ([a-z][a-z0-9_]*))?\. (.+)$")


class DefinitionError(LedgerError):
    """A projection's SQL file does not say what it should."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a fold or view; `mark` and `by` are a fold's."""

    name: str
    description: str
    mark: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A query that must return no row, and what holds when it does."""

    sentence: str
    select: str


@dataclass(frozen=True, slots=True)
class Fold:
    """A fact table: how a batch's events become rows, and how rows of two batches become one."""

    name: str
    about: str
    columns: tuple[Column, ...]
    select: str
    checks: tuple[Check, ...] = ()
    arms: Mapping[str, Arm] | None = None
    """By relation, where the rows are the union of them and `select` gives none."""

    @property
    def key(self) -> list[str]:
        return [column.name for column in self.columns if column.mark == "key"]

    @property
    def appends(self) -> bool:
        """Whether its rows are written once and never merged."""
        return self.key in PLACES

    @property
    def words(self) -> frozenset[str]:
        """Words among which are the relations that it reads."""
        return words(self.select) if self.arms is None else frozenset(self.arms)

    def fields(self, relation: str) -> frozenset[str]:
        """Words among which are the fields that it reads of a relation."""
        if self.arms is not None:
            return self.arms[relation].fields if relation in self.arms else frozenset()
        return self.words if relation in self.words else frozenset()

    def selects(self, relations: Set[str]) -> Mapping[str, str]:
        """By name, the SELECTs that together give its rows where only `relations` have some."""
        if self.arms is None:
            return {self.name: self.select} if self.words & relations else {}
        return {
            f"{self.name}_{relation}": self.arms[relation].select
            for relation in self.arms.keys() & relations
        }


@dataclass(frozen=True, slots=True)
class View:
    """A view over facts and other views; `properties` are a KPI's, such as `Unit`."""

    name: str
    about: str
    columns: tuple[Column, ...]
    properties: Mapping[str, str]
    select: str


@dataclass(frozen=True, slots=True)
class Definitions:
    folds: tuple[Fold, ...]
    views: tuple[View, ...] = ()
    shared: str = ""

    def digest(self, fold: Fold, relations: Set[str] | None = None) -> str:
        """Changes when the fold's rows may change, and not with what is said of them.

        With `relations`, its rows where only these have some.
        """
        marks = [f"{column.name} {column.mark} {column.by}" for column in fold.columns]
        arms = fold.arms or {}
        selects = [
            fold.select,
            *(arm.select for name, arm in arms.items() if relations is None or name in relations),
        ]
        text = "\n".join([str(FORMAT), bare(self.shared), *marks, *map(bare, selects)])
        return hashlib.sha256(text.encode()).hexdigest()


def load() -> Definitions:
    """The definitions that ship with the ledger."""
    home = resources.files("ledger.projections")
    made = {"sentences": sentences.shipped()}
    return Definitions(
        folds=tuple(read_fold(name, text, made.get(name)) for name, text in _files(home / "facts")),
        views=in_order([read_view(name, text) for name, text in _files(home / "views")]),
        shared=(home / "shared.sql").read_text(encoding="utf-8"),
    )


def read_fold(name: str, text: str, arms: Mapping[str, Arm] | None = None) -> Fold:
    """Reads a fold's file. Raises DefinitionError with what is wrong in it."""
    body, *checks = re.split(r"^(?=-- check: )", text, flags=re.MULTILINE)
    about, described, _, select = _split(name, body)
    columns = tuple(_marked(name, column) for column in described)
    must_hold = tuple(_check(name, check) for check in checks)
    fold = Fold(name, about, columns, select, must_hold, arms)
    _validate(fold)
    return fold


def read_view(name: str, text: str) -> View:
    """Reads a view's file. Raises DefinitionError with what is wrong in it."""
    about, columns, properties, select = _split(name, text)
    return View(name, about, tuple(columns), properties, select)


@cache
def bare(sql: str) -> str:
    """SQL without comments, with single blanks."""
    return " ".join(re.sub(r"--.*$", "", sql, flags=re.MULTILINE).split())


@cache
def words(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z_][a-z0-9_]*", bare(sql)))


def _files(folder: Traversable) -> list[tuple[str, str]]:
    return sorted(
        (file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    )


def _split(name: str, text: str) -> tuple[str, list[Column], dict[str, str], str]:
    """The first line, the columns, the properties, and the SELECT."""
    lines = text.strip().splitlines()
    if not lines[0].startswith("-- "):
        raise DefinitionError(f"{name}.sql does not start with a comment that says what it holds")
    described: list[tuple[str, str]] = []
    header = 1
    for line in lines[1:]:
        if not line.startswith("--"):
            break
        header += 1
        if found := _COLUMN.match(line) or _PROPERTY.match(line):
            described.append((found[1], found[2]))
        elif found := _MORE.match(line):
            if not described:
                raise DefinitionError(f"{name}.sql continues nothing: {line}")
            last, said = described[-1]
            described[-1] = (last, f"{said} {found[1]}")
    columns = [Column(word, said) for word, said in described if word.islower()]
    properties = {word: said for word, said in described if not word.islower()}
    select = "\n".join(lines[header:]).strip().removesuffix(";")
    return lines[0].removeprefix("-- ").rstrip(), columns, properties, select


def _marked(name: str, column: Column) -> Column:
    found = _MARKED.match(column.description)
    if found is None or found[1] not in MARKS:
        raise DefinitionError(
            f"{name}.sql: column {column.name} says no mark of {', '.join(sorted(MARKS))}"
        )
    return Column(column.name, found[3], found[1], found[2] or "")


def _check(name: str, text: str) -> Check:
    first, _, select = text.partition("\n")
    found = _CHECK.match(first)
    if found is None or not bare(select):
        raise DefinitionError(f"{name}.sql: a check needs a sentence and a query")
    return Check(found[1], select.strip().removesuffix(";"))


def _validate(fold: Fold) -> None:
    marks = {column.name: column.mark for column in fold.columns}
    if not fold.key:
        raise DefinitionError(f"{fold.name}.sql marks no column as key")
    if fold.arms is not None and not fold.appends:
        raise DefinitionError(f"{fold.name}.sql has arms, whose rows are never merged")
    for column in fold.columns:
        if column.by and marks.get(column.by) != {"first": "min", "last": "max"}.get(column.mark):
            raise DefinitionError(
                f"{fold.name}.sql: {column.name} needs a place marked min for first, max for last"
            )
        if fold.appends != (column.mark == "once") and column.mark != "key":
            raise DefinitionError(
                f"{fold.name}.sql: {column.name} is marked {column.mark}; once is for columns of"
                " a table keyed by an entry or event, and all of its columns are marked so"
            )


def in_order(views: list[View]) -> tuple[View, ...]:
    """Views behind the views that they read."""
    names = {view.name for view in views}
    ordered: list[View] = []
    waiting = list(views)
    while waiting:
        done = {view.name for view in ordered}
        ready = [
            view for view in waiting if not ((words(view.select) & names) - done - {view.name})
        ]
        if not ready:
            raise DefinitionError(f"views read each other: {', '.join(v.name for v in waiting)}")
        ordered += ready
        waiting = [view for view in waiting if view not in ready]
    return tuple(ordered)
