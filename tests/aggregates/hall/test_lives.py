"""Random days of a hall, and the timers of its visits: what holds whatever happens."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import wire
from ledger.aggregates import copies
from ledger.aggregates.hall import register as hall_register
from ledger.aggregates.hall import shift, visit
from ledger.aggregates.model import Aggregate, Event, FollowOn, Interaction, Settled
from ledger.entry import Envelope
from ledger.rules import Refusal
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.hall.facts import (
    ARRIVE,
    ARRIVED,
    CLOCK,
    HALL,
    LAPSE,
    OPENING,
    QUEUE,
    REACTOR,
    issue,
    open_shift,
)

CLERKS: Final = ("c-li", "c-wang", "s-sun")
VISITS: Final = ("v1", "v2", "v3", "v4")
SERVING: Final[tuple[Interaction, ...]] = (
    visit.Greet(),
    visit.Direct(service_area="consultation"),
    visit.AskNeeds(needs=("payment",)),
    visit.IdentifyCustomer(customer_id="d1", role="holder", method="declared"),
    visit.RaiseInquiry(inquiry_id="q1", family="mobile", topics=("tariff",)),
    visit.RaiseInquiry(inquiry_id="q2", family="mobile", topics=("usage",)),
    visit.QuoteTariff(
        quote_id="t1", product_id="plan-39", tariff_version="2026-1", shown_price_fen=3900
    ),
    visit.AnswerInquiry(
        inquiry_id="q1", answered_topics=("tariff",), quote_ids=("t1",), usage_shown=False
    ),
    visit.EscalateInquiry(inquiry_id="q2", to_role="supervisor", reason="no_authority"),
    visit.AssessNeeds(assessment_id="a1", families=("mobile",)),
    *(
        visit.Recommend(
            recommendation_id=each,
            assessment_id="a1",
            product_id="plan-39",
            tariff_version="2026-1",
            fit=("lower_price",),
            above_budget_told=False,
        )
        for each in ("r1", "r2")
    ),
    visit.AnswerRecommendation(recommendation_id="r1", answer="accepted"),
    visit.AnswerRecommendation(recommendation_id="r2", answer="declined", decline_reason="price"),
    visit.GiveSupport(support_id="h1", kind="app_use", family="mobile", result="not_solved"),
    visit.EscalateSupport(support_id="h1", symptom="slow", subscription_id="l1"),
    visit.Transfer(to_counter="k1", reason="specialist_needed"),
    visit.Transfer(to_counter="k2", reason="specialist_needed"),
    visit.AcceptTransfer(),
    visit.Close(outcome="all_done", follow_up_asked=False),
    visit.Close(outcome="all_done", needs_met=("payment",), follow_up_asked=False),
    visit.Close(outcome="customer_left", follow_up_asked=False),
    visit.Close(outcome="customer_left", needs_open=("payment",), follow_up_asked=False),
)
CLERKS_WORK: Final[tuple[Interaction, ...]] = (
    visit.CallTicket(),
    visit.CallTicket(),
    visit.RecordNoShow(),
    visit.Start(),
    visit.Start(),
    visit.AcceptTransfer(),
    *SERVING,
)
OBSERVE: Final = visit.Observe(
    observation_id="b1",
    method="floor_walk",
    observed_clerk_id="c-li",
    items=(visit.ObservationItem(item="patience", points=7),),
)
BAR: Final = copies.BarPromotion(customer_id="d1", reason="fraud_hold")
CUSTOMERS_WORK: Final[tuple[Interaction, ...]] = (
    ARRIVE,
    issue("A001"),
    issue("A002"),
    issue("A003", "consultation"),
    visit.Rejoin(),
    visit.Abandon(reason="other"),
)


@dataclass(frozen=True)
class Move:
    """Somebody does something, some minutes after the move before."""

    wish: Interaction
    who: dict[str, Any]
    minutes: int


@dataclass
class Life:
    """A hall that lives: decides moves, folds what is recorded and keeps the pending timers, by
    stream and name."""

    VISIT: ClassVar[Aggregate] = wire.AGGREGATES[visit.State]

    case: Case = field(default_factory=lambda: Case(HALL))
    now: datetime = OPENING
    history: list[tuple[Event, Envelope]] = field(default_factory=list)
    timers: dict[tuple[str, str], datetime] = field(default_factory=dict)
    visits: dict[str, visit.State] = field(default_factory=dict)

    def live(self, move: Move) -> None:
        self.now += timedelta(minutes=move.minutes)
        decision = self.case.when(move.wish, at=self.now, **move.who).decision
        if isinstance(decision, Refusal):
            return
        envelope = self.case.envelope(move.wish.marks.type, self.now, **move.who)
        for event in decision:
            self.case.given(event, at=self.now, **move.who)
            self.history.append((event, envelope))
            self._react(event, envelope)
            if envelope.visit is not None:
                stream = f"visit/{envelope.visit}"
                self.visits[envelope.visit], _ = self.case.memory.known(self.VISIT, HALL, stream)

    def _react(self, event: Event, envelope: Envelope) -> None:
        stream = wire.EVENTS[event.tag][0].stream(envelope, event)
        for reaction in reactions(event, envelope, stream):
            match reaction:
                case FollowOn(name=name, due_at=datetime() as due_at):
                    self.timers[stream, name] = due_at
                case Settled(name=name):
                    self.timers.pop((stream, name), None)
                case _:
                    raise AssertionError(reaction)

    @property
    def lapses(self) -> dict[str, datetime]:
        """When visits lapse, by visit."""
        return {
            stream.removeprefix("visit/"): due_at
            for (stream, name), due_at in self.timers.items()
            if name == "lapse"
        }

    def present(self) -> list[str]:
        """The first visits of those still in the hall, and the one completed last."""
        there = [v for v, state in self.visits.items() if state.status in ("open", "in_progress")]
        gone = [v for v, state in self.visits.items() if state.status == "completed"]
        return there[:4] + gone[-1:]

    def state(self, visit_id: str) -> visit.State:
        return self.visits.get(visit_id, visit.State())


def moves() -> st.SearchStrategy[Move]:
    minutes = st.sampled_from((0, 0, 1, 1, 5, 40))
    visit_id = st.sampled_from(VISITS)
    clerk_and_counter = st.sampled_from(
        (("c-li", "k1"), ("c-li", "k1"), ("c-wang", "k2"), ("c-wang", "k2"), ("s-sun", "k1"))
    )

    def at_counter(place: tuple[str, str], visit_id: str) -> dict[str, Any]:
        clerk, counter = place
        return {"actor": clerk, "hall": "renmin", "counter": counter, "visit": visit_id}

    def opening(place: tuple[str, str], number: int) -> shift.Open:
        return open_shift(f"s{number}", place[1])

    def closing(number: int) -> shift.Close:
        return shift.Close(shift_id=f"s{number}", forced=False, reason="planned_end")

    actor = st.sampled_from(CLERKS).map(lambda clerk: {"actor": clerk})
    queue = visit_id.map(lambda visit_id: {**QUEUE, "visit": visit_id})
    pad = visit_id.map(lambda visit_id: {"actor": "system:rating_pad", "visit": visit_id})
    reactor = visit_id.map(lambda visit_id: {**REACTOR, "visit": visit_id})
    watcher = visit_id.map(lambda visit_id: {"actor": "m-he", "visit": visit_id})
    rating = st.builds(visit.Rate, score=st.integers(1, 5))
    number = st.integers(1, 4)
    work = st.builds(at_counter, clerk_and_counter, visit_id)
    return st.one_of(
        st.builds(Move, st.sampled_from(CLERKS_WORK), work, minutes),
        st.builds(Move, st.sampled_from(CLERKS_WORK), work, minutes),
        st.builds(Move, st.sampled_from(CUSTOMERS_WORK), queue, minutes),
        st.builds(Move, st.builds(opening, clerk_and_counter, number), actor, minutes),
        st.builds(Move, number.map(closing), actor, minutes),
        st.builds(Move, rating, pad, minutes),
        st.builds(Move, st.just(BAR), reactor, minutes),
        st.builds(Move, st.just(OBSERVE), watcher, minutes),
    )


def lived(many: Sequence[Move]) -> Life:
    life = Life()
    for move in many:
        life.live(move)
    return life


PLACES: Final = {"c-li": "k1", "c-wang": "k2"}
NEXT: Final[dict[str, tuple[Interaction, ...]]] = {
    "-": (ARRIVE,),
    "none": (issue(), issue(), visit.Start(), visit.Greet()),
    "waiting": (*[visit.CallTicket()] * 3, visit.Abandon(reason="other")),
    "called": (visit.Start(), visit.RecordNoShow(), visit.CallTicket()),
    "no_show": (visit.Rejoin(),),
    "in_progress": SERVING,
    "transferred": (visit.AcceptTransfer(),),
    "completed": (visit.Rate(score=4), visit.Rate(score=4), OBSERVE, BAR),
}
"""What comes next for a visit, by its status or, while it is open, by its ticket."""


def ordinary_day(seed: int) -> Life:
    """A life whose moves more often than not fit, so that it comes to closings and ratings."""
    chance = random.Random(seed)
    life = Life()
    for clerk, counter in PLACES.items():
        life.live(Move(open_shift(f"s-{clerk}", counter), {"actor": clerk}, 0))
    done: Counter[str] = Counter()
    for number in range(600):
        visit_id = chance.choice([*life.present(), f"v{number}"])
        state = life.state(visit_id)
        wish = chance.choice(NEXT[_stage(state)])
        if wish in SERVING:
            wish = SERVING[done[visit_id] % len(SERVING)]
        if chance.random() < 0.2:
            wish = chance.choice((*CLERKS_WORK, *CUSTOMERS_WORK * 2, OBSERVE, BAR))
        if isinstance(wish, visit.IssueTicket):
            wish = issue(f"A{number}")
        recorded = len(life.history)
        who = {**_who(wish, state, chance), "visit": visit_id}
        life.live(Move(wish, who, chance.randrange(2)))
        if len(life.history) > recorded or chance.random() < 0.3:
            done[visit_id] += wish in SERVING
    return life


@cache
def past_day(seed: int) -> Life:
    """An ordinary day to look back on; nothing more is to happen in it."""
    return ordinary_day(seed)


def _stage(state: visit.State) -> str:
    if state.transfer_to is not None:
        return "transferred"
    return state.ticket if state.status == "open" else state.status


def _who(wish: Interaction, state: visit.State, chance: random.Random) -> dict[str, Any]:
    if wish.marks.systems:
        return {"actor": f"system:{wish.marks.systems[0]}"}
    if wish is OBSERVE:
        return {"actor": "m-he"}
    clerk = chance.choice([*PLACES, *([state.clerk] * 4 if state.clerk else [])])
    return {"actor": clerk, "hall": "renmin", "counter": PLACES[clerk]}


def holds_throughout(life: Life) -> None:
    serving: dict[str, str] = {}
    on_shift: dict[str, str] = {}
    tickets: set[tuple[Any, str]] = set()
    closed_by: dict[str, str] = {}
    for event, envelope in life.history:
        visit_id, counter = envelope.visit or "", envelope.counter or ""
        match event:
            case shift.Opened():
                assert envelope.actor not in on_shift, "a clerk has one open shift"
                on_shift[envelope.actor] = event.shift_id
            case shift.Closed():
                assert on_shift.pop(event.clerk_id) == event.shift_id
            case visit.TicketIssued():
                assert (event.business_on, event.ticket_no) not in tickets
                tickets.add((event.business_on, event.ticket_no))
            case visit.Started() | visit.TransferAccepted():
                assert counter not in serving, "a counter serves one visit"
                assert visit_id not in serving.values(), "one counter serves a visit"
                assert event.shift_id == on_shift[envelope.actor]
                serving[counter] = visit_id
            case visit.Transferred():
                assert serving.pop(counter) == visit_id
            case visit.Closed():
                assert serving.pop(counter) == visit_id
                assert event.pause_seconds + event.handling_seconds == event.counter_seconds
                closed_by[visit_id] = envelope.actor
            case visit.Rated():
                assert closed_by.pop(visit_id) == event.clerk_id, "once, by who closed it"
            case _:
                pass


def register_agrees_with_the_streams(life: Life) -> None:
    register = life.case.register
    visits = {
        name.removeprefix("visit/"): state
        for name, state in life.case.states.items()
        if name.startswith("visit/")
    }

    def those(**wanted: Any) -> set[str]:
        return {
            visit_id
            for visit_id, state in visits.items()
            if all(getattr(state, name) == value for name, value in wanted.items())
        }

    served = those(status="in_progress", transfer_to=None)
    assert {each.visit for each in register.serving.values()} == served
    assert set(register.called.values()) == those(status="open", ticket="called")
    assert set(register.waiting) == those(status="open", ticket="waiting")
    opened = {
        name
        for name, state in life.case.states.items()
        if name.startswith("shift/") and state.status != "closed"
    }
    assert {f"shift/{each.shift_id}" for each in register.shifts.values()} == opened
    assert set(life.lapses) == those(status="open"), "an open visit lapses some day"
    overruns = {stream for stream, name in life.timers if name == "overrun"}
    assert overruns == opened, "an open shift is marked some day"


@settings(max_examples=150, deadline=None)
@given(st.lists(moves(), max_size=60))
def test_a_hall_keeps_its_order_whatever_happens(many: list[Move]) -> None:
    life = lived(many)
    holds_throughout(life)
    register_agrees_with_the_streams(life)


@pytest.mark.parametrize("seed", range(5))
def test_on_ordinary_days_everything_happens_in_order(seed: int) -> None:
    life = past_day(seed)
    holds_throughout(life)
    register_agrees_with_the_streams(life)


def test_ordinary_days_bring_everything_but_what_takes_a_clock_or_a_mistake() -> None:
    seen = {type(event) for seed in range(5) for event, _ in past_day(seed).history}
    assert seen >= set(visit.EVENTS) - {visit.Lapsed, visit.Forgotten, visit.EntryCorrected}


@pytest.mark.parametrize("seed", range(2))
def test_every_timer_that_is_due_ends_its_visit(seed: int) -> None:
    life = ordinary_day(seed)
    assert life.lapses
    for visit_id, due_at in sorted(life.lapses.items(), key=lambda timer: timer[1]):
        life.now = max(life.now, due_at)
        life.live(Move(visit.Lapse(), {**CLOCK, "visit": visit_id}, 0))
        assert life.state(visit_id).status == "completed"
    assert not life.lapses
    register_agrees_with_the_streams(life)


@pytest.mark.parametrize("seed", range(5))
def test_a_register_survives_being_kept(seed: int) -> None:
    register = past_day(seed).case.register
    assert register.tickets
    kept = msgspec.msgpack.encode(register)
    assert msgspec.msgpack.decode(kept, type=hall_register.Register) == register


# Timers


def the_reaction(event: Event, **who: Any) -> Any:
    envelope = Case(HALL).envelope("t", NOW, visit="v1", **who)
    (reaction,) = reactions(event, envelope, "visit/v1")
    return reaction


def test_an_arrival_starts_the_timer_that_ends_a_forgotten_visit() -> None:
    assert the_reaction(ARRIVED) == FollowOn("lapse", HALL, visit.Lapse(), LAPSE)


def test_a_no_show_lapses_a_second_after_the_time_to_rejoin() -> None:
    event = visit.NoShowRecorded(rejoin_until_at=later(minutes=30))
    due_at = later(minutes=30, seconds=1)
    assert the_reaction(event) == FollowOn("lapse", HALL, visit.Lapse(), due_at)


def test_who_rejoins_lapses_after_closing_again() -> None:
    event = visit.Rejoined(service_area="business_counter", lapse_due_at=LAPSE)
    assert the_reaction(event) == FollowOn("lapse", HALL, visit.Lapse(), LAPSE)


@pytest.mark.parametrize(
    "event",
    [
        visit.Started(shift_id="s1"),
        visit.Abandoned(reason="other", wait_seconds=0),
        visit.Lapsed(outcome="no_show"),
    ],
)
def test_a_visit_that_is_served_or_gone_needs_no_timer(event: Event) -> None:
    assert the_reaction(event) == Settled("lapse")


@pytest.mark.parametrize(
    "event",
    [
        visit.TicketCalled(call_count=1, wait_seconds=0),
        visit.NeedsAsked(needs=("payment",)),
        visit.Rated(score=5, clerk_id="c-li", scale="one_to_five"),
    ],
)
def test_nothing_follows_from_the_rest(event: Event) -> None:
    envelope = Case(HALL).envelope("t", NOW, visit="v1")
    assert reactions(event, envelope, "visit/v1") == []
