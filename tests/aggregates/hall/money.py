"""Cash at Renmin Road: the drawer w1 of c-li, its copies, counts and days, as tests begin with."""

from datetime import date, datetime
from typing import Any, Final

from ledger.aggregates.copies import NotePayment, RecordIn, RecordOut
from ledger.aggregates.hall import drawer, hall_day
from ledger.aggregates.hall.drawer.interactions import value_of
from ledger.aggregates.model import Interaction
from ledger.rules import Refusal
from ledger.values import Sealed
from tests.aggregates.case import NOW, Case
from tests.aggregates.hall.facts import HALL, OPENING, TUESDAY, open_hall

FLOAT_FEN: Final = 50_000
EXPECTED_FEN: Final = FLOAT_FEN + 5_000
LIMIT_FEN: Final = 1_000_000
WEDNESDAY: Final = date(2026, 11, 4)
NOTE: Final = Sealed("k.x")
OPENED: Final = hall_day.Opened(business_on=TUESDAY)
PREPARE: Final = hall_day.Prepare(business_on=TUESDAY)

CLOCK: Final[dict[str, Any]] = {"actor": "system:clock"}
REACTOR: Final[dict[str, Any]] = {"actor": "system:reactor"}
ALONE: Final[dict[str, Any]] = {"actor": "c-li"}
WITNESSED: Final[dict[str, Any]] = {"actor": "c-li", "approver": "s-sun"}
MANAGER: Final[dict[str, Any]] = {"actor": "m-he"}
SUPERVISOR: Final[dict[str, Any]] = {"actor": "s-sun"}

DENOMINATIONS: Final = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10)


def pieces(amount_fen: int) -> tuple[drawer.Denomination, ...]:
    """The fewest notes and coins that make up the amount, a multiple of ten fen."""
    found: list[drawer.Denomination] = []
    for value_fen in DENOMINATIONS:
        number, amount_fen = divmod(amount_fen, value_fen)
        if number:
            found.append(drawer.Denomination(value_fen=value_fen, pieces=number))
    assert amount_fen == 0
    return tuple(found)


# What is said


def open_drawer(
    drawer_id: str = "w1",
    till_id: str = "till-1",
    shift_id: str = "s-c-li",
    float_fen: int = FLOAT_FEN,
) -> drawer.Open:
    return drawer.Open(
        drawer_id=drawer_id, till_id=till_id, shift_id=shift_id, float=pieces(float_fen)
    )


def money_in(amount_fen: int, payment_id: str = "p1", drawer_id: str = "w1") -> RecordIn:
    return RecordIn(
        drawer_id=drawer_id, customer_id="d1", payment_id=payment_id, amount_fen=amount_fen
    )


def money_out(amount_fen: int, payment_id: str = "p1", drawer_id: str = "w1") -> RecordOut:
    return RecordOut(
        drawer_id=drawer_id,
        customer_id="d1",
        payment_id=payment_id,
        amount_fen=amount_fen,
        kind="reversal",
    )


def drop(amount_fen: int, seal_no: str = "seal-1") -> drawer.Drop:
    return drawer.Drop(drawer_id="w1", drop_id="o1", pieces=pieces(amount_fen), seal_no=seal_no)


def change(given_fen: int, taken_fen: int) -> drawer.ChangeMoney:
    return drawer.ChangeMoney(drawer_id="w1", given=pieces(given_fen), taken=pieces(taken_fen))


def count(
    counted_fen: int, journal_count: int = 0, journal_fen: int = 0, *, accept: bool = False
) -> drawer.CountCash:
    return drawer.CountCash(
        drawer_id="w1",
        pieces=pieces(counted_fen),
        journal_count=journal_count,
        journal_fen=journal_fen,
        accept_journal_gap=accept,
    )


SHORT: Final = count(EXPECTED_FEN - 1_000, 1, 5_000)


def explain(
    cause: Any = "wrong_change", booked_as: Any = "shortage_receivable", *events: str
) -> drawer.ExplainDiscrepancy:
    return drawer.ExplainDiscrepancy(
        drawer_id="w1", cause=cause, booked_as=booked_as, related_event_ids=events, note=NOTE
    )


def close(returned_fen: int = FLOAT_FEN, seal_no: str | None = None) -> drawer.Close:
    return drawer.Close(drawer_id="w1", float_returned_fen=returned_fen, bag_seal_no=seal_no)


def deposit(
    amount_fen: int,
    deposited_on: date = TUESDAY,
    slip: str = "slip-1",
    deposit_id: str = "e1",
    drawer_id: str = "w1",
) -> drawer.Deposit:
    return drawer.Deposit(
        drawer_id=drawer_id,
        deposit_id=deposit_id,
        amount_fen=amount_fen,
        bank_slip_no=slip,
        bank_account_last4="1234",
        deposited_on=deposited_on,
        by="cash_carrier",
    )


def paid(
    amount_fen: int, method: Any = "wechat_pay", direction: Any = "in", payment_id: str = "p9"
) -> NotePayment:
    return NotePayment(
        customer_id="d1",
        payment_id=payment_id,
        method=method,
        direction=direction,
        amount_fen=amount_fen,
    )


def method_total(
    method: Any, count_in: int = 0, in_fen: int = 0, count_out: int = 0, out_fen: int = 0
) -> hall_day.MethodTotal:
    return hall_day.MethodTotal(
        method=method, count_in=count_in, in_fen=in_fen, count_out=count_out, out_fen=out_fen
    )


BY_WECHAT: Final = method_total("wechat_pay", count_in=1, in_fen=700)


# What has happened


def done(case: Case, wish: Interaction, at: datetime = NOW, **who: Any) -> list[Any]:
    """Decides the wish, which is not refused, and takes in what it leads to."""
    outcome = case.when(wish, at=at, **(who or REACTOR))
    assert not isinstance(outcome.decision, Refusal), outcome.decision
    events: list[Any] = list(outcome.decision)
    case.given(*events, at=at, **(who or REACTOR))
    return events


def with_drawer(**parameters: Any) -> Case:
    """c-li has the drawer w1 with the float since the hall opened; the day is open."""
    case = open_hall(**parameters)
    case.given(hall_day.Opened(business_on=TUESDAY), at=OPENING)
    opened = drawer.Opened.of(open_drawer(), float_fen=value_of(open_drawer().float))
    return case.given(opened, at=OPENING, **ALONE)


def with_receipt(amount_fen: int = 5_000, **parameters: Any) -> Case:
    """As above, and one receipt of the amount is recorded."""
    case = with_drawer(**parameters)
    done(case, money_in(amount_fen))
    return case


def counted(counted_fen: int = FLOAT_FEN + 5_000, **parameters: Any) -> Case:
    """As above, and c-li has counted so much, s-sun being the witness."""
    case = with_receipt(**parameters)
    done(case, count(counted_fen, 1, 5_000), **WITNESSED)
    return case


def short() -> Case:
    """Ten yuan are missing since ten o'clock; c-li counted and s-sun was the witness."""
    return counted(EXPECTED_FEN - 1_000)


def closed(**parameters: Any) -> Case:
    """As above without a difference, and closed: 5000 fen are to be deposited by Wednesday."""
    case = counted(**parameters)
    done(case, close(), **ALONE)
    return case


def a_day(**parameters: Any) -> Case:
    """Tuesday is open since half past eight."""
    return Case(HALL, **parameters).given(OPENED, at=OPENING, **SUPERVISOR)


def prepared(**parameters: Any) -> Case:
    """s-sun has prepared Tuesday, on which nothing happened."""
    case = a_day(**parameters)
    done(case, PREPARE, **SUPERVISOR)
    return case


def digest(case: Case, day: Any = TUESDAY) -> str:
    return case.states[f"hall_day/{day.isoformat()}"].totals_digest


def sign(case: Case, day: Any = TUESDAY) -> hall_day.SignOff:
    return hall_day.SignOff(business_on=day, totals_digest=digest(case, day))


def signed() -> Case:
    """m-he has signed Tuesday at ten."""
    case = prepared()
    done(case, sign(case), **MANAGER)
    return case
