"""What is said of an order, from the application form to its last item.

The draft stands here, what comes after it in `fulfilment_interactions`.
"""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.customer.order.fulfilment_interactions import (
    AcceptCancellation,
    Complete,
    CompleteItem,
    ConfirmCancellation,
    DenyCancellation,
    FailItem,
    Hold,
    IssueSim,
    MarkOverdue,
    Reject,
    Release,
    ReportFallOut,
    RequestCancellation,
    RequestInformation,
    SettleFallOut,
    Start,
    SupplyInformation,
)
from ledger.aggregates.customer.order.words import (
    CancelReason,
    CheckReason,
    ContractMonths,
    OrderItem,
    Pages,
    Percent,
    TariffLine,
)
from ledger.aggregates.model import Interaction
from ledger.facts import CheckKind, OrderDocument, OrderKind
from ledger.values import Code, Day, Digest, Fen, Id, Moment, SealedStr32, SealedText


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
