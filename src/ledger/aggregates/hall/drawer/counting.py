"""Counting the drawer, and explaining a difference."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.hall.drawer import rules
from ledger.aggregates.hall.drawer.events import (
    Counted,
    DiscrepancyExplained,
    DiscrepancyFound,
    DiscrepancyOverdue,
)
from ledger.aggregates.hall.drawer.guards import held_by_another
from ledger.aggregates.hall.drawer.interactions import (
    CountCash,
    ExplainDiscrepancy,
    MarkUnexplained,
    value_of,
)
from ledger.aggregates.hall.drawer.state import State
from ledger.aggregates.model import Context, Decision, Event

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def count(wish: CountCash, state: State, context: "Context[Register]") -> Decision:
    refusal = held_by_another(state, context)
    if refusal is not None:
        return refusal
    for counter, serving in context.register.serving.items():
        if serving.clerk == state.clerk:
            return rules.DRW_10(f"visit {serving.visit} is in progress at counter {counter}")
    in_journal = (wish.journal_count, wish.journal_fen)
    if in_journal != (state.copies, state.copies_fen) and not wish.accept_journal_gap:
        return rules.DRW_11(f"{state.copies} of {state.copies_fen} fen are recorded here")
    counted_fen = value_of(wish.pieces)
    difference_fen = counted_fen - state.expected_fen
    counted = Counted.of(
        wish,
        counted_fen=counted_fen,
        expected_fen=state.expected_fen,
        difference_fen=difference_fen,
        journal_gap_fen=wish.journal_fen - state.copies_fen,
    )
    found = discrepancy(wish.drawer_id, difference_fen, context.envelope.time, context)
    return [counted, *found]


def discrepancy(
    drawer_id: str, difference_fen: int, since: datetime, context: "Context[Register]"
) -> list[Event]:
    """The discrepancy that a difference above the tolerance is, known since that moment."""
    if abs(difference_fen) <= context.policy[policy.CASH_TOLERANCE_FEN]:
        return []
    return [
        DiscrepancyFound(
            drawer_id=drawer_id,
            direction="short" if difference_fen < 0 else "over",
            difference_fen=difference_fen,
            explain_by_at=since + timedelta(hours=context.policy[policy.CASH_EXPLAIN_HOURS]),
        )
    ]


def explain(wish: ExplainDiscrepancy, state: State, context: "Context[Register]") -> Decision:
    if context.envelope.actor in (state.clerk, state.counted_by, state.witness):
        return rules.DRW_12(f"{context.envelope.actor} held, counted or witnessed it")
    rests_on_events = (
        wish.cause in ("missed_entry", "double_entry") or wish.booked_as == "corrected_entry"
    )
    if rests_on_events and not wish.related_event_ids:
        return rules.DRW_13("related_event_ids is empty")
    return [DiscrepancyExplained.of(wish, difference_fen=state.difference_fen)]


def mark_unexplained(mark: MarkUnexplained, state: State, context: "Context[Register]") -> Decision:
    if state.explanation_overdue:
        return rules.DRW_14("the discrepancy is marked already")
    if context.envelope.time < state.explain_by_at:
        return rules.DRW_14(f"it may be explained until {state.explain_by_at.isoformat()}")
    return [DiscrepancyOverdue.of(mark)]
