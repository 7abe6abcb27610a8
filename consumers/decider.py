"""The decider: admitted interactions in, entries out. The only writer of the log.

Every admitted interaction gets exactly one entry, with its events or its refusal. The same content
under the same source and id gets the first answer again, and no entry.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from eventsourcing.persistence import EventStore

from ledger import policy, wire
from ledger.aggregates import common
from ledger.aggregates.model import Context, Decision, Event, State
from ledger.decide import decide
from ledger.door.admit import Admitted
from ledger.entry import Entry, Intake, Said
from ledger.index import Place
from ledger.partition import partition_of
from ledger.recorder import PartitionRecorder, event_store
from ledger.reference import Reference
from ledger.rules import Refusal
from ledger.store import Draft, Store
from ledger.wire import Happened

KEPT_STATES: Final = 50_000


class Answer(msgspec.Struct, frozen=True):
    """What a sender hears: recorded, refused by a rule, or answered before (`repeated`).

    `refusal` is set for a refused interaction, also where it is repeated.
    """

    outcome: Literal["recorded", "refused"]
    partition: int
    position: int
    repeated: bool = False
    refusal: Refusal | None = None
    happened: Sequence[Happened] = ()


class Decider:
    """Decides into a store. Call inside `store.batch()`; nothing is durable before that ends."""

    def __init__(self, store: Store, reference: Reference, partitions: int) -> None:
        self._store = store
        self._reference = reference
        self._partitions = partitions
        self._stores: list[EventStore[str]] = [
            event_store(PartitionRecorder(store, number)) for number in range(partitions)
        ]
        self._states: OrderedDict[str, tuple[State, int]] = OrderedDict()
        # The first call brings the Kafka client in, half a second; not while a sender waits.
        partition_of("operator", partitions)

    def decide(
        self, admitted: Admitted, recorded_at: datetime, *, via: str, clock_behind: bool = False
    ) -> Answer:
        """Decides one interaction and stages its entry."""
        envelope = admitted.envelope
        places = self._store.index.places(envelope.subject, envelope.source, envelope.id)
        for place in places:
            if place.content == admitted.content:
                return self._first_answer(place)
        partition = partition_of(envelope.subject, self._partitions)
        in_force = self._reference.policy_at(recorded_at)
        kind = wire.INTERACTIONS[envelope.type]
        stream = kind.aggregate.stream(envelope, admitted.interaction)
        state, version = self._state(partition, wire.stream_key(envelope.subject, stream), kind)
        if places:
            decision: Decision = common.ENV_01(f"id {envelope.id} came with other content before")
        else:
            decision = decide(admitted.interaction, state, self._context(admitted, recorded_at))
        events = () if isinstance(decision, Refusal) else decision
        happened = self._happened(stream, version, events, admitted)
        draft = Draft(
            recorded_at,
            in_force.version,
            clock_behind,
            Intake(via=via, content=admitted.content, key=admitted.key_id),
            Said(**msgspec.structs.asdict(envelope), data=msgspec.Raw(admitted.data)),
            admitted.derived,
            decision if isinstance(decision, Refusal) else None,
            happened,
        )
        self._stores[partition].put(happened, draft=draft)
        position = self._store.index.tip(partition).head.position
        if isinstance(decision, Refusal):
            return Answer("refused", partition, position, refusal=decision)
        self._evolve((state, version), happened)
        return Answer("recorded", partition, position, happened=happened)

    def _context(self, admitted: Admitted, recorded_at: datetime) -> Context[object]:
        return Context(
            admitted.envelope,
            self._store.index.register(admitted.envelope.subject),
            self._reference,
            self._reference.policy_at(recorded_at),
            admitted.derived,
            recorded_at,
        )

    def _happened(
        self, stream: str, version: int, events: Sequence[Event], admitted: Admitted
    ) -> list[Happened]:
        return [
            Happened(stream, version + number, event, admitted.envelope, admitted.interaction)
            for number, event in enumerate(events, 1)
        ]

    def _evolve(self, known: tuple[State, int], happened: Sequence[Happened]) -> None:
        state, version = known
        for each in happened:
            aggregate, _ = wire.EVENTS[each.event.tag]
            state = aggregate.evolve(state, each.event, each.envelope)
            version = each.version
        if happened:
            self._keep(happened[0].originator_id, (state, version))

    def _state(self, partition: int, key: str, kind: wire.Kind) -> tuple[State, int]:
        kept = self._states.get(key)
        if kept is not None:
            self._states.move_to_end(key)
            return kept
        state: Any = kind.aggregate.State()
        version = 0
        for each in self._stores[partition].get(key):
            happened: Any = each
            state = kind.aggregate.evolve(state, happened.event, happened.envelope)
            version = happened.version
        self._keep(key, (state, version))
        return state, version

    def _keep(self, key: str, known: tuple[State, int]) -> None:
        self._states[key] = known
        if len(self._states) > KEPT_STATES:
            self._states.popitem(last=False)

    def _first_answer(self, place: Place) -> Answer:
        entry: Entry = self._store.entry(place.partition, place.position)
        return Answer(
            "refused" if entry.refusal else "recorded",
            place.partition,
            place.position,
            repeated=True,
            refusal=entry.refusal,
        )


def recording_time(
    reference: Reference, last: datetime, now: datetime, counter_time: datetime
) -> tuple[datetime, bool]:
    """When an interaction is recorded, and whether the clock was found behind the last entry.

    Never before the entry before it. A system clock gives `now`. A simulated one gives the latest
    counter time seen, but leaps at most `clock.simulated_jump_days`: a message from further ahead
    does not take the clock along, and is refused by ENV-08.
    """
    if reference.clock == "system":
        return max(last, now), now < last
    if counter_time <= last:
        return last, False
    leap = timedelta(days=reference.policy_at(last)[policy.CLOCK_JUMP_DAYS])
    return (counter_time.astimezone(UTC) if counter_time <= last + leap else last), False
