"""What goes wrong with orders at counters: each is a message that one rule refuses, named beside.

As in `mistakes`, the right message follows.
"""

from datetime import timedelta
from typing import Final, cast

from msgspec.structs import replace

from ledger.simulator.mistakes import Mistake
from ledger.simulator.mistakes import with_ as _with
from ledger.simulator.mistakes import without as _without
from ledger.simulator.order import Order
from ledger.simulator.world import Data, Message

UNKNOWN: Final = "unknown-0"


# Placing


def placing(order: Order) -> tuple[Mistake, ...]:
    usual = (_deletes, _old_procedure, _of_yesterday(order))
    if order.kind in ("activation", "plan_change", "service_upgrade"):
        usual = (*usual, _old_tariff)
    if order.line is not None:
        usual = (*usual, _of_another_line)
    return usual


def _deletes(message: Message) -> Message:
    """ORD-01: the action and the kind do not fit."""
    action = "add" if message.data["kind"] != "activation" else "delete"
    items = [{**item, "action": action} for item in _items(message)]
    if message.data["kind"] == "service_upgrade":
        items = [*items, *items]
    return _with(message, items=items)


def _of_another_line(message: Message) -> Message:
    """ORD-02: a line that is none of this customer's."""
    return _with(message, subscription_id=UNKNOWN)


def _old_tariff(message: Message) -> Message:
    """ORD-04: the price list of last year."""
    return _with(message, items=[{**e, "tariff_version": "2025-1"} for e in _items(message)])


def _of_yesterday(order: Order) -> Mistake:
    """ORD-06"""
    yesterday = (order.world.on(order.world.day) - timedelta(days=1)).isoformat()
    return lambda message: _with(message, requested_start_on=yesterday)


def _old_procedure(message: Message) -> Message:
    """ORD-09: a procedure that is not in force."""
    return _with(message, procedure_version=cast(int, message.data["procedure_version"]) + 1)


# Gathering


def not_confirmed(message: Message) -> Message:
    """ORD-10 for the form, ORD-13 for the tariff."""
    return _with(message, confirmed_by_customer=False)


def unknown_verification(message: Message) -> Message:
    """ORD-11"""
    return _with(message, verification_id=UNKNOWN)


def another_price(message: Message) -> Message:
    """ORD-12: the price that the customer wishes for."""
    items = [{**e, "monthly_fen": cast(int, e["monthly_fen"]) + 1_000} for e in _items(message)]
    return _with(message, items=items)


def another_fee(message: Message) -> Message:
    """ORD-14"""
    return _with(message, exit_fee_fen=cast(int, message.data["exit_fee_fen"]) // 2)


def confirms_no_item(message: Message) -> Message:
    """ORD-15: the confirmation of something else."""
    return _with(message, item_id=UNKNOWN)


def failed_without_reason(message: Message) -> Message:
    """ORD-16"""
    return _without(_with(message, result="failed"), "reason")


def signing(order: Order) -> tuple[Mistake, ...]:
    usual = (no_copy, longer_term)
    if any(item.has_card for item in order.wanted):
        return (*usual, without_warning, without_warning)
    return usual


def without_warning(message: Message) -> Message:
    """ORD-24"""
    return _with(message, card_lending_warning_given=False)


def no_copy(message: Message) -> Message:
    """ORD-25"""
    return _with(message, copy_given=False)


def longer_term(message: Message) -> Message:
    """ORD-60"""
    return _with(message, term_months=24)


# Steps


def step(step_id: str) -> Mistake:
    """ORD-26 for one that is done, ORD-27 for one that comes later."""
    return lambda message: _with(message, step_id=step_id)


def skips_a_duty(message: Message) -> Message:
    """ORD-28: what the law asks for is never skipped."""
    return _with(message, step_id="complete_form")


def unapproved(message: Message) -> Message:
    """ENV-07"""
    return replace(message, approver=None)


def another_total(message: Message) -> Message:
    """ORD-40"""
    return _with(message, total_monthly_fen=cast(int, message.data["total_monthly_fen"]) + 1_000)


def card_for_no_item(message: Message) -> Message:
    """ORD-45"""
    return _with(message, item_id=UNKNOWN)


def asks_a_fee(message: Message) -> Message:
    """ORD-54: before activation a cancellation costs nothing."""
    return _with(message, fee_fen=2_000)


def corrects_nothing(message: Message) -> Message:
    """ENV-13: an entry of something else."""
    return _with(message, wrong_entry_id="counter-app:nothing:1")


def _items(message: Message) -> list[Data]:
    return cast(list[Data], message.data["items"])
