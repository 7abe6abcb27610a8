"""Work on a long log by as many processes as there are cores, each with partitions of its own.

A share is run by `python -m <module> <arguments>`, which prints what it finds, a line each.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ledger.entry import LedgerError
from ledger.settings import tune_interpreter

ALONE: Final = 100_000
"""A log of fewer entries is done sooner than another process has started."""


def shares(ends: Mapping[int, int]) -> list[list[int]]:
    """The partitions for each process, about as many entries in each; one share of a short log."""
    count = min(os.cpu_count() or 1, len(ends)) if sum(ends.values()) >= ALONE else 1
    shared: list[list[int]] = [[] for _ in range(count)]
    for partition in sorted(ends, key=lambda partition: -ends[partition]):
        min(shared, key=lambda share: sum(ends[each] for each in share)).append(partition)
    return shared


def named(share: Iterable[int]) -> str:
    """The partitions as an argument: `0,3,5`."""
    return ",".join(str(partition) for partition in share)


def of_name(name: str) -> list[int]:
    return [int(number) for number in name.split(",")]


def lines_of(module: str, *arguments: str) -> Iterator[bytes]:
    """What another process prints, line by line. Raises LedgerError where it fails."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        yield from process.stdout
    if process.returncode != 0:
        raise LedgerError(f"{module} of a share ended with {process.returncode}")


def begin() -> None:
    """What a process with a share does first."""
    tune_interpreter()
    # Ctrl-C reaches it too; what there is to say is said by the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
