"""Walking along the chain of each partition: every leaf is computed again from the stored bytes.

A long log is walked in shares. What is remembered of a partition is its streams' versions and a
hash of each message.

    python -m replay.walk LOG PARTITIONS LEDGER 0,3,5       prints counts, and each partition's walk
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ledger.entry import (
    ChainError,
    Entry,
    FutureFormatError,
    Head,
    LedgerError,
    accept,
    decode,
    leaf_hash,
    partition_and_position,
)
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from replay.finding import Finding
from replay.shares import named, of_name, run, said_by, say, shares

Tick = Callable[[int], None]

_STEP: Final = 1_000
_TICK: Final = 10_000

Message = tuple[str, str, str, str]


class Walked(msgspec.Struct, frozen=True):
    """How far a partition holds, the number of its events up to there, and what does not."""

    head: Head
    events: int
    findings: list[Finding]


def walk_all(
    log: SqliteLog, ends: Mapping[int, int], partitions: int, ledger: str, tick: Tick
) -> list[Walked]:
    """Every partition from its founding to its end, in the order of `ends`.

    `ledger` is the leaf hash of partition 0's founding. `tick` is told how many entries were
    walked since it was told last, by one thread or another. Raises LedgerError where a walk fails.
    """
    parts = shares(ends)
    if len(parts) == 1:
        return [_Walk(log, partition, partitions, ledger).run(tick) for partition in ends]
    with ThreadPoolExecutor(len(parts)) as threads:
        walks = threads.map(partial(_in_process, log.path, partitions, ledger, tick), parts)
        walked = {each.head.partition: each for part in walks for each in part}
    return [walked[partition] for partition in ends]


def _in_process(
    path: Path, partitions: int, ledger: str, tick: Tick, share: Sequence[int]
) -> list[Walked]:
    walked: list[Walked] = []
    arguments = (str(path), str(partitions), ledger, named(share))
    for said in said_by("replay.walk", *arguments, kind=int | Walked):
        if isinstance(said, Walked):
            walked.append(said)
        else:
            tick(said)
    return walked


class _Walk:
    """One partition from its founding to its end, or to the first that does not hold."""

    def __init__(self, log: SqliteLog, partition: int, partitions: int, ledger: str) -> None:
        self._log = log
        self._head = Head(partition)
        self._next_event = 1
        self._findings: list[Finding] = []
        self._partitions = partitions
        self._ledger = ledger
        self._versions: dict[str, int] = {}
        self._messages: set[int] = set()

    def run(self, tick: Tick) -> Walked:
        untold = 0
        while not self._findings and (records := self._read()):
            for record in records:
                self._one(record)
                if self._findings:
                    break
            untold += len(records)
            if untold >= _TICK:
                tick(untold)
                untold = 0
        tick(untold)
        return Walked(self._head, self._next_event - 1, self._findings)

    def _read(self) -> list[bytes]:
        at = self._head.partition, self._head.position
        try:
            return self._log.read(*at, _STEP)
        except LedgerError:
            # The file is damaged somewhere in these; one at a time they are read up to there.
            try:
                return self._log.read(*at, 1)
            except LedgerError as error:
                self._found(str(error), following=True)
                return []

    def _one(self, record: bytes) -> None:
        try:
            following = accept(self._head, record)
        except FutureFormatError as error:
            self._found(str(error), following=True)
            return
        if following is None:
            self._break(record)
            return
        self._head = following
        try:
            self._content(decode(record))
        except ChainError as error:
            self._found(str(error))

    def _content(self, entry: Entry) -> None:
        if entry.first_event != self._next_event:
            self._found(f"its first event is {entry.first_event}, not {self._next_event}")
        self._next_event += len(entry.events)
        if entry.founding is not None:
            said_ledger = entry.founding.ledger or (self._ledger if entry.partition == 0 else None)
            if entry.position != 1 or said_ledger != self._ledger:
                self._found("it is a founding of another ledger")
            return
        said = entry.interaction
        message = _message(entry)
        if said is None or message is None:
            return
        if partition_of(said.subject, self._partitions) != entry.partition:
            self._found(f"{said.subject} lives in another partition")
        hashed = hash(message)
        if hashed in self._messages and self._stands_before(message):
            self._found(f"message {said.source}/{said.id} has an entry already")
        self._messages.add(hashed)
        for event in entry.events:
            stream = f"{said.subject} {event.stream}"
            if event.version != self._versions.get(stream, 0) + 1:
                self._found(f"{event.stream} version {event.version} does not follow")
            self._versions[stream] = event.version

    def _stands_before(self, message: Message) -> bool:
        """Whether an earlier entry has that message: two may have one hash."""
        position = 0
        while records := self._log.read(self._head.partition, position, _STEP):
            for record in records:
                position += 1
                if position == self._head.position:
                    return False
                if _message(decode(record)) == message:
                    return True
        return False

    def _break(self, record: bytes) -> None:
        """Says what the record is that does not follow the head, or that the head was changed."""
        partition, position = self._head.partition, self._head.position + 1
        if self._log.record(partition, position) is None:
            self._found("the entry is gone", following=True)
        elif (place := partition_and_position(record)) is None:
            self._found("the record is no entry", following=True)
        elif place != (partition, position):
            self._found(f"it holds the entry {place[0]}:{place[1]}", following=True)
        elif position == 1:
            self._found("the founding was changed: it names an entry before it", following=True)
        elif self._is_followed(record):
            sentence = "was changed: the next entry names another hash for it"
            self._found(f"position {position - 1} {sentence}")
        else:
            sentence = "was changed: neither it nor the next entry names the hash before it"
            self._found(f"position {position} {sentence}", following=True)

    def _is_followed(self, record: bytes) -> bool:
        """Whether the entry after the record names its hash, so that it is as it was written."""
        after = self._log.record(self._head.partition, self._head.position + 2)
        return after is None or leaf_hash(record).encode() in after

    def _found(self, sentence: str, *, following: bool = False) -> None:
        """Of the entry at the head, or of the one `following` it."""
        head = self._head
        position = head.position + following
        self._findings.append(Finding("log", sentence, head.partition, position))


def _message(entry: Entry) -> Message | None:
    """What no two entries of a ledger have in common; None where it is of no interaction."""
    said = entry.interaction
    if said is None or entry.intake is None:
        return None
    return said.subject, said.source, said.id, entry.intake.content


def _walk_share(path: str, partitions: str, ledger: str, share: str) -> None:
    with closing(SqliteLog(Path(path))) as log:
        for partition in of_name(share):
            say(_Walk(log, partition, int(partitions), ledger).run(say))


if __name__ == "__main__":
    run(_walk_share)
