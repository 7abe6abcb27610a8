"""The store of one decider: its log, its index, and the batch that is being staged.

A batch becomes durable as a whole or not at all: the log is written first, in one transaction,
and the index after it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from ledger import wire
from ledger.entry import (
    FORMAT,
    MAX_RECORD_BYTES,
    Entry,
    EventRecord,
    Head,
    Intake,
    LedgerError,
    Said,
    decode,
    encode,
    leaf_hash,
)
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.rules import Refusal


@dataclass(frozen=True, slots=True)
class Draft:
    """What an entry says beside its events."""

    recorded_at: datetime
    policy: str | None = None
    clock_behind: bool = False
    intake: Intake | None = None
    said: Said | None = None
    derived: dict[str, str] | None = None
    refusal: Refusal | None = None


class Store:
    """The log and the index of one decider, and the batch that is being staged.

    If a batch fails nothing of it is durable, and the store may not be used any more: open
    another, which reads from the log what is so.
    """

    def __init__(self, log: SqliteLog, index: Index) -> None:
        self.log = log
        self.index = index
        self.lock = RLock()
        self._staged: list[tuple[int, int, bytes]] = []
        self._depth = 0
        self._broken = False

    @contextmanager
    def batch(self) -> Generator[None, None, None]:
        """Stages the entries made inside and makes them durable together at its end."""
        with self.lock:
            if self._broken:
                raise LedgerError("an earlier batch failed; open the ledger again")
            self._depth += 1
            try:
                yield
                if self._depth == 1 and self._staged:
                    self.log.append(self._staged)
                    # From here on the batch is durable; the index catches up if this is lost.
                    self.index.flush()
                    self._staged = []
            except BaseException:
                self._broken = bool(self._staged) or self._broken
                raise
            finally:
                self._depth -= 1

    def stage(
        self,
        partition: int,
        draft: Draft,
        events: tuple[EventRecord, ...],
        tracking: tuple[str, int] | None = None,
    ) -> Entry:
        """Adds one entry behind the partition's head. Call inside a batch."""
        tip = self.index.tip(partition)
        entry = Entry(
            v=FORMAT,
            partition=partition,
            position=tip.head.position + 1,
            prev=tip.head.hash,
            recorded_at=draft.recorded_at,
            first_event=tip.next_event,
            policy=draft.policy,
            clock_behind=draft.clock_behind,
            intake=draft.intake,
            interaction=draft.said,
            derived=draft.derived or None,
            events=events,
            refusal=draft.refusal,
            tracking=tracking,
        )
        record = encode(entry)
        if len(record) > MAX_RECORD_BYTES:
            raise LedgerError(f"an entry of {len(record)} bytes is over {MAX_RECORD_BYTES}")
        self._staged.append((partition, entry.position, record))
        self._apply(entry, record)
        return entry

    def _apply(self, entry: Entry, record: bytes) -> None:
        head = Head(entry.partition, entry.position, leaf_hash(record))
        self.index.apply(entry, head, wire.happened(entry))

    def entry(self, partition: int, position: int) -> Entry:
        """The entry at a position of the log or of the batch being staged."""
        record = self.log.record(partition, position)
        if record is None:
            record = next(
                staged for p, n, staged in self._staged if (p, n) == (partition, position)
            )
        return decode(record)

    def close(self) -> None:
        self.index.close()
        self.log.close()
