"""The topic of the wrapped keys: one partition, compacted, written and read back.

It holds five kinds of records, told apart by their Kafka keys:

    check <random>                  says whether a key-encryption key is the right one
    key customer/d12#1 <random>     an attempt to be the key with that id: the wrapped key
    erased customer/d12#1           that id is erased, for ever; the moment, sealed
    roll                            makes the broker begin a new segment
    (any, without a value)          deletes the record under that Kafka key
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final

from ledger.entry import LedgerError
from ledger.logs.cluster import (
    Cluster,
    Fetched,
    KafkaError,
    NoAnswer,
    OffsetLost,
    Producer,
)
from ledger.logs.kafka import UnknownOutcome

POLL_SECONDS: Final = 1.0
COME_SECONDS: Final = 0.005
"""How long to look whether something has come: what came before is here by then."""
FETCH_SECONDS: Final = 0.01
"""Nobody waits for a key to come; a decider, though, asks for the end in the midst of a batch."""
ROLL: Final = "roll"

_ATTEMPT: Final = re.compile(r"key (.+)#([1-9][0-9]{0,8}) [0-9a-f]{16}")
_MARKER: Final = re.compile(r"erased (.+)#([1-9][0-9]{0,8})")
_ONLY: Final = 0
"""The number of the one partition."""

Records = Sequence[tuple[str, bytes | None]]
"""Kafka key and value; no value deletes what stands under the key, in time."""


def check_name() -> str:
    return f"check {os.urandom(8).hex()}"


def attempt_name(owner: str, generation: int) -> str:
    """A Kafka key that nobody ever used or will use."""
    return f"key {owner}#{generation} {os.urandom(8).hex()}"


def marker_name(owner: str, generation: int) -> str:
    return f"erased {owner}#{generation}"


def attempted(name: str) -> tuple[str, int] | None:
    """Owner and generation of the key that a record is an attempt to be."""
    found = _ATTEMPT.fullmatch(name)
    return (found[1], int(found[2])) if found else None


def marked(name: str) -> tuple[str, int] | None:
    """Owner and generation of the key that a record says to be erased."""
    found = _MARKER.fullmatch(name)
    return (found[1], int(found[2])) if found else None


class KeysTopic:
    """Not for two threads at once. Who only reads needs no right to write."""

    def __init__(self, cluster: Cluster) -> None:
        self.name = cluster.keys
        self._cluster = cluster
        self._tail = cluster.tail(FETCH_SECONDS)
        self._producer: Producer | None = None
        if not self._tail.partitions(self.name):
            self._tail.close()
            raise LedgerError(f"there is no topic {self.name}; found a ledger with `ledger init`")

    def begin(self, offset: int | None = None) -> None:
        """From now on reads from this offset, or from the first record there is."""
        if offset is None:
            offset = self._tail.begins(self.name, [_ONLY])[_ONLY]
        self._tail.begin(self.name, {_ONLY: offset})

    def end(self) -> int:
        """The offset after the newest record. Raises UnknownOutcome where no broker says it."""
        try:
            return self._tail.ends(self.name, [_ONLY])[_ONLY]
        except NoAnswer as error:
            raise UnknownOutcome(str(error)) from error

    def read_up_to(self, goal: int) -> Iterator[list[Fetched]]:
        """The records before this offset, and perhaps more that have come.

        Raises UnknownOutcome where nothing comes for too long.
        """
        deadline = time.monotonic() + self._cluster.bounds.wait_seconds
        while self._position() < goal:
            records = self._poll(POLL_SECONDS)
            if records:
                deadline = time.monotonic() + self._cluster.bounds.wait_seconds
                yield records
            elif time.monotonic() > deadline:
                raise UnknownOutcome(f"the brokers do not give {self.name} to its end")

    def come(self, seconds: float = COME_SECONDS) -> list[Fetched]:
        """What has come; looks for so long."""
        return self._poll(seconds)

    def first_check(self) -> bytes | None:
        """The check that counts; None where no vault was made yet. Reading begins anew then."""
        self.begin()
        for records in self.read_up_to(self.end()):
            for record in records:
                if record.value and (record.key or b"").startswith(b"check "):
                    return record.value
        return None

    def write(self, records: Records) -> int:
        """Writes the records; the offset up to which to read for what became of them.

        What did not arrive may arrive yet. Raises UnknownOutcome where no broker says anything.
        """
        producer = self._producer = self._producer or self._cluster.producer()
        try:
            futures = [
                producer.send(self.name, _ONLY, value, key=key.encode()) for key, value in records
            ]
            producer.flush()
            # Not told for one that a retry had written before; looked for at the end then.
            return max(future.get(timeout=0).offset for future in futures) + 1
        except (KafkaError, AssertionError):
            return self.end()

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close()
        self._tail.close()

    def _position(self) -> int:
        try:
            return self._tail.position(self.name, _ONLY)
        except NoAnswer as error:
            raise UnknownOutcome(str(error)) from error

    def _poll(self, seconds: float) -> list[Fetched]:
        try:
            return self._tail.poll(seconds)
        except (KafkaError, OffsetLost) as error:
            raise UnknownOutcome(f"the brokers do not give {self.name}: {error}") from error
