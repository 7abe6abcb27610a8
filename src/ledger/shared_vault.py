"""The vault of a ledger on Kafka: wrapped keys in a compacted topic, each process has a copy.

What the topic holds stands in `ledger.logs.keys`, how a vault is founded in
`ledger.shared_vault_founding`. Every value is sealed under the key-encryption key and bound to its
id, so that nobody without that key can add a key or an erasure: what does not open is passed over.

**The first attempt in topic order is the key, for ever.** A process uses a key that it made only
after it has read it back as the first. Compaction keeps the newest record of each Kafka key and
never changes the order. As every attempt has a Kafka key of its own that is written once, no
attempt displaces another: those that are left stand in the order they were written in, and the
first of them is still the first. (The client's retries are idempotent. Should a copy of the winner
be written nevertheless, compaction would move it behind the losers: so a loser's maker deletes it
as soon as it hears that it lost.)

**An id that is erased stays so, wherever its other records stand.** Readers apply the marker to
what came before and pass over what comes after, so neither a restored backup of the local copy nor
an old record that is written again brings a key back. The marker is never deleted; a second one
for the same id says the same.

The local copy holds what was read, and from where to read on. It may be deleted at any time.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from ledger.beside import remove
from ledger.half_open import undone_on_failure
from ledger.logs.cluster import Cluster, Fetched
from ledger.logs.kafka import LostRace, UnknownOutcome
from ledger.logs.keys import ROLL, KeysTopic, Records, attempt_name, attempted, marked, marker_name
from ledger.logs.topics import KEYS_SEGMENT_MS
from ledger.shared_vault_founding import contents, make_check, make_copy, tables
from ledger.vault import BUSY_SECONDS, FIRST, DataKey, Vault, VaultError, unwrap, wrap

WRITTEN_AT_ONCE: Final = 500


class SharedVault(Vault):
    """The keys of one ledger, shared by all of its processes. Threads may share it too.

    Raises LostRace and UnknownOutcome as the log does: the batch is to be decided again then.
    """

    def __init__(self, cluster: Cluster, path: Path, key_path: Path) -> None:
        """Opens the vault, and copies all that the topic holds now.

        An embedded ledger's vault at `path` is carried over, and becomes the copy. Raises
        VaultError where there are no keys, or where the key file or the copy is not theirs.
        """
        self._made: dict[str, tuple[int, bytes]] = {}
        self._has_asked = False
        # A crash may have left a deleted key in the write-ahead log.
        self._is_wiped = False
        self._path = path
        self._topic = KeysTopic(cluster)
        with undone_on_failure(self._topic.close):
            check = self._topic.first_check()
            if check is None:
                raise VaultError(f"{cluster.keys} holds no vault; make one with `ledger init`")
            if "key_check" in tables(path):
                self.carry_over(cluster, path, key_path)
                # A crash here, or before, is no harm: all of it is in the topic, or here still.
                remove(path)
            make_copy(path, check)
            super().__init__(path, key_path)
        with undone_on_failure(self.close):
            self._topic.begin(self._next_offset())
            self.refresh()

    @classmethod
    def create(cls, cluster: Cluster, path: Path, key_path: Path) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Makes what is missing: key file, the check in the topic, the copy.

        Raises VaultError where keys stand there already whose key file is not here.
        """
        topic = KeysTopic(cluster)
        try:
            make_check(topic, path, key_path)
        finally:
            topic.close()
        cls(cluster, path, key_path).close()

    @classmethod
    def carry_over(cls, cluster: Cluster, path: Path, key_path: Path) -> None:
        """Publishes the keys and tombstones of another vault's file, which is only read.

        Repeated, it publishes what is missing. Raises VaultError where the topic holds other keys.
        """
        if not key_path.exists():
            raise VaultError(f"the vault {path} has lost its key {key_path}")
        copy = path.with_suffix(".carrying")
        remove(copy)
        try:
            cls.create(cluster, copy, key_path)
            vault = cls(cluster, copy, key_path)
            try:
                vault._carry(path)
            finally:
                vault.close()
        finally:
            remove(copy)

    def erase_all(self, owners: Iterable[str], erased_at: datetime) -> None:
        """Deletes all keys of the owners, for good and everywhere; repeating it is harmless.

        When it returns the topic says so, and this copy holds them no more. Raises UnknownOutcome
        where the brokers do not say so, VaultError as Vault.erase_all does: erase again then.
        """
        with self._lock:
            self.flush()
            self.refresh()
            places = self._to_erase(owners)
            for begin in range(0, len(places), WRITTEN_AT_ONCE):
                part = places[begin : begin + WRITTEN_AT_ONCE]
                self._write([self._marker(*place, erased_at.isoformat()) for place in part])
            for owner, generation in places:
                if generation not in self._tombstones(owner):
                    raise UnknownOutcome(
                        f"the brokers do not say that the keys of {owner} are erased"
                    )
            self._write(self._deletions())
            self._wipe()

    def is_erased(self, key_id: str) -> bool:
        """As Vault.is_erased says it, by all that the topic held at the first such question.

        After a flush it is asked again: what a batch is about was said before its first question.
        """
        with self._lock:
            if not self._has_asked and not super().is_erased(key_id):
                self.refresh()
                self._has_asked = True
            return super().is_erased(key_id)

    def seal(self, name: str, clear: bytes) -> bytes:
        """What only a process with the key-encryption key can have said under that name."""
        return wrap(self._wrapping, name, clear)

    def opened(self, name: str, sealed: bytes) -> bytes | None:
        """What was sealed; None for what somebody wrote who lacks the key-encryption key."""
        try:
            return unwrap(self._wrapping, name, sealed)
        except VaultError:
            return None

    def flush(self) -> None:
        """Makes the keys made since the last flush durable, and notices what others did.

        Raises LostRace where another made one of them first, which is the key then.
        """
        with self._lock:
            self._has_asked = False
            made, self._made = self._made, {}
            try:
                self._publish(made)
            except BaseException:
                self._forget()
                raise
            self._wipe_if_possible()
            self._notice_others()

    def refresh(self) -> None:
        """Copies all that the topic holds now. Raises VaultError where it lost what it held."""
        with self._lock:
            copied = self._next_offset()
            end = self._topic.end()
            if end < copied:
                raise VaultError(
                    f"{self._topic.name} does not hold all that {self._path.name} was copied from:"
                    f" restore the topic, or delete {self._path.name} to go on without"
                )
            self._copy_up_to(end)
            self._wipe_if_possible()

    def close(self) -> None:
        super().close()
        self._topic.close()

    # Making keys

    def _keys(self, owner: str) -> list[tuple[int, bytes]]:
        made = self._made.get(owner)
        return super()._keys(owner) or ([made] if made else [])

    def _stage(self, owner: str) -> list[tuple[int, bytes]]:
        if not self._made:
            self._take(self._topic.come(0))
        if (keys := super()._keys(owner)) or self._tombstones(owner):
            return keys
        self._made[owner] = (FIRST, self._new(owner))
        return [self._made[owner]]

    def _find(self, key_id: str) -> DataKey:
        try:
            return super()._find(key_id)
        except VaultError:
            self.refresh()
            return super()._find(key_id)

    def _publish(self, made: dict[str, tuple[int, bytes]]) -> None:
        """Writes new keys, and what is left of erased ones to delete, and reads them back."""
        attempts = {
            attempt_name(owner, generation): (owner, generation, wrapped)
            for owner, (generation, wrapped) in made.items()
        }
        records = [(kafka_key, wrapped) for kafka_key, (*_, wrapped) in attempts.items()]
        self._write([*records, *self._deletions(), *self._roll()])
        lost: list[str] = []
        for kafka_key, (owner, generation, wrapped) in attempts.items():
            if dict(super()._keys(owner)).get(generation) == wrapped:
                continue
            if not self._has_settled(owner, generation):
                raise UnknownOutcome("the brokers do not say whether new keys were written")
            lost.append(kafka_key)
        if lost:
            self._write([(kafka_key, None) for kafka_key in lost])
            raise LostRace(f"another made a key first: {lost[0].rpartition(' ')[0]}")

    def _has_settled(self, owner: str, generation: int) -> bool:
        """Whether another's attempt stands, or an erasure."""
        return generation in dict(super()._keys(owner)) or generation in self._tombstones(owner)

    def _deletions(self) -> list[tuple[str, None]]:
        """Deletes what the topic still holds of erased keys."""
        rows = self._connection.execute("select kafka_key from to_delete").fetchall()
        return [(kafka_key, None) for (kafka_key,) in rows]

    def _roll(self) -> list[tuple[str, bytes]]:
        """The newest segment is never compacted: where nothing came that closed it, this does."""
        deleted_at = self._one("select deleted_at from copied")
        is_due = deleted_at and time.time() * 1000 > deleted_at + KEYS_SEGMENT_MS
        return [(ROLL, b"")] if is_due else []

    def _marker(self, owner: str, generation: int, erased_at: str) -> tuple[str, bytes]:
        name = marker_name(owner, generation)
        return name, self.seal(name, erased_at.encode())

    def _write(self, records: Records) -> None:
        """Writes to the topic, and copies all that stands there then, also what others wrote."""
        if records:
            self._copy_up_to(self._topic.write(records))
        else:
            self._take(self._topic.come())

    def _carry(self, path: Path) -> None:
        keys, tombstones = contents(path)
        self._write([self._marker(*row) for row in tombstones])
        missing: list[tuple[str, bytes]] = []
        for owner, generation, wrapped in keys:
            unwrap(self._wrapping, f"{owner}#{generation}", wrapped)
            if not self._has_settled(owner, generation):
                missing.append((attempt_name(owner, generation), wrapped))
        for begin in range(0, len(missing), WRITTEN_AT_ONCE):
            self._write(missing[begin : begin + WRITTEN_AT_ONCE])
        for owner, generation, wrapped in keys:
            if not self._has_settled(owner, generation):
                raise UnknownOutcome("the brokers do not say whether all keys were carried over")
            if dict(super()._keys(owner)).get(generation, wrapped) != wrapped:
                raise VaultError(f"{self._topic.name} holds another key {owner}#{generation}")

    # Copying

    def _check(self) -> bytes:
        return self._one("select check_record from copied")

    def _next_offset(self) -> int:
        return self._one("select next_offset from copied")

    def _copy_up_to(self, goal: int) -> None:
        for records in self._topic.read_up_to(goal):
            self._take(records)

    def _take(self, records: Sequence[Fetched]) -> None:
        """Applies records in one transaction, together with how far they go."""
        if not records:
            return
        try:
            self._begin()
            # Another process may share the copy, and have been here before.
            query = "select next_offset, deleted_at from copied"
            copied, deleted_at = self._connection.execute(query).fetchone()
            for record in records:
                if record.offset >= copied:
                    self._apply(record)
                    deleted_at = _still_deleted_at(deleted_at, record)
                    copied = record.offset + 1
            self._connection.execute(
                "update copied set next_offset = ?, deleted_at = ?", (copied, deleted_at)
            )
            self._commit()
        except (sqlite3.Error, VaultError) as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            self._topic.begin(self._next_offset())
            raise VaultError(f"the copy of the vault cannot be written: {error}") from error

    def _apply(self, record: Fetched) -> None:
        kafka_key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            for table in ("attempt", "to_delete"):
                self._connection.execute(f"delete from {table} where kafka_key = ?", (kafka_key,))
        elif place := attempted(kafka_key):
            self._apply_key(kafka_key, *place, record.value)
        elif place := marked(kafka_key):
            self._apply_marker(kafka_key, *place, record.value)

    def _apply_key(self, kafka_key: str, owner: str, generation: int, wrapped: bytes) -> None:
        if self.opened(f"{owner}#{generation}", wrapped) is None:
            return
        write = self._connection.execute
        if generation in self._tombstones(owner):
            write("insert or ignore into to_delete values (?)", (kafka_key,))
            return
        write("insert or ignore into data_key values (?, ?, ?)", (owner, generation, wrapped))
        write("insert or ignore into attempt values (?, ?, ?)", (kafka_key, owner, generation))

    def _apply_marker(self, kafka_key: str, owner: str, generation: int, sealed: bytes) -> None:
        erased_at = self.opened(kafka_key, sealed)
        if erased_at is None:
            return
        self._delete(owner, generation, erased_at.decode())
        for action in ("insert or ignore into to_delete select kafka_key", "delete"):
            self._connection.execute(
                f"{action} from attempt where (owner, generation) = (?, ?)", (owner, generation)
            )
        self._is_wiped = False

    def _wipe_if_possible(self) -> None:
        if self._is_wiped:
            return
        self._connection.execute("pragma busy_timeout = 50")
        try:
            self._wipe()
            self._is_wiped = True
        except VaultError:
            pass  # A reader keeps the old file alive for now; the next flush tries again.
        finally:
            self._connection.execute(f"pragma busy_timeout = {int(BUSY_SECONDS * 1000)}")


def _still_deleted_at(deleted_at: int, record: Fetched) -> int:
    """A record that comes so long after a deletion begins a new segment behind it."""
    if record.value is None:
        return record.timestamp
    return 0 if record.timestamp > deleted_at + KEYS_SEGMENT_MS else deleted_at
