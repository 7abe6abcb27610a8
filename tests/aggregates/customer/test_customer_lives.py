"""Random lives of one customer: whatever is asked, in whatever order, these hold.

`Life` counts from the events alone and never looks at the state that the rules read.
"""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.aggregates.customer import customer
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from ledger.values import business_day
from tests.aggregates.case import NOW
from tests.aggregates.customer.samples import (
    AT_COUNTER,
    CONTACT_DIGEST,
    DIGEST,
    SEALED,
    SUBJECT,
    answer,
    consent,
    known,
    link,
    listing,
    request_data,
    restrict,
    verify,
    verify_agent,
)

CLERK: dict[str, Any] = {"actor": "c-li", "approver": "s-sun", **AT_COUNTER}
PRIVACY = {"actor": "o-fang", "approver": "s-sun"}
CLOCK, REACTOR = {"actor": "system:clock"}, {"actor": "system:reactor"}
REGULATOR = {"actor": "system:regulator"}
DAY = timedelta(days=1)


class Life:
    """What the events say of one customer, held together step by step."""

    def __init__(self) -> None:
        self.status = "prospective"
        self.verified_until: dict[str, datetime] = {}
        self.agents: dict[str, tuple[set[str], datetime]] = {}
        self.requests: dict[str, datetime] = {}
        self.open: set[str] = set()
        self.overdue: set[str] = set()
        self.restricted: str | None = None
        self.listings: dict[str, tuple[date, date]] = {}
        self.linked: set[str] = set()

    def enter(self, event: Any, now: datetime, who: dict[str, Any]) -> None:
        match event:
            case customer.IdentityVerified():
                assert event.valid_until_at == now + DAY
                self.verified_until[event.verification_id] = event.valid_until_at
                self.status = "active" if self.status == "prospective" else self.status
            case customer.AgentVerified():
                assert now <= event.valid_until_at <= now + DAY
                self.agents[event.agent_id] = set(event.scope), event.valid_until_at
            case customer.AgentRevoked():
                del self.agents[event.agent_id]
            case customer.Linked():
                assert event.other_customer_id not in self.linked or who is REACTOR
                self.linked.add(event.other_customer_id)
            case customer.LinkedNumbersRecorded():
                assert event.other_customer_id in self.linked
            case customer.DocumentReplaced() | customer.NumbersLookedUp():
                assert now <= self.verified_until[event.verification_id]
            case customer.Terminated():
                assert self.status == "active"
                self.status = "terminated"
            case customer.Returned():
                assert self.status == "terminated"
                assert now <= self.verified_until[event.verification_id]
                self.status = "active"
            case customer.Listed():
                assert event.listing_id not in self.listings
                self.listings[event.listing_id] = event.from_on, event.until_on
            case customer.ListingLifted():
                self.listings[event.listing_id] = date.min, date.min
            case (
                customer.ConsentGiven()
                | customer.ConsentWithdrawn()
                | customer.IdentityVerificationFailed()
            ):
                pass
            case _:
                self._enter_request(event, now)

    def _enter_request(self, event: Any, now: datetime) -> None:
        match event:
            case customer.DataRequested():
                assert event.request_id not in self.requests
                if event.requester == "self":
                    assert now <= self.verified_until[event.verification_id]
                else:
                    scope, until_at = self.agents[event.agent_id]
                    assert "data_request" in scope
                    assert now <= until_at
                self.requests[event.request_id] = event.due_at
                self.open.add(event.request_id)
            case customer.DataRequestAnswered():
                self.open.remove(event.request_id)
                assert event.in_time == (now <= self.requests[event.request_id])
            case customer.DataRequestOverdue():
                assert event.request_id in self.open - self.overdue
                assert now > self.requests[event.request_id]
                self.overdue.add(event.request_id)
            case customer.ProcessingRestricted():
                assert self.restricted is None
                self.restricted = event.reason
            case customer.RestrictionLifted():
                waits = self.restricted == "erasure_pending_retention"
                assert self.restricted is not None
                assert not waits or event.reason == "new_contract"
                self.restricted = None
            case _:
                raise AssertionError(f"a life does not hold {event.tag}")


Step = tuple[Interaction, dict[str, Any], int]
"""An interaction, who sends it, and the hours that pass before it."""


def play(life: list[Step]) -> list[Event]:
    """All the events of a life; holds what they say and the state together."""
    case, told, history = known(), Life(), list[Event]()
    now: datetime = NOW
    for interaction, who, hours in life:
        now += timedelta(hours=hours)
        decision = case.when(interaction, at=now, **who).decision
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            told.enter(event, now, who)
            case.given(event, at=now, **who)
            history.append(event)
    state, register, today = case.states[SUBJECT], case.register, business_day(now)
    assert state.status == register.status == told.status
    assert state.restriction == told.restricted
    assert register.is_restricted == (told.restricted is not None)
    assert state.linked == told.linked == set(register.linked_numbers)
    assert {each for each, asked in state.requests.items() if asked.is_open} == told.open
    assert state.is_listed(today) == any(a <= today <= b for a, b in told.listings.values())
    for agent_id in ("agent1", "agent2"):
        scope, until_at = told.agents.get(agent_id, (set[str](), now))
        allowed = "payment" in scope and now <= until_at
        assert state.agent_in_scope(agent_id, "payment", now) == allowed
    return history


def replace(verification_id: str, document_digest: str) -> customer.ReplaceDocument:
    return customer.ReplaceDocument(
        document_kind="resident_id",
        document_number=SEALED,
        document_digest=document_digest,
        document_valid_until_on=SEALED,
        verification_id=verification_id,
        reason="renewed",
    )


@st.composite
def steps(draw: st.DrawFn) -> Step:
    def one(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    verification_id, agent_id = one("ver1", "ver2"), one("agent1", "agent2")
    request_id, listing_id, other = one("q1", "q2", "q3"), one("l1", "l2"), one("d2", "d3")
    numbers = customer.RecordLinkedNumbers(other_customer_id=other, active_numbers=1)
    choices: list[list[tuple[Interaction, dict[str, Any]]]] = [
        [
            (verify(verification_id=verification_id, document_digest=DIGEST), CLERK),
            (verify(verification_id=verification_id, face_result=one("match", "no_match")), CLERK),
            (replace(verification_id, one(DIGEST, CONTACT_DIGEST)), CLERK),
            (customer.LookUpNumbers(verification_id=verification_id, delivered_by="sms"), CLERK),
        ],
        [
            (verify_agent(agent_id=agent_id, scope=(one("payment", "data_request"),)), CLERK),
            (customer.RevokeAgent(agent_id=agent_id, reason="principal_asked"), CLERK),
            (link(other), one(CLERK, REACTOR)),
            (numbers, REACTOR),
        ],
        [
            (request_data(request_id=request_id, verification_id=verification_id), CLERK),
            (request_data(request_id=request_id, requester="agent", agent_id=agent_id), CLERK),
            (answer(request_id=request_id), PRIVACY),
            (customer.MarkRequestOverdue(request_id=request_id), CLOCK),
        ],
        [
            (restrict(one("customer_asked", "erasure_pending_retention")), PRIVACY),
            (customer.LiftRestriction(reason=one("customer_asked", "new_contract")), PRIVACY),
            (listing(listing_id), REGULATOR),
            (customer.LiftListing(listing_id=listing_id, reason="error"), REGULATOR),
        ],
        [
            (customer.Terminate(reason="customer_asked"), CLERK),
            (customer.Return(verification_id=verification_id), CLERK),
            (consent(), CLERK),
            (customer.WithdrawConsent(purpose="marketing_call", via="counter"), CLERK),
        ],
    ]
    interaction, who = one(*one(*choices))
    return interaction, who, one(*[0] * 12, 1, 23, 24 * 15)


FULL_LIFE: list[Step] = [
    (verify(), CLERK, 0),
    (replace("ver1", DIGEST), CLERK, 0),
    (customer.LookUpNumbers(verification_id="ver1", delivered_by="print"), CLERK, 0),
    (verify_agent(), CLERK, 0),
    (request_data(requester="agent", agent_id="agent1"), CLERK, 0),
    (customer.RevokeAgent(agent_id="agent1", reason="abuse"), CLERK, 0),
    (link(), CLERK, 0),
    (customer.RecordLinkedNumbers(other_customer_id="d2", active_numbers=3), REACTOR, 0),
    (consent(), CLERK, 0),
    (customer.WithdrawConsent(purpose="marketing_call", via="sms"), CLERK, 0),
    (listing(), REGULATOR, 0),
    (customer.LiftListing(listing_id="l1", reason="error"), REGULATOR, 0),
    (restrict("erasure_pending_retention"), PRIVACY, 0),
    (customer.LiftRestriction(reason="new_contract"), PRIVACY, 0),
    (customer.Terminate(reason="customer_asked"), CLERK, 0),
    (customer.Return(verification_id="ver1"), CLERK, 1),
    (customer.MarkRequestOverdue(request_id="q1"), CLOCK, 24 * 15),
    (answer(), PRIVACY, 1),
]


def test_a_full_life_is_never_refused() -> None:
    assert len(play(FULL_LIFE)) == len(FULL_LIFE)


@given(st.lists(steps(), min_size=5, max_size=40))
@example(FULL_LIFE)
@settings(max_examples=80, deadline=None)
def test_in_every_life_what_was_said_is_what_is_known(life: list[Step]) -> None:
    play(life)
