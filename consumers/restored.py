"""A vault that may have been restored from a backup: it brings no key back, and makes none anew."""

from datetime import datetime
from typing import Final

import msgspec

from consumers.eraser import Eraser
from ledger.logs.sqlite import SqliteLog
from ledger.vault import Vault, VaultError

_AT_ONCE: Final = 5_000


class _Intake(msgspec.Struct, frozen=True):
    via: str
    key: str


class _Sealed(msgspec.Struct, frozen=True):
    """Of an entry, only under which key it is."""

    intake: _Intake | None = None


_sealed: Final = msgspec.json.Decoder(_Sealed)


def make_current(vault: Vault, eraser: Eraser, log: SqliteLog, now: datetime) -> None:
    """To be done before anything is sealed: erases again whom the log erases.

    Raises VaultError where the vault is older than the log.
    """
    eraser.erase(now)
    _refuse_older(vault, log)


def _refuse_older(vault: Vault, log: SqliteLog) -> None:
    """Raises VaultError where entries lie under a key that the vault lacks.

    It is an older copy then, and would make another key of the same name.
    """
    ends = log.ends()
    covered = vault.covered()
    for partition in ends:
        position = covered.get(partition, 0)
        while records := log.read(partition, position, _AT_ONCE):
            for record in records:
                position += 1
                intake = _sealed.decode(record).intake
                # Follow-ons seal nothing: what an erasure sends may be newer than the vault.
                if intake is None or intake.via == "reactor" or vault.knows(intake.key):
                    continue
                raise VaultError(
                    f"the vault is older than the log: it lacks the key {intake.key}, under which"
                    f" position {position} of partition {partition} is sealed; restore the newest"
                    " backup of vault.sqlite"
                )
    if covered != ends:
        vault.cover(ends)
        vault.flush()
