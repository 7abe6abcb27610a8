"""What follows from the events."""

from collections.abc import Sequence

from ledger.aggregates import model
from ledger.aggregates.customer.customer.interactions import RecordLinkedNumbers
from ledger.aggregates.customer.subscription.events import (
    Activated,
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
        case Activated():
            return _numbers(event, cause)
        case Cancelled():
            return _no_locks(event)
        case Terminated():
            return [*_no_locks(event), *_numbers(event, cause)]
        case _:
            return []


def _numbers(event: Activated | Terminated, cause: Cause) -> list[FollowOn]:
    """Each linked file hears how many numbers this one has now: the limit is one person's."""
    linked = event.linked_numbers or {}
    numbers = RecordLinkedNumbers(
        other_customer_id=cause.envelope.subject.removeprefix("customer/"),
        active_numbers=event.active_numbers - sum(linked.values()),
    )
    return [FollowOn(f"linked_numbers.{other}", f"customer/{other}", numbers) for other in linked]


def _no_locks(event: Cancelled | Terminated) -> list[Settled]:
    return [Settled(_expire(lock_id)) for lock_id in event.locks_ended or ()]


def _expire(lock_id: str) -> str:
    return f"expire.{lock_id}"
