"""The head office on a Tuesday: who acts there, and what it says."""

from datetime import date
from typing import Any, Final

import msgspec

from ledger import founding
from ledger.aggregates.model import BROADCAST, FollowOn
from ledger.aggregates.operator import hall, policy, procedure, product
from ledger.aggregates.operator.product.decide import content_digest
from ledger.facts import Counter, Product, Step
from tests.aggregates.case import NOW, Case, later, reactions

OPERATOR: Final = "operator"
CLOCK: Final[dict[str, Any]] = {"actor": "system:clock"}
COMPLIANCE: Final[dict[str, Any]] = {"actor": "o-yang", "approver": "r-song"}
PRODUCTS: Final[dict[str, Any]] = {"actor": "o-zhu", "approver": "o-yang"}
REGION: Final[dict[str, Any]] = {"actor": "r-song", "approver": "o-yang"}
LEAD: Final = 300
TOMORROW: Final = date(2026, 11, 4)


def office(**parameters: Any) -> Case:
    return Case(OPERATOR, **parameters)


def told(event: Any, stream: str, at: Any = NOW, **who: Any) -> list[Any]:
    """What every partition is told after the event."""
    envelope = office().envelope("x.y.v1", at, **who)
    follow_ons = [each for each in reactions(event, envelope, stream) if isinstance(each, FollowOn)]
    notes = [each for each in follow_ons if each.subject == BROADCAST]
    assert [each.name for each in notes] == ["note", "note.1", "note.2"][: len(notes)]
    return [each.data for each in notes]


# Policy


def parameter(name: str = "queue.max_calls", value: Any = 5, **changed: Any) -> Any:
    said: dict[str, Any] = {"unit": "count", "source_status": "practice", **changed}
    return policy.ParameterValue(name=name, value=value, **said)


def publish_policy(*parameters: Any, **changed: Any) -> policy.Publish:
    said: dict[str, Any] = {
        "policy_version": "2026.2",
        "based_on": "test",
        "effective_from_at": later(days=1),
        "parameters": parameters or (parameter(),),
        "reason": "internal_decision",
        **changed,
    }
    return policy.Publish(**said)


# Products


def sample_product(product_id: str = "plan-39") -> Product:
    (found,) = [each for each in founding.sample().products if each.product_id == product_id]
    return found


def tariff(valid_from_on: date = TOMORROW, **changed: Any) -> Any:
    return msgspec.structs.replace(sample_product().tariff, valid_from_on=valid_from_on, **changed)


def publish_product(product_id: str = "plan-59", **changed: Any) -> product.Publish:
    said: dict[str, Any] = {
        "product_id": product_id,
        "tariff_version": "2026-1",
        "name": "畅享套餐59元",
        "family": "mobile",
        "kind": "base_plan",
        "tariff": tariff(),
        "filing_no": "资费2026-059",
        **changed,
    }
    return product.Publish(**said)


def disclose(wish: product.Publish, **changed: Any) -> product.Disclose:
    said: dict[str, Any] = {
        "product_id": wish.product_id,
        "tariff_version": wish.tariff_version,
        "places": ("website", "hall_board"),
        "list_version": "2026-11",
        "content_digest": content_digest(product.product_of(wish)),
        **changed,
    }
    return product.Disclose(**said)


def withdraw_product(**changed: Any) -> product.Withdraw:
    said: dict[str, Any] = {
        "product_id": "plan-39",
        "from_at": NOW,
        "reason": "replaced",
        "existing_customers": "keep",
        **changed,
    }
    return product.Withdraw(**said)


# Procedures


def step(step_id: str, **changed: Any) -> Step:
    return Step(step_id=step_id, **changed)


STEPS: Final = (
    step("check_identity", certification="real_name", statutory_check="real_name"),
    step("disclose_tariff"),
    step("sign_agreement"),
    step("submit"),
)


def publish_procedure(*steps: Step, **changed: Any) -> procedure.Publish:
    said: dict[str, Any] = {
        "procedure_id": "proc-activation",
        "version": 2,
        "title": "入网",
        "order_kinds": ("activation",),
        "steps": steps or STEPS,
        "effective_from_at": later(days=1),
        **changed,
    }
    return procedure.Publish(**said)


# Halls


def counters(*areas: Any) -> tuple[Counter, ...]:
    return tuple(
        Counter(counter_id=f"k{number}", service_area=area) for number, area in enumerate(areas, 1)
    )


def register_hall(**changed: Any) -> hall.Register:
    said: dict[str, Any] = {
        "hall_id": "nanshan",
        "name": "南山营业厅",
        "kind": "own_standard",
        "area": "urban",
        "region_code": "440305",
        "address": "南山大道1号",
        "opens_on": TOMORROW,
        "counters": counters("business_counter", "consultation"),
        "opens": "09:00",
        "closes": "18:00",
        "manager_clerk_id": "m-he",
        "camera_sign_shown": True,
        **changed,
    }
    return hall.Register(**said)
