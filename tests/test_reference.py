"""What a partition knows at a moment does not depend on the order in which it was told."""

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import founding
from ledger.dated import KEPT, Dated, Versions, changed, fact_at, with_version
from ledger.facts import Calendar, Clerk, Product, Step, holds
from ledger.reference import Reference, reference_of

FOUNDED = founding.sample()
START = datetime.fromisoformat("2026-11-03T00:00:00+08:00")
NOON = datetime.fromisoformat("2026-11-03T12:00:00+08:00")
FACTS: Reference = reference_of(FOUNDED)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def told(*versions: tuple[int, float, str], now: datetime = NOON) -> Versions[str]:
    """Of these (version, begins after so many hours, fact), in this order."""
    known: Versions[str] = ()
    for version, hours, fact in versions:
        known = with_version(known, Dated(version, at(hours), fact), now)
    return known


def test_a_fact_has_force_from_its_moment_on() -> None:
    known = told((1, 1, "a"), (2, 5, "b"))
    moments = (at(0.9), at(1), at(4.9), at(5), at(99))
    assert [fact_at(known, moment) for moment in moments] == [None, "a", "a", "b", "b"]


def test_what_the_ledger_was_founded_with_holds_before_it_began_too() -> None:
    assert fact_at(told((0, 1, "a"), (1, 5, "b")), at(0)) == "a"


def test_a_version_takes_the_place_of_all_older_ones_that_begin_later() -> None:
    known = told((1, 1, "a"), (2, 9, "b"), (3, 5, "c"))
    assert [fact_at(known, at(hours)) for hours in (1, 5, 9)] == ["a", "c", "c"]


def test_an_older_version_that_comes_late_still_holds_until_the_newer_one_begins() -> None:
    known = told((2, 5, "b"), (1, 1, "a"))
    assert [fact_at(known, at(hours)) for hours in (1, 5)] == ["a", "b"]
    assert told((2, 1, "b"), (1, 5, "a")) == told((2, 1, "b"))


def test_one_version_may_have_several_moments() -> None:
    for order in permutations([(1, 9, "a"), (2, 5, "b"), (2, 9, "ab")]):
        known = told(*order)
        assert [fact_at(known, at(hours)) for hours in (5, 9)] == ["b", "ab"]


VERSION = st.tuples(st.integers(1, 6), st.integers(0, 6))


@given(
    st.lists(VERSION, max_size=6, unique=True).flatmap(
        lambda v: st.tuples(st.just(v), st.permutations(v))
    )
)
def test_what_is_known_is_the_same_in_every_order_of_telling(
    orders: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    one, other = (
        told(*((version, hours, f"{version}@{hours}") for version, hours in order))
        for order in orders
    )
    assert one == other
    assert [each.from_at for each in one] == sorted({each.from_at for each in one})


def test_of_what_has_begun_the_newest_are_kept_and_of_what_is_announced_all() -> None:
    first_ahead = KEPT + 12
    begun = [(version, version / 100, str(version)) for version in range(1, first_ahead)]
    known = told(*begun)
    assert [each.version for each in known] == list(range(12, first_ahead))
    ahead = [(v, 100 + v, str(v)) for v in range(first_ahead, first_ahead + 20)]
    known = told(*begun, *ahead)
    assert fact_at(known, NOON) == str(first_ahead - 1)
    assert fact_at(known, at(100 + first_ahead + 19)) == str(first_ahead + 19)
    assert len(known) == KEPT + 20


def test_a_change_holds_in_what_was_announced_before_too() -> None:
    known = told((0, 0, "a"), (1, 9, "b"))
    facts = changed(known, 2, at(5), lambda fact: fact + "!")
    assert facts == (Dated(2, at(5), "a!"), Dated(2, at(9), "b!"))
    assert changed(known, 2, at(9), lambda fact: fact + "!") == (Dated(2, at(9), "b!"),)


def test_a_change_of_what_has_not_begun_begins_with_it() -> None:
    assert changed(told((1, 9, "a")), 2, at(5), str.upper) == (Dated(2, at(9), "A"),)
    assert changed(told((0, 9, "a")), 1, at(5), str.upper) == (Dated(1, at(5), "A"),)


# Products


def plan(tariff_version: str, valid_from: str, **changed_to: Any) -> Product:
    (sample,) = [each for each in FOUNDED.products if each.product_id == "plan-39"]
    tariff = msgspec.structs.replace(sample.tariff, valid_from_on=date.fromisoformat(valid_from))
    if (valid_to := changed_to.pop("valid_to", None)) is not None:
        tariff = msgspec.structs.replace(tariff, valid_to_on=date.fromisoformat(valid_to))
    return msgspec.structs.replace(
        sample, tariff_version=tariff_version, tariff=tariff, **changed_to
    )


def selling(*products: Product) -> Reference:
    tariffs: dict[str, Versions[Product]] = {
        each.tariff_version: (Dated(0, START, each),) for each in products
    }
    return msgspec.structs.replace(FACTS, products={"plan-39": tariffs})


def sold(facts: Reference, moment: datetime = NOON) -> str | None:
    product = facts.product_on_sale("plan-39", moment)
    return product.tariff_version if product is not None else None


def test_the_tariff_version_that_began_last_is_on_sale() -> None:
    facts = selling(plan("b", "2026-11-03"), plan("a", "2026-01-01"), plan("c", "2026-11-04"))
    assert sold(facts) == "b"
    assert sold(facts, START - timedelta(seconds=1)) == "a"
    assert sold(facts, at(24)) == "c"


def test_a_tariff_version_that_nobody_can_read_does_not_take_anothers_place() -> None:
    hidden = plan("b", "2026-11-03", is_disclosed=False)
    assert sold(selling(plan("a", "2026-01-01"), hidden)) == "a"
    assert sold(selling(hidden)) == "b"


def test_a_tariff_is_on_sale_on_its_last_day_and_before_it_is_withdrawn() -> None:
    last_day = plan("a", "2026-01-01", valid_to="2026-11-03")
    assert sold(selling(last_day), at(23.99)) == "a"
    assert sold(selling(last_day), at(24)) is None
    withdrawn = plan("a", "2026-01-01", withdrawn_from_at=NOON)
    assert sold(selling(withdrawn), NOON - timedelta(seconds=1)) == "a"
    assert sold(selling(withdrawn), NOON) is None


def test_an_unknown_product_is_not_on_sale() -> None:
    assert FACTS.product_on_sale("nothing", NOON) is None
    assert FACTS.product("plan-39", "nothing", NOON) is None


# Procedures


def procedures(*dated: tuple[str, float, bool]) -> Reference:
    """Of these (id, begins after so many hours, withdrawn), all for activation."""
    (sample,) = [each for each in FOUNDED.procedures if "activation" in each.order_kinds]
    return msgspec.structs.replace(
        FACTS,
        procedures={
            name: (
                Dated(
                    1,
                    at(hours),
                    msgspec.structs.replace(sample, procedure_id=name, withdrawn=withdrawn),
                ),
            )
            for name, hours, withdrawn in dated
        },
    )


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ([("a", 1, False)], "a"),
        ([("a", 13, False)], None),
        ([("a", 1, True)], None),
        ([("a", 1, False), ("b", 2, False)], "b"),
        ([("b", 2, False), ("a", 1, False)], "b"),
        ([("a", 1, False), ("b", 2, True)], "a"),
        ([("b", 1, False), ("a", 1, False)], "b"),
    ],
)
def test_the_newest_procedure_that_stands_handles_an_order(
    known: list[tuple[str, float, bool]], found: str | None
) -> None:
    procedure = procedures(*known).procedure_for("activation", NOON)
    assert (procedure.procedure_id if procedure else None) == found
    assert procedures(*known).procedure_for("termination", NOON) is None


def test_a_procedure_says_its_steps_in_order() -> None:
    procedure = FACTS.procedure_for("activation", NOON)
    assert procedure is not None
    assert isinstance(procedure.steps[0], Step)
    assert procedure.steps[0].step_id == "check_identity"


# Days and people


def test_working_days_are_those_of_the_calendar() -> None:
    national = Calendar(
        year=2026,
        holidays=tuple(date(2026, 10, day) for day in range(1, 8)),
        working_weekend_days=(date(2026, 10, 10),),
    )
    known = msgspec.structs.replace(FACTS, calendars={2026: (Dated(0, START, national),)})
    assert known.working_days_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert known.working_days_after(date(2026, 10, 9), 1) == date(2026, 10, 10)
    assert FACTS.working_days_after(date(2026, 10, 9), 1) == date(2026, 10, 12)
    assert known.working_days_after(date(2027, 1, 1), 1) == date(2027, 1, 4)


def test_a_clerk_is_known_in_service_or_not() -> None:
    clerk = Clerk(clerk_id="c", role="clerk", status="suspended")
    known = msgspec.structs.replace(FACTS, clerks={"c": (Dated(1, at(5), clerk),)})
    assert known.clerk("c", at(4)) is None
    assert known.clerk("c", at(5)) == clerk
    assert known.clerk_in_service("c", at(5)) is None
    assert not holds(clerk, "cash", NOON)


def test_the_policy_that_began_last_is_in_force() -> None:
    first = FOUNDED.policy
    later = msgspec.structs.replace(
        first, version="x", effective_from_at=NOON, parameters={"queue.max_calls": 9}
    )
    known = msgspec.structs.replace(FACTS, policies=(later, first))
    assert known.policy_at(NOON - timedelta(seconds=1)).version == first.version
    assert known.policy_at(NOON).version == "x"
    assert known.policy_at(first.effective_from_at - timedelta(days=9)).version == first.version
