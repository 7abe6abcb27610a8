"""`ledger show`: masked for everybody, in clear for who may, and never without a record of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from consumers.embedded import Embedded, found
from ledger import founding
from ledger.cli import app
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from tests.consumers import day, parting
from tests.consumers.reading import entries_of
from tests.consumers.server import serving

NAME, GONE = "li", "wu"
OWNER, ERASED = day.customer(NAME), day.customer(GONE)
EVENT = f"counter-app:{NAME}-register:1"
READER = ["--as", "o-fang", "--purpose", "audit", "--reference", "a-1"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One customer who stays, and one who was erased."""
    home = found(tmp_path / "home", founding.sample())
    with Embedded(home.folder) as ledger:
        ledger.publish(
            [
                day.shift_opened(),
                *parting.stay(NAME, "v1"),
                *parting.stay(GONE, "v2", parting.ORDERED_AT),
                parting.order(GONE, parting.ORDERED_AT),
            ]
        )
    return home


def show(home: Home, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["show", *arguments, "--home", str(home.folder)])
    return done.exit_code, str(done.exception) if done.exit_code == 1 else done.stdout


def shown(home: Home, *arguments: str) -> list[dict[str, Any]]:
    code, out = show(home, *arguments, "--json")
    assert code == 0, out
    return json.loads(out)


def readings(home: Home) -> list[dict[str, Any]]:
    """What was recorded of readings in clear: data, actor and outcome."""
    log = SqliteLog(home.log)
    found_entries = entries_of(log)
    log.close()
    return [
        {
            **json.loads(bytes(each.interaction.data)),
            "actor": each.interaction.actor,
            "rule": each.refusal.rule if each.refusal else None,
        }
        for each in found_entries
        if each.interaction and each.interaction.type == "customer.reveal.v1"
    ]


def test_personal_fields_are_masked_and_nothing_is_recorded(home: Home) -> None:
    (registered,) = shown(home, OWNER)
    assert registered["data"]["full_name"] == {"is_sealed": True}
    assert registered["data"]["document_kind"] == "resident_id"
    code, text = show(home, OWNER)
    assert code == 0
    assert "full_name: «sealed»" in text
    assert parting.FULL_NAME not in text
    # A sealed text is no use to anybody.
    assert f"{OWNER}#1." not in text + json.dumps(registered)
    assert readings(home) == []


def test_who_may_sees_the_fields_and_it_is_recorded(home: Home) -> None:
    (registered,) = shown(home, OWNER, "--unmask", *READER)
    assert registered["data"]["full_name"] == parting.FULL_NAME
    (reading,) = readings(home)
    assert reading == {"purpose": "audit", "reference": "a-1", "actor": "o-fang", "rule": None}


def test_one_event_is_read_in_clear_by_its_id(home: Home) -> None:
    (registered,) = shown(home, EVENT, "--unmask", *READER)
    assert registered["data"]["contact_phone"] == parting.PHONE
    assert [each["id"] for each in registered["events"]] == [EVENT]
    assert readings(home)[0]["event_id"] == EVENT


@pytest.mark.parametrize(
    ("reader", "rule"),
    [
        (["--as", "c-li", "--purpose", "audit", "--reference", "a-1"], "CUS-33"),
        (["--as", "nobody", "--purpose", "audit", "--reference", "a-1"], "ENV-03"),
        (["--as", "o-fang", "--purpose", "data_request", "--reference", "dr-9"], "CUS-34"),
    ],
)
def test_who_may_not_sees_nothing_and_hears_the_rule(
    home: Home, reader: list[str], rule: str
) -> None:
    code, said = show(home, OWNER, "--unmask", *reader)
    assert code == 1
    assert f"nothing is shown. {rule}: " in said
    assert parting.FULL_NAME not in said
    assert [each["rule"] for each in readings(home)] == [rule]


def test_a_purpose_that_is_none_is_no_reading(home: Home) -> None:
    code, said = show(
        home, OWNER, "--unmask", "--as", "o-fang", "--purpose", "x", "--reference", "a"
    )
    assert code == 1
    assert "nothing is shown" in said
    assert readings(home) == []


def test_unmasking_names_who_and_what_for(home: Home) -> None:
    for missing in range(3):
        given = [each for n, each in enumerate(READER) if n // 2 != missing]
        assert show(home, OWNER, "--unmask", *given)[0] == 2


def test_an_erased_customer_is_shown_as_such_and_cannot_be_unmasked(home: Home) -> None:
    registered, *_ = shown(home, ERASED)
    assert registered["data"]["full_name"] == {"is_erased": True}
    assert "full_name: «erased»" in show(home, ERASED)[1]
    code, said = show(home, ERASED, "--unmask", *READER)
    assert code == 1
    assert "nothing is shown. ENV-02: " in said


def test_what_is_not_one_customers_cannot_be_unmasked(home: Home) -> None:
    code, said = show(home, "hall/renmin", "--unmask", *READER)
    assert code == 1
    assert "only a customer's fields can be unmasked" in said
    assert "«sealed»" in show(home, "hall/renmin")[1]


@pytest.mark.parametrize("name", ["customer/d0", "counter-app:none:1", f"{EVENT[:-1]}2", "what"])
def test_of_what_is_not_recorded_a_sentence_says_so(home: Home, name: str) -> None:
    code, said = show(home, name)
    assert (code, said) == (1, f"nothing is recorded of {name}")


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    with serving(home.folder):
        yield home


def test_beside_a_running_server_it_is_recorded_by_that(served: Home) -> None:
    (registered,) = shown(served, OWNER, "--unmask", *READER)
    assert registered["data"]["full_name"] == parting.FULL_NAME
    assert len(readings(served)) == 1
