"""What the customer's register keeps of the lines: those that have not ended, by id."""

from collections.abc import Collection
from datetime import date

import msgspec

from ledger.aggregates.customer.subscription.events import (
    Activated,
    BillRecorded,
    BillSettled,
    Cancelled,
    Kept,
    PlanChanged,
    Prepared,
    Resumed,
    Suspended,
    Terminated,
    TerminationBegun,
)
from ledger.aggregates.model import Event
from ledger.entry import Envelope
from ledger.values import business_day

IN_SERVICE = frozenset({"active", "suspended", "pending_terminate"})


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`resting` marks a line that was suspended before its termination began."""

    family: str
    status: str
    plan_id: str
    order_id: str
    resting: bool = False


class Lines(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ended` counts the lines terminated or cancelled; `linked` the numbers in service of the
    customer's other files. `billed` are lines, ended ones too, of which a bill may be open."""

    lines: dict[str, Line] = {}
    ended: int = 0
    linked: int = 0
    billed: frozenset[str] = frozenset()
    last_ended_on: date | None = None
    last_billed_on: date | None = None

    def own_in(self, families: Collection[str]) -> int:
        """The lines in service of these families.

        A line that is only prepared belongs to an open order and is counted with that.
        """
        return sum(
            line.status in IN_SERVICE and line.family in families for line in self.lines.values()
        )

    def counted_in(self, families: Collection[str]) -> int:
        """The lines in service of these families, and the numbers of linked files."""
        return self.own_in(families) + self.linked


def evolve(kept: Lines, event: Event, envelope: Envelope) -> Lines:
    match event:
        case Prepared():
            line = Line(
                family=event.family,
                status="pending_active",
                plan_id=event.plan_id,
                order_id=event.order_id,
            )
            return _with(kept, event.subscription_id, line)
        case Activated() | Resumed():
            return _changed(kept, event.subscription_id, status="active", resting=False)
        case Suspended():
            return _changed(kept, event.subscription_id, status="suspended", resting=True)
        case TerminationBegun():
            return _changed(kept, event.subscription_id, status="pending_terminate")
        case Kept():
            resting = kept.lines[event.subscription_id].resting
            status = "suspended" if resting else "active"
            return _changed(kept, event.subscription_id, status=status)
        case PlanChanged():
            return _changed(kept, event.subscription_id, plan_id=event.plan_id)
        case Cancelled() | Terminated():
            lines = {
                line_id: line
                for line_id, line in kept.lines.items()
                if line_id != event.subscription_id
            }
            return msgspec.structs.replace(
                kept, lines=lines, ended=kept.ended + 1, last_ended_on=business_day(envelope.time)
            )
        case BillRecorded():
            billed = kept.billed | {event.subscription_id}
            billed_on = business_day(envelope.time)
            return msgspec.structs.replace(kept, billed=billed, last_billed_on=billed_on)
        case BillSettled(all_settled=True):
            billed = kept.billed - {event.subscription_id}
            return msgspec.structs.replace(kept, billed=billed)
        case _:
            return kept


def _with(kept: Lines, subscription_id: str, line: Line) -> Lines:
    return msgspec.structs.replace(kept, lines={**kept.lines, subscription_id: line})


def _changed(kept: Lines, subscription_id: str, **changed: str | bool) -> Lines:
    line = msgspec.structs.replace(kept.lines[subscription_id], **changed)
    return _with(kept, subscription_id, line)
