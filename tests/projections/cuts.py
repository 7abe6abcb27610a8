"""Cutting a history into batches, and letting its partitions interleave, in any way."""

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from ledger.projections.definitions import Definitions
from ledger.projections.engine import Projector
from tests.projections.history import heads_after, partition_in


def interleaved(records: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """The records in another order that keeps each partition's own."""
    waiting: dict[int, list[bytes]] = {}
    for record in records:
        waiting.setdefault(partition_in(record), []).append(record)
    for queue in waiting.values():
        queue.reverse()
    partitions = [partition_in(record) for record in records]
    chance.shuffle(partitions)
    return [waiting[partition].pop() for partition in partitions]


def batches(records: Sequence[bytes], cuts: Sequence[int]) -> list[Sequence[bytes]]:
    edges = [0, *sorted(cut % len(records) for cut in cuts), len(records)]
    return [records[a:b] for a, b in itertools.pairwise(edges) if a < b]


def project(
    folder: Path, pieces: Sequence[Sequence[bytes]], definitions: Definitions | None = None
) -> Path:
    """Applies the batches one by one; the live file, closed."""
    with Projector.open(folder, definitions) as projector:
        for piece in pieces:
            projector.apply(piece, heads_after(piece))
        assert projector.check() == []
    return folder / "live.duckdb"


some_cuts = st.lists(st.integers(1, 10_000), max_size=12)
