"""The billing system: a bill soon after activation, then one a month; arrears; the last bill."""

from typing import TYPE_CHECKING, Final

from ledger.simulator.people import Bill, Line
from ledger.simulator.world import DAY, HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife

BILLED_AT: Final = 6 * HOUR
DUE_DAYS: Final = 2
PAID_ELSEWHERE: Final = 0.45
"""How many pay by app or bank before it is due; the others at a counter, or late."""
MONTH: Final = 30


def bills(hall: "HallLife", line: Line) -> Actor:
    """A line's bills as long as it is in service; the first is for a part of the month."""
    world = hall.world
    yield (
        (2 * DAY if world.chance(0.3) else DAY)
        - world.second_of_day
        + BILLED_AT
        + world.between(0, HOUR)
    )
    is_first = True
    while line.status in ("active", "suspended"):
        bill = _record(hall, line, part=world.between(40, 95) if is_first else 100)
        world.start(_collect(hall, line, bill))
        is_first = False
        yield MONTH * DAY


def _record(hall: "HallLife", line: Line, part: int) -> Bill:
    world = hall.world
    usage_fen = world.pick((0, 0, 0, 500, 1_200, 3_000))
    monthly_fen = line.product.tariff.monthly_fen
    amount_fen = (monthly_fen * part // 100 + usage_fen) // 10 * 10
    due_on = world.on(world.day + DUE_DAYS)
    bill = Bill(world.new_id("b"), amount_fen, amount_fen, due_on)
    data: Data = {
        "subscription_id": line.line_id,
        "bill_id": bill.bill_id,
        "period": world.on(world.day).isoformat()[:7],
        "amount_fen": amount_fen,
        "due_on": due_on.isoformat(),
        "detail_digest": f"{int(world.random.random() * 16**12):064x}",
        "final": False,
    }
    _send(hall, line, "subscription.record_bill.v1", data)
    if world.chance(0.005):
        # SUB-20: the run is started again.
        _send(hall, line, "subscription.record_bill.v1", data)
    line.bills = [each for each in line.bills if each.outstanding_fen or each.disputed]
    line.bills.append(bill)
    return bill


def _collect(hall: "HallLife", line: Line, bill: Bill) -> Actor:
    """What is not paid at a counter is paid by bank or app, or runs into arrears."""
    world = hall.world
    if world.chance(PAID_ELSEWHERE):
        yield world.between(DAY, DUE_DAYS * DAY)
        _settle(hall, line, bill)
        return
    yield (DUE_DAYS + 1) * DAY
    if not bill.outstanding_fen or bill.disputed or line.status not in ("active", "suspended"):
        return
    _arrears(hall, line, bill, bill.outstanding_fen)
    yield world.between(DAY, 6 * DAY)
    if bill.disputed or line.status not in ("active", "suspended"):
        return
    _settle(hall, line, bill)
    yield 300
    if line.status in ("active", "suspended"):
        _arrears(hall, line, bill, 0)


def _settle(hall: "HallLife", line: Line, bill: Bill) -> None:
    """The money came to the bank; `settle_bill` is all that the ledger hears of it."""
    if not bill.outstanding_fen or bill.disputed or line.status == "ended":
        return
    data: Data = {
        "subscription_id": line.line_id,
        "bill_id": bill.bill_id,
        "settled_fen": bill.outstanding_fen,
        "settled_at": hall.world.moment(hall.world.now),
    }
    _send(hall, line, "subscription.settle_bill.v1", data)
    bill.outstanding_fen = 0


def _arrears(hall: "HallLife", line: Line, bill: Bill, arrears_fen: int) -> None:
    data: Data = {
        "subscription_id": line.line_id,
        "arrears_fen": arrears_fen,
        "since_on": bill.due_on.isoformat(),
        "late_fee_fen": 0,
    }
    if arrears_fen and hall.world.chance(0.03):
        # SUB-22: a late fee beyond the law.
        _send(hall, line, "subscription.record_arrears.v1", {**data, "late_fee_fen": arrears_fen})
    _send(hall, line, "subscription.record_arrears.v1", data)


def final(hall: "HallLife", line: Line) -> Actor:
    """The last bill of a line that has ended, collected from the bank."""
    world = hall.world
    yield world.between(600, 5 * HOUR)
    amount_fen = world.pick((0, 0, 500, 1_500))
    names: Data = {"subscription_id": line.line_id, "bill_id": world.new_id("b")}
    data: Data = {
        **names,
        "period": world.on(world.day).isoformat()[:7],
        "amount_fen": amount_fen,
        "due_on": world.on(world.day + DUE_DAYS).isoformat(),
        "detail_digest": f"{int(world.random.random() * 16**12):064x}",
        "final": True,
    }
    _send(hall, line, "subscription.record_bill.v1", data)
    if amount_fen:
        yield world.between(DAY, 2 * DAY)
        paid: Data = {"settled_fen": amount_fen, "settled_at": world.moment(world.now)}
        _send(hall, line, "subscription.settle_bill.v1", {**names, **paid})
    yield 300
    _send(hall, line, "subscription.settle_final.v1", names)


def _send(hall: "HallLife", line: Line, type_: str, data: Data) -> None:
    hall.world.send(
        Message(
            source="billing",
            type=type_,
            subject=line.customer.subject,
            actor="system:billing",
            channel="system",
            data=data,
        )
    )
