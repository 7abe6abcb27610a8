"""Handing cases over, one by one or with a shift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.aggregates.hall.case import rules
from ledger.aggregates.hall.case.events import HandedOver
from ledger.aggregates.model import Context, Decision
from ledger.rules import Refusal

if TYPE_CHECKING:
    from ledger.aggregates.hall.register import Register


def no_receiver(to_clerk_id: str, keeper: str, context: "Context[Register]") -> Refusal | None:
    """CAS-03, or None where the clerk may take over what `keeper` has."""
    if to_clerk_id == keeper:
        return rules.CAS_03(f"{keeper} keeps it already")
    clerk = context.reference.clerk_in_service(to_clerk_id, context.envelope.time)
    hall_id = context.hall.hall_id
    if clerk is None or (clerk.hall_ids and hall_id not in clerk.hall_ids):
        return rules.CAS_03(f"{to_clerk_id} is not in service at hall {hall_id}")
    return None


def with_shift(
    case_ids: Sequence[str], keeper: str, to_clerk_id: str, context: "Context[Register]"
) -> Decision:
    """The cases that `keeper` hands over with the shift, each as an offer on its own stream."""
    known = context.register.cases.open
    for case_id in case_ids:
        kept = known.get(case_id)
        if kept is None or kept.offered_to is not None:
            return rules.CAS_01(f"case {case_id} is not kept here, or is offered already")
        if kept.keeper != keeper:
            return rules.CAS_02(f"{kept.keeper} keeps case {case_id}")
    refusal = no_receiver(to_clerk_id, keeper, context)
    if refusal is not None:
        return refusal
    return [
        HandedOver(
            case_id=case_id, to_clerk_id=to_clerk_id, reason="shift_change", from_clerk_id=keeper
        )
        for case_id in dict.fromkeys(case_ids)
    ]
