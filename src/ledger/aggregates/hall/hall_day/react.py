"""What follows from the events."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from ledger import policy
from ledger.aggregates import model
from ledger.aggregates.hall.hall_day.events import AnyEvent, Opened, SignedOff
from ledger.aggregates.hall.hall_day.interactions import MarkOverdue
from ledger.aggregates.model import Cause, FollowOn, Settled
from ledger.policy import Policy
from ledger.values import Day, local_midnight


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Opened():
            overdue = MarkOverdue(business_on=event.business_on)
            due_at = sign_off_due_at(event.business_on, cause.policy)
            return [FollowOn("overdue", cause.envelope.subject, overdue, due_at)]
        case SignedOff():
            return [Settled("overdue")]
        case _:
            return []


def sign_off_due_at(business_on: Day, in_force: Policy) -> datetime:
    """A day is to be signed off by a local time of the next day."""
    by = time.fromisoformat(in_force[policy.HALL_DAY_SIGN_OFF_BY])
    next_day = local_midnight(business_on + timedelta(days=1))
    return next_day + timedelta(hours=by.hour, minutes=by.minute)
