"""Deciding: a pure function from what was asked, what is known and when, to events or refusal."""

from ledger import wire
from ledger.aggregates import common
from ledger.aggregates.model import Cause, Context, Decision, Event, Interaction, Reaction, State


def decide(interaction: Interaction, state: State, context: Context[object]) -> Decision:
    """The events that the interaction leads to, or the refusal by the first rule it breaks.

    `state` is that of the interaction's own stream and `context.register` that of its owner.
    """
    kind = wire.INTERACTIONS[context.envelope.type]
    room = wire.REGISTERS[kind.owner]
    refusal = common.check(
        kind.data.marks,
        state,
        context,
        owner_known=room.owner_known(context, interaction),
        counter_on_shift=room.counter_on_shift(context.register, context.envelope.actor),
    )
    if refusal is None:
        refusal = room.check(context, interaction)
    if refusal is not None:
        return refusal
    return kind.aggregate.decide(interaction, state, context)


def react(event: Event, cause: Cause) -> list[Reaction]:
    """The follow-ons of a recorded event, and the timers that it settles."""
    aggregate, _ = wire.EVENTS[event.tag]
    return list(aggregate.react(event, cause))
