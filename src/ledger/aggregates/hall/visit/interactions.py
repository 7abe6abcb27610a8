"""What is said of a visit."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.copies import BarPromotion
from ledger.aggregates.corrections import Correction
from ledger.aggregates.hall.visit.words import (
    FitReason,
    InquiryTopics,
    Need,
    Needs,
    NeedsProfile,
    ObservationItem,
    SupportKind,
    SupportResult,
    Symptom,
    TransferReason,
    VisitOutcome,
)
from ledger.aggregates.model import Interaction
from ledger.facts import ProductFamily, Role, ServiceArea
from ledger.values import Clear, Count, Fen, Id, Sealed, SealedText, Str16, Str64


class Arrive(Interaction, type="visit.arrive.v1", allowed_in=("-",), systems=("queue_machine",)):
    arrival: Literal["walk_in", "appointment", "returning"]
    appointment_id: Id | None = None
    priority_lane: bool
    companions: Count | None = None


class Greet(
    Interaction,
    type="visit.greet.v1",
    allowed_in=("open", "in_progress"),
    on_shift=True,
):
    pass


class Direct(
    Interaction,
    type="visit.direct.v1",
    allowed_in=("open", "in_progress"),
    on_shift=True,
):
    service_area: ServiceArea
    to_counter: Id | None = None


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


class RaiseInquiry(
    Interaction,
    type="visit.raise_inquiry.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    inquiry_id: Id
    family: ProductFamily
    topics: InquiryTopics
    product_ids: Annotated[tuple[Id, ...], Meta(max_length=10)] = ()
    question: SealedText | None = None


class QuoteTariff(
    Interaction,
    type="visit.quote_tariff.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    """`shown_price_fen` is what the customer was shown, per period of the tariff."""

    quote_id: Id
    inquiry_id: Id | None = None
    product_id: Id
    tariff_version: Id
    shown_price_fen: Fen


class AnswerInquiry(
    Interaction,
    type="visit.answer_inquiry.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    inquiry_id: Id
    answered_topics: InquiryTopics
    quote_ids: Annotated[tuple[Id, ...], Meta(max_length=10)] = ()
    usage_shown: bool


class EscalateInquiry(
    Interaction,
    type="visit.escalate_inquiry.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    inquiry_id: Id
    to_role: Role
    reason: Literal["outside_knowledge", "no_authority", "system_unavailable", "customer_asked"]


class AssessNeeds(
    Interaction,
    type="visit.assess_needs.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    """`monthly_budget_fen` stands in clear, for a recommendation above it is said so."""

    assessment_id: Id
    families: Annotated[tuple[ProductFamily, ...], Meta(min_length=1, max_length=6)]
    monthly_budget_fen: Fen | None = None
    profile: Annotated[Sealed, Clear(NeedsProfile)] | None = None


class Recommend(
    Interaction,
    type="visit.recommend.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    recommendation_id: Id
    assessment_id: Id
    product_id: Id
    tariff_version: Id
    fit: Annotated[tuple[FitReason, ...], Meta(min_length=1, max_length=5)]
    above_budget_told: bool


class AnswerRecommendation(
    Interaction,
    type="visit.answer_recommendation.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    recommendation_id: Id
    answer: Literal["accepted", "declined"]
    decline_reason: (
        Literal["price", "contract", "not_needed", "wants_time", "other_provider", "other"] | None
    ) = None


class GiveSupport(
    Interaction,
    type="visit.give_support.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    support_id: Id
    kind: SupportKind
    family: ProductFamily
    device_model: Str64 | None = None
    result: SupportResult
    note: SealedText | None = None


class EscalateSupport(
    Interaction,
    type="visit.escalate_support.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    support_id: Id
    symptom: Symptom
    subscription_id: Id


class Transfer(
    Interaction,
    type="visit.transfer.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    """Nobody serves the visit from then until it is accepted."""

    to_counter: Id
    to_clerk_id: Id | None = None
    reason: TransferReason


class AcceptTransfer(
    Interaction,
    type="visit.accept_transfer.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    pass


class Close(
    Interaction,
    type="visit.close.v1",
    allowed_in=("in_progress",),
    at_counter=True,
    on_shift=True,
):
    outcome: VisitOutcome
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


class Observe(
    Interaction,
    type="visit.observe.v1",
    allowed_in=("in_progress", "completed"),
    roles=("supervisor", "manager", "regional_manager", "quality_inspector"),
):
    """Pictures of hall cameras are no method (PIPL art 26)."""

    observation_id: Id
    method: Literal["mystery_shop", "floor_walk", "call_back"]
    observed_clerk_id: Id
    items: Annotated[tuple[ObservationItem, ...], Meta(min_length=1, max_length=20)]
    note: SealedText | None = None


class Forget(
    Interaction, type="visit.forget.v1", allowed_in=("completed",), clerks=False, systems=("clock",)
):
    """The key of what was said in the visit is deleted; nobody was identified in it."""


class CorrectEntry(Interaction, Correction, type="visit.correct_entry.v1"):
    pass


CORRECTABLE: Final = frozenset(
    {"decline_reason", "device_model", "note", "question", "reason", "symptom"}
)
AnyInteraction = (
    Arrive
    | Greet
    | Direct
    | IssueTicket
    | CallTicket
    | RecordNoShow
    | Rejoin
    | Abandon
    | Lapse
    | Start
    | AskNeeds
    | IdentifyCustomer
    | RaiseInquiry
    | QuoteTariff
    | AnswerInquiry
    | EscalateInquiry
    | AssessNeeds
    | Recommend
    | AnswerRecommendation
    | BarPromotion
    | GiveSupport
    | EscalateSupport
    | Transfer
    | AcceptTransfer
    | Close
    | Rate
    | Observe
    | Forget
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
