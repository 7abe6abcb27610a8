"""What several of a drawer's interactions ask first."""

from typing import TYPE_CHECKING

from ledger.aggregates.hall.drawer import rules
from ledger.aggregates.hall.drawer.state import State
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.model import Context
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def held_by_another(state: State, context: "Context[Register]") -> Refusal | None:
    """DRW-02. A clerk who fell ill leaves a drawer that somebody must count and close."""
    shift = context.register.shifts.get(state.clerk)
    on_duty = shift is not None and shift.shift_id == state.shift_id
    if context.envelope.actor == state.clerk:
        return None
    if on_duty or context.clerk.role not in LEADS:
        return rules.DRW_02(f"the drawer is that of {state.clerk}")
    return None
