"""What the ledger makes of 20,000 simulated messages: nothing is refused that was not meant."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
import pytest

from consumers.decider import Answer
from consumers.embedded import Embedded, found
from ledger.door.admit import Malformed
from ledger.simulator import founding_of, messages

SEED = 5
COUNT = 20_000
BATCH = 500

MEANT = frozenset(
    {
        "ENV-01", "ENV-02", "ENV-03", "ENV-04", "ENV-05", "ENV-06", "ENV-07", "ENV-10", "ENV-11",
        "ENV-12", "VIS-03", "VIS-07", "VIS-09", "VIS-32", "VIS-35", "SHF-01", "SHF-02", "SHF-03",
        "SHF-16", "CUS-01", "CUS-03", "CUS-04", "CUS-05", "CUS-07", "CUS-08", "CUS-09", "CUS-10",
        "CUS-14", "CUS-15", "CUS-19", "CUS-20", "PAY-01", "PAY-02", "PAY-04", "PAY-07", "PAY-09",
        "PAY-14", "PAY-15", "PAY-17", "PAY-18", "PAY-20", "PAY-21", "PAY-24",
    }
)  # fmt: skip
"""The rules that somebody in the simulator breaks on purpose; the code says where."""


class Recorded:
    """The messages of the play with the ledger's answers to them."""

    def __init__(self, ledger: Embedded) -> None:
        self.answers: list[tuple[dict[str, Any], Answer | Malformed]] = []
        play = messages(SEED, count=COUNT)
        while batch := list(islice(play, BATCH)):
            said = [msgspec.json.decode(each) for each in batch]
            self.answers += zip(said, ledger.publish(batch), strict=True)
        self.follow_ons = ledger.follow_ons
        self.refused_follow_ons = ledger.refused_follow_ons

    def first_answers(self) -> Iterator[tuple[dict[str, Any], Answer]]:
        for said, answer in self.answers:
            if isinstance(answer, Answer) and not answer.repeated:
                yield said, answer

    def accepted(self) -> Counter[str]:
        """By interaction type."""
        return Counter(
            said["type"] for said, answer in self.first_answers() if answer.outcome == "recorded"
        )

    def tags(self) -> Counter[str]:
        return Counter(
            each.event.tag for _, answer in self.first_answers() for each in answer.happened
        )

    def refused(self) -> Counter[str]:
        """By rule."""
        return Counter(a.refusal.rule for _, a in self.first_answers() if a.refusal is not None)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    home = tmp_path_factory.mktemp("simulator") / "home"
    found(home, founding_of(SEED))
    with Embedded(home) as ledger:
        return Recorded(ledger)


def test_the_door_admits_every_message(recorded: Recorded) -> None:
    assert len(recorded.answers) == COUNT
    assert [a for _, a in recorded.answers if isinstance(a, Malformed)] == []


def test_only_rules_that_somebody_breaks_on_purpose_refuse(recorded: Recorded) -> None:
    assert set(recorded.refused()) - MEANT == set()


def test_no_follow_on_is_refused(recorded: Recorded) -> None:
    assert recorded.follow_ons > 500
    assert recorded.refused_follow_ons == 0


def test_between_three_and_five_in_a_hundred_are_refused(recorded: Recorded) -> None:
    assert 0.03 < recorded.refused().total() / COUNT < 0.05


def test_no_rule_refuses_more_than_one_in_a_hundred(recorded: Recorded) -> None:
    assert max(recorded.refused().values()) < COUNT / 100


def test_what_is_sent_again_is_answered_as_before(recorded: Recorded) -> None:
    repeated = [a for _, a in recorded.answers if isinstance(a, Answer) and a.repeated]
    assert 0.006 < len(repeated) / COUNT < 0.014


def test_most_payments_get_a_receipt_from_the_clerk(recorded: Recorded) -> None:
    accepted = recorded.accepted()
    payments, receipts = accepted["payment.receive.v1"], accepted["payment.issue_receipt.v1"]
    assert 0.78 < receipts / payments < 0.92


def test_one_payment_in_a_hundred_or_so_is_reversed(recorded: Recorded) -> None:
    accepted = recorded.accepted()
    assert 0.003 < accepted["payment.reverse.v1"] / accepted["payment.receive.v1"] < 0.025


def test_some_identity_verifications_fail(recorded: Recorded) -> None:
    tags = recorded.tags()
    failed = tags["customer.identity_verification_failed.v1"]
    assert 0.01 < failed / (failed + tags["customer.identity_verified.v1"]) < 0.06


def test_about_three_in_ten_visits_are_rated(recorded: Recorded) -> None:
    tags = recorded.tags()
    assert 0.25 < tags["visit.rated.v1"] / tags["visit.closed.v1"] < 0.36


def test_few_customers_give_up_or_miss_their_call(recorded: Recorded) -> None:
    tags = recorded.tags()
    tickets = tags["visit.ticket_issued.v1"]
    assert 0.005 < tags["visit.abandoned.v1"] / tickets < 0.12
    assert 0.003 < tags["visit.no_show_recorded.v1"] / tickets < 0.05


def test_customers_wait_some_minutes(recorded: Recorded) -> None:
    waits = [
        each.event.wait_seconds
        for _, answer in recorded.first_answers()
        for each in answer.happened
        if each.event.tag == "visit.started.v1"
    ]
    assert 60 < sum(waits) / len(waits) < 720


def test_every_kind_of_business_happens(recorded: Recorded) -> None:
    kinds = set(recorded.tags())
    assert kinds >= {
        "customer.data_updated.v1",
        "customer.consent_given.v1",
        "payment.refund_requested.v1",
        "payment.refund_approved.v1",
        "payment.refunded.v1",
        "payment.reversed.v1",
        "visit.rejoined.v1",
    }
