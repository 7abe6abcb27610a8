"""What follows from the events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Literal

from ledger.aggregates import copies, model
from ledger.aggregates.customer.customer.events import (
    AnyEvent,
    ConsentWithdrawn,
    DataRequestAnswered,
    DataRequested,
    Erased,
    Linked,
)
from ledger.aggregates.customer.customer.interactions import (
    FreeId,
    Link,
    MarkRequestOverdue,
    RecordLinkedNumbers,
)
from ledger.aggregates.customer.customer.words import next_id
from ledger.aggregates.model import Cause, FollowOn, Settled

AFTER_DUE: Final = timedelta(seconds=1)
"""An answer is in time up to and including its last moment, so the request is overdue after it."""


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    match event:
        case ConsentWithdrawn(purpose="marketing_in_store"):
            return bar_promotion(cause, "marketing_opt_out")
        case DataRequested():
            mark = MarkRequestOverdue(request_id=event.request_id)
            name, due_at = f"request_overdue.{event.request_id}", event.due_at + AFTER_DUE
            return [FollowOn(name, cause.envelope.subject, mark, due_at)]
        case DataRequestAnswered():
            return [Settled(f"request_overdue.{event.request_id}")]
        case Linked():
            return _link_back(event, cause)
        case Erased():
            return [_free_id(cause)]
        case _:
            return []


def bar_promotion(
    cause: Cause, reason: Literal["marketing_opt_out", "fraud_hold"]
) -> list[FollowOn]:
    """The customer who is at the counter is spared for the rest of the visit."""
    envelope = cause.envelope
    if envelope.hall is None or envelope.visit is None:
        return []
    customer_id = envelope.subject.removeprefix("customer/")
    bar = copies.BarPromotion(customer_id=customer_id, reason=reason)
    return [FollowOn("bar_promotion", f"hall/{envelope.hall}", bar)]


def _link_back(event: Linked, cause: Cause) -> list[FollowOn]:
    """The other file takes the link where a clerk made it here; each tells its numbers."""
    own_id = cause.envelope.subject.removeprefix("customer/")
    other = f"customer/{event.other_customer_id}"
    numbers = RecordLinkedNumbers(other_customer_id=own_id, active_numbers=event.own_numbers)
    tell = FollowOn("linked_numbers", other, numbers)
    if cause.envelope.actor.startswith("system:"):
        return [tell]
    link = Link(
        other_customer_id=own_id,
        relation=event.relation,
        evidence_document_id=event.evidence_document_id,
    )
    return [FollowOn("link", other, link), tell]


def _free_id(cause: Cause) -> FollowOn:
    """Who comes back is registered under the same id with `.2` behind it, then `.3` and so on."""
    customer_id = cause.envelope.subject.removeprefix("customer/")
    return FollowOn(
        "free_id",
        f"customer/{next_id(customer_id)}",
        FreeId(earlier_customer_id=customer_id),
    )
