"""The walk names what does not hold inside a chain whose every link is right."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ledger.entry import FORMAT, Entry, LedgerError, decode, encode, leaf_hash
from ledger.logs.sqlite import SqliteLog
from replay import shares, walk
from replay.finding import Finding
from tests.projections.history import History
from tests.projections.scenes import queue, serve

PARTITIONS = 2


@pytest.fixture(scope="module")
def records() -> dict[int, list[bytes]]:
    """Of both partitions, though all that happens is in one."""
    history = History(PARTITIONS)
    for number in range(4):
        queue(history, f"v{number}")
        serve(history, f"v{number}")
    found: dict[int, list[bytes]] = {partition: [] for partition in range(PARTITIONS)}
    for record in history.records:
        found[decode(record).partition].append(record)
    return found


@pytest.fixture
def busy(records: dict[int, list[bytes]]) -> int:
    return max(records, key=lambda partition: len(records[partition]))


Change = Callable[[list[Entry], int], Entry]


def rewritten(records: list[bytes], change: Change) -> list[bytes]:
    """Each entry as `change` makes it of all before and its own place; the links are made anew."""
    entries: list[Entry] = [decode(record) for record in records]
    written: list[bytes] = records[:1]
    for place in range(1, len(entries)):
        entries[place] = change(entries, place)
        prev = leaf_hash(written[-1])
        written.append(encode(msgspec.structs.replace(entries[place], prev=prev)))
    return written


def logged(folder: Path, records: dict[int, list[bytes]]) -> SqliteLog:
    path = folder / "log.sqlite"
    SqliteLog.create(path, [records[partition][0] for partition in range(PARTITIONS)])
    with closing(SqliteLog(path, writer=True)) as log:
        log.append(
            [
                (partition, position, record)
                for partition, own in records.items()
                for position, record in enumerate(own[1:], 2)
            ]
        )
    return SqliteLog(path)


@pytest.fixture
def walked(
    tmp_path: Path, records: dict[int, list[bytes]], busy: int
) -> Callable[[Change], list[Finding]]:
    def findings(change: Change) -> list[Finding]:
        changed = {**records, busy: rewritten(records[busy], change)}
        with closing(logged(tmp_path, changed)) as log:
            told: list[int] = []
            walks = walk.walk_all(log, log.ends(), PARTITIONS, log.ledger, told.append)
        assert [each.head.partition for each in walks] == list(range(PARTITIONS))
        assert sum(told) == sum(len(own) for own in changed.values())
        return [finding for each in walks for finding in each.findings]

    return findings


def as_it_was(entries: list[Entry], place: int) -> Entry:
    return entries[place]


def at(place: int, **changed: object) -> Change:
    def change(entries: list[Entry], here: int) -> Entry:
        if here != place:
            return entries[here]
        return msgspec.structs.replace(entries[here], **changed)

    return change


def repeated(entries: list[Entry], place: int) -> Entry:
    if place != 4:
        return entries[place]
    before = entries[3]
    return msgspec.structs.replace(
        entries[place], interaction=before.interaction, intake=before.intake
    )


def moved(entries: list[Entry], place: int) -> Entry:
    said = entries[place].interaction
    if place != 4 or said is None:
        return entries[place]
    elsewhere = f"reference/{1 - entries[place].partition}"
    return msgspec.structs.replace(
        entries[place], interaction=msgspec.structs.replace(said, subject=elsewhere)
    )


def skipped(entries: list[Entry], place: int) -> Entry:
    if place != 4:
        return entries[place]
    [event, *others] = entries[place].events
    ahead = msgspec.structs.replace(event, version=event.version + 1)
    return msgspec.structs.replace(entries[place], events=(ahead, *others))


@pytest.mark.usefixtures("processes")
def test_an_untouched_chain_holds(walked: Callable[[Change], list[Finding]]) -> None:
    assert walked(as_it_was) == []


CHANGED = {
    "has an entry already": repeated,
    "lives in another partition": moved,
    "does not follow": skipped,
    "its first event is 99, not ": at(4, first_event=99),
    f"has entry format {FORMAT + 1}": at(4, v=FORMAT + 1),
}


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("sentence", CHANGED)
def test_what_does_not_hold_is_named_at_its_first_position(
    sentence: str, walked: Callable[[Change], list[Finding]], busy: int
) -> None:
    found, *_ = walked(CHANGED[sentence])
    assert sentence in found.sentence
    assert (found.check, found.partition, found.position) == ("log", busy, 5)


def test_messages_of_one_hash_are_not_taken_for_one(
    walked: Callable[[Change], list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "hash", lambda _: 1, raising=False)
    assert walked(as_it_was) == []


def test_a_walk_that_fails_says_why(
    tmp_path: Path, records: dict[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "ALONE", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with closing(logged(tmp_path, records)) as log:
        log.path.rename(tmp_path / "gone")
        with pytest.raises(LedgerError, match="there is no ledger at"):
            walk.walk_all(log, log.ends(), PARTITIONS, log.ledger, lambda _: None)
