"""Deciding every recorded interaction again, from the log alone: the same events or refusal?

A decision depends on the entries of its own partition and nothing else, so partitions are walked
one after the other. What was derived from personal fields stands in the entries, so this works
after erasure too. Nothing is written.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from consumers.embedded import facts_of
from ledger import wire
from ledger.aggregates import common
from ledger.aggregates.model import Context, Decision, Event
from ledger.chain import follow
from ledger.decide import decide
from ledger.entry import Entry, Head, Said, decode
from ledger.logs.sqlite import SqliteLog
from ledger.reference import Reference
from ledger.rules import Refusal


class Difference(msgspec.Struct, frozen=True):
    """An entry that would be decided otherwise now; a decision is its events' tags, or its rule."""

    partition: int
    position: int
    recorded: str
    decided: str
    sentence: str


def decide_again(log: SqliteLog) -> Iterator[Difference]:
    """The entries that are not decided again as they were recorded; none, unless rules changed."""
    reference = Reference(facts_of(log))
    for partition in log.ends():
        known = Known(reference)
        for _, record in follow(log, Head(partition)):
            entry = decode(record)
            if entry.interaction is None or entry.intake is None:
                continue
            decision = known.decide(entry, entry.interaction)
            difference = _difference(entry, decision)
            if difference is not None:
                yield difference
            known.take(entry, entry.interaction)


class Known:
    """What deciding knows of one partition after some of its entries."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._states: dict[str, Any] = {}
        self._registers: dict[str, Any] = {}
        self._messages: set[tuple[str, str, str]] = set()

    def decide(self, entry: Entry, said: Said) -> Decision:
        """The decision on an entry's interaction by what is known before it."""
        if _message(said) in self._messages:
            return common.ENV_01(f"id {said.id} came with other content before")
        kind = wire.INTERACTIONS[said.type]
        interaction = wire.interaction_of(said)
        stream = kind.aggregate.stream(said, interaction)
        state = self._states.get(wire.stream_key(said.subject, stream))
        context = Context(
            said,
            self._register(said.subject),
            self.reference,
            self.reference.policy_at(entry.recorded_at),
            entry.derived or {},
            entry.recorded_at,
        )
        return decide(interaction, kind.aggregate.State() if state is None else state, context)

    def take(self, entry: Entry, said: Said) -> None:
        """Takes in what was recorded."""
        self._messages.add(_message(said))
        for each in wire.happened(entry):
            aggregate, _ = wire.EVENTS[each.event.tag]
            state = self._states.get(each.originator_id)
            self._states[each.originator_id] = aggregate.evolve(
                aggregate.State() if state is None else state, each.event, said
            )
            room = wire.REGISTERS[wire.EVENT_OWNERS[each.event.tag]]
            self._registers[said.subject] = room.evolve(
                self._register(said.subject), each.event, each.stream, said
            )

    def _register(self, owner: str) -> Any:
        kept = self._registers.get(owner)
        if kept is not None:
            return kept
        return wire.REGISTERS[wire.owner_kind(owner) or "customer"].Register()


def _message(said: Said) -> tuple[str, str, str]:
    return said.subject, said.source, said.id


def _difference(entry: Entry, decision: Decision) -> Difference | None:
    recorded = [each.event for each in wire.happened(entry)]
    if isinstance(decision, Refusal):
        if decision == entry.refusal:
            return None
        sentence = "it would be refused" if recorded else "it would be refused otherwise"
    else:
        if list(decision) == recorded and entry.refusal is None:
            return None
        sentence = "it would be recorded" if entry.refusal else "its events would be others"
    return Difference(
        entry.partition,
        entry.position,
        _name(entry.refusal or recorded),
        _name(decision),
        sentence,
    )


def _name(decision: Refusal | Sequence[Event]) -> str:
    if isinstance(decision, Refusal):
        return decision.rule
    return ", ".join(event.tag for event in decision)
