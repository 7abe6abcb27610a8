"""Stored for ever: the tags are the wire names."""

from typing import Annotated, Final, get_args

from msgspec import Meta

from ledger.aggregates.customer.subscription.interactions import (
    Abort,
    Activate,
    AddProduct,
    BeginTermination,
    ChangePlan,
    CorrectEntry,
    DisputeBill,
    Family,
    GiveBillDetail,
    Keep,
    Lock,
    Period,
    Prepare,
    QuoteExitFee,
    RecordArrears,
    RecordBill,
    ReleaseLock,
    RemoveProduct,
    ReplaceSim,
    Resume,
    SettleBill,
    SettleDispute,
    SettleFinal,
    Suspend,
    SuspensionReason,
    Terminate,
)
from ledger.aggregates.model import Event
from ledger.values import (
    Count,
    Day,
    Fen,
    FenPositive,
    Id,
    Moment,
)

LockIds = Annotated[tuple[Id, ...], Meta(min_length=1)]


class Prepared(Event, Prepare, tag="subscription.prepared.v1"):
    pass


class Activated(Event, Activate, tag="subscription.activated.v1"):
    """`active_numbers` counts towards the legal limit: this line too, and those of linked files.

    `linked_numbers` says how many of them each linked file has, and is absent where there is none,
    or where the line is of no family that counts.
    `sold_by` and `hall_id` are of the order, here and below: the systems that carry it out name
    neither clerk nor hall.
    """

    family: Family
    active_since_at: Moment
    on_net_since_on: Day
    counts_towards_limit: bool
    active_numbers: Count
    linked_numbers: dict[Id, Count] | None = None
    sold_by: Id | None = None
    hall_id: Id | None = None


class Cancelled(Event, Abort, tag="subscription.cancelled.v1"):
    """`locks_ended` are the locks that stood, none if absent."""

    locks_ended: LockIds | None = None


class Suspended(Event, Suspend, tag="subscription.suspended.v1"):
    """What is barred by all the reasons that stand now."""

    outgoing_barred: bool
    incoming_barred: bool


class SuspensionReasonCleared(Event, Resume, tag="subscription.suspension_reason_cleared.v1"):
    """`in_time` is said of arrears: cleared within the legal time after the last bill was paid."""

    remaining: Annotated[tuple[SuspensionReason, ...], Meta(max_length=7)]
    in_time: bool | None = None


class Resumed(Event, tag="subscription.resumed.v1"):
    subscription_id: Id


class PlanChanged(Event, ChangePlan, tag="subscription.plan_changed.v1"):
    old_plan_id: Id
    old_monthly_fen: Fen
    sold_by: Id | None = None
    hall_id: Id | None = None


class ProductAdded(Event, AddProduct, tag="subscription.product_added.v1"):
    sold_by: Id | None = None
    hall_id: Id | None = None


class ProductRemoved(Event, RemoveProduct, tag="subscription.product_removed.v1"):
    """`sold_by` and `hall_id` are of its sale; `early` is within the time of a claw-back."""

    monthly_fen: Fen
    added_on: Day
    early: bool
    sold_by: Id | None = None
    hall_id: Id | None = None


class SimReplaced(Event, ReplaceSim, tag="subscription.sim_replaced.v1"):
    pass


class Locked(Event, Lock, tag="subscription.locked.v1"):
    pass


class ExitFeeQuoted(Event, QuoteExitFee, tag="subscription.exit_fee_quoted.v1"):
    exit_fee_fen: Fen
    by_lock: dict[Id, Fen]
    valid_until_on: Day


class LockReleased(Event, ReleaseLock, tag="subscription.lock_released.v1"):
    pass


class BillRecorded(Event, RecordBill, tag="subscription.bill_recorded.v1"):
    """`average_of_three_fen` is that of the three bills before, absent where there are fewer."""

    average_of_three_fen: Fen | None = None
    abnormal: bool


class AbnormalBillNoticed(Event, tag="subscription.abnormal_bill_noticed.v1"):
    subscription_id: Id
    bill_id: Id
    period: Period
    amount_fen: Fen
    average_of_three_fen: Fen


class BillSettled(Event, SettleBill, tag="subscription.bill_settled.v1"):
    """`outstanding_fen` is what the line owes now; `all_settled`: nothing, nor is any disputed."""

    outstanding_fen: Fen
    all_settled: bool


class ArrearsRecorded(Event, RecordArrears, tag="subscription.arrears_recorded.v1"):
    """`terminate_from_on` is known once the line is suspended for arrears."""

    suspend_from_on: Day
    terminate_from_on: Day | None = None


class ArrearsCleared(Event, RecordArrears, tag="subscription.arrears_cleared.v1"):
    pass


class BillDisputed(Event, DisputeBill, tag="subscription.bill_disputed.v1"):
    """The billing data of the period is kept until the dispute is settled."""


class DisputeSettled(Event, SettleDispute, tag="subscription.dispute_settled.v1"):
    """`credit_fen` was paid already and is the customer's again."""

    disputed_fen: FenPositive
    credit_fen: Fen


class BillDetailGiven(Event, GiveBillDetail, tag="subscription.bill_detail_given.v1"):
    pass


class TerminationBegun(Event, BeginTermination, tag="subscription.termination_begun.v1"):
    pass


class Kept(Event, Keep, tag="subscription.kept.v1"):
    pass


class Terminated(Event, Terminate, tag="subscription.terminated.v1"):
    """`sold_by` and `hall_id` are of the line's sale; `early` is within a claw-back's time.

    `linked_numbers` is as in `Activated`.
    """

    family: Family
    active_numbers: Count
    linked_numbers: dict[Id, Count] | None = None
    refund_due_fen: Fen
    active_since_at: Moment
    early: bool
    locks_ended: LockIds | None = None
    sold_by: Id | None = None
    hall_id: Id | None = None


class FinalBillSettled(Event, SettleFinal, tag="subscription.final_bill_settled.v1"):
    pass


class EntryCorrected(Event, CorrectEntry, tag="subscription.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Prepared
    | Activated
    | Cancelled
    | Suspended
    | SuspensionReasonCleared
    | Resumed
    | PlanChanged
    | ProductAdded
    | ProductRemoved
    | SimReplaced
    | Locked
    | ExitFeeQuoted
    | LockReleased
    | BillRecorded
    | AbnormalBillNoticed
    | BillSettled
    | ArrearsRecorded
    | ArrearsCleared
    | BillDisputed
    | DisputeSettled
    | BillDetailGiven
    | TerminationBegun
    | Kept
    | Terminated
    | FinalBillSettled
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
