"""What is said of an order after its draft: work on its items, holds, refusal, cancellation."""

from typing import Annotated, Literal

from msgspec import Meta

from ledger.aggregates.customer.order.words import (
    OPEN,
    CancelReason,
    HoldReason,
    RejectReason,
    ReleaseReason,
)
from ledger.aggregates.model import Interaction
from ledger.values import Code, Fen, Id, Moment, SealedStr32, SealedText, Str64


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
