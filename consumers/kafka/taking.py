"""From a record of an intake topic to what the decider takes: nothing in it is trusted.

A topic is one source's, and a partition of it is for the owners who live there. What an upstream
system writes meets the door's whole check; what the reactor writes is an interaction with its
envelope, and is checked as far as a reader must be sure that deciding it cannot fail.
"""

import re
from functools import partial
from typing import Final

import msgspec

from ledger import wire
from ledger.door.admit import (
    Admitted,
    Door,
    Elsewhere,
    Lane,
    Malformed,
    NotAdmitted,
    PersonalFieldError,
)
from ledger.door.cloudevents import from_kafka
from ledger.door.scan import MAX_DEPTH, MAX_MESSAGE_BYTES, fits_depth
from ledger.entry import Envelope, Said
from ledger.logs.cluster import Cluster, Fetched
from ledger.logs.topics import REACTOR
from ledger.partition import partition_of

Taken = Admitted | Malformed | Elsewhere

_SUBJECT: Final = re.compile(
    r"(customer|hall|clerk)/[A-Za-z0-9._:-]{1,64}|operator|reference/(0|[1-9][0-9]{0,3})"
)
_NO_FOLLOW_ON: Final = Malformed("malformed", "this is no message of the reactor")
_said_decoder: Final = msgspec.json.Decoder(Said)


class Taking:
    def __init__(self, cluster: Cluster, door: Door, partitions: int) -> None:
        self._cluster = cluster
        self._door = door
        self._partitions = partitions
        self._lanes: dict[tuple[str, int], Lane] = {}

    def take(self, fetched: Fetched) -> Taken:
        """Admits a record, says what is wrong with it, or that it is for another partition."""
        lane = self._lane(fetched.topic, fetched.partition)
        if lane.source == REACTOR:
            return self._follow_on(lane, fetched.value or b"")
        message = from_kafka(fetched.headers, fetched.value)
        if isinstance(message, Malformed):
            return message
        return self._door.admit_by(lane, message)

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = Lane(self._cluster.source_of(topic), partial(self._lives_in, partition))
            self._lanes[(topic, partition)] = lane
        return lane

    def _lives_in(self, partition: int, subject: str) -> bool:
        return partition_of(subject, self._partitions) == partition

    def _follow_on(self, lane: Lane, value: bytes) -> Taken:
        if len(value) > MAX_MESSAGE_BYTES or not fits_depth(value, MAX_DEPTH):
            return _NO_FOLLOW_ON
        try:
            said = _said_decoder.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _NO_FOLLOW_ON
        kind = wire.INTERACTIONS.get(said.type)
        if said.source != REACTOR or not _SUBJECT.fullmatch(said.subject) or kind is None:
            return _NO_FOLLOW_ON
        if kind.owner != wire.owner_kind(said.subject) or said.time.tzinfo is None:
            return _NO_FOLLOW_ON
        if not lane.lives_here(said.subject):
            return Elsewhere(said.subject)
        envelope = Envelope(**{name: getattr(said, name) for name in Envelope.__struct_fields__})
        try:
            return self._door.admit_follow_on(envelope, bytes(said.data))
        except NotAdmitted as refused:
            return refused.answer
        except (msgspec.MsgspecError, UnicodeDecodeError, PersonalFieldError):
            return _NO_FOLLOW_ON
