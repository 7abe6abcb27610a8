"""A vault on Kafka, with as many processes that share it as a test asks for."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from ledger.logs.administration import Administration, Topic
from ledger.logs.cluster import Cluster, Fetched
from ledger.logs.keys import KeysTopic
from ledger.shared_vault import SharedVault
from ledger.vault import Vault, VaultError

OWNER = "customer/d12"
KEY_ID = "customer/d12#1"
ERASED_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
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
