"""How events are cut into batches, and how partitions interleave, never changes a table."""

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.projections.engine import differences
from tests.projections.cuts import batches, interleaved, project, some_cuts
from tests.projections.history import History
from tests.projections.lives import Lives


@pytest.fixture(scope="module")
def records() -> list[bytes]:
    history = History(partitions=4)
    Lives(history, seed=7).day(visits=35)
    assert len(history.records) > 300
    return history.records


@pytest.fixture(scope="module")
def at_once(records: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("at-once"), [records])


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=some_cuts, chance=st.randoms(use_true_random=False))
def test_batches_cut_anywhere_give_the_tables_of_one_batch(
    records: list[bytes], at_once: Path, cuts: list[int], chance: Random
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pieces = batches(interleaved(records, chance), cuts)
        assert differences(at_once, project(Path(folder), pieces)) == []


def test_one_entry_at_a_time_gives_the_tables_of_one_batch(
    records: list[bytes], at_once: Path, tmp_path: Path
) -> None:
    few = records[:60]
    together = project(tmp_path / "together", [few])
    assert differences(together, project(tmp_path / "alone", [[each] for each in few])) == []
    assert differences(together, at_once) != []


def test_a_projector_opened_again_between_all_batches_goes_on_where_it_was(
    records: list[bytes], at_once: Path, tmp_path: Path
) -> None:
    for piece in batches(records, [50, 51, 200, 290]):
        project(tmp_path, [piece])
    assert differences(at_once, tmp_path / "live.duckdb") == []
