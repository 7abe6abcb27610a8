"""What `ledger doctor` finds, and how findings that say the same of several things become one."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["ok", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True):
    """One check of one or more things (`about`: topics, partitions, the brokers).

    `sentence` says what to do, or why it is well as it is.
    """

    severity: Severity
    check: str
    about: tuple[str, ...]
    found: str
    wanted: str
    sentence: str


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; those that differ only in what they are about are one."""
    together: dict[Finding, list[str]] = {}
    for each in findings:
        said = msgspec.structs.replace(each, about=())
        together.setdefault(said, []).extend(each.about)
    return sorted(
        (
            msgspec.structs.replace(said, about=tuple(dict.fromkeys(about)))
            for said, about in together.items()
        ),
        key=lambda each: ("problem", "warning", "ok").index(each.severity),
    )
