"""The supervisor's and the manager's day: opening, greeting, cases, totals and signing."""

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import drawer, mistakes
from ledger.simulator.world import DAY, HOUR, Actor, Data, Message

if TYPE_CHECKING:
    from ledger.simulator.hall import HallLife, Ticket

SIGN_BY: Final = 12 * HOUR
SIGNED_LATE: Final = 0.07
VISITS_LAPSE: Final = 19 * HOUR + 25 * 60
"""Who missed the last calls may come back until then."""


def day(hall: "HallLife") -> Actor:
    """The supervisor from morning to evening. Starts at eight."""
    world = hall.world
    yield world.between(60, 300)
    shift_id = f"s-{hall.hall_id}-{hall.supervisor}-{world.day + 1}"
    _open(hall, shift_id)
    yield world.between(60, 200)
    yield from _explain_yesterday(hall)
    if world.day and hall.days_to_sign:
        world.start(_sign(hall))
    world.start(drawer.deposit_all(hall), 1_800)
    world.start(_assign_cases(hall), world.between(3_600, 5_400))
    yield 18 * HOUR - world.second_of_day
    while hall.open_shifts - {shift_id}:
        yield world.between(60, 240)
    hall.supervisor_is_on_shift = False
    yield world.between(60, 300)
    closing: Data = {"shift_id": shift_id, "forced": False, "reason": "planned_end"}
    world.send(by_supervisor(hall, "shift.close.v1", closing))
    hall.open_shifts.discard(shift_id)
    hall.days_to_sign.append(world.day)
    yield max(world.between(60, 900), VISITS_LAPSE - world.second_of_day + world.between(0, 900))
    if not hall.unexplained:
        yield from _prepare(hall, world.day)


def by_supervisor(hall: "HallLife", type_: str, data: Data) -> Message:
    return Message(
        source="counter-app",
        type=type_,
        subject=hall.subject,
        actor=hall.supervisor,
        hall=hall.hall_id,
        channel="backoffice",
        data=data,
    )


def by_manager(hall: "HallLife", type_: str, data: Data) -> Message:
    return replace(by_supervisor(hall, type_, data), actor=hall.manager)


def _open(hall: "HallLife", shift_id: str) -> None:
    opening: Data = {
        "shift_id": shift_id,
        "counter_id": hall.desks[-1].counter,
        "duty": "supervisor",
        "planned_end_at": hall.world.moment(hall.world.day * DAY + 19 * HOUR),
    }
    hall.world.send(by_supervisor(hall, "shift.open.v1", opening))
    hall.open_shifts.add(shift_id)
    hall.supervisor_is_on_shift = True


# On the floor


def greet(hall: "HallLife", ticket: "Ticket") -> Actor:
    """Some are greeted at the door, and some of those shown the way."""
    world = hall.world
    if not hall.supervisor_is_on_shift:
        return
    yield world.between(5, 60)
    message = replace(by_supervisor(hall, "visit.greet.v1", {}), visit=ticket.visit)
    world.send(message)
    if world.chance(0.015):
        # VIS-01: greeted again.
        yield world.between(5, 20)
        world.send(message)
    if world.chance(0.3):
        yield world.between(5, 30)
        way = replace(message, type="visit.direct.v1", data={"service_area": ticket.area})
        if world.chance(0.02):
            # VIS-04: to an area that this hall has not.
            world.send(replace(way, data={"service_area": "vip"}))
            yield 5
        world.send(way)


def observe(hall: "HallLife", visit: str, clerk: str) -> None:
    """The supervisor has watched how a customer was served, and notes it."""
    world = hall.world
    items = ("greeting", "needs_asked", "patience", "tariff_explained", "farewell")
    data: Data = {
        "observation_id": world.new_id("ob"),
        "method": "floor_walk" if world.chance(0.8) else "call_back",
        "observed_clerk_id": clerk,
        "items": [{"item": item, "points": world.between(6, 10)} for item in items],
    }
    seen = replace(by_supervisor(hall, "visit.observe.v1", data), visit=visit)
    if world.chance(0.08):
        # VIS-38: noted for a colleague who did not serve.
        others = [desk.clerk for desk in hall.desks if desk.clerk != clerk]
        wrong = {**data, "observed_clerk_id": world.pick(others)}
        world.send(replace(seen, data=wrong))
    world.send(seen)


# Yesterday


def _explain_yesterday(hall: "HallLife") -> Actor:
    """What was left of the evening: differences to explain, then the totals."""
    if not hall.unexplained:
        return
    world = hall.world
    yesterday = hall.unexplained[0].day
    while hall.unexplained:
        left = hall.unexplained.pop()
        left.explain()
        yield world.between(20, 60)
        yield from left.close(hall.supervisor)
    yield from _prepare(hall, yesterday)


def _assign_cases(hall: "HallLife") -> Actor:
    """The manager gives out again what was handed over for the night."""
    world = hall.world
    kept = [order for order in hall.cases.values() if order.keeper == hall.manager]
    for order in kept:
        desk = hall.business_desk()
        if desk is None or order.order_id not in hall.cases:
            continue
        data: Data = {
            "case_id": order.order_id,
            "to_clerk_id": desk.clerk,
            "reason": "shift_change",
        }
        assigning = by_manager(hall, "case.assign.v1", data)
        if world.chance(0.03):
            # CAS-03: to a clerk who has left.
            world.send(replace(assigning, data={**data, "to_clerk_id": hall.former_clerk}))
        world.send(assigning)
        order.keeper = desk.clerk
        yield world.between(20, 90)


# The day's totals


def _prepare(hall: "HallLife", day: int) -> Actor:
    world = hall.world
    on = world.on(day).isoformat()
    totals = hall.book.terminal_totals(day)
    data: Data = {"business_on": on, "terminal_totals": totals}
    preparing = by_supervisor(hall, "hall_day.prepare.v1", data)
    if totals and world.chance(0.06):
        # DAY-06: one terminal's slip is forgotten, and not a word said of it.
        world.send(replace(preparing, data={**data, "terminal_totals": totals[1:]}))
        yield world.between(120, 600)
    world.send(preparing)
    if world.chance(0.05):
        yield world.between(60, 300)
        withdrawing: Data = {"business_on": on, "note": "终端小票漏附，重新编制"}
        world.send(by_supervisor(hall, "hall_day.withdraw.v1", withdrawing))
        yield world.between(60, 300)
        world.send(preparing)


def _sign(hall: "HallLife") -> Actor:
    """The manager signs what the supervisor has prepared, most days in time."""
    world = hall.world
    late = world.chance(SIGNED_LATE)
    yield world.between(*((SIGN_BY, 15 * HOUR) if late else (9 * HOUR, SIGN_BY - 600))) - (
        world.second_of_day
    )
    while hall.days_to_sign:
        day = hall.days_to_sign.pop(0)
        data: Data = {
            "business_on": world.on(day).isoformat(),
            "totals_digest": hall.book.digest(day),
        }
        signing = by_manager(hall, "hall_day.sign_off.v1", data)
        if world.chance(0.05):
            # DAY-07: by the one who prepared.
            world.send(replace(signing, actor=hall.supervisor))
            yield world.between(60, 600)
        if world.chance(0.03):
            world.send(mistakes.another_digest(signing))
            yield world.between(60, 600)
        world.send(signing)
        hall.book.sign(day)
        yield world.between(30, 120)
