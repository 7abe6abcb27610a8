"""What the head office records reaches every partition, and has force from its own moment on."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from consumers.decider import Answer
from consumers.embedded import Embedded
from ledger.aggregates.operator import product
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.reference import Reference
from ledger.settings import Home
from replay.decide_again import decide_again
from replay.verify import verify
from tests.consumers import day, office
from tests.consumers.conftest import Opener
from tests.consumers.day import MORNING, customer, message
from tests.consumers.reading import answer, entries, tags

PARTITIONS: Final = range(8)
BORN: Final = "2011-06-01"
"""Somebody of fifteen, who needs a guardian only where the limit is higher than by law."""


def later(**amount: float) -> datetime:
    return MORNING + timedelta(**amount)


def one_in_each_partition(prefix: str) -> list[str]:
    """The name of a customer for each partition."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < len(PARTITIONS):
        name = f"{prefix}{number}"
        found.setdefault(partition_of(customer(name), len(PARTITIONS)), name)
        number += 1
    return [found[partition] for partition in PARTITIONS]


def references(ledger: Embedded) -> list[Reference]:
    return [ledger.store.index.reference(partition) for partition in PARTITIONS]


def outcomes(ledger: Embedded, messages: list[bytes]) -> list[str]:
    """`recorded`, or the rule."""
    return [_outcome(said) for said in ledger.publish(messages)]


def one_by_one(ledger: Embedded, messages: Iterable[bytes]) -> list[str]:
    """Each message is admitted after the one before it was decided."""
    return [outcome for each in messages for outcome in outcomes(ledger, [each])]


def _outcome(said: Any) -> str:
    assert isinstance(said, Answer), said
    return said.refusal.rule if said.refusal is not None else said.outcome


def registrations(prefix: str, time: datetime, **changed: Any) -> list[bytes]:
    return [day.registration(name, time, **changed) for name in one_in_each_partition(prefix)]


def verification(name: str, time: datetime, actor: str = "c-new") -> bytes:
    data = {
        "verification_id": f"ver-{time:%m%dT%H%M%S}",
        "purpose": "change",
        "document_kind": "resident_id",
        "document_digest": day.digest(name),
        "document_shown": True,
        "document_read_by": "chip_reader",
        "document_result": "genuine",
        "belongs_to_bearer": True,
        "information_refused": False,
        "face_result": "match",
        "liveness_result": "passed",
        "face_consent_given": True,
        "copy_marked": False,
    }
    id_ = f"{name}-verify-{actor}-{time:%m%dT%H%M%S}"
    type_ = "customer.verify_identity.v1"
    return message(type_, customer(name), id_, time, data, actor=actor)


def shift(time: datetime, hall: str, shift_id: str, actor: str) -> bytes:
    data = {
        "shift_id": shift_id,
        "counter_id": "k1",
        "duty": "counter",
        "planned_end_at": (time + timedelta(hours=8)).isoformat(),
    }
    who = {"hall": hall, "actor": actor, "visit": None}
    return message("shift.open.v1", f"hall/{hall}", f"{shift_id}-open", time, data, **who)


# Policies


def test_a_limit_changes_in_every_partition_at_the_same_moment(ledger: Embedded) -> None:
    begins_at = later(hours=1)
    assert outcomes(ledger, [office.policy(MORNING, begins_at, 16)]) == ["recorded"]
    just_before = later(minutes=59, seconds=59)
    before = registrations("b", just_before, birth_on=BORN)
    after = registrations("a", begins_at, birth_on=BORN)
    assert outcomes(ledger, before) == ["recorded"] * 8
    assert outcomes(ledger, after) == ["CUS-06"] * 8
    found = entries(ledger, "customer.register.v1")
    assert {(each.partition, each.policy, each.refusal is None) for each in found} == {
        (partition, policy, kept)
        for partition in PARTITIONS
        for policy, kept in (("2026.1", True), ("2026.2", False))
    }
    # What was decided before keeps its answer.
    assert outcomes(ledger, before) == ["recorded"] * 8


def test_a_policy_that_is_withdrawn_in_time_never_begins(ledger: Embedded) -> None:
    ledger.publish([office.policy(MORNING, later(hours=1), 16)])
    assert outcomes(ledger, [office.withdrawal(later(minutes=30))]) == ["recorded"]
    after = registrations("a", later(hours=2), birth_on=BORN)
    assert outcomes(ledger, after) == ["recorded"] * 8
    assert {each.policy_at(later(hours=2)).version for each in references(ledger)} == {"2026.1"}


def test_a_policy_tells_each_partition_once(ledger: Embedded) -> None:
    messages = [office.policy(MORNING, later(hours=1), 16)]
    ledger.publish(messages)
    ledger.publish(messages)
    told = entries(ledger, "reference.note_policy.v1")
    assert sorted(each.partition for each in told) == list(PARTITIONS)
    assert tags(told) == ["reference.policy_noted.v1"] * 8
    assert ledger.refused_follow_ons == 0


# Clerks


def test_a_new_clerk_works_in_every_partition_once_engaged(ledger: Embedded) -> None:
    early = registrations("e", MORNING, actor="c-new")
    assert outcomes(ledger, early) == ["ENV-03"] * 8
    engaged_at = later(minutes=1)
    assert outcomes(ledger, [office.engagement(engaged_at)]) == ["recorded"]
    backdated = registrations("b", MORNING, actor="c-new")
    assert outcomes(ledger, backdated) == ["ENV-03"] * 8
    working = registrations("w", engaged_at, actor="c-new")
    assert outcomes(ledger, working) == ["recorded"] * 8


def test_a_clerk_verifies_identities_while_certified_and_in_service(ledger: Embedded) -> None:
    names = one_in_each_partition("n")
    ledger.publish([day.registration(name, MORNING) for name in names])
    ledger.publish([office.engagement(later(minutes=1))])

    def verify_all(**after: float) -> set[str]:
        return set(outcomes(ledger, [verification(name, later(**after)) for name in names]))

    assert verify_all(minutes=2) == {"ENV-05"}
    certified = outcomes(ledger, office.certification(later(minutes=5)))
    assert certified == ["recorded"] * 5
    assert verify_all(minutes=62) == {"ENV-05"}
    assert verify_all(minutes=63) == {"recorded"}
    assert outcomes(ledger, [office.suspension(later(minutes=70))]) == ["recorded"]
    assert verify_all(minutes=71) == {"ENV-03"}
    assert outcomes(ledger, [office.reinstatement(later(minutes=80))]) == ["recorded"]
    assert verify_all(minutes=81) == {"recorded"}
    for days in range(30, 365, 30):
        ledger.publish([day.registration(f"at{days}", later(days=days))])
    assert verify_all(days=364) == {"recorded"}
    assert verify_all(days=365) == {"ENV-05"}
    assert tags(entries(ledger, "clerk.expire_certification.v1")) == [
        "clerk.certification_expired.v1"
    ]
    assert tags(entries(ledger, "clerk.mark_training_missed.v1")) == ["clerk.training_missed.v1"]
    assert ledger.refused_follow_ons == 0


def test_a_clerks_name_stands_nowhere_in_clear(ledger: Embedded) -> None:
    ledger.publish([office.engagement(MORNING)])
    for file in ledger.home.folder.glob("*.sqlite*"):
        assert "新来的人".encode() not in file.read_bytes()
        assert b"E-4711" not in file.read_bytes()
    (noted, *_) = entries(ledger, "reference.note_clerk.v1")
    assert noted.interaction is not None
    assert b"full_name" not in bytes(noted.interaction.data)


# Products and halls


def quote(wish: product.Publish, time: datetime) -> bytes:
    data = {
        "quote_id": f"q-{time:%dT%H%M%S}",
        "product_id": wish.product_id,
        "tariff_version": wish.tariff_version,
        "shown_price_fen": wish.tariff.monthly_fen,
    }
    return day.at_hall("quote_tariff", "v1", time, data, id_=f"v1-quote-{time:%dT%H%M%S}")


def in_progress(time: datetime) -> list[bytes]:
    """The visit v1 is served by c-li at k1 from that time on."""
    return [
        day.shift_opened(time),
        day.arrival("v1", time),
        day.at_hall(
            "issue_ticket", "v1", time, {"ticket_no": "A1", "service_area": "business_counter"}
        ),
        day.at_hall("call_ticket", "v1", time),
        day.at_hall("start", "v1", time),
    ]


def test_a_plan_is_quoted_once_it_is_disclosed_and_valid(ledger: Embedded) -> None:
    tomorrow = later(days=1)
    wish = office.plan(tomorrow.date())
    assert outcomes(ledger, [office.publication(MORNING, wish)]) == ["recorded"]
    assert set(outcomes(ledger, in_progress(tomorrow))) == {"recorded"}
    (refused,) = outcomes(ledger, [quote(wish, later(days=1, minutes=1))])
    assert refused.startswith("VIS-")
    disclosed_at = later(days=1, minutes=2)
    assert outcomes(ledger, [office.disclosure(disclosed_at, wish)]) == ["recorded"]
    assert outcomes(ledger, [quote(wish, later(days=1, minutes=3))]) == ["recorded"]
    on_sale = [
        each.product_on_sale("plan-59", later(days=1, minutes=3)) for each in references(ledger)
    ]
    assert [each is not None and each.is_disclosed for each in on_sale] == [True] * 8


def test_a_new_hall_opens_and_is_worked_in(ledger: Embedded) -> None:
    arrival = {"arrival": "walk_in", "priority_lane": False}

    def arrive(visit: str, time: datetime) -> bytes:
        who = {"hall": "nanshan", "counter": None, "actor": "c-new", "visit": visit}
        type_, subject = "visit.arrive.v1", "hall/nanshan"
        return message(type_, subject, f"{visit}-arrive", time, arrival, **who)

    assert outcomes(ledger, [office.engagement(MORNING, "nanshan")]) == ["PRF-01"]
    assert outcomes(ledger, [arrive("n0", MORNING)]) == ["ENV-02"]
    assert outcomes(ledger, [office.new_hall(later(minutes=1))]) == ["recorded"]
    assert outcomes(ledger, [office.engagement(later(minutes=2), "nanshan")]) == ["recorded"]
    assert outcomes(ledger, [arrive("n1", later(minutes=3))]) == ["recorded"]
    at_counter = shift(later(minutes=4), "nanshan", "s9", "c-new")
    assert outcomes(ledger, [at_counter]) == ["SHF-03"]
    ledger.publish(office.certification(later(minutes=5)))
    at_counter = shift(later(hours=2), "nanshan", "s10", "c-new")
    assert outcomes(ledger, [at_counter]) == ["recorded"]


# Rebuilding


def busy() -> Iterator[bytes]:
    """The head office's morning, with the halls at work before and after each change."""
    wish = office.plan(later(days=1).date())
    yield office.new_hall(MORNING)
    yield office.engagement(later(minutes=1), hall_ids=["renmin", "nanshan"])
    yield from registrations("a", later(minutes=2), birth_on=BORN)
    yield office.policy(later(minutes=3), later(minutes=30), 16)
    yield from office.certification(later(minutes=4))
    yield office.publication(later(minutes=70), wish)
    yield office.disclosure(later(minutes=71), wish)
    yield from registrations("b", later(minutes=72), actor="c-new")
    yield from registrations("c", later(minutes=73), birth_on=BORN)
    yield office.suspension(later(minutes=74))
    yield from registrations("d", later(minutes=75), actor="c-new")


@pytest.fixture
def home(open_ledger: Opener) -> Path:
    """A ledger after that morning, closed."""
    ledger = open_ledger()
    said = one_by_one(ledger, busy())
    assert {"recorded", "CUS-06", "ENV-03"} == set(said)
    ledger.close()
    return ledger.home.folder


def test_every_partition_knows_the_same_at_every_moment(home: Path) -> None:
    with Embedded(home) as ledger:
        first, *others = references(ledger)
        assert all(each == first for each in others)
        assert first.hall("nanshan", MORNING) is not None
        assert [first.policy_at(later(minutes=each)).version for each in (29, 30)] == [
            "2026.1",
            "2026.2",
        ]
        clerk = [first.clerk("c-new", later(minutes=each)) for each in (0, 1, 62, 74)]
        assert [each and (each.status, len(each.certifications)) for each in clerk] == [
            None,
            ("in_service", 0),
            ("in_service", 1),
            ("suspended", 1),
        ]


@pytest.mark.parametrize("lost", ["index.sqlite", "reactor.sqlite", "*.sqlite"])
def test_what_is_known_is_rebuilt_from_the_log_alone(home: Path, lost: str) -> None:
    with Embedded(home) as ledger:
        before, pending = references(ledger), ledger.pending()
        count = len(entries(ledger))
    for file in home.glob(f"{lost}*"):
        if file.name.startswith(("index", "reactor")):
            file.unlink()
    with Embedded(home) as ledger:
        assert references(ledger) == before
        assert ledger.pending() == pending
        assert len(entries(ledger)) == count
        again = one_by_one(ledger, busy())
        assert len(entries(ledger)) == count
        assert set(again) == {"recorded", "CUS-06", "ENV-03"}


def test_what_a_crash_left_untold_is_told_when_the_ledger_opens(
    open_ledger: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger()
    with monkeypatch.context() as crashing:
        crashing.setattr(Embedded, "_send_at_once", lambda _: None)
        ledger.publish([office.policy(MORNING, later(hours=1), 16)])
    assert entries(ledger, "reference.") == []
    ledger.close()
    with Embedded(ledger.home.folder) as opened:
        assert len(entries(opened, "reference.note_policy.v1")) == 8
        assert {each.policy_at(later(hours=1)).version for each in references(opened)} == {"2026.2"}


def test_the_morning_is_decided_again_as_it_was_and_verified(home: Path) -> None:
    log = SqliteLog(home / "log.sqlite")
    assert list(decide_again(log)) == []
    log.close()
    found = verify(Home(home))
    assert found.good, found.findings


def test_a_message_sent_again_after_a_change_has_the_first_answer(ledger: Embedded) -> None:
    ledger.publish([office.engagement(MORNING)])
    (work,) = registrations("x", later(minutes=1), actor="c-new")[:1]
    first = answer(ledger, work)
    ledger.publish([office.suspension(later(minutes=2))])
    again = answer(ledger, work)
    assert (again.outcome, again.repeated) == (first.outcome, True)
