"""Work on a long log by as many processes as there are cores, each with partitions of its own.

A share is run by `python -m <module> <arguments>`, which prints what it finds, a line of JSON each.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

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


def said_by(module: str, *arguments: str, kind: Any) -> Iterator[Any]:
    """What the process of a share says, each decoded as that kind, of which text is none.

    Raises LedgerError where it fails.
    """
    decoder = msgspec.json.Decoder(kind | str)
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = decoder.decode(line)
            if isinstance(said, str):
                raise LedgerError(said)
            yield said
    if process.returncode != 0:
        raise LedgerError(f"{module} of a share ended with {process.returncode}")


def say(said: Any) -> None:
    """Tells the process that started this one; text says why it fails."""
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def run(work: Callable[..., None]) -> None:
    """Does the work of a share, which is told the arguments of the process."""
    tune_interpreter()
    # Ctrl-C reaches it too; what there is to say is said by the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        work(*sys.argv[1:])
    except LedgerError as error:
        say(str(error))
