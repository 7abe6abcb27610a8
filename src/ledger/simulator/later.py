"""How orders end away from the counter: finished later, taken back, or left to expire."""

from msgspec.structs import replace

from ledger.simulator import order_mistakes, provisioning
from ledger.simulator.order import Order
from ledger.simulator.world import DAY, HOUR, Actor, Data


def expire(order: Order) -> Actor:
    """A draft that nobody touches any more stands in the way of other orders for three days."""
    if order.line is not None:
        order.line.ordered.add(order.kind)
        yield 3 * DAY + HOUR
        order.line.ordered.discard(order.kind)


def cancel(order: Order, clerk: str) -> None:
    """Requested and accepted in one go; provisioning confirms it."""
    world = order.world
    order.cancellation_id = world.new_id("cx")
    names: Data = {"order_id": order.order_id, "cancellation_id": order.cancellation_id}
    requesting: Data = {**names, "requested_by": "customer", "reason": "changed_mind"}
    message = replace(
        provisioning.in_back_office(order, "order.request_cancellation.v1", requesting), actor=clerk
    )
    world.send(message)
    accepting = replace(
        message,
        type="order.accept_cancellation.v1",
        data={**names, "fee_fen": 0, "refund_due_fen": 0},
    )
    if world.chance(0.15):
        world.send(order_mistakes.asks_a_fee(accepting))
    world.send(accepting)
    order.status = "cancelling"


def finish_later(order: Order, steps: list[str]) -> Actor:
    """The rest of the steps, once everything is installed; some take the order back before."""
    world, hall = order.world, order.hall
    if order.due - world.now > 2 * 24 * HOUR and world.chance(0.08):
        yield hall.until_working(world.between(2 * HOUR, 20 * HOUR))
        untouched = all(item.status == "open" for item in order.wanted)
        if order.status == "in_progress" and untouched:
            cancel(order, hall.supervisor)
    while order.is_open and not order.items_ended:
        yield 1_800
    if not order.is_open:
        return
    yield hall.until_working(world.between(300, 3_600))
    for step_id in steps:
        completing: Data = {"order_id": order.order_id, "step_id": step_id}
        world.send(provisioning.in_back_office(order, "order.complete_step.v1", completing))
        order.do(step_id)
        yield world.between(5, 40)
