"""The decider: admitted interactions in, entries out. The only writer of the log.

Every admitted interaction gets exactly one entry, with its events or its refusal. The same content
under the same source and id gets the first answer again, and no entry. What was said under a key
that is erased can be compared with nothing: whatever comes under its source and id gets the first
answer.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

import msgspec
from eventsourcing.persistence import EventStore

from ledger import policy, wire
from ledger.aggregates import common
from ledger.aggregates.model import Aggregate, Context, Decision, Recorded, S, State
from ledger.decide import decide
from ledger.door.admit import Admitted
from ledger.entry import Entry, Intake, Said, UnfitError, event_parts
from ledger.index import Place
from ledger.memory import on_streams
from ledger.partition import partition_of
from ledger.policy import Policy
from ledger.recorder import PartitionRecorder, event_store
from ledger.reference import Reference
from ledger.rules import Refusal
from ledger.store import Draft, Store
from ledger.vault import Vault
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

    def __init__(self, store: Store, founded: Reference, partitions: int, vault: Vault) -> None:
        """`founded` are the facts that the ledger was founded with."""
        self._store = store
        self._founded = founded
        self._vault = vault
        self._partitions = partitions
        self._stores: list[EventStore[str]] = [
            event_store(PartitionRecorder(store, number)) for number in range(partitions)
        ]
        self._states: OrderedDict[str, tuple[State, int]] = OrderedDict()
        # The first call brings the Kafka client in, half a second; not while a sender waits.
        partition_of("operator", partitions)

    def decide(
        self,
        admitted: Admitted,
        recorded_at: datetime,
        *,
        via: str,
        clock_behind: bool = False,
        topic: str | None = None,
        offset: int | None = None,
    ) -> Answer:
        """Decides one interaction and stages its entry; `topic` and `offset` are where it stood."""
        envelope = admitted.envelope
        places = self._store.index.places(envelope.subject, envelope.source, envelope.id)
        for place in places:
            if place.content == admitted.content or self._is_incomparable(place):
                return self._first_answer(place)
        partition = partition_of(envelope.subject, self._partitions)
        reference = self._store.index.reference(partition)
        in_force = reference.policy_at(recorded_at)
        past = Past(self, partition, envelope.subject)
        if places:
            decision: Decision = common.ENV_01(f"id {envelope.id} came with other content before")
        else:
            decision = self._decision(admitted, recorded_at, reference, in_force, past)
        events = () if isinstance(decision, Refusal) else decision
        happened = on_streams(events, envelope, admitted.interaction, past.version)
        draft = Draft(
            recorded_at,
            in_force.version,
            clock_behind,
            Intake(
                via=via,
                content=admitted.content,
                key=admitted.key_id,
                topic=topic,
                offset=offset,
            ),
            Said(**msgspec.structs.asdict(envelope), data=msgspec.Raw(admitted.data)),
            admitted.derived,
            decision if isinstance(decision, Refusal) else None,
            happened,
        )
        try:
            self._stores[partition].put(happened, draft=draft)
        except UnfitError as error:
            # Nothing is staged of it: the message is refused alone, and the batch goes on.
            decision = common.ENV_16(str(error)[:200])
            draft = msgspec.structs.replace(draft, refusal=decision, decided=())
            self._stores[partition].put((), draft=draft)
        position = self._store.index.tip(partition).head.position
        if isinstance(decision, Refusal):
            return Answer("refused", partition, position, refusal=decision)
        for each in happened:
            self._evolve(partition, each)
        return Answer("recorded", partition, position, happened=happened)

    def _decision(
        self,
        admitted: Admitted,
        recorded_at: datetime,
        reference: Reference,
        in_force: Policy,
        past: "Past",
    ) -> Decision:
        envelope, interaction = admitted.envelope, admitted.interaction
        aggregate = wire.INTERACTIONS[envelope.type].aggregate
        state = past.state(aggregate.State, aggregate.stream(envelope, interaction))
        context = Context(
            envelope,
            self._store.index.register(envelope.subject),
            reference,
            in_force,
            admitted.derived,
            recorded_at,
            past,
        )
        return decide(interaction, state, context)

    def _evolve(self, partition: int, happened: Happened) -> None:
        aggregate, _ = wire.EVENTS[happened.event.tag]
        key = happened.originator_id
        state, _ = self.known(partition, aggregate, happened.stream, key)
        self._keep(
            key, (aggregate.evolve(state, happened.event, happened.envelope), happened.version)
        )

    def known(
        self, partition: int, aggregate: Aggregate, stream: str, key: str
    ) -> tuple[State, int]:
        """A stream's state and the version of its newest event."""
        kept = self._states.get(key)
        if kept is not None:
            self._states.move_to_end(key)
            return kept
        state: Any = wire.initial(aggregate, stream, self._founded)
        version = 0
        for each in self._stores[partition].get(key):
            happened: Any = each
            state = aggregate.evolve(state, happened.event, happened.envelope)
            version = happened.version
        self._keep(key, (state, version))
        return state, version

    def _keep(self, key: str, known: tuple[State, int]) -> None:
        self._states[key] = known
        if len(self._states) > KEPT_STATES:
            self._states.popitem(last=False)

    def recorded(self, owner: str, id_of_event: str) -> Recorded | None:
        """A recorded event of the owner by its id."""
        source, message_id, number = event_parts(id_of_event)
        for place in self._store.index.places(owner, source, message_id):
            entry = self._store.entry(place.partition, place.position)
            if entry.interaction is not None and 0 < number <= len(entry.events):
                return Recorded(entry.interaction, entry.events[number - 1].stream)
        return None

    def _is_incomparable(self, place: Place) -> bool:
        """Whether the key is erased under which the message there was digested."""
        entry: Entry = self._store.entry(place.partition, place.position)
        return entry.intake is not None and self._vault.is_erased(entry.intake.key)

    def _first_answer(self, place: Place) -> Answer:
        entry: Entry = self._store.entry(place.partition, place.position)
        return Answer(
            "refused" if entry.refusal else "recorded",
            place.partition,
            place.position,
            repeated=True,
            refusal=entry.refusal,
        )


class Past:
    """What rules may ask of an owner's recorded past."""

    __slots__ = ("_decider", "_owner", "_partition")

    def __init__(self, decider: Decider, partition: int, owner: str) -> None:
        self._decider = decider
        self._partition = partition
        self._owner = owner

    def state(self, kind: type[S], stream: str) -> S:
        return cast(S, self._known(wire.AGGREGATES[kind], stream)[0])

    def event(self, event_id: str) -> Recorded | None:
        return self._decider.recorded(self._owner, event_id)

    def version(self, aggregate: Aggregate, stream: str) -> int:
        """The version of the stream's newest event."""
        return self._known(aggregate, stream)[1]

    def _known(self, aggregate: Aggregate, stream: str) -> tuple[State, int]:
        key = wire.stream_key(self._owner, stream)
        return self._decider.known(self._partition, aggregate, stream, key)


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
