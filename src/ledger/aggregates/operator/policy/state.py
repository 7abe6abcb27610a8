"""What decide reads of a version of the policy, and how events change it."""

from typing import assert_never

from ledger.aggregates import model
from ledger.aggregates.operator.policy.events import AnyEvent, Published, Withdrawn
from ledger.aggregates.operator.policy.interactions import AnyInteraction
from ledger.entry import Envelope
from ledger.policy import PolicyVersion
from ledger.reference import Reference


class State(model.State, frozen=True, kw_only=True):
    fact: PolicyVersion | None = None
    fact_version: int = 0


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"policy/{interaction.policy_version}"


def founded(stream: str, facts: Reference) -> State:
    """The first version is the founding's."""
    for each in facts.policies:
        if stream == f"policy/{each.version}":
            return State(status="published", fact=each)
    return State()


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Published():
            status = "published"
        case Withdrawn():
            status = "withdrawn"
        case _:
            assert_never(event)
    return State(status=status, fact=event.fact, fact_version=event.fact_version)
