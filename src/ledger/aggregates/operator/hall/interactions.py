"""What is said of a hall in the register of halls."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.facts import Area, Counter, TimeOfDay
from ledger.values import Day, Id, Moment, Str16, Str64, Str200

HallKind = Literal["own_flagship", "own_standard", "own_small", "partner"]
Counters = Annotated[tuple[Counter, ...], Meta(min_length=1, max_length=100)]


class Register(
    Interaction,
    type="hall.register.v1",
    allowed_in=("-",),
    roles=("regional_manager",),
    approver=("compliance_officer",),
):
    """`opens` and `closes` are local times of every day, as in `facts.Hall`."""

    hall_id: Id
    name: Str64
    kind: HallKind
    area: Area
    region_code: Str16
    address: Str200
    opens_on: Day
    counters: Counters
    opens: TimeOfDay
    closes: TimeOfDay
    manager_clerk_id: Id
    camera_sign_shown: bool


class SetCounters(
    Interaction,
    type="hall.set_counters.v1",
    allowed_in=("registered",),
    roles=("manager", "regional_manager"),
):
    hall_id: Id
    counters: Counters
    from_at: Moment


class SetHours(
    Interaction,
    type="hall.set_hours.v1",
    allowed_in=("registered",),
    roles=("manager", "regional_manager"),
):
    hall_id: Id
    opens: TimeOfDay
    closes: TimeOfDay
    from_on: Day


class ChangeArea(
    Interaction,
    type="hall.change_area.v1",
    allowed_in=("registered",),
    roles=("regional_manager",),
    approver=("compliance_officer",),
):
    """Faults reported before keep the time limit of the area before (电信条例 art 32)."""

    hall_id: Id
    area: Area
    region_code: Str16
    from_at: Moment
    basis: Str200


class CloseDown(
    Interaction,
    type="hall.close_down.v1",
    allowed_in=("registered",),
    roles=("regional_manager",),
    approver=("compliance_officer",),
):
    hall_id: Id
    last_day_on: Day
    successor_hall_id: Id


AnyInteraction = Register | SetCounters | SetHours | ChangeArea | CloseDown
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
