"""Correcting an entry: the same for every aggregate, said once.

A correction never changes an entry. It stands beside it, names it, and says what should have been
typed; results, amounts, states and signatures are changed by their own interactions. An aggregate
declares its pair and which of its fields clerks type:

    class CorrectEntry(Interaction, Correction, type="payment.correct_entry.v1"):
        payment_id: Id

    class EntryCorrected(Event, CorrectEntry, tag="payment.entry_corrected.v1"):
        clerk_in_error: Id
"""

from collections.abc import Set
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Protocol

from msgspec import Meta

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.model import Context, Decision, Event, Fields
from ledger.rules import Rule
from ledger.values import Code, SealedText

EventId = Annotated[str, Meta(pattern=r"\A[!-~]{3,300}\Z")]
"""The entry's source and id, and the event's number in it."""

ENV_13: Final = Rule(
    "ENV-13",
    "A correction names an event of the same stream whose field was not corrected before.",
    "更正须指明同一业务的已记录条目, 且同一字段未曾更正。",
)
ENV_14: Final = Rule(
    "ENV-14",
    "A correction touches only a field that a clerk typed; results are changed by their own acts.",
    "更正仅限营业员录入的字段, 结果和金额须由各自业务变更。",
)
ENV_15: Final = Rule(
    "ENV-15",
    "A correction of an older entry takes two people.",
    "更正较早的条目须双人。",
    (policy.CORRECTION_SELF_DAYS,),
)
RULES: Final = (ENV_13, ENV_14, ENV_15)


class Correction(Fields):
    """What is wrong, and what should have been typed."""

    wrong_entry_id: EventId
    field: Code
    should_be: SealedText
    error_kind: Literal[
        "typing",
        "wrong_customer",
        "wrong_product",
        "wrong_amount_note",
        "omission",
        "wrong_code",
        "other",
    ]
    found_by: Literal["self_check", "customer", "supervisor", "audit", "system"]
    note: SealedText


class Corrects(Protocol):
    """A register that remembers what was corrected."""

    @property
    def corrected(self) -> frozenset[str]: ...


def place_of(event: object) -> str | None:
    """What a correction corrected, which it may once: the owner's register keeps it."""
    return f"{event.wrong_entry_id} {event.field}" if isinstance(event, Correction) else None


def decide(
    wish: Correction,
    event: type[Event],
    stream: str,
    correctable: Set[str],
    context: Context[Corrects],
) -> Decision:
    """The correction of an entry on `stream` as `event`, by the rules above in their order.

    The event's `clerk_in_error` is the actor of the entry corrected.
    """
    wrong = context.history.event(wish.wrong_entry_id)
    if wrong is None or wrong.stream != stream:
        return ENV_13(f"{wish.wrong_entry_id} is no event of {stream}")
    if place_of(wish) in context.register.corrected:
        return ENV_13(f"{wish.field} of {wish.wrong_entry_id} was corrected before")
    if wish.field not in correctable:
        return ENV_14(f"{wish.field} is not among {', '.join(sorted(correctable))}")
    age = context.envelope.time - wrong.envelope.time
    if age > timedelta(days=context.policy[policy.CORRECTION_SELF_DAYS]):
        refusal = common.approver(context)
        if refusal is not None:
            return ENV_15(refusal.detail)
    said: Any = wish
    return [event.of(said, clerk_in_error=wrong.envelope.actor)]
