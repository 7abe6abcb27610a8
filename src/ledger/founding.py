"""Founding a ledger: the file that `ledger init` takes, and the first entry of each partition."""

from datetime import UTC
from importlib import resources
from pathlib import Path

import msgspec

from ledger.entry import (
    FORMAT,
    NO_ENTRY,
    Entry,
    FoundingRecord,
    LedgerError,
    encode,
    leaf_hash,
)
from ledger.facts import Founding, Procedure
from ledger.policy import PolicyError
from ledger.reference import policy_of


def sample() -> Founding:
    """The sample that ships with the ledger: two halls, six clerks, a simulated clock."""
    return parse(resources.files("ledger").joinpath("sample.toml").read_bytes(), "the sample")


def load(path: Path) -> Founding:
    """Reads a founding from a TOML file. Raises LedgerError with what is wrong in it."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise LedgerError(f"cannot read {path}: {error.strerror}") from error


def parse(text: bytes, name: str) -> Founding:
    try:
        founding = with_procedures(msgspec.toml.decode(text, type=Founding))
        policy_of(founding.policy)
    except (msgspec.MsgspecError, PolicyError, ValueError) as error:
        raise LedgerError(f"{name} is no founding: {error}") from error
    if founding.founded_at.tzinfo is None:
        raise LedgerError(f"{name} is no founding: founded_at needs an offset")
    return founding


def with_procedures(founding: Founding) -> Founding:
    """The founding with the procedures that ship with the ledger, where it names none."""
    if founding.procedures:
        return founding
    text = resources.files("ledger").joinpath("procedures.toml").read_bytes()
    shipped = msgspec.toml.decode(text, type=dict[str, tuple[Procedure, ...]])
    return msgspec.structs.replace(founding, procedures=shipped["procedures"])


def records(founding: Founding) -> list[bytes]:
    """The first record of every partition, partition 0's first.

    The others carry the leaf hash of partition 0's record, which is the ledger's identity.
    """
    first = encode(_entry(founding, 0, None))
    ledger = leaf_hash(first)
    rest = (encode(_entry(founding, n, ledger)) for n in range(1, founding.partitions))
    return [first, *rest]


def _entry(founding: Founding, partition: int, ledger: str | None) -> Entry:
    return Entry(
        v=FORMAT,
        partition=partition,
        position=1,
        prev=NO_ENTRY,
        recorded_at=founding.founded_at.astimezone(UTC),
        policy=founding.policy.version,
        founding=FoundingRecord(facts=founding, ledger=ledger),
    )
