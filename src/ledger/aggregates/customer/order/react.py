"""What follows from the events."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from ledger.aggregates import copies, model
from ledger.aggregates.customer.customer.react import bar_promotion
from ledger.aggregates.customer.order.events import (
    Acknowledged,
    AnyEvent,
    CancellationDenied,
    Cancelled,
    Completed,
    Failed,
    Held,
    InformationSupplied,
    ItemCompleted,
    ItemFailed,
    PartiallyCompleted,
    Placed,
    Rejected,
    Released,
    Started,
    StepCompleted,
    StepSkipped,
)
from ledger.aggregates.customer.order.interactions import Complete, Expire, MarkOverdue
from ledger.aggregates.customer.order.words import BindingTerm, NewLine, line_of
from ledger.aggregates.customer.subscription import interactions as subscription
from ledger.aggregates.model import Cause, FollowOn, Settled

Ended = Rejected | Cancelled | Completed | PartiallyCompleted | Failed


def react(event: AnyEvent, cause: Cause) -> Sequence[model.Reaction]:
    owner = cause.envelope.subject
    match event:
        case Placed():
            expire = Expire(order_id=event.order_id)
            return [FollowOn("expire", owner, expire, event.draft_expires_at)]
        case Acknowledged():
            return list(_acknowledged(event, cause))
        case Started():
            return list(_started(event, cause))
        case Held(reason="fraud_suspicion"):
            return bar_promotion(cause, "fraud_hold")
        case (
            StepCompleted()
            | StepSkipped()
            | InformationSupplied()
            | Released()
            | ItemCompleted()
            | ItemFailed()
            | CancellationDenied()
        ):
            complete = Complete(order_id=event.order_id)
            return [FollowOn("complete", owner, complete)] if event.is_ready else []
        case Rejected() | Cancelled() | Completed() | PartiallyCompleted() | Failed():
            return list(_ended(event, cause))
        case _:
            return []


def _acknowledged(event: Acknowledged, cause: Cause) -> Iterator[model.Reaction]:
    envelope = cause.envelope
    yield Settled("expire")
    for line in event.lines or ():
        yield FollowOn(f"prepare.{line.item_id}", envelope.subject, _prepare(event, line, cause))
    if envelope.hall is not None:
        take = copies.TakeCase(
            case_id=event.order_id,
            kind="order",
            order_kind=event.kind,
            customer_id=envelope.subject.removeprefix("customer/"),
            keeper_clerk_id=envelope.actor,
            due_at=event.expected_completion_at,
        )
        yield FollowOn("take_case", f"hall/{envelope.hall}", take)
    overdue = MarkOverdue(order_id=event.order_id)
    yield FollowOn("overdue", envelope.subject, overdue, event.expected_completion_at)


def _prepare(event: Acknowledged, line: NewLine, cause: Cause) -> subscription.Prepare:
    hall = cause.reference.hall(cause.envelope.hall, cause.envelope.time)
    return subscription.Prepare(
        subscription_id=line_of(event.order_id, line.item_id),
        order_id=event.order_id,
        item_id=line.item_id,
        family=line.family,
        area=hall.area if hall is not None else "urban",
        plan_id=line.product_id,
        tariff_version=line.tariff_version,
        monthly_fen=line.monthly_fen,
        joined_by="new",
    )


def _started(event: Started, cause: Cause) -> Iterator[model.Reaction]:
    if event.terminated_line is not None:
        begin = subscription.BeginTermination(
            subscription_id=event.terminated_line,
            order_id=event.order_id,
            reason="customer_order",
            last_service_at=cause.envelope.time,
        )
        yield FollowOn("begin_termination", cause.envelope.subject, begin)


def _ended(event: Ended, cause: Cause) -> Iterator[model.Reaction]:
    owner = cause.envelope.subject
    if isinstance(event, Completed | PartiallyCompleted):
        for term in event.terms or ():
            yield FollowOn(f"lock.{term.lock_id}", owner, _lock(event.order_id, term))
    if not isinstance(event, Completed):
        yield from _unmade(event, owner)
    if event.hall_id is None:
        yield Settled("expire")
        return
    yield Settled("overdue")
    release = copies.ReleaseCase(
        case_id=event.order_id, kind="order", order_kind=event.kind, to_state=_end_of(event)
    )
    yield FollowOn("release_case", f"hall/{event.hall_id}", release)


def _lock(order_id: str, term: BindingTerm) -> subscription.Lock:
    return subscription.Lock(
        **msgspec.structs.asdict(term), order_id=order_id, source="plan_contract"
    )


def _unmade(
    event: Rejected | Cancelled | PartiallyCompleted | Failed, owner: str
) -> Iterator[FollowOn]:
    """The lines that the order leaves as they were: never made, or not ended."""
    reason = "order_cancelled" if isinstance(event, Cancelled) else "order_failed"
    for line in event.prepared_lines or ():
        abort = subscription.Abort(subscription_id=line, order_id=event.order_id, reason=reason)
        yield FollowOn(f"abort.{line}", owner, abort)
    if not isinstance(event, PartiallyCompleted) and event.kept_line is not None:
        keep = subscription.Keep(
            subscription_id=event.kept_line, order_id=event.order_id, reason=reason
        )
        yield FollowOn("keep", owner, keep)


def _end_of(
    event: Ended,
) -> Literal["completed", "partial", "failed", "cancelled", "rejected"]:
    match event:
        case Completed():
            return "completed"
        case PartiallyCompleted():
            return "partial"
        case Failed():
            return "failed"
        case Cancelled():
            return "cancelled"
        case Rejected():
            return "rejected"
