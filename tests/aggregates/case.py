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
from ledger.dated import Dated
from ledger.decide import react
from ledger.entry import Envelope
from ledger.facts import Clerk, Hall, Procedure, Product
from ledger.memory import Memory
from ledger.parameter import Parameter
from ledger.policy import Policy
from ledger.reference import Reference, reference_of
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
        changed = {name.replace("__", "."): value for name, value in parameters.items()}
        facts = founding.sample()
        version = msgspec.structs.replace(
            facts.policy, version="test", parameters=facts.policy.parameters | changed
        )
        self.facts = msgspec.structs.replace(facts, policy=version)
        self.memory = Memory(reference_of(self.facts))
        self._given = 0

    @property
    def reference(self) -> Reference:
        return self.memory.reference

    @property
    def policy(self) -> Policy:
        return self.reference.policy_at(NOW)

    @property
    def register(self) -> Any:
        return self.memory.register(self.subject)

    @property
    def states(self) -> dict[str, Any]:
        """By stream, of those that have begun."""
        return self.memory.states_of(self.subject)

    def knowing(self, *facts: Hall | Clerk | Product | Procedure) -> "Case":
        """These are the reference facts of their ids, as if the ledger was founded with them."""
        known = self.reference
        for fact in facts:
            dated: Any = (Dated(0, self.facts.founded_at, fact),)
            match fact:
                case Hall():
                    known.halls[fact.hall_id] = dated
                case Clerk():
                    known.clerks[fact.clerk_id] = dated
                case Product():
                    tariffs = known.products.setdefault(fact.product_id, {})
                    tariffs[fact.tariff_version] = dated
                case Procedure():
                    known.procedures[fact.procedure_id] = dated
        return self

    def clerk(self, clerk_id: str, **changed: Any) -> "Case":
        """The clerk is as the sample has it, but for what is changed."""
        clerk = self.reference.clerk(clerk_id, NOW)
        assert clerk is not None
        return self.knowing(msgspec.structs.replace(clerk, **changed))

    def hall(self, hall_id: str, **changed: Any) -> "Case":
        """The hall is as the sample has it, but for what is changed."""
        hall = self.reference.hall(hall_id, NOW)
        assert hall is not None
        return self.knowing(msgspec.structs.replace(hall, **changed))

    def envelope(self, type_: str, at: datetime, **who: Any) -> Envelope:
        return Envelope(
            id=who.pop("id", "m1"),
            source="counter-app",
            type=type_,
            subject=self.subject,
            time=at,
            actor=who.pop("actor", "c-li"),
            **who,
        )

    def given(self, *events: Event, at: datetime = NOW, **who: Any) -> "Case":
        """These events happened, an entry each: g1, g2 and so on, unless `id` says otherwise."""
        for event in events:
            self._given += 1
            envelope = self.envelope("given", at, **{"id": f"g{self._given}", **who})
            self.memory.take(envelope, self.memory.happened([event], envelope))
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
        envelope = self.envelope(interaction.marks.type, at, **who)
        decision = self.memory.decide(interaction, envelope, recorded_at or at, derived)
        if not isinstance(decision, Refusal):
            _reads_back(decision, interaction)
        return Outcome(decision)

    def context(self, envelope: Envelope, at: datetime) -> Context[Any]:
        return self.memory.context(envelope, at)

    def value(self, parameter: Parameter[Any]) -> Any:
        return self.policy[parameter]


def reactions(event: Event, envelope: Envelope, stream: str) -> Sequence[Any]:
    """What follows from an event under the sample's reference facts."""
    from ledger.aggregates.model import Cause

    reference = reference_of(founding.sample())
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
