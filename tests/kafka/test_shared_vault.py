"""Keys on Kafka: all processes agree on them, none is lost, and what is erased stays erased."""

import os
import shutil
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.entry import LedgerError
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import LostRace
from ledger.logs.keys import KeysTopic
from ledger.shared_vault import SharedVault
from ledger.vault import VaultError, read_key, unwrap
from tests.kafka.keys import KEY_ID, OWNER, Place, opens, sealed_by

# Agreeing


def test_a_key_that_one_made_opens_what_it_sealed_for_all(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    sealed = sealed_by(one)
    assert opens(other, sealed)
    assert other.key_for(OWNER).id == KEY_ID
    assert opens(place.open("new"), sealed)


def test_of_two_first_uses_the_second_hears_that_it_lost_and_has_the_firsts_key(
    place: Place,
) -> None:
    one, other = place.open("a"), place.open("b")
    ours, theirs = one.key_for(OWNER), other.key_for(OWNER)
    kept = other.key_for("customer/d13").seal(b"13800138000", "here")
    one.flush()
    with pytest.raises(LostRace, match=KEY_ID):
        other.flush()
    assert opens(other, ours.seal(b"13800138000", "here"))
    with pytest.raises(VaultError):
        opens(other, theirs.seal(b"13800138000", "here"))
    other.flush()
    # What else was in the batch stands.
    assert opens(one, kept)


def test_a_loser_deletes_its_attempt_so_that_nothing_can_come_before_the_winner(
    place: Place,
) -> None:
    one, other = place.open("a"), place.open("b")
    sealed = one.key_for(OWNER).seal(b"13800138000", "here")
    other.key_for(OWNER)
    one.flush()
    with pytest.raises(LostRace):
        other.flush()
    winner, loser, deleted = place.attempts()
    assert (deleted.key, deleted.value) == (loser.key, None)
    # Should the winner's record be written again, and compaction leave only that.
    place.write(((winner.key or b"").decode(), winner.value))
    assert opens(place.open("new"), sealed)


def test_a_key_made_and_not_flushed_is_known_to_nobody(place: Place) -> None:
    one = place.open("a")
    one.key_for(OWNER)
    one.close()
    assert place.attempts() == []
    with pytest.raises(VaultError, match="knows no key"):
        place.open("b").key(KEY_ID)


def test_one_that_is_killed_between_writing_and_reading_back_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = place.open("a")
    sealed = one.key_for(OWNER).seal(b"13800138000", "here")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SharedVault, "_copy_up_to", killed)
        with pytest.raises(KeyboardInterrupt):
            one.flush()
    one.close()
    assert opens(place.open("b"), sealed)
    again = place.open("a")
    assert opens(again, sealed)
    assert again.key_for(OWNER).id == KEY_ID
    again.flush()
    assert len(place.attempts()) == 1


def test_a_key_is_used_by_nobody_before_it_was_read_back(place: Place) -> None:
    one, other = place.open("a"), place.open("b")
    one.key_for(OWNER)
    with pytest.raises(VaultError, match="knows no key"):
        other.key(KEY_ID)
    with sqlite3.connect(place.copy("a")) as copy:
        assert copy.execute("select count(*) from data_key").fetchone() == (0,)
    copy.close()


def test_what_somebody_writes_without_the_key_file_is_passed_over(place: Place) -> None:
    place.write(
        (f"key {OWNER}#1 {'0' * 16}", os.urandom(60)),
        (f"erased {OWNER}#1", os.urandom(60)),
        ("nonsense", b"x"),
    )
    one = place.open("b")
    sealed = sealed_by(one)
    place.write((f"erased {OWNER}#1", b"forged"))
    one.refresh()
    assert opens(one, sealed)
    # A record that is moved to another's id does not open there either.
    attempt = place.attempts()[-1]
    place.write((f"key customer/d99#1 {'1' * 16}", attempt.value))
    with pytest.raises(VaultError, match="knows no key"):
        one.key("customer/d99#1")


# The copy


def test_the_local_copy_may_be_deleted(place: Place) -> None:
    one = place.open("a")
    sealed = sealed_by(one)
    one.close()
    for path in place.folder.glob("a.sqlite*"):
        path.unlink()
    assert opens(place.open("a"), sealed)


def test_a_copy_of_other_keys_is_refused(place: Place, brokers: str, tmp_path: Path) -> None:
    elsewhere = Cluster.at(f"kafka://{brokers}/{place.cluster.prefix}x")
    with ExitStack() as closing:
        other = Place(elsewhere, tmp_path / "other", closing)
        (tmp_path / "other").mkdir()
        other.create()
        shutil.copy(other.copy("a"), place.copy("b"))
    with pytest.raises(VaultError, match="copy of other keys"):
        place.open("b")


def test_a_topic_that_lost_what_was_copied_from_it_stops_the_reader(place: Place) -> None:
    one = place.open("a")
    sealed_by(one)
    with sqlite3.connect(place.copy("a")) as copy:
        copy.execute("update copied set next_offset = next_offset + 1")
    copy.close()
    with pytest.raises(VaultError, match=r"does not hold all that a\.sqlite was copied from"):
        place.open("a")


def test_neither_topic_nor_copy_holds_a_key_in_clear(place: Place) -> None:
    one = place.open("a")
    sealed_by(one)
    wrapped = place.attempts()[0].value or b""
    wrapping_key = read_key(place.key_path)
    clear = unwrap(AESGCM(wrapping_key), KEY_ID, wrapped)
    assert len(clear) == 32
    everywhere = place.bytes_in_files() + b"".join(each.value or b"" for each in place.records())
    assert wrapped in everywhere
    assert clear not in everywhere
    assert wrapping_key not in everywhere
    assert wrapping_key.hex().encode() not in everywhere


# The key file


def test_a_wrong_key_file_is_said_in_one_sentence(place: Place) -> None:
    place.key_path.write_text("ab" * 32)
    with pytest.raises(VaultError, match=r"vault\.key"):
        place.open("b")
    with pytest.raises(VaultError, match="is not the key file of the keys"):
        place.create("b")
    assert place.key_path.read_text() == "ab" * 32


def test_a_missing_key_file_is_not_made_anew_where_keys_stand(place: Place) -> None:
    place.key_path.unlink()
    with pytest.raises(VaultError, match=r"vault\.key is missing"):
        place.create("b")
    assert not place.key_path.exists()


def test_of_two_foundings_at_once_the_second_leaves_no_key_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([None])
    first_check = KeysTopic.first_check
    monkeypatch.setattr(KeysTopic, "first_check", lambda topic: next(answers, first_check(topic)))
    other_key = place.folder / "other.key"
    with pytest.raises(VaultError, match="is not the key file"):
        SharedVault.create(place.cluster, place.copy("b"), other_key)
    assert not other_key.exists()


def test_without_a_founding_one_sentence_says_so(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no topic"):
        SharedVault(cluster, tmp_path / "a.sqlite", tmp_path / "vault.key")


# Time


def test_a_flush_of_thirty_new_keys_takes_little_time(place: Place) -> None:
    one = place.open("a")
    taken: list[float] = []
    for batch in range(30):
        for number in range(30):
            one.key_for(f"customer/d{batch}-{number}")
        began = time.perf_counter()
        one.flush()
        taken.append(time.perf_counter() - began)
        one.flush()
    # About 10 ms; a wait for the brokers' long poll would be 500.
    assert sorted(taken)[len(taken) // 2] < 0.1


def test_the_end_is_told_at_once_though_nothing_comes(place: Place) -> None:
    one = place.open("a")
    taken: list[float] = []
    for _ in range(10):
        one.flush()
        began = time.perf_counter()
        one.refresh()
        taken.append(time.perf_counter() - began)
    # A few ms; behind a fetch that waits for a record it would be 500.
    assert sorted(taken)[len(taken) // 2] < 0.1
