"""The store of one decider: its log, its index, and the batch that is being staged.

A batch becomes durable as a whole or not at all: the log is written first, in one transaction,
and the index after it.
"""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

import msgspec

from ledger import wire
from ledger.entry import (
    FORMAT,
    MAX_RECORD_BYTES,
    ChainError,
    Entry,
    EventRecord,
    Head,
    Intake,
    LedgerError,
    Said,
    UnfitError,
    Unread,
    decode,
    encode,
    leaf_hash,
)
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.rules import Refusal
from ledger.wire import Happened


class Draft(msgspec.Struct, frozen=True):
    """What an entry says beside its events; `decided` are they, which must read back as such."""

    recorded_at: datetime
    policy: str | None = None
    clock_behind: bool = False
    intake: Intake | None = None
    said: Said | None = None
    derived: dict[str, str] | None = None
    refusal: Refusal | None = None
    decided: Sequence[Happened] = ()
    unread: Unread | None = None


class Store:
    """The log and the index of one decider, and the batch that is being staged.

    A batch that fails is durable as a whole, or (nearly always) not at all, and which of the two is
    not known. The store may not be used any more then: open another, which reads it from the log.
    """

    def __init__(self, log: SqliteLog, index: Index) -> None:
        self.log = log
        self.index = index
        self.lock = RLock()
        self._staged: dict[tuple[int, int], bytes] = {}
        self._depth = 0
        self._broken = False

    def check(self) -> None:
        """Raises LedgerError where an earlier batch failed: what is staged here never happened."""
        if self._broken:
            raise LedgerError("an earlier batch failed; open the ledger again")

    @property
    def in_batch(self) -> bool:
        """Whether entries staged now become durable with others, at the end of a batch."""
        return self._depth > 0

    @contextmanager
    def batch(self) -> Generator[None, None, None]:
        """Stages the entries made inside and makes them durable together at its end."""
        with self.lock:
            self.check()
            self._depth += 1
            try:
                self.index.begin()
                yield
                if self._depth == 1 and self._staged:
                    self._commit()
            except sqlite3.DatabaseError as error:
                self._broken = True
                raise self._index_failed(error) from error
            except BaseException:
                self._broken = bool(self._staged) or self._broken
                raise
            finally:
                self._depth -= 1
                if self._depth == 0 and not self._broken:
                    self.index.end()

    def _commit(self) -> None:
        # Something failed inside and was caught there: part of a batch is no batch.
        self.check()
        self.log.append([(*place, record) for place, record in self._staged.items()])
        # From here on the batch is durable; the index catches up if this is lost.
        self.index.flush()
        self._staged = {}

    def _index_failed(self, error: sqlite3.DatabaseError) -> LedgerError:
        if isinstance(error, sqlite3.OperationalError):
            return LedgerError(f"the index cannot be written: {error}")
        self.index.condemn()
        return LedgerError("the index is damaged; open the ledger again, which makes it anew")

    def stage(
        self,
        partition: int,
        draft: Draft,
        events: tuple[EventRecord, ...],
        tracking: tuple[str, int] | None = None,
    ) -> Entry:
        """Adds one entry behind the partition's head. Call inside a batch.

        Raises UnfitError for one that cannot be written; where it has an interaction, which can be
        refused instead, nothing is changed. Where it fails otherwise, what is staged fails with it,
        whether or not the error is caught inside.
        """
        try:
            return self._stage(partition, draft, events, tracking)
        except BaseException as error:
            if isinstance(error, UnfitError) and draft.said is not None:
                raise
            self._broken = bool(self._staged) or self._broken
            raise

    def _stage(
        self,
        partition: int,
        draft: Draft,
        events: tuple[EventRecord, ...],
        tracking: tuple[str, int] | None,
    ) -> Entry:
        self.check()
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
            unread=draft.unread,
        )
        record = encode(entry)
        if len(record) > MAX_RECORD_BYTES:
            raise UnfitError(f"an entry of {len(record)} bytes is over {MAX_RECORD_BYTES}")
        happened = _read_back(entry, draft.decided)
        self._staged[(partition, entry.position)] = record
        self.index.apply(entry, Head(partition, entry.position, leaf_hash(record)), happened)
        return entry

    def entry(self, partition: int, position: int) -> Entry:
        """The entry at a position of the log or of the batch being staged."""
        self.check()
        record = self._staged.get((partition, position)) or self.log.record(partition, position)
        if record is None:
            raise LedgerError(f"there is no position {position} in partition {partition}")
        return decode(record)

    def close(self) -> None:
        self.index.close()
        self.log.close()


def _read_back(entry: Entry, decided: Sequence[Happened]) -> list[Happened]:
    """The events of an entry as everybody will read them from its encoded data.

    Raises UnfitError where one differs from what was decided.
    """
    try:
        happened = wire.happened(entry)
    except ChainError as error:
        raise UnfitError(str(error)) from error
    for read, meant in zip(happened, decided, strict=bool(decided)):
        if read.event != meant.event:
            raise UnfitError(f"event {meant.event.tag} would not read as it was decided")
    return happened
