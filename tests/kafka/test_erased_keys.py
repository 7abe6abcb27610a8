"""Keys on Kafka that are erased: everywhere, for good, and out of the topic in time."""

import shutil
import time

import pytest

from ledger.logs.kafka import LostRace
from ledger.logs.keys import KeysTopic
from ledger.vault import Erased, VaultError
from tests.kafka.keys import ERASED_AT, KEY_ID, OWNER, Place, opens, opens_own, sealed_by

COMPACTION_SECONDS = 60


def test_an_erasure_by_one_is_seen_by_the_other_when_it_flushes(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    sealed = sealed_by(one)
    assert opens(other, sealed)
    one.erase(OWNER, ERASED_AT)
    deadline = time.monotonic() + 5
    while opens_own(other):
        assert time.monotonic() < deadline
        other.flush()
    for vault in (one, other, place.open("new")):
        with pytest.raises(Erased):
            vault.key(KEY_ID)
        assert vault.key_for(OWNER).id == KEY_ID
        assert not opens_own(vault)


def test_whether_a_key_is_erased_is_asked_of_the_topic_once_between_two_flushes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = place.open("a"), place.open("b")
    sealed_by(one)
    asked: list[int] = []
    end = KeysTopic.end

    def counted(topic: KeysTopic) -> int:
        asked.append(1)
        return end(topic)

    monkeypatch.setattr(KeysTopic, "end", counted)
    assert [other.is_erased(KEY_ID) for _ in range(5)] == [False] * 5
    assert len(asked) == 1
    one.erase(OWNER, ERASED_AT)
    other.flush()
    assert other.is_erased(KEY_ID)


def test_erasing_leaves_the_wrapped_key_in_no_local_file(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    sealed_by(one)
    other.refresh()
    wrapped = place.attempts()[0].value or b""
    assert place.bytes_in_files().count(wrapped) >= 2
    one.erase(OWNER, ERASED_AT)
    other.refresh()
    present = place.bytes_in_files()
    # Any part of it would be a part of the key; the nonce in front is none.
    assert not any(part in present for part in (wrapped[12:28], wrapped[28:44], wrapped[44:]))


def test_erasing_deletes_every_attempt_in_the_topic(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    one.key_for(OWNER)
    other.key_for(OWNER)
    one.flush()
    with pytest.raises(LostRace):
        other.flush()
    one.erase(OWNER, ERASED_AT)
    newest = {each.key: each.value for each in place.attempts()}
    assert len(newest) == 2
    assert set(newest.values()) == {None}


def test_erasing_twice_changes_nothing(place: Place) -> None:
    one = place.open("a")
    sealed_by(one)
    one.erase(OWNER, ERASED_AT)
    before = len(place.records())
    one.erase(OWNER, ERASED_AT)
    assert len(place.records()) == before
    with pytest.raises(VaultError, match="knows no key"):
        one.key("customer/d12#2")


def test_a_key_that_nobody_made_can_be_erased(place: Place) -> None:
    place.open("a").erase(OWNER, ERASED_AT)
    other = place.open("b")
    with pytest.raises(Erased):
        other.key(KEY_ID)
    assert not opens_own(other)


def test_a_key_made_while_another_erases_is_thrown_away(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    other.key_for(OWNER)
    one.erase(OWNER, ERASED_AT)
    with pytest.raises(LostRace):
        other.flush()
    assert not opens_own(other)
    other.flush()
    assert [each.value for each in place.attempts()][-1] is None


def test_a_restored_local_copy_does_not_bring_a_key_back(place: Place) -> None:
    one = place.open("a")
    sealed_by(one)
    one.close()
    shutil.copy(place.copy("a"), place.folder / "backup")
    other = place.open("b")
    other.erase(OWNER, ERASED_AT)
    shutil.copy(place.folder / "backup", place.copy("a"))
    with pytest.raises(Erased):
        place.open("a").key(KEY_ID)


def test_an_old_record_written_again_does_not_bring_a_key_back_and_is_deleted(
    place: Place,
) -> None:
    one = place.open("a")
    sealed_by(one)
    old = place.attempts()[0]
    one.erase(OWNER, ERASED_AT)
    place.write(((old.key or b"").decode(), old.value))
    one.refresh()
    for vault in (one, place.open("new")):
        with pytest.raises(Erased):
            vault.key(KEY_ID)
    one.flush()
    assert place.attempts()[-1].value is None


# Compaction


def test_where_nothing_comes_after_a_deletion_its_segment_is_closed_a_day_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = place.open("a")
    sealed_by(one)
    one.erase(OWNER, ERASED_AT)
    one.flush()
    monkeypatch.setattr("ledger.shared_vault.KEYS_SEGMENT_MS", 3_000)
    time.sleep(3.2)
    for _ in range(3):
        one.flush()
    assert [each.key for each in place.records() if each.key == b"roll"] == [b"roll"]


def test_compaction_keeps_the_winner_and_forgets_what_is_erased(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    sealed = one.key_for(OWNER).seal(b"13800138000", "here")
    other.key_for(OWNER)
    one.flush()
    with pytest.raises(LostRace):
        other.flush()
    gone = sealed_by(one, "customer/d99")
    winner = place.attempts()[0]
    erased = place.attempts()[-1].value
    one.erase("customer/d99", ERASED_AT)
    deadline = time.monotonic() + COMPACTION_SECONDS
    while any(each.value is None or each.value == erased for each in place.records()):
        assert time.monotonic() < deadline, "the broker did not compact the topic"
        # The newest segment is never compacted: it must be rolled by what comes.
        time.sleep(0.5)
        place.write(("roll", b"x"))
    # Only it is left of the attempts, where it was.
    assert [(each.offset, each.value) for each in place.attempts()] == [
        (winner.offset, winner.value)
    ]
    fresh = place.open("new")
    assert opens(fresh, sealed)
    with pytest.raises(Erased):
        opens(fresh, gone)
    assert opens(one, sealed)
    one.refresh()
