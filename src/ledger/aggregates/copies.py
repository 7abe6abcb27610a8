"""What one owner's ledger tells another's: the interactions that cross the walls between rooms.

Each is sent by the reactor as a follow-on, with the causing event's id as the envelope's `cause`
and the cause's time; so it arrives any number of times and counts once. A copy tells what has
happened: no business rule refuses it, and where it does not fit, an event says so. The room that
receives one declares it among its own interactions.
"""

from typing import Final, Literal

from ledger.aggregates.model import NEW, Fields, Interaction
from ledger.facts import Calendar, Clerk, Hall, OrderKind, Procedure, Product
from ledger.policy import PolicyVersion
from ledger.values import Count, FenPositive, Id, Moment

PaymentMethod = Literal[
    "cash", "bank_card", "wechat_pay", "alipay", "unionpay_qr", "digital_yuan", "bank_transfer"
]
CaseKind = Literal["order", "complaint", "fault", "follow_up", "port_out", "fraud", "data_request"]

# To the hall, of money taken or given back at its counters


class RecordIn(
    Interaction,
    type="drawer.record_in.v1",
    allowed_in=(NEW, "opened", "counted", "discrepant", "explained", "closed", "deposited"),
    clerks=False,
    systems=("reactor",),
):
    """Cash was taken into a drawer; the hall's day counts it by the same entry."""

    drawer_id: Id
    customer_id: Id
    payment_id: Id
    amount_fen: FenPositive


class RecordOut(
    Interaction,
    type="drawer.record_out.v1",
    allowed_in=(NEW, "opened", "counted", "discrepant", "explained", "closed", "deposited"),
    clerks=False,
    systems=("reactor",),
):
    """Cash was given back out of a drawer; the hall's day counts it by the same entry."""

    drawer_id: Id
    customer_id: Id
    payment_id: Id
    refund_id: Id | None = None
    amount_fen: FenPositive
    kind: Literal["reversal", "refund"]


class NotePayment(
    Interaction,
    type="hall_day.note_payment.v1",
    allowed_in=(NEW, "open", "prepared", "signed_off"),
    clerks=False,
    systems=("reactor",),
):
    """Money that is no cash came in or went out, on the business day of the envelope's time."""

    customer_id: Id
    payment_id: Id
    method: PaymentMethod
    direction: Literal["in", "out"]
    amount_fen: FenPositive


# To the hall, of what keeps its clerks busy


class TakeCase(
    Interaction,
    type="case.take.v1",
    allowed_in=(NEW, "kept", "offered", "released"),
    clerks=False,
    systems=("reactor",),
):
    """A case of a customer was opened at this hall; `keeper_clerk_id` has it until handed over."""

    case_id: Id
    kind: CaseKind
    order_kind: OrderKind | None = None
    customer_id: Id
    keeper_clerk_id: Id
    due_at: Moment | None = None


class ReleaseCase(
    Interaction,
    type="case.release.v1",
    allowed_in=(NEW, "kept", "offered", "released"),
    clerks=False,
    systems=("reactor",),
):
    """The case has ended, with the status `to_state` in its own ledger."""

    case_id: Id
    kind: CaseKind
    order_kind: OrderKind | None = None
    to_state: Literal["completed", "partial", "failed", "cancelled", "rejected", "closed"]


class BarPromotion(
    Interaction,
    type="visit.bar_promotion.v1",
    allowed_in=(NEW, "open", "in_progress", "completed"),
    clerks=False,
    systems=("reactor",),
):
    """No more promotion to the customer of the visit that the envelope names."""

    customer_id: Id
    reason: Literal["port_out_requested", "marketing_opt_out", "fraud_hold"]


# To every partition, of reference facts

TOLD_IN: Final = (NEW, "noted")


class Told(Fields):
    """`version` counts the events of the fact's own stream; it has force from `from_at` on."""

    version: Count
    from_at: Moment


class NotePolicy(
    Interaction,
    Told,
    type="reference.note_policy.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    """A withdrawn policy that has not begun yet never begins."""

    fact: PolicyVersion
    withdrawn: bool = False


class NoteHall(
    Interaction,
    Told,
    type="reference.note_hall.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    fact: Hall


class NoteClerk(
    Interaction,
    Told,
    type="reference.note_clerk.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    fact: Clerk


class NoteProduct(
    Interaction,
    Told,
    type="reference.note_product.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    fact: Product


class NoteProcedure(
    Interaction,
    Told,
    type="reference.note_procedure.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    fact: Procedure


class NoteCalendar(
    Interaction,
    Told,
    type="reference.note_calendar.v1",
    allowed_in=TOLD_IN,
    clerks=False,
    systems=("reactor",),
):
    fact: Calendar
