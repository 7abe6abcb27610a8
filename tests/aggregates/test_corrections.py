"""ENV-13 to ENV-15: a correction stands beside the entry that it corrects, the same for all."""

from datetime import timedelta
from typing import Any

from ledger import policy
from ledger.aggregates.customer import payment
from ledger.values import Sealed
from tests.aggregates.case import Case, later
from tests.aggregates.customer.samples import received, registered

ENTRY = "counter-app:m-pay:1"
BY_ANOTHER = {"actor": "c-wang"}


def a_payment() -> Case:
    case = Case("customer/d1").given(registered())
    return case.given(received(), id="m-pay", actor="c-li")


def correction(**changed: Any) -> payment.CorrectEntry:
    said: dict[str, Any] = {
        "payment_id": "p1",
        "wrong_entry_id": ENTRY,
        "field": "terminal_id",
        "should_be": Sealed("k.x"),
        "error_kind": "typing",
        "found_by": "self_check",
        "note": Sealed("k.x"),
    }
    return payment.CorrectEntry(**{**said, **changed})


def test_a_correction_names_the_clerk_who_typed_the_entry() -> None:
    event = a_payment().when(correction(), **BY_ANOTHER).recorded(payment.EntryCorrected)
    assert event.clerk_in_error == "c-li"


def test_a_correction_names_an_event_of_the_same_stream() -> None:
    case = a_payment()
    case.when(correction(wrong_entry_id="counter-app:m-other:1")).refused("ENV-13")
    case.when(correction(wrong_entry_id="nonsense")).refused("ENV-13")
    case.when(correction(wrong_entry_id="counter-app:g1:1")).refused("ENV-13", "payment/p1")


def test_a_field_is_corrected_once() -> None:
    case = a_payment()
    case.given(case.when(correction()).recorded(payment.EntryCorrected))
    case.when(correction()).refused("ENV-13", "before")
    case.when(correction(field="note")).recorded(payment.EntryCorrected)


def test_only_what_a_clerk_typed_is_corrected() -> None:
    a_payment().when(correction(field="amount_fen")).refused("ENV-14", "terminal_id")


def test_an_older_entry_is_corrected_by_two_people() -> None:
    case = a_payment()
    days = case.value(policy.CORRECTION_SELF_DAYS)
    at = later(days=days)
    case.when(correction(), at=at).recorded(payment.EntryCorrected)
    at += timedelta(seconds=1)
    case.when(correction(), at=at).refused("ENV-15")
    case.when(correction(), at=at, approver="s-sun").recorded(payment.EntryCorrected)
