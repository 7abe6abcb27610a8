"""Work on a submitted order: from its start to the end of its last item."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.order import rules
from ledger.aggregates.customer.order.events import (
    Completed,
    Failed,
    FallOutSettled,
    FellOut,
    Held,
    InformationRequested,
    InformationSupplied,
    ItemCompleted,
    ItemFailed,
    Overdue,
    PartiallyCompleted,
    Released,
    SimIssued,
    Started,
)
from ledger.aggregates.customer.order.interactions import (
    Complete,
    CompleteItem,
    FailItem,
    Hold,
    IssueSim,
    MarkOverdue,
    Release,
    ReportFallOut,
    RequestInformation,
    SettleFallOut,
    Start,
    SupplyInformation,
)
from ledger.aggregates.customer.order.items import ready, still_open
from ledger.aggregates.customer.order.state import Item, State
from ledger.aggregates.customer.order.words import (
    CARD_FAMILIES,
    BindingTerm,
    HoldReason,
    ReleaseReason,
    joined,
)
from ledger.aggregates.model import Context, Decision
from ledger.values import months_after, whole_seconds

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register

ENDS_HOLD: Final[Mapping[HoldReason, ReleaseReason]] = MappingProxyType(
    {
        "fraud_suspicion": "fraud_cleared",
        "stock_missing": "stock_arrived",
        "network_fault": "fault_repaired",
        "resource_missing": "resource_found",
        "appointment_missed": "appointment_made",
        "other": "other",
    }
)
"""The reason that ends a hold, by the reason that it was placed for."""


def start(wish: Start, state: State) -> Decision:
    held, submitted_at = state.reservation, state.submitted_at
    if held is not None and submitted_at is not None and held.reserved_until_at < submitted_at:
        return rules.ORD_41(f"{held.reservation_id} had passed at submission")
    ending = state.subscription_id if state.kind == "termination" else None
    return [Started.of(wish, terminated_line=ending)]


def request_information(wish: RequestInformation) -> Decision:
    return [InformationRequested.of(wish)]


def supply_information(answer: SupplyInformation, state: State) -> Decision:
    if answer.question_id != state.question_id:
        return rules.ORD_42(f"{state.question_id} waits for an answer")
    return [InformationSupplied.of(answer, is_ready=ready(state, status="in_progress"))]


def hold(wish: Hold) -> Decision:
    if wish.reason == "fraud_suspicion" and wish.case_id is None:
        return rules.ORD_43()
    return [Held.of(wish)]


def release(wish: Release, state: State) -> Decision:
    if state.hold_reason is None:
        return rules.ORD_44(f"the fall-out of {state.fall_out_item} is to be settled")
    if wish.reason != ENDS_HOLD[state.hold_reason]:
        return rules.ORD_44(f"the order is held for {state.hold_reason}")
    return [Released.of(wish, is_ready=ready(state, status=state.held_from))]


def issue_sim(wish: IssueSim, state: State) -> Decision:
    item = state.wanted.get(wish.item_id)
    if state.kind not in ("activation", "sim_replacement"):
        return rules.ORD_45(f"a {state.kind} has no card")
    if item is None or item.status != "open" or item.family not in CARD_FAMILIES:
        return rules.ORD_45(f"{wish.item_id} is no open item with a card")
    if item.card_issued:
        return rules.ORD_45(f"the card of {wish.item_id} is issued")
    return [SimIssued.of(wish)]


def report_fall_out(report: ReportFallOut, state: State) -> Decision:
    refusal = still_open(report.item_id, state)
    if refusal is not None:
        return refusal
    return [FellOut.of(report), Held(order_id=report.order_id)]


def settle_fall_out(wish: SettleFallOut, state: State, context: "Context[Register]") -> Decision:
    if state.fall_out_item != wish.item_id:
        return rules.ORD_46(f"{wish.item_id} has no unsettled fall-out")
    settled = FallOutSettled.of(wish)
    if wish.action != "give_up":
        return [settled, Released(order_id=wish.order_id)]
    refusal = common.approver(context)
    if refusal is not None:
        return rules.ORD_46(refusal.detail)
    failed = ItemFailed(
        order_id=wish.order_id,
        item_id=wish.item_id,
        reason="system_error",
        restored=True,
        is_ready=ready(state, failed=wish.item_id, status="in_progress"),
    )
    return [settled, failed]


def complete_item(wish: CompleteItem, state: State) -> Decision:
    refusal = still_open(wish.item_id, state)
    if refusal is not None:
        return refusal
    item = state.items[wish.item_id]
    if item.changes_line:
        return rules.ORD_59(f"{item.action} of {item.family} is completed by the line")
    is_ready = ready(state, completed=wish.item_id)
    return [ItemCompleted.of(wish, is_ready=is_ready)]


def fail_item(wish: FailItem, state: State) -> Decision:
    refusal = still_open(wish.item_id, state)
    if refusal is not None:
        return refusal
    if not wish.restored:
        return rules.ORD_48()
    is_ready = ready(state, failed=wish.item_id, status="in_progress")
    return [ItemFailed.of(wish, is_ready=is_ready)]


def complete(wish: Complete, state: State, context: "Context[Register]") -> Decision:
    ends = {item.status for item in state.wanted.values()}
    if "open" in ends:
        return rules.ORD_49("an item is open")
    if "completed" in ends and state.undone:
        return rules.ORD_50(f"step {state.undone[0]} is not done")
    outcome = _outcome(state, context.envelope.time, context)
    if "completed" not in ends:
        return [Failed.of(wish, **outcome, **leaves(state))]
    terms = _terms(state, context) or None
    left = leaves(state)
    if "failed" not in ends:
        return [
            Completed.of(wish, **outcome, kind=left["kind"], hall_id=left["hall_id"], terms=terms)
        ]
    del left["kept_line"]
    return [PartiallyCompleted.of(wish, **outcome, **left, terms=terms)]


def _outcome(state: State, time: datetime, context: "Context[Register]") -> dict[str, Any]:
    """How long it took, and what is owed for an installation that took too long (art 31)."""
    assert state.submitted_at is not None
    assert state.expected_completion_at is not None
    cycle_seconds = whole_seconds(state.submitted_at, time)
    late = time - state.expected_completion_at
    if late <= timedelta(0):
        return {"cycle_seconds": cycle_seconds, "in_time": True}
    late_days = math.ceil(late / timedelta(days=1))
    install_fen = sum(
        item.once_fen
        for item in state.wanted.values()
        if item.adds_line and item.family in ("broadband", "fixed_line")
    )
    penalty_fen = install_fen * late_days * context.policy[policy.LATE_PENALTY_PERCENT] // 100
    return {
        "cycle_seconds": cycle_seconds,
        "in_time": False,
        "late_days": late_days,
        "late_penalty_fen": penalty_fen or None,
    }


def leaves(state: State) -> dict[str, Any]:
    """What the end of an order leaves to be done, where it was submitted."""
    if state.submitted_at is None:
        return {}
    prepared = tuple(
        item.subscription_id
        for item in state.wanted.values()
        if item.adds_line and item.status != "completed"
    )
    kept = state.subscription_id if state.termination_begun else None
    return {
        "kind": state.kind,
        "hall_id": state.hall_id,
        "prepared_lines": prepared or None,
        "kept_line": kept,
    }


def _terms(state: State, context: "Context[Register]") -> tuple[BindingTerm, ...]:
    """The contract terms that the signed agreement puts on the lines of completed items."""
    terms = (
        _term(item_id, item, state, context)
        for item_id, item in state.sold.items()
        if item.status == "completed"
    )
    return tuple(term for term in terms if term is not None)


def _term(
    item_id: str, item: Item, state: State, context: "Context[Register]"
) -> BindingTerm | None:
    signed = state.agreement
    product = context.reference.product(item.product_id, item.tariff_version, context.envelope.time)
    if signed is None or signed.ends_on is None or item.subscription_id is None:
        return None
    if product is None or not product.lock or not item.contract_months:
        return None
    rule = product.exit_fee_rule
    by_month = rule == "percent_of_remaining_months"
    return BindingTerm(
        subscription_id=item.subscription_id,
        lock_id=joined(signed.agreement_id, item_id),
        agreement_id=signed.agreement_id,
        from_on=signed.start_on,
        until_on=min(signed.ends_on, months_after(signed.start_on, item.contract_months)),
        exit_fee_rule=rule,
        monthly_fen=item.monthly_fen if by_month else None,
        percent=signed.exit_fee_percent if by_month else None,
        fixed_fen=signed.exit_fee_fixed_fen if rule == "fixed" else None,
        subsidy_fen=signed.subsidy_fen if rule == "subsidy_pro_rata" else None,
    )


def mark_overdue(mark: MarkOverdue, state: State, context: "Context[Register]") -> Decision:
    expected_at = state.expected_completion_at
    if state.is_overdue:
        return rules.ORD_51("the order is marked already")
    if expected_at is None or context.envelope.time < expected_at:
        return rules.ORD_51(f"it is expected at {expected_at}")
    return [Overdue.of(mark)]
