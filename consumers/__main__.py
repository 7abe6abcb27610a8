"""`python -m consumers <name>`: runs one consumer in the foreground until it is told to stop."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event, Thread

import duckdb

from consumers import projector
from ledger.entry import LedgerError
from ledger.settings import DEFAULT_HOME, Home, tune_interpreter

CONSUMERS = {"projector": projector.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m consumers", description=__doc__)
    parser.add_argument("name", choices=sorted(CONSUMERS))
    parser.add_argument("--home", type=Path, default=Path(DEFAULT_HOME))
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    arguments = parser.parse_args()
    tune_interpreter()
    stopping, asked = Event(), Event()

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if arguments.until_eof:
        Thread(target=_read_input, args=(stopping, asked), daemon=True).start()
    try:
        CONSUMERS[arguments.name](Home(arguments.home), stopping, asked)
    except (LedgerError, OSError, duckdb.Error) as error:
        print(f"{arguments.name}: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 3
    return 0


def _read_input(stopping: Event, asked: Event) -> None:
    """A line asks for what is known now to be shown; the end says stop."""
    for _ in sys.stdin.buffer:
        asked.set()
    stopping.set()


if __name__ == "__main__":
    sys.exit(main())
