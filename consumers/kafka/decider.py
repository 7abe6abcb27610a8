"""The decider on Kafka: messages of the intake topics in, entries out, read back before it goes on.

A consumer group gives each partition of the ledger, and the same of every intake topic, to one
decider; that is for speed. Where two decide at once, the log accepts the entries of one, and the
other drops what it staged, yields for a while and decides from what stands. How far the intake is
done stands in the entries; what is committed beside is a hint, and whatever is read twice is known.
"""

import random
import sqlite3
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from threading import Event
from typing import Final

from consumers.decider import Answer, Decider, recording_time
from consumers.embedded import facts_of
from consumers.kafka import outcomes
from consumers.kafka.resuming import Place, Resuming
from consumers.kafka.sending import Sending
from consumers.kafka.taking import Taking
from consumers.telling import tell
from ledger.door.admit import Admitted, Door, Elsewhere, Malformed
from ledger.entry import LedgerError, Unread
from ledger.half_open import undone_on_failure
from ledger.index import Index, positions_in
from ledger.logs import opening, topics
from ledger.logs.cluster import Cluster, Fetched, NoAnswer, OffsetLost
from ledger.logs.kafka import KafkaLog, LostRace
from ledger.logs.topics import REACTOR
from ledger.partition import partition_of
from ledger.reference import Reference, reference_of
from ledger.settings import Home
from ledger.shared_vault import SharedVault
from ledger.store import Draft, Store

GROUP: Final = "deciders"
BATCH: Final = 2_000
FIRST_BATCH: Final = 25
"""Doubled after each: a rival is most likely met at first, and what is lost to it is a batch."""
POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = (0.5, 1.5)
"""A rival that has written nothing for so long, chosen by chance, is thought to be gone: longer
than it takes to decide a batch. Where one takes longer here, so much longer is waited."""
YIELD_AT_MOST_SECONDS: Final = 5.0
ASK_AGAIN_SECONDS: Final = 1.0
MARK_SECONDS: Final = 1.0


def run(home: Home, stopping: Event, asked: Event | None = None, *, group: str = GROUP) -> None:
    """Decides what the group gives it until `stopping` is set, and finishes its batch then.

    Raises LedgerError where there is no ledger, another process has the home, or a partition holds
    what this program cannot read; `asked` is not used.
    """
    cluster = opening.cluster()
    if cluster is None:
        raise LedgerError("a decider of its own is for a ledger on Kafka; LEDGER_LOG says where")
    with ExitStack() as stack:
        stack.callback(home.lock_writer().release)
        deciding = Deciding(home, cluster, group)
        stack.callback(deciding.close)
        deciding.run(stopping)


class Opened:
    """What deciding works on. After a failure of the brokers it is opened anew."""

    def __init__(self, home: Home, cluster: Cluster, partitions: Iterable[int]) -> None:
        with ExitStack() as opened:
            self.log = KafkaLog(cluster, home.copy, partitions)
            opened.callback(self.log.close)
            facts = facts_of(self.log)
            self.founded = reference_of(facts)
            self.partitions = facts.partitions
            self.topics = [cluster.interactions(name) for name in topics.sources_of(facts)]
            self.vault = SharedVault(cluster, home.vault, home.vault_key)
            opened.callback(self.vault.close)
            self._copy_what_is_known(home)
            self.index = Index(home.index, self.log)
            opened.callback(self.index.close)
            self.sending = Sending(cluster)
            opened.callback(self.sending.close)
            self.resuming = Resuming(cluster, self.log, self.index, self.vault)
            opened.callback(self.resuming.close)
            self.taking = Taking(cluster, Door(self.reference, self.vault), self.partitions)
            self._decide_anew()
            self.close = opened.pop_all().close

    def _copy_what_is_known(self, home: Home) -> None:
        """An index that outlived the copy is compared with what Kafka holds, not with the copy."""
        copied = self.log.ends()
        known = positions_in(home.index)
        behind = [number for number, end in copied.items() if end < known.get(number, 0)]
        if behind:
            self.log.follow(behind)

    def reference(self, owner: str) -> Reference:
        """The facts that the owner's partition knows."""
        return self.index.reference(self.partition_of(owner))

    def partition_of(self, owner: str) -> int:
        return partition_of(owner, self.partitions)

    def follow(self, partitions: Iterable[int]) -> None:
        """From now on decides in these partitions, from all that they hold now."""
        self.log.follow(partitions)
        self.catch_up()

    def catch_up(self) -> None:
        """Drops what is staged and not accepted, and goes on from what stands."""
        self.index.catch_up()
        self._decide_anew()

    def _decide_anew(self) -> None:
        # A store whose batch failed is not used again, and states may be behind the log.
        self.store = Store(self.log, self.index)
        self.decider = Decider(self.store, self.founded, self.partitions, self.vault)


class Deciding:
    """One member of the group. All but the group's own notices happens in one thread."""

    def __init__(self, home: Home, cluster: Cluster, group: str) -> None:
        self._home = home
        self._cluster = cluster
        self._held: list[Place] = []
        self._limit = FIRST_BATCH
        self._changed = False
        self._made_again: set[str] = set()
        self._newest: dict[Place, Fetched] = {}
        """The newest messages that are done, of which no mark was committed yet."""
        self._marks_due = 0.0
        self._batch_seconds = 0.0
        self._opened: Opened | None = Opened(home, cluster, [])
        self._said = ""
        with undone_on_failure(self._opened.close):
            self._consumer = cluster.group(group)
            self._consumer.subscribe(self._opened.topics, self._given, self._taken_away)

    def run(self, stopping: Event) -> None:
        while not stopping.is_set():
            try:
                self._once()
            except LostRace:
                self._yield_to_rival(stopping)
                self._changed = True
            except OffsetLost as error:
                # Deleted meanwhile, or made again: where to begin is asked anew.
                self._report(error)
                self._changed = True
                stopping.wait(ASK_AGAIN_SECONDS)
            except NoAnswer as error:
                self._report(error)
                self._close_opened()
                stopping.wait(ASK_AGAIN_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311

    def close(self) -> None:
        """Leaves the group first, so that another goes on at once."""
        try:
            with suppress(LedgerError, sqlite3.Error):
                self._commit_marks()
            self._consumer.close()
        finally:
            self._close_opened()

    # In the group

    def _given(self, places: list[Place]) -> dict[Place, int | None]:
        """Holds all that is given until it is known where to begin; called inside `poll`."""
        self._consumer.pause(places)
        self._held = places
        self._changed = True
        return dict.fromkeys(places, 0)

    def _taken_away(self, _: list[Place]) -> None:
        self._held = []
        self._changed = True

    def _take_over(self, opened: Opened) -> None:
        """Reads each partition's log to its end, and its intake from where the log says."""
        places = self._held
        self._newest = {}
        opened.follow({partition for _, partition in places})
        ends, marks = self._consumer.ends(places), self._consumer.committed(places)
        for place, first in self._consumer.begins(places).items():
            offset = first
            # Entries may name offsets of the topic that was, and of the one made again.
            if place[0] not in self._made_again:
                offset = opened.resuming.offset(place, first, ends[place], marks.get(place))
            self._consumer.seek(*place, offset)
        self._consumer.resume(places)
        self._limit = FIRST_BATCH
        self._changed = False
        self._made_again = set()

    def _look_for_topics_made_again(self) -> None:
        """An offset says nothing of another topic of the same name, even where it has one."""
        again = self._consumer.made_again()
        for topic in again:
            tell(f"{topic} was made again, and is read from its first message")
        self._made_again |= again
        self._changed = self._changed or bool(again)

    def _commit_marks(self) -> None:
        """Says how far topics are done where no entry says it."""
        if self._opened is not None and self._newest and not self._changed:
            marks = self._opened.resuming.marks(self._newest.values())
            if marks:
                self._consumer.commit(marks)
        self._newest = {}
        self._marks_due = time.monotonic() + MARK_SECONDS

    # Deciding

    def _once(self) -> None:
        """Polls, and decides what came as one batch; nothing is polled meanwhile."""
        if self._opened is None:
            self._opened = Opened(self._home, self._cluster, [])
            self._changed = True
        if self._changed:
            self._take_over(self._opened)
        fetched = self._consumer.poll(POLL_SECONDS, self._limit)
        self._look_for_topics_made_again()
        if fetched and not self._changed:
            began = time.monotonic()
            try:
                self._decide(self._opened, fetched)
            finally:
                self._batch_seconds = time.monotonic() - began
            self._newest |= {(each.topic, each.partition): each for each in fetched}
            self._limit = min(2 * self._limit, BATCH)
            self._said = ""
        if time.monotonic() > self._marks_due:
            self._commit_marks()

    def _decide(self, opened: Opened, batch: Sequence[Fetched]) -> None:
        now = datetime.now(UTC)
        repeated: list[tuple[int, int]] = []
        with opened.store.batch():
            for fetched in batch:
                with _named(fetched):
                    answer = self._take(opened, fetched, now)
                if answer is not None and answer.repeated:
                    repeated.append((answer.partition, answer.position))
            # What is sent on, what cannot be read, and keys are durable before the entries that
            # move the intake on. A crash from here on is found in the log.
            opened.sending.flush()
            opened.vault.flush()
        for partition, position in repeated:
            entry = opened.store.entry(partition, position)
            record = outcomes.record_of(self._cluster, entry, repeated=True)
            if record is not None:
                opened.sending.tell(record)

    def _take(self, opened: Opened, fetched: Fetched, now: datetime) -> Answer | None:
        """Stages the entry of a message; None where it has none, or is no interaction."""
        taken = opened.taking.take(fetched)
        if isinstance(taken, Elsewhere):
            if opened.sending.send_on(fetched, opened.partition_of(taken.subject)):
                return None
            taken = Malformed("too_large", "the message is too large to be sent on")
        if isinstance(taken, Malformed):
            self._set_aside(opened, fetched, taken, now)
            return None
        return self._record(opened, fetched, taken, now)

    def _record(
        self, opened: Opened, fetched: Fetched, admitted: Admitted, now: datetime
    ) -> Answer:
        envelope = admitted.envelope
        partition = fetched.partition
        moment, behind = recording_time(
            opened.index.reference(partition),
            opened.index.tip(partition).recorded_at,
            now,
            envelope.time,
        )
        return opened.decider.decide(
            admitted,
            moment,
            via="reactor" if envelope.source == REACTOR else "kafka",
            clock_behind=behind,
            topic=fetched.topic,
            offset=fetched.offset,
        )

    def _set_aside(self, opened: Opened, fetched: Fetched, found: Malformed, now: datetime) -> None:
        """One entry without interaction moves the intake on; the bytes lie in quarantine."""
        opened.sending.quarantine(fetched, found)
        last = opened.index.tip(fetched.partition).recorded_at
        reference = opened.index.reference(fetched.partition)
        moment, behind = recording_time(reference, last, now, last)
        unread = Unread(
            topic=fetched.topic,
            offset=fetched.offset,
            digest=opened.vault.digest_of_unread(fetched.value or b""),
            kind=found.kind,
            reason=found.detail,
        )
        draft = Draft(moment, clock_behind=behind, unread=unread)
        opened.store.stage(fetched.partition, draft, ())

    # After a failure

    def _yield_to_rival(self, stopping: Event) -> None:
        """Waits until nobody else writes for a moment: two who decide the same waste their work."""
        opened = self._opened
        if opened is None:
            return
        deadline = time.monotonic() + YIELD_AT_MOST_SECONDS
        written = None
        while not stopping.is_set() and time.monotonic() < deadline:
            before, written = written, opened.log.ends()
            if before == written:
                return
            quiet = random.uniform(*QUIET_SECONDS)  # noqa: S311
            stopping.wait(min(quiet + self._batch_seconds, YIELD_AT_MOST_SECONDS))
            try:
                opened.log.refresh()
            except NoAnswer:
                self._close_opened()
                return

    def _close_opened(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            # A part that does not close must not keep the rest from being opened again.
            with suppress(LedgerError, OSError):
                opened.close()

    def _report(self, error: Exception) -> None:
        """Says what fails, once while it goes on."""
        if str(error) != self._said:
            tell(f"nothing is decided: {error}")
        self._said = str(error)


@contextmanager
def _named(fetched: Fetched) -> Generator[None, None, None]:
    """Says at which message something failed that nobody foresaw: it is not passed over."""
    try:
        yield
    except (LedgerError, sqlite3.Error):
        raise
    except Exception as error:
        raise LedgerError(
            f"the message at offset {fetched.offset} of {fetched.topic}, partition"
            f" {fetched.partition}, cannot be decided: {type(error).__name__}"
        ) from error
