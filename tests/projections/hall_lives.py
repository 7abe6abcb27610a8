"""Drawers, days, cases, corrections and facts of halls as histories, by the seed."""

import random
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ledger import founding
from ledger.aggregates.customer import customer
from ledger.aggregates.hall import drawer, shift, visit
from ledger.aggregates.reference import notice
from tests.projections.hall_scenes import CLOCK, Day, Kept, Till, misplace, tell, tell_policy
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET, Lives
from tests.projections.order_lives import OrderLives

HALLS = ("hall/renmin", "hall/binjiang")


def lived(partitions: int, *, visits: int, orders: int, days: int) -> History:
    """A history in which everything happens that the projections know of."""
    history = History(partitions)
    Lives(history, seed=7).day(visits)
    OrderLives(history, seed=7).days(orders)
    HallLives(history, seed=7).days(days)
    return history


class HallLives:
    """Tells what a hall keeps of itself; one round is a day of each hall."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.chance = random.Random(seed)

    def days(self, days: int) -> None:
        for number in range(days):
            at = MORNING + timedelta(days=number)
            for hall in HALLS:
                self.day(hall, number, at)
            self.facts(number, at)

    def day(self, hall: str, number: int, at: datetime) -> None:
        chance = self.chance
        day = Day(self.history, at.date(), hall=hall, at=at)
        for each in range(3):
            self.shift(hall, f"h{number}-{each}", at)
            self.case(hall, f"o{number}-{each}", at)
            self.drawer(hall, f"dr{number}-{each}", at)
            self.visit(hall, f"w{number}-{each}", at)
        if chance.random() < 0.5:
            day.prepare(visits=1).withdraw()
        day.prepare(visits=2, short_fen=chance.choice((0, 300)))
        if chance.random() < 0.5:
            day.mark_overdue()
        if chance.random() < 0.7:
            day.sign()
        day.late_payment(at.date() - timedelta(days=chance.randint(1, 3)))

    def drawer(self, hall: str, drawer_id: str, at: datetime) -> None:
        chance = self.chance
        till = Till(self.history, drawer_id, hall=hall, at=at)
        for number in range(chance.randint(1, 4)):
            till.after(minutes=5).receive(100 * chance.randint(1, 90), f"p{number}")
        if chance.random() < 0.5:
            till.give_back(100)
        if chance.random() < 0.3:
            till.exceed().drop(200)
        difference = chance.choice((0, 0, -500, 300))
        till.count(difference)
        if chance.random() < 0.3:
            difference += -700
            till.receive(700).count(difference)
        if chance.random() < 0.2:
            misplace(self.history, 300, hall=hall, drawer_id=drawer_id, at=till.at)
        if difference:
            till.after(hours=25).mark_unexplained()
            if chance.random() < 0.4:
                return
            till.explain()
        till.close()
        if chance.random() < 0.5:
            till.after(days=2).mark_deposit_overdue()
        if chance.random() < 0.7:
            till.deposit()
            wrong = drawer.CorrectEntry(
                field="bank_account_last4", **till.of, **self._wrong("supervisor")
            )
            self._say(hall, wrong, drawer.EntryCorrected, till.at, "s-sun", clerk_in_error="s-sun")

    def case(self, hall: str, case_id: str, at: datetime) -> None:
        chance = self.chance
        lost = chance.random() < 0.2
        kept = Kept(self.history, case_id, hall=hall, at=at, lost=lost)
        if lost:
            kept.release(unplaced=True)
            return
        kept.offer("c-wang")
        if chance.random() < 0.5:
            kept.accept("c-wang")
        else:
            kept.decline("c-wang").assign("c-zhao")
        if chance.random() < 0.7:
            kept.release()

    def shift(self, hall: str, shift_id: str, at: datetime) -> None:
        chance = self.chance
        of: dict[str, Any] = {"shift_id": shift_id}
        opening = shift.Open(
            counter_id="k1", duty="counter", planned_end_at=at + timedelta(hours=8), **of
        )
        opened: dict[str, Any] = {"role": "clerk", "certifications": ()}
        self._say(hall, opening, shift.Opened, at, "c-li", **opened)
        self._say(hall, shift.Pause(reason="meal", **of), shift.Paused, at, "c-li")
        resumed: dict[str, Any] = {"pause_seconds": 60}
        at += timedelta(seconds=60)
        self._say(hall, shift.Resume(**of), shift.Resumed, at, "c-li", **resumed)
        if chance.random() < 0.5:
            moving = shift.MoveCounter(counter_id="k2", **of)
            self._say(hall, moving, shift.CounterMoved, at, "c-li")
        helping = shift.HelpColleague(help_id="x", helped_clerk_id="c-wang", kind="knowledge", **of)
        self._say(hall, helping, shift.ColleagueHelped, at, "c-li")
        confirming = shift.ConfirmHelp(help_id="x", useful=True, **of)
        helped: dict[str, Any] = {"helper_clerk_id": "c-li"}
        self._say(hall, confirming, shift.HelpConfirmed, at, "c-wang", **helped)
        at += timedelta(hours=9)
        if chance.random() < 0.5:
            over: dict[str, Any] = {"clerk_id": "c-li"}
            self._say(hall, shift.MarkOverrun(**of), shift.Overrun, at, CLOCK, **over)
        if chance.random() < 0.5:
            giving = shift.HandOver(to_clerk_id="c-wang", points=("cash",), note=SECRET, **of)
            self._say(hall, giving, shift.HandedOver, at, "c-li")
            wrong = shift.CorrectEntry(field="note", **of, **self._wrong())
            self._say(hall, wrong, shift.EntryCorrected, at, "c-li", clerk_in_error="c-li")
        if chance.random() < 0.8:
            closing = shift.Close(forced=False, reason="planned_end", **of)
            closed: dict[str, Any] = {
                "worked_seconds": 32_460,
                "pause_seconds": 60,
                "visits_closed": 0,
            }
            self._say(hall, closing, shift.Closed, at, "c-li", clerk_id="c-li", **closed)

    def visit(self, hall: str, visit_id: str, at: datetime) -> None:
        """What is said in a visit before it is closed."""
        chance = self.chance
        here: dict[str, Any] = {"visit": visit_id, "counter": "k1"}
        arriving = visit.Arrive(arrival="walk_in", priority_lane=False)
        self._say(hall, arriving, visit.Arrived, at, who=here, lapse_due_at=at)
        self._say(hall, visit.Start(), visit.Started, at, who=here, shift_id="s1")
        asking = visit.RaiseInquiry(inquiry_id="q1", family="mobile", topics=("tariff",))
        self._say(hall, asking, visit.InquiryRaised, at, who=here)
        wrong = visit.CorrectEntry(field="question", **self._wrong())
        self._say(hall, wrong, visit.EntryCorrected, at, who=here, clerk_in_error="c-li")
        tariff: dict[str, Any] = {"product_id": "plan-39", "tariff_version": "2026-1"}
        priced: dict[str, Any] = {"price_fen": 3900, "price_period": "month"}
        quoting = visit.QuoteTariff(quote_id="t1", shown_price_fen=3900, **tariff)
        quoted: dict[str, Any] = {**priced, "contract_months": 0, "filing_no": "1"}
        self._say(hall, quoting, visit.TariffQuoted, at, who=here, **quoted)
        for number in range(chance.randint(1, 3)):
            named: dict[str, Any] = {"recommendation_id": f"r{number}"}
            advising = visit.Recommend(
                assessment_id="a1",
                fit=("lower_price",),
                above_budget_told=False,
                **named,
                **tariff,
            )
            recommended: dict[str, Any] = {**priced, "above_budget": False}
            self._say(hall, advising, visit.OfferingRecommended, at, who=here, **recommended)
            accepts = chance.random() < 0.5
            answer = visit.AnswerRecommendation(
                answer="accepted" if accepts else "declined", **named
            )
            event = visit.RecommendationAccepted if accepts else visit.RecommendationDeclined
            self._say(hall, answer, event, at, who=here)
        moving = visit.Transfer(to_counter="k2", reason="customer_asked")
        self._say(hall, moving, visit.Transferred, at, who=here)
        closing = visit.Close(
            outcome="all_done", needs_met=("inquiry",), needs_open=(), follow_up_asked=False
        )
        closed: dict[str, Any] = {"handling_seconds": 60, "pause_seconds": 0, "counter_seconds": 60}
        here = {**here, "counter": "k2"}
        self._say(hall, closing, visit.Closed, at, who=here, rate_until_at=at, **closed)
        watching = visit.Observe(
            observation_id="b1",
            method="floor_walk",
            observed_clerk_id="c-li",
            items=(visit.ObservationItem(item="greeting", points=5),),
        )
        self._say(hall, watching, visit.Observed, at, "s-sun", who=here, points_bp=5_000)

    def facts(self, number: int, at: datetime) -> None:
        """Every partition is told of a policy, a hall, a clerk and a product."""
        facts = founding.sample()
        tell_policy(self.history, f"p{number}", at, at=at, queue__wait_target_seconds=100 + number)
        if self.chance.random() < 0.5:
            tell_policy(self.history, f"p{number}", at, withdrawn=True, at=at)
        told: dict[str, Any] = {"version": number + 1, "from_at": at}
        clerk = msgspec.structs.replace(facts.clerks[0], role="senior_clerk")
        tell(self.history, notice.NoteClerk(fact=clerk, **told), notice.ClerkNoted, at=at)
        hall = msgspec.structs.replace(facts.halls[0], closes="19:00")
        tell(self.history, notice.NoteHall(fact=hall, **told), notice.HallNoted, at=at)
        product = msgspec.structs.replace(facts.products[0], withdrawn_from_at=at)
        noting = notice.NoteProduct(fact=product, **told)
        tell(self.history, noting, notice.ProductNoted, at=at)
        asked = customer.MarkRequestOverdue(request_id=f"r{number}")
        self.history.say("customer/d1", asked, customer.DataRequestOverdue, at=at, actor=CLOCK)

    def _wrong(self, found_by: str = "self_check") -> dict[str, Any]:
        """The newest message is what was typed wrong."""
        return {
            "wrong_entry_id": self.history.last_event,
            "should_be": SECRET,
            "error_kind": "typing",
            "found_by": found_by,
            "note": SECRET,
        }

    def _say(
        self,
        hall: str,
        wish: Any,
        event: Any,
        at: datetime,
        actor: str = "c-li",
        who: dict[str, Any] | None = None,
        **computed: Any,
    ) -> None:
        self.history.say(hall, wish, event, at=at, actor=actor, computed=computed, **(who or {}))
