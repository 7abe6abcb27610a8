"""The vault: one data key an owner of personal data, wrapped, and deleted when the owner is erased.

A data key is 32 random bytes. It lies in a SQLite file, wrapped by AES-256-GCM under the
key-encryption key, which is a file of its own (`vault.key`) and may be held elsewhere. A key id is
`<owner>#<generation>`, e.g. `customer/d12#1`. An erased key leaves a tombstone, so that "erased"
and "never heard of" stay apart.

**An owner that was erased gets no key any more.** What still comes for it (a message that a rule is
about to refuse, a late remark on a visit) is sealed under a random key that bears the erased key's
id and is kept nowhere: it is unreadable at once, and reads as erased. A person who comes back after
an erasure is another owner.
"""

import binascii
import hmac
import os
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ledger.entry import LedgerError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEPT_KEYS: Final = 20_000
BUSY_SECONDS: Final = 30
FIRST: Final = 1
"""The generation of every new key. Ledgers of earlier versions may hold later ones."""

CHECK: Final = "key check"
DATA_KEYS: Final = """
    create table if not exists data_key (
        owner text not null, generation integer not null, wrapped blob not null,
        primary key (owner, generation)) without rowid;
    create table if not exists tombstone (
        owner text not null, generation integer not null, erased_at text not null,
        primary key (owner, generation)) without rowid;
"""
_COVERED: Final = """
    create table if not exists covered (partition integer primary key, position integer not null);
"""
_SCHEMA: Final = f"""
    create table if not exists key_check (only integer primary key, wrapped blob not null);
    {DATA_KEYS}
    {_COVERED}
"""


class VaultError(LedgerError):
    """A key is missing or does not fit: never a sign of erasure."""


class Erased(LedgerError):  # noqa: N818 (what a reader is told, not a failure)
    """The key was deleted because its owner was erased; a tombstone says so."""


class DataKey:
    """One owner's key: seals fields, opens them, and makes digests that nobody else can guess."""

    __slots__ = ("_aead", "_digest_key", "_key_id", "id")

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self._key_id = key_id.encode()
        self._aead = AESGCM(_derive(secret, b"ledger field sealing"))
        self._digest_key = _derive(secret, b"ledger content digest")

    def seal(self, clear: bytes, context: str) -> str:
        """`<key id>.<base64url of nonce and ciphertext>`.

        It opens only with the same `context`, which says what the field belongs to.
        """
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, clear, self._bound_to(context))
        text = binascii.b2a_base64(sealed, newline=False).translate(_TO_URL, b"=")
        return f"{self.id}.{text.decode()}"

    def open(self, sealed: str, context: str) -> bytes:
        """The clear text. Raises VaultError where it was changed, or moved from its place."""
        key_id, _, text = sealed.rpartition(".")
        try:
            encoded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
            content = binascii.a2b_base64(encoded, strict_mode=True)
            nonce, ciphertext = content[:NONCE_BYTES], content[NONCE_BYTES:]
            if key_id == self.id:
                return self._aead.decrypt(nonce, ciphertext, self._bound_to(context))
        except (InvalidTag, ValueError):
            pass
        raise VaultError(f"a field sealed under {self.id} was changed, or moved from its place")

    def digest(self, content: bytes) -> str:
        """HMAC-SHA-256 of `content` in hex, under a key used for nothing else."""
        return hmac.digest(self._digest_key, content, "sha256").hex()

    def _bound_to(self, context: str) -> bytes:
        return self._key_id + b"\n" + context.encode()


class Vault:
    """The keys of one ledger. Threads may share it; so may processes, each with a Vault of its own.

    A new key is durable only after `flush`, which comes before anything written that needs it.
    Until then the vault's file is locked to other writers, so that two first uses of a key agree.
    """

    def __init__(self, path: Path, key_path: Path) -> None:
        """Opens a vault. Raises VaultError where it is missing or the key file is not its own."""
        if not path.exists():
            raise VaultError(f"there is no vault at {path}")
        key = read_key(key_path)
        self._wrapping = AESGCM(key)
        self._unread_key = _derive(key, b"ledger digest of unread messages")
        self._lock = RLock()
        self._staged = False
        self._current = lru_cache(KEPT_KEYS)(self._find_or_make)
        self._named = lru_cache(KEPT_KEYS)(self._find)
        self._connection = connect(path)
        try:
            self._version = self._data_version()
            unwrap(self._wrapping, CHECK, self._check())
        except (sqlite3.Error, VaultError) as error:
            self._connection.close()
            raise VaultError(f"the vault {path} does not open with {key_path}") from error

    @classmethod
    def create(cls, path: Path, key_path: Path) -> None:
        """Makes vault and key file where they are missing; what exists is used again.

        Raises VaultError where there is a vault without its key.
        """
        if not key_path.exists():
            if path.exists():
                raise VaultError(f"the vault {path} has lost its key {key_path}")
            write_key(key_path)
        check = wrap(AESGCM(read_key(key_path)), CHECK, b"")
        connection = connect(path)
        try:
            connection.executescript(_SCHEMA)
            connection.execute("insert or ignore into key_check values (1, ?)", (check,))
        finally:
            connection.close()
        cls(path, key_path).close()

    def key_for(self, owner: str) -> DataKey:
        """The owner's key in use; makes one where there is none.

        Of an owner that was erased, a new key each time that opens nothing and is kept nowhere.
        """
        with self._lock:
            return self._current(owner) or self._thrown_away(owner)

    def key(self, key_id: str) -> DataKey:
        """The key with that id. Raises Erased where it was deleted, VaultError where unknown."""
        with self._lock:
            return self._named(key_id)

    def is_erased(self, key_id: str) -> bool:
        """Whether a tombstone says so: nothing that needs this key can ever be read or compared."""
        owner, _, generation = key_id.rpartition("#")
        with self._lock:
            return generation in map(str, self._tombstones(owner))

    def erased_at(self, owners: Iterable[str]) -> dict[str, datetime]:
        """The ids of the owners' erased keys, each with the moment of its first erasure."""
        with self._lock:
            return {
                f"{owner}#{generation}": datetime.fromisoformat(moment)
                for owner in owners
                for generation, moment in self._connection.execute(
                    "select generation, erased_at from tombstone where owner = ?", (owner,)
                )
            }

    def tombstones(self) -> int:
        """How many keys are erased; an older copy of the vault has fewer."""
        with self._lock:
            return self._one("select count(*) from tombstone")

    def knows(self, key_id: str) -> bool:
        """Whether the key is here, or a tombstone of it."""
        owner, _, generation = key_id.rpartition("#")
        with self._lock:
            known = [number for number, _ in self._keys(owner)] + self._tombstones(owner)
        return generation in map(str, known)

    def covered(self) -> dict[int, int]:
        """The position of each partition up to which the keys of all entries are known here."""
        with self._lock:
            # A vault of an earlier version has no such table yet.
            self._connection.execute(_COVERED)
            return dict(self._connection.execute("select partition, position from covered"))

    def cover(self, positions: Mapping[int, int]) -> None:
        """Notes how far the entries are whose keys are all here; durable with the next `flush`."""
        with self._lock:
            self._stage_first()
            self._connection.executemany(
                "insert or replace into covered values (?, ?)", positions.items()
            )

    @property
    def has_new_keys(self) -> bool:
        """Whether a key was made since the last `flush`."""
        return self._staged

    def digest_of_unread(self, message: bytes) -> str:
        """HMAC-SHA-256 in hex of a message that is no interaction, so that it has no owner."""
        return hmac.digest(self._unread_key, message, "sha256").hex()

    def erase(self, owner: str, erased_at: datetime) -> None:
        """Erases one owner, as `erase_all` does."""
        self.erase_all((owner,), erased_at)

    def erase_all(self, owners: Iterable[str], erased_at: datetime) -> None:
        """Deletes all keys of the owners, for good, and leaves tombstones; repeating is harmless.

        An owner without any key gets a tombstone for the first, so that a restored backup that
        lacks the key still says "erased". Raises VaultError where another process's reading keeps
        a copy in the write-ahead log; erase again then.
        """
        with self._lock:
            self.flush()
            if places := self._to_erase(owners):
                self._begin()
                for owner, generation in places:
                    self._delete(owner, generation, erased_at.isoformat())
                self._commit()
            # A crash before this line leaves the wrapped key in the write-ahead log until the
            # erasure is repeated: the ledger applies its erasures again at each start.
            self._wipe()

    def flush(self) -> None:
        """Makes the keys made since the last flush durable, and notices erasures by others."""
        with self._lock:
            if self._staged:
                self._staged = False
                self._commit()
            self._notice_others()

    def close(self) -> None:
        """Closes the vault; keys that were not flushed are gone, and nothing may need them."""
        with self._lock:
            self._connection.close()

    def _find_or_make(self, owner: str) -> DataKey | None:
        """None for an owner that was erased."""
        keys = self._keys(owner)
        if not keys and not self._tombstones(owner):
            keys = self._stage(owner)
        if not keys:
            return None
        generation, wrapped = keys[-1]
        key_id = f"{owner}#{generation}"
        return DataKey(key_id, unwrap(self._wrapping, key_id, wrapped))

    def _thrown_away(self, owner: str) -> DataKey:
        return DataKey(f"{owner}#{max(self._tombstones(owner))}", os.urandom(KEY_BYTES))

    def _stage(self, owner: str) -> list[tuple[int, bytes]]:
        """A key for an owner without one, durable after `flush`; none where it is erased now."""
        self._stage_first()
        # Asked again now that others are locked out: one of them may have been first.
        if (keys := self._keys(owner)) or self._tombstones(owner):
            return keys
        wrapped = self._new(owner)
        self._connection.execute("insert into data_key values (?, ?, ?)", (owner, FIRST, wrapped))
        return [(FIRST, wrapped)]

    def _stage_first(self) -> None:
        """Locks other writers out until `flush`."""
        if not self._staged:
            self._begin()
            self._staged = True

    def _new(self, owner: str) -> bytes:
        return wrap(self._wrapping, f"{owner}#{FIRST}", os.urandom(KEY_BYTES))

    def _to_erase(self, owners: Iterable[str]) -> list[tuple[str, int]]:
        """Owners and generations of which there is a key, or no tombstone yet."""
        places: list[tuple[str, int]] = []
        for owner in dict.fromkeys(owners):
            generations = [generation for generation, _ in self._keys(owner)]
            if not generations and not self._tombstones(owner):
                generations = [FIRST]
            places += [(owner, generation) for generation in generations]
        return places

    def _delete(self, owner: str, generation: int, erased_at: str) -> None:
        """Puts a tombstone in the place of a key. Call inside a transaction."""
        self._forget()
        place = (owner, generation)
        self._connection.execute(
            "insert or ignore into tombstone values (?, ?, ?)", (*place, erased_at)
        )
        self._connection.execute("delete from data_key where (owner, generation) = (?, ?)", place)

    def _wipe(self) -> None:
        """Leaves no deleted key in the write-ahead log."""
        if self._one("pragma wal_checkpoint(truncate)"):
            raise VaultError("the keys of the owner are deleted, but a reader keeps a copy alive")

    def _find(self, key_id: str) -> DataKey:
        owner, _, generation = key_id.rpartition("#")
        for number, wrapped in self._keys(owner):
            if str(number) == generation:
                return DataKey(key_id, unwrap(self._wrapping, key_id, wrapped))
        if generation in map(str, self._tombstones(owner)):
            raise Erased(f"the key {key_id} was erased")
        raise VaultError(f"the vault knows no key {key_id}")

    def _keys(self, owner: str) -> list[tuple[int, bytes]]:
        """Generation and wrapped key; an owner has at most one that is not erased."""
        return self._connection.execute(
            "select generation, wrapped from data_key where owner = ? order by generation",
            (owner,),
        ).fetchall()

    def _tombstones(self, owner: str) -> list[int]:
        rows = self._connection.execute(
            "select generation from tombstone where owner = ?", (owner,)
        )
        return [generation for (generation,) in rows]

    def _begin(self) -> None:
        try:
            self._connection.execute("begin immediate")
        except sqlite3.Error as error:
            raise VaultError(f"the vault cannot be written: {error}") from error

    def _commit(self) -> None:
        """Ends the transaction. A key of one that failed is forgotten: it was never used."""
        try:
            self._connection.execute("commit")
        except sqlite3.Error as error:
            self._forget()
            self._connection.rollback()
            raise VaultError(f"the vault cannot be written: {error}") from error

    def _forget(self) -> None:
        self._current.cache_clear()
        self._named.cache_clear()

    def _check(self) -> bytes:
        """What opens under the right key-encryption key only."""
        return self._one("select wrapped from key_check")

    def _notice_others(self) -> None:
        """Forgets what is kept in memory where another process wrote to the file."""
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._forget()

    def _data_version(self) -> int:
        """Changes when another connection has written to the file."""
        return self._one("pragma data_version")

    def _one(self, query: str) -> Any:
        """The first column of the first row."""
        row = self._connection.execute(query).fetchone()
        if row is None:
            raise VaultError("the vault was never finished; found the ledger again")
        return row[0]


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/", b"+/  ")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, purpose).derive(secret)


def wrap(wrapping: AESGCM, key_id: str, secret: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + wrapping.encrypt(nonce, secret, key_id.encode())


def unwrap(wrapping: AESGCM, key_id: str, wrapped: bytes) -> bytes:
    """What was wrapped under that id. Raises VaultError where it does not open."""
    try:
        return wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultError(f"{key_id} does not open with this key-encryption key") from error


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("secure_delete = on", "journal_mode = wal", "synchronous = full"):
            connection.execute(f"pragma {pragma}")
    except sqlite3.Error as error:
        connection.close()
        what = "cannot be opened" if isinstance(error, sqlite3.OperationalError) else "is no vault"
        raise VaultError(f"{path} {what}: {error}") from error
    return connection


def read_key(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise VaultError(f"cannot read the key-encryption key {path}") from error
    if len(secret) != KEY_BYTES:
        raise VaultError(f"{path} holds no key of {KEY_BYTES} bytes in hex")
    return secret


def write_key(path: Path) -> None:
    """Writes a new key that only its owner may read; a key that somebody else wrote first stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, os.urandom(KEY_BYTES).hex().encode() + b"\n")
        os.fsync(file)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.close(file)
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
