"""The rules in order: one small function an interaction, in a file for each stage."""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.customer.order import (
    cancelling,
    checking,
    drafting,
    fulfilling,
    submitting,
)
from ledger.aggregates.customer.order.events import EntryCorrected
from ledger.aggregates.customer.order.interactions import (
    CORRECTABLE,
    Abandon,
    AcceptCancellation,
    AcceptExitFee,
    AnyInteraction,
    AssessIotRisk,
    AttachDocument,
    AttachIdentity,
    Complete,
    CompleteForm,
    CompleteItem,
    CompleteStep,
    ConfirmCancellation,
    ConfirmItem,
    CorrectEntry,
    DenyCancellation,
    DiscloseTariff,
    Expire,
    FailItem,
    Hold,
    IssueSim,
    MarkOverdue,
    OverrideCheck,
    Place,
    RecordNumberReleased,
    RecordNumberReserved,
    Reject,
    Release,
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
from ledger.aggregates.customer.order.state import State, stream
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def decide(interaction: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match interaction:
        case Place():
            return drafting.place(interaction, context)
        case CompleteForm():
            return drafting.complete_form(interaction)
        case AttachIdentity():
            return drafting.attach_identity(interaction, state, context)
        case DiscloseTariff():
            return drafting.disclose_tariff(interaction, state, context)
        case AcceptExitFee():
            return drafting.accept_exit_fee(interaction, state, context)
        case ConfirmItem():
            return drafting.confirm_item(interaction, state)
        case RunCheck():
            return checking.run_check(interaction, state, context)
        case OverrideCheck():
            return checking.override_check(interaction, state)
        case AttachDocument():
            return checking.attach_document(interaction, state)
        case RecordNumberReserved():
            return checking.reserve_number(interaction, state, context)
        case RecordNumberReleased():
            return checking.release_number(interaction, state)
        case AssessIotRisk():
            return checking.assess_iot_risk(interaction, state)
        case SignAgreement():
            return checking.sign_agreement(interaction, state, context)
        case CompleteStep():
            return checking.complete_step(interaction, state, context)
        case SkipStep():
            return checking.skip_step(interaction, state)
        case Submit():
            return submitting.submit(interaction, state, context)
        case Start():
            return fulfilling.start(interaction, state)
        case RequestInformation():
            return fulfilling.request_information(interaction)
        case SupplyInformation():
            return fulfilling.supply_information(interaction, state)
        case Hold():
            return fulfilling.hold(interaction)
        case Release():
            return fulfilling.release(interaction, state)
        case IssueSim():
            return fulfilling.issue_sim(interaction, state)
        case ReportFallOut():
            return fulfilling.report_fall_out(interaction, state)
        case SettleFallOut():
            return fulfilling.settle_fall_out(interaction, state, context)
        case CompleteItem():
            return fulfilling.complete_item(interaction, state)
        case FailItem():
            return fulfilling.fail_item(interaction, state)
        case Complete():
            return fulfilling.complete(interaction, state, context)
        case MarkOverdue():
            return fulfilling.mark_overdue(interaction, state, context)
        case Reject():
            return cancelling.reject(interaction, state)
        case RequestCancellation():
            return cancelling.request(interaction, state, context)
        case AcceptCancellation():
            return cancelling.accept(interaction, state, context)
        case DenyCancellation():
            return cancelling.deny(interaction, state)
        case ConfirmCancellation():
            return cancelling.confirm(interaction, state)
        case Abandon():
            return cancelling.abandon(interaction)
        case Expire():
            return cancelling.expire(interaction, state, context)
        case CorrectEntry():
            own = stream(context.envelope, interaction)
            return corrections.decide(interaction, EntryCorrected, own, CORRECTABLE, context)
        case _:
            assert_never(interaction)
