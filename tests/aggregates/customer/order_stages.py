"""Orders at each stage, reached by deciding, and what they rest on.

case = drafted("activation")              placed, and everything gathered that submitting asks
did(case, submit(case))                   decided, taken in, and the events given back
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ledger.aggregates.customer import customer, order, subscription
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    BY_PROVISIONING,
    BY_REACTOR,
    LINE,
    ORDER,
    PRODUCTS,
    TODAY,
    assess_iot_risk,
    attach_document,
    attach_identity,
    complete_form,
    complete_step,
    confirm_item,
    disclose_tariff,
    place,
    run_check,
    sign_agreement,
    start,
)
from tests.aggregates.customer.samples import DIGEST, SEALED, known, verified


def did(case: Case, interaction: Interaction, *, at: datetime = NOW, **who: Any) -> list[Event]:
    """The interaction is decided, must not be refused, and has happened."""
    who = {**AT_COUNTER, **who}
    decision = case.when(interaction, at=at, **who).decision
    assert not isinstance(decision, Refusal), f"{type(interaction).__name__}: {decision}"
    envelope = case.envelope(interaction.marks.type, at, **who)
    case.memory.take(envelope, case.memory.happened(decision, envelope, interaction))
    return list(decision)


def the_order(case: Case, order_id: str = ORDER) -> order.State:
    state = case.states[f"order/{order_id}"]
    assert isinstance(state, order.State)
    return state


def submit(case: Case, **changed: Any) -> order.Submit:
    items = the_order(case).wanted.values()
    totals: dict[str, Any] = {
        "order_id": ORDER,
        "total_once_fen": sum(each.once_fen for each in items),
        "total_monthly_fen": sum(each.monthly_fen for each in items),
    }
    return order.Submit(**(totals | changed))


def prepare(line: str, product_id: str = "plan-39", **changed: Any) -> subscription.Prepare:
    product = PRODUCTS[product_id]
    valid: dict[str, Any] = {
        "subscription_id": line,
        "order_id": "o-before",
        "item_id": "i1",
        "family": product.family,
        "area": "urban",
        "plan_id": product_id,
        "tariff_version": product.tariff_version,
        "monthly_fen": product.tariff.monthly_fen,
        "joined_by": "new",
    }
    return subscription.Prepare(**(valid | changed))


def activate(line: str, **changed: Any) -> subscription.Activate:
    valid: dict[str, Any] = {
        "subscription_id": line,
        "order_id": "o-before",
        "item_id": "i1",
        "network_reference": "hlr-1",
        "activated_at": NOW,
    }
    return subscription.Activate(**(valid | changed))


def with_line(case: Case, line: str = LINE, product_id: str = "plan-39") -> Case:
    """The customer has that line in service, from an order long ago."""
    activated = subscription.Activated.of(
        activate(line),
        family=PRODUCTS[product_id].family,
        active_since_at=NOW - timedelta(days=200),
        on_net_since_on=TODAY - timedelta(days=200),
        counts_towards_limit=True,
        active_numbers=1,
    )
    return case.given(subscription.Prepared.of(prepare(line, product_id)), activated)


def with_lock(case: Case, until_on: date = date(2027, 5, 3)) -> Case:
    """A contract of 30 % of 99 yuan a month stands on the line."""
    lock = subscription.Lock(
        subscription_id=LINE,
        lock_id="l1",
        order_id="o-before",
        agreement_id="agr0",
        source="plan_contract",
        from_on=date(2026, 5, 3),
        until_on=until_on,
        exit_fee_rule="percent_of_remaining_months",
        percent=30,
        monthly_fen=9_900,
    )
    return case.given(subscription.Locked.of(lock))


def with_quote(case: Case, exit_fee_fen: int = 17_820, valid_until_on: date = TODAY) -> Case:
    wish = subscription.QuoteExitFee(
        subscription_id=LINE, quote_id="q1", as_of_on=TODAY, purpose="plan_change"
    )
    quoted = subscription.ExitFeeQuoted.of(
        wish,
        exit_fee_fen=exit_fee_fen,
        by_lock={"l1": exit_fee_fen},
        valid_until_on=valid_until_on,
    )
    return case.given(quoted)


def with_bill(case: Case, amount_fen: int = 5_000) -> Case:
    bill = subscription.RecordBill(
        subscription_id=LINE,
        bill_id="b1",
        period="2026-10",
        amount_fen=amount_fen,
        due_on=TODAY,
        detail_digest=DIGEST,
        final=False,
    )
    return case.given(subscription.BillRecorded.of(bill, abnormal=False))


def with_agent(case: Case, *scope: Any, hours: int = 24) -> Case:
    """Agent a1 was verified for these kinds of orders."""
    wish = customer.VerifyAgent(
        agent_id="a1",
        agent_name=SEALED,
        agent_document_kind="resident_id",
        agent_document_number=SEALED,
        agent_identity_digest=DIGEST,
        relation="family",
        principal_document_shown=True,
        agent_document_shown=True,
        agent_document_result="genuine",
        agent_face_result="match",
        face_consent_given=True,
        authorisation_document_id="doc-auth",
        scope=scope,
        authorisation_until_on=TODAY,
    )
    valid_until_at = NOW + timedelta(hours=hours)
    return case.given(customer.AgentVerified.of(wish, valid_until_at=valid_until_at))


def customer_of(kind: str = "activation", **parameters: Any) -> Case:
    """A verified customer, with a line in service where the kind is about one."""
    case = known(**parameters).given(verified())
    return case if kind == "activation" else with_line(case)


def placed(kind: str = "activation", case: Case | None = None, **changed: Any) -> Case:
    case = case or customer_of(kind)
    did(case, place(kind, **changed))
    return case


def gathered(case: Case, without: Collection[str] = ()) -> Case:
    """Everything that submitting asks of a draft, but for what is named."""
    acts: dict[str, Sequence[Interaction]] = _acts(case)
    for name, interactions in acts.items():
        if name not in without:
            for each in interactions:
                who = {"actor": "o-yang"} if isinstance(each, order.AssessIotRisk) else {}
                did(case, each, **who)
    return case


def _acts(case: Case) -> dict[str, Sequence[Interaction]]:
    state = the_order(case)
    asks_disclosure = bool(state.sold) or "tariff_disclosure" in state.required_documents
    shown = [tariff_line_of(each) for each in (state.sold or state.wanted).values()]
    term_months = max((each.contract_months for each in state.sold.values()), default=0)
    term = {"term_months": term_months, "exit_fee_percent": 30} if term_months else {}
    asks_agreement = "agreement" in state.required_documents or term_months > 0
    steps = [each.step_id for each in state.steps]
    given_already = {"application_form", "agreement", "tariff_disclosure"}
    return {
        "identity": [attach_identity()],
        "form": [complete_form()],
        "disclosure": [disclose_tariff(items=tuple(shown))] if asks_disclosure else [],
        "agreement": [sign_agreement(**term)] if asks_agreement else [],
        "confirmation": [
            confirm_item(key)
            for key, each in state.wanted.items()
            if each.needs_confirmation and not each.confirmed
        ],
        "iot": [assess_iot_risk()] if any(i.family == "iot" for i in state.sold.values()) else [],
        "checks": [run_check(each) for each in state.required_checks],
        "documents": [
            attach_document(each) for each in state.required_documents if each not in given_already
        ],
        "steps": [
            complete_step(each.step_id)
            for each in state.steps[: steps.index("submit")]
            if each.mandatory
        ],
    }


def tariff_line_of(each: order.Item) -> order.TariffLine:
    return order.TariffLine(
        product_id=each.product_id,
        tariff_version=each.tariff_version,
        monthly_fen=each.monthly_fen,
        once_fen=each.once_fen,
        contract_months=each.contract_months,
    )


def drafted(
    kind: str = "activation",
    case: Case | None = None,
    without: Collection[str] = (),
    **changed: Any,
) -> Case:
    """A draft that may be submitted, but for what is left out."""
    return gathered(placed(kind, case, **changed), without)


def submitted(kind: str = "activation", case: Case | None = None, **changed: Any) -> Case:
    case = drafted(kind, case, **changed)
    did(case, submit(case))
    return case


def started(kind: str = "activation", case: Case | None = None, **changed: Any) -> Case:
    """In progress; a new line is prepared, a termination begun."""
    case = submitted(kind, case, **changed)
    for item_id, each in the_order(case).wanted.items():
        if each.adds_line:
            line = order.line_of(ORDER, item_id)
            wish = prepare(line, each.product_id, order_id=ORDER, item_id=item_id)
            did(case, wish, **BY_REACTOR)
    did(case, start(), **BY_PROVISIONING)
    return case


def activated(case: Case, item_id: str = "i1", at: datetime = NOW) -> list[Event]:
    """The new line goes into service, which completes its item."""
    line = order.line_of(ORDER, item_id)
    wish = activate(line, order_id=ORDER, item_id=item_id, activated_at=at)
    return did(case, wish, at=at, **BY_PROVISIONING)


def steps_left(case: Case) -> list[str]:
    return list(the_order(case).undone)


def finish_steps(case: Case) -> None:
    for step_id in steps_left(case):
        did(case, complete_step(step_id))


def a_completion() -> order.Complete:
    return order.Complete(order_id=ORDER)
