"""Keys on Kafka: all processes agree on them, none is lost, and what is erased stays erased."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.entry import LedgerError
from ledger.logs.administration import Administration, Topic
from ledger.logs.cluster import Cluster, Fetched
from ledger.logs.kafka import LostRace
from ledger.logs.keys import KeysTopic
from ledger.shared_vault import SharedVault
from ledger.vault import Erased, Vault, VaultError, read_key, unwrap

OWNER = "customer/d12"
KEY_ID = "customer/d12#1"
ERASED_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
COMPACTION_SECONDS = 60
SETTINGS = {
    "cleanup.policy": "compact",
    "segment.ms": "200",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
    "file.delete.delay.ms": "100",
}


class Place:
    """A topic of keys, and homes of processes that have the key file."""

    def __init__(self, cluster: Cluster, folder: Path, closing: ExitStack) -> None:
        self.cluster = cluster
        self.folder = folder
        self.key_path = folder / "vault.key"
        self._closing = closing
        with Administration(cluster) as made:
            made.create([Topic(cluster.keys, 1, SETTINGS)], 1)

    def copy(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite"

    def create(self, name: str = "a") -> None:
        SharedVault.create(self.cluster, self.copy(name), self.key_path)

    def open(self, name: str) -> SharedVault:
        vault = SharedVault(self.cluster, self.copy(name), self.key_path)
        self._closing.callback(vault.close)
        return vault

    def records(self) -> list[Fetched]:
        topic = KeysTopic(self.cluster)
        topic.begin()
        found = [record for records in topic.read_up_to(topic.end()) for record in records]
        topic.close()
        return found

    def attempts(self) -> list[Fetched]:
        return [each for each in self.records() if (each.key or b"").startswith(b"key ")]

    def write(self, *records: tuple[str, bytes | None]) -> None:
        topic = KeysTopic(self.cluster)
        topic.write(records)
        topic.close()

    def bytes_in_files(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.glob("*.sqlite*"))


@pytest.fixture
def place(cluster: Cluster, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as closing:
        place = Place(cluster, tmp_path, closing)
        place.create()
        yield place


def sealed_by(vault: SharedVault, owner: str = OWNER) -> str:
    sealed = vault.key_for(owner).seal(b"13800138000", "here")
    vault.flush()
    return sealed


def opens(vault: Vault, sealed: str) -> bool:
    return vault.key(sealed.rpartition(".")[0]).open(sealed, "here") == b"13800138000"


def opens_own(vault: Vault) -> bool:
    """Whether what the owner's key seals now opens again; not so where it is kept nowhere."""
    sealed = vault.key_for(OWNER).seal(b"x", "here")
    try:
        return vault.key_for(OWNER).open(sealed, "here") == b"x"
    except VaultError:
        return False


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


# Erasing


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


# Carrying over


def embedded(place: Place, name: str) -> tuple[Path, str, str]:
    """An embedded ledger's vault under the same key file: a key in use and an erased one."""
    path = place.copy(name)
    Vault.create(path, place.key_path)
    vault = Vault(path, place.key_path)
    sealed = vault.key_for(OWNER).seal(b"13800138000", "here")
    vault.key_for("customer/d13")
    vault.erase("customer/d13", ERASED_AT)
    vault.flush()
    vault.close()
    return path, sealed, "customer/d13#1"


def test_the_keys_and_tombstones_of_an_embedded_vault_are_carried_over(place: Place) -> None:
    path, sealed, erased = embedded(place, "old")
    SharedVault.carry_over(place.cluster, path, place.key_path)
    SharedVault.carry_over(place.cluster, path, place.key_path)
    assert len(place.attempts()) == 1
    other = place.open("b")
    assert opens(other, sealed)
    with pytest.raises(Erased):
        other.key(erased)
    # It was only read: the embedded ledger goes on until the move is done.
    vault = Vault(path, place.key_path)
    assert opens(vault, sealed)
    vault.close()
    assert not list(place.folder.glob("*.carrying*"))


def test_an_embedded_vault_becomes_the_copy_when_it_is_opened_on_kafka(place: Place) -> None:
    path, sealed, _ = embedded(place, "old")
    place.create("old")
    vault = place.open("old")
    assert opens(vault, sealed)
    assert opens(place.open("b"), sealed)
    vault.erase(OWNER, ERASED_AT)
    vault.close()
    with pytest.raises(VaultError):
        Vault(path, place.key_path)


def test_keys_that_differ_are_not_carried_over(place: Place) -> None:
    path, _, _ = embedded(place, "old")
    sealed_by(place.open("b"))
    with pytest.raises(VaultError, match=f"holds another key {KEY_ID}"):
        SharedVault.carry_over(place.cluster, path, place.key_path)


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
