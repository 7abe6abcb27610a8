"""Orders as the tests need them: each interaction valid, each stage reached by deciding.

case = drafted("activation")              placed, and everything gathered that submitting asks
did(case, submit(case))                   decided, taken in, and the events given back
"""

from datetime import date, timedelta
from typing import Any

from ledger import founding
from ledger.aggregates.customer import order
from ledger.facts import Product
from tests.aggregates.case import NOW
from tests.aggregates.customer import samples
from tests.aggregates.customer.samples import DIGEST, SEALED

ORDER = "o1"
LINE = "s1"
TODAY = date(2026, 11, 3)
PRODUCTS: dict[str, Product] = {each.product_id: each for each in founding.sample().products}
PROCEDURES = {kind: each for each in founding.sample().procedures for kind in each.order_kinds}
AT_COUNTER: dict[str, Any] = {**samples.AT_COUNTER}
BY_PROVISIONING: dict[str, Any] = {"actor": "system:provisioning"}
BY_NUMBERS: dict[str, Any] = {"actor": "system:numbers"}
BY_REACTOR: dict[str, Any] = {"actor": "system:reactor"}
BY_CLOCK: dict[str, Any] = {"actor": "system:clock"}
NEW_LINE = f"{ORDER}.i1"


def item(product_id: str = "plan-39", item_id: str = "i1", **changed: Any) -> order.OrderItem:
    """An item that adds the product at its price."""
    product = PRODUCTS[product_id]
    valid: dict[str, Any] = {
        "item_id": item_id,
        "action": "add",
        "product_id": product_id,
        "family": product.family,
        "tariff_version": product.tariff_version,
        "monthly_fen": product.tariff.monthly_fen,
        "once_fen": product.tariff.once_fen,
        "contract_months": product.contract_months,
    }
    return order.OrderItem(**(valid | changed))


ITEMS: dict[str, tuple[order.OrderItem, ...]] = {
    "activation": (item(),),
    "plan_change": (item("plan-199", action="modify"),),
    "service_upgrade": (item("data-10"),),
    "suspension": (item(action="modify", monthly_fen=0),),
    "sim_replacement": (item(action="modify", monthly_fen=0),),
    "termination": (item(action="delete", monthly_fen=0),),
}


def place(kind: Any = "activation", **changed: Any) -> order.Place:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "kind": kind,
        "items": ITEMS[kind],
        "subscription_id": None if kind == "activation" else LINE,
        "requested_start_on": TODAY,
        "requester": "owner",
        "procedure_id": PROCEDURES[kind].procedure_id,
        "procedure_version": 1,
    }
    return order.Place(**(valid | changed))


def complete_form(**changed: Any) -> order.CompleteForm:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "form_id": "f1",
        "form_version": "v3",
        "filled_by": "clerk",
        "field_count": 24,
        "content_digest": DIGEST,
        "document_id": "doc-form",
        "confirmed_by_customer": True,
    }
    return order.CompleteForm(**(valid | changed))


def attach_identity(**changed: Any) -> order.AttachIdentity:
    return order.AttachIdentity(**({"order_id": ORDER, "verification_id": "ver1"} | changed))


def tariff_line(each: order.OrderItem, **changed: Any) -> order.TariffLine:
    shown: dict[str, Any] = {
        "product_id": each.product_id,
        "tariff_version": each.tariff_version,
        "monthly_fen": each.monthly_fen,
        "once_fen": each.once_fen,
        "contract_months": each.contract_months,
    }
    return order.TariffLine(**(shown | changed))


def disclose_tariff(*items: order.OrderItem, **changed: Any) -> order.DiscloseTariff:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "disclosure_id": "dis1",
        "items": tuple(tariff_line(each) for each in items or ITEMS["activation"]),
        "method": "both",
        "document_id": "doc-tariff",
        "confirmed_by_customer": True,
    }
    return order.DiscloseTariff(**(valid | changed))


def accept_exit_fee(exit_fee_fen: int = 0, **changed: Any) -> order.AcceptExitFee:
    valid: dict[str, Any] = {"order_id": ORDER, "quote_id": "q1", "accepted": True}
    return order.AcceptExitFee(exit_fee_fen=exit_fee_fen, **(valid | changed))


def confirm_item(item_id: str = "i2", **changed: Any) -> order.ConfirmItem:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "confirmation_id": f"con-{item_id}",
        "statement_version": "st1",
        "confirmed": True,
    }
    return order.ConfirmItem(item_id=item_id, **(valid | changed))


def run_check(check: Any = "real_name", result: Any = "passed", **changed: Any) -> order.RunCheck:
    reason = "mismatch" if result == "failed" else None
    valid: dict[str, Any] = {"order_id": ORDER, "check_id": f"ch-{check}", "reason": reason}
    return order.RunCheck(check=check, result=result, **(valid | changed))


def override_check(check: Any = "document_set", **changed: Any) -> order.OverrideCheck:
    valid: dict[str, Any] = {"order_id": ORDER, "risk_accepted": True, "note": SEALED}
    return order.OverrideCheck(check=check, **(valid | changed))


def attach_document(kind: Any = "id_copy", **changed: Any) -> order.AttachDocument:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "document_id": f"doc-{kind}",
        "content_digest": DIGEST,
        "pages": 2,
    }
    return order.AttachDocument(document_kind=kind, **(valid | changed))


def reserve_number(minutes: float = 60, **changed: Any) -> order.RecordNumberReserved:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "reservation_id": "res1",
        "number": SEALED,
        "reserved_until_at": NOW + timedelta(minutes=minutes),
    }
    return order.RecordNumberReserved(**(valid | changed))


def release_number(reservation_id: str = "res1") -> order.RecordNumberReleased:
    return order.RecordNumberReleased(
        order_id=ORDER, reservation_id=reservation_id, reason="customer_changed"
    )


def assess_iot_risk(outcome: Any = "passed") -> order.AssessIotRisk:
    return order.AssessIotRisk(
        order_id=ORDER,
        assessment_id="as1",
        device_kind="meter",
        scene="street_lighting",
        functions=("data_directed",),
        locked_to_device=True,
        outcome=outcome,
    )


def sign_agreement(**changed: Any) -> order.SignAgreement:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "agreement_id": "agr1",
        "template_id": "t1",
        "template_version": "v1",
        "content_digest": DIGEST,
        "document_id": "doc-agreement",
        "signature_kind": "signature_pad",
        "signed_by": "customer",
        "start_on": TODAY,
        "resale_ban_included": True,
        "card_lending_warning_given": True,
        "copy_given": True,
    }
    return order.SignAgreement(**(valid | changed))


def complete_step(step_id: str, **changed: Any) -> order.CompleteStep:
    return order.CompleteStep(step_id=step_id, **({"order_id": ORDER} | changed))


def skip_step(step_id: str) -> order.SkipStep:
    return order.SkipStep(order_id=ORDER, step_id=step_id, reason="not_applicable", note=SEALED)


def start() -> order.Start:
    return order.Start(order_id=ORDER, provisioning_reference="prov-1")


def complete_item(item_id: str = "i2", **changed: Any) -> order.CompleteItem:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "reference": "handed-over",
        "effective_at": NOW,
        "point_of_no_return": False,
    }
    return order.CompleteItem(item_id=item_id, **(valid | changed))


def fail_item(item_id: str = "i1", **changed: Any) -> order.FailItem:
    valid: dict[str, Any] = {"order_id": ORDER, "reason": "no_resource", "restored": True}
    return order.FailItem(item_id=item_id, **(valid | changed))


def report_fall_out(item_id: str = "i1") -> order.ReportFallOut:
    return order.ReportFallOut(
        order_id=ORDER,
        item_id=item_id,
        fall_out_code="hlr_timeout",
        system="hlr",
        retryable=True,
        attempt=1,
    )


def settle_fall_out(action: Any = "retry", item_id: str = "i1") -> order.SettleFallOut:
    return order.SettleFallOut(order_id=ORDER, item_id=item_id, action=action, note=SEALED)


def request_cancellation(
    cancellation_id: str = "can1", **changed: Any
) -> order.RequestCancellation:
    valid: dict[str, Any] = {
        "order_id": ORDER,
        "requested_by": "customer",
        "reason": "changed_mind",
    }
    return order.RequestCancellation(cancellation_id=cancellation_id, **(valid | changed))


def accept_cancellation(fee_fen: int = 0, **changed: Any) -> order.AcceptCancellation:
    valid: dict[str, Any] = {"order_id": ORDER, "cancellation_id": "can1", "refund_due_fen": 0}
    return order.AcceptCancellation(fee_fen=fee_fen, **(valid | changed))


def deny_cancellation(reason: Any = "legal_hold", **changed: Any) -> order.DenyCancellation:
    valid: dict[str, Any] = {"order_id": ORDER, "cancellation_id": "can1"}
    return order.DenyCancellation(reason=reason, **(valid | changed))


def confirm_cancellation(*items_undone: str, **changed: Any) -> order.ConfirmCancellation:
    valid: dict[str, Any] = {"order_id": ORDER, "cancellation_id": "can1"}
    return order.ConfirmCancellation(items_undone=items_undone or None, **(valid | changed))
