"""The head office's messages: policies, products, halls and the files of clerks."""

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from ledger import founding
from ledger.aggregates.operator import product
from ledger.aggregates.operator.product.decide import content_digest
from tests.consumers.day import message

NEW: Final = "clerk/c-new"


def said(
    type_: str, time: datetime, data: dict[str, Any], *, subject: str = "operator", **who: Any
) -> bytes:
    """One message of the head office, with an id of its own for each type and time."""
    attributes: dict[str, Any] = {
        "source": "head-office",
        "channel": "backoffice",
        "hall": None,
        "counter": None,
        "visit": None,
        **who,
    }
    id_ = attributes.pop("id_", f"{type_}-{time:%dT%H%M%S}")
    return message(type_, subject, id_, time, data, **attributes)


def policy(time: datetime, begins_at: datetime, value: int, version: str = "2026.2") -> bytes:
    """The age below which a guardian is needed becomes another."""
    age = {
        "name": "privacy.guardian_age",
        "value": value,
        "unit": "count",
        "source_title": "PIPL",
        "article": "arts 28, 31",
        "source_status": "verified",
    }
    data = {
        "policy_version": version,
        "based_on": "2026.1",
        "effective_from_at": begins_at.isoformat(),
        "parameters": [age],
        "reason": "internal_decision",
    }
    return said("policy.publish.v1", time, data, actor="o-yang", approver="r-song")


def withdrawal(time: datetime, version: str = "2026.2") -> bytes:
    data = {"policy_version": version, "reason": "error_found"}
    return said("policy.withdraw.v1", time, data, actor="o-yang", approver="r-song")


def engagement(time: datetime, hall: str = "renmin", **changed: Any) -> bytes:
    data = {
        "full_name": "新来的人",
        "employee_no": "E-4711",
        "role": "clerk",
        "hall_ids": [hall],
        "from_on": f"{time:%Y-%m-%d}",
        "employment": "employee",
        **changed,
    }
    return said("clerk.engage.v1", time, data, subject=NEW, actor="o-wu")


def certification(time: datetime) -> list[bytes]:
    """Trained, assessed and certified for real names within the hour."""

    def after(minutes: int) -> datetime:
        return time + timedelta(minutes=minutes)

    def by_trainer(action: str, minutes: int, data: dict[str, Any], **who: Any) -> bytes:
        type_ = f"clerk.{action}.v1"
        return said(type_, after(minutes), data, subject=NEW, **{"actor": "o-ma", **who})

    today = f"{time:%Y-%m-%d}"
    training = {
        "training_id": "t1",
        "course": "实名登记",
        "subjects": ["real_name"],
        "mandatory": True,
        "due_on": f"{time + timedelta(days=7):%Y-%m-%d}",
        "cause": "new_clerk",
    }
    session = {"training_id": "t1", "session_on": today, "minutes": 45, "mode": "classroom"}
    assessment = {
        "assessment_id": "a1",
        "certification": "real_name",
        "kind": "written",
        "points_bp": 9_000,
        "attempt": 1,
        "paper_version": "p1",
    }
    granted = {"certification": "real_name", "assessment_id": "a1", "valid_from_on": today}
    return [
        by_trainer("assign_training", 0, training),
        by_trainer("attend_training", 50, session),
        by_trainer("complete_training", 51, {"training_id": "t1", "content_version": "v1"}),
        by_trainer("record_assessment", 55, assessment),
        by_trainer("grant_certification", 58, granted, approver="o-yang"),
    ]


def suspension(time: datetime) -> bytes:
    data = {"reason": "investigation"}
    return said("clerk.suspend.v1", time, data, subject=NEW, actor="m-he")


def reinstatement(time: datetime) -> bytes:
    return said("clerk.reinstate.v1", time, {}, subject=NEW, actor="o-wu", approver="m-he")


def plan(valid_from_on: date, **changed: Any) -> product.Publish:
    """A plan like the sample's plan-39, under another name."""
    sample = next(each for each in founding.sample().products if each.product_id == "plan-39")
    tariff = msgspec.structs.replace(sample.tariff, valid_from_on=valid_from_on)
    facts: dict[str, Any] = {
        "product_id": "plan-59",
        "tariff_version": "2026-11",
        "name": "畅享套餐59元",
        "family": "mobile",
        "kind": "base_plan",
        "tariff": tariff,
        "filing_no": "资费2026-059",
        **changed,
    }
    return product.Publish(**facts)


def publication(time: datetime, wish: product.Publish) -> bytes:
    data = msgspec.to_builtins(wish)
    return said("product.publish.v1", time, data, actor="o-zhu", approver="o-yang")


def disclosure(time: datetime, wish: product.Publish) -> bytes:
    data = {
        "product_id": wish.product_id,
        "tariff_version": wish.tariff_version,
        "places": ["website", "hall_board"],
        "list_version": "2026-11",
        "content_digest": content_digest(product.product_of(wish)),
    }
    return said("product.disclose.v1", time, data, actor="o-zhu")


def new_hall(time: datetime, hall_id: str = "nanshan") -> bytes:
    """Opens at once."""
    data = {
        "hall_id": hall_id,
        "name": "南山营业厅",
        "kind": "own_standard",
        "area": "urban",
        "region_code": "440305",
        "address": "南山大道1号",
        "opens_on": f"{time:%Y-%m-%d}",
        "counters": [{"counter_id": "k1", "service_area": "business_counter"}],
        "opens": "08:30",
        "closes": "18:00",
        "manager_clerk_id": "m-he",
        "camera_sign_shown": True,
    }
    return said("hall.register.v1", time, data, actor="r-song", approver="o-yang")
