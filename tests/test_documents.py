"""The generated docs say what the code says, and every rule is tested by name."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from ledger import wire

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["rules.md", "events.md", "states.md"])
def test_a_generated_page_is_up_to_date(generate: ModuleType, name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), "run `make docs`"


def test_every_rule_is_named_by_a_test(generate: ModuleType) -> None:
    assert set(wire.RULES) <= set(generate._tests())


def test_tests_name_no_rule_that_does_not_exist(generate: ModuleType) -> None:
    prefixes = {rule.partition("-")[0] for rule in wire.RULES}
    named = {rule for rule in generate._tests() if rule.partition("-")[0] in prefixes}
    assert named <= set(wire.RULES)


def test_every_rule_is_refused_by_code() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("src/ledger/aggregates", "consumers")
        for path in (ROOT / folder).rglob("*.py")
    )
    for rule in wire.RULES:
        name = rule.replace("-", "_")
        assert len(re.findall(rf"\b{name}\(", source)) >= 1, f"{rule} is never refused"


@pytest.mark.parametrize("rule", wire.RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_is_a_sentence_in_two_languages(rule) -> None:
    assert rule.sentence.endswith(".")
    assert rule.chinese.endswith("。")
    assert not rule.chinese.isascii()
