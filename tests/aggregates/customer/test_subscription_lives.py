"""Random lives of one customer's lines: whatever is asked, in whatever order, this holds.

Never more counted numbers in service than the law allows; no bill settled beyond its amount; a line
that has ended stays as it is; reasons of suspension and the status agree; leaving never costs less
than nothing. `Books` counts from the events alone and never looks at what the rules read.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.aggregates.customer import order, subscription
from ledger.aggregates.customer.subscription.events import EVENTS
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.samples import known, verified
from tests.aggregates.customer.subscription_samples import (
    BILLING,
    CLOCK,
    FRAUD_DESK,
    PROVISIONING,
    REACTOR,
    activate,
    activation_ordered,
    add_product,
    arrears,
    begin_termination,
    bill,
    change_plan,
    day,
    dispute,
    failed,
    item,
    line,
    lock,
    ordered,
    prepare,
    quote,
    release,
    remove_product,
    replace_sim,
    resume,
    settle,
    settle_dispute,
    signed,
    suspend,
    terminate,
)

LIMIT = 2
ORDERS = ("o1", "o2", "o3", "o4")
ENDS = item("plan-39", "delete")
CHANGES = (
    ("plan_change", "c", item("plan-199", "modify", monthly_fen=19_900)),
    ("service_upgrade", "a", item("video-15", family="add_on", monthly_fen=1_500)),
    ("plan_change", "d", item("video-15", "delete", family="add_on", monthly_fen=1_500)),
    ("sim_replacement", "s", item("plan-39", "modify")),
    ("termination", "t", ENDS),
    ("suspension", "p", item("plan-39", "modify")),
)
"""The orders for each line, which stay in progress: kind, prefix of the id, item."""


@dataclass
class Told:
    """What the events say of one line."""

    family: str = "mobile"
    status: str = "pending_active"
    reasons: set[str] = field(default_factory=set)
    amounts_fen: dict[str, int] = field(default_factory=dict)
    settled_fen: dict[str, int] = field(default_factory=dict)
    products: set[str] = field(default_factory=set)
    locks: set[str] = field(default_factory=set)
    plan_id: str = "plan-39"


class Books:
    def __init__(self) -> None:
        self.lines: dict[str, Told] = {}

    def enter(self, event: Any) -> None:
        if not event.tag.startswith("subscription."):
            return
        if isinstance(event, subscription.Prepared):
            assert event.subscription_id not in self.lines
            self.lines[event.subscription_id] = Told(family=event.family)
            return
        told = self.lines[event.subscription_id]
        if told.status in ("terminated", "cancelled"):
            assert isinstance(event, AFTER_THE_END), f"{event} changes a line that has ended"
        match event:
            case subscription.Activated():
                told.status = "active"
                assert event.active_numbers == self.in_service()
            case subscription.Cancelled():
                told.status = "cancelled"
                assert set(event.locks_ended or ()) == told.locks
            case subscription.PlanChanged():
                assert event.old_plan_id == told.plan_id
                told.plan_id = event.plan_id
            case subscription.ProductAdded():
                assert event.product_id not in told.products
                told.products.add(event.product_id)
            case subscription.ProductRemoved():
                told.products.remove(event.product_id)
            case _:
                self._enter_bar_or_end(told, event)

    def _enter_bar_or_end(self, told: Told, event: Any) -> None:
        match event:
            case subscription.Suspended():
                assert event.reason not in told.reasons
                told.reasons.add(event.reason)
                told.status = "suspended"
            case subscription.SuspensionReasonCleared():
                told.reasons.remove(event.reason)
                assert set(event.remaining) == told.reasons
            case subscription.Resumed():
                assert not told.reasons
                told.status = "active"
            case subscription.TerminationBegun():
                told.status = "pending_terminate"
            case subscription.Kept():
                told.status = "suspended" if told.reasons else "active"
            case subscription.Terminated():
                told.status = "terminated"
                assert event.active_numbers == self.in_service()
                assert event.refund_due_fen >= 0
                assert set(event.locks_ended or ()) == told.locks
            case _:
                self._enter_money(told, event)

    def _enter_money(self, told: Told, event: Any) -> None:
        match event:
            case subscription.BillRecorded():
                assert event.bill_id not in told.amounts_fen
                told.amounts_fen[event.bill_id] = event.amount_fen
                told.settled_fen[event.bill_id] = 0
            case subscription.BillSettled():
                told.settled_fen[event.bill_id] += event.settled_fen
                assert event.outstanding_fen >= 0
            case subscription.BillDisputed():
                assert event.disputed_fen <= told.amounts_fen[event.bill_id]
            case subscription.DisputeSettled():
                assert 0 <= event.adjusted_fen <= event.disputed_fen
                assert 0 <= event.credit_fen <= event.adjusted_fen
                assert event.credit_fen <= told.settled_fen[event.bill_id]
            case subscription.Locked():
                told.locks.add(event.lock_id)
            case subscription.LockReleased():
                told.locks.remove(event.lock_id)
            case subscription.ExitFeeQuoted():
                assert event.exit_fee_fen == sum(event.by_lock.values())
                assert all(each_fen >= 0 for each_fen in event.by_lock.values())
                assert event.by_lock.keys() <= told.locks
            case _:
                pass

    def in_service(self) -> int:
        counted = ("active", "suspended", "pending_terminate")
        return sum(
            told.family == "mobile" and told.status in counted for told in self.lines.values()
        )

    def balance(self) -> None:
        """What must hold after every step."""
        assert self.in_service() <= LIMIT
        for told in self.lines.values():
            if told.status in ("active", "suspended"):
                assert (told.status == "suspended") == bool(told.reasons)
            for bill_id, settled_fen in told.settled_fen.items():
                assert 0 <= settled_fen <= told.amounts_fen[bill_id]


AFTER_THE_END = (
    subscription.BillRecorded,
    subscription.AbnormalBillNoticed,
    subscription.BillSettled,
    subscription.BillDisputed,
    subscription.DisputeSettled,
    subscription.BillDetailGiven,
    subscription.FinalBillSettled,
    subscription.EntryCorrected,
)

Step = tuple[Interaction | Event, dict[str, Any], int]
"""An interaction, or an event of an order; who sends it; the hours that pass before it."""


def customer_with_orders() -> Case:
    """Four orders for lines, one of them broadband, and orders for all that these may become."""
    case = known(realname__max_active_numbers_per_id_per_operator=LIMIT)
    case.given(verified(hours=24 * 200))
    for order_id in ORDERS:
        family = "broadband" if order_id == "o4" else "mobile"
        activation_ordered(case, order_id, family=family).given(signed(order_id))
        for kind, prefix, changed in CHANGES:
            ids = {"order_id": f"{prefix}{order_id}", "subscription_id": line(order_id)}
            ordered(case, kind, changed, **ids)
        wish = order.ConfirmItem(
            order_id=f"a{order_id}",
            item_id="i1",
            confirmation_id="conf1",
            statement_version="s1",
            confirmed=True,
        )
        case.given(order.ItemConfirmed.of(wish))
    return case


def play(life: list[Step]) -> list[Event]:
    """All events of a life; holds the books, the states and the register together."""
    case, books, history = customer_with_orders(), Books(), []
    now: datetime = NOW
    for said, who, hours in life:
        now += timedelta(hours=hours)
        if isinstance(said, Event):
            case.given(said, at=now)
            continue
        decision = case.when(said, at=now, **who).decision
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            books.enter(event)
            case.given(event, at=now, **who)
            history.append(event)
        books.balance()
    for subscription_id, told in books.lines.items():
        state = case.states[f"subscription/{subscription_id}"]
        assert state.status == told.status
        assert state.suspension_reasons == told.reasons
        assert set(state.products) == told.products
        assert state.plan_id == told.plan_id
    ends = ("terminated", "cancelled")
    open_lines = {key: told.status for key, told in books.lines.items() if told.status not in ends}
    lines = case.register.lines
    assert {key: each.status for key, each in lines.lines.items()} == open_lines
    assert lines.ended == len(books.lines) - len(open_lines)
    assert lines.counted_in(("mobile",)) == books.in_service()
    return history


def of(order_id: str, said: Any, who: dict[str, Any], hours: int = 0) -> Step:
    """The same for the line of that order, by the orders for it."""
    changed: dict[str, Any] = {"subscription_id": line(order_id)}
    if isinstance(said, subscription.Prepare) and order_id == "o4":
        changed["family"] = "broadband"
    named = getattr(said, "order_id", None)
    if named is not None:
        changed["order_id"] = order_id if named == "o1" else f"{named}{order_id}"
    if isinstance(said, subscription.Lock):
        changed["agreement_id"] = f"{order_id}.agreement"
    fields = msgspec.structs.asdict(said)
    return type(said)(**(fields | changed)), who, hours


def abort() -> subscription.Abort:
    return subscription.Abort(subscription_id="", order_id="o1", reason="order_failed")


def keep() -> subscription.Keep:
    return subscription.Keep(subscription_id="", order_id="t", reason="order_failed")


def settle_final(bill_id: str = "b1") -> subscription.SettleFinal:
    return subscription.SettleFinal(subscription_id="", bill_id=bill_id)


def detail() -> subscription.GiveBillDetail:
    return subscription.GiveBillDetail(
        subscription_id="",
        period="2026-10",
        delivered_by="screen",
        verification_id="ver1",
        fee_fen=0,
    )


CLERK: dict[str, Any] = {"actor": "c-li"}
SUPERVISED: dict[str, Any] = {"actor": "c-li", "approver": "s-sun"}
RELIEF: dict[str, Any] = {"relief_channel": "10086", "documents_needed": ()}
VERIFIED: dict[str, Any] = {"verification_id": "ver1"}
ASKED_BY_ORDER = suspend("customer_request", order_id="p", item_id="i1")
BEGINS: list[tuple[Any, dict[str, Any]]] = [(prepare(), REACTOR), (activate(), PROVISIONING)]
CHANGED: list[tuple[Any, dict[str, Any]]] = [
    (change_plan(order_id="c"), PROVISIONING),
    (add_product(order_id="a"), PROVISIONING),
    (remove_product(order_id="d"), PROVISIONING),
    (replace_sim(order_id="s"), PROVISIONING),
    (lock("l1"), REACTOR),
    (lock("l2", percent=30, monthly_fen=1, until_on=day(40)), REACTOR),
    (quote(), CLERK),
    (quote(quote_id="q2", as_of_on=day(50)), CLERK),
    (release("expired", "l2"), CLOCK),
    (release("waived", "l1"), SUPERVISED),
]
BARRED: list[tuple[Any, dict[str, Any]]] = [
    (suspend("lost_or_stolen"), CLERK),
    (suspend("customer_request", **VERIFIED), CLERK),
    (ASKED_BY_ORDER, PROVISIONING),
    (suspend("fraud_suspicion", **RELIEF), FRAUD_DESK),
    (suspend("arrears", notice_given_at=NOW), BILLING),
    (resume("lost_or_stolen", **VERIFIED), CLERK),
    (resume("customer_request", **VERIFIED), CLERK),
    (resume("fraud_suspicion"), FRAUD_DESK),
    (resume("arrears"), BILLING),
    (arrears(100, day(0)), BILLING),
    (arrears(0, day(0)), BILLING),
]
MONEY: list[tuple[Any, dict[str, Any]]] = [
    (bill("b1", 5_000), BILLING),
    (bill("b2", 6_000), BILLING),
    (bill("b3", 0), BILLING),
    (bill("b4", 40_000, final=True), BILLING),
    (settle(5_000), REACTOR),
    (settle(2_000), REACTOR),
    (settle(3_000, "b2"), BILLING),
    (settle(40_000, "b4"), BILLING),
    (dispute(5_000), CLERK),
    (dispute(3_000), CLERK),
    (dispute(6_000, "b2"), CLERK),
    (settle_dispute("bill_correct", 0), CLERK),
    (settle_dispute("adjusted", 2_500), CLERK),
    (settle_dispute("waived", 5_000), CLERK),
    (settle_dispute("waived", 6_000, "b2"), CLERK),
    (detail(), CLERK),
]
ENDED: list[tuple[Any, dict[str, Any]]] = [
    (begin_termination(order_id="t"), REACTOR),
    (begin_termination("contract_ended"), REACTOR),
    (begin_termination("arrears"), BILLING),
    (terminate(order_id="t"), PROVISIONING),
    (terminate("contract_ended", deposit_fen=5_000), PROVISIONING),
    (terminate("arrears"), PROVISIONING),
    (keep(), REACTOR),
    (abort(), REACTOR),
    (settle_final("b4"), BILLING),
]
FAILURES: list[tuple[Any, dict[str, Any]]] = [(failed("o1"), {}), (failed("t"), {})]


@st.composite
def steps(draw: st.DrawFn) -> Step:
    kinds = [BEGINS, BEGINS, CHANGED, BARRED, MONEY, MONEY, ENDED]
    said, who = draw(st.sampled_from(draw(st.sampled_from([*kinds, *kinds, FAILURES]))))
    hours = draw(st.sampled_from([0] * 8 + [1, 24 * 31, 24 * 61]))
    order_id = draw(st.sampled_from(ORDERS))
    if isinstance(said, Event):
        named = order_id if said.order_id == "o1" else f"{said.order_id}{order_id}"
        return failed(named), {}, hours
    return of(order_id, said, who, hours)


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Up to four lines, three of them prepared and two in service, through some dozens of steps."""
    begun = [of(each, said, who) for each in ORDERS[:3] for said, who in BEGINS]
    length = draw(st.sampled_from([10, 40, 80]))
    return [*begun, *draw(st.lists(steps(), min_size=length, max_size=length))]


FULL_LIFE: list[Step] = [
    *[of("o1", said, who) for said, who in [*BEGINS, *CHANGED[:8]]],
    of("o1", release("waived", "l1"), SUPERVISED),
    *[of("o1", bill(f"b{number}", 100), BILLING) for number in range(1, 4)],
    of("o1", bill("b4", 500), BILLING),
    of("o1", dispute(100), CLERK),
    of("o1", settle_dispute("adjusted", 40), CLERK),
    of("o1", settle(60), REACTOR),
    of("o1", detail(), CLERK),
    of("o1", arrears(700, day(0)), BILLING),
    of("o1", suspend("arrears", notice_given_at=NOW), BILLING, 24 * 30),
    of("o1", arrears(0, day(0)), BILLING),
    of("o1", resume("arrears"), BILLING),
    of("o1", begin_termination(order_id="t"), REACTOR, 24 * 31),
    (failed("to1"), {}, 0),
    of("o1", keep(), REACTOR),
    of("o1", begin_termination("contract_ended"), REACTOR),
    of("o1", terminate("contract_ended"), PROVISIONING),
    of("o1", settle(100, "b2"), BILLING),
    of("o1", settle(100, "b3"), BILLING),
    of("o1", settle(500, "b4"), BILLING),
    of("o1", bill("b5", 0, final=True), BILLING),
    of("o1", settle_final("b5"), BILLING),
    of("o2", prepare(), REACTOR),
    (failed("o2"), {}, 0),
    of("o2", abort(), REACTOR),
]


def test_a_full_life_passes_every_event_of_a_line() -> None:
    history = {type(event) for event in play(FULL_LIFE)}
    assert history & set(EVENTS) == set(EVENTS) - {subscription.EntryCorrected}


@given(lives())
@example(FULL_LIFE)
@settings(max_examples=100, deadline=None)
def test_in_every_life_lines_bills_and_bars_hold(life: list[Step]) -> None:
    play(life)
