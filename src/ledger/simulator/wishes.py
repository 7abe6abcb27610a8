"""What customers order, and for which of their lines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ledger.facts import OrderKind
from ledger.simulator.catalogue import ADD_ONS, ROUTER
from ledger.simulator.order import Order
from ledger.simulator.ordering import Ordering
from ledger.simulator.people import Line
from ledger.simulator.world import Actor, World

if TYPE_CHECKING:
    from ledger.simulator.service import Service

KINDS: Final[Mapping[OrderKind, int]] = MappingProxyType(
    {
        "activation": 41,
        "plan_change": 20,
        "service_upgrade": 18,
        "sim_replacement": 12,
        "suspension": 5,
        "termination": 4,
    }
)
"""In a hundred orders, once there are lines to order something for."""
KIND_OF_A_HUNDRED: Final[list[OrderKind]] = [
    kind for kind, share in KINDS.items() for _ in range(share)
]
NEEDS: Final[dict[OrderKind, str]] = {
    "activation": "new_service",
    "plan_change": "change_plan",
    "service_upgrade": "upgrade",
    "sim_replacement": "sim_replacement",
    "suspension": "suspend_resume",
    "termination": "terminate",
}
PURPOSES: Final[dict[OrderKind, str]] = {
    "activation": "activation",
    "sim_replacement": "sim_replacement",
    "termination": "termination",
}
"""Why identity is verified; `change` for all others."""


def order(service: "Service") -> Actor:
    """One order from the wish to the papers, or to where it fails."""
    world, hall = service.world, service.desk.hall
    kind = world.pick(KIND_OF_A_HUNDRED) if not service.wish else _wished(service)
    if kind != "activation" and service.customer is None:
        service.customer = hall.take_holder()
    elif service.customer is None and hall.listed and world.chance(0.1):
        # ORD-31: who is listed tries again, once.
        service.customer = hall.take(hall.listed.pop())
    line = _line(service, kind)
    if line is None:
        kind = "activation"
    invoice = ("invoice",) if world.chance(0.05) else ()
    yield from service.ask(NEEDS[kind], *invoice)
    yield from service.identify("identity_document")
    yield service.talk(60)
    customer = service.customer
    assert customer is not None
    if not (yield from service.verify(PURPOSES.get(kind, "change"))):
        service.open_needs = list(service.needs)
        return
    yield service.talk(60)
    wanted = Order(world, hall, kind, customer, line, hall.operator.procedures[kind])
    if not _fill(wanted, service):
        service.open_needs = list(service.needs)
        return
    outcome = yield from Ordering(service, wanted).run()
    if customer.collects_cards and wanted.new_numbers and world.chance(0.7):
        # As many more: that is one number too many (ORD-17, ORD-30).
        more = Order(world, hall, kind, customer, None, hall.operator.procedures[kind])
        _new_lines(more, "mobile")
        outcome = yield from Ordering(service, more).run()
    if outcome != "all_done":
        service.outcome = outcome
    if outcome in ("customer_left", "refused_by_rule"):
        service.open_needs = [NEEDS[kind]]
    if world.chance(0.1):
        yield from service.give_consent()


def _wished(service: "Service") -> OrderKind:
    customer = service.customer
    has_line = customer is not None and customer.line_at_rest() is not None
    if service.wish == "add_on" and has_line:
        return "service_upgrade"
    return "plan_change" if service.wish == "mobile" and has_line else "activation"


def _line(service: "Service", kind: OrderKind) -> Line | None:
    """The line that the order is for: one of which nothing else is being changed."""
    customer = service.customer
    if kind == "activation" or customer is None:
        return None
    line = customer.line_at_rest()
    if line is not None and kind == "service_upgrade" and len(line.add_ons) == len(ADD_ONS):
        return None
    return line


def _fill(wanted: Order, service: "Service") -> bool:
    """Adds the items; whether there is anything to order."""
    world, line = wanted.world, wanted.line
    if line is None:
        _new_lines(wanted, service.wish)
        return True
    match wanted.kind:
        case "plan_change":
            plans = [
                plan
                for plan in wanted.hall.operator.sold("mobile")
                if plan.product_id != line.product.product_id
            ]
            wanted.add("modify", world.pick(plans))
        case "service_upgrade":
            free = [each for each in ADD_ONS if each.product_id not in line.add_ons]
            wanted.add("add", world.pick(free))
        case "termination":
            wanted.add("delete", line.product)
        case _:
            wanted.add("modify", line.product)
    return True


def _new_lines(wanted: Order, wish: str) -> None:
    world, sold = wanted.world, wanted.hall.operator.sold
    if wish == "broadband" or (not wish and world.chance(0.15)):
        wanted.add("add", world.pick(sold("broadband")))
        if world.chance(0.4):
            wanted.add("add", ROUTER)
        return
    many = 3 if wanted.customer.collects_cards else _cards(world)
    for _ in range(many):
        wanted.add("add", world.pick(sold("mobile")))
    if world.chance(0.3):
        wanted.add("add", world.pick(ADD_ONS))


def _cards(world: World) -> int:
    return 2 if world.chance(0.05) else 1
