"""Where a decider goes on in a topic of the intake: behind the newest message that has an entry.

What an entry says of a topic and offset is true of the topic as it was then. One that was deleted
and made again counts from 0, so the message before is compared with its entry. Where it is another,
all of the topic is read: what came before is known, and gets no second entry.

What was sent on, and what came again, has no entry that says so. Where such messages are the newest
a mark is committed to the group, so that they need not be read again. It is a hint and no more: it
is sealed under the key-encryption key, counts only for the log and the message that it was written
for, and where it is lost they are read again.
"""

import hashlib
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable
from typing import Final

import msgspec

from consumers.telling import tell
from ledger.chain import holds
from ledger.door.cloudevents import Binary, from_kafka
from ledger.door.faults import Malformed
from ledger.door.scan import MAX_DEPTH, MAX_MESSAGE_BYTES, fits_depth
from ledger.entry import Entry, Head, decode
from ledger.index import Index
from ledger.logs.cluster import Cluster, Fetched, KafkaError, Mark, NoAnswer, OffsetLost, Tail
from ledger.logs.kafka import KafkaLog
from ledger.logs.topics import REACTOR
from ledger.shared_vault import SharedVault

READ_SECONDS: Final = 5.0


class _Named(msgspec.Struct, frozen=True):
    """What a message calls itself, whatever else it says."""

    subject: str
    source: str
    id: str


class _Passed(msgspec.Struct, frozen=True):
    """What a mark says: the head of the log, and the SHA-256 of the message before the mark."""

    head: Head
    message: str


_decoder: Final = msgspec.json.Decoder(_Named)
_passed_decoder: Final = msgspec.json.Decoder(_Passed)

Place = tuple[str, int]
"""A topic and a partition of it."""


class Resuming:
    """Not for two threads at once."""

    def __init__(self, cluster: Cluster, log: KafkaLog, index: Index, vault: SharedVault) -> None:
        self._cluster = cluster
        self._log = log
        self._index = index
        self._vault = vault
        self._tail: Tail | None = None

    def marks(self, newest: Iterable[Fetched]) -> dict[Place, Mark]:
        """What to commit behind messages that are done, where no entry says that they are."""
        heads = self._log.heads()
        marks: dict[Place, Mark] = {}
        for fetched in newest:
            place, done = (fetched.topic, fetched.partition), fetched.offset + 1
            reached = self._index.intake(fetched.partition, fetched.topic)
            if reached is None or reached.next_offset < done:
                passed = _Passed(heads[fetched.partition], _digest_of(fetched))
                sealed = self._vault.seal(_seal_name(place, done), msgspec.json.encode(passed))
                marks[place] = Mark(done, b2a_base64(sealed, newline=False).decode())
        return marks

    def offset(self, place: Place, first: int, end: int, mark: Mark | None) -> int:
        """The offset to read next, of a topic's partition that now holds `first` up to `end`.

        Raises NoAnswer where the brokers do not give the message before.
        """
        topic, partition = place
        reached = self._index.intake(partition, topic)
        done = reached.next_offset if reached else 0
        if mark and max(done, first) < mark.offset <= end and self._is_ours(place, mark):
            return mark.offset
        if done < first:
            tell(
                f"{topic}, partition {partition}, does not hold offsets {done} to {first - 1} any"
                " more, and no entry says that they were read: what was in them may be lost"
            )
        if reached is None or done <= first:
            return first
        if done <= end and self._is_of(self._read(place, done - 1), reached.position):
            return done
        tell(
            f"{topic}, partition {partition}, is not the topic that was read up to offset {done}:"
            " it was made again, and is read from its first message"
        )
        return first

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()

    def _is_ours(self, place: Place, mark: Mark) -> bool:
        """Whether a decider wrote the mark, of what the log and the topic hold now."""
        try:
            sealed = a2b_base64(mark.said, strict_mode=True)
        except (Error, ValueError):
            return False
        said = self._vault.opened(_seal_name(place, mark.offset), sealed)
        if said is None:
            return False
        passed = _passed_decoder.decode(said)
        before = self._read(place, mark.offset - 1) if holds(self._log, passed.head) else None
        return before is not None and _digest_of(before) == passed.message

    def _read(self, place: Place, offset: int) -> Fetched | None:
        """The message at the offset; None where the topic does not hold it."""
        topic, partition = place
        self._tail = self._tail or self._cluster.tail()
        self._tail.begin(topic, {partition: offset})
        try:
            found = self._tail.poll(READ_SECONDS, limit=1)
        except OffsetLost:
            return None
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not give {topic}: {error}") from error
        if not found:
            raise NoAnswer(f"the brokers do not give {topic} within {READ_SECONDS:g} s")
        return found[0] if found[0].offset == offset else None

    def _is_of(self, fetched: Fetched | None, position: int) -> bool:
        """Whether the message is the one that the entry at the position was made of."""
        record = self._log.record(fetched.partition, position) if fetched else None
        if fetched is None or record is None:
            return False
        entry = decode(record)
        if entry.unread is not None:
            digest = self._vault.digest_of_unread(fetched.value or b"")
            return digest == entry.unread.digest
        return _name_of(entry) == self._named(fetched)

    def _named(self, fetched: Fetched) -> _Named | None:
        """What the message calls itself; nothing in it is trusted."""
        message = fetched.value or b""
        if self._cluster.source_of(fetched.topic) != REACTOR:
            found = from_kafka(fetched.headers, message)
            if isinstance(found, Malformed):
                return None
            if isinstance(found, Binary):
                named = (found.attributes.get(name) for name in _Named.__struct_fields__)
                return _Named(*(text or "" for text in named))
            message = found
        if len(message) > MAX_MESSAGE_BYTES or not fits_depth(message, MAX_DEPTH):
            return None
        try:
            return _decoder.decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None


def _seal_name(place: Place, offset: int) -> str:
    topic, partition = place
    return f"passed {topic} {partition} {offset}"


def _digest_of(fetched: Fetched) -> str:
    return hashlib.sha256(fetched.value or b"").hexdigest()


def _name_of(entry: Entry) -> _Named | None:
    said = entry.interaction
    return _Named(said.subject, said.source, said.id) if said else None
