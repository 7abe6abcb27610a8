"""The founding of the simulated operator: its halls, their counters and clerks, its sources."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Final

from ledger.entry import LedgerError
from ledger.facts import Certification, Clerk, Counter, Founding, Hall, Held, Role, Source
from ledger.founding import with_procedures
from ledger.policy import PolicyVersion
from ledger.simulator.catalogue import PRODUCTS, calendar
from ledger.simulator.world import FIRST_DAY
from ledger.values import CHINA_OFFSET

ORIGIN: Final = "ledger.example/demo"
MAX_HALLS: Final = 12
"""The founding is one entry, and an entry has at most 60,000 bytes."""

HALLS: Final = (
    ("renmin", "人民路营业厅"),
    ("binjiang", "滨江营业厅"),
    ("gulou", "鼓楼营业厅"),
    ("dongmen", "东门营业厅"),
    ("nanhu", "南湖营业厅"),
    ("xincheng", "新城营业厅"),
    ("guangming", "光明路营业厅"),
    ("heping", "和平街营业厅"),
    ("kaifa", "开发区营业厅"),
    ("daxue", "大学城营业厅"),
    ("beizhan", "北站营业厅"),
    ("wanda", "万达广场营业厅"),
)
SURNAMES: Final = (
    "li", "wang", "zhang", "liu", "chen", "yang", "zhao", "huang", "zhou", "wu", "xu", "sun", "hu",
    "zhu", "gao", "lin", "he", "guo", "ma", "luo", "liang", "song", "zheng", "xie", "han", "tang",
    "feng", "yu", "dong", "xiao", "cheng", "cao", "yuan", "deng", "fu", "shen", "zeng", "peng",
)  # fmt: skip
HEAD_OFFICE: Final[tuple[tuple[str, Role, Certification | None], ...]] = (
    ("r-region", "regional_manager", None),
    ("o-compliance", "compliance_officer", None),
    ("o-privacy", "privacy_officer", "privacy"),
    ("o-product", "product_manager", None),
    ("o-hr", "hr_officer", None),
    ("o-trainer", "trainer", None),
)
AT_COUNTERS: Final = (
    *("customer.", "subscription.", "order.", "payment."),
    *("visit.", "shift.", "case.", "drawer.", "hall_day."),
)
SOURCES: Final = (
    Source(name="counter-app", types=AT_COUNTERS),
    Source(name="queue-machine", types=("visit.",), owners=("hall",), systems=("queue_machine",)),
    Source(
        name="rating-pad",
        types=("visit.rate.",),
        owners=("hall",),
        systems=("rating_pad", "rating_link"),
    ),
    Source(
        name="billing",
        types=("payment.", "subscription."),
        owners=("customer",),
        systems=("billing",),
    ),
    Source(
        name="payment-gateway",
        types=("payment.",),
        owners=("customer",),
        systems=("payment_gateway",),
    ),
    Source(
        name="provisioning",
        types=("order.", "subscription."),
        owners=("customer",),
        systems=("provisioning", "numbers"),
    ),
    Source(
        name="customer-app",
        types=("customer.give_consent.", "customer.withdraw_consent."),
        owners=("customer",),
        systems=("customer_app", "sms_gateway"),
    ),
    Source(
        name="regulator",
        types=("customer.list_restriction.", "customer.lift_listing."),
        owners=("customer",),
        systems=("regulator",),
    ),
    Source(
        name="head-office",
        types=("policy.", "product.", "procedure.", "calendar.", "hall.", "clerk."),
        owners=("operator", "clerk"),
        systems=("hr", "learning", "web"),
    ),
)


def founding_of(seed: int, halls: int = 3) -> Founding:
    """The operator that the seed stands for, with a simulated clock.

    Each hall has four to six business counters and two for consultation, whose clerks hold no
    real-name certification; beside them a supervisor, a manager and a clerk who left. The head
    office works for all of them.
    Raises LedgerError for a number of halls that it has no names for.
    """
    if not 1 <= halls <= MAX_HALLS:
        raise LedgerError(f"the simulator plays 1 to {MAX_HALLS} halls, not {halls}")
    chance = Random(f"founding {seed}")
    founded_at = datetime(
        FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=timezone(CHINA_OFFSET)
    )
    names = _Names()
    built = [_hall(*HALLS[number], chance.randint(4, 6)) for number in range(halls)]
    staff = [clerk for hall in built for clerk in _staff(hall, names)]
    founding = Founding(
        operator="Simulated Telecom",
        origin=ORIGIN,
        founded_at=founded_at,
        clock="simulated",
        partitions=8,
        policy=PolicyVersion(version="2026.1", effective_from_at=founded_at.astimezone(UTC)),
        halls=tuple(built),
        clerks=(*staff, *(_officer(*officer) for officer in HEAD_OFFICE)),
        sources=SOURCES,
        products=PRODUCTS,
        calendars=(calendar(FIRST_DAY.year),),
    )
    return with_procedures(founding)


def _officer(clerk_id: str, role: Role, held: Certification | None) -> Clerk:
    return Clerk(clerk_id=clerk_id, role=role, certifications=_held(held) if held else ())


def _hall(hall_id: str, name: str, business_counters: int) -> Hall:
    business = [
        Counter(counter_id=f"k{number}", service_area="business_counter")
        for number in range(1, business_counters + 1)
    ]
    consultation = [
        Counter(counter_id=f"z{number}", service_area="consultation") for number in (1, 2)
    ]
    return Hall(hall_id=hall_id, name=name, counters=(*business, *consultation))


def _staff(hall: Hall, names: "_Names") -> list[Clerk]:
    """A clerk for each counter, in the counters' order, then the others."""
    staff: list[Clerk] = []
    for number, counter in enumerate(hall.counters):
        if counter.service_area == "consultation":
            staff.append(_clerk(names, "c", "clerk", hall, "device_support"))
        elif number % 3 == 0:
            staff.append(_clerk(names, "c", "senior_clerk", hall, "real_name", "cash", "refunds"))
        else:
            staff.append(_clerk(names, "c", "clerk", hall, "real_name", "cash"))
    left = Clerk(clerk_id=names.next("x"), role="clerk", hall_ids=(hall.hall_id,), status="left")
    return [
        *staff,
        _clerk(names, "s", "supervisor", hall, "real_name", "refunds"),
        _clerk(names, "m", "manager", hall, "refunds"),
        left,
    ]


def _clerk(names: "_Names", kind: str, role: Role, hall: Hall, *held: Certification) -> Clerk:
    return Clerk(
        clerk_id=names.next(kind),
        role=role,
        hall_ids=(hall.hall_id,),
        certifications=_held(*held),
    )


def _held(*held: Certification) -> tuple[Held, ...]:
    return tuple(
        Held(
            certification=each,
            valid_from_on=FIRST_DAY - timedelta(days=300),
            valid_until_on=FIRST_DAY + timedelta(days=3_650),
        )
        for each in held
    )


class _Names:
    """Clerk ids: a letter for what they are, a surname, and a number where it comes again."""

    def __init__(self) -> None:
        self._given = 0

    def next(self, kind: str) -> str:
        again, number = divmod(self._given, len(SURNAMES))
        self._given += 1
        return f"{kind}-{SURNAMES[number]}{again + 1 if again else ''}"
