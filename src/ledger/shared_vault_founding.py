"""Founding the vault on Kafka: the key file and its check, a process's copy, what is carried over.

The vault itself stands in `ledger.shared_vault`.
"""

import sqlite3
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.logs.cluster import Cluster
from ledger.logs.kafka import UnknownOutcome
from ledger.logs.keys import KeysTopic, check_name
from ledger.vault import CHECK, DATA_KEYS, VaultError, connect, read_key, unwrap, wrap, write_key

_COPY: Final = f"""
    {DATA_KEYS}
    create table copied (
        only integer primary key, check_record blob not null, next_offset integer not null,
        deleted_at integer not null);
    create table attempt (
        kafka_key text primary key, owner text not null, generation integer not null
    ) without rowid;
    create index attempt_by_owner on attempt (owner, generation);
    create table to_delete (kafka_key text primary key) without rowid;
"""
"""`attempt` are the records of keys in the topic; `to_delete` those whose id is erased.
`deleted_at` (ms) is when the newest deletion came that may lie in the newest segment, else 0."""


def make_check(topic: KeysTopic, path: Path, key_path: Path) -> None:
    """Makes the key file where there is none yet, and says in the topic how to know it."""
    check = topic.first_check()
    is_new = not key_path.exists()
    if is_new:
        if check is not None:
            raise VaultError(f"{key_path} is missing: put the ledger's key file there")
        if path.exists():
            raise VaultError(f"the vault {path} has lost its key {key_path}")
        write_key(key_path)
    wrapping = AESGCM(read_key(key_path))
    if check is None:
        topic.write([(check_name(), wrap(wrapping, CHECK, b""))])
        check = topic.first_check()
    if check is None:
        raise UnknownOutcome(f"the brokers do not say whether {topic.name} has a vault now")
    try:
        _compare(topic.name, check, key_path)
    except VaultError:
        if is_new:
            # Somebody else founded the vault in the same moment; nothing is wrapped with ours.
            key_path.unlink()
        raise


def check_key(cluster: Cluster, key_path: Path) -> None:
    """Raises VaultError where that is not the key file of the keys in Kafka, or none."""
    topic = KeysTopic(cluster)
    try:
        check = topic.first_check()
    finally:
        topic.close()
    if check is None:
        raise VaultError(f"{cluster.keys} holds no vault; make one with `ledger init`")
    _compare(topic.name, check, key_path)


def _compare(topic: str, check: bytes, key_path: Path) -> None:
    try:
        unwrap(AESGCM(read_key(key_path)), CHECK, check)
    except VaultError as error:
        raise VaultError(f"{key_path} is not the key file of the keys in {topic}") from error


def make_copy(path: Path, check: bytes) -> None:
    """Makes an empty copy where there is none yet. Raises VaultError for one of another vault."""
    connection = connect(path)
    try:
        if not tables(path):
            connection.executescript(f"begin; {_COPY}")
            connection.execute("insert into copied values (1, ?, 0, 0)", (check,))
            connection.execute("commit")
        if connection.execute("select check_record from copied").fetchone() != (check,):
            raise VaultError(f"{path} is a copy of other keys than Kafka holds: delete it")
    except sqlite3.Error as error:
        raise VaultError(f"{path} is no copy of the keys in Kafka: delete it") from error
    finally:
        connection.close()


def tables(path: Path) -> set[str]:
    if not path.exists():
        return set()
    connection = connect(path)
    try:
        return {name for (name,) in connection.execute("select name from sqlite_schema")}
    finally:
        connection.close()


def contents(path: Path) -> tuple[list[tuple[str, int, bytes]], list[tuple[str, int, str]]]:
    """Keys and tombstones of a vault's file."""
    connection = connect(path)
    try:
        keys = connection.execute("select owner, generation, wrapped from data_key").fetchall()
        tombstones = connection.execute("select * from tombstone").fetchall()
    except sqlite3.Error as error:
        raise VaultError(f"{path} is no vault: {error}") from error
    finally:
        connection.close()
    return keys, tombstones
