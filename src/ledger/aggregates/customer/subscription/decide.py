"""Each interaction has one small function, its guards in the order of the rules."""

from typing import TYPE_CHECKING, assert_never

from ledger.aggregates import corrections
from ledger.aggregates.customer.subscription import (
    billing,
    ending,
    fulfilling,
    locking,
    suspending,
)
from ledger.aggregates.customer.subscription.events import EntryCorrected
from ledger.aggregates.customer.subscription.interactions import (
    CORRECTABLE,
    Abort,
    Activate,
    AddProduct,
    AnyInteraction,
    BeginTermination,
    ChangePlan,
    CorrectEntry,
    DisputeBill,
    GiveBillDetail,
    Keep,
    Lock,
    Prepare,
    QuoteExitFee,
    RecordArrears,
    RecordBill,
    ReleaseLock,
    RemoveProduct,
    ReplaceSim,
    Resume,
    SettleBill,
    SettleDispute,
    SettleFinal,
    Suspend,
    Terminate,
)
from ledger.aggregates.customer.subscription.state import State, stream
from ledger.aggregates.model import Context, Decision

if TYPE_CHECKING:
    from ledger.aggregates.customer.register import Register


def decide(interaction: AnyInteraction, state: State, context: "Context[Register]") -> Decision:
    match interaction:
        case Prepare():
            return fulfilling.prepare(interaction, context)
        case Activate():
            return fulfilling.activate(interaction, state, context)
        case Abort():
            return fulfilling.abort(interaction, state, context)
        case ChangePlan():
            return fulfilling.change_plan(interaction, state, context)
        case AddProduct():
            return fulfilling.add_product(interaction, state, context)
        case RemoveProduct():
            return fulfilling.remove_product(interaction, state, context)
        case ReplaceSim():
            return fulfilling.replace_sim(interaction, context)
        case Suspend():
            return suspending.suspend(interaction, state, context)
        case Resume():
            return suspending.resume(interaction, state, context)
        case Lock():
            return locking.lock(interaction, state, context)
        case QuoteExitFee():
            return locking.quote_exit_fee(interaction, state, context)
        case ReleaseLock():
            return locking.release_lock(interaction, state, context)
        case BeginTermination():
            return ending.begin_termination(interaction, state, context)
        case Keep():
            return ending.keep(interaction, state, context)
        case Terminate():
            return ending.terminate(interaction, state, context)
        case SettleFinal():
            return ending.settle_final(interaction, state)
        case CorrectEntry():
            own = stream(context.envelope, interaction)
            return corrections.decide(interaction, EntryCorrected, own, CORRECTABLE, context)
        case _:
            return _of_money(interaction, state, context)


def _of_money(
    interaction: RecordBill
    | SettleBill
    | RecordArrears
    | DisputeBill
    | SettleDispute
    | GiveBillDetail,
    state: State,
    context: "Context[Register]",
) -> Decision:
    match interaction:
        case RecordBill():
            return billing.record_bill(interaction, state, context)
        case SettleBill():
            return billing.settle_bill(interaction, state)
        case RecordArrears():
            return billing.record_arrears(interaction, state, context)
        case DisputeBill():
            return billing.dispute_bill(interaction, state, context)
        case SettleDispute():
            return billing.settle_dispute(interaction, state, context)
        case GiveBillDetail():
            return billing.give_bill_detail(interaction, context)
        case _:
            assert_never(interaction)
