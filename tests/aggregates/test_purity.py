"""The rules see neither clocks nor personal data; imports are held by the import contracts."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from ledger import aggregates, wire
from ledger.values import Clear

FOLDER = Path(aggregates.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))


def sealed_fields() -> set[str]:
    return {
        name
        for kind in wire.INTERACTIONS.values()
        for name, hint in get_type_hints(kind.data, include_extras=True).items()
        if "Clear(" in repr(hint) or any(isinstance(each, Clear) for each in get_args(hint))
    }


def reads_of(tree: ast.AST, names: set[str]) -> Iterator[ast.Attribute]:
    """Accesses to fields of these names that do more than ask whether they are there."""
    asked = {
        id(side)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot)
        for side in (node.left, *node.comparators)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names and id(node) not in asked:
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_rule_reads_a_personal_field(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [node.lineno for node in reads_of(tree, sealed_fields())] == []


def test_the_personal_fields_are_known() -> None:
    assert {"full_name", "document_number", "contact_phone", "note"} <= sealed_fields()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_rule_asks_a_clock_or_opens_a_file(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls}
    assert names.isdisjoint({"now", "utcnow", "today", "open", "time", "monotonic"})
