"""What decide reads of a customer, and how events change it."""

from collections.abc import Mapping, Set
from datetime import date, datetime
from typing import Final, TypeVar, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.customer.events import (
    AgentRevoked,
    AgentVerificationFailed,
    AgentVerified,
    AnyEvent,
    ConsentGiven,
    ConsentWithdrawn,
    DataCorrected,
    DataRequestAnswered,
    DataRequested,
    DataRequestOverdue,
    DataUpdated,
    DocumentReplaced,
    EntryCorrected,
    Erased,
    ErasureOrdered,
    ErasureScheduled,
    IdentityVerificationFailed,
    IdentityVerified,
    IdFreed,
    LegalHoldPlaced,
    LegalHoldReleased,
    Linked,
    LinkedNumbersRecorded,
    Listed,
    ListingLifted,
    NumberDisowned,
    NumbersLookedUp,
    ProcessingRestricted,
    Registered,
    RestrictionLifted,
    Returned,
    Revealed,
    Terminated,
)
from ledger.aggregates.customer.customer.interactions import (
    AnyInteraction,
)
from ledger.aggregates.customer.customer.words import (
    ConsentPurpose,
    DataRequestKind,
    Minor,
    PartyKind,
    RestrictionReason,
)
from ledger.entry import Envelope
from ledger.values import business_day

KEPT_VERIFICATIONS: Final = 20
V = TypeVar("V")


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose authorisation was shown, as last verified."""

    scope: frozenset[str]
    valid_until_at: datetime


class DataRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    kind: DataRequestKind
    due_at: datetime
    is_open: bool = True
    is_overdue: bool = False


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """An authority's listing, on both days and between."""

    from_on: date
    until_on: date


class State(model.State, frozen=True, kw_only=True):
    """`consents` maps each purpose consented to to its last day, or None where it has none.

    `documents` are the digests of the documents that the newest verifications saw, by verification.
    """

    party_kind: PartyKind = "person"
    minor: Minor = "no"
    consents: dict[str, date | None] = msgspec.field(default_factory=dict[str, date | None])
    documents: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    agents: dict[str, Agent] = msgspec.field(default_factory=dict[str, Agent])
    linked: frozenset[str] = frozenset()
    requests: dict[str, DataRequest] = msgspec.field(default_factory=dict[str, DataRequest])
    restriction: RestrictionReason | None = None
    listings: dict[str, Listing] = msgspec.field(default_factory=dict[str, Listing])
    listing_ids: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    hold_ids: frozenset[str] = frozenset()
    terminated_on: date | None = None
    consent_ended_on: date | None = None

    def consents_to(self, purpose: ConsentPurpose, day: date) -> bool:
        if purpose not in self.consents:
            return False
        until_on = self.consents[purpose]
        return until_on is None or day <= until_on

    def consents_end_on(self, day: date) -> date | None:
        """When the last consent ended or, of those that stand, ends on `day`; None if none was."""
        standing = (day if until_on is None else until_on for until_on in self.consents.values())
        ended = () if self.consent_ended_on is None else (self.consent_ended_on,)
        return max((*ended, *(min(day, each) for each in standing)), default=None)

    def agent_in_scope(self, agent_id: str | None, scope: str, moment: datetime) -> bool:
        """Whether that agent is verified at `moment` and may do what `scope` says (CUS-12)."""
        agent = self.agents.get(agent_id or "")
        return agent is not None and scope in agent.scope and moment <= agent.valid_until_at

    def is_listed(self, day: date) -> bool:
        """Whether a listing by an authority is in force on `day`."""
        return any(each.from_on <= day <= each.until_on for each in self.listings.values())


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return envelope.subject


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Registered():
            return State(status="prospective", party_kind=event.party_kind, minor=event.minor)
        case IdentityVerified():
            seen = [*state.documents.items(), (event.verification_id, event.document_digest)]
            status = "active" if state.status == "prospective" else state.status
            return replace(state, status=status, documents=dict(seen[-KEPT_VERIFICATIONS:]))
        case ConsentGiven():
            return replace(state, consents={**state.consents, event.purpose: event.valid_until_on})
        case ConsentWithdrawn():
            return _consents_ended(state, {event.purpose}, business_day(envelope.time))
        case AgentVerified():
            agent = Agent(scope=frozenset(event.scope), valid_until_at=event.valid_until_at)
            return replace(state, agents={**state.agents, event.agent_id: agent})
        case AgentRevoked():
            return replace(state, agents=_without(state.agents, event.agent_id))
        case Linked():
            return replace(state, linked=state.linked | {event.other_customer_id})
        case DataRequested() | DataRequestAnswered() | DataRequestOverdue():
            return replace(
                state, requests={**state.requests, event.request_id: _asked(state, event)}
            )
        case ProcessingRestricted():
            return replace(state, restriction=event.reason)
        case RestrictionLifted():
            return replace(state, restriction=None)
        case LegalHoldPlaced():
            holds = state.holds | {event.hold_id}
            return replace(state, holds=holds, hold_ids=state.hold_ids | {event.hold_id})
        case LegalHoldReleased():
            return replace(state, holds=state.holds - {event.hold_id})
        case ErasureScheduled():
            return _consents_ended(state, set(event.consents_ended), business_day(envelope.time))
        case ErasureOrdered():
            return replace(state, status="erasing")
        case Erased():
            return State(status="erased")
        case Listed():
            listing = Listing(from_on=event.from_on, until_on=event.until_on)
            return replace(
                state,
                listings={**state.listings, event.listing_id: listing},
                listing_ids=state.listing_ids | {event.listing_id},
            )
        case ListingLifted():
            return replace(state, listings=_without(state.listings, event.listing_id))
        case Terminated():
            ended_on = business_day(envelope.time)
            return replace(state, status="terminated", terminated_on=ended_on)
        case Returned():
            return replace(state, status="active")
        case (
            IdentityVerificationFailed()
            | AgentVerificationFailed()
            | DataUpdated()
            | DocumentReplaced()
            | LinkedNumbersRecorded()
            | NumbersLookedUp()
            | NumberDisowned()
            | DataCorrected()
            | Revealed()
            | IdFreed()
            | EntryCorrected()
        ):
            return state
        case _:
            assert_never(event)


def _consents_ended(state: State, purposes: Set[str], day: date) -> State:
    """These consents end on `day`, unless their own last day was before it."""
    ending = {k: v for k, v in state.consents.items() if k in purposes}
    standing = {k: v for k, v in state.consents.items() if k not in purposes}
    ended = msgspec.structs.replace(state, consents=ending).consents_end_on(day)
    return msgspec.structs.replace(state, consents=standing, consent_ended_on=ended)


def _asked(
    state: State, event: DataRequested | DataRequestAnswered | DataRequestOverdue
) -> DataRequest:
    match event:
        case DataRequested():
            return DataRequest(kind=event.kind, due_at=event.due_at)
        case DataRequestAnswered():
            return msgspec.structs.replace(state.requests[event.request_id], is_open=False)
        case DataRequestOverdue():
            return msgspec.structs.replace(state.requests[event.request_id], is_overdue=True)


def _without(those: Mapping[str, V], key: str) -> dict[str, V]:
    return {k: v for k, v in those.items() if k != key}
