"""The rules in order: one small function an interaction."""

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from ledger import policy
from ledger.aggregates import common, corrections
from ledger.aggregates.copies import RecordIn, RecordOut
from ledger.aggregates.hall.drawer import counting, rules
from ledger.aggregates.hall.drawer.events import (
    Closed,
    Deposited,
    DepositOverdue,
    Dropped,
    EntryCorrected,
    LimitExceeded,
    MoneyChanged,
    Opened,
)
from ledger.aggregates.hall.drawer.guards import held_by_another
from ledger.aggregates.hall.drawer.interactions import (
    CORRECTABLE,
    AnyInteraction,
    ChangeMoney,
    Close,
    CorrectEntry,
    CountCash,
    Deposit,
    Drop,
    ExplainDiscrepancy,
    MarkDepositOverdue,
    MarkUnexplained,
    NoteLimit,
    Open,
    value_of,
)
from ledger.aggregates.hall.drawer.recording import record_in, record_out
from ledger.aggregates.hall.drawer.state import State, stream
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.model import Context, Decision
from ledger.values import business_day, local_midnight

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def decide(wish: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match wish:
        case Open():
            return _open(wish, context)
        case RecordIn():
            return record_in(wish, state, context)
        case RecordOut():
            return record_out(wish, state, context)
        case Drop():
            return _drop(wish, state, context)
        case ChangeMoney():
            return _change_money(wish, state, context)
        case NoteLimit():
            return _note_limit(wish, state, context)
        case CountCash():
            return counting.count(wish, state, context)
        case ExplainDiscrepancy():
            return counting.explain(wish, state, context)
        case MarkUnexplained():
            return counting.mark_unexplained(wish, state, context)
        case Close():
            return _close(wish, state, context)
        case Deposit():
            return _deposit(wish, state, context)
        case MarkDepositOverdue():
            return _mark_deposit_overdue(wish, state, context)
        case CorrectEntry():
            own = stream(context.envelope, wish)
            return corrections.decide(wish, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(wish)


def _open(wish: Open, context: "Context[Register]") -> Decision:
    clerk, drawers = context.envelope.actor, context.register.drawers
    shift = context.register.shifts[clerk]
    if wish.shift_id != shift.shift_id:
        return rules.DRW_02(f"the open shift of {clerk} is {shift.shift_id}")
    other = drawers.open_of(clerk) or drawers.open_with(wish.till_id)
    if other is not None:
        return rules.DRW_04(f"drawer {other} is not closed")
    float_fen = value_of(wish.float)
    if float_fen != context.policy[policy.CASH_FLOAT_FEN]:
        return rules.DRW_05(f"the float is {context.policy[policy.CASH_FLOAT_FEN]} fen")
    return [Opened.of(wish, float_fen=float_fen)]


def _drop(drop: Drop, state: State, context: "Context[Register]") -> Decision:
    refusal = held_by_another(state, context)
    if refusal is not None:
        return refusal
    amount_fen = value_of(drop.pieces)
    if not 0 < amount_fen <= state.expected_fen - state.float_fen:
        return rules.DRW_06(f"at most {max(0, state.expected_fen - state.float_fen)} fen")
    if drop.seal_no in context.register.drawers.seals:
        return rules.DRW_07(f"seal {drop.seal_no} is used")
    expected_fen = state.expected_fen - amount_fen
    limit_fen = context.policy[policy.CASH_DRAWER_LIMIT_FEN]
    return [
        Dropped.of(
            drop,
            amount_fen=amount_fen,
            expected_fen=expected_fen,
            limit_settled=expected_fen <= limit_fen < state.expected_fen,
        )
    ]


def _change_money(change: ChangeMoney, state: State, context: "Context[Register]") -> Decision:
    refusal = held_by_another(state, context)
    if refusal is not None:
        return refusal
    if value_of(change.given) != value_of(change.taken):
        return rules.DRW_08(f"{value_of(change.given)} and {value_of(change.taken)} fen")
    return [MoneyChanged.of(change)]


def _note_limit(note: NoteLimit, state: State, context: "Context[Register]") -> Decision:
    limit_fen = context.policy[policy.CASH_DRAWER_LIMIT_FEN]
    if state.limit_due_at is None or state.expected_fen <= limit_fen:
        return rules.DRW_09("the cash is not above the limit, or that is noted")
    if context.envelope.time < state.limit_due_at:
        return rules.DRW_09(f"it may stay there until {state.limit_due_at.isoformat()}")
    return [LimitExceeded.of(note, expected_fen=state.expected_fen)]


def _close(close: Close, state: State, context: "Context[Register]") -> Decision:
    refusal = held_by_another(state, context)
    if refusal is not None:
        return refusal
    if close.bag_seal_no in context.register.drawers.seals:
        return rules.DRW_07(f"seal {close.bag_seal_no} is used")
    if close.float_returned_fen != min(state.float_fen, state.counted_fen):
        return rules.DRW_15(f"float {state.float_fen} fen, counted {state.counted_fen} fen")
    tolerance_fen = context.policy[policy.CASH_TOLERANCE_FEN]
    if state.status != "explained" and abs(state.difference_fen) > tolerance_fen:
        return rules.DRW_16(f"the difference is {state.difference_fen} fen")
    today = business_day(context.envelope.time)
    return [
        Closed.of(
            close,
            clerk_id=state.clerk,
            difference_fen=state.difference_fen,
            to_deposit_fen=state.counted_fen - close.float_returned_fen + state.dropped_fen,
            deposit_by_on=today + timedelta(days=context.policy[policy.CASH_DEPOSIT_DAYS]),
        )
    ]


def _deposit(deposit: Deposit, state: State, context: "Context[Register]") -> Decision:
    shift = context.register.shifts.get(context.envelope.actor)
    if context.clerk.role not in LEADS and (shift is None or shift.duty != "cashier"):
        return common.ENV_04("a cashier on duty, a supervisor or a manager takes it to the bank")
    if deposit.amount_fen != state.to_deposit_fen:
        return rules.DRW_17(f"{state.to_deposit_fen} fen are to be deposited")
    other = context.register.drawers.slips.get(deposit.bank_slip_no, deposit.deposit_id)
    if other != deposit.deposit_id:
        return rules.DRW_18(f"slip {deposit.bank_slip_no} is that of deposit {other}")
    return [Deposited.of(deposit, in_time=deposit.deposited_on <= state.deposit_by_on)]


def _mark_deposit_overdue(
    mark: MarkDepositOverdue, state: State, context: "Context[Register]"
) -> Decision:
    if state.deposit_overdue:
        return rules.DRW_19("the deposit is marked already")
    if context.envelope.time < local_midnight(state.deposit_by_on + timedelta(days=1)):
        return rules.DRW_19(f"it may be deposited until {state.deposit_by_on.isoformat()}")
    if state.to_deposit_fen == 0:
        return rules.DRW_19("nothing is to be deposited")
    return [DepositOverdue.of(mark)]
