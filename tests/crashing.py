"""A process for tests to kill: publishes lines of a file, and says which are acknowledged.

    python -m tests.crashing <home> <file> <first line> [--batch 40] [--limit-bytes 400000]
                             [--die-at Index.flush --when before --lines 30]

It prints `ready` once the ledger is open and `acknowledged <line>` after each batch: all lines
before that one have been answered. With `--die-at` it goes without a word at that call in the
second batch; with `--limit-bytes` no file can grow beyond that size, as on a full disk.
"""

import argparse
import os
import resource
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from consumers.embedded import Embedded
from consumers.eraser import Eraser
from consumers.reactor import Reactor
from ledger.entry import LedgerError
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.vault import Vault

POINTS: dict[str, tuple[type[Any], str]] = {
    "Vault.flush": (Vault, "flush"),
    "SqliteLog.append": (SqliteLog, "append"),
    "Index.flush": (Index, "flush"),
    "Reactor.flush": (Reactor, "flush"),
    "Vault.erase_all": (Vault, "erase_all"),
    "Vault.wipe": (Vault, "_wipe"),
    "Eraser.unconfirmed": (Eraser, "unconfirmed"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--limit-bytes", type=int)
    parser.add_argument("--die-at", choices=POINTS)
    parser.add_argument("--when", choices=("before", "after"))
    asked = parser.parse_args()
    ledger = Embedded(asked.home)
    print("ready", flush=True)
    if asked.limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked.limit_bytes, asked.limit_bytes))
    last = None if asked.lines is None else asked.first + asked.lines
    with asked.file.open("rb") as file:
        lines = islice(file, asked.first, last)
        reached = asked.first
        while batch := list(islice(lines, asked.batch)):
            try:
                ledger.publish(batch)
            except LedgerError as error:
                print(f"failed {error}", flush=True)
                os._exit(3)
            reached += len(batch)
            print(f"acknowledged {reached}", flush=True)
            if asked.die_at:
                die_at(*POINTS[asked.die_at], asked.when)
    # Never closed: what a process leaves behind that just ends.
    os._exit(0)


def die_at(cls: type[Any], name: str, when: str) -> None:
    method: Callable[..., Any] = getattr(cls, name)

    def dying(*arguments: Any) -> None:
        if when == "after":
            method(*arguments)
        os._exit(9)

    setattr(cls, name, dying)


if __name__ == "__main__":
    main()
