"""Given / when / then for decisions, in the words of the catalogue's examples.

    case = Case("customer/d1")
    case.given(payment.Received(...), actor="c-li")
    case.when(payment.Reverse(...), actor="c-wang", approver="c-li").refused("PAY-23")

Given events are folded on their streams; when decides one interaction by the sample's reference
facts; then looks at the events or the rule. Nothing is stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ledger import founding, wire
from ledger.aggregates.model import Context, Decision, Event, Interaction
from ledger.decide import decide, react
from ledger.entry import Envelope
from ledger.policy import Parameter, Policy
from ledger.reference import Reference
from ledger.rules import Refusal

NOW = datetime.fromisoformat("2026-11-03T10:00:00+08:00")
"""A Tuesday morning in the hall, when every case happens unless it says otherwise."""


def later(**amount: float) -> datetime:
    return NOW + timedelta(**amount)


class Outcome:
    def __init__(self, decision: Decision) -> None:
        self.decision = decision

    def refused(self, rule: str, saying: str = "") -> None:
        assert isinstance(self.decision, Refusal), f"not refused: {self.decision}"
        assert self.decision.rule == rule, self.decision
        assert saying in self.decision.detail, self.decision

    def recorded(self, *kinds: type[Event]) -> Any:
        """The events, which must be of these types in this order; a single one is given alone."""
        assert not isinstance(self.decision, Refusal), self.decision
        assert tuple(type(event) for event in self.decision) == kinds, self.decision
        return self.decision[0] if len(kinds) == 1 else list(self.decision)


class Case:
    def __init__(self, subject: str, **parameters: Any) -> None:
        """`parameters` set policy parameters, with `__` for the dot: queue__max_calls=2."""
        self.subject = subject
        self.reference = Reference(founding.sample())
        changed = {name.replace("__", "."): value for name, value in parameters.items()}
        self.policy = Policy("test", changed)
        kind = wire.owner_kind(subject)
        assert kind is not None
        self.room = wire.REGISTERS[kind]
        self.register = self.room.Register()
        self.states: dict[str, Any] = {}

    def envelope(self, type_: str, at: datetime, **who: Any) -> Envelope:
        return Envelope(
            id="m1",
            source="counter-app",
            type=type_,
            subject=self.subject,
            time=at,
            actor=who.pop("actor", "c-li"),
            **who,
        )

    def given(self, *events: Event, at: datetime = NOW, **who: Any) -> "Case":
        """These events happened: folds them on their streams and on the owner's register."""
        for event in events:
            aggregate, _ = wire.EVENTS[event.tag]
            envelope = self.envelope("given", at, **who)
            stream = aggregate.stream(envelope, event)
            state = self.states.get(stream, aggregate.State())
            self.states[stream] = aggregate.evolve(state, event, envelope)
            self.register = self.room.evolve(self.register, event, stream, envelope)
        return self

    def when(
        self,
        interaction: Interaction,
        *,
        at: datetime = NOW,
        recorded_at: datetime | None = None,
        derived: dict[str, str] | None = None,
        **who: Any,
    ) -> Outcome:
        kind = wire.INTERACTIONS[interaction.marks.type]
        envelope = self.envelope(interaction.marks.type, at, **who)
        stream = kind.aggregate.stream(envelope, interaction)
        state = self.states.get(stream, kind.aggregate.State())
        context = Context(
            envelope, self.register, self.reference, self.policy, derived or {}, recorded_at or at
        )
        decision = decide(interaction, state, context)
        if not isinstance(decision, Refusal):
            _reads_back(decision, interaction)
        return Outcome(decision)

    def value(self, parameter: Parameter[Any]) -> Any:
        return self.policy[parameter]


def reactions(event: Event, envelope: Envelope, stream: str) -> Sequence[Any]:
    """What follows from an event under the sample's reference facts."""
    from ledger.aggregates.model import Cause

    reference = Reference(founding.sample())
    return react(event, Cause(envelope, stream, reference, Policy("test")))


def _reads_back(events: Sequence[Event], interaction: Interaction) -> None:
    """Every event decided in a test also survives being stored (see ledger.wire)."""
    from ledger.entry import Said

    said = Said(
        id="m1",
        source="s",
        type=interaction.marks.type,
        subject="x",
        time=NOW,
        actor="a",
        data=msgspec.Raw(msgspec.json.encode(interaction)),
    )
    for event in events:
        assert wire.restore(event.tag, wire.shorten(event, interaction), said) == event
