"""Short scenes at a counter, for worked examples whose figures are computed by hand."""

from datetime import datetime, timedelta
from typing import Any

from ledger.aggregates.customer import customer, payment
from ledger.aggregates.hall import shift, visit
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET

RENMIN = "hall/renmin"
ARRIVE = visit.Arrive(arrival="walk_in", priority_lane=False)


def queue(
    history: History, name: str, *, at: datetime = MORNING, hall: str = RENMIN, ticket: bool = True
) -> None:
    """Somebody arrives and takes a ticket."""
    computed: dict[str, Any] = {"lapse_due_at": at, "business_on": at.date(), "waiting_ahead": 0}
    history.say(hall, ARRIVE, visit.Arrived, computed=computed, at=at, visit=name)
    if ticket:
        issue = visit.IssueTicket(ticket_no=name, service_area="business_counter")
        history.say(hall, issue, visit.TicketIssued, computed=computed, at=at, visit=name)


def give_up(history: History, name: str, *, at: datetime = MORNING, hall: str = RENMIN) -> None:
    leave = visit.Abandon(reason="wait_too_long")
    history.say(hall, leave, visit.Abandoned, computed={"wait_seconds": 60}, at=at, visit=name)


def lapse(history: History, name: str, *, at: datetime = MORNING, hall: str = RENMIN) -> None:
    """Nobody came when called."""
    history.say(
        hall,
        visit.Lapse(),
        visit.Lapsed(outcome="no_show"),
        at=at,
        visit=name,
        actor="system:clock",
    )


def serve(
    history: History,
    name: str,
    *,
    wait: int | None = 0,
    handling: int | None = 60,
    clerk: str = "c-li",
    score: int | None = None,
    at: datetime = MORNING,
    hall: str = RENMIN,
) -> None:
    """A clerk serves the visit; without `handling` it is still in progress."""
    who: dict[str, Any] = {"visit": name, "counter": "k1"}
    started = {"shift_id": f"s-{clerk}", "wait_seconds": wait}
    history.say(hall, visit.Start(), visit.Started, computed=started, at=at, actor=clerk, **who)
    if handling is None:
        return
    close = visit.Close(outcome="all_done", follow_up_asked=False)
    closed = {
        "handling_seconds": handling,
        "pause_seconds": 0,
        "counter_seconds": handling,
        "rate_until_at": at,
    }
    end = at + timedelta(seconds=handling)
    history.say(hall, close, visit.Closed, computed=closed, at=end, actor=clerk, **who)
    if score is not None:
        rated = {"clerk_id": clerk, "scale": "one_to_five"}
        history.say(
            hall,
            visit.Rate(score=score),
            visit.Rated,
            computed=rated,
            at=end,
            actor="system:rating_pad",
            visit=name,
        )


def work(
    history: History,
    clerk: str,
    *,
    worked: int | None,
    closed: int = 0,
    paused: int = 0,
    name: str = "s1",
    at: datetime = MORNING,
) -> None:
    """A shift of `worked` seconds, pauses within them; open without `worked`."""
    opening = shift.Open(shift_id=name, counter_id="k1", duty="counter", planned_end_at=at)
    opened = {"role": "clerk", "certifications": ("real_name",)}
    history.say(RENMIN, opening, shift.Opened, computed=opened, at=at, actor=clerk)
    if worked is None:
        return
    ended = {
        "clerk_id": clerk,
        "worked_seconds": worked,
        "pause_seconds": paused,
        "visits_closed": closed,
    }
    closing = shift.Close(shift_id=name, forced=False, reason="planned_end")
    history.say(RENMIN, closing, shift.Closed, computed=ended, at=at, actor=clerk)


def pay(
    history: History,
    name: str,
    amount_fen: int,
    method: Any = "cash",
    *,
    reverse: bool = False,
    customer_id: str = "d1",
    at: datetime = MORNING,
) -> None:
    owner = f"customer/{customer_id}"
    who: dict[str, Any] = {"hall": "renmin", "counter": "k1", "visit": "v1", "at": at}
    receive = payment.Receive(
        payment_id=name,
        method=method,
        amount_fen=amount_fen,
        items=(payment.PaymentItem(item_id="i", item_kind="prepayment", amount_fen=amount_fen),),
        correlator_id=name,
        payer="owner",
    )
    computed = {"change_fen": 0, "receipt_due": True}
    history.say(owner, receive, payment.Received, computed=computed, **who)
    if reverse:
        undo = payment.Reverse(
            payment_id=name,
            reversal_id=name,
            amount_fen=amount_fen,
            reason="duplicate",
            receipt_taken_back=True,
            note=SECRET,
        )
        history.say(owner, undo, payment.Reversed, approver="s-sun", **who)


def register(history: History, customer_id: str = "d1", at: datetime = MORNING) -> None:
    """The customer becomes one."""
    registering = customer.Register(
        party_kind="person",
        identity_basis="document",
        full_name=SECRET,
        contact_phone=SECRET,
        legal_basis="contract",
        notice_version="n1",
        notice_given=True,
    )
    history.say(
        f"customer/{customer_id}",
        registering,
        customer.Registered,
        computed={"customer_id": customer_id, "minor": "no"},
        hall="renmin",
        at=at,
    )
