"""Random lives of an activation and of a plan change: whatever is asked, in whatever order.

A life begins at some stage; a step is an interaction, who sends it and how much later. What is
accepted goes into `Books`, which know an order from its events alone and never look at the state
that the rules read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.customer import order, subscription
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.order_samples import (
    AT_COUNTER,
    BY_CLOCK,
    BY_NUMBERS,
    BY_PROVISIONING,
    BY_REACTOR,
    LINE,
    ORDER,
    accept_cancellation,
    attach_document,
    attach_identity,
    complete_form,
    complete_item,
    complete_step,
    confirm_cancellation,
    confirm_item,
    deny_cancellation,
    disclose_tariff,
    fail_item,
    item,
    override_check,
    release_number,
    report_fall_out,
    request_cancellation,
    reserve_number,
    run_check,
    settle_fall_out,
    sign_agreement,
    skip_step,
    start,
)
from tests.aggregates.customer.order_stages import (
    a_completion,
    activate,
    did,
    drafted,
    placed,
    started,
    submit,
    submitted,
    the_order,
)
from tests.aggregates.customer.samples import verified

ITEMS: Final[dict[str, tuple[order.OrderItem, ...]]] = {
    "activation": (item(), item("data-10", "i2"), item("router-1", "i3")),
    "plan_change": (item("plan-199", action="modify"), item("data-10", "i2")),
}
STAGES: Final[dict[str, Callable[..., Case]]] = {
    "placed": placed,
    "drafted": drafted,
    "submitted": submitted,
    "started": started,
}
ENDS: Final = (
    order.Completed,
    order.PartiallyCompleted,
    order.Failed,
    order.Cancelled,
    order.Rejected,
)
EARLY_ENDS: Final = (order.Abandon, order.Expire, order.Reject, order.ConfirmCancellation)
FORWARD: Final = (
    order.Submit,
    order.Start,
    order.CompleteStep,
    order.CompleteItem,
    order.SettleFallOut,
    order.Release,
    order.SupplyInformation,
    order.DenyCancellation,
    subscription.Activate,
    subscription.AddProduct,
    subscription.ChangePlan,
)
"""What brings an order nearer to its end."""
AFTER_THE_END: Final = (order.NumberReleased, order.EntryCorrected)
Step = tuple[Interaction, dict[str, Any]]


@dataclass
class Books:
    """What the events say of the order."""

    placed: order.Placed
    identity_until_at: datetime | None = None
    told: set[type[Event]] = field(default_factory=set)
    checks: dict[str, str] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    over: bool = False

    @property
    def wanted(self) -> set[str]:
        return {each.item_id for each in self.placed.items} - self.dropped

    def enter(self, event: Event, at: datetime) -> None:
        assert not self.over or isinstance(event, AFTER_THE_END), "the order had ended"
        self.told.add(type(event))
        match event:
            case order.IdentityAttached():
                self.identity_until_at = event.identity_valid_until_at
            case order.CheckPassed() | order.CheckFailed():
                self.checks[event.check] = event.result
            case order.CheckOverridden():
                self.overridden.add(event.check)
            case order.StepCompleted() | order.StepSkipped():
                assert event.step_id not in self.steps, "a step is done once"
                self.steps.add(event.step_id)
            case order.ItemDropped():
                self.dropped.add(event.item_id)
            case order.ItemCompleted():
                self._item(event.item_id, "completed")
            case order.ItemFailed():
                self._item(event.item_id, "failed")
            case order.Submitted():
                self._submitted(at)
            case _ if isinstance(event, ENDS):
                self._over(event)
            case _:
                pass

    def _item(self, item_id: str, how: str) -> None:
        assert item_id in self.wanted
        assert item_id not in self.ended, "an item is completed or failed once"
        self.ended[item_id] = how

    def _submitted(self, at: datetime) -> None:
        assert self.identity_until_at is not None
        assert at <= self.identity_until_at
        assert {order.TariffDisclosed, order.FormCompleted, order.AgreementSigned} <= self.told
        for check in self.placed.required_checks:
            passed = self.checks.get(check) in ("passed", "not_applicable")
            assert passed or check in self.overridden
        self.steps.add("submit")

    def _over(self, event: Event) -> None:
        self.over = True
        ends = [self.ended.get(each) for each in self.wanted]
        undone = [
            s.step_id for s in self.placed.steps if s.mandatory and s.step_id not in self.steps
        ]
        match event:
            case order.Completed():
                assert set(ends) == {"completed"}
                assert not undone
            case order.PartiallyCompleted():
                assert set(ends) == {"completed", "failed"}
                assert not undone
            case order.Failed():
                assert set(ends) == {"failed"}
            case order.Cancelled():
                in_service = {each for each, how in self.ended.items() if how == "completed"}
                assert in_service <= set(event.items_undone or ())
            case _:
                assert "completed" not in ends


def all_steps(kind: str, case: Case) -> list[Step]:
    """Any interaction of an order; those that name a step or an item name one of this order."""
    at_counter: list[Interaction] = [
        complete_form(),
        attach_identity(),
        disclose_tariff(*ITEMS[kind]),
        sign_agreement(),
        confirm_item(),
        confirm_item(confirmed=False),
        run_check("document_set", "failed"),
        attach_document(),
        order.Hold(order_id=ORDER, reason="other"),
        order.Release(order_id=ORDER, reason="other"),
        order.SupplyInformation(order_id=ORDER, question_id="q1"),
        request_cancellation(),
        request_cancellation("can2"),
        accept_cancellation(),
        deny_cancellation(),
        deny_cancellation("past_point_of_no_return", cancellation_id="can2"),
        order.Abandon(order_id=ORDER, reason="price"),
        complete_item("i3"),
        *(run_check(check) for check in the_order(case).required_checks),
        *(complete_step(each.step_id) for each in the_order(case).steps),
    ]
    by_provisioning: list[Interaction] = [
        start(),
        *(fail_item(item_id) for item_id in ("i1", "i2", "i3")),
        report_fall_out("i1"),
        report_fall_out("i2"),
        *_on_the_line(kind),
        order.Reject(order_id=ORDER, reason="no_resource"),
        confirm_cancellation(),
        confirm_cancellation("i3", cancellation_id="can2"),
        order.RequestInformation(
            order_id=ORDER, question_id="q1", needed=("floor",), answer_by_at=NOW
        ),
    ]
    by_two: list[Interaction] = [
        skip_step("test_service"),
        skip_step("issue_sim_or_install"),
        skip_step("quote_exit_fee"),
        settle_fall_out("give_up", "i1"),
        settle_fall_out("retry", "i2"),
        override_check(),
    ]
    by_systems: list[Step] = [
        (reserve_number(), BY_NUMBERS),
        (release_number(), BY_NUMBERS),
        (order.Expire(order_id=ORDER), BY_CLOCK),
        (order.MarkOverdue(order_id=ORDER), BY_CLOCK),
    ]
    return [
        *((each, AT_COUNTER) for each in at_counter),
        *((each, BY_PROVISIONING) for each in by_provisioning),
        *((each, {"approver": "s-sun"}) for each in by_two),
        *by_systems,
    ]


def _next(data: st.DataObject, case: Case, steps: list[Step], at: datetime) -> Step:
    """Mostly a step that will be accepted and ends nothing; sometimes any."""
    if the_order(case).status == "draft":
        steps = [*steps, (submit(case), AT_COUNTER)]
    if data.draw(st.integers(0, 7), "any") == 0:
        return data.draw(st.sampled_from(steps), "step")
    goes_on = [
        (wish, who)
        for wish, who in steps
        if not isinstance(wish, EARLY_ENDS)
        and not isinstance(case.when(wish, at=at, **who).decision, Refusal)
    ]
    forward = [each for each in goes_on if isinstance(each[0], FORWARD)]
    if forward and data.draw(st.integers(0, 3), "aside") > 0:
        return data.draw(st.sampled_from(forward), "step")
    return data.draw(st.sampled_from(goes_on or steps), "step")


def _on_the_line(kind: str) -> list[Interaction]:
    """What provisioning does to the line, which completes the items."""
    line = LINE if kind == "plan_change" else order.line_of(ORDER, "i1")
    what: dict[str, Any] = {"subscription_id": line, "order_id": ORDER, "effective_on": NOW.date()}
    add = subscription.AddProduct(
        **what, item_id="i2", product_id="data-10", monthly_fen=1_000, confirmation_id="con-i2"
    )
    if kind == "activation":
        return [activate(line, order_id=ORDER), add]
    change = subscription.ChangePlan(
        **what, item_id="i1", plan_id="plan-199", tariff_version="2026-1", monthly_fen=19_900
    )
    return [change, add]


def _take(case: Case, books: Books, step: Step, at: datetime) -> list[Event]:
    """The events of a step, entered; none where it is refused."""
    wish, who = step
    if isinstance(case.when(wish, at=at, **who).decision, Refusal):
        return []
    events = did(case, wish, at=at, **who)
    for event in events:
        if event.tag.startswith("order."):
            books.enter(event, at)
    return events


def _announced(events: list[Event]) -> bool:
    return any(getattr(event, "is_ready", None) for event in events)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_life_of_an_order(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(ITEMS)), "kind")
    stage = data.draw(st.sampled_from(sorted(STAGES)), "stage")
    case = STAGES[stage](kind, items=ITEMS[kind])
    books = _so_far(case, kind)
    steps = all_steps(kind, case)
    at = NOW
    for _ in range(data.draw(st.integers(5, 40), "steps")):
        at += timedelta(minutes=data.draw(st.sampled_from([0, 0, 0, 1, 50, 1_500]), "minutes"))
        step = _next(data, case, steps, at)
        if at > NOW + timedelta(hours=20):
            case.given(verified(hours=2_000))
        announced = _announced(_take(case, books, step, at))
        completed = _take(case, books, (a_completion(), BY_REACTOR), at)
        assert announced == bool(completed), "the order completes when it says that it is ready"


def _so_far(case: Case, kind: str) -> Books:
    """Books of an order that has come to its stage: what its state says of the way there.

    The stages before are decided by the same rules; the lives that begin with placing show them.
    """
    state = the_order(case)
    procedure = case.reference.procedure_for(state.kind or "activation", NOW)
    assert procedure is not None
    placed_event = order.Placed(
        order_id=ORDER,
        kind=state.kind or "activation",
        items=ITEMS[kind],
        requested_start_on=NOW.date(),
        requester="owner",
        procedure_id=procedure.procedure_id,
        procedure_version=1,
        order_number="O1",
        steps=state.steps,
        required_documents=procedure.required_documents,
        required_checks=procedure.required_checks,
        draft_expires_at=NOW,
    )
    books = Books(placed_event)
    books.identity_until_at = state.identity_valid_until_at
    books.steps = set(state.done)
    books.checks = dict(state.checks)
    if state.agreement is not None:
        books.told = {order.TariffDisclosed, order.FormCompleted, order.AgreementSigned}
    return books
