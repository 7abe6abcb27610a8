"""The eraser: deletes the keys of whom the log orders to be erased, and has that confirmed.

It also deletes the key of a visit that the log says is forgotten, which nobody was identified in.

It observes every entry once, in each partition's order, and keeps which visits are a customer's and
whose erasure was ordered; both follow from the log alone, so its file can be deleted at any time.

    the order is durable ─▶ the keys are deleted ─▶ the confirmation is durable

Whatever is lost by a crash between two of these is made up for at the next opening: keys that are
not known to be deleted are deleted again, and what has no confirmation yet gets it. Its id is made
of the order's, so it has one entry however often it is sent. A vault with fewer tombstones than
were there before was restored from a backup: all erasures that the log knows are applied to it, so
it brings no key back.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from consumers.reactor import SOURCE, Pending, follow_on_of
from ledger import wire
from ledger.aggregates.clerk import profile
from ledger.aggregates.customer import customer
from ledger.aggregates.hall import visit
from ledger.aggregates.model import FollowOn
from ledger.beside import lost, open_beside, remove
from ledger.chain import follow, holds
from ledger.door.sealing import visit_key_owner
from ledger.entry import Envelope, Head, LedgerError, as_json, decode
from ledger.half_open import undone_on_failure
from ledger.logs.sqlite import SqliteLog
from ledger.vault import Vault
from ledger.wire import Happened

NAME: Final = "confirm_erasure"
"""Of the follow-on."""
CONFIRMATIONS: Final = {
    "customer": customer.ConfirmErasure,
    "clerk": profile.ConfirmErasure,
}
"""By the kind of owner."""
_CONFIRMING: Final = frozenset(each.marks.type for each in CONFIRMATIONS.values())
_Ordered: Final = (customer.ErasureOrdered, profile.ErasureOrdered)
_CONCERNING: Final = tuple(
    name.encode()
    for name in (
        *(visit.CustomerIdentified.tag, visit.Forgotten.tag),
        *(each.tag for each in _Ordered),
        *_CONFIRMING,
    )
)
"""Entries whose bytes name none of these concern nobody here."""
_FLUSH_EVERY: Final = 1_000
_VERSION: Final = 3
_SCHEMA: Final = """
    create table head (partition integer primary key, position integer, hash text);
    create table linked (
        person text, key_owner text, primary key (person, key_owner)) without rowid;
    create table ordered (
        person text primary key, cause blob, number integer, is_confirmed integer) without rowid;
    create table forgotten (key_owner text primary key) without rowid;
    create table to_erase (key_owner text primary key) without rowid;
    create table erased (only integer primary key, tombstones integer);
"""
"""`to_erase` are those whose keys are not known to be deleted; `erased` is how many tombstones the
vault had when the last were."""


_ALL_ERASED: Final = """
    select person from ordered
    union select key_owner from linked where person in (select person from ordered)
    union select key_owner from forgotten
"""


class Order(NamedTuple):
    """Who said that a person is to be erased, by which event of that entry."""

    cause: Envelope
    number: int


class Eraser:
    """Not for two threads at once."""

    def __init__(self, path: Path, log: SqliteLog, vault: Vault) -> None:
        """Opens what is known and reads on from where it stood to the end of the log.

        Nothing is erased yet. Raises ChainError where the log no longer holds what was read.
        """
        self._path = path
        self._log = log
        self._vault = vault
        try:
            self._open()
        except (sqlite3.DatabaseError, msgspec.MsgspecError):
            remove(path)
            self._open()

    # Erasing

    def erase(self, moment: datetime) -> None:
        """Deletes the keys that the log orders to be deleted.

        The first time it also wipes what a crash left of deleted ones. Raises VaultError where it
        fails: nothing is confirmed then, and it is to be done again.
        """
        if self._to_erase or not self._is_wiped:
            self._vault.erase_all(sorted(self._to_erase), moment)
            # A crash before the next flush has them deleted again, which is harmless.
            self._write("delete from to_erase")
            self._write("insert or replace into erased values (1, ?)", self._vault.tombstones())
            self._to_erase.clear()
            self._is_wiped = True

    def unconfirmed(self) -> list[Pending]:
        """The confirmations that have no entry yet, of those whose keys are deleted."""
        return [
            self._confirmation(person, order)
            for person, order in self._unconfirmed.items()
            if person not in self._to_erase
        ]

    def waits(self, pending: Pending) -> bool:
        """Whether it is a confirmation that has no entry yet."""
        envelope = pending.envelope
        return envelope.type in _CONFIRMING and envelope.subject in self._unconfirmed

    def _confirmation(self, person: str, order: Order) -> Pending:
        """Says what the vault's tombstones say, so that it is the same when it is made again."""
        erased = self._vault.erased_at([person, *self._linked(person)])
        confirm = CONFIRMATIONS[person.partition("/")[0]](
            keys_destroyed=len(erased),
            destroyed_at=max(erased.values()),
            proof_digest=proof_of(erased),
        )
        follow_on = FollowOn(NAME, person, confirm)
        return Pending(follow_on_of(follow_on, *order), as_json(confirm), None, None)

    # Observing

    def read_on(self) -> int:
        """Takes in what the log holds beyond what was read; how many entries there were.

        Raises ChainError where the log does not hold what was read.
        """
        count = 0
        for partition in self._log.ends():
            reached = self._heads.get(partition, Head(partition))
            if not holds(self._log, reached):
                raise lost(self._path, reached)
            for head, record in follow(self._log, reached):
                count += 1
                if any(name in record for name in _CONCERNING):
                    entry = decode(record)
                    self.observe(head, entry.interaction, wire.happened(entry))
                else:
                    self._pass(head)
                if self._unsaved >= _FLUSH_EVERY:
                    self.flush()
        self.flush()
        return count

    def observe(self, head: Head, envelope: Envelope | None, happened: Sequence[Happened]) -> None:
        """Takes in one entry."""
        self._pass(head)
        if envelope is None:
            return
        for number, each in enumerate(happened, 1):
            match each.event:
                case visit.CustomerIdentified():
                    self._link(f"customer/{each.event.customer_id}", _key_of(envelope, each))
                case visit.Forgotten():
                    key_owner = _key_of(envelope, each)
                    self._write("insert or ignore into forgotten values (?)", key_owner)
                    self._will_erase([key_owner])
                case customer.ErasureOrdered() | profile.ErasureOrdered():
                    self._take(envelope.subject, Order(envelope, number))
                case _:
                    pass
        self.settle(envelope)

    def settle(self, envelope: Envelope) -> None:
        """Forgets a confirmation that has its entry, also where a rule refused it."""
        if envelope.source != SOURCE or envelope.type not in _CONFIRMING:
            return
        person = envelope.subject
        if self._unconfirmed.pop(person, None) is not None:
            self._write("update ordered set is_confirmed = 1 where person = ?", person)

    def _pass(self, head: Head) -> None:
        self._heads[head.partition] = head
        self._unsaved += 1

    def _link(self, person: str, key_owner: str) -> None:
        self._write("insert or ignore into linked values (?, ?)", person, key_owner)
        if self._is_ordered(person):
            # Known as an erased person's only now.
            self._will_erase([key_owner])

    def _take(self, person: str, order: Order) -> None:
        """An order that comes again, for a person who was erased before, is that of one person."""
        if self._is_ordered(person):
            return
        cause = msgspec.json.encode(order.cause)
        self._write("insert into ordered values (?, ?, ?, 0)", person, cause, order.number)
        self._unconfirmed[person] = order
        self._will_erase([person, *self._linked(person)])

    def _will_erase(self, key_owners: Iterable[str]) -> None:
        for key_owner in key_owners:
            self._write("insert or ignore into to_erase values (?)", key_owner)
            self._to_erase.add(key_owner)

    def _is_ordered(self, person: str) -> bool:
        query = "select 1 from ordered where person = ?"
        return self._connection.execute(query, (person,)).fetchone() is not None

    def _linked(self, person: str) -> list[str]:
        query = "select key_owner from linked where person = ?"
        return [owner for (owner,) in self._connection.execute(query, (person,))]

    # Keeping

    def flush(self) -> None:
        """Writes what was learnt since the last flush, in one transaction.

        Raises LedgerError where the disk fails; the next opening makes up for it.
        """
        if not self._connection.in_transaction and self._unsaved < _FLUSH_EVERY:
            return
        heads = [(head.partition, head.position, head.hash) for head in self._heads.values()]
        try:
            if not self._connection.in_transaction:
                self._connection.execute("begin")
            self._connection.executemany("insert or replace into head values (?, ?, ?)", heads)
            self._connection.execute("commit")
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path.name} cannot be written: {error}") from error
        self._unsaved = 0

    def _write(self, statement: str, *values: str | bytes | int) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("begin")
        self._connection.execute(statement, values)

    def _open(self) -> None:
        self._connection = open_beside(self._path, _SCHEMA, _VERSION, self._log.ledger)
        with undone_on_failure(self._connection.close):
            self._load()
            self.read_on()

    def _load(self) -> None:
        read = self._connection.execute
        self._unsaved = 0
        self._heads = {row[0]: Head(*row) for row in read("select * from head")}
        envelopes = msgspec.json.Decoder(Envelope)
        self._unconfirmed = {
            person: Order(envelopes.decode(cause), number)
            for person, cause, number in read(
                "select person, cause, number from ordered where not is_confirmed"
            )
        }
        tombstones = self._vault.tombstones()
        self._is_wiped = not tombstones
        erased = read("select tombstones from erased").fetchone()
        is_older = erased is not None and tombstones < erased[0]
        known = read(_ALL_ERASED if is_older else "select key_owner from to_erase")
        self._to_erase = {owner for (owner,) in known}

    def close(self) -> None:
        self._connection.close()


def _key_of(envelope: Envelope, each: Happened) -> str:
    """Whose key seals what is said in the visit that an event is of."""
    return visit_key_owner(envelope.subject, each.stream.removeprefix("visit/"))


def proof_of(key_ids: Iterable[str]) -> str:
    """SHA-256 in hex over the ids of the keys, sorted, one a line."""
    return hashlib.sha256("\n".join(sorted(key_ids)).encode()).hexdigest()
