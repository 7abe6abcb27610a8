"""What-if over simulated histories: nothing without a change, and what a fresh run gives with one.

People in the simulator act without knowing what the ledger answers, so a fresh run under the
changed policy is what would have been.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from ledger.settings import Home
from ledger.vault import Vault
from replay.what_if import UNCHANGED, Difference
from tests.replay.otherwise import as_compared, changed, compared, findings, history, play

SEED: Final = 7
COUNT: Final = 3_600
"""Messages of two days."""
LIMITS_AND_DEADLINES: Final[dict[str, Any]] = {
    "payment.receipt_minutes": 90,
    "cash.self_limit_fen": 20_000,
    "cash.drawer_limit_fen": 60_000,
    "shift.overrun_minutes": 0,
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only read it."""
    return play(tmp_path_factory.mktemp("recorded") / "home", SEED, COUNT)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same messages, recorded under other limits and deadlines. Only read it."""
    return play(tmp_path_factory.mktemp("fresh") / "home", SEED, COUNT, LIMITS_AND_DEADLINES)


def test_the_history_holds_all_that_could_go_wrong(recorded: Path) -> None:
    entries = history(recorded)
    types = {each.interaction.type for each in entries if each.interaction is not None}
    assert types >= {
        "drawer.record_in.v1",
        "reference.note_clerk.v1",
        "reference.note_policy.v1",
        "payment.issue_receipt.v1",
    }
    assert len({each.refusal.rule for each in entries if each.refusal is not None}) > 10
    assert any(each.interaction and each.interaction.due_at for each in entries)


def test_an_unchanged_policy_changes_nothing(recorded: Path) -> None:
    assert findings(recorded, UNCHANGED) == []


@pytest.mark.parametrize("seed", [1, 5, 11])
def test_an_unchanged_policy_changes_nothing_in_other_histories(tmp_path: Path, seed: int) -> None:
    played = play(tmp_path / "home", seed, 500)
    assert findings(played, UNCHANGED) == []


def test_parameters_set_to_what_they_were_change_nothing(recorded: Path) -> None:
    same = changed(payment__receipt_minutes=10, cash__self_limit_fen=1_000_000)
    assert findings(recorded, same) == []


def test_states_that_are_out_of_memory_are_found_again(recorded: Path) -> None:
    assert findings(recorded, UNCHANGED, kept=16) == []


def test_a_changed_policy_gives_what_a_fresh_run_gives(recorded: Path, fresh: Path) -> None:
    expected = compared(history(recorded), history(fresh))
    found = findings(recorded, changed(**LIMITS_AND_DEADLINES))
    assert as_compared(found) == expected
    assert all(expected)
    by_policy = [each for each in found if isinstance(each, Difference) and each.because is None]
    assert "PAY-09" in {each.decided for each in by_policy}


def test_the_change_back_gives_what_a_fresh_run_gives(recorded: Path, fresh: Path) -> None:
    """What was refused would be recorded, and its copies and timers would be made."""
    expected = compared(history(fresh), history(recorded))
    back = changed(
        payment__receipt_minutes=10,
        cash__self_limit_fen=1_000_000,
        cash__drawer_limit_fen=1_000_000,
        shift__overrun_minutes=60,
    )
    found = findings(fresh, back)
    assert as_compared(found) == expected
    assert ("PAY-09", "payment.received.v1") in {
        (each.recorded, each.decided) for each in found if isinstance(each, Difference)
    }


def test_nothing_is_read_of_people_who_were_erased(tmp_path: Path) -> None:
    played = play(tmp_path / "home", SEED, 400)
    before = findings(played, changed(**LIMITS_AND_DEADLINES))
    home = Home(played)
    vault = Vault(home.vault, home.vault_key)
    people = {
        each.interaction.subject
        for each in history(played)
        if each.interaction is not None and each.interaction.subject.startswith("customer/")
    }
    assert people
    vault.erase_all(sorted(people), datetime.now(UTC))
    vault.close()
    assert findings(played, UNCHANGED) == []
    assert findings(played, changed(**LIMITS_AND_DEADLINES)) == before
    for file in played.glob("vault*"):
        file.unlink()
    assert findings(played, UNCHANGED) == []
