"""What people at counters get wrong: each is a message that one rule refuses, named beside it.

A mistake takes the right message and gives the wrong one. The right one follows.
"""

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from ledger.simulator.world import Data, Message

Mistake = Callable[[Message], Message]


def _with(message: Message, **changed: object) -> Message:
    return replace(message, data={**message.data, **changed})


def _without(message: Message, *names: str) -> Message:
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
    """ENV-10: the customer was not called up first."""
    return replace(message, visit=None)


def for_nobody_known(message: Message) -> Message:
    """ENV-02: two characters of the customer's id are swapped."""
    head, tail = message.subject[:-8], message.subject[-8:]
    return replace(message, subject=head + tail[::-1] + ".2")


def needs_do_not_add_up(message: Message) -> Message:
    """VIS-32: a need is closed that nobody asked about."""
    return _with(message, needs_met=["other"], needs_open=[])


# Customers


def mistyped_digest(message: Message) -> Message:
    """CUS-01: the digest of another document."""
    return _with(message, identity_digest=str(message.data["identity_digest"])[::-1])


def without_number(message: Message) -> Message:
    """CUS-03"""
    return _without(message, "document_number")


def with_a_licence(message: Message) -> Message:
    """CUS-04: a person registered with the papers of a firm."""
    return _with(message, document_kind="business_licence")


def without_notice(message: Message) -> Message:
    """CUS-05"""
    return _with(message, notice_given=False)


def by_app(message: Message) -> Message:
    """CUS-07: the wrong channel is chosen."""
    return replace(message, channel="app")


def without_face_consent(message: Message) -> Message:
    """CUS-08"""
    return _with(message, face_consent_given=False)


def without_face(message: Message) -> Message:
    """CUS-09"""
    return _without(_with(message, face_result="not_required"), "face_score_permille")


def copy_not_marked(message: Message) -> Message:
    """CUS-10"""
    return _with(message, copy_marked=False, copy_document_id="doc-0")


def name_without_evidence(message: Message) -> Message:
    """CUS-14"""
    return replace(message, data={"full_name": "王伟"})


def not_explicit(message: Message) -> Message:
    """CUS-19: silence taken for consent."""
    return _with(message, explicit=False)


def not_separate(message: Message) -> Message:
    """CUS-20: consent to face matching in one signature with the rest."""
    return _with(message, purpose="face_match", separate=False)


# Money


def does_not_add_up(message: Message) -> Message:
    """PAY-01: a digit too many in the amount."""
    return _with(message, amount_fen=_amount(message) * 10)


def for_a_bill(message: Message) -> Message:
    """PAY-02: taken for a bill, with no line named."""
    items = cast(list[Data], message.data["items"])
    return _with(message, items=[{**item, "item_kind": "bill"} for item in items])


def under_an_old_correlator(correlator_id: str) -> Mistake:
    """PAY-04: the same transaction entered again."""
    return lambda message: _with(message, correlator_id=correlator_id)


def incomplete(message: Message) -> Message:
    """PAY-07 for cash, PAY-09 for cards and wallets."""
    return _without(message, "tendered_fen", "terminal_id")


def receipt_of_another_amount(message: Message) -> Message:
    """PAY-15"""
    return _with(message, amount_fen=_amount(message) + 1_000)


def approved_by_oneself(message: Message) -> Message:
    """ENV-07"""
    return replace(message, approver=message.actor)


def not_approved(message: Message) -> Message:
    """SHF-16: a shift closed for somebody else, and nobody asked."""
    return replace(message, approver=None)


def in_part(message: Message) -> Message:
    """PAY-17: only what was too much is reversed."""
    return _with(message, amount_fen=_amount(message) // 2)


def more_than_received(message: Message) -> Message:
    """PAY-20"""
    return _with(message, amount_fen=_amount(message) + 100_000)


def by_an_agent(message: Message) -> Message:
    """PAY-21"""
    return _with(message, requester="agent")


def by_bank_transfer(message: Message) -> Message:
    """PAY-24: paid another way than the money came, nobody's identity verified."""
    return _with(message, method="bank_transfer")


def _amount(message: Message) -> int:
    return cast(int, message.data["amount_fen"])
