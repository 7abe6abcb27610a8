"""What is said of an order, from the application form to its last item."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.customer.order.words import (
    OPEN,
    CancelReason,
    CheckReason,
    ContractMonths,
    HoldReason,
    OrderItem,
    Pages,
    Percent,
    RejectReason,
    ReleaseReason,
    TariffLine,
)
from ledger.aggregates.model import Interaction
from ledger.facts import CheckKind, OrderDocument, OrderKind
from ledger.values import (
    Code,
    Day,
    Digest,
    Fen,
    Id,
    Moment,
    SealedStr32,
    SealedText,
    Str64,
)


class Place(Interaction, type="order.place.v1", allowed_in=("-",), at_counter=True):
    order_id: Id
    kind: OrderKind
    items: Annotated[tuple[OrderItem, ...], Meta(min_length=1, max_length=20)]
    subscription_id: Id | None = None
    requested_start_on: Day
    requester: Literal["owner", "agent"]
    agent_id: Id | None = None
    procedure_id: Id
    procedure_version: Annotated[int, Meta(ge=1, le=9999)]
    note: SealedText | None = None


class CompleteForm(Interaction, type="order.complete_form.v1", allowed_in=("draft",)):
    order_id: Id
    form_id: Id
    form_version: Id
    filled_by: Literal["customer", "clerk", "agent"]
    field_count: Annotated[int, Meta(ge=1, le=200)]
    content_digest: Digest
    document_id: Id
    confirmed_by_customer: bool


class AttachIdentity(Interaction, type="order.attach_identity.v1", allowed_in=("draft",)):
    order_id: Id
    verification_id: Id
    agent_id: Id | None = None


class DiscloseTariff(Interaction, type="order.disclose_tariff.v1", allowed_in=("draft",)):
    order_id: Id
    disclosure_id: Id
    items: Annotated[tuple[TariffLine, ...], Meta(min_length=1, max_length=10)]
    method: Literal["screen", "paper", "both"]
    document_id: Id | None = None
    confirmed_by_customer: bool


class AcceptExitFee(Interaction, type="order.accept_exit_fee.v1", allowed_in=("draft",)):
    order_id: Id
    quote_id: Id
    exit_fee_fen: Fen
    accepted: bool


class ConfirmItem(Interaction, type="order.confirm_item.v1", allowed_in=("draft",)):
    """The customer's word on one add-on, apart from the agreement."""

    order_id: Id
    item_id: Id
    confirmation_id: Id
    statement_version: Id
    confirmed: bool


class RunCheck(
    Interaction,
    type="order.run_check.v1",
    allowed_in=("draft", "acknowledged", "in_progress", "held"),
):
    order_id: Id
    check_id: Id
    check: CheckKind
    result: Literal["passed", "failed", "not_applicable"]
    reason: CheckReason | None = None
    evidence_digest: Digest | None = None
    details: SealedText | None = None


class OverrideCheck(
    Interaction, type="order.override_check.v1", allowed_in=("draft", "held"), approver=True
):
    order_id: Id
    check: CheckKind
    risk_accepted: bool
    note: SealedText


class AttachDocument(
    Interaction,
    type="order.attach_document.v1",
    allowed_in=("draft", "acknowledged", "in_progress", "pending", "held"),
):
    order_id: Id
    document_id: Id
    document_kind: OrderDocument
    content_digest: Digest
    pages: Pages


class RecordNumberReserved(
    Interaction,
    type="order.record_number_reserved.v1",
    allowed_in=("draft",),
    clerks=False,
    systems=("numbers",),
):
    order_id: Id
    reservation_id: Id
    number: SealedStr32
    reserved_until_at: Moment


class RecordNumberReleased(
    Interaction,
    type="order.record_number_released.v1",
    allowed_in=("draft", "cancelled", "rejected", "failed", "partial"),
    clerks=False,
    systems=("numbers",),
):
    order_id: Id
    reservation_id: Id
    reason: Literal["expired", "order_ended", "customer_changed"]


class AssessIotRisk(
    Interaction,
    type="order.assess_iot_risk.v1",
    allowed_in=("draft",),
    certificate="fraud_control",
):
    order_id: Id
    assessment_id: Id
    device_kind: Code
    scene: Code
    functions: Annotated[
        tuple[Literal["voice", "sms", "data_open", "data_directed"], ...],
        Meta(min_length=1, max_length=4),
    ]
    locked_to_device: bool
    outcome: Literal["passed", "failed"]
    note: SealedText | None = None


class SignAgreement(Interaction, type="order.sign_agreement.v1", allowed_in=("draft",)):
    """The term runs from `start_on`; what leaving early costs is stated by the item's rule."""

    order_id: Id
    agreement_id: Id
    template_id: Id
    template_version: Id
    content_digest: Digest
    document_id: Id
    signature_kind: Literal["handwritten", "signature_pad", "seal", "certified_electronic"]
    signed_by: Literal["customer", "agent", "guardian"]
    start_on: Day
    term_months: ContractMonths = 0
    exit_fee_percent: Percent | None = None
    exit_fee_fixed_fen: Fen | None = None
    subsidy_fen: Fen | None = None
    resale_ban_included: bool
    card_lending_warning_given: bool
    copy_given: bool


class CompleteStep(
    Interaction,
    type="order.complete_step.v1",
    allowed_in=("draft", "acknowledged", "in_progress", "held"),
):
    order_id: Id
    step_id: Code
    result_digest: Digest | None = None


class SkipStep(
    Interaction,
    type="order.skip_step.v1",
    allowed_in=("draft", "acknowledged", "in_progress", "held"),
    approver=True,
):
    order_id: Id
    step_id: Code
    reason: Literal["not_applicable", "system_down", "customer_waived", "done_elsewhere"]
    note: SealedText


class Submit(Interaction, type="order.submit.v1", allowed_in=("draft",), at_counter=True):
    order_id: Id
    total_once_fen: Fen
    total_monthly_fen: Fen


class Reject(
    Interaction,
    type="order.reject.v1",
    allowed_in=("draft", "acknowledged", "held"),
    clerks=False,
    systems=("provisioning",),
):
    order_id: Id
    reason: RejectReason
    details: SealedText | None = None


class Start(
    Interaction,
    type="order.start.v1",
    allowed_in=("acknowledged",),
    clerks=False,
    systems=("provisioning",),
):
    order_id: Id
    provisioning_reference: Str64


class RequestInformation(
    Interaction,
    type="order.request_information.v1",
    allowed_in=("in_progress",),
    systems=("provisioning",),
):
    order_id: Id
    question_id: Id
    needed: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    answer_by_at: Moment


class SupplyInformation(Interaction, type="order.supply_information.v1", allowed_in=("pending",)):
    order_id: Id
    question_id: Id
    documents: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    note: SealedText | None = None


class Hold(
    Interaction,
    type="order.hold.v1",
    allowed_in=("acknowledged", "in_progress", "pending"),
    systems=("provisioning",),
):
    order_id: Id
    reason: HoldReason
    case_id: Id | None = None
    note: SealedText | None = None


class Release(
    Interaction, type="order.release.v1", allowed_in=("held",), systems=("provisioning",)
):
    order_id: Id
    reason: ReleaseReason


class IssueSim(Interaction, type="order.issue_sim.v1", allowed_in=("acknowledged", "in_progress")):
    order_id: Id
    item_id: Id
    stock_item_id: Id
    iccid: SealedStr32
    old_card_taken_back: bool | None = None


class ReportFallOut(
    Interaction,
    type="order.report_fall_out.v1",
    allowed_in=("in_progress",),
    clerks=False,
    systems=("provisioning",),
):
    order_id: Id
    item_id: Id
    fall_out_code: Code
    system: Str64
    retryable: bool
    attempt: Annotated[int, Meta(ge=1, le=99)]


class SettleFallOut(Interaction, type="order.settle_fall_out.v1", allowed_in=("held",)):
    order_id: Id
    item_id: Id
    action: Literal["retry", "fix_data", "fix_network", "give_up"]
    note: SealedText


class CompleteItem(
    Interaction,
    type="order.complete_item.v1",
    allowed_in=("in_progress",),
    systems=("provisioning",),
):
    order_id: Id
    item_id: Id
    reference: Str64
    effective_at: Moment
    point_of_no_return: bool


class FailItem(
    Interaction,
    type="order.fail_item.v1",
    allowed_in=("in_progress", "held"),
    clerks=False,
    systems=("provisioning",),
):
    order_id: Id
    item_id: Id
    reason: RejectReason
    restored: bool


class Complete(
    Interaction,
    type="order.complete.v1",
    allowed_in=("in_progress",),
    clerks=False,
    systems=("reactor",),
):
    order_id: Id


class MarkOverdue(
    Interaction,
    type="order.mark_overdue.v1",
    allowed_in=OPEN,
    clerks=False,
    systems=("clock",),
):
    order_id: Id


class RequestCancellation(
    Interaction,
    type="order.request_cancellation.v1",
    allowed_in=("acknowledged", "in_progress", "pending", "held"),
):
    order_id: Id
    cancellation_id: Id
    requested_by: Literal["customer", "agent", "operator", "regulator"]
    agent_id: Id | None = None
    reason: CancelReason
    note: SealedText | None = None


class AcceptCancellation(
    Interaction, type="order.accept_cancellation.v1", allowed_in=("assessing_cancellation",)
):
    order_id: Id
    cancellation_id: Id
    fee_fen: Fen
    refund_due_fen: Fen


class DenyCancellation(
    Interaction, type="order.deny_cancellation.v1", allowed_in=("assessing_cancellation",)
):
    order_id: Id
    cancellation_id: Id
    reason: Literal["past_point_of_no_return", "already_in_service", "legal_hold"]


class ConfirmCancellation(
    Interaction,
    type="order.confirm_cancellation.v1",
    allowed_in=("pending_cancellation",),
    clerks=False,
    systems=("provisioning",),
):
    order_id: Id
    cancellation_id: Id
    items_undone: Annotated[tuple[Id, ...], Meta(max_length=20)] | None = None


class Abandon(Interaction, type="order.abandon.v1", allowed_in=("draft",)):
    order_id: Id
    reason: CancelReason


class Expire(
    Interaction,
    type="order.expire.v1",
    allowed_in=("draft",),
    clerks=False,
    systems=("clock",),
):
    order_id: Id


class CorrectEntry(Interaction, Correction, type="order.correct_entry.v1"):
    order_id: Id


CORRECTABLE: Final = frozenset(
    {
        "requested_start_on",
        "note",
        "form_version",
        "pages",
        "document_kind",
        "device_kind",
        "scene",
    }
)
AnyInteraction = (
    Place
    | CompleteForm
    | AttachIdentity
    | DiscloseTariff
    | AcceptExitFee
    | ConfirmItem
    | RunCheck
    | OverrideCheck
    | AttachDocument
    | RecordNumberReserved
    | RecordNumberReleased
    | AssessIotRisk
    | SignAgreement
    | CompleteStep
    | SkipStep
    | Submit
    | Reject
    | Start
    | RequestInformation
    | SupplyInformation
    | Hold
    | Release
    | IssueSim
    | ReportFallOut
    | SettleFallOut
    | CompleteItem
    | FailItem
    | Complete
    | MarkOverdue
    | RequestCancellation
    | AcceptCancellation
    | DenyCancellation
    | ConfirmCancellation
    | Abandon
    | Expire
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
