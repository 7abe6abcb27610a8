"""A customer who came once, bought nothing, and asks to be forgotten."""

from datetime import datetime, timedelta
from typing import Any, Final

from tests.consumers import day
from tests.consumers.day import MORNING

FULL_NAME: Final = "欧阳独特的名字"
PHONE: Final = "13912345678"
COMMENT: Final = "Kommentar von Xaver 独特"
ORDERED_AT: Final = MORNING + timedelta(hours=1)


def stay(name: str, visit: str, time: datetime = MORNING, comment: str = COMMENT) -> list[bytes]:
    """A visit of the customer `name`, who is registered in it, and says something at its end.

    The hall's shift must be open.
    """
    before = ("payment.", "customer.register.")
    steps = [
        step
        for step in day.served(visit, name, time)[:-1]
        if not any(f'"type": "{type_}'.encode() in step for type_ in before)
    ]
    registered = day.registration(
        name, time + timedelta(minutes=4), visit=visit, full_name=FULL_NAME, contact_phone=PHONE
    )
    return [*steps[:-1], registered, steps[-1], remark(visit, time, comment)]


def remark(visit: str, time: datetime, comment: str = COMMENT, **changed: Any) -> bytes:
    return day.rating(visit, time + timedelta(minutes=6), comment, **changed)


def order(name: str, time: datetime = ORDERED_AT, **changed: Any) -> bytes:
    """The privacy officer orders the customer's erasure; an attribute may be changed."""
    who = {"actor": "o-fang", "approver": "m-he", "hall": None, "counter": None, "visit": None}
    return day.message(
        "customer.request_erasure.v1",
        day.customer(name),
        changed.pop("id_", f"{name}-erase"),
        time,
        {"trigger": "customer_asked"},
        **{**who, **changed},
    )
