"""One partition in memory: what deciding knows of it, without a log.

Replay decides recorded interactions again with it, tests and benchmarks decide without storing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from ledger import wire
from ledger.aggregates.model import Aggregate, Context, Decision, Event, Interaction, Recorded, S
from ledger.decide import decide
from ledger.entry import Envelope, event_id
from ledger.reference import Reference
from ledger.wire import Happened


class Memory:
    """States, registers and reference facts after what was taken in so far."""

    def __init__(self, founded: Reference, partition: int = 0) -> None:
        self._founded = founded
        self._facts = wire.reference_owner(partition)
        self._states: dict[str, tuple[Any, int]] = {}
        self._registers: dict[str, Any] = {self._facts: founded}
        self._events: dict[tuple[str, str], Recorded] = {}

    @property
    def reference(self) -> Reference:
        return self._registers[self._facts]

    def decide(
        self,
        interaction: Interaction,
        envelope: Envelope,
        recorded_at: datetime,
        derived: Mapping[str, str] | None = None,
    ) -> Decision:
        """The decision on an interaction by what was taken in so far; nothing is taken in."""
        aggregate = wire.INTERACTIONS[envelope.type].aggregate
        stream = aggregate.stream(envelope, interaction)
        state, _ = self.known(aggregate, envelope.subject, stream)
        return decide(interaction, state, self.context(envelope, recorded_at, derived))

    def context(
        self, envelope: Envelope, recorded_at: datetime, derived: Mapping[str, str] | None = None
    ) -> Context[Any]:
        return Context(
            envelope,
            self.register(envelope.subject),
            self.reference,
            self.reference.policy_at(recorded_at),
            derived or {},
            recorded_at,
            _Past(self, envelope.subject),
        )

    def happened(
        self, events: Sequence[Event], envelope: Envelope, interaction: Interaction | None = None
    ) -> list[Happened]:
        """What was decided, on its streams."""

        def version(aggregate: Aggregate, stream: str) -> int:
            return self.known(aggregate, envelope.subject, stream)[1]

        return on_streams(events, envelope, interaction, version)

    def take(self, envelope: Envelope, happened: Sequence[Happened]) -> None:
        """Takes in the events of one entry."""
        owner = envelope.subject
        for number, each in enumerate(happened, 1):
            aggregate, _ = wire.EVENTS[each.event.tag]
            state, _ = self.known(aggregate, owner, each.stream)
            state = aggregate.evolve(state, each.event, envelope)
            self._states[each.originator_id] = state, each.version
            self._registers[owner] = wire.room_of(owner).evolve(
                self.register(owner), each.event, each.stream, envelope
            )
            self._events[owner, event_id(envelope, number)] = Recorded(envelope, each.stream)

    def register(self, owner: str) -> Any:
        kept = self._registers.get(owner)
        return wire.room_of(owner).Register() if kept is None else kept

    def known(self, aggregate: Aggregate, owner: str, stream: str) -> tuple[Any, int]:
        """A stream's state and the version of its newest event."""
        kept = self._states.get(wire.stream_key(owner, stream))
        return (wire.initial(aggregate, stream, self._founded), 0) if kept is None else kept

    def states_of(self, owner: str) -> dict[str, Any]:
        """The states of the owner's streams that have begun, by stream."""
        return {
            key if key == owner else key.removeprefix(f"{owner} "): state
            for key, (state, _) in self._states.items()
            if key == owner or key.startswith(f"{owner} ")
        }

    def event(self, owner: str, id_of_event: str) -> Recorded | None:
        return self._events.get((owner, id_of_event))


class _Past:
    """What rules may ask of an owner's recorded past."""

    def __init__(self, memory: Memory, owner: str) -> None:
        self._memory = memory
        self._owner = owner

    def state(self, kind: type[S], stream: str) -> S:
        return cast(S, self._memory.known(wire.AGGREGATES[kind], self._owner, stream)[0])

    def event(self, event_id: str) -> Recorded | None:
        return self._memory.event(self._owner, event_id)


def on_streams(
    events: Sequence[Event],
    envelope: Envelope,
    interaction: Interaction | None,
    version_of: Callable[[Aggregate, str], int],
) -> list[Happened]:
    """The events of one decision with stream and version: most are on one stream, some on others.

    `version_of` gives the version of a stream's newest recorded event.
    """
    versions: dict[str, int] = {}
    happened: list[Happened] = []
    for event in events:
        aggregate, _ = wire.EVENTS[event.tag]
        stream = aggregate.stream(envelope, event)
        known = versions.get(stream)
        version = (version_of(aggregate, stream) if known is None else known) + 1
        versions[stream] = version
        happened.append(Happened(stream, version, event, envelope, interaction))
    return happened
