"""The keys of an embedded ledger that moves to Kafka."""

from pathlib import Path

import pytest

from ledger.shared_vault import SharedVault
from ledger.vault import Erased, Vault, VaultError
from tests.kafka.keys import ERASED_AT, KEY_ID, OWNER, Place, opens, sealed_by


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
