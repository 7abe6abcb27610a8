"""The embedded ledger: door, decider, reactor and eraser in one process over a SQLite log.

Interactions come in batches; a batch is answered when it is durable, with the follow-ons that it
led to at once. Vault first, then log, then index, then reactor and eraser: whatever is lost by a
crash between two of them is made again from the log by the next opening. Where a batch orders
somebody to be erased, the keys are deleted after it, and that is confirmed in a batch of its own.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from consumers.decider import Answer, Decider, recording_time
from consumers.eraser import Eraser
from consumers.reactor import Pending, Reactor
from consumers.restored import make_current
from ledger import founding
from ledger.door.admit import Admitted, Door, Malformed
from ledger.entry import Head, LedgerError, decode
from ledger.facts import Founding
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.reference import Reference, reference_of
from ledger.settings import Home
from ledger.store import Store
from ledger.vault import Vault

T = TypeVar("T")


def found(folder: Path, facts: Founding) -> Home:
    """Founds a ledger. Raises LedgerError where one stands already."""
    home = Home(folder)
    lock = home.lock_writer()
    try:
        if home.founded:
            raise LedgerError(f"{folder} holds a ledger already")
        home.refuse_copy()
        if home.index.exists():
            raise LedgerError(
                f"{home.log} is gone, but {home.index.name} is of it: restore the log, or found"
                " a ledger in another folder"
            )
        # Without a log there is no ledger: a crash here leaves a vault that is used again.
        Vault.create(home.vault, home.vault_key)
        SqliteLog.create(home.log, founding.records(facts))
    finally:
        lock.release()
    return home


def facts_of(log: SqliteLog) -> Founding:
    """The founding that the log begins with."""
    record = log.record(0, 1)
    entry = decode(record) if record else None
    if entry is None or entry.founding is None:
        raise LedgerError("the log does not begin with a founding")
    return entry.founding.facts


def _refuse_moved(home: Home) -> None:
    """What is recorded here after the move would be missing there, and could never follow."""
    if home.moved.exists():
        where = home.moved.read_text(encoding="utf-8").strip()
        raise LedgerError(
            f"this ledger was moved to {where}, and what is in {home.folder} is a backup that"
            f" nothing is added to: set LEDGER_LOG={where}"
        )


class Embedded:
    """Open one at a time; a second process gets a LedgerError that names the first."""

    def __init__(self, folder: Path) -> None:
        """Opens the ledger and sends what a crash left unsent.

        Raises LedgerError where there is no ledger, another process writes it, or a part is lost.
        """
        self.home = Home(folder)
        with ExitStack() as opened:
            self.lock = self.home.lock_writer()
            opened.callback(self.lock.release)
            _refuse_moved(self.home)
            self.log = SqliteLog(self.home.log, writer=True)
            opened.callback(self.log.close)
            self.facts = facts_of(self.log)
            self.founded = reference_of(self.facts)
            self.vault = Vault(self.home.vault, self.home.vault_key)
            opened.callback(self.vault.close)
            index = Index(self.home.index, self.log)
            opened.callback(index.close)
            self.store = Store(self.log, index)
            self._reactor = Reactor(self.home.reactor, self.log)
            opened.callback(self._reactor.close)
            self._eraser = Eraser(self.home.eraser, self.log, self.vault)
            opened.callback(self._eraser.close)
            self.door = Door(self._reference, self.vault)
            self._decider = Decider(self.store, self.founded, self.facts.partitions, self.vault)
            self.follow_ons = 0
            self.refused_follow_ons = 0
            self._last = self._last_recorded()
            make_current(self.vault, self._eraser, self.log, self._now())
            self._batch(self._send_at_once)
            self._closing = opened.pop_all()

    def publish(self, messages: Iterable[bytes], via: str = "file") -> list[Answer | Malformed]:
        """Admits and decides structured CloudEvents; answers in their order, once durable.

        Each is admitted by what is known after the one before it.
        """
        return self.submit((self.door.admit(message) for message in messages), via)

    def submit(
        self, admitted: Iterable[Admitted | Malformed], via: str
    ) -> list[Answer | Malformed]:
        """Decides what the door let in; what it did not is given back as it is.

        Raises LedgerError where the batch cannot be made durable. None of it is answered then, and
        the ledger is to be opened again; sending it again is safe.
        """
        return self._batch(
            lambda: [
                each if isinstance(each, Malformed) else self._decide(each, via)
                for each in admitted
            ]
        )

    def pass_time(self) -> int:
        """Sends the timers that the system clock has made due; how many."""
        before = self.follow_ons
        if self.facts.clock == "system":
            self._batch(lambda: self._send_due(datetime.now(UTC)))
        return self.follow_ons - before

    def pending(self) -> list[Pending]:
        """The follow-ons and timers that wait to be sent."""
        with self.store.lock:
            return self._reactor.pending()

    def _batch(self, work: Callable[[], T]) -> T:
        with self.store.lock:
            done = self._durably(work)
            self._erase()
        return done

    def _erase(self) -> None:
        """Deletes the keys that the log orders to be deleted, and confirms it."""
        self._eraser.erase(self._now())
        # A crash here leaves erasures unconfirmed, which the next opening confirms.
        while confirmations := self._eraser.unconfirmed():
            self._durably(partial(self._confirm, confirmations))
            self._eraser.erase(self._now())

    def _durably(self, work: Callable[[], T]) -> T:
        with self.store.batch():
            done = work()
            if self.vault.has_new_keys:
                self.vault.cover(self.log.ends())
            # Keys are durable before the entries that need them.
            self.vault.flush()
        # A crash here leaves them behind the log, from which they read on when opened.
        self._reactor.flush()
        self._eraser.flush()
        return done

    def _confirm(self, confirmations: Iterable[Pending]) -> None:
        for pending in confirmations:
            self._send(pending)
            self._send_at_once()

    def _now(self) -> datetime:
        return datetime.now(UTC) if self.facts.clock == "system" else self._last

    def _decide(self, admitted: Admitted, via: str) -> Answer:
        """Time passes up to the message's first, then it is decided, then what follows at once."""
        moment, behind = self._moment(admitted)
        self._send_due(moment)
        answer = self._record(admitted, via, moment, behind)
        self._send_at_once()
        return answer

    def _send_due(self, moment: datetime) -> None:
        """Timers are sent in the order they fall due, each before anything that is later."""
        while (pending := self._reactor.next_due(moment)) is not None:
            self._send(pending)
            self._send_at_once()

    def _send_at_once(self) -> None:
        while (pending := self._reactor.next_at_once()) is not None:
            self._send(pending)

    def _send(self, pending: Pending) -> None:
        admitted = self.door.admit_follow_on(pending.envelope, pending.data)
        answer = self._record(admitted, "reactor", *self._moment(admitted))
        self.follow_ons += 1
        self.refused_follow_ons += answer.outcome == "refused"

    def _moment(self, admitted: Admitted) -> tuple[datetime, bool]:
        """When it would be recorded now, and whether the clock is behind."""
        reference = self._reference(admitted.envelope.subject)
        return recording_time(reference, self._last, datetime.now(UTC), admitted.envelope.time)

    def _reference(self, owner: str) -> Reference:
        """The facts that the owner's partition knows."""
        return self.store.index.reference(partition_of(owner, self.facts.partitions))

    def _record(self, admitted: Admitted, via: str, moment: datetime, behind: bool) -> Answer:
        # Timers that were sent since the moment was taken may have moved the clock on.
        self._last = max(self._last, moment)
        answer = self._decider.decide(admitted, self._last, via=via, clock_behind=behind)
        if answer.repeated:
            self._reactor.drop(admitted.envelope)
            self._eraser.settle(admitted.envelope)
        else:
            head: Head = self.store.index.tip(answer.partition).head
            self._reactor.observe(head, admitted.envelope, answer.happened, self._last)
            self._eraser.observe(head, admitted.envelope, answer.happened)
        return answer

    def _last_recorded(self) -> datetime:
        return max(
            self.store.index.tip(partition).recorded_at
            for partition in range(self.facts.partitions)
        )

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
