"""Every entry of a history, decided again from the log alone, gives the same events or refusal."""

from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.embedded import Embedded, found
from ledger import founding, simulator
from ledger.aggregates.customer import payment
from ledger.aggregates.customer.payment import rules as payment_rules
from ledger.logs.sqlite import SqliteLog
from replay.decide_again import Difference, decide_again
from tests.consumers import day
from tests.consumers.day import MORNING
from tests.consumers.reading import entries


def differences(folder: Path) -> list[Difference]:
    log = SqliteLog(folder / "log.sqlite")
    found_differences = list(decide_again(log))
    log.close()
    return found_differences


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """A ledger of business in order, with refusals, repeats, and ids used for other content."""
    found(tmp_path, founding.sample())
    with Embedded(tmp_path) as ledger:
        ledger.publish(day.business(customers=25))
        late = MORNING + timedelta(hours=3)
        ledger.publish(
            [
                day.payment("n1", time=late, amount_fen=5_000),
                day.payment("n1", time=late, amount_fen=5_000),
                day.payment("n1", time=late, amount_fen=6_000),
                day.payment("nobody", time=late),
                day.payment("n2", "p9", late, tendered_fen=1),
                day.payment("n2", "p8", late, correlator_id="cor-p1"),
                day.receipt("n1", late),
                day.reversal("n4", late + timedelta(days=2)),
                day.registration("n5", late, id_="again"),
                day.registration("child", late, birth_on="2020-01-01"),
            ]
        )
        refused = {each.refusal.rule for each in entries(ledger) if each.refusal}
        assert refused >= {"ENV-01", "ENV-02", "ENV-11", "ENV-12", "CUS-06", "PAY-04", "PAY-07"}
    return tmp_path


def test_a_history_is_decided_again_as_it_was(played: Path) -> None:
    assert differences(played) == []


@pytest.mark.parametrize(("seed", "halls", "days"), [(1, 3, 1), (7, 2, 2), (11, 1, 4)])
def test_a_simulated_history_is_decided_again_as_it_was(
    tmp_path: Path, seed: int, halls: int, days: int
) -> None:
    found(tmp_path, simulator.founding_of(seed, halls))
    with Embedded(tmp_path) as ledger:
        messages = simulator.messages(seed, halls, days_played=days)
        while batch := list(islice(messages, 500)):
            ledger.publish(batch)
        assert any(each.refusal for each in entries(ledger))
    assert differences(tmp_path) == []


def test_a_history_is_decided_again_without_any_key(played: Path) -> None:
    """As after the erasure of everybody: neither rules nor folds read a personal field."""
    for file in played.glob("vault*"):
        file.unlink()
    assert differences(played) == []


def test_a_rule_that_changed_shows_at_each_entry_it_would_change(
    played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = payment.decide

    def no_cash(interaction: Any, state: Any, context: Any) -> Any:
        if isinstance(interaction, payment.Reverse):
            return payment_rules.PAY_17()
        return decide(interaction, state, context)

    monkeypatch.setattr(payment, "decide", no_cash)
    changed = differences(played)
    assert {(each.recorded, each.decided) for each in changed} == {
        ("payment.reversed.v1", "PAY-17"),
        ("PAY-18", "PAY-17"),
    }
    assert {each.sentence for each in changed} == {
        "it would be refused",
        "it would be refused otherwise",
    }
    assert all(each.position > 1 for each in changed)
    assert msgspec.json.encode(changed[0])
