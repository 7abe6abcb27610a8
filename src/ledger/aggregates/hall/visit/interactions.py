"""What is said of a visit."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.reference import ServiceArea
from ledger.values import (
    Count,
    Id,
    SealedText,
    Str16,
)

Need = Literal[
    "inquiry",
    "new_service",
    "change_plan",
    "number_migration",
    "port_out",
    "port_in",
    "upgrade",
    "ownership_transfer",
    "suspend_resume",
    "terminate",
    "payment",
    "bill_query",
    "invoice",
    "sim_replacement",
    "identity_update",
    "numbers_in_my_name",
    "complaint",
    "fault",
    "technical_support",
    "campaign",
    "privacy_request",
    "other",
]
Needs = Annotated[tuple[Need, ...], Meta(max_length=22)]
"""As many as there are kinds: a visit whose needs were asked in several rounds can be closed."""


class Arrive(Interaction, type="visit.arrive.v1", allowed_in=("-",), systems=("queue_machine",)):
    arrival: Literal["walk_in", "appointment", "returning"]
    appointment_id: Id | None = None
    priority_lane: bool
    companions: Count | None = None


class IssueTicket(
    Interaction, type="visit.issue_ticket.v1", allowed_in=("open",), systems=("queue_machine",)
):
    ticket_no: Str16
    service_area: ServiceArea


class CallTicket(
    Interaction,
    type="visit.call_ticket.v1",
    allowed_in=("open",),
    at_counter=True,
    on_shift=True,
):
    pass


class RecordNoShow(
    Interaction,
    type="visit.record_no_show.v1",
    allowed_in=("open",),
    at_counter=True,
    on_shift=True,
):
    pass


class Rejoin(Interaction, type="visit.rejoin.v1", allowed_in=("open",), systems=("queue_machine",)):
    pass


class Abandon(
    Interaction, type="visit.abandon.v1", allowed_in=("open",), systems=("queue_machine",)
):
    reason: Literal["wait_too_long", "wrong_hall", "missing_document", "used_self_service", "other"]


class Lapse(
    Interaction, type="visit.lapse.v1", allowed_in=("open",), clerks=False, systems=("clock",)
):
    pass


class Start(
    Interaction, type="visit.start.v1", allowed_in=("open",), at_counter=True, on_shift=True
):
    pass


class AskNeeds(
    Interaction,
    type="visit.ask_needs.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    needs: Annotated[tuple[Need, ...], Meta(min_length=1, max_length=10)]


class IdentifyCustomer(
    Interaction,
    type="visit.identify_customer.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    customer_id: Id
    role: Literal["holder", "agent"]
    method: Literal["identity_document", "service_password", "sms_code", "declared"]


class Close(
    Interaction,
    type="visit.close.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    outcome: Literal[
        "all_done",
        "partly_done",
        "order_pending",
        "referred_elsewhere",
        "customer_left",
        "refused_by_rule",
    ]
    needs_met: Needs = ()
    needs_open: Needs = ()
    follow_up_asked: bool


class Rate(
    Interaction,
    type="visit.rate.v1",
    allowed_in=("completed",),
    clerks=False,
    systems=("rating_pad", "rating_link"),
):
    """VIS-33 stands in the marks: from the rating pad or the customer's own device only."""

    score: int
    attitude: int | None = None
    skill: int | None = None
    speed: int | None = None
    comment: SealedText | None = None


AnyInteraction = (
    Arrive
    | IssueTicket
    | CallTicket
    | RecordNoShow
    | Rejoin
    | Abandon
    | Lapse
    | Start
    | AskNeeds
    | IdentifyCustomer
    | Close
    | Rate
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
