"""What the simulator sends: the same for a seed, in time order, and shaped like real days."""

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.entry import LedgerError
from ledger.facts import holds
from ledger.simulator import founding_of, messages, write_messages
from ledger.values import local_midnight

SEED = 11
COUNT = 5_000
PAYDAY = "2026-11-05"
LEAVES = "visit.close.v1", "visit.transfer.v1"


@pytest.fixture(scope="module")
def days() -> list[dict[str, Any]]:
    """The week that the demo shows; a payday is among them."""
    return [msgspec.json.decode(each) for each in messages(SEED, days_played=7)]


def arrivals(days: list[dict[str, Any]]) -> list[str]:
    return [each["time"] for each in days if each["type"] == "visit.arrive.v1"]


def test_the_same_seed_sends_the_same_bytes() -> None:
    assert list(messages(SEED, count=COUNT)) == list(messages(SEED, count=COUNT))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_sends_the_same_bytes(hash_seed: str) -> None:
    """Whatever order sets and texts hash in there."""
    command = [sys.executable, "-m", "ledger.simulator", "--count", "3000", "--seed", str(SEED)]
    done = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}
    )
    assert done.stdout.splitlines() == list(messages(SEED, count=3_000))


def test_another_seed_sends_other_messages() -> None:
    assert set(messages(SEED, count=COUNT)).isdisjoint(messages(SEED + 1, count=COUNT))


def test_the_same_seed_founds_the_same_ledger() -> None:
    assert founding_of(SEED) == founding_of(SEED)
    assert founding_of(SEED).clock == "simulated"


def test_a_count_stops_the_play_exactly_and_is_a_beginning_of_it() -> None:
    assert list(messages(SEED, count=100)) == list(islice(messages(SEED, days_played=1), 100))


def test_whole_days_end_with_closed_shifts() -> None:
    played = [msgspec.json.decode(each) for each in messages(SEED, 1, days_played=1)]
    types = Counter(each["type"] for each in played)
    assert {each["time"][:10] for each in played} == {"2026-11-02"}
    assert types["shift.close.v1"] >= 5


def test_a_file_holds_one_message_a_line(tmp_path: Path) -> None:
    write_messages(tmp_path / "day.ndjson", SEED, 2, 300)
    lines = (tmp_path / "day.ndjson").read_bytes().splitlines()
    assert lines == list(messages(SEED, 2, count=300))


def test_every_hall_has_clerks_with_and_without_real_name_and_two_who_may_approve() -> None:
    founding = founding_of(SEED, 5)
    morning = local_midnight(founding.founded_at.date())
    for hall in founding.halls:
        staff = [clerk for clerk in founding.clerks if clerk.hall_ids == (hall.hall_id,)]
        serving = staff[: len(hall.counters)]
        certified = [holds(clerk, "real_name", morning) for clerk in serving]
        assert True in certified
        assert False in certified
        assert {"supervisor", "manager"} < {clerk.role for clerk in staff}


def test_more_halls_than_have_names_are_not_played() -> None:
    with pytest.raises(LedgerError, match="1 to 12 halls"):
        founding_of(SEED, 13)


def test_messages_come_in_time_order_but_for_those_sent_again(days: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    first = [each for each in days if not (each["id"] in seen or seen.add(each["id"]))]
    assert all(a["time"] <= b["time"] for a, b in pairwise(first))
    assert 0.005 < 1 - len(first) / len(days) < 0.015


def test_rush_hours_bring_twice_the_customers_of_quiet_ones(days: list[dict[str, Any]]) -> None:
    by_hour = Counter(int(time[11:13]) for time in arrivals(days))
    rush = (by_hour[10] + by_hour[15] + by_hour[16]) / 3
    quiet = (by_hour[9] + by_hour[12] + by_hour[13] + by_hour[14]) / 4
    assert rush > 1.7 * quiet
    assert min(by_hour) == 8
    assert max(by_hour) == 17


def test_payday_brings_more_customers_than_other_days(days: list[dict[str, Any]]) -> None:
    by_day = Counter(time[:10] for time in arrivals(days))
    others = [count for day, count in by_day.items() if day != PAYDAY]
    assert by_day[PAYDAY] > 1.15 * sum(others) / len(others)


def test_a_counter_is_never_at_two_visits_at_once(days: list[dict[str, Any]]) -> None:
    """Reads starts and closes as sent; a mistaken close leaves the right one to come."""
    serving: dict[tuple[str, str], str] = {}
    for each in days:
        place = (each.get("hall", ""), each.get("counter", ""))
        if each["type"] in ("visit.start.v1", "visit.accept_transfer.v1"):
            assert serving.get(place) in (None, each["visit"])
            serving[place] = each["visit"]
        elif each["type"] in LEAVES and serving.get(place) == each.get("visit", ""):
            del serving[place]


def test_personal_data_is_invented_so_that_it_cannot_be_anybodys(
    days: list[dict[str, Any]],
) -> None:
    registered = [each["data"] for each in days if each["type"] == "customer.register.v1"]
    assert len(registered) > 1_000
    for data in registered:
        assert data["contact_phone"].startswith("100")
        assert data.get("document_number", "99").startswith("99")
        assert data["document_address"].startswith("示例市")


def test_times_carry_the_halls_offset(days: list[dict[str, Any]]) -> None:
    offsets = {datetime.fromisoformat(each["time"]).utcoffset() for each in days[:500]}
    assert [str(offset) for offset in offsets] == ["8:00:00"]
