"""What several interactions of a visit ask first."""

from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates.hall.leads import LEADS
from ledger.aggregates.hall.visit import rules
from ledger.aggregates.hall.visit.state import State
from ledger.aggregates.model import Context
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def no_service_area(
    service_area: str, counter_id: str | None, context: "Context[Register]"
) -> Refusal | None:
    """VIS-04, or None where the hall has such a counter, and the one named where one is."""
    counters = context.hall.counters
    if all(counter.service_area != service_area for counter in counters):
        return rules.VIS_04(f"the hall has no counter for {service_area}")
    if counter_id is not None and all(counter.counter_id != counter_id for counter in counters):
        return rules.VIS_04(f"the hall has no counter {counter_id}")
    return None


def not_logged_in(context: "Context[Register]") -> Refusal | None:
    """VIS-05, or None where the actor has a session or needs none."""
    if not context.policy[policy.SHIFT_LOGIN_REQUIRED]:
        return None
    if context.register.shifts[context.envelope.actor].session_id is None:
        return rules.VIS_05(f"{context.envelope.actor} is logged in at no terminal")
    return None


def counter_taken(context: "Context[Register]") -> Refusal | None:
    counter, visit = context.envelope.counter or "", context.envelope.visit
    serving = context.register.serving.get(counter)
    if serving is not None and serving.visit != visit:
        return rules.VIS_06(f"counter {counter} serves visit {serving.visit}")
    called = context.register.called.get(counter)
    if called is not None and called != visit:
        return rules.VIS_06(f"counter {counter} has called visit {called}")
    return None


def served_by_another(state: State, context: "Context[Register]") -> Refusal | None:
    if state.transfer_to is not None:
        return rules.VIS_12(f"it waits to be accepted at counter {state.transfer_to}")
    if context.envelope.actor != state.clerk and not _stands_in(state, context):
        return rules.VIS_12(f"{state.clerk} serves it")
    return None


def _stands_in(state: State, context: "Context[Register]") -> bool:
    """A supervisor or manager ends what was left by a clerk whose shift was closed by force."""
    return state.clerk not in context.register.shifts and context.clerk.role in LEADS
