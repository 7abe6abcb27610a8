"""`python -m consumers <name>`: runs one consumer in the foreground until it is told to stop."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from consumers import running
from ledger.entry import LedgerError
from ledger.settings import DEFAULT_HOME, Home, tune_interpreter

T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m consumers", description=__doc__)
    parser.add_argument("name", choices=running.NAMES)
    parser.add_argument(
        "--home", type=Path, default=Path(os.environ.get("LEDGER_HOME") or DEFAULT_HOME)
    )
    parser.add_argument("--http", type=_argument(running.http_at), help="projector: host:port")
    parser.add_argument(
        "--partitions", type=_argument(running.partitions_in), help="projector: such as 0,1"
    )
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    arguments = parser.parse_args()
    tune_interpreter()
    try:
        running.run(
            arguments.name,
            Home(arguments.home),
            http=arguments.http,
            partitions=arguments.partitions,
            until_eof=arguments.until_eof,
            ready=lambda url: print(f"interactions at {url}/interactions", flush=True),
        )
    except (LedgerError, OSError, duckdb.Error, sqlite3.Error) as error:
        print(f"{arguments.name}: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 3
    return 0


def _argument(read: Callable[[str], T]) -> Callable[[str], T]:
    def argument(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return argument


if __name__ == "__main__":
    sys.exit(main())
