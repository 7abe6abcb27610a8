"""A line of one customer as the tests need it: its orders, its events, each field to override."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from ledger.aggregates.customer import order, payment, subscription
from ledger.aggregates.model import Event
from ledger.values import Sealed
from tests.aggregates.case import NOW, Case
from tests.aggregates.customer.samples import DIGEST, known, receive

TODAY = NOW.date()
SEALED = Sealed("k1.AAAA")
PROVISIONING = {"actor": "system:provisioning"}
BILLING = {"actor": "system:billing"}
REACTOR = {"actor": "system:reactor"}
CLOCK = {"actor": "system:clock"}
FRAUD_DESK = {"actor": "system:fraud_desk"}
SUBMITTED_BY = {"actor": "c-wang", "hall": "renmin", "counter": "k1", "visit": "v1"}
PLAN = ("plan-39", "2026-1", 3_900)


def day(days: int = 0) -> date:
    return TODAY + timedelta(days=days)


def line(order_id: str = "o1", item_id: str = "i1") -> str:
    """The line that an item of an order makes."""
    return order.line_of(order_id, item_id)


LINE = line()


# Orders, as far as a line looks at them


def item(product_id: str = "plan-39", action: Any = "add", **changed: Any) -> order.OrderItem:
    valid: dict[str, Any] = {
        "item_id": "i1",
        "family": "mobile",
        "tariff_version": "2026-1",
        "monthly_fen": 3_900,
        "once_fen": 0,
    }
    return order.OrderItem(product_id=product_id, action=action, **(valid | changed))


UPGRADE = item("plan-199", "modify", monthly_fen=19_900)
ADD_ON_OF_A_NEW_LINE = item("video-15", item_id="i2", family="add_on", monthly_fen=1_500)


def placed(kind: Any, items: Sequence[Any], **changed: Any) -> order.Placed:
    valid: dict[str, Any] = {
        "order_id": "o1",
        "requested_start_on": TODAY,
        "requester": "owner",
        "procedure_id": "p",
        "procedure_version": 1,
    }
    return order.Placed.of(
        order.Place(kind=kind, items=tuple(items), **(valid | changed)),
        order_number="n1",
        steps=(),
        required_documents=(),
        required_checks=(),
        draft_expires_at=NOW + timedelta(hours=72),
    )


def signed(order_id: str = "o1", **changed: Any) -> order.AgreementSigned:
    """For twelve months from today, at 30 % of what remains."""
    valid: dict[str, Any] = {
        "agreement_id": f"{order_id}.agreement",
        "template_id": "t1",
        "template_version": "1",
        "content_digest": DIGEST,
        "document_id": "doc1",
        "signature_kind": "signature_pad",
        "signed_by": "customer",
        "start_on": TODAY,
        "term_months": 12,
        "exit_fee_percent": 30,
        "resale_ban_included": True,
        "card_lending_warning_given": True,
        "copy_given": True,
    }
    ends_on = changed.pop("ends_on", date(2027, 11, 3))
    return order.AgreementSigned.of(
        order.SignAgreement(order_id=order_id, **(valid | changed)), ends_on=ends_on
    )


def acknowledged(order_id: str = "o1", kind: Any = "activation") -> order.Acknowledged:
    return order.Acknowledged(
        order_id=order_id,
        kind=kind,
        expected_completion_at=NOW + timedelta(hours=24),
        items_count=1,
    )


def submitted(order_id: str = "o1") -> order.Submitted:
    return order.Submitted(order_id=order_id, total_once_fen=0, total_monthly_fen=3_900)


def started(order_id: str = "o1") -> order.Started:
    return order.Started(order_id=order_id, provisioning_reference="ref")


def failed(order_id: str = "o1") -> order.Failed:
    return order.Failed(order_id=order_id, cycle_seconds=1, in_time=True)


def ordered(case: Case, kind: Any, *items: Any, at: Any = NOW, **changed: Any) -> Case:
    """An order of that kind in progress, submitted by c-wang at renmin; o2 for LINE by default."""
    valid = {"order_id": "o2", "subscription_id": None if kind == "activation" else LINE}
    changed = valid | changed
    order_id = changed["order_id"]
    case.given(placed(kind, items, **changed), at=at, **SUBMITTED_BY)
    case.given(submitted(order_id), at=at, **SUBMITTED_BY)
    return case.given(acknowledged(order_id, kind), started(order_id), at=at)


def activation_ordered(case: Case, order_id: str = "o1", *more: Any, **changed: Any) -> Case:
    return ordered(case, "activation", item(**changed), *more, order_id=order_id)


# The line


def prepare(**changed: Any) -> subscription.Prepare:
    valid: dict[str, Any] = {
        "subscription_id": LINE,
        "order_id": "o1",
        "item_id": "i1",
        "family": "mobile",
        "area": "urban",
        "plan_id": "plan-39",
        "tariff_version": "2026-1",
        "monthly_fen": 3_900,
        "joined_by": "new",
    }
    return subscription.Prepare(**(valid | changed))


def activate(**changed: Any) -> subscription.Activate:
    valid: dict[str, Any] = {
        "subscription_id": LINE,
        "order_id": "o1",
        "item_id": "i1",
        "network_reference": "net1",
        "activated_at": NOW,
    }
    return subscription.Activate(**(valid | changed))


def activated(**changed: Any) -> subscription.Activated:
    """Sold by c-wang at renmin."""
    family = changed.pop("family", "mobile")
    done = activate(**changed)
    return subscription.Activated.of(
        done,
        family=family,
        active_since_at=done.activated_at,
        on_net_since_on=done.activated_at.date(),
        counts_towards_limit=family == "mobile",
        active_numbers=1,
        sold_by="c-wang",
        hall_id="renmin",
    )


def line_events(order_id: str = "o1", **changed: Any) -> list[Event]:
    """A line prepared and activated, by the first item of that order."""
    ids = {"subscription_id": line(order_id), "order_id": order_id}
    family = changed.get("family", "mobile")
    return [
        subscription.Prepared.of(prepare(**(ids | changed))),
        activated(family=family, **ids),
    ]


def prepared_line(**parameters: Any) -> Case:
    """A customer whose first line waits for its network, by order o1 in progress."""
    case = activation_ordered(known(**parameters))
    return case.given(subscription.Prepared.of(prepare()))


def active_line(**parameters: Any) -> Case:
    """A customer with one active mobile line, LINE, whose order o1 is completed."""
    case = prepared_line(**parameters)
    done = order.ItemCompleted(
        order_id="o1", item_id="i1", effective_at=NOW, point_of_no_return=True
    )
    completed = order.Completed(order_id="o1", cycle_seconds=60, in_time=True)
    return case.given(activated(), done, completed)


def suspend(reason: Any = "lost_or_stolen", **changed: Any) -> subscription.Suspend:
    return subscription.Suspend(subscription_id=LINE, reason=reason, **changed)


def suspended(reason: Any = "lost_or_stolen") -> subscription.Suspended:
    return subscription.Suspended.of(suspend(reason), outgoing_barred=True, incoming_barred=False)


def resume(reason: Any = "lost_or_stolen", **changed: Any) -> subscription.Resume:
    return subscription.Resume(subscription_id=LINE, reason=reason, **changed)


def change_plan(**changed: Any) -> subscription.ChangePlan:
    valid: dict[str, Any] = {
        "order_id": "o2",
        "item_id": "i1",
        "plan_id": "plan-199",
        "tariff_version": "2026-1",
        "monthly_fen": 19_900,
        "effective_on": TODAY,
    }
    return subscription.ChangePlan(subscription_id=LINE, **(valid | changed))


def add_product(**changed: Any) -> subscription.AddProduct:
    valid: dict[str, Any] = {
        "order_id": "o2",
        "item_id": "i1",
        "product_id": "video-15",
        "monthly_fen": 1_500,
        "effective_on": TODAY,
        "confirmation_id": "conf1",
    }
    return subscription.AddProduct(subscription_id=LINE, **(valid | changed))


def product_added(**changed: Any) -> subscription.ProductAdded:
    return subscription.ProductAdded.of(add_product(**changed), sold_by="c-zhao", hall_id="renmin")


def remove_product(**changed: Any) -> subscription.RemoveProduct:
    valid: dict[str, Any] = {
        "order_id": "o2",
        "item_id": "i1",
        "product_id": "video-15",
        "effective_on": TODAY,
    }
    return subscription.RemoveProduct(subscription_id=LINE, **(valid | changed))


def replace_sim(**changed: Any) -> subscription.ReplaceSim:
    valid: dict[str, Any] = {
        "order_id": "o2",
        "item_id": "i1",
        "new_iccid": SEALED,
        "old_card_disabled_at": NOW,
    }
    return subscription.ReplaceSim(subscription_id=LINE, **(valid | changed))


# Locks


def lock(lock_id: str = "l1", **changed: Any) -> subscription.Lock:
    """The catalogue's: 30 % of what remains of twelve months at 9900 fen."""
    valid: dict[str, Any] = {
        "order_id": "o1",
        "agreement_id": "o1.agreement",
        "source": "plan_contract",
        "from_on": TODAY,
        "until_on": date(2027, 11, 3),
        "exit_fee_rule": "percent_of_remaining_months",
        "percent": 30,
        "monthly_fen": 9_900,
    }
    return subscription.Lock(subscription_id=LINE, lock_id=lock_id, **(valid | changed))


def locked(lock_id: str = "l1", **changed: Any) -> subscription.Locked:
    return subscription.Locked.of(lock(lock_id, **changed))


def quote(**changed: Any) -> subscription.QuoteExitFee:
    valid: dict[str, Any] = {"quote_id": "q1", "as_of_on": TODAY, "purpose": "termination"}
    return subscription.QuoteExitFee(subscription_id=LINE, **(valid | changed))


def quoted(exit_fee_fen: int = 35_640, **changed: Any) -> subscription.ExitFeeQuoted:
    wish = quote(**changed)
    return subscription.ExitFeeQuoted.of(
        wish,
        exit_fee_fen=exit_fee_fen,
        by_lock={"l1": exit_fee_fen},
        valid_until_on=wish.as_of_on + timedelta(days=7),
    )


def release(reason: Any = "expired", lock_id: str = "l1", **changed: Any) -> Any:
    return subscription.ReleaseLock(subscription_id=LINE, lock_id=lock_id, reason=reason, **changed)


def exit_fee_paid(amount_fen: int = 35_640, **changed: Any) -> payment.Received:
    """Payment p1, for lock l1 of LINE unless the item says otherwise."""
    about = {"lock_id": "l1", "subscription_id": LINE, "item_kind": "exit_fee"} | changed
    fee = payment.PaymentItem(item_id="i1", amount_fen=amount_fen, **about)
    paid = receive(amount_fen, items=(fee,), counterfeit_checked=True)
    return payment.Received.of(paid, change_fen=0, receipt_due=False)


# Bills


def bill(bill_id: str = "b1", amount_fen: int = 5_000, **changed: Any) -> subscription.RecordBill:
    valid: dict[str, Any] = {
        "period": "2026-10",
        "due_on": TODAY,
        "detail_digest": DIGEST,
        "final": False,
    }
    return subscription.RecordBill(
        subscription_id=LINE, bill_id=bill_id, amount_fen=amount_fen, **(valid | changed)
    )


def billed(bill_id: str = "b1", amount_fen: int = 5_000, **changed: Any) -> Event:
    return subscription.BillRecorded.of(bill(bill_id, amount_fen, **changed), abnormal=False)


def settle(settled_fen: int = 5_000, bill_id: str = "b1", **changed: Any) -> Any:
    valid: dict[str, Any] = {"settled_at": NOW}
    return subscription.SettleBill(
        subscription_id=LINE, bill_id=bill_id, settled_fen=settled_fen, **(valid | changed)
    )


def bill_settled(settled_fen: int = 5_000, bill_id: str = "b1", **changed: Any) -> Event:
    return subscription.BillSettled.of(
        settle(settled_fen, bill_id, **changed), outstanding_fen=0, all_settled=True
    )


def arrears(arrears_fen: int = 5_000, since_on: date = TODAY, late_fee_fen: int = 0) -> Any:
    return subscription.RecordArrears(
        subscription_id=LINE,
        arrears_fen=arrears_fen,
        since_on=since_on,
        late_fee_fen=late_fee_fen,
    )


def in_arrears(since_on: date = TODAY) -> Event:
    return subscription.ArrearsRecorded.of(
        arrears(since_on=since_on), suspend_from_on=since_on + timedelta(days=30)
    )


def dispute(disputed_fen: int = 5_000, bill_id: str = "b1") -> subscription.DisputeBill:
    return subscription.DisputeBill(
        subscription_id=LINE,
        bill_id=bill_id,
        reason="roaming",
        disputed_fen=disputed_fen,
        statement=SEALED,
    )


def disputed(disputed_fen: int = 5_000, bill_id: str = "b1") -> Event:
    return subscription.BillDisputed.of(dispute(disputed_fen, bill_id))


def settle_dispute(outcome: Any, adjusted_fen: int, bill_id: str = "b1") -> Any:
    return subscription.SettleDispute(
        subscription_id=LINE,
        bill_id=bill_id,
        outcome=outcome,
        adjusted_fen=adjusted_fen,
        explanation=SEALED,
    )


# Ends


def begin_termination(reason: Any = "customer_order", **changed: Any) -> Any:
    valid: dict[str, Any] = {"last_service_at": NOW}
    if reason == "customer_order":
        valid["order_id"] = "o2"
    return subscription.BeginTermination(subscription_id=LINE, reason=reason, **(valid | changed))


def termination_begun(reason: Any = "customer_order", **changed: Any) -> Event:
    return subscription.TerminationBegun.of(begin_termination(reason, **changed))


def terminate(reason: Any = "customer_order", **changed: Any) -> subscription.Terminate:
    valid: dict[str, Any] = {"terminated_at": NOW, "deposit_fen": 0, "prepaid_balance_fen": 0}
    if reason == "customer_order":
        valid |= {"order_id": "o2", "item_id": "i1"}
    return subscription.Terminate(subscription_id=LINE, reason=reason, **(valid | changed))


def terminated(reason: Any = "arrears", **changed: Any) -> subscription.Terminated:
    return subscription.Terminated.of(
        terminate(reason, **changed),
        family="mobile",
        active_numbers=0,
        refund_due_fen=0,
        active_since_at=NOW,
        early=True,
    )
