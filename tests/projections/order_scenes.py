"""Short scenes of orders and lines, for worked examples whose figures are computed by hand."""

from datetime import datetime, timedelta
from typing import Any

from ledger.aggregates.customer import customer, order, subscription
from ledger.values import business_day
from tests.projections.history import MORNING, History
from tests.projections.lives import SECRET
from tests.projections.scenes import register

REACTOR = "system:reactor"
PROVISIONING = "system:provisioning"


def item(
    item_id: str = "i1",
    family: Any = "mobile",
    action: Any = "add",
    product_id: str = "plan-39",
    monthly_fen: int = 3_900,
) -> order.OrderItem:
    return order.OrderItem(
        item_id=item_id,
        action=action,
        product_id=product_id,
        family=family,
        tariff_version="2026-1",
        monthly_fen=monthly_fen,
        once_fen=0,
    )


ADD_ON = item("i2", "add_on", product_id="data-10", monthly_fen=1_000)


def verify(
    history: History,
    name: str = "ver1",
    customer_id: str = "d1",
    *,
    at: datetime = MORNING,
    valid_for: timedelta = timedelta(days=1),
    passed: bool = True,
) -> None:
    """The customer's identity is verified, or fails to be."""
    verifying = customer.VerifyIdentity(
        verification_id=name,
        purpose="activation",
        document_kind="resident_id",
        document_digest="0" * 64,
        document_shown=True,
        document_read_by="chip_reader",
        document_result="genuine",
        belongs_to_bearer=True,
        information_refused=False,
        face_result="match",
        liveness_result="passed",
        face_consent_given=True,
        copy_marked=True,
    )
    computed = {
        "valid_until_at": at + valid_for,
        "active_numbers": 0,
        "reasons": ("face_no_match",),
    }
    made = customer.IdentityVerified if passed else customer.IdentityVerificationFailed
    who: dict[str, Any] = {"hall": "renmin", "at": at, "computed": computed}
    history.say(f"customer/{customer_id}", verifying, made, **who)


class Ordering:
    """One order of one customer; each method tells what happens to it next.

    `at` is when the next thing happens, unless a method is told another time.
    """

    def __init__(
        self,
        history: History,
        name: str = "o1",
        *items: order.OrderItem,
        kind: Any = "activation",
        customer_id: str = "d1",
        line: str | None = None,
        clerk: str = "c-li",
        hall: str = "renmin",
        at: datetime = MORNING,
    ) -> None:
        """Places it."""
        self.history, self.name, self.kind, self.at = history, name, kind, at
        self.items = {each.item_id: each for each in items or (item(),)}
        self.owner, self.clerk, self.hall, self._line = f"customer/{customer_id}", clerk, hall, line
        placing = order.Place(
            order_id=name,
            kind=kind,
            items=tuple(self.items.values()),
            subscription_id=line,
            requested_start_on=business_day(at),
            requester="owner",
            procedure_id="proc-activation",
            procedure_version=1,
            note=SECRET,
        )
        computed: dict[str, Any] = {
            "order_number": f"O{name}",
            "steps": (),
            "required_documents": (),
            "required_checks": (),
            "draft_expires_at": at + timedelta(days=3),
        }
        self.by_clerk(placing, order.Placed, **computed)

    @property
    def line(self) -> str:
        return self._line or order.line_of(self.name, "i1")

    def by_clerk(self, said: Any, *events: Any, approver: str | None = None, **more: Any) -> None:
        who: dict[str, Any] = {"hall": self.hall, "counter": "k1", "visit": "v1"}
        who |= {"approver": approver, "actor": self.clerk, "at": self.at}
        self.history.say(self.owner, said, *events, computed=more, **who)

    def by_system(self, actor: str, said: Any, *events: Any, **more: Any) -> None:
        self.history.say(self.owner, said, *events, computed=more, actor=actor, at=self.at)

    def step(self, step_id: str, *, before: str | None = None) -> "Ordering":
        """A step is completed; `before` is the one that should have come first."""
        deviation = () if before is None else (self._deviation(step_id, before),)
        stepping = order.CompleteStep(order_id=self.name, step_id=step_id)
        self.by_clerk(stepping, order.StepCompleted, *deviation, seconds_since_previous=30)
        return self

    def _deviation(self, step_id: str, before: str) -> order.DeviationDetected:
        return order.DeviationDetected(order_id=self.name, step_id=step_id, expected_step_id=before)

    def skip(self, step_id: str) -> "Ordering":
        skipping = order.SkipStep(
            order_id=self.name, step_id=step_id, reason="system_down", note=SECRET
        )
        self.by_clerk(skipping, order.StepSkipped, approver="s-sun")
        return self

    def identify(self, verification_id: str = "ver1") -> "Ordering":
        attaching = order.AttachIdentity(order_id=self.name, verification_id=verification_id)
        until = self.at + timedelta(days=1)
        self.by_clerk(attaching, order.IdentityAttached, identity_valid_until_at=until)
        return self

    def decline(self, item_id: str) -> "Ordering":
        """The customer does not want that add-on after all."""
        declining = order.ConfirmItem(
            order_id=self.name,
            item_id=item_id,
            confirmation_id=f"con-{item_id}",
            statement_version="st1",
            confirmed=False,
        )
        self.by_clerk(declining, order.ItemDropped)
        return self

    def submit(self, *, due_in: timedelta = timedelta(hours=24)) -> "Ordering":
        """Submitted and acknowledged; new lines are prepared."""
        submitting = order.Submit(
            order_id=self.name, total_once_fen=0, total_monthly_fen=self._total_fen()
        )
        self.due_at = self.at + due_in
        self.submitted_at = self.at
        acknowledged = order.Acknowledged(
            order_id=self.name,
            kind=self.kind,
            expected_completion_at=self.due_at,
            items_count=len(self.items),
        )
        self.by_clerk(submitting, order.Submitted, acknowledged)
        for each in self.items.values():
            if self.kind == "activation" and each.family not in ("add_on", "device"):
                self._prepare(each)
        return self

    def _total_fen(self) -> int:
        return sum(each.monthly_fen for each in self.items.values())

    def _prepare(self, each: order.OrderItem) -> None:
        preparing = subscription.Prepare(
            subscription_id=order.line_of(self.name, each.item_id),
            order_id=self.name,
            item_id=each.item_id,
            family=each.family,  # pyright: ignore[reportArgumentType]
            area="urban" if self.hall == "renmin" else "rural",
            plan_id=each.product_id,
            tariff_version="2026-1",
            monthly_fen=each.monthly_fen,
            joined_by="new",
        )
        self.by_system(REACTOR, preparing, subscription.Prepared)

    def start(self) -> "Ordering":
        starting = order.Start(order_id=self.name, provisioning_reference="n1")
        self.by_system(PROVISIONING, starting, order.Started)
        return self

    def _item_completed(self, item_id: str) -> order.ItemCompleted:
        return order.ItemCompleted(
            order_id=self.name, item_id=item_id, effective_at=self.at, point_of_no_return=True
        )

    def _of_line(self, item_id: str, line: str | None = None) -> dict[str, Any]:
        return {
            "subscription_id": line or self.line,
            "order_id": self.name,
            "item_id": item_id,
        }

    def activate(self, item_id: str = "i1", *, numbers: int = 1) -> "Ordering":
        """The line of an item comes into service, as one of so many `numbers` of the person."""
        line = order.line_of(self.name, item_id)
        self.activated_at = self.at
        activating = subscription.Activate(
            network_reference="n1", activated_at=self.at, **self._of_line(item_id, line)
        )
        family = self.items[item_id].family
        self.by_system(
            PROVISIONING,
            activating,
            subscription.Activated,
            self._item_completed(item_id),
            family=family,
            active_since_at=self.at,
            on_net_since_on=business_day(self.at),
            counts_towards_limit=family == "mobile",
            active_numbers=numbers,
            sold_by=self.clerk,
            hall_id=self.hall,
        )
        return self

    def add_product(self, item_id: str = "i2") -> "Ordering":
        adding = subscription.AddProduct(
            product_id=self.items[item_id].product_id,
            monthly_fen=self.items[item_id].monthly_fen,
            effective_on=business_day(self.at),
            confirmation_id=f"con-{item_id}",
            **self._of_line(item_id),
        )
        sale = {"sold_by": self.clerk, "hall_id": self.hall}
        completed = self._item_completed(item_id)
        self.by_system(PROVISIONING, adding, subscription.ProductAdded, completed, **sale)
        return self

    def remove_product(self, item_id: str, sale: "Ordering", *, early: bool) -> "Ordering":
        """The add-on goes from the line, which came with it by the order `sale`."""
        removing = subscription.RemoveProduct(
            product_id=self.items[item_id].product_id,
            effective_on=business_day(self.at),
            **self._of_line(item_id),
        )
        self.by_system(
            PROVISIONING,
            removing,
            subscription.ProductRemoved,
            self._item_completed(item_id),
            monthly_fen=self.items[item_id].monthly_fen,
            added_on=business_day(sale.activated_at),
            early=early,
            sold_by=sale.clerk,
            hall_id=sale.hall,
        )
        return self

    def change_plan(self, item_id: str = "i1", *, old_fen: int) -> "Ordering":
        changing = subscription.ChangePlan(
            plan_id=self.items[item_id].product_id,
            tariff_version="2026-1",
            monthly_fen=self.items[item_id].monthly_fen,
            effective_on=business_day(self.at),
            **self._of_line(item_id),
        )
        self.by_system(
            PROVISIONING,
            changing,
            subscription.PlanChanged,
            self._item_completed(item_id),
            old_plan_id="plan-39",
            old_monthly_fen=old_fen,
            sold_by=self.clerk,
            hall_id=self.hall,
        )
        return self

    def terminate(self, sale: "Ordering", *, early: bool) -> "Ordering":
        """The line ends that was made by the order `sale`."""
        ending = subscription.Terminate(
            reason="customer_order",
            terminated_at=self.at,
            deposit_fen=0,
            prepaid_balance_fen=0,
            **self._of_line("i1"),
        )
        self.by_system(
            PROVISIONING,
            ending,
            subscription.Terminated,
            self._item_completed("i1"),
            family=sale.items["i1"].family,
            active_numbers=0,
            refund_due_fen=0,
            active_since_at=sale.activated_at,
            early=early,
            sold_by=sale.clerk,
            hall_id=sale.hall,
        )
        return self

    def fall_out(self, item_id: str = "i1") -> "Ordering":
        falling = order.ReportFallOut(
            order_id=self.name,
            item_id=item_id,
            fall_out_code="timeout",
            system="billing",
            retryable=True,
            attempt=1,
        )
        held = order.Held(order_id=self.name)
        self.by_system(PROVISIONING, falling, order.FellOut, held)
        return self

    def settle(self, item_id: str = "i1", action: Any = "retry") -> "Ordering":
        """A person sets the fall-out right, or gives the item up."""
        settling = order.SettleFallOut(
            order_id=self.name, item_id=item_id, action=action, note=SECRET
        )
        gone = order.ItemFailed(
            order_id=self.name, item_id=item_id, reason="system_error", restored=True
        )
        released = order.Released(order_id=self.name)
        after = gone if action == "give_up" else released
        self.by_clerk(settling, order.FallOutSettled, after)
        return self

    def overdue(self) -> "Ordering":
        self.at = self.due_at
        marking = order.MarkOverdue(order_id=self.name)
        self.by_system("system:clock", marking, order.Overdue)
        return self

    def end(self, event: Any = order.Completed) -> "Ordering":
        """The order is completed, or ends partially completed or failed."""
        is_in_time = self.at <= self.due_at
        self.by_system(
            REACTOR,
            order.Complete(order_id=self.name),
            event,
            cycle_seconds=int((self.at - self.submitted_at).total_seconds()),
            in_time=is_in_time,
            late_days=None if is_in_time else 1,
            hall_id=self.hall,
        )
        return self

    def cancel(self) -> "Ordering":
        """The draft is abandoned, or the submitted order ended by the operator."""
        abandoning = order.Abandon(order_id=self.name, reason="changed_mind")
        self.by_clerk(abandoning, order.Cancelled)
        return self

    def later(self, **amount: float) -> "Ordering":
        self.at += timedelta(**amount)
        return self


def sold(history: History, name: str = "o1", *items: order.OrderItem, **who: Any) -> Ordering:
    """An order whose line is in service, add-ons and all, an hour after it was placed."""
    told = Ordering(history, name, *items, **who).submit().start().later(hours=1)
    told.activate()
    for each in told.items.values():
        if each.family == "add_on":
            told.add_product(each.item_id)
    return told.end()


def known(history: History, *customers: str) -> History:
    """With these customers registered."""
    for customer_id in customers or ("d1",):
        register(history, customer_id)
    return history


def all_that_counts(history: History, customer_id: str = "d9") -> None:
    """Something that each KPI of orders and lines counts, in renmin on the first morning."""
    who: dict[str, Any] = {"customer_id": customer_id}
    known(history, customer_id)
    line = sold(history, "o1", item(), ADD_ON, **who).line
    install = Ordering(history, "o2", item(family="broadband"), **who).step("check_identity")
    install.submit().start().activate().end()
    plan = item(action="modify", product_id="plan-99", monthly_fen=9_900)
    change = Ordering(history, "o3", plan, kind="plan_change", line=line, **who).submit().start()
    change.change_plan(old_fen=3_900).end()
