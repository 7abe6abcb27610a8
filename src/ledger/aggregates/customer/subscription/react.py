"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.customer.subscription.events import (
    AnyEvent,
    Cancelled,
    Locked,
    LockReleased,
    Terminated,
)
from ledger.aggregates.customer.subscription.interactions import ReleaseLock
from ledger.aggregates.model import Cause, FollowOn, Settled
from ledger.values import local_midnight


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case Locked():
            expire = ReleaseLock(
                subscription_id=event.subscription_id, lock_id=event.lock_id, reason="expired"
            )
            due_at = local_midnight(event.until_on)
            return [FollowOn(_expire(event.lock_id), cause.envelope.subject, expire, due_at)]
        case LockReleased():
            return [Settled(_expire(event.lock_id))]
        case Cancelled() | Terminated():
            return [Settled(_expire(lock_id)) for lock_id in event.locks_ended or ()]
        case _:
            return []


def _expire(lock_id: str) -> str:
    return f"expire.{lock_id}"
