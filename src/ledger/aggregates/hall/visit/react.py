"""What follows from the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ledger.aggregates import model
from ledger.aggregates.hall.visit.events import (
    Abandoned,
    AnyEvent,
    Arrived,
    Closed,
    Lapsed,
    NoShowRecorded,
    Rejoined,
    Started,
)
from ledger.aggregates.hall.visit.interactions import Forget, Lapse
from ledger.aggregates.model import Cause, FollowOn, Settled

AFTER_REJOIN_TIME: Final = timedelta(seconds=1)
"""Rejoining is allowed up to and including its last moment, so the visit lapses after it."""


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Arrived() | Rejoined():
            return [FollowOn("lapse", cause.envelope.subject, Lapse(), event.lapse_due_at)]
        case NoShowRecorded():
            due_at = event.rejoin_until_at + AFTER_REJOIN_TIME
            return [FollowOn("lapse", cause.envelope.subject, Lapse(), due_at)]
        case Started() | Abandoned() | Lapsed():
            return [Settled("lapse")]
        case Closed(forget_at=datetime() as due_at):
            return [FollowOn("forget", cause.envelope.subject, Forget(), due_at)]
        case _:
            return []
