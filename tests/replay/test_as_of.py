"""The tables as they were: by what was recorded, by positions, and by what had happened."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.embedded import Embedded
from ledger.entry import Entry, LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections.compare import differences
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from replay.as_of import read_positions, replay_as_of, write_positions
from replay.happened_by import HappenedBy, streams_of
from tests.consumers import day
from tests.replay.playing import entries_of

Place = tuple[int, int]


@pytest.fixture(scope="module")
def entries(played: Home) -> list[Entry]:
    return entries_of(played)


@pytest.fixture(scope="module")
def moments(entries: list[Entry]) -> list[datetime]:
    """When something happened."""
    return sorted({each.interaction.time for each in entries if each.interaction is not None})


def counted(entries: Iterable[Entry], moment: datetime) -> set[Place]:
    chosen = HappenedBy(moment)
    return {(each.partition, each.position) for each in entries if chosen.counts(each)}


def rows(file: Path, select: str) -> list[Any]:
    with duckdb.connect(str(file), read_only=True) as tables:
        return tables.execute(select).fetchall()


times = st.integers(0, 10_000)


def moment_at(moments: list[datetime], share: int) -> datetime:
    return moments[share * (len(moments) - 1) // 10_000]


@settings(max_examples=12, deadline=None)
@given(share=times, seed=st.integers(0, 100))
def test_what_had_happened_is_a_prefix_of_every_stream(
    entries: list[Entry], moments: list[datetime], share: int, seed: int
) -> None:
    moved = _with_wrong_clocks(entries, random.Random(seed))
    chosen = counted(moved, moment_at(moments, share))
    ended: set[str] = set()
    for entry in moved:
        if entry.interaction is None or entry.refusal is not None:
            continue
        if (entry.partition, entry.position) in chosen:
            assert ended.isdisjoint(streams_of(entry))
        else:
            ended |= streams_of(entry)


@settings(max_examples=12, deadline=None)
@given(shares=st.tuples(times, times), seed=st.integers(0, 100))
def test_what_had_happened_only_grows_with_time(
    entries: list[Entry], moments: list[datetime], shares: tuple[int, int], seed: int
) -> None:
    moved = _with_wrong_clocks(entries, random.Random(seed))
    earlier, later = (counted(moved, moment_at(moments, share)) for share in sorted(shares))
    assert earlier <= later


def _with_wrong_clocks(entries: list[Entry], chance: random.Random) -> list[Entry]:
    """The entries as if every tenth counter clock were up to two hours wrong."""
    moved: list[Entry] = []
    for entry in entries:
        said = entry.interaction
        if said is not None and chance.random() < 0.1:
            wrong = timedelta(minutes=chance.randint(-120, 120))
            said = replaced(said, time=said.time + wrong)
            entry = replaced(entry, interaction=said)
        moved.append(entry)
    return moved


def replaced(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)


def test_a_clock_that_runs_ahead_holds_back_what_follows_on_its_stream_and_nothing_else(
    entries: list[Entry],
) -> None:
    busy: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.interaction is not None and entry.refusal is None:
            for stream in streams_of(entry):
                busy[stream].append(entry)
    first, second, *_ = next(
        each for stream, each in sorted(busy.items()) if "visit/" in stream and len(each) > 3
    )
    assert first.interaction is not None
    assert second.interaction is not None
    noon = second.interaction.time
    ahead = replaced(first, interaction=replaced(first.interaction, time=noon + timedelta(hours=1)))
    assert counted([first, second], noon) == {place(first), place(second)}
    assert counted([ahead, second], noon) == set()
    assert counted([ahead, second], noon + timedelta(hours=1)) == {place(first), place(second)}


def place(entry: Entry) -> Place:
    return entry.partition, entry.position


def test_the_tables_hold_what_had_happened_and_no_more(
    played: Home, entries: list[Entry], moments: list[datetime], tmp_path: Path
) -> None:
    noon = moments[len(moments) // 2]
    made = replay_as_of(played, None, tmp_path / "noon.duckdb", happened_by=noon)
    shown = set(rows(tmp_path / "noon.duckdb", "select partition, position from audit_trail"))
    assert shown == counted(entries, noon)
    assert 0 < made.entries == len(shown) < len(entries)
    events = sum(len(each.events) for each in entries if place(each) in shown)
    assert rows(tmp_path / "noon.duckdb", "select count(*) from sentences") == [(events,)]
    hashes = "select partition, position, hash from audit_trail order by all"
    assert set(rows(tmp_path / "noon.duckdb", hashes)) < set(
        rows(current_snapshot(played.projections), hashes)
    )


def test_what_had_happened_by_the_end_of_time_is_everything(played: Home, tmp_path: Path) -> None:
    late = datetime(2100, 1, 1, tzinfo=UTC)
    replay_as_of(played, None, tmp_path / "all.duckdb", happened_by=late)
    assert differences(current_snapshot(played.projections), tmp_path / "all.duckdb") == []


def test_what_came_late_had_happened_but_was_not_known(home: Home, tmp_path: Path) -> None:
    """The example's last message is of 10:20; an arrival at ten is told after it."""
    ten = datetime.fromisoformat("2026-11-03T10:05:00+08:00")
    with Embedded(home.folder) as ledger:
        ledger.publish([day.arrival("late", ten)])
    known, happened = tmp_path / "known.duckdb", tmp_path / "happened.duckdb"
    replay_as_of(home, ten, known)
    replay_as_of(home, None, happened, happened_by=ten)
    visits = "select visit_id from visits order by all"
    assert rows(known, visits) == [("v-1001",)]
    assert rows(happened, visits) == [("late",), ("v-1001",)]


def test_positions_show_exactly_these_entries(
    played: Home, entries: list[Entry], tmp_path: Path
) -> None:
    (one, end), (other, _) = Counter(each.partition for each in entries).most_common(2)
    seen: list[int] = []
    positions = {one: end - 5, other: 7}
    made = replay_as_of(played, positions, tmp_path / "some.duckdb", tick=seen.append)
    assert made.entries == end - 5 + 7 == sum(seen)
    shown = sorted(positions.items())
    assert rows(
        tmp_path / "some.duckdb",
        "select partition, min(position), max(position), count(*) from audit_trail"
        " group by all order by all",
    ) == [(partition, 1, position, position) for partition, position in shown]
    assert (
        rows(tmp_path / "some.duckdb", "select partition, position from positions order by all")
        == shown
    )


def test_positions_that_the_log_does_not_have_are_said(played: Home, tmp_path: Path) -> None:
    log = SqliteLog(played.log)
    end = log.ends()[2]
    log.close()
    with pytest.raises(LedgerError, match=f"partition 2 ends at position {end}"):
        replay_as_of(played, {2: end + 1}, tmp_path / "none.duckdb")
    with pytest.raises(LedgerError, match="the ledger has no partition 8"):
        replay_as_of(played, {8: 1}, tmp_path / "none.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_the_file_says_what_it_is(played: Home, moments: list[datetime], tmp_path: Path) -> None:
    noon, evening = (each.astimezone(UTC) for each in (moments[len(moments) // 2], moments[-1]))
    made = replay_as_of(played, evening, tmp_path / "noon.duckdb", happened_by=noon)
    said = "ledger, clock, as_of, happened_by, positions, entries"
    assert rows(tmp_path / "noon.duckdb", f"select {said} from replayed") == [
        (
            made.ledger,
            "simulated",
            evening.replace(tzinfo=None),
            noon.replace(tzinfo=None),
            write_positions(made.positions),
            made.entries,
        )
    ]
    assert rows(
        tmp_path / "noon.duckdb",
        "select count(*) from duckdb_columns() where table_name = 'replayed' and comment is null",
    ) == [(0,)]
    assert read_positions(write_positions(made.positions)) == made.positions


@pytest.mark.parametrize("text", ["", "1", "1:", "a:1", "0:0", "0:1,0:2", "0:-1", "0:1,,1:1"])
def test_a_text_that_is_no_positions_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no partition|named twice"):
        read_positions(text)
