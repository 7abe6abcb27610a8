"""What decide reads of a line, and how events change it."""

from datetime import date, datetime
from typing import Final, TypeVar, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.subscription.events import (
    AbnormalBillNoticed,
    Activated,
    AnyEvent,
    ArrearsCleared,
    ArrearsRecorded,
    BillDetailGiven,
    BillDisputed,
    BillRecorded,
    BillSettled,
    Cancelled,
    DisputeSettled,
    EntryCorrected,
    ExitFeeQuoted,
    FinalBillSettled,
    Kept,
    Locked,
    LockReleased,
    PlanChanged,
    Prepared,
    ProductAdded,
    ProductRemoved,
    Resumed,
    SimReplaced,
    Suspended,
    SuspensionReasonCleared,
    Terminated,
    TerminationBegun,
)
from ledger.aggregates.customer.subscription.interactions import AnyInteraction
from ledger.entry import Envelope
from ledger.values import business_day

KEPT_SETTLED_BILLS: Final = 12
KEPT_QUOTES: Final = 10
V = TypeVar("V")


class StandingLock(msgspec.Struct, frozen=True, kw_only=True):
    """A contract's hold on the line, from `from_on` until the day before `until_on`."""

    from_on: date
    until_on: date
    exit_fee_rule: str
    fixed_fen: int = 0
    percent: int = 0
    monthly_fen: int = 0
    subsidy_fen: int = 0

    def stands_on(self, day: date) -> bool:
        return self.from_on <= day < self.until_on


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What leaving would cost, whole and by lock."""

    exit_fee_fen: int
    by_lock: dict[str, int]
    as_of_on: date
    valid_until_on: date
    purpose: str

    def is_valid_on(self, day: date) -> bool:
        return self.as_of_on <= day <= self.valid_until_on


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """`adjusted_fen` was taken off after disputes; `disputed_fen` is still argued about."""

    amount_fen: int
    due_on: date
    period: str
    final: bool
    settled_fen: int = 0
    disputed_fen: int = 0
    adjusted_fen: int = 0

    @property
    def outstanding_fen(self) -> int:
        """What is neither settled nor disputed."""
        return max(0, self.amount_fen - self.adjusted_fen - self.settled_fen - self.disputed_fen)

    @property
    def credit_fen(self) -> int:
        """What was paid and taken off afterwards."""
        return max(0, self.settled_fen + self.adjusted_fen - self.amount_fen)

    @property
    def is_open(self) -> bool:
        return self.outstanding_fen > 0 or self.disputed_fen > 0


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """When and by whom a product of the line was sold."""

    added_on: date
    sold_by: str | None = None
    hall_id: str | None = None


class State(model.State, frozen=True, kw_only=True):
    """`status` is one of "-", pending_active, active, suspended, pending_terminate, terminated,
    cancelled. `order_id` is the order that the line was made by, `ending_order_id` the one that
    ends it. `products` maps add-ons to their monthly fen, `sales` these to their sale.
    """

    order_id: str = ""
    family: str = ""
    plan_id: str = ""
    tariff_version: str = ""
    monthly_fen: int = 0
    active_since_at: datetime | None = None
    on_net_since_on: date | None = None
    sale: Sale = Sale(added_on=date.min)
    products: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    sales: dict[str, Sale] = msgspec.field(default_factory=dict[str, Sale])
    suspension_reasons: frozenset[str] = frozenset()
    locks: dict[str, StandingLock] = msgspec.field(default_factory=dict[str, StandingLock])
    lock_ids: frozenset[str] = frozenset()
    quotes: dict[str, Quote] = msgspec.field(default_factory=dict[str, Quote])
    bills: dict[str, Bill] = msgspec.field(default_factory=dict[str, Bill])
    bill_ids: frozenset[str] = frozenset()
    newest_fen: tuple[int, ...] = ()
    paid_at: datetime | None = None
    arrears_fen: int = 0
    arrears_since_on: date | None = None
    arrears_suspended_on: date | None = None
    ending_order_id: str | None = None
    ending_reason: str = ""
    final_settled: bool = False

    @property
    def outstanding_fen(self) -> int:
        """What is owed of all bills, without what is disputed."""
        return sum(bill.outstanding_fen for bill in self.bills.values())

    @property
    def has_open_bills(self) -> bool:
        """Whether any bill is owed or disputed."""
        return any(bill.is_open for bill in self.bills.values())

    def locked_on(self, day: date) -> bool:
        return any(lock.stands_on(day) for lock in self.locks.values())


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"subscription/{interaction.subscription_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Prepared():
            return State(
                status="pending_active",
                order_id=event.order_id,
                family=event.family,
                plan_id=event.plan_id,
                tariff_version=event.tariff_version,
                monthly_fen=event.monthly_fen,
            )
        case Activated():
            return replace(
                state,
                status="active",
                active_since_at=event.active_since_at,
                on_net_since_on=event.on_net_since_on,
                sale=_sale(event, business_day(event.active_since_at)),
            )
        case Cancelled():
            return replace(state, status="cancelled", locks={})
        case Suspended() | SuspensionReasonCleared() | Resumed():
            return _suspension(state, event, envelope)
        case PlanChanged():
            return replace(
                state,
                plan_id=event.plan_id,
                tariff_version=event.tariff_version,
                monthly_fen=event.monthly_fen,
            )
        case ProductAdded():
            return replace(
                state,
                products={**state.products, event.product_id: event.monthly_fen},
                sales={**state.sales, event.product_id: _sale(event, event.effective_on)},
            )
        case ProductRemoved():
            return replace(
                state,
                products=_without(state.products, event.product_id),
                sales=_without(state.sales, event.product_id),
            )
        case Locked() | ExitFeeQuoted() | LockReleased():
            return _lock(state, event)
        case BillRecorded() | BillSettled() | BillDisputed() | DisputeSettled():
            return _bill(state, event)
        case ArrearsRecorded():
            return replace(state, arrears_fen=event.arrears_fen, arrears_since_on=event.since_on)
        case ArrearsCleared():
            return replace(state, arrears_fen=0, arrears_since_on=None)
        case TerminationBegun():
            return replace(
                state,
                status="pending_terminate",
                ending_order_id=event.order_id,
                ending_reason=event.reason,
            )
        case Kept():
            status = "suspended" if state.suspension_reasons else "active"
            return replace(state, status=status, ending_order_id=None, ending_reason="")
        case Terminated():
            return replace(state, status="terminated", locks={})
        case FinalBillSettled():
            return replace(state, final_settled=True)
        case SimReplaced() | AbnormalBillNoticed() | BillDetailGiven() | EntryCorrected():
            return state
        case _:
            assert_never(event)


def _sale(event: Activated | ProductAdded, on: date) -> Sale:
    return Sale(added_on=on, sold_by=event.sold_by, hall_id=event.hall_id)


def _suspension(
    state: State, event: Suspended | SuspensionReasonCleared | Resumed, envelope: Envelope
) -> State:
    replace = msgspec.structs.replace
    match event:
        case Suspended():
            for_arrears_on = (
                business_day(envelope.time)
                if event.reason == "arrears"
                else state.arrears_suspended_on
            )
            return replace(
                state,
                status="suspended",
                suspension_reasons=state.suspension_reasons | {event.reason},
                arrears_suspended_on=for_arrears_on,
            )
        case SuspensionReasonCleared():
            still_on = None if event.reason == "arrears" else state.arrears_suspended_on
            return replace(
                state,
                suspension_reasons=frozenset(event.remaining),
                arrears_suspended_on=still_on,
            )
        case Resumed():
            return replace(state, status="active")


def _lock(state: State, event: Locked | ExitFeeQuoted | LockReleased) -> State:
    replace = msgspec.structs.replace
    match event:
        case Locked():
            lock = StandingLock(
                from_on=event.from_on,
                until_on=event.until_on,
                exit_fee_rule=event.exit_fee_rule,
                fixed_fen=event.fixed_fen or 0,
                percent=event.percent or 0,
                monthly_fen=event.monthly_fen or 0,
                subsidy_fen=event.subsidy_fen or 0,
            )
            return replace(
                state,
                locks={**state.locks, event.lock_id: lock},
                lock_ids=state.lock_ids | {event.lock_id},
            )
        case ExitFeeQuoted():
            quote = Quote(
                exit_fee_fen=event.exit_fee_fen,
                by_lock=event.by_lock,
                as_of_on=event.as_of_on,
                valid_until_on=event.valid_until_on,
                purpose=event.purpose,
            )
            newest = [*_without(state.quotes, event.quote_id).items(), (event.quote_id, quote)]
            return replace(state, quotes=dict(newest[-KEPT_QUOTES:]))
        case LockReleased():
            return replace(state, locks=_without(state.locks, event.lock_id))


def _bill(state: State, event: BillRecorded | BillSettled | BillDisputed | DisputeSettled) -> State:
    replace = msgspec.structs.replace
    match event:
        case BillRecorded():
            bill = Bill(
                amount_fen=event.amount_fen,
                due_on=event.due_on,
                period=event.period,
                final=event.final,
            )
            return replace(
                state,
                bills=_kept({**state.bills, event.bill_id: bill}),
                bill_ids=state.bill_ids | {event.bill_id},
                newest_fen=(*state.newest_fen, event.amount_fen)[-3:],
            )
        case BillSettled():
            bill = state.bills[event.bill_id]
            bill = replace(bill, settled_fen=bill.settled_fen + event.settled_fen)
            paid_at = max(state.paid_at or event.settled_at, event.settled_at)
            return replace(state, bills={**state.bills, event.bill_id: bill}, paid_at=paid_at)
        case BillDisputed():
            bill = replace(state.bills[event.bill_id], disputed_fen=event.disputed_fen)
            return replace(state, bills={**state.bills, event.bill_id: bill})
        case DisputeSettled():
            bill = state.bills[event.bill_id]
            bill = replace(
                bill, disputed_fen=0, adjusted_fen=bill.adjusted_fen + event.adjusted_fen
            )
            return replace(state, bills={**state.bills, event.bill_id: bill})


def _kept(bills: dict[str, Bill]) -> dict[str, Bill]:
    """Those that are open, and the newest of the settled ones."""
    settled = [bill_id for bill_id, bill in bills.items() if not bill.is_open]
    old = frozenset(settled[:-KEPT_SETTLED_BILLS])
    return {bill_id: bill for bill_id, bill in bills.items() if bill_id not in old}


def _without(kept: dict[str, V], key: str) -> dict[str, V]:
    return {name: value for name, value in kept.items() if name != key}
