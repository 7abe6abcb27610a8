"""What billing tells of the line's money, and what the customer says to it."""

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.customer import rules as customer_rules
from ledger.aggregates.customer.subscription import rules
from ledger.aggregates.customer.subscription.events import (
    AbnormalBillNoticed,
    ArrearsCleared,
    ArrearsRecorded,
    BillDetailGiven,
    BillDisputed,
    BillRecorded,
    BillSettled,
    DisputeSettled,
)
from ledger.aggregates.customer.subscription.interactions import (
    DisputeBill,
    GiveBillDetail,
    RecordArrears,
    RecordBill,
    SettleBill,
    SettleDispute,
)
from ledger.aggregates.customer.subscription.months import last_day
from ledger.aggregates.customer.subscription.state import State
from ledger.aggregates.model import Context, Decision
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def record_bill(bill: RecordBill, state: State, context: "Context[Register]") -> Decision:
    if bill.bill_id in state.bill_ids:
        return rules.SUB_20()
    before_fen = sum(state.newest_fen)
    if len(state.newest_fen) < 3:
        return [BillRecorded.of(bill, abnormal=False)]
    average_fen = before_fen // 3
    limit_fen = before_fen * context.policy[policy.ABNORMAL_MULTIPLIER]
    abnormal = bill.amount_fen > 0 and bill.amount_fen * 3 >= limit_fen
    recorded = BillRecorded.of(bill, average_of_three_fen=average_fen, abnormal=abnormal)
    if not abnormal:
        return [recorded]
    noticed = AbnormalBillNoticed(
        subscription_id=bill.subscription_id,
        bill_id=bill.bill_id,
        period=bill.period,
        amount_fen=bill.amount_fen,
        average_of_three_fen=average_fen,
    )
    return [recorded, noticed]


def settle_bill(paid: SettleBill, state: State) -> Decision:
    bill = state.bills.get(paid.bill_id)
    if bill is None or bill.outstanding_fen == 0:
        return rules.SUB_21(f"bill {paid.bill_id} is not outstanding")
    if paid.settled_fen > bill.outstanding_fen:
        return rules.SUB_21(f"{bill.outstanding_fen} fen of the bill are outstanding")
    outstanding_fen = state.outstanding_fen - paid.settled_fen
    disputed = any(each.disputed_fen for each in state.bills.values())
    settled = BillSettled.of(
        paid,
        outstanding_fen=outstanding_fen,
        all_settled=outstanding_fen == 0 and not disputed,
    )
    return [settled]


def record_arrears(told: RecordArrears, state: State, context: "Context[Register]") -> Decision:
    days = max(0, (business_day(context.envelope.time) - told.since_on).days)
    limit_fen = told.arrears_fen * days * context.policy[policy.LATE_FEE_PERMILLE] // 1000
    if told.late_fee_fen > limit_fen:
        return rules.SUB_22(f"the late fee of {days} days is at most {limit_fen} fen")
    if told.arrears_fen == 0:
        return [ArrearsCleared.of(told)]
    suspend_after = timedelta(days=context.policy[policy.SUSPEND_AFTER_DAYS])
    terminate_after = timedelta(days=context.policy[policy.TERMINATE_AFTER_SUSPEND_DAYS])
    suspended_on = state.arrears_suspended_on
    recorded = ArrearsRecorded.of(
        told,
        suspend_from_on=told.since_on + suspend_after,
        terminate_from_on=suspended_on + terminate_after if suspended_on else None,
    )
    return [recorded]


def dispute_bill(wish: DisputeBill, state: State, context: "Context[Register]") -> Decision:
    bill = state.bills.get(wish.bill_id)
    if bill is None:
        return rules.SUB_23(f"bill {wish.bill_id} is not known, or was settled long ago")
    last_on = last_day(bill.period, context.policy[policy.DISPUTE_MONTHS])
    if business_day(context.envelope.time) > last_on:
        return rules.SUB_23(f"the bill could be disputed until {last_on.isoformat()}")
    if bill.disputed_fen:
        return rules.SUB_23("the bill is disputed already")
    if wish.disputed_fen > bill.amount_fen - bill.adjusted_fen:
        return rules.SUB_23("more is disputed than the bill's amount")
    return [BillDisputed.of(wish)]


def settle_dispute(wish: SettleDispute, state: State, context: "Context[Register]") -> Decision:
    bill = state.bills.get(wish.bill_id)
    if bill is None or bill.disputed_fen == 0:
        return rules.SUB_24(f"no dispute of bill {wish.bill_id} stands")
    disputed_fen = bill.disputed_fen
    least_fen, most_fen = {
        "bill_correct": (0, 0),
        "adjusted": (1, disputed_fen),
        "waived": (disputed_fen, disputed_fen),
    }[wish.outcome]
    if not least_fen <= wish.adjusted_fen <= most_fen:
        return rules.SUB_24(f"{wish.outcome} takes off {least_fen} to {most_fen} fen")
    if wish.adjusted_fen > context.policy[policy.ADJUSTMENT_SELF_LIMIT_FEN]:
        refusal = common.approver(context)
        if refusal is not None:
            return rules.SUB_25(refusal.detail)
    after = msgspec.structs.replace(bill, adjusted_fen=bill.adjusted_fen + wish.adjusted_fen)
    credit_fen = after.credit_fen - bill.credit_fen
    return [DisputeSettled.of(wish, disputed_fen=disputed_fen, credit_fen=credit_fen)]


def give_bill_detail(given: GiveBillDetail, context: "Context[Register]") -> Decision:
    if context.policy[policy.BILL_DETAIL_FREE] and given.fee_fen:
        return rules.SUB_26()
    if not context.register.verified_at(given.verification_id, context.envelope.time):
        return customer_rules.CUS_15(f"verification {given.verification_id} is not valid")
    return [BillDetailGiven.of(given)]
