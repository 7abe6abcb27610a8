"""Writes the generated docs: docs/rules.md and docs/events.md, from the code and its tests.

`python docs/generate.py` writes them; tests/test_documents.py fails where they are not up to date.
"""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from ledger import wire
from ledger.aggregates import common, corrections
from ledger.aggregates.model import NEW, Aggregate, Marks
from ledger.policy import PARAMETERS
from ledger.rules import Rule
from ledger.values import Clear, Sealed

ROOT = Path(__file__).parent.parent
LEFT_OUT = ROOT / "docs" / "left-out.md"


def rules() -> str:
    tests = _tests()
    lines = [
        "# Rules",
        "",
        "Generated from the code by `docs/generate.py`; a test fails where this page is not up to"
        " date.",
        "",
        "A rule states what must hold. Rules are checked in the order of this page: the common"
        " ones first, then those of the interaction's aggregate; the first one that is broken is"
        " the refusal. A number that law or company set is a policy parameter.",
    ]
    lines += _rule_table(
        "Common to every interaction", "ledger/aggregates/common.py", common.RULES, tests
    )
    lines += _rule_table(
        "Common to every correction", "ledger/aggregates/corrections.py", corrections.RULES, tests
    )
    for owner, aggregates in wire.ROOMS.items():
        for aggregate in aggregates:
            if aggregate.RULES:
                folder = _module(aggregate).__name__.replace(".", "/")
                title = _title(owner, aggregate)
                lines += _rule_table(title, f"{folder}/", aggregate.RULES, tests)
    lines += ["", "## Policy parameters", "", "| name | default | unit | source | status |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{p.name}` | {_value(p.default)} | {p.unit} | {p.source} | {p.status} |"
        for p in sorted(PARAMETERS, key=lambda p: p.name)
    ]
    return "\n".join(lines) + "\n\n" + LEFT_OUT.read_text(encoding="utf-8")


def _rule_table(
    title: str, place: str, table: tuple[Rule, ...], tests: dict[str, list[str]]
) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"Enforced in `src/{place}`.", "")
    yield from ("| id | rule | 规则 | parameters | source | tests |", "| --- " * 6 + "|")
    for rule in table:
        parameters = ", ".join(f"`{parameter.name}`" for parameter in rule.parameters)
        where = ", ".join(f"`{name}`" for name in tests.get(rule.id, []))
        yield (
            f"| {rule.id} | {rule.sentence} | {rule.chinese} | {parameters} |"
            f" {rule.source} | {where} |"
        )


def _tests() -> dict[str, list[str]]:
    """By rule id, the test files of decisions that name it."""
    found: dict[str, list[str]] = {}
    paths = (ROOT / "tests" / folder for folder in ("aggregates", "consumers"))
    for path in sorted(file for folder in paths for file in folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for rule in sorted(set(re.findall(r"\b[A-Z]{3}-[0-9]{2}\b", text))):
            found.setdefault(rule, []).append(str(path.relative_to(ROOT / "tests")))
    return found


def events() -> str:
    lines = [
        "# Interactions and events",
        "",
        "Generated from the code by `docs/generate.py`; a test fails where this page is not up to"
        " date.",
        "",
        "An interaction's data is strict: unknown members are refused, optional ones (`?`) are"
        " absent, never null. (P) is personal and (S) sensitive personal data: encrypted at the"
        " door. An event says what its interaction says, and the members listed beside it. Wire"
        " names and members are stored for ever.",
    ]
    for owner, aggregates in wire.ROOMS.items():
        for aggregate in aggregates:
            lines += _aggregate(owner, aggregate)
    return "\n".join(lines) + "\n"


def _aggregate(owner: str, aggregate: Aggregate) -> Iterator[str]:
    yield from ("", f"## {_title(owner, aggregate)}", "")
    yield from ("| interaction | allowed in | who | data |", "| --- " * 4 + "|")
    for data in aggregate.INTERACTIONS:
        marks = data.marks
        states = ", ".join("new" if s == NEW else s for s in marks.allowed_in) or "any"
        yield f"| `{marks.type}` | {states} | {_who(marks)} | {_members(data)} |"
    yield from ("", "| event | says beside its interaction |", "| --- | --- |")
    for event in aggregate.EVENTS:
        said = [base for base in event.__mro__[1:] if base in aggregate.INTERACTIONS]
        own = wire.own_fields(event, said[0] if said else None)
        yield f"| `{event.tag}` | {_members(event, own) or '-'} |"


def states() -> str:
    lines = [
        "# States and interactions",
        "",
        "Generated from the code by `docs/generate.py`; a test fails where this page is not up to"
        " date, and another asks the rules about every pair.",
        "",
        "● the interaction is allowed in the state; elsewhere it is refused by ENV-12, or by ENV-11"
        " where the id is taken (an interaction allowed only in `new`) or unknown (state `new`).",
    ]
    for owner, aggregates in wire.ROOMS.items():
        for aggregate in aggregates:
            known = statuses(aggregate)
            lines += ["", f"## {_title(owner, aggregate)}", ""]
            lines += ["| interaction | " + " | ".join(known).replace(NEW, "new") + " |"]
            lines += ["| --- |" + " :-: |" * len(known)]
            lines += [
                f"| `{each.marks.type}` | "
                + " | ".join("●" if allows(each.marks, status) else "" for status in known)
                + " |"
                for each in aggregate.INTERACTIONS
            ]
    return "\n".join(lines) + "\n"


def statuses(aggregate: Aggregate) -> list[str]:
    """The statuses of an aggregate's streams, in the order in which its interactions name them."""
    named = [status for each in aggregate.INTERACTIONS for status in each.marks.allowed_in]
    tree = ast.parse(inspect.getsource(_module(aggregate, ".state")))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    reached = [status for call in calls for status in _reached(call)]
    return list(dict.fromkeys([NEW, *named, *reached]))


def _reached(call: ast.Call) -> Iterator[str]:
    """The status that `State(status=...)` or `replace(state, status=...)` gives a stream."""
    first = ast.unparse(call.args[0]) if call.args else ""
    if ast.unparse(call.func) == "State" or (len(call.args) == 1 and "state" in first):
        for keyword in call.keywords:
            if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)


def allows(marks: Marks, status: str) -> bool:
    return status in marks.allowed_in if marks.allowed_in else status != NEW


def _module(aggregate: Aggregate, part: str = "") -> ModuleType:
    name = aggregate.State.__module__.removesuffix(".state")
    return importlib.import_module(f"{name}{part}")


def _title(owner: str, aggregate: Aggregate) -> str:
    return f"{aggregate.NAME.replace('_', ' ').capitalize()} (owner {owner})"


def _who(marks: Marks) -> str:
    who = ["clerk" if not marks.roles else ", ".join(marks.roles)] if marks.clerks else []
    who += [f"`system:{name}`" for name in marks.systems]
    asked = [
        f"certified {marks.certificate}" if marks.certificate else "",
        "with approver" if marks.approver else "",
        "on shift" if marks.on_shift else "",
        "at a counter" if marks.at_counter else "",
    ]
    return "; ".join([" or ".join(who), *filter(None, asked)])


def _members(struct: type[msgspec.Struct], names: tuple[str, ...] | None = None) -> str:
    hints = get_type_hints(struct, include_extras=True)
    optional = {field.name for field in msgspec.structs.fields(struct) if not field.required}
    return "; ".join(
        f"{name}{'?' if name in optional else ''} {_type(hints[name])}"
        for name in struct.__struct_fields__
        if names is None or name in names
    )


def _type(hint: Any) -> str:
    arguments = get_args(hint)
    for argument in arguments:
        if isinstance(argument, Clear):
            return f"{_type(argument.type)} ({'S' if argument.sensitive else 'P'})"
    origin = get_origin(hint)
    name = getattr(origin, "__name__", str(origin))
    if hint is Sealed:
        return "text (P)"
    if name == "Literal":
        return "{" + ", ".join(map(str, arguments)) + "}"
    if name in ("UnionType", "Union"):
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if name == "Annotated":
        return _type(arguments[0]) + _bounds(arguments[1:])
    if name in ("tuple", "dict"):
        return f"{'list' if name == 'tuple' else 'map'} of {_type(arguments[0])}"
    return {"str": "text", "int": "int", "bool": "bool", "datetime": "moment", "date": "day"}.get(
        hint.__name__, hint.__name__
    )


def _bounds(extras: tuple[Any, ...]) -> str:
    for meta in extras:
        if isinstance(meta, msgspec.Meta):
            low = meta.min_length if meta.min_length is not None else meta.ge
            high = meta.max_length if meta.max_length is not None else meta.le
            if low is not None or high is not None:
                return f"({'' if low is None else low}..{'' if high is None else high})"
    return ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


PAGES = {"rules.md": rules, "events.md": events, "states.md": states}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")
