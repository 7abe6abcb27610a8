"""What decide reads of an order, and how events change it."""

from datetime import date, datetime
from typing import Any, Literal, assert_never

import msgspec

from ledger.aggregates import model
from ledger.aggregates.customer.order.events import (
    Acknowledged,
    AgreementSigned,
    AnyEvent,
    CancellationAccepted,
    CancellationDenied,
    CancellationRequested,
    Cancelled,
    CheckFailed,
    CheckOverridden,
    CheckPassed,
    Completed,
    DeviationDetected,
    DocumentAttached,
    EntryCorrected,
    ExitFeeAccepted,
    ExitFeeDeclined,
    Failed,
    FallOutSettled,
    FellOut,
    FormCompleted,
    Held,
    IdentityAttached,
    InformationRequested,
    InformationSupplied,
    IotRiskAssessed,
    ItemCompleted,
    ItemConfirmed,
    ItemDropped,
    ItemFailed,
    NumberReleased,
    NumberReserved,
    Overdue,
    PartiallyCompleted,
    Placed,
    Rejected,
    Released,
    SimIssued,
    Started,
    StepCompleted,
    StepSkipped,
    Submitted,
    TariffDisclosed,
)
from ledger.aggregates.customer.order.interactions import AnyInteraction
from ledger.aggregates.customer.order.words import (
    LINE_FAMILIES,
    SELLING,
    Action,
    CancelReason,
    HoldReason,
    OrderItem,
    PinnedStep,
    base_of,
    line_of,
)
from ledger.entry import Envelope
from ledger.facts import OrderKind, ProductFamily

SUBMIT_STEP = "submit"
"""The declared step that submitting itself is."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """`subscription_id` is the line that it makes or changes, or that it is bought with."""

    product_id: str
    action: Action
    family: ProductFamily
    tariff_version: str
    monthly_fen: int
    once_fen: int
    contract_months: int = 0
    exit_fee_rule: str | None = None
    status: Literal["open", "completed", "failed", "dropped"] = "open"
    subscription_id: str | None = None
    confirmation_id: str | None = None
    card_issued: bool = False

    @property
    def confirmed(self) -> bool:
        """By the customer, apart from the agreement."""
        return self.confirmation_id is not None

    @property
    def adds_line(self) -> bool:
        return self.action == "add" and self.family in LINE_FAMILIES

    @property
    def changes_line(self) -> bool:
        """Completed by its line's interaction; devices and what stays as it is are not."""
        return self.action != "no_change" and self.family != "device"

    @property
    def needs_confirmation(self) -> bool:
        return self.action == "add" and self.family == "add_on"


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    agreement_id: str
    term_months: int
    start_on: date
    ends_on: date | None = None
    exit_fee_percent: int | None = None
    exit_fee_fixed_fen: int | None = None
    subsidy_fen: int | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    reservation_id: str
    reserved_until_at: datetime


class State(model.State, frozen=True, kw_only=True):
    """`done` are the steps completed or skipped, `overridden` the failed checks taken as passed."""

    kind: OrderKind | Literal[""] = ""
    subscription_id: str | None = None
    items: dict[str, Item] = msgspec.field(default_factory=dict[str, Item])
    steps: tuple[PinnedStep, ...] = ()
    done: frozenset[str] = frozenset()
    last_step_at: datetime | None = None
    required_documents: tuple[str, ...] = ()
    required_checks: tuple[str, ...] = ()
    placed_at: datetime | None = None
    draft_expires_at: datetime | None = None
    submitted_at: datetime | None = None
    expected_completion_at: datetime | None = None
    hall_id: str | None = None
    submitted_by: str | None = None
    form_completed: bool = False
    identity_valid_until_at: datetime | None = None
    tariff_disclosed: bool = False
    exit_fee_accepted: bool = False
    checks: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    overridden: frozenset[str] = frozenset()
    documents: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    reservation: Reservation | None = None
    iot_risk: str | None = None
    agreement: Agreement | None = None
    question_id: str | None = None
    held_from: str = ""
    hold_reason: HoldReason | None = None
    fall_out_item: str | None = None
    termination_begun: bool = False
    point_of_no_return: bool = False
    is_overdue: bool = False
    cancellations: tuple[str, ...] = ()
    cancel_reason: CancelReason | None = None
    assessed_from: str = ""

    @property
    def wanted(self) -> dict[str, Item]:
        """The items that the customer has not declined."""
        return {key: item for key, item in self.items.items() if item.status != "dropped"}

    @property
    def sold(self) -> dict[str, Item]:
        """Those of them that are bought under a tariff."""
        return {
            key: item
            for key, item in self.wanted.items()
            if self.kind in SELLING and item.action in ("add", "modify")
        }

    @property
    def undone(self) -> tuple[str, ...]:
        """The mandatory steps that are neither completed nor skipped, in their order."""
        return tuple(
            step.step_id for step in self.steps if step.mandatory and step.step_id not in self.done
        )

    def declares(self, document: str, step: str) -> bool:
        """Whether the procedure asks for it: as a document, or as a mandatory step."""
        return document in self.required_documents or any(
            declared.step_id == step and declared.mandatory for declared in self.steps
        )


def stream(envelope: Envelope, interaction: AnyInteraction | AnyEvent) -> str:
    return f"order/{interaction.order_id}"


def evolve(state: State, event: AnyEvent, envelope: Envelope) -> State:
    replace = msgspec.structs.replace
    match event:
        case Placed():
            return _placed(event, envelope)
        case Submitted():
            done = state.done | {SUBMIT_STEP}
            return replace(
                state,
                submitted_at=envelope.time,
                submitted_by=envelope.actor,
                hall_id=envelope.hall,
                done=done,
                last_step_at=envelope.time,
            )
        case Acknowledged():
            expected = event.expected_completion_at
            return replace(state, status="acknowledged", expected_completion_at=expected)
        case Started():
            begun = event.terminated_line is not None
            return replace(state, status="in_progress", termination_begun=begun)
        case StepCompleted() | StepSkipped():
            done = state.done | {event.step_id}
            return replace(state, done=done, last_step_at=envelope.time)
        case Overdue():
            return replace(state, is_overdue=True)
        case Rejected():
            return replace(state, status="rejected")
        case Completed():
            return replace(state, status="completed")
        case PartiallyCompleted():
            return replace(state, status="partial")
        case Failed():
            return replace(state, status="failed")
        case DeviationDetected() | FallOutSettled() | EntryCorrected():
            return state
        case InformationRequested() | InformationSupplied() | Held() | Released():
            return _waits(state, event)
        case FellOut():
            return replace(state, fall_out_item=event.item_id)
        case ItemConfirmed() | ItemDropped() | SimIssued() | ItemCompleted() | ItemFailed():
            return _items(state, event)
        case CancellationRequested() | CancellationAccepted() | CancellationDenied() | Cancelled():
            return _cancelling(state, event)
        case _:
            return _drafted(state, event)


def _placed(event: Placed, envelope: Envelope) -> State:
    return State(
        status="draft",
        kind=event.kind,
        subscription_id=event.subscription_id,
        items={each.item_id: _item(each, event) for each in event.items},
        steps=event.steps,
        required_documents=event.required_documents,
        required_checks=event.required_checks,
        placed_at=envelope.time,
        last_step_at=envelope.time,
        draft_expires_at=event.draft_expires_at,
    )


def _item(ordered: OrderItem, event: Placed) -> Item:
    base = None if event.kind != "activation" else base_of(ordered, event.items)
    return Item(
        product_id=ordered.product_id,
        action=ordered.action,
        family=ordered.family,
        tariff_version=ordered.tariff_version,
        monthly_fen=ordered.monthly_fen,
        once_fen=ordered.once_fen,
        contract_months=ordered.contract_months,
        exit_fee_rule=ordered.exit_fee_rule,
        subscription_id=line_of(event.order_id, base) if base else event.subscription_id,
    )


def _drafted(
    state: State,
    event: FormCompleted
    | IdentityAttached
    | TariffDisclosed
    | ExitFeeAccepted
    | ExitFeeDeclined
    | CheckPassed
    | CheckFailed
    | CheckOverridden
    | DocumentAttached
    | NumberReserved
    | NumberReleased
    | IotRiskAssessed
    | AgreementSigned,
) -> State:
    replace = msgspec.structs.replace
    match event:
        case FormCompleted():
            documents = {**state.documents, event.document_id: "application_form"}
            return replace(state, form_completed=True, documents=documents)
        case IdentityAttached():
            return replace(state, identity_valid_until_at=event.identity_valid_until_at)
        case TariffDisclosed():
            shown = {event.document_id: "tariff_disclosure"} if event.document_id else {}
            return replace(state, tariff_disclosed=True, documents={**state.documents, **shown})
        case ExitFeeAccepted():
            return replace(state, exit_fee_accepted=True)
        case ExitFeeDeclined():
            return replace(state, exit_fee_accepted=False)
        case CheckPassed() | CheckFailed():
            return replace(state, checks={**state.checks, event.check: event.result})
        case CheckOverridden():
            return replace(state, overridden=state.overridden | {event.check})
        case DocumentAttached():
            documents = {**state.documents, event.document_id: event.document_kind}
            return replace(state, documents=documents)
        case NumberReserved():
            reservation = Reservation(
                reservation_id=event.reservation_id, reserved_until_at=event.reserved_until_at
            )
            return replace(state, reservation=reservation)
        case NumberReleased():
            return replace(state, reservation=None)
        case IotRiskAssessed():
            return replace(state, iot_risk=event.outcome)
        case AgreementSigned():
            documents = {**state.documents, event.document_id: "agreement"}
            return replace(state, agreement=_agreement(event), documents=documents)
        case _:
            assert_never(event)


def _agreement(event: AgreementSigned) -> Agreement:
    return Agreement(
        agreement_id=event.agreement_id,
        term_months=event.term_months,
        start_on=event.start_on,
        ends_on=event.ends_on,
        exit_fee_percent=event.exit_fee_percent,
        exit_fee_fixed_fen=event.exit_fee_fixed_fen,
        subsidy_fen=event.subsidy_fen,
    )


def _waits(
    state: State, event: InformationRequested | InformationSupplied | Held | Released
) -> State:
    replace = msgspec.structs.replace
    match event:
        case InformationRequested():
            return replace(state, status="pending", question_id=event.question_id)
        case InformationSupplied():
            return replace(state, status="in_progress", question_id=None)
        case Held():
            return replace(state, status="held", held_from=state.status, hold_reason=event.reason)
        case Released():
            return replace(
                state, status=state.held_from, held_from="", hold_reason=None, fall_out_item=None
            )


def _items(
    state: State, event: ItemConfirmed | ItemDropped | SimIssued | ItemCompleted | ItemFailed
) -> State:
    replace = msgspec.structs.replace
    match event:
        case ItemConfirmed():
            return _changed(state, event.item_id, confirmation_id=event.confirmation_id)
        case ItemDropped():
            return _changed(state, event.item_id, status="dropped")
        case SimIssued():
            return _changed(state, event.item_id, card_issued=True)
        case ItemCompleted():
            passed = state.point_of_no_return or event.point_of_no_return
            state = replace(state, point_of_no_return=passed)
            return _changed(state, event.item_id, status="completed")
        case ItemFailed():
            if state.fall_out_item == event.item_id:
                state = replace(state, status="in_progress", held_from="", fall_out_item=None)
            return _changed(state, event.item_id, status="failed")


def _changed(state: State, item_id: str, **changed: Any) -> State:
    item = msgspec.structs.replace(state.items[item_id], **changed)
    return msgspec.structs.replace(state, items={**state.items, item_id: item})


def _cancelling(
    state: State,
    event: CancellationRequested | CancellationAccepted | CancellationDenied | Cancelled,
) -> State:
    replace = msgspec.structs.replace
    match event:
        case CancellationRequested():
            return replace(
                state,
                status="assessing_cancellation",
                assessed_from=state.status,
                cancellations=(*state.cancellations, event.cancellation_id),
                cancel_reason=event.reason,
            )
        case CancellationAccepted():
            return replace(state, status="pending_cancellation")
        case CancellationDenied():
            return replace(state, status=event.back_to, assessed_from="", cancel_reason=None)
        case Cancelled():
            return replace(state, status="cancelled")
