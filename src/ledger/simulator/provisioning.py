"""The systems behind the counter: numbers are reserved, orders carried out, cards activated."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ledger.simulator import billing, mistakes
from ledger.simulator.order import Item, Order
from ledger.simulator.world import DAY, HOUR, Actor, Data, Message, World

if TYPE_CHECKING:
    from ledger.simulator.people import Customer

FALLS_OUT: Final = 0.03
REJECTED: Final = 0.008
GIVEN_UP: Final = 0.2
CARDS: Final = ("activation", "sim_replacement")
"""The kinds of orders for which a card is issued at the counter."""
CODES: Final = ("hlr_timeout", "profile_missing", "port_busy", "duplicate_imsi")


def by_system(customer: "Customer", system: str, type_: str, data: Data) -> Message:
    return Message(
        source="billing" if system == "billing" else "provisioning",
        type=type_,
        subject=customer.subject,
        actor=f"system:{system}",
        channel="system",
        data=data,
    )


def _send(order: Order, type_: str, data: Data, system: str = "provisioning") -> None:
    order.world.send(by_system(order.customer, system, type_, data))


def reserve(order: Order) -> None:
    """The number that the customer has chosen is held for a while."""
    world = order.world
    order.reservation_id = world.new_id("nr")
    data: Data = {
        "order_id": order.order_id,
        "reservation_id": order.reservation_id,
        "number": f"138{world.digits(8)}",
        "reserved_until_at": world.moment(world.now + world.between(50, 60) * 60),
    }
    _send(order, "order.record_number_reserved.v1", data, "numbers")


def release(order: Order) -> Actor:
    """The number of an order that came to nothing is free again."""
    if order.reservation_id:
        yield order.world.between(20, 120)
        data: Data = {
            "order_id": order.order_id,
            "reservation_id": order.reservation_id,
            "reason": "order_ended",
        }
        _send(order, "order.record_number_released.v1", data, "numbers")


def within_hours(world: World, seconds: int) -> int:
    """Systems that change lines rest from 19:00 to 08:00, as do the people who watch them."""
    second = (world.now + seconds) % DAY
    if second > 19 * HOUR:
        return seconds + DAY - second + 8 * HOUR + world.between(0, HOUR)
    if second < 8 * HOUR:
        return seconds + 8 * HOUR - second + world.between(0, HOUR)
    return seconds


def carry_out(order: Order) -> Actor:
    """From the order's start to the end of its last item."""
    world = order.world
    yield world.between(10, 60)
    if (yield from _cancelled(order)):
        return
    if world.chance(REJECTED):
        reason = "no_resource" if _is_fibre(order) else "billing_refused"
        _send(order, "order.reject.v1", {"order_id": order.order_id, "reason": reason})
        order.end("rejected")
        yield from release(order)
        return
    starting: Data = {"order_id": order.order_id, "provisioning_reference": world.new_id("pr")}
    _send(order, "order.start.v1", starting)
    order.status = "in_progress"
    if order.kind == "termination" and order.line is not None:
        order.line.status = "ending"
    if any(item.has_card for item in order.wanted) and order.kind in CARDS:
        while not order.card_is_issued and not order.cancellation_id:
            yield 10
    for item in order.wanted:
        yield from _work(order, item)
        if (yield from _cancelled(order)):
            return
        if item.status == "open":
            yield from _carry_out(order, item)
    if order.has_failed:
        yield from release(order)


def _work(order: Order, item: Item) -> Actor:
    world = order.world
    if not (item.adds_line and item.product.family == "broadband"):
        yield within_hours(world, world.between(20, 150))
        return
    days = world.between(1, 5) if world.chance(0.93) else world.between(22, 30)
    yield from _interrupted(order)
    done_at = world.now + within_hours(world, days * DAY + world.between(-3 * HOUR, 3 * HOUR))
    while world.now < done_at and order.status == "in_progress":
        yield min(1_800, done_at - world.now)


def _interrupted(order: Order) -> Actor:
    """Some installations wait for resources, or for something the customer has to say."""
    world = order.world
    how = world.random.random()
    names: Data = {"order_id": order.order_id}
    if how < 0.08:
        yield within_hours(world, world.between(HOUR, 5 * HOUR))
        if order.status != "in_progress":
            return
        _send(order, "order.hold.v1", {**names, "reason": "resource_missing"})
        order.status = "held"
        yield within_hours(world, world.between(5 * HOUR, 30 * HOUR))
        if world.chance(0.1):
            _send(order, "order.release.v1", {**names, "reason": "stock_arrived"})
            yield 60
        _send(order, "order.release.v1", {**names, "reason": "resource_found"})
        order.status = "in_progress"
    elif how < 0.14:
        yield from _asked(order, names)


def _asked(order: Order, names: Data) -> Actor:
    world, hall = order.world, order.hall
    yield within_hours(world, world.between(HOUR, 5 * HOUR))
    if order.status != "in_progress":
        return
    question = {**names, "question_id": world.new_id("q")}
    until = world.moment(world.now + 3 * DAY)
    asking = {**question, "needed": ["floor_plan"], "answer_by_at": until}
    _send(order, "order.request_information.v1", asking)
    order.status = "pending"
    yield hall.until_working(world.between(2 * HOUR, 24 * HOUR))
    answering = {**question, "documents": [world.new_id("doc")]}
    world.send(in_back_office(order, "order.supply_information.v1", answering))
    order.status = "in_progress"


def _carry_out(order: Order, item: Item) -> Actor:
    world = order.world
    if item.line is not None and item.line.status == "pending" and not item.adds_line:
        failing: Data = {"order_id": order.order_id, "item_id": item.item_id}
        reason: Data = {"reason": "system_error", "restored": True}
        _send(order, "order.fail_item.v1", {**failing, **reason})
        order.fail(item)
        return
    attempt = 0
    while world.chance(FALLS_OUT if item.line is not None else 0):
        attempt += 1
        given_up = yield from _fall_out(order, item, attempt)
        if given_up:
            order.fail(item)
            return
        yield within_hours(world, world.between(20, 300))
        if attempt == 3:
            break
    type_, data = _change(order, item)
    message = by_system(order.customer, "provisioning", type_, data)
    if item.line is not None and world.chance(0.01):
        # SUB-02: told of another order.
        world.send(mistakes.of_another_order(message))
        yield 5
    world.send(message)
    order.complete(item)
    if item.adds_line and item.line is not None:
        world.start(billing.bills(order.hall, item.line))
    if order.kind == "termination" and order.line is not None:
        world.start(billing.final(order.hall, order.line))


def _fall_out(order: Order, item: Item, attempt: int) -> Generator[int, None, bool]:
    """Reported, held, and settled by the one who keeps the case: whether the item is given up."""
    world, hall = order.world, order.hall
    report: Data = {
        "order_id": order.order_id,
        "item_id": item.item_id,
        "fall_out_code": world.pick(CODES),
        "system": world.pick(("hlr", "billing_core", "olt")),
        "retryable": True,
        "attempt": attempt,
    }
    _send(order, "order.report_fall_out.v1", report)
    order.status = "held"
    slow = world.chance(0.25)
    yield hall.until_working(
        world.between(20 * HOUR, 40 * HOUR) if slow else world.between(300, HOUR)
    )
    gives_up = world.chance(GIVEN_UP)
    settling: Data = {
        "order_id": order.order_id,
        "item_id": item.item_id,
        "action": "give_up" if gives_up else world.pick(("retry", "retry", "fix_data")),
        "note": "已核对开通参数",
    }
    message = in_back_office(order, "order.settle_fall_out.v1", settling)
    if gives_up:
        # ORD-46: giving up takes two people.
        if world.chance(0.3):
            world.send(message)
            yield world.between(30, 120)
        message = replace(message, approver=hall.manager, actor=hall.supervisor)
    world.send(message)
    if not gives_up:
        order.status = "in_progress"
    return gives_up


def in_back_office(order: Order, type_: str, data: Data) -> Message:
    """By the one who keeps the order's case, away from the counter."""
    return Message(
        source="counter-app",
        type=type_,
        subject=order.customer.subject,
        actor=order.keeper,
        hall=order.hall.hall_id,
        channel="backoffice",
        data=data,
    )


def _change(order: Order, item: Item) -> tuple[str, Data]:
    """What provisioning says when an item is carried out."""
    world = order.world
    names: Data = {"order_id": order.order_id, "item_id": item.item_id}
    now, today = world.moment(world.now), world.on(world.day).isoformat()
    line, product = item.line, item.product
    if line is None:
        done: Data = {"reference": world.new_id("dv"), "effective_at": now}
        return "order.complete_item.v1", {**names, **done, "point_of_no_return": True}
    names["subscription_id"] = line.line_id
    plan: Data = {"monthly_fen": item.monthly_fen, "effective_on": today}
    if item.adds_line:
        activated: Data = {"network_reference": world.new_id("net"), "activated_at": now}
        return "subscription.activate.v1", {**names, **activated}
    if product.family == "add_on":
        added: Data = {
            "product_id": product.product_id,
            "confirmation_id": item.confirmation_id,
        }
        return "subscription.add_product.v1", {**names, **plan, **added}
    match order.kind:
        case "plan_change":
            changed: Data = {
                "plan_id": product.product_id,
                "tariff_version": product.tariff_version,
            }
            return "subscription.change_plan.v1", {**names, **plan, **changed}
        case "suspension":
            asked: Data = {"reason": "customer_request", "reported_by": "owner"}
            return "subscription.suspend.v1", {**names, **asked}
        case "sim_replacement":
            card: Data = {"new_iccid": iccid(world), "old_card_disabled_at": now}
            return "subscription.replace_sim.v1", {**names, **card}
        case _:
            ended: Data = {"reason": "customer_order", "terminated_at": now}
            left: Data = {"deposit_fen": 0, "prepaid_balance_fen": 0}
            return "subscription.terminate.v1", {**names, **ended, **left}


def iccid(world: World) -> str:
    return f"898600{world.digits(14)}"


# Cancellation


def _cancelled(order: Order) -> Generator[int, None, bool]:
    """Whether the customer has taken the order back, and everything about it is undone."""
    if order.cancellation_id and order.status == "cancelling":
        yield within_hours(order.world, order.world.between(10, 40))
        names: Data = {"order_id": order.order_id, "cancellation_id": order.cancellation_id}
        _send(order, "order.confirm_cancellation.v1", names)
        order.end("cancelled")
        yield from release(order)
    return not order.is_open


def _is_fibre(order: Order) -> bool:
    return any(item.product.family == "broadband" for item in order.wanted)
