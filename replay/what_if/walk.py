"""Deciding every recorded interaction again, in recorded order, with everything that follows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from consumers.embedded import facts_of
from ledger import wire
from ledger.aggregates import common
from ledger.aggregates.model import Decision, Event, Interaction
from ledger.decide import decide
from ledger.entry import Entry, Envelope, Said
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.policy import Policy
from ledger.reference import Reference, reference_of
from ledger.rules import Refusal
from ledger.wire import Happened
from replay.what_if.change import Change, Rules
from replay.what_if.findings import (
    Difference,
    Finding,
    Made,
    NotHappened,
    detail_of,
    details_of,
    kind_of,
    name_of,
)
from replay.what_if.follow_ons import Caused, FollowOns, Reaction, reactions
from replay.what_if.order import Ahead, Order, Tick, key_of
from replay.what_if.world import KEPT, Scratch, World

_TICK: Final = 1_000


class Walk:
    """One what-if over a log as it is now; to be walked once."""

    def __init__(
        self, log: SqliteLog, change: Change, *, recorded_stands: bool = False, kept: int = KEPT
    ) -> None:
        """Where `recorded_stands`, each decision is judged by the recorded past, and has no
        consequences. `kept` bounds how many states stay in memory."""
        self._log = log
        self._change = change
        self._stands = recorded_stands
        self._rules = Rules(change)
        founding = facts_of(log)
        self._founded = reference_of(founding)
        self._partitions = range(founding.partitions)
        self._kept = max(1, kept // founding.partitions)
        self._worlds: dict[int, World] = {}
        self._recorded_facts: dict[int, Reference] = {}
        """What partitions were told in the recorded world, where the changed one tells others."""
        self._touched: dict[str, str] = {}
        """The last finding about an owner, or one of its streams."""
        self._roots: dict[str, str] = {}
        self._again: set[tuple[str, str, str]] = set()
        """Messages that came, under whose id other content comes."""
        self._last = founding.founded_at
        self._made = 0
        self.entries = 0
        self.judged = 0

    def findings(self, tick: Tick | None = None) -> Iterator[Finding]:
        """In recorded order; `tick` is told how many entries were read since the last call.

        The log is read twice. Raises ChainError where its chain breaks.
        """
        tick = tick or _no_tick
        ends = self._log.ends()
        self.entries = sum(ends.values())
        ahead = Ahead.look(self._log, ends, tick)
        self._ahead = ahead
        self._order = Order(self._log, ends, ahead)
        self._follow_ons = FollowOns(ahead.to_come)
        scratch = Scratch()
        try:
            for number in ends:
                self._worlds[number] = World(
                    self._founded, number, self._rules, scratch, ahead.asked, self._kept
                )
            for count, (entry, orphan) in enumerate(self._order, 1):
                yield from self._pass(entry, orphan)
                if count % _TICK == 0:
                    tick(_TICK)
        finally:
            scratch.close()

    @property
    def waiting(self) -> int:
        """How many timers only the changed world has set and has not met yet."""
        return self._follow_ons.waiting

    # One recorded entry

    def _pass(self, entry: Entry, orphan: bool) -> Iterator[Finding]:
        said = entry.interaction
        if said is None or entry.intake is None:
            return
        key = key_of(entry)
        while (due := self._follow_ons.next_due(entry)) is not None:
            yield from self._make_due(due)
        happened = wire.happened(entry)
        caused = None if key is None or orphan else self._follow_ons.arrive(key)
        if key is not None and not orphan and caused is None and not self._stands:
            yield self._drop(entry, said, happened)
        elif self._stands or not self._change.begun(entry.recorded_at):
            yield from self._stand(entry, said, happened)
        else:
            yield from self._judge(entry, said, happened, caused)
        self._last = max(self._last, entry.recorded_at)
        yield from self._make_all()

    def _stand(self, entry: Entry, said: Said, happened: list[Happened]) -> Iterator[Finding]:
        """What was recorded is taken in as it is."""
        if self._change.begun(entry.recorded_at):
            decision = self._decide(entry, said, None)
            found = self._compare(entry, said, happened, decision, None)
            if found is not None:
                yield found
        self._carry_on(entry, said, happened, happened, None)

    def _judge(
        self, entry: Entry, said: Said, happened: list[Happened], caused: Caused | None
    ) -> Iterator[Finding]:
        decision = self._decide(entry, said, caused)
        found = self._compare(entry, said, happened, decision, caused)
        changed = happened
        if found is not None:
            yield found
            events = () if isinstance(decision, Refusal) else decision
            changed = self._worlds[entry.partition].happened(events, said)
            self._touch(found.finding, said.subject, [*happened, *changed])
        self._carry_on(entry, said, happened, changed, found.finding if found else None)

    def _decide(self, entry: Entry, said: Said, caused: Caused | None) -> Decision:
        self.judged += 1
        if (said.subject, said.source, said.id) in self._again:
            return common.ENV_01(f"id {said.id} came with other content before")
        interaction = self._interaction(said, caused)
        world = self._worlds[entry.partition]
        decision = world.decide(interaction, said, entry.recorded_at, entry.derived)
        refusal = entry.refusal
        if refusal is not None and refusal.rule == common.ENV_16.id and _passes(decision):
            # Refused when it was written, after every rule had let it pass.
            return refusal
        return decision

    def _interaction(self, said: Said, caused: Caused | None) -> Interaction:
        """What is said; a follow-on says what follows in the changed world."""
        return wire.interaction_of(said) if caused is None else caused.pending.interaction

    def _compare(
        self,
        entry: Entry,
        said: Said,
        happened: Sequence[Happened],
        decision: Decision,
        caused: Caused | None,
    ) -> Difference | None:
        recorded: Decision = entry.refusal or [each.event for each in happened]
        kind = kind_of(recorded, decision)
        if kind is None:
            return None
        because = None
        if not self._is_direct(entry, said, caused, recorded):
            because = caused.because if caused is not None else None
            because = because or self._last_touch(said, entry.partition, happened)
        finding = f"{entry.partition}:{entry.position}"
        recorded_detail, detail = details_of(recorded, decision)
        return Difference(
            finding=finding,
            partition=entry.partition,
            position=entry.position,
            owner=said.subject,
            source=said.source,
            id=said.id,
            type=said.type,
            happened_at=said.time,
            recorded_at=entry.recorded_at,
            kind=kind,
            recorded=name_of(recorded),
            decided=name_of(decision),
            recorded_detail=recorded_detail,
            detail=detail,
            because=because,
            root=self._root(finding, because),
        )

    def _is_direct(
        self, entry: Entry, said: Said, caused: Caused | None, recorded: Decision
    ) -> bool:
        """Whether the policy alone makes the difference: by the recorded one there is none."""
        world = self._worlds[entry.partition]
        interaction = self._interaction(said, caused)
        context = world.context(said, entry.recorded_at, entry.derived)
        in_force = world.reference.policy_at(entry.recorded_at)
        if context.policy is in_force:
            return self._stands
        aggregate = wire.INTERACTIONS[said.type].aggregate
        state, _ = world.known(aggregate, said.subject, aggregate.stream(said, interaction))
        by_recorded = decide(interaction, state, msgspec.structs.replace(context, policy=in_force))
        return kind_of(recorded, by_recorded) is None

    def _drop(self, entry: Entry, said: Said, happened: list[Happened]) -> NotHappened:
        gone = self._follow_ons.why_gone((said.subject, said.id))
        finding = f"{entry.partition}:{entry.position}"
        recorded: Decision = entry.refusal or [each.event for each in happened]
        dropped = NotHappened(
            finding=finding,
            partition=entry.partition,
            position=entry.position,
            owner=said.subject,
            id=said.id,
            type=said.type,
            cause=said.cause,
            due_at=said.due_at,
            recorded_at=entry.recorded_at,
            recorded=name_of(recorded),
            sentence=gone.sentence,
            instead_at=gone.instead_at,
            because=gone.because,
            root=self._root(finding, gone.because),
        )
        self._touch(finding, said.subject, happened)
        self._carry_on(entry, said, happened, [], finding)
        return dropped

    # What follows

    def _carry_on(
        self,
        entry: Entry,
        said: Said,
        recorded: list[Happened],
        changed: list[Happened],
        finding: str | None,
    ) -> None:
        """Takes in what happened in either world, and what follows from it."""
        partition = entry.partition
        world = self._worlds[partition]
        facts = self._recorded_facts.get(partition, world.reference)
        is_telling = said.subject == wire.reference_owner(partition)
        by_recorded = facts.policy_at(entry.recorded_at)
        follows = self._reactions(recorded, facts, by_recorded)
        would_follow = follows
        in_force = by_recorded
        if not self._stands:
            in_force = self._in_force(world, entry.recorded_at)
        is_same = facts is world.reference and in_force is by_recorded
        if changed is not recorded or not is_same:
            would_follow = self._reactions(changed, world.reference, in_force)
        self._follow_ons.take(follows, would_follow, finding)
        self._order.announce(each.envelope for each in follows if not isinstance(each, str))
        if is_telling and (changed is not recorded or partition in self._recorded_facts):
            for each in recorded:
                facts = wire.REGISTERS["reference"].evolve(
                    facts, each.event, each.stream, each.envelope
                )
            self._recorded_facts[partition] = facts
        message = said.subject, said.source, said.id
        if message in self._ahead.again:
            self._again.add(message)
        world.take(said, changed)

    def _make_all(self) -> Iterator[Made]:
        """All that follows at once and was never recorded, and what follows from it."""
        while (caused := self._follow_ons.next_at_once()) is not None:
            yield self._make_one(caused, self._last)

    def _make_due(self, caused: Caused) -> Iterator[Made]:
        assert caused.pending.due_at is not None
        self._last = max(self._last, caused.pending.due_at)
        yield self._make_one(caused, self._last)
        yield from self._make_all()

    def _make_one(self, caused: Caused, moment: datetime) -> Made:
        envelope = caused.pending.envelope
        partition = partition_of(envelope.subject, len(self._partitions))
        world = self._worlds[partition]
        decision = world.decide(caused.pending.interaction, envelope, moment)
        events: Sequence[Event] = () if isinstance(decision, Refusal) else decision
        happened = world.happened(events, envelope)
        self._made += 1
        finding = f"made {self._made}"
        made = Made(
            finding=finding,
            partition=partition,
            owner=envelope.subject,
            id=envelope.id,
            type=envelope.type,
            cause=envelope.cause,
            due_at=envelope.due_at,
            happened_at=envelope.time,
            decided=name_of(decision),
            detail=detail_of(decision),
            because=caused.because,
            root=self._root(finding, caused.because),
        )
        if envelope.subject == wire.reference_owner(partition):
            self._recorded_facts.setdefault(partition, world.reference)
        follows = self._reactions(happened, world.reference, self._in_force(world, moment))
        self._follow_ons.take([], follows, finding)
        self._touch(finding, envelope.subject, happened)
        world.take(envelope, happened)
        return made

    def _in_force(self, world: World, moment: datetime) -> Policy:
        recorded = world.reference.policy_at(moment)
        return self._rules.instead_of(recorded, world.reference, moment)

    def _reactions(
        self, happened: Sequence[Happened], reference: Reference, in_force: Policy
    ) -> list[Reaction]:
        return reactions(happened, reference, in_force, lambda: self._partitions)

    # Chains of consequences

    def _root(self, finding: str, because: str | None) -> str:
        root = self._roots[finding] = finding if because is None else self._roots[because]
        return root

    def _touch(self, finding: str, owner: str, happened: Sequence[Happened]) -> None:
        self._touched[owner] = finding
        for each in happened:
            self._touched[f"{owner} {each.stream}"] = finding

    def _last_touch(
        self, said: Envelope, partition: int, happened: Sequence[Happened]
    ) -> str | None:
        names = [f"{said.subject} {each.stream}" for each in happened]
        names += [said.subject, wire.reference_owner(partition)]
        return next((self._touched[each] for each in names if each in self._touched), None)


def _passes(decision: Decision) -> bool:
    return not isinstance(decision, Refusal)


def _no_tick(_count: int) -> None:
    """Nobody watches."""
