"""How events are cut into batches, and how partitions interleave, never changes a table."""

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.projections.engine import differences
from tests.projections.cuts import batches, interleaved, project, some_cuts
from tests.projections.hall_lives import lived
from tests.projections.history import History
from tests.projections.order_lives import OrderLives


@pytest.fixture(scope="module")
def records() -> list[bytes]:
    history = lived(4, visits=25, orders=8, days=1)
    assert len(history.records) > 300
    return history.records


@pytest.fixture(scope="module")
def at_once(records: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("at-once"), [records])


@pytest.mark.timeout(400)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=some_cuts, seed=st.integers(0, 10_000))
def test_batches_cut_anywhere_give_the_tables_of_one_batch(
    records: list[bytes], at_once: Path, cuts: list[int], seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pieces = batches(interleaved(records, Random(seed)), cuts)
        assert differences(at_once, project(Path(folder), pieces)) == []


def test_one_entry_at_a_time_gives_the_tables_of_one_batch(
    records: list[bytes], at_once: Path, tmp_path: Path
) -> None:
    few = records[:60]
    together = project(tmp_path / "together", [few])
    assert differences(together, project(tmp_path / "alone", [[each] for each in few])) == []
    assert differences(together, at_once) != []


def test_orders_one_entry_at_a_time_give_the_tables_of_one_batch(tmp_path: Path) -> None:
    history = History(partitions=2)
    OrderLives(history, seed=3).days(orders=2)
    together = project(tmp_path / "together", [history.records])
    alone = project(tmp_path / "alone", [[each] for each in history.records])
    assert differences(together, alone) == []


def test_a_projector_opened_again_between_all_batches_goes_on_where_it_was(
    records: list[bytes], at_once: Path, tmp_path: Path
) -> None:
    for piece in batches(records, [50, 51, 200, 290]):
        project(tmp_path, [piece])
    assert differences(at_once, tmp_path / "live.duckdb") == []
