"""Money comes in: begun at a terminal or handed over, received, failed or given up."""

from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.payment import purposes, rules
from ledger.aggregates.customer.payment.events import (
    Authorized,
    Begun,
    Canceled,
    Denied,
    Failed,
    Received,
)
from ledger.aggregates.customer.payment.interactions import (
    Authorize,
    Begin,
    Cancel,
    Fail,
    Receive,
    SettleUnknown,
)
from ledger.aggregates.customer.payment.state import Start, State
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def begin(asked: Begin, context: "Context[Register]") -> Decision:
    refusal = _sum(asked) or _new(asked, context)
    if refusal is not None:
        return refusal
    return [Begun.of(asked)]


def authorize(told: Authorize, state: State) -> Decision:
    if told.correlator_id != _start(state).correlator_id:
        return rules.PAY_05()
    return [Authorized.of(told)]


def fail(told: Fail, state: State) -> Decision:
    if told.correlator_id != _start(state).correlator_id:
        return rules.PAY_05()
    if told.reason == "declined_by_bank":
        return [Denied.of(told)]
    return [Failed.of(told)]


def cancel(wish: Cancel) -> Decision:
    return [Canceled.of(wish)]


def settle_unknown(told: SettleUnknown, state: State, context: "Context[Register]") -> Decision:
    start = _start(state)
    if told.correlator_id != start.correlator_id:
        return rules.PAY_05()
    if not context.actor_is_system:
        return rules.PAY_10()
    if told.outcome == "not_captured":
        failed = Failed(
            payment_id=told.payment_id,
            correlator_id=told.correlator_id,
            reason="not_captured",
            provider_reference=told.provider_reference,
        )
        return [failed]
    received = Received(
        payment_id=told.payment_id,
        method=state.method,
        amount_fen=state.amount_fen,
        items=state.items,
        correlator_id=told.correlator_id,
        terminal_id=start.terminal_id,
        authorization_code=start.authorization_code,
        provider_reference=told.provider_reference,
        payer=start.payer,
        change_fen=0,
        receipt_due=context.policy[policy.RECEIPT_REQUIRED],
        hall_id=start.hall_id if context.envelope.hall is None else None,
    )
    return [received]


def receive(paid: Receive, state: State, context: "Context[Register]") -> Decision:
    """What the money is for was checked when the payment began: it is taken by now."""
    refusal = _sum(paid)
    if refusal is None:
        refusal = _new(paid, context) if state.start is None else _as_begun(paid, state)
    if refusal is None and paid.method == "cash":
        refusal = _cash(paid, context)
    elif refusal is None:
        refusal = _without_cash(paid, state.start)
    if refusal is not None:
        return refusal
    tendered_fen = paid.tendered_fen if paid.method == "cash" else None
    change_fen = 0 if tendered_fen is None else tendered_fen - paid.amount_fen
    receipt_due = context.policy[policy.RECEIPT_REQUIRED]
    return [Received.of(paid, change_fen=change_fen, receipt_due=receipt_due)]


def _start(state: State) -> Start:
    assert state.start is not None, f"a payment {state.status} was begun (ENV-12)"
    return state.start


def _sum(asked: Begin | Receive) -> Refusal | None:
    if asked.amount_fen != sum(item.amount_fen for item in asked.items):
        return rules.PAY_01("the amount is not the sum of the items")
    if len({item.item_id for item in asked.items}) < len(asked.items):
        return rules.PAY_01("two items have the same id")
    return None


def _new(asked: Begin | Receive, context: "Context[Register]") -> Refusal | None:
    lacking = purposes.lacking_line(asked.items, context)
    if lacking is None:
        lacking = purposes.lacking_bill(asked.items, context)
    if lacking is not None:
        return rules.PAY_02(lacking)
    lacking = purposes.lacking_lock_or_order(asked.items, context)
    if lacking is not None:
        return rules.PAY_03(lacking)
    if asked.correlator_id in context.register.correlators:
        return rules.PAY_04()
    return None


def _as_begun(paid: Receive, state: State) -> Refusal | None:
    if paid.correlator_id != _start(state).correlator_id:
        return rules.PAY_05()
    if (paid.amount_fen, paid.method, paid.items) != (state.amount_fen, state.method, state.items):
        return rules.PAY_06()
    return None


def _cash(paid: Receive, context: "Context[Register]") -> Refusal | None:
    if paid.drawer_id is None or paid.shift_id is None:
        return rules.PAY_07("drawer_id and shift_id are needed")
    if paid.tendered_fen is None or paid.tendered_fen < paid.amount_fen:
        return rules.PAY_07("tendered_fen is less than the amount")
    if paid.amount_fen >= context.policy[policy.CASH_CHECK_FROM_FEN] and not (
        paid.counterfeit_checked
    ):
        return rules.PAY_07("the notes were not checked")
    if paid.amount_fen > context.policy[policy.CASH_SELF_LIMIT_FEN]:
        refusal = common.approver(context)
        return rules.PAY_09(refusal.detail) if refusal else None
    return None


def _without_cash(paid: Receive, start: Start | None) -> Refusal | None:
    """What was told when the payment began need not be told again."""
    terminal_id, code = paid.terminal_id, paid.authorization_code
    if start is not None:
        terminal_id, code = terminal_id or start.terminal_id, code or start.authorization_code
    if paid.drawer_id is not None:
        return rules.PAY_08(f"{paid.method} moves no cash")
    if terminal_id is None and paid.method != "bank_transfer":
        return rules.PAY_09("terminal_id is needed")
    if code is None and paid.provider_reference is None:
        return rules.PAY_09("authorization_code or provider_reference is needed")
    if paid.method == "bank_card" and paid.card_last4 is None:
        return rules.PAY_09("card_last4 is needed")
    return None
