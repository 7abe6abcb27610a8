"""What is changed in a what-if: parameters of the policy, and from when to when."""

from datetime import datetime
from pathlib import Path

import msgspec

from ledger.entry import LedgerError
from ledger.parameter import Value
from ledger.policy import Policy, PolicyError, PolicyVersion
from ledger.reference import Reference


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters that have other values in what is recorded at or after `from_at`, before `to_at`.

    They take the place of the same parameters of every version that is in force in that time.
    """

    parameters: dict[str, Value] = {}
    from_at: datetime | None = None
    to_at: datetime | None = None

    def begun(self, recorded_at: datetime) -> bool:
        return self.from_at is None or self.from_at <= recorded_at

    def applies(self, recorded_at: datetime) -> bool:
        ended = self.to_at is not None and self.to_at <= recorded_at
        return bool(self.parameters) and self.begun(recorded_at) and not ended


UNCHANGED = Change()


class _Parameters(msgspec.Struct, forbid_unknown_fields=True):
    parameters: dict[str, Value]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    policy: _Parameters


def load(path: Path, from_at: datetime | None = None, to_at: datetime | None = None) -> Change:
    """Reads a TOML file whose table `policy` has `parameters`, as a founding's has.

    Raises LedgerError where it is none, where a parameter is not known, or where a value has
    another unit or is looser than its source allows; and where the time ends before it begins.
    """
    try:
        changed = msgspec.toml.decode(path.read_bytes(), type=_File).policy.parameters
        Policy("changed", changed)
    except OSError as error:
        raise LedgerError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, PolicyError, UnicodeDecodeError) as error:
        raise LedgerError(
            f"{path} is no changed policy: {error}; write [policy] and below it"
            ' parameters = { "payment.receipt_minutes" = 5 }'
        ) from error
    if from_at is not None and to_at is not None and to_at <= from_at:
        raise LedgerError("the change ends before it begins: --to is not after --from")
    return Change(parameters=changed, from_at=from_at, to_at=to_at)


class Rules:
    """The policies in force, with what is changed of them."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._made: dict[str, tuple[PolicyVersion, Policy]] = {}

    def instead_of(self, recorded: Policy, reference: Reference, recorded_at: datetime) -> Policy:
        """The policy by which something recorded at that moment would be decided, where `recorded`
        is the one of `reference` that was in force."""
        if not self._change.applies(recorded_at):
            return recorded
        version = next(each for each in reference.policies if each.version == recorded.version)
        made = self._made.get(version.version)
        if made is None or made[0] != version:
            parameters = {**version.parameters, **self._change.parameters}
            made = self._made[version.version] = version, Policy(version.version, parameters)
        return made[1]
