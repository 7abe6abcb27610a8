"""A Tuesday in the hall at Renmin Road: what tests of its visits and shifts begin with."""

from datetime import date, datetime
from typing import Any, Final

from ledger.aggregates import copies
from ledger.aggregates.hall import case as hall_case
from ledger.aggregates.hall import hall_day, shift, visit
from tests.aggregates.case import Case, later

HALL: Final = "hall/renmin"
OPENING: Final = datetime.fromisoformat("2026-11-03T08:30:00+08:00")
CLOSING: Final = datetime.fromisoformat("2026-11-03T18:00:00+08:00")
LAPSE: Final = datetime.fromisoformat("2026-11-03T19:00:00+08:00")
TUESDAY: Final = date(2026, 11, 3)

AT_K1: Final[dict[str, Any]] = {"actor": "c-li", "hall": "renmin", "counter": "k1"}
AT_K2: Final[dict[str, Any]] = {"actor": "c-wang", "hall": "renmin", "counter": "k2"}
V1: Final[dict[str, Any]] = {**AT_K1, "visit": "v1"}
V2: Final[dict[str, Any]] = {**AT_K1, "visit": "v2"}
REACTOR: Final[dict[str, Any]] = {"actor": "system:reactor"}
CLOCK: Final[dict[str, Any]] = {"actor": "system:clock"}
QUEUE: Final[dict[str, Any]] = {"actor": "system:queue_machine"}
PAD: Final[dict[str, Any]] = {"actor": "system:rating_pad"}

ARRIVE: Final = visit.Arrive(arrival="walk_in", priority_lane=False)
ARRIVED: Final = visit.Arrived.of(ARRIVE, lapse_due_at=LAPSE)
CALLED: Final = visit.TicketCalled(call_count=1, wait_seconds=0)
STARTED: Final = visit.Started(shift_id="s-c-li")
CLOSE: Final = visit.Close(outcome="all_done", follow_up_asked=False)


def open_shift(
    shift_id: str = "s1", counter_id: str = "k1", duty: shift.Duty = "counter"
) -> shift.Open:
    return shift.Open(shift_id=shift_id, counter_id=counter_id, duty=duty, planned_end_at=CLOSING)


def shift_opened(shift_id: str, counter_id: str, duty: shift.Duty = "counter") -> shift.Opened:
    wish = open_shift(shift_id, counter_id, duty)
    return shift.Opened.of(wish, role="clerk", certifications=("real_name",))


def open_day(**parameters: Any) -> Case:
    """The business day is opened, and nobody is there yet."""
    return Case(HALL, **parameters).given(hall_day.Opened(business_on=TUESDAY), at=OPENING)


def open_hall(**parameters: Any) -> Case:
    """The hall at ten: c-li is on shift at counter k1, c-wang at k2."""
    case = Case(HALL, **parameters)
    for clerk, counter in (("c-li", "k1"), ("c-wang", "k2")):
        case.given(shift_opened(f"s-{clerk}", counter), at=OPENING, actor=clerk)
    return case


def issue(ticket_no: str = "A001", area: Any = "business_counter") -> visit.IssueTicket:
    return visit.IssueTicket(ticket_no=ticket_no, service_area=area)


def issued(
    ticket_no: str = "A001", area: Any = "business_counter", on: date = TUESDAY
) -> visit.TicketIssued:
    return visit.TicketIssued.of(issue(ticket_no, area), business_on=on, waiting_ahead=0)


def waiting(**parameters: Any) -> Case:
    """The visit v1 has a ticket since ten o'clock."""
    return open_hall(**parameters).given(ARRIVED, issued(), **QUEUE, visit="v1")


def called(**parameters: Any) -> Case:
    """The visit v1 is called at k1 at ten o'clock."""
    return waiting(**parameters).given(CALLED, **V1)


def missed() -> Case:
    """The visit v1 is a no-show and may rejoin until half past ten."""
    return called().given(visit.NoShowRecorded(rejoin_until_at=later(minutes=30)), **V1)


def started(**parameters: Any) -> Case:
    """The visit v1 is served by c-li at k1 since ten o'clock."""
    return called(**parameters).given(STARTED, **V1)


def closed(forget_at: datetime | None = None) -> Case:
    """The visit v1 was closed at ten and may be rated for seven days."""
    event = visit.Closed.of(
        CLOSE,
        handling_seconds=0,
        pause_seconds=0,
        counter_seconds=0,
        rate_until_at=later(days=7),
        forget_at=forget_at,
    )
    return started().given(event, **V1)


def identified() -> Case:
    """The visit v1 is served by c-li at k1 and is that of customer d1."""
    event = visit.CustomerIdentified(customer_id="d1", role="holder", method="declared")
    return started().given(event, **V1)


def take(
    case_id: str = "o1",
    keeper: str = "c-li",
    due_at: datetime | None = None,
    order_kind: Any = None,
    kind: Any = "order",
) -> copies.TakeCase:
    return copies.TakeCase(
        case_id=case_id,
        kind=kind,
        order_kind=order_kind,
        customer_id="d1",
        keeper_clerk_id=keeper,
        due_at=due_at,
    )


def taken(
    case_id: str = "o1", keeper: str = "c-li", due_at: datetime | None = None
) -> hall_case.Taken:
    return hall_case.Taken.of(take(case_id, keeper, due_at))


def release(
    case_id: str = "o1", to_state: Any = "completed", order_kind: Any = None, kind: Any = "order"
) -> copies.ReleaseCase:
    return copies.ReleaseCase(case_id=case_id, kind=kind, order_kind=order_kind, to_state=to_state)


def offered(case_id: str = "o1", to: str = "c-wang", keeper: str = "c-li") -> hall_case.HandedOver:
    return hall_case.HandedOver(
        case_id=case_id, to_clerk_id=to, reason="shift_change", from_clerk_id=keeper
    )
