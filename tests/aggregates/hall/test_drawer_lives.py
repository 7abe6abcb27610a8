"""Random lives of a drawer and of the hall's days: the money adds up whatever happens."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.copies import NotePayment, RecordIn, RecordOut
from ledger.aggregates.hall import drawer, hall_day
from ledger.aggregates.hall.drawer.interactions import value_of
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from ledger.values import business_day
from tests.aggregates.case import NOW, Case, later
from tests.aggregates.hall.facts import HALL, OPENING, TUESDAY
from tests.aggregates.hall.money import (
    ALONE,
    FLOAT_FEN,
    LIMIT_FEN,
    MANAGER,
    NOTE,
    REACTOR,
    SUPERVISOR,
    WITNESSED,
    change,
    close,
    count,
    deposit,
    done,
    drop,
    explain,
    money_in,
    money_out,
    paid,
    with_drawer,
)

SETTINGS: Final = settings(max_examples=100, deadline=None)
amounts = st.integers(1, 3_000).map(lambda yuan: yuan * 100)

TO_THE_BANK: Final[dict[str, Any]] = {"actor": "s-sun", "approver": "m-he"}
Wish = tuple[Interaction, dict[str, Any]]


@dataclass
class Drawer:
    """The drawer w1 as somebody keeps it on paper, from what the ledger accepted."""

    case: Case
    receipts_fen: int = 0
    payouts_fen: int = 0
    drops_fen: int = 0
    copies: int = 0
    counted_fen: int | None = None
    explained_fen: int = 0
    cash_in_fen: int = 0
    cash_out_fen: int = 0

    @property
    def expected_fen(self) -> int:
        return FLOAT_FEN + self.receipts_fen - self.payouts_fen - self.drops_fen

    @property
    def state(self) -> drawer.State:
        return self.case.states["drawer/w1"]

    def move(self, wish: Interaction, who: dict[str, Any]) -> None:
        before = self.state
        decision = self.case.when(wish, **who).decision
        if isinstance(decision, Refusal):
            assert not isinstance(wish, RecordIn | RecordOut), decision
            return
        self.case.given(*decision, **who)
        for event in decision:
            self.write_down(event, before)
        self.check()

    def write_down(self, event: Event, before: drawer.State) -> None:
        match event:
            case drawer.ReceiptRecorded() | drawer.ReceiptLate():
                self.receipts_fen += event.amount_fen
                self.copies += 1
            case drawer.PayoutRecorded() | drawer.PayoutLate():
                self.payouts_fen += event.amount_fen
                self.copies += 1
            case drawer.Dropped():
                self.drops_fen += value_of(event.pieces)
            case drawer.Counted():
                self.counted_fen = value_of(event.pieces)
            case drawer.DiscrepancyExplained():
                assert self.counted_fen is not None
                self.explained_fen = self.counted_fen - self.expected_fen
            case drawer.Closed():
                assert self.counted_fen is not None
                difference_fen = self.counted_fen - self.expected_fen
                assert difference_fen in (0, self.explained_fen)
                assert difference_fen == event.difference_fen
                left_fen = self.counted_fen - event.float_returned_fen
                assert event.to_deposit_fen == left_fen + self.drops_fen
            case hall_day.PaymentNoted():
                came_in = event.direction == "in"
                self.cash_in_fen += event.amount_fen if came_in else 0
                self.cash_out_fen += 0 if came_in else event.amount_fen
            case _:
                assert not isinstance(event, drawer.Deposited) or before.status == "closed"

    def check(self) -> None:
        state = self.state
        assert state.expected_fen == self.expected_fen
        assert (state.copies, state.copies_fen) == (
            self.copies,
            self.receipts_fen - self.payouts_fen,
        )
        if self.counted_fen is not None:
            assert state.counted_fen == self.counted_fen
            assert state.difference_fen == self.counted_fen - self.expected_fen
        assert (state.status == "counted") <= (state.difference_fen == 0)
        assert (state.status == "discrepant") <= (state.difference_fen != 0)
        assert (state.limit_due_at is not None) <= (state.expected_fen > LIMIT_FEN)
        total = self.case.states["hall_day/2026-11-03"].payments.get("cash")
        noted = (total.in_fen, total.out_fen) if total is not None else (0, 0)
        assert noted == (self.cash_in_fen, self.cash_out_fen)


@st.composite
def moves(draw: st.DrawFn, paper: Drawer) -> Wish:
    """What somebody may want of a drawer as it stands: a copy, the next step, or anything."""
    state = paper.state
    amount_fen = draw(amounts)
    off_fen = draw(st.sampled_from([0, 0, 10, -10, amount_fen]))
    counted_fen = max(0, state.expected_fen + off_fen)
    seal = draw(st.sampled_from(["seal-1", "seal-2", "seal-3", "seal-4"]))
    copies: list[Wish] = [(money_in(amount_fen), REACTOR), (money_out(amount_fen), REACTOR)]
    counting: Wish = (count(counted_fen, state.copies, state.copies_fen), WITNESSED)
    closing: Wish = (close(min(FLOAT_FEN, state.counted_fen)), ALONE)
    to_the_bank: Wish = (deposit(max(10, state.to_deposit_fen)), TO_THE_BANK)
    drop_fen = min(amount_fen, max(10, state.expected_fen - FLOAT_FEN))
    dropping: Wish = (drop(drop_fen, seal), WITNESSED)
    next_step = {
        "opened": draw(st.sampled_from([copies[0], dropping, counting])),
        "discrepant": (explain(), MANAGER),
        "counted": closing,
        "explained": closing,
    }.get(state.status, to_the_bank)
    anything: list[Wish] = [
        dropping,
        (change(amount_fen, amount_fen), WITNESSED),
        counting,
        (count(counted_fen, accept=True), WITNESSED),
        (explain(), MANAGER),
        closing,
        (close(FLOAT_FEN), ALONE),
        to_the_bank,
    ]
    return draw(st.one_of(st.sampled_from(copies), st.just(next_step), st.sampled_from(anything)))


@SETTINGS
@given(st.data())
def test_the_money_of_a_drawer_adds_up_to_the_fen(data: st.DataObject) -> None:
    paper = Drawer(with_drawer())
    for _ in range(data.draw(st.integers(5, 25))):
        paper.move(*data.draw(moves(paper)))


# The hall's days

DAYS: Final = tuple(TUESDAY + timedelta(days=number) for number in range(3))


@st.composite
def payments_of_a_day(draw: st.DrawFn) -> tuple[NotePayment, datetime]:
    method = draw(st.sampled_from(["wechat_pay", "alipay", "bank_card"]))
    direction = draw(st.sampled_from(["in", "out"]))
    at = NOW + timedelta(days=draw(st.integers(0, len(DAYS) - 1)))
    return paid(draw(amounts), method, direction), at


payments = st.lists(payments_of_a_day(), max_size=12)
Paid = list[tuple[NotePayment, datetime]]


def days_after(told: Paid) -> Case:
    """All three days are open, and then the payments are told in this order."""
    case = Case(HALL)
    for number, day in enumerate(DAYS):
        at = OPENING + timedelta(days=number)
        case.given(hall_day.Opened(business_on=day), at=at)
    for wish, at in told:
        take(case, wish, at)
    return case


def take(case: Case, wish: NotePayment, at: datetime) -> list[Event]:
    """The payment is told three days later, and is not refused."""
    decision = case.when(wish, at=at, recorded_at=later(days=3), **REACTOR).decision
    assert not isinstance(decision, Refusal), decision
    case.given(*decision, at=at, **REACTOR)
    return list(decision)


def totals(case: Case, day: date) -> hall_day.DayTotals:
    wish = hall_day.Prepare(business_on=day, note=NOTE)
    return case.when(wish, at=later(days=3), **SUPERVISOR).recorded(hall_day.Prepared).totals


@SETTINGS
@given(payments, st.randoms(use_true_random=False))
def test_the_totals_of_a_day_are_its_payments_in_whatever_order_they_are_told(
    told: Paid, chance: Any
) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)
    one, other = days_after(told), days_after(shuffled)
    for day in DAYS:
        assert totals(one, day) == totals(other, day)
        of_day = [wish for wish, at in told if business_day(at) == day]
        for method in totals(one, day).payments:
            of_method = [each for each in of_day if each.method == method.method]
            came_in = [each.amount_fen for each in of_method if each.direction == "in"]
            went_out = [each.amount_fen for each in of_method if each.direction == "out"]
            assert (method.count_in, method.in_fen) == (len(came_in), sum(came_in))
            assert (method.count_out, method.out_fen) == (len(went_out), sum(went_out))
        assert len({each.method for each in of_day}) == len(totals(one, day).payments)


@SETTINGS
@given(payments, st.lists(st.integers(0, 12), max_size=3))
def test_every_payment_is_noted_once_however_late_it_is_told(
    told: Paid, signed_after: list[int]
) -> None:
    """Days open by themselves and are signed, the oldest first, after so many payments."""
    case = Case(HALL)
    noted: list[Any] = []
    late_and_signed = 0
    for number, (wish, at) in enumerate(told):
        events = take(case, wish, at)
        noted += [each for each in events if not isinstance(each, hall_day.Opened)]
        for _ in range(signed_after.count(number)):
            late_and_signed += sign_the_oldest(case)
    assert [each.amount_fen for each in noted] == [wish.amount_fen for wish, _ in told]
    for event, (_, at) in zip(noted, told, strict=True):
        is_late = isinstance(event, hall_day.LateEntryNoted)
        assert (event.noted_for_on if is_late else event.business_on) == business_day(at)
    days = case.register.days
    late_and_open = sum(counts.late_entries for counts in days.kept.values()) + days.late_entries
    late = sum(isinstance(each, hall_day.LateEntryNoted) for each in noted)
    assert late_and_signed + late_and_open == late


def sign_the_oldest(case: Case) -> int:
    """The oldest day is prepared and signed, if there is one; how many late entries it had."""
    day = min(case.register.days.kept, default=None)
    if day is None:
        return 0
    at = later(days=3)
    prepare = hall_day.Prepare(business_on=day, note=NOTE)
    (prepared,) = done(case, prepare, at, **SUPERVISOR)
    assert isinstance(prepared, hall_day.Prepared)
    sign = hall_day.SignOff(business_on=day, totals_digest=prepared.totals_digest)
    done(case, sign, at, **MANAGER)
    return prepared.totals.late_entries
