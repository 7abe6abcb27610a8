"""Whether the readers' tables go on: a position that has not moved is what unhealthy means."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ledger.entry import LedgerError
from ledger.projections import snapshot
from ledger.projections.progress import Trouble, troubles

STILL_SECONDS: Final = 60.0
"""A position that has not moved for so long, with entries behind it, stands still."""


class Reached(msgspec.Struct, frozen=True):
    """How far a partition's tables are: entries taken in, those in the log, and for how many
    seconds the position has not moved, with entries behind it."""

    partition: int
    position: int
    head: int
    still_seconds: int


class Movement:
    """Looked at every now and then, it says which partitions stand still."""

    def __init__(self, projections: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._projections = projections
        self._clock = clock
        self._looked_at: Path | None = None
        self._shown: dict[int, int] = {}
        self._ends: Mapping[int, int] = {}
        self._trouble = Trouble([], {})
        self._moved: dict[int, tuple[int, float]] = {}

    def look(self, ends: Mapping[int, int]) -> None:
        """Compares the newest snapshot with the log's ends."""
        current = snapshot.find(self._projections)
        if current != self._looked_at:
            try:
                self._shown = snapshot.snapshot_positions(self._projections)
                self._trouble = troubles(self._projections)
            except LedgerError:
                # It was replaced by a newer one, or is damaged: what was shown stands.
                return
            self._looked_at = current
        self._ends = ends
        now = self._clock()
        for partition, end in ends.items():
            position = self._shown.get(partition, 0)
            if position >= end or self._moved.get(partition, (-1, 0.0))[0] != position:
                self._moved[partition] = position, now

    def reached(self) -> list[Reached]:
        """How far the tables were when it looked last."""
        now = self._clock()
        return [
            Reached(
                partition=partition,
                position=position,
                head=(head := self._ends.get(partition, position)),
                still_seconds=int(now - at) if position < head else 0,
            )
            for partition, (position, at) in sorted(self._moved.items())
        ]

    def sentences(self) -> list[str]:
        """What does not go on; nothing where all positions move or there is nothing to do."""
        now = self._clock()
        said = [
            f"partition {each.partition} stands still before position {each.position}:"
            f" {each.sentence}"
            for each in self._trouble.stopped
        ]
        stopped = {each.partition for each in self._trouble.stopped}
        said += [
            f"partition {partition} has not moved from position {position} for {now - at:.0f} s"
            for partition, (position, at) in sorted(self._moved.items())
            if partition not in stopped and now - at > STILL_SECONDS
        ]
        said += [f"{fact} stands still: {why}" for fact, why in self._trouble.standing.items()]
        return said
