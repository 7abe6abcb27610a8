"""What people at counters get wrong: each is a message that one rule refuses, named beside it.

A mistake takes the right message and gives the wrong one. The right one follows.
"""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from ledger.simulator.world import Data, Message

Mistake = Callable[[Message], Message]


def with_(message: Message, **changed: object) -> Message:
    return replace(message, data={**message.data, **changed})


def without(message: Message, *names: str) -> Message:
    kept = {name: value for name, value in message.data.items() if name not in names}
    return replace(message, data=kept)


# Wherever people act at a counter


def by_someone_who_left(clerk_id: str) -> Mistake:
    """ENV-03: the terminal is still signed in under an old account."""
    return lambda message: replace(message, actor=clerk_id)


def in_hall(hall_id: str) -> Mistake:
    """ENV-04: the terminal is set to another hall."""
    return lambda message: replace(message, hall=hall_id)


def at_counter(counter_id: str) -> Mistake:
    """ENV-06: the clerk sits down at a colleague's terminal."""
    return lambda message: replace(message, counter=counter_id)


def without_visit(message: Message) -> Message:
    """ENV-10: the customer was not called up first.

    What a hall hears of a visitor is not let in without a visit; there the counter is not named.
    """
    if message.subject.startswith("hall/"):
        return replace(message, counter=None)
    return replace(message, visit=None)


def for_nobody_known(message: Message) -> Message:
    """ENV-02: two characters of the customer's id are swapped."""
    head, tail = message.subject[:-8], message.subject[-8:]
    return replace(message, subject=head + tail[::-1] + ".2")


def needs_do_not_add_up(message: Message) -> Message:
    """VIS-32: a need is closed that nobody asked about."""
    return with_(message, needs_met=["other"], needs_open=[])


# Shifts, drawers and days


def helps_oneself(clerk_id: str) -> Mistake:
    """SHF-11"""
    return lambda message: with_(message, helped_clerk_id=clerk_id)


def names_no_case(message: Message) -> Message:
    """SHF-13"""
    return with_(message, case_ids=[], points=["nothing_open"])


def short_float(message: Message) -> Message:
    """DRW-05: a note is missing in the float."""
    pieces = cast(list[Data], message.data["float"])
    return with_(message, float=pieces[1:])


def drops_too_much(message: Message) -> Message:
    """DRW-06: more than the drawer has taken."""
    return with_(message, pieces=[{"value_fen": 10_000, "pieces": 500}])


def changes_unequally(message: Message) -> Message:
    """DRW-08"""
    return with_(message, taken=[{"value_fen": 1_000, "pieces": 1}])


def journal_differs(message: Message) -> Message:
    """DRW-11: the journal of another terminal."""
    return with_(message, journal_count=cast(int, message.data["journal_count"]) + 1)


def float_not_returned(message: Message) -> Message:
    """DRW-15"""
    return with_(message, float_returned_fen=0)


def deposits_too_little(message: Message) -> Message:
    """DRW-17"""
    return with_(message, amount_fen=_amount(message) + 10)


def another_digest(message: Message) -> Message:
    """DAY-08: what is signed is not what was prepared."""
    return with_(message, totals_digest=str(message.data["totals_digest"])[::-1])


# What is said in a visit


def another_price_shown(message: Message) -> Message:
    """VIS-18"""
    return with_(message, shown_price_fen=cast(int, message.data["shown_price_fen"]) + 1_000)


def old_tariff_shown(message: Message) -> Message:
    """VIS-17"""
    return with_(message, tariff_version="2025-1")


def answers_without_quote(message: Message) -> Message:
    """VIS-20"""
    return with_(message, quote_ids=[])


def recommends_without_assessment(message: Message) -> Message:
    """VIS-22"""
    return with_(message, assessment_id="unknown-0")


def declines_without_reason(message: Message) -> Message:
    """VIS-25"""
    return without(with_(message, answer="declined"), "decline_reason")


def to_nobody(message: Message) -> Message:
    """VIS-29: to a counter where nobody sits."""
    return with_(message, to_counter="k99")


# Customers


def mistyped_digest(message: Message) -> Message:
    """CUS-01: the digest of another document."""
    return with_(message, identity_digest=str(message.data["identity_digest"])[::-1])


def without_number(message: Message) -> Message:
    """CUS-03"""
    return without(message, "document_number")


def with_a_licence(message: Message) -> Message:
    """CUS-04: a person registered with the papers of a firm."""
    return with_(message, document_kind="business_licence")


def without_notice(message: Message) -> Message:
    """CUS-05"""
    return with_(message, notice_given=False)


def by_app(message: Message) -> Message:
    """CUS-07: the wrong channel is chosen."""
    return replace(message, channel="app")


def without_face_consent(message: Message) -> Message:
    """CUS-08"""
    return with_(message, face_consent_given=False)


def without_face(message: Message) -> Message:
    """CUS-09"""
    return without(with_(message, face_result="not_required"), "face_score_permille")


def copy_not_marked(message: Message) -> Message:
    """CUS-10"""
    return with_(message, copy_marked=False, copy_document_id="doc-0")


def name_without_evidence(message: Message) -> Message:
    """CUS-14"""
    return replace(message, data={"full_name": "王伟"})


def not_explicit(message: Message) -> Message:
    """CUS-19: silence taken for consent."""
    return with_(message, explicit=False)


def not_separate(message: Message) -> Message:
    """CUS-20: consent to face matching in one signature with the rest."""
    return with_(message, purpose="face_match", separate=False)


def without_both_documents(message: Message) -> Message:
    """CUS-11"""
    return with_(message, principal_document_shown=False)


def no_verification(message: Message) -> Message:
    """CUS-15"""
    return with_(message, verification_id="unknown-0")


def corrects_an_amount(message: Message) -> Message:
    """ENV-14: amounts are changed by their own acts."""
    return with_(message, field="amount_fen", should_be="100")


def of_another_order(message: Message) -> Message:
    """SUB-02"""
    return with_(message, order_id="unknown-0")


def for_arrears(message: Message) -> Message:
    """SUB-06: whoever has lost the telephone has not failed to pay."""
    return with_(message, reason="arrears")


def by_unknown_agent(message: Message) -> Message:
    """CUS-12: somebody whose authorisation nobody has seen."""
    return with_(message, requester="agent", agent_id="unknown-0")


def asks_a_fee_for_details(message: Message) -> Message:
    """SUB-26"""
    return with_(message, fee_fen=500)


def takes_off_more(message: Message) -> Message:
    """SUB-24"""
    return with_(message, outcome="adjusted", adjusted_fen=1_000_000)


def gives_no_answer(message: Message) -> Message:
    """CUS-21: a request that nobody made."""
    return with_(message, request_id="unknown-0")


def disputes_too_much(message: Message) -> Message:
    """SUB-23"""
    return with_(message, disputed_fen=cast(int, message.data["disputed_fen"]) + 100_000)


# Money


def does_not_add_up(message: Message) -> Message:
    """PAY-01: a digit too many in the amount."""
    return with_(message, amount_fen=_amount(message) * 10)


def for_a_bill(message: Message) -> Message:
    """PAY-02: taken for a bill, with no line named."""
    items = cast(list[Data], message.data["items"])
    return with_(message, items=[{**item, "item_kind": "bill"} for item in items])


def for_another_bill(message: Message) -> Message:
    """PAY-02: the bill of somebody else."""
    items = cast(list[Data], message.data["items"])
    return with_(message, items=[{**item, "bill_id": "unknown-0"} for item in items])


def for_no_order(message: Message) -> Message:
    """PAY-03: an order of somebody else."""
    items = cast(list[Data], message.data["items"])
    return with_(message, items=[{**item, "order_id": "unknown-0"} for item in items])


def under_an_old_correlator(correlator_id: str) -> Mistake:
    """PAY-04: the same transaction entered again."""
    return lambda message: with_(message, correlator_id=correlator_id)


def incomplete(message: Message) -> Message:
    """PAY-07 for cash, PAY-09 for cards and wallets."""
    return without(message, "tendered_fen", "terminal_id")


def another_method(message: Message) -> Message:
    """PAY-06: not as it was begun."""
    return with_(message, method="digital_yuan")


def for_too_much(message: Message) -> Message:
    """PAY-16: an invoice for more than was paid."""
    return with_(message, amount_fen=_amount(message) + 1_000)


def receipt_of_another_amount(message: Message) -> Message:
    """PAY-15"""
    return with_(message, amount_fen=_amount(message) + 1_000)


def approved_by_oneself(message: Message) -> Message:
    """ENV-07"""
    return replace(message, approver=message.actor)


def not_approved(message: Message) -> Message:
    """SHF-16: a shift closed for somebody else, and nobody asked."""
    return replace(message, approver=None)


def in_part(message: Message) -> Message:
    """PAY-17: only what was too much is reversed."""
    return with_(message, amount_fen=_amount(message) // 2)


def more_than_received(message: Message) -> Message:
    """PAY-20"""
    return with_(message, amount_fen=_amount(message) + 100_000)


def by_an_agent(message: Message) -> Message:
    """PAY-21"""
    return with_(message, requester="agent")


def by_bank_transfer(message: Message) -> Message:
    """PAY-24: paid another way than the money came, nobody's identity verified."""
    return with_(message, method="bank_transfer")


def _amount(message: Message) -> int:
    return cast(int, message.data["amount_fen"])
