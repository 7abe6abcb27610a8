"""Where the customer stands: other files and numbers, listings by authorities, end and return."""

from datetime import date
from typing import TYPE_CHECKING

from ledger import policy
from ledger.aggregates import common
from ledger.aggregates.customer.customer import rules
from ledger.aggregates.customer.customer.events import (
    Linked,
    LinkedNumbersRecorded,
    Listed,
    ListingLifted,
    NumberDisowned,
    NumbersLookedUp,
    Returned,
    Terminated,
)
from ledger.aggregates.customer.customer.interactions import (
    DisownNumber,
    LiftListing,
    Link,
    ListRestriction,
    LookUpNumbers,
    RecordLinkedNumbers,
    Return,
    Terminate,
)
from ledger.aggregates.customer.customer.state import State
from ledger.aggregates.model import Context, Decision
from ledger.values import business_day

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register as Known


def link(wish: Link, state: State, context: "Context[Known]") -> Decision:
    """Two people link two files; the other file takes the link from this one without a word."""
    if not context.actor_is_system:
        refusal = common.approver(context)
        if refusal is not None:
            return refusal
        if wish.other_customer_id in state.linked:
            return rules.CUS_17(f"{wish.other_customer_id} is linked already")
    if f"customer/{wish.other_customer_id}" == context.envelope.subject:
        return rules.CUS_17("a file is not linked to itself")
    return [Linked.of(wish, own_numbers=own_numbers(context))]


def record_linked_numbers(told: RecordLinkedNumbers, state: State) -> Decision:
    if told.other_customer_id not in state.linked:
        return rules.CUS_17(f"{told.other_customer_id} is not linked")
    return [LinkedNumbersRecorded.of(told)]


def look_up_numbers(wish: LookUpNumbers, context: "Context[Known]") -> Decision:
    if not context.register.verified_at(wish.verification_id, context.envelope.time):
        return rules.CUS_15()
    looked_up = NumbersLookedUp.of(
        wish,
        subscription_ids=context.register.open_lines,
        active_numbers=counted_numbers(context),
    )
    return [looked_up]


def disown_number(wish: DisownNumber, context: "Context[Known]") -> Decision:
    if not context.register.verified_at(wish.verification_id, context.envelope.time):
        return rules.CUS_15()
    if wish.subscription_id not in context.register.open_lines:
        return rules.CUS_18()
    return [NumberDisowned.of(wish)]


def list_restriction(told: ListRestriction, state: State, context: "Context[Known]") -> Decision:
    last_day = years_after(told.from_on, context.policy[policy.LISTING_MAX_YEARS])
    if told.listing_id in state.listing_ids:
        return rules.CUS_31("that listing id is taken")
    if not told.from_on < told.until_on <= last_day:
        return rules.CUS_31(f"a listing from {told.from_on.isoformat()} may end until {last_day}")
    return [Listed.of(told)]


def lift_listing(told: LiftListing, state: State) -> Decision:
    if told.listing_id not in state.listings:
        return rules.CUS_31(f"{told.listing_id} does not stand")
    return [ListingLifted.of(told)]


def terminate(wish: Terminate, context: "Context[Known]") -> Decision:
    if context.register.open_lines:
        return rules.CUS_32()
    years = context.policy[policy.IDENTITY_RETENTION_YEARS]
    retention_until_on = years_after(business_day(context.envelope.time), years)
    return [Terminated.of(wish, retention_until_on=retention_until_on)]


def come_back(wish: Return, context: "Context[Known]") -> Decision:
    if not context.register.verified_at(wish.verification_id, context.envelope.time):
        return rules.CUS_15()
    return [Returned.of(wish)]


def own_numbers(context: "Context[Known]") -> int:
    """The lines of this file that count towards the legal limit."""
    return context.register.counted_numbers(context.policy[policy.COUNTED_FAMILIES])


def counted_numbers(context: "Context[Known]") -> int:
    """The lines that count towards the legal limit, those of linked files included."""
    return own_numbers(context) + sum(context.register.linked_numbers.values())


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February, the 28th where there is no other."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
