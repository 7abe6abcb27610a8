"""Stored for ever: the tags are the wire names.

Some fields mean the same on every event that has them. `is_ready` is true where nothing stands in
the way of completing the order any more, else absent. On the events that end a submitted order,
`kind` is the order's, `hall_id` the hall that keeps its case, `prepared_lines` are the lines that
it made and that were never activated, and `kept_line` is the one whose termination it had begun
and that stays. On those that complete it, `cycle_seconds` run from submission, `late_days` counts
each day begun, and the penalty is what the operator owes for a late installation.
"""

from typing import Final, Literal, get_args

from ledger.aggregates.customer.order.interactions import (
    AcceptCancellation,
    AcceptExitFee,
    AssessIotRisk,
    AttachDocument,
    AttachIdentity,
    Complete,
    CompleteForm,
    CompleteStep,
    ConfirmItem,
    CorrectEntry,
    DenyCancellation,
    DiscloseTariff,
    IssueSim,
    MarkOverdue,
    OverrideCheck,
    Place,
    RecordNumberReleased,
    RecordNumberReserved,
    Reject,
    ReportFallOut,
    RequestCancellation,
    RequestInformation,
    RunCheck,
    SettleFallOut,
    SignAgreement,
    SkipStep,
    Start,
    Submit,
    SupplyInformation,
)
from ledger.aggregates.customer.order.words import (
    BindingTerm,
    CancelReason,
    HoldReason,
    NewLine,
    PinnedStep,
    RejectReason,
    ReleaseReason,
)
from ledger.aggregates.model import Event
from ledger.facts import CheckKind, OrderDocument, OrderKind
from ledger.values import Code, Count, Day, Fen, Id, Moment, SealedText, Str32, Str64


class Placed(Event, Place, tag="order.placed.v1"):
    """Steps, documents and checks as the procedure in force asks for them, for this order."""

    order_number: Str32
    steps: tuple[PinnedStep, ...]
    required_documents: tuple[OrderDocument, ...]
    required_checks: tuple[CheckKind, ...]
    draft_expires_at: Moment


class FormCompleted(Event, CompleteForm, tag="order.form_completed.v1"):
    pass


class IdentityAttached(Event, AttachIdentity, tag="order.identity_attached.v1"):
    identity_valid_until_at: Moment


class TariffDisclosed(Event, DiscloseTariff, tag="order.tariff_disclosed.v1"):
    first_year_fen: Fen


class ExitFeeAccepted(Event, AcceptExitFee, tag="order.exit_fee_accepted.v1"):
    pass


class ExitFeeDeclined(Event, AcceptExitFee, tag="order.exit_fee_declined.v1"):
    pass


class ItemConfirmed(Event, ConfirmItem, tag="order.item_confirmed.v1"):
    pass


class ItemDropped(Event, ConfirmItem, tag="order.item_dropped.v1"):
    pass


class CheckPassed(Event, RunCheck, tag="order.check_passed.v1"):
    """Or is not applicable, as `result` says."""


class CheckFailed(Event, RunCheck, tag="order.check_failed.v1"):
    pass


class CheckOverridden(Event, OverrideCheck, tag="order.check_overridden.v1"):
    pass


class DocumentAttached(Event, AttachDocument, tag="order.document_attached.v1"):
    pass


class NumberReserved(Event, RecordNumberReserved, tag="order.number_reserved.v1"):
    pass


class NumberReleased(Event, RecordNumberReleased, tag="order.number_released.v1"):
    pass


class IotRiskAssessed(Event, AssessIotRisk, tag="order.iot_risk_assessed.v1"):
    pass


class AgreementSigned(Event, SignAgreement, tag="order.agreement_signed.v1"):
    """`ends_on` is the first day after the term, where there is one."""

    ends_on: Day | None = None


class StepCompleted(Event, CompleteStep, tag="order.step_completed.v1"):
    """Seconds since the step before it, or since the order was placed."""

    seconds_since_previous: Count
    is_ready: bool | None = None


class DeviationDetected(Event, tag="order.deviation_detected.v1"):
    order_id: Id
    step_id: Code
    expected_step_id: Code


class StepSkipped(Event, SkipStep, tag="order.step_skipped.v1"):
    is_ready: bool | None = None


class Submitted(Event, Submit, tag="order.submitted.v1"):
    pass


class Acknowledged(Event, tag="order.acknowledged.v1"):
    order_id: Id
    kind: OrderKind
    expected_completion_at: Moment
    items_count: Count
    lines: tuple[NewLine, ...] | None = None


class Rejected(Event, Reject, tag="order.rejected.v1"):
    kind: OrderKind | None = None
    hall_id: Id | None = None
    prepared_lines: tuple[Id, ...] | None = None
    kept_line: Id | None = None


class Started(Event, Start, tag="order.started.v1"):
    """`terminated_line` is the line that an order of kind termination begins to end."""

    terminated_line: Id | None = None


class InformationRequested(Event, RequestInformation, tag="order.information_requested.v1"):
    pass


class InformationSupplied(Event, SupplyInformation, tag="order.information_supplied.v1"):
    is_ready: bool | None = None


class Held(Event, tag="order.held.v1"):
    """Without a reason where a fall-out holds the order."""

    order_id: Id
    reason: HoldReason | None = None
    case_id: Id | None = None
    note: SealedText | None = None


class Released(Event, tag="order.released.v1"):
    """Without a reason where a fall-out was settled."""

    order_id: Id
    reason: ReleaseReason | None = None
    is_ready: bool | None = None


class SimIssued(Event, IssueSim, tag="order.sim_issued.v1"):
    pass


class FellOut(Event, ReportFallOut, tag="order.fell_out.v1"):
    pass


class FallOutSettled(Event, SettleFallOut, tag="order.fall_out_settled.v1"):
    pass


class ItemCompleted(Event, tag="order.item_completed.v1"):
    """By the line's interaction, in one entry with the line's event, or by the order's own.

    `reference` is that of the order's own; a line always passes the point of no return.
    """

    order_id: Id
    item_id: Id
    effective_at: Moment
    point_of_no_return: bool
    reference: Str64 | None = None
    is_ready: bool | None = None


class ItemFailed(Event, tag="order.item_failed.v1"):
    order_id: Id
    item_id: Id
    reason: RejectReason
    restored: bool
    is_ready: bool | None = None


class Completed(Event, Complete, tag="order.completed.v1"):
    cycle_seconds: Count
    in_time: bool
    late_days: Count | None = None
    late_penalty_fen: Fen | None = None
    kind: OrderKind | None = None
    hall_id: Id | None = None
    terms: tuple[BindingTerm, ...] | None = None


class PartiallyCompleted(Event, Complete, tag="order.partially_completed.v1"):
    cycle_seconds: Count
    in_time: bool
    late_days: Count | None = None
    late_penalty_fen: Fen | None = None
    kind: OrderKind | None = None
    hall_id: Id | None = None
    prepared_lines: tuple[Id, ...] | None = None
    terms: tuple[BindingTerm, ...] | None = None


class Failed(Event, Complete, tag="order.failed.v1"):
    cycle_seconds: Count
    in_time: bool
    late_days: Count | None = None
    late_penalty_fen: Fen | None = None
    kind: OrderKind | None = None
    hall_id: Id | None = None
    prepared_lines: tuple[Id, ...] | None = None
    kept_line: Id | None = None


class Overdue(Event, MarkOverdue, tag="order.overdue.v1"):
    pass


class CancellationRequested(Event, RequestCancellation, tag="order.cancellation_requested.v1"):
    pass


class CancellationAccepted(Event, AcceptCancellation, tag="order.cancellation_accepted.v1"):
    pass


class CancellationDenied(Event, DenyCancellation, tag="order.cancellation_denied.v1"):
    back_to: Literal["acknowledged", "in_progress", "pending", "held"]
    is_ready: bool | None = None


class Cancelled(Event, tag="order.cancelled.v1"):
    """A draft that was abandoned or expired, or a submitted order whose items were undone."""

    order_id: Id
    reason: CancelReason
    cancellation_id: Id | None = None
    items_undone: tuple[Id, ...] | None = None
    kind: OrderKind | None = None
    hall_id: Id | None = None
    prepared_lines: tuple[Id, ...] | None = None
    kept_line: Id | None = None


class EntryCorrected(Event, CorrectEntry, tag="order.entry_corrected.v1"):
    clerk_in_error: Id


AnyEvent = (
    Placed
    | FormCompleted
    | IdentityAttached
    | TariffDisclosed
    | ExitFeeAccepted
    | ExitFeeDeclined
    | ItemConfirmed
    | ItemDropped
    | CheckPassed
    | CheckFailed
    | CheckOverridden
    | DocumentAttached
    | NumberReserved
    | NumberReleased
    | IotRiskAssessed
    | AgreementSigned
    | StepCompleted
    | DeviationDetected
    | StepSkipped
    | Submitted
    | Acknowledged
    | Rejected
    | Started
    | InformationRequested
    | InformationSupplied
    | Held
    | Released
    | SimIssued
    | FellOut
    | FallOutSettled
    | ItemCompleted
    | ItemFailed
    | Completed
    | PartiallyCompleted
    | Failed
    | Overdue
    | CancellationRequested
    | CancellationAccepted
    | CancellationDenied
    | Cancelled
    | EntryCorrected
)
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
