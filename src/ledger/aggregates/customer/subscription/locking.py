"""Contract locks: on what they rest, what leaving costs, how they end."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.order.state import Agreement
from ledger.aggregates.customer.order.state import State as Order
from ledger.aggregates.customer.payment.state import State as Payment
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.customer.subscription.events import ExitFeeQuoted, Locked, LockReleased
from ledger.aggregates.customer.subscription.interactions import Lock, QuoteExitFee, ReleaseLock
from ledger.aggregates.customer.subscription.months import whole_months
from ledger.aggregates.customer.subscription.state import StandingLock, State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal
from ledger.values import business_day, months_after

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def lock(wish: Lock, state: State, context: "Context[Register]") -> Decision:
    order = context.history.state(Order, f"order/{wish.order_id}")
    agreement = order.agreement
    if agreement is None or agreement.agreement_id != wish.agreement_id:
        return rules.SUB_15(f"order {wish.order_id} has no agreement {wish.agreement_id}")
    if wish.order_id != state.order_id and order.subscription_id != wish.subscription_id:
        return rules.SUB_15(f"order {wish.order_id} is not for this line")
    if agreement.ends_on is None or wish.until_on > agreement.ends_on:
        return rules.SUB_15("the agreement states no such term")
    if not _as_signed(wish, agreement):
        return rules.SUB_15(f"the agreement states no such fee by {wish.exit_fee_rule}")
    if wish.lock_id in state.lock_ids:
        return rules.SUB_15("that lock id is taken")
    if wish.until_on <= wish.from_on:
        return rules.SUB_16("the lock would end before it begins")
    if wish.until_on > months_after(wish.from_on, context.policy[policy.MAX_LOCK_MONTHS]):
        return rules.SUB_16("the lock would last too long")
    return [Locked.of(wish)]


def _as_signed(wish: Lock, agreement: Agreement) -> bool:
    """Whether the exit fee is that of the agreement."""
    match wish.exit_fee_rule:
        case "none":
            return True
        case "fixed":
            return wish.fixed_fen is not None and wish.fixed_fen == agreement.exit_fee_fixed_fen
        case "percent_of_remaining_months":
            stated = wish.percent is not None and wish.monthly_fen is not None
            return stated and wish.percent == agreement.exit_fee_percent
        case "subsidy_pro_rata":
            return wish.subsidy_fen is not None and wish.subsidy_fen == agreement.subsidy_fen


def quote_exit_fee(wish: QuoteExitFee, state: State, context: "Context[Register]") -> Decision:
    if wish.quote_id in state.quotes:
        return rules.SUB_17("that quote id is taken")
    if wish.as_of_on < business_day(context.envelope.time):
        return rules.SUB_17(f"{wish.as_of_on.isoformat()} has passed")
    by_lock = {
        lock_id: exit_fee_fen(each, wish.as_of_on)
        for lock_id, each in state.locks.items()
        if each.stands_on(wish.as_of_on)
    }
    valid_days = context.policy[policy.QUOTE_VALID_DAYS]
    quoted = ExitFeeQuoted.of(
        wish,
        exit_fee_fen=sum(by_lock.values()),
        by_lock=by_lock,
        valid_until_on=wish.as_of_on + timedelta(days=valid_days),
    )
    return [quoted]


def exit_fee_fen(lock: StandingLock, day: date) -> int:
    """What ending a standing lock on `day` costs, rounded up to whole fen."""
    match lock.exit_fee_rule:
        case "fixed":
            return lock.fixed_fen
        case "percent_of_remaining_months":
            months = whole_months(day, lock.until_on)
            return _rounded_up(lock.monthly_fen * months * lock.percent, 100)
        case "subsidy_pro_rata":
            lock_days = (lock.until_on - lock.from_on).days
            return _rounded_up(lock.subsidy_fen * (lock.until_on - day).days, lock_days)
        case _:
            return 0


def _rounded_up(whole: int, parts: int) -> int:
    return -(-whole // parts)


def release_lock(wish: ReleaseLock, state: State, context: "Context[Register]") -> Decision:
    standing = state.locks.get(wish.lock_id)
    if standing is None:
        return rules.SUB_18(f"no lock {wish.lock_id} stands")
    if wish.reason == "expired" and business_day(context.envelope.time) < standing.until_on:
        return rules.SUB_18(f"the lock stands until {standing.until_on.isoformat()}")
    if wish.reason == "exit_fee_paid":
        refusal = _unpaid(wish, state, context)
        if refusal is not None:
            return refusal
    if wish.reason in ("waived", "operator_fault"):
        refusal = common.approver(context)
        if refusal is not None:
            return rules.SUB_19(refusal.detail)
    return [LockReleased.of(wish)]


def _unpaid(wish: ReleaseLock, state: State, context: "Context[Register]") -> Refusal | None:
    payment = context.history.state(Payment, f"payment/{wish.payment_id}")
    if wish.payment_id is None or payment.status not in ("captured", "done"):
        return rules.SUB_19("no captured payment is named")
    paid_fen = sum(
        item.amount_fen
        for item in payment.items
        if item.item_kind == "exit_fee"
        and item.lock_id == wish.lock_id
        and item.subscription_id in (None, wish.subscription_id)
    )
    if payment.refunded_fen:
        return rules.SUB_19("the money went back, or is about to")
    quoted_fen = [
        quote.by_lock[wish.lock_id]
        for quote in state.quotes.values()
        if wish.lock_id in quote.by_lock and quote.is_valid_on(payment.received_on)
    ]
    if not quoted_fen:
        return rules.SUB_19("no quote was valid when the fee was paid")
    if paid_fen < quoted_fen[-1]:
        return rules.SUB_19(f"{paid_fen} fen were paid of {quoted_fen[-1]}")
    return None
