"""Deciding every recorded interaction again, from the log alone: the same events or refusal?

A decision depends on the entries of its own partition and nothing else, so partitions are walked
one after the other. What was derived from personal fields stands in the entries, so this works
after erasure too. Nothing is written.
"""

from collections.abc import Iterator, Sequence

import msgspec

from consumers.embedded import facts_of
from ledger import wire
from ledger.aggregates import common
from ledger.aggregates.model import Decision, Event
from ledger.chain import follow
from ledger.entry import Entry, Head, Said, decode
from ledger.logs.sqlite import SqliteLog
from ledger.memory import Memory
from ledger.reference import reference_of
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
    founded = reference_of(facts_of(log))
    for partition in log.ends():
        memory = Memory(founded, partition)
        messages: set[tuple[str, str, str]] = set()
        for _, record in follow(log, Head(partition)):
            entry = decode(record)
            said = entry.interaction
            if said is None or entry.intake is None:
                continue
            message = said.subject, said.source, said.id
            if message in messages:
                decision = common.ENV_01(f"id {said.id} came with other content before")
            else:
                decision = _decide(memory, entry, said)
            messages.add(message)
            difference = _difference(entry, decision)
            if difference is not None:
                yield difference
            memory.take(said, wire.happened(entry))


def _decide(memory: Memory, entry: Entry, said: Said) -> Decision:
    return memory.decide(wire.interaction_of(said), said, entry.recorded_at, entry.derived)


def _difference(entry: Entry, decision: Decision) -> Difference | None:
    recorded = [each.event for each in wire.happened(entry)]
    if entry.refusal is not None and entry.refusal.rule == common.ENV_16.id:
        # Refused when it was written, after every rule had let it pass.
        return None
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
