"""Short scenes of a hall's money, days, cases and facts, for worked examples and for lives."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from ledger.aggregates import copies
from ledger.aggregates.hall import case, drawer, hall_day
from ledger.aggregates.reference import notice
from ledger.policy import PolicyVersion
from ledger.values import business_day
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET
from tests.projections.scenes import RENMIN

CLOCK = "system:clock"
REACTOR = "system:reactor"
TUESDAY = MORNING.date()


def pieces(amount_fen: int) -> tuple[drawer.Denomination, ...]:
    return (drawer.Denomination(value_fen=100, pieces=amount_fen // 100),)


class Till:
    """Tells of one drawer, opened with 500 yuan, and reckons what should be in it."""

    def __init__(
        self,
        history: History,
        drawer_id: str = "dr1",
        *,
        hall: str = RENMIN,
        clerk: str = "c-li",
        at: datetime = MORNING,
    ) -> None:
        self.history, self.hall, self.clerk, self.at = history, hall, clerk, at
        self.of: dict[str, Any] = {"drawer_id": drawer_id}
        self.expected_fen, self.counted_fen, self.is_counted = 50_000, 0, False
        opening = drawer.Open(till_id="t1", shift_id="s1", float=pieces(50_000), **self.of)
        self._by(clerk, opening, drawer.Opened, float_fen=50_000, approver="s-sun")

    def after(self, **amount: float) -> Self:
        self.at += timedelta(**amount)
        return self

    def receive(self, amount_fen: int, payment_id: str = "p1") -> Self:
        """Cash comes in; after the count, late."""
        copy = copies.RecordIn(
            customer_id="d1", payment_id=payment_id, amount_fen=amount_fen, **self.of
        )
        self.expected_fen += amount_fen
        event = drawer.ReceiptLate if self.is_counted else drawer.ReceiptRecorded
        return self._by(REACTOR, copy, event, self._noted(amount_fen, payment_id, "in"))

    def give_back(self, amount_fen: int, payment_id: str = "p1") -> Self:
        """Cash goes out; after the count, late."""
        copy = copies.RecordOut(
            customer_id="d1",
            payment_id=payment_id,
            amount_fen=amount_fen,
            kind="reversal",
            **self.of,
        )
        self.expected_fen -= amount_fen
        event = drawer.PayoutLate if self.is_counted else drawer.PayoutRecorded
        return self._by(REACTOR, copy, event, self._noted(amount_fen, payment_id, "out"))

    def drop(self, amount_fen: int) -> Self:
        dropping = drawer.Drop(drop_id="x1", pieces=pieces(amount_fen), seal_no="9", **self.of)
        self.expected_fen -= amount_fen
        return self._by(self.clerk, dropping, drawer.Dropped, amount_fen=amount_fen)

    def exceed(self) -> Self:
        return self._by(CLOCK, drawer.NoteLimit(**self.of), drawer.LimitExceeded)

    def count(self, difference_fen: int = 0, explain_hours: int = 24) -> Self:
        """Counted so much over or short; a difference must be explained within some hours."""
        self.counted_fen, self.is_counted = self.expected_fen + difference_fen, True
        counting = drawer.CountCash(
            pieces=pieces(self.counted_fen),
            journal_count=0,
            journal_fen=0,
            accept_journal_gap=True,
            **self.of,
        )
        found = drawer.DiscrepancyFound(
            direction="short" if difference_fen < 0 else "over",
            difference_fen=difference_fen,
            explain_by_at=(self.at + timedelta(hours=explain_hours)).astimezone(UTC),
            **self.of,
        )
        events = [found] if difference_fen else []
        return self._by(
            self.clerk,
            counting,
            drawer.Counted,
            *events,
            approver="s-sun",
            counted_fen=self.counted_fen,
            journal_gap_fen=0,
        )

    def explain(self, by: str = "m-he") -> Self:
        explaining = drawer.ExplainDiscrepancy(
            cause="wrong_change", booked_as="shortage_receivable", note=SECRET, **self.of
        )
        return self._by(by, explaining, drawer.DiscrepancyExplained)

    def mark_unexplained(self) -> Self:
        return self._by(CLOCK, drawer.MarkUnexplained(**self.of), drawer.DiscrepancyOverdue)

    def close(self) -> Self:
        return self._by(
            self.clerk,
            drawer.Close(float_returned_fen=50_000, **self.of),
            drawer.Closed,
            clerk_id=self.clerk,
            to_deposit_fen=self.counted_fen - 50_000,
            deposit_by_on=business_day(self.at) + timedelta(days=1),
        )

    def mark_deposit_overdue(self) -> Self:
        return self._by(CLOCK, drawer.MarkDepositOverdue(**self.of), drawer.DepositOverdue)

    def deposit(self, *, in_time: bool = True) -> Self:
        depositing = drawer.Deposit(
            deposit_id="b1",
            amount_fen=max(1, self.counted_fen - 50_000),
            bank_slip_no="77",
            bank_account_last4="1234",
            deposited_on=business_day(self.at),
            by="bank_counter",
            **self.of,
        )
        return self._by("s-sun", depositing, drawer.Deposited, approver="m-he", in_time=in_time)

    def _noted(
        self, amount_fen: int, payment_id: str, direction: hall_day.Direction
    ) -> hall_day.PaymentNoted:
        return hall_day.PaymentNoted(
            business_on=business_day(self.at),
            customer_id="d1",
            payment_id=payment_id,
            method="cash",
            direction=direction,
            amount_fen=amount_fen,
        )

    def _by(
        self,
        actor: str,
        wish: Any,
        *events: Any,
        approver: str | None = None,
        **computed: Any,
    ) -> Self:
        computed["expected_fen"] = self.expected_fen
        computed["difference_fen"] = self.counted_fen - self.expected_fen
        who = {"approver": approver} if approver else {}
        self.history.say(
            self.hall, wish, *events, at=self.at, actor=actor, computed=computed, **who
        )
        return self


def misplace(history: History, amount_fen: int, *, at: datetime = MORNING, **where: str) -> None:
    """A receipt names a drawer that takes none."""
    copy = copies.RecordIn(
        drawer_id=where.get("drawer_id", "dr-lost"),
        customer_id="d1",
        payment_id="p-lost",
        amount_fen=amount_fen,
    )
    hall = where.get("hall", RENMIN)
    history.say(hall, copy, drawer.ReceiptUnplaced, at=at, actor=REACTOR)


class Day:
    """Tells of one business day of a hall."""

    def __init__(
        self,
        history: History,
        business_on: date = TUESDAY,
        *,
        hall: str = RENMIN,
        at: datetime = MORNING,
    ) -> None:
        self.history, self.hall, self.at = history, hall, at
        self.of: dict[str, Any] = {"business_on": business_on}
        self._say(CLOCK, hall_day.Open(**self.of), hall_day.Opened)

    def prepare(self, by: str = "s-sun", *, short_fen: int = 0, visits: int = 0) -> Self:
        """Totals with one card payment of 90 yuan, of which the terminal lacks `short_fen`."""
        cards: dict[str, Any] = {"method": "bank_card", "count_in": 1, "count_out": 0, "out_fen": 0}
        totals = hall_day.DayTotals(
            visits_arrived=visits,
            visits_completed=visits,
            visits_abandoned=0,
            visits_no_show=0,
            tickets_issued=visits,
            rated=1,
            rating_sum=5,
            orders=(),
            payments=(hall_day.MethodTotal(in_fen=9_000, **cards),),
            drawers_closed=1,
            drawer_short_fen=200,
            drawer_over_fen=0,
            to_deposit_fen=4_000,
            shifts_forced=0,
            late_entries=0,
        )
        gap = hall_day.MethodDifference(method="bank_card", in_fen=-short_fen)
        self.digest = f"{visits:064x}"
        computed = {
            "totals": totals,
            "totals_digest": self.digest,
            "differences": (gap,) if short_fen else (),
        }
        printed = (hall_day.MethodTotal(in_fen=9_000 - short_fen, **cards),)
        wish = hall_day.Prepare(terminal_totals=printed, **self.of)
        return self._say(by, wish, hall_day.Prepared, **computed)

    def withdraw(self, by: str = "s-sun") -> Self:
        return self._say(by, hall_day.Withdraw(note=SECRET, **self.of), hall_day.Withdrawn)

    def sign(self, by: str = "m-he", prepared_by: str = "s-sun") -> Self:
        wish = hall_day.SignOff(totals_digest=self.digest, **self.of)
        return self._say(by, wish, hall_day.SignedOff, prepared_by=prepared_by)

    def mark_overdue(self) -> Self:
        return self._say(CLOCK, hall_day.MarkOverdue(**self.of), hall_day.Overdue)

    def late_payment(self, noted_for_on: date) -> Self:
        """A payment of another day, which is signed off, becomes known on this one."""
        copy = copies.NotePayment(
            customer_id="d1", payment_id="p9", method="alipay", direction="in", amount_fen=100
        )
        late = hall_day.LateEntryNoted(
            noted_for_on=noted_for_on,
            customer_id="d1",
            payment_id="p9",
            method="alipay",
            direction="in",
            amount_fen=100,
            **self.of,
        )
        return self._say(REACTOR, copy, late)

    def _say(self, actor: str, wish: Any, event: Any, **computed: Any) -> Self:
        self.history.say(self.hall, wish, event, at=self.at, actor=actor, computed=computed)
        return self


class Kept:
    """Tells of one case of a hall; it is taken for an order of c-li's unless it is `lost`."""

    def __init__(
        self,
        history: History,
        case_id: str = "o1",
        *,
        hall: str = RENMIN,
        at: datetime = MORNING,
        lost: bool = False,
    ) -> None:
        self.history, self.hall, self.at = history, hall, at
        self.of: dict[str, Any] = {"case_id": case_id}
        self.keeper = "c-li"
        if lost:
            return
        copy = copies.TakeCase(
            kind="order",
            order_kind="activation",
            customer_id="d1",
            keeper_clerk_id="c-li",
            due_at=(at + timedelta(days=1)).astimezone(UTC),
            **self.of,
        )
        noted = hall_day.OrderNoted(
            business_on=business_day(at), order_kind="activation", to_state="submitted", **self.of
        )
        self._say(REACTOR, copy, case.Taken, noted)

    def offer(self, to: str) -> Self:
        wish = case.HandOver(to_clerk_id=to, reason="shift_change", **self.of)
        return self._say(self.keeper, wish, case.HandedOver, from_clerk_id=self.keeper)

    def accept(self, by: str) -> Self:
        self._say(by, case.Accept(**self.of), case.Accepted)
        self.keeper = by
        return self

    def decline(self, by: str) -> Self:
        wish = case.Decline(reason="own_load", **self.of)
        return self._say(by, wish, case.HandOverDeclined)

    def assign(self, to: str) -> Self:
        wish = case.Assign(to_clerk_id=to, reason="shift_change", **self.of)
        self._say("s-sun", wish, case.Assigned, from_clerk_id=self.keeper)
        self.keeper = to
        return self

    def release(self, *, unplaced: bool = False) -> Self:
        copy = copies.ReleaseCase(
            kind="order", order_kind="activation", to_state="completed", **self.of
        )
        event = case.ReleaseUnplaced if unplaced else case.Released
        return self._say(REACTOR, copy, event, keeper_clerk_id=self.keeper)

    def _say(self, actor: str, wish: Any, *events: Any, **computed: Any) -> Self:
        self.history.say(self.hall, wish, *events, at=self.at, actor=actor, computed=computed)
        return self


def tell(history: History, note: Any, event: Any, *, at: datetime = MORNING) -> None:
    """Every partition is told of a reference fact."""
    for partition in range(history.partitions):
        history.say(f"reference/{partition}", note, event, at=at, actor=REACTOR)


def tell_policy(
    history: History,
    version: str,
    from_at: datetime,
    *,
    withdrawn: bool = False,
    at: datetime = MORNING,
    **parameters: Any,
) -> None:
    """A policy version is told; parameters with `__` for the dot."""
    fact = PolicyVersion(
        version=version,
        effective_from_at=from_at.astimezone(UTC),
        parameters={name.replace("__", "."): value for name, value in parameters.items()},
    )
    note = notice.NotePolicy(
        version=2 if withdrawn else 1,
        from_at=from_at.astimezone(UTC),
        fact=fact,
        withdrawn=withdrawn,
    )
    tell(history, note, notice.PolicyNoted, at=at)
