"""The vault: keys that agree, that survive, and that are gone when they are erased."""

import hmac
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from ledger.vault import DataKey, Erased, Vault, VaultError

OWNER = "customer/d12"
ERASED_AT = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
CONTEXT = "customer/d12\ncounter-app\nm1\n/full_name"


class Place:
    """A vault's two files, and Vault objects over them as separate processes would have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "vault.sqlite"
        self.key_path = folder / "held-elsewhere" / "vault.key"
        self.key_path.parent.mkdir()
        Vault.create(self.path, self.key_path)
        self.open_vaults: list[Vault] = []

    def open(self) -> Vault:
        self.open_vaults.append(Vault(self.path, self.key_path))
        return self.open_vaults[-1]

    def bytes_in_files(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.glob("vault.sqlite*"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for vault in place.open_vaults:
        vault.close()


@pytest.fixture
def vault(place: Place) -> Vault:
    return place.open()


# Sealing


def test_a_sealed_text_opens_in_its_place_and_names_its_key(vault: Vault) -> None:
    key = vault.key_for(OWNER)
    sealed = key.seal("张三".encode(), CONTEXT)
    assert sealed.startswith("customer/d12#1.")
    assert key.open(sealed, CONTEXT) == "张三".encode()


def test_two_seals_of_one_text_differ(vault: Vault) -> None:
    key = vault.key_for(OWNER)
    assert key.seal(b"x", CONTEXT) != key.seal(b"x", CONTEXT)


@pytest.mark.parametrize(
    "elsewhere",
    [
        CONTEXT.replace("full_name", "email"),
        CONTEXT.replace("m1", "m2"),
        CONTEXT.replace("counter-app", "billing"),
        CONTEXT.replace("customer/d12", "customer/d13"),
    ],
)
def test_a_sealed_text_does_not_open_in_another_place(vault: Vault, elsewhere: str) -> None:
    key = vault.key_for(OWNER)
    sealed = key.seal(b"13800138000", CONTEXT)
    with pytest.raises(VaultError):
        key.open(sealed, elsewhere)


def test_a_sealed_text_does_not_open_under_another_owners_key(vault: Vault) -> None:
    sealed = vault.key_for(OWNER).seal(b"13800138000", CONTEXT)
    other = vault.key_for("customer/d13")
    with pytest.raises(VaultError):
        other.open(sealed, CONTEXT)
    with pytest.raises(VaultError):
        other.open(other.id + sealed[len(OWNER) + 2 :], CONTEXT)


def test_a_sealed_text_is_bound_to_the_keys_name_beside_the_key() -> None:
    key, renamed = DataKey("customer/d12#1", bytes(32)), DataKey("customer/d13#1", bytes(32))
    sealed = key.seal(b"x", CONTEXT)
    with pytest.raises(VaultError):
        renamed.open(sealed.replace(key.id, renamed.id), CONTEXT)


def test_a_sealed_text_holds_nothing_beside_its_base64(vault: Vault) -> None:
    key = vault.key_for(OWNER)
    sealed = key.seal(b"x", CONTEXT)
    with pytest.raises(VaultError):
        key.open(f"{sealed[:-4]}!!!!{sealed[-4:]}", CONTEXT)


@pytest.mark.parametrize("broken", ["", "customer/d12#1.", "customer/d12#1.AAAA", "{}.é", "{}.$$"])
def test_what_is_no_sealed_text_does_not_open(vault: Vault, broken: str) -> None:
    key = vault.key_for(OWNER)
    with pytest.raises(VaultError):
        key.open(broken.format(key.id), CONTEXT)


def test_every_changed_character_of_a_sealed_text_is_noticed(vault: Vault) -> None:
    key = vault.key_for(OWNER)
    sealed = key.seal(b"13800138000", CONTEXT)
    for place in range(len(key.id) + 1, len(sealed) - 1):
        changed = sealed[:place] + ("B" if sealed[place] == "A" else "A") + sealed[place + 1 :]
        with pytest.raises(VaultError):
            key.open(changed, CONTEXT)


def test_a_digest_depends_on_owner_and_content(vault: Vault) -> None:
    key, other = vault.key_for(OWNER), vault.key_for("customer/d13")
    digests = {key.digest(b"a"), key.digest(b"b"), other.digest(b"a")}
    assert len(digests) == 3
    assert key.digest(b"a") in digests
    assert {len(digest) for digest in digests} == {64}


def test_the_digest_key_is_not_the_sealing_key() -> None:
    secret = bytes(32)
    key = DataKey("k#1", secret)
    assert key.digest(b"a") != hmac.digest(secret, b"a", "sha256").hex()


# Keeping


def test_a_flushed_key_is_there_after_opening_again(place: Place) -> None:
    first = place.open()
    sealed = first.key_for(OWNER).seal(b"x", CONTEXT)
    first.flush()
    first.close()
    second = place.open()
    assert second.key("customer/d12#1").open(sealed, CONTEXT) == b"x"
    assert second.key_for(OWNER).id == "customer/d12#1"


def test_a_key_that_was_not_flushed_is_gone(place: Place) -> None:
    first = place.open()
    first.key_for(OWNER)
    first.close()
    with pytest.raises(VaultError, match="knows no key"):
        place.open().key("customer/d12#1")


def test_two_first_uses_of_a_key_at_once_agree(place: Place) -> None:
    first, second = place.open(), place.open()
    sealed = first.key_for(OWNER).seal(b"x", CONTEXT)
    opened: list[bytes] = []

    def use_second() -> None:
        opened.append(second.key_for(OWNER).open(sealed, CONTEXT))
        second.flush()

    thread = Thread(target=use_second)
    thread.start()
    thread.join(0.2)
    assert opened == [], "the second waits until the first key is durable"
    first.flush()
    thread.join(20)
    assert opened == [b"x"]


def test_threads_may_share_a_vault(vault: Vault) -> None:
    ids: list[str] = []

    def use() -> None:
        for number in range(50):
            ids.append(vault.key_for(f"customer/d{number}").id)
            vault.flush()

    threads = [Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 200
    assert set(ids) == {f"customer/d{number}#1" for number in range(50)}


def test_a_vault_opens_with_its_own_key_file_only(place: Place) -> None:
    vault = place.open()
    vault.key_for(OWNER)
    vault.flush()
    place.key_path.write_text("ab" * 32)
    with pytest.raises(VaultError, match="does not open"):
        place.open()


def test_the_key_file_is_for_its_owner_only(place: Place) -> None:
    assert place.key_path.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(place.key_path.read_text())) == 32
    assert [path.name for path in place.key_path.parent.iterdir()] == ["vault.key"]


def test_creating_again_keeps_what_is_there(place: Place) -> None:
    before = place.key_path.read_text()
    vault = place.open()
    sealed = vault.key_for(OWNER).seal(b"x", CONTEXT)
    vault.flush()
    Vault.create(place.path, place.key_path)
    assert place.key_path.read_text() == before
    assert place.open().key_for(OWNER).open(sealed, CONTEXT) == b"x"


def test_a_vault_that_lost_its_key_gets_no_new_one(place: Place) -> None:
    place.key_path.unlink()
    with pytest.raises(VaultError, match="lost its key"):
        Vault.create(place.path, place.key_path)
    assert not place.key_path.exists()


def test_what_is_no_vault_is_said_to_be_none(tmp_path: Path) -> None:
    key_path = tmp_path / "vault.key"
    key_path.write_text("ab" * 32)
    with pytest.raises(VaultError, match="no vault"):
        Vault(tmp_path / "none", key_path)
    (tmp_path / "text").write_text("not a database, just a longer piece of text" * 50)
    with pytest.raises(VaultError):
        Vault(tmp_path / "text", key_path)
    (tmp_path / "empty").touch()
    with pytest.raises(VaultError):
        Vault(tmp_path / "empty", key_path)


# Erasing


def test_an_erased_key_and_an_unknown_one_are_told_apart(vault: Vault) -> None:
    vault.key_for(OWNER)
    vault.flush()
    vault.erase(OWNER, ERASED_AT)
    with pytest.raises(Erased):
        vault.key("customer/d12#1")
    for unknown in ("customer/d12#2", "customer/d99#1", "customer/d12", "", "#", "x#y"):
        with pytest.raises(VaultError):
            vault.key(unknown)


def test_an_erased_owner_gets_no_key_that_opens_anything(place: Place) -> None:
    vault = place.open()
    first = vault.key_for(OWNER)
    vault.erase(OWNER, ERASED_AT)
    thrown_away, other = vault.key_for(OWNER), vault.key_for(OWNER)
    sealed = thrown_away.seal(b"x", CONTEXT)
    for key in (first, other):
        with pytest.raises(VaultError):
            key.open(sealed, CONTEXT)
    assert thrown_away.digest(b"x") != other.digest(b"x")
    vault.flush()
    for each in (vault, place.open()):
        with pytest.raises(Erased):
            each.key(sealed.rpartition(".")[0])


def test_erasing_twice_changes_nothing(vault: Vault) -> None:
    vault.key_for(OWNER)
    vault.erase(OWNER, ERASED_AT)
    vault.erase(OWNER, ERASED_AT + timedelta(days=1))
    assert vault.erased_at([OWNER, "customer/d13"]) == {"customer/d12#1": ERASED_AT}
    with pytest.raises(VaultError, match="knows no key"):
        vault.key("customer/d12#2")


def test_erasing_applied_to_an_older_backup_still_says_erased(vault: Vault) -> None:
    vault.erase(OWNER, ERASED_AT)
    with pytest.raises(Erased):
        vault.key("customer/d12#1")


def test_erasing_one_owner_leaves_the_others(vault: Vault) -> None:
    kept = {owner: vault.key_for(owner) for owner in ("customer/d1", "customer/d123", "visit/d12")}
    vault.key_for(OWNER)
    vault.erase(OWNER, ERASED_AT)
    for owner, key in kept.items():
        assert vault.key_for(owner).open(key.seal(b"x", CONTEXT), CONTEXT) == b"x"


def test_no_copy_of_an_erased_key_stays_in_the_files(place: Place) -> None:
    vault = place.open()
    owners = [f"customer/d{number:032x}" for number in range(400)]
    for number, owner in enumerate(owners):
        vault.key_for(owner)
        if number % 50 == 0:
            vault.flush()
    vault.flush()
    with sqlite3.connect(place.path) as reader:
        wrapped: dict[str, bytes] = dict(reader.execute("select owner, wrapped from data_key"))
    reader.close()
    present = place.bytes_in_files()
    assert all(secret in present for secret in wrapped.values())
    for owner in owners[::3]:
        vault.erase(owner, ERASED_AT)
    present = place.bytes_in_files()
    for number, owner in enumerate(owners):
        # Any part of it would be a part of the key; the nonce in front is none.
        parts = (wrapped[owner][12:28], wrapped[owner][28:44], wrapped[owner][44:])
        assert any(part in present for part in parts) == (number % 3 != 0), owner


def test_a_reader_that_keeps_the_old_file_alive_makes_erasure_say_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.vault.BUSY_SECONDS", 0.1)
    vault = place.open()
    vault.key_for(OWNER)
    vault.flush()
    reader = sqlite3.connect(place.path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from data_key").fetchone()
    with pytest.raises(VaultError, match="keeps a copy alive"):
        vault.erase(OWNER, ERASED_AT)
    reader.close()
    vault.erase(OWNER, ERASED_AT)
    with pytest.raises(Erased):
        vault.key("customer/d12#1")


def test_an_erasure_by_another_process_is_noticed_at_the_next_flush(place: Place) -> None:
    writer, other = place.open(), place.open()
    writer.key_for(OWNER)
    writer.flush()
    other.erase(OWNER, ERASED_AT)
    writer.flush()
    assert writer.is_erased(writer.key_for(OWNER).id)
    with pytest.raises(Erased):
        writer.key("customer/d12#1")
