"""What is said of a line."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from ledger.aggregates.corrections import Correction
from ledger.aggregates.model import Interaction
from ledger.facts import Area, ExitFeeRule
from ledger.values import (
    Code,
    Day,
    Digest,
    Fen,
    FenPositive,
    Id,
    Moment,
    SealedStr32,
    SealedStr500,
    SealedText,
    Str64,
    Str200,
)

Family = Literal["mobile", "broadband", "fixed_line", "iot"]
SuspensionReason = Literal[
    "customer_request",
    "lost_or_stolen",
    "arrears",
    "fraud_suspicion",
    "identity_reverification",
    "regulator_order",
    "fraud_confirmed",
]
OF_THE_OWNER: Final = frozenset[SuspensionReason]({"customer_request", "lost_or_stolen"})
OF_THE_FRAUD_DESK: Final = frozenset[SuspensionReason](
    {"fraud_suspicion", "identity_reverification", "regulator_order", "fraud_confirmed"}
)
WITH_RELIEF: Final = OF_THE_FRAUD_DESK - {"regulator_order"}
"""Reasons of which the customer is told the way to be heard (Anti-fraud Law art 32(3))."""
TerminationReason = Literal[
    "customer_order",
    "arrears",
    "port_out",
    "transfer_of_ownership",
    "deceased",
    "fraud_confirmed",
    "regulator_order",
    "contract_ended",
]
LockSource = Literal["plan_contract", "handset_subsidy", "broadband_contract", "number_contract"]
Period = Annotated[str, Meta(pattern=r"\A20[0-9]{2}-(0[1-9]|1[0-2])\Z", title="YYYY-MM")]

SERVED: Final = ("active", "suspended")
BILLED: Final = ("active", "suspended", "pending_terminate", "terminated")


class Prepare(
    Interaction,
    type="subscription.prepare.v1",
    allowed_in=("-",),
    clerks=False,
    systems=("reactor", "provisioning"),
):
    """`number`, `iccid` and `install_address` come from provisioning only: no reactor knows them.

    `monthly_fen` is that of the plan.
    """

    subscription_id: Id
    order_id: Id
    item_id: Id
    family: Family
    number: SealedStr32 | None = None
    iccid: SealedStr32 | None = None
    area: Area
    plan_id: Id
    tariff_version: Id
    monthly_fen: Fen
    install_address: SealedStr500 | None = None
    joined_by: Literal["new", "port_in", "transfer_in"]
    actual_user_identity_digest: Digest | None = None
    iot_functions: (
        Annotated[
            tuple[Literal["voice", "sms", "data_open", "data_directed"], ...],
            Meta(min_length=1, max_length=4),
        ]
        | None
    ) = None
    iot_scene: Code | None = None
    iot_device_kind: Code | None = None


class Activate(
    Interaction,
    type="subscription.activate.v1",
    allowed_in=("pending_active",),
    clerks=False,
    systems=("provisioning",),
):
    subscription_id: Id
    order_id: Id
    item_id: Id
    network_reference: Str64
    activated_at: Moment


class Abort(
    Interaction,
    type="subscription.abort.v1",
    allowed_in=("pending_active",),
    clerks=False,
    systems=("reactor",),
):
    subscription_id: Id
    order_id: Id
    reason: Literal["order_cancelled", "order_failed"]


class Suspend(
    Interaction,
    type="subscription.suspend.v1",
    allowed_in=SERVED,
    systems=("billing", "provisioning", "fraud_desk", "regulator"),
):
    """Provisioning carries out an order of kind suspension, which is named with its item."""

    subscription_id: Id
    reason: SuspensionReason
    order_id: Id | None = None
    item_id: Id | None = None
    notice_given_at: Moment | None = None
    relief_channel: Str200 | None = None
    documents_needed: Annotated[tuple[Code, ...], Meta(max_length=10)] | None = None
    reported_by: (
        Literal["owner", "agent", "billing", "network", "fraud_desk", "regulator"] | None
    ) = None
    verification_id: Id | None = None


class Resume(
    Interaction,
    type="subscription.resume.v1",
    allowed_in=("suspended",),
    systems=("billing", "fraud_desk", "regulator"),
):
    subscription_id: Id
    reason: SuspensionReason
    verification_id: Id | None = None
    payment_id: Id | None = None


class ChangePlan(
    Interaction,
    type="subscription.change_plan.v1",
    allowed_in=("active",),
    clerks=False,
    systems=("provisioning",),
):
    subscription_id: Id
    order_id: Id
    item_id: Id
    plan_id: Id
    tariff_version: Id
    monthly_fen: Fen
    effective_on: Day


class AddProduct(
    Interaction,
    type="subscription.add_product.v1",
    allowed_in=("active",),
    clerks=False,
    systems=("provisioning",),
):
    """`confirmation_id` is the customer's second confirmation of this item alone."""

    subscription_id: Id
    order_id: Id
    item_id: Id
    product_id: Id
    monthly_fen: Fen
    effective_on: Day
    confirmation_id: Id


class RemoveProduct(
    Interaction,
    type="subscription.remove_product.v1",
    allowed_in=SERVED,
    clerks=False,
    systems=("provisioning",),
):
    subscription_id: Id
    order_id: Id
    item_id: Id
    product_id: Id
    effective_on: Day


class ReplaceSim(
    Interaction,
    type="subscription.replace_sim.v1",
    allowed_in=SERVED,
    clerks=False,
    systems=("provisioning",),
):
    subscription_id: Id
    order_id: Id
    item_id: Id
    new_iccid: SealedStr32
    old_card_disabled_at: Moment


class Lock(
    Interaction,
    type="subscription.lock.v1",
    allowed_in=("active", "pending_active", "suspended"),
    clerks=False,
    systems=("reactor",),
):
    """A contract's hold on the line: `order_id` is the order whose agreement it rests on."""

    subscription_id: Id
    lock_id: Id
    order_id: Id
    agreement_id: Id
    source: LockSource
    from_on: Day
    until_on: Day
    exit_fee_rule: ExitFeeRule
    fixed_fen: Fen | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    monthly_fen: Fen | None = None
    subsidy_fen: Fen | None = None


class QuoteExitFee(Interaction, type="subscription.quote_exit_fee.v1", allowed_in=SERVED):
    subscription_id: Id
    quote_id: Id
    as_of_on: Day
    purpose: Literal["plan_change", "transfer_of_ownership", "port_out", "termination"]


class ReleaseLock(
    Interaction,
    type="subscription.release_lock.v1",
    allowed_in=("active", "suspended", "pending_terminate"),
    systems=("clock",),
):
    subscription_id: Id
    lock_id: Id
    reason: Literal["exit_fee_paid", "waived", "expired", "operator_fault"]
    payment_id: Id | None = None


class RecordBill(
    Interaction,
    type="subscription.record_bill.v1",
    allowed_in=BILLED,
    clerks=False,
    systems=("billing",),
):
    subscription_id: Id
    bill_id: Id
    period: Period
    amount_fen: Fen
    due_on: Day
    detail_digest: Digest
    final: bool


class SettleBill(
    Interaction,
    type="subscription.settle_bill.v1",
    allowed_in=BILLED,
    clerks=False,
    systems=("billing", "reactor"),
):
    subscription_id: Id
    bill_id: Id
    payment_id: Id | None = None
    settled_fen: FenPositive
    settled_at: Moment


class RecordArrears(
    Interaction,
    type="subscription.record_arrears.v1",
    allowed_in=("active", "suspended", "pending_terminate"),
    clerks=False,
    systems=("billing",),
):
    """All that is owed of overdue bills, and the day since which; 0 where nothing is any more."""

    subscription_id: Id
    arrears_fen: Fen
    since_on: Day
    late_fee_fen: Fen


class DisputeBill(Interaction, type="subscription.dispute_bill.v1", allowed_in=BILLED):
    subscription_id: Id
    bill_id: Id
    reason: Literal[
        "not_ordered", "wrong_price", "usage_not_mine", "roaming", "double_charge", "other"
    ]
    disputed_fen: FenPositive
    statement: SealedText


class SettleDispute(Interaction, type="subscription.settle_dispute.v1", allowed_in=BILLED):
    subscription_id: Id
    bill_id: Id
    outcome: Literal["bill_correct", "adjusted", "waived"]
    adjusted_fen: Fen
    explanation: SealedText


class GiveBillDetail(Interaction, type="subscription.give_bill_detail.v1", allowed_in=BILLED):
    subscription_id: Id
    period: Period
    delivered_by: Literal["print", "screen", "email", "app"]
    verification_id: Id
    fee_fen: Fen


class BeginTermination(
    Interaction,
    type="subscription.begin_termination.v1",
    allowed_in=SERVED,
    clerks=False,
    systems=("reactor", "billing", "regulator"),
):
    subscription_id: Id
    order_id: Id | None = None
    reason: TerminationReason
    last_service_at: Moment


class Keep(
    Interaction,
    type="subscription.keep.v1",
    allowed_in=("pending_terminate",),
    clerks=False,
    systems=("reactor",),
):
    """The line stays, as it was before its termination began."""

    subscription_id: Id
    order_id: Id
    reason: Literal["order_cancelled", "order_failed"]


class Terminate(
    Interaction,
    type="subscription.terminate.v1",
    allowed_in=("pending_terminate",),
    clerks=False,
    systems=("provisioning",),
):
    subscription_id: Id
    reason: TerminationReason
    order_id: Id | None = None
    item_id: Id | None = None
    terminated_at: Moment
    number_frozen_until_on: Day | None = None
    deposit_fen: Fen
    prepaid_balance_fen: Fen


class SettleFinal(
    Interaction,
    type="subscription.settle_final.v1",
    allowed_in=("terminated",),
    clerks=False,
    systems=("billing",),
):
    subscription_id: Id
    bill_id: Id
    refund_id: Id | None = None


class CorrectEntry(Interaction, Correction, type="subscription.correct_entry.v1"):
    subscription_id: Id


CORRECTABLE: Final = frozenset({"install_address", "area", "iot_scene", "iot_device_kind"})
AnyInteraction = (
    Prepare
    | Activate
    | Abort
    | Suspend
    | Resume
    | ChangePlan
    | AddProduct
    | RemoveProduct
    | ReplaceSim
    | Lock
    | QuoteExitFee
    | ReleaseLock
    | RecordBill
    | SettleBill
    | RecordArrears
    | DisputeBill
    | SettleDispute
    | GiveBillDetail
    | BeginTermination
    | Keep
    | Terminate
    | SettleFinal
    | CorrectEntry
)
INTERACTIONS: Final[tuple[type[Interaction], ...]] = get_args(AnyInteraction)
