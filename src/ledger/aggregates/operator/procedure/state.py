"""What decide reads of a procedure, and how events change it."""

from typing import assert_never

from msgspec.structs import asdict

from ledger.aggregates import model
from ledger.aggregates.operator.procedure.events import AnyEvent, Published, Withdrawn
from ledger.aggregates.operator.procedure.interactions import AnyInteraction, Publish
from ledger.dated import Dated, Versions, with_version
from ledger.entry import Envelope
from ledger.facts import Procedure
from ledger.reference import Reference


class State(model.State, frozen=True, kw_only=True):
    """`newest` is the number of the newest version; `facts` what has force from when on."""

    newest: int = 0
    facts: Versions[Procedure] = ()
    fact_version: int = 0


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"procedure/{interaction.procedure_id}"


def founded(stream: str, facts: Reference) -> State:
    """The procedures that the founding names."""
    versions = facts.procedures.get(stream.removeprefix("procedure/"))
    if versions is None:
        return State()
    return State(status="published", newest=versions[-1].fact.version, facts=versions)


def procedure_of(wish: Publish) -> Procedure:
    """The version that the interaction, or its event, describes."""
    said = asdict(wish)
    return Procedure(**{name: said[name] for name in Procedure.__struct_fields__ if name in said})


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    match event:
        case Published():
            dated = Dated(event.fact_version, event.effective_from_at, procedure_of(event))
            return State(
                status="published",
                newest=event.version,
                facts=with_version(state.facts, dated, envelope.time),
                fact_version=event.fact_version,
            )
        case Withdrawn():
            facts = state.facts
            for dated in event.facts:
                facts = with_version(facts, dated, envelope.time)
            return State(
                status="withdrawn" if event.ended else "published",
                newest=state.newest,
                facts=facts,
                fact_version=state.fact_version + 1,
            )
        case _:
            assert_never(event)
