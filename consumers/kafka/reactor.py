"""The reactor on Kafka: what follows from the log is sent to deciders, until its entry is seen.

It reads its own copy of all partitions and writes one topic, which only the reactor may write. What
it sends is named after its cause, so whatever is sent twice, also by two reactors at once, has one
entry. Nothing else is kept of sending: all that is pending is sent again after a start. What an
older decider cannot read has an entry that says so; it is sent again once an hour, until one can.

It erases, too: whoever does must read the orders of all customers and the visits of all halls, and
may write follow-ons. Therefore it has the vault's key, beside the deciders (docs/keys.md). Two
reactors at once delete the same keys and send the same confirmation.

"At once" means soon here: a follow-on is decided by another process, after whatever came first.
On the system clock a timer leaves within half a second of being due. On a simulated clock the time
is that of the newest entry of all partitions: where nothing is recorded, no time passes.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

import msgspec

from consumers.embedded import facts_of
from consumers.eraser import Eraser
from consumers.kafka.persevering import persevere
from consumers.reactor import SOURCE, Key, Pending, Reactor
from consumers.telling import tell
from ledger.entry import Said, decode
from ledger.logs.cluster import Cluster, KafkaError, NoAnswer
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.settings import Home
from ledger.shared_vault import SharedVault

LOOK_SECONDS: Final = 0.5
AGAIN_SECONDS: Final = 5.0
AGAIN_AT_MOST_SECONDS: Final = 60.0
UNREAD_SECONDS: Final = 3600.0
UNSEEN_AT_MOST: Final = 10_000
"""So many may be under way at once; the others wait until entries of these are seen."""


def run(home: Home, stopping: Event, asked: Event | None = None) -> None:
    """Sends what follows until `stopping` is set.

    Raises LedgerError where there is no ledger, another process has the home, or a partition holds
    what this program cannot read; `asked` is not used.
    """
    persevere(home, "reactor", "no follow-on is sent", Reacting, stopping)


class Reacting:
    """Log, vault, reactor, eraser and producer as long as the brokers answer."""

    def __init__(self, home: Home, cluster: Cluster) -> None:
        with ExitStack() as opened:
            self._log = KafkaLog(cluster, home.copy)
            opened.callback(self._log.close)
            facts = facts_of(self._log)
            self._on_system_clock = facts.clock == "system"
            self._reactor = Reactor(home.reactor, self._log)
            opened.callback(self._reactor.close)
            self._vault = SharedVault(cluster, home.vault, home.vault_key)
            opened.callback(self._vault.close)
            self._eraser = Eraser(home.eraser, self._log, self._vault)
            opened.callback(self._eraser.close)
            self._sending = Sending(cluster, facts.partitions)
            opened.callback(self._sending.close)
            self._newest = self._newest_recorded()
            self._first = True
            self.close = opened.pop_all().close

    def once(self) -> None:
        """Takes in what comes, and sends what follows and what is due.

        Raises NoAnswer where the brokers do not answer.
        """
        if not self._first:
            self._log.wait(LOOK_SECONDS)
        self._first = False
        if self._reactor.read_on():
            self._newest = self._newest_recorded()
        self._eraser.read_on()
        self._sending.forget_seen(self._waits)
        if unread := self._reactor.take_unread():
            self._sending.put_off(lambda sent: self._vault.digest_of_unread(sent) in unread)
        self._sending.send_again()
        moment = datetime.now(UTC) if self._on_system_clock else self._newest
        self._eraser.erase(moment)
        # A crash here, or before, leaves what the next opening erases and confirms.
        for confirmation in self._eraser.unconfirmed():
            if not self._sending.awaits(confirmation):
                self._sending.send(confirmation, AGAIN_SECONDS)
        while not self._sending.full and (pending := self._reactor.take(moment)) is not None:
            self._sending.send(pending, AGAIN_SECONDS)
        self._sending.flush()

    def _waits(self, sent: Pending) -> bool:
        return self._reactor.waits(sent) or self._eraser.waits(sent)

    def _newest_recorded(self) -> datetime:
        """When the newest entry of all partitions was recorded."""
        records = [self._log.record(*place) for place in self._log.ends().items()]
        return max(decode(record).recorded_at for record in records if record is not None)


class Sending:
    """What was sent and not yet seen in the log, each with when it is sent again."""

    def __init__(self, cluster: Cluster, partitions: int) -> None:
        self._topic = cluster.interactions(SOURCE)
        self._partitions = partitions
        self._producer = cluster.producer()
        self._unseen: dict[Key, tuple[Pending, float, float]] = {}
        self._futures: list[Any] = []

    @property
    def full(self) -> bool:
        return len(self._unseen) >= UNSEEN_AT_MOST

    def send(self, pending: Pending, pause: float) -> None:
        """Sends it now, and again after so many seconds. Raises NoAnswer."""
        self._unseen[pending.key] = (pending, time.monotonic() + pause, pause)
        subject = pending.envelope.subject
        try:
            future = self._producer.send(
                self._topic,
                partition_of(subject, self._partitions),
                value_of(pending),
                key=subject.encode(),
            )
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not take a follow-on: {error}") from error
        self._futures.append(future)

    def send_again(self) -> None:
        """Sends those again that should have been seen by now, each after a longer pause."""
        now = time.monotonic()
        due = [(sent, pause) for sent, again, pause in self._unseen.values() if again <= now]
        for pending, pause in due:
            self.send(pending, min(2 * pause, AGAIN_AT_MOST_SECONDS))

    def put_off(self, is_unread: Callable[[bytes], bool]) -> None:
        """Sends those again much later that a decider could not read, and says so."""
        unread = [sent for sent in self._unseen.values() if is_unread(value_of(sent[0]))]
        again = time.monotonic() + UNREAD_SECONDS
        for pending, _, pause in unread:
            self._unseen[pending.key] = (pending, again, pause)
        for kind in sorted({pending.envelope.type for pending, _, _ in unread}):
            tell(f"a decider cannot read {kind}: upgrade the deciders; it is sent again in an hour")

    def awaits(self, pending: Pending) -> bool:
        """Whether it was sent and not yet seen."""
        return pending.key in self._unseen

    def forget_seen(self, waits: Callable[[Pending], bool]) -> None:
        """Forgets what has its entry, or was settled meanwhile."""
        self._unseen = {key: sent for key, sent in self._unseen.items() if waits(sent[0])}

    def flush(self) -> None:
        """Waits until all is written. Raises NoAnswer where it is not, or not in time."""
        if not self._futures:
            return
        sent, self._futures = self._futures, []
        try:
            self._producer.flush()
            for future in sent:
                future.get(timeout=0)
        except (KafkaError, AssertionError) as error:
            raise NoAnswer(f"the brokers do not take a follow-on: {error}") from error

    def close(self) -> None:
        self._producer.close()


def value_of(pending: Pending) -> bytes:
    """The follow-on as deciders read it: an interaction as it stands in an entry."""
    envelope = msgspec.structs.asdict(pending.envelope)
    return msgspec.json.encode(Said(**envelope, data=msgspec.Raw(pending.data)))
