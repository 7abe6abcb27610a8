"""What decide reads of a customer, and how events change it."""

from collections.abc import Mapping
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
    IdentityVerificationFailed,
    IdentityVerified,
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

    def consents_to(self, purpose: ConsentPurpose, day: date) -> bool:
        if purpose not in self.consents:
            return False
        until_on = self.consents[purpose]
        return until_on is None or day <= until_on

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
            return replace(state, consents=_without(state.consents, event.purpose))
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
            return replace(state, status="terminated")
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
            | EntryCorrected()
        ):
            return state
        case _:
            assert_never(event)


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
