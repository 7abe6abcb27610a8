"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.hall.shift.events import AnyEvent, Closed, Opened
from ledger.aggregates.hall.shift.interactions import MarkOverrun
from ledger.aggregates.model import Cause, FollowOn, Settled


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Opened() if event.overrun_at is not None:
            mark = MarkOverrun(shift_id=event.shift_id)
            return [FollowOn("overrun", cause.envelope.subject, mark, event.overrun_at)]
        case Closed():
            return [Settled("overrun")]
        case _:
            return []
